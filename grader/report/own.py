"""What one student may read of their own work: of what counts, and of each submission by itself.

It says what their row of a report for all says, and costs no look at the others' work.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from grader.course import Assignment, Course
from grader.course.calendar import Standing
from grader.gradebook.evidence import Evidence, Handed, gather_student
from grader.gradebook.term import Grade, Sheets
from grader.report.gathering import PRELIMINARY, row_of, withdrawn_from, without_rows
from grader.report.records import AssignmentReport, ReportRow
from grader.report.withholding import as_shown
from grader.store import Store, SubmissionRow


@dataclass(frozen=True)
class Past:
    """One of a student's submissions. `standing` is how late it is, if it counted.

    `final` is its score after lateness, None while there is none or they may not know it.
    """

    submission: SubmissionRow
    standing: Standing
    final: float | None
    counts: bool


class OwnWork:
    """A student's work for one assignment, as they may know it at a time.

    `evidence` is what `gather_student` gave, where that is known already.
    """

    def __init__(
        self,
        store: Store,
        course: Course,
        assignment: Assignment,
        student: str,
        now: datetime,
        *,
        evidence: Evidence | None = None,
    ) -> None:
        self._store = store
        self._evidence = evidence or gather_student(store, course, student)
        self._sheets = Sheets(course, self._evidence, now, for_students=True)
        self._grade = self._sheets.term(student).grades[assignment.name]
        self._shares = self._sheets.shares(student, assignment.name)
        self._student = next(row for row in self._evidence.students if row.identifier == student)
        self._assignment = assignment
        self._handed = self._evidence.handed.get(assignment.name, Handed())
        shown_from = self._sheets.calendar.feedback_from(assignment)
        # Two times of one zone would be compared by their clocks alone.
        hidden = now.timestamp() < shown_from.timestamp()
        self._empty = without_rows(course, assignment, now, shown_from if hidden else None)

    @property
    def hidden_until(self) -> datetime | None:
        """Until when hidden results are not shown; None where they are by now."""
        return self._empty.hidden_until

    @property
    def counts(self) -> SubmissionRow | None:
        """The submission that counts, as they may know it."""
        return self._grade.submission

    @property
    def numbers(self) -> tuple[int, ...]:
        """The submissions that they have a share in, oldest first; none that staff took back."""
        return tuple(row.id for row in self._shares)

    def report(self, submission: int | None = None) -> AssignmentReport:
        """The report with their row alone, by what counts or by one of their submissions.

        Raises `KeyError` for one that is none of theirs.
        """
        if submission is None or (self.counts and submission == self.counts.id):
            return replace(self._empty, rows=(self._row(self._grade),))
        if submission not in self.numbers:
            raise KeyError(submission)
        return replace(self._empty, rows=(self._row(self._grade_of(submission)),))

    def past(self) -> Iterator[Past]:
        """The submissions that they have a share in, newest first."""
        for row in reversed(self._shares):
            is_counted = self.counts is not None and self.counts.id == row.id
            grade = self._grade if is_counted else self._grade_of(row.id)
            assert grade.submission is not None
            assert grade.standing is not None
            yield Past(grade.submission, grade.standing, self._shown_final(grade), is_counted)

    def _grade_of(self, submission: int) -> Grade:
        return self._sheets.grade_as_if(self._student.identifier, self._assignment.name, submission)

    def _row(self, grade: Grade) -> ReportRow:
        counted = {grade.submission.id} if grade.submission else set[int]()
        results = {row.submission_id: row for row in self._store.results_of(counted)}
        gone = withdrawn_from(self._handed)
        row = row_of(self._student, grade, results, self._handed, gone)
        note = PRELIMINARY if self._sheets.are_grace_days_preliminary else ""
        return replace(row, note=f"{row.note} {note}".strip())

    def _shown_final(self, grade: Grade) -> float | None:
        if self.hidden_until is None or grade.score.final is None:
            return grade.score.final
        return as_shown(self._empty, self._row(grade)).score.final
