"""Reports, served as pages that stand alone, made anew where anything has changed; similarity."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from grader.report import AssignmentReport
from grader.report.document import report_json
from grader.report.pdf import NoPdf
from grader.web.guarding import POLICY
from grader.web.staff import made, reports
from grader.web.staff.reports import OF_ASSIGNMENT, OF_TERM, REPORT_POLICY
from tests.term_course import graded
from tests.web.site import NOON, Site
from tests.web.staff.marking_course import change, sections


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


@pytest.fixture
def graded_site(site: Site) -> Site:
    for name, found in (("ada", graded(("q1", 6, 6), ("q2", 1, 4))), ("eve", None)):
        site.hand_in(name)
        site.grade(found=found)
    return site


def test_the_report_is_served_with_a_policy_of_its_own(graded_site: Site) -> None:
    client = graded_site.client("tam")
    answer = client.get("/staff/reports/hw1/page")
    shown = answer.content.decode()
    assert answer["Content-Security-Policy"] == REPORT_POLICY
    assert "script-src" not in REPORT_POLICY
    assert "First homework" in shown
    assert "<svg" in shown
    assert '<a target="_top" href="feedback/ada.html">' in shown
    assert '<a href="feedback' not in shown
    around = client.get("/staff/reports/hw1/")
    assert around["Content-Security-Policy"] == POLICY
    assert 'src="/staff/reports/hw1/page"' in around.content.decode()
    assert 'sandbox="allow-top-navigation-by-user-activation allow-downloads"' in (
        around.content.decode()
    )


def test_reports_are_listed_once_their_assignment_is_released(site: Site) -> None:
    shown = text(site.client("tam"), "/staff/reports/")
    assert "/staff/reports/hw1/" in shown
    assert "/staff/reports/hw2/" not in shown
    assert "/staff/term/" in shown


def test_links_of_a_report_lead_to_the_student_s_page(graded_site: Site) -> None:
    answer = graded_site.client("tam").get("/staff/reports/hw1/feedback/ada.html")
    assert answer.status_code == 302
    assert answer["Location"] == "/staff/students/ada/"
    assert graded_site.client("tam").get("/staff/reports/hw1/feedback/x.html").status_code == 404


@pytest.mark.parametrize("file", list(OF_ASSIGNMENT)[1:])
def test_files_of_an_assignment_s_report_are_to_be_kept(graded_site: Site, file: str) -> None:
    answer = graded_site.client("tam").get(f"/staff/reports/hw1/{file}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="hw1-{file}"'
    if file.endswith(".json"):
        assert json.loads(answer.content)["assignment"]["name"] == "hw1"
    else:
        assert answer.content.decode().splitlines()[0].count(",") > 2


@pytest.mark.parametrize("file", list(OF_TERM))
def test_files_of_the_term_s_report_are_served(graded_site: Site, file: str) -> None:
    answer = graded_site.client("tam").get(f"/staff/term/{file}")
    assert answer.status_code == 200
    assert answer.content
    assert ("Content-Disposition" in answer.headers) == (not file.endswith(".html"))


def test_a_report_is_there_as_pdf(graded_site: Site) -> None:
    pytest.importorskip("weasyprint")
    answer = graded_site.client("tam").get("/staff/reports/hw1/index.pdf")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/staff/reports/hw1/", "`course report hw1 --pdf`"),
        ("/staff/term/", "`course report --pdf`"),
    ],
)
def test_a_pdf_of_very_many_students_is_left_to_the_command(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, command: str
) -> None:
    monkeypatch.setattr(reports, "MOST_IN_PDF", 4)
    answer = site.client("tam").get(f"{path}index.pdf", follow=True)
    assert answer.redirect_chain == [(path, 302)]
    assert "of 5 students it takes minutes" in answer.content.decode()
    assert command in answer.content.decode()


def test_that_no_pdf_can_be_made_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(html: str) -> bytes:
        raise NoPdf("a library is missing")

    monkeypatch.setattr(reports, "pdf_of", missing)
    answer = site.client("tam").get("/staff/reports/hw1/index.pdf", follow=True)
    assert "There is no PDF: a library is missing." in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["reports/hw9/", "reports/hw9/page", "reports/hw1/secret", "term/x.html", "term/x.pdf"]
)
def test_what_a_report_does_not_have_is_not_found(site: Site, path: str) -> None:
    assert site.client("ivy").get(f"/staff/{path}").status_code == 404


CHANGES: dict[str, Callable[[Site], object]] = {
    "handed in": lambda site: site.hand_in("bob"),
    "graded again": lambda site: (site.store.queue_submission(1), site.grade()),
    "adopted": lambda site: (
        site.store.regrades.queue([1]),
        site.grade(),
        site.store.regrades.adopt("hw1", by="ivy", reason="mended"),
    ),
    "marked": lambda site: site.store.marks.give(1, "q1", 2, by="tam"),
    "set": lambda site: site.store.marks.override("ada", "hw1", 2, reason="so", by="ivy"),
    "extended": lambda site: site.store.extensions.grant(
        "hw1", student="ada", days=1, reason="ill", by="ivy"
    ),
    "withdrawn": lambda site: site.store.withdrawals.withdraw(1, reason="so", by="ivy"),
    "asked": lambda site: site.store.requests.ask(1, "ada", "q1", "Why?"),
    "enrolled": lambda site: sections(site),
    "course edited": lambda site: change(site, "title: First homework", "title: Another"),
    "due time came": lambda site: site.at(NOON + timedelta(days=9)),
}


def test_who_asks_for_reports_leaves_threads_to_others(
    graded_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = graded_site.client("tam")
    monkeypatch.setattr(made, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(reports, "pdf_of", str.encode)
    # A PDF of a page, which is made for it, takes one turn.
    assert client.get("/staff/reports/hw1/index.pdf").status_code == 200
    with made._turns:  # by somebody else, whose report takes long
        busy = client.get("/staff/reports/hw1/scores.csv")
        assert busy.status_code == 503
        assert "Reload in some seconds." in busy.content.decode()
        # What is there already needs no turn.
        assert client.get("/staff/reports/hw1/page").status_code == 200
    assert client.get("/staff/reports/hw1/scores.csv").status_code == 200


@pytest.fixture
def times_made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each time that the report's page is made."""
    times: list[int] = []

    def counted(report: AssignmentReport) -> str:
        times.append(1)
        return report_json(report)  # all that the page says, without drawing it

    monkeypatch.setitem(OF_ASSIGNMENT, "index.html", counted)
    return times


@pytest.mark.parametrize("do", CHANGES.values(), ids=CHANGES)
def test_a_report_is_made_anew_after_a_change_and_else_once(
    graded_site: Site, times_made: list[int], do: Callable[[Site], object]
) -> None:
    client = graded_site.client("tam")
    first = text(client, "/staff/reports/hw1/page")
    graded_site.at(graded_site.now + timedelta(minutes=5))
    assert text(client, "/staff/reports/hw1/page") == first
    assert len(times_made) == 1
    do(graded_site)
    second = text(client, "/staff/reports/hw1/page")
    assert len(times_made) == 2
    assert second != first


def test_a_ta_of_a_section_has_reports_of_their_students_only(graded_site: Site) -> None:
    graded_site.store.extensions.grant("hw1", student="ada", days=1, reason="ill", by="ivy")
    graded_site.store.requests.ask(1, "ada", "q1", "Why is that?")
    sections(graded_site)
    everything, some = graded_site.client("tam"), graded_site.client("sue")
    paths = [f"/staff/reports/hw1/{file}" for file in ("page", *list(OF_ASSIGNMENT)[1:])]
    paths += [f"/staff/term/{file}" for file in ("index.html", "gradebook.html", "gradebook.csv")]
    paths += ["/staff/term/report.json", "/staff/term/missing.csv"]
    for path in paths:
        if "difficulty" not in path and "index" not in path:
            named = "bob" if "missing" in path else "ada"
            assert ("missing" in path) or named in text(everything, path).casefold()
        shown = text(some, path).casefold()
        assert "ada" not in shown.replace("metadata", ""), path
        assert "why is that" not in shown
    assert "eve" in text(some, "/staff/reports/hw1/page").casefold()
    assert some.get("/staff/reports/hw1/feedback/ada.html").status_code == 404


def test_a_report_of_similar_notebooks_is_served_where_there_is_one(site: Site) -> None:
    client = site.client("tam")
    assert "course similarity hw1" in text(client, "/staff/similarity/")
    assert client.get("/staff/similarity/hw1/index.html").status_code == 404
    folder = site.served.data / "similarity" / "hw1"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<p>pairs</p>")
    (folder / "pair-1.html").write_text("<script>x</script>")
    assert 'href="/staff/similarity/hw1/index.html"' in text(client, "/staff/similarity/")
    answer = client.get("/staff/similarity/hw1/pair-1.html")
    assert answer.content == b"<script>x</script>"
    assert answer["Content-Security-Policy"] == REPORT_POLICY


@pytest.mark.parametrize(
    "path", ["hw9/index.html", "hw1/report.json", "hw1/..%2F..%2Fsecret", "hw1/%2e%2e.html"]
)
def test_nothing_else_of_the_data_folder_is_served(site: Site, path: str) -> None:
    for name in ("hw1", "hw9"):
        folder = site.served.data / "similarity" / name
        folder.mkdir(parents=True)
        (folder / "report.json").write_text("{}")
        (folder / "index.html").write_text("x")
    assert site.client("ivy").get(f"/staff/similarity/{path}").status_code == 404


def test_similar_notebooks_are_for_staff_of_all_sections(site: Site) -> None:
    sections(site)
    client = site.client("sue")
    assert "staff of the whole course" in text(client, "/staff/similarity/")
    assert client.get("/staff/similarity/hw1/index.html").status_code == 403


@pytest.mark.parametrize(
    "path", ["reports/", "reports/hw1/page", "term/index.html", "similarity/", "gradebook/"]
)
def test_students_see_no_reports(site: Site, path: str) -> None:
    assert site.client("ada").get(f"/staff/{path}").status_code == 403
