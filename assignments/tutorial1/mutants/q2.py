"""Mistakes that the checks of question 2 refuse."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _right(loss, X, t, w):
    return jax.value_and_grad(loss, argnums=2)(X, t, w)


@mutant(
    "q2",
    of="descend",
    refused_by=("step_for_a_nonlinear_model", "step_for_weights_of_any_shape"),
    says="The derivative is taken in the first argument, the data: say which one with argnums.",
)
def gradient_in_the_data(loss, X, t, w, step_size):
    value, gradient = jax.value_and_grad(loss)(X, t, w)
    return value, w - step_size * gradient


@mutant(
    "q2",
    of="descend",
    refused_by="step_for_a_nonlinear_model",
    says="The loss is the one after the step: return it at the weights that came in.",
)
def loss_after_the_step(loss, X, t, w, step_size):
    new = w - step_size * _right(loss, X, t, w)[1]
    return loss(X, t, new), new


@mutant(
    "q2",
    of="descend",
    refused_by="step_for_a_nonlinear_model",
    says="The step goes uphill: subtract the gradient.",
)
def uphill(loss, X, t, w, step_size):
    value, gradient = _right(loss, X, t, w)
    return value, w + step_size * gradient


@mutant(
    "q2",
    of="descend",
    refused_by=("step_for_a_nonlinear_model", "step_for_weights_of_any_shape"),
    says="The pair is in the wrong order: the loss first, then the weights.",
)
def step_pair_swapped(loss, X, t, w, step_size):
    value, gradient = _right(loss, X, t, w)
    return w - step_size * gradient, value


@mutant(
    "q2",
    of="descend",
    refused_by="step_for_a_nonlinear_model",
    says="This is the gradient: return the weights after the step.",
)
def gradient_for_weights(loss, X, t, w, step_size):
    return _right(loss, X, t, w)


@mutant(
    "q2",
    of="descend",
    refused_by="step_for_a_nonlinear_model",
    says="The step size is missing: it multiplies the gradient.",
)
def step_size_forgotten(loss, X, t, w, step_size):
    value, gradient = _right(loss, X, t, w)
    return value, w - gradient


@mutant(
    "q2",
    of="descend",
    refused_by="step_for_a_nonlinear_model",
    says="The gradient was brought to length 1: subtract it as it is, times the step size.",
)
def gradient_normalised(loss, X, t, w, step_size):
    value, gradient = _right(loss, X, t, w)
    return value, w - step_size * gradient / jnp.linalg.norm(gradient)


@mutant(
    "q2",
    of="descend",
    refused_by="step_for_a_nonlinear_model",
    says="The gradient is divided by the number of examples: the loss has taken the mean already.",
)
def mean_taken_twice(loss, X, t, w, step_size):
    value, gradient = _right(loss, X, t, w)
    return value, w - step_size * gradient / len(X)


@mutant(
    "q2",
    of="descend",
    refused_by="step_for_weights_of_any_shape",
    says="The weights came back as a vector: they keep the shape in which they came.",
)
def weights_flattened(loss, X, t, w, step_size):
    value, gradient = _right(loss, X, t, w)
    return value, jnp.ravel(w - step_size * gradient)


@mutant(
    "q2",
    of="descend",
    refused_by="step_to_twelve_digits",
    says="The gradient is approximated by differences: let JAX differentiate.",
)
def step_by_differences(loss, X, t, w, step_size):
    h = 1e-5
    basis = jnp.eye(w.size).reshape(-1, *w.shape)
    gradient = jnp.stack([(loss(X, t, w + h * e) - loss(X, t, w - h * e)) / (2 * h) for e in basis])
    return loss(X, t, w), w - step_size * gradient.reshape(w.shape)


@mutant(
    "q2",
    of="descend",
    refused_by="step_to_twelve_digits",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def step_through_float32(loss, X, t, w, step_size):
    value, gradient = _right(loss, *(x.astype(jnp.float32) for x in (X, t, w)))
    return value, w - step_size * gradient


@mutant(
    "q2",
    of="descend",
    refused_by="step_costs_one_gradient",
    says=(
        "Right, but with one forward derivative for each weight. The gradient of a scalar is cheap in "
        "reverse mode."
    ),
)
def gradient_forward(loss, X, t, w, step_size):
    return loss(X, t, w), w - step_size * jax.jacfwd(loss, argnums=2)(X, t, w)


@mutant(
    "q2",
    of="descend",
    refused_by="step_costs_one_gradient",
    says="Right, but gradients are taken that nobody asked for: differentiate in the weights only.",
)
def gradients_in_all_arguments(loss, X, t, w, step_size):
    value, gradients = jax.value_and_grad(loss, argnums=(0, 1, 2))(X, t, w)
    again = jax.grad(loss, argnums=2)(X, t, w + 0 * jnp.sum(gradients[0]))
    return value, w - step_size * again
