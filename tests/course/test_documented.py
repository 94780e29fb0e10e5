"""What docs/calendar.md shows can be written in a course's file as it stands."""

import textwrap
from pathlib import Path

import pytest

from grader.course import Course, load_course
from tests.course.conftest import GOOD

PAGE = (Path(__file__).parents[2] / "docs" / "calendar.md").read_text()
BLOCKS = [
    textwrap.dedent("\n".join(lines)).strip()
    for part in PAGE.split("\n\n")
    if (lines := part.splitlines()) and all(line.startswith("    ") for line in lines)
]
POLICIES = [block for block in BLOCKS if block.startswith("late_policy:")]
PERCENT = "late_policy:\n  kind: percent per day\n  percent: 10\n  max_days: 3\n"
QUESTIONS = "    points: 1\n    questions: {q1: {title: One, points: 1}}\n"


def load(folder: Path, text: str) -> Course:
    (folder / "course.yaml").write_text(text)
    return load_course(folder / "course.yaml")


def test_the_page_shows_every_kind_of_policy() -> None:
    kinds = {"no late work", "percent per day", "points per day", "windows", "grace days"}
    assert {kind for kind in kinds for block in POLICIES if f"kind: {kind}" in block} == kinds
    assert len(POLICIES) == len(kinds)


@pytest.mark.parametrize("policy", POLICIES)
def test_each_policy_loads(folder: Path, policy: str) -> None:
    assert GOOD.count(PERCENT) == 1
    assert load(folder, GOOD.replace(PERCENT, f"{policy}\n"))


def test_the_times_load(folder: Path) -> None:
    [events] = [block for block in BLOCKS if block.startswith("events:")]
    [own] = [block for block in BLOCKS if block.startswith("ps1:")]
    [assignments] = [block for block in BLOCKS if block.startswith("assignments:")]
    text = GOOD.partition("assignments:\n")[0] + events + "\nassignments:\n"
    rest = "    title: One\n    environment: cpu\n" + QUESTIONS
    text += textwrap.indent(own, "  ") + "\n" + rest
    for name in ("ps2", "ps3"):
        entry = assignments.partition(f"  {name}:\n")[2].partition("\n  ps")[0]
        text += f"  {name}:\n{entry}\n{rest}"
    for name in ("ps1", "ps2", "ps3"):
        (folder / "assignments" / name).mkdir()
    due = {name: f"{one.due:%m-%d %H:%M}" for name, one in load(folder, text).assignments.items()}
    assert due == {"ps1": "02-10 23:59", "ps2": "02-25 18:00", "ps3": "04-18 09:00"}
