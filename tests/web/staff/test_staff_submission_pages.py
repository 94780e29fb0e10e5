"""The list of submissions by what staff look for, and the page of one."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from grader.outcomes import (
    CellRecord,
    CellStatus,
    CheckResult,
    Ending,
    GradedSubmission,
    Outcome,
    Usage,
)
from grader.store import State
from tests.term_course import graded, notebook
from tests.web.site import NOON, Site
from tests.web.staff.marking_course import anonymous, essay, group, sections

STRANGE = GradedSubmission(
    Ending.TIMEOUT,
    "it ran <i>out</i> of time",
    (
        CellRecord(0, CellStatus.OK, 0.1, "fine"),
        CellRecord(1, CellStatus.RAISED, 0.1, "<u>seen</u>", "\x1b[31mValueError: <b>no</b>"),
        CellRecord(2, CellStatus.NOT_RUN),
    ),
    (
        CheckResult(
            "check_q1", "q1", "Half", 6, 2, Outcome.WRONG_VALUE, "A factor of <s>2</s>.",
            mutant="twice_as_much", error=0.5, allowed=1e-6,
        ),
        CheckResult("check_q2", "q2", "Other half", 4, 4, Outcome.PASSED, error=1e-9, allowed=1e-6),
    ),
    Usage(12.3, 4.5, 300 << 20),
    {"imports": 2.5},
    "checks-1",
)  # fmt: skip


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


def found(client: Client, query: str = "") -> list[int]:
    """The numbers in the list, in order."""
    shown = page(client, f"/staff/submissions/{query}")
    return [int(number) for number in re.findall(r'<td class="n"><a href="[^"]*">(\d+)</a>', shown)]


def told(client: Client, path: str, what: dict[str, str]) -> str:
    answer = client.post(path, what, follow=True)
    assert answer.redirect_chain
    return " ".join(answer.content.decode().split())


@pytest.fixture
def cohort(site: Site) -> Site:
    """1: ada's older, zero; 2: ada's, full; 3: bob's, partial and strange; 4: eve's, queued."""
    for student, text, result in (
        ("ada", "1", graded(("q1", 0, 6), ("q2", 0, 4))),
        ("ada", "2", graded(("q1", 6, 6), ("q2", 4, 4))),
        ("bob", "3", STRANGE),
    ):
        site.at(site.now + timedelta(minutes=1))
        site.hand_in(student, data=notebook(text))
        site.grade(found=result)
    site.at(site.now + timedelta(minutes=1))
    site.hand_in("eve")
    return site


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [4, 3, 2]),
        ("?older=yes", [4, 3, 2, 1]),
        ("?assignment=hw1&order=oldest+first", [2, 3, 4]),
        ("?assignment=hw2", []),
        ("?assignment=hw9", [4, 3, 2]),
        ("?outcome=full+marks", [2]),
        ("?outcome=partial", [3]),
        ("?outcome=zero", []),
        ("?outcome=zero&older=yes", [1]),
        ("?outcome=queued", [4]),
        ("?outcome=nonsense", [4, 3, 2]),
        ("?text=AD", [2]),
        ("?text=bob@mail", [3]),
        ("?text=nobody", []),
        ("?order=lowest+points+first", [3, 2, 4]),
        ("?order=by+student", [2, 3, 4]),
        ("?assignment=hw1&kind=ending:timeout", [3]),
        ("?assignment=hw1&kind=outcome:wrong+value", [3]),
        ("?assignment=hw1&kind=outcome:wrong+value&older=yes", [3, 1]),
        ("?assignment=hw1&kind=mistake:twice_as_much:check_q1", [3]),
        ("?assignment=hw1&kind=mistake:another:check_q1", []),
        ("?assignment=hw1&kind=nonsense", []),
        ("?page=7", [4, 3, 2]),
    ],
)
def test_submissions_are_found_by_what_is_looked_for(
    cohort: Site, query: str, numbers: list[int]
) -> None:
    assert found(cohort.client("tam"), query) == numbers


def test_kinds_of_failure_are_offered_with_how_many_have_them(cohort: Site) -> None:
    shown = page(cohort.client("tam"), "/staff/submissions/?assignment=hw1&older=yes")
    assert '<option value="ending:timeout">Out of time: 1</option>' in shown
    assert '<option value="outcome:wrong value">Wrong value: 2</option>' in shown
    mistake = "mistake:twice_as_much:check_q1"
    assert f'<option value="{mistake}">twice as much (check_q1): 1</option>' in shown
    assert "Out of time, twice as much, Wrong value" in shown


def test_what_is_adopted_is_found_by_what_it_found(cohort: Site) -> None:
    client = cohort.client("tam")
    query = "?assignment=hw1&kind=ending:timeout"
    assert found(client, query) == [3]
    cohort.store.regrades.queue([3])
    cohort.grade()
    assert found(client, query) == [3]
    cohort.store.regrades.adopt("hw1", by="tam", reason="mended")
    assert found(client, query) == []


def test_who_has_not_submitted_is_told_by_assignment(cohort: Site) -> None:
    client = cohort.client("tam")
    shown = page(client, "/staff/submissions/?assignment=hw1&outcome=not+submitted")
    assert re.findall(r'href="/staff/students/(\w+)/"', shown) == ["joe", "kim"]
    shown = page(client, "/staff/submissions/?assignment=hw1&outcome=not+submitted&text=kim")
    assert re.findall(r'href="/staff/students/(\w+)/"', shown) == ["kim"]
    assert "Choose an assignment" in page(client, "/staff/submissions/?outcome=not+submitted")


def test_a_long_list_goes_a_page_at_a_time(site: Site) -> None:
    for turn in range(51):
        site.at(NOON + timedelta(minutes=turn))
        site.hand_in("ada", data=notebook(str(turn)))
    client = site.client("tam")
    first = page(client, "/staff/submissions/?older=yes")
    assert "1–50 of 51" in first
    assert 'href="?older=yes&amp;page=2" rel="next"' in first
    assert found(client, "?older=yes&page=2") == [1]


def test_one_can_go_on_to_the_next_that_was_found(cohort: Site) -> None:
    shown = page(cohort.client("tam"), "/staff/submissions/2/?assignment=hw1&order=oldest+first")
    query = "?assignment=hw1&amp;order=oldest+first"
    assert "1 of 3" in shown
    assert f'rel="next" href="/staff/submissions/3/{query}"' in shown
    assert 'rel="prev"' not in shown
    assert f'action="/staff/submissions/2/withdraw{query}"' in shown
    assert 'rel="next"' not in page(cohort.client("tam"), "/staff/submissions/2/?outcome=queued")


def test_all_that_grading_found_is_shown_escaped(cohort: Site) -> None:
    shown = page(cohort.client("tam"), "/staff/submissions/3/")
    for text in (
        "6 of 10", "Out of time", "it ran &lt;i&gt;out&lt;/i&gt; of time", "1 cell not reached",
        "A factor of &lt;s&gt;2&lt;/s&gt;.", "5.00e-01", "1.00e-06", "twice as much",
        "ValueError: &lt;b&gt;no&lt;/b&gt;", "&lt;u&gt;seen&lt;/u&gt;", "12 s", "4.5 s", "300 MiB",
        "imports", "2.5 s", "checks-1", "1 check passed", "on time", "counts",
        'sandbox="" class="stranger"', 'src="/submissions/3/notebook/frame"',
        'href="/submissions/3/file"', "/staff/marking/hw1/q1/3/", "/staff/students/bob/",
    ):  # fmt: skip
        assert text in shown, text
    assert "<b>no</b>" not in shown
    assert "\x1b" not in shown


def test_every_grading_is_there_and_a_proposal_is_marked(cohort: Site) -> None:
    cohort.store.regrades.queue([3])
    cohort.grade(found=graded(("q1", 6, 6), ("q2", 4, 4)))
    shown = page(cohort.client("tam"), "/staff/submissions/3/")
    results = [row.id for row in cohort.store.results(3)]
    assert f"Result {results[1]}: 10 of 10" in shown
    assert "another result is proposed" in shown
    assert shown.index(f"Result {results[1]}:") < shown.index(f"Result {results[0]}:")
    assert "proposed, " in shown
    assert "current, " in shown


def test_that_another_one_counts_is_told(cohort: Site) -> None:
    shown = page(cohort.client("tam"), "/staff/submissions/1/")
    assert '<a href="/staff/submissions/2/">2</a> counts instead' in shown


def test_what_came_late_says_so(site: Site) -> None:
    site.at(NOON + timedelta(days=9))
    number = site.hand_in("ada")
    site.grade()
    shown = page(site.client("tam"), f"/staff/submissions/{number}/")
    assert "1 day late: 90 % of the points earned" in shown
    assert "6.3 of 10" in shown


def test_points_by_hand_are_shown_with_who_gave_them(cohort: Site) -> None:
    cohort.store.marks.give(3, "q1", 3, comment="<i>good</i>", by="tam")
    shown = page(cohort.client("ivy"), "/staff/submissions/3/")
    assert "by tam" in shown
    assert "&lt;i&gt;good&lt;/i&gt;" in shown


def test_what_is_graded_is_graded_again_for_a_proposal(cohort: Site) -> None:
    assert "will be graded again" in told(cohort.client("tam"), "/staff/submissions/3/again", {})
    assert cohort.store.regrades.waiting("hw1") == 1
    assert cohort.store.submission(3).state is State.QUEUED
    assert "It is queued: there is" in told(cohort.client("tam"), "/staff/submissions/3/again", {})


def test_what_was_superseded_can_be_graded(site: Site) -> None:
    first = site.hand_in("ada", data=notebook("1"))
    site.at(site.now + timedelta(minutes=1))
    site.hand_in("ada", data=notebook("2"))
    assert site.store.submission(first).state is State.SUPERSEDED
    told(site.client("tam"), f"/staff/submissions/{first}/again", {})
    assert site.store.submission(first).state is State.QUEUED
    assert site.store.history(first)[-1].detail == "asked for by tam"


def test_what_people_grade_is_not_queued(site: Site) -> None:
    group(site, "Alphas", ["ada", "bob"])
    number = essay(site, "ada")
    shown = page(site.client("tam"), f"/staff/submissions/{number}/")
    assert "People grade it" in shown
    assert "/again" not in shown
    assert "nothing to grade again" in told(
        site.client("tam"), f"/staff/submissions/{number}/again", {}
    )
    assert site.store.submission(number).state is State.BY_HAND


def test_one_is_withdrawn_and_given_back_with_a_reason(cohort: Site) -> None:
    client = cohort.client("tam")
    there = "/staff/submissions/2/withdraw"
    assert "It needs a reason" in told(client, there, {"do": "withdraw", "reason": " "})
    assert cohort.store.submission(2).state is State.GRADED
    done = told(client, there, {"do": "withdraw", "reason": "of another course"})
    assert "Submission 2 is withdrawn. submission 1 counts now." in done
    assert cohort.store.submission(2).state is State.WITHDRAWN
    assert cohort.store.history(2)[-1].detail == "by tam: of another course"
    assert "is withdrawn already" in told(client, there, {"do": "withdraw", "reason": "again"})
    done = told(client, there, {"do": "reinstate", "reason": "it was theirs"})
    assert "given back; it is graded now. submission 2 counts now." in done
    assert cohort.store.submission(2).state is State.GRADED


def test_a_ta_of_a_section_finds_only_their_students(cohort: Site) -> None:
    sections(cohort)
    client = cohort.client("sue")
    assert found(client) == [4]
    assert found(client, "?assignment=hw1&older=yes") == [4]
    assert found(client, "?text=ada") == []
    absent = page(client, "/staff/submissions/?assignment=hw1&outcome=not+submitted")
    assert re.findall(r'href="/staff/students/(\w+)/"', absent) == ["joe", "kim"]
    for path in ("", "again", "withdraw"):
        there = f"/staff/submissions/3/{path}"
        answer = client.post(there, {"reason": "x"}) if path else client.get(there)
        assert answer.status_code == 404
    assert cohort.store.submission(3).state is State.GRADED


def test_of_a_group_across_sections_a_ta_sees_theirs(site: Site) -> None:
    sections(site)
    group(site, "Mixed", ["ada", "eve"])
    number = essay(site, "ada")
    client = site.client("sue")
    assert found(client) == [number]
    for path in ("/staff/submissions/", f"/staff/submissions/{number}/"):
        shown = page(client, path)
        assert "Eve" in shown
        assert "Ada" not in shown


def test_names_that_are_hidden_from_markers_are_hidden_here(site: Site) -> None:
    anonymous(site)
    group(site, "Alphas", ["ada", "bob"])
    number = essay(site, "ada")
    for path in ("/staff/submissions/", f"/staff/submissions/{number}/"):
        shown = page(site.client("tam"), path)
        assert "Paper " in shown
        assert "ada" not in shown.casefold()
        assert "ada" in page(site.client("ivy"), path).casefold()
    assert found(site.client("tam"), "?text=ada") == []
    assert found(site.client("ivy"), "?text=ada") == [number]


@pytest.mark.parametrize("path", ["", "2/"])
def test_students_are_kept_out_of_the_list(cohort: Site, path: str) -> None:
    assert cohort.client("ada").get(f"/staff/submissions/{path}").status_code == 403


def test_a_number_that_nobody_has_is_not_found(site: Site) -> None:
    assert site.client("ivy").get("/staff/submissions/99/").status_code == 404
