"""What an assignment's checks expect at the course's own hidden inputs, for the leak check.

The solution answers every check here, in this process, since it is our own code. What a check
then compares it with, and the seeds that its inputs came from, must be in no bundle.
"""

import hashlib
import os
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
from jax import export as jax_export

from grader.checks.closeness import NUMBERS, plain
from grader.checks.declare import Check
from grader.checks.expect import Recorder, recording
from grader.checks.inputs import Inputs, seed_of
from grader.checks.loading import LoadedAssignment, load_assignment
from grader.checks.programs import Program, ProgramFacts
from grader.checks.student import LocalBackend, Student, as_received
from grader.course import Assignment, Course
from grader.course.hidden import hidden_files
from grader.grading.kept import digest_of_grading
from grader.grading.plan import LazySolution
from grader.release import HiddenValues


@dataclass(frozen=True)
class Gathered:
    """What must stay hidden. `unknown` says which checks' values could not be had, and why."""

    hidden: HiddenValues
    unknown: tuple[str, ...] = ()


def gather_hidden(course: Course, assignment: Assignment, secret: bytes, *, keep: Path) -> Gathered:
    """The secret, and the seeds and expected values of the assignment's checks, if it has any.

    They are kept in the file `keep` until the assignment, the grader or the secret changes; it is
    as secret as the secret. Raises `AuthoringError` where the checks can't be loaded.
    """
    if assignment.tests == "otter" or not hidden_files(assignment.folder, "checks"):
        return Gathered(HiddenValues(secret))
    if str(course.folder) not in sys.path:
        sys.path.insert(0, str(course.folder))  # where checks find `reference`
    loaded = load_assignment(assignment.folder)
    key = hashlib.sha256(secret + digest_of_grading() + loaded.version.encode())
    if known := _read_kept(keep, key.hexdigest(), secret):
        return Gathered(known)
    solution = LazySolution(loaded)
    answered = [_answer(loaded, solution, check, secret) for check in loaded.checks]
    hidden = HiddenValues(
        secret,
        seeds=tuple((one.check, seed) for one in answered for seed in one.seeds),
        expected=tuple((one.check, value) for one in answered for value in one.values),
    )
    unknown = tuple(f"{one.check}: {one.fault}" for one in answered if one.fault)
    if not unknown:
        _keep(keep, key.hexdigest(), hidden)
    return Gathered(hidden, unknown)


def _read_kept(keep: Path, key: str, secret: bytes) -> HiddenValues | None:
    """What was kept under this key; None if it is another's, or no such file."""
    try:
        with keep.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                return None
            seeds = zip(kept["seeds_of"].tolist(), kept["seeds"].tolist(), strict=True)
            values = ((check, kept[f"value{n}"]) for n, check in enumerate(kept["of"].tolist()))
            return HiddenValues(secret, tuple(seeds), tuple(values))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _keep(keep: Path, key: str, hidden: HiddenValues) -> None:
    """Write the file aside, for its owner only, and rename it."""
    keep.parent.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {f"value{n}": v for n, (_, v) in enumerate(hidden.expected)}
    handle, aside = tempfile.mkstemp(dir=keep.parent, prefix=f".{keep.name}-")
    with os.fdopen(handle, "wb") as file:
        np.savez(
            file,
            key=np.array(key),
            seeds_of=np.array([check for check, _ in hidden.seeds], str),
            seeds=np.array([seed for _, seed in hidden.seeds], np.uint64),
            of=np.array([check for check, _ in hidden.expected], str),
            **values,
        )
    os.replace(aside, keep)


@dataclass(frozen=True)
class _Answered:
    check: str
    seeds: tuple[int, ...]
    values: tuple[np.ndarray, ...]
    fault: str


def _answer(
    loaded: LoadedAssignment, solution: LazySolution, check: Check, secret: bytes
) -> _Answered:
    seed = seed_of(secret, loaded.name, check.name, str(check.version))
    inputs = _NotingInputs(seed, loaded.given_module)
    recorder = Recorder(lambda _, thunk: thunk())
    backend = LocalBackend(solution, check, _Believing())
    fault = ""
    try:
        with recording(recorder), jax.enable_x64(True):
            check.body(Student(backend), inputs)
    except Exception as error:  # whatever the check's code raises: `course check` tells it in full
        fault = f"{type(error).__name__} {error}".strip()
    values = [*recorder.told, *(finding.got for finding in recorder.findings)]
    return _Answered(check.name, tuple(inputs.noted), tuple(_numbers(values)), fault)


def _numbers(values: list[Any]) -> list[np.ndarray]:
    """Every array and number in these values, in a dtype of numpy's own."""
    leaves = [leaf for value in values for leaf in jax.tree.leaves(plain(value))]
    arrays = [np.asarray(leaf) for leaf in leaves if isinstance(leaf, NUMBERS)]
    return [array if array.dtype.isbuiltin else array.astype(np.float32) for array in arrays]


class _NotingInputs(Inputs):
    """Keeps every seed that is drawn."""

    def __init__(self, seed: int, module: ModuleType | None) -> None:
        super().__init__(seed, module)
        self.noted = [seed]

    def seed(self, tag: str) -> int:
        self.noted.append(super().seed(tag))
        return self.noted[-1]


class _Believing:
    """Runs programs here and finds none too dear: they are the solution's and the check's own."""

    def facts(self, program: Program) -> ProgramFacts:
        return ProgramFacts(1.0, 0, (), 0)

    def run(self, program: Program, args: Sequence[Any]) -> Any:
        exported = jax_export.deserialize(bytearray(program.serialised))
        leaves, shape = jax.tree.flatten(list(args))
        cast = [
            np.asarray(x, aval.dtype) for x, aval in zip(leaves, exported.in_avals, strict=True)
        ]
        return as_received(exported.call(*jax.tree.unflatten(shape, cast)))
