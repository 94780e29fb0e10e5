"""What must be alike in two checkouts for both to grade alike."""

import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from grader.cluster import order
from grader.cluster.order import Traits, difference, traits_of
from grader.course import load_course
from tests.cluster.conftest import Place


def traits(course_file: Path) -> Traits:
    course = load_course(course_file)
    return traits_of(course, course.assignments["toy"], grader="", checks="")


def write_data(given: Path) -> None:
    (given / "data").mkdir()
    (given / "data" / "points.csv").write_text("1,2\n")


def write_cache(given: Path) -> None:
    (given / "__pycache__").mkdir(exist_ok=True)
    (given / "__pycache__" / "odd.cpython-311.pyc").write_bytes(b"2027")


def write_link(given: Path) -> None:
    (given / "link.csv").symlink_to("/etc/hostname")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (write_data, "what the assignment gives students differs: "),
        (write_cache, None),
        (write_link, None),  # no release follows it either
    ],
)
def test_what_students_are_given_is_compared(
    place: Place, tmp_path: Path, change: Callable[[Path], None], what: str | None
) -> None:
    here = place.course_file
    shutil.copytree(here.parent, tmp_path / "there", symlinks=True)
    given = tmp_path / "there" / "assignments" / "toy" / "given"
    given.mkdir(exist_ok=True)
    change(given)
    found = difference(traits(tmp_path / "there" / "course.yaml"), traits(here))
    assert (found is None) == (what is None)
    assert found is None or found.startswith(what or "")


@pytest.mark.parametrize(
    "package", ["jax", "numpy", "optax", "nbformat", "jupytext", "otter-grader"]
)
def test_packages_that_decide_a_score_are_compared(
    place: Place, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    here = traits(place.course_file)
    monkeypatch.setattr(order, "version", lambda name: "0.0" if name == package else version(name))
    found = difference(traits(place.course_file), here)
    assert found is not None
    assert found.startswith("Python or its packages differs: ")
    assert f"{package} 0.0" in found
