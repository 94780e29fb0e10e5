"""Writes docs/reference.md from the code: each system, its functions, their tests and sources."""

import argparse
import ast
import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SYSTEMS = ROOT / "docs" / "systems.yaml"
PAGE = ROOT / "docs" / "reference.md"
sys.path.insert(0, str(ROOT))

HEADER = """\
# The reference library, system by system

Written by `make reference` from `docs/systems.yaml`, the docstrings and the tests; a test
fails when it is out of date. Numbers are those of the course's list of systems.

| | system | functions | tests | source |
|--:|---|---|---|---|
"""


def page() -> str:
    """The whole text of docs/reference.md."""
    systems = yaml.safe_load(SYSTEMS.read_text(encoding="utf-8"))
    rows = "".join(row(number, system) for number, system in sorted(systems.items()))
    return HEADER + rows


def row(number: int, system: dict[str, Any]) -> str:
    """One line of the table. Raises LookupError for a function that isn't there or isn't tested."""
    if why := system.get("left out"):
        return f"| {number} | left out: {why} | | | |\n"
    functions, tests = [], []
    names = [f"{module}.{name}" for module in list(system)[1:] for name in system[module]]
    for name in names:
        functions.append(link(name.rpartition(".")[2], *place(name)))
        tests += [link(test, path, line) for test, path, line in tests_of(name)[:1]]
    sources = dict.fromkeys(source(name) for name in names)
    columns = ([system["system"]], functions, dict.fromkeys(tests), sources)
    cells = ["<br>".join(column).replace("|", r"\|") for column in columns]
    return f"| {number} | {' | '.join(cells)} |\n"


def link(text: str, path: Path, line: int) -> str:
    """A link to a line of a file, relative to docs/."""
    return f"[`{text}`](../{path.relative_to(ROOT).as_posix()}#L{line})"


def place(name: str) -> tuple[Path, int]:
    """File and line of `taylor.products.hessian_vector_product`."""
    module_name, _, function_name = name.rpartition(".")
    path = ROOT.joinpath("reference", *module_name.split(".")).with_suffix(".py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == function_name:
            return path, node.lineno
    raise LookupError(f"{path} defines no {function_name}")


def tests_of(name: str) -> list[tuple[str, Path, int]]:
    """The tests that call the function, itself or through a helper in their file."""
    module_name, _, function_name = name.rpartition(".")
    *packages, last = module_name.split(".")
    path = ROOT.joinpath("tests", "reference", *packages, f"test_{last}.py")
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    helpers: dict[str, ast.stmt] = {
        node.name: node for node in functions if not node.name.startswith("test_")
    }
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            helpers[node.targets[0].id] = node
    wanted = {function_name}
    # For as long as a helper of a helper is found.
    while found := {n for n in helpers.keys() - wanted if mentions(helpers[n], wanted)}:
        wanted |= found
    tests = [
        (node.name, path, node.lineno)
        for node in functions
        if node.name.startswith("test_") and mentions(node, wanted)
    ]
    if not tests:
        raise LookupError(f"no test in {path} calls {function_name}")
    return tests


def mentions(definition: ast.stmt, names: set[str]) -> bool:
    """Whether any of `names` stands in it, decorators included."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.Name) and node.id in names)
        for node in ast.walk(definition)
    )


def source(name: str) -> str:
    """What the docstring gives as the source, or else the module's."""
    module_name, _, function_name = name.rpartition(".")
    module = importlib.import_module(f"reference.{module_name}")
    for documented in (getattr(module, function_name), module):
        text = inspect.getdoc(documented) or ""
        found = re.search(r"Sources?: (.+?)(?:\n\s*\n|\n\s*>>>|\Z)", text, re.DOTALL)
        if found:
            return " ".join(found[1].split()).rstrip(".")
    raise LookupError(f"neither reference.{name} nor its module names a source")


def main() -> int:
    """Write the page, or with --check say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare; 1 if it would change")
    if parser.parse_args().check:
        return int(page() != PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
