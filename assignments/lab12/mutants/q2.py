"""Mistakes that the checks of question 2 refuse: the perturbed loss, and a step of self-tuning."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

# --- The perturbed loss --------------------------------------------------------------------------


def _entropy(log_std):
    return jnp.sum(log_std) + len(log_std) * (1 + np.log(2 * np.pi)) / 2


def _mean_loss(loss, response, phi, theta, std, noise):
    def one(n):
        return loss(response(phi, theta + std * n), theta + std * n)

    return jnp.mean(jax.vmap(one)(noise))


LOSS = "loss_under_perturbations"


@mutant(
    "q2",
    of="perturbed_loss",
    refused_by=LOSS,
    says="The entropy is added: it is subtracted, so that a wider perturbation is rewarded.",
)
def entropy_added(loss, response, phi, theta, log_std, noise, entropy_weight):
    mean = _mean_loss(loss, response, phi, theta, jnp.exp(log_std), noise)
    return mean + entropy_weight * _entropy(log_std)


@mutant(
    "q2",
    of="perturbed_loss",
    refused_by=LOSS,
    says="The constant of the entropy is missing: each coordinate adds (1 + log 2 pi) / 2.",
)
def entropy_without_its_constant(loss, response, phi, theta, log_std, noise, entropy_weight):
    mean = _mean_loss(loss, response, phi, theta, jnp.exp(log_std), noise)
    return mean - entropy_weight * jnp.sum(log_std)


@mutant(
    "q2",
    of="perturbed_loss",
    refused_by=LOSS,
    says="log_std is used as the scale itself: the scale is its exponential.",
)
def scale_without_the_exponential(loss, response, phi, theta, log_std, noise, entropy_weight):
    mean = _mean_loss(loss, response, phi, theta, log_std, noise)
    return mean - entropy_weight * _entropy(log_std)


@mutant(
    "q2",
    of="perturbed_loss",
    refused_by=LOSS,
    says="exp(log_std) is used as a variance: it is the standard deviation.",
)
def scale_as_a_variance(loss, response, phi, theta, log_std, noise, entropy_weight):
    mean = _mean_loss(loss, response, phi, theta, jnp.exp(log_std / 2), noise)
    return mean - entropy_weight * _entropy(log_std)


@mutant(
    "q2",
    of="perturbed_loss",
    refused_by=LOSS,
    says=(
        "The loss sees the unperturbed theta: the perturbed hyperparameters go into the response "
        "and into the loss."
    ),
)
def loss_at_the_unperturbed_theta(loss, response, phi, theta, log_std, noise, entropy_weight):
    std = jnp.exp(log_std)
    values = jax.vmap(lambda n: loss(response(phi, theta + std * n), theta))(noise)
    return jnp.mean(values) - entropy_weight * _entropy(log_std)


@mutant(
    "q2",
    of="perturbed_loss",
    refused_by=LOSS,
    says="The response sees the unperturbed theta: then there is nothing to learn it from.",
)
def response_at_the_unperturbed_theta(loss, response, phi, theta, log_std, noise, entropy_weight):
    w, std = response(phi, theta), jnp.exp(log_std)
    values = jax.vmap(lambda n: loss(w, theta + std * n))(noise)
    return jnp.mean(values) - entropy_weight * _entropy(log_std)


@mutant(
    "q2",
    of="perturbed_loss",
    refused_by=LOSS,
    says="The losses of the perturbations are summed: their mean is wanted.",
)
def sum_over_perturbations(loss, response, phi, theta, log_std, noise, entropy_weight):
    mean = _mean_loss(loss, response, phi, theta, jnp.exp(log_std), noise)
    return len(noise) * mean - entropy_weight * _entropy(log_std)


# --- The step --------------------------------------------------------------------------------------


def _trained(training_loss, response, state, noise, step_size):
    phi, std = state["phi"], jnp.exp(state["log_std"])
    for rows in noise:
        slope = jax.grad(
            lambda phi, rows=rows: _mean_loss(
                training_loss, response, phi, state["theta"], std, rows
            )
        )(phi)
        phi = jax.tree.map(lambda p, g: p - step_size * g, phi, slope)
    return phi


def _tuned(validation_loss, response, phi, state, rows, rate, entropy_weight, of=None):
    def tune(theta, log_std):
        mean = _mean_loss(validation_loss, response, phi, theta, jnp.exp(log_std), rows)
        return mean - entropy_weight * _entropy(log_std)

    slopes = jax.grad(of or tune, argnums=(0, 1))(state["theta"], state["log_std"])
    return {
        "phi": phi,
        "theta": state["theta"] - rate * slopes[0],
        "log_std": state["log_std"] - rate * slopes[1],
    }


STEP = ("step_of_a_linear_response", "step_of_a_network")


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=(*STEP, "step_of_an_exact_response"),
    says=(
        "This is the direct gradient alone: the response is detached. theta acts on the validation "
        "loss through the weights w = r(phi, theta), so differentiate through them."
    ),
)
def detached_response(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(training_loss, response, state, noise[:-1], step_size)

    def detached(phi, theta):
        return jax.lax.stop_gradient(response(phi, theta))

    return _tuned(validation_loss, detached, phi, state, noise[-1], hyper_step_size, tau)


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=STEP,
    says=(
        "The hyperparameters are updated first: the response is trained first, then theta and "
        "log_std move at the new phi."
    ),
)
def hyperparameters_first(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    new = _tuned(validation_loss, response, state["phi"], state, noise[-1], hyper_step_size, tau)
    return {**new, "phi": _trained(training_loss, response, new, noise[:-1], step_size)}


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=STEP,
    says=(
        "theta and log_std move at the old phi: their gradient is taken at the phi that the "
        "training updates have just made."
    ),
)
def validation_at_the_old_response(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    new = _tuned(validation_loss, response, state["phi"], state, noise[-1], hyper_step_size, tau)
    return {**new, "phi": _trained(training_loss, response, state, noise[:-1], step_size)}


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=(*STEP, "step_at_the_edges"),
    says=(
        "phi is updated U times: the last row of the noise is for the hyperparameters, and U - 1 "
        "updates are left for phi."
    ),
)
def one_update_too_many(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(training_loss, response, state, noise, step_size)
    return _tuned(validation_loss, response, phi, state, noise[-1], hyper_step_size, tau)


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=STEP,
    says="All updates share one noise: each has its own, noise[u].",
)
def the_same_noise_for_all(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    rows = jnp.stack([noise[0]] * (len(noise) - 1)) if len(noise) > 1 else noise[:0]
    phi = _trained(training_loss, response, state, rows, step_size)
    return _tuned(validation_loss, response, phi, state, noise[0], hyper_step_size, tau)


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=(*STEP, "step_of_an_exact_response"),
    says="The hyperparameters descend on the training loss: they are tuned on the validation loss.",
)
def tuned_on_the_training_loss(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(training_loss, response, state, noise[:-1], step_size)
    return _tuned(training_loss, response, phi, state, noise[-1], hyper_step_size, tau)


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=(*STEP, "step_of_an_exact_response"),
    says="phi is trained on the validation loss: the best response is one to the training loss.",
)
def trained_on_the_validation_loss(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(validation_loss, response, state, noise[:-1], step_size)
    return _tuned(validation_loss, response, phi, state, noise[-1], hyper_step_size, tau)


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=(*STEP, "step_without_noise"),
    says="log_std stays where it is: it is updated together with theta.",
)
def scale_left_alone(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(training_loss, response, state, noise[:-1], step_size)
    new = _tuned(validation_loss, response, phi, state, noise[-1], hyper_step_size, tau)
    return {**new, "log_std": state["log_std"]}


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=(*STEP, "step_without_noise"),
    says="The entropy is left out of the update: its gradient in log_std is 1 in each coordinate.",
)
def step_without_entropy(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(training_loss, response, state, noise[:-1], step_size)
    return _tuned(validation_loss, response, phi, state, noise[-1], hyper_step_size, 0.0)


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=(*STEP, "step_without_noise"),
    says=(
        "The hyperparameters move by the step size of the weights: they have one of their own, "
        "hyper_step_size."
    ),
)
def one_step_size_for_both(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(training_loss, response, state, noise[:-1], step_size)
    return _tuned(validation_loss, response, phi, state, noise[-1], step_size, tau)


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by=STEP,
    says=(
        "The scale has only the entropy's gradient: it enters the validation loss as well, through "
        "the perturbed hyperparameters."
    ),
)
def scale_follows_the_entropy_alone(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(training_loss, response, state, noise[:-1], step_size)

    def tune(theta, log_std):
        std = jax.lax.stop_gradient(jnp.exp(log_std))
        mean = _mean_loss(validation_loss, response, phi, theta, std, noise[-1])
        return mean - tau * _entropy(log_std)

    return _tuned(validation_loss, response, phi, state, noise[-1], hyper_step_size, tau, tune)


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by="step_to_all_digits",
    says=(
        "theta's gradient is a finite difference: there are few hyperparameters, so it is cheap, "
        "but it loses digits. Let grad go through the response."
    ),
)
def theta_by_differences(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    phi = _trained(training_loss, response, state, noise[:-1], step_size)
    new = _tuned(validation_loss, response, phi, state, noise[-1], hyper_step_size, tau)
    eps, std = 1e-4, jnp.exp(state["log_std"])

    def value(theta):
        return _mean_loss(validation_loss, response, phi, theta, std, noise[-1])

    slopes = [
        (value(state["theta"] + eps * e) - value(state["theta"] - eps * e)) / (2 * eps)
        for e in jnp.eye(len(state["theta"]))
    ]
    return {**new, "theta": state["theta"] - hyper_step_size * jnp.stack(slopes)}


@mutant(
    "q2",
    of="self_tuning_step",
    refused_by="step_costs_few_gradients",
    says=(
        "Right, but a loop over basis vectors differentiates the training loss once for each entry "
        "of phi: reverse mode gives all entries at once."
    ),
)
def gradient_by_basis_vectors(
    training_loss, validation_loss, response, state, noise, step_size, hyper_step_size, tau
):
    flat, unravel = ravel_pytree(state["phi"])
    std = jnp.exp(state["log_std"])
    for rows in noise[:-1]:

        def mean(flat, rows=rows):
            return _mean_loss(training_loss, response, unravel(flat), state["theta"], std, rows)

        def entry(i, flat=flat, mean=mean):
            return jax.jvp(mean, (flat,), (jnp.zeros_like(flat).at[i].set(1),))[1]

        flat = flat - step_size * jax.lax.map(entry, jnp.arange(flat.size))
    phi = unravel(flat)
    return _tuned(validation_loss, response, phi, state, noise[-1], hyper_step_size, tau)
