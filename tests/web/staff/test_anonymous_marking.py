"""Where an assignment is anonymous, nothing on a TA's pages of it tells whose a paper is."""

import re

import pytest

from grader.desk.papers import nameless
from tests.term_course import STUDENTS, graded
from tests.web.site import Site
from tests.web.staff.marking_course import (
    anonymous,
    at,
    change,
    essay,
    mark,
    sections,
    shown,
    two_essays,
)

PAGES = ["", "idea/", "idea/{}/", "idea/{}/progress", "idea/{}/?names=1", "idea/?names=1"]
WORDS = [*STUDENTS, *(name.title() for name in STUDENTS), "Alphas", "Betas", ".pdf", "mail.example"]


def told(page: str) -> list[str]:
    return [word for word in WORDS if re.search(rf"(?<![A-Za-z]){re.escape(word)}", page)]


@pytest.mark.parametrize("path", PAGES)
def test_a_ta_reads_no_name(site: Site, path: str) -> None:
    anonymous(site)
    first, _ = two_essays(site)
    page = shown(site.client("tam").get(f"/staff/marking/essay/{path.format(first)}"))
    assert told(page) == []


def test_without_it_the_same_pages_name_them(site: Site) -> None:
    first, _ = two_essays(site)
    for path in ("/staff/marking/essay/idea/", at("idea", first)):
        assert {"ada", "Ada", "bob", "Bob"} <= set(told(shown(site.client("tam").get(path))))


def test_what_is_said_after_saving_names_nobody(site: Site) -> None:
    anonymous(site)
    first, second = two_essays(site)
    site.store.marks.override("bob", "essay", 4, reason="bob was ill", by="prof")
    answer = mark(site.client("tam"), first, points="1", comment="Fine.", do="next")
    page = shown(answer)
    assert "1 of 3 for idea." in page
    assert "doesn&#x27;t move because of it: staff set it, or excused them" in page
    assert told(page) == []
    assert f"submission {second}, received" in page


def test_a_paper_has_one_name_and_others_have_others(site: Site) -> None:
    anonymous(site)
    first, second = two_essays(site)
    again = essay(site, "bob", b"% again\n")
    rows = [site.store.submission(number) for number in (first, again, second)]
    names = [nameless(site.store.secret(), row) for row in rows]
    assert names[0] == names[1] != names[2]
    assert re.fullmatch(r"[0-9a-f]{6}", names[0])
    assert nameless(b"another course", rows[0]) != names[0]
    assert f"<h1>Paper {names[0]}</h1>" in shown(site.client("tam").get(at("idea", first)))


def test_a_request_is_of_a_paper(site: Site) -> None:
    change(site, "title: First homework\n", "title: First homework\n    anonymous: true\n")
    number = site.hand_in("ada")
    site.grade("hw1", graded(("q1", 6, 6), ("q2", 1, 4)))
    row = site.store.requests.ask(number, "ada", "q2", "It is right.")
    site.store.requests.reply(row.id, "Why?", by="tam")
    site.store.requests.reply(row.id, "By the notes.", by="ada")
    paper = f"Paper {nameless(site.store.secret(), site.store.submission(number))}"
    for path in ("", f"{row.id}/"):
        page = shown(site.client("tam").get(f"/staff/requests/{path}"))
        assert paper in page
        assert told(page) == []
        assert {"ada", "Ada"} <= set(told(shown(site.client("ivy").get(f"/staff/requests/{path}"))))


def test_an_instructor_may_look(site: Site) -> None:
    anonymous(site)
    first, _ = two_essays(site)
    client = site.client("ivy")
    page = shown(client.get(at("idea", first)))
    assert told(page) == []
    assert '<a href="?names=1">Show names</a>' in page
    assert "Ada, Bob" in shown(client.get(at("idea", first) + "?names=1"))
    assert "Ada, Bob" in shown(client.get("/staff/marking/essay/idea/?names=1"))


def test_a_ta_is_offered_no_names(site: Site) -> None:
    anonymous(site)
    first, _ = two_essays(site)
    for path in (at("idea", first), "/staff/marking/essay/idea/"):
        assert "names=1" not in shown(site.client("tam").get(path))


def test_a_ta_of_a_section_reads_no_name_either(site: Site) -> None:
    anonymous(site)
    sections(site)
    _, second = two_essays(site)
    page = shown(site.client("sue").get(at("idea", second)))
    assert "<h1>Paper " in page
    assert told(page) == []


def test_the_file_has_no_name_of_its_owner(site: Site) -> None:
    anonymous(site)
    first, _ = two_essays(site)
    answer = site.client("tam").get(f"/submissions/{first}/pdf?download=1")
    assert answer["Content-Disposition"] == f'attachment; filename="essay-{first}.pdf"'


HOMEWORK = "    title: First homework\n"


def homework(site: Site) -> int:
    """Bob's homework, graded once, with another result proposed; it is anonymous."""
    change(site, HOMEWORK, f"{HOMEWORK}    anonymous: true\n")
    number = site.hand_in("bob")
    site.grade()
    site.store.regrades.queue([number])
    return number


def test_while_it_is_graded_a_ta_reads_no_name(site: Site) -> None:
    number = homework(site)
    assert site.store.claim(site.store.start_batch("hw1"))
    for path in ("/staff/", "/staff/live/"):
        page = shown(site.client("tam").get(path))
        assert f'/staff/submissions/{number}/">Paper ' in page
        assert "bob" not in told(page)
        assert "bob" in told(shown(site.client("ivy").get(path)))


def test_what_grading_again_proposes_is_of_papers(site: Site) -> None:
    homework(site)
    site.grade(found=graded(("q1", 1, 6), ("q2", 1, 4)))
    page = shown(site.client("tam").get("/staff/regrades/hw1/"))
    assert '<th scope="row">Paper ' in page
    assert told(page) == []
    assert told(shown(site.client("ivy").get("/staff/regrades/hw1/"))) == ["bob"]


@pytest.mark.parametrize(
    "path", ["", "page", "scores.csv", "checks.csv", "report.json", "index.pdf"]
)
def test_its_report_has_names_beside_papers_and_is_not_for_tas(site: Site, path: str) -> None:
    homework(site)
    assert site.client("tam").get(f"/staff/reports/hw1/{path}").status_code == 403
    if path != "index.pdf":
        assert site.client("ivy").get(f"/staff/reports/hw1/{path}").status_code == 200
    assert "/staff/reports/hw1/" not in shown(site.client("tam").get("/staff/reports/"))
    assert "/staff/reports/hw1/" in shown(site.client("ivy").get("/staff/reports/"))


def test_similar_notebooks_have_names_and_are_not_for_tas(site: Site) -> None:
    homework(site)
    folder = site.served.data / "similarity" / "hw1"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("eve")
    path = "/staff/similarity/hw1/index.html"
    assert site.client("tam").get(path).status_code == 403
    assert site.client("ivy").get(path).status_code == 200
    assert path not in shown(site.client("tam").get("/staff/similarity/"))


def test_it_counts_at_once_whatever_course_file_is_in_force(site: Site) -> None:
    first, second = two_essays(site)
    mark(site.client("tam"), first, points="1")
    anonymous(site)
    assert not site.place.current().waits
    assert told(shown(site.client("tam").get(at("idea", second)))) == []
