"""YAML's syntax errors in words for somebody who edits a course, not a parser."""

from dataclasses import dataclass

from yaml import MarkedYAMLError

from grader.course.complaints import Complaint


@dataclass(frozen=True)
class _Explanation:
    """Words for errors whose problem and context hold these fragments.

    `at_start` points at where the construct began (an open bracket), not at where it broke.
    """

    problem: str
    context: str
    what: str
    at_start: bool = False


_TAB = "saw a tab; YAML indents and separates by spaces only: replace it by spaces"

_MISPLACED = (
    "this line does not fit what is above it; line it up with its neighbours, and quote a "
    "text that begins with a quote or bracket and goes on after it"
)

_EXPLANATIONS = (
    _Explanation(
        "end of stream",
        "quoted scalar",
        "this quote is never closed; add the closing quote",
        at_start=True,
    ),
    _Explanation(
        "",
        "flow sequence",
        "the list in brackets that begins here is broken; expected `,` between its parts and a "
        "closing `]`",
        at_start=True,
    ),
    _Explanation(
        "",
        "flow mapping",
        "the fields in braces that begin here are broken; expected `,` between them and a closing "
        "`}`",
        at_start=True,
    ),
    _Explanation(
        "mapping values are not allowed",
        "",
        "saw a second `: ` on this line, or a wrong indentation; put quotes around a text that "
        "holds a colon",
    ),
    _Explanation(
        "could not find expected ':'",
        "",
        "saw a word without a colon, expected `name: value`",
        at_start=True,
    ),
    _Explanation("expected <block end>", "", _MISPLACED),
    _Explanation("<document start>", "", _MISPLACED),
    _Explanation("sequence entries", "", "a part of a list (`- `) needs a line of its own"),
    _Explanation("expected the node content", "", "saw punctuation, expected a value"),
    _Explanation(
        "cannot start any token",
        "",
        "a value may not begin with this character; put quotes around the text",
    ),
    _Explanation(
        "escape character",
        "",
        "saw an unknown escape in double quotes; use single quotes for a text with backslashes",
    ),
    _Explanation("tag handle", "", "saw a tag (`!name`), which this file may not have; delete it"),
)


def explain_syntax(error: MarkedYAMLError, text: str) -> Complaint:
    """The complaint for a syntax error that PyYAML found in `text`."""
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    # PyYAML ends the text with a NUL: a mark at the end of the text is past it.
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return Complaint(mark.line + 1, mark.column + 1, "", _TAB)
    for known in _EXPLANATIONS:
        if known.problem in problem and known.context in context:
            if known.at_start:
                mark = error.context_mark or mark
            return _at(mark, known.what)
    return _at(mark, f"not readable as YAML: {problem or context}")


def _at(mark: object, what: str) -> Complaint:
    line, column = getattr(mark, "line", 0), getattr(mark, "column", 0)
    return Complaint(line + 1, column + 1, "", what)
