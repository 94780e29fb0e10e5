"""Mistakes that the checks of question 2 refuse: the gradient of the free energy."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

softplus = jax.nn.softplus
VALUES = ("gradient_for_a_regression", "gradient_for_a_classifier", "gradient_at_the_edges")


def _energy(
    log_likelihood, draws, batch, num_examples, prior_std, *, kl=1.0, entropy=1.0, fit=None
):
    """The estimate as a function of mean and rho, with factors for its parts."""
    scale = num_examples / len(jax.tree.leaves(batch)[0]) if fit is None else fit

    def energy(mean, rho):
        def of_draw(eps):
            w = jax.tree.map(lambda m, r, e: m + softplus(r) * e, mean, rho, eps)
            return log_likelihood(w, batch)

        def of_leaf(m, r):
            s = softplus(r)
            return jnp.sum((s**2 + m**2) / (2 * prior_std**2) - entropy * jnp.log(s))

        divergence = sum(jax.tree.leaves(jax.tree.map(of_leaf, mean, rho)))
        return kl * divergence - scale * jnp.mean(jax.vmap(of_draw)(draws))

    return energy


def _pair(energy, mean, rho):
    return jax.grad(energy, argnums=(0, 1))(mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=VALUES,
    says="This is the gradient of the evidence lower bound, uphill: that of the free energy is minus it.",
)
def gradient_of_the_bound(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    pair = _pair(_energy(log_likelihood, draws, batch, num_examples, prior_std), mean, rho)
    return jax.tree.map(jnp.negative, pair)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=VALUES,
    says="The gradient of the divergence is missing: only the likelihood is differentiated.",
)
def likelihood_only(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std, kl=0.0)
    return _pair(energy, mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=VALUES,
    says=(
        "The likelihood doesn't reach the gradient: the draws of the weights are treated as constants. "
        "They depend on mean and rho."
    ),
)
def detached_weights(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std, fit=0.0)
    return _pair(energy, mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=VALUES,
    says="The logarithm of the divergence is missing: without it nothing keeps the weights from s = 0.",
)
def entropy_left_out(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std, entropy=0.0)
    return _pair(energy, mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=VALUES,
    says="In the gradient the log-likelihood isn't multiplied by N / B.",
)
def gradient_not_scaled(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std, fit=1.0)
    return _pair(energy, mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=("gradient_for_a_regression", "gradient_for_a_classifier"),
    says="The gradients of the draws are added up instead of averaged.",
)
def gradients_added_up(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    scale = num_examples * len(jax.tree.leaves(draws)[0]) / len(jax.tree.leaves(batch)[0])
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std, fit=scale)
    return _pair(energy, mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=VALUES,
    says=(
        "The second gradient is the one in s: the chain rule to rho, the derivative of the softplus, is "
        "missing."
    ),
)
def gradient_in_s(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    first, second = _pair(_energy(log_likelihood, draws, batch, num_examples, prior_std), mean, rho)
    return first, jax.tree.map(lambda g, r: g / jax.nn.sigmoid(r), second, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=VALUES,
    says=(
        "The second gradient is the one in log s. Here s = softplus(rho), whose derivative is the "
        "logistic function."
    ),
)
def gradient_in_log_s(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    first, second = _pair(_energy(log_likelihood, draws, batch, num_examples, prior_std), mean, rho)
    return first, jax.tree.map(lambda g, r: g * softplus(r) / jax.nn.sigmoid(r), second, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=VALUES,
    says=(
        "In the gradient in rho the draw eps is missing, which multiplies the gradient in w, draw by "
        "draw."
    ),
)
def draw_missing(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    ones = jax.tree.map(jnp.ones_like, draws)

    def energy(mean, rho):
        # The weights are those of the draws, but move with rho as if every eps were 1.
        shift = jax.tree.map(
            lambda r, e, o: jax.lax.stop_gradient(softplus(r) * (e - o)), rho, draws, ones
        )

        def of_draw(s):
            w = jax.tree.map(lambda m, r, x: m + softplus(r) + x, mean, rho, s)
            return log_likelihood(w, batch)

        def of_leaf(m, r):
            return jnp.sum((softplus(r) ** 2 + m**2) / (2 * prior_std**2) - jnp.log(softplus(r)))

        divergence = sum(jax.tree.leaves(jax.tree.map(of_leaf, mean, rho)))
        scale = num_examples / len(jax.tree.leaves(batch)[0])
        return divergence - scale * jnp.mean(jax.vmap(of_draw)(shift))

    return _pair(energy, mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by=("gradient_for_a_regression", "gradient_for_a_classifier"),
    says=(
        "This is the score-function estimate, log-likelihood times the gradient of log q, which is far "
        "noisier: differentiate through w = m + s eps instead."
    ),
)
def score_function(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    def log_density(mean, rho, w):
        def of_leaf(m, r, w):
            return jnp.sum(-(((w - m) / softplus(r)) ** 2) / 2 - jnp.log(softplus(r)))

        return sum(jax.tree.leaves(jax.tree.map(of_leaf, mean, rho, w)))

    def of_draw(eps):
        w = jax.tree.map(lambda m, r, e: m + softplus(r) * e, mean, rho, eps)
        score = jax.grad(log_density, argnums=(0, 1))(mean, rho, w)
        return jax.tree.map(lambda g: g * log_likelihood(w, batch), score)

    scores = jax.tree.map(lambda g: jnp.mean(g, axis=0), jax.vmap(of_draw)(draws))
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std, fit=0.0)
    scale = num_examples / len(jax.tree.leaves(batch)[0])
    return jax.tree.map(lambda a, b: a - scale * b, _pair(energy, mean, rho), scores)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by="gradient_for_a_classifier",
    says="The gradients are finite differences, which keep about half of the digits.",
)
def gradient_by_differences(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std)
    flat, unravel = ravel_pytree((mean, rho))
    h = 1e-5 * jnp.eye(flat.size)
    value = jax.vmap(lambda v: energy(*unravel(v)))
    return unravel((value(flat + h) - value(flat - h)) / 2e-5)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by="gradient_for_a_classifier",
    says="The gradient went through float32: keep the dtype of the arrays that you are given.",
)
def gradient_in_float32(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    mean, rho, draws = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), (mean, rho, draws))
    batch = {
        name: leaf.astype(jnp.float32) if name == "x" else leaf for name, leaf in batch.items()
    }
    return _pair(_energy(log_likelihood, draws, batch, num_examples, prior_std), mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by="gradient_costs_one_gradient_a_draw",
    says=(
        "Right, but forward mode pushes one basis vector for every mean and every rho through the "
        "network: the gradient of a scalar wants reverse mode."
    ),
)
def gradient_by_forward_mode(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std)
    return jax.jacfwd(energy, argnums=(0, 1))(mean, rho)


@mutant(
    "q2",
    of="free_energy_gradient",
    refused_by="gradient_costs_one_gradient_a_draw",
    says=(
        "Right, but this is a loop over all weights, with a derivative along each: one reverse pass "
        "gives all of them."
    ),
)
def gradient_weight_by_weight(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    energy = _energy(log_likelihood, draws, batch, num_examples, prior_std)
    flat, unravel = ravel_pytree((mean, rho))

    def along(i):
        v = jnp.zeros_like(flat).at[i].set(1.0)
        return jax.jvp(lambda x: energy(*unravel(x)), (flat,), (v,))[1]

    return unravel(jax.lax.map(along, jnp.arange(flat.size)))
