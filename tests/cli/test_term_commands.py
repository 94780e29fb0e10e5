"""A term's commands: groups, extensions, marks, overrides, requests, regrades, explanations."""

import json
from pathlib import Path

import pytest

from tests.cli.term_command import Term, change_course, hand_in, steps
from tests.term_course import notebook


def test_a_receipt_kept_in_a_file_can_be_verified_and_a_changed_one_is_found_out(term: Term):
    kept = term.folder / "receipt.json"
    assert hand_in(term, "ada", "--receipt", str(kept)).code == 0
    assert term("receipt", "verify", str(kept)).out.startswith("genuine: submission 1, hw1 of ada")
    kept.write_text(kept.read_text().replace("ada", "bob"))
    forged = term("receipt", "verify", str(kept))
    assert (forged.code, "NOT genuine" in forged.out) == (1, True)
    kept.write_text("{}")
    assert "no receipt" in term("receipt", "verify", str(kept)).words


def test_an_extension_moves_one_students_due_time_and_is_kept_with_its_reason(term: Term):
    hand_in(term, now="2027-01-30 12:00")
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    assert steps(term, "ada", "hw1")["lateness"] == "2 days late: 8 x 80 % = 6.4"
    without = term("extend", "hw1", "ada", "--days", "2")
    assert (without.code, "say why with --reason" in without.words) == (1, True)
    given = term("extend", "hw1", "ada", "--days", "2", "--reason", "ill")
    assert (given.code, "prof" in given.out) == (0, True)
    assert steps(term, "ada", "hw1")["lateness"] == "on time: nothing is taken off"
    term("extend", "--withdraw", "1", "--reason", "a mistake")
    assert steps(term, "ada", "hw1")["score"] == "6.4 of 10, rounded once"
    assert "no extensions" in term("extend").out


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("hw1,zoe,,2,ill", "extensions.csv:2: no student 'zoe' is in the roster"),
        ("hw9,ada,,2,ill", "extensions.csv:2: there is no assignment 'hw9'"),
        ("hw1,ada,,2,", "extensions.csv:2: say why"),
        ("hw1,ada,,,ill", "extensions.csv:2: say until a time, or how many days"),
        ("hw1,ada,2027-03-14 02:30,,ill", "extensions.csv:2: until is '2027-03-14 02:30'"),
        ("hw1,ada,2026-02-01 12:00,,ill", "is not after the due time, 2027-01-28 23:59"),
        ("hw1,ada,,99999999,ill", "99999999 days are more than 366"),
        ("hw1,ada,,two,ill", "extensions.csv:2: days is 'two', expected a number"),
    ],
)
def test_a_file_of_extensions_with_a_mistake_grants_none(term: Term, row: str, words: str):
    file = term.folder / "extensions.csv"
    file.write_text(f"assignment,student,until,days,reason\n{row}\nhw1,bob,,1,travel\n")
    ran = term("extend", "--from", str(file))
    assert (ran.code, words in ran.words) == (1, True), ran.words
    assert "no extensions" in term("extend").out


def test_a_file_of_extensions_is_granted(term: Term):
    file = term.folder / "extensions.csv"
    rows = "hw1,ada,2027-02-01 12:00,,ill\nhw2,bob,,1,travel\n"
    file.write_text(f"assignment,student,until,days,reason\n{rows}")
    assert term("extend", "--from", str(file)).code == 0
    told = json.loads(term("extend", "--json").out)
    assert [(row["student"], row["days"], row["reason"]) for row in told] == [
        ("ada", 0, "ill"),
        ("bob", 1, "travel"),
    ]


def test_groups_are_formed_joined_and_left(term: Term):
    assert "too few to hand in" in term("group", "form", "essay", "A", "ada").out
    assert "ada, bob" in term("group", "join", "essay", "A", "bob").out
    taken = term("group", "form", "essay", "B", "bob", "eve")
    assert (taken.code, "bob is in the group 'A' already" in taken.words) == (1, True)
    term("group", "join", "essay", "A", "eve")
    full = term("group", "join", "essay", "A", "joe")
    assert "is full: it may have 3 members" in full.words
    assert "ada, bob" in term("group", "leave", "essay", "eve").out
    assert json.loads(term("group", "list", "essay", "--json").out) == {
        "groups": {"A": ["ada", "bob"]},
        "alone": ["eve", "joe", "kim"],
    }


def test_a_file_of_groups_with_a_mistake_forms_none(term: Term):
    file = term.folder / "groups.csv"
    file.write_text("group,student\nA,ada\nA,bob\nB,eve\nB,ada\n")
    ran = term("group", "import", "essay", str(file))
    assert (ran.code, "ada is in the group 'A' already" in ran.words) == (1, True)
    assert json.loads(term("group", "list", "essay", "--json").out)["groups"] == {}
    file.write_text("group,student\nA,ada\nA,bob\nB,eve\nB,joe\n")
    assert term("group", "import", "essay", str(file)).code == 0


def test_marks_by_rubric_count_for_the_group_and_points_are_bounded(term: Term):
    term("group", "form", "essay", "A", "ada", "bob")
    assert term("submit", "essay", "ada", str(term.folder / "essay.pdf")).code == 0
    half = term("mark", "essay", "bob", "idea", "--item", "question", "--item", "why=0.5")
    assert "2.5 of 3" in half.out
    unknown = term("mark", "essay", "bob", "idea", "--item", "7")
    assert "has no rubric item '7'; it has: question, why" in unknown.words
    assert "has 0 to 2 points, not 3" in term("mark", "essay", "bob", "plan", "--points", "3").words
    term("mark", "essay", "bob", "plan", "--points", "2", "--comment", "clear")
    assert steps(term, "ada", "essay")["score"] == "4.5 of 5, rounded once"


def test_an_override_has_a_reason_and_can_be_taken_back(term: Term):
    assert term("override", "hw1", "eve", "--points", "7", "--reason", "oral exam").code == 0
    told = steps(term, "eve", "hw1")
    assert told["override"] == "prof set the score to 7: oral exam"
    assert told["score"] == "7 of 10, rounded once"
    term("override", "hw1", "eve", "--withdraw", "--reason", "a mistake")
    assert steps(term, "eve", "hw1")["score"] == "none yet: not submitted"


def test_a_regrade_request_is_answered_and_closed(term: Term):
    hand_in(term)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    assert "1: hw1 q2, ada (open)" in term("request", "ask", "hw1", "ada", "q2", "Why 2?").out
    again = term("request", "ask", "hw1", "ada", "q2", "Hello?")
    assert "open already" in again.words
    closed = term("request", "reply", "1", "A sign is wrong.", "--close").out
    assert "prof: A sign is wrong." in closed
    assert "no requests are open" in term("request", "list").out
    assert "(closed)" in term("request", "list", "--all").out
    assert "there is no regrade request 9" in term("request", "reply", "9", "x").words


def test_a_regrade_is_shown_and_counts_once_adopted(term: Term):
    from grader.store import open_store

    hand_in(term)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    with open_store(term.folder / "data") as store:
        store.regrades.queue([row.id for row in store.submissions("hw1")])
    term.grade("hw1", ("q1", 6, 6), ("q2", 4, 4))
    shown = term("regrade", "hw1")
    assert "check_q2" in shown.out
    assert "nothing of it counts yet" in shown.out
    assert steps(term, "ada", "hw1")["raw score"] == "6 + 2 = 8 of 10"
    assert "say why with --reason" in term("regrade", "hw1", "--adopt").words
    assert "adopted" in term("regrade", "hw1", "--adopt", "--reason", "a check was wrong").out
    assert steps(term, "ada", "hw1")["raw score"] == "6 + 4 = 10 of 10"
    assert "nothing is proposed" in term("regrade", "hw1").out


def test_a_changed_due_time_is_shown_before_it_counts(term: Term):
    hand_in(term, now="2027-01-30 12:00")
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    assert json.loads(term("gradebook", "--json").out)["ada"]["scores"]["hw1"] == 6.4
    change_course(term, "due: 2027-01-28 23:59", "due: 2027-01-30 23:59")
    refused = term("gradebook")
    assert (refused.code, "`course diff` shows whose grades change" in refused.words) == (1, True)
    shown = term("diff").words
    assert "assignments.hw1.due" in shown
    assert "ada hw1 6.4 8" in shown
    assert "1 student would have other grades" in shown
    assert "in force from now on" in term("apply", "--reason", "a strike").words
    assert json.loads(term("gradebook", "--json").out)["ada"]["scores"]["hw1"] == 8.0
    assert "in force already" in term("diff").words


def test_a_file_of_the_lms_is_filled_once_the_changes_were_seen(term: Term):
    hand_in(term)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    export = term.folder / "export.csv"
    export.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,First homework (77)\n"
        "    Points Possible,,,,,10\n"
        '"Lovelace, Ada",1,ada,ada,L1,\n'
        '"Builder, Bob",2,bob,bob,L1,EX\n'
    )
    asked = ("gradebook", "--canvas", str(export), "--column", "hw1=77")
    assert "1 cells change" in term(*asked).words
    filled = term.folder / "filled.csv"
    assert term(*asked, "--output", str(filled)).code == 0
    lines = filled.read_text().splitlines()
    assert lines[2].endswith(",8.00") or lines[2].endswith(",8")
    assert lines[3] == '"Builder, Bob",2,bob,bob,L1,EX'
    wrong = term("gradebook", "--canvas", str(export), "--column", "hw1")
    assert "expected ASSIGNMENT=COLUMN" in wrong.words


def test_the_gradebook_as_csv_tells_no_score_from_zero(term: Term):
    hand_in(term)
    term.grade("hw1", ("q1", 0, 6), ("q2", 0, 4))
    file = term.folder / "scores.csv"
    assert term("gradebook", "--csv", str(file)).code == 0
    rows = {
        line.split(",")[0]: line.split(",") for line in file.read_text("utf-8-sig").splitlines()
    }
    place = rows["student"].index("hw1")
    assert (rows["ada"][place], rows["bob"][place]) == ("0", "")


def test_feedback_holds_hidden_results_back_until_the_last_due_time(term: Term):
    hand_in(term)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    term("extend", "hw1", "bob", "--days", "3", "--reason", "ill")
    early = term("feedback", "hw1", "ada", now="2027-01-29 12:00").words
    assert "What its hidden tests found is shown from Sun 31 Jan 2027, 23:59:00 EST" in early
    assert "A check" not in early
    later = term("feedback", "hw1", "ada", now="2027-01-31 23:59").words
    assert "Final score: 8 of 10" in later
    assert "A check (2 / 4, Wrong value)" in later


def test_what_is_due_is_released_once(term: Term):
    first = json.loads(term("release", "--due", "--json", now="2027-01-14 17:59").out)
    assert first == []
    change_course(term, "title: Essay\n", "title: Essay\n    solution: after the last due date\n")
    # The homework of this course has no notebook: only the essay can be made.
    change_course(
        term,
        "release: 2027-01-14 18:00\n    due: 2027-01-28",
        "release: 2027-01-28 18:00\n    due: 2027-01-29",
    )
    told = json.loads(term("release", "--due", "--json", now="2027-01-14 18:00").out)
    assert [one["what"] for one in told] == ["essay"]
    assert Path(told[0]["file"]).is_file()
    again = json.loads(term("release", "--due", "--json", now="2027-01-20 12:00").out)
    assert again == []
    assert "name an ASSIGNMENT, or say --due" in term("release").words


def test_the_roster_is_taken_from_the_lms_and_nobodys_work_is_lost(term: Term):
    hand_in(term)
    export = term.folder / "export.csv"
    export.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,First homework (77)\n"
        "    Points Possible,,,,,10\n"
        '"Lovelace, Ada",1,1001,ada,LEC0101,\n'
        '"New, Zoe",2,1002,zoe,LEC0201,\n'
        '"Student, Test",3,,abc,LEC0101,\n'
    )
    shown = term("roster", "import", str(export)).words
    assert "added: zoe changed: ada left: bob, eve, joe, kim nothing is written yet" in shown
    assert "bob" in term("roster", "list").out
    assert term("roster", "import", str(export), "--yes").code == 0
    roster = (term.folder / "roster.csv").read_text().splitlines()
    assert roster == [
        "student,name,email,section",
        "ada,Ada Lovelace,ada@mail.example,LEC0101",
        "zoe,Zoe New,,LEC0201",
    ]
    term.grade("hw1", ("q1", 6, 6), ("q2", 4, 4))
    assert steps(term, "ada", "hw1")["score"] == "10 of 10, rounded once"
    assert "no student 'bob' is in the roster" in term("explain", "bob").words


def test_a_roster_that_can_not_be_used_leaves_the_old_one(term: Term):
    export = term.folder / "export.csv"
    export.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,First homework (77)\n"
        "    Points Possible,,,,,10\n"
        '"Lovelace, Ada",1,1001,ada lovelace,LEC0101,\n'
    )
    ran = term("roster", "import", str(export), "--yes")
    assert (ran.code, "expected letters, digits" in ran.words) == (1, True)
    assert "bob" in (term.folder / "roster.csv").read_text()
    assert not list(term.folder.glob("*.new"))


def test_a_student_sees_what_handing_in_now_is_worth(term: Term):
    due = "    due: 2027-01-28 23:59\n"
    change_course(term, due, f"{due}    attempts: {{limit: 3, wait: 1 h}}\n")
    hand_in(term)
    told = json.loads(term("status", "--student", "ada", "--json", now="2027-01-30 12:00").out)
    rows = {row["assignment"]: row for row in told["assignments"]}
    assert rows["hw1"]["if_now"] == "if you submit now: 2 days late: 80 % of the points earned"
    assert (rows["hw1"]["submissions_left"], rows["hw1"]["newest"]) == (2, 1)
    assert rows["essay"]["newest"] is None
    early = term("status", "hw2", "--student", "ada").words
    assert "opens at 2027-01-28 18:00 EST" in early
    soon = term("status", "hw1", "--student", "ada", now="2027-01-20 12:30").words
    assert "2 submissions left; the next one from 2027-01-20 13:00 on" in soon


def test_results_for_gradescope_hide_what_is_hidden(term: Term):
    hand_in(term)
    term.grade("hw1", ("q1", 6, 6), ("q2", 2, 4))
    file = term.folder / "results.json"
    assert term("feedback", "hw1", "ada", "--gradescope", str(file)).code == 0
    told = json.loads(file.read_text())
    assert told["score"] == 8.0
    assert {test["visibility"] for test in told["tests"]} == {"after_due_date"}
    nothing = term("feedback", "hw1", "bob", "--gradescope", str(file))
    assert (nothing.code, "no score to export: not submitted" in nothing.words) == (1, True)


def test_similar_notebooks_are_told_and_older_pages_go(term: Term, monkeypatch: pytest.MonkeyPatch):
    import grader.cli.similarity as command

    # The homework of this course has no master: its starter is empty.
    monkeypatch.setattr(command, "starter_notebook", lambda folder: notebook())
    code = "\n".join(f"value_{i} = sum(x * {i} for x in range({i}))" for i in range(12))
    for student, text in (("ada", code), ("bob", code.replace("value", "w")), ("eve", "y = 3")):
        (term.folder / "ada.ipynb").write_bytes(notebook(text))
        hand_in(term, student)
    folder = term.folder / "data" / "similarity" / "hw1"
    assert term("similarity", "hw1").code == 0
    (folder / "pair-9.html").write_text("older")
    told = json.loads(term("similarity", "hw1", "--json").out)
    assert [(pair["left"], pair["right"]) for pair in told["pairs"]] == [("ada", "bob")]
    assert sorted(path.name for path in folder.iterdir()) == [
        "index.html",
        "pair-1.html",
        "report.json",
    ]
