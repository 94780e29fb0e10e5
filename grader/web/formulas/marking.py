r"""The formulas of a Markdown text, found as Jupyter finds them, and the text with marks for them.

They are taken out before anything reads the Markdown, so that `_` and `*` in them mean nothing and
`|` ends no cell of a table. A formula is what stands between `$`, `$$`, `\(` and `\)`, `\[` and
`\]` (with one backslash or two), or a bare `\begin{align}` and its end; code is passed over. Unlike
Jupyter's, the dollars of "costs $5 and $6" are money.
"""

import re
import secrets
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

# Of braces, dollars and such, in a line's formula: where it is longer, finding its end takes long.
_MOST_TOKENS = 200

_LINE_BEGINS = r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*"
_TOKEN = re.compile(
    rf"""(?P<fence>^{_LINE_BEGINS}(?P<run>`{{3,}}(?=[^`\n]*$)|~{{3,}})[^\n]*)
    |(?P<ticks>`+)
    |(?P<begin>\\begin\{{[A-Za-z]+\*?\}})
    |(?P<end>\\end\{{[A-Za-z]+\*?\}})
    |(?P<bracket>\\\\?[()\[\]])
    |(?P<escape>\\.)
    |(?P<dollars>\$\$?)
    |(?P<brace>[{{}}])
    |(?P<blank>\n(?=[ \t>]*\n))""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_LINE_BEGIN = re.compile(_LINE_BEGINS)
_QUOTED = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)


class Formula(NamedTuple):
    """`latex` without what marks it off, and `text` as it stood there."""

    latex: str
    text: str
    display: bool


@dataclass(frozen=True)
class Marked:
    """A text with marks for its formulas, which nobody who wrote it could know.

    A mark is no tag and no word that Markdown knows; `pattern` finds them, with the number.
    """

    text: str
    formulas: tuple[Formula, ...]
    pattern: re.Pattern[str]

    def unmarked(self, text: str) -> str:
        """A piece of the text as it was written."""
        return self.pattern.sub(lambda mark: self.formulas[int(mark["number"])].text, text)


def marked(text: str) -> Marked:
    """The text with its formulas taken out."""
    key = secrets.token_hex(4)
    formulas: list[Formula] = []
    pieces: list[str] = []
    at = 0
    for start, end, formula in _Tokens(text).formulas():
        pieces += [text[at:start], f"\ue000{key}x{len(formulas)}\ue001"]
        formulas.append(formula)
        at = end
    pieces.append(text[at:])
    # In addresses they are written with percents.
    pattern = re.compile(rf"(?:\ue000|%EE%80%80){key}x(?P<number>[0-9]+)(?:\ue001|%EE%80%81)")
    return Marked("".join(pieces), tuple(formulas), pattern)


class _Tokens:
    """What matters of a text, in order, with the places of each kind; read in one pass.

    Code, and the end of a paragraph, are walls that a formula in a line doesn't cross.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._all = list(_outside_code(list(_TOKEN.finditer(text))))
        self._places: dict[str, list[int]] = defaultdict(list)
        for index, token in enumerate(self._all):
            walls = {"fence": ("code", "wall"), "ticks": ("code", "wall"), "blank": ("wall",)}
            for kind in walls.get(token.lastgroup or "", (token[0],)):
                self._places[kind].append(index)

    def formulas(self) -> Iterator[tuple[int, int, Formula]]:
        """Each with where it starts and ends in the text."""
        index = 0
        while index < len(self._all):
            end = self._end(index)
            if end is not None:
                yield self._between(self._all[index], self._all[end])
            index = index + 1 if end is None else end + 1

    def _between(self, opening: re.Match[str], closing: re.Match[str]) -> tuple[int, int, Formula]:
        start, end = opening.start(), closing.end()
        bare = opening.lastgroup == "begin"
        latex = self._text[start:end] if bare else self._text[opening.end() : closing.start()]
        line = self._text.rfind("\n", 0, start) + 1
        if "\n" in latex and self._text[line:start].lstrip().startswith(">"):
            latex = _QUOTED.sub("", latex)
        return start, end, Formula(latex.strip(), self._text[start:end], _stands_alone(opening))

    def _end(self, index: int) -> int | None:
        """The token that ends the formula that begins with this one; None where none does."""
        opening = self._all[index]
        closing = _closing(opening)
        if not closing:
            return None
        alone = _stands_alone(opening) and self._line_before(opening.start()) is not None
        wall = self._next("code" if alone else "wall", index)
        if self._next(closing, index) >= wall:
            return None
        if closing == "$":
            wall = min(wall, index + _MOST_TOKENS)
        end = self._balanced(index, closing, wall)
        found = end is not None and self._is_formula(opening, self._all[end])
        return end if found else None

    def _balanced(self, index: int, closing: str, wall: int) -> int | None:
        """The first place of what closes that is outside of braces, or else the last of all."""
        begin = self._all[index] if self._all[index].lastgroup == "begin" else None
        braces = nested = 0
        last = None
        for at in range(index + 1, wall):
            token = self._all[at]
            if token[0] == closing:
                if not braces and not nested:
                    return at
                last, nested = at, max(0, nested - 1)
            elif begin and token[0] == begin[0]:
                nested += 1
            elif token.lastgroup == "brace":
                braces = max(0, braces + (1 if token[0] == "{" else -1))
        return last

    def _is_formula(self, opening: re.Match[str], closing: re.Match[str]) -> bool:
        """Whether it isn't nothing, or money: `$5 and $6`, `5 $ or 6 $`."""
        between = self._text[opening.end() : closing.start()]
        if not between.strip():
            return False
        if opening[0] != "$":
            return True
        if between[0].isdigit():
            after = self._text[closing.end() : closing.end() + 1]
            return not between[-1].isspace() and not after.isdigit()
        before = self._text[max(0, opening.start() - 1) : opening.start()]
        return not (between[0].isspace() and before.isalnum())

    def _line_before(self, start: int) -> str | None:
        """What is before a formula on its line, if that is only the mark of a list or a quote."""
        prefix = self._text[max(start - 40, self._text.rfind("\n", 0, start) + 1) : start]
        return prefix if len(prefix) < 40 and _LINE_BEGIN.fullmatch(prefix) else None

    def _next(self, kind: str, index: int) -> int:
        """The next place of a kind; beyond the last token where there is none."""
        places = self._places[kind]
        at = bisect_right(places, index)
        return places[at] if at < len(places) else len(self._all)


def _outside_code(tokens: list[re.Match[str]]) -> Iterator[re.Match[str]]:
    """The tokens that aren't in code; of code, that which begins it."""
    runs: dict[str, list[int]] = defaultdict(list)
    for index, token in enumerate(tokens):
        if token.lastgroup in ("ticks", "blank"):
            runs[token[0]].append(index)
    index = 0
    while index < len(tokens):
        token = tokens[index]
        end = index
        if token.lastgroup == "fence":
            end = _end_of_fence(tokens, index)
        elif token.lastgroup == "ticks":
            after = _after(runs[token[0]], index)
            blank = _after(runs["\n"], index)
            if after is None or (blank is not None and blank < after):
                index += 1
                continue
            end = after
        yield token
        index = end + 1


def _after(places: list[int], index: int) -> int | None:
    at = bisect_right(places, index)
    return places[at] if at < len(places) else None


def _end_of_fence(tokens: list[re.Match[str]], index: int) -> int:
    run = tokens[index]["run"]
    for end in range(index + 1, len(tokens)):
        token = tokens[end]
        alone = token.lastgroup == "fence" and not token[0].strip(" \t>").strip(run[0])
        if alone and len(token["run"]) >= len(run):
            return end
    return len(tokens)


def _stands_alone(opening: re.Match[str]) -> bool:
    """Whether it begins a formula that is shown on a line of its own."""
    return opening.lastgroup == "begin" or opening[0] in ("$$", r"\[", r"\\[")


def _closing(opening: re.Match[str]) -> str:
    """What would end a formula that begins with this token; empty for one that begins none."""
    if opening.lastgroup == "dollars":
        return opening[0]
    if opening.lastgroup == "begin":
        return opening[0].replace("begin", "end")
    if opening.lastgroup == "bracket":
        return {"(": opening[0][:-1] + ")", "[": opening[0][:-1] + "]"}.get(opening[0][-1], "")
    return ""
