"""`course submit`, `import`, `status`, and what the command is like before it does anything."""

import json
import subprocess
import sys
import zipfile

import pytest

from grader.cli.app import COMMANDS
from grader.intake import read_notebook
from grader.store import State
from tests.cli.conftest import ToyCommand
from tests.toy_course import ROOT, answer_notebook

ON_TIME = ("--at", "2027-02-10 23:58", "--reason", "it came by mail")
HEAVY = ("altair", "docker", "grader.checks", "grader.grading", "jax", "numpy", "otter")


def test_help_lists_every_command(toy: ToyCommand) -> None:
    ran = toy.here("--help")
    assert (ran.code, ran.err) == (0, "")
    for name in COMMANDS:
        assert f"\n  {name} " in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(toy: ToyCommand, name: str) -> None:
    ran = toy.here(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: course {name} " in ran.out


@pytest.mark.parametrize("args", [["--help"], ["status"], ["status", "--json"]])
def test_light_commands_import_nothing_heavy(toy: ToyCommand, args: list[str]) -> None:
    code = "import sys; from grader.cli.app import run; code = run(sys.argv[1:]); "
    code += f"sys.exit(code or str([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *toy.options, *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == "[]\n"


def test_a_receipt_says_what_was_received_and_when(toy: ToyCommand) -> None:
    ran = toy.here("submit", "toy", "ada", "{}/ada.ipynb", *ON_TIME, "--json")
    receipt = json.loads(ran.out)
    assert ran.code == 0
    with toy.store() as store:
        (row,) = store.submissions("toy")
        assert store.read_notebook_bytes(row) == answer_notebook("right")
    assert receipt.pop("receipt")["seal"] == row.receipt
    assert receipt == {
        "submission": row.id,
        "student": "ada",
        "group": None,
        "assignment": "toy",
        "due": "2027-02-10T23:59:00-05:00",
        "submissions_left": None,
        "next_from": None,
        "sha256": row.sha256,
        "received_at": "2027-02-10T23:58:00-05:00",
        "standing": "on time",
        "repeated": False,
        "state": "queued",
        "problems": [],
    }


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        ("2027-02-10 23:58:59", "on time"),
        ("2027-02-10 23:59", "late"),
        ("2027-02-11 11:59", "late"),
    ],
)
def test_a_receipt_says_whether_it_is_late(toy: ToyCommand, at: str, standing: str) -> None:
    ran = toy.here("submit", "toy", "ada", "{}/ada.ipynb", "--at", at, "--reason", "by mail")
    assert ran.code == 0
    assert standing in ran.words


def test_the_same_bytes_again_are_already_there(toy: ToyCommand) -> None:
    first = toy.here("submit", "toy", "ada", "{}/ada.ipynb", *ON_TIME)
    again = toy.here(
        "submit", "toy", "ada", "{}/ada.ipynb", "--at", "2027-02-11 10:00", "--reason", "by mail"
    )
    assert (first.code, again.code) == (0, 0)
    assert "already" not in first.words
    assert "these bytes were already your newest submission" in again.words
    with toy.store() as store:
        assert len(store.submissions("toy")) == 1


def test_a_folder_is_taken_in_file_by_file_and_each_refusal_is_told(toy: ToyCommand) -> None:
    folder = toy.folder / "handed-in"
    (folder / "bob").mkdir(parents=True)
    (folder / "ada.ipynb").write_bytes(answer_notebook("right"))
    (folder / "bob" / "My Answers.ipynb").write_bytes(answer_notebook("uphill"))
    (folder / "eve.ipynb").write_text("{")
    (folder / "mallory.ipynb").write_bytes(answer_notebook("right"))
    ran = toy.here("import", "toy", "{}/handed-in", *ON_TIME)
    assert ran.code == 1
    assert "toy: 2 taken in, 2 refused" in ran.out
    assert "eve.ipynb: " in ran.err
    assert "mallory.ipynb: " in ran.err
    again = toy.here("import", "toy", "{}/handed-in", *ON_TIME, "--json")
    told = json.loads(again.out)
    assert [(one["student"], one["repeated"]) for one in told["accepted"]] == [
        ("ada", True),
        ("bob", True),
    ]
    assert [one["file"] for one in told["refused"]] == ["eve.ipynb", "mallory.ipynb"]


def test_the_zip_of_the_lms_is_taken_in(toy: ToyCommand) -> None:
    with zipfile.ZipFile(toy.folder / "submissions.zip", "w") as archive:
        archive.writestr("toyada_1234_5678_toy.ipynb", answer_notebook("right"))
        archive.writestr("toybob_LATE_1235_5679_toy-2.ipynb", answer_notebook("uphill"))
    ran = toy.here("import", "toy", "{}/submissions.zip", *ON_TIME)
    assert (ran.code, ran.err) == (0, "")
    assert "toy: 2 taken in, 0 refused" in ran.out
    with toy.store() as store:
        taken = {row.student: store.read_notebook_bytes(row) for row in store.submissions("toy")}
    assert taken == {"ada": answer_notebook("right"), "bob": answer_notebook("uphill")}


def test_status_counts_submissions_and_says_why_one_is_delayed(
    toy: ToyCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.store.waits.FIRST_SECONDS", 0.0)
    toy.here("submit", "toy", "ada", "{}/ada.ipynb", *ON_TIME)
    toy.here("submit", "toy", "bob", "{}/ada.ipynb", *ON_TIME)
    with toy.store() as store:
        batch = store.start_batch("toy")
        (delayed,) = (row.id for row in store.submissions("toy") if row.student == "bob")
        while lease := store.claim(batch, only=[delayed]):
            store.fail(lease, "the engine [went] away")
    told = json.loads(toy.here("status", "--json").out)
    counts = dict.fromkeys(map(str, State), 0) | {"queued": 1, "delayed": 1}
    assert told["assignments"] == {"toy": counts}
    assert told["delayed"] == [
        {"submission": delayed, "student": "bob", "why": "the engine [went] away"}
    ]
    ran = toy.here("status", "toy")
    assert ran.code == 0
    assert f"delayed: bob, submission {delayed}: the engine [went] away" in ran.words


def test_the_toy_notebooks_are_notebooks() -> None:
    assert read_notebook(answer_notebook("right")).problems == ()


def test_nothing_waiting_is_said_and_is_well(toy: ToyCommand) -> None:
    ran = toy.apart("grade", "toy", DOCKER_HOST="tcp://127.0.0.1:1")
    assert (ran.code, ran.err) == (0, "")
    assert "toy: nothing is waiting to be graded" in ran.out
    told = json.loads(toy.apart("grade", "toy", "--json", DOCKER_HOST="tcp://127.0.0.1:1").out)
    nothing = {"graded": 0, "failed": {}, "gave_up": False, "seconds": 0.0}
    assert told == {"assignment": "toy"} | nothing


def test_a_report_before_any_submission_has_a_row_a_student(toy: ToyCommand) -> None:
    told = toy.here("report", "toy", "--json")
    assert told.code == 0
    report = json.loads((toy.data / "reports" / "toy" / "report.json").read_text())
    assert json.loads(told.out)["json"] == str(toy.data / "reports" / "toy" / "report.json")
    assert len(report["rows"]) == 3
