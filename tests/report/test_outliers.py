"""Time and memory outliers: the rule is robust, does not see units, and is told on the page."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report import AssignmentReport
from grader.report.outlier_views import outlier_views
from grader.report.outliers import limit_of, memory_outliers, time_outliers
from grader.report.pages import index_page
from tests.report.cohort import BEHAVIOURS, cohort_report


def timed(*seconds: float) -> AssignmentReport:
    """Submissions that took so long and are alike otherwise."""
    return cohort_report(
        tuple(
            replace(BEHAVIOURS[0], student=f"s{i}", seconds=value)
            for i, value in enumerate(seconds)
        )
    )


@pytest.mark.parametrize(
    ("seconds", "slow"),
    [
        ((10, 11, 12, 13, 14), []),
        ((10, 11, 12, 13, 90), ["s4"]),
        ((10, 11, 12, 13, 14, 90, 400), ["s6", "s5"]),
        ((20, 20, 20, 20, 20.5), []),  # MAD is 0, but half a second is nothing
        ((20, 20, 20, 20, 31), ["s4"]),
        ((1, 5, 20, 60, 100), []),  # so unequal that none stands out
        ((10, 10, 10, 300), []),  # too few to say what is usual
    ],
)
def test_slow_ones_are_found(seconds: tuple[float, ...], slow: list[str]):
    assert [row.student for row in time_outliers(timed(*seconds)).rows] == slow


def test_the_limit_is_the_median_and_five_times_the_mad():
    limit = limit_of([4, 6, 10, 13, 15])
    assert limit is not None
    assert (limit.middle, limit.mad, limit.highest) == (10, 4, 30)
    flat = limit_of([10, 10, 10, 11, 12])
    assert flat is not None
    assert (flat.mad, flat.highest) == (0, 15)


@given(
    st.lists(st.integers(1, 1000), min_size=5, max_size=40),
    st.sampled_from([0.25, 2.0, 1024.0]),  # powers of two: no digit changes
)
def test_other_units_make_no_other_outliers(values: list[int], factor: float):
    limit, scaled = limit_of(values), limit_of([factor * value for value in values])
    assert limit is not None
    assert scaled is not None
    assert scaled.highest == factor * limit.highest


@given(st.lists(st.floats(1, 10), min_size=7, max_size=30), st.floats(1e3, 1e9))
def test_a_few_monsters_do_not_move_the_limit_beyond_the_others_range(
    values: list[float], monster: float
):
    few = (len(values) - 1) // 3
    limit = limit_of([*values, *[monster] * few])
    assert limit is not None
    assert limit.highest <= 10 + 5 * 9


def test_memory_is_judged_by_its_own_limit():
    rows = [replace(BEHAVIOURS[0], student=f"s{i}") for i in range(6)]
    report = cohort_report((*rows, replace(BEHAVIOURS[0], student="big", mebibytes=1900)))
    assert [row.student for row in memory_outliers(report).rows] == ["big"]
    assert time_outliers(report).rows == ()


def test_the_page_states_the_rule_and_links_to_the_students_row():
    html = index_page(cohort_report())
    assert "5 submissions with far more time" in html
    assert "Listed is what exceeds 32 s: the median, 21 s, and 5 times the median abs" in html
    assert '<a href="#row-novak">Petra Novák</a>' in html
    assert html.count('<tr id="row-novak">') == 1


def test_too_few_submissions_have_no_such_section():
    assert outlier_views(timed(1, 2, 300)) == ()
    assert "far more time" not in index_page(timed(1, 2, 300))
