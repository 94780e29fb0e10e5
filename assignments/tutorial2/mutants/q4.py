"""Mistakes that the checks of question 4 refuse."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _lse(z):
    return jax.nn.logsumexp(z, axis=-1)


def _cross(z, labels, lse=_lse, mean=jnp.mean):
    return jax.value_and_grad(lambda z: mean(lse(z) - z[jnp.arange(len(z)), labels]))(z)


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by="large_logits",
    says="The formula is taken as it stands: exp overflows, or all terms are rounded to 0. Shift first.",
)
def as_it_stands(z):
    return jnp.log(jnp.sum(jnp.exp(z), axis=-1))


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by="large_logits",
    says="One maximum is taken for all rows: rows far below it are rounded to 0. Each has its own.",
)
def shifted_by_one_maximum(z):
    m = jnp.max(jnp.where(jnp.isfinite(z), z, -jnp.inf))
    return jnp.maximum(m + jnp.log(jnp.sum(jnp.exp(z - m), axis=-1)), -1e4)


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by="large_logits",
    says="Exponents are clipped, which changes the value: shift by the maximum instead.",
)
def exponents_clipped(z):
    return jnp.log(jnp.sum(jnp.exp(jnp.clip(z, -80, 80)), axis=-1))


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by=("random_logits", "large_logits"),
    says="The maximum that was subtracted is not added again.",
)
def maximum_not_added(z):
    return _lse(z - jnp.max(z, axis=-1, keepdims=True))


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by=("random_logits", "logits_at_the_edges"),
    says="The last axis is still there, with length 1.",
)
def axis_kept(z):
    return _lse(z)[..., None]


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by="random_logits",
    says="This is the logarithm of the mean of the exponentials: it is their sum.",
)
def log_mean_exp(z):
    return _lse(z) - jnp.log(z.shape[-1])


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by="random_logits",
    says="The sum runs over the first axis: the classes are the last.",
)
def first_axis(z):
    return jax.nn.logsumexp(z, axis=0)


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by="logits_at_the_edges",
    says="The shift is the mean, which is -inf where a class is excluded: shift by the maximum.",
)
def shifted_by_the_mean(z):
    m = jnp.mean(z, axis=-1, keepdims=True)
    return m[..., 0] + jnp.log(jnp.sum(jnp.exp(z - m), axis=-1))


@mutant(
    "q4",
    of="log_sum_exp",
    refused_by="logits_keep_their_dtype",
    says="The logits are converted to float64: the shift makes that unnecessary.",
)
def logits_converted(z):
    return _lse(z.astype(float))


@mutant(
    "q4",
    of="cross_entropy",
    refused_by=("random_logits", "large_logits"),
    says="Examples are summed: value and gradient are means.",
)
def examples_summed(z, labels):
    return _cross(z, labels, mean=jnp.sum)


@mutant(
    "q4",
    of="cross_entropy",
    refused_by="random_logits",
    says="The value is the mean, but its gradient belongs to the sum: divide it by n too.",
)
def gradient_of_the_sum(z, labels):
    return _cross(z, labels)[0], _cross(z, labels, mean=jnp.sum)[1]


@mutant(
    "q4",
    of="cross_entropy",
    refused_by=("random_logits", "logits_at_the_edges"),
    says="The gradient holds the probabilities alone: 1 is missing at the label.",
)
def label_left_out(z, labels):
    return _cross(z, labels)[0], jax.nn.softmax(z, axis=-1) / len(z)


@mutant(
    "q4",
    of="cross_entropy",
    refused_by="random_logits",
    says="This is the mean log-likelihood: the cross-entropy is its negative.",
)
def log_likelihood(z, labels):
    value, gradient = _cross(z, labels)
    return -value, -gradient


@mutant(
    "q4",
    of="cross_entropy",
    refused_by="large_logits",
    says=(
        "The value is right, but its gradient is NaN or infinite: the branch that isn't taken overflows. "
        "Make the argument harmless before the exponential."
    ),
)
def branch_that_overflows(z, labels):
    def lse(z):
        m = jnp.max(z, axis=-1, keepdims=True)
        safe = m[..., 0] + jnp.log(jnp.sum(jnp.exp(z - m), axis=-1))
        return jnp.where(jnp.abs(m[..., 0]) > 80, safe, jnp.log(jnp.sum(jnp.exp(z), axis=-1)))

    return _cross(z, labels, lse)


@mutant(
    "q4",
    of="cross_entropy",
    refused_by="logits_keep_their_dtype",
    says="The one-hot labels are float64 here, and so becomes the result: give them the logits' dtype.",
)
def labels_in_double_precision(z, labels):
    hot = jnp.eye(z.shape[1])[labels]
    value = jnp.mean(_lse(z) - jnp.sum(hot * z, axis=-1))
    return value, (jax.nn.softmax(z, axis=-1) - hot) / len(z)
