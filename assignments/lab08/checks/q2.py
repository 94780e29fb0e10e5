"""Hidden checks of question 2: Bayes by backprop, and the optimum that is known."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.bayesian_inference import linear_gaussian, variational

SINGLE = "sums of some ten terms: float32 inside gives about 1e-6, known mistakes over 1e-2"
DIGITS = "float64 gives about 1e-15, float32 inside 1e-7, finite differences 1e-10"
BIG = "one weight in float32: about 1e-6, or infinity where something overflows"
ZERO = "terms of the order of 1 cancel in float32, to about 1e-6"
EXACT = "moments of order 2 are exact: float32 inside gives about 1e-6, known mistakes over 1e-2"
STATIONARY = "the terms that cancel are of the order of 100, in float64"
EXTREME = "one weight in float64 gives 1e-15; cancellation or overflow more than 1e-5"


def _softplus(rho: Any) -> Any:
    return np.logaddexp(0.0, rho)


def _sigmoid(rho: Any) -> Any:
    return 1 / (1 + np.exp(-rho))


def _mean_field(mean: Any, rho: Any) -> variational.MeanField:
    """The reference keeps log s where students keep rho."""
    log_std = jax.tree.map(lambda r: jnp.asarray(np.log(_softplus(r))), rho)
    return variational.MeanField(jax.tree.map(jnp.asarray, mean), log_std)


def _spread(inputs: Any, w: Any) -> Any:
    """Values of rho between -2 and 1/2, with standard deviations between 0.1 and 1."""
    return jax.tree.map(lambda leaf: inputs.uniform(-2.0, 0.5, *np.shape(leaf)), w)


def _draws(inputs: Any, w: Any, count: int) -> Any:
    return jax.tree.map(lambda leaf: inputs.normal(count, *np.shape(leaf)), w)


# --- The divergence -------------------------------------------------------------------------------


@check("q2", points=1, title="Divergence of pytrees")
def divergence_of_pytrees(student, inputs):
    for tau in (0.6, 1.7):
        mean = {"W": inputs.normal(3, 4), "layers": [inputs.normal(2), inputs.normal(1, 5)]}
        rho = _spread(inputs, mean)
        expect(student.kl_to_prior(mean, rho, tau), "KL(q || p)").close_to(
            lambda mean=mean, rho=rho, tau=tau: variational.kl_from_prior(
                _mean_field(mean, rho), tau
            ),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q2", points=1, title="Tiny and huge standard deviations; the prior itself", x64=False)
def divergence_at_the_edges(student, inputs):
    tau = 0.7
    for rho in (-30.0, 100.0):
        mean, at = inputs.normal(), np.asarray(rho + inputs.uniform(0.0, 1.0))
        expect(student.kl_to_prior(mean, at, tau), f"KL(q || p) for rho near {rho:g}").close_to(
            lambda mean=mean, at=at: variational.kl_from_prior(_mean_field(mean, at), tau),
            rtol=1e-4,
            why=BIG,
        )
    rho = np.full((3,), math.log(math.expm1(tau)))
    expect(student.kl_to_prior(np.zeros(3), rho, tau), "KL(p || p)").close_to(
        lambda: np.asarray(0.0), rtol=0.0, atol=1e-4, why=ZERO
    )


# --- The free energy ------------------------------------------------------------------------------


def _classifier(inputs: Any, draws: int) -> tuple[Any, ...]:
    """Arguments of the student's functions: a batch of 12 of 60 examples."""
    model = inputs.given("classifier", widths=(3, 4, 3), examples=12, seed=inputs.seed("m"))
    rho, eps = _spread(inputs, model.w), _draws(inputs, model.w, draws)
    return model.log_likelihood, model.w, rho, eps, model.data, 60, 0.8


def _energy(log_likelihood: Any, mean: Any, rho: Any, draws: Any, data: Any, N: int, tau: float):
    """The estimate as a loop over draws, with the reference's divergence."""
    log_std = jax.tree.map(lambda r: jnp.log(jax.nn.softplus(r)), rho)
    q, count = variational.MeanField(mean, log_std), len(jax.tree.leaves(draws)[0])
    fits = [
        log_likelihood(
            jax.tree.map(lambda m, r, e, i=i: m + jnp.exp(r) * e[i], mean, log_std, draws), data
        )
        for i in range(count)
    ]
    return variational.kl_from_prior(q, tau) - N / len(data["x"]) * sum(fits) / count


def _on_arrays(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    log_likelihood, *trees, N, tau = arguments
    return (log_likelihood.local(), *jax.tree.map(jnp.asarray, trees), N, tau)


@check("q2", points=1, title="Free energy of a classifier, from a batch")
def free_energy_of_a_classifier(student, inputs):
    for draws in (1, 5):
        arguments = _classifier(inputs, draws)
        expect(student.free_energy(*arguments), "The free energy").close_to(
            lambda arguments=arguments: _energy(*_on_arrays(arguments)), rtol=3e-5, why=SINGLE
        )


def _exact_draws(P: int) -> np.ndarray:
    """2 P draws with mean 0 and covariance I: the mean of a quadratic over them is exact."""
    return math.sqrt(P) * np.concatenate([np.eye(P), -np.eye(P)])


def _posterior(model: Any, tau: float) -> linear_gaussian.Gaussian:
    x, t = jnp.asarray(model.data["x"]), jnp.asarray(model.data["t"])
    return linear_gaussian.linear_posterior(x, t, model.noise_std, tau)


def _divergence_from(posterior: linear_gaussian.Gaussian, m: Any, s: Any) -> Any:
    """KL(N(m, diag(s)^2) || posterior)."""
    away, precision = m - posterior.mean, posterior.precision
    trace = jnp.sum(jnp.diag(precision) * s**2)
    log_determinants = jnp.linalg.slogdet(precision)[1] + 2 * jnp.sum(jnp.log(s))
    return (trace + away @ precision @ away - len(m) - log_determinants) / 2


@check("q2", points=1, title="Free energy and evidence of a linear regression")
def free_energy_and_the_evidence(student, inputs):
    tau, P = 0.9, 3
    model = inputs.given("regression", examples=10, features=P, seed=inputs.seed("m"))
    mean, rho = model.w, inputs.uniform(-2.0, 0.5, P)
    value = student.free_energy(
        model.log_likelihood, mean, rho, _exact_draws(P), model.data, 10, tau
    )

    def divergence_minus_evidence() -> Any:
        x, t = jnp.asarray(model.data["x"]), jnp.asarray(model.data["t"])
        evidence = linear_gaussian.linear_log_evidence(x, t, model.noise_std, tau)
        return (
            _divergence_from(_posterior(model, tau), mean, jnp.asarray(_softplus(rho))) - evidence
        )

    expect(value, "The free energy").close_to(divergence_minus_evidence, rtol=1e-4, why=EXACT)


# --- Its gradient ---------------------------------------------------------------------------------


def _closed_form(
    x: Any, t: Any, mean: Any, rho: Any, draws: Any, scale: tuple[int, float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The gradients for a regression; `scale` = (N, sigma, tau)."""
    (N, sigma, tau), s = scale, _softplus(rho)
    w = mean + s * draws
    slopes = N / len(t) * (w @ x.T - t) @ x / sigma**2
    in_s = np.mean(slopes * draws, axis=0) + s / tau**2 - 1 / s
    return np.mean(slopes, axis=0) + mean / tau**2, in_s * _sigmoid(rho)


@check("q2", points=1, title="Gradient for a regression, and at the optimum")
def gradient_for_a_regression(student, inputs):
    tau, P, N = 0.9, 3, 25
    model = inputs.given("regression", examples=10, features=P, seed=inputs.seed("m"))
    mean, rho, draws = model.w, inputs.uniform(-2.0, 0.5, P), inputs.normal(4, P)
    pair = student.free_energy_gradient(model.log_likelihood, mean, rho, draws, model.data, N, tau)
    expect(pair, "The gradients").close_to(
        lambda: _closed_form(
            model.data["x"], model.data["t"], mean, rho, draws, (N, model.noise_std, tau)
        ),
        rtol=1e-4,
        why=SINGLE,
    )
    best = variational.mean_field_optimum(_posterior(model, tau))
    rho = np.log(np.expm1(np.exp(np.asarray(best.log_std))))
    pair = student.free_energy_gradient(
        model.log_likelihood, np.asarray(best.mean), rho, _exact_draws(P), model.data, 10, tau
    )
    expect(pair, "The gradient at the optimum").close_to(
        lambda: (np.zeros(P), np.zeros(P)), rtol=0.0, atol=1e-4, why=STATIONARY
    )


@check("q2", points=1, title="Gradient for a classifier, to 12 digits")
def gradient_for_a_classifier(student, inputs):
    arguments = _classifier(inputs, 3)
    expect(student.free_energy_gradient(*arguments), "The gradients").close_to(
        lambda: jax.grad(_energy, argnums=(1, 2))(*_on_arrays(arguments)), rtol=1e-13, why=DIGITS
    )


# Targets t of one weight times x, with noise of standard deviation 1.
ONE_WEIGHT = "lambda w, batch: -jnp.sum((batch['t'] - w * batch['x']) ** 2) / 2"


@check("q2", points=1, title="One draw, one example, one weight", x64=False)
def gradient_at_the_edges(student, inputs):
    x, t = np.array([inputs.uniform(1.0, 2.0)]), np.array([inputs.uniform(3.0, 4.0)])
    mean, rho = np.asarray(inputs.uniform(-1.0, 0.0)), np.asarray(inputs.uniform(0.0, 1.0))
    draws, scale = inputs.uniform(0.3, 0.8, 1), (4, 1.0, 1.5)
    pair = student.free_energy_gradient(
        inputs.source(ONE_WEIGHT), mean, rho, draws, {"x": x, "t": t}, 4, 1.5
    )
    expect(pair, "The gradients").close_to(
        lambda: [
            part[0] for part in _closed_form(x[:, None], t, mean, rho[None], draws[:, None], scale)
        ],
        rtol=1e-4,
        why=SINGLE,
    )


@check("q2", points=1, title="Cost of the gradient")
def gradient_costs_one_gradient_a_draw(student, inputs):
    draws, N, tau = 4, 64, 1.0
    model = inputs.given("classifier", widths=(8, 24, 24, 4), examples=16, seed=1)
    mean = jax.tree.map(lambda leaf: 0.3 * inputs.normal(*leaf.shape), model.w)
    q = mean, _spread(inputs, mean), _draws(inputs, mean, draws)
    log_likelihood = model.log_likelihood
    program = student.program("free_energy_gradient", log_likelihood, *q, model.data, N, tau)
    gradient = inputs.program(jax.grad(log_likelihood.local()), model.w, model.data)
    arguments = (log_likelihood, *q, model.data, N, tau)
    expect(program(*q, model.data), "The exported gradient").close_to(
        lambda: jax.jit(jax.grad(_energy, argnums=(1, 2)), static_argnums=(0, 5, 6))(
            *_on_arrays(arguments)
        ),
        rtol=1e-4,
        why=SINGLE,
    )
    expect(program, "The gradient").costs_at_most(2 * draws + 2, gradient, unit="gradients")


# --- The optimum ----------------------------------------------------------------------------------


def _optimum(Phi: Any, t: Any, sigma: float, tau: float) -> tuple[Any, Any]:
    posterior = linear_gaussian.linear_posterior(jnp.asarray(Phi), jnp.asarray(t), sigma, tau)
    best = variational.mean_field_optimum(posterior)
    s = np.exp(np.asarray(best.log_std))
    return best.mean, s + np.log(-np.expm1(-s))


@check("q2", points=1, title="The optimum for regressions")
def optimum_of_regressions(student, inputs):
    for examples, features, correlation, tau in ((12, 4, 0.6, 0.8), (2, 3, 0.0, 1.7)):
        model = inputs.given(
            "regression",
            examples=examples,
            features=features,
            seed=inputs.seed(f"{features}"),
            correlation=correlation,
        )
        Phi, t = model.data["x"], model.data["t"]
        pair = student.mean_field_optimum(Phi, t, 0.6, tau)
        expect(pair, "The optimum").close_to(
            lambda Phi=Phi, t=t, tau=tau: _optimum(Phi, t, 0.6, tau), rtol=1e-4, why=SINGLE
        )


@check("q2", points=1, title="The optimum with very precise data, or none")
def optimum_at_the_edges(student, inputs):
    Phi, w = inputs.normal(9, 3), inputs.normal(3)
    pair = student.mean_field_optimum(Phi, Phi @ w, 1e-13, 1.0)
    expect(pair, "The optimum for precise data").close_to(
        lambda: _optimum(Phi, Phi @ w, 1e-13, 1.0), rtol=1e-7, why=EXTREME
    )
    # No example has the feature: its weight keeps the standard deviation of the prior.
    pair = student.mean_field_optimum(np.zeros((2, 1)), inputs.normal(2), 1.0, 1000.0)
    expect(pair, "The optimum without data").close_to(
        lambda: (np.zeros(1), np.full(1, 1000.0)), rtol=1e-7, atol=1e-7, why=EXTREME
    )
