"""Hidden checks of question 1: Langevin dynamics and its stationary covariance."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.bayesian_inference import langevin

SINGLE = "some ten stable steps: float32 inside gives about 1e-6, known mistakes over 1e-2"
DIGITS = "float64 gives about 1e-15, float32 inside 1e-7, finite differences 1e-10"
LYAPUNOV = "float32 inside gives about 1e-6, every known mistake more than 1e-2"
TINY = "the terms of order eps don't matter here: float64 gives 1e-15, cancellation 1e-8"


def _white(inputs: Any, w: Any, steps: int) -> Any:
    return jax.tree.map(lambda leaf: inputs.normal(steps, *np.shape(leaf)), w)


def _cut(data: Any, steps: int) -> Any:
    size = len(data["x"]) // steps
    return {name: leaf.reshape(steps, size, *leaf.shape[1:]) for name, leaf in data.items()}


def _affine(batches: Any, w: Any, noise: Any, scale: Any, eps: Any) -> np.ndarray:
    """The recursion for a regression, where the gradient is affine; `scale` = (N, sigma, tau)."""
    N, sigma, tau = scale
    iterates = [w]
    for x, t, xi, e in zip(batches["x"], batches["t"], noise, eps, strict=True):
        precision = N / len(x) * x.T @ x / sigma**2 + np.eye(len(w)) / tau**2
        g = precision @ iterates[-1] - N / len(x) * x.T @ t / sigma**2
        iterates.append(iterates[-1] - e * g + np.sqrt(2 * e) * xi)
    return np.stack(iterates)


@check("q1", points=2, title="SGLD on a regression, constant steps and a schedule")
def sgld_on_regressions(student, inputs):
    N, tau = 48, 0.4
    model = inputs.given("regression", examples=30, features=4, seed=inputs.seed("m"))
    batches, noise = _cut(model.data, 6), _white(inputs, model.w, 6)
    schedules = {
        "with a constant step size": np.full(6, 0.001),
        "with a schedule": 0.003 * (1 + np.arange(6.0)) ** -0.6,
    }
    for name, eps in schedules.items():
        path = student.sgld_iterates(model.log_likelihood, model.w, batches, noise, N, tau, eps)
        expect(path, f"The path {name}").close_to(
            lambda eps=eps: _affine(batches, model.w, noise, (N, model.noise_std, tau), eps),
            rtol=1e-4,
            why=SINGLE,
            points=1,
        )


def _stepwise(model: Any, batches: Any, noise: Any, N: int, tau: float, eps: Any) -> Any:
    """With the reference's gradient of a whole batch, and its step without a random part."""
    w, key = jax.tree.map(jnp.asarray, model.w), jax.random.key(0)
    log_likelihood, path = model.log_likelihood.local(), [w]
    for k, e in enumerate(eps):
        batch = {name: jnp.asarray(leaf[k]) for name, leaf in batches.items()}
        g = jax.grad(log_likelihood)(w, batch)
        count = len(batch["x"])
        g = jax.tree.map(lambda g, w, count=count: w / tau**2 - N * g / count, g, w)
        w = langevin.langevin_step(key, w, g, e, temperature=0.0)
        xi = jax.tree.map(lambda leaf, k=k: leaf[k], noise)
        w = jax.tree.map(lambda p, x, e=e: p + np.sqrt(2 * e) * x, w, xi)
        path.append(w)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *path)


def _classifier(inputs: Any) -> tuple[Any, Any, Any]:
    model = inputs.given("classifier", widths=(3, 4, 3), examples=28, seed=inputs.seed("m"))
    return model, _cut(model.data, 4), _white(inputs, model.w, 4)


@check("q1", points=1, title="SGLD on a classifier")
def sgld_on_a_classifier(student, inputs):
    model, batches, noise = _classifier(inputs)
    N, tau, eps = 70, 0.8, np.array([0.01, 0.005, 0.02, 0.01])
    path = student.sgld_iterates(model.log_likelihood, model.w, batches, noise, N, tau, eps)
    expect(path, "The path").close_to(
        lambda: _stepwise(model, batches, noise, N, tau, eps), rtol=1e-4, why=SINGLE
    )


# Targets t of one weight times x, with noise of standard deviation 1.
ONE_WEIGHT = "lambda w, batch: -jnp.sum((batch['t'] - w * batch['x']) ** 2) / 2"


@check("q1", points=1, title="Batches of one example, a scalar weight, no steps", x64=False)
def sgld_at_the_edges(student, inputs):
    log_likelihood = inputs.source(ONE_WEIGHT)
    w, N, tau = np.asarray(inputs.uniform(1.0, 2.0)), 7, 0.5
    for steps in (5, 0):
        batches = {"x": inputs.normal(steps, 1), "t": inputs.normal(steps, 1)}
        noise, eps = inputs.normal(steps), np.full(steps, 0.02)
        path = student.sgld_iterates(log_likelihood, w, batches, noise, N, tau, eps)
        expect(path, f"The path of {steps} steps").close_to(
            lambda b=batches, noise=noise, eps=eps: _affine(
                {"x": b["x"][:, :, None], "t": b["t"]},
                np.array([w]),
                noise[:, None],
                (N, 1.0, tau),
                eps,
            )[:, 0],
            rtol=1e-4,
            why=SINGLE,
        )


@check("q1", points=1, title="SGLD to 12 digits")
def sgld_to_all_digits(student, inputs):
    model, batches, noise = _classifier(inputs)
    N, tau, eps = 28, 1.2, np.full(4, 0.01)
    path = student.sgld_iterates(model.log_likelihood, model.w, batches, noise, N, tau, eps)
    expect(path, "The path").close_to(
        lambda: _stepwise(model, batches, noise, N, tau, eps), rtol=1e-13, why=DIGITS
    )


# --- The stationary covariance --------------------------------------------------------------------


def _lyapunov(A: np.ndarray, eps: float, C: np.ndarray) -> np.ndarray:
    """A S + S A - eps A S A = 2 I + eps C as one dense linear system."""
    eye = np.eye(len(A))
    system = np.kron(A, eye) + np.kron(eye, A) - eps * np.kron(A, A)
    return np.linalg.solve(system, (2 * eye + eps * C).ravel()).reshape(A.shape)


@check("q1", points=1, title="Stationary covariance without gradient noise")
def covariance_without_gradient_noise(student, inputs):
    A = inputs.spd([0.5, 1.0, 2.5, 4.0])
    for eps in (0.1, 0.42):
        S = student.stationary_covariance(A, eps, np.zeros((4, 4)))
        expect(S, "The covariance").close_to(
            lambda eps=eps: np.linalg.inv(A - eps * A @ A / 2), rtol=1e-4, why=LYAPUNOV
        )


@check("q1", points=2, title="Stationary covariance with gradient noise")
def covariance_with_gradient_noise(student, inputs):
    A, C = inputs.spd([0.5, 1.0, 2.5, 4.0]), inputs.spd([20.0, 8.0, 3.0, 1.0])
    for name, eps in (("for a small step", 0.1), ("for an oscillating mode", 0.42)):
        S = student.stationary_covariance(A, eps, C)
        expect(S, f"The covariance {name}").close_to(
            lambda eps=eps: langevin.langevin_covariance(jnp.asarray(A), eps, jnp.asarray(C)),
            rtol=1e-4,
            why=LYAPUNOV,
            points=1,
        )


@check("q1", points=1, title="One weight, equal eigenvalues", x64=False)
def covariance_at_the_edges(student, inputs):
    # For A = a I any basis is an eigenbasis, and S = (2 I + eps C) / (2 a - eps a^2).
    for size, a, eps in ((1, 3.0, 0.6), (3, 1.5, 0.8)):
        C = inputs.spd(np.linspace(4.0, 9.0, size))
        S = student.stationary_covariance(a * np.eye(size), eps, C)
        expect(S, "The covariance").close_to(
            lambda size=size, a=a, eps=eps, C=C: (
                (2 * np.eye(size) + eps * C) / (2 * a - eps * a**2)
            ),
            rtol=1e-4,
            why=LYAPUNOV,
        )


@check("q1", points=1, title="Stationary covariance for tiny steps")
def covariance_for_tiny_steps(student, inputs):
    A, C = inputs.spd([0.5, 1.0, 2.5]), inputs.spd([1.0, 3.0, 4.0]) * 1e9
    S = student.stationary_covariance(A, 1e-9, C)
    expect(S, "The covariance").close_to(lambda: _lyapunov(A, 1e-9, C), rtol=1e-11, why=TINY)
