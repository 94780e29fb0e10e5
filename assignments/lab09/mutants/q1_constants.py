"""Mistakes that the checks of question 1 refuse: rates of modes and the best constants."""

import jax.numpy as jnp

from grader.checks import mutant


def _roots(a, step_size, momentum):
    half = (1 + momentum - step_size * a).astype(complex) / 2
    root = jnp.sqrt(half**2 - momentum)
    return half + root, half - root


@mutant(
    "q1",
    of="mode_rates",
    refused_by="rates_of_all_kinds_of_modes",
    says="sqrt(beta) is the modulus of complex roots only: where they are real, one is larger.",
)
def root_of_the_momentum_everywhere(a, step_size, momentum):
    return jnp.full_like(a, momentum**0.5)


@mutant(
    "q1",
    of="mode_rates",
    refused_by="rates_of_all_kinds_of_modes",
    says="These are real parts. The rate is the modulus, which for complex roots is larger.",
)
def real_parts_for_moduli(a, step_size, momentum):
    one, other = _roots(a, step_size, momentum)
    return jnp.maximum(jnp.abs(one.real), jnp.abs(other.real))


@mutant(
    "q1",
    of="mode_rates",
    refused_by="rates_of_all_kinds_of_modes",
    says=(
        "This is the modulus of the root with the plus sign. For large alpha a both roots are "
        "negative, and the other one is larger in modulus."
    ),
)
def root_with_the_plus_sign(a, step_size, momentum):
    return jnp.abs(_roots(a, step_size, momentum)[0])


@mutant(
    "q1",
    of="mode_rates",
    refused_by="rates_of_all_kinds_of_modes",
    says="This is the smaller of the two moduli: the larger one decides in the long run.",
)
def smaller_modulus(a, step_size, momentum):
    one, other = _roots(a, step_size, momentum)
    return jnp.minimum(jnp.abs(one), jnp.abs(other))


@mutant(
    "q1",
    of="mode_rates",
    refused_by="rates_of_all_kinds_of_modes",
    says="|1 - alpha a| is the rate of gradient descent: the momentum is not in it.",
)
def rates_of_gradient_descent(a, step_size, momentum):
    return jnp.abs(1 - step_size * a)


@mutant(
    "q1",
    of="mode_rates",
    refused_by="rates_of_all_kinds_of_modes",
    says=(
        "The trace of the matrix is 1 + beta - alpha a: the beta is missing, or the step size was "
        "applied to it."
    ),
)
def trace_without_momentum(a, step_size, momentum):
    half = (1 - step_size * a).astype(complex) / 2
    root = jnp.sqrt(half**2 - momentum)
    return jnp.maximum(jnp.abs(half + root), jnp.abs(half - root))


@mutant(
    "q1",
    of="mode_rates",
    refused_by="rates_of_all_kinds_of_modes",
    says=(
        "These are singular values, the largest growth in one step. The rate is the modulus of an "
        "eigenvalue, the growth in the long run."
    ),
)
def singular_values_for_eigenvalues(a, step_size, momentum):
    trace = 1 + momentum - step_size * a
    matrices = jnp.stack(
        [
            jnp.stack([trace, jnp.full_like(a, -momentum)], axis=1),
            jnp.stack([jnp.ones_like(a), jnp.zeros_like(a)], axis=1),
        ],
        axis=1,
    )
    return jnp.linalg.svd(matrices, compute_uv=False)[:, 0]


@mutant(
    "q1",
    of="mode_rates",
    refused_by="rates_of_all_kinds_of_modes",
    says="This is the worst mode's rate alone: return one number for each mode.",
)
def worst_rate_alone(a, step_size, momentum):
    one, other = _roots(a, step_size, momentum)
    return jnp.max(jnp.maximum(jnp.abs(one), jnp.abs(other)))


# --- The best constants ---------------------------------------------------------------------------


@mutant(
    "q1",
    of="optimal_heavy_ball",
    refused_by="best_constants_of_the_heavy_ball",
    says="The momentum is the square of the rate; you return the rate for both.",
)
def momentum_not_squared(mu, L):
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    rate = (high - low) / (high + low)
    return 4 / (high + low) ** 2, rate, rate


@mutant(
    "q1",
    of="optimal_heavy_ball",
    refused_by="best_constants_of_the_heavy_ball",
    says="The rate is the modulus of the double root, sqrt(beta), and not beta.",
)
def momentum_for_the_rate(mu, L):
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    beta = ((high - low) / (high + low)) ** 2
    return 4 / (high + low) ** 2, beta, beta


@mutant(
    "q1",
    of="optimal_heavy_ball",
    refused_by="best_constants_of_the_heavy_ball",
    says="The step size is that of gradient descent, 2 / (L + mu): with momentum it is larger.",
)
def step_size_of_gradient_descent(mu, L):
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    rate = (high - low) / (high + low)
    return jnp.asarray(2 / (L + mu)), rate**2, rate


@mutant(
    "q1",
    of="optimal_heavy_ball",
    refused_by="best_constants_of_the_heavy_ball",
    says="kappa stands where its square root belongs: this is the rate of gradient descent.",
)
def condition_number_without_root(mu, L):
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    rate = jnp.asarray((L - mu) / (L + mu))
    return 4 / (high + low) ** 2, rate**2, rate


@mutant(
    "q1",
    of="optimal_heavy_ball",
    refused_by=("best_constants_of_the_heavy_ball", "best_constants_at_the_edges"),
    says="The 4 of the step size is missing.",
)
def step_size_without_the_four(mu, L):
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    rate = (high - low) / (high + low)
    return 1 / (high + low) ** 2, rate**2, rate


@mutant(
    "q1",
    of="optimal_heavy_ball",
    refused_by="best_constants_at_the_edges",
    says="At mu = L your formula is 0/0: reduce the fraction.",
)
def division_by_the_width(mu, L):
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    rate = (high - low) ** 2 / (L - mu)
    return 4 / (high + low) ** 2, rate**2, rate


@mutant(
    "q1",
    of="optimal_heavy_ball",
    refused_by="best_constants_at_the_edges",
    says=(
        "A small constant is added to mu or to a denominator: mu and L may be as small as that, and "
        "only their quotient matters."
    ),
)
def padded_curvature(mu, L):
    high, low = jnp.sqrt(L), jnp.sqrt(mu + 1e-8)
    rate = (high - low) / (high + low)
    return 4 / (high + low) ** 2, rate**2, rate
