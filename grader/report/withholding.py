"""What a student's page leaves out until hidden results are shown, to anybody.

Before that, whoever has an extension could learn from another's page.
"""

from dataclasses import replace

from grader.gradebook.records import Pending, QuestionState
from grader.outcomes import Shown
from grader.report.records import AssignmentReport, ReportRow


def as_shown(report: AssignmentReport, row: ReportRow) -> ReportRow:
    """The row as its student may see it: without hidden results and what follows from them."""
    if report.hidden_until is None or row.graded is None:
        return row
    hidden = {r.question for r in row.graded.checks if r.shown is not Shown.AT_ONCE}
    if not hidden:
        return row
    at_once = tuple(r for r in row.graded.checks if r.shown is Shown.AT_ONCE)
    questions = tuple(
        replace(q, earned=None, state=QuestionState.HIDDEN, comment="")
        if q.question in hidden
        else q
        for q in row.score.questions
    )
    score = replace(
        row.score, questions=questions, final=None, pending=Pending.HIDDEN, override=None
    )
    return replace(row, graded=replace(row.graded, checks=at_once), score=score)
