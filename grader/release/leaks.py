"""Proof that nothing hidden is in a bundle.

Three things are hidden: the master's solution regions, the assignment's checks, mutants and
alternates, and a few telling words. What the author also wrote in the public part (prompts, text,
public tests, given/) is no secret. Both sides are read from the sources by our own parser, never
from what otter produced, so a solution that otter failed to strip is found.

Text is compared without white space and with one kind of quote, since tools re-indent, re-wrap and
re-quote. A hidden line counts as leaked when any stretch of `_STRETCH` characters of it appears.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grader.course.hidden import hidden_files
from grader.release.cells import MASTER_FILE, CellKind, read_cells
from grader.release.marks import Part, parse_marks, split_secret_lines
from grader.release.texts import Text, read_texts

_STRETCH = 24  # long enough that code does not share it by chance, short enough for half a line
_ANYWHERE = 10  # shorter fragments than this only count when they are a line of their own
_SHORTEST = 4
_NAME = 6  # shorter names are words of their own too often
_WORDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bHIDDEN\b",
        r"\breference\.[A-Za-z_]\w*",
        r"\b(?:from|import)\s+reference\b",
        r"\bgrader\.checks\b",
        r"#\s*(?:BEGIN |END )?SOLUTION\b",
    )
)
# Names, and numbers that are no part of a version.
_WORD = re.compile(r"(?<![\w.])\d+\.\d+(?:[eE][-+]?\d+)?(?![\w.])|[A-Za-z_]\w*")
_KEYWORDS = re.compile(r"\b(?:else|try|finally|return|pass|break|continue|None|True|False)\b")
# Lines that otter adds to every bundle.
_BOILERPLATE = (
    "# Initialize Otter",
    "import otter",
    "from otter.test_files import test_case",
    "OK_FORMAT = False",
    "points = None",
    "_Type your answer here, replacing this text._",
)


@dataclass(frozen=True)
class Leak:
    """One hidden line that a bundle shows: where it shows, and where it comes from."""

    file: str
    line: int
    fragment: str
    origin: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.fragment!r} of {self.origin}"


class LeakFound(Exception):
    """A bundle holds something hidden; it must not be released. `leaks` lists each."""

    def __init__(self, leaks: tuple[Leak, ...]) -> None:
        super().__init__("\n".join(["the bundle shows what is hidden:", *map(str, leaks)]))
        self.leaks = leaks


@dataclass
class Secrets:
    """What must not appear: canonical fragments and whole names, each with (origin, as written)."""

    fragments: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    names: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    @cached_property
    def short(self) -> list[str]:
        """Fragments that count only where they are a line of their own."""
        return [fragment for fragment in self.fragments if len(fragment) < _ANYWHERE]

    @cached_property
    def longer(self) -> list[str]:
        """Fragments that count anywhere, but for the stretches of one length, which are many."""
        return [one for one in self.fragments if _ANYWHERE <= len(one) < _STRETCH]


def find_leaks(secrets: Secrets, files: Mapping[str, bytes]) -> tuple[Leak, ...]:
    """Every hidden line found in the files, in archives, notebooks and encodings inside them."""
    leaks: dict[Leak, None] = {}
    for name, data in sorted(files.items()):
        for text in read_texts(name, data):
            leaks.update(dict.fromkeys(_search(secrets, text)))
    return tuple(leaks)


def read_secrets(folder: Path) -> Secrets:
    """What an assignment hides, less what its public part says too. Raises `MasterError`."""
    public_lines: list[str] = [*_BOILERPLATE]
    hidden: list[tuple[str, str]] = []
    for marked in parse_marks(read_cells(folder)).cells:
        secret, public = split_secret_lines(marked)
        hidden += [(f"{MASTER_FILE}:{number}", line) for number, line in secret]
        public_lines += public
        if marked.part is Part.TESTS and marked.cell.kind is CellKind.CODE:
            public_lines += as_otter_writes(marked.cell.source)
    for path in sorted((folder / "given").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            public_lines += path.read_text(encoding="utf-8", errors="replace").splitlines()
    names = _bound_names(hidden)
    for path in hidden_files(folder):
        file_name, source = path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")
        hidden += _lines_and_strings(file_name, source)
        names |= _top_level_names(file_name, source)
    names |= _numbers(hidden)
    return _without_public(hidden, names, public_lines)


def secrets_of(hidden: list[tuple[str, str]], public_lines: list[str]) -> Secrets:
    """What must not appear of hidden lines (origin, line), less what public lines say too."""
    names = _bound_names(hidden) | _numbers(hidden)
    return _without_public(hidden, names, [*_BOILERPLATE, *public_lines])


def _without_public(
    hidden: list[tuple[str, str]],
    names: dict[str, tuple[str, str]],
    public_lines: list[str],
) -> Secrets:
    public = _canonical("\n".join(public_lines))
    whole = {_canonical(line) for line in public_lines}
    words = set(_WORD.findall("\n".join(public_lines)))
    secrets = Secrets(names={name: found for name, found in names.items() if name not in words})
    for origin, line in hidden:
        for fragment in _fragments(line):
            known = fragment in public if len(fragment) >= _ANYWHERE else fragment in whole
            if not known:
                secrets.fragments.setdefault(fragment, (origin, line.strip()))
    return secrets


def _canonical(text: str) -> str:
    return re.sub(r"\s+", "", text).replace('"', "'")


def _fragments(line: str) -> Iterator[str]:
    """What of a hidden line must not appear: its stretches, or all of it, and what it computes."""
    pieces = [line]
    value = re.match(r"^\s*(?:return\s+|[\w.,\s\[\]]+?=(?!=))\s*(.+)$", line)
    if value:
        pieces.append(value.group(1))
    for piece in map(_canonical, pieces):
        if len(piece) > _STRETCH:
            yield from (piece[i : i + _STRETCH] for i in range(len(piece) - _STRETCH + 1))
        elif len(piece) >= _SHORTEST and re.search(r"\w", _KEYWORDS.sub("", piece)):
            yield piece


def _search(secrets: Secrets, text: Text) -> Iterator[Leak]:
    canonical = _canonical(text.content)
    lines = {_canonical(line) for line in text.content.splitlines()}
    stretches = {canonical[i : i + _STRETCH] for i in range(len(canonical) - _STRETCH + 1)}
    found = [fragment for fragment in secrets.short if fragment in lines]
    found += [fragment for fragment in secrets.longer if fragment in canonical]
    found += sorted(secrets.fragments.keys() & stretches)
    for fragment in found:
        origin, written = secrets.fragments[fragment]
        yield Leak(text.file, text.line + _line_of(fragment, text.content), written, origin)
    for match in _WORD.finditer(text.content):
        if match.group() in secrets.names:
            origin, written = secrets.names[match.group()]
            line = text.line + text.content.count("\n", 0, match.start())
            yield Leak(text.file, line, written, origin)
    for pattern in _WORDS:
        for match in pattern.finditer(text.content):
            line = text.line + text.content.count("\n", 0, match.start())
            yield Leak(text.file, line, match.group(), "the words that only hidden files use")


def _line_of(fragment: str, content: str) -> int:
    """How many lines of the content end before the fragment starts."""
    length = 0
    start = _canonical(content).find(fragment)
    for index, line in enumerate(content.splitlines()):
        length += len(_canonical(line))
        if length > start:
            return index
    return 0


def as_otter_writes(source: str) -> list[str]:
    """A public test as it looks in the bundle: otter parses and unparses it."""
    try:
        return ast.unparse(ast.parse(source)).splitlines()
    except SyntaxError:
        return []


def _lines_and_strings(file_name: str, source: str) -> list[tuple[str, str]]:
    """The lines of a hidden file, and its strings as they read when joined and unquoted."""
    found = [(f"{file_name}:{n}", line) for n, line in enumerate(source.splitlines(), start=1)]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [(f"{file_name}:{node.lineno}", line) for line in node.value.splitlines()]
    return found


def _top_level_names(file_name: str, source: str) -> dict[str, tuple[str, str]]:
    names: dict[str, tuple[str, str]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and len(node.name) >= _NAME:
            names[node.name] = (f"{file_name}:{node.lineno}", node.name)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and len(target.id) >= _NAME:
                    names[target.id] = (f"{file_name}:{node.lineno}", target.id)
    return names


def _bound_names(hidden: list[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Names that solution lines define or assign."""
    names: dict[str, tuple[str, str]] = {}
    for origin, line in hidden:
        match = re.match(r"^\s*(?:def\s+(\w+)|class\s+(\w+)|([A-Za-z_]\w*)\s*=(?!=))", line)
        name = next((group for group in match.groups() if group), "") if match else ""
        if len(name) >= _NAME:
            names.setdefault(name, (origin, name))
    return names


def _numbers(hidden: list[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Numbers with a point that are long enough to tell something."""
    return {
        word: (origin, line.strip())
        for origin, line in hidden
        for word in _WORD.findall(line)
        if word[0].isdigit() and len(word) >= _NAME
    }
