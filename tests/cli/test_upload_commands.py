"""An upload that people grade, from release to report, by the commands that its staff types."""

import json
import zipfile
from pathlib import Path

import pytest

from grader.store import State
from tests.cli.conftest import ToyCommand
from tests.intake.pdfs import pdf
from tests.toy_course import answer_notebook, write_toy_course

LAST_LINE = "      q2: {title: The gradient, points: 2}\n"
ESSAY = """\
  essay:
    title: Essay
    submit: pdf
    group: {min: 2, max: 3}
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    points: 5
    questions:
      idea:
        title: Idea
        points: 3
        manual: true
        rubric:
          - {name: question, points: 2, text: A question}
          - {name: why, points: 1, text: Why it is open}
      plan: {title: Plan, points: 2, manual: true}
"""
LATE = ("late_policy: {kind: no late work}",
        "late_policy: {kind: percent per day, percent: 10, max_days: 3}")  # fmt: skip
ON_TIME = ("--at", "2027-02-10 23:58", "--reason", "it came by mail")
# Nothing of an upload may need an engine.
NO_ENGINE = {"DOCKER_HOST": "tcp://127.0.0.1:1"}


@pytest.fixture
def essays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> ToyCommand:
    """The toy course with an essay beside its notebook, and two PDFs lying in its folder."""
    write_toy_course(tmp_path, changes={"course.yaml": (LAST_LINE, LAST_LINE + ESSAY)})
    text = (tmp_path / "course.yaml").read_text()
    (tmp_path / "course.yaml").write_text(text.replace(*LATE))
    (tmp_path / "assignments" / "essay").mkdir()
    (tmp_path / "assignments" / "essay" / "handout.md").write_bytes(
        b"# Essay\n\nOne page, $w_t$.\n"
    )
    (tmp_path / "ada.pdf").write_bytes(pdf())
    (tmp_path / "newer.pdf").write_bytes(pdf(body=b"% newer\n"))
    (tmp_path / "ada.ipynb").write_bytes(answer_notebook("right"))
    command = ToyCommand(tmp_path, capsys)
    command.here("group", "form", "essay", "A", "ada", "bob")
    return command


def rows_of(essays: ToyCommand) -> dict[str, dict]:
    """The report's rows, by student."""
    paths = json.loads(essays.here("report", "essay", "--json").out)
    report = json.loads(Path(paths["json"]).read_text())
    return {row["student"]: row for row in report["rows"]}


def page(essays: ToyCommand, name: str) -> str:
    return (essays.data / "reports" / "essay" / name).read_text()


def test_its_release_is_the_handout_and_the_rubric(essays: ToyCommand) -> None:
    ran = essays.here("release", "essay")
    assert (ran.code, ran.err) == (0, "")
    assert "in groups of 2 to 3" in ran.out
    released = json.loads(essays.here("release", "essay", "--json").out)
    assert released["group"] == {"min": 2, "max": 3}
    with zipfile.ZipFile(released["archive"]) as archive:
        assert archive.namelist() == ["handout.md", "rubric.md"]
        assert archive.read("handout.md") == b"# Essay\n\nOne page, $w_t$.\n"


def test_a_pdf_waits_for_people_and_a_newer_one_takes_its_place(essays: ToyCommand) -> None:
    first = json.loads(essays.here("submit", "essay", "ada", "{}/ada.pdf", *ON_TIME, "--json").out)
    assert (first["state"], first["problems"]) == ("by hand", [])
    again = essays.here("submit", "essay", "ada", "{}/ada.pdf", *ON_TIME)
    assert "already your newest" in again.words
    late = essays.here(
        "submit", "essay", "ada", "{}/newer.pdf", "--at", "2027-02-11 12:00", "--reason", "by mail"
    )
    assert (late.code, "1 day late: 90 %" in late.words) == (0, True)
    told = json.loads(essays.here("status", "--json").out)
    counts = dict.fromkeys(map(str, State), 0)
    assert told["assignments"]["essay"] == counts | {"by hand": 1, "superseded": 1}
    assert told["groups"] == {"essay": {"min": 2, "max": 3}}
    ran = essays.here("status")
    assert "essay: groups of 2 to 3" in ran.words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("essay ada {}/ada.ipynb", "this is no PDF but a notebook. This assignment takes a PDF"),
        ("toy ada {}/ada.pdf", "this is no notebook but a PDF. Submit the .ipynb file"),
        ("essay ada {}/course.yaml", "this is no PDF: it has no mark %PDF-"),
    ],
)
def test_one_kind_in_the_place_of_another_is_refused(
    essays: ToyCommand, line: str, words: str
) -> None:
    ran = essays.here("submit", *line.split(), *ON_TIME)
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.words


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_or_the_zip_of_the_lms_is_taken_in(essays: ToyCommand, packed: bool) -> None:
    files = {
        "toyada_1234_5678_our essay.pdf" if packed else "ada.pdf": pdf(),
        "bob/Our Essay.PDF": pdf(body=b"% bob\n"),
        "eve.ipynb": answer_notebook("right"),
    }
    (essays.folder / "in" / "bob").mkdir(parents=True)
    with zipfile.ZipFile(essays.folder / "in.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
            (essays.folder / "in" / name).write_bytes(data)
    ran = essays.here("import", "essay", "{}/in.zip" if packed else "{}/in", *ON_TIME)
    assert ran.code == 1
    assert "essay: 2 taken in, 1 refused" in ran.out
    assert "eve.ipynb: it is not a PDF: its name does not end in .pdf." in ran.words
    with essays.store() as store:
        taken = {row.student: row.state for row in store.submissions("essay")}
    # One group's: the one that was read last counts.
    assert sorted(taken) == ["ada", "bob"]
    assert sorted(taken.values()) == [State.BY_HAND, State.SUPERSEDED]


def test_there_is_nothing_to_run_and_nothing_to_check(essays: ToyCommand) -> None:
    essays.here("submit", "essay", "ada", "{}/ada.pdf", *ON_TIME)
    graded = essays.apart("grade", "essay", "--regrade", **NO_ENGINE)
    assert (graded.code, graded.err) == (0, "")
    assert graded.out == "essay is graded by hand: nothing is to run\n"
    assert json.loads(essays.here("grade", "essay", "--json").out)["graded"] == 0
    checked = essays.apart("check", "essay", **NO_ENGINE)
    assert (checked.code, checked.err) == (0, "")
    assert checked.out == "essay is graded by hand: there is nothing to check\n"
    assert json.loads(essays.here("check", "essay", "--json").out) == {"essay": {"complaints": []}}
    with essays.store() as store:
        assert store.status("essay")[State.BY_HAND] == 1


def test_checking_all_goes_on_past_an_upload(essays: ToyCommand) -> None:
    (essays.folder / "assignments" / "toy" / "checks.py").unlink()
    ran = essays.here("check", "--all", "--sandbox", "process")
    assert ran.code == 1
    assert "essay is graded by hand: there is nothing to check" in ran.out
    assert "assignments/toy/checks.py: not found" in ran.err


def test_a_report_is_pending_until_each_question_has_a_grade(essays: ToyCommand) -> None:
    essays.here(
        "submit", "essay", "ada", "{}/ada.pdf", "--at", "2027-02-11 12:00", "--reason", "by mail"
    )
    row = rows_of(essays)["ada"]
    assert (row["state"], row["score"]["pending"]) == ("by hand", "waiting for a grade by hand")
    assert 'role="img"' not in page(essays, "index.html")
    with essays.store() as store:
        (sent,) = store.submissions("essay")
        store.marks.give(sent.id, "idea", 2, comment="Which <b>data</b>?", by="ta")
    assert rows_of(essays)["ada"]["score"]["final"] is None
    with essays.store() as store:
        store.marks.give(sent.id, "plan", 2, by="ta")
    score = rows_of(essays)["ada"]["score"]
    assert (score["raw"], score["late_days"], score["final"]) == (4.0, 1, 3.6)
    feedback = page(essays, "feedback/ada.html")
    for words in ("Why it is open", "Which &lt;b&gt;data&lt;/b&gt;?", "4 points × 90 % = 3.6"):
        assert words in feedback
    assert "graded by hand" in essays.here("report", "essay").words


def test_a_newer_upload_than_the_graded_one_says_so(essays: ToyCommand) -> None:
    essays.here(
        "submit", "essay", "ada", "{}/ada.pdf", "--at", "2027-02-01 12:00", "--reason", "by mail"
    )
    with essays.store() as store:
        (sent,) = store.submissions("essay")
        store.marks.give(sent.id, "idea", 2, by="ta")
    essays.here("submit", "essay", "ada", "{}/newer.pdf", *ON_TIME)
    row = rows_of(essays)["ada"]
    assert row["score"]["questions"]["idea"]["earned"] is None
    assert (
        row["note"]
        == f"Submission {sent.id} was graded; {sent.id + 1} is newer and counts instead."
    )
