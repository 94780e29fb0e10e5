"""What must be in no bundle is had by running the solution once, and kept beside the secret."""

from pathlib import Path

import numpy as np
import pytest

from grader.checks.inputs import Inputs, seed_of
from grader.course import Course, load_course
from grader.grading import expected
from grader.grading.expected import Gathered, gather_hidden
from tests.toy_course import write_toy_course

SECRET = b"s" * 32
CHECKS = ("one_step", "gradient_at_a_point", "cost_of_gradient")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The toy course, in a folder of its own."""
    (tmp_path / "course").mkdir()
    return load_course(write_toy_course(tmp_path / "course"))


def gather(course: Course, secret: bytes = SECRET) -> Gathered:
    return gather_hidden(
        course, course.assignments["toy"], secret, keep=course.folder.parent / "kept" / "toy.npz"
    )


def never(*_: object) -> None:
    raise AssertionError("the solution was run")


def test_seeds_and_expected_values_of_every_check_are_gathered(course: Course) -> None:
    gathered = gather(course)
    hidden = gathered.hidden
    assert gathered.unknown == ()
    assert hidden.secret == SECRET
    assert hidden.seeds == tuple((name, seed_of(SECRET, "toy", name, "1")) for name in CHECKS)
    assert {check for check, _ in hidden.expected} == set(CHECKS)
    inputs = Inputs(seed_of(SECRET, "toy", "one_step", "1"), None)
    H, w = inputs.spd([0.5, 1.5, 4.0]), inputs.normal(3)
    found = [value for check, value in hidden.expected if check == "one_step"]
    # What the check expects, and what the solution answers.
    assert len(found) == 2
    for value in found:
        np.testing.assert_allclose(value, w - 0.25 * (H @ w), rtol=1e-12)


def test_a_check_of_programs_is_gone_through_to_its_end(course: Course) -> None:
    values = [value for check, value in gather(course).hidden.expected if check == CHECKS[2]]
    assert [value.shape for value in values] == [(12,), (12,)]
    np.testing.assert_allclose(values[0], values[1], rtol=1e-9)


def test_they_are_kept_for_their_owner_and_not_computed_again(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gather(course)
    (kept,) = (course.folder.parent / "kept").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(expected, "_answer", never)
    again = gather(course)
    assert again.hidden.seeds == first.hidden.seeds
    for (check, value), (same_check, same) in zip(
        first.hidden.expected, again.hidden.expected, strict=True
    ):
        assert (check, value.dtype) == (same_check, same.dtype)
        np.testing.assert_array_equal(value, same)


def edit_checks(course: Course) -> bytes:
    path = course.assignments["toy"].folder / "checks.py"
    path.write_text(path.read_text().replace("0.25", "0.125"))
    return SECRET


def damage(course: Course) -> bytes:
    path = course.folder.parent / "kept" / "toy.npz"
    path.write_bytes(path.read_bytes()[:-100])
    return SECRET


@pytest.mark.parametrize("change", [edit_checks, damage, lambda _: b"t" * 32])
def test_what_they_depend_on_makes_them_anew(course: Course, change) -> None:
    before = gather(course).hidden
    after = gather(course, change(course)).hidden
    if change is damage:
        assert after.seeds == before.seeds
    assert np.array_equal(before.expected[0][1], after.expected[0][1]) is (change is damage)


def test_an_assignment_without_checks_has_only_the_secret(course: Course) -> None:
    (course.assignments["toy"].folder / "checks.py").unlink()
    hidden = gather(course).hidden
    assert (hidden.secret, hidden.seeds, hidden.expected) == (SECRET, (), ())


def test_a_check_that_fails_is_named_and_nothing_is_kept(course: Course) -> None:
    path = course.assignments["toy"].folder / "notebook.py"
    path.write_text(path.read_text().replace("np.asarray(w) - rate", "np.zeros((7, 1)) - rate"))
    gathered = gather(course)
    assert len(gathered.unknown) == 1
    assert gathered.unknown[0].startswith("one_step: ")
    assert {check for check, _ in gathered.hidden.expected} == set(CHECKS)
    assert not (course.folder.parent / "kept").exists()
