"""`course mark`: which submission it marks and what it tells; `course diff` on lost marks."""

import json

import pytest

from grader.store import ActionRow, Store, open_store
from tests.cli.term_command import Term, change_course, hand_in, steps
from tests.intake.pdfs import pdf
from tests.term_course import notebook

FIRST, SECOND = "2027-01-20 12:00", "2027-01-21 12:00"
QUESTION = "- {name: question, points: 2, text: A question}"


@pytest.fixture
def essays(term: Term) -> Term:
    """ada and bob handed in an essay twice (1 and 2), eve and joe one (3); kim did alone (4)."""
    newer = term.folder / "newer.pdf"
    newer.write_bytes(pdf(body=b"% newer\n"))
    term("group", "form", "essay", "A", "ada", "bob")
    term("group", "form", "essay", "B", "eve", "joe")
    for student, file, now in (
        ("ada", term.folder / "essay.pdf", FIRST),
        ("bob", newer, SECOND),
        ("joe", newer, SECOND),
    ):
        assert term("submit", "essay", student, str(file), now=now).code == 0
    assert hand_in(term, "kim").code == 0
    return term


def marks(term: Term) -> list[tuple[int, str, float]]:
    with open_store(term.folder / "data") as store:
        return [(row.submission_id, row.question, row.points) for row in store.marks.of("essay")]


def recorded(term: Term) -> list[ActionRow]:
    with open_store(term.folder / "data") as store:
        return [row for row in store.record.actions() if row.what == "mark"]


def test_marks_are_for_what_counts_and_on_record(essays: Term):
    ran = essays("mark", "essay", "ada", "plan", "--points", "1.5", "--comment", "How long?")
    assert ran.out == "essay plan of ada: 1.5 of 2, for submission 2 of bob\n"
    assert marks(essays) == [(2, "plan", 1.5)]
    (action,) = recorded(essays)
    assert (action.by, action.subject, action.reason) == ("prof", "essay plan bob", "How long?")
    assert action.detail == "1.5 points, submission 2"


def test_items_are_on_record_by_their_names(essays: Term):
    essays("mark", "essay", "ada", "idea", "--item", "question", "--item", "why=0.5")
    assert recorded(essays)[0].detail == "question=1, why=0.5, submission 2"


def test_an_older_submission_can_be_marked_and_that_it_does_not_count_is_told(essays: Term):
    ran = essays("mark", "essay", "ada", "plan", "--points", "1", "--submission", "1")
    assert ran.out.splitlines() == [
        "essay plan of ada: 1 of 2, for submission 1 of ada",
        "submission 1 doesn't count: submission 2 does",
    ]
    assert marks(essays) == [(1, "plan", 1.0)]
    assert steps(essays, "ada", "essay")["plan"] == "– of 2 (waits for a grade by hand)"


def test_the_one_that_counts_can_be_named_too(essays: Term):
    ran = essays("mark", "essay", "bob", "plan", "--points", "1", "--submission", "2")
    assert ran.out == "essay plan of bob: 1 of 2, for submission 2 of bob\n"


THEIRS = "those are 1 (received 2027-01-20 12:00 EST), 2 (received 2027-01-21 12:00 EST)"


@pytest.mark.parametrize(
    ("student", "name", "number", "words"),
    [
        pytest.param("ada", "essay", 3, THEIRS, id="another group's"),
        pytest.param("ada", "essay", 4, THEIRS, id="of another assignment"),
        pytest.param("bob", "essay", 99, THEIRS, id="of nobody"),
        pytest.param("ada", "essay", -1, THEIRS, id="no number"),
        pytest.param("kim", "essay", 2, "handed in for essay; there is none", id="has none"),
    ],
)
def test_a_submission_that_is_not_theirs_is_refused_with_those_that_are(
    essays: Term, student: str, name: str, number: int, words: str
):
    ran = essays("mark", name, student, "plan", "--points", "1", "--submission", str(number))
    assert ran.code == 1
    assert f"submission {number} is not one that {student} or their group handed in" in ran.words
    assert words in ran.words
    assert marks(essays) == []
    assert recorded(essays) == []


def test_who_left_a_group_can_not_be_marked_for_what_it_handed_in_since(essays: Term):
    essays("group", "join", "essay", "A", "kim")
    essays("group", "leave", "essay", "ada")
    third = essays.folder / "third.pdf"
    third.write_bytes(pdf(body=b"% third\n"))
    assert essays("submit", "essay", "bob", str(third), now="2027-01-22 12:00").code == 0
    refused = essays("mark", "essay", "ada", "plan", "--points", "1", "--submission", "5")
    assert (refused.code, THEIRS in refused.words) == (1, True)
    for student in ("bob", "kim"):
        ran = essays("mark", "essay", student, "plan", "--points", "1", "--submission", "5")
        assert ran.code == 0, ran.words


def test_who_joined_later_can_be_marked_for_what_the_group_had_handed_in(essays: Term):
    essays("group", "join", "essay", "A", "kim")
    ran = essays("mark", "essay", "kim", "plan", "--points", "1", "--submission", "2")
    assert ran.out == "essay plan of kim: 1 of 2, for submission 2 of bob\n"


def test_what_was_withdrawn_can_not_be_marked(essays: Term):
    with open_store(essays.folder / "data") as store:
        store.withdrawals.withdraw(2, reason="the wrong file", by="prof")
    ran = essays("mark", "essay", "ada", "plan", "--points", "1", "--submission", "2")
    assert (ran.code, "those are 1 (received 2027-01-20 12:00 EST)\n" in ran.err) == (1, True)
    assert marks(essays) == []


def test_that_an_older_one_was_marked_before_is_told_once(term: Term):
    hand_in(term, now=FIRST)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    assert term("mark", "hw1", "ada", "q2", "--points", "4").out.count("\n") == 1
    (term.folder / "ada.ipynb").write_bytes(notebook("x = 2"))
    hand_in(term, now=SECOND)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    other = term("mark", "hw1", "ada", "q1", "--points", "5").out
    assert "marked before" not in other
    told = term("mark", "hw1", "ada", "q2", "--points", "3").out.splitlines()
    assert told[0] == "hw1 q2 of ada: 3 of 4, for submission 2 of ada"
    assert told[1].startswith("q2 was marked before for submission 1, by prof at 20")
    assert told[1].endswith("; submission 2 is newer and counts instead")
    assert len(told) == 2
    assert "before" not in term("mark", "hw1", "ada", "q2", "--points", "2").out


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ("1", "the items are worth 2.5 of 3, so --points beside them may be -2.5 to 0.5, not 1"),
        ("-3", "may be -2.5 to 0.5, not -3"),
        ("nan", "may be -2.5 to 0.5, not nan"),
    ],
)
def test_points_beside_items_beyond_the_bounds_are_refused(essays: Term, points: str, words: str):
    items = ("mark", "essay", "ada", "idea", "--item", "question", "--item", "why=0.5")
    ran = essays(*items, "--points", points)
    assert (ran.code, words in ran.words) == (1, True), ran.words
    assert marks(essays) == []
    for within, earned in (("0.5", "3 of 3"), ("-2.5", "0 of 3")):
        assert f"essay idea of ada: {earned}" in essays(*items, "--points", within).out


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (("--points", "4"), "prof set the score to 4 (oral exam)"),
        (("--excuse",), "prof excused them (oral exam)"),
    ],
)
def test_that_an_override_holds_the_grade_is_told(
    essays: Term, override: tuple[str, ...], words: str
):
    set_so = ("override", "essay", "bob", "--reason", "oral exam")
    assert essays(*set_so, *override).code == 0
    told = essays("mark", "essay", "ada", "plan", "--points", "1").out.splitlines()
    assert told[1:] == [f"the grade of bob doesn't move because of it: {words}"]
    essays(*set_so, "--withdraw")
    assert essays("mark", "essay", "bob", "plan", "--points", "2").out.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "points", "excused"),
    [(("--points", "4"), 4.0, False), (("--excuse",), None, True), (("--withdraw",), None, False)],
)
def test_an_override_is_told_to_scripts(
    term: Term, option: tuple[str, ...], points: float | None, excused: bool
):
    ran = term("override", "essay", "ada", *option, "--reason", "oral exam", "--json")
    told = json.loads(ran.out)
    assert (told["student"], told["assignment"], told["by"]) == ("ada", "essay", "prof")
    assert (told["points"], told["excused"], told["reason"]) == (points, excused, "oral exam")


def test_neither_points_nor_items_names_the_items(essays: Term):
    ran = essays("mark", "essay", "ada", "idea")
    assert (ran.code, "met by --item: question, why" in ran.words) == (1, True)


def test_marks_that_a_new_name_loses_are_told_until_they_are_given_again(essays: Term):
    essays("mark", "essay", "ada", "idea", "--item", "question", "--item", "why")
    essays("mark", "essay", "ada", "plan", "--points", "2")
    essays("gradebook")
    change_course(essays, QUESTION, QUESTION.replace("name: question", "name: query"))
    shown = essays("diff").words
    assert "essay idea: what submission 2 got by hand for `question` is worth nothing" in shown
    assert "2 students would have other grades" in shown
    assert "for `question` is worth nothing" in essays("apply", "--reason", "a slip").words
    told = json.loads(essays("diff", "--json").out)
    assert (told["settings"], told["grades"]) == ([], [])
    assert told["lost"] == [
        {"assignment": "essay", "question": "idea", "item": "question", "submissions": [2]}
    ]
    other = essays("mark", "essay", "ada", "plan", "--points", "1").words
    assert "for `question` is worth nothing" in other
    again = essays("mark", "essay", "ada", "idea", "--item", "query").words
    assert "worth nothing" not in again
    assert json.loads(essays("diff", "--json").out)["lost"] == []


def test_new_words_of_an_item_wait_to_be_applied_and_change_no_grade(essays: Term):
    essays("mark", "essay", "ada", "idea", "--item", "question", "--item", "why")
    essays("gradebook")
    change_course(essays, QUESTION, QUESTION.replace("A question", "The question"))
    assert "has changed in what grades follow from" in essays("gradebook").words
    told = json.loads(essays("diff", "--json").out)
    place = "assignments.essay.questions.idea.rubric.question.text"
    assert told["settings"] == [{"place": place, "before": "A question", "after": "The question"}]
    assert (told["grades"], told["lost"]) == ([], [])


def let_count(store: Store, text: str) -> None:
    """Put a course file in force that another version of the grader took in."""
    version = store.record.version_in_force()
    store.record.apply(
        text, "0" * 64, (), instead_of=version.id if version else None, reason="old", by="prof"
    )


def test_a_file_in_force_that_can_not_be_read_any_more_tells_no_grades(essays: Term):
    with open_store(essays.folder / "data") as store:
        text = (essays.folder / "course.yaml").read_text()
        nameless = text.replace("{name: question, ", "{").replace("{name: why, ", "{")
        let_count(store, nameless)
    shown = essays("diff").words
    assert "can't be read any more" in shown
    assert "whose grades that changes can't be told" in shown
    assert json.loads(essays("diff", "--json").out)["grades"] is None
    assert essays("apply", "--reason", "items have names").code == 0
    assert essays("gradebook").code == 0


def test_a_digest_made_in_another_way_holds_nothing_back(essays: Term):
    with open_store(essays.folder / "data") as store:
        let_count(store, (essays.folder / "course.yaml").read_text())
    assert essays("gradebook").code == 0
    assert "in force already" in essays("diff").words


def test_where_the_best_counts_it_must_be_said_whether_the_unread_one_is_marked(term: Term):
    change_course(term, "max_days: 3}", "max_days: 3, counts: best}")
    term("group", "form", "essay", "A", "ada", "bob")
    for turn in (1, 2):
        (term.folder / "essay.pdf").write_bytes(pdf(body=f"% {turn}\n".encode()))
        assert term("submit", "essay", "ada", str(term.folder / "essay.pdf")).code == 0
        if turn == 1:
            for question in ("idea", "plan"):
                assert term("mark", "essay", "ada", question, "--points", "0").code == 0
    ran = term("mark", "essay", "bob", "plan", "--points", "2")
    assert (ran.code, "say --submission 1 or --submission 2" in ran.words) == (1, True)
    assert term("mark", "essay", "bob", "plan", "--points", "2", "--submission", "2").code == 0
    assert len(marks(term)) == 3
