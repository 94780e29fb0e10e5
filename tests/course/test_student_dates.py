"""When things are due for one student, for a group, and for everybody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.course import After, Assignment, Limits, SectionDates
from grader.course.student_dates import (
    Dates,
    Extension,
    dates_for,
    feedback_from,
    group_dates,
    is_locked,
    last_due,
    solution_from,
    timed_end,
)
from tests.course.terms import instants, zones

TORONTO = ZoneInfo("America/Toronto")
DAY = timedelta(days=1)
RELEASE = datetime(2027, 3, 1, 18, tzinfo=TORONTO)
DUE = datetime(2027, 3, 13, 12, tzinfo=TORONTO)
LOCK = datetime(2027, 3, 15, 12, tzinfo=TORONTO)


def assignment(**changes: object) -> Assignment:
    """An assignment due the day before the clocks go forward."""
    fields = {
        "name": "ps1",
        "title": "One",
        "folder": Path("ps1"),
        "environment": "cpu",
        "release": RELEASE,
        "due": DUE,
        "lock": LOCK,
        "limits": Limits(),
        "questions": (),
        "points": 10.0,
        "sections": {
            "LEC2": SectionDates(due=DUE + DAY),
            "LEC3": SectionDates(release=RELEASE + DAY, lock=LOCK + DAY),
        },
    }
    return Assignment.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("section", "extensions", "release", "due", "lock"),
    [
        ("", [], RELEASE, DUE, LOCK),
        ("LEC1", [], RELEASE, DUE, LOCK),
        ("LEC2", [], RELEASE, DUE + DAY, LOCK),
        ("LEC3", [], RELEASE + DAY, DUE, LOCK + DAY),
        # Days by the wall clock: noon on the day with 23 hours is still noon.
        ("", [Extension(days=1)], RELEASE, DUE + DAY, LOCK),
        ("LEC2", [Extension(days=1)], RELEASE, DUE + 2 * DAY, LOCK),
        ("", [Extension(days=5)], RELEASE, DUE + 5 * DAY, DUE + 5 * DAY),
        ("", [Extension(days=1), Extension(days=2)], RELEASE, DUE + 2 * DAY, LOCK),
        ("", [Extension(DUE + DAY, 3)], RELEASE, DUE + 3 * DAY, DUE + 3 * DAY),
        ("", [Extension(LOCK + DAY)], RELEASE, LOCK + DAY, LOCK + DAY),
        ("", [Extension(DUE - DAY)], RELEASE, DUE, LOCK),
        ("LEC2", [Extension(DUE)], RELEASE, DUE + DAY, LOCK),
    ],
)
def test_an_extension_is_the_latest_of_all_and_beats_the_lock(
    section: str, extensions: list[Extension], release: datetime, due: datetime, lock: datetime
) -> None:
    found = dates_for(assignment(), TORONTO, section=section, extensions=extensions)
    assert (found.release, found.due, found.lock) == (release, due, lock)
    assert found.set_due == (DUE + DAY if section == "LEC2" else DUE)


def test_a_due_time_that_is_moved_later_moves_days_of_extension_too() -> None:
    moved = assignment(due=DUE + DAY)
    found = dates_for(moved, TORONTO, extensions=[Extension(DUE + DAY), Extension(days=1)])
    assert found.due == DUE + 2 * DAY


@pytest.mark.parametrize(
    "extension",
    [Extension(days=-1), Extension(until=datetime(2027, 3, 1))],  # noqa: DTZ001
)
def test_an_extension_that_means_nothing_is_refused(extension: Extension) -> None:
    with pytest.raises(ValueError, match=r"negative|without a zone"):
        dates_for(assignment(), TORONTO, extensions=[extension])


extensions = st.builds(Extension, st.one_of(st.none(), instants), st.integers(0, 40))


@settings(max_examples=150, deadline=None)
@given(instants, st.integers(0, 500), st.lists(extensions, max_size=4), extensions, zones)
def test_a_further_extension_makes_nothing_earlier(due, hours, granted, further, zone) -> None:
    one = assignment(release=due - DAY, due=due, lock=due + timedelta(hours=hours), sections={})
    before = dates_for(one, zone, extensions=granted)
    after = dates_for(one, zone, extensions=[further, *granted])
    assert before.lock is not None
    assert after.lock is not None
    assert after.due.astimezone(UTC) >= before.due.astimezone(UTC) >= due
    assert after.lock.astimezone(UTC) >= before.lock.astimezone(UTC)
    assert after.lock.astimezone(UTC) >= after.due.astimezone(UTC)
    assert after.release == before.release == due - DAY


def test_nothing_is_taken_from_the_lock_on() -> None:
    dates = dates_for(assignment(), TORONTO)
    microsecond = timedelta(microseconds=1)
    assert not is_locked(LOCK.astimezone(UTC) - microsecond, dates)
    assert is_locked(LOCK.astimezone(UTC), dates)
    assert not is_locked(LOCK + 99 * DAY, replace(dates, lock=None))


def test_a_group_has_the_latest_dates_of_its_members() -> None:
    one = assignment()
    members = [
        dates_for(one, TORONTO, section="LEC3"),
        dates_for(one, TORONTO, extensions=[Extension(days=4)]),
        dates_for(one, TORONTO, section="LEC2"),
    ]
    assert group_dates(members) == Dates(RELEASE, DUE + 4 * DAY, DUE + 4 * DAY, DUE + DAY)
    unlocked = replace(members[0], lock=None)
    assert group_dates([*members, unlocked]).lock is None
    assert group_dates(members[:1]) == members[0]
    with pytest.raises(ValueError, match="without members"):
        group_dates([])


@pytest.mark.parametrize(
    ("shown", "extended_days", "feedback"),
    [
        (After.LAST_DUE, 0, DUE + DAY),
        (After.LAST_DUE, 4, DUE + 4 * DAY),
        # Written before the due time: shown early, as staff wish.
        (RELEASE, 4, RELEASE),
        (DUE + 2 * DAY, 0, DUE + 2 * DAY),
        (DUE + 2 * DAY, 4, DUE + 4 * DAY),
        (DUE, 0, DUE + DAY),
    ],
)
def test_results_are_shown_after_the_last_due_date_unless_staff_wish_it_early(
    shown: datetime | After, extended_days: int, feedback: datetime
) -> None:
    one = assignment(feedback=shown)
    own = [dates_for(one, TORONTO, extensions=[Extension(days=extended_days)])]
    assert feedback_from(one, TORONTO, own) == feedback


@pytest.mark.parametrize(
    ("shown", "extended_days", "solution"),
    [
        (None, 0, None),
        (After.LAST_DUE, 0, DUE + DAY),
        (After.LAST_DUE, 4, DUE + 4 * DAY),
        (LOCK, 0, LOCK),
        (LOCK, 4, DUE + 4 * DAY),
    ],
)
def test_a_solution_waits_for_the_last_due_date(
    shown: datetime | After | None, extended_days: int, solution: datetime | None
) -> None:
    one = assignment(solution=shown)
    own = [dates_for(one, TORONTO, extensions=[Extension(days=extended_days)])]
    assert solution_from(one, TORONTO, own) == solution


def test_the_last_due_date_is_that_of_sections_and_of_extensions() -> None:
    one = assignment()
    assert last_due(one, TORONTO, []) == DUE + DAY
    late = dates_for(one, TORONTO, extensions=[Extension(days=3)])
    assert last_due(one, TORONTO, [late]) == DUE + 3 * DAY


@pytest.mark.parametrize(
    ("start", "factor", "end"),
    [
        (LOCK - DAY, 1.0, LOCK - DAY + timedelta(minutes=90)),
        (LOCK - DAY, 1.5, LOCK - DAY + timedelta(minutes=135)),
        (LOCK - timedelta(minutes=30), 1.5, LOCK),
        # The hour that the clocks skip is no hour of the student's.
        (DUE.replace(day=14, hour=1), 1.0, DUE.replace(day=14, hour=3, minute=30)),
    ],
)
def test_time_ends_when_it_is_used_up_or_at_the_close(
    start: datetime, factor: float, end: datetime
) -> None:
    assert timed_end(start, timedelta(minutes=90), LOCK, time_factor=factor) == end


def test_nobody_has_less_time_than_others() -> None:
    with pytest.raises(ValueError, match="from 1 to 10"):
        timed_end(RELEASE, DAY, LOCK, time_factor=0.9)


@settings(max_examples=200)
@given(
    zone=zones,
    starts=st.tuples(instants, instants),
    minutes=st.integers(1, 1440),
    factors=st.tuples(st.floats(1, 10), st.floats(1, 10)),
    days=st.integers(0, 5),
)
def test_a_timed_assignment_never_ends_after_its_close_and_more_time_is_never_less(
    zone: ZoneInfo,
    starts: tuple[datetime, datetime],
    minutes: int,
    factors: tuple[float, float],
    days: int,
) -> None:
    one = assignment(time_allowed=timedelta(minutes=minutes), lock=None, sections={})

    def due(start: datetime | None, *granted: Extension) -> datetime:
        return dates_for(one, zone, extensions=granted, started=start).due.astimezone(UTC)

    early, late = sorted(starts)
    assert due(early) <= due(late) <= due(None) == one.due_utc
    less, more = (Extension(time_factor=factor) for factor in sorted(factors))
    assert due(early) <= due(early, less) <= due(early, less, more) == due(early, more)
    assert (
        due(early, less)
        <= due(early, less, Extension(days=days))
        <= due(None, Extension(days=days))
    )
    spent = due(early, more) - early.astimezone(UTC)
    assert spent <= timedelta(minutes=minutes) * more.time_factor
