"""A term's grades, step by step: raw score, lateness, overrides; weights make the total of them.

Each step is a function of what the one before gave, and of the time that it is told: nothing is
cached and no clock is read, so a changed date, extension or rubric changes every score at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from grader.course import Assignment, Course
from grader.course.calendar import Standing
from grader.course.policy import GraceDays
from grader.course.settling import Attempt, Settled, Work, closing_time, preview, settle
from grader.course.student_dates import Dates, is_locked
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import Evidence, Handed
from grader.gradebook.records import (
    Lateness,
    ManualScore,
    Override,
    Pending,
    QuestionInfo,
    Score,
)
from grader.gradebook.scoring import (
    missing,
    overridden,
    questions_of,
    rubric_points,
    score_submission,
    unscored,
    with_lateness,
)
from grader.gradebook.totals import Total, total_of
from grader.store import ManualScoreRow, State, SubmissionRow, SummaryRow


@dataclass(frozen=True)
class Grade:
    """A student's grade for an assignment, and the submission and dates that it follows from.

    `newer` is one that will count as soon as our side has graded it. `standing` is how late the one
    that counts is, also while it has no score. `closes` is there where nothing was handed in: from
    then on that would be worth nothing.
    """

    assignment: str
    score: Score
    dates: Dates
    submission: SubmissionRow | None
    newer: SubmissionRow | None = None
    standing: Standing | None = None
    closes: datetime | None = None


@dataclass(frozen=True)
class StudentTerm:
    """One student's grades by assignment, in the order of course.yaml, and their total."""

    student: str
    grades: Mapping[str, Grade]
    total: Total


def grade_term(
    course: Course, evidence: Evidence, now: datetime, *, only: Iterable[str] | None = None
) -> dict[str, StudentTerm]:
    """Everybody's grades at a time, by student; of `only` these students, where it says so."""
    sheets = Sheets(course, evidence, now)
    everybody = (row.identifier for row in evidence.students)
    return {student: sheets.term(student) for student in (everybody if only is None else only)}


class Sheets:
    """A term's submissions by assignment, from which each student's grades are made.

    `for_students` settles what counts without the points of what they may not see yet at that
    time: otherwise which submission counts, or the grace days left, would tell of them.
    """

    def __init__(
        self, course: Course, evidence: Evidence, now: datetime, *, for_students: bool = False
    ) -> None:
        self.course = course
        self.calendar = Calendar(course, evidence)
        moment = now.astimezone(UTC)  # two times of one zone are compared by their clocks alone
        self._sheets: dict[str, _Sheet] = {}
        for name, assignment in course.assignments.items():
            handed = evidence.handed.get(name, Handed())
            sheet = _Sheet(assignment, course, handed, self.calendar, moment)
            if for_students:
                sheet.is_blind = moment < self.calendar.feedback_from(assignment).astimezone(UTC)
            self._sheets[name] = sheet
        self._overrides = {(row.student, row.assignment): row for row in evidence.overrides}

    def works(self, student: str) -> list[Work]:
        """What counts for the student of what was sent, by assignment in the course's order.

        What they are excused from is none, and uses up no grace days.
        """
        works = [sheet.work(student) for sheet in self._sheets.values()]
        return [
            replace(work, attempts=()) if self._is_excused(student, work.assignment) else work
            for work in works
        ]

    def works_sending(self, student: str, assignment: str) -> list[Work]:
        """The same for who hands in now: for that assignment their own work, or their group's."""
        return [
            self._sheets[assignment].work_sending(student)
            if work.assignment == assignment
            else work
            for work in self.works(student)
        ]

    def sent(self, student: str, assignment: str) -> list[SubmissionRow]:
        """What is there of whose work it would be if the student handed in now; oldest first."""
        return self._sheets[assignment].sent_by_owner(student)

    def shares(self, student: str, assignment: str) -> list[SubmissionRow]:
        """What the student has a share in, whatever counts of it; oldest first."""
        return self._sheets[assignment].shares(student)

    @property
    def are_grace_days_preliminary(self) -> bool:
        """Whether hidden results, which are left out here, may change who used which grace days."""
        return any(sheet.may_hide_grace_days for sheet in self._sheets.values())

    def may_count(self, student: str, assignment: str) -> list[int]:
        """The submissions that count for the student, or do once our side has graded them."""
        return self._sheets[assignment].may_count(student)

    def term(self, student: str) -> StudentTerm:
        """The student's grades and their total."""
        settled = settle(self.works(student), self.course.zone)
        grades: dict[str, Grade] = {}
        for name, sheet in self._sheets.items():
            if self._is_excused(student, name):  # by itself, to be shown
                settled |= settle([sheet.work(student)], self.course.zone)
            grades[name] = self._overridden(student, sheet.grade(student, settled[name]))
        scores = {name: grade.score for name, grade in grades.items()}
        return StudentTerm(student, grades, total_of(self.course, scores))

    def grade_as_if(self, student: str, assignment: str, submission: int) -> Grade:
        """What the student's grade would be if that submission counted, whichever does.

        What staff set for the whole is no part of it. Raises `KeyError` for one that isn't there.
        """
        sheet = self._sheets[assignment]
        alone = sheet.work_alone(student, submission)
        works = [alone if work.assignment == assignment else work for work in self.works(student)]
        received = sheet.by_id[submission].received_at
        return sheet.grade_alone(
            student, submission, preview(works, assignment, received, self.course.zone)
        )

    def _is_excused(self, student: str, assignment: str) -> bool:
        row = self._overrides.get((student, assignment))
        return row is not None and row.excused

    def _overridden(self, student: str, grade: Grade) -> Grade:
        row = self._overrides.get((student, grade.assignment))
        if row is None or (row.points is None and not row.excused):
            return grade
        score = overridden(grade.score, Override(row.points, row.reason, row.by))
        return replace(grade, score=score)


class _Sheet:
    """One assignment's submissions, and the raw score of each."""

    def __init__(
        self,
        assignment: Assignment,
        course: Course,
        handed: Handed,
        calendar: Calendar,
        now: datetime,
    ) -> None:
        self.assignment = assignment
        self.course = course
        self.policy = course.late_policy_of(assignment)
        self.questions = questions_of(assignment)
        self.calendar = calendar
        self.now = now
        self.is_blind = False
        self.summaries = {row.submission_id: row for row in handed.summaries}
        self.manual = newest_marks(self.questions, handed.manual)
        self.by_id = {row.id: row for row in handed.submissions}
        self._scores: dict[int, Score] = {}
        self._closes: dict[Dates, datetime] = {}
        self._taken_of: dict[str, list[tuple[SubmissionRow, Dates]]] = {}
        self._by_owner: dict[str | int, list[SubmissionRow]] = defaultdict(list)
        self._shares: dict[str, list[SubmissionRow]] = defaultdict(list)
        for row in sorted(handed.submissions, key=_arrival):
            if row.state is State.WITHDRAWN:
                continue
            self._by_owner[row.student if row.group is None else row.group].append(row)
            for student in row.credited:
                self._shares[student].append(row)

    @property
    def may_hide_grace_days(self) -> bool:
        """Whether it is settled without points that decide which submission is charged days."""
        return self.is_blind and self.policy.counts == "best" and isinstance(self.policy, GraceDays)

    def work(self, student: str) -> Work:
        """What may count for the student, with the raw points of each."""
        taken = self._taken(student)
        dates = taken[-1][1] if taken else self.calendar.dates(self.assignment, student)
        ready = [(row, own) for row, own in taken if self._is_ready(row)]
        # What our side has yet to grade never displaces an older score.
        attempts = [
            Attempt(row.id, row.received_at, self._points(row), own) for row, own in ready or taken
        ]
        return Work(self.assignment.name, dates, self.policy, tuple(attempts))

    def work_sending(self, student: str) -> Work:
        """What holds for what the student would hand in now; of what was sent, nothing."""
        dates = self.calendar.dates(self.assignment, student)
        return Work(self.assignment.name, dates, self.policy, ())

    def work_alone(self, student: str, submission: int) -> Work:
        """What holds for one submission; of what was sent, nothing."""
        dates = self.calendar.dates_of(self.assignment, student, self.by_id[submission].group)
        return Work(self.assignment.name, dates, self.policy, ())

    def sent_by_owner(self, student: str) -> list[SubmissionRow]:
        """What the student, or the group that they are in now, has sent."""
        group = self.calendar.group_of(self.assignment, student)
        return self._by_owner.get(group.id if group else student, [])

    def may_count(self, student: str) -> list[int]:
        """What counts for the student, or does once it is graded."""
        taken = [row for row, _ in self._taken(student)]
        if self.policy.counts == "best":
            return [row.id for row in taken]
        # The newest, and what stands in for it until our side has graded it.
        ready = [row for row in taken if self._is_ready(row)]
        return [row.id for row in [*taken[-1:], *ready[-1:]]]

    def grade(self, student: str, settled: Settled) -> Grade:
        """The grade that follows from the submission that counts."""
        if settled.submission is None or settled.standing is None:
            return self._nothing(student)
        newer = self._newer(student, self.by_id[settled.submission])
        return replace(self.grade_alone(student, settled.submission, settled.standing), newer=newer)

    def grade_alone(self, student: str, submission: int, standing: Standing) -> Grade:
        """The grade that would follow from a submission of that standing."""
        row = self.by_id[submission]
        score = self._score(student, row, Lateness.of(standing))
        dates = self.calendar.dates_of(self.assignment, student, row.group)
        return Grade(self.assignment.name, score, dates, row, standing=standing)

    def _newer(self, student: str, counted: SubmissionRow) -> SubmissionRow | None:
        """The newest that may displace what counts once our side, or people, have graded it."""
        for row, _ in reversed(self._taken(student)):
            if row.id == counted.id:
                return None
            best = self.policy.counts == "best"
            if not self._is_ready(row) or (best and self._on_time(row).pending is not None):
                return row
        return None

    def _nothing(self, student: str) -> Grade:
        """The grade of who handed in nothing: from when that would be worth nothing, it is over."""
        name, dates = self.assignment.name, self.calendar.dates(self.assignment, student)
        if dates not in self._closes:
            self._closes[dates] = self._closing_time(dates)
        closes = self._closes[dates]
        score = unscored(student, self.questions, Pending.NOT_SUBMITTED)
        if closes.astimezone(UTC) <= self.now:
            if self.course.missing == "zero":
                score = missing(student, self.questions)
            else:
                score = unscored(student, self.questions, Pending.LEFT_OUT)
        return Grade(name, score, dates, None, closes=closes)

    def _closing_time(self, dates: Dates) -> datetime:
        zone = self.course.zone
        closes = closing_time(dates, self.policy, zone)
        if closes is not None:
            return closes
        # Late work has credit for ever: then the term's end is the end.
        over = datetime.combine(self.course.term.end + timedelta(days=1), time(), tzinfo=zone)
        return max(over, dates.due, key=lambda one: one.astimezone(UTC))

    def _taken(self, student: str) -> list[tuple[SubmissionRow, Dates]]:
        """What may count for the student, with the dates that hold for it; oldest first.

        What came after the lock can't count, so it displaces nothing that could.
        """
        if student not in self._taken_of:
            self._taken_of[student] = self._find_taken(student)
        return self._taken_of[student]

    def _find_taken(self, student: str) -> list[tuple[SubmissionRow, Dates]]:
        dates: dict[int | None, Dates] = {}
        taken: list[tuple[SubmissionRow, Dates]] = []
        for row in self.shares(student):
            if row.group not in dates:
                dates[row.group] = self.calendar.dates_of(self.assignment, student, row.group)
            if not is_locked(row.received_at, dates[row.group]):
                taken.append((row, dates[row.group]))
        return taken

    def shares(self, student: str) -> list[SubmissionRow]:
        """The student's share of what was sent: what they, or a group that they were in, handed in.

        Who has none has what the group that they are in handed in before they came. Of a group that
        they have a share in and are in, all that came since is theirs, also if they were off the
        roster for a day.
        """
        shares = self._shares.get(student, [])
        rows = self.sent_by_owner(student)
        if not shares or self.assignment.group is None:
            return shares or rows
        known = {row.id for row in shares}
        since = next((place for place, row in enumerate(rows) if row.id in known), len(rows))
        more = [row for row in rows[since:] if row.id not in known]
        return sorted([*shares, *more], key=_arrival)

    def _is_ready(self, row: SubmissionRow) -> bool:
        return self.assignment.by_hand or row.id in self.summaries

    def _points(self, row: SubmissionRow) -> float | None:
        score = self._on_time(row)
        return score.raw if score.pending is None and not self.is_blind else None

    def _score(self, student: str, row: SubmissionRow, lateness: Lateness) -> Score:
        score = self._on_time(row)
        if self._is_scored(row):
            score = with_lateness(score, lateness)
        return score if student == score.student else replace(score, student=student)

    def _on_time(self, row: SubmissionRow) -> Score:
        """The submission's score before lateness: worked out once, for all of a group."""
        if row.id not in self._scores:
            self._scores[row.id] = self._scored(row)
        return self._scores[row.id]

    def _scored(self, row: SubmissionRow) -> Score:
        if not self._is_scored(row):
            delayed = row.state is State.DELAYED
            pending = Pending.DELAYED if delayed else Pending.QUEUED
            return unscored(row.student, self.questions, pending)
        found: SummaryRow | None = self.summaries.get(row.id)
        return score_submission(
            row.student,
            self.questions,
            found.questions if found else None,
            manual=self.manual.get(row.id, ()),
        )

    def _is_scored(self, row: SubmissionRow) -> bool:
        """Whether there is something to score: what our side found, or a file for people."""
        return self._is_ready(row) or row.state is State.BY_HAND


def _arrival(row: SubmissionRow) -> tuple[datetime, int]:
    return row.received_at, row.id


def newest_marks(
    questions: Sequence[QuestionInfo], rows: Iterable[ManualScoreRow]
) -> dict[int, list[ManualScore]]:
    """The points given by hand that count, by submission; of a rubric, by its items as they are."""
    infos = {info.name: info for info in questions}
    newest = {(row.submission_id, row.question): row for row in rows}
    found: dict[int, list[ManualScore]] = defaultdict(list)
    for (submission, question), row in newest.items():
        info = infos.get(question)
        if info is None:  # of a question that the course no longer has
            continue
        points = row.points
        if row.marks is not None:
            points = rubric_points(info, row.marks, row.points)
        found[submission].append(ManualScore(question, min(points, info.points), row.comment))
    return found
