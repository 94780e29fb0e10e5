"""Mistakes that the checks of question 7 refuse: Fisher information and natural gradient."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _parts(logits_fn, w, X):
    return jax.jacfwd(logits_fn)(w, X), jax.nn.softmax(logits_fn(w, X))


def _fisher(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="This is J^T J: diag(p) - p p^T, the softmax's own Fisher, is missing in the middle.",
)
def fisher_without_the_softmax(logits_fn, w, X):
    J, _ = _parts(logits_fn, w, X)
    return jnp.einsum("nki,nkj->ij", J, J) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="diag(p) is not the covariance of a draw: p p^T is to be subtracted.",
)
def uncentred_fisher(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    return jnp.einsum("nk,nki,nkj->ij", p, J, J) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="F is an average over the inputs: the 1/N is missing.",
)
def sum_for_mean_over_inputs(logits_fn, w, X):
    return len(X) * _fisher(logits_fn, w, X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says=(
        "The targets are the most likely classes here; the Fisher takes the expectation over all "
        "classes, weighted by the model's probabilities."
    ),
)
def fisher_of_the_likeliest_class(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    score = jax.nn.one_hot(jnp.argmax(p, axis=1), p.shape[1], dtype=p.dtype) - p
    g = jnp.einsum("nk,nki->ni", score, J)
    return g.T @ g / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="One target is drawn for each input: that is an estimate. Sum over the classes exactly.",
)
def sampled_fisher(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    drawn = jax.random.categorical(jax.random.key(0), jnp.log(p))
    g = jnp.einsum("nk,nki->ni", jax.nn.one_hot(drawn, p.shape[1], dtype=p.dtype) - p, J)
    return g.T @ g / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="The classes are weighted equally; the expectation weights them by the model's p.",
)
def equally_weighted_classes(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nki,nkj->ij", centred, centred) / (p.shape[1] * len(X))


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="The softmax runs over the examples (axis 0) instead of the classes (the last axis).",
)
def softmax_over_examples(logits_fn, w, X):
    J = jax.jacfwd(logits_fn)(w, X)
    p = jax.nn.softmax(logits_fn(w, X), axis=0)
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by=("fisher_of_classifiers", "fisher_of_one_example"),
    says="Divided by N - 1: the inputs are all there are, not a sample, so their mean is meant.",
)
def fisher_of_a_sample(logits_fn, w, X):
    J = jax.jacfwd(logits_fn)(w, X)
    p = jax.nn.softmax(logits_fn(w, X))
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / (len(X) - 1)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_large_logits",
    says="exp of a large logit overflows: subtract the largest first, as jax.nn.softmax does.",
)
def overflowing_softmax(logits_fn, w, X):
    J = jax.jacfwd(logits_fn)(w, X)
    e = jnp.exp(logits_fn(w, X))
    p = e / jnp.sum(e, axis=1, keepdims=True)
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(X)


def _scores(logits_fn, w, X, y):
    def log_likelihood(w):
        return jnp.take_along_axis(jax.nn.log_softmax(logits_fn(w, X)), y[:, None], axis=1)[:, 0]

    return jax.jacfwd(log_likelihood)(w)


def _solve(F, gradient, damping):
    return jnp.linalg.solve(F + damping * jnp.eye(len(F), dtype=F.dtype), gradient)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="This is the empirical Fisher, built from the labels: the true one draws from the model.",
)
def empirical_for_true_fisher(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(g.T @ g / len(X), -jnp.mean(g, axis=0), damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="The damping is left out: solve with F + damping I.",
)
def damping_left_out(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return jnp.linalg.pinv(_fisher(logits_fn, w, X)) @ -jnp.mean(g, axis=0)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="You multiply with F; the natural gradient solves with it.",
)
def fisher_for_its_inverse(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    F = _fisher(logits_fn, w, X)
    return (F + damping * jnp.eye(len(w), dtype=F.dtype)) @ -jnp.mean(g, axis=0)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="The sign is that of a descent step: return the direction of ascent, like a gradient.",
)
def descent_direction(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(_fisher(logits_fn, w, X), jnp.mean(g, axis=0), damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="The gradient is of the *mean* negative log-likelihood: yours is of the sum.",
)
def gradient_of_the_sum(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(_fisher(logits_fn, w, X), -jnp.sum(g, axis=0), damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="This is a column of shape (n, 1): the natural gradient is a vector like w.",
)
def column_for_vector(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(_fisher(logits_fn, w, X), -jnp.mean(g, axis=0)[:, None], damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_in_other_coordinates",
    says="Only the diagonal of F is used: a diagonal metric is not invariant under w = T v.",
)
def diagonal_fisher(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return -jnp.mean(g, axis=0) / (jnp.diag(_fisher(logits_fn, w, X)) + damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_in_other_coordinates",
    says="There is damping even where damping is 0, and it depends on the coordinates.",
)
def extra_damping(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(_fisher(logits_fn, w, X), -jnp.mean(g, axis=0), jnp.maximum(damping, 1e-3))


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_in_other_coordinates",
    says="With damping 0 this is the plain gradient: it is not invariant under w = T v.",
)
def gradient_for_natural_gradient(logits_fn, w, X, y, damping):
    return -jnp.mean(_scores(logits_fn, w, X, y), axis=0)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_in_float32",
    says="A difference with step 1e-6 is all rounding in float32: differentiate instead.",
)
def gradient_by_differences(logits_fn, w, X, y, damping):
    eps = 1e-6

    def cost(w):
        scores = jax.nn.log_softmax(logits_fn(w, X))
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))

    basis = jnp.eye(len(w), dtype=w.dtype)
    gradient = jnp.stack([(cost(w + eps * e) - cost(w - eps * e)) / (2 * eps) for e in basis])
    return _solve(_fisher(logits_fn, w, X), gradient, damping)
