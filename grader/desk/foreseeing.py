"""What of a course staff should look at before students do: bundles, checks, dates, the file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from grader.course import Assignment, Course
from grader.course.complaints import did_you_mean
from grader.desk.checking import Found, found_of, is_of_now
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import Evidence
from grader.store import ActionRow, Store

# So long before an assignment opens, what is not ready is told.
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Prospect:
    """An assignment as staff see it: when what happens, and what is there for it.

    `feedback` is None where nothing hidden is shown at a time. `made` is when its bundle was made
    last, and `has_bundle` whether the file is there; `warnings` say what is to be done.
    """

    assignment: Assignment
    opens: datetime
    feedback: datetime | None
    solution: datetime | None
    made: ActionRow | None
    has_bundle: bool
    solution_made: ActionRow | None
    checked: Found | None
    warnings: tuple[str, ...]


def prospects(
    course: Course, store: Store, evidence: Evidence, now: datetime
) -> tuple[Prospect, ...]:
    """All assignments, in the order in which they open."""
    made, solved = store.record.newest("released"), store.record.newest("solution released")
    calendar = Calendar(course, evidence)
    found = [
        prospect(store.folder, calendar, one, made.get(name), solved.get(name), now)
        for name, one in course.assignments.items()
    ]
    return tuple(sorted(found, key=lambda one: one.opens))


def prospect(
    data: Path,
    calendar: Calendar,
    assignment: Assignment,
    made: ActionRow | None,
    solution_made: ActionRow | None,
    now: datetime,
) -> Prospect:
    """One assignment, by when its bundle and its solution were made."""
    opens, checked = first_release(assignment), found_of(data, assignment)
    solution = calendar.solution_from(assignment)
    has_bundle = (data / "released" / f"{assignment.name}.zip").is_file()
    zone = assignment.release.tzinfo or UTC
    warnings = (
        *bundle_warnings(opens, now, zone, is_made=made is not None, has_bundle=has_bundle),
        *check_warnings(assignment, checked, opens, now, zone),
        *solution_warnings(assignment, solution, now, is_made=solution_made is not None),
    )
    return Prospect(
        assignment=assignment,
        opens=opens,
        feedback=None if assignment.by_hand else calendar.feedback_from(assignment),
        solution=solution,
        made=made,
        has_bundle=has_bundle,
        solution_made=solution_made,
        checked=checked,
        warnings=warnings,
    )


def first_release(assignment: Assignment) -> datetime:
    """When the first section gets it."""
    own = [dates.release for dates in assignment.sections.values() if dates.release is not None]
    return min(one.astimezone(UTC) for one in (assignment.release, *own))


def bundle_warnings(
    opens: datetime, now: datetime, zone: tzinfo, *, is_made: bool, has_bundle: bool
) -> Iterator[str]:
    """What is wrong with a bundle that students have, or soon get."""
    if opens <= now and not has_bundle:
        yield "is open, and its bundle is not there: students have nothing to download"
    elif opens > now and opens - now <= AHEAD and not (is_made and has_bundle):
        when = until_text(opens, now, zone)
        yield f"opens {when}, and its bundle was never made: make it once, to see that it can be"


def check_warnings(
    assignment: Assignment,
    checked: Found | None,
    opens: datetime,
    now: datetime,
    zone: tzinfo,
) -> Iterator[str]:
    """What is wrong with the checks of an assignment that opens soon."""
    if assignment.by_hand or not now < opens <= now + AHEAD:
        return
    when, command = until_text(opens, now, zone), f"`course check {assignment.name}`"
    if checked is None:
        yield f"opens {when}, and its checks were never checked: {command}"
    elif checked.complaints:
        count = len(checked.complaints)
        noun = "mistake" if count == 1 else "mistakes"
        yield f"opens {when}, and {command} found {count} {noun}"
    elif not is_of_now(checked, assignment):
        yield f"opens {when}, and was changed since it was checked: {command}"


def solution_warnings(
    assignment: Assignment, solution: datetime | None, now: datetime, *, is_made: bool
) -> Iterator[str]:
    """Whether students wait for a solution."""
    if solution is not None and solution <= now and not is_made and not assignment.by_hand:
        yield "has a solution that is to be out by now, and isn't: `course release --due`"


def section_warnings(course: Course, sections: Iterable[str]) -> Iterator[str]:
    """Which sections have dates, but no student of the roster is in them."""
    known = set(sections) - {""}
    for name, assignment in course.assignments.items():
        for section in sorted(set(assignment.sections) - known):
            hint = did_you_mean(section, known)
            what = f"{name} has dates for the section {section}, in which the roster has nobody"
            yield f"{what}; {hint}" if hint else what


def until_text(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """In how many of the zone's days something is.

    >>> until_text(datetime(2027, 1, 3, 4, tzinfo=UTC), datetime(2027, 1, 1, 20, tzinfo=UTC), UTC)
    'in 2 days'
    """
    days = (_day(moment, zone) - _day(now, zone)).days
    return "today" if days <= 0 else "tomorrow" if days == 1 else f"in {days} days"


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()
