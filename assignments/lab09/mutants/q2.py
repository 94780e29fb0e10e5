"""Mistakes that the checks of question 2 refuse: Nesterov's accelerated gradient."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _plus(w, v, factor=1.0):
    return jax.tree.map(lambda p, d: p + factor * d, w, v)


def _minus(w, v):
    return _plus(w, v, -1.0)


def _stacked(trees):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _run(advance, w0, momenta):
    """Iterates and points of (w, w_before, y_before) -> (w_next, y) = advance(.., beta, k)."""
    w, before, ahead, iterates, points = w0, w0, w0, [w0], []
    for k, beta in enumerate(momenta):
        w_next, y = advance(w, before, ahead, beta, k)
        w, before, ahead = w_next, w, y
        iterates.append(w)
        points.append(y)
    return _stacked(iterates), _stacked(points)


def _right(gradient, w0, step_size, momenta):
    def advance(w, before, ahead, beta, k):
        y = _plus(w, _minus(w, before), beta)
        return _plus(y, gradient(y), -step_size), y

    return _run(advance, w0, momenta)


@mutant(
    "q2",
    of="nesterov",
    refused_by=("nesterov_on_a_network", "nesterov_with_changing_momenta"),
    says=(
        "The gradient is taken at w_k, which is the heavy ball: take it at the look-ahead point y_k."
    ),
)
def gradient_at_the_iterate(gradient, w0, step_size, momenta):
    def advance(w, before, ahead, beta, k):
        y = _plus(w, _minus(w, before), beta)
        return _plus(y, gradient(w), -step_size), y

    return _run(advance, w0, momenta)


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_on_a_network",
    says=(
        "The step starts from w_k: only its gradient comes from the look-ahead point, and the "
        "momentum is lost. It starts from y_k."
    ),
)
def step_from_the_iterate(gradient, w0, step_size, momenta):
    def advance(w, before, ahead, beta, k):
        y = _plus(w, _minus(w, before), beta)
        return _plus(w, gradient(y), -step_size), y

    return _run(advance, w0, momenta)


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_on_a_network",
    says="The look-ahead point lies behind: it is w_k plus beta times the last displacement.",
)
def looking_back(gradient, w0, step_size, momenta):
    def advance(w, before, ahead, beta, k):
        y = _plus(w, _minus(w, before), -beta)
        return _plus(y, gradient(y), -step_size), y

    return _run(advance, w0, momenta)


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_on_a_network",
    says=(
        "The displacement is taken from the last look-ahead point: it is w_k - w_{k-1}, so keep both "
        "sequences."
    ),
)
def displacement_from_the_point(gradient, w0, step_size, momenta):
    def advance(w, before, ahead, beta, k):
        y = _plus(w, _minus(w, ahead), beta)
        return _plus(y, gradient(y), -step_size), y

    return _run(advance, w0, momenta)


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_on_a_network",
    says=(
        "Your iterates are the look-ahead points, as a library's parameters are with nesterov=True: "
        "w_k is the point before momentum is added."
    ),
)
def points_for_iterates(gradient, w0, step_size, momenta):
    iterates, points = _right(gradient, w0, step_size, momenta)
    last = jax.tree.map(lambda w: w[-1] + momenta[-1] * (w[-1] - w[-2]), iterates)
    ahead = jax.tree.map(lambda y, end: jnp.concatenate([y, end[None]]), points, last)
    return ahead, points


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_on_a_network",
    says="The pair is in the wrong order: iterates first, then look-ahead points.",
)
def pair_swapped(gradient, w0, step_size, momenta):
    return _right(gradient, w0, step_size, momenta)[::-1]


@mutant(
    "q2",
    of="nesterov",
    refused_by=("nesterov_on_a_network", "nesterov_at_the_edges"),
    says="Two sequences are asked for: return the look-ahead points beside the iterates.",
)
def iterates_alone(gradient, w0, step_size, momenta):
    return _right(gradient, w0, step_size, momenta)[0]


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_on_a_network",
    says="The points are the iterates without the last: y_k is ahead of w_k by the momentum.",
)
def iterates_for_points(gradient, w0, step_size, momenta):
    iterates, _ = _right(gradient, w0, step_size, momenta)
    return iterates, jax.tree.map(lambda w: w[:-1], iterates)


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_with_changing_momenta",
    says="The first momentum is used in all steps: step k has beta_k.",
)
def first_momentum_only(gradient, w0, step_size, momenta):
    return _right(gradient, w0, step_size, jnp.broadcast_to(momenta[:1], momenta.shape))


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_with_changing_momenta",
    says=(
        "The momenta are one step early: y_k = w_k + beta_k (w_k - w_{k-1}), so beta_0 meets a "
        "displacement of 0."
    ),
)
def momenta_one_step_early(gradient, w0, step_size, momenta):
    return _right(gradient, w0, step_size, jnp.roll(momenta, 1))


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_with_changing_momenta",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def nesterov_through_float32(gradient, w0, step_size, momenta):
    def single(tree):
        return jax.tree.map(lambda leaf: leaf.astype(jnp.float32), tree)

    return _right(lambda w: single(gradient(w)), single(w0), step_size, single(momenta))


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_at_the_edges",
    says=(
        "A scalar weight became an array of length one: a leaf of shape () gives shape (K + 1,)."
    ),
)
def scalars_made_vectors(gradient, w0, step_size, momenta):
    def at_least_rows(tree):
        return jax.tree.map(lambda leaf: leaf.reshape(len(leaf), -1), tree)

    iterates, points = _right(gradient, w0, step_size, momenta)
    flat = all(leaf.ndim == 1 for leaf in jax.tree.leaves(iterates))
    return (at_least_rows(iterates), at_least_rows(points)) if flat else (iterates, points)


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_takes_one_gradient_a_step",
    says="Right, but a second gradient is taken in each step: the one at y_k is all you need.",
)
def gradient_at_both_points(gradient, w0, step_size, momenta):
    def advance(w, before, ahead, beta, k):
        y = _plus(w, _minus(w, before), beta)
        unused = jax.tree.map(lambda g: 0 * g, gradient(w))
        return _plus(_plus(y, gradient(y), -step_size), unused), y

    return _run(advance, w0, momenta)


@mutant(
    "q2",
    of="nesterov",
    refused_by="nesterov_takes_one_gradient_a_step",
    says="Right, but every iterate is computed anew from the start: keep w_k and w_{k-1}.",
)
def every_iterate_anew(gradient, w0, step_size, momenta):
    runs = [_right(gradient, w0, step_size, momenta[: k + 1]) for k in range(len(momenta))]
    last = [jax.tree.map(lambda leaf: leaf[-1], run) for run in runs]
    iterates, points = zip(*last, strict=True)
    return _stacked([w0, *iterates]), _stacked(points)


# --- Rates and constants --------------------------------------------------------------------------


def _larger(trace, product):
    half = trace.astype(complex) / 2
    root = jnp.sqrt(half**2 - product)
    return jnp.maximum(jnp.abs(half + root), jnp.abs(half - root))


@mutant(
    "q2",
    of="nesterov_rates",
    refused_by="nesterov_rates_of_all_kinds",
    says=(
        "These are the heavy ball's rates: the last term of the equation is beta (1 - alpha a), and "
        "the middle one has the factor 1 + beta."
    ),
)
def rates_of_the_heavy_ball(a, step_size, momentum):
    return _larger(1 + momentum - step_size * a, momentum)


@mutant(
    "q2",
    of="nesterov_rates",
    refused_by="nesterov_rates_of_all_kinds",
    says="The product of the roots is beta (1 - alpha a): its second factor is missing.",
)
def product_of_roots_undamped(a, step_size, momentum):
    return _larger((1 + momentum) * (1 - step_size * a), momentum)


@mutant(
    "q2",
    of="nesterov_rates",
    refused_by="nesterov_rates_of_all_kinds",
    says="The sum of the roots is (1 + beta)(1 - alpha a): its first factor is missing.",
)
def sum_of_roots_without_momentum(a, step_size, momentum):
    return _larger(1 - step_size * a, momentum * (1 - step_size * a))


@mutant(
    "q2",
    of="nesterov_rates",
    refused_by="nesterov_rates_of_all_kinds",
    says=(
        "The square root of the product of the roots is the modulus of complex roots only: where "
        "they are real, one is larger."
    ),
)
def geometric_mean_of_the_roots(a, step_size, momentum):
    return jnp.sqrt(jnp.abs(momentum * (1 - step_size * a)))


@mutant(
    "q2",
    of="nesterov_rates",
    refused_by="nesterov_rates_of_all_kinds",
    says=(
        "The root with the plus sign is the larger one only while alpha a < 1: beyond, the other "
        "one is larger in modulus."
    ),
)
def plus_sign_only(a, step_size, momentum):
    shrunk = 1 - step_size * a
    half = ((1 + momentum) * shrunk).astype(complex) / 2
    return jnp.abs(half + jnp.sqrt(half**2 - momentum * shrunk))


@mutant(
    "q2",
    of="nesterov_rates",
    refused_by="nesterov_rates_of_all_kinds",
    says="These are real parts. The rate is the modulus, which for complex roots is larger.",
)
def real_parts_of_the_roots(a, step_size, momentum):
    shrunk = 1 - step_size * a
    half = ((1 + momentum) * shrunk).astype(complex) / 2
    root = jnp.sqrt(half**2 - momentum * shrunk)
    return jnp.maximum(jnp.abs((half + root).real), jnp.abs((half - root).real))


@mutant(
    "q2",
    of="nesterov_constants",
    refused_by="constants_of_nesterov",
    says="The momentum is squared: that is the heavy ball's. Nesterov's is not.",
)
def momentum_of_the_heavy_ball(mu, L):
    root = jnp.sqrt(L / mu)
    return jnp.asarray(1 / L), ((root - 1) / (root + 1)) ** 2, 1 - 1 / root


@mutant(
    "q2",
    of="nesterov_constants",
    refused_by="constants_of_nesterov",
    says="The rate is the heavy ball's: the double root at mu is 1 - 1/sqrt(kappa).",
)
def rate_of_the_heavy_ball(mu, L):
    root = jnp.sqrt(L / mu)
    return jnp.asarray(1 / L), (root - 1) / (root + 1), (root - 1) / (root + 1)


@mutant(
    "q2",
    of="nesterov_constants",
    refused_by="constants_of_nesterov",
    says=(
        "The rate is that of the theorem's bound on the cost, taken to the distance by a square "
        "root. Asked for is the rate on the worst quadratic, which is faster."
    ),
)
def root_of_the_bound(mu, L):
    root = jnp.sqrt(L / mu)
    return jnp.asarray(1 / L), (root - 1) / (root + 1), jnp.sqrt(1 - 1 / root)


@mutant(
    "q2",
    of="nesterov_constants",
    refused_by="constants_of_nesterov",
    says="kappa stands where its square root belongs, in momentum and rate.",
)
def kappa_without_root(mu, L):
    kappa = jnp.asarray(L / mu)
    return jnp.asarray(1 / L), (kappa - 1) / (kappa + 1), 1 - 1 / kappa


@mutant(
    "q2",
    of="nesterov_constants",
    refused_by="constants_of_nesterov",
    says="The step size is 1 / L: 2 / (L + mu) is for gradient descent.",
)
def step_size_without_momentum(mu, L):
    root = jnp.sqrt(L / mu)
    return jnp.asarray(2 / (L + mu)), (root - 1) / (root + 1), 1 - 1 / root
