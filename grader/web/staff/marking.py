"""What people mark: how much there is and is left, and which paper comes next."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.course import Assignment
from grader.desk.papers import Paper, neighbours, papers_of, take_next, waiting
from grader.gradebook import QuestionInfo, questions_of, rubric_points
from grader.store import HoldRow, ManualScoreRow
from grader.web.finding import find_assignment, find_paper, find_question
from grader.web.staff.marking_names import names_for
from grader.web.staff.paging import part_of
from grader.web.visits import STAFF, Visit, page

ON_A_PAGE = 50


@dataclass(frozen=True)
class QuestionLine:
    """How far the marking of a question is. `others` have a paper of it before them now."""

    info: QuestionInfo
    papers: int
    marked: int
    others: tuple[str, ...]

    @property
    def left(self) -> int:
        return self.papers - self.marked


@dataclass(frozen=True)
class PaperLine:
    """A paper in the list of a question; `mark` is what counts of it."""

    number: int
    title: str
    identifiers: str
    sections: str
    received: datetime
    earned: float | None
    mark: ManualScoreRow | None
    held_by: str


@page(STAFF)
def overview(visit: Visit) -> HttpResponse:
    """The assignments of which people mark something."""
    found = [one for one in visit.course.assignments.values() if _is_marked(visit, one)]
    now = visit.now.astimezone(UTC)
    past = [one for one in found if one.due_utc <= now]
    values = {
        "here": "marking",
        "past": sorted(past, key=lambda one: one.due_utc, reverse=True),
        "open": sorted((one for one in found if one not in past), key=lambda one: one.due_utc),
    }
    return render(visit.request, "web/staff/marking.html", values)


def _is_marked(visit: Visit, assignment: Assignment) -> bool:
    """Whether there may be something to mark of it by now."""
    own = [one.release for one in assignment.sections.values() if one.release is not None]
    first = min(one.astimezone(UTC) for one in (assignment.release, *own))
    return first <= visit.now and any(one.manual for one in assignment.questions)


@page(STAFF)
def assignment(visit: Visit, name: str) -> HttpResponse:
    """How far an assignment's marking is; as a part of the page before, just the table."""
    found = find_assignment(visit, name)
    papers = visible_papers(visit, found)
    held = [row for row in visit.store.holds.all() if row.by != visit.by]
    lines = [_line(info, papers, held) for info in questions_of(found) if info.manual]
    part = visit.request.headers.get("HX-Request")
    template = "marking_counts.html" if part else "marking_assignment.html"
    values = {"here": "marking", "assignment": found, "lines": lines}
    return render(visit.request, f"web/staff/{template}", values)


def visible_papers(visit: Visit, assignment: Assignment) -> tuple[Paper, ...]:
    """The papers that this visitor may mark: not their own."""
    may_see, is_party = visit.visitor.may_see, visit.visitor.is_party_to
    papers = papers_of(visit.course, visit.store, assignment, visit.now, may_see=may_see)
    return tuple(paper for paper in papers if not is_party(paper.submission))


def _line(info: QuestionInfo, papers: tuple[Paper, ...], held: list[HoldRow]) -> QuestionLine:
    marked = sum(info.name in paper.given for paper in papers)
    numbers = {paper.submission.id for paper in papers}
    others = {row.by for row in held if row.question == info.name and row.submission_id in numbers}
    return QuestionLine(info, len(papers), marked, tuple(sorted(others)))


@page(STAFF)
def question(visit: Visit, name: str, question: str) -> HttpResponse:
    """The papers of a question, and what each was given."""
    found, info = find_question(visit, name, question)
    papers = visible_papers(visit, found)
    held = {
        row.submission_id: row.by for row in visit.store.holds.all() if row.question == question
    }
    names = names_for(visit, found)
    given = {"page": visit.request.GET.get("page", "")}
    query = "names=1" if names.may_show and names.shown else ""
    may_see = visit.visitor.may_see
    part = part_of(papers, given, size=ON_A_PAGE, query=query)
    values = {
        "here": "marking",
        "assignment": found,
        "info": info,
        "lines": [
            PaperLine(
                paper.submission.id,
                names.title(paper.submission, paper.people),
                names.identifiers(paper.people),
                ", ".join(sorted({one.section for one in filter(may_see, paper.people)} - {""})),
                paper.submission.received_at,
                points_of(info, paper.given.get(question)),
                paper.given.get(question),
                held.get(paper.submission.id, ""),
            )
            for paper in part.entries
        ],
        "left": len(waiting(papers, question)),
        "part": part,
        "names": names,
    }
    return render(visit.request, "web/staff/marking_question.html", values)


def points_of(info: QuestionInfo, mark: ManualScoreRow | None) -> float | None:
    """What a mark is worth by the rubric as it is now."""
    if mark is None:
        return None
    if mark.marks is None:
        return min(mark.points, info.points)
    return rubric_points(info, mark.marks, mark.points)


@page(STAFF, "POST")
def mark_next(visit: Visit, name: str, question: str) -> HttpResponse:
    """Take the next paper that nobody has marked, or has before them.

    With `after`, a submission that was before the visitor, it is put back, and the search begins
    behind it.
    """
    found, _ = find_question(visit, name, question)
    after = visit.request.POST.get("after", "")
    number = int(after) if after.isdecimal() and len(after) < 12 else 0
    if number:
        visit.store.holds.let_go(number, question, visit.by)
    return to_next(visit, found, question, after=number)


def to_next(
    visit: Visit, assignment: Assignment, question: str, *, after: int
) -> HttpResponseRedirect:
    """Take the next paper and go there, or say that there is none."""
    numbers = waiting(visible_papers(visit, assignment), question, after=after)
    others = [number for number in numbers if number != after]  # not what was put back
    number = take_next(visit.store, assignment.name, question, others, by=visit.by)
    start = f"/staff/marking/{assignment.name}"
    if number is not None:
        return HttpResponseRedirect(f"{start}/{question}/{number}/")
    told = f"Nothing {'else ' if numbers else ''}of {assignment.name} {question} is left to mark."
    if others:
        told = f"What is left of {assignment.name} {question}, others have before them now."
    messages.info(visit.request, told)
    return HttpResponseRedirect(f"{start}/")


@page(STAFF, "POST")
def put_back(visit: Visit, name: str, question: str, number: int) -> HttpResponse:
    """Let others have a paper; what was typed for it stays.

    A script says it `quietly`, as it leaves the page for another.
    """
    find_paper(visit, name, question, number)
    visit.store.holds.let_go(number, question, visit.by)
    if visit.request.POST.get("quietly"):
        return HttpResponse(status=204)
    return HttpResponseRedirect(f"/staff/marking/{name}/")


@page(STAFF)
def before(visit: Visit, name: str, question: str, number: int) -> HttpResponse:
    """Go to the paper before that one, marked or not; from the first to the list."""
    return _beside(visit, name, question, number, place=0)


@page(STAFF)
def after(visit: Visit, name: str, question: str, number: int) -> HttpResponse:
    """Go to the paper after that one, marked or not; from the last to the list."""
    return _beside(visit, name, question, number, place=1)


def _beside(visit: Visit, name: str, question: str, number: int, *, place: int) -> HttpResponse:
    found, _, _ = find_paper(visit, name, question, number)
    other = neighbours(visible_papers(visit, found), number)[place]
    start = f"/staff/marking/{name}/{question}/"
    return HttpResponseRedirect(start if other is None else f"{start}{other}/")


@page(STAFF)
def progress(visit: Visit, name: str, question: str, number: int) -> HttpResponse:
    """Which of how many papers it is, and how many are left; a part of the paper's page."""
    found, _, _ = find_paper(visit, name, question, number)
    papers = visible_papers(visit, found)
    numbers = [paper.submission.id for paper in papers]
    values = {
        "place": numbers.index(number) + 1 if number in numbers else None,
        "papers": len(papers),
        "left": len(waiting(papers, question)),
    }
    return render(visit.request, "web/staff/marking_progress.html", values)
