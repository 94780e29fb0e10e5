"""The store: everything that is kept about a course's submissions."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from grader.outcomes import GradedSubmission, GraderError
from grader.store.blobs import Blobs
from grader.store.browsing import Browsing
from grader.store.changes import Changes
from grader.store.extensions import Extensions
from grader.store.groups import Groups
from grader.store.holds import Holds
from grader.store.live import Live
from grader.store.locks import hold_grading_lock
from grader.store.losses import Losses
from grader.store.many import newest_summaries, submission_rows
from grader.store.marks import Marks
from grader.store.queue import Queue
from grader.store.receipts import receipt_of, sealed
from grader.store.record import Record
from grader.store.records import (
    Accepted,
    BatchRow,
    EventRow,
    GroupRow,
    Lease,
    ResultRow,
    State,
    SubmissionRow,
    SummaryRow,
)
from grader.store.regrades import Regrades
from grader.store.requests import Requests
from grader.store.roster import Roster
from grader.store.secret import read_or_make_secret
from grader.store.starts import Starts
from grader.store.texts import printable
from grader.store.waits import Clock, pause_after, seconds_left, utc_now
from grader.store.withdrawals import Withdrawals

if TYPE_CHECKING:
    from grader.store.tables import Tables

# Sees what was handed in before and the group that hands in; raises what refuses it.
Allow = Callable[[Sequence[SubmissionRow], GroupRow | None], None]

MAX_ATTEMPTS = 3


class Store:
    """One course's data folder. Safe for many threads and many processes.

    Every method raises `GraderError` when the database or the disk fails us. A method that
    changes something changes all of it or nothing. The queue's waits go by `clock`.
    """

    def __init__(self, folder: Path, tables: "Tables", clock: Clock = utc_now) -> None:
        self.folder = folder
        self._clock = clock
        self.blobs = Blobs(folder / "blobs")
        self.roster = Roster(tables)
        self.groups = Groups(tables)
        self.extensions = Extensions(tables)
        self.starts = Starts(tables)
        self.marks = Marks(tables)
        self.requests = Requests(tables)
        self.regrades = Regrades(tables)
        self.withdrawals = Withdrawals(tables)
        self.losses = Losses(tables)
        self.record = Record(tables)
        self.queue = Queue(tables, clock)
        self.live = Live(tables)
        self.holds = Holds(tables)
        self.browsing = Browsing(tables)
        self.changes = Changes(tables)
        self._tables = tables

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        self._tables.close()

    def secret(self) -> bytes:
        """The course's 32 secret bytes, made at first use."""
        return read_or_make_secret(self.folder / "secret")

    def grading_lock(self) -> AbstractContextManager[None]:
        """The whole course's grading lock. Raises `GradingLocked`, which says who holds it."""
        return hold_grading_lock(self.folder / "grading.lock")

    # --- submissions --------------------------------------------------------------------

    def accept(
        self,
        student: str,
        assignment: str,
        data: bytes,
        file_name: str,
        received_at: datetime,
        *,
        by_hand: bool = False,
        group_set: str | None = None,
        keeps_older: bool = False,
        allow: Allow = lambda before, group: None,
        staff: tuple[str, str] | None = None,
    ) -> Accepted:
        """Keep a file and queue it; the receipt. Durable when this returns.

        The same bytes as the submission that counted at `received_at` are that submission
        again (`repeated`), if the student has a share in it. Going back to older bytes is a new
        submission, so that it counts.
        An older submission still queued is superseded; so is this one, if a newer is here. Not so
        where it `keeps_older` ones, because the best counts, or because this one can't.
        `by_hand` says that people grade it: then it is never queued, and an older one is superseded
        even if they have graded it. It is for every member of the student's group in `group_set`.
        Its work it is who was in the group at `received_at`.
        `allow` may refuse it by raising, when it sees what was handed in before, and the group:
        nobody else hands in for the same student or group meanwhile, or joins or leaves it.
        `staff` is who says when it was received, or takes it in against the rules, and why: that is
        kept in the course's record.
        Raises `UnknownStudent`, and `ValueError` for a time without zone.
        """
        if received_at.tzinfo is None:
            raise ValueError("received_at must have a time zone")
        sha256 = hashlib.sha256(data).hexdigest()
        with self._tables.transaction():
            person = self._tables.locked_student(student)
            group = self._tables.locked_group_of(person, group_set, received_at)
            owner = (group or person).owner
            of_group = None
            if group is not None:
                members = self._tables.members_at(group, person, received_at)
                of_group = group.as_row(members)
            others = self._tables.standing_submissions().filter(owner=owner, assignment=assignment)
            before = others.filter(received_at__lte=received_at)
            previous = before.order_by("-received_at", "-pk").first()
            is_theirs = previous is not None and student in previous.as_row().credited
            if previous is not None and previous.sha256 == sha256 and is_theirs:
                self._keep(data)  # what the disk lost of it is mended so
                return Accepted(previous.as_row(), repeated=True, group=of_group)
            allow([row.as_row() for row in others.order_by("received_at", "pk")], of_group)
            self._keep(data)
            counts = keeps_older or not others.filter(received_at__gt=received_at).exists()
            waiting = before.filter(state__in=(State.QUEUED, State.BY_HAND), results=None)
            # Locked: one that is being claimed meanwhile is no longer waiting.
            waiting = waiting.select_for_update(of=("self",))
            for older in waiting.none() if keeps_older else waiting:
                self._tables.move(older, State.SUPERSEDED, "superseded", "a newer one was received")
            row = self._tables.submissions().create(
                student=person,
                group=group,
                owner=owner,
                members=list(of_group.members) if of_group else [],
                assignment=assignment,
                sha256=sha256,
                file_name=printable(file_name),
                size_bytes=len(data),
                received_at=received_at.astimezone(UTC),
                state=(State.BY_HAND if by_hand else State.QUEUED) if counts else State.SUPERSEDED,
            )
            row.receipt = sealed(receipt_of(row.as_row()), self.secret())
            row.save(using=self._tables.alias)
            self._tables.note(row, "received", f"{row.file_name}, {len(data)} bytes")
            if by_hand:
                self._tables.note(row, State.BY_HAND, "people grade it")
            if staff is not None:
                by, reason = staff
                told = f"submission {row.pk}, as received at {row.received_at.isoformat()}"
                self._tables.act(by, "taken in by staff", f"{assignment} {student}", told, reason)
            return Accepted(row.as_row(), repeated=False, group=of_group)

    def _keep(self, data: bytes) -> None:
        """Write the bytes durably. Only what is taken in is kept, and before its row is."""
        try:
            self.blobs.write(data)
        except OSError as error:
            raise GraderError(f"the file could not be kept: {error}") from error

    def submission(self, submission_id: int) -> SubmissionRow:
        """That submission. Raises `UnknownSubmission`."""
        with self._tables.reading():
            return self._tables.submission(submission_id).as_row()

    def read_notebook_bytes(self, submission: SubmissionRow) -> bytes:
        """The submission's bytes as received, verified. Raises `GraderError`."""
        return self.blobs.read(submission.sha256)

    def submissions(self, assignment: str) -> tuple[SubmissionRow, ...]:
        """All submissions, older ones too, by student and time of receipt."""
        with self._tables.reading():
            rows = self._tables.submissions().filter(assignment=assignment)
            return submission_rows(rows.order_by("student__identifier", "received_at", "pk"))

    def latest_submissions(self, assignment: str) -> tuple[SubmissionRow, ...]:
        """The newest submission of each student or group, by who handed it in."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._tables.latest(assignment))

    def work_of(self, *students: str) -> tuple[SubmissionRow, ...]:
        """What the students, and any groups that they are or were in, handed in, in that order."""
        with self._tables.reading():
            return submission_rows(self._tables.work_of(*students).order_by("received_at", "pk"))

    def status(self, assignment: str) -> dict[State, int]:
        """How many submissions are in each state; all states are present."""
        with self._tables.reading():
            rows = self._tables.submissions().filter(assignment=assignment).order_by()
            counted = Counter(rows.values_list("state", flat=True))
            return {state: counted[state] for state in State}

    def history(self, submission_id: int) -> tuple[EventRow, ...]:
        """What happened to a submission, oldest first."""
        with self._tables.reading():
            events = self._tables.events().filter(submission_id=submission_id).order_by("pk")
            return tuple(event.as_row() for event in events)

    # --- the queue ----------------------------------------------------------------------

    def start_batch(self, assignment: str) -> BatchRow:
        """Note that a run of the grader begins."""
        with self._tables.transaction():
            batches = self._tables.batches()
            return batches.create(assignment=assignment, started_at=datetime.now(UTC)).as_row()

    def end_batch(self, batch_id: int) -> BatchRow:
        """Note that a run ended, with what it did."""
        with self._tables.transaction():
            batch = self._tables.batches().select_for_update().get(pk=batch_id)
            batch.finished_at = datetime.now(UTC)
            batch.save(using=self._tables.alias)
            return batch.as_row()

    def batches(self, assignment: str) -> tuple[BatchRow, ...]:
        """All runs, oldest first. One that was killed has no `finished_at`."""
        with self._tables.reading():
            rows = self._tables.batches().filter(assignment=assignment).order_by("pk")
            return tuple(row.as_row() for row in rows)

    def claim(self, batch: BatchRow, *, only: Collection[int] | None = None) -> Lease | None:
        """Take the next queued submission whose wait is over, or None when there is none.

        `only` limits it to these submissions. What failed before comes last, and after it what
        an engine went away under. While staff pause the assignment there is none.
        """
        with self._tables.transaction():
            queued = self._tables.queued(batch.assignment, only)
            due = self._tables.due(queued, self._clock())
            row = due.select_for_update(skip_locked=True, of=("self",)).first()
            if row is None:
                return None
            row.lease = uuid4().hex
            self._tables.move(row, State.RUNNING, "claimed", f"batch {batch.id}")
            return Lease(row.as_row(), row.lease, batch.id, self.losses.count(row))

    def seconds_until_due(
        self, batch: BatchRow, *, only: Collection[int] | None = None
    ) -> float | None:
        """How long until something queued may be claimed; None when nothing is, or in a pause."""
        with self._tables.reading():
            queued = self._tables.queued(batch.assignment, only)
            now = self._clock()
            times = queued.order_by().values_list("not_before", flat=True)
            return min((seconds_left(at, now) for at in times), default=None)

    def finish(self, lease: Lease, graded: GradedSubmission, *, environment: str = "") -> ResultRow:
        """Keep what grading found, exactly once. Raises `LeaseLost` for a stale lease."""
        record = _as_json(graded)
        with self._tables.transaction():
            row = self._tables.leased(lease)
            result = self._tables.results().create(
                submission=row,
                questions=json.dumps(graded.points_by_question()),
                # Without an older grade there is nothing that it would change.
                proposed=row.regrade and self._tables.has_result(row),
                batch=self._tables.count_in_batch(lease.batch_id, graded=1),
                lease=lease.token,
                checks_version=graded.checks_version,
                environment=environment,
                earned=float(graded.earned),
                points=float(graded.points),
                ending=graded.ending,
                record=record,
                created_at=datetime.now(UTC),
            )
            row.attempts, row.note, row.regrade = 0, "", False
            detail = f"{graded.earned:g} of {graded.points:g}, {graded.ending}"
            detail += " (proposed)" if result.proposed else ""
            self._tables.move(row, State.GRADED, "graded", detail)
            return result.as_row()

    def fail(self, lease: Lease, why: str) -> SubmissionRow:
        """Our side failed: back into the queue, to wait, or delayed the third time. Never a score.

        Raises `LeaseLost` for a stale lease.
        """
        with self._tables.transaction():
            row = self._tables.leased(lease)
            row.attempts += 1
            row.note = why
            self._tables.count_in_batch(lease.batch_id, failed=1)
            state = State.DELAYED if row.attempts >= MAX_ATTEMPTS else State.QUEUED
            row.not_before = self._clock() + pause_after(row.attempts)
            self._tables.move(row, state, "failed", f"attempt {row.attempts}, now {state}: {why}")
            return row.as_row()

    def release(self, lease: Lease, why: str = "the run was interrupted") -> SubmissionRow:
        """Give a lease back ungraded, as at an interruption; counts as no attempt."""
        with self._tables.transaction():
            row = self._tables.leased(lease)
            self._tables.move(row, State.QUEUED, "released", why)
            return row.as_row()

    def requeue_stale(self) -> int:
        """Queue whatever is running; how many. Only while holding the grading lock."""
        self.blobs.sweep()
        running = self._tables.submissions().filter(state=State.RUNNING)
        return self._tables.requeue(running, "the run that had it ended", forget=False)

    def queue_unfinished(self, assignment: str) -> int:
        """Give delayed submissions three new attempts; how many are queued now in all."""
        delayed = self._tables.submissions().filter(assignment=assignment, state=State.DELAYED)
        self._tables.requeue(delayed, "tried again", forget=True)
        return self.status(assignment)[State.QUEUED]

    def queue_superseded(self, submissions: Collection[int]) -> int:
        """Queue those of these that are superseded and were never graded; how many.

        What was superseded may count after all: the newer one came after a lock, say.
        """
        chosen = self._tables.never_by_hand().filter(pk__in=list(submissions), results=None)
        superseded = chosen.filter(state=State.SUPERSEDED)
        return self._tables.requeue(superseded, "it may count again", forget=True)

    def queue_submission(self, submission_id: int, why: str = "asked for") -> SubmissionRow:
        """Queue one submission, whichever it is, unless it is queued, running or graded by hand.

        Its results stay. Raises `UnknownSubmission`.
        """
        waiting = (State.GRADED, State.DELAYED, State.SUPERSEDED)
        chosen = self._tables.never_by_hand().filter(pk=submission_id, state__in=waiting)
        self._tables.requeue(chosen, why, forget=True)
        return self.submission(submission_id)

    # --- results ------------------------------------------------------------------------

    def current_results(self, assignment: str) -> tuple[ResultRow, ...]:
        """The newest grading of each student's or group's newest graded submission."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._tables.current_results(assignment))

    def summaries(
        self, assignment: str, *, only: Collection[int] | None = None
    ) -> tuple[SummaryRow, ...]:
        """The current result of every submission (of `only` these), without its findings."""
        with self._tables.reading():
            rows = self._tables.summaries().filter(submission__assignment=assignment)
            if only is not None:
                rows = rows.filter(submission__in=list(only))
            return newest_summaries(rows)

    def results_of(self, submissions: Collection[int]) -> Iterator[ResultRow]:
        """The current result of each of these submissions that has one, one after the other."""
        for number in submissions:
            with self._tables.reading():
                rows = self._tables.results().filter(submission=number, proposed=False)
                newest = rows.order_by("-pk").first()
                found = newest.as_row() if newest else None
            if found:
                yield found

    def results(self, submission_id: int) -> tuple[ResultRow, ...]:
        """All gradings of a submission, oldest first; the last is current."""
        with self._tables.reading():
            rows = self._tables.results().filter(submission_id=submission_id).order_by("pk")
            return tuple(row.as_row() for row in rows)


def _as_json(graded: GradedSubmission) -> str:
    try:
        return graded.to_json()
    except ValueError as error:  # as for text with lone surrogates
        raise GraderError(f"what grading found cannot be written down: {error}") from error
