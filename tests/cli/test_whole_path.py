"""Release, import, grade in real containers, report: the toy course from end to end."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from grader.store import open_store
from tests.cli.conftest import ToyCommand
from tests.toy_course import ANSWERS

pytestmark = pytest.mark.docker


def answered(starter: bytes, behaviour: str) -> bytes:
    """The released notebook with a student's functions in place of the starter's."""
    notebook = json.loads(starter)
    (step, gradient), _ = ANSWERS[behaviour]
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and source.startswith("def "):
            cell["source"] = step if source.startswith("def step") else gradient
    return json.dumps(notebook).encode()


def test_from_release_to_report(toy: ToyCommand) -> None:
    released = json.loads(toy.here("release", "toy", "--json").out)
    with zipfile.ZipFile(released["archive"]) as archive:
        names = [name for name in archive.namelist() if name.endswith("toy.ipynb")]
        starter = archive.read(names[0])
    folder = toy.folder / "handed-in"
    folder.mkdir()
    for student, behaviour in (("ada", "right"), ("bob", "of-symmetric")):
        (folder / f"{student}.ipynb").write_bytes(answered(starter, behaviour))
    (folder / "eve.ipynb").write_bytes(starter)
    assert (
        toy.here(
            "import", "toy", "{}/handed-in", "--at", "2027-02-01 12:00", "--reason", "by mail"
        ).code
        == 0
    )

    graded = toy.apart("grade", "toy", "--json")
    told = json.loads(graded.out)
    assert (graded.code, told["graded"], told["failed"]) == (0, 3, {})
    assert told["seconds"] > 0

    report = json.loads(toy.here("report", "toy", "--json").out)
    with Path(report["scores"]).open(encoding="utf-8-sig", newline="") as file:
        scores = {row["student"]: float(row["final"]) for row in csv.DictReader(file)}
    assert scores == {"ada": 5.0, "bob": 3.0, "eve": 0.0}
    pages = sorted(path.name for path in (Path(report["index"]).parent / "feedback").iterdir())
    assert pages == ["ada.html", "bob.html", "eve.html"]
    feedback = (Path(report["index"]).parent / "feedback" / "bob.html").read_text()
    assert "A need not be symmetric." in feedback
    assert "0.25 * (H @ w)" not in feedback
    assert json.loads(toy.here("status", "--json").out)["assignments"]["toy"]["graded"] == 3

    with open_store(toy.data) as store:
        (bob,) = (row for row in store.latest_submissions("toy") if row.student == "bob")
        for points in (0.5, 1.5):
            store.marks.give(bob.id, "q2", points, comment="read again", by="ta")
    report = json.loads(toy.here("report", "toy", "--json").out)
    with Path(report["scores"]).open(encoding="utf-8-sig", newline="") as file:
        again = {row["student"]: row for row in csv.DictReader(file)}
    assert float(again["bob"]["q2"].rstrip("*")) == 1.5, "the last grade by hand counts"
    assert float(again["ada"]["final"]) == 5.0


def test_the_toys_own_tests_pass_and_print_both_margins(toy: ToyCommand) -> None:
    ran = toy.apart("check", "toy", "--json")
    found = json.loads(ran.out)["toy"]
    assert (ran.code, found["complaints"]) == (0, [])
    assert found["solution"] == {"earned": 5.0, "points": 5.0}
    assert found["starter"]["earned"] == 0.0
    for check in found["checks"]:
        assert (check["mutants"], check["alternates"]) == (1, 1)
        assert check["accepting"] is None or check["accepting"] > 1
        # The mutant of a check with a budget is refused for its cost alone.
        assert (check["refusing"] is None) if check["budgets"] else check["refusing"] > 1
