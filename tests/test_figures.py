"""The figures: every script runs, is on the page, and its numbers bear out its title."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "figures"
PAGE = (ROOT / "docs" / "figures.md").read_text()
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if path.stem != "style")
LECTURES = range(1, 13)
MOST_BYTES = 150_000

# Runs each script as `python script.py picture.svg` would, and keeps the numbers that it has drawn.
# Most of the time goes into imports and compiling small programs, so that one process runs them
# all, and programs are those of the last run.
RUN = """
import runpy, sys
from pathlib import Path
import numpy as np
from grader.grading.own_programs import use_own_cache
use_own_cache("tests")
folder, *scripts = map(Path, sys.argv[1:])
for script in scripts:
    sys.argv = [str(script), str(folder / f"{script.stem}.svg")]
    numbers = runpy.run_path(str(script), run_name="__main__")["measurements"]()
    np.savez(folder / f"{script.stem}.npz", **numbers)
"""

Numbers = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Numbers]]:
    """The picture and the numbers of every script."""
    folder = tmp_path_factory.mktemp("figures")
    subprocess.run(
        [sys.executable, "-c", RUN, folder, *SCRIPTS],
        check=True,
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": f"{FOLDER}{os.pathsep}{ROOT}",
            "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        },
    )
    found: dict[str, tuple[str, Numbers]] = {}
    for script in SCRIPTS:
        with np.load(folder / f"{script.stem}.npz") as numbers:
            found[script.stem] = ((folder / f"{script.stem}.svg").read_text(), dict(numbers))
    return found


def slope(x: np.ndarray, y: np.ndarray) -> float:
    """The exponent of the power of x that y follows."""
    return np.polyfit(np.log(x), np.log(y), 1)[0]


# --- What the titles claim ------------------------------------------------------------------------


def double_descent(found: Numbers) -> None:
    n, (minimum_norm, weak, strong) = found["sample_sizes"], found["risks"]
    assert n[np.argmax(minimum_norm)] == 30  # D
    before, after = np.flatnonzero(n == 15)[0], np.flatnonzero(n == 60)[0]
    peak = minimum_norm[n == 30][0]
    assert peak > 5 * max(minimum_norm[before], minimum_norm[after])
    assert minimum_norm[before] < minimum_norm[0]  # it falls, rises, and falls again
    assert weak.max() < peak / 5
    assert np.all(np.diff(strong) < 0)


def hessian_spectrum(found: Numbers) -> None:
    a, grid = found["eigenvalues"], found["grid"]
    exact, estimate = found["exact"], found["estimate"]
    width = 0.01 * (a[-1] - a[0])
    outliers = a[-4:]  # as many as outputs
    assert outliers[0] > 2 * a[-5]
    for eigenvalue in outliers:
        near = np.abs(grid - eigenvalue) < width
        # 20 random probes know the weight of one eigenvalue to a factor, and where it is.
        assert 1 / 3 < np.sum(estimate[near]) / np.sum(exact[near]) < 3
    bulk = grid < a[-5] + 3 * width
    spacing = grid[1] - grid[0]
    assert np.sum(np.abs(estimate - exact)[bulk]) * spacing < 0.1
    gap = (grid > a[-5] + 5 * width) & (grid < outliers[0] - 5 * width)
    assert np.max(estimate[gap]) < 1e-3 * np.max(estimate)


def natural_gradient(found: Numbers) -> None:
    natural, plain = found["natural gradient"], found["gradient descent"]
    assert np.max(np.abs(natural[0] - natural[1])) < 1e-3  # rounding, in single precision
    assert np.max(np.linalg.norm(plain[0] - plain[1], axis=1)) > 0.5
    assert np.linalg.norm(natural[0, -1] - found["minimum"]) < 0.15


def kfac_and_sgd(found: Numbers) -> None:
    sgd, kfac = (np.sort(found[name][:, -100:].mean(axis=1)) for name in ("SGD", "K-FAC"))
    assert kfac[0] < sgd[0] / 4
    final = found["SGD"].min(axis=0)[-1]
    assert np.argmax(found["K-FAC"].min(axis=0) < final) < 100  # of 400 steps
    for name in ("SGD", "K-FAC"):  # the best step size lies inside the range that was tried
        means = found[name][:, -100:].mean(axis=1)
        assert 0 < np.argmin(means) < len(means) - 1


def effective_step_size(found: Numbers) -> None:
    first, last = found["step_sizes"][:, 0], found["step_sizes"][:, -1]
    assert first.max() > 100 * first.min()
    np.testing.assert_allclose(last, found["predicted_step_size"], rtol=0.03)
    turns = found["turns"][:, -300:].mean(axis=1)
    np.testing.assert_allclose(turns, found["predicted_turn"], rtol=0.03)


def kernel_convergence(found: Numbers) -> None:
    medians = np.median(found["deviations"], axis=1)
    assert np.all(np.diff(medians) < 0)
    assert -0.6 < slope(found["widths"], medians) < -0.4


def steps_and_batch_size(found: Numbers) -> None:
    sgd, momentum = found["steps"]
    assert sgd[0] / sgd[1] > 1.8  # twice the batch, half the steps
    assert sgd[-2] / sgd[-1] < 1.1  # and in the end none are saved
    assert found["critical"][1] > 1.2 * found["critical"][0]
    assert momentum[-1] < sgd[-1] / 1.5


def langevin_posterior(found: Numbers) -> None:
    std = np.sqrt(np.diag(found["covariance"]))
    small, large = found["samples"].std(axis=1) / std
    np.testing.assert_allclose(small, 1, atol=0.1)
    assert np.all(large > 1.2)


def momentum_rates(found: Numbers) -> None:
    kappas = np.array([30.0, 100.0, 300.0, 1000.0])
    descent, nesterov, heavy_ball = (slope(kappas, runs[2:]) for runs in found["runs"])
    assert 0.9 < descent < 1.1
    assert 0.45 < nesterov < 0.6
    assert 0.45 < heavy_ball < 0.6


def game_rotations(found: Numbers) -> None:
    distance = {name: np.linalg.norm(z, axis=1) for name, z in found.items()}
    assert np.all(np.diff(distance["simultaneous"]) > 0)
    assert np.all(np.diff(distance["extragradient"]) < 0)
    assert distance["optimistic"][-1] < 0.2
    assert np.all(np.abs(distance["alternating"] - 1) < 0.15)


def hypergradient_descent(found: Numbers) -> None:
    losses = found["path_losses"]
    assert losses[-1] < losses[0] / 2
    assert losses[-1] < 1.01 * found["grid"].min()
    row, column = np.unravel_index(np.argmin(found["grid"]), found["grid"].shape)
    assert 0 < row < 32  # the best penalties lie inside the grid
    assert 0 < column < 32
    assert np.all(np.diff(found["neumann"]) < 0)
    assert found["conjugate"][3] < 1e-4 < found["neumann"][3]


def warm_and_cold_starts(found: Numbers) -> None:
    wanted = np.array([1.5, 1.0])
    warm, cold, retrained, reachable = (
        np.sum((found[name] - wanted) ** 2, axis=1) / 2
        for name in ("warm", "cold", "retrained", "reachable")
    )
    assert warm[-1] < 1e-4
    np.testing.assert_allclose(cold[-1], reachable.min(), rtol=1e-3)
    assert cold[-1] > 1000 * warm[-1]
    assert retrained[-1] > 2 * cold[-1]  # the warm run's u holds nothing of it


def edge_of_stability(found: Numbers) -> None:
    steps, sharpnesses, losses = found["steps"], found["sharpnesses"], found["losses"]
    drop = np.argmax(np.diff(found["step_sizes"]) < 0) + 1
    products = sharpnesses * found["step_sizes"][0]
    assert np.all(products[:, 10] < 1.9)  # from below
    tail = products[:, drop - 10 : drop]
    assert np.all((tail.mean(axis=1) > 1.75) & (tail.mean(axis=1) < 2.2))
    assert np.mean((tail > 1.75) & (tail < 2.2)) > 0.9
    # The loss goes up at some steps and down over many.
    before = losses[:, : steps[drop]]
    assert np.all(np.any(np.diff(before[:, 500:]) > 0, axis=1))
    assert np.all(before[:, -1] < before[:, 500])
    # With half the step size the edge is twice as high, and the sharpness rises beyond the old one.
    late = products[:, -10:].mean(axis=1)
    assert np.all(late > tail.mean(axis=1))
    assert late.max() > 3.5


CLAIMS = [
    double_descent,
    hessian_spectrum,
    natural_gradient,
    kfac_and_sgd,
    effective_step_size,
    kernel_convergence,
    steps_and_batch_size,
    langevin_posterior,
    momentum_rates,
    game_rotations,
    hypergradient_descent,
    warm_and_cold_starts,
    edge_of_stability,
]


# --- Tests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [path.stem for path in SCRIPTS])
def test_a_script_draws_a_picture_as_large_as_the_one_that_is_kept(
    name: str, drawn: dict[str, tuple[str, Numbers]]
) -> None:
    picture, _ = drawn[name]
    kept = (FOLDER / f"{name}.svg").read_text()
    size = re.compile(r"<svg [^>]*?width=\"[\d.]+pt\" height=\"[\d.]+pt\"")
    assert size.findall(picture)[0].split(" width")[1] == size.findall(kept)[0].split(" width")[1]
    assert "<dc:date>" not in picture
    assert len(picture) < MOST_BYTES
    assert len(kept) < MOST_BYTES


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
def test_the_numbers_bear_out_the_title(
    claim: Callable[[Numbers], None], drawn: dict[str, tuple[str, Numbers]]
) -> None:
    _, found = drawn[claim.__name__]
    for numbers in found.values():
        assert numbers.size > 0
    claim(found)


def test_every_script_has_a_claim_and_every_picture_a_script() -> None:
    assert sorted(claim.__name__ for claim in CLAIMS) == [path.stem for path in SCRIPTS]
    assert sorted(path.stem for path in FOLDER.glob("*.svg")) == [path.stem for path in SCRIPTS]


@pytest.mark.parametrize("lecture", LECTURES)
def test_every_lecture_has_a_picture_on_the_page(lecture: int) -> None:
    (section,) = re.findall(
        rf"^## Lecture {lecture}: .*?(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
    (name,) = re.findall(r"!\[[^\]]+\]\(figures/(\w+)\.svg\)", section)
    assert (FOLDER / f"{name}.svg").exists()
    assert (FOLDER / f"{name}.py").read_text().startswith(f'"""Lecture {lecture}: ')


def test_every_picture_is_on_the_page_once() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(figures/(\w+)\.svg\)", PAGE)
    assert sorted(shown) == [path.stem for path in SCRIPTS]
