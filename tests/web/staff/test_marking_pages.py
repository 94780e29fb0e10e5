"""The page of a paper: what it gives is what `course mark` gives, and what it refuses is kept."""

from datetime import timedelta

import pytest

from grader.gradebook.evidence import gather_student
from grader.gradebook.term import Sheets
from tests.cli.term_command import Term
from tests.term_course import graded
from tests.web.site import Site
from tests.web.staff.marking_course import (
    at,
    change,
    essay,
    given,
    group,
    mark,
    sections,
    shown,
    status,
    two_essays,
)


@pytest.mark.parametrize(
    ("question", "sent", "options"),
    [
        pytest.param(
            "idea",
            {"item-question": "1", "item-why": "0.5", "comment": "Which data?"},
            ("--item", "question", "--item", "why=0.5", "--comment", "Which data?"),
            id="full and half",
        ),
        pytest.param(
            "idea",
            {"item-question": "share", "share-question": "0.3", "points": "-0.25"},
            ("--item", "question=0.3", "--points", "-0.25"),
            id="a share, and points taken beside it",
        ),
        pytest.param(
            "idea",
            {"item-question": "1", "item-why": "0"},
            ("--item", "question"),
            id="an item that is not met",
        ),
        pytest.param("idea", {"points": "2.5"}, ("--points", "2.5"), id="no item at all"),
        pytest.param("plan", {"points": " 2 "}, ("--points", "2"), id="no rubric"),
        pytest.param("plan", {"points": "0"}, ("--points", "0"), id="nothing is a mark too"),
    ],
)
def test_marks_land_as_the_command_gives_them(
    site: Site,
    capsys: pytest.CaptureFixture[str],
    question: str,
    sent: dict[str, str],
    options: tuple[str, ...],
) -> None:
    first, second = two_essays(site)
    answer = mark(site.client("tam"), first, question, **sent)
    assert f"for {question}." in shown(answer)
    (site.served.data / "rehearsal").touch()
    command = Term(site.served.course_file.parent, capsys)
    ran = command("mark", "essay", "eve", question, *options)
    assert ran.code == 0, ran.words
    ours, theirs = given(site)
    assert ours[:1] == (first,)
    assert theirs[:1] == (second,)
    assert ours[1:5] == theirs[1:5]
    assert ours[5] == "tam"


@pytest.mark.parametrize(
    ("question", "sent", "words"),
    [
        ("plan", {}, "give points, or the rubric&#x27;s items that are met."),
        ("idea", {}, "give points, or the rubric&#x27;s items that are met: question, why."),
        ("plan", {"points": "2.5"}, "plan has 0 to 2 points, not 2.5."),
        ("plan", {"points": "-1"}, "plan has 0 to 2 points, not -1."),
        ("plan", {"points": "nan"}, "plan has 0 to 2 points, not nan."),
        ("plan", {"points": "two"}, "&#x27;two&#x27; is no number of points, such as 1.5."),
        (
            "idea",
            {"item-question": "1", "points": "1.5"},
            "the items are worth 2 of 3, so points beside them may be -2 to 1, not 1.5.",
        ),
        (
            "idea",
            {"item-why": "share", "share-why": "1.5"},
            "why=1.5: a share lies between 0 and 1",
        ),
        ("idea", {"item-why": "share", "share-why": "x"}, "&#x27;x&#x27; is no share from 0 to 1"),
        ("idea", {"item-why": "share"}, "&#x27;?&#x27; is no share from 0 to 1"),
        ("plan", {"points": "1", "comment": "x" * 20_001}, "the comment has 20,001 characters"),
    ],
)
def test_what_is_no_mark_is_refused_with_the_reason_and_stays_in_the_form(
    site: Site, question: str, sent: dict[str, str], words: str
) -> None:
    first, _ = two_essays(site)
    page = shown(mark(site.client("tam"), first, question, **{"comment": "Kept.", **sent}))
    assert "Not saved: " in page
    assert words in page
    assert given(site) == []
    assert sent.get("comment", "Kept.") in page
    assert "This is your draft" in page


def test_marks_count_for_all_of_the_group(site: Site) -> None:
    first, _ = two_essays(site)
    for question in ("idea", "plan"):
        mark(site.client("tam"), first, question, points="2")
    course = site.place.current().course
    for student in ("ada", "bob"):
        evidence = gather_student(site.store, course, student)
        grade = Sheets(course, evidence, site.now).term(student).grades["essay"]
        assert grade.score.final == 4


def test_an_earlier_mark_fills_the_form_and_stays_on_record(site: Site) -> None:
    first, _ = two_essays(site)
    sent = {"item-question": "1", "item-why": "share", "share-why": "0.25", "comment": "Why?"}
    mark(site.client("tam"), first, **sent)
    page = shown(site.client("ivy").get(at("idea", first)))
    assert "2.25 of 3 by tam" in page
    assert 'name="item-question" value="1" checked' in page
    assert 'name="share-why" value="0.25"' in page
    assert "Why?</textarea>" in page
    mark(site.client("ivy"), first, points="3", comment="Found it.")
    page = shown(site.client("tam").get(at("idea", first)))
    assert "3 of 3 by ivy" in page
    assert "2.25 by tam" in page
    assert len(given(site)) == 2


def test_comments_of_the_question_can_be_used_again(site: Site) -> None:
    first, second = two_essays(site)
    mark(site.client("ivy"), first, "plan", points="1", comment="Too much for a week.")
    page = shown(site.client("tam").get(at("plan", second)))
    assert '<span class="said">Too much for a week.</span>' in page
    assert "Too much" not in shown(site.client("tam").get(at("idea", second)))


def test_a_ta_of_a_section_is_offered_what_its_students_were_told(site: Site) -> None:
    first, second = two_essays(site)
    sections(site)
    mark(site.client("ivy"), first, "plan", points="1", comment="Bob, come and see me.")
    mark(site.client("ivy"), second, "plan", points="1", comment="Too much for a week.")
    third = essay(site, "eve", b"% once more\n")
    page = shown(site.client("sue").get(at("plan", third)))
    assert "Too much for a week." in page
    assert "Bob" not in page


def test_what_somebody_else_has_before_them_can_not_be_marked(site: Site) -> None:
    first, _ = two_essays(site)
    site.client("ivy").post("/staff/marking/essay/idea/next")
    page = shown(site.client("tam").get(at("idea", first)))
    assert "ivy has this paper until" in page
    assert '<fieldset class="bare" disabled>' in page
    page = shown(mark(site.client("tam"), first, points="1", comment="Mine."))
    assert "Not saved: ivy has this paper until" in page
    assert "Mine." in page
    assert given(site) == []


def test_a_mark_that_was_given_meanwhile_is_seen_before_it_is_replaced(site: Site) -> None:
    first, _ = two_essays(site)
    mark(site.client("ivy"), first, points="3")
    answer = site.client("tam").post(at("idea", first), {"points": "1", "seen": ""}, follow=True)
    assert "Not saved: ivy has marked this meanwhile" in shown(answer)
    assert len(given(site)) == 1
    mark(site.client("tam"), first, points="1")
    assert [(row[2], row[5]) for row in given(site)] == [(3, "ivy"), (1, "tam")]


def test_a_mark_that_changes_no_grade_says_so(site: Site) -> None:
    first, _ = two_essays(site)
    site.store.marks.override("bob", "essay", 4, reason="oral exam", by="prof")
    page = shown(mark(site.client("tam"), first, points="1"))
    words = "The grade of bob doesn&#x27;t move because of it: prof set the score to 4 (oral exam)."
    assert words in page
    site.at(site.now + timedelta(hours=1))
    second = essay(site, "ada", b"% again\n")
    page = shown(mark(site.client("tam"), first, points="2"))
    assert f"Submission {first} doesn&#x27;t count: submission {second} does." in page


def test_points_for_a_question_of_the_checks_replace_theirs(site: Site) -> None:
    number = site.hand_in("ada")
    site.grade("hw1", graded(("q1", 6, 6), ("q2", 1, 4)))
    client = site.client("tam")
    page = shown(client.get(f"/staff/marking/hw1/q2/{number}/"))
    assert "The checks gave 1 of 4; points from you replace that." in page
    assert f'src="/submissions/{number}/notebook/frame?question=q2"' in page
    client.post(f"/staff/marking/hw1/q2/{number}/", {"points": "3"})
    (row,) = site.store.marks.of("hw1")
    assert (row.question, row.points, row.by) == ("q2", 3.0, "tam")


def test_the_first_mark_puts_the_course_file_in_force(site: Site) -> None:
    first, _ = two_essays(site)
    assert site.store.record.version_in_force() is None
    mark(site.client("tam"), first, points="1")
    version = site.store.record.version_in_force()
    assert version is not None
    assert version.by == "tam"
    # A rubric that is edited afterwards counts once it is applied.
    change(site, "name: why, points: 1", "name: because, points: 1")
    assert "item-why" in shown(site.client("tam").get(at("idea", first)))


def test_a_comment_is_text(site: Site) -> None:
    first, second = two_essays(site)
    mark(site.client("tam"), first, points="1", comment="<script>alert(1)</script>")
    for number in (first, second):
        page = shown(site.client("ivy").get(at("idea", number)))
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "path",
    [
        "/staff/marking/nothing/",
        "/staff/marking/essay/nothing/",
        "/staff/marking/essay/idea/99/",
        "/staff/marking/essay/nothing/1/",
        "/staff/marking/hw1/q1/1/",
        "/submissions/99/pdf",
    ],
)
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    two_essays(site)
    assert site.client("tam").get(path).status_code == 404


def test_what_was_withdrawn_can_not_be_marked(site: Site) -> None:
    first, _ = two_essays(site)
    site.store.withdrawals.withdraw(first, reason="the wrong file", by="prof")
    assert site.client("tam").get(at("idea", first)).status_code == 404
    assert site.client("tam").post(at("idea", first), {"points": "1"}).status_code == 404
    assert given(site) == []


PATHS = [
    ("GET", "/staff/marking/"),
    ("GET", "/staff/marking/essay/"),
    ("GET", "/staff/marking/essay/idea/"),
    ("POST", "/staff/marking/essay/idea/next"),
    ("GET", at("idea", 1)),
    ("POST", at("idea", 1)),
    ("POST", at("idea", 1, "hold")),
    ("POST", at("idea", 1, "draft")),
    ("POST", at("idea", 1, "put-back")),
    ("GET", at("idea", 1, "before")),
    ("GET", at("idea", 1, "after")),
    ("GET", at("idea", 1, "progress")),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_students_mark_nothing(site: Site, method: str, path: str) -> None:
    two_essays(site)
    assert status(site.client("ada"), method, path) == 403
    assert status(site.client(), method, path) == (302 if method == "GET" else 401)
    assert (given(site), site.store.holds.all()) == ([], ())


def test_a_form_of_another_site_is_refused(site: Site) -> None:
    first, _ = two_essays(site)
    client = site.client("tam", enforce_csrf_checks=True)
    for what in ("", "hold", "draft", "put-back"):
        assert client.post(at("idea", first, what), {"points": "1"}).status_code == 403
    assert (given(site), site.store.holds.all()) == ([], ())


def test_a_pdf_is_for_its_owners_and_staff_and_can_be_no_page(site: Site) -> None:
    first, _ = two_essays(site)
    for login, code in (("ada", 200), ("bob", 200), ("eve", 404), ("tam", 200), ("", 302)):
        assert site.client(login).get(f"/submissions/{first}/pdf").status_code == code
    answer = site.client("tam").get(f"/submissions/{first}/pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == f'inline; filename="essay-{first}.pdf"'
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert policy.endswith("frame-ancestors 'self'")
    saved = site.client("tam").get(f"/submissions/{first}/pdf?download=1")
    assert saved["Content-Disposition"].startswith("attachment;")
    assert site.client("tam").get(f"/submissions/{site.hand_in('ada')}/pdf").status_code == 404


def test_who_is_excused_leaves_nothing_to_mark(site: Site) -> None:
    group(site, "Alphas", ["ada", "bob"])
    essay(site, "ada")
    for student, left in (("ada", 1), ("bob", 0)):
        site.store.marks.override(student, "essay", None, excused=True, reason="ill", by="prof")
        page = shown(site.client("tam").get("/staff/marking/essay/idea/"))
        assert f"{left} left to mark" in page
