"""Packages that are loaded when they are first used, not when they are imported.

The first cell of a released notebook imports otter, and otter imports these for what it hardly
ever does in here: export a notebook, grade one. They are two thirds of what importing it costs.
"""

import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

PACKAGES = frozenset({"nbconvert", "pandas"})
# What an import sets; import statements and searches through all modules look at these.
KNOWN = frozenset("__spec__ __name__ __file__ __cached__ __loader__ __package__ __class__".split())


class Deferred(ModuleType):
    """A module that isn't loaded yet: whatever else is asked of it loads it."""

    def __getattribute__(self, name: str) -> Any:
        if name not in KNOWN:
            loader = self.__loader__
            if isinstance(loader, Later):
                loader.load(self)
        # Loaded, it is none of this class any more: no `super()`.
        return ModuleType.__getattribute__(self, name)


class Later(Loader):
    """Puts off what `loader` does, so that only one thread does it, once, and others wait."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._lock = threading.RLock()
        self._begun = False

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = Deferred

    def load(self, module: ModuleType) -> None:
        """Load it now. What it asks of itself meanwhile, it has by then or not."""
        with self._lock:
            if self._begun:
                return
            self._begun = True
            try:
                self._loader.exec_module(module)
            except BaseException:
                self._begun = False
                raise
            assert module.__spec__ is not None
            module.__spec__.loader = self._loader
            module.__class__, module.__loader__ = ModuleType, self._loader


class Finder(MetaPathFinder):
    """Finds the packages where Python does."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in PACKAGES:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            spec.loader = Later(spec.loader)
        return spec


def defer_packages() -> None:
    """From now on, for this process."""
    sys.meta_path.insert(0, Finder())
