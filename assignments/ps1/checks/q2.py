"""Hidden checks of question 2: minimum-norm solution and double descent."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import linear_regression

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"


def _minimum_norm(Phi: np.ndarray, t: np.ndarray) -> jax.Array:
    return linear_regression.minimum_norm_solution(jnp.asarray(Phi), jnp.asarray(t))


def _with_repeated_columns(inputs) -> np.ndarray:
    """Features of shape (9, 8) and rank 5; equal columns are equal in every precision."""
    distinct = inputs.normal(9, 5)
    return np.concatenate([distinct, distinct[:, :3]], axis=1)


@check("q2", points=2, title="Minimum-norm solution, more and fewer features than examples")
def minimum_norm_of_full_rank(student, inputs):
    for N, D in ((4, 11), (11, 4)):
        Phi, t = inputs.normal(N, D), inputs.normal(N)
        expect(student.min_norm_solution(Phi, t), f"the weights for N = {N}, D = {D}").close_to(
            lambda Phi=Phi, t=t: _minimum_norm(Phi, t),
            rtol=1e-3,
            why="singular values within a factor of 10 or so: float32 gives about 1e-5",
        )


@check("q2", points=2, title="Minimum-norm solution, rank-deficient features")
def minimum_norm_rank_deficient(student, inputs):
    Phi, t = _with_repeated_columns(inputs), inputs.normal(9)
    expect(student.min_norm_solution(Phi, t), "the weights").close_to(
        lambda: _minimum_norm(Phi, t),
        rtol=1e-4,
        why="float32 inside gives 1e-5; a singular value of rounding size that is kept, more than 1",
    )


@check("q2", points=1, title="Minimum-norm solution, rank-deficient, in float32", x64=False)
def minimum_norm_rank_deficient_in_float32(student, inputs):
    Phi, t = _with_repeated_columns(inputs), inputs.normal(9)
    expect(student.min_norm_solution(Phi, t), "the weights").close_to(
        lambda: _minimum_norm(Phi, t),
        rtol=1e-3,
        why="float32 on kept singular values within a factor of 20: about 1e-5",
    )


@check("q2", points=1, title="Minimum-norm solution, rotated features")
def minimum_norm_rotated(student, inputs):
    Phi, t, Q = inputs.normal(4, 11), inputs.normal(4), inputs.orthogonal(11)
    expect(student.min_norm_solution(Phi @ Q, t), "the weights").close_to(
        lambda: Q.T @ _minimum_norm(Phi, t), rtol=1e-3, why=SINGLE
    )


@check("q2", points=2, title="Limit of gradient descent from a given start")
def limit_of_gradient_descent(student, inputs):
    for Phi in (inputs.normal(4, 11), _with_repeated_columns(inputs), inputs.normal(11, 4)):
        t, w0 = inputs.normal(len(Phi)), inputs.normal(Phi.shape[1])
        expect(student.gd_limit(Phi, t, w0), "the limit").close_to(
            lambda Phi=Phi, t=t, w0=w0: linear_regression.gradient_flow_limit(
                *map(jnp.asarray, (Phi, t, w0))
            ),
            rtol=1e-4,
            why="float32 inside gives some 1e-6 on singular values within a factor of 20",
        )


def _ridge(Phi: np.ndarray, t: np.ndarray, penalty: float) -> jax.Array:
    return linear_regression.ridge_solution(jnp.asarray(Phi), jnp.asarray(t), penalty)


@check("q2", points=2, title="Ridge solution")
def ridge_of_random_features(student, inputs):
    for N, D in ((11, 4), (4, 11), (1, 4)):
        Phi, t, penalty = inputs.normal(N, D), inputs.normal(N), float(inputs.uniform(0.2, 0.5))
        expect(student.ridge_solution(Phi, t, penalty), f"ridge, N = {N}, D = {D}").close_to(
            lambda Phi=Phi, t=t, penalty=penalty: _ridge(Phi, t, penalty),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q2", points=2, title="Risk curve, with and without a penalty")
def risk_of_growing_models(student, inputs):
    N, D, sizes = 4, 11, (8, 11)  # not near 4: the peak is ill-conditioned
    data = (inputs.normal(N, D), inputs.normal(N), inputs.normal(20, D), inputs.normal(20))
    for penalty, part in ((0.3, "with a penalty"), (0.0, "without")):
        expect(student.risk_curve(*data, sizes, penalty), f"the risk {part}").close_to(
            lambda penalty=penalty: _risks(*data, sizes, penalty), rtol=1e-4, why=SINGLE, points=1
        )


def _risks(
    Phi: np.ndarray,
    t: np.ndarray,
    Phi_test: np.ndarray,
    t_test: np.ndarray,
    sizes: tuple[int, ...],
    penalty: float,
) -> np.ndarray:
    weights = [_ridge(Phi[:, :d], t, penalty) for d in sizes]
    errors = [Phi_test[:, : len(w)] @ np.asarray(w) - t_test for w in weights]
    return np.array([np.mean(error**2) / 2 for error in errors])
