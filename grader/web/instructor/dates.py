"""Sets one time of an assignment: shows what that changes, and with a reason lets it count."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render

from grader.course import Assignment, Course, CourseFileError
from grader.course.complaints import Complaint
from grader.course.editing import CannotEdit, Edited, with_field
from grader.desk.changing import FileChanged, changes, course_by, digest_of_text, edit
from grader.desk.foreseeing import prospect
from grader.desk.switching import FIELDS, place_of, value_of
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.gradebook.versions import FieldChange, setting_changes
from grader.intake import Refused
from grader.store.record import AnotherInForce
from grader.web.finding import find_assignment
from grader.web.instructor.changes import shown_grades
from grader.web.instructor.frame import back_to, require_real, sentence, show
from grader.web.visits import INSTRUCTORS, Visit, page

MEANWHILE = "was changed by somebody else meanwhile; nothing was written. Look at it once more."


@dataclass(frozen=True)
class Draft:
    """An edit of one time that is not made yet. `course` is None where it has `complaints`.

    `text` is that of the file that it is an edit of.
    """

    text: str
    field: str
    value: str
    edited: Edited
    course: Course | None
    complaints: tuple[Complaint, ...]
    settings: tuple[FieldChange, ...]


@page(INSTRUCTORS, "GET", "POST")
def date(visit: Visit, name: str) -> HttpResponse:
    """Show what a time would change; a POST with a reason makes the edit."""
    assignment = find_assignment(visit, name)
    given = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    try:
        draft = draft_of(visit, assignment, given.get("field", ""), given.get("value", ""))
    except (Refused, CannotEdit) as error:
        messages.error(visit.request, sentence(str(error)))
        return back_to("course-assignment", name)
    if visit.request.method != "POST" or draft.course is None:
        status = 200 if draft.course is not None else 400
        return _show(visit, assignment, draft, status=status)
    try:
        require_real(visit)
        if not given.get("reason", "").strip():
            raise Refused("say why; it is kept in the course's record")
        if given.get("digest") != digest_of_text(draft.text):
            raise FileChanged(visit.place.course_file, draft.text)
        edit(
            visit.store,
            visit.place.course_file,
            draft.edited.text,
            instead_of=draft.text,
            version=visit.current.version,
            reason=given["reason"].strip(),
            by=visit.by,
        )
    except Refused as error:
        return _show(visit, assignment, draft, problem=sentence(str(error)), status=400)
    except (FileChanged, AnotherInForce):
        problem = f"{visit.place.course_file.name} {MEANWHILE}"
        return _show(visit, assignment, draft, problem=problem, status=409)
    messages.success(visit.request, f"{draft.edited.after}: in force from now on.")
    return back_to("course-assignment", name)


@page(INSTRUCTORS)
def date_grades(visit: Visit, name: str) -> HttpResponse:
    """Whose grades a time would change; a part of that page."""
    assignment = find_assignment(visit, name)
    given = visit.request.GET
    try:
        draft = draft_of(visit, assignment, given.get("field", ""), given.get("value", ""))
    except (Refused, CannotEdit) as error:
        raise Http404(str(error)) from error
    if draft.course is None:
        raise Http404("it has mistakes")
    found = changes(
        visit.place.course_file, visit.store, visit.current.version, draft.course, visit.now
    )
    return render(visit.request, "web/instructor/grades.html", shown_grades(found))


def draft_of(visit: Visit, assignment: Assignment, field: str, value: str) -> Draft:
    """The edit that would set a time. Raises `Refused` and `CannotEdit`."""
    if field not in FIELDS:
        raise Http404("there is no such time")
    file, text = visit.place.course_file, visit.place.course_text
    if visit.current.waits:
        raise Refused(
            f"{file.name} has an edit that is not in force yet, and it would come to count too.",
            hint="Apply it first, or take it back.",
        )
    calendar = Calendar(visit.course, gather_dates(visit.store, visit.course))
    written = value_of(visit.course, calendar, assignment, field, value, visit.now)
    edited = with_field(text, place_of(assignment.name, field), written)
    try:
        course = course_by(file, edited.text)
    except CourseFileError as error:
        return Draft(text, field, written, edited, None, error.complaints, ())
    settings = setting_changes(visit.course, course)
    return Draft(text, field, written, edited, course, (), settings)


def _show(
    visit: Visit, assignment: Assignment, draft: Draft, *, problem: str = "", status: int = 200
) -> HttpResponse:
    after = None
    if draft.course is not None:
        evidence = gather_dates(visit.store, draft.course)
        calendar = Calendar(draft.course, evidence)
        one = draft.course.assignments[assignment.name]
        after = prospect(visit.place.data, calendar, one, None, None, visit.now)
    values = {
        "assignment": assignment,
        "draft": draft,
        "after": after,
        "sections": [
            section
            for section, own in assignment.sections.items()
            if getattr(own, draft.field, None) is not None
        ],
        "digest": digest_of_text(draft.text),
        "reason": visit.request.POST.get("reason", ""),
        "problem": problem,
    }
    return show(visit, "date", "course", values, status=status)
