"""`course new`: what it says, and that what it writes passes its own tests at once."""

import json
from pathlib import Path

import pytest

from grader.cli.app import run
from tests.cli.conftest import ToyCommand


def test_it_says_what_was_written_and_what_to_do_next(toy: ToyCommand) -> None:
    ran = toy.here("new", "lab-3", "--title", "Lab 3")
    assert (ran.code, ran.err) == (0, "")
    assert "assignments/lab-3/notebook.py" in ran.words
    assert "edit both in course.yaml" in ran.words
    assert "next: course check lab-3, then course release lab-3" in ran.words
    assert "lab-3" in json.loads(toy.here("status", "--json").out)["assignments"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("new", "Missing argument 'NAME'"),
        ("new toy", "has an assignment toy already"),
        ("new Lab4", "try lab4"),
        ("--course {}/assignments/course.yaml new lab", "not empty (toy)"),
    ],
)
def test_a_mistake_exits_with_1(toy: ToyCommand, line: str, words: str) -> None:
    ran = toy.here(*line.split())
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.words


def test_an_entry_to_paste_is_printed_and_exits_with_1(toy: ToyCommand) -> None:
    text = toy.file.read_text()
    head, _, _ = text.partition("assignments:\n")
    toy.file.write_text(
        head + "assignments: {toy: {title: T, environment: cpu, release: 2027-01-14 18:00, "
        "due: 2027-02-10 23:59, points: 1, questions: {q1: {title: Q, points: 1}}}}\n"
    )
    ran = toy.here("new", "lab")
    assert ran.code == 1
    assert "\nlab:\n  title:" in ran.out
    assert "course.yaml is as it was, since its assignments are written in braces" in ran.words


@pytest.mark.docker
def test_a_new_course_passes_its_own_tests_and_is_released(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--course", str(tmp_path / "course.yaml"))
    assert run([*options, "new", "first"]) == 0
    capsys.readouterr()
    assert run([*options, "check", "first", "--json", "--jobs", "1"]) == 0
    found = json.loads(capsys.readouterr().out)["first"]
    assert (found["complaints"], found["draws"]) == ([], 20)
    assert found["solution"] == {"earned": 6.0, "points": 6.0}
    assert found["starter"]["earned"] == 0.0
    assert sum(check["mutants"] for check in found["checks"]) >= 6
    for check in found["checks"]:
        assert check["alternates"] == 2
        assert check["accepting"] is None or check["accepting"] > 10
        assert check["refusing"] is None or check["refusing"] > 10
    assert run([*options, "release", "first"]) == 0
    assert (tmp_path / ".course" / "released" / "first.zip").is_file()
