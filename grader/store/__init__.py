"""The database and the files beside it: the truth about every submission.

`open_store(folder)` gives a `Store`. All SQL is in this package; the layers above get
frozen records, never model objects. Django is imported by the first `open_store`.

    course.sqlite3      students, groups, submissions, results, marks, extensions, history
    blobs/ab/<sha256>   the submissions' bytes
    secret              32 random bytes: the seed of all hidden inputs, and the receipts' key
    grading.lock        held by the process that grades
"""

from grader.store.blobs import Blobs as Blobs
from grader.store.blobs import write_durably as write_durably
from grader.store.groups import CannotGroup as CannotGroup
from grader.store.locks import GradingLocked as GradingLocked
from grader.store.locks import wait_for_lock as wait_for_lock
from grader.store.opening import database_settings as database_settings
from grader.store.opening import holds_course as holds_course
from grader.store.opening import open_store as open_store
from grader.store.receipts import Receipt as Receipt
from grader.store.receipts import is_genuine as is_genuine
from grader.store.receipts import read_receipt as read_receipt
from grader.store.receipts import receipt_of as receipt_of
from grader.store.records import Accepted as Accepted
from grader.store.records import ActionRow as ActionRow
from grader.store.records import BatchRow as BatchRow
from grader.store.records import CourseVersionRow as CourseVersionRow
from grader.store.records import EventRow as EventRow
from grader.store.records import ExtensionRow as ExtensionRow
from grader.store.records import GroupRow as GroupRow
from grader.store.records import HoldRow as HoldRow
from grader.store.records import Lease as Lease
from grader.store.records import LeaseLost as LeaseLost
from grader.store.records import ManualScoreRow as ManualScoreRow
from grader.store.records import OverrideRow as OverrideRow
from grader.store.records import PauseRow as PauseRow
from grader.store.records import ReplyRow as ReplyRow
from grader.store.records import RequestRow as RequestRow
from grader.store.records import ResultRow as ResultRow
from grader.store.records import RosterChange as RosterChange
from grader.store.records import StartRow as StartRow
from grader.store.records import State as State
from grader.store.records import StoreFault as StoreFault
from grader.store.records import StudentRow as StudentRow
from grader.store.records import SubmissionRow as SubmissionRow
from grader.store.records import SummaryRow as SummaryRow
from grader.store.records import UnknownExtension as UnknownExtension
from grader.store.records import UnknownGroup as UnknownGroup
from grader.store.records import UnknownRequest as UnknownRequest
from grader.store.records import UnknownStudent as UnknownStudent
from grader.store.records import UnknownSubmission as UnknownSubmission
from grader.store.records import WorkerRow as WorkerRow
from grader.store.store import Store as Store
from grader.store.withdrawals import CannotWithdraw as CannotWithdraw
