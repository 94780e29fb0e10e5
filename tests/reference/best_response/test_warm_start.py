"""Cold and warm starts against pseudo-inverses, long descents and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import linear_regression
from reference.best_response import warm_start

EXACT = 1e-10  # float64, condition numbers below 1e3
cold_start_solutions = jax.jit(warm_start.cold_start_solutions)
warm_start_solutions = jax.jit(warm_start.warm_start_solutions)
nearest_solution = jax.jit(warm_start.nearest_solution)
warm_start_excess = jax.jit(warm_start.warm_start_excess)
projection_response = jax.jit(warm_start.projection_response, static_argnums=0)
minimum_norm_response = jax.jit(warm_start.minimum_norm_response, static_argnums=0)
bilevel_iterates = jax.jit(
    warm_start.bilevel_iterates, static_argnums=(0, 1), static_argnames=("num_steps", "warm")
)


def problems(num_problems, num_examples, num_inputs, seed):
    rng = np.random.default_rng(seed)
    Phis = rng.normal(size=(num_problems, num_examples, num_inputs))
    ts, w_0 = rng.normal(size=(num_problems, num_examples)), rng.normal(size=num_inputs)
    return jnp.array(Phis), jnp.array(ts), jnp.array(w_0)


@pytest.mark.parametrize("shape", [(2, 5), (1, 3), (4, 4)])
def test_nearest_solution_is_the_limit_of_gradient_flow(shape):
    Phis, ts, w_0 = problems(1, *shape, seed=0)
    w = nearest_solution(Phis[0], ts[0], w_0)
    expected = w_0 + np.linalg.pinv(Phis[0]) @ (ts[0] - Phis[0] @ w_0)
    assert_allclose(w, expected, rtol=1e-8)
    limit = linear_regression.gradient_flow_limit(Phis[0], ts[0], w_0)
    assert_allclose(w, limit, rtol=1e-8)


def test_descent_tends_to_the_nearest_solution_geometrically():
    Phis, ts, w_0 = problems(1, 2, 5, seed=1)
    Phi, t = Phis[0], ts[0]
    step_size = 1 / float(np.linalg.norm(Phi, ord=2)) ** 2
    descend = jax.jit(warm_start.descended_weights, static_argnames="num_steps")
    for num_steps in (0, 3, 400):
        w = descend(Phi, t, w_0, step_size, num_steps=num_steps)
        limit = w_0 + np.linalg.pinv(Phi) @ (t - Phi @ w_0)
        rates = np.linalg.matrix_power(np.eye(5) - step_size * Phi.T @ Phi, num_steps)
        assert_allclose(w, limit + rates @ (w_0 - limit), rtol=1e-9, atol=EXACT)


def test_cold_starts_forget_and_warm_starts_remember_a_known_vector():
    Phis, ts, w_0 = problems(4, 2, 7, seed=2)
    cold, warm = cold_start_solutions(Phis, ts, w_0), warm_start_solutions(Phis, ts, w_0)
    for k in range(4):
        w_before = warm[k - 1] if k else w_0
        P = np.linalg.pinv(Phis[k]) @ Phis[k]
        excess = warm_start_excess(Phis[k], w_before, w_0)
        assert_allclose(excess, (np.eye(7) - P) @ (w_before - w_0), rtol=1e-8, atol=EXACT)
        assert_allclose(warm[k] - cold[k], excess, rtol=1e-8, atol=EXACT)
        assert_allclose(Phis[k] @ warm[k], ts[k], rtol=1e-8)  # both fit the inner problem
        assert_allclose(Phis[k] @ cold[k], ts[k], rtol=1e-8)
    assert np.linalg.norm(warm[3] - cold[3]) > 0.1
    # The order matters to the warm start only.
    assert_allclose(cold_start_solutions(Phis[::-1], ts[::-1], w_0)[0], cold[3], rtol=1e-8)
    again = warm_start_solutions(Phis[jnp.array([1, 0, 2, 3])], ts[jnp.array([1, 0, 2, 3])], w_0)
    assert np.linalg.norm(again[3] - warm[3]) > 1e-2


def test_warm_and_cold_agree_if_only_the_targets_change():
    Phis, ts, w_0 = problems(4, 2, 5, seed=3)
    Phis = jnp.broadcast_to(Phis[:1], Phis.shape)
    cold, warm = cold_start_solutions(Phis, ts, w_0), warm_start_solutions(Phis, ts, w_0)
    assert_allclose(warm, cold, rtol=1e-8)


def test_warm_starts_through_the_same_problems_end_at_what_solves_them_all():
    Phis, _, w_0 = problems(3, 1, 5, seed=4)
    wanted = jnp.arange(5.0)
    ts = jnp.einsum("knd,d->kn", Phis, wanted)
    warm = warm_start_solutions(jnp.tile(Phis, (200, 1, 1)), jnp.tile(ts, (200, 1)), w_0)
    nearest = linear_regression.gradient_flow_limit(Phis[:, 0], ts[:, 0], w_0)
    assert_allclose(warm[-1], nearest, atol=1e-6)  # Kaczmarz: linear, at a rate of 0.93 a round


def test_partial_warm_starts_are_descents_in_turn_and_tend_to_full_ones():
    Phis, ts, w_0 = problems(3, 2, 5, seed=5)
    step_size = 1 / float(max(np.linalg.norm(Phi, ord=2) for Phi in Phis)) ** 2
    partial = jax.jit(warm_start.partially_warm_started_weights, static_argnames="num_steps")
    w, expected = np.asarray(w_0), []
    for Phi, t in zip(np.asarray(Phis), np.asarray(ts), strict=True):
        for _ in range(2):
            w = w - step_size * Phi.T @ (Phi @ w - t)
        expected.append(w)
    few = partial(Phis, ts, w_0, step_size, num_steps=2)
    many = partial(Phis, ts, w_0, step_size, num_steps=2000)
    assert_allclose(few, np.stack(expected), rtol=EXACT)
    assert_allclose(many, warm_start_solutions(Phis, ts, w_0), rtol=1e-6)


def features_and_targets(u):
    """Two examples in five dimensions; both features and targets depend on u, smoothly."""
    rng = np.random.default_rng(6)
    base, first, second = (jnp.array(rng.normal(size=(2, 5))) for _ in range(3))
    Phi = base + u[0] * first + jnp.sin(u[1]) * second
    return Phi, jnp.array([1.0, -2.0]) * u[1] + u[0] ** 2


def test_projection_response_is_the_slope_of_the_solution():
    u, rng = jnp.array([0.3, -0.4]), np.random.default_rng(7)
    w_before = jnp.array(rng.normal(size=5))
    response = projection_response(features_and_targets, u, w_before)
    h = 1e-5
    for q in range(2):
        ends = []
        for sign in (1, -1):
            Phi, t = features_and_targets(u.at[q].add(sign * h))
            ends.append(w_before + np.linalg.pinv(Phi) @ (t - Phi @ w_before))
        # Central differences: rounding of 1e-16 / h.
        assert_allclose(response[:, q], (ends[0] - ends[1]) / (2 * h), rtol=1e-6, atol=1e-8)


def test_minimum_norm_response_is_what_the_pseudo_inverse_of_the_hessian_gives():
    u, w_before = jnp.array([0.3, -0.4]), jnp.array(np.random.default_rng(8).normal(size=5))
    Phi, t = features_and_targets(u)
    w = nearest_solution(Phi, t, w_before)

    def inner_loss(w, u):
        Phi, t = features_and_targets(u)
        return jnp.sum((Phi @ w - t) ** 2) / 2

    H = jax.jit(jax.hessian(inner_loss))(w, u)
    mixed = jax.jit(jax.jacfwd(jax.grad(inner_loss), argnums=1))(w, u)
    response = minimum_norm_response(features_and_targets, u, w)
    expected = -np.linalg.pinv(H, rcond=1e-10) @ mixed
    assert_allclose(response, expected, rtol=1e-7, atol=1e-9)

    # It is the row-space part of the whole response; the other part is in the null space.
    whole = projection_response(features_and_targets, u, w_before)
    P = np.linalg.pinv(Phi) @ Phi
    assert_allclose(response, P @ whole, rtol=1e-7, atol=1e-9)
    slopes = np.moveaxis(np.asarray(jax.jacfwd(lambda u: features_and_targets(u)[0])(u)), 2, 0)
    dual = np.linalg.solve(Phi @ Phi.T, t - Phi @ w_before)
    rest = np.stack([(np.eye(5) - P) @ slope.T @ dual for slope in slopes], axis=1)
    assert_allclose(whole - response, rest, rtol=1e-7, atol=1e-9)
    assert np.abs(rest).max() > 1e-2


def a_line(u):
    """One example, on the unit circle: its cold solution from 0 has norm 1."""
    return jnp.stack([jnp.cos(u[0]), jnp.sin(u[0])])[None], jnp.ones_like(u)


def outer_loss(w):
    return jnp.sum((w - jnp.array([1.5, 1.0])) ** 2) / 2


@pytest.mark.parametrize("warm", [True, False])
def test_bilevel_iterates_are_those_of_a_loop(warm):
    u_0, w_0 = jnp.array([0.2]), jnp.array([0.3, -0.1])
    us, ws = bilevel_iterates(a_line, outer_loss, u_0, w_0, 0.1, num_steps=5, warm=warm)
    assert us.shape == (6, 1)
    assert ws.shape == (6, 2)
    u, w = 0.2, np.array([0.3, -0.1])
    for k in range(6):
        phi, slope = np.array([np.cos(u), np.sin(u)]), np.array([-np.sin(u), np.cos(u)])
        start = w if warm else np.array([0.3, -0.1])
        w = start + phi * (1 - phi @ start)
        assert_allclose(us[k, 0], u, rtol=EXACT)
        assert_allclose(ws[k], w, rtol=EXACT)
        response = -phi * (slope @ w) if warm else slope * (1 - phi @ start) - phi * (slope @ start)
        u = u - 0.1 * response @ (w - np.array([1.5, 1.0]))


def test_warm_starts_fit_an_outer_problem_that_cold_starts_cannot():
    w_0, ends = jnp.array([0.3, -0.1]), {}
    for warm in (True, False):
        us, ws = bilevel_iterates(
            a_line, outer_loss, jnp.array([0.2]), w_0, 0.1, num_steps=2000, warm=warm
        )
        ends[warm] = us[-1], float(outer_loss(ws[-1]))
    angles = np.linspace(0, 2 * np.pi, 20001)
    lines = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cold = np.asarray(w_0) + lines * (1 - lines @ w_0)[:, None]
    best_cold = np.min(np.sum((cold - np.array([1.5, 1.0])) ** 2, axis=1)) / 2
    assert_allclose(ends[False][1], best_cold, rtol=1e-6)  # the grid's spacing, squared
    assert ends[True][1] < 1e-4 * best_cold
    # Retrained from w_0 with the final u, the warm run's weights lose what they had learned.
    retrained = nearest_solution(*a_line(ends[True][0]), w_0)
    assert outer_loss(retrained) > 2 * best_cold
