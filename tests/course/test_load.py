import dataclasses
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pydantic
import pytest

from grader.course import Complaint, Course, CourseFileError, PercentPerDay, load_course


def complaints(folder: Path, text: str | bytes) -> tuple[Complaint, ...]:
    """What is wrong with a course file of that text."""
    file = folder / "course.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CourseFileError) as caught:
        load_course(file)
    return caught.value.complaints


def replaced(folder: Path, old: str, new: str) -> str:
    """The text of the folder's good course file, with one thing in it changed."""
    good = (folder / "course.yaml").read_text()
    assert good.count(old) == 1
    return good.replace(old, new)


def test_a_good_file_becomes_a_course_with_every_name_resolved(folder: Path):
    course = load_course(folder / "course.yaml")
    assert (course.code, course.title, str(course.zone)) == (
        "NN101",
        "Nets: an introduction",
        "America/Toronto",
    )
    assert course.folder == folder
    assert course.roster == folder / "roster.csv"
    assert course.environments["cpu"].folder == folder / "environments" / "cpu"
    assert isinstance(course.late_policy, PercentPerDay)
    hw1 = course.assignments["hw1"]
    assert hw1.folder == folder / "assignments" / "hw1"
    assert [(q.name, q.points, q.manual) for q in hw1.questions] == [
        ("q1", 4.0, False),
        ("q2", 6.0, True),
    ]
    assert hw1.question("q2").title == "Two"
    assert hw1.tests == "checks"


def test_an_assignment_may_have_otters_tests(folder: Path):
    text = replaced(folder, "environment: cpu", "environment: cpu\n    tests: otter")
    (folder / "course.yaml").write_text(text)
    assert load_course(folder / "course.yaml").assignments["hw1"].tests == "otter"


@pytest.mark.parametrize(("written", "hidden"), [("", False), ("anonymous: true", True)])
def test_an_assignment_may_be_marked_without_names(folder: Path, written: str, hidden: bool):
    text = replaced(folder, "environment: cpu", f"environment: cpu\n    {written}")
    (folder / "course.yaml").write_text(text)
    assert load_course(folder / "course.yaml").assignments["hw1"].anonymous is hidden


def test_times_carry_the_courses_zone_and_mean_an_instant(folder: Path):
    hw1 = load_course(folder / "course.yaml").assignments["hw1"]
    assert hw1.due.isoformat() == "2027-02-10T23:59:00-05:00"
    assert str(hw1.due.tzinfo) == "America/Toronto"
    assert hw1.due_utc == datetime(2027, 2, 11, 4, 59, tzinfo=UTC)
    assert hw1.due_utc.tzinfo is UTC


def test_an_assignments_limits_cover_the_courses_and_those_the_defaults(folder: Path):
    course = load_course(folder / "course.yaml")
    hw1 = course.assignments["hw1"]
    assert course.limits.memory_bytes == 1 << 30
    assert hw1.limits.memory_bytes == 512 << 20
    assert hw1.limits.cell_seconds == 90
    assert course.limits.cell_seconds == 60
    assert hw1.limits.notebook_seconds == 300


def test_a_time_that_the_clocks_show_twice_is_told_apart_by_its_offset(folder: Path):
    good = (folder / "course.yaml").read_text()

    def due(text: str) -> datetime:
        (folder / "course.yaml").write_text(good.replace("2027-02-10 23:59", text))
        return load_course(folder / "course.yaml").assignments["hw1"].due_utc

    first, second = due("2027-11-07 01:30 -04:00"), due("2027-11-07 01:30 -05:00")
    assert first == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert second - first == timedelta(hours=1)


def test_a_course_can_not_be_changed(folder: Path):
    course = load_course(folder / "course.yaml")
    with pytest.raises(pydantic.ValidationError):
        course.code = "other"  # type: ignore[misc]


# (what the good file says, what it says instead, line:column, path, words of the complaint)
MISTAKES = [
    ("zone: America/Toronto", "zone: America/Tornto", "4:7", "zone", "`America/Toronto`?"),
    ("zone: America/Toronto", "zone: Toronto", "4:7", "zone", "mean `America/Toronto`?"),
    ("zone: America/Toronto", "zone: EST", "4:7", "zone", "saw `EST`, expected an IANA"),
    ("zone: America/Toronto", "zone: ../passwd", "4:7", "zone", "an IANA time zone"),
    ("zone: America/Toronto", "zone: 23:59", "4:7", "zone", "saw `23:59`"),
    ("zone: America/Toronto", "zone: no", "4:7", "zone", "saw `no`"),
    ("end: 2027-12-20", "end: 2027-02-29", "5:32", "term.end", "February 2027 has 28 days"),
    ("end: 2027-12-20", "end: 2027-13-01", "5:32", "term.end", "there is no month 13"),
    ("end: 2027-12-20", "end: 2027-01-11", "5:32", "term.end", "after the term's start"),
    ("end: 2027-12-20", "end: 20.12.2027", "5:32", "term.end", "such as `2027-01-14`"),
    ("number: 2", "number: 1", "8:14", "lectures[1].number", "saw `1`, expected 2"),
    ("date: 2027-01-21", "date: 2027-01-14", "8:23", "lectures[1].date", "lecture before"),
    ("date: 2027-01-21", "date: 2028-01-21", "8:23", "lectures[1].date", "inside the term"),
    ("  cpu: {", "  tpu: {", "10:3", "environments.tpu", "environments/tpu/Dockerfile"),
    ("  cpu: {", "  ../cpu: {", "10:3", "environments.../cpu", "name that can't be used"),
    ("gpus: 0", "gpus: 1e3", "10:15", "environments.cpu.gpus", "saw `1e3`, expected a whole"),
    ("gpus: 0", 'gpus: "1"', "10:15", "environments.cpu.gpus", "leave out the quotes"),
    ("gpus: 0", "gpus: true", "10:15", "environments.cpu.gpus", "saw `true`, expected a whole"),
    ("gpus: 0", "runtime: /bin/sh", "10:18", "environments.cpu.runtime", "such as `runsc`"),
    ("gpus: 0", "runtime: 1", "10:18", "environments.cpu.runtime", "saw `1`, expected the name"),
    ("memory: 1 GiB", "memory: 1 GB", "12:11", "limits.memory", "did you mean `1 GiB`?"),
    ("memory: 1 GiB", "memory: 1024", "12:11", "limits.memory", "no unit"),
    ("memory: 1 GiB", "memory: -1 GiB", "12:11", "limits.memory", "saw `-1 GiB`"),
    ("memory: 1 GiB", "memmory: 1 GiB", "12:3", "limits.memmory", "did you mean `memory`?"),
    ("memory: 1 GiB", "cpus: .inf", "12:9", "limits.cpus", "saw `.inf`, expected a number"),
    ("memory: 1 GiB", "cpus: 1e999", "12:9", "limits.cpus", "saw `1e999`, expected a number"),
    ("memory: 1 GiB", "cell: 1 min 30", "12:9", "limits.cell", "such as `90 s` or `5 min`"),
    ("memory: 1 GiB", "notebook: 80 s", "24:20", "assignments.hw1.limits.cell", "(80 s)"),
    ("kind: percent per day", "kind: none", "14:9", "late_policy.kind", "`no late work`"),
    ("kind: percent per day", "slack: 1 s", "13:1", "late_policy.kind", "missing, expected"),
    ("kind: percent per day", "kind: no late work", "15:3", "late_policy.percent", "this kind"),
    ("percent: 10", "slack: 25 h", "15:10", "late_policy.slack", "at most a day"),
    ("percent: 10", "percent: 101", "15:12", "late_policy.percent", "from 0 to 100"),
    ("roster: roster.csv", "roster: rooster.csv", "17:9", "roster", "mean `roster.csv`?"),
    ("roster: roster.csv", "roster:", "17:8", "roster", "saw nothing"),
    ("roster: roster.csv", "roster: [a]", "17:1", "roster", "saw a list"),
    ("  hw1:", "  hw2:", "19:3", "assignments.hw2", "expected the folder assignments/hw2"),
    ("  hw1:", "  HW 1:", "19:3", "assignments.HW 1", "name that can't be used"),
    ("title: Warm-up", "title: 7", "20:12", "assignments.hw1.title", 'quotes if it is text: `"7"`'),
    ("title: Warm-up", "tilte: Warm-up", "20:5", "assignments.hw1.tilte", "mean `title`?"),
    ("environment: cpu", "environment: gpu", "21:18", "assignments.hw1.environment", "`cpu`"),
    ("environment: cpu", "folder: x/../y", "21:13", "assignments.hw1.folder", "saw `x/../y`"),
    ("environment: cpu", "tests: oter", "21:12", "assignments.hw1.tests", "saw `oter`, expected"),
    ("    environment: cpu\n", "", "19:3", "assignments.hw1.environment", "missing, expected"),
    ("due: 2027-02-10", "due: 3000-01-01", "23:10", "assignments.hw1.due", "from 1970 to 2999"),
    (
        "02-10 23:59",
        "02-10 23:59\n    lock: 9999-12-31 24:00",
        "24:11",
        "assignments.hw1.lock",
        "year",
    ),
    ("due: 2027-02-10", "due: 2027-02-30", "23:10", "assignments.hw1.due", "has 28 days"),
    ("due: 2027-02-10", "due: 2027-01-12", "23:10", "assignments.hw1.due", "after the release"),
    ("due: 2027-02-10", "due: 2028-02-10", "23:10", "assignments.hw1.due", "inside the term"),
    ("02-10 23:59", "02-10 24:00", "23:10", "assignments.hw1.due", "`2027-02-11 00:00`"),
    ("02-10 23:59", "02-10 11pm", "23:10", "assignments.hw1.due", "`2027-01-14 18:00`"),
    ("02-10 23:59", "02-10", "23:10", "assignments.hw1.due", "no time of day"),
    ("02-10 23:59", "03-14 02:30", "23:10", "assignments.hw1.due", "forward by 60 minutes"),
    ("02-10 23:59", "11-07 01:30", "23:10", "assignments.hw1.due", "01:30 -05:00`"),
    ("02-10 23:59", "02-10 23:59 +01:00", "23:10", "assignments.hw1.due", "`-05:00`; leave"),
    ("2027-02-10 23:59", "2027-01-14 18:00", "23:10", "assignments.hw1.due", "after the rel"),
    ("due: 2027", "due_dat: 2027", "23:5", "assignments.hw1.due_dat", "did you mean `due`?"),
    ("points: 10\n", "points: 11\n", "25:13", "assignments.hw1.points", "add up to 10"),
    ("points: 4", "points: 0", "27:32", "assignments.hw1.questions.q1.points", "more than 0"),
    ("manual: true", "manual: yes", "28:43", "assignments.hw1.questions.q2.manual", "write `true`"),
    ("manual: true", "manual: off", "28:43", "assignments.hw1.questions.q2.manual", "`false`"),
    ("      q2:", "      q1:", "28:7", "assignments.hw1.questions.q1", "first on line 27"),
]


@pytest.mark.parametrize(("old", "new", "place", "path", "words"), MISTAKES)
def test_a_mistake_is_told_once_at_its_place(folder: Path, old, new, place, path, words):
    found = complaints(folder, replaced(folder, old, new))
    at_place = [c for c in found if (f"{c.line}:{c.column}", c.path) == (place, path)]
    assert len(at_place) == 1, found
    assert words in at_place[0].what
    assert "Input" not in at_place[0].what


@pytest.mark.parametrize(
    ("old", "new"),
    [mistake[:2] for mistake in MISTAKES if mistake[4] in ("did you mean `due`?", "`cpu`")]
    + [("due: 2027-02-10", "due: 2027-02-30"), ("environment: cpu", "environment: CPU")]
    + [("manual: true", "manual: yes"), ("zone: America/Toronto", "zone: EST")],
)
def test_one_mistake_gives_one_complaint(folder: Path, old: str, new: str):
    assert len(complaints(folder, replaced(folder, old, new))) == 1


def test_all_mistakes_are_told_at_once_by_line_and_as_documented(folder: Path):
    text = (folder / "course.yaml").read_text()
    text = text.replace("zone: America/Toronto", "zone: Europe/Berln")
    text = text.replace("memory: 1 GiB", "memory: 1 GiB\n  memory: 2 GiB")
    text = text.replace("due: 2027-02-10", "due_dat: 2027-02-10")
    text = text.replace("points: 10\n", "points: 12\n").replace("manual: true", "manual: yes")
    complaints(folder, text)
    with pytest.raises(CourseFileError) as caught:
        load_course(folder / "course.yaml")
    assert str(caught.value).replace(f"{folder}/", "").splitlines() == [
        "course.yaml:4:7: zone: saw `Europe/Berln`, expected an IANA time zone such as "
        "`America/Toronto`; did you mean `Europe/Berlin`?",
        "course.yaml:13:3: limits.memory: written twice, first on line 12; keep one of them",
        "course.yaml:24:5: assignments.hw1.due_dat: unknown field; did you mean `due`?",
        "course.yaml:26:13: assignments.hw1.points: saw `12`, but the questions' points add up to "
        "10; correct the sum or a question",
        "course.yaml:29:43: assignments.hw1.questions.q2.manual: saw `yes`, expected `true` "
        "(graded by hand) or `false`; write `true`",
    ]


@pytest.mark.parametrize(("one", "other"), [(".inf", "-.inf"), ("1e308", "1.7e308"), (".nan", "1")])
def test_numbers_that_have_no_sum_have_their_own_complaints_only(folder: Path, one, other):
    text = replaced(folder, "points: 4", f"points: {one}").replace("points: 6", f"points: {other}")
    text += f"weights:\n  hw1: {{percent: {one}}}\n  hw2: {{percent: {other}, of: [hw1]}}\n"
    whats = [c.what for c in complaints(folder, text)]
    assert any(f"saw `{one}`, expected a number of points" in what for what in whats)
    assert any(f"saw `{one}`, expected a number of percent" in what for what in whats)
    assert not any("add up" in what for what in whats)


def test_half_points_that_add_up_are_accepted(folder: Path):
    text = replaced(folder, "points: 4", "points: 0.1").replace("points: 6", "points: 0.2")
    (folder / "course.yaml").write_text(text.replace("points: 10\n", "points: 0.3\n"))
    assert load_course(folder / "course.yaml").assignments["hw1"].points == 0.3


def test_a_file_that_is_not_there_is_told_plainly(folder: Path):
    with pytest.raises(CourseFileError, match="can't read this file: No such file"):
        load_course(folder / "nowhere.yaml")


def test_the_courses_own_file_loads():
    course = load_course(Path(__file__).parents[2] / "course.yaml")
    ps1 = course.assignments["ps1"]
    assert isinstance(course, Course)
    assert len(course.lectures) == 12
    assert {lecture.date.weekday() for lecture in course.lectures} == {3}
    assert ps1.points == sum(question.points for question in ps1.questions) == 100
    assert [question.name for question in ps1.questions if question.manual] == ["q9"]
    assert ps1.due.isoformat() == "2027-02-10T23:59:00-05:00"


def test_importing_the_course_brings_in_neither_jax_nor_django():
    code = "import sys, grader.course; print(sorted({'jax', 'django', 'otter'} & set(sys.modules)))"
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_complaints_are_records_in_order_of_place():
    late, early = Complaint(2, 1, "b", "x"), Complaint(1, 9, "a", "x")
    assert CourseFileError("course.yaml", [late, early, early]).complaints == (early, late)
    assert dataclasses.astuple(early) == (1, 9, "a", "x")
