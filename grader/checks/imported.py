"""Which files of a folder some Python files import, and what those import: by reading them.

What this process happens to have imported says something else once it has loaded more than one
assignment.
"""

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path


def imported_files(files: Iterable[Path], root: Path) -> frozenset[Path]:
    """The files below `root` that `files`, or files they import, import by name.

    `root` is a package, such as `reference/`. Files that can't be read as Python import nothing.
    """
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        new = set(_imported_by(waiting.pop(), root)) - found
        found |= new
        waiting += new
    return frozenset(found)


def _imported_by(file: Path, root: Path) -> Iterator[Path]:
    for name in _imported_names(file, root):
        first, *parts = name.split(".")
        if first != root.name:
            continue
        # Importing a module runs the packages around it first; a last part may be no module.
        for count in range(len(parts) + 1):
            place = root.joinpath(*parts[:count])
            yield from filter(Path.is_file, (place / "__init__.py", place.with_suffix(".py")))


def _imported_names(file: Path, root: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # such as a notebook in script form that has a magic
        return
    package = ".".join(file.relative_to(root.parent).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            try:
                start = importlib.util.resolve_name(module, package)
            except ImportError:  # it leads out of the tree
                continue
            yield from (f"{start}.{alias.name}" for alias in node.names)
