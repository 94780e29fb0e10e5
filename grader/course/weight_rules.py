"""What `weights` in `course.yaml` must mean: known assignments, each once, and 100 percent."""

import math

from grader.course.complaints import did_you_mean
from grader.course.raw_fields import RawFields, finite_sum
from grader.course.yaml_source import Document


def check_weights(document: Document) -> None:
    """Add a complaint for each rule that the weights break."""
    check = _Weights(document)
    for name in check.names("weights"):
        check.part(name)
    check.sum()


class _Weights(RawFields):
    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.known = self.names("assignments")
        self.counted: dict[str, str] = {}

    def part(self, name: str) -> None:
        """One part: what it is of, and that something is left when the lowest are dropped."""
        at = ("weights", name)
        listed = self.get(*at, "of")
        if listed is None:
            if isinstance(self.get(*at), dict) and name not in self.known:
                hint = did_you_mean(name, self.known)
                what = "is no assignment; name one, or say `of: [...]`"
                self.document.complain(at, f"{what}; {hint}" if hint else what, of_key=True)
            self.count(name, at, name)
            return
        for index, one in enumerate(listed if isinstance(listed, list) else []):
            path = (*at, "of", index)
            if isinstance(one, str) and one not in self.known:
                hint = did_you_mean(one, self.known)
                expected = "expected one of the assignments"
                self.saw(path, f"{expected}; {hint}" if hint else expected)
            self.count(one, path, name)
        dropped = self.get(*at, "drop_lowest")
        if type(dropped) is int and isinstance(listed, list) and dropped >= len(listed) > 0:
            self.saw((*at, "drop_lowest"), f"expected less than {len(listed)}, which is all of it")

    def count(self, assignment: object, path: tuple[str | int, ...], part: str) -> None:
        """An assignment counts once."""
        if not isinstance(assignment, str):
            return
        first = self.counted.setdefault(assignment, part)
        if first != part:
            self.saw(path, f"which counts in `{first}` already")

    def sum(self) -> None:
        """The parts make the whole."""
        each = [self.get("weights", name, "percent") for name in self.names("weights")]
        added = finite_sum(each)
        if not each or added is None:
            return
        if not math.isclose(added, 100.0, rel_tol=1e-9):
            what = f"the parts add up to {added:g} percent, expected 100"
            self.document.complain(("weights",), what, of_key=True)
