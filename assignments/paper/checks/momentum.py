"""Hidden checks of question 1 for Sutskever et al.: schedule, rates of modes, sparse weights."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.papers import initialization_and_momentum as paper

CHOICE = {"PAPER": "momentum"}


@check("q1", points=10, title="Momentum: schedule and iterates", where=CHOICE)
def momentum_schedule_and_path(student, inputs):
    stretches = inputs.rng.integers(1, 9, 3)
    t = np.concatenate([250 * stretches, 250 * stretches - 1, inputs.rng.integers(0, 10**5, 4)])
    expect(student.momentum_at(t, 0.95), "the momentum").close_to(
        lambda: np.minimum(1 - 0.5 ** (1 + np.log2(t // 250 + 1)), 0.95),
        rtol=1e-6,
        why="one division: float32 gives about 1e-7, the next stretch differs by 1 %",
        points=5,
    )
    valley = inputs.given("valley", size=4, seed=inputs.seed("valley"))
    momenta = inputs.uniform(0.4, 0.9, 12)
    expect(student.nesterov_path(valley.loss, valley.theta_0, 0.2, momenta), "the path").close_to(
        lambda: _path(valley, 0.2, momenta),
        rtol=1e-4,
        why="twelve stable steps: float32 inside gives about 1e-6, known mistakes more than 1e-2",
        points=5,
    )


def _path(valley, step_size, momenta):
    theta, v = valley.theta_0, jax.tree.map(np.zeros_like, valley.theta_0)
    slope = jax.jit(jax.grad(valley.loss.local()))
    path = []
    for mu in momenta:
        g = slope(jax.tree.map(lambda p, u, mu=mu: p + mu * u, theta, v))
        v = jax.tree.map(lambda u, d, mu=mu: mu * u - step_size * d, v, g)
        theta = jax.tree.map(np.add, theta, v)
        path.append(theta)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *path)


@check("q1", points=10, title="Momentum: rates of the modes of a quadratic", where=CHOICE)
def momentum_rates_of_modes(student, inputs):
    step_size, mu = inputs.rng.uniform(0.1, 0.5), inputs.rng.uniform(0.5, 0.9)
    # Away from where the two eigenvalues meet: there their roots lose half of the digits.
    meets = ((1 - mu) / (1 + mu)) ** 2
    shares = np.concatenate(
        [
            inputs.uniform(0.05, 0.9, 2) * meets,
            meets + inputs.uniform(0.1, 0.9, 3) * (1 - meets),
            inputs.uniform(1.1, 1.95, 2),
        ]
    )
    curvatures = shares / step_size
    expect(student.nesterov_rates(curvatures, step_size, mu), "the rates").close_to(
        lambda: np.array([_rate(c, step_size, mu) for c in curvatures]),
        rtol=1e-9,
        why="roots well apart: about 1e-15",
    )


def _rate(curvature, step_size, momentum):
    """From the matrix on (theta_t, theta_{t+1}), with the paper's effective momentum."""
    mu = paper.effective_momentum(jnp.array([curvature]), step_size, momentum)[0]
    matrix = np.array([[0, 1], [-mu, 1 + mu - step_size * curvature]])
    return np.max(np.abs(np.linalg.eigvals(matrix)))


@check("q1", points=5, title="Momentum: which weights are there", where=CHOICE)
def momentum_places_of_sparse_weights(student, inputs):
    weights = student.sparse_weights(_key(inputs), 30, 200, 4, 0.5)
    W = expect(weights, "the weights").array((30, 200))
    expect(np.count_nonzero(W, axis=0), "the number of connections of each unit").equals(
        lambda: np.full(200, 4)
    )
    # An input's connections are binomial, 200 draws at 4/30: 26.7 with a deviation of 4.8.
    expect(np.count_nonzero(W, axis=1), "the number of connections of each input").is_true(
        lambda counts: counts.min() > 3 and counts.max() < 55,
        says="Some inputs are connected to nearly no units or to nearly all. Draw the inputs of each "
        "unit by itself, uniformly.",
    )


@check("q1", points=5, title="Momentum: the size of the weights", where=CHOICE, x64=False)
def momentum_sizes_of_sparse_weights(student, inputs):
    weights = student.sparse_weights(_key(inputs), 3, 2000, 15, 0.4)
    W = expect(weights, "weights with fewer inputs than connections").array((3, 2000))
    # 6000 numbers: their deviation has a standard error of 0.91 %.
    expect(np.std(W) / 0.4, "the weights' standard deviation over the scale").between(
        0.95, 1.05, says="The weights' standard deviation is not the scale."
    )


def _key(inputs):
    return inputs.given("key", seed=inputs.seed("key"))
