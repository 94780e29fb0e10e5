"""Which works share code, and where: copydetect's fingerprints of the code in normal form.

A fingerprint is the hash of a run of characters, and all of a work's are kept (winnowing with
a window of 1). A wider window would keep a sample that depends on Python's string hashes, and
those on the process.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from copydetect.utils import get_copied_slices, hashed_kgrams

from grader.intake import Notebook
from grader.similarity.normal_form import NormalForm, code_characters, normal_form
from grader.similarity.records import (
    NotCompared,
    Pair,
    Passage,
    Side,
    SimilarityReport,
    Thresholds,
    Unread,
    Work,
)


@dataclass(frozen=True)
class _Prints:
    """A work's fingerprints that count, and the place in the normal form of each, in order.

    `own` marks the characters that they cover and that are nobody's alone.
    """

    work: Work
    form: NormalForm
    prints: np.ndarray
    places: np.ndarray
    own: np.ndarray

    @property
    def characters(self) -> int:
        return _count(self.own)


def compare_works(
    title: str,
    works: Iterable[Work],
    starters: Iterable[Notebook] = (),
    *,
    thresholds: Thresholds = Thresholds(),  # noqa: B008  (frozen)
) -> SimilarityReport:
    """Compare every work with those of other people.

    What `starters` hold, the notebooks that students were given, counts for nobody, nor
    does what more than `thresholds.authors` have. Raises `ValueError` for a label given twice.
    """
    ordered = sorted(works, key=lambda work: work.label)
    twice = [label for label, n in Counter(work.label for work in ordered).items() if n > 1]
    if twice:
        raise ValueError(f"two works are called {twice[0]!r}")
    short = [w for w in ordered if code_characters(w.notebook) <= thresholds.code_characters]
    prints = _fingerprints(short, starters, thresholds)
    ours = [p for p in prints if p.characters >= thresholds.characters]
    found = (_pair(ours[i], ours[j], thresholds) for i, j in _candidates(ours))
    pairs = sorted(
        (pair for pair in found if pair),
        key=lambda pair: (-pair.share, pair.left.work.label, pair.right.work.label),
    )
    compared = {p.work.label for p in ours}
    too_long = {work.label for work in ordered} - {work.label for work in short}
    left_out = tuple(
        NotCompared(w.label, Unread.TOO_LONG if w.label in too_long else Unread.NOTHING_OWN)
        for w in ordered
        if w.label not in compared
    )
    return SimilarityReport(title, thresholds, len(compared), tuple(pairs), left_out)


def _fingerprints(
    works: Sequence[Work], starters: Iterable[Notebook], thresholds: Thresholds
) -> list[_Prints]:
    """The works' fingerprints without those that count for nobody."""
    forms = [normal_form(work.notebook) for work in works]
    all_prints = [_hashes(form, thresholds.run) for form in forms]
    given = [_hashes(normal_form(notebook), thresholds.run) for notebook in starters]
    of_nobody = np.concatenate([*given, _of_many(works, all_prints, thresholds.authors)])
    found: list[_Prints] = []
    for work, form, prints in zip(works, forms, all_prints, strict=True):
        counts = ~np.isin(prints, of_nobody)
        places = np.flatnonzero(counts)
        # A fingerprint at the border of the starter covers some of it.
        own = _covered(places, form, thresholds.run) & ~_covered(
            np.flatnonzero(~counts), form, thresholds.run
        )
        found.append(_Prints(work, form, prints[places], places, own))
    return found


def _hashes(form: NormalForm, run: int) -> np.ndarray:
    return hashed_kgrams(form.text, run).astype(np.int64)


def _of_many(works: Sequence[Work], all_prints: Sequence[np.ndarray], most: int) -> np.ndarray:
    """The fingerprints that more than `most` people or groups have, however often they hand in."""
    by_authors: dict[frozenset[str], list[np.ndarray]] = defaultdict(list)
    for work, prints in zip(works, all_prints, strict=True):
        by_authors[work.authors].append(prints)
    once = [np.unique(np.concatenate(prints)) for prints in by_authors.values()]
    values, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *once]), return_counts=True)
    return values[counts > most]


def _candidates(works: Sequence[_Prints]) -> list[tuple[int, int]]:
    """The pairs of different people that have at least one fingerprint in common."""
    having: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(works):
        for value in np.unique(one.prints).tolist():
            having[value].append(number)
    together = {pair for numbers in having.values() for pair in combinations(numbers, 2)}
    return sorted((i, j) for i, j in together if not works[i].work.authors & works[j].work.authors)


def _pair(left: _Prints, right: _Prints, thresholds: Thresholds) -> Pair | None:
    """The pair, or None where too little is shared."""
    run = thresholds.run
    here = np.isin(left.prints, right.prints)
    there = np.isin(right.prints, left.prints)
    of_left = left.own & _covered(left.places[here], left.form, run)
    of_right = right.own & _covered(right.places[there], right.form, run)
    shared = [(_count(of_left), left), (_count(of_right), right)]
    enough = min(count for count, _ in shared) >= thresholds.characters
    if not enough or max(count / of.characters for count, of in shared) < thresholds.share:
        return None
    left_middles, right_middles = left.places[here] + run // 2, right.places[there] + run // 2
    left_runs = _runs(of_left, left.form, left_middles)
    right_runs = _runs(of_right, right.form, right_middles)
    left_at = _run_of(left_middles, left_runs, left.form)
    right_at = _run_of(right_middles, right_runs, right.form)
    links = _links(left.prints[here], left_at, right.prints[there], right_at)
    back = _links(right.prints[there], right_at, left.prints[here], left_at)
    return Pair(_side(left, of_left, left_runs, links), _side(right, of_right, right_runs, back))


def _count(marked: np.ndarray) -> int:
    return int(np.count_nonzero(marked))


def _covered(places: np.ndarray, form: NormalForm, run: int) -> np.ndarray:
    """Marks the characters that fingerprints at these places cover."""
    covered = np.zeros(len(form.text), bool)
    for start, stop in get_copied_slices(places, run).astype(np.int64).T.tolist():
        covered[start:stop] = True
    return covered


def _runs(marked: np.ndarray, form: NormalForm, middles: np.ndarray) -> np.ndarray:
    """Starts and ends of what is marked, cut where a cell ends.

    Fingerprints may lie over two cells, or code in small cells would have none. So a run may be
    the bracket with which the cell before ends: one without the middle of a fingerprint is left
    out.
    """
    change = (np.diff(marked) != 0) | (np.diff(form.cells) != 0)
    bounds = np.concatenate([[0], np.flatnonzero(change) + 1, [len(marked)]])
    before = np.concatenate([[0], np.cumsum(np.bincount(middles, minlength=len(marked)))])
    starts, stops = bounds[:-1], bounds[1:]
    kept = marked[starts] & (before[stops] > before[starts])
    return np.array([starts[kept], stops[kept]])


def _run_of(places: np.ndarray, runs: np.ndarray, form: NormalForm) -> np.ndarray:
    """For each place, the number from 0 of the run that it is in, or -1."""
    numbers = np.full(len(form.text), -1)
    for number, (start, stop) in enumerate(runs.T.tolist()):
        numbers[start:stop] = number
    return numbers[places]


def _links(
    prints: np.ndarray, runs: np.ndarray, other_prints: np.ndarray, other_runs: np.ndarray
) -> dict[int, tuple[int, ...]]:
    """For each run, the runs of the other side that it has most fingerprints in common with.

    Of a fingerprint that the other side repeats only the first counts: with all of them the work
    could grow with the square of the code.
    """
    values, first = np.unique(other_prints, return_index=True)
    others = other_runs[first[np.searchsorted(values, prints)]]
    common: dict[int, Counter[int]] = defaultdict(Counter)
    for run, other in zip(runs.tolist(), others.tolist(), strict=True):
        if run >= 0 and other >= 0:
            common[run][other] += 1
    return {run: _most_common(counts) for run, counts in common.items()}


def _most_common(counts: Counter[int]) -> tuple[int, ...]:
    """Those with at least a tenth of the highest count: a few alike by chance are left out."""
    highest = max(counts.values())
    return tuple(sorted(number for number, n in counts.items() if 10 * n >= highest))


def _side(
    of: _Prints, shared: np.ndarray, runs: np.ndarray, links: dict[int, tuple[int, ...]]
) -> Side:
    passages = tuple(
        Passage(of.form.lines_of(start, stop), tuple(n + 1 for n in links.get(number, ())))
        for number, (start, stop) in enumerate(runs.T.tolist())
    )
    return Side(of.work, _count(shared) / of.characters, _count(shared), passages)
