"""Difficulty and discrimination against their definitions; who is counted, and how often."""

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from statistics import fmean, pstdev

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.outcomes import CheckResult, Outcome
from grader.report import AssignmentReport
from grader.report.check_views import check_row, discrimination_text
from grader.report.failures import known_mistakes
from grader.report.statistics import CheckSummary, spread_of, summarise_checks
from grader.report.tables import difficulty_csv
from tests.report.cohort import BEHAVIOURS, cohort_report

POINTS = (4.0, 2.0, 1.0, 3.0)


def result(
    check: str, points: float, share: float, *, question: str = "q1", mutant: str | None = None
) -> CheckResult:
    outcome = Outcome.PASSED if share == 1 else Outcome.PARTIAL if share else Outcome.WRONG_VALUE
    return CheckResult(
        check, question, check, points, share * points, outcome, "", mutant if share < 1 else None
    )


def report_of(
    *submissions: Sequence[CheckResult], groups: Sequence[int] | None = None
) -> AssignmentReport:
    """A report of submissions with these results; `groups` tells which are one submission."""
    behaviours = [replace(BEHAVIOURS[0], student=f"s{i}") for i in range(len(submissions))]
    report = cohort_report(tuple(behaviours))
    rows = []
    for place, (row, results) in enumerate(zip(report.rows, submissions, strict=True)):
        assert row.graded
        number = groups[place] if groups else place
        graded = replace(row.graded, checks=tuple(results))
        rows.append(replace(row, submission=str(number), graded=graded))
    return replace(report, rows=tuple(rows), extensions=(), requests=())


def shared(*shares: Sequence[float]) -> AssignmentReport:
    """A report of submissions that earned these shares of four checks."""
    return report_of(
        *([result(*one) for one in zip("abcd", POINTS, row, strict=True)] for row in shares)
    )


def summary(report: AssignmentReport, check: str = "a") -> CheckSummary:
    return next(one for one in summarise_checks(report) if one.check == check)


SHARES = st.lists(st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * 4), min_size=3, max_size=30)


@given(SHARES)
def test_discrimination_is_the_correlation_with_the_rest_score(shares: list[tuple[float, ...]]):
    own = [row[0] for row in shares]
    rest = [sum(p * s for p, s in zip(POINTS[1:], row[1:], strict=True)) for row in shares]
    assume(len(set(own)) > 1 and len(set(rest)) > 1)
    found = summary(shared(*shares)).discrimination
    assert found == pytest.approx(np.corrcoef(own, rest)[0, 1], abs=1e-9)


@given(SHARES)
def test_of_a_check_without_parts_it_is_the_point_biserial_coefficient(
    shares: list[tuple[float, ...]],
):
    shares = [(float(row[0] >= 0.5), *row[1:]) for row in shares]
    rest = {True: [], False: []}
    for row in shares:
        rest[row[0] == 1].append(sum(p * s for p, s in zip(POINTS[1:], row[1:], strict=True)))
    everybody = rest[True] + rest[False]
    assume(rest[True] and rest[False] and len(set(everybody)) > 1)
    p = len(rest[True]) / len(everybody)
    wanted = (fmean(rest[True]) - fmean(rest[False])) / pstdev(everybody) * sqrt(p * (1 - p))
    assert summary(shared(*shares)).discrimination == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("shares", "why"),
    [
        ([(1, 1, 0, 0), (1, 0, 0, 0), (1, 0, 1, 0)], "all pass"),
        ([(0, 1, 0, 0), (0, 0, 0, 0), (0, 0, 1, 0)], "nobody passes"),
        ([(0, 1, 0, 0), (1, 1, 0, 0), (0, 1, 0, 0)], "the rest is the same for all"),
        ([(0, 0, 0, 0), (1, 1, 1, 1)], "two submissions"),
        ([(0, 0, 0, 0)], "one submission"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_discrimination_is_not_defined_where(shares: list[tuple[float, ...]], why: str):
    found = summary(shared(*shares))
    assert found.discrimination is None, why
    assert check_row(found, len(shares)).verdict == "not defined"
    assert check_row(found, len(shares)).discrimination == "–"


def test_an_assignment_of_a_single_check_has_no_rest_to_correlate_with():
    report = report_of(*([result("a", 2, share)] for share in (0, 1, 1, 0)))
    assert summary(report).discrimination is None


def test_a_check_that_the_better_ones_fail_is_marked():
    report = shared((0, 1, 1, 1), (0, 1, 1, 0.5), (1, 0, 0, 0), (1, 0.5, 0, 0))
    found = summary(report)
    assert found.discrimination is not None
    assert found.discrimination < -0.9
    row = check_row(found, 4)
    assert (row.verdict, row.doubtful, row.discrimination[0]) == ("inverted", True, "−")


@pytest.mark.parametrize(
    ("value", "word"),
    [(-0.01, "inverted"), (0.0, "weak"), (0.19, "weak"), (0.2, "fair"), (0.4, "good"), (1, "good")],
)
def test_a_discrimination_has_a_word(value: float, word: str):
    assert discrimination_text(value) == word


def test_a_check_for_some_notebooks_is_counted_over_those_that_have_it():
    maml, dropout = (
        [[result("all", 1, s), result(name, 3, s)] for s in (1, 0, 1)]
        for name in ("maml", "dropout")
    )
    report = report_of(*maml, *dropout, [result("all", 1, 1)])
    found = {one.check: one for one in summarise_checks(report)}
    assert {name: one.graded for name, one in found.items()} == {"all": 7, "maml": 3, "dropout": 3}
    assert found["maml"].pass_rate == pytest.approx(2 / 3)
    assert found["maml"].discrimination == pytest.approx(1.0)
    assert (check_row(found["maml"], 7).asked, check_row(found["all"], 7).asked) == ("3 of 7", "")


def test_a_choice_that_was_not_made_in_two_questions_is_two_lines():
    missing = [result("choice", 2, 0), result("choice", 5, 0, question="q2")]
    found = summarise_checks(report_of(missing, missing))
    assert [(one.question, one.points, one.graded) for one in found] == [("q1", 2, 2), ("q2", 5, 2)]


def test_a_groups_submission_counts_once_and_its_mistake_for_each_member():
    wrong = [result("a", 4, 0, mutant="wrong_sign"), result("b", 1, 1)]
    right = [result("a", 4, 1), result("b", 1, 1)]
    report = report_of(wrong, wrong, wrong, right, groups=[7, 7, 7, 8])
    found = summary(report)
    assert found.outcomes == {Outcome.PASSED: 1, Outcome.WRONG_VALUE: 1}
    assert found.pass_rate == 0.5
    (mistake,) = known_mistakes(report)
    assert [row.student for row in mistake.rows] == ["s0", "s1", "s2"]


def test_the_table_of_difficulty_has_a_line_a_check():
    lines = difficulty_csv(shared((1, 1, 1, 0), (0, 0.5, 1, 0), (1, 1, 1, 0))).splitlines()
    assert lines[0].startswith("question,check,title,points,submissions,passed,pass_share,discrim")
    assert lines[1].startswith("q1,a,a,4,3,2,0.6666666667,1,")
    assert lines[3].startswith("q1,c,c,1,3,3,1,,")


@pytest.mark.parametrize(
    ("values", "quartiles", "deviation"),
    [((3,), (3, 3), 0), ((1, 3), (1.5, 2.5), 1), ((0, 10, 20, 30, 40), (10, 30), sqrt(200))],
)
def test_a_spread_has_quartiles_and_a_deviation(
    values: tuple[float, ...], quartiles: tuple[float, float], deviation: float
):
    spread = spread_of("score", 40, values)
    assert spread.quartiles == quartiles
    assert spread.deviation == pytest.approx(deviation)
    assert spread_of("score", 40, ()).quartiles is None
