"""An otter assignment from release to report, by the commands that its staff would type."""

import json
from pathlib import Path

import pytest

from grader.course import load_course
from grader.desk.checking import found_of
from tests.cli.conftest import ToyCommand
from tests.grading.otter_table import EVERYTHING
from tests.otter_course import master, write_otter_course

TRUSTED = ("--sandbox", "process")


@pytest.fixture
def homework(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> ToyCommand:
    """A course whose assignment is an otter master."""
    write_otter_course(tmp_path, {"homework.ipynb": master(ok_format=True), "data.csv": b"a\n"})
    return ToyCommand(tmp_path, capsys)


def test_from_release_to_report(homework: ToyCommand) -> None:
    released = json.loads(homework.here("release", "hw", "--json").out)
    assert released["files"] == ["data.csv", "homework.ipynb", "requirements.txt"]
    checked = json.loads(homework.here("check", "hw", *TRUSTED, "--json").out)
    assert checked["hw"] == {
        "solution": {"earned": 3.0, "points": 3.0},
        "starter": {"earned": 0.0, "points": 3.0},
        "complaints": [],
        "unchecked": [],
    }
    kept = found_of(homework.data, load_course(homework.file).assignments["hw"])
    assert kept is not None
    assert (kept.solution, kept.complaints) == ((3.0, 3.0), ())

    starter = json.loads((Path(released["folder"]) / "homework.ipynb").read_text())
    for cell in starter["cells"]:
        if "def square" in "".join(cell["source"]):
            cell["source"] = "def square(x):\n    return float(x * x)"
    (homework.folder / "mine.ipynb").write_text(json.dumps(starter))
    submitted = homework.here(
        "submit", "hw", "ada", "{}/mine.ipynb", "--at", "2027-02-01 12:00", "--reason", "by mail"
    )
    assert submitted.code == 0, submitted.err
    graded = homework.here("grade", "hw", *TRUSTED, "--i-trust-these-notebooks", "--json")
    assert json.loads(graded.out)["graded"] == 1, graded.err

    paths = json.loads(homework.here("report", "hw", "--json").out)
    report = json.loads(Path(paths["json"]).read_text())
    assert report["assignment"]["tests"] == "otter"
    (row,) = report["rows"]
    assert {check["check"]: check["earned"] for check in row["checks"]} == {
        "q1_1": 1.0,
        "q1_2": 0.0,  # [125.0, 343.0] is not [125, 343] in a doctest
        "q1_3": 1.0,
    }
    pages = Path(paths["index"]).parent
    for page in (pages / "index.html", pages / "feedback" / "ada.html"):
        assert "could have tampered with them" in page.read_text()
    assert "list_of_cubes" not in (pages / "feedback" / "ada.html").read_text()


def test_a_zip_is_not_released(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_otter_course(tmp_path, {"autograder.zip": EVERYTHING.autograder()})
    refused = ToyCommand(tmp_path, capsys).here("release", "hw")
    assert refused.code == 1
    assert "students have its notebook already" in refused.err


def test_a_folder_without_a_master_is_its_authors_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_otter_course(tmp_path, {"notes.txt": b""})
    refused = ToyCommand(tmp_path, capsys).here("check", "hw", *TRUSTED)
    assert refused.code == 1
    assert "expected one otter master, or autograder.zip" in refused.err
