"""One paper: the answer, what it is marked by, and the marks that are typed, kept and given."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.course import Assignment
from grader.desk.marking import CannotMark, Marked, give_marks
from grader.desk.papers import notes_on
from grader.gradebook import QuestionInfo
from grader.store import HoldRow, ManualScoreRow, SubmissionRow
from grader.web.finding import find_paper
from grader.web.models import Draft
from grader.web.staff.marking import points_of, to_next
from grader.web.staff.marking_form import Typed, item_fields
from grader.web.staff.marking_names import names_for, people_of
from grader.web.staff.reach import people_seen, sees_everybody
from grader.web.visits import STAFF, Visit, page

COMMENTS_SHOWN = 30


@page(STAFF, "GET", "POST")
def paper(visit: Visit, name: str, question: str, number: int) -> HttpResponse:
    """A question of a submission, to be marked; what is sent is given as a mark, or refused."""
    assignment, info, row = find_paper(visit, name, question, number)
    if visit.request.method == "POST":
        return _mark(visit, assignment, info, row)
    marks = _marks(visit, row, question)
    newest = marks[-1] if marks else None
    draft = _drafts(visit, row, question).first()
    typed = _drafted(draft) if draft else Typed.of_mark(info, newest)
    held = _held(visit, row, question)
    names = names_for(visit, assignment)
    people = people_of(visit, row)
    summary = next(iter(visit.store.summaries(name, only=[number])), None)
    values: Mapping[str, Any] = {
        "here": "marking",
        "assignment": assignment,
        "info": info,
        "row": row,
        "names": names,
        "title": names.title(row, people),
        "identifiers": names.identifiers(people),
        "students": names.students(people),
        "notes": notes_on(visit.course, visit.store, row, question, visit.now),
        "checks": summary.questions.get(question) if summary else None,
        "items": item_fields(info, typed),
        "typed": typed,
        "draft": draft,
        "held": held,
        "is_others": held is not None and held.by != visit.by,
        "seen": _seen(newest),
        "newest": newest,
        "earned": points_of(info, newest),
        "earlier": [(points_of(info, mark), mark) for mark in reversed(marks[:-1])],
        "comments": _comments(visit, name, question),
    }
    return render(visit.request, "web/staff/marking_paper.html", values)


@page(STAFF, "POST")
def hold(visit: Visit, name: str, question: str, number: int) -> HttpResponse:
    """Have the paper for ten minutes more, or be told who has it; a part of the page."""
    find_paper(visit, name, question, number)
    row = visit.store.holds.take(number, question, visit.by)
    values = {"held": row, "is_others": row.by != visit.by}
    return render(visit.request, "web/staff/marking_hold.html", values)


@page(STAFF, "POST")
def draft(visit: Visit, name: str, question: str, number: int) -> HttpResponse:
    """Keep what was typed so far, or forget it; a part of the page."""
    _, info, row = find_paper(visit, name, question, number)
    if visit.request.POST.get("do") == "forget":
        _drafts(visit, row, question).delete()
        return HttpResponseRedirect(f"/staff/marking/{name}/{question}/{number}/")
    kept = _keep(visit, row, question, Typed.of(info, visit.request.POST))
    held = visit.store.holds.take(number, question, visit.by)
    values = {"draft": kept, "held": held, "is_others": held.by != visit.by}
    return render(visit.request, "web/staff/marking_draft.html", values)


def _mark(
    visit: Visit, assignment: Assignment, info: QuestionInfo, row: SubmissionRow
) -> HttpResponse:
    """Give what was typed as a mark. What is refused stays as a draft."""
    here = HttpResponseRedirect(f"/staff/marking/{assignment.name}/{info.name}/{row.id}/")
    typed = Typed.of(info, visit.request.POST)
    _keep(visit, row, info.name, typed)
    try:
        found = _give(visit, info, row, typed)
    except CannotMark as error:
        messages.error(visit.request, f"Not saved: {error}.")
        return here
    _drafts(visit, row, info.name).delete()
    visit.store.holds.let_go(row.id, info.name, visit.by)
    names = names_for(visit, assignment)
    title = names.title(row, people_of(visit, row))
    given = f"{found.earned:g} of {info.points:g}"
    messages.success(visit.request, f"{title}: {given} for {info.name}.")
    may_name = names.shown and visit.visitor.sections is None
    for line in (*found.told, *(found.held if may_name else _nameless(found))):
        messages.info(visit.request, f"{line[0].upper()}{line[1:]}.")
    if visit.request.POST.get("do") == "next":
        return to_next(visit, assignment, info.name, after=row.id)
    return here


def _give(visit: Visit, info: QuestionInfo, row: SubmissionRow, typed: Typed) -> Marked:
    """Raises `CannotMark`, also for what somebody else has before them, or has marked meanwhile."""
    held = visit.store.holds.take(row.id, info.name, visit.by)
    if held.by != visit.by:
        raise CannotMark(
            f"{held.by} has this paper until {held.until.astimezone(visit.zone):%H:%M}; what you "
            "typed is kept here"
        )
    marks = _marks(visit, row, info.name)
    newest = marks[-1] if marks else None
    if newest and _seen(newest) != visit.request.POST.get("seen", ""):
        raise CannotMark(
            f"{newest.by} has marked this meanwhile, as you see below; what you typed is in the "
            "form, and replaces it if you save again"
        )
    shares, points = typed.given(info)
    visit.place.rely(visit.by)
    return give_marks(
        visit.course,
        visit.store,
        row.student,
        row,
        info.name,
        visit.now,
        points=points,
        marks=shares,
        comment=typed.comment,
        by=visit.by,
        is_named=True,
    )


def _nameless(found: Marked) -> list[str]:
    more = "the grade of one whose it is doesn't move because of it: staff set it, or excused them"
    return [more] if found.held else []


def _marks(visit: Visit, row: SubmissionRow, question: str) -> list[ManualScoreRow]:
    """What was given for the question, oldest first."""
    marks = visit.store.marks.of(row.assignment, only=[row.id])
    return [mark for mark in marks if mark.question == question]


def _seen(mark: ManualScoreRow | None) -> str:
    """What tells whether another mark was given meanwhile."""
    return mark.at.isoformat() if mark else ""


def _held(visit: Visit, row: SubmissionRow, question: str) -> HoldRow | None:
    held = visit.store.holds.all()
    return next(
        (one for one in held if (one.submission_id, one.question) == (row.id, question)), None
    )


def _comments(visit: Visit, name: str, question: str) -> list[tuple[str, str]]:
    """(comment, by), the visitor's own before those of others; all to students who may be seen."""
    only = None if sees_everybody(visit) else frozenset(people_seen(visit))
    found = visit.store.marks.comments(name, question, most=COMMENTS_SHOWN, only=only)
    return sorted(found, key=lambda one: one[1] != visit.by)


def _drafts(visit: Visit, row: SubmissionRow, question: str) -> Any:
    return Draft.objects.filter(account=visit.visitor.account, submission=row.id, question=question)


def _keep(visit: Visit, row: SubmissionRow, question: str, typed: Typed) -> Draft:
    """Keep what was typed, in place of what was before."""
    kept, _ = Draft.objects.update_or_create(
        {
            "text": typed.comment,
            "marks": {"shares": dict(typed.shares), "points": typed.points},
            "at": datetime.now(UTC),
        },
        account=visit.visitor.account,
        submission=row.id,
        question=question,
    )
    return kept


def _drafted(draft: Draft) -> Typed:
    return Typed(draft.marks.get("shares", {}), draft.marks.get("points", ""), draft.text)
