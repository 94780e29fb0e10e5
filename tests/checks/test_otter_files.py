"""Otter's test files and zips are read as data, and refused where they can't be."""

import io
import zipfile
from typing import Any

import pytest

from grader.checks.declare import AuthoringError
from grader.checks.otter_files import course_name, read_autograder, read_test_file, share_points

OK = """
OK_FORMAT = True
test = {
    "name": "q1",
    "points": 3,
    "suites": [{"type": "doctest", "cases": [
        {"code": r'''
            >>> f(1)
            1
            >>> g() # doctest: +SKIP
            ''', "hidden": False},
        {"code": ">>> f(2)", "points": 2, "failure_message": "Think."},
    ]}],
}
"""
EXCEPTIONS = '''"""About q2."""
import math
from otter.test_files import test_case

OK_FORMAT = False
name = "q2"
points = None
all_or_nothing = True

LIMIT = 2

@test_case(points=1, hidden=True, success_message="Well done.")
def test_a(f, env):
    assert f(1) == 1


@test_case(
    "second", 2,
)
def test_b(f):
    assert math.isclose(f(2), LIMIT)
'''


def packed(**entries: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name.replace("__", "/").replace("_py", ".py"), text)
    return buffer.getvalue()


def test_a_file_in_ok_format_gives_doctests() -> None:
    test = read_test_file(OK, "q1.py")
    assert (test.name, test.question, test.points, test.all_or_nothing) == ("q1", "q1", 3, False)
    first, second = test.cases
    assert [example.source for example in first.examples] == ["f(1)\n"]
    assert (first.title, first.points, first.hidden) == ("q1 - 1", 1, False)
    assert (second.points, second.hidden, second.failure_message) == (2, True, "Think.")


def test_a_file_in_exception_format_gives_functions_by_themselves() -> None:
    test = read_test_file(EXCEPTIONS, "q2.py")
    assert (test.points, test.all_or_nothing) == (3, True)
    first, second = test.cases
    assert (first.title, first.hidden, first.success_message) == ("q2 - 1", True, "Well done.")
    assert (second.title, second.points, second.hidden) == ("second", 2, False)
    for case, own, other in ((first, "f(1)", "f(2)"), (second, "f(2)", "f(1)")):
        assert own in case.source
        assert other not in case.source
        assert "test_case" not in case.source
        assert len(case.source.splitlines()) == len(EXCEPTIONS.splitlines())
        compile(case.source, "q2.py", "exec")


def test_nothing_of_a_test_file_is_run() -> None:
    with pytest.raises(AuthoringError, match="literal"):
        read_test_file("OK_FORMAT = True\ntest = exit(3)", "q1.py")
    assert read_test_file('raise SystemExit\nname = "q1"', "q1.py").cases == ()


@pytest.mark.parametrize(
    ("total", "given", "points"),
    [
        (3, [None, None, None], [1, 1, 1]),
        (4, [None, 1, None], [1.5, 1, 1.5]),
        (2, [1, 1], [1, 1]),
        (2, [1, 0.5], [1, 0.5]),
        (None, [None, None], [0.5, 0.5]),
        (None, [None, 0], [1, 0]),
        (None, [0, 0], [0, 0]),
        (None, [2, None], [2, 0]),
        ([1, 2], [None, None], [1, 2]),
        ([None, 2], [None, None], [0, 2]),
        (0, [None], [0]),
        (None, [], []),
    ],
)
def test_points_are_shared_as_otter_does(
    total: Any, given: list[float | None], points: list[float]
) -> None:
    assert share_points(total, given, "q1.py") == points


@pytest.mark.parametrize(
    ("total", "given"),
    [
        (1, [2]),
        ([1], [None, None]),
        (-1, [None]),
        (True, [None]),
        ("1", [None]),
        (1, [-1]),
        (float("nan"), [None]),
        (float("inf"), [None]),
    ],
)
def test_points_that_mean_nothing_are_refused(total: Any, given: list[Any]) -> None:
    with pytest.raises(AuthoringError, match="points"):
        share_points(total, given, "q1.py")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def", "not Python"),
        ("OK_FORMAT = True", "neither"),
        ("OK_FORMAT = True\ntest = 5", "not a test in OK format"),
        ("OK_FORMAT = True\ntest = {'name': 'a', 'suites': []}", "not a test in OK format"),
        (OK.replace('"doctest"', '"scheme"'), "only doctests"),
        (OK.replace(">>> f(2)", ">>>f(2)"), "not a doctest"),
        (EXCEPTIONS.replace("points=1", "points=LIMIT"), "literal"),
        (EXCEPTIONS.replace("points = None", "points = 0.5"), "give 3 points"),
    ],
)
def test_a_file_that_is_no_test_is_refused_with_its_place(source: str, reason: str) -> None:
    with pytest.raises(AuthoringError, match=reason) as refused:
        read_test_file(source, "tests/q1.py")
    assert str(refused.value).startswith("tests/q1.py")


def test_a_zip_gives_tests_files_and_seed() -> None:
    data = packed(
        **{
            "tests__q2_py": EXCEPTIONS,
            "tests__q1_py": OK,
            "files__sub__data.csv": "1",
            "otter_config.json": '{"seed": 7, "show_hidden": true}',
            "run_autograder": "#!/bin/sh",
        }
    )
    found = read_autograder(data, "autograder.zip")
    assert [test.name for test in found.tests] == ["q1", "q2"]
    assert found.files == {"sub/data.csv": b"1"}
    assert (found.seed, found.seed_variable) == (7, None)
    assert found.version == read_autograder(data, "elsewhere.zip").version
    assert found.version != read_autograder(packed(tests__q1_py=OK), "a.zip").version


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no zip", "not a zip"),
        (packed(setup="x"), "no test file"),
        (packed(tests__q1_py=OK, tests__q2_py=OK), "two test files"),
        (packed(tests__q1_py=OK, **{"otter_config.json": "["}), "not JSON"),
        (packed(tests__q1_py=OK, **{"otter_config.json": "[]"}), "no JSON object"),
        (packed(tests__q1_py=OK, **{"otter_config.json": '{"lang": "r"}'}), "language"),
        (packed(tests__q1_py=OK, **{"otter_config.json": '{"plugins": ["a"]}'}), "plugins"),
        (packed(tests__q1_py=OK, **{"otter_config.json": '{"seed": "1"}'}), "seed"),
        (
            packed(tests__q1_py=OK, **{"otter_config.json": '{"seed_variable": "a b"}'}),
            "seed_variable",
        ),
        (packed(tests__q1_py=OK, **{"files__..__..__evil": "x"}), "outside"),
    ],
)
def test_a_zip_that_is_no_autograder_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(AuthoringError, match=reason):
        read_autograder(data, "autograder.zip")


@pytest.mark.parametrize(
    ("name", "ours"), [("q1", "q1"), ("Q1.2", "q1_2"), ("1", "q1"), ("part-a b", "part_a_b")]
)
def test_names_become_such_as_course_yaml_can_have(name: str, ours: str) -> None:
    assert course_name(name) == ours
