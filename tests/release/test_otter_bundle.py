"""An otter master's bundle: what students get of it, and that nothing hidden is among that."""

from pathlib import Path
from typing import Any

import pytest

from grader.checks.otter_files import read_autograder
from grader.release import LeakFound, MasterError, read_otter_assignment, release_otter
from grader.release.otter_bundle import is_hidden_test, refuse_otter_leaks
from tests.otter_course import master

SECRETS = ("np.multiply", "1.0625", "cubes", "2.53125", "6.407", "half", "Signs cancel")


def write(folder: Path, **options: Any) -> Path:
    (folder / "hw").mkdir()
    (folder / "hw" / "homework.ipynb").write_bytes(master(**options))
    (folder / "hw" / "data.csv").write_text("a,b\n1,2\n")
    return folder / "hw"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """The folder of the master in OK format (True) and of that in exception format."""
    return {
        ok_format: write(tmp_path_factory.mktemp("master"), ok_format=ok_format)
        for ok_format in (True, False)
    }


@pytest.mark.parametrize("ok_format", [True, False], ids=["OK format", "exception format"])
def test_the_bundle_has_the_public_tests_and_nothing_hidden(
    folders: dict[bool, Path], ok_format: bool, tmp_path: Path
) -> None:
    bundle = release_otter(folders[ok_format], tmp_path)
    tests = [] if ok_format else ["tests/q1.py"]
    assert [*bundle.files] == ["data.csv", "homework.ipynb", "requirements.txt", *tests]
    texts = {name: (bundle.folder / name).read_text() for name in bundle.files}
    assert [secret for secret in SECRETS if secret in "".join(texts.values())] == []
    assert "square(2) == 4" in texts["homework.ipynb" if ok_format else "tests/q1.py"]
    assert bundle.archive.name == "hw.zip"


@pytest.mark.parametrize("ok_format", [True, False], ids=["OK format", "exception format"])
def test_all_tests_are_read_from_what_otter_makes(
    folders: dict[bool, Path], ok_format: bool
) -> None:
    made = read_otter_assignment(folders[ok_format])
    (test,) = read_autograder(made.autograder, "autograder.zip").tests
    assert [(case.points, case.hidden) for case in test.cases] == [
        (1.0, False),
        (1.0, True),
        (1, True),
    ]
    assert test.cases[2].failure_message == "Think of a half."
    assert made.solution
    assert b"np.multiply" in made.solution


def test_two_releases_give_equal_bytes(folders: dict[bool, Path], tmp_path: Path) -> None:
    first = release_otter(folders[True], tmp_path / "a").archive.read_bytes()
    assert release_otter(folders[True], tmp_path / "b").archive.read_bytes() == first


@pytest.mark.parametrize(
    ("name", "leaking"),
    [
        pytest.param("a.txt", "[square(k) * k for k in (5, 7)]", id="a hidden test's line"),
        pytest.param("a.txt", "return np.multiply(x, x)", id="a solution's line"),
        pytest.param("a.md", "Signs cancel when a number meets itself.", id="a model answer"),
        pytest.param("a.txt", "[np.int64(125), np.int64(343)]", id="a hidden test's output"),
        pytest.param("a.txt", "list_of_cubes", id="a hidden test's name"),
        pytest.param(
            "tests/q1.py",
            "OK_FORMAT = True\ntest = {'name': 'q1', 'suites': [{'cases': [{'code': '>>> 1'}]}]}",
            id="a test case that otter calls hidden",
        ),
        pytest.param("tests/q1.py", "name = ", id="a test that can't be read"),
    ],
)
def test_a_leak_is_found(folders: dict[bool, Path], name: str, leaking: str) -> None:
    made = read_otter_assignment(folders[True])
    assert made.bundle
    with pytest.raises(LeakFound):
        refuse_otter_leaks(folders[True], {**made.bundle, name: leaking.encode()})


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "0 notebooks here"),
        ({"a.ipynb": b"{}", "b.ipynb": b"{}"}, "2 notebooks here"),
        ({"a.ipynb": b"no notebook"}, "cannot be read"),
        ({"autograder.zip": b"PK"}, "students have its notebook already"),
    ],
)
def test_what_is_no_master_is_not_released(
    tmp_path: Path, files: dict[str, bytes], reason: str
) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(MasterError, match=reason):
        release_otter(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("source", "hidden"),
    [
        ("# HIDDEN\nf(1)", True),
        ("  # hidden test\nf(1)", True),
        ("# public\nf(1)", False),
        ("f(1)  # HIDDEN", False),
        ('""" # BEGIN TEST CONFIG\nhidden: true\n""" # END TEST CONFIG\nf(1)', True),
        ('_ = """ # BEGIN TEST CONFIG\npoints: 1\nhidden: Yes\n""" # END TEST CONFIG\nf(1)', True),
        ('""" # BEGIN TEST CONFIG\nhidden: false\n""" # END TEST CONFIG\nf(1)', False),
        ("", False),
    ],
)
def test_hidden_tests_are_told_by_their_marks(source: str, hidden: bool) -> None:
    assert is_hidden_test(source) is hidden
