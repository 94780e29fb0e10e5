"""Mistakes that the checks of question 1 refuse: Langevin dynamics, its stationary covariance."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _size(batches):
    return jax.tree.leaves(batches)[0].shape[1]


def _at(tree, k):
    return jax.tree.map(lambda leaf: leaf[k], tree)


def _path(w, steps, move):
    """w and what `move(w, k)` makes of it, along a new first axis."""
    path = [w]
    for k in range(steps):
        path.append(move(path[-1], k))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


def _langevin(log_likelihood, w, batches, noise, eps, *, data=1.0, prior=1.0, drift=1.0, kick=None):
    """SGLD with factors for the likelihood's and the prior's part, the drift and the noise."""
    kick = kick or (lambda e: jnp.sqrt(2 * e))

    def move(w, k):
        g = jax.grad(log_likelihood)(w, _at(batches, k))
        e = eps[k]
        return jax.tree.map(
            lambda p, g, xi: p - drift * e * (prior * p - data * g) + kick(e) * xi,
            w,
            g,
            _at(noise, k),
        )

    return _path(w, len(eps), move)


ALL = ("sgld_on_regressions", "sgld_on_a_classifier", "sgld_at_the_edges")
NETWORKS = ("sgld_on_regressions", "sgld_on_a_classifier")


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says=(
        "The step is that of Welling and Teh, half the gradient and noise of variance eps. Here eps "
        "multiplies the whole gradient, and the noise has variance 2 eps."
    ),
)
def welling_and_teh(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    scale = num_examples / _size(batches)
    return _langevin(
        log_likelihood,
        w_0,
        batches,
        noise,
        step_sizes,
        data=scale,
        prior=prior_std**-2,
        drift=0.5,
        kick=jnp.sqrt,
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says="The noise has the variance eps: with the whole gradient it needs 2 eps.",
)
def half_the_variance(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    scale = num_examples / _size(batches)
    return _langevin(
        log_likelihood,
        w_0,
        batches,
        noise,
        step_sizes,
        data=scale,
        prior=prior_std**-2,
        kick=jnp.sqrt,
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says=(
        "The noise is multiplied by 2 eps, which is its variance: its standard deviation is the "
        "square root."
    ),
)
def variance_for_deviation(
    log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes
):
    return _langevin(
        log_likelihood,
        w_0,
        batches,
        noise,
        step_sizes,
        data=num_examples / _size(batches),
        prior=prior_std**-2,
        kick=lambda e: 2 * e,
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says="The noise is missing: this is gradient descent.",
)
def descent_without_noise(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    return _langevin(
        log_likelihood,
        w_0,
        batches,
        noise,
        step_sizes,
        data=num_examples / _size(batches),
        prior=prior_std**-2,
        kick=lambda e: 0.0,
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says=(
        "The log-likelihood of the batch isn't scaled up: a batch stands for all N examples, so its sum "
        "is multiplied by N / B."
    ),
)
def batch_not_scaled(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    return _langevin(log_likelihood, w_0, batches, noise, step_sizes, prior=prior_std**-2)


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=NETWORKS,
    says=(
        "The log-likelihood is multiplied by N, as if it were the mean over the batch. It is the sum: "
        "divide by B as well."
    ),
)
def sum_taken_for_mean(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    return _langevin(
        log_likelihood,
        w_0,
        batches,
        noise,
        step_sizes,
        data=num_examples,
        prior=prior_std**-2,
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says="The prior's part is multiplied by N / B too: it is there once, however many examples.",
)
def prior_scaled_too(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    scale = num_examples / _size(batches)
    return _langevin(
        log_likelihood, w_0, batches, noise, step_sizes, data=scale, prior=scale * prior_std**-2
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says="The prior is missing from the gradient.",
)
def prior_left_out(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    scale = num_examples / _size(batches)
    return _langevin(log_likelihood, w_0, batches, noise, step_sizes, data=scale, prior=0.0)


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says="The weights are divided by tau: the gradient of |w|^2 / 2 tau^2 has its square.",
)
def prior_std_not_squared(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    scale = num_examples / _size(batches)
    return _langevin(
        log_likelihood, w_0, batches, noise, step_sizes, data=scale, prior=1 / prior_std
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says="This goes up U, away from the posterior: the gradient of U is subtracted.",
)
def upwards(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    return _langevin(
        log_likelihood,
        w_0,
        batches,
        noise,
        step_sizes,
        data=num_examples / _size(batches),
        prior=prior_std**-2,
        drift=-1.0,
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by="sgld_on_regressions",
    says="Every step has the first step size: step k has eps_k, in the noise as well.",
)
def first_step_size_always(
    log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes
):
    return _langevin(
        log_likelihood,
        w_0,
        batches,
        noise,
        jnp.broadcast_to(step_sizes[:1], step_sizes.shape),
        data=num_examples / _size(batches),
        prior=prior_std**-2,
    )


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by=ALL,
    says="The start is missing: the path has K + 1 points, and the first is w_0.",
)
def without_the_start(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    path = _langevin(
        log_likelihood,
        w_0,
        batches,
        noise,
        step_sizes,
        data=num_examples / _size(batches),
        prior=prior_std**-2,
    )
    return jax.tree.map(lambda leaf: leaf[1:], path)


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by="sgld_to_all_digits",
    says="The gradient is a finite difference, which keeps about half of the digits: use jax.grad.",
)
def gradient_by_differences(
    log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes
):
    flat, unravel = ravel_pytree(w_0)
    h = 1e-5 * jnp.eye(flat.size)

    def slope(w, batch):
        value = jax.vmap(lambda v: log_likelihood(unravel(v), batch))
        v = ravel_pytree(w)[0]
        return unravel((value(v + h) - value(v - h)) / 2e-5)

    def move(w, k):
        e = step_sizes[k]
        return jax.tree.map(
            lambda p, g, xi: (
                p
                - e * (p / prior_std**2 - num_examples / _size(batches) * g)
                + jnp.sqrt(2 * e) * xi
            ),
            w,
            slope(w, _at(batches, k)),
            _at(noise, k),
        )

    return _path(w_0, len(step_sizes), move)


@mutant(
    "q1",
    of="sgld_iterates",
    refused_by="sgld_to_all_digits",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def path_in_float32(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    def single(tree):
        return jax.tree.map(lambda leaf: leaf.astype(jnp.float32), tree)

    path = _langevin(
        log_likelihood,
        single(w_0),
        {**batches, "x": batches["x"].astype(jnp.float32)},
        single(noise),
        step_sizes.astype(jnp.float32),
        data=num_examples / _size(batches),
        prior=prior_std**-2,
    )
    return single(path)
