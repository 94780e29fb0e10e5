"""The rules of the tree that a reader relies on: which way imports go, names, sizes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Low to high. A module imports only from layers below its own; parts of one layer don't meet.
LAYERS = (
    ("outcomes", "standalone"),
    ("course",),
    ("store",),
    ("intake", "sandbox"),
    ("checks",),
    ("release", "gradebook", "similarity", "scaffold"),
    ("grading",),
    ("cluster",),
    ("report", "desk"),
    ("web", "doctor"),
    ("cli",),
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}

# Where code lies, and the packages of ours that code there must not import.
FORBIDDEN = {
    "grader": {"reference", "assignments", "environments", "runner", "tests"},
    "reference": {"grader", "assignments", "environments", "runner", "tests"},
    "environments": {"grader", "reference", "assignments", "tests"},
    "assignments": {"environments", "runner", "tests"},
}
# Names that say nothing about what a module holds.
EMPTY_NAMES = {"utils", "util", "helpers", "common", "misc"}
MOST_LINES = 400


def imported_names(source: str) -> Iterator[str]:
    """Every module that the source imports, wherever in the file, as a dotted name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from grader import course` imports grader.course.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def breaches_of_layers(part: str, source: str) -> list[str]:
    """The imports in a module of `grader.<part>` that don't go to a layer below."""
    return [
        name
        for name in imported_names(source)
        if name.startswith("grader.")
        and (target := name.split(".")[1]) != part
        and target in LEVEL
        and LEVEL[target] >= LEVEL[part]
    ]


def forbidden_imports(folder: str, source: str) -> list[str]:
    """The imports in a file under `folder` of packages that it must not know."""
    return [name for name in imported_names(source) if name.split(".")[0] in FORBIDDEN[folder]]


def part_of(path: Path) -> str:
    """`course` for grader/course/calendar.py, `outcomes` for grader/outcomes.py."""
    return path.relative_to(ROOT / "grader").parts[0].removesuffix(".py")


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "submissions" not in path.parts)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


GRADER = [path for path in sources("grader") if path != ROOT / "grader" / "__init__.py"]
OURS = sources("grader", "reference", "environments", "assignments", "tests")
# A master is a whole problem set, read as a notebook.
MASTERS = sorted((ROOT / "assignments").glob("*/notebook.py"))
GIVEN = sorted((ROOT / "assignments").glob("*/given/**/*.py"))
HIDDEN = [path for path in sources("assignments") if path not in (*MASTERS, *GIVEN)]


@pytest.mark.parametrize("path", GRADER, ids=named)
def test_a_module_imports_only_from_layers_below(path: Path) -> None:
    part = part_of(path)
    assert part in LEVEL, f"grader/{part} has no layer: give it one in LAYERS"
    assert breaches_of_layers(part, path.read_text()) == []


@pytest.mark.parametrize("path", sources(*FORBIDDEN), ids=named)
def test_code_knows_nothing_of_the_packages_it_must_not_know(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    assert forbidden_imports(folder, path.read_text()) == []


@pytest.mark.parametrize("path", [*MASTERS, *GIVEN], ids=named)
def test_what_students_get_imports_nothing_of_ours(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported_names(path.read_text())}
    assert not roots & {"grader", "reference"}


@pytest.mark.parametrize("path", HIDDEN, ids=named)
def test_hidden_checks_know_only_the_checks_of_the_grader(path: Path) -> None:
    ours = [name for name in imported_names(path.read_text()) if name.startswith("grader")]
    assert [name for name in ours if not name.startswith("grader.checks")] == []


@pytest.mark.parametrize(
    ("part", "source", "breaches"),
    [
        ("grading", "from grader.sandbox import open_box", []),
        ("grading", "from grader.grading.batch import Batch", []),
        ("grading", "import numpy\nfrom pathlib import Path", []),
        ("store", "from grader.grading import batch", ["grader.grading.batch"]),
        ("course", "from grader import web", ["grader.web"]),
        ("sandbox", "from grader.intake import names", ["grader.intake.names"]),
        ("course", "def late():\n    import grader.cli.main", ["grader.cli.main"]),
    ],
)
def test_an_import_to_the_side_or_upwards_is_found(
    part: str, source: str, breaches: list[str]
) -> None:
    assert breaches_of_layers(part, source) == breaches


@pytest.mark.parametrize(
    ("folder", "source", "names"),
    [
        ("grader", "from reference import taylor", ["reference.taylor"]),
        ("grader", "from grader import course", []),
        ("environments", "import grader.outcomes", ["grader.outcomes"]),
        ("environments", "from runner.wire import read", []),
        ("assignments", "from reference.taylor import gradient", []),
    ],
)
def test_an_import_of_a_forbidden_package_is_found(
    folder: str, source: str, names: list[str]
) -> None:
    assert forbidden_imports(folder, source) == names


@pytest.mark.parametrize("path", OURS, ids=named)
def test_a_module_is_named_after_what_it_holds(path: Path) -> None:
    words = {*path.parts[len(ROOT.parts) : -1], path.stem}
    assert not words & EMPTY_NAMES


@pytest.mark.parametrize("path", [path for path in OURS if path not in MASTERS], ids=named)
def test_a_file_is_short_enough_to_read_at_once(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES
