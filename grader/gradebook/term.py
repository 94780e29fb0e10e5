"""A term's grades, step by step: raw score, lateness, overrides; weights make the total of them.

Each step is a function of what the one before gave, and of the time that it is told: nothing is
cached and no clock is read, so a changed date, extension or rubric changes every score at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from grader.course import Assignment, Course
from grader.course.calendar import Standing
from grader.course.settling import Attempt, Settled, Work, closing_time, settle
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
        """What the student, or their groups, sent, by assignment in the course's order."""
        return [sheet.work(student) for sheet in self._sheets.values()]

    def works_sending(self, student: str, assignment: str) -> list[Work]:
        """The same for who hands in now: for that assignment their own work, or their group's."""
        return [
            sheet.work_sending(student) if name == assignment else sheet.work(student)
            for name, sheet in self._sheets.items()
        ]

    def sent(self, student: str, assignment: str) -> list[SubmissionRow]:
        """What is there of whose work it would be if the student handed in now; oldest first."""
        return self._sheets[assignment].sent_by_owner(student)

    def may_count(self, student: str, assignment: str) -> list[int]:
        """The submissions that count for the student, or do once our side has graded them."""
        return self._sheets[assignment].may_count(student)

    def term(self, student: str) -> StudentTerm:
        """The student's grades and their total."""
        works = self.works(student)
        settled = settle(works, self.course.zone)
        grades: dict[str, Grade] = {}
        for (name, sheet), work in zip(self._sheets.items(), works, strict=True):
            grade = sheet.grade(student, settled[name], work)
            grades[name] = self._overridden(student, grade)
        scores = {name: grade.score for name, grade in grades.items()}
        return StudentTerm(student, grades, total_of(self.course, scores))

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
        self._closes: dict[Dates, datetime | None] = {}
        self._by_owner: dict[str | int, list[SubmissionRow]] = defaultdict(list)
        self._newest_of: dict[str, SubmissionRow] = {}
        for row in sorted(handed.submissions, key=lambda row: (row.received_at, row.id)):
            if row.state is State.WITHDRAWN:
                continue
            self._by_owner[row.student if row.group is None else row.group].append(row)
            for student in row.credited:
                self._newest_of[student] = row

    def work(self, student: str) -> Work:
        """What the student, or their group, sent, with the raw points of each."""
        group = self._group(student)
        dates = self.calendar.dates_of(self.assignment, student, group)
        # What came after the lock can't count, so it displaces nothing that could.
        taken = [row for row in self._sent(student) if not is_locked(row.received_at, dates)]
        sent = self._ready(taken)
        return self._work(dates, sent)

    def work_sending(self, student: str) -> Work:
        """What there is of the owner of what the student would hand in now."""
        dates = self.calendar.dates(self.assignment, student)
        return self._work(dates, self._ready(self.sent_by_owner(student)))

    def sent_by_owner(self, student: str) -> list[SubmissionRow]:
        """What the student, or the group that they are in now, has sent."""
        group = self.calendar.group_of(self.assignment, student)
        return self._by_owner.get(group.id if group else student, [])

    def may_count(self, student: str) -> list[int]:
        """What counts for the student, or does once it is graded."""
        dates = self.calendar.dates_of(self.assignment, student, self._group(student))
        taken = [row for row in self._sent(student) if not is_locked(row.received_at, dates)]
        if self.policy.counts == "best":
            return [row.id for row in taken]
        # The newest, and what stands in for it until our side has graded it.
        return [row.id for row in [*taken[-1:], *self._ready(taken)[-1:]]]

    def grade(self, student: str, settled: Settled, work: Work) -> Grade:
        """The grade that follows from the submission that counts."""
        name = self.assignment.name
        if settled.submission is None or settled.standing is None:
            return self._nothing(student, work.dates)
        row = self.by_id[settled.submission]
        score = self._score(student, row, Lateness.of(settled.standing))
        newest = self._sent(student)[-1]
        waits = newest.id != row.id and not self._is_ready(newest)
        return Grade(name, score, work.dates, row, newest if waits else None, settled.standing)

    def _nothing(self, student: str, dates: Dates) -> Grade:
        """The grade of who handed in nothing: 0 from when that would be worth nothing."""
        name = self.assignment.name
        if dates not in self._closes:
            self._closes[dates] = closing_time(dates, self.policy, self.course.zone)
        closes = self._closes[dates]
        if (
            self.course.missing == "zero"
            and closes is not None
            and closes.astimezone(UTC) <= self.now
        ):
            return Grade(name, missing(student, self.questions), dates, None, closes=closes)
        score = unscored(student, self.questions, Pending.NOT_SUBMITTED)
        return Grade(name, score, dates, None, closes=closes)

    def _work(self, dates: Dates, rows: Iterable[SubmissionRow]) -> Work:
        attempts = tuple(Attempt(row.id, row.received_at, self._points(row)) for row in rows)
        return Work(self.assignment.name, dates, self.policy, attempts)

    def _group(self, student: str) -> int | None:
        """The group whose work counts for the student, if it isn't their own.

        It is the one that they last handed in with, wherever they are now; who never did has what
        the group that they are in handed in before they came.
        """
        newest = self._newest_of.get(student)
        if newest is not None:
            return newest.group
        group = self.calendar.group_of(self.assignment, student)
        return group.id if group else None

    def _sent(self, student: str) -> list[SubmissionRow]:
        """What counts for the student: of a group that they left, what came while they were in."""
        group = self._group(student)
        rows = self._by_owner.get(student if group is None else group, [])
        now = self.calendar.group_of(self.assignment, student)
        newest = self._newest_of.get(student)
        if group is None or newest is None or (now is not None and now.id == group):
            return rows
        return rows[: rows.index(newest) + 1]

    def _ready(self, rows: list[SubmissionRow]) -> list[SubmissionRow]:
        """Those that can count. What our side has yet to grade never displaces an older score."""
        return [row for row in rows if self._is_ready(row)] or rows

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
