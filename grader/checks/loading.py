"""Loads `assignments/<name>/`: the trusted code of one assignment."""

import hashlib
import importlib.util
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jax

from grader.checks.declare import Alternate, AuthoringError, Check, Mutant
from grader.checks.imported import imported_files
from grader.course.hidden import hidden_files


@dataclass(frozen=True)
class LoadedAssignment:
    """An assignment's checks and what tests them. `version` changes when any of it does."""

    name: str
    folder: Path
    checks: tuple[Check, ...]
    mutants: tuple[Mutant, ...]
    alternates: tuple[Alternate, ...]
    given_module: ModuleType | None
    version: str


def load_assignment(folder: Path) -> LoadedAssignment:
    """Import an assignment's trusted modules. Raises `AuthoringError`.

    Checks, mutants and alternates lie in `checks.py` and so on, or in folders `checks/` and so on;
    only checks must be there.
    """
    name = folder.name
    if not hidden_files(folder, "checks"):
        raise AuthoringError(
            f"{folder / 'checks.py'}: not found; an assignment's hidden checks belong there"
        )
    given_module = _given_module(folder)
    loaded = LoadedAssignment(
        name=name,
        folder=folder,
        checks=_declared(folder, "checks", Check),
        mutants=_declared(folder, "mutants", Mutant),
        alternates=_declared(folder, "alternates", Alternate),
        given_module=given_module,
        version=_version(folder),
    )
    _check_names(loaded)
    return loaded


def _given_module(folder: Path) -> ModuleType | None:
    """The given folder's first module, importable by its own name as in the container."""
    modules = sorted((folder / "given").glob("*.py"))
    if not modules:
        return None
    if str(folder / "given") not in sys.path:
        sys.path.insert(0, str(folder / "given"))
    return importlib.import_module(modules[0].stem)


def _declared(folder: Path, kind: str, declared: type) -> tuple[Any, ...]:
    """What the assignment's modules of one kind declare, in the order of the files and lines."""
    return tuple(
        value
        for path in hidden_files(folder, kind)
        for value in vars(_import(folder, path)).values()
        if isinstance(value, declared)
    )


def _import(folder: Path, path: Path) -> ModuleType:
    place = path.relative_to(folder).with_suffix("")
    qualified = ".".join(("assignments", folder.name, *place.parts))
    spec = importlib.util.spec_from_file_location(qualified, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with jax.enable_x64(True):  # constants of the module are float64
        spec.loader.exec_module(module)
    return module


def _check_names(loaded: LoadedAssignment) -> None:
    names = {check.name: check for check in loaded.checks}
    questions = {check.question for check in loaded.checks}
    answers = (*loaded.mutants, *loaded.alternates)
    called = Counter(("checks", check.name) for check in loaded.checks)
    called += Counter((f"mutants and alternates of {a.question}", a.name) for a in answers)
    for (what, name), times in called.items():
        if times > 1:
            raise AuthoringError(f"{loaded.name}: {times} {what} are called {name!r}; rename one")
    for alternate in loaded.alternates:
        if alternate.question not in questions:
            raise AuthoringError(
                f"alternates.py: {alternate.name} is of {alternate.question!r}, "
                f"a question without checks"
            )
    for mutant in loaded.mutants:
        if not mutant.refused_by:
            raise AuthoringError(f"mutants.py: {mutant.name} names no check that must refuse it")
        for refused_by in mutant.refused_by:
            if refused_by not in names:
                raise AuthoringError(
                    f"mutants.py: {mutant.name} names the check {refused_by!r}, "
                    f"which no check is called"
                )
            check = names[refused_by]
            if check.question != mutant.question:
                raise AuthoringError(
                    f"mutants.py: {mutant.name} of {mutant.question} names {refused_by!r}, "
                    f"a check of {check.question}"
                )
            if not mutant.suits(check):
                raise AuthoringError(
                    f"mutants.py: {mutant.name} is of {dict(mutant.where)} and names "
                    f"{refused_by!r}, a check of {dict(check.where)}"
                )


def _version(folder: Path) -> str:
    """A digest of the assignment's Python files, of what of `reference` they import, and of jax."""
    root = folder.resolve().parent.parent
    own = set(folder.resolve().rglob("*.py"))
    digest = hashlib.sha256(jax.__version__.encode())
    for path in sorted(own | imported_files(own, root / "reference")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
