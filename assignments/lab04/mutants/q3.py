"""Mistakes that the checks of question 3 refuse: Kronecker factors of a dense layer."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _extended(a):
    return jnp.concatenate([a, jnp.ones_like(a[:, :1])], axis=1)


def _moment(a):
    extended = _extended(a)
    return extended.T @ extended / len(a)


def _vectors(p):
    """sqrt(p_c) (p - e_c) for every class, shape (K, N, K)."""
    return jnp.sqrt(p.T)[:, :, None] * (p - jnp.eye(p.shape[1], dtype=p.dtype)[:, None, :])


def _pulled(head, a, W, vectors, softmax=jax.nn.softmax):
    """The vectors that `vectors` makes of the probabilities, pulled back to s: (C, N, O)."""
    logits, pull = jax.vjp(head, _extended(a) @ W)
    return jax.vmap(lambda u: pull(u)[0])(vectors(softmax(logits)))


def _summed(g):
    return jnp.einsum("cno,cnp->op", g, g)


def _true(head, a, W):
    return _moment(a), _summed(_pulled(head, a, W, _vectors)) / len(a)


def _labelled(head, a, W, y, reduce):
    def loss(s):
        chosen = jnp.take_along_axis(jax.nn.log_softmax(head(s)), y[:, None], axis=1)
        return -reduce(chosen)

    return jax.grad(loss)(_extended(a) @ W)


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says=(
        "Every class counts the same here: the expectation over targets weighs each class's outer "
        "product with the model's probability of it."
    ),
)
def classes_weighted_equally(head, a, W):
    def vectors(p):
        scores = p - jnp.eye(p.shape[1], dtype=p.dtype)[:, None, :]
        return scores / jnp.sqrt(p.shape[1])

    return _moment(a), _summed(_pulled(head, a, W, vectors)) / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says=(
        "The probability is in the outer products squared: g is multiplied by p_c, and then occurs "
        "twice. It takes the square root."
    ),
)
def probabilities_squared(head, a, W):
    def vectors(p):
        return p.T[:, :, None] * (p - jnp.eye(p.shape[1], dtype=p.dtype)[:, None, :])

    return _moment(a), _summed(_pulled(head, a, W, vectors)) / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says=(
        "The targets are the most probable classes: that is an empirical Fisher with the model's "
        "guesses for labels. The true Fisher takes the expectation over all classes."
    ),
)
def most_probable_class_as_label(head, a, W):
    y = jnp.argmax(head(_extended(a) @ W), axis=1)
    g = _labelled(head, a, W, y, jnp.sum)
    return _moment(a), g.T @ g / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says="G has diag(p) where diag(p) - p p^T is needed: the gradient at class c is p - e_c, not e_c.",
)
def mean_not_subtracted(head, a, W):
    def vectors(p):
        return jnp.sqrt(p.T)[:, :, None] * jnp.eye(p.shape[1], dtype=p.dtype)[:, None, :]

    return _moment(a), _summed(_pulled(head, a, W, vectors)) / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says="G is the mean of J^T J: the logits' own Fisher, between the two Jacobians, is missing.",
)
def logits_fisher_left_out(head, a, W):
    def vectors(p):
        units = jnp.eye(p.shape[1], dtype=p.dtype)[:, None, :]
        return jnp.broadcast_to(units, (p.shape[1], *p.shape))

    return _moment(a), _summed(_pulled(head, a, W, vectors)) / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says="G is a sum over the examples: it needs the mean, as A does.",
)
def sum_over_examples(head, a, W):
    A, G = _true(head, a, W)
    return A, len(a) * G


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says=(
        "G is N^2 times too small: its gradients are those of the mean loss. They must be those of "
        "single examples' losses."
    ),
)
def gradients_of_the_mean_loss(head, a, W):
    A, G = _true(head, a, W)
    return A, G / len(a) ** 2


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says=(
        "You average the gradients before the outer product: each example has an outer product of "
        "its own."
    ),
)
def averaged_before_the_outer_product(head, a, W):
    g = jnp.mean(_pulled(head, a, W, _vectors), axis=1)
    return _moment(a), g.T @ g


@mutant(
    "q3",
    of="true_factors",
    refused_by=("true_factors_of_layers", "factors_of_one_example"),
    says="A lacks the homogeneous coordinate: the biases are the last row of W.",
)
def homogeneous_coordinate_left_out(head, a, W):
    A, G = _true(head, a, W)
    return A[:-1, :-1], G


@mutant(
    "q3",
    of="true_factors",
    refused_by=("true_factors_of_layers", "factors_of_one_example"),
    says="The homogeneous coordinate comes first in your A: here it is last, like the biases in W.",
)
def homogeneous_coordinate_first(head, a, W):
    A, G = _true(head, a, W)
    return jnp.roll(A, (1, 1), (0, 1)), G


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says="A is the covariance: K-FAC's A is the second moment, with no mean subtracted.",
)
def covariance_for_second_moment(head, a, W):
    extended = _extended(a - a.mean(axis=0))
    return extended.T @ extended / len(a), _true(head, a, W)[1]


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_of_layers",
    says="The factors are in the other order: A, of the inputs, comes first.",
)
def factors_swapped(head, a, W):
    return _true(head, a, W)[::-1]


@mutant(
    "q3",
    of="true_factors",
    refused_by="factors_of_one_example",
    says=(
        "You divide by N - 1, as for a sample covariance: the expectation is the mean over the N "
        "examples, and there may be one only."
    ),
)
def divided_by_one_less(head, a, W):
    A, G = _true(head, a, W)
    factor = len(a) / jnp.asarray(len(a) - 1, A.dtype)
    return factor * A, factor * G


@mutant(
    "q3",
    of="true_factors",
    refused_by="factors_of_large_logits",
    says=(
        "exp overflows or vanishes when all logits are large or very negative: subtract their "
        "maximum, as softmax does."
    ),
)
def softmax_by_hand(head, a, W):
    def softmax(z):
        return jnp.exp(z) / jnp.sum(jnp.exp(z), axis=1, keepdims=True)

    return _moment(a), _summed(_pulled(head, a, W, _vectors, softmax)) / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="factors_to_all_digits",
    says=(
        "The Jacobian of the head is a finite difference: it keeps about half of the digits. Use "
        "vector-Jacobian products."
    ),
)
def finite_differences(head, a, W):
    s, h = _extended(a) @ W, 1e-5

    def column(e):
        return (head(s + h * e) - head(s - h * e)) / (2 * h)

    J = jax.vmap(column, out_axes=2)(jnp.eye(s.shape[1], dtype=s.dtype))
    p = jax.nn.softmax(head(s))
    centred = J - jnp.einsum("nk,nko->no", p, J)[:, None]
    return _moment(a), jnp.einsum("nk,nko,nkq->oq", p, centred, centred) / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="factors_to_all_digits",
    says="A constant is added to the probabilities before the root: none is needed, sqrt(0) is 0.",
)
def constant_under_the_root(head, a, W):
    def vectors(p):
        root = jnp.sqrt(p.T + 1e-10)
        return root[:, :, None] * (p - jnp.eye(p.shape[1], dtype=p.dtype)[:, None, :])

    return _moment(a), _summed(_pulled(head, a, W, vectors)) / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_cost_few_gradients",
    says=(
        "Right, but the Jacobian of all logits in all pre-activations is formed, and most of it is "
        "zero: a pull-back of one vector an example serves all examples at once."
    ),
)
def whole_jacobian(head, a, W):
    s = _extended(a) @ W
    J = jnp.einsum("nknq->nkq", jax.jacrev(head)(s))
    p = jax.nn.softmax(head(s))
    centred = J - jnp.einsum("nk,nko->no", p, J)[:, None]
    return _moment(a), jnp.einsum("nk,nko,nkq->oq", p, centred, centred) / len(a)


@mutant(
    "q3",
    of="true_factors",
    refused_by="true_factors_cost_few_gradients",
    says=(
        "Right, but every example has a pass through the whole batch of its own: a loop over "
        "examples and classes is N times too much work."
    ),
)
def loop_over_examples(head, a, W):
    logits, pull = jax.vjp(head, _extended(a) @ W)
    vectors = _vectors(jax.nn.softmax(logits))

    def of_example(n):
        mask = (jnp.arange(len(a)) == n)[:, None]
        g = jax.vmap(lambda u: pull(jnp.where(mask, u, 0))[0])(vectors)
        return _summed(g)

    return _moment(a), jnp.sum(jax.lax.map(of_example, jnp.arange(len(a))), axis=0) / len(a)


# --- Empirical factors ----------------------------------------------------------------------------


@mutant(
    "q3",
    of="empirical_factors",
    refused_by="empirical_factors_of_layers",
    says="These are the true factors: the empirical Fisher takes the labels y for targets.",
)
def true_for_empirical(head, a, W, y):
    return _true(head, a, W)


@mutant(
    "q3",
    of="empirical_factors",
    refused_by="empirical_factors_of_layers",
    says=(
        "The empirical G is N^2 times too small: its gradients are those of the mean loss. They must "
        "be those of single examples' losses."
    ),
)
def labels_with_the_mean_loss(head, a, W, y):
    g = _labelled(head, a, W, y, jnp.mean)
    return _moment(a), g.T @ g / len(a)


@mutant(
    "q3",
    of="empirical_factors",
    refused_by="empirical_factors_of_layers",
    says="The empirical G is a sum over the examples: it needs the mean, as A does.",
)
def labels_summed(head, a, W, y):
    g = _labelled(head, a, W, y, jnp.sum)
    return _moment(a), g.T @ g


@mutant(
    "q3",
    of="empirical_factors",
    refused_by="empirical_factors_of_layers",
    says=(
        "This is the outer product of the mean gradient: each example has an outer product of its "
        "own, and these are averaged."
    ),
)
def outer_product_of_the_mean(head, a, W, y):
    g = jnp.mean(_labelled(head, a, W, y, jnp.sum), axis=0)
    return _moment(a), jnp.outer(g, g)
