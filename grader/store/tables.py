"""Transactions, connections and the few queries that several methods of the store share."""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    connections,
    models,
    transaction,
)
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from grader.outcomes import GraderError
from grader.store.losses import ENGINE_LOST
from grader.store.models import (
    Action,
    Batch,
    CourseVersion,
    Event,
    Extension,
    Group,
    Hold,
    ManualScore,
    Membership,
    Override,
    Pause,
    RegradeRequest,
    Reply,
    Result,
    Start,
    Step,
    Student,
    Submission,
    Worker,
)
from grader.store.records import (
    Lease,
    LeaseLost,
    State,
    StoreFault,
    UnknownGroup,
    UnknownStudent,
    UnknownSubmission,
)
from grader.store.texts import storable
from grader.store.waits import MOST_SECONDS

M = TypeVar("M", bound=models.Model)

# What to do, by words of the database.
_ADVICE = {
    "locked": "; another process held it for too long. See who has it open, and end that",
    "full": "; free space where the data folder is",
    # As when the disk is too full to read: reading takes a small file too.
    "disk I/O": "; the data folder's disk is full or broken: `course doctor` looks at it",
}


_kept = threading.local()


@contextmanager
def connection_kept() -> Iterator[None]:
    """Keep this thread's connections between calls, as for all of a web request.

    Whoever asks for that sees to it that they are closed at last, or used by the thread's next.
    """
    before = getattr(_kept, "here", False)
    _kept.here = True
    try:
        yield
    finally:
        _kept.here = before


def _is_kept() -> bool:
    is_main = threading.current_thread() is threading.main_thread()
    return is_main or getattr(_kept, "here", False)


class Tables:
    """The tables of one database, by its Django alias."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Raises `GraderError` for whatever the database refuses."""
        with self.reading(), transaction.atomic(using=self.alias):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Queries that change nothing, without a lock.

        Raises `StoreFault` where it is worth trying again later.
        """
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            self.close()  # it may be lost for good, where another would find the server again
            advice = next((told for word, told in _ADVICE.items() if word in str(error)), "")
            raise StoreFault(f"the database failed: {error}{advice}") from error
        except DatabaseError as error:
            raise GraderError(f"the database failed: {error}") from error
        finally:
            # Connections belong to threads, and nobody would close those of a pool's threads.
            if not _is_kept():
                self.close()

    def close(self) -> None:
        """Close this thread's connection, unless a transaction around us needs it."""
        connection = connections[self.alias]
        if not connection.in_atomic_block:
            connection.close()

    def students(self) -> "QuerySet[Student]":
        """All students."""
        return self._all(Student)

    def batches(self) -> "QuerySet[Batch]":
        """All batches."""
        return self._all(Batch)

    def events(self) -> "QuerySet[Event]":
        """All lines of history."""
        return self._all(Event)

    def manual_scores(self) -> "QuerySet[ManualScore]":
        """All manual scores with what their records need."""
        return self._all(ManualScore).select_related("submission__student")

    def groups(self) -> "QuerySet[Group]":
        """All groups."""
        return self._all(Group)

    def memberships(self) -> "QuerySet[Membership]":
        """All memberships, ended ones too, with their groups."""
        return self._all(Membership).select_related("group")

    def extensions(self) -> "QuerySet[Extension]":
        """All extensions with what their records need."""
        return self._all(Extension).select_related("student", "group")

    def starts(self) -> "QuerySet[Start]":
        """All beginnings of timed assignments with what their records need."""
        return self._all(Start).select_related("student")

    def overrides(self) -> "QuerySet[Override]":
        """All overrides with what their records need."""
        return self._all(Override).select_related("student")

    def requests(self) -> "QuerySet[RegradeRequest]":
        """All regrade requests with what their records need."""
        return self._all(RegradeRequest).select_related("student", "submission__student")

    def replies(self) -> "QuerySet[Reply]":
        """All answers, with what they answer."""
        return self._all(Reply).select_related("request")

    def versions(self) -> "QuerySet[CourseVersion]":
        """All course files that counted."""
        return self._all(CourseVersion)

    def actions(self) -> "QuerySet[Action]":
        """All changes that staff made."""
        return self._all(Action)

    def steps(self) -> "QuerySet[Step]":
        """What running submissions are doing; of those that ended, what they did last."""
        return self._all(Step)

    def workers(self) -> "QuerySet[Worker]":
        """All processes that grade or graded."""
        return self._all(Worker)

    def pauses(self) -> "QuerySet[Pause]":
        """All assignments that are not graded for now."""
        return self._all(Pause)

    def holds(self) -> "QuerySet[Hold]":
        """All questions that somebody marks, and those whose time is over."""
        return self._all(Hold)

    def submissions(self) -> "QuerySet[Submission]":
        """All submissions with their students and groups."""
        return self._all(Submission).select_related("student", "group")

    def queued(
        self, assignment: str | None, only: Collection[int] | None = None
    ) -> "QuerySet[Submission]":
        """What waits to be graded, of `only` these; what failed before comes last.

        Without an `assignment`, of all of them; of one that staff paused nothing waits.

        Everybody's first of this day comes before anybody's second, so that who hands in often,
        where each one may count, keeps nobody waiting.

        Last of all comes what an engine went away under: it may take the engine down again, most
        of all what has done so most often.
        """
        rows = self.submissions().filter(state=State.QUEUED)
        rows = rows.exclude(assignment__in=self.pauses().values("assignment"))
        rows = rows if assignment is None else rows.filter(assignment=assignment)
        rows = rows if only is None else rows.filter(pk__in=list(only))
        lost = self.events().filter(submission=OuterRef("pk"), what=ENGINE_LOST).order_by()
        times = lost.values("submission").values(times=models.Count("pk"))
        own = self._all(Submission).filter(owner=OuterRef("owner"), pk__lt=OuterRef("pk"))
        own = own.filter(assignment=OuterRef("assignment"))
        own = own.filter(received_at__gte=datetime.now(UTC) - timedelta(days=1)).order_by()
        before = own.values("owner").values(before=models.Count("pk"))
        engine, turn = (Coalesce(Subquery(number), 0) for number in (times, before))
        return rows.order_by(engine, "attempts", turn, "received_at", "pk")

    def due(self, rows: "QuerySet[Submission]", now: datetime) -> "QuerySet[Submission]":
        """Those whose wait after a failure is over, as `seconds_left` tells."""
        longest = now + timedelta(seconds=MOST_SECONDS)
        waiting = models.Q(not_before__gt=now, not_before__lte=longest)
        return rows.filter(models.Q(not_before=None) | ~waiting)

    def standing_submissions(self) -> "QuerySet[Submission]":
        """All that staff did not take back."""
        return self.submissions().exclude(state=State.WITHDRAWN)

    def never_by_hand(self) -> "QuerySet[Submission]":
        """All that the grader grades; one for people may be superseded, but was never queued."""
        return self.submissions().exclude(events__what=State.BY_HAND)

    def latest(self, assignment: str) -> "QuerySet[Submission]":
        """The newest submission of each student or group, by who handed it in."""
        theirs = self._all(Submission).filter(owner=OuterRef("owner"), assignment=assignment)
        theirs = theirs.exclude(state=State.WITHDRAWN)
        newest = theirs.order_by("-received_at", "-pk").values("pk")[:1]
        rows = self.submissions().filter(assignment=assignment, pk=Subquery(newest))
        return rows.order_by("student__identifier")

    def results(self) -> "QuerySet[Result]":
        """All results with what their records need."""
        return self._all(Result).select_related("batch", "submission__student")

    def summaries(self) -> "QuerySet[Result]":
        """All results that count or counted; for columns only, as what was found is long."""
        return self._all(Result).filter(proposed=False)

    def current_results(self, assignment: str) -> "QuerySet[Result]":
        """For each student or group the newest result of the newest submission that has one."""
        theirs = (
            self._all(Result)
            .filter(
                submission__owner=OuterRef("owner"),
                submission__assignment=assignment,
                proposed=False,
            )
            .exclude(submission__state=State.WITHDRAWN)
        )
        newest = theirs.order_by("-submission__received_at", "-submission__pk", "-pk").values("pk")
        owners = self._all(Submission).filter(pk__in=self.latest(assignment).values("pk"))
        chosen = owners.values_list(Subquery(newest[:1]))
        return self.results().filter(pk__in=chosen).order_by("submission__student__identifier")

    def has_result(self, row: Submission) -> bool:
        """Whether the submission has a grade that counts."""
        return self._all(Result).filter(submission=row, proposed=False).exists()

    def submission(self, submission_id: int) -> Submission:
        """That submission. Raises `UnknownSubmission`."""
        row = self.submissions().filter(pk=submission_id).first()
        if row is None:
            raise UnknownSubmission(f"there is no submission {submission_id}")
        return row

    def locked_student(self, identifier: str) -> Student:
        """That student, locked, so that what one sends is taken in one order."""
        person = self._all(Student).select_for_update().filter(identifier=identifier).first()
        if person is None:
            raise UnknownStudent(
                f"no student {identifier!r} is in the roster. Correct the name, or add a line "
                "to the roster."
            )
        return person

    def locked_group_of(self, person: Student, group_set: str | None, at: datetime) -> Group | None:
        """The group that a locked student was in at a time, or is in now; locked too.

        Whoever locks both takes the student first: then nobody waits for each other.
        """
        if group_set is None:
            return None
        theirs = self.memberships().filter(student=person, group_set=group_set)
        then = self._at(theirs, at).first() or theirs.filter(left_at=None).first()
        return self.locked_group(then.group.pk) if then else None

    def _at(self, rows: "QuerySet[Membership]", at: datetime) -> "QuerySet[Membership]":
        still = models.Q(left_at=None) | models.Q(left_at__gt=at)
        return rows.filter(still, joined_at__lte=at)

    def members_at(self, group: Group, person: Student, at: datetime) -> tuple[str, ...]:
        """Who was in the group at a time, and that student; or who is now, if they weren't yet."""
        then = self._at(self.memberships().filter(group=group, student__active=True), at)
        names = set(then.values_list("student__identifier", flat=True))
        if person.identifier not in names:
            return self.members(group, person)
        return tuple(sorted(names))

    def locked_group(self, number: int) -> Group:
        """That group, locked, so that what its members send is taken in one order."""
        group = self.groups().select_for_update().filter(pk=number).first()
        if group is None:
            raise UnknownGroup(f"there is no group {number}")
        return group

    def members(self, group: Group, *others: Student) -> tuple[str, ...]:
        """Who is in the group now and in the course, and these others."""
        here = self.memberships().filter(group=group, left_at=None, student__active=True)
        names = here.values_list("student__identifier", flat=True)
        return tuple(sorted({*names, *(one.identifier for one in others)}))

    def work_of(self, *students: str) -> "QuerySet[Submission]":
        """What the students, and any groups that they are or were in, handed in."""
        theirs = self.memberships().filter(student__identifier__in=students)
        groups = theirs.order_by().values_list("group", flat=True).distinct()
        alone = models.Q(group=None, student__identifier__in=students)
        return self.submissions().filter(alone | models.Q(group__in=list(groups)))

    def leased(self, lease: Lease) -> Submission:
        """The lease's submission, locked. Raises `LeaseLost` unless it still holds."""
        row = self.submissions().select_for_update(of=("self",)).get(pk=lease.submission.id)
        if row.state != State.RUNNING or row.lease != lease.token:
            raise LeaseLost(
                f"submission {row.pk} was given to another run meanwhile (it is {row.state}); "
                "what this run found is dropped"
            )
        return row

    def move(self, row: Submission, state: State, what: str, detail: str) -> None:
        """Save the row in its new state, with a line of history. Within a transaction."""
        row.state = state
        if state != State.RUNNING:
            row.lease = ""
        if state != State.QUEUED:
            row.not_before = None
        row.note = storable(row.note)
        row.save(using=self.alias)
        self.note(row, what, detail)

    def note(self, row: Submission, what: str, detail: str) -> None:
        """Add a line to the submission's history. Within a transaction."""
        now = datetime.now(UTC)
        self.events().create(submission=row, at=now, what=what, detail=storable(detail))

    def act(self, by: str, what: str, subject: str, detail: str, reason: str = "") -> None:
        """Add a line to the course's record. Within a transaction."""
        self.actions().create(
            at=datetime.now(UTC),
            by=by,
            what=what,
            subject=storable(subject)[:255],
            detail=storable(detail),
            reason=storable(reason),
        )

    def requeue(self, rows: "QuerySet[Submission]", why: str, *, forget: bool) -> int:
        """Queue the rows; how many. `forget` gives each its full number of attempts."""
        with self.transaction():
            chosen = list(rows.select_for_update(of=("self",)))
            for row in chosen:
                row.attempts = 0 if forget else row.attempts
                row.not_before = None
                self.move(row, State.QUEUED, "queued", why)
        return len(chosen)

    def count_in_batch(self, batch_id: int, *, graded: int = 0, failed: int = 0) -> Batch:
        """The batch, with its counts raised."""
        rows = self._all(Batch).filter(pk=batch_id)
        rows.update(graded=models.F("graded") + graded, failed=models.F("failed") + failed)
        return rows.get()

    def _all(self, model: type[M]) -> "QuerySet[M]":
        return model._default_manager.using(self.alias)
