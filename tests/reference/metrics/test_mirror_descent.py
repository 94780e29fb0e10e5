"""Mirror steps as minima, exponentiated gradient in closed form, and what both conserve."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.metrics import mirror_descent
from reference.metrics.bregman import bregman_divergence
from reference.metrics.proximal import proximal_point
from reference.pytrees import as_vector
from reference.taylor import Ending

EXACT = 1e-10  # float64; exponents stay below 100


def half_square(w):
    return jnp.sum(w**2) / 2


def unnormalised_entropy(w):
    return jnp.sum(w * jnp.log(w) - w)


def sum_of_exponentials(theta):
    return jnp.sum(jnp.exp(theta))


def p_norm(p):
    """1/2 |w|_p^2, whose conjugate has 1/p + 1/q = 1."""
    return lambda w: jnp.sum(jnp.abs(w) ** p) ** (2 / p) / 2


PAIRS = {
    "Euclidean": (half_square, half_square),
    "entropy": (unnormalised_entropy, sum_of_exponentials),
    "p-norm": (p_norm(1.5), p_norm(3.0)),
}
every_pair = pytest.mark.parametrize(("potential", "conjugate"), PAIRS.values(), ids=PAIRS)
SIMPLEX = (mirror_descent.negative_entropy, mirror_descent.log_partition)


def weights(D, *, seed=0):
    """Positive weights that sum to 1, and any vector."""
    rng = np.random.default_rng(seed)
    w = rng.exponential(size=D)
    return jnp.array(w / w.sum()), jnp.array(rng.normal(size=D))


@every_pair
def test_mirror_step_subtracts_the_gradient_in_dual_coordinates(potential, conjugate):
    w, g = weights(4)
    u = mirror_descent.mirror_step(potential, conjugate, w, g, 0.3)
    dual = jax.grad(potential)
    assert_allclose(dual(u), dual(w) - 0.3 * g, rtol=1e-9, atol=EXACT)
    assert np.abs(u - w).max() > 0.01


@every_pair
def test_mirror_step_is_the_proximal_point_of_the_linearised_loss(potential, conjugate):
    w, g = weights(3, seed=1)
    result = proximal_point(
        lambda u: g @ u,
        partial(bregman_divergence, potential),
        w,
        penalty=1 / 0.1,
        tolerance=1e-12,
        max_steps=30,
    )
    assert result.ending == Ending.CONVERGED
    step = mirror_descent.mirror_step(potential, conjugate, w, g, 0.1)
    assert_allclose(step, result.solution, atol=1e-9)  # CG's tolerance, times curvatures' inverse


def test_mirror_step_with_half_squares_is_gradient_descent():
    w, g = weights(5)
    assert_allclose(
        mirror_descent.mirror_step(half_square, half_square, w, g, 0.3), w - 0.3 * g, rtol=EXACT
    )


@pytest.mark.parametrize("D", [1, 2, 6])
def test_log_partition_is_the_conjugate_of_negative_entropy_on_the_simplex(D):
    w, theta = weights(D)
    values = [
        theta @ x - mirror_descent.negative_entropy(x)
        for x in (w, jax.nn.softmax(theta), jnp.full(D, 1 / D))
    ]
    # Fenchel and Young: <theta, w> <= phi(w) + phi*(theta), equal where theta = grad phi(w).
    assert_allclose(values[1], mirror_descent.log_partition(theta), rtol=EXACT, atol=EXACT)
    assert max(values) <= values[1] + EXACT
    at_one = mirror_descent.negative_entropy(jnp.full(D, 1 / D))
    assert_allclose(at_one, -np.log(D), atol=EXACT)


@pytest.mark.parametrize("D", [2, 5])
def test_exponentiated_gradient_is_mirror_descent_with_the_negative_entropy(D):
    w_0, t = weights(D)

    def loss(w):
        return jnp.sum((w - t) ** 2)

    arguments = w_0, 0.4, 20
    by_entropy = jax.jit(
        lambda w: mirror_descent.mirror_descent_iterates(loss, *SIMPLEX, w, *arguments[1:])
    )(w_0)
    iterates = mirror_descent.exponentiated_gradient_iterates(loss, *arguments)
    assert iterates.shape == (21, D)
    assert_allclose(iterates, by_entropy, rtol=1e-9)
    # And a loop in NumPy, by its definition.
    w = np.asarray(w_0)
    for k in range(21):
        assert_allclose(iterates[k], w, rtol=1e-9)
        w = w * np.exp(-0.4 * 2 * (w - t))
        w = w / w.sum()


def test_exponentiated_gradient_on_a_linear_loss_is_a_softmax_of_the_sum():
    w_0, g = weights(4, seed=2)
    iterates = mirror_descent.exponentiated_gradient_iterates(lambda w: g @ w, w_0, 3.0, 400)
    k = np.arange(401)[:, None]
    expected = jax.nn.softmax(jnp.log(w_0) - 3.0 * k * g, axis=1)
    # 400 roundings of logarithms up to 3000.
    assert_allclose(jnp.log(iterates), jnp.log(expected), rtol=EXACT, atol=1e-9)
    assert_allclose(jnp.sum(iterates, axis=1), 1, rtol=EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_exponentiated_gradient_ends_at_the_minimum_over_the_simplex(seed):
    w_0, t = weights(4, seed=seed)
    w = mirror_descent.exponentiated_gradient_iterates(
        lambda w: jnp.sum((w - t) ** 2) / 2, w_0, 1.0, 3000
    )[-1]
    # Projection on the simplex: max(0, t - c) with c such that it sums to 1.
    low, high = float(t.min()) - 1, float(t.max())
    for _ in range(100):
        c = (low + high) / 2
        low, high = (c, high) if np.maximum(0, t - c).sum() > 1 else (low, c)
    assert_allclose(w, np.maximum(0, t - low), atol=1e-6)


def test_regret_over_linear_losses_keeps_its_bound():
    rng, step_size = np.random.default_rng(0), 0.1
    g = jnp.array(rng.uniform(-1, 1, size=(50, 3)))
    optimizer = mirror_descent.exponentiated_gradient_optimizer(step_size)

    def advance(w, g):
        updates, _ = optimizer.update(g, optax.EmptyState(), w)
        return optax.apply_updates(w, updates), w

    _, w = jax.jit(lambda w: jax.lax.scan(advance, w, g))(jnp.full(3, 1 / 3))
    best = int(jnp.argmin(g.sum(axis=0)))
    regret = jnp.sum(w * g) - jnp.sum(g[:, best])
    bound = np.log(3) / step_size + step_size / 2 * np.sum(np.abs(g).max(axis=1) ** 2)
    assert regret <= bound
    assert regret > 0


@every_pair
def test_mirror_descent_finds_the_interpolant_nearest_in_its_own_divergence(potential, conjugate):
    rng = np.random.default_rng(3)
    Phi, w_0 = jnp.array(rng.normal(size=(2, 5))), weights(5, seed=3)[0]
    t = Phi @ weights(5, seed=4)[0]  # some positive weights fit

    def loss(w):
        return jnp.mean((Phi @ w - t) ** 2) / 2

    w = jax.jit(
        lambda w: mirror_descent.mirror_descent_iterates(loss, potential, conjugate, w, 0.1, 4000)
    )(w_0)[-1]
    assert_allclose(Phi @ w, t, atol=1e-8)
    moved = jax.grad(potential)(w) - jax.grad(potential)(w_0)
    # Stationary under Phi w = t: the dual coordinates moved within the row space of Phi.
    outside = moved - np.linalg.pinv(Phi) @ (Phi @ moved)
    assert_allclose(outside, 0, atol=EXACT)
    assert np.linalg.norm(moved) > 0.01


def test_optimizer_takes_the_steps_of_the_iterates_on_trees():
    w_0, t = weights(4)
    tree = {"a": w_0[:3], "b": w_0[3]}

    def loss(w):
        return jnp.sum((w["a"] - t[:3]) ** 2) + (w["b"] - t[3]) ** 4

    def potential(w):
        return unnormalised_entropy(as_vector(w))

    def conjugate(w):
        return sum_of_exponentials(as_vector(w))

    optimizer = mirror_descent.mirror_descent_optimizer(potential, conjugate, 0.1)
    iterates = mirror_descent.mirror_descent_iterates(loss, potential, conjugate, tree, 0.1, 3)
    w, state = tree, optimizer.init(tree)
    for k in range(4):
        jax.tree.map(lambda ws, w, k=k: assert_allclose(ws[k], w, rtol=EXACT), iterates, w)
        updates, state = optimizer.update(jax.grad(loss)(w), state, w)
        w = optax.apply_updates(w, updates)
