"""Whatever is in `course.yaml` or the roster: a course that can be run, or mistakes by line."""

import copy
import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from grader.course import CourseFileError, load_course
from grader.course.roster import load_roster
from grader.course.yaml_source import read_yaml
from tests.course.wall_clock import SHIFTS
from tests.fuzz.bounds import in_time, peak_bytes
from tests.fuzz.budget import tried
from tests.fuzz.damage import damaged
from tests.fuzz.targets import canvas, course_file, load_target, roster

COURSE_SEEDS = load_target("course_file").seeds
CANVAS_SEEDS = load_target("canvas").seeds
ROSTER_SEEDS = load_target("roster").seeds
# Mistakes are told up to a number, and everything else is by the size of the file.
BYTES_A_BYTE = 120
AT_LEAST = 4 << 20

TEXT = course_file.SMALL + course_file.TIMES
WHOLE: Any = read_yaml(TEXT)[0].data

odd_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
odd_values = st.one_of(
    st.sampled_from(["", "no", "0o17", "1:60:60", "~", "*a", "<<", "\u202e", "e\u0301", "²027"]),
    st.sampled_from(["9999-12-31 23:59", "0001-01-01", "2999-12-31", "2027-02-30", "1970-01-01"]),
    st.sampled_from(["hw1.due - 1000 weeks", "hw1.lock + 1 hour", "trip", "exam at 02:30", "day"]),
    st.sampled_from(["-0", "1e308", "-1e308", "1e999", "9" * 18, "9" * 19, "0x7fffffff", "1.5"]),
    st.sampled_from(["Pacific/Apia", "Africa/Monrovia", "Factory", "../UTC", "EST", "Etc/GMT+12"]),
    st.integers(-(10**18), 10**18) | st.floats() | st.none() | st.booleans() | odd_text,
    st.lists(st.integers(), max_size=2) | st.dictionaries(odd_text, st.integers(), max_size=2),
    st.integers(1, 40).map(lambda depth: json.loads("[" * depth + "]" * depth)),
)
odd_keys = odd_text | st.sampled_from(["due", "kind", "points", "[key]", "0", "<<", "hw2", "null"])


def parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in the data, as what holds it and its key or index."""
    if isinstance(value, dict | list):
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, key
            yield from parts(inner)


@st.composite
def changed_courses(draw: st.DrawFn) -> bytes:
    """A course some of whose fields have odd values, other names, or are gone or moved."""
    data = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(0, 2))):
        places = list(parts(data))
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["put", "put", "delete", "rename", "move"])):
            case "put":
                holder[key] = draw(odd_values)
            case "rename" if isinstance(holder, dict):
                holder[draw(odd_keys)] = holder.pop(key)
            case "move":
                holder[key] = copy.deepcopy(draw(st.sampled_from(places))[0])
            case _:
                del holder[key]
    if draw(st.booleans()):
        return yaml.dump(data, allow_unicode=True, sort_keys=False).encode()
    return json.dumps(data, ensure_ascii=False).encode()


@tried(100)
@given(changed_courses())
def test_a_course_with_odd_fields_can_be_run_or_is_refused_by_line(data: bytes) -> None:
    course_file.check(data)


@tried(100)
@given(damaged(COURSE_SEEDS))
def test_a_damaged_course_can_be_run_or_is_refused_by_line(data: bytes) -> None:
    course_file.check(data)


zones = st.sampled_from([name for name, *_ in SHIFTS] + ["UTC", "Pacific/Kiritimati"])
days = st.dates(min_value=date(2027, 1, 12), max_value=date(2027, 12, 1))
# Around the hours that clocks skip or show twice, in all of these zones.
nights = st.sampled_from(["2027-03-14", "2027-11-07", "2027-03-28", "2027-10-31", "2027-04-04"])
clocks = st.sampled_from(["00:00", "01:30", "02:00", "02:15", "02:30", "02:59:59", "23:59"])
moments = st.builds("{} {}".format, days.map(str) | nights, clocks)
spans = st.sampled_from(["2 days", "3 weeks", "49 hours", "1000 hours", "23 weeks", "1000 weeks"])


def after(*names: str) -> st.SearchStrategy[str]:
    """A time some days after one of these, and perhaps at another time of day."""
    later = st.builds("{} + {}".format, st.sampled_from(names), spans)
    return later | st.builds("{} at {}".format, later, clocks)


@tried(120)
@given(
    zones,
    st.lists(moments, min_size=2, max_size=2, unique=True).map(sorted),
    st.sampled_from(course_file.POLICIES),
    after("hw1.due"),
    moments | after("hw1.due", "hw1.release", "day"),
    st.just("after the last due date") | after("hw1.lock", "trip"),
)
def test_dates_around_the_changes_of_clocks_can_be_reckoned_with_or_are_refused(
    zone: str, both: list[str], policy: str, lock: str, exam: str, solution: str
) -> None:
    release, due = both
    text = TEXT
    for old, new in (
        ("America/Toronto", zone),
        ("release: 2027-01-14 18:00", f"release: {release}"),
        ("due: 2027-02-10 23:59", f"due: {due}"),
        ("hw1.due + 1 week", lock),
        ("2027-11-07 01:30 -04:00", exam),
        ("solution: exam - 2 days at 09:00", f"solution: {solution}"),
        ("{kind: percent per day, percent: 10, max_days: 3, slack: 5 min}", policy),
    ):
        assert old in text
        text = text.replace(old, new)
    course_file.check(text.encode())


BIG = {
    "brackets": b"a: " + b"[" * 60_000,
    "brackets of a name that is there twice": b"a: 1\na: " + b"[" * 60_000,
    "brackets in a name": b"? " + b"[" * 60_000,
    "list in list": b"- " * 30_000,
    "unknown fields": b"".join(b"zone%d: 1\n" % n for n in range(4_000)),
    "unknown times": b"events:\n" + b"".join(b"  e%d: x%d\n" % (n, n) for n in range(3_500)),
    "a chain of times": b"events:\n" + b"".join(b"  e%d: e%d\n" % (n, n + 1) for n in range(3_000)),
    "a chain that ends": b"events:\n"
    + b"".join(b"  e%d: e%d\n" % (n, n + 1 if n % 20 else 0) for n in range(1, 3_000))
    + b"  e0: 2027-01-14\n",
    "names": b"? " + b"a" * 60_000 + b"\n: 1",
    "aliases": b"a: &a [x]\nb: [" + b"*a," * 20_000 + b"]",
    "assignments": b"assignments:\n" + b"".join(b"  a%d: {due: b}\n" % n for n in range(3_000)),
    "environments": b"environments: {" + b"".join(b"e%d: {}," % n for n in range(2_500)) + b"}\n"
    b"assignments: {" + b"".join(b"a%d: {environment: x}," % n for n in range(1_200)) + b"}",
    "lectures": b"lectures:\n" + b"".join(b"- {date: 2027-01-14}\n" for _ in range(3_000)),
    "quotes": b'a: "' + b"\\n" * 30_000 + b'"',
    "comments": b"#\n" * 30_000,
}


@pytest.mark.parametrize("data", BIG.values(), ids=BIG)
def test_a_big_file_of_anything_is_refused_in_bounded_time(data: bytes) -> None:
    with in_time():
        assert said_of_course(data) < 200_000


@pytest.mark.parametrize("name", ["unknown fields", "a chain that ends", "quotes", "lectures"])
def test_a_big_file_of_anything_takes_memory_by_its_size(name: str) -> None:
    _, peak = peak_bytes(lambda: said_of_course(BIG[name]))
    assert peak < BYTES_A_BYTE * len(BIG[name]) + AT_LEAST


def said_of_course(data: bytes) -> int:
    """How many characters are said of a course file, which is refused."""
    path = course_file.folder() / "course.yaml"
    path.write_bytes(data)
    with pytest.raises(CourseFileError) as caught:
        load_course(path)
    return len(str(caught.value))


students = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,9}", fullmatch=True)
names = st.text(st.characters(categories=["L", "M", "P"]), min_size=1, max_size=12)
odd_cells = odd_text | st.sampled_from(["", "ada1", "ADA1", "a@b", "e\u0301", "x" * 201, "-", "\n"])
rows = st.one_of(
    st.tuples(students, names, st.sampled_from(["", "a@mail.example", "é@x.y"])).map(list),
    st.lists(odd_cells, min_size=2, max_size=4),
)
headers = st.one_of(
    st.just(["student", "name", "email"]),
    st.sampled_from([["student", "name", "email"], [" Student", "NAME", "email"]]),
    st.lists(st.sampled_from(["student", "name", "email", "section", "nmae", ""]), max_size=5),
)


@tried(100)
@given(
    headers,
    st.lists(rows, max_size=3),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_rosters_made_up_are_taken_and_written_alike_or_refused_by_line(
    header: list[str], rows: list[list[str]], ends: str, quoting: Literal[0, 1]
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=ends, quoting=quoting).writerows([header, *rows])
    roster.check(out.getvalue().encode())


@tried(100)
@given(damaged(ROSTER_SEEDS))
def test_damaged_rosters_are_taken_and_written_alike_or_refused_by_line(data: bytes) -> None:
    roster.check(data)


@tried(100)
@given(damaged(CANVAS_SEEDS))
def test_damaged_exports_of_canvas_are_taken_whole_or_refused_by_line(data: bytes) -> None:
    canvas.check(data)


HEAD = b"student,name,email\n"
BIG_ROSTERS = {
    "columns": b"student," * 60_000,
    "unknown columns": b"x," * 250_000,
    "lines of one cell": HEAD + b"a\n" * 250_000,
    "the same student": HEAD + b"a,A,\n" * 100_000,
    "accents on a letter": HEAD + 9 * (b"a," + "a\u0301\u0316".encode() * 26_000 + b",\n"),
    "a quote that isn't closed": HEAD + b'a,"' + b"\n" * 100_000,
    "empty lines": HEAD + b"\n" * 100_000,
}


@pytest.mark.parametrize("data", BIG_ROSTERS.values(), ids=BIG_ROSTERS)
def test_a_big_roster_of_anything_is_refused_in_bounded_time_and_memory(data: bytes) -> None:
    path = roster.folder() / "roster.csv"
    path.write_bytes(data)

    def load() -> int:
        with pytest.raises(CourseFileError) as caught:
            load_roster(path)
        return len(str(caught.value))

    with in_time():
        said, peak = peak_bytes(load)
    assert said < 200_000
    assert peak < BYTES_A_BYTE * len(data) + AT_LEAST
