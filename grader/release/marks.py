"""The otter-assign marks of a master notebook: what each cell is for, and which lines are secret.

This parser is deliberately independent of otter's, and more generous in what it takes for a
solution: otter only strips lines that match its patterns to the letter, and a line that it fails to
strip must still count as secret when the bundle is searched.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import yaml

from grader.release.cells import Cell, CellKind

_MARK = re.compile(r"#\s+(begin|end)\s+(question|prompt|solution|tests)\s*$", re.IGNORECASE)
_CONFIG = re.compile(r"#\s+assignment\s+config\s*$", re.IGNORECASE)
_BEGIN = re.compile(r"^\s*#+\s*begin\s+(?:solution|ignore)\b", re.IGNORECASE)
_END = re.compile(r"#+\s*end\s+(?:solution|ignore)\s*$", re.IGNORECASE)
_LINE = re.compile(r"#\s*(?:solution(?:\s+no\s+prompt)?|ignore|seed)\s*$", re.IGNORECASE)
_TARGET = re.compile(r"^(\s*[\w.,\s]+?=)(?!=)(?!.*no\s+prompt\s*$)", re.IGNORECASE)
# The spellings that otter takes, to the letter.
_OTTER_DROPS = ("# SOLUTION NO PROMPT", "# BEGIN PROMPT", "# END PROMPT", "# SEED", "# IGNORE")
_OTTER_BEGIN = re.compile(r"(\s*)# BEGIN (?:SOLUTION( NO PROMPT)?|(IGNORE))")
_OTTER_LINE = re.compile(r"(\s*).*# ?SOLUTION")


class UnbalancedMark(Exception):
    """A BEGIN or END without its partner, `offset` lines below the top of the cell."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset


class Part(StrEnum):
    """What a cell is for. `TEXT` is everything outside and between the inner blocks."""

    TEXT = "text"
    PROMPT = "prompt"
    SOLUTION = "solution"
    TESTS = "tests"


@dataclass(frozen=True)
class MarkedCell:
    """A cell that is not itself a mark, with the question it belongs to."""

    cell: Cell
    part: Part
    question: str | None


@dataclass(frozen=True)
class MarkedQuestion:
    """A question as its BEGIN QUESTION cell declares it."""

    name: str
    line: int
    points: float | None
    manual: bool


@dataclass
class Master:
    """A master notebook, parsed. `faults` are (line, what is wrong) of the marks themselves.

    Unless `strict`, names and points may be whatever otter takes, and other raw cells may be there.
    """

    strict: bool = True
    cells: list[MarkedCell] = field(default_factory=list[MarkedCell])
    questions: list[MarkedQuestion] = field(default_factory=list[MarkedQuestion])
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    config_line: int = 1
    faults: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


@dataclass(frozen=True)
class _Open:
    """A block that was begun and not yet ended."""

    block: str
    line: int
    question: str | None


def parse_marks(cells: tuple[Cell, ...], *, strict: bool = True) -> Master:
    """What each cell is for. Never raises: what is wrong with the marks is in `faults`."""
    master = Master(strict)
    stack: list[_Open] = []
    for cell in cells:
        if cell.kind is not CellKind.RAW:
            part = Part(stack[-1].block) if len(stack) > 1 else Part.TEXT
            master.cells.append(MarkedCell(cell, part, stack[-1].question if stack else None))
            continue
        first = cell.lines[0].strip() if cell.lines else ""
        if _CONFIG.match(first):
            master.config, master.config_line = _read_yaml(cell, master), cell.line
        elif mark := _MARK.match(first):
            _step(master, stack, cell, mark.group(1).lower(), mark.group(2).lower())
        elif strict:
            master.faults.append((cell.line, _not_a_mark(first)))
    for block in reversed(stack):
        master.faults.append((block.line, f"BEGIN {block.block.upper()} is never ended"))
    return master


def _not_a_mark(first: str) -> str:
    if _MARK.match(f"# {first}") or _CONFIG.match(f"# {first}"):
        return (
            f"the mark lost its own '#': in a raw cell of this format write '# # {first}' "
            "(the first '#' makes the line a comment, the second belongs to the mark)"
        )
    return f"a raw cell must be an otter mark such as '# # BEGIN QUESTION', not {first!r}"


def _step(master: Master, stack: list[_Open], cell: Cell, edge: str, block: str) -> None:
    """Open or close one block, as a BEGIN or END cell says."""
    if edge == "end":
        if stack and stack[-1].block == block:
            stack.pop()
        elif any(open_.block == block for open_ in stack):
            inner = stack.pop()
            what = f"END {block.upper()} before the END {inner.block.upper()} of line {inner.line}"
            master.faults.append((cell.line, what))
            stack.pop()
        else:
            master.faults.append((cell.line, f"END {block.upper()} without a BEGIN"))
        return
    if block == "question" and stack:
        where = f"inside the {stack[-1].block} block that line {stack[-1].line} begins"
        master.faults.append((cell.line, f"BEGIN QUESTION {where}; END that first"))
        stack.clear()
    if block == "question":
        stack.append(_Open(block, cell.line, _declare(master, cell)))
    elif len(stack) == 1:
        stack.append(_Open(block, cell.line, stack[0].question))
    else:
        where = f"inside a {stack[-1].block} block" if stack else "outside a question"
        master.faults.append((cell.line, f"BEGIN {block.upper()} {where}"))


def _declare(master: Master, cell: Cell) -> str | None:
    """Note the question that a BEGIN QUESTION cell declares, and give its name."""
    config = _read_yaml(cell, master)
    name, points = config.get("name"), config.get("points")
    if not master.strict:
        return str(name)
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        what = f"a question needs a name of small letters, digits and '_', not {name!r}"
        master.faults.append((cell.line, what))
        return None
    if isinstance(points, bool) or not isinstance(points, int | float | None):
        master.faults.append((cell.line, f"points of {name} must be a number, not {points!r}"))
        points = None
    manual = bool(config.get("manual", False))
    if any(question.name == name for question in master.questions):
        master.faults.append((cell.line, f"question {name} begins a second time"))
    else:
        master.questions.append(MarkedQuestion(name, cell.line, points, manual))
    return name


def _read_yaml(cell: Cell, master: Master) -> dict[str, Any]:
    try:
        config = yaml.safe_load(cell.source)
    except yaml.YAMLError as error:
        master.faults.append((cell.line, f"this mark's settings are not YAML: {error}"))
        return {}
    if config is None:
        return {}
    if not isinstance(config, dict):
        master.faults.append((cell.line, "this mark's settings must be 'key: value' lines"))
        return {}
    return config


def split_secret_lines(marked: MarkedCell) -> tuple[list[tuple[int, str]], list[str]]:
    """The cell's secret lines, each with its line in `notebook.py`, and its public lines.

    Secret are solution regions and lines, ignored ones, and a solution block's Markdown. The marks
    themselves belong to neither.
    """
    cell = marked.cell
    numbered = [(cell.line + offset, line) for offset, line in enumerate(cell.lines)]
    if cell.kind is CellKind.MARKDOWN:
        return (numbered, []) if marked.part is Part.SOLUTION else ([], cell.lines)
    secret: list[tuple[int, str]] = []
    public: list[str] = []
    inside = False
    for number, line in numbered:
        if _END.search(line):
            inside = False
        elif _BEGIN.match(line):
            inside = True
        elif inside:
            secret.append((number, line))
        elif mark := _LINE.search(line):
            secret.append((number, line[: mark.start()]))
            if kept := _TARGET.match(line):  # the prompt shows what is assigned, as `name = ...`
                public.append(f"{kept.group(1)} ...")
        else:
            public.append(line)
    return secret, public


def strip_solution(lines: list[str]) -> list[tuple[int, str]]:
    """What otter will leave of a solution cell's lines, each with its offset in the cell.

    Written out here because importing otter for it costs seconds and the widgets it drags in.
    Raises `UnbalancedMark`.
    """
    left: list[tuple[int, str]] = []
    opened: int | None = None
    for offset, line in enumerate(lines):
        if line.rstrip().endswith(("# END SOLUTION", "# END IGNORE")):
            if opened is None:
                raise UnbalancedMark(offset, "END SOLUTION without BEGIN SOLUTION in this cell")
            opened = None
        elif begin := _OTTER_BEGIN.match(line):
            if opened is not None:
                raise UnbalancedMark(offset, "BEGIN SOLUTION inside a solution")
            opened = offset
            if not any(begin.group(2, 3)):
                left.append((offset, f"{begin.group(1)}..."))
        elif opened is None and not line.rstrip().endswith(_OTTER_DROPS):
            if solution := _OTTER_LINE.match(line):
                target = _TARGET.match(line)
                line = f"{target.group(1)} ..." if target else f"{solution.group(1)}..."
            left.append((offset, line))
    if opened is not None:
        raise UnbalancedMark(opened, "BEGIN SOLUTION without END SOLUTION in this cell")
    return left


def has_solution_mark(line: str) -> bool:
    """Whether the line begins, ends or is a solution, in any spelling that an author may try."""
    return any(pattern.search(line) for pattern in (_BEGIN, _END, _LINE)) and not re.search(
        r"#\s*seed\s*$", line, re.IGNORECASE
    )
