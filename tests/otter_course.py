"""A tiny course whose only assignment is otter's, and a small otter master in both formats."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from grader.course import Course, load_course
from tests.toy_course import COURSE, ROOT

QUESTIONS = "{q1: {title: Squares, points: 3}, q2: {title: Words, points: 2, manual: true}}"


def write_otter_course(
    folder: Path, files: Mapping[str, bytes], *, questions: str = QUESTIONS, points: float = 5
) -> Course:
    """Write a course with the otter assignment `hw` of these files into `folder`, and load it."""
    head = COURSE.partition("assignments:")[0]
    times = "release: 2027-01-14 18:00, due: 2027-02-10 23:59"
    fields = f"title: Homework, environment: cpu, tests: otter, {times}, points: {points}"
    text = f"{head}assignments:\n  hw: {{{fields}, questions: {questions}}}\n"
    for name, data in files.items():
        path = folder / "assignments" / "hw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "course.yaml").write_text(text)
    (folder / "roster.csv").write_text("student,name,email\nada,Ada,ada@mail.example\n")
    if not (folder / "environments").exists():
        (folder / "environments").symlink_to(ROOT / "environments")
    return load_course(folder / "course.yaml")


def master(*, ok_format: bool) -> bytes:
    """An otter master with a public test, two hidden ones and a question graded by hand."""
    tests = (
        [
            new_code_cell("square(2) == 4", outputs=[shown("True")]),
            new_code_cell(
                "# HIDDEN\nlist_of_cubes = [square(k) * k for k in (5, 7)]\nlist_of_cubes",
                outputs=[shown("[np.int64(125), np.int64(343)]")],
            ),
            new_code_cell(
                '""" # BEGIN TEST CONFIG\npoints: 1\nhidden: true\n'
                'failure_message: Think of a half.\n""" # END TEST CONFIG\nsquare(-2.53125)',
                outputs=[shown("np.float64(6.4072265625)")],
            ),
        ]
        if ok_format
        else [
            new_code_cell("def test_of_two(square):\n    assert square(2) == 4"),
            new_code_cell(
                "# HIDDEN\ndef test_of_cubes(square):\n"
                "    list_of_cubes = [square(k) * k for k in (5, 7)]\n"
                "    assert list_of_cubes == [125, 343]"
            ),
            new_code_cell(
                '""" # BEGIN TEST CONFIG\npoints: 1\nhidden: true\n'
                'failure_message: Think of a half.\n""" # END TEST CONFIG\n'
                "def test_of_halves(square):\n    assert square(-2.53125) == 6.4072265625"
            ),
        ]
    )
    config = f"# ASSIGNMENT CONFIG\nfiles: [data.csv]\ntests: {{ok_format: {str(ok_format).lower()}"
    cells: list[Any] = [
        new_raw_cell(f"{config}, files: {str(not ok_format).lower()}}}"),
        new_markdown_cell("# Homework"),
        new_code_cell("import numpy as np"),
        new_raw_cell("# BEGIN QUESTION\nname: q1\npoints: 3"),
        new_markdown_cell("**Question 1.** Write `square`."),
        new_raw_cell("# BEGIN SOLUTION"),
        new_code_cell(
            "def square(x):\n    return np.multiply(x, x)  # SOLUTION\noutput = 1.0625 # SOLUTION"
        ),
        new_raw_cell("# END SOLUTION"),
        new_raw_cell("# BEGIN TESTS"),
        *tests,
        new_raw_cell("# END TESTS"),
        new_raw_cell("# END QUESTION"),
        new_markdown_cell("```otter\n# BEGIN QUESTION\nname: q2\nmanual: true\n```"),
        new_markdown_cell("**Question 2.** Why is a square never negative?"),
        new_raw_cell("# BEGIN SOLUTION"),
        new_markdown_cell("Signs cancel when a number meets itself."),
        new_raw_cell("# END SOLUTION"),
        new_raw_cell("# END QUESTION"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.writes(new_notebook(cells=cells, metadata={"kernelspec": kernel})).encode()


def shown(text: str) -> Any:
    """The output of a cell whose last line is an expression."""
    return new_output("execute_result", {"text/plain": text}, execution_count=1)
