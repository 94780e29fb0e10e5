"""Mistakes that the checks of question 3 refuse: Chebyshev's schedule."""

import jax.numpy as jnp

from grader.checks import mutant


def _omegas(gamma, num_steps, first=1.0, start=2.0, quarter=4.0):
    omegas, omega = [], start
    for k in range(num_steps):
        omegas.append(omega if k else first)
        omega = 1 / (1 - gamma**2 * omega / quarter)
    return jnp.array(omegas)


def _gamma(mu, L):
    return (L - mu) / (L + mu)


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by="schedule_by_quotients",
    says=(
        "The second omega follows from the first by the rule for later ones: it has a rule of its "
        "own, with gamma^2 / 2."
    ),
)
def one_rule_for_all(mu, L, num_steps):
    omegas = _omegas(_gamma(mu, L), num_steps, start=1.0)
    return omegas * 2 / (L + mu), omegas - 1


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by=("schedule_by_quotients", "schedule_of_a_thousand_steps"),
    says="gamma is not squared in the recurrence.",
)
def gamma_not_squared(mu, L, num_steps):
    omegas = _omegas(_gamma(mu, L) ** 0.5, num_steps)
    return omegas * 2 / (L + mu), omegas - 1


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by=("schedule_by_quotients", "schedule_of_a_thousand_steps"),
    says="You divide by L to get gamma: it is (L - mu) / (L + mu).",
)
def gamma_over_the_top(mu, L, num_steps):
    omegas = _omegas((L - mu) / L, num_steps)
    return omegas * 2 / (L + mu), omegas - 1


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by=("schedule_by_quotients", "schedule_of_a_thousand_steps"),
    says="The step size stays at 1 / theta: it carries the factor omega too.",
)
def constant_step_size(mu, L, num_steps):
    omegas = _omegas(_gamma(mu, L), num_steps)
    return jnp.full(num_steps, 2 / (L + mu)), omegas - 1


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by=("schedule_by_quotients", "schedule_at_the_edges"),
    says="The momentum is omega - 1, not omega: the first step has none.",
)
def omega_for_the_momentum(mu, L, num_steps):
    omegas = _omegas(_gamma(mu, L), num_steps)
    return omegas * 2 / (L + mu), omegas


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by=("schedule_by_quotients", "schedule_at_the_edges"),
    says="The schedule starts with omega_2: the first step takes omega_1 = 1, a plain gradient step.",
)
def schedule_one_step_early(mu, L, num_steps):
    omegas = _omegas(_gamma(mu, L), num_steps + 1)[1:]
    return omegas * 2 / (L + mu), omegas - 1


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by="schedule_by_quotients",
    says="These are the best constants of the heavy ball: only the limit of the schedule.",
)
def limit_for_the_schedule(mu, L, num_steps):
    high, low = L**0.5, mu**0.5
    rate = (high - low) / (high + low)
    return jnp.full(num_steps, 4 / (high + low) ** 2), jnp.full(num_steps, rate**2)


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by=("schedule_by_quotients", "schedule_at_the_edges"),
    says="The step sizes are omega / L: theta is the middle of the spectrum, (L + mu) / 2.",
)
def end_for_the_middle(mu, L, num_steps):
    omegas = _omegas(_gamma(mu, L), num_steps)
    return omegas / L, omegas - 1


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by="schedule_by_quotients",
    says="The pair is in the wrong order: step sizes first, then momenta.",
)
def schedule_swapped(mu, L, num_steps):
    omegas = _omegas(_gamma(mu, L), num_steps)
    return omegas - 1, omegas * 2 / (L + mu)


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by="schedule_of_a_thousand_steps",
    says=(
        "Chebyshev polynomials outside [-1, 1] grow exponentially, and after some hundreds of steps "
        "the quotient is infinity over infinity: use the recurrence for omega."
    ),
)
def quotients_of_growing_polynomials(mu, L, num_steps):
    if mu == L:
        return jnp.full(num_steps, 1 / L), jnp.zeros(num_steps)
    x = jnp.asarray((L + mu) / (L - mu))
    now, later, omegas = jnp.ones_like(x), x, []
    for k in range(num_steps):
        omegas.append(2 * x * now / later if k else jnp.ones_like(x))
        now, later = later, 2 * x * later - now
    omegas = jnp.array(omegas)
    return omegas * 2 / (L + mu), omegas - 1


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by="schedule_at_the_edges",
    says="At mu = L your formula divides by gamma = 0: the recurrence doesn't need to.",
)
def division_by_gamma(mu, L, num_steps):
    x = jnp.asarray(L + mu) / (L - mu)
    omegas, omega = [], 2.0
    for k in range(num_steps):
        omegas.append(omega if k else 1.0 + 0 * x)
        omega = 4 * x**2 / (4 * x**2 - omega)
    omegas = jnp.array(omegas)
    return omegas * 2 / (L + mu), omegas - 1


@mutant(
    "q3",
    of="chebyshev_schedule",
    refused_by="schedule_by_quotients",
    says="The computation went through float32: keep the precision of your inputs.",
)
def schedule_through_float32(mu, L, num_steps):
    omegas = _omegas(_gamma(mu, L), num_steps).astype(jnp.float32)
    return omegas * 2 / (L + mu), omegas - 1


# --- Residual polynomials -------------------------------------------------------------------------


def _residuals(a, step_sizes, momenta):
    now, before, rows = jnp.ones_like(a), jnp.ones_like(a), [jnp.ones_like(a)]
    for alpha, beta in zip(step_sizes, momenta, strict=True):
        now, before = now - alpha * a * now + beta * (now - before), now
        rows.append(now)
    return jnp.stack(rows)


@mutant(
    "q3",
    of="residual_polynomials",
    refused_by="polynomials_of_chebyshev",
    says="The momenta are not used: these are the polynomials of gradient descent.",
)
def polynomials_of_gradient_descent(a, step_sizes, momenta):
    return _residuals(a, step_sizes, jnp.zeros_like(momenta))


@mutant(
    "q3",
    of="residual_polynomials",
    refused_by="polynomials_of_chebyshev",
    says=(
        "The step size multiplies the whole velocity, perhaps in your heavy_ball: with a schedule it "
        "belongs to the incoming gradient alone."
    ),
)
def polynomials_with_rescaled_velocity(a, step_sizes, momenta):
    e, v, rows = jnp.ones_like(a), jnp.zeros_like(a), [jnp.ones_like(a)]
    for alpha, beta in zip(step_sizes, momenta, strict=True):
        v = beta * v + a * e
        e = e - alpha * v
        rows.append(e)
    return jnp.stack(rows)


@mutant(
    "q3",
    of="residual_polynomials",
    refused_by=("polynomials_of_chebyshev", "polynomials_without_momentum"),
    says="Row 0 is missing: p_0 is 1 for every mode.",
)
def without_the_first_polynomial(a, step_sizes, momenta):
    return _residuals(a, step_sizes, momenta)[1:]


@mutant(
    "q3",
    of="residual_polynomials",
    refused_by=("polynomials_of_chebyshev", "polynomials_without_momentum"),
    says=(
        "These are residuals a p_k(a) of the gradient, not the errors' factors: p_k(0) = 1, for "
        "every k."
    ),
)
def gradients_for_errors(a, step_sizes, momenta):
    return a * _residuals(a, step_sizes, momenta)


@mutant(
    "q3",
    of="residual_polynomials",
    refused_by=("polynomials_of_chebyshev", "polynomials_without_momentum"),
    says="These are 1 - p_k, how far the iterates have come: what is left of the error is asked for.",
)
def progress_for_what_is_left(a, step_sizes, momenta):
    return 1 - _residuals(a, step_sizes, momenta)


@mutant(
    "q3",
    of="residual_polynomials",
    refused_by="polynomials_of_chebyshev",
    says="Only absolute values are left: the polynomials have signs.",
)
def polynomials_without_sign(a, step_sizes, momenta):
    return jnp.abs(_residuals(a, step_sizes, momenta))


@mutant(
    "q3",
    of="residual_polynomials",
    refused_by="polynomials_without_momentum",
    says="A squeeze removed an axis of length one: there may be a single mode.",
)
def polynomials_squeezed(a, step_sizes, momenta):
    return jnp.squeeze(_residuals(a, step_sizes, momenta))


@mutant(
    "q3",
    of="residual_polynomials",
    refused_by="polynomials_of_chebyshev",
    says="The polynomials stand in columns: row k holds p_k at all eigenvalues.",
)
def polynomials_in_columns(a, step_sizes, momenta):
    return _residuals(a, step_sizes, momenta).T


# --- The bound ------------------------------------------------------------------------------------


def _powers(mu, L, num_steps, root=0.5):
    high, low = L**root, mu**root
    return jnp.asarray((high - low) / (high + low)) ** jnp.arange(num_steps + 1)


@mutant(
    "q3",
    of="chebyshev_bound",
    refused_by=("bound_with_small_values", "bound_at_the_edges"),
    says="rho^k is the rate alone: the bound is 2 rho^k / (1 + rho^(2k)).",
)
def rate_for_the_bound(mu, L, num_steps):
    return _powers(mu, L, num_steps)


@mutant(
    "q3",
    of="chebyshev_bound",
    refused_by=("bound_with_small_values", "bound_at_the_edges"),
    says="2 rho^k is the bound for large k only: its denominator is missing, and at k = 0 it is 2.",
)
def bound_without_denominator(mu, L, num_steps):
    return 2 * _powers(mu, L, num_steps)


@mutant(
    "q3",
    of="chebyshev_bound",
    refused_by="bound_with_small_values",
    says="rho is made with kappa, not with its square root: that is gradient descent's.",
)
def bound_of_gradient_descent(mu, L, num_steps):
    powers = _powers(mu, L, num_steps, root=1.0)
    return 2 * powers / (1 + powers**2)


@mutant(
    "q3",
    of="chebyshev_bound",
    refused_by=("bound_with_small_values", "bound_at_the_edges"),
    says="The bound starts with k = 1: k = 0 comes first, where nothing is done and it is 1.",
)
def bound_one_step_early(mu, L, num_steps):
    powers = _powers(mu, L, num_steps + 1)[1:]
    return 2 * powers / (1 + powers**2)


@mutant(
    "q3",
    of="chebyshev_bound",
    refused_by="bound_with_small_values",
    says="This is the square of the bound, which is for the cost: the bound is for the error.",
)
def bound_on_the_cost(mu, L, num_steps):
    powers = _powers(mu, L, num_steps)
    return (2 * powers / (1 + powers**2)) ** 2


@mutant(
    "q3",
    of="chebyshev_bound",
    refused_by="bound_with_small_values",
    says="The small values have lost their digits: the computation went through float32.",
)
def bound_through_float32(mu, L, num_steps):
    powers = _powers(mu, L, num_steps).astype(jnp.float32)
    return 2 * powers / (1 + powers**2)


@mutant(
    "q3",
    of="chebyshev_bound",
    refused_by="bound_at_the_edges",
    says=(
        "T_k(1/gamma) overflows after some hundreds of steps, and at mu = L gamma is 0: use the "
        "expression in powers of rho."
    ),
)
def reciprocal_of_a_growing_polynomial(mu, L, num_steps):
    x = jnp.asarray(L + mu) / (L - mu)
    now, later, values = jnp.ones_like(x), x, []
    for _ in range(num_steps + 1):
        values.append(now)
        now, later = later, 2 * x * later - now
    return 1 / jnp.stack(values)
