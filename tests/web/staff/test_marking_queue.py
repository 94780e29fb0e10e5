"""Which paper comes next: nobody gets one that somebody else has, or may not see."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client

from grader.web.visits import Role
from tests.intake.pdfs import pdf
from tests.web.site import Site
from tests.web.staff.marking_course import (
    at,
    essay,
    group,
    mark,
    sections,
    shown,
    table,
    two_essays,
)

NEXT = "/staff/marking/essay/idea/next"


def held(site: Site) -> dict[tuple[int, str], str]:
    return {(row.submission_id, row.question): row.by for row in site.store.holds.all()}


def test_the_overview_lists_what_is_out_and_marked_by_people(site: Site) -> None:
    page = shown(site.client("tam").get("/staff/marking/"))
    assert "/staff/marking/essay/" in page
    assert "hw1" not in page


def test_the_counts_of_an_assignment_are_by_question(site: Site) -> None:
    first, _ = two_essays(site)
    mark(site.client("tam"), first, "plan", points="1")
    site.client("ivy").post(NEXT)
    for headers in ({}, {"HX-Request": "true"}):
        answer = site.client("tam").get("/staff/marking/essay/", headers=headers)
        assert table(answer) == [
            ["Idea idea", "3", "2", "0", "2", "ivy", "Mark next"],
            ["Plan plan", "2", "2", "1", "1", "–", "Mark next"],
        ]
    assert "<html" not in shown(answer)


def test_the_next_paper_is_the_oldest_without_a_mark_and_is_held(site: Site) -> None:
    first, second = two_essays(site)
    answer = site.client("tam").post(NEXT)
    assert (answer.status_code, answer["Location"]) == (302, at("idea", first))
    assert held(site) == {(first, "idea"): "tam"}
    mark(site.client("tam"), first, points="2")
    assert site.client("tam").post(NEXT)["Location"] == at("idea", second)
    assert held(site) == {(second, "idea"): "tam"}


def test_who_asks_again_keeps_the_paper(site: Site) -> None:
    first, _ = two_essays(site)
    client = site.client("tam")
    assert {client.post(NEXT)["Location"] for _ in range(3)} == {at("idea", first)}


def test_two_never_get_the_same_paper(site: Site) -> None:
    first, second = two_essays(site)
    site.staff("tim", Role.TA)
    assert site.client("tam").post(NEXT)["Location"] == at("idea", first)
    assert site.client("tim").post(NEXT)["Location"] == at("idea", second)
    answer = site.client("ivy").post(NEXT, follow=True)
    assert "What is left of essay idea, others have before them now." in shown(answer)
    # Another question of the same paper is another matter.
    other = site.client("ivy").post("/staff/marking/essay/plan/next")
    assert other["Location"] == at("plan", first)


def test_two_who_ask_at_once_get_different_papers(site: Site) -> None:
    for name in ("ada", "bob", "eve", "joe"):
        group(site, name, [name])
        essay(site, name)
    names = ["tam", "ivy", "tim", "tom"]
    for name in names[2:]:
        site.staff(name, Role.TA)
    start = threading.Barrier(len(names))
    got: list[str] = []

    def ask(client: Client) -> None:
        start.wait()
        got.append(client.post(NEXT)["Location"])
        connections.close_all()

    threads = [threading.Thread(target=ask, args=(site.client(name),)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == len(got) == len(names)
    assert set(held(site).values()) == set(names)


def test_a_hold_that_was_forgotten_ends(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = two_essays(site)
    monkeypatch.setattr("grader.store.holds.HELD_FOR", timedelta(0))
    site.client("tam").post(NEXT)
    monkeypatch.undo()
    assert site.client("ivy").post(NEXT)["Location"] == at("idea", first)


def test_a_sign_of_being_there_keeps_a_paper(site: Site) -> None:
    first, _ = two_essays(site)
    site.client("tam").post(NEXT)
    (before,) = site.store.holds.all()
    answer = site.client("tam").post(at("idea", first, "hold"))
    (after,) = site.store.holds.all()
    assert after.until > before.until > datetime.now(UTC)
    assert "Yours until" in shown(answer)
    assert "tam has this paper until" in shown(site.client("ivy").post(at("idea", first, "hold")))
    assert held(site) == {(first, "idea"): "tam"}


def test_saving_goes_on_to_the_next_paper_behind_it(site: Site) -> None:
    first, second = two_essays(site)
    site.client("tam").post(NEXT)
    answer = mark(site.client("tam"), first, points="3", do="next")
    assert answer.redirect_chain[-1][0] == at("idea", second)
    answer = mark(site.client("tam"), second, points="3", do="next")
    assert answer.redirect_chain[-1][0] == "/staff/marking/essay/"
    assert "Nothing of essay idea is left to mark." in shown(answer)
    assert held(site) == {}


def test_what_is_skipped_is_put_back_and_comes_last(site: Site) -> None:
    first, second = two_essays(site)
    client = site.client("tam")
    client.post(NEXT)
    assert client.post(NEXT, {"after": str(first)})["Location"] == at("idea", second)
    assert held(site) == {(second, "idea"): "tam"}
    assert client.post(NEXT, {"after": str(second)})["Location"] == at("idea", first)
    mark(site.client("ivy"), second, points="1")
    answer = client.post(NEXT, {"after": str(first)}, follow=True)
    assert "Nothing else of essay idea is left to mark." in shown(answer)


def test_a_paper_can_be_put_back(site: Site) -> None:
    first, _ = two_essays(site)
    site.client("tam").post(NEXT)
    site.client("ivy").post(at("idea", first, "put-back"))
    assert held(site) == {(first, "idea"): "tam"}
    answer = site.client("tam").post(at("idea", first, "put-back"), {"quietly": "1"})
    assert (answer.status_code, held(site)) == (204, {})


def test_a_newer_paper_takes_the_place_of_an_older_one(site: Site) -> None:
    first, second = two_essays(site)
    mark(site.client("tam"), first, points="2")
    site.at(site.now + timedelta(hours=1))
    third = essay(site, "bob", b"% again\n")
    assert site.client("tam").post(NEXT)["Location"] == at("idea", second)
    page = shown(site.client("tam").get(at("idea", first)))
    assert f"This submission doesn&#x27;t count: submission {third} does." in page
    page = shown(site.client("tam").get(at("idea", third)))
    assert f"Submission {first} of theirs was marked before, by tam" in page


def test_a_ta_of_a_section_gets_papers_of_its_students_only(site: Site) -> None:
    sections(site)
    first, second = two_essays(site)
    client = site.client("sue")
    assert client.post(NEXT)["Location"] == at("idea", second)
    assert client.get(at("idea", first)).status_code == 404
    assert client.post(at("idea", first), {"points": "1"}).status_code == 404
    assert client.get(f"/submissions/{first}/pdf").status_code == 404
    (line,) = table(client.get("/staff/marking/essay/idea/"))
    assert line[:2] == ["Eve, Joe eve, joe", "L2"]
    assert [line[2] for line in table(client.get("/staff/marking/essay/"))] == ["1", "1"]


def test_a_group_of_two_sections_is_seen_by_both_with_their_own_only(site: Site) -> None:
    sections(site)
    group(site, "Mixed", ["ada", "eve"])
    number = essay(site, "ada")
    page = shown(site.client("sue").get(at("idea", number)))
    assert "Eve" in page
    assert "Ada" not in page
    assert "ada" not in page


def test_the_papers_beside_are_those_that_count(site: Site) -> None:
    first, second = two_essays(site)
    client = site.client("tam")
    start = "/staff/marking/essay/idea/"
    assert client.get(at("idea", first, "after"))["Location"] == at("idea", second)
    assert client.get(at("idea", second, "before"))["Location"] == at("idea", first)
    assert client.get(at("idea", first, "before"))["Location"] == start
    assert client.get(at("idea", second, "after"))["Location"] == start
    assert "paper 2 of 2, 2 left to mark" in shown(client.get(at("idea", second, "progress")))


def test_a_long_list_of_papers_has_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.web.staff.marking.ON_A_PAGE", 1)
    two_essays(site)
    answer = site.client("tam").get("/staff/marking/essay/idea/?page=2")
    assert [line[0] for line in table(answer)] == ["Eve, Joe eve, joe"]
    assert 'href="?page=1"' in shown(answer)


def test_nothing_is_taken_by_looking(site: Site) -> None:
    first, _ = two_essays(site)
    client = site.client("tam")
    for path in ("/staff/marking/", "/staff/marking/essay/", at("idea", first)):
        assert client.get(path).status_code == 200
    assert client.get(NEXT).status_code == 405
    assert held(site) == {}
    assert pdf(body=b"% ada\n") == client.get(f"/submissions/{first}/pdf").content
