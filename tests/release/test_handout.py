"""An upload's bundle: the instructions as they are, and a rubric made of course.yaml."""

import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grader.course import Assignment, GroupSize, Limits, Question, RubricItem, load_course
from grader.release import MasterError, release_handout
from grader.release.handout import rubric_text

TORONTO = ZoneInfo("America/Toronto")
ROOT = Path(__file__).parents[2]
QUESTIONS = (
    Question(
        name="idea",
        title="Idea",
        points=3.5,
        manual=True,
        rubric=(
            RubricItem(name="question", points=2.5, text="A question"),
            RubricItem(name="why", points=1, text="Why it is open"),
        ),
    ),
    Question(name="plan", title="Plan", points=2, manual=True),
)


def essay(folder: Path, *, group: GroupSize | None = None) -> Assignment:
    return Assignment(
        name="essay",
        title="Essay",
        folder=folder,
        submit="pdf",
        group=group,
        release=datetime(2027, 1, 14, 18, tzinfo=TORONTO),
        due=datetime(2027, 2, 17, 23, 59, tzinfo=TORONTO),
        limits=Limits(),
        questions=QUESTIONS,
        points=5.5,
    )


def test_the_rubric_says_all_that_course_yaml_does(tmp_path: Path) -> None:
    assert rubric_text(essay(tmp_path, group=GroupSize(min=2, max=3)), zone=TORONTO) == (
        "# Essay: how it is graded\n"
        "\n"
        "- due before 23:59 on Wed 17 Feb 2027 (EST, America/Toronto)\n"
        "- groups of 2 to 3\n"
        "- one PDF of at most 20 MiB, without a password\n"
        "- 5.5 points\n"
        "\n"
        "## Idea (3.5 points)\n"
        "\n"
        "- 2.5 points: A question\n"
        "- 1 point: Why it is open\n"
        "\n"
        "## Plan (2 points)\n"
    )
    assert "- individual work\n" in rubric_text(essay(tmp_path), zone=TORONTO)


def test_nothing_else_of_the_folder_is_released_and_equal_sources_give_equal_bytes(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "essay"
    folder.mkdir()
    (folder / "handout.md").write_bytes("# Essay\r\n\nÉcrire.".encode())
    (folder / "notes.md").write_text("for staff")
    first = release_handout(essay(folder), tmp_path / "out", zone=TORONTO)
    data = first.archive.read_bytes()
    assert first.files == ("handout.md", "rubric.md")
    assert sorted(path.name for path in first.folder.iterdir()) == ["handout.md", "rubric.md"]
    assert (first.folder / "handout.md").read_bytes() == "# Essay\r\n\nÉcrire.".encode()
    with zipfile.ZipFile(first.archive) as archive:
        assert archive.namelist() == ["handout.md", "rubric.md"]
    assert (
        release_handout(essay(folder), tmp_path / "out", zone=TORONTO).archive.read_bytes() == data
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", r"handout\.md:1: is empty"),
        (b"\n \n", r"handout\.md:1: is empty"),
        (b"# Essay\n\nan \xe9", r"handout\.md:3: is not UTF-8"),
    ],
)
def test_instructions_that_are_no_text_are_refused(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "handout.md").write_bytes(data)
    with pytest.raises(MasterError, match=says):
        release_handout(essay(tmp_path), tmp_path / "out", zone=TORONTO)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "due", "points"), [("proposal", "2027-02-17", 10), ("report", "2027-04-07", 50)]
)
def test_the_courses_own_uploads_can_be_released(
    tmp_path: Path, name: str, due: str, points: float
) -> None:
    course = load_course(ROOT / "course.yaml")
    found = course.assignments[name]
    assert (found.submit, found.group, found.points) == (
        "pdf",
        GroupSize(min=2, max=3, set="project"),
        points,
    )
    assert (f"{found.due:%Y-%m-%d}", found.due.weekday()) == (due, 2)
    assert all(question.rubric for question in found.questions)
    bundle = release_handout(found, tmp_path, zone=course.zone)
    assert "`rubric.md`" in (bundle.folder / "handout.md").read_text()
