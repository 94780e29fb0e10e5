"""The form of a paper: what was typed, what of it is a mark, and how an earlier mark fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.desk.marking import CannotMark, read_items
from grader.gradebook import QuestionInfo
from grader.store import ManualScoreRow

LONGEST_COMMENT = 20_000
# What the form offers of an item; any other share is typed.
OFFERED = {"1": "full", "0.5": "half", "0": "none"}
TYPED = "share"
# A share that was to be typed, and was not.
UNSAID = "?"


@dataclass(frozen=True)
class Typed:
    """The fields of a form, as text that nobody has judged yet. `shares` are by rubric item."""

    shares: Mapping[str, str] = field(default_factory=dict[str, str])
    points: str = ""
    comment: str = ""

    @classmethod
    def of(cls, info: QuestionInfo, sent: Mapping[str, str]) -> "Typed":
        """What a browser sent."""
        sent = {key: value.replace("\0", "\ufffd") for key, value in sent.items()}
        shares: dict[str, str] = {}
        for item in info.rubric:
            chosen = sent.get(f"item-{item.name}", "")
            if chosen == TYPED:
                chosen = sent.get(f"share-{item.name}", "").strip() or UNSAID
            if chosen:
                shares[item.name] = chosen[:40]
        comment = sent.get("comment", "").replace("\r\n", "\n")
        return cls(shares, sent.get("points", "").strip()[:40], comment.strip())

    @classmethod
    def of_mark(cls, info: QuestionInfo, mark: ManualScoreRow | None) -> "Typed":
        """What would give that mark again; nothing for none."""
        if mark is None:
            return cls()
        if mark.marks is None:
            return cls({}, _text(mark.points), mark.comment)
        shares = {item.name: _text(mark.marks.get(item.name, 0)) for item in info.rubric}
        return cls(shares, _text(mark.points) if mark.points else "", mark.comment)

    def given(self, info: QuestionInfo) -> tuple[dict[str, float] | None, float | None]:
        """The shares of the items that are met, and the points; None for what nothing is said of.

        Raises `CannotMark` for what is no share, or no number, and for too long a comment.
        """
        if len(self.comment) > LONGEST_COMMENT:
            raise CannotMark(
                f"the comment has {len(self.comment):,} characters; {LONGEST_COMMENT:,} is the most"
            )
        items = [f"{name}={share}" for name, share in self.shares.items()]
        marks = read_items(info, items) if items else None
        met = None if marks is None else {name: share for name, share in marks.items() if share}
        return met, self._points()

    def _points(self) -> float | None:
        if not self.points:
            return None
        try:
            return float(self.points)
        except ValueError:
            raise CannotMark(f"{self.points!r} is no number of points, such as 1.5") from None


@dataclass(frozen=True)
class ItemField:
    """One item of the rubric in the form; `typed` is its share where that is none of those."""

    number: int
    name: str
    text: str
    points: float
    offered: tuple[tuple[str, str, bool], ...]
    typed: str


def item_fields(info: QuestionInfo, typed: Typed) -> list[ItemField]:
    """The rubric's items, each with (value, words, whether it is chosen) of what is offered."""
    fields: list[ItemField] = []
    for number, item in enumerate(info.rubric, 1):
        share = typed.shares.get(item.name, "")
        offered = tuple((value, words, value == share) for value, words in OFFERED.items())
        other = "" if share in (*OFFERED, UNSAID) else share
        fields.append(ItemField(number, item.name, item.text, item.points, offered, other))
    return fields


def _text(number: float) -> str:
    return f"{number:.12g}"
