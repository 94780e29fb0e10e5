"""What failed in a submission, in kinds by which staff look for others with the same failure.

They are those of the reports: how the program ended, what checks found, known mistakes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter

from grader.outcomes import Ending, Outcome
from grader.report.sentences import ENDINGS, OUTCOMES
from grader.report.wording import spoken_name
from grader.store import Store

Kinds = frozenset[str]

_ENDINGS = {one.value: one for one in Ending}
_OUTCOMES = {one.value: one for one in Outcome}
# Results never change: what was read of one holds as long as its store does.
_known: WeakKeyDictionary[Store, dict[int, Kinds]] = WeakKeyDictionary()


@dataclass(frozen=True)
class _Check:
    check: str
    outcome: Outcome
    mutant: str | None = None


@dataclass(frozen=True)
class _Record:
    """The part of a record that kinds are made of: all else is skipped, which is far quicker."""

    ending: Ending
    checks: tuple[_Check, ...]


_RECORD = TypeAdapter(_Record)


def kinds_of(store: Store, assignment: str) -> dict[int, Kinds]:
    """The kinds of failure in each submission's current result."""
    current = store.browsing.current([assignment])
    found = kinds_of_results(store, current.values())
    return {number: found[result] for number, result in current.items()}


def kinds_of_results(store: Store, results: Iterable[int]) -> dict[int, Kinds]:
    """The kinds of failure in these results, none of them only proposed."""
    wanted = set(results)
    known = _known.setdefault(store, {})
    for result, record in store.browsing.records(wanted - known.keys()):
        known[result] = _kinds(record)
    return {result: known[result] for result in wanted}


def _kinds(record: str) -> Kinds:
    found = _RECORD.validate_json(record)
    kinds: set[str] = set()
    if found.ending is not Ending.FINISHED:
        kinds.add(f"ending:{found.ending}")
    for check in found.checks:
        if check.outcome is not Outcome.PASSED:
            kinds.add(f"outcome:{check.outcome}")
        if check.mutant:
            kinds.add(f"mistake:{check.mutant}:{check.check}")
    return frozenset(kinds)


@dataclass(frozen=True)
class KindChoice:
    """One kind that can be chosen, and how many submissions have it."""

    key: str
    label: str
    number: int


def choices(
    kinds: Mapping[int, Kinds], numbers: Collection[int]
) -> tuple[tuple[str, tuple[KindChoice, ...]], ...]:
    """The kinds that these submissions have, under headings, the most frequent first."""
    counts = Counter(kind for number in numbers for kind in kinds.get(number, ()))
    headings = {"ending": "Programs", "outcome": "Checks", "mistake": "Known mistakes"}
    found = ((heading, _choices(counts, f"{start}:")) for start, heading in headings.items())
    return tuple((heading, each) for heading, each in found if each)


def _choices(counts: Mapping[str, int], start: str) -> tuple[KindChoice, ...]:
    keys = sorted((key for key in counts if key.startswith(start)), key=lambda k: (-counts[k], k))
    return tuple(KindChoice(key, label_of(key), counts[key]) for key in keys)


def label_of(key: str) -> str:
    """A kind in the words of the reports; a key that is none is nothing."""
    start, _, rest = key.partition(":")
    if start == "ending" and rest in _ENDINGS:
        return ENDINGS[_ENDINGS[rest]].label
    if start == "outcome" and rest in _OUTCOMES:
        return OUTCOMES[_OUTCOMES[rest]].label
    if start == "mistake":
        mutant, _, check = rest.partition(":")
        return f"{spoken_name(mutant)} ({check})"
    return ""


def labels_of(kinds: Iterable[str]) -> list[str]:
    """What to say of a submission in a line: its ending, then its known mistakes, then the rest.

    A mistake is named once, in however many checks it was found.
    """
    order = ("ending", "mistake", "outcome")
    ordered = sorted(kinds, key=lambda key: (order.index(key.partition(":")[0]), key))
    return list(dict.fromkeys(label_of(key).partition(" (")[0] for key in ordered))
