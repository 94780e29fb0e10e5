"""The modules of `reference/`, and the files that must stand beside each of them in the tests."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import reference

TESTS = Path(__file__).parent


def module_names() -> list[str]:
    """Names below `reference.`, such as `taylor.products`; packages only hold aliases."""
    found = pkgutil.walk_packages(reference.__path__, "reference.")
    return [module.name.removeprefix("reference.") for module in found if not module.ispkg]


def file_of_tests(name: str) -> Path:
    """Where the tests of module `name` are."""
    *packages, last = name.split(".")
    return TESTS.joinpath(*packages, f"test_{last}.py")


def table(kind: str, name: str) -> ModuleType:
    """The table of `kind` ("calls" or "mistakes") for module `name`."""
    return importlib.import_module(f"tests.reference.{kind}.{name}")


def public_functions(name: str) -> dict[str, Callable[..., Any]]:
    """The functions that module `name` defines, by their names, in the order of the source."""
    module = importlib.import_module(f"reference.{name}")
    functions = {
        function_name: function
        for function_name, function in inspect.getmembers(module, callable)
        if not function_name.startswith("_")
        and not inspect.isclass(function)
        and getattr(function, "__module__", None) == module.__name__
    }
    return dict(sorted(functions.items(), key=lambda item: _line(item[1])))


def _line(function: Callable[..., Any]) -> int:
    return inspect.unwrap(function).__code__.co_firstlineno
