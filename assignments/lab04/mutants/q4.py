"""Mistakes that the checks of question 4 refuse: factored damping and the K-FAC direction."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _pi(A, G):
    both = (jnp.trace(A) > 0) & (jnp.trace(G) > 0)
    quotient = (jnp.trace(A) / len(A)) / jnp.where(both, jnp.trace(G) / len(G), 1)
    return jnp.sqrt(jnp.where(both, quotient, 1))


def _plus(A, G, on_A, on_G):
    return A + on_A * jnp.eye(len(A), dtype=A.dtype), G + on_G * jnp.eye(len(G), dtype=G.dtype)


def _damped(A, G, damping, pi=_pi):
    ratio, root = pi(A, G), damping**0.5
    return _plus(A, G, ratio * root, root / ratio)


def _divided(A, G, V):
    return jnp.linalg.solve(G.T, jnp.linalg.solve(A, V).T).T


def _inverse_pi(A, G):
    return 1 / _pi(A, G)


def _pi_of_traces(A, G):
    return jnp.sqrt(jnp.trace(A) / jnp.trace(G))


# --- Damped factors -------------------------------------------------------------------------------


@mutant(
    "q4",
    of="damped_factors",
    refused_by="damped_factors_of_any_size",
    says="pi is upside down: the larger factor gets the larger damping.",
)
def pi_upside_down(A, G, damping):
    return _damped(A, G, damping, _inverse_pi)


@mutant(
    "q4",
    of="damped_factors",
    refused_by="damped_factors_of_any_size",
    says="pi is left out: both factors get sqrt(lambda), whatever their sizes.",
)
def pi_left_out(A, G, damping):
    return _damped(A, G, damping, lambda A, G: 1.0)


@mutant(
    "q4",
    of="damped_factors",
    refused_by="damped_factors_of_any_size",
    says="Your pi compares the traces: it should compare mean eigenvalues, a trace over its size.",
)
def traces_without_sizes(A, G, damping):
    return _damped(A, G, damping, _pi_of_traces)


@mutant(
    "q4",
    of="damped_factors",
    refused_by="damped_factors_of_any_size",
    says="The root in pi is missing.",
)
def pi_without_root(A, G, damping):
    return _damped(A, G, damping, lambda A, G: _pi(A, G) ** 2)


@mutant(
    "q4",
    of="damped_factors",
    refused_by="damped_factors_of_any_size",
    says="Each factor gets lambda where it should get sqrt(lambda): their product is then lambda.",
)
def damping_without_root(A, G, damping):
    return _damped(A, G, damping**2)


@mutant(
    "q4",
    of="damped_factors",
    refused_by="damped_factors_of_any_size",
    says="G gets sqrt(lambda) times pi: it should be divided by pi, so that the product is lambda.",
)
def pi_times_both(A, G, damping):
    shift = _pi(A, G) * damping**0.5
    return _plus(A, G, shift, shift)


@mutant(
    "q4",
    of="damped_factors",
    refused_by="damped_factors_of_any_size",
    says="The damping is added to every entry of the factors: it belongs on their diagonals.",
)
def damping_on_every_entry(A, G, damping):
    ratio, root = _pi(A, G), damping**0.5
    return A + ratio * root, G + root / ratio


# --- Direction for given factors ------------------------------------------------------------------


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_of_given_factors",
    says=(
        "This is the exactly damped direction, (A kron G + lambda I)^-1: a good one, but K-FAC's "
        "factored damping is asked for, which is another matrix."
    ),
)
def exact_damping(A, G, V, damping):
    a, Q = jnp.linalg.eigh(A)
    g, R = jnp.linalg.eigh(G)
    return Q @ ((Q.T @ V @ R) / (jnp.outer(a, g) + damping)) @ R.T


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_of_given_factors",
    says="You multiply with the damped factors: the direction takes their inverses.",
)
def multiplied_for_divided(A, G, V, damping):
    A, G = _damped(A, G, damping)
    return A @ V @ G


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_of_given_factors",
    says="Only A is inverted: the direction has the inverse of G on its right as well.",
)
def input_factor_only(A, G, V, damping):
    return jnp.linalg.solve(_damped(A, G, damping)[0], V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_of_given_factors",
    says="The direction has the wrong sign: it is a direction of ascent, like the gradient.",
)
def direction_of_descent(A, G, V, damping):
    return -_divided(*_damped(A, G, damping), V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_of_given_factors",
    says="The damping isn't used: the factors are inverted as they are.",
)
def direction_without_damping(A, G, V, damping):
    return _divided(A, G, V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_of_given_factors",
    says="Each factor is damped by lambda itself: the split gives each about its square root.",
)
def lambda_on_each_factor(A, G, V, damping):
    return _divided(*_plus(A, G, damping, damping), V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by=("kfac_direction_of_given_factors", "kfac_direction_in_affine_coordinates"),
    says="Only the diagonals of the factors are used: that is a diagonal preconditioner.",
)
def diagonals_only(A, G, V, damping):
    A, G = _damped(A, G, damping)
    return V / jnp.outer(jnp.diag(A), jnp.diag(G))


@mutant(
    "q4",
    of="kfac_direction",
    refused_by=("kfac_direction_is_free_of_scale", "kfac_direction_of_given_factors"),
    says=(
        "The factors are damped equally, without pi: then the direction depends on how a constant is "
        "shared between them."
    ),
)
def direction_without_pi(A, G, V, damping):
    return _divided(*_damped(A, G, damping, lambda A, G: 1.0), V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by=("kfac_direction_is_free_of_scale", "kfac_direction_of_given_factors"),
    says="pi is upside down in the direction: the larger factor gets the larger damping.",
)
def direction_with_pi_upside_down(A, G, V, damping):
    return _divided(*_damped(A, G, damping, _inverse_pi), V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_is_free_of_scale",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def direction_through_float32(A, G, V, damping):
    A, G = _damped(A, G, damping)
    single = _divided(*(x.astype(jnp.float32) for x in (A, G, V)))
    return single.astype(V.dtype)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_in_affine_coordinates",
    says=(
        "There is a least damping in your code: none is asked for, and any damping makes the direction "
        "depend on the coordinates."
    ),
)
def least_damping(A, G, V, damping):
    return _divided(*_damped(A, G, max(damping, 1e-2)), V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_at_its_edges",
    says="With G = 0 your pi is infinite: where a trace vanishes, pi is 1.",
)
def infinite_pi(A, G, V, damping):
    pi = jnp.sqrt((jnp.trace(A) / len(A)) / (jnp.trace(G) / len(G)))
    return _divided(*_damped(A, G, damping, lambda A, G: pi), V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_at_its_edges",
    says=(
        "A small constant in the denominator of pi keeps it finite for G = 0, but makes it huge: where "
        "a trace vanishes, pi is 1."
    ),
)
def constant_in_pi(A, G, V, damping):
    pi = jnp.sqrt((jnp.trace(A) / len(A)) / (jnp.trace(G) / len(G) + 1e-12))
    return _divided(*_damped(A, G, damping, lambda A, G: pi), V)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_at_its_edges",
    says="A squeeze removed axes of length one: a layer may have a single input or output.",
)
def squeezed_direction(A, G, V, damping):
    return jnp.squeeze(_divided(*_damped(A, G, damping), V))


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_costs_few_products",
    says=(
        "Right, but the Kronecker product of the damped factors is formed and solved with: that is "
        "what the factors are there to avoid."
    ),
)
def dense_direction(A, G, V, damping):
    dense = jnp.kron(*_damped(A, G, damping))
    return jnp.linalg.solve(dense, V.ravel()).reshape(V.shape)


@mutant(
    "q4",
    of="kfac_direction",
    refused_by="kfac_direction_costs_few_products",
    says="Right, but the factors are inverted anew for every column: solve for all of them at once.",
)
def direction_column_by_column(A, G, V, damping):
    A, G = _damped(A, G, damping)
    left = jax.lax.map(lambda v: jnp.linalg.solve(A, v), V.T).T
    return jax.lax.map(lambda v: jnp.linalg.solve(G, v), left)


# --- Direction of a layer -------------------------------------------------------------------------


def _layer(head, a, W, y, damping, *, vectors=None, reduce=jnp.mean, divide=None):
    """The direction with a piece replaced; `vectors` maps (p, onehot) to (C, N, K)."""
    extended = jnp.concatenate([a, jnp.ones_like(a[:, :1])], axis=1)
    logits, pull = jax.vjp(head, extended @ W)
    p = jax.nn.softmax(logits)
    units = jnp.eye(p.shape[1], dtype=p.dtype)
    if vectors is None:
        vectors = jnp.sqrt(p.T)[:, :, None] * (p - units[:, None, :])
    else:
        vectors = vectors(p, units[y])
    g = jax.vmap(lambda u: pull(u)[0])(vectors)
    A, G = extended.T @ extended / len(a), jnp.einsum("cno,cnp->op", g, g) / len(a)

    def loss(W):
        chosen = jnp.take_along_axis(jax.nn.log_softmax(head(extended @ W)), y[:, None], axis=1)
        return -reduce(chosen)

    divide = divide or (lambda A, G, V: _divided(*_damped(A, G, damping), V))
    return divide(A, G, jax.grad(loss)(W))


@mutant(
    "q4",
    of="layer_direction",
    refused_by="layer_direction_of_networks",
    says=(
        "G is that of the empirical Fisher: only the gradient sees the labels, the factors take the "
        "expectation over the model's predictions."
    ),
)
def empirical_for_true(head, a, W, y, damping):
    return _layer(head, a, W, y, damping, vectors=lambda p, onehot: (p - onehot)[None])


@mutant(
    "q4",
    of="layer_direction",
    refused_by="layer_direction_of_networks",
    says="The gradient is that of the summed loss: it should be of the mean, N times smaller.",
)
def gradient_of_the_sum(head, a, W, y, damping):
    return _layer(head, a, W, y, damping, reduce=jnp.sum)


@mutant(
    "q4",
    of="layer_direction",
    refused_by="layer_direction_of_networks",
    says=(
        "G is N^2 times too small: only the gradient is that of the mean loss, the factors use single "
        "examples' losses."
    ),
)
def factors_of_the_mean_loss(head, a, W, y, damping):
    def divide(A, G, V):
        return _divided(*_damped(A, G / len(a) ** 2, damping), V)

    return _layer(head, a, W, y, damping, divide=divide)


@mutant(
    "q4",
    of="layer_direction",
    refused_by="layer_direction_of_networks",
    says="The layer's direction is damped exactly, by lambda I: K-FAC damps the factors.",
)
def layer_with_exact_damping(head, a, W, y, damping):
    def divide(A, G, V):
        return exact_damping.function(A, G, V, damping)

    return _layer(head, a, W, y, damping, divide=divide)


@mutant(
    "q4",
    of="layer_direction",
    refused_by="layer_direction_of_networks",
    says="This is the weights after a step: the direction itself is asked for.",
)
def weights_after_a_step(head, a, W, y, damping):
    return W - _layer(head, a, W, y, damping)
