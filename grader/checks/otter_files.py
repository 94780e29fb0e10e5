"""Otter's test files and `autograder.zip`, read as data: nothing of them is run on this side.

A test file is Python in one of two forms. In OK format it assigns a dict, `test`, whose cases are
doctests; in exception format it holds functions under `@test_case(...)`. Both are parsed, and
what is said in them of points, names and hidden cases must be plain literals.
"""

import ast
import doctest
import hashlib
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from textwrap import dedent
from typing import Any

from grader.checks.declare import AuthoringError

# Settings that decide what is run or how, and that are not known here.
_REFUSED_SETTINGS = ("grade_from_log", "plugins", "zips")
# The arguments of otter's `test_case`, in their order.
_ARGUMENTS = ("name", "points", "hidden", "success_message", "failure_message")


@dataclass(frozen=True)
class OtterCase:
    """One test case: the examples of a doctest, or a function of a test file.

    `source` is the test file without its other test functions, line for line.
    """

    title: str
    points: float
    hidden: bool
    success_message: str = ""
    failure_message: str = ""
    examples: tuple[doctest.Example, ...] = ()
    source: str = ""
    function: str = ""


@dataclass(frozen=True)
class OtterTest:
    """One test file. `name` is otter's for the question, `question` that of course.yaml."""

    name: str
    question: str
    cases: tuple[OtterCase, ...]
    all_or_nothing: bool

    @property
    def points(self) -> float:
        """What all its cases give."""
        return math.fsum(case.points for case in self.cases)


@dataclass(frozen=True)
class OtterTests:
    """What an autograder.zip holds: tests in their order, and the files beside a notebook.

    With a `seed`, each cell is run after seeding NumPy's and Python's generators, or after
    setting `seed_variable` to it.
    """

    tests: tuple[OtterTest, ...]
    files: dict[str, bytes]
    seed: int | None
    seed_variable: str | None
    version: str


def read_autograder(data: bytes, name: str) -> OtterTests:
    """The tests of an autograder.zip's bytes; `name` is for messages. Raises `AuthoringError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {e.filename: archive.read(e) for e in archive.infolist() if not e.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise AuthoringError(f"{name}: not a zip that can be read ({error})") from error
    settings = _settings(entries.get("otter_config.json", b"{}"), name)
    tests = tuple(
        read_test_file(text.decode("utf-8", errors="replace"), f"{name}: {path}")
        for path, text in sorted(entries.items())
        if re.fullmatch(r"tests/[^/]+\.py", path)
    )
    if not tests:
        raise AuthoringError(f"{name}: no test file tests/*.py in it; make it by `otter generate`")
    _refuse_doubles([test.question for test in tests], name)
    digest = hashlib.sha256()
    for path, content in sorted(entries.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return OtterTests(
        tests=tests,
        files=_files_beside(entries, name),
        seed=settings.get("seed"),
        seed_variable=settings.get("seed_variable"),
        version=digest.hexdigest()[:16],
    )


def _settings(data: bytes, name: str) -> dict[str, Any]:
    try:
        settings = json.loads(data)
    except ValueError as error:
        raise AuthoringError(f"{name}: otter_config.json is not JSON ({error})") from error
    if not isinstance(settings, dict):
        raise AuthoringError(f"{name}: otter_config.json is no JSON object")
    if settings.get("lang", "python") != "python":
        raise AuthoringError(f"{name}: the language is {settings['lang']!r}, expected Python")
    for setting in _REFUSED_SETTINGS:
        if settings.get(setting):
            raise AuthoringError(f"{name}: otter_config.json sets {setting!r}, unknown here")
    seed, variable = settings.get("seed"), settings.get("seed_variable")
    if not isinstance(seed, int | None) or isinstance(seed, bool):
        raise AuthoringError(f"{name}: the seed is {seed!r}, expected a whole number")
    if variable is not None and not (isinstance(variable, str) and variable.isidentifier()):
        raise AuthoringError(f"{name}: seed_variable is {variable!r}, expected a name")
    return settings


def _files_beside(entries: dict[str, bytes], name: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for path, content in entries.items():
        inner = PurePosixPath(path)
        if inner.parts[:1] != ("files",):
            continue
        if ".." in inner.parts or "\\" in path:
            raise AuthoringError(f"{name}: {path!r} would lie outside the notebook's folder")
        files[inner.relative_to("files").as_posix()] = content
    return files


def _refuse_doubles(questions: Sequence[str], name: str) -> None:
    for question in questions:
        if questions.count(question) > 1:
            raise AuthoringError(f"{name}: two test files are of the question {question}")


def course_name(name: str) -> str:
    """Otter's name of a question as course.yaml writes it.

    >>> course_name("q1"), course_name("Q1.2"), course_name("2 b")
    ('q1', 'q1_2', 'q2_b')
    """
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"q{plain}"


def read_test_file(source: str, path: str) -> OtterTest:
    """One test file in either format. Raises `AuthoringError`."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise AuthoringError(f"{path}: not Python: {error}") from error
    assigned = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if "test" in assigned and _literal(assigned.get("OK_FORMAT"), path, default=True):
        return _read_ok(_literal(assigned["test"], path), path)
    name = _literal(assigned.get("name"), path)
    if not isinstance(name, str):
        raise AuthoringError(f"{path}: neither `test = {{...}}` nor `name = ...` is in it")
    points = _literal(assigned.get("points"), path)
    everything = bool(_literal(assigned.get("all_or_nothing"), path, default=False))
    declared = {  # of two functions of one name, Python knows the last
        function.name: (function, _declared(decorator, path))
        for function, decorator in _test_functions(tree)
    }
    shares = share_points(points, [said["points"] for _, said in declared.values()], path)
    cases = tuple(
        OtterCase(
            title=said["name"] or f"{name} - {number}",
            points=share,
            hidden=bool(said["hidden"]),
            success_message=said["success_message"] or "",
            failure_message=said["failure_message"] or "",
            source=_only(function, tree, source),
            function=function.name,
        )
        for number, ((function, said), share) in enumerate(
            zip(declared.values(), shares, strict=True), 1
        )
    )
    return OtterTest(name, course_name(name), cases, everything)


def _read_ok(test: Any, path: str) -> OtterTest:
    """A test file in OK format, from its dict."""
    try:
        name, suites = test["name"], test["suites"]
        (suite,) = suites
        cases = list(suite["cases"])
        codes = [dedent(case["code"]) for case in cases]
    except (KeyError, TypeError, ValueError) as error:
        raise AuthoringError(f"{path}: not a test in OK format ({error!r})") from error
    if suite.get("type", "doctest") != "doctest" or suite.get("setup") or suite.get("teardown"):
        raise AuthoringError(f"{path}: only doctests without setup and teardown are known")
    shares = share_points(test.get("points"), [case.get("points") for case in cases], path)
    return OtterTest(
        name=name,
        question=course_name(name),
        cases=tuple(
            OtterCase(
                title=case.get("name", f"{name} - {number}"),
                points=share,
                hidden=bool(case.get("hidden", True)),
                success_message=case.get("success_message") or "",
                failure_message=case.get("failure_message") or "",
                examples=_examples(code, path),
            )
            for number, (case, code, share) in enumerate(zip(cases, codes, shares, strict=True), 1)
        ),
        all_or_nothing=bool(test.get("all_or_nothing", False)),
    )


def _examples(code: str, path: str) -> tuple[doctest.Example, ...]:
    try:
        found = doctest.DocTestParser().get_examples(code, path)
    except ValueError as error:
        raise AuthoringError(f"{path}: not a doctest: {error}") from error
    return tuple(example for example in found if not example.options.get(doctest.SKIP))


def share_points(total: Any, given: Sequence[Any], path: str) -> list[float]:
    """The points of each case, by otter's rule.

    `total` is the question's points, a list with each case's, or None; `given` are the points that
    cases state, or None. The rest of the total is shared by the cases that state none. Where
    nothing is stated, or only zeros, a question is worth one point.

    >>> share_points(3, [None, 1, None], "q1"), share_points(None, [None, 0], "q1")
    ([1.0, 1, 1.0], [1.0, 0])
    """
    if isinstance(total, list):
        if len(total) != len(given):
            raise AuthoringError(f"{path}: {len(total)} points for {len(given)} test cases")
        given, total = total, None
    for points in [total, *given]:
        if points is not None and (type(points) not in (int, float) or not 0 <= points < math.inf):
            raise AuthoringError(f"{path}: points are {points!r}, expected a number from 0")
    stated = math.fsum(points or 0 for points in given)
    if total is None:
        total = stated or 1
    if stated > total:
        raise AuthoringError(f"{path}: its cases give {stated:g} points, the question {total:g}")
    silent = sum(points is None for points in given)
    return [(total - stated) / silent if points is None else points for points in given]


def _literal(node: ast.expr | None, path: str, *, default: Any = None) -> Any:
    if node is None:
        return default
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise AuthoringError(
            f"{path}:{node.lineno}: expected a plain literal (it is read, not run)"
        ) from error


def _test_functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """The functions under `@test_case(...)`, however that is imported."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else None
                named = getattr(called, "id", None) or getattr(called, "attr", None)
                if isinstance(decorator, ast.Call) and named == "test_case":
                    yield node, decorator


def _declared(decorator: ast.Call, path: str) -> dict[str, Any]:
    """What a `@test_case(...)` says."""
    said: dict[str, Any] = dict.fromkeys(_ARGUMENTS)
    said |= dict(zip(_ARGUMENTS, (_literal(arg, path) for arg in decorator.args), strict=False))
    said |= {key.arg: _literal(key.value, path) for key in decorator.keywords if key.arg}
    return said


def _only(wanted: ast.FunctionDef, tree: ast.Module, source: str) -> str:
    """The file with one of its test functions, undecorated, and what they share.

    The rest is made empty, so that a line keeps its number, and so is the import of `test_case`:
    otter need not be there to run the function.
    """
    lines = source.split("\n")
    for function, decorator in _test_functions(tree):
        first = min(d.lineno for d in function.decorator_list)
        last = function.end_lineno if function is not wanted else decorator.end_lineno
        _blank(lines, first if function is not wanted else decorator.lineno, last)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "otter.test_files":
            _blank(lines, node.lineno, node.end_lineno)
    return "\n".join(lines)


def _blank(lines: list[str], first: int, last: int | None) -> None:
    for number in range(first, (last or first) + 1):
        lines[number - 1] = ""
