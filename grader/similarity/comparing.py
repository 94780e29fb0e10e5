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

    `own` is how many characters of the normal form they cover.
    """

    work: Work
    form: NormalForm
    prints: np.ndarray
    places: np.ndarray
    own: int


def compare_works(
    title: str,
    works: Iterable[Work],
    starters: Iterable[Notebook] = (),
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
    ours = [p for p in prints if p.own >= thresholds.characters]
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
        places = np.flatnonzero(~np.isin(prints, of_nobody))
        own = _length(get_copied_slices(places, thresholds.run))
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
    here = np.isin(left.prints, right.prints)
    there = np.isin(right.prints, left.prints)
    left_runs = get_copied_slices(left.places[here], thresholds.run)
    right_runs = get_copied_slices(right.places[there], thresholds.run)
    characters = min(_length(left_runs), _length(right_runs))
    share = max(_length(left_runs) / left.own, _length(right_runs) / right.own)
    if characters < thresholds.characters or share < thresholds.share:
        return None
    of_left = _runs_of(left.places[here], left_runs)
    of_right = _runs_of(right.places[there], right_runs)
    links = _links(left.prints[here], of_left, right.prints[there], of_right)
    back = _links(right.prints[there], of_right, left.prints[here], of_left)
    both = links | {(run, other) for other, run in back}
    return Pair(
        _side(left, left_runs, both),
        _side(right, right_runs, {(run, other) for other, run in both}),
    )


def _length(runs: np.ndarray) -> int:
    return int(np.sum(runs[1] - runs[0]))


def _runs_of(places: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """For each place, the number from 0 of the run that it is in."""
    return np.searchsorted(runs[0], places, side="right") - 1


def _links(
    prints: np.ndarray, runs: np.ndarray, other_prints: np.ndarray, other_runs: np.ndarray
) -> set[tuple[int, int]]:
    """For each run, the first of the other side's runs with each of its fingerprints.

    With all of them the number of links could grow with the square of the code.
    """
    values, first = np.unique(other_prints, return_index=True)
    others = other_runs[first[np.searchsorted(values, prints)]]
    return set(zip(runs.tolist(), others.tolist(), strict=True))


def _side(prints: _Prints, runs: np.ndarray, links: set[tuple[int, int]]) -> Side:
    like: dict[int, list[int]] = defaultdict(list)
    for run, other in sorted(links):
        like[run].append(other + 1)
    passages = tuple(
        Passage(prints.form.places(int(start), int(stop)), tuple(like[number]))
        for number, (start, stop) in enumerate(runs.T.tolist())
    )
    characters = _length(runs)
    return Side(prints.work, characters / prints.own, characters, passages)
