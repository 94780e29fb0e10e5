"""The database and the files beside it: the truth about every submission.

`open_store(folder)` gives a `Store`. All SQL is in this package; the layers above get
frozen records, never model objects. Django is imported by the first `open_store`.

    course.sqlite3      students, submissions, results, manual scores, history
    blobs/ab/<sha256>   the submissions' bytes
    secret              32 random bytes: the seed of all hidden inputs
    grading.lock        held by the process that grades
"""

from grader.store.blobs import Blobs as Blobs
from grader.store.locks import GradingLocked as GradingLocked
from grader.store.opening import database_settings as database_settings
from grader.store.opening import open_store as open_store
from grader.store.records import Accepted as Accepted
from grader.store.records import BatchRow as BatchRow
from grader.store.records import EventRow as EventRow
from grader.store.records import Lease as Lease
from grader.store.records import LeaseLost as LeaseLost
from grader.store.records import ManualScoreRow as ManualScoreRow
from grader.store.records import ResultRow as ResultRow
from grader.store.records import RosterChange as RosterChange
from grader.store.records import State as State
from grader.store.records import StudentRow as StudentRow
from grader.store.records import SubmissionRow as SubmissionRow
from grader.store.records import UnknownStudent as UnknownStudent
from grader.store.records import UnknownSubmission as UnknownSubmission
from grader.store.store import Store as Store
