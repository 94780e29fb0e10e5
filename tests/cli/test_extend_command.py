"""`course extend`: what is due when afterwards, timed work, and what others may have read."""

import json

import pytest

from tests.cli.term_command import Term, change_course

DUE = "    due: 2027-01-28 23:59\n"
WHY = ("--reason", "ill")
EARLY, LATE = "2027-01-20 12:00", "2027-01-30 12:00"


@pytest.fixture
def timed(term: Term) -> Term:
    """hw1 is timed; ada has begun it, and bob so late that its close cuts his time short."""
    change_course(term, DUE, f"{DUE}    time_allowed: 90 min\n")
    assert term("start", "hw1", "ada").code == 0
    assert term("start", "hw1", "bob", now="2027-01-28 23:00").code == 0
    return term


def test_what_is_due_when_is_told_of_each_student(term: Term):
    out = term("extend", "hw1", "ada", "bob", "--days", "2", *WHY).out.splitlines()
    until = "before 23:59 on Sat 30 Jan 2027 (EST, America/Toronto)"
    assert out[-2:] == [f"hw1 of ada: due {until}", f"hw1 of bob: due {until}"]
    shorter = term("extend", "hw1", "ada", "--until", "2027-01-29 12:00", *WHY).out.splitlines()
    assert shorter[-1] == f"hw1 of ada: due {until}, as before"
    taken = term("extend", "--withdraw", "1", *WHY).out.splitlines()
    assert taken[-1] == "hw1 of ada: due before 12:00 on Fri 29 Jan 2027 (EST, America/Toronto)"


def test_what_is_due_when_is_told_of_a_group(term: Term):
    term("group", "form", "essay", "A", "ada", "bob")
    out = term("extend", "essay", "--group", "A", "--days", "1", *WHY).out.splitlines()
    assert out[-1] == "essay of A: due before 23:59 on Thu 11 Feb 2027 (EST, America/Toronto)"
    told = json.loads(term("extend", "essay", "--json").out)
    assert [(row["student"], row["due"]) for row in told] == [(None, "2027-02-11T23:59:00-05:00")]


def test_scripts_are_told_what_is_due_when(term: Term):
    given = term("extend", "hw1", "ada", "--days", "2", *WHY, "--json")
    (told,) = json.loads(given.out)
    assert (told["student"], told["due"]) == ("ada", "2027-01-30T23:59:00-05:00")


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (
            "ada",
            "due before 14:15 on Wed 20 Jan 2027 (EST, America/Toronto), with 2 h 15 min since",
        ),
        ("eve", "2 h 15 min from when they begin, which is to be before 23:59 on Thu 28 Jan 2027"),
    ],
)
def test_a_time_factor_has_words_of_its_own(timed: Term, student: str, words: str):
    ran = timed("extend", "hw1", student, "--time-factor", "1.5", *WHY)
    assert ran.code == 0
    header, row, told = ran.out.splitlines()
    assert header.split() == ["number", "assignment", "for", "time", "by", "reason"]
    assert "1.5 times as long" in row
    assert told.startswith(f"hw1 of {student}: {words}")


@pytest.mark.parametrize("more", [("--days", "2"), ("--until", "2027-01-30 12:00")])
def test_a_later_close_gives_no_time_to_who_has_begun(timed: Term, more: tuple[str, ...]):
    ran = timed("extend", "hw1", "eve", "ada", *more, *WHY)
    assert (ran.code, "ada has begun hw1" in ran.words) == (1, True)
    assert "a time factor lengthens it" in ran.words
    assert "no extensions" in timed("extend").out
    both = timed("extend", "hw1", "ada", *more, "--time-factor", "2", *WHY)
    assert "hw1 of ada: due before 15:00 on Wed 20 Jan 2027" in both.words


def test_a_later_close_does_give_time_to_whom_it_cut_short(timed: Term):
    ran = timed("extend", "hw1", "bob", "--days", "1", *WHY, now="2027-01-28 23:30")
    assert "hw1 of bob: due before 00:30 on Fri 29 Jan 2027" in ran.words
    again = timed("extend", "hw1", "bob", "--days", "2", *WHY)
    assert (again.code, "bob has begun hw1" in again.words) == (1, True)


def test_a_later_close_in_a_file_is_refused_by_its_line(timed: Term):
    file = timed.folder / "extensions.csv"
    file.write_text("assignment,student,until,days,reason\nhw1,eve,,1,ill\nhw1,ada,,1,ill\n")
    ran = timed("extend", "--from", str(file))
    assert (ran.code, "extensions.csv:3: ada has begun hw1" in ran.words) == (1, True)
    assert "no extensions" in timed("extend").out


def test_what_others_may_have_read_by_now_is_said_on_stderr(term: Term):
    change_course(term, DUE, f"{DUE}    solution: hw1.due + 1 day\n")
    early = term("extend", "hw1", "ada", "--days", "1", *WHY)
    assert (early.code, early.err) == (0, "")
    # Ada's day more has moved both: results are shown when nobody can hand in any more.
    feedback, solution = (
        f"{what} of hw1 has been out since 2027-01-29 23:59 EST: others may have read it\n"
        for what in ("feedback", "the solution")
    )
    late = term("extend", "hw1", "bob", "eve", "--days", "3", *WHY, now="2027-01-29 23:59")
    assert (late.code, late.err) == (0, feedback + solution)
    assert "hw1 of bob: due before 23:59 on Sun 31 Jan 2027" in late.out


def test_work_that_people_grade_has_no_hidden_results(term: Term):
    ran = term("extend", "essay", "ada", "--days", "3", *WHY, now="2027-02-12 12:00")
    assert (ran.code, ran.err) == (0, "")
