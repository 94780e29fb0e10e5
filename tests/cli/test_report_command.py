"""`course report` with and without an assignment, as files, JSON and PDF."""

import json
from pathlib import Path

import pytest

from grader.report.pdf import NoPdf
from tests.cli.term_command import Term, change_course, hand_in


def test_without_an_assignment_it_is_the_terms_report(term: Term):
    hand_in(term, now="2027-01-30 12:00")
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    ran = term("report", now="2027-02-12 12:00")
    assert ran.code == 0, ran.err
    assert "hw1 1 1 0 4 1 6.4 10" in ran.words
    folder = term.folder / "data" / "term"
    assert f"report: {folder / 'index.html'}" in ran.out
    assert f"gradebook: {folder / 'gradebook.html'}" in ran.out
    told = json.loads((folder / "report.json").read_text())
    assert told["students"][0]["entries"]["hw1"]["final"] == 6.4
    assert told["generated_at"].startswith("2027-02-12T12:00:00-05:00")


def test_scripts_get_the_paths(term: Term):
    told = json.loads(term("report", "--json", "--output", str(term.folder / "out")).out)
    assert Path(told["gradebook_csv"]) == term.folder / "out" / "gradebook.csv"
    assert (told["pdf"], Path(told["missing"]).is_file()) == (None, True)
    told = json.loads(term("report", "hw1", "--json").out)
    assert Path(told["difficulty"]).is_file()
    assert Path(told["index"]) == term.folder / "data" / "reports" / "hw1" / "index.html"


def test_an_assignments_report_has_extensions_with_their_reasons_for_staff_only(term: Term):
    hand_in(term)
    term("extend", "hw1", "ada", "--days", "2", "--reason", "a broken arm")
    told = json.loads(term("report", "hw1", "--json").out)
    index = Path(told["index"])
    assert "a broken arm" in index.read_text()
    assert "Sat 30 Jan" in (index.parent / "feedback" / "ada.html").read_text()
    assert "a broken arm" not in (index.parent / "feedback" / "ada.html").read_text()


def test_a_changed_course_file_that_does_not_count_yet_makes_no_terms_report(term: Term):
    hand_in(term)
    assert term("report").code == 0
    change_course(term, "due: 2027-01-28 23:59", "due: 2027-01-30 23:59")
    refused = term("report")
    assert (refused.code, "`course diff` shows whose grades change" in refused.words) == (1, True)


@pytest.mark.parametrize("args", [("report",), ("report", "hw1")])
def test_without_weasyprint_it_says_what_is_missing(
    term: Term, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
):
    def refuse(_: str) -> bytes:
        raise NoPdf("a PDF needs WeasyPrint")

    monkeypatch.setattr("grader.report.writing.pdf_of", refuse)
    monkeypatch.setattr("grader.report.term.writing.pdf_of", refuse)
    ran = term(*args, "--pdf")
    assert (ran.code, "a PDF needs WeasyPrint" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("report", "hw9"), "there is no assignment 'hw9'"),
        (("report", "--show-hidden"), "--show-hidden is for feedback pages; name an assignment"),
    ],
)
def test_what_can_not_be_reported_is_said(term: Term, args: tuple[str, ...], words: str):
    ran = term(*args)
    assert (ran.code, words in ran.words) == (1, True)
