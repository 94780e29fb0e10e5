"""Hidden checks of question 1 for McCandlish et al.: noise scales, best steps, the trade-off."""

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference.papers import large_batch as paper

CHOICE = {"PAPER": "large_batch"}
SMALL = "few operations: float32 inside gives some 1e-6, the least known mistake more than 1e-2"


@check("q1", points=9, title="Large batches: the two noise scales", where=CHOICE)
def large_batch_noise_scales(student, inputs):
    problem = inputs.given(
        "noisy_classifier", features=3, units=4, classes=3, examples=13, seed=inputs.seed("data")
    )
    found = student.noise_scales(problem.example_loss, problem.w, problem.X, problem.y)
    simple, curved = expect(found, "The noise scales").items(2)
    for value, what, index, points in (
        (simple, "The simple noise scale", 0, 4),
        (curved, "The noise scale with curvature", 1, 5),
    ):
        expect(value, what).close_to(
            lambda index=index: _noise_scales(problem)[index],
            rtol=1e-4,
            why=SMALL,
            points=points,
        )


def _noise_scales(problem: Any) -> tuple[np.ndarray, np.ndarray]:
    """From the gradient of every example and the dense Hessian of their mean."""
    w, unravel = ravel_pytree(jax.tree.map(jnp.asarray, problem.w))
    loss, X, y = problem.example_loss.local(), jnp.asarray(problem.X), jnp.asarray(problem.y)

    def losses(w):
        return jax.vmap(loss, (None, 0, 0))(unravel(w), X, y)

    gradients = jax.jit(jax.jacrev(losses))(w)
    H = jax.jit(jax.hessian(lambda w: jnp.mean(losses(w))))(w)
    return (
        np.asarray(paper.simple_noise_scale(gradients)),
        np.asarray(paper.curvature_weighted_noise_scale(gradients, H)),
    )


@check("q1", points=7, title="Large batches: the best step and what it gains", where=CHOICE)
def large_batch_best_steps(student, inputs):
    G, H = inputs.normal(5), inputs.spd([4.0, 2.0, 1.0, 0.5, 0.2])
    factor = inputs.normal(5, 3)  # rank 3
    cases = (
        (G, H, 3 * factor @ factor.T, np.array([1.0, 7.0, 30.0, 1e4, np.inf])),
        (G[:1], H[:1, :1] + 1, 2 * np.ones((1, 1)), np.array([2.0])),
    )
    for case in cases:
        found = student.best_steps(*case)
        steps, gains = expect(found, "The best steps").items(2)
        more = case[0].size > 1
        for value, what, index, points in (
            (steps, "The best step", 0, 2 if more else 1),
            (gains, "Its gain", 1, 3 if more else 1),
        ):
            expect(value, what).close_to(
                lambda case=case, index=index: _best_steps(*case)[index],
                rtol=1e-4,
                why=SMALL,
                points=points,
            )


def _best_steps(G: Any, H: Any, Sigma: Any, batch_sizes: Any) -> tuple[np.ndarray, np.ndarray]:
    """The minimum of -eps |G|^2 + eps^2/2 E[G_B^T H G_B], a quadratic in eps."""
    curvatures = G @ H @ G + np.trace(H @ Sigma) / batch_sizes
    return G @ G / curvatures, (G @ G) ** 2 / (2 * curvatures)


@check("q1", points=8, title="Large batches: estimates from workers' gradients", where=CHOICE)
def large_batch_workers(student, inputs):
    for what, pool, workers, batch, points in (
        ("of all draws of two workers", _pool(inputs, 3), 2, 2, 3),
        ("of all draws of three workers", _pool(inputs, 3), 3, 1, 2),
    ):
        gradients = _all_draws(pool, workers, batch)
        found = student.worker_estimates(gradients, batch)
        expect(found, f"The estimates {what}").close_to(
            lambda pool=pool: _truth(pool),
            rtol=1e-4,
            why="exact over all draws: float32 inside gives some 1e-6",
            points=points,
        )
    # Gradients that nearly cancel: the estimate of |G|^2 is negative, and stays so.
    noise = inputs.normal(2, 1, 6)
    gradients = {"w": np.concatenate([noise, 0.1 * noise - noise], axis=1)}
    found = student.worker_estimates(gradients, 5)
    expect(found, "The estimates of gradients that nearly cancel").close_to(
        lambda: _from_norms(gradients["w"], 5), rtol=1e-4, why=SMALL, points=3
    )


def _pool(inputs: Any, examples: int) -> dict[str, np.ndarray]:
    """Gradients of a few examples: a matrix and a number each."""
    G = {"w": 1.5 * inputs.normal(2, 3), "b": inputs.normal()}
    return {name: leaf + inputs.normal(examples, *leaf.shape) for name, leaf in G.items()}


def _all_draws(pool: Any, workers: int, batch: int) -> Any:
    """Mean gradients for each way to draw the workers' batches with replacement: (M, W, ...)."""
    examples = len(pool["b"])
    draws = np.array(list(product(range(examples), repeat=workers * batch)))
    rows = draws.reshape(len(draws), workers, batch)
    return {name: np.mean(leaf[rows], axis=2) for name, leaf in pool.items()}


def _truth(pool: Any) -> tuple[np.ndarray, np.ndarray]:
    flat = np.concatenate([pool["w"].reshape(len(pool["b"]), -1), pool["b"][:, None]], axis=1)
    G = np.mean(flat, axis=0)
    return G @ G, np.sum((flat - G) ** 2) / len(flat)


def _from_norms(gradients: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
    small = jnp.asarray(np.sum(gradients**2, axis=2).mean(axis=1))
    large = jnp.asarray(np.sum(gradients.mean(axis=1) ** 2, axis=1))
    found = paper.noise_estimates(small, large, batch, batch * gradients.shape[1])
    return np.asarray(found.squared_norm), np.asarray(found.noise)


@check("q1", points=6, title="Large batches: the trade-off, fitted", where=CHOICE, x64=False)
def large_batch_trade_off(student, inputs):
    least_steps, critical = inputs.rng.uniform(50, 90), inputs.rng.uniform(20, 60)
    batches = critical * np.array([0.05, 0.3, 1.0, 4.0, 30.0])
    wobble = 1 + 0.1 * inputs.uniform(0.5, 1.0, 5) * np.array([1, -1, 1, -1, 1])
    steps = least_steps * (1 + critical / batches) * wobble
    for what, unit, points in (("", 1.0, 3), (", examples counted in tokens,", 1e7, 3)):
        examples = steps * batches * unit
        expect(student.fit_trade_off(steps, examples), f"S_min and E_min{what}").close_to(
            lambda examples=examples: _fit(steps, examples),
            rtol=1e-3,
            why="float32, two columns of a condition below 10: some 1e-6",
            points=points,
        )


def _fit(steps: np.ndarray, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fit = paper.fitted_trade_off(jnp.asarray(steps), jnp.asarray(examples))
    return np.asarray(fit.least_steps), np.asarray(fit.least_examples)
