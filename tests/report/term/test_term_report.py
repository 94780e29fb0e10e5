"""The term's report: pages, tables and folder, from plain records."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grader.report import FolderTaken, write_report
from grader.report.term import TermReport, write_term_report
from grader.report.term.pages import gradebook_page, term_page
from grader.report.term.records import Entry, EntryState, TermAssignment, TermStudent
from grader.report.term.statistics import grace_use, missing_work, summarise_assignments, totals
from grader.report.term.tables import (
    SUMMARY_COLUMNS,
    assignments_csv,
    gradebook_csv,
    missing_csv,
    summary_table,
    term_json,
)
from grader.standalone import UNKNOWN_NAME
from tests.report.cohort import DUE, TORONTO, one_student
from tests.report.test_pages import HOSTILE, Page

ASSIGNMENTS = (
    TermAssignment("ps1", "Problem set 1", DUE, 10, "60 %", 2),
    TermAssignment("lab2", "Lab 2", DUE + timedelta(days=14), 20, "40 %"),
)


def final(points: float, late: int = 0, grace: int = 0, *, is_set: bool = False) -> Entry:
    return Entry(
        EntryState.FINAL, DUE, points, "", submitted=True, late_days=late, grace_days=grace,
        is_set=is_set,
    )  # fmt: skip


WAITING = Entry(EntryState.WAITING, DUE, None, "queued", submitted=True, late_days=1, grace_days=1)
MISSING = Entry(EntryState.MISSING, DUE)
ZERO = Entry(EntryState.MISSING, DUE, 0.0)
EXCUSED = Entry(EntryState.EXCUSED, DUE)
OPEN = Entry(EntryState.OPEN, DUE + timedelta(days=14))


def student(name: str, *entries: Entry, percent: float | None = None) -> TermStudent:
    so_far = 0.0 if percent is None else 60.0
    return TermStudent(
        name, name.title(), f"{name}@mail.example", "L1", entries, percent, so_far
    )  # fmt: skip


STUDENTS = (
    student("ada", final(10), OPEN, percent=100),
    student("bob", final(4, 2, 2), EXCUSED, percent=40),
    student("eve", final(0, is_set=True), WAITING, percent=0),
    student("joe", WAITING, MISSING),
    student("kim", MISSING, ZERO),
)
REPORT = TermReport(
    "NN1", "Nets", TORONTO, DUE + timedelta(days=20), ASSIGNMENTS, STUDENTS, grace_budget=3
)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_an_assignments_summary_counts_students_by_state():
    first, second = summarise_assignments(REPORT)
    final_, waiting, missing, excused, later = EntryState
    assert first.states == {final_: 3, waiting: 1, missing: 1, excused: 0, later: 0}
    assert (first.submitted, first.late, first.scores.middle, first.shares.middle) == (4, 2, 4, 40)
    assert second.states == {final_: 0, waiting: 1, missing: 2, excused: 1, later: 1}
    assert second.scores.middle is None


def test_totals_are_of_those_that_have_one():
    assert totals(REPORT).values == (100, 40, 0)


def test_who_misses_most_comes_first():
    found = [(row.student, [one.name for one, _ in what]) for row, what in missing_work(REPORT)]
    assert found == [("kim", ["ps1", "lab2"]), ("joe", ["lab2"])]


def test_grace_days_are_counted_by_student():
    use = grace_use(REPORT)
    assert use is not None
    assert use.students == {0: 2, 1: 2, 2: 1, 3: 0}
    assert [(row.student, [(one.name, n) for one, n in where]) for row, where in use.users] == [
        ("bob", [("ps1", 2)]),
        ("eve", [("lab2", 1)]),
        ("joe", [("ps1", 1)]),
    ]
    assert grace_use(replace(REPORT, grace_budget=None)) is None


@pytest.mark.parametrize("make", [term_page, gradebook_page])
def test_pages_have_a_policy_no_script_and_no_unknown_name(make):
    html = make(REPORT)
    page = Page(html)
    assert UNKNOWN_NAME not in html
    assert "script" not in page.tags
    assert [value for _, value in page.attributes if value.startswith("default-src 'none'")]
    links = [value for name, value in page.attributes if name in {"href", "src"}]
    assert [link for link in links if not re.fullmatch(r"[a-z]+\.(html|csv|json)", link)] == []


def test_the_page_says_how_far_everything_is():
    text = Page(term_page(REPORT)).text
    for words in (
        "median total40 %of what is final",
        "students miss something2that was due",
        "Each student has 3 days in the term.",
        "kim@mail.example",
        "ps1, lab2",
        "Total of 3 students: lowest 0, median 40",
    ):
        assert words in text
    assert "Grace days" not in Page(term_page(replace(REPORT, grace_budget=None))).text


def test_the_gradebook_tells_no_score_from_zero():
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", gradebook_page(REPORT))
    cells = {
        row.partition("<")[0]: re.findall(r"<td class=\"n ([a-z]*)\">([^<]*)</td>", row)[:2]
        for row in rows
    }
    assert cells["ada"] == [("full", "10"), ("open", "")]
    assert cells["bob"] == [("", "4"), ("open", "ex")]
    assert cells["eve"] == [("none", "0*"), ("open", "…")]
    assert cells["kim"] == [("open", "–"), ("open", "0–")]


def test_plots_are_described_and_are_there_only_with_numbers():
    drawings = re.findall(r'<svg [^>]*role="img".*?</svg>', term_page(REPORT), re.DOTALL)
    assert len(drawings) == 4
    described = [ElementTree.fromstring(one).findtext("{*}desc") or "" for one in drawings]
    assert any("ps1: median 40 %, half of all from 20 to 70 %" in text for text in described)
    nothing = replace(REPORT, students=STUDENTS[4:])
    assert 'role="img"' not in term_page(nothing)


def test_hostile_texts_stay_text():
    hostile = replace(STUDENTS[4], student=HOSTILE, name=HOSTILE, email=HOSTILE, section=HOSTILE)
    titled = replace(ASSIGNMENTS[0], name=HOSTILE, title=HOSTILE, counts_for=HOSTILE)
    made = replace(
        REPORT, course_title=HOSTILE, students=(*STUDENTS[:3], hostile),
        assignments=(titled, ASSIGNMENTS[1]),
    )  # fmt: skip
    for html in (term_page(made), gradebook_page(made)):
        page = Page(html)
        assert not {"script", "img", "iframe", "form"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert "<script>alert(1)</script>" in page.text
    formula = replace(STUDENTS[4], student="=1+1", name="@x", email="+1", section="-1")
    row = read(gradebook_csv(replace(REPORT, students=(formula,))))[0]
    assert [row[name] for name in ("student", "name", "email", "section")] == [
        "'=1+1", "'@x", "'+1", "'-1",
    ]  # fmt: skip


def test_the_tables_say_what_the_pages_say():
    rows = {row["student"]: row for row in read(gradebook_csv(REPORT))}
    assert (rows["eve"]["ps1"], rows["eve"]["lab2"], rows["kim"]["ps1"]) == ("0", "", "")
    assert (rows["bob"]["total_percent"], rows["bob"]["grace_days"]) == ("40", "2")
    assert (rows["joe"]["total_percent"], rows["joe"]["percent_so_far"]) == ("", "0")
    (first, second) = read(assignments_csv(REPORT))
    assert (first["final"], first["not_submitted"], first["open_requests"]) == ("3", "1", "2")
    assert (first["median"], second["median"]) == ("4", "")
    missing = [(row["student"], row["assignment"]) for row in read(missing_csv(REPORT))]
    assert missing == [("kim", "ps1"), ("kim", "lab2"), ("joe", "lab2")]
    table = [dict(zip(SUMMARY_COLUMNS, row, strict=True)) for row in summary_table(REPORT)]
    assert (table[0]["final"], table[1]["missing"], table[1]["median"]) == ("3", "2", "")
    document = json.loads(term_json(REPORT))
    assert document["students"][2]["entries"]["lab2"]["pending"] == "queued"
    assert document["assignments"][0]["states"]["final"] == 3
    assert document["grace_days"]["students"] == {"0": 2, "1": 2, "2": 1, "3": 0}


def test_the_folder_is_replaced_whole_and_foreign_ones_are_left_alone(tmp_path: Path):
    folder = tmp_path / "term"
    paths = write_term_report(REPORT, folder)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert paths.index.is_file()
    assert paths.gradebook_pdf is None
    write_term_report(REPORT, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert sorted(first) == [
        "assignments.csv", "gradebook.csv", "gradebook.html", "index.html", "missing.csv",
        "report.json",
    ]  # fmt: skip
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(FolderTaken):
        write_term_report(REPORT, tmp_path / "mine")


def test_a_terms_report_takes_the_place_of_an_assignments(tmp_path: Path):
    write_report(one_student(), tmp_path / "report")
    write_term_report(REPORT, tmp_path / "report")
    assert not (tmp_path / "report" / "feedback").exists()


def test_a_report_needs_one_row_a_student_and_an_entry_an_assignment():
    with pytest.raises(ValueError, match="one row a student"):
        replace(REPORT, students=(STUDENTS[0], STUDENTS[0]))
    with pytest.raises(ValueError, match="one entry an assignment"):
        replace(REPORT, students=(replace(STUDENTS[0], entries=(OPEN,)),))
    with pytest.raises(ValueError, match="does not fit"):
        Entry(EntryState.FINAL, DUE)
