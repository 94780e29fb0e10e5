"""Findings of `course check` that are kept by content: what hasn't changed isn't tried again."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from grader.grading.plan import GradingPlan
from grader.sandbox.images import cache_folder
from grader.sandbox.tidying import shrink_folder

T = TypeVar("T")
MOST_BYTES = 256 << 20
GRADER = Path(__file__).parents[1]
# What findings follow from: not the store, the gradebook, reports or commands.
GRADING = ("outcomes.py", "course", "intake", "sandbox", "checks", "release", "grading")


@dataclass(frozen=True)
class Kept:
    """What was found for one assignment; `digest` is of all that its findings depend on.

    With `fresh`, nothing that was kept is used, but what is found is kept.
    """

    folder: Path
    digest: str
    fresh: bool = False

    def find(
        self,
        what: str,
        adapter: TypeAdapter[T],
        make: Callable[[], T],
        is_good: Callable[[T], bool],
    ) -> T:
        """What was found before for `what`, or else what `make` finds now, kept if it is good.

        What is not good is tried again: a machine that was too busy is no finding for ever.
        """
        name = hashlib.sha256(f"{self.digest}\0{what}".encode()).hexdigest()[:32]
        path = self.folder / f"{name}.json"
        if not self.fresh and path.is_file():
            try:
                return adapter.validate_json(path.read_bytes())
            except ValidationError:  # of an older form
                pass
        found = make()
        if not is_good(found):
            return found
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(adapter.dump_json(found))
        os.replace(aside, path)
        return found


def kept_for(plan: GradingPlan, secret: bytes, *, fresh: bool = False) -> Kept:
    """The findings kept for an assignment, its limits, the grader's code and the environment."""
    digest = hashlib.sha256()
    for part in (
        plan.loaded.version.encode(),
        plan.assignment.model_dump_json().encode(),
        hashlib.sha256(secret).digest(),
        digest_of_grading(),
        digest_of_files(plan.request.environment, "*"),
        digest_of_files(plan.request.environment.parent / "runner", "*.py"),
    ):
        digest.update(part + b"\0")
    shrink_folder(cache_folder() / "checked", MOST_BYTES)
    return Kept(cache_folder() / "checked" / plan.assignment.name, digest.hexdigest(), fresh)


def digest_of_grading() -> bytes:
    """A digest of our code that grading and its tests run."""
    digest = hashlib.sha256((GRADER / GRADING[0]).read_bytes())
    for part in GRADING[1:]:
        digest.update(digest_of_files(GRADER / part, "*.py"))
    return digest.digest()


def digest_of_files(folder: Path, pattern: str) -> bytes:
    """A digest of the files below a folder that a pattern names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.digest()
