"""`course release` refuses a bundle with the secret, a seed or an expected value in it."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grader.course import load_course
from grader.grading.expected import gather_hidden
from grader.release import HiddenValues
from tests.cli.conftest import ToyCommand


def hidden_of(toy: ToyCommand) -> HiddenValues:
    """What is hidden in the toy course, with the secret of its store."""
    course = load_course(toy.file)
    with toy.store() as store:
        secret = store.secret()
    keep = toy.folder / "elsewhere.npz"
    return gather_hidden(course, course.assignments["toy"], secret, keep=keep).hidden


def value_of(hidden: HiddenValues, check: str) -> np.ndarray:
    return next(value for name, value in hidden.expected if name == check)


def test_the_first_release_makes_the_secret(toy: ToyCommand) -> None:
    assert not toy.data.exists()
    ran = toy.here("release", "toy")
    assert (ran.code, ran.err) == (0, "")
    assert "nothing hidden among them" in ran.words
    assert (toy.data / "secret").is_file()
    assert (toy.data / "released" / "toy.zip").is_file()


def test_a_bundle_has_the_assignments_name_wherever_its_folder_is(toy: ToyCommand) -> None:
    # The page looks for it by that name, and the first cell unpacks it on Colab.
    old = toy.folder / "assignments" / "toy"
    old.rename(old.with_name("toy_of_2027"))
    written = toy.file.read_text()
    assert written.count("  toy:\n") == 1
    toy.file.write_text(
        written.replace("  toy:\n", "  toy:\n    folder: assignments/toy_of_2027\n")
    )
    ran = toy.here("release", "toy")
    assert (ran.code, ran.err) == (0, "")
    with zipfile.ZipFile(toy.data / "released" / "toy.zip") as bundle:
        notebook = json.loads(bundle.read("toy.ipynb"))
    assert 'ZipFile("toy.zip")' in "".join(notebook["cells"][0]["source"])


@pytest.mark.parametrize(
    ("name", "plant", "words"),
    [
        (
            "hint.txt",
            lambda hidden: f"try {value_of(hidden, 'one_step')[1]:.7e}".encode(),
            "an expected value of the check one_step",
        ),
        (
            "hint.npy",
            lambda hidden: value_of(hidden, "cost_of_gradient").astype(np.float32).tobytes(),
            "an expected value of the check cost_of_gradient",
        ),
        (
            "hint.py",
            lambda hidden: f"seed = {hidden.seeds[1][1]}".encode(),
            "the hidden seed of the check gradient_at_a_point",
        ),
        ("key.txt", lambda hidden: hidden.secret.hex().encode(), "the course's secret"),
    ],
)
def test_a_hidden_number_beside_the_notebook_is_refused(
    toy: ToyCommand, name: str, plant: Callable[[HiddenValues], bytes], words: str
) -> None:
    planted = plant(hidden_of(toy))
    (Path(toy.folder) / "assignments" / "toy" / "given" / name).write_bytes(planted)
    ran = toy.here("release", "toy")
    assert (ran.code, ran.out) == (1, "")
    assert "the bundle shows what is hidden:" in ran.words
    assert name in ran.words
    assert words in ran.words
    assert not (toy.data / "released").exists()


def test_values_that_cannot_be_had_are_told(toy: ToyCommand) -> None:
    path = toy.folder / "assignments" / "toy" / "checks.py"
    path.write_text(path.read_text().replace("inputs.spd(", "inputs.no_such("))
    ran = toy.here("release", "toy")
    assert ran.code == 0
    assert "not searched for: the expected values of one_step: AttributeError" in ran.words
