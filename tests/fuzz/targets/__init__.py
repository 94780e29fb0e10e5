"""What is fuzzed. A module a reader: its `check` takes any bytes and raises where a promise broke.

Each has `seeds()`, inputs to begin with, good and bad, and `WORDS` that inputs are made of. What
was found to matter besides is in `corpus/`.
"""

import atexit
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp

NAMES = ("protocol", "notebook", "pdf", "archive", "backup", "course_file", "roster", "canvas")
CORPUS = Path(__file__).parent.parent / "corpus"


@dataclass(frozen=True)
class Target:
    """One reader's promises, and what to begin with."""

    name: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[str, ...]

    @property
    def corpus(self) -> Path:
        """The folder of its stored inputs, each named by its hash."""
        return CORPUS / self.name


@cache
def scratch(name: str) -> Path:
    """A folder for a target's files, which goes when the process ends."""
    path = Path(mkdtemp(prefix=f"fuzz-{name}-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def load_target(name: str) -> Target:
    """The target of a name in `NAMES`; nothing that it reads with is imported before."""
    module = import_module(f"tests.fuzz.targets.{name}")
    return Target(name, module.check, tuple(module.seeds()), tuple(module.WORDS))
