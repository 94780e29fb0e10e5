"""Hidden checks of question 3: conditioning and whitening."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import linear_regression

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"


def _second_moment(mean: np.ndarray, covariance: np.ndarray) -> jax.Array:
    return linear_regression.input_second_moment(jnp.asarray(mean), jnp.asarray(covariance))


@check("q3", points=2, title="Second moment with a homogeneous coordinate")
def second_moment_of_inputs(student, inputs):
    mean, covariance = inputs.normal(4), inputs.spd(inputs.uniform(0.5, 2.0, 4))
    expect(student.second_moment(mean, covariance), "the second moment").close_to(
        lambda: _second_moment(mean, covariance), rtol=1e-4, why=SINGLE
    )


@check("q3", points=2, title="Spectrum of white inputs off centre")
def spectrum_of_white_inputs(student, inputs):
    for mean in (inputs.normal(5), np.zeros(3), inputs.normal(1)):
        expect(student.white_spectrum(mean), "the spectrum").close_to(
            lambda mean=mean: _dense_white_spectrum(mean), rtol=1e-4, why=SINGLE
        )


def _dense_white_spectrum(mean: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(_second_moment(mean, np.eye(len(mean))))


@check("q3", points=1, title="Smallest eigenvalue far off centre, to full relative precision")
def spectrum_far_off_centre(student, inputs):
    mean = 1e8 * (1.0 + inputs.uniform(0.0, 1.0, 3))
    square = float(mean @ mean)
    spectrum = student.white_spectrum(mean)
    expect(spectrum, "the spectrum").close_to(
        lambda: np.array([0.0, 1.0, 1.0, square + 2]), rtol=1e-4, why="dominated by the largest"
    )
    # The two eigenvalues that are not 1 have product 1 and sum |mu|^2 + 2.
    expect(spectrum[0], "the smallest eigenvalue").close_to(
        lambda: np.float64(1 / (square + 2)),
        rtol=1e-4,
        why="relative: the cancelling formula has no correct digit, 1/largest has them all",
    )


@check("q3", points=1, title="Condition number, at any scale")
def condition_at_any_scale(student, inputs):
    A = inputs.spd(np.append(inputs.uniform(0.8, 3.0, 4), [0.5, 6.0]))
    for scale in (1.0, 1e-3):
        expect(student.condition_number(scale * A), "the condition number").close_to(
            lambda: np.float64(12.0), rtol=1e-3, why="6 / 0.5 by construction; float32 gives 1e-6"
        )


@check("q3", points=2, title="Whitening of correlated inputs")
def whitening_of_correlated_inputs(student, inputs):
    X = inputs.normal(12, 4) @ inputs.spd((0.4, 0.8, 1.2, 2.0)) + inputs.normal(4)
    expect(student.whiten(X), "the whitened inputs").close_to(
        lambda: _whitened(X), rtol=1e-3, why="eigenvalues within a factor of 100 or so"
    )


def _whitened(X: np.ndarray) -> jax.Array:
    inputs = jnp.asarray(X)
    return linear_regression.centred(inputs) @ linear_regression.whitening_transform(inputs)


@check("q3", points=1, title="Whitening of one feature, far off centre")
def whitening_far_off_centre(student, inputs):
    X = inputs.normal(9, 1) + 3e7
    expect(student.whiten(X), "the whitened inputs").close_to(
        lambda: (X - X.mean()) / X.std(),
        rtol=1e-4,
        why="centring first keeps 8 digits in float64; E[x^2] - E[x]^2 keeps one or none",
    )


@check("q3", points=1, title="Whitening of rotated inputs")
def whitening_of_rotated_inputs(student, inputs):
    X, Q = inputs.normal(10, 3) * np.array([0.5, 1.0, 2.0]), inputs.orthogonal(3)
    expect(student.whiten(X @ Q), "the whitened inputs").close_to(
        lambda: _whitened(X) @ Q, rtol=1e-3, why="as for correlated inputs"
    )
