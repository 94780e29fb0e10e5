"""Deep equilibrium models: solvers against SciPy and GMRES, derivatives against dense solves."""

from functools import partial

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import optimistix
import pytest
import scipy.optimize
import scipy.sparse.linalg
from numpy.testing import assert_allclose

from reference.papers import deep_equilibrium as deq
from reference.pytrees import as_vector

LIMITS = {"tolerance": 1e-12, "max_steps": 60}
SOLVERS = {
    "plain": partial(deq.plain_fixed_point, tolerance=1e-12, max_steps=400),
    "anderson": partial(deq.anderson_fixed_point, memory_size=5, **LIMITS),
    "broyden": partial(deq.broyden_fixed_point, **LIMITS),
}
EXACT = 1e-9  # solves to 1e-12 relative, amplified by |(I - J)^-1| < 10


def affine_map(seed, size, radius):
    """M of this spectral norm and any b: f(z) = M z + b."""
    rng = np.random.default_rng(seed)
    M = rng.normal(size=(size, size))
    return radius * M / np.linalg.norm(M, 2), rng.normal(size=size)


def layer(z, theta):
    """Two coupled leaves; contracting, for the weights are small."""
    mixed = theta["W"] @ jnp.append(z["a"], z["b"])
    return {"a": jnp.tanh(mixed[:2] + theta["x"]), "b": jnp.sin(mixed[2:]) + 0.5}


def layer_problem(seed):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(5, 5))
    theta = {"W": jnp.array(0.7 * W / np.linalg.norm(W, 2)), "x": jnp.array(rng.normal(size=2))}
    return {"a": jnp.zeros(2), "b": jnp.zeros(3)}, theta


# --- Solvers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_find_the_fixed_point_that_optimistix_finds(name):
    z_0, theta = layer_problem(0)
    result = jax.jit(lambda theta: SOLVERS[name](lambda z: layer(z, theta), z_0))(theta)
    expected = optimistix.fixed_point(
        layer, optimistix.FixedPointIteration(rtol=1e-12, atol=1e-12), z_0, theta, max_steps=400
    ).value
    assert jax.tree.structure(result.solution) == jax.tree.structure(z_0)
    assert result.ending == deq.Ending.CONVERGED
    assert result.steps < (60 if name == "plain" else 20)
    assert_allclose(as_vector(result.solution), as_vector(expected), atol=EXACT)
    z = {leaf: np.asarray(value) for leaf, value in result.solution.items()}
    r = as_vector(layer(z, theta)) - as_vector(z)
    assert result.residual_norm <= 1e-12 * np.linalg.norm(as_vector(z)) * 1.01
    # A residual at rounding level is only known to a rounding, some eps.
    assert_allclose(result.residual_norm, np.linalg.norm(r), atol=1e-14)


@pytest.mark.parametrize("mixing", [1.0, 0.5])
@pytest.mark.parametrize("memory_size", [1, 3])
def test_anderson_takes_the_steps_of_its_constrained_form(memory_size, mixing):
    """sum_i a_i (z_i + beta r_i), the a_i from a linear system with a Lagrange multiplier."""

    def f(z):
        return np.cos(1.5 * z[::-1]) + 0.3 * z**2

    z = [np.array([0.1, -0.4, 0.7, 0.2, 0.5])]
    for _ in range(6):
        window = z[-memory_size - 1 :]
        R = np.stack([f(z) - z for z in window], axis=1)
        m = len(window)
        system = np.block([[R.T @ R, np.ones((m, 1))], [np.ones((1, m)), np.zeros((1, 1))]])
        a = np.linalg.solve(system, np.append(np.zeros(m), 1))[:m]
        z.append(np.stack(window, axis=1) @ a + mixing * R @ a)

    def jax_f(z):
        return jnp.cos(1.5 * z[::-1]) + 0.3 * z**2

    result = jax.jit(
        lambda z_0: deq.anderson_fixed_point(
            jax_f, z_0, memory_size=memory_size, mixing=mixing, tolerance=0.0, max_steps=6
        )
    )(z[0])
    assert result.ending == deq.Ending.STEP_LIMIT
    assert result.steps == 6
    # The oracle solves normal equations, which squares condition numbers up to 1e3.
    assert_allclose(result.solution, z[-1], atol=1e-8)


@pytest.mark.parametrize("radius", [0.9, 3.0])
def test_anderson_with_full_memory_is_gmres_on_affine_maps(radius):
    M, b = affine_map(1, 6, radius)
    gmres, _ = scipy.sparse.linalg.gmres(
        np.eye(6) - M, b, np.zeros(6), restart=4, maxiter=1, rtol=0, atol=0
    )
    options = {"memory_size": 6, "tolerance": 1e-12}
    solved = partial(deq.anderson_fixed_point, lambda z: M @ z + b, jnp.zeros(6), **options)
    fifth, last = jax.jit(lambda: (solved(max_steps=5), solved(max_steps=20)))()
    # The step after 4 remembered changes is f of GMRES's fourth iterate.
    assert_allclose(fifth.solution, M @ gmres + b, atol=1e-9)
    assert last.ending == deq.Ending.CONVERGED
    assert last.steps <= 8  # D + 1, and one for rounding
    assert_allclose(last.solution, np.linalg.solve(np.eye(6) - M, b), atol=EXACT)


def test_broyden_takes_the_steps_of_scipy():
    def f(z, module):
        return module.cos(z[::-1]) + 0.3 * z**2

    z_0 = np.array([0.1, -0.4, 0.7])
    steps = []
    scipy.optimize.broyden1(
        lambda z: f(z, np) - z,
        z_0,
        iter=5,
        alpha=1.0,
        line_search=None,
        callback=lambda z, _: steps.append(z.copy()),
    )
    result = jax.jit(
        lambda z: deq.broyden_fixed_point(lambda z: f(z, jnp), z, tolerance=0.0, max_steps=5)
    )(z_0)
    assert_allclose(result.solution, steps[4], atol=EXACT)


@pytest.mark.parametrize(("size", "radius"), [(1, 0.5), (4, 3.0)])
def test_broyden_ends_within_twice_the_dimensions_on_affine_maps(size, radius):
    M, b = affine_map(2, size, radius)
    result = jax.jit(
        lambda z: deq.broyden_fixed_point(lambda z: M @ z + b, z, tolerance=1e-10, max_steps=30)
    )(np.zeros(size))
    assert result.ending == deq.Ending.CONVERGED
    assert result.steps <= 2 * size + 1  # one for rounding
    assert_allclose(result.solution, np.linalg.solve(np.eye(size) - M, b), atol=1e-8)


def test_plain_iteration_contracts_by_the_spectral_radius_and_acceleration_takes_fewer_steps():
    rates = np.array([0.9, 0.5, -0.8])

    def f(z):
        return rates * z + 1

    results = jax.jit(lambda: [solver(f, jnp.zeros(3)) for solver in SOLVERS.values()])()
    plain, anderson, broyden = results
    # |r_k| = |rates^k| <= 1e-12 |f(z)|, and |f(z)| tends to |1 / (1 - rates)|.
    target = 1e-12 * np.linalg.norm(1 / (1 - rates))
    assert plain.steps == np.ceil(np.log(target) / np.log(0.9))
    assert anderson.steps <= 5
    assert broyden.steps <= 7


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_say_how_they_ended(name):
    factory = {
        "plain": deq.plain_fixed_point,
        "anderson": partial(deq.anderson_fixed_point, memory_size=2),
        "broyden": deq.broyden_fixed_point,
    }[name]

    @jax.jit
    def endings():
        solved = partial(factory, tolerance=1e-6, max_steps=3)
        return [
            solved(lambda z: jnp.cos(z) * jnp.arange(1.0, 4.0), jnp.ones(3)),
            solved(lambda z: 0 * z + 1, jnp.ones(3)),
            solved(lambda z: jnp.where(z > 1.5, jnp.nan, z + 1), jnp.ones(3)),
            solved(lambda z: z * jnp.nan, jnp.ones(3)),
        ]

    results = endings()
    assert [(int(r.ending), int(r.steps)) for r in results] == [
        (deq.Ending.STEP_LIMIT, 3),
        (deq.Ending.CONVERGED, 0),
        (deq.Ending.NOT_FINITE, 0),
        (deq.Ending.NOT_FINITE, 0),
    ]
    assert all(np.all(np.isfinite(r.solution)) for r in results)


# --- The layer -----------------------------------------------------------------------------------


def with_dense_newton(z_0, theta):
    """z* and dz*/dtheta from Newton's method and NumPy's solver alone."""
    vector, unravel = jax.flatten_util.ravel_pytree(z_0)
    at, unravel_theta = jax.flatten_util.ravel_pytree(theta)

    def f(z, theta):
        return as_vector(layer(unravel(z), unravel_theta(theta)))

    partials = jax.jit(lambda z, at: (f(z, at), *jax.jacfwd(f, (0, 1))(z, at)))
    for _ in range(10):
        value, J, _ = partials(vector, at)
        vector = vector + np.linalg.solve(np.eye(len(J)) - J, value - vector)
    _, J, mixed = partials(vector, at)
    return vector, np.linalg.solve(np.eye(len(J)) - J, mixed)


@pytest.mark.parametrize("name", SOLVERS)
def test_equilibrium_has_the_implicit_derivatives_in_both_modes(name):
    z_0, theta = layer_problem(1)
    rng = np.random.default_rng(1)
    direction = jax.tree.map(lambda leaf: jnp.array(rng.normal(size=leaf.shape)), theta)
    g = jax.tree.map(lambda leaf: jnp.array(rng.normal(size=leaf.shape)), z_0)

    @jax.jit
    def derivatives(theta):
        solved = partial(deq.equilibrium, layer, z_0, solver=SOLVERS[name])
        z, tangent = jax.jvp(solved, (theta,), (direction,))
        (cotangent,) = jax.vjp(solved, theta)[1](g)
        return z, as_vector(tangent), as_vector(cotangent)

    z, tangent, cotangent = derivatives(theta)
    expected, jacobian = with_dense_newton(z_0, theta)
    assert_allclose(as_vector(z), expected, atol=EXACT)
    assert_allclose(tangent, jacobian @ as_vector(direction), atol=EXACT)
    assert_allclose(cotangent, as_vector(g) @ jacobian, atol=EXACT)


def test_backward_fixed_point_and_dense_jacobian_are_those_of_a_dense_solve():
    z_0, theta = layer_problem(2)
    z, jacobian = with_dense_newton(z_0, theta)
    z = jax.flatten_util.ravel_pytree(z_0)[1](z)
    g = {"a": jnp.array([1.0, -2.0]), "b": jnp.array([0.5, 0.0, 3.0])}

    @jax.jit
    def ours(z, theta):
        backward = deq.backward_fixed_point(layer, z, theta, g, solver=SOLVERS["anderson"])
        (cotangent,) = jax.vjp(lambda theta: layer(z, theta), theta)[1](backward.solution)
        return backward, as_vector(cotangent), deq.equilibrium_jacobian(layer, z, theta)

    backward, cotangent, dense = ours(z, theta)
    assert backward.ending == deq.Ending.CONVERGED
    assert_allclose(cotangent, as_vector(g) @ jacobian, atol=EXACT)
    assert_allclose(dense, jacobian, atol=EXACT)


def test_derivative_exists_where_plain_iteration_diverges_and_ignores_the_start():
    """f(z) = M z + theta with |M| = 3: z* = (I - M)^-1 theta."""
    M, theta = affine_map(3, 3, 3.0)
    solver = partial(deq.anderson_fixed_point, memory_size=3, **LIMITS)

    def total(theta, z_0):
        return jnp.sum(deq.equilibrium(lambda z, theta: M @ z + theta, z_0, theta, solver=solver))

    slopes, in_start = jax.jit(jax.grad(total, (0, 1)))(theta, np.ones(3))
    assert_allclose(slopes, np.linalg.solve(np.eye(3) - M.T, np.ones(3)), atol=EXACT)
    assert_allclose(in_start, np.zeros(3))


def test_memory_of_the_gradient_does_not_grow_with_the_steps():
    z_0, theta = layer_problem(0)

    def temporary_bytes(max_steps):
        solver = partial(deq.plain_fixed_point, tolerance=1e-12, max_steps=max_steps)

        def total(theta):
            return jnp.sum(deq.equilibrium(layer, z_0, theta, solver=solver)["b"])

        analysis = jax.jit(jax.grad(total)).lower(theta).compile().memory_analysis()
        assert analysis is not None
        return analysis.temp_size_in_bytes

    assert temporary_bytes(1000) == temporary_bytes(10)
