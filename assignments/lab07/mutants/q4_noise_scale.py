"""Mistakes that the checks of question 4 refuse: the gradient noise scale."""

import jax.numpy as jnp

from grader.checks import mutant

ALL = ("noise_scale_of_measurements", "noise_scale_is_unbiased", "noise_scale_of_a_faint_gradient")


def _estimates(small, large, small_batch, large_batch):
    square = (large_batch * large - small_batch * small) / (large_batch - small_batch)
    return square, (small - large) / (1 / small_batch - 1 / large_batch)


@mutant(
    "q4",
    of="noise_scale",
    refused_by=ALL,
    says=(
        "The mean squared norm for the large batch is taken for |G|^2. It contains the noise tr Sigma / B "
        "as well, so that B_simple never exceeds B: solve the two equations for both."
    ),
)
def large_batch_for_the_gradient(small_squares, large_squares, small_batch, large_batch):
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    noise = _estimates(small, large, small_batch, large_batch)[1]
    return large, noise, noise / large


@mutant(
    "q4",
    of="noise_scale",
    refused_by=ALL,
    says=(
        "The squared norm for the small batch, times b, is taken for tr Sigma: it contains |G|^2 as well. "
        "Solve the two equations for both."
    ),
)
def small_batch_for_the_noise(small_squares, large_squares, small_batch, large_batch):
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    square = _estimates(small, large, small_batch, large_batch)[0]
    return square, small_batch * small, small_batch * small / square


@mutant(
    "q4",
    of="noise_scale",
    refused_by="noise_scale_of_measurements",
    says=(
        "The ratio is taken for each measurement, and then averaged. The ratios are biased: average "
        "the norms first and divide once."
    ),
)
def mean_of_the_ratios(small_squares, large_squares, small_batch, large_batch):
    square, noise = _estimates(
        small_squares, jnp.resize(large_squares, small_squares.shape), small_batch, large_batch
    )
    return jnp.mean(square), jnp.mean(noise), jnp.mean(noise / square)


@mutant(
    "q4",
    of="noise_scale",
    refused_by=ALL,
    says="The two batch sizes have changed places in |G|^2: the large batch's norm is weighted with B.",
)
def batch_sizes_swapped(small_squares, large_squares, small_batch, large_batch):
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    noise = _estimates(small, large, small_batch, large_batch)[1]
    square = (small_batch * large - large_batch * small) / (small_batch - large_batch)
    return square, noise, noise / square


@mutant(
    "q4",
    of="noise_scale",
    refused_by=ALL,
    says=(
        "tr Sigma is multiplied by 1/b - 1/B where it is to be divided: the difference of the squared "
        "norms is tr Sigma times that."
    ),
)
def noise_multiplied(small_squares, large_squares, small_batch, large_batch):
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    square = _estimates(small, large, small_batch, large_batch)[0]
    noise = (small - large) * (1 / small_batch - 1 / large_batch)
    return square, noise, noise / square


@mutant(
    "q4",
    of="noise_scale",
    refused_by=ALL,
    says="tr Sigma has the wrong sign: it is the small batches whose gradients are longer.",
)
def noise_of_the_wrong_sign(small_squares, large_squares, small_batch, large_batch):
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    square, noise = _estimates(small, large, small_batch, large_batch)
    return square, -noise, -noise / square


@mutant(
    "q4",
    of="noise_scale",
    refused_by=ALL,
    says="The ratio is upside down: B_simple is tr Sigma over |G|^2.",
)
def ratio_upside_down(small_squares, large_squares, small_batch, large_batch):
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    square, noise = _estimates(small, large, small_batch, large_batch)
    return square, noise, square / noise


@mutant(
    "q4",
    of="noise_scale",
    refused_by="noise_scale_is_unbiased",
    says=(
        "The measurements are summed instead of averaged: the two batch sizes may have been measured "
        "for different numbers of batches."
    ),
)
def measurements_summed(small_squares, large_squares, small_batch, large_batch):
    small, large = jnp.sum(small_squares), jnp.sum(large_squares)
    square, noise = _estimates(small, large, small_batch, large_batch)
    return square, noise, noise / square


@mutant(
    "q4",
    of="noise_scale",
    refused_by="noise_scale_is_unbiased",
    says=(
        "Norms are averaged before they are squared: it is the mean of the squared norms in which the "
        "noise adds up."
    ),
)
def square_of_the_mean_norm(small_squares, large_squares, small_batch, large_batch):
    small, large = (jnp.mean(jnp.sqrt(a)) ** 2 for a in (small_squares, large_squares))
    square, noise = _estimates(small, large, small_batch, large_batch)
    return square, noise, noise / square


@mutant(
    "q4",
    of="noise_scale",
    refused_by="noise_scale_of_a_faint_gradient",
    says=(
        "A negative estimate of |G|^2 is replaced: leave it, for cutting it off makes the estimate "
        "biased."
    ),
)
def gradient_cut_off(small_squares, large_squares, small_batch, large_batch):
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    square, noise = _estimates(small, large, small_batch, large_batch)
    square = jnp.abs(square)
    return square, noise, noise / square
