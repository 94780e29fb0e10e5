"""Hidden checks of question 3: Chebyshev's schedule, residual polynomials, the bound."""

import numpy as np
from numpy.polynomial import chebyshev

from grader.checks import check, expect
from reference import momentum


def _polynomial(k: int, x: float | np.ndarray) -> np.ndarray:
    """T_k(x)."""
    return chebyshev.chebval(x, np.eye(k + 1)[k])


def _schedule(mu: float, L: float, num_steps: int) -> list[np.ndarray]:
    """omega_{k+1} = 2 T_k(1/gamma) / (gamma T_{k+1}(1/gamma)), and omega_1 = 1."""
    x = (L + mu) / (L - mu)
    omegas = [2 * x * _polynomial(k, x) / _polynomial(k + 1, x) for k in range(num_steps)]
    omega = np.array([1.0, *omegas[1:]])
    return [omega * 2 / (L + mu), omega - 1]


@check("q3", points=2, title="The schedule, against quotients of Chebyshev polynomials")
def schedule_by_quotients(student, inputs):
    for kappa in (3.0, 40.0):
        mu = inputs.uniform(0.5, 2.0)
        L = mu * kappa * inputs.uniform(1.0, 1.5)
        expect(student.chebyshev_schedule(mu, L, 14), "(step_sizes, momenta)").close_to(
            lambda mu=mu, L=L: _schedule(mu, L, 14),
            rtol=1e-10,
            why="float64 gives 1e-15, float32 inside 1e-7",
        )


@check("q3", points=1, title="The schedule for a thousand steps")
def schedule_of_a_thousand_steps(student, inputs):
    # kappa is 4 at most: the polynomials of degree 1000 exceed the largest float64.
    mu, L = inputs.uniform(0.5, 0.7), inputs.uniform(1.5, 2.0)
    expect(student.chebyshev_schedule(mu, L, 1000), "(step_sizes, momenta)").close_to(
        lambda: momentum.chebyshev_schedule(mu, L, 1000),
        rtol=1e-6,
        why="a contraction towards the best constants of the heavy ball: float32 gives 1e-6",
    )


@check("q3", points=1, title="The schedule at mu = L, of one step, of none; float32", x64=False)
def schedule_at_the_edges(student, inputs):
    L = inputs.uniform(1.0, 3.0)
    for mu, steps in ((L, 5), (0.2 * L, 1), (0.2 * L, 0)):
        schedule = student.chebyshev_schedule(mu, L, steps)
        expect(schedule, f"(step_sizes, momenta), {steps} steps").close_to(
            lambda mu=mu, n=steps: [np.full(n, 2 / (L + mu)), np.zeros(n)],
            rtol=1e-4,
            atol=1e-5,
            why="one gradient step and no momentum; float32 gives 1e-7",
        )


@check("q3", points=1, title="Residual polynomials of Chebyshev's schedule")
def polynomials_of_chebyshev(student, inputs):
    mu, L = inputs.uniform(0.5, 1.0), inputs.uniform(6.0, 9.0)
    a = np.concatenate([np.linspace(mu, L, 6), [0.0, 0.7 * mu, 1.05 * L, -0.1]])
    theta, gamma = (L + mu) / 2, (L - mu) / (L + mu)
    values = student.residual_polynomials(a, *_schedule(mu, L, 7))
    expect(values, "the polynomials").close_to(
        lambda: np.stack(
            [
                _polynomial(k, (theta - a) / (gamma * theta)) / _polynomial(k, 1 / gamma)
                for k in range(8)
            ]
        ),
        rtol=1e-4,
        why="float32 inside gives 1e-6, every known mistake more than 1e-2",
    )


@check("q3", points=1, title="Residual polynomials without momentum", x64=False)
def polynomials_without_momentum(student, inputs):
    a, step_sizes = inputs.uniform(0.5, 4.0, 1), inputs.uniform(0.1, 0.4, 5)
    values = student.residual_polynomials(a, step_sizes, np.zeros(5))
    expect(values, "the polynomials").close_to(
        lambda: np.cumprod([[1.0], *(1 - step_sizes[:, None] * a)], axis=0),
        rtol=1e-4,
        why="float32, products of five factors: 1e-7",
    )


@check("q3", points=1, title="The bound and its small values")
def bound_with_small_values(student, inputs):
    mu = inputs.uniform(0.5, 2.0)
    L = mu * inputs.uniform(5.0, 9.0)
    got = expect(student.chebyshev_bound(mu, L, 24), "the bound").array((25,))
    x = (L + mu) / (L - mu)
    # In proportion, for the last ones are some 1e-8 of the first.
    bounds = np.array([1 / _polynomial(k, x) for k in range(25)])
    expect(got / bounds, "the bound in proportion to what it should be").close_to(
        lambda: np.ones(25), rtol=1e-9, why="float64 gives 1e-13, float32 inside 1e-6"
    )


@check("q3", points=1, title="The bound for thousands of steps, and at mu = L")
def bound_at_the_edges(student, inputs):
    mu, L = inputs.uniform(0.5, 1.0), inputs.uniform(2.0, 4.0)
    for low, steps in ((mu, 3000), (L, 4), (mu, 0)):
        expect(student.chebyshev_bound(low, L, steps), f"the bound, {steps} steps").close_to(
            lambda low=low, n=steps: momentum.chebyshev_bound(L / low, n),
            rtol=1e-6,
            atol=1e-6,
            why="1 to start with, then quickly 0; float32 gives 1e-7",
        )
