"""The HTML: hostile content stays text, hidden numbers stay hidden, plots are there."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from grader.outcomes import CellRecord, CellStatus, Ending, Outcome, Shown
from grader.report import AssignmentReport
from grader.report.feedback import STAYS_HIDDEN, feedback_view
from grader.report.pages import feedback_page, index_page
from grader.report.sentences import ENDINGS, OUTCOMES
from grader.standalone import UNKNOWN_NAME
from tests.report.cohort import (
    BEHAVIOURS,
    HIDDEN_ALLOWED,
    HIDDEN_ERROR,
    Finding,
    cohort_report,
    one_student,
)

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)></pre></style></svg>"
    "{{ page.name }}{% now %}\"'><a href=javascript:alert(3)>"
)


class Page(HTMLParser):
    """The tags, attributes and text of a page, as a browser would take them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.style = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["style"] and not self.style:
            self.style = data
        self.text += data


def all_pages(report: AssignmentReport) -> list[str]:
    """The staff's page and each student's."""
    return [index_page(report), *(feedback_page(report, row) for row in report.rows)]


def hostile_report() -> AssignmentReport:
    """A student whose every text attacks the page."""
    return one_student(
        student=HOSTILE,
        name=HOSTILE,
        ending=Ending.CRASHED,
        message=HOSTILE,
        note=HOSTILE,
        findings={"iterates": Finding(Outcome.RAISED, HOSTILE, HOSTILE)},
        cells=(CellRecord(3, CellStatus.RAISED, 0.1, HOSTILE, HOSTILE),),
    )


@pytest.fixture(scope="module")
def pages() -> list[str]:
    return all_pages(cohort_report())


def test_hostile_content_adds_no_tag_and_no_attribute() -> None:
    harmless = [Page(html) for html in all_pages(hostile_report())]
    for page in harmless:
        assert not {"script", "img", "iframe", "object", "link", "form"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
        assert not [value for _, value in page.attributes if value.startswith("javascript:")]
        assert "<script>alert(1)</script>" in page.text
        assert "{{ page.name }}" in page.text


def test_links_lead_only_into_the_report(pages: list[str]) -> None:
    for page in map(Page, [*pages, *all_pages(hostile_report())]):
        links = [value for name, value in page.attributes if name in {"href", "src"}]
        for link in links:
            assert re.fullmatch(r"(feedback/)?[a-z0-9_~-]+\.(html|csv|json)|#row-.+", link), link


def test_the_policy_allows_the_one_style_sheet_and_nothing_else(pages: list[str]) -> None:
    for html in pages:
        page = Page(html)
        policy = next(value for name, value in page.attributes if value.startswith("default-src"))
        digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
        assert page.tags.count("style") == 1


def test_every_name_in_a_template_is_known(pages: list[str]) -> None:
    assert not [html for html in pages if UNKNOWN_NAME in html]


def test_ids_are_unique_and_references_lead_to_them(pages: list[str]) -> None:
    for page in map(Page, pages):
        ids = [value for name, value in page.attributes if name == "id"]
        assert len(ids) == len(set(ids))
        wanted = [v for name, v in page.attributes if name in {"for", "aria-labelledby"}]
        wanted += [v[1:] for name, v in page.attributes if name == "href" and v.startswith("#")]
        assert set(" ".join(wanted).split()) <= set(ids)


def test_the_staff_page_shows_the_hidden_numbers_and_no_student_page_does(
    pages: list[str],
) -> None:
    numbers = [f"{HIDDEN_ERROR:.2e}", f"{HIDDEN_ALLOWED:.2e}"]
    assert all(number in pages[0] for number in numbers)
    loose = re.compile(r"4\.2\d*e-0?1|0\.421|42\.1|3\.1\d*e-0?5|0\.00003", re.IGNORECASE)
    assert not [html for html in pages[1:] if loose.search(Page(html).text)]


def test_a_student_page_does_not_name_mutants(pages: list[str]) -> None:
    for html in pages[1:]:
        assert "gauss_newton_for_hessian" not in html
        assert "gauss newton for hessian" not in html


def test_a_student_page_shows_no_other_student(pages: list[str]) -> None:
    for html, behaviour in zip(pages[1:], BEHAVIOURS, strict=True):
        others = [other.name for other in BEHAVIOURS if other is not behaviour]
        assert behaviour.name in html
        assert not [name for name in others if name in html]


def test_the_plots_parse_and_say_what_they_show(pages: list[str]) -> None:
    drawings = re.findall(
        r'<svg class="plot.*?</svg>|<svg [^>]*role="img".*?</svg>', pages[0], re.S
    )
    assert len(drawings) == 8  # scores, usage, and checks, ten in one; each wide and narrow
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        texts = {child.tag.rpartition("}")[2]: child.text or "" for child in root}
        assert texts["title"]
        assert texts["desc"]
        assert root.findall(".//{*}path")
        assert "#0200" not in drawing, "a stand-in colour was left"
        assert "#0101" not in drawing, "a stand-in colour was left"


def test_the_plot_of_checks_names_each_check(pages: list[str]) -> None:
    report = cohort_report()
    described = re.findall(r"<desc[^>]*>(.*?)</desc>", pages[0])
    titles = {r.title for row in report.rows if row.graded for r in row.graded.checks}
    assert all(title in "".join(described) for title in titles)
    assert "Iterates match the closed form: 84 % of 19 passed" in "".join(described)


@pytest.mark.parametrize("ending", [e for e in Ending if e is not Ending.FINISHED])
def test_a_student_reads_how_the_notebook_ended(ending: Ending) -> None:
    report = one_student(ending=ending)
    text = Page(feedback_page(report, report.rows[0])).text
    assert ENDINGS[ending].what in text
    assert ENDINGS[ending].advice in text


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_student_reads_what_each_outcome_means(outcome: Outcome) -> None:
    report = one_student(findings={"iterates": Finding(outcome)})
    text = Page(feedback_page(report, report.rows[0])).text
    assert OUTCOMES[outcome].label in text
    if outcome is not Outcome.PASSED:
        assert OUTCOMES[outcome].what in text
        assert OUTCOMES[outcome].advice in text


def test_a_message_of_the_check_takes_the_place_of_the_general_sentence() -> None:
    finding = Finding(Outcome.WRONG_VALUE, "The sign is opposite.", "wrong_sign")
    report = one_student(findings={"iterates": finding})
    text = Page(feedback_page(report, report.rows[0])).text
    assert "The sign is opposite." in text
    assert OUTCOMES[Outcome.WRONG_VALUE].what not in text


def test_failed_cells_are_shown_clean_and_folded() -> None:
    error = "\x1b[31mValueError\x1b[0m\n" + "x" * 100_000 + "\nValueError: last words"
    cells = (
        CellRecord(0, CellStatus.OK, output="fine"),
        CellRecord(6, CellStatus.RAISED, error=error),
        *(CellRecord(i, CellStatus.NOT_RUN) for i in range(7, 9)),
    )
    report = one_student(cells=cells, ending=Ending.TIMEOUT)
    view = feedback_view(report, report.rows[0])
    assert [cell.number for cell in view.cells] == [7]
    assert "\x1b" not in view.cells[0].error
    assert "characters …]" in view.cells[0].error
    assert view.cells[0].error.endswith("ValueError: last words")
    assert len(view.cells[0].error) < 2000
    assert view.not_run.startswith("2 cells")


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("adeyemi", ["Final score", "99"]),
        ("chen", ["1 day late: 94 points × 90 % = 84.6."]),
        ("mbeki", ["Points so far", "90", "Not final yet", "has not been read yet"]),
        ("tanaka", ["Delayed", "Something on our side failed", "– / 12"]),
        ("umarov", ["Refused", "it is not JSON"]),
        ("vargas", ["Not submitted"]),
    ],
)
def test_the_top_of_a_student_page_says_where_things_stand(student: str, words: list[str]) -> None:
    report = cohort_report()
    row = next(row for row in report.rows if row.student == student)
    text = Page(feedback_page(report, row)).text
    assert [word for word in words if word not in text] == []


def test_a_delayed_submission_shows_no_zero() -> None:
    report = cohort_report()
    row = next(row for row in report.rows if row.student == "tanaka")
    view = feedback_view(report, row)
    assert (view.score, view.out_of) == ("", "")
    assert all(question.share is None for question in view.questions)


def test_the_staff_page_counts_known_mistakes_and_names_who_is_missing(pages: list[str]) -> None:
    text = Page(pages[0]).text
    assert "3 students: gauss newton for hessian" in text
    assert "Not submitted" in text
    assert text.index("Not submitted") < text.rindex("Inés Vargas")


@pytest.mark.parametrize("tests", ["checks", "otter"])
def test_every_page_says_where_the_tests_could_have_been_tampered_with(tests: str) -> None:
    report = replace(cohort_report(BEHAVIOURS[:2]), tests=tests)
    for html in all_pages(report):
        assert ("could have tampered with them" in Page(html).text) is (tests == "otter")


@pytest.mark.parametrize("behaviours", [(), BEHAVIOURS[-3:]], ids=["nobody", "nobody graded"])
def test_a_cohort_with_nothing_graded_has_a_page_without_plots(behaviours: tuple) -> None:
    html = index_page(cohort_report(behaviours))
    assert UNKNOWN_NAME not in html
    assert 'role="img"' not in html


def test_a_check_that_is_never_shown_tells_its_points_only():
    report = one_student(findings={"iterates": Finding(Outcome.WRONG_VALUE, "The sign is wrong.")})
    (row,) = report.rows
    assert row.graded
    checks = tuple(
        replace(result, shown=Shown.NEVER if result.check == "iterates" else Shown.AFTER_DUE)
        for result in row.graded.checks
    )
    title = next(result.title for result in checks if result.check == "iterates")
    hidden = replace(row, graded=replace(row.graded, checks=checks))
    before = feedback_page(report, row)
    after = feedback_page(replace(report, rows=(hidden,)), hidden)
    assert title in before
    assert "The sign is wrong." in before
    assert title not in after
    assert "The sign is wrong." not in after
    assert after.count(STAYS_HIDDEN) == 1
