"""A submitted notebook, in a frame of its own in which nothing of its author's runs."""

from django.http import HttpResponse
from django.shortcuts import render

from grader.intake import Cell
from grader.web.finding import find_submission
from grader.web.guarding import STRANGERS_POLICY
from grader.web.question_cells import cells_of_question
from grader.web.strangers import notebook_page
from grader.web.visits import EVERYBODY, Visit, page


@page(EVERYBODY)
def notebook(visit: Visit, number: int) -> HttpResponse:
    """The page around the frame, for students and staff."""
    row = find_submission(visit, number)
    assignment = visit.course.assignments[row.assignment]
    values = {
        "here": "home",
        "submission": row,
        "assignment": assignment,
        "is_notebook": not assignment.by_hand,
        "has_run": bool(visit.store.summaries(row.assignment, only=[row.id])),
    }
    return render(visit.request, "web/student/notebook.html", values)


@page(EVERYBODY)
def notebook_frame(visit: Visit, number: int) -> HttpResponse:
    """What is in the frame: all cells, or a `question`'s. Whose notebook it is isn't told."""
    row = find_submission(visit, number)
    result = next(iter(visit.store.results_of([row.id])), None)
    questions = [one.name for one in visit.course.assignments[row.assignment].questions]
    question = visit.request.GET.get("question", "")

    def part(cells: tuple[Cell, ...]) -> range:
        if question not in questions:
            return range(len(cells))
        return cells_of_question(cells, question, questions)

    data = visit.store.read_notebook_bytes(row)
    html = notebook_page(data, result.graded if result else None, part=part)
    answer = HttpResponse(html)
    answer["Content-Security-Policy"] = STRANGERS_POLICY
    return answer
