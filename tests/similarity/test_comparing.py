"""Which notebooks are found to share code, and which not."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.similarity import (
    Lines,
    Pair,
    Thresholds,
    Unread,
    Work,
    compare_works,
)
from grader.similarity.normal_form import normal_form
from tests.similarity.notebooks import (
    MADE_APART,
    SOLUTION,
    STARTER,
    disguised,
    notebook,
    submitted,
    work,
)

STARTERS = (notebook(STARTER),)
ALL = Thresholds(run=10, share=0.001, characters=1)

pytestmark = pytest.mark.filterwarnings("error")


def pairs(works: Sequence[Work], thresholds: Thresholds = Thresholds()) -> tuple[Pair, ...]:  # noqa: B008
    return compare_works("Lab", works, STARTERS, thresholds=thresholds).pairs


def test_a_copy_with_other_names_and_another_order_is_found() -> None:
    (pair,) = pairs([work("ada", SOLUTION), work("bob", disguised(SOLUTION))])
    assert (pair.left.work.label, pair.right.work.label) == ("ada", "bob")
    assert pair.left.share > 0.9
    assert pair.right.share > 0.9


def test_the_shared_lines_are_those_of_the_cells_of_each_notebook() -> None:
    (pair,) = pairs([work("ada", SOLUTION), work("bob", disguised(SOLUTION))])
    left = {passage.lines.cell: passage.lines for passage in pair.left.passages}
    right = {passage.lines.cell: passage.lines for passage in pair.right.passages}
    # In the copy the second function comes first, and each begins two lines further down.
    assert (left[3].last, left[4].last) == (10, 16)
    assert (right[4].last, right[3].last) == (12, 18)
    # The head of the first function is the starter's, as is what stands before it.
    assert (left[3].first, left[4].first) == (3, 1)
    assert (right[4].first, right[3].first) == (3, 5)


def test_a_passage_tells_which_of_the_other_side_are_like_it() -> None:
    (pair,) = pairs([work("ada", SOLUTION), work("bob", disguised(SOLUTION))])
    for side, other in ((pair.left, pair.right), (pair.right, pair.left)):
        of_cell = {p.lines.cell: [other.passages[n - 1] for n in p.like] for p in side.passages}
        assert of_cell[3][-1].lines.cell == 4
        assert of_cell[4][0].lines.cell == 3


def test_part_of_a_notebook_copied_into_a_longer_one_is_found() -> None:
    longer = [*MADE_APART, *disguised([STARTER[0], SOLUTION[2]])[1:]]
    (pair,) = pairs([work("ada", SOLUTION[:1] + SOLUTION[2:]), work("bob", longer)])
    assert pair.left.share > 0.9
    assert pair.right.share < 0.7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(SOLUTION, MADE_APART, id="made apart"),
        pytest.param(SOLUTION, STARTER, id="a starter"),
        pytest.param(STARTER, STARTER, id="two starters"),
        pytest.param((*STARTER, "x = 1"), (*STARTER, "x = 1"), id="a line beside the starter"),
        pytest.param([], [], id="no code"),
    ],
)
def test_notebooks_made_apart_and_starters_are_not_found(
    one: Sequence[str], other: Sequence[str]
) -> None:
    assert pairs([work("ada", one), work("bob", other)]) == ()


def test_real_notebooks_are_told_apart() -> None:
    works = [submitted(name) for name in ("full-marks", "full-marks-another-route", "float64")]
    report = compare_works("ps1", works, [submitted("blank").notebook])
    assert [(p.left.work.label, p.right.work.label) for p in report.pairs] == [
        ("float64", "full-marks")
    ]
    low = Thresholds(share=0.001, characters=1)
    report = compare_works("ps1", works, [submitted("blank").notebook], thresholds=low)
    shares = {p.left.work.label: p.share for p in report.pairs if "route" in p.right.work.label}
    assert max(shares.values()) < 0.1


def test_starters_and_empty_notebooks_are_listed_as_not_compared() -> None:
    works = [work("ada", SOLUTION), work("bob", STARTER), work("eve", [])]
    report = compare_works("Lab", works, STARTERS)
    assert report.compared == 1
    assert [(n.label, n.because) for n in report.not_compared] == [
        ("bob", Unread.NOTHING_OWN),
        ("eve", Unread.NOTHING_OWN),
    ]


@pytest.mark.parametrize(
    ("authors", "others", "found"),
    [
        (("ada",), ("ada",), False),
        (("ada", "bob"), ("bob", "eve"), False),
        (("ada", "bob"), ("eve",), True),
    ],
)
def test_submissions_of_one_student_or_group_are_never_compared(
    authors: tuple[str, ...], others: tuple[str, ...], found: bool
) -> None:
    works = [work("first", SOLUTION, *authors), work("second", disguised(SOLUTION), *others)]
    assert bool(pairs(works)) is found


def test_a_pair_is_the_same_whoever_comes_first() -> None:
    works = [work("ada", SOLUTION), work("bob", disguised(SOLUTION)), work("eve", MADE_APART)]
    assert pairs(works, ALL) == pairs(works[::-1], ALL)
    assert len(pairs(works, ALL)) == 3
    swapped = [replace(w, label={"ada": "bob", "bob": "ada"}.get(w.label, "eve")) for w in works]
    (pair,) = pairs(works)
    (other,) = pairs(swapped)
    assert (pair.left.share, pair.right.share) == (other.right.share, other.left.share)
    assert pair.left.passages == other.right.passages


def test_what_everyone_writes_counts_for_nobody() -> None:
    works = [work(f"student {n}", SOLUTION) for n in range(5)]
    assert len(pairs(works, Thresholds(authors=5))) == 10
    assert pairs(works, Thresholds(authors=4)) == ()
    resubmitted = [work(f"ada {n}", SOLUTION, "ada") for n in range(5)]
    assert len(pairs([*resubmitted, work("bob", SOLUTION)], Thresholds(authors=4))) == 5


def test_two_works_of_one_label_are_refused() -> None:
    with pytest.raises(ValueError, match="two works are called 'ada'"):
        pairs([work("ada", SOLUTION), work("ada", STARTER)])


@pytest.mark.parametrize("wrong", [{"run": 0}, {"characters": 0}, {"authors": 1}, {"share": 0}])
def test_thresholds_that_would_find_everything_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Thresholds(**wrong)


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(["def f(:\n  )", "'''", '"'], id="syntax errors and open quotes"),
        pytest.param(["x = '" + "a" * 50_000 + "'"], id="a huge line"),
        pytest.param(["(" * 50_000], id="brackets"),
        pytest.param(["@" * 50_000], id="marks"),
        pytest.param(["\n" * 50_000 + "x"], id="blank lines"),
        pytest.param(["\\\n" * 25_000], id="continued lines"),
        pytest.param(["x = 1\n" * 10_000], id="one line repeated"),
        pytest.param(["f'{" * 20_000], id="open f-strings"),
        pytest.param(["\ufeff\u202e\u2028\x0c" * 5_000], id="invisible characters"),
        pytest.param(["%%html\n<script>", "!ls", "class A: pass"], id="magics"),
    ],
)
def test_hostile_cells_neither_hide_a_copy_nor_take_long(hostile: list[str]) -> None:
    start = time.process_time()
    copy = [*hostile, *disguised(SOLUTION), *hostile]
    (pair,) = pairs([work("ada", SOLUTION), work("bob", copy)])
    assert pair.left.share > 0.9
    assert time.process_time() - start < 20  # seconds; about 1 here


def test_two_hostile_notebooks_take_no_longer_for_being_alike() -> None:
    start = time.process_time()
    parts = [f"x{'+' * (n % 40)}y = {n}\nz = 1\n" * 3 for n in range(1_000)]
    (pair,) = pairs([work("ada", ["".join(parts)]), work("bob", ["".join(reversed(parts))])])
    assert pair.share > 0.4
    assert time.process_time() - start < 30  # seconds; about 2 here


def test_too_much_code_is_not_compared_and_told() -> None:
    long = [*SOLUTION, "x = 1\n" * 40_000]
    report = compare_works("Lab", [work("ada", SOLUTION), work("bob", long)], STARTERS)
    assert report.pairs == ()
    assert [(n.label, n.because) for n in report.not_compared] == [("bob", Unread.TOO_LONG)]


SOURCES = st.text(st.sampled_from("ab1 \n\t'\"#(:\\=é{}\ufeff"), max_size=60) | st.text(max_size=30)


@given(st.lists(SOURCES.map(lambda s: s.replace("\0", "").replace("\ud800", "")), max_size=4))
@settings(deadline=None)
def test_every_character_of_the_normal_form_has_a_line_of_its_notebook(cells: list[str]) -> None:
    of = notebook([cell.encode("utf-8", "replace").decode() for cell in cells])
    form = normal_form(of)
    assert len(form.text) == len(form.cells) == len(form.lines)
    for cell, line in zip(form.cells.tolist(), form.lines.tolist(), strict=True):
        assert of.cells[cell - 1].source.split("\n")[line - 1].strip()


@given(st.lists(st.sampled_from(["x = 1", "# said", "", "class Longer(object):", " y", "f(z)"])))
def test_the_characters_of_plain_lines_stand_on_their_lines(lines: list[str]) -> None:
    form = normal_form(notebook(["\n".join(lines)]))
    normal = {"x = 1": "V=1", "class Longer(object):": "classO(object):", "f(z)": "V(V)", " y": "V"}
    by_line = "".join(normal.get(line, "") for line in lines)
    assert form.text == by_line
    numbers = [n for n, line in enumerate(lines, 1) for _ in normal.get(line, "")]
    assert form.lines.tolist() == numbers


def test_code_cut_into_small_cells_is_found_cell_by_cell() -> None:
    small = [SOLUTION[0], *disguised(SOLUTION)[1].split("\n")]
    (pair,) = pairs([work("ada", SOLUTION[:1] + SOLUTION[2:]), work("bob", small)])
    assert pair.right.share > 0.9
    assert {p.lines for p in pair.right.passages} >= {Lines(cell, 1, 1) for cell in range(7, 11)}
