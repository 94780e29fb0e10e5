"""The order of an assignment's times, and the rules of late policies, in the course's file."""

from pathlib import Path

import pytest

from grader.course import CourseFileError, GraceDays, load_course
from tests.course.conftest import complaints_of

HW2 = "assignments.hw2"
LEC, LEC5 = f"{HW2}.sections.LEC0201", f"{HW2}.sections.LEC 5"


@pytest.mark.parametrize(
    ("old", "new", "place", "path", "words"),
    [
        ("lock: hw2.due + 3", "lock: hw2.due - 3", "34:11", f"{HW2}.lock",
         "expected the due time, hw2.release + 2 weeks (2027-02-25 18:00), or later"),
        ("due: hw2.release + 2", "due: hw2.release - 2", "33:10", f"{HW2}.due",
         "after the release, hw1.due + 1 day at 18:00 (2027-02-11 18:00)"),
        ("{due: hw2.due + 1 day}", "{due: hw2.due + 9 days}", "39:22", f"{LEC}.due",
         "expected no time after the lock, hw2.due + 3 days (2027-02-28 18:00); give the section"),
        ("{due: hw2.due + 1 day}", "{release: hw2.due}", "39:26", f"{LEC}.release",
         "expected a time before the due time"),
        ("{due: hw2.due + 1 day}", "{lock: hw2.due - 1 day}", "39:23", f"{LEC}.lock",
         "expected the due time"),
        ("{due: hw2.due + 1 day}", "{due: exam + 999 days}", "39:22", f"{LEC}.due", "the term"),
        ("{due: hw2.due + 1 day}", "{}", "39:7", LEC, "saw no dates"),
        ("{due: hw2.due + 1 day}", "{deu: hw2.due}", "39:17", f"{LEC}.deu", "did you mean `due`"),
        ("{due: hw2.due + 1 day}", "{due: hw2.deu}", "39:22", f"{LEC}.due", "`hw2.due`?"),
        ("      LEC0201:", "      LEC/1:", "39:7", f"{HW2}.sections.LEC/1", "as in the roster"),
        ("lock: exam}", "lock: exam - 3 days}", "40:74", f"{LEC5}.lock", "expected the due time"),
        ("solution: hw3.due", "solution: hw3.release", "54:15", "assignments.hw3.solution",
         "expected the due time, exam + 30 hours (2027-04-21 15:00), or later"),
        ("solution: after the last due date", "solution: hw2.due", "36:15", f"{HW2}.solution",
         "expected the lock, hw2.due + 3 days (2027-02-28 18:00), or later"),
        ("lock: hw2.due + 3 days", "lock:", "34:10", f"{HW2}.lock", "saw nothing, expected a loc"),
        ("solution: hw3.due", "solution: ~", "54:15", "assignments.hw3.solution", "or delete it"),
        ("{due: hw2.due + 1 day}", "{due: }", "39:21", f"{LEC}.due", "saw nothing, expected a loc"),
        ("attempts: {limit: 10, per_day: 3, wait: 30 min}", "attempts:", "37:14", f"{HW2}.attempts",
         "saw nothing, expected limits"),
        ("{limit: 10, per_day: 3", "{limit: 0, per_day: 3", "37:23", f"{HW2}.attempts.limit",
         "expected a whole number of submissions in all, from 1"),
        ("wait: 30 min", "wait: 30", "37:45", f"{HW2}.attempts.wait", "did you mean `30 s`?"),
        ("credit: 75.5", "credit: 90", "45:35", f"{HW2}.late_policy.windows[1].credit",
         "expected less credit than in the window before, 90"),
        ("credit: 90", "credit: 100", "44:37", f"{HW2}.late_policy.windows[0].credit", "less than"),
        ("credit: 75.5", "credit: 0", "45:35", f"{HW2}.late_policy.windows[1].credit", "more than"),
        ("until: 2 days", "until: 12 hours", "45:19", f"{HW2}.late_policy.windows[1].until",
         "expected a longer time than in the window before"),
        ("until: 2 days", "until: 2d", "45:19", f"{HW2}.late_policy.windows[1].until", "`days`"),
        ("kind: windows", "kind: window", "42:13", f"{HW2}.late_policy.kind", "or `windows`"),
        ("kind: windows", "kind: points per day", "43:7", f"{HW2}.late_policy.windows",
         "not a field of this kind; delete it, or change `kind`"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_told_at_its_place(
    term: Path, old: str, new: str, place: str, path: str, words: str
) -> None:
    found = complaints_of(term, old, new)
    at_place = [what for where, at, what in found if (where, at) == (place, path)]
    assert len(at_place) == 1, found
    assert words in at_place[0]


GRACE = """\
  kind: grace days
  budget: 5
  per_assignment: 2
  then: percent per day
  percent: 10
  max_days: 3
"""
PERCENT = "  kind: percent per day\n  percent: 10\n  max_days: 3\n"


@pytest.fixture
def graced(folder: Path) -> Path:
    """The course's folder with grace days; its policy begins on line 14."""
    text = (folder / "course.yaml").read_text()
    assert text.count(PERCENT) == 1
    (folder / "course.yaml").write_text(text.replace(PERCENT, GRACE))
    return folder


def test_grace_days_are_read(graced: Path) -> None:
    policy = load_course(graced / "course.yaml").late_policy
    assert isinstance(policy, GraceDays)
    assert (policy.budget, policy.per_assignment, policy.then) == (5, 2, "percent per day")
    assert (policy.percent, policy.max_days, policy.then_charges) == (10.0, 3, "no day")
    assert policy.counts == "newest"


@pytest.mark.parametrize(
    ("old", "new", "place", "path", "words"),
    [
        ("per_assignment: 2", "per_assignment: 6", "16:19", "per_assignment", "the budget, 5"),
        ("then: percent per day", "then: half", "17:9", "then", "`no credit` or `percent per day`"),
        ("  then: percent per day\n", "", "13:1", "then", "missing, expected"),
        ("  percent: 10\n", "", "13:1", "percent", "missing, expected a number of percent"),
        ("  max_days: 3\n", "", "13:1", "max_days", "for `then: percent per day`"),
        ("then: percent per day", "then: no credit", "18:3", "percent", "not a field of `then: n"),
        ("then: percent per day", "then: no credit\n  then_charges: the days left", "18:17",
         "then_charges", "expected `no day`: what has no credit"),
        ("max_days: 3", "max_days: 3\n  then_charges: all", "20:17", "then_charges", "`no day` or"),
        ("max_days: 3", "max_days: 3\n  counts: last", "20:11", "counts", "`newest`"),
        ("budget: 5", "budget: 0", "15:11", "budget", "from 1 to 366"),
    ],
)  # fmt: skip
def test_grace_days_state_what_holds_beyond_them(
    graced: Path, old: str, new: str, place: str, path: str, words: str
) -> None:
    found = complaints_of(graced, old, new)
    at_place = [what for where, at, what in found if (where, at) == (place, f"late_policy.{path}")]
    assert len(at_place) == 1, found
    assert words in at_place[0]


def test_a_term_has_one_budget_of_grace_days(graced: Path) -> None:
    own = "    late_policy: {kind: grace days, budget: 4, per_assignment: 2, then: no credit}\n"
    [(place, path, what)] = complaints_of(graced, "    points: 10\n", f"{own}    points: 10\n")
    assert (place, path) == ("28:45", "assignments.hw1.late_policy.budget")
    assert what == "saw `4`, expected 5 as in `late_policy`: a term has one budget"


@pytest.mark.parametrize(
    "policy",
    [
        "{kind: no late work, slack: 1 min}",
        "{kind: points per day, points: 2, max_days: 2, past_max_days: same credit, counts: best}",
        "{kind: grace days, budget: 3, per_assignment: 3, then: no credit}",
        "{kind: windows, windows: [{until: 1 week, credit: 50}]}",
    ],
)
def test_an_assignment_may_have_any_policy_of_its_own(folder: Path, policy: str) -> None:
    text = (folder / "course.yaml").read_text()
    text = text.replace("    points: 10\n", f"    late_policy: {policy}\n    points: 10\n")
    (folder / "course.yaml").write_text(text)
    course = load_course(folder / "course.yaml")
    assert course.late_policy_of(course.assignments["hw1"]).kind in policy
    assert course.late_policy.kind == "percent per day"


def test_wrong_shapes_of_times_have_complaints_and_no_crash(term: Path) -> None:
    text = (term / "course.yaml").read_text()
    text = text.replace("LEC0201: {due: hw2.due + 1 day}", "LEC0201: soon")
    text = text.replace("attempts: {limit: 10, per_day: 3, wait: 30 min}", "attempts: 3")
    text = text.replace("  gala: party at 20:00", "  gala: [1, 2]")
    text = text.replace("- {until: 12 hours, credit: 90}", "- 90")
    (term / "course.yaml").write_text(text)
    with pytest.raises(CourseFileError) as caught:
        load_course(term / "course.yaml")
    assert [complaint.path for complaint in caught.value.complaints] == [
        f"{HW2}.attempts",
        LEC,
        f"{HW2}.late_policy.windows[0]",
        "events.gala",
    ]
