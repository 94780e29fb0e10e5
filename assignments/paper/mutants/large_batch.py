"""Mistakes in question 1 for McCandlish et al."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

CHOICE = {"PAPER": "large_batch"}
SCALES = "large_batch_noise_scales"
STEPS = "large_batch_best_steps"
WORKERS = "large_batch_workers"
FIT = "large_batch_trade_off"


def _parts(example_loss, w, X, y):
    """Gradients of the examples, their mean, and the Hessian of the mean loss."""
    flat, unravel = ravel_pytree(w)

    def losses(v):
        return jax.vmap(example_loss, (None, 0, 0))(unravel(v), X, y)

    g = jax.jacrev(losses)(flat)
    return g, jnp.mean(g, axis=0), jax.hessian(lambda v: jnp.mean(losses(v)))(flat)


def _scales(g, G, H, centre, count):
    away = g - centre
    simple = jnp.sum(away**2) / count / (G @ G)
    return simple, jnp.sum((away @ H) * away) / count / (G @ H @ G)


@mutant(
    "q1",
    of="noise_scales",
    refused_by=SCALES,
    says="The covariance is divided by N - 1: batches are drawn from these N examples, so divide by N.",
    where=CHOICE,
)
def scales_of_a_sample(example_loss, w, X, y):
    g, G, H = _parts(example_loss, w, X, y)
    return _scales(g, G, H, G, len(g) - 1)


@mutant(
    "q1",
    of="noise_scales",
    refused_by=SCALES,
    says="The gradients are not centred: the covariance is about their mean.",
    where=CHOICE,
)
def scales_uncentred(example_loss, w, X, y):
    g, G, H = _parts(example_loss, w, X, y)
    return _scales(g, G, H, 0, len(g))


@mutant(
    "q1",
    of="noise_scales",
    refused_by=SCALES,
    says="The sum over examples is not divided by their number.",
    where=CHOICE,
)
def scales_as_sums(example_loss, w, X, y):
    g, G, H = _parts(example_loss, w, X, y)
    return _scales(g, G, H, G, 1)


@mutant(
    "q1",
    of="noise_scales",
    refused_by=SCALES,
    says="The simple noise scale is divided by |G|; it is |G|^2.",
    where=CHOICE,
)
def scales_by_the_norm(example_loss, w, X, y):
    g, G, H = _parts(example_loss, w, X, y)
    simple, curved = _scales(g, G, H, G, len(g))
    return simple * jnp.sqrt(G @ G), curved


@mutant(
    "q1",
    of="noise_scales",
    refused_by=SCALES,
    says="The second noise scale is the first again: the Hessian is missing in it, above and below.",
    where=CHOICE,
)
def scales_without_curvature(example_loss, w, X, y):
    g, G, H = _parts(example_loss, w, X, y)
    simple, _ = _scales(g, G, H, G, len(g))
    return simple, simple


@mutant(
    "q1",
    of="noise_scales",
    refused_by=SCALES,
    says="tr(H) tr(Sigma) / P stands for tr(H Sigma): noise and curvature share directions.",
    where=CHOICE,
)
def scales_with_separate_traces(example_loss, w, X, y):
    g, G, H = _parts(example_loss, w, X, y)
    simple, _ = _scales(g, G, H, G, len(g))
    return simple, simple * (G @ G) * jnp.trace(H) / len(H) / (G @ H @ G)


@mutant(
    "q1",
    of="noise_scales",
    refused_by=SCALES,
    says="Each example's gradient is multiplied with its own Hessian: H is that of the mean loss.",
    where=CHOICE,
)
def scales_with_hessians_of_examples(example_loss, w, X, y):
    g, G, H = _parts(example_loss, w, X, y)
    simple, _ = _scales(g, G, H, G, len(g))
    flat, unravel = ravel_pytree(w)

    def bend(x, y, v):
        H = jax.hessian(lambda u: example_loss(unravel(u), x, y))(flat)
        return v @ H @ v

    return simple, jnp.mean(jax.vmap(bend)(X, y, g - G)) / (G @ H @ G)


def _best(G, H, Sigma, batch_sizes):
    """eps_max, dL_max and B_noise."""
    bend = G @ H @ G
    return G @ G / bend, (G @ G) ** 2 / (2 * bend), jnp.trace(H @ Sigma) / bend


@mutant(
    "q1",
    of="best_steps",
    refused_by=STEPS,
    says="The factor is that of the simple noise scale: the best step feels the noise where it is curved.",
    where=CHOICE,
)
def best_steps_by_the_simple_scale(G, H, Sigma, batch_sizes):
    step, gain, _ = _best(G, H, Sigma, batch_sizes)
    factor = 1 / (1 + jnp.trace(Sigma) / (G @ G) / batch_sizes)
    return step * factor, gain * factor


@mutant(
    "q1",
    of="best_steps",
    refused_by=STEPS,
    says="The gain is twice too large: at the best step the quadratic term takes half of it back.",
    where=CHOICE,
)
def best_steps_with_the_whole_slope(G, H, Sigma, batch_sizes):
    step, gain, scale = _best(G, H, Sigma, batch_sizes)
    factor = 1 / (1 + scale / batch_sizes)
    return step * factor, 2 * gain * factor


@mutant(
    "q1",
    of="best_steps",
    refused_by=STEPS,
    says="This is the gain of the step that is best without noise: each batch size has its own best step.",
    where=CHOICE,
)
def best_steps_of_the_whole_batch(G, H, Sigma, batch_sizes):
    step, gain, scale = _best(G, H, Sigma, batch_sizes)
    return step / (1 + scale / batch_sizes), gain * (1 - scale / batch_sizes)


@mutant(
    "q1",
    of="best_steps",
    refused_by=STEPS,
    says="The noise of the batch is forgotten: its gradient has the second moment G G^T + Sigma / B.",
    where=CHOICE,
)
def best_steps_without_noise(G, H, Sigma, batch_sizes):
    step, gain, _ = _best(G, H, Sigma, batch_sizes)
    return jnp.full_like(batch_sizes, step), jnp.full_like(batch_sizes, gain)


@mutant(
    "q1",
    of="best_steps",
    refused_by=STEPS,
    says="The gain has the factor of the step twice: it is proportional to the best step, not to its "
    "square.",
    where=CHOICE,
)
def best_steps_with_a_squared_gain(G, H, Sigma, batch_sizes):
    step, gain, scale = _best(G, H, Sigma, batch_sizes)
    factor = 1 / (1 + scale / batch_sizes)
    return step * factor, gain * factor**2


@mutant(
    "q1",
    of="best_steps",
    refused_by=STEPS,
    says="The factor is 1 / (1 + B / B_noise), which falls with the batch size: it is the other way round.",
    where=CHOICE,
)
def best_steps_upside_down(G, H, Sigma, batch_sizes):
    step, gain, scale = _best(G, H, Sigma, batch_sizes)
    factor = 1 / (1 + jnp.minimum(batch_sizes, 1e12) / scale)
    return step * factor, gain * factor


def _squares(gradients):
    """|g|^2 of each worker, and of their mean, for every measurement; and W."""
    leaves = jax.tree.leaves(gradients)
    M, W = leaves[0].shape[:2]
    flat = jnp.concatenate([leaf.reshape(M, W, -1) for leaf in leaves], axis=2)
    return jnp.sum(flat**2, axis=2), jnp.sum(jnp.mean(flat, axis=1) ** 2, axis=1), W


def _solved(small, large, b, B):
    return (B * large - b * small) / (B - b), (small - large) / (1 / b - 1 / B)


@mutant(
    "q1",
    of="worker_estimates",
    refused_by=WORKERS,
    says="The noise is that of a worker's gradient, as if the batch sizes were 1 and W: a worker has b "
    "examples, and the noise of one is b times as large.",
    where=CHOICE,
)
def estimates_of_single_examples(gradients, worker_batch):
    # With batches of one this is right.
    small, large, W = _squares(gradients)
    return _solved(jnp.mean(small), jnp.mean(large), 1, W)


@mutant(
    "q1",
    of="worker_estimates",
    refused_by=WORKERS,
    says="A negative estimate of |G|^2 is cut off at 0, which biases it: return it as it is.",
    where=CHOICE,
)
def estimates_cut_off(gradients, worker_batch):
    small, large, W = _squares(gradients)
    square, noise = _solved(jnp.mean(small), jnp.mean(large), worker_batch, W * worker_batch)
    return jnp.maximum(square, 0), noise


@mutant(
    "q1",
    of="worker_estimates",
    refused_by=WORKERS,
    says="The squared norm of the mean over workers is taken for |G|^2: it holds tr(Sigma) / (W b) of noise.",
    where=CHOICE,
)
def estimates_by_the_large_batch(gradients, worker_batch):
    small, large, W = _squares(gradients)
    _, noise = _solved(jnp.mean(small), jnp.mean(large), worker_batch, W * worker_batch)
    return jnp.mean(large), noise


@mutant(
    "q1",
    of="worker_estimates",
    refused_by=WORKERS,
    says="The spread about the workers' mean is divided by W, which is too small: their mean is not G.",
    where=CHOICE,
)
def estimates_by_a_biased_variance(gradients, worker_batch):
    small, large, W = _squares(gradients)
    noise = worker_batch * (jnp.mean(small) - jnp.mean(large))
    return jnp.mean(large) - noise / (W * worker_batch), noise


@mutant(
    "q1",
    of="worker_estimates",
    refused_by=WORKERS,
    says="Gradients are averaged over the measurements before their norm is taken: average the squares.",
    where=CHOICE,
)
def estimates_of_mean_gradients(gradients, worker_batch):
    small, _, W = _squares(gradients)
    leaves = jax.tree.leaves(jax.tree.map(lambda leaf: jnp.mean(leaf, axis=(0, 1)), gradients))
    large = sum(jnp.sum(leaf**2) for leaf in leaves)
    return _solved(jnp.mean(small), large, worker_batch, W * worker_batch)


@mutant(
    "q1",
    of="worker_estimates",
    refused_by=WORKERS,
    says="The workers' gradients are added up: the large batch has their mean.",
    where=CHOICE,
)
def estimates_by_sums_over_workers(gradients, worker_batch):
    small, large, W = _squares(gradients)
    large = W**2 * large
    return _solved(jnp.mean(small), jnp.mean(large), worker_batch, W * worker_batch)


def _fitted(steps, examples, power=0, rcond=None):
    """Least squares with residuals multiplied by a power of the steps."""
    rows = jnp.stack([1 / steps, 1 / examples], axis=1)
    units = jnp.max(rows, axis=0) if rcond is None else jnp.ones(2)
    weights = steps**power
    fit = jnp.linalg.lstsq((rows / units) * weights[:, None], weights, rcond=rcond)[0]
    return fit / units


@mutant(
    "q1",
    of="fit_trade_off",
    refused_by=FIT,
    says="The residuals are multiplied by the steps: the fit is of S_min / S + E_min / E - 1, not of "
    "S_min + E_min / B - S.",
    where=CHOICE,
)
def trade_off_of_steps(steps, examples):
    return tuple(_fitted(steps, examples, power=1))


@mutant(
    "q1",
    of="fit_trade_off",
    refused_by=FIT,
    says="S_min and E_min are the least values seen: no run reaches them, so fit.",
    where=CHOICE,
)
def trade_off_of_the_least(steps, examples):
    return jnp.min(steps), jnp.min(examples)


@mutant(
    "q1",
    of="fit_trade_off",
    refused_by=FIT,
    says="The pair is returned in the order E_min, S_min.",
    where=CHOICE,
)
def trade_off_exchanged(steps, examples):
    least_steps, least_examples = _fitted(steps, examples)
    return least_examples, least_steps


@mutant(
    "q1",
    of="fit_trade_off",
    refused_by=FIT,
    says="The columns of the least-squares problem differ in size by the unit of examples, and the "
    "solver drops the small one: bring them to like size.",
    where=CHOICE,
)
def trade_off_with_a_column_lost(steps, examples):
    rows = jnp.stack([1 / steps, 1 / examples], axis=1)
    return tuple(jnp.linalg.lstsq(rows, jnp.ones(len(rows), rows.dtype))[0])


@mutant(
    "q1",
    of="fit_trade_off",
    refused_by=FIT,
    says="The critical batch size is returned in place of E_min, its product with S_min.",
    where=CHOICE,
)
def trade_off_with_the_critical_batch(steps, examples):
    least_steps, least_examples = _fitted(steps, examples)
    return least_steps, least_examples / least_steps
