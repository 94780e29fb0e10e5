"""Times by the names of others: what they mean, and what is wrong with those that mean nothing."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grader.course import load_course
from grader.course.dates import LocalTime
from grader.course.named_times import Relative, Schedule, parse_opening, parse_time
from grader.course.units import Span
from tests.course.conftest import complaints_of

TORONTO = ZoneInfo("America/Toronto")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("hw1.release", "2027-01-14T18:00:00-05:00"),
        ("hw1.due + 7 days", "2027-02-17T23:59:00-05:00"),
        ("hw1.due + 1 week", "2027-02-17T23:59:00-05:00"),
        ("hw1.due - 1 day", "2027-02-09T23:59:00-05:00"),
        ("hw1.due + 7 days at 18:00", "2027-02-17T18:00:00-05:00"),
        ("hw1.due at 12:00:30", "2027-02-10T12:00:30-05:00"),
        ("hw1.due + 36 hours", "2027-02-12T11:59:00-05:00"),
        ("trip at 18:00", "2027-02-15T18:00:00-05:00"),
        ("trip + 1 day at 18:00", "2027-02-16T18:00:00-05:00"),
        ("party at 18:00", "2027-02-19T18:00:00-05:00"),
        ("gala", "2027-02-19T20:00:00-05:00"),
        # Over the night of 14 March a day has 23 hours.
        ("hw1.due + 5 weeks", "2027-03-17T23:59:00-04:00"),
        ("trip + 27 days at 12:00", "2027-03-14T12:00:00-04:00"),
        ("hw1.due + 840 hours", "2027-03-18T00:59:00-04:00"),
        ("trip + 265 days at 01:30 -05:00", "2027-11-07T01:30:00-05:00"),
    ],
)
def test_a_time_by_name_is_counted_on_the_wall_clock(
    term: Path, written: str, expected: str
) -> None:
    text = (term / "course.yaml").read_text()
    (term / "course.yaml").write_text(text.replace("lock: hw2.due + 3 days", "").replace(
        "due: hw2.release + 2 weeks", f"due: {written}").replace(
        "release: hw1.due + 1 day at 18:00", "release: 2027-01-12 09:00").replace(
        "feedback: hw2.due + 1 hour", ""))  # fmt: skip
    (term / "course.yaml").write_text(
        (term / "course.yaml").read_text().replace("{release: trip + 2 days at 09:00, ", "{")
    )
    due = load_course(term / "course.yaml").assignments["hw2"].due
    assert due.isoformat() == expected
    assert due.tzinfo == TORONTO


def test_everything_that_a_course_may_say_of_times_is_resolved(term: Path) -> None:
    course = load_course(term / "course.yaml")
    hw2, hw3 = course.assignments["hw2"], course.assignments["hw3"]
    assert course.events == {
        "trip": date(2027, 2, 15),
        "exam": datetime(2027, 4, 20, 9, tzinfo=TORONTO),
        "party": date(2027, 2, 19),
        "gala": datetime(2027, 2, 19, 20, tzinfo=TORONTO),
    }
    assert hw2.release == datetime(2027, 2, 11, 18, tzinfo=TORONTO)
    assert hw2.due == datetime(2027, 2, 25, 18, tzinfo=TORONTO)
    assert hw2.lock == datetime(2027, 2, 28, 18, tzinfo=TORONTO)
    assert hw2.feedback == datetime(2027, 2, 25, 19, tzinfo=TORONTO)
    assert hw2.solution == "after the last due date"
    assert hw2.sections["LEC0201"].due == datetime(2027, 2, 26, 18, tzinfo=TORONTO)
    assert hw2.sections["LEC0201"].release is None
    assert hw2.sections["LEC 5"].lock == datetime(2027, 4, 20, 9, tzinfo=TORONTO)
    assert (hw2.attempts.limit, hw2.attempts.per_day) == (10, 3)
    assert hw2.attempts.wait.total_seconds() == 1800
    assert course.late_policy_of(hw2).kind == "windows"
    assert course.late_policy_of(hw3) is course.late_policy
    assert (hw3.due, hw3.solution) == (hw3.due, hw3.due)
    assert (hw3.lock, hw3.feedback) == (None, "after the last due date")


def test_an_hour_that_is_shown_twice_keeps_its_offset_by_name(term: Path) -> None:
    text = (term / "course.yaml").read_text()
    text = text.replace("exam: 2027-04-20 09:00", "exam: 2027-11-07 01:30 -05:00")
    (term / "course.yaml").write_text(text)
    assert load_course(term / "course.yaml").assignments["hw3"].release.fold == 1


HW2, HW3 = "assignments.hw2", "assignments.hw3"


@pytest.mark.parametrize(
    ("old", "new", "place", "path", "words"),
    [
        ("due: hw2.release", "due: hw2.relase", "33:10", f"{HW2}.due", "did you mean `hw2.rel"),
        ("release: exam\n", "release: exm\n", "52:14", f"{HW3}.release", "did you mean `exam`?"),
        ("release: exam\n", "release: now\n", "52:14", f"{HW3}.release", "no time of the name"),
        ("release: exam\n", "release: hw2\n", "52:14", f"{HW3}.release", "write `hw2.release` or"),
        ("release: exam\n", "release: trip\n", "52:14", f"{HW3}.release", "such as `trip at 18:0"),
        ("exam + 30 hours", "trip + 30 hours", "53:10", f"{HW3}.due", "no hour to count from"),
        ("exam + 30 hours", "exam + 30 hours at 18:00", "53:10", f"{HW3}.due", "both hours and"),
        ("exam + 30 hours", "exam + 1.5 days", "53:10", f"{HW3}.due", "such as `ps1.due + 7 day"),
        ("exam + 30 hours", "exam+30 hours", "53:10", f"{HW3}.due", "spaces around `+`"),
        ("exam + 30 hours", "exam + 3 months", "53:10", f"{HW3}.due", "`days`, `weeks` or `hou"),
        ("exam + 30 hours", "exam + 0 days", "53:10", f"{HW3}.due", "up to 1000"),
        ("exam + 30 hours", "exam + 1 day at 9am", "53:10", f"{HW3}.due", "of day such as `18:"),
        ("exam + 30 hours", "exam + 1 day at 25:00", "53:10", f"{HW3}.due", "hours go to 23"),
        ("exam + 30 hours", "exam + 999 days", "53:10", f"{HW3}.due", "inside the term"),
        ("exam + 30 hours", "tomorrow", "53:10", f"{HW3}.due", "saw `tomorrow`, but there is no"),
        ("hw2.release + 2 weeks", "trip + 27 days at 02:30", "33:10", f"{HW2}.due", "does not ex"),
        ("exam + 30 hours", "trip + 265 days at 01:30", "53:10", f"{HW3}.due", "twice that night"),
        ("trip: 2027-02-15", "trip: 2027-02-30", "59:9", "events.trip", "has 28 days"),
        ("trip: 2027-02-15", "trip: 20270215", "59:9", "events.trip", "saw `20270215`"),
        ("trip: 2027-02-15", "Trip: 2027-02-15", "59:3", "events.Trip", "name that can't be used"),
        ("  trip: 2027", "  hw1: 2027", "59:3", "events.hw1", "also the name of an assignment"),
        ("trip: 2027-02-15", "trip: party", "59:9", "events.trip", "`trip` -> `party` -> `trip`"),
        ("feedback: hw2.due + 1 hour", "feedback: soon", "35:15", f"{HW2}.feedback", "no time of"),
        ("feedback: hw2.due + 1 hour", "feedback: 7", "35:15", f"{HW2}.feedback", "last due date`"),
        ("feedback: hw2.due", "feedback: hw1.due", "35:15", f"{HW2}.feedback", "the release, hw1"),
    ],
)  # fmt: skip
def test_a_time_that_means_nothing_is_told_at_its_place(
    term: Path, old: str, new: str, place: str, path: str, words: str
) -> None:
    found = complaints_of(term, old, new)
    at_place = [what for where, at, what in found if (where, at) == (place, path)]
    assert len(at_place) == 1, found
    assert words in at_place[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("exam: 2027-04-20 09:00", "exam: 2027-04-31 09:00"),
        ("exam: 2027-04-20 09:00", "exam: 2027-03-14 02:30"),
        ("trip: 2027-02-15", "trip: 15.2.2027"),
        ("due: 2027-02-10 23:59", "due: 2027-02-10 25:59"),
        ("due: 2027-02-10 23:59", "due: hw2.due"),
        ("due: 2027-02-10 23:59", "due: hw1.due"),
        ("trip: 2027-02-15", "trip: gala"),
    ],
)
def test_times_that_refer_to_a_wrong_one_are_not_told_too(term: Path, old: str, new: str) -> None:
    assert len(complaints_of(term, old, new)) == 1


def test_a_circle_is_shown_whole(term: Path) -> None:
    [(place, path, what)] = complaints_of(term, "2027-02-10 23:59", "hw2.lock - 1 day")
    assert (place, path) == ("23:10", "assignments.hw1.due")
    assert what == (
        "saw `hw2.lock - 1 day`, which is in a circle, `hw1.due` -> `hw2.lock` -> `hw2.due` -> "
        "`hw2.release` -> `hw1.due`; write one of them as a date and time"
    )


def test_a_wrong_zone_hides_no_mistake_and_makes_none(term: Path) -> None:
    text = (term / "course.yaml").read_text().replace("zone: America/Toronto", "zone: EST")
    (term / "course.yaml").write_text(text)
    found = complaints_of(term, "exam: 2027-04-20 09:00", "exam: 2027-11-07 01:30 -05:00")
    assert [path for _, path, _ in found] == ["zone"]


@pytest.mark.parametrize("text", [None, 7, "", "due", "Due + 1 day", "ps1.due +", "at 18:00", []])
@pytest.mark.parametrize("parse", [parse_time, parse_opening])
def test_what_is_no_time_at_all_says_what_one_is(parse, text: object) -> None:
    if text == "due":
        assert parse(text).base == "due"
        return
    with pytest.raises(ValueError, match=r"`ps1\.due"):
        parse(text)


def test_times_that_go_on_and_on_are_told(term: Path) -> None:
    chain = "".join(f"  e{n}: e{n + 1} + 1 day\n" for n in range(1_000))
    found = complaints_of(term, "events:\n", f"events:\n{chain}  e1000: 2027-02-15 09:00\n")
    told = {path for _, path, what in found if "goes through more than 20 other times" in what}
    assert "events.e0" in told
    found = complaints_of(term, "e1000: 2027-02-15 09:00", "e1000: 2027-02-15 10:00")
    assert "events.e999" not in {path for _, path, _ in found}


@pytest.mark.parametrize(("sign", "year"), [("+", 2999), ("-", 1970)])
def test_a_time_beyond_the_years_of_courses_is_told(sign: str, year: int) -> None:
    long = Span(days=7000)
    names = {f"t{n}": Relative(f"t{n + 1}", long, sign == "-") for n in range(20)}
    near = LocalTime(datetime(year, 6, 1))  # noqa: DTZ001
    schedule = Schedule(TORONTO, {**names, "t20": near})
    assert schedule.named("t20")
    with pytest.raises(ValueError, match="not in the years 1970 to 2999"):
        schedule.named("t19")


def test_a_time_that_leads_into_a_circle_is_not_told_with_it(term: Path) -> None:
    text = (term / "course.yaml").read_text()
    (term / "course.yaml").write_text(text.replace("due: 2027-02-10 23:59", "due: hw2.due"))
    found = complaints_of(term, "hw2.release + 2 weeks", "hw2.lock - 3 days")
    assert [(place, path) for place, path, _ in found] == [("33:10", f"{HW2}.due")]
    assert "`hw2.due` -> `hw2.lock` -> `hw2.due`" in found[0][2]


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (datetime(2027, 3, 13, 2, 30), "does not exist"),  # noqa: DTZ001
        (datetime(2027, 11, 6, 1, 30), "twice that night"),  # noqa: DTZ001
    ],
)
def test_a_day_later_the_clocks_may_not_show_that_time_once(base: datetime, words: str) -> None:
    schedule = Schedule(TORONTO, {"base": LocalTime(base)})
    assert schedule.moment(Relative("base")).replace(tzinfo=None) == base
    with pytest.raises(ValueError, match=words):
        schedule.moment(Relative("base", Span(days=1)))
