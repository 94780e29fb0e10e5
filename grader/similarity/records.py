"""What is compared and what comes out."""

from dataclasses import dataclass
from enum import StrEnum

from grader.intake import Notebook


@dataclass(frozen=True)
class Thresholds:
    """What counts as shared, and how much of it makes a pair.

    Lengths count characters of normal form: names are one letter, strings too; blanks and
    comments are gone. A line of a notebook has some 15 of them.
    """

    run: int = 30
    """The shortest run of characters that counts as shared."""
    share: float = 0.4
    """A pair is told if at least this much of what either side wrote is shared ..."""
    characters: int = 150
    """... and if it is at least this much: two lines that are equal say nothing."""
    authors: int = 10
    """What more people than these have is taken for what everyone writes, as MOSS does."""
    code_characters: int = 200_000
    """Of a notebook's code as written. Longer ones are not compared, which the report tells."""

    def __post_init__(self) -> None:
        if min(self.run, self.characters) < 1 or self.authors < 2 or not 0 < self.share <= 1:
            raise ValueError(
                "run and characters must be 1 or more, authors 2 or more, and share in 0..1, "
                f"not {self}"
            )


@dataclass(frozen=True)
class Work:
    """One submission. `label` is what the report calls it.

    Works that share an author, such as a student's or a group's older submissions, are never
    compared with each other.
    """

    label: str
    authors: frozenset[str]
    notebook: Notebook


@dataclass(frozen=True, order=True)
class Lines:
    """Lines of one cell, first to last. All count from 1, and markdown cells count too."""

    cell: int
    first: int
    last: int


@dataclass(frozen=True)
class Passage:
    """Code that the other side has too.

    `like` are the numbers, from 1, of the other side's passages with the same code.
    """

    lines: Lines
    like: tuple[int, ...]


@dataclass(frozen=True)
class Side:
    """One of a pair. `share` is how much of what it wrote, starter aside, the other has too."""

    work: Work
    share: float
    characters: int
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Pair:
    """Two works that share code; `left` has the label that comes first."""

    left: Side
    right: Side

    @property
    def share(self) -> float:
        """The larger of both shares."""
        return max(self.left.share, self.right.share)


class Unread(StrEnum):
    """Why a work was not compared."""

    TOO_LONG = "it has too much code to be compared; look at it yourself"
    NOTHING_OWN = "it has too little code beside the starter's"


@dataclass(frozen=True)
class NotCompared:
    """A work that was left out, and why."""

    label: str
    because: Unread


@dataclass(frozen=True)
class SimilarityReport:
    """The pairs above the thresholds, the most similar first."""

    title: str
    thresholds: Thresholds
    compared: int
    pairs: tuple[Pair, ...]
    not_compared: tuple[NotCompared, ...]
