"""`course calendar`."""

import json
import stat
from datetime import UTC, datetime

import icalendar
import pytest

from tests.cli.conftest import ToyCommand

POLICY = "late_policy: {kind: no late work}"
DUE = "    due: 2027-02-10 23:59\n"


def edit(toy: ToyCommand, old: str, new: str) -> None:
    text = toy.file.read_text()
    assert text.count(old) == 1
    toy.file.write_text(text.replace(old, new))


def due_of(toy: ToyCommand, *options: str) -> str:
    entries = json.loads(toy.here("calendar", "--json", *options).out)["entries"]
    [due] = [entry["at"] for entry in entries if entry["key"] == "toy/due"]
    return due


def test_the_term_is_printed_in_order_with_its_policy(toy: ToyCommand) -> None:
    ran = toy.here("calendar")
    assert ran.code == 0
    assert "Thu 14 Jan 2027 18:00 release toy Toy problem set" in ran.words
    assert "before 23:59 on Wed 10 Feb 2027" in ran.words
    assert ran.words.index("release") < ran.words.index("due")
    assert "Times are those of America/Toronto. Late work has no credit. The newest" in ran.words


def test_printing_the_calendar_makes_no_data_folder(toy: ToyCommand) -> None:
    assert toy.here("calendar").code == 0
    assert not toy.data.exists()


def test_json_is_for_scripts(toy: ToyCommand) -> None:
    edit(toy, "assignments:\n", "events: {reading_week: 2027-02-15}\nassignments:\n")
    data = json.loads(toy.here("calendar", "--json").out)
    assert (data["course"], data["zone"], data["student"]) == ("TOY101", "America/Toronto", None)
    assert [(entry["at"], entry["key"]) for entry in data["entries"]] == [
        ("2027-01-14T18:00:00-05:00", "toy/release"),
        ("2027-02-10T23:59:00-05:00", "toy/due"),
        ("2027-02-10T23:59:00-05:00", "toy/feedback"),
        ("2027-02-15", "event/reading_week"),
    ]


def test_an_assignments_own_policy_is_told(toy: ToyCommand) -> None:
    own = "    late_policy: {kind: percent per day, percent: 20, max_days: 2}\n"
    edit(toy, DUE, DUE + own)
    assert "toy: Each day late, begun or full, costs 20 %" in toy.here("calendar").words


def test_a_student_sees_their_sections_dates_and_their_extension(toy: ToyCommand) -> None:
    edit(toy, DUE, DUE + "    sections: {LEC2: {due: toy.due + 1 day}}\n")
    (toy.folder / "roster.csv").write_text(
        "student,name,email,section\nada,Ada,ada@mail.example,LEC2\nbob,Bob,b@mail.example,\n"
    )
    assert due_of(toy, "--student", "ada") == "2027-02-11T23:59:00-05:00"
    assert due_of(toy, "--student", "bob") == "2027-02-10T23:59:00-05:00"
    toy.here("status")  # the store learns the roster
    store = toy.store()
    store.extensions.grant("toy", student="bob", days=5, reason="ill", by="staff")
    assert due_of(toy, "--student", "bob") == "2027-02-15T23:59:00-05:00"
    assert due_of(toy, "--student", "ada") == "2027-02-11T23:59:00-05:00"
    entries = json.loads(toy.here("calendar", "--json").out)["entries"]
    assert ("toy/feedback", "2027-02-15T23:59:00-05:00") in {(e["key"], e["at"]) for e in entries}


def test_a_section_that_nobody_is_in_is_warned_of(toy: ToyCommand) -> None:
    edit(toy, DUE, DUE + "    sections: {LEC0021: {due: toy.due + 1 day}}\n")
    (toy.folder / "roster.csv").write_text(
        "student,name,email,section\nada,Ada,ada@mail.example,LEC0201\n"
    )
    ran = toy.here("calendar")
    assert ran.code == 0
    said = "toy has dates for the section LEC0021, in which the roster has nobody; did you mean"
    assert f"{said} `LEC0201`?" in ran.words


def test_an_icalendar_file_is_written_whole(toy: ToyCommand) -> None:
    ran = toy.here("calendar", "--ics", "{}/term.ics")
    file = toy.folder / "term.ics"
    assert (ran.code, ran.out) == (0, "")
    assert "term.ics: 3 entries" in ran.words
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    first = file.read_bytes()
    events = icalendar.Calendar.from_ical(first).walk("VEVENT")
    assert datetime(2027, 2, 11, 4, 59, tzinfo=UTC) in {one.decoded("dtstart") for one in events}
    toy.here("calendar", "--ics", "{}/term.ics")
    assert file.read_bytes() == first
    assert sorted(path.name for path in toy.folder.glob("*.ics*")) == ["term.ics"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--student", "adda"), "there is no student 'adda'; did you mean `ada`?"),
        (("--ics", "{}/course.yaml"), "expected a file name that ends in .ics"),
        (("--ics", "{}/nowhere/term.ics"), "there is no folder"),
    ],
)
def test_what_can_not_be_done_is_told(
    toy: ToyCommand, options: tuple[str, ...], words: str
) -> None:
    before = toy.file.read_bytes()
    ran = toy.here("calendar", *options)
    assert ran.code == 1
    assert words in ran.words
    assert toy.file.read_bytes() == before


def test_a_mistake_in_the_dates_is_told_by_line_and_column(toy: ToyCommand) -> None:
    edit(toy, "due: 2027-02-10 23:59", "due: toy.release - 2 weeks")
    ran = toy.here("calendar")
    assert ran.code == 1
    assert "course.yaml:14:10: assignments.toy.due: saw `toy.release - 2 weeks`" in ran.err
