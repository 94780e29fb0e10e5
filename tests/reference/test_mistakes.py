"""Every module's tests are tested: each plausible mistake in its source makes one of them fail."""

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from tests.reference.tree import file_of_tests, module_names, table

MISTAKES = [
    pytest.param(name, mistake, id=f"{name}: {mistake.what}")
    for name in module_names()
    for mistake in table("mistakes", name).MISTAKES
]


@pytest.mark.parametrize("name", module_names())
def test_every_module_has_mistakes(name):
    assert len(table("mistakes", name).MISTAKES) >= 2


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_mistake_is_caught(name, mistake):
    with source_changed(f"reference.{name}", mistake.right, mistake.wrong):
        tests = freshly_imported(file_of_tests(name))
        test = getattr(tests, mistake.caught_by)
        for arguments in parameter_sets(test):
            try:
                test(**arguments)
            except AssertionError:
                return
    pytest.fail(f"{mistake.caught_by} passes with this mistake")


def freshly_imported(path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"mutated_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parameter_sets(test) -> Iterator[dict]:
    """The keyword arguments that `parametrize` marks give to `test`."""
    axes = []
    for mark in getattr(test, "pytestmark", []):
        assert mark.name == "parametrize", f"{test.__name__}: a plain function is needed"
        names, values = mark.args
        names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        rows = [getattr(value, "values", value) for value in values]
        single = len(names) == 1
        axes.append(
            [
                dict(zip(names, [row] if single and not is_set(value) else row, strict=True))
                for row, value in zip(rows, values, strict=True)
            ]
        )
    for choice in itertools.product(*axes):
        yield {name: value for axis in choice for name, value in axis.items()}


def is_set(value) -> bool:
    """Whether `value` was written as `pytest.param(...)`."""
    return type(value).__name__ == "ParameterSet"


@contextmanager
def source_changed(module_name: str, right: str, wrong: str) -> Iterator[None]:
    """All of `reference` imported anew on demand, one module of it with its source changed."""
    spec = importlib.util.find_spec(module_name)
    assert spec
    assert spec.origin
    with open(spec.origin, encoding="utf-8") as file:
        source = file.read()
    count = source.count(right)
    assert count == 1, f"{right!r} stands {count} times in {spec.origin}"
    assert wrong != right
    ours = {name: module for name, module in sys.modules.items() if is_reference(name)}
    finder = OneModuleChanged(
        module_name, compile(source.replace(right, wrong), spec.origin, "exec")
    )
    forget_reference()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        forget_reference()
        sys.modules.update(ours)


class OneModuleChanged(MetaPathFinder, Loader):
    """Loads one module from code given; leaves the others to Python."""

    def __init__(self, module_name, code):
        self.module_name, self.code = module_name, code

    def find_spec(self, fullname, path=None, target=None):
        return ModuleSpec(fullname, self) if fullname == self.module_name else None

    def exec_module(self, module):
        exec(self.code, module.__dict__)


def is_reference(name: str) -> bool:
    return name == "reference" or name.startswith("reference.")


def forget_reference() -> None:
    for name in [name for name in sys.modules if is_reference(name)]:
        del sys.modules[name]
