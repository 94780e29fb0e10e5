"""The weighted total of a term, from final scores alone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from grader.course import Course
from grader.course.weights import Part
from grader.gradebook.records import Pending, Score


@dataclass(frozen=True)
class PartTotal:
    """One part of the total: the share reached of it (0..1 and more with a bonus), what it weighs.

    `share` is None while nothing of it has a final score. `dropped` are the assignments left out
    because they were the lowest. It `is_excused` if the student is, of all of it.
    """

    name: str
    percent: float
    share: float | None
    dropped: tuple[str, ...] = ()
    is_excused: bool = False


@dataclass(frozen=True)
class Total:
    """`percent` reached of what is final so far; `so_far` is how much of the weights that is.

    None before anything is final. Once every score is final `so_far` is 100. Of who is excused
    from a whole part, the other parts make the 100.
    """

    parts: tuple[PartTotal, ...]
    percent: float | None
    so_far: float


def total_of(course: Course, scores: Mapping[str, Score]) -> Total:
    """The total of one student's scores by the course's weights."""
    parts = tuple(_part(part, scores) for part in course.weights)
    known = [(part.percent, part.share) for part in parts if part.share is not None]
    weight = math.fsum(part.percent for part in parts if not part.is_excused)
    so_far = math.fsum(percent for percent, _ in known)
    reached = math.fsum(percent * share for percent, share in known)
    percent = 100.0 * reached / so_far if so_far else None
    return Total(parts, percent, 100.0 * so_far / weight if weight else 0.0)


def _part(part: Part, scores: Mapping[str, Score]) -> PartTotal:
    """The mean share of the part's assignments that have a final score, less the lowest ones.

    Each counts alike, whatever its points. The lowest are dropped only when all are final: before
    that nobody knows which they are. What the student is excused from is as if it weren't there;
    one of the others is kept.
    """
    asked = [name for name in part.assignments if scores[name].pending is not Pending.EXCUSED]
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
    return PartTotal(part.name, part.percent, share, dropped, is_excused=not asked)
