"""The weighted total of a term, from final scores alone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from grader.course import Course
from grader.course.weights import Part
from grader.gradebook.records import Pending, Score

_NOT_ASKED = (Pending.EXCUSED, Pending.LEFT_OUT)


@dataclass(frozen=True)
class PartTotal:
    """One part of the total: the share reached of it (0..1 and more with a bonus), what it weighs.

    `share` is None while nothing of it has a final score. `dropped` are the assignments left out
    because they were the lowest. `known` is the share of its assignments that are final. It
    `is_excused` if the student is, of all of it.
    """

    name: str
    percent: float
    share: float | None
    dropped: tuple[str, ...] = ()
    known: float = 0.0
    is_excused: bool = False


@dataclass(frozen=True)
class Total:
    """`percent` reached of what is final so far; `so_far` is how much of the weights that is.

    A part of which some is final counts by that share of its weight. None before anything is
    final. Once every score is final, and not before, `so_far` is 100. Of who is excused from a
    whole part, the other parts make the 100.
    """

    parts: tuple[PartTotal, ...]
    percent: float | None
    so_far: float


def total_of(course: Course, scores: Mapping[str, Score]) -> Total:
    """The total of one student's scores by the course's weights."""
    parts = tuple(_part(part, scores) for part in course.weights)
    weight = math.fsum(part.percent for part in parts if not part.is_excused)
    so_far = math.fsum(part.percent * part.known for part in parts)
    reached = math.fsum(part.percent * part.known * (part.share or 0.0) for part in parts)
    percent = 100.0 * reached / so_far if so_far else None
    return Total(parts, percent, 100.0 * so_far / weight if weight else 0.0)


def _part(part: Part, scores: Mapping[str, Score]) -> PartTotal:
    """The mean share of the part's assignments that have a final score, less the lowest ones.

    Each counts alike, whatever its points. The lowest are dropped only when all are final: before
    that nobody knows which they are. What the student is excused from is as if it weren't there;
    one of the others is kept.
    """
    asked = [name for name in part.assignments if scores[name].pending not in _NOT_ASKED]
    shares = {
        name: score.final / score.points
        for name in asked
        if (score := scores[name]).final is not None and score.points
    }
    dropped: tuple[str, ...] = ()
    if part.drop_lowest and len(shares) == len(asked):
        # Of equals the one that comes later in course.yaml.
        places = {name: place for place, name in enumerate(part.assignments)}
        worst_first = sorted(shares, key=lambda name: (shares[name], -places[name]))
        dropped = tuple(worst_first[: min(part.drop_lowest, len(asked) - 1)])
    kept = [share for name, share in shares.items() if name not in dropped]
    share = math.fsum(kept) / len(kept) if kept else None
    known = len(shares) / len(asked) if asked else 0.0
    return PartTotal(part.name, part.percent, share, dropped, known, is_excused=not asked)
