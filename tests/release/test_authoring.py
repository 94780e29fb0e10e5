"""What an author is told, with the line, about a master that cannot be released."""

from pathlib import Path

import pytest

from grader.release.authoring import check_master
from grader.release.cells import MasterError

QUESTIONS = [("q1", 2.0, False), ("q2", 3.0, True), ("q3", 1.0, False)]


def line_of(text: str, needle: str) -> int:
    """The number of the first line that holds the needle."""
    return next(n for n, line in enumerate(text.splitlines(), start=1) if needle in line)


def test_a_good_master_has_no_complaints(mini: Path) -> None:
    assert check_master(mini, QUESTIONS) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("# # END TESTS", "# # END SOLUTION", "# # END SOLUTION", "END SOLUTION"),
        ("\n# %% [raw]\n# # END QUESTION\n\n# %% [markdown]\n# The end.", "", "name: q3", "never"),
        ("# # BEGIN TESTS", "# BEGIN TESTS", "# BEGIN TESTS", "lost its own '#'"),
        ("# # BEGIN TESTS", "# # STARTING TESTS", "# # STARTING", "must be an otter mark"),
        ("    # END SOLUTION\n", "", "# BEGIN SOLUTION\n", "without END SOLUTION"),
        ("    # BEGIN SOLUTION\n", "", "# END SOLUTION", "without BEGIN SOLUTION"),
        ("    # BEGIN SOLUTION", "    # begin solution", "# END SOLUTION", "without BEGIN"),
        ("  # SOLUTION\n\n# %% [raw]", "\n\n# %% [raw]", "def loss", "marks no solution"),
        ("def loss(H, w):\n", "def loss(H, w):  # SOLUTION\n", "def loss", "prompt that students"),
        ("def loss(H, w):\n", "def loss(H, w)\n", "def loss", "not Python"),
        ("from mini_given import quadratic\n", "%matplotlib inline\n", "%matplotlib", "not Python"),
        ("from mini_given import quadratic\n", "x = 1  # SOLUTION\n", "x = 1", "outside a BEGIN"),
        ("# name: q3", "# name: q4", "name: q4", "q4 is not in course.yaml"),
        ("# name: q3", "# name: q1", "name: q1", "a second time"),
        ("# name: q3", "# name: Q 3", "name: Q 3", "needs a name"),
        ("# points: 3", "# points: 4", "name: q2", "4 points, course.yaml 3"),
        ("# points: 3", "# points: many", "name: q2", "must be a number"),
        ("# manual: true", "# manual: false", "name: q2", "manual: false, course.yaml true"),
        ("# name: q3", "# name: [", "name: [", "not YAML"),
        ("def test_loss_is", "# a hidden test\ndef test_loss_is", "# a hidden", "hidden one"),
        ("def test_loss_is_zero_at_the_minimum(loss):\n    import numpy as np\n",
         "import numpy as np\n", "value = loss", "not Python"),
        ("def test_loss_is", "x = 1\ny = 2\ndef test_loss_is", "x = 1", "exception format"),
        ("    import numpy as np\n\n", "", "def test_loss_is", "uses 'np'"),
        ("minimum(loss)", "minimum(los)", "minimum(los)", "wants 'los'"),
        ("# %% [markdown]\n# The end.", "# %%\n\"\"\"\n# %%\n\"\"\"", "", "cell markers"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_line(
    mini: Path, old: str, new: str, at: str, says: str
) -> None:
    path = mini / "notebook.py"
    text = path.read_text()
    assert old in text, "the table names a text that the master has not"
    # The last occurrence: q3 comes last, and the whole solution cell that its rows change.
    where = text.rindex(old)
    changed = text[:where] + new + text[where + len(old) :]
    path.write_text(changed)
    try:
        complaints = check_master(mini, QUESTIONS)
    except MasterError as error:
        complaints = list(error.complaints)
    found = [complaint for complaint in complaints if says in complaint.what]
    assert found, f"no complaint says {says!r}: {[str(c) for c in complaints]}"
    assert all(str(complaint).startswith(f"{path}:{complaint.line}: ") for complaint in found)
    if at:
        lines = changed.splitlines()
        begins = lines[: found[0].line + 1][-3:]
        assert any(at.splitlines()[0] in line for line in begins), (found, begins)


def test_a_question_of_course_yaml_that_the_notebook_lacks_is_named(mini: Path) -> None:
    [complaint] = check_master(mini, [*QUESTIONS, ("q9", 1.0, False)])
    assert "course.yaml has question q9" in complaint.what


def test_a_question_without_a_public_test_is_named(mini: Path) -> None:
    path = mini / "notebook.py"
    text = path.read_text()
    start, end = text.rindex("# %% [raw]\n# # BEGIN TESTS"), text.rindex("# %% [raw]\n# # END QUES")
    path.write_text(text[:start] + text[end:])
    [complaint] = check_master(mini, QUESTIONS)
    assert "q3 has no public test" in complaint.what
    assert complaint.line == line_of(path.read_text(), "name: q3") - 1


def test_two_tests_of_one_name_in_a_question_are_named(mini: Path) -> None:
    path = mini / "notebook.py"
    test = "# %%\ndef test_loss_is_zero_at_the_minimum(loss):\n    assert loss\n\n"
    text = path.read_text()
    end = text.rindex("# %% [raw]\n# # END TESTS")
    path.write_text(text[:end] + test + text[end:])
    [complaint] = check_master(mini, QUESTIONS)
    assert "has the name of the one in line" in complaint.what


@pytest.mark.parametrize("setting", ["files: [checks.py]", "config_file: x.yml", "plugins: [p]"])
def test_settings_that_add_files_are_refused(mini: Path, setting: str) -> None:
    path = mini / "notebook.py"
    path.write_text(f"# %% [raw]\n# # ASSIGNMENT CONFIG\n# {setting}\n\n" + path.read_text())
    [complaint] = check_master(mini, QUESTIONS)
    assert complaint.line == 2
    assert "is not used here" in complaint.what


def test_a_missing_master_is_the_authors_error(tmp_path: Path) -> None:
    with pytest.raises(MasterError, match=r"notebook\.py:1: cannot be read"):
        check_master(tmp_path)
