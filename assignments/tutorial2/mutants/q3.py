"""Mistakes that the checks of question 3 refuse."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _move(w, slope, step_size):
    return jax.tree.map(lambda p, g: p - step_size * g, w, slope)


def _right(loss, w0, batches, step_size):
    def step(w, batch):
        value, slope = jax.value_and_grad(loss)(w, batch)
        return _move(w, slope, step_size), value

    return jax.lax.scan(step, w0, batches)


@mutant(
    "q3",
    of="train",
    refused_by=("training_of_a_model", "training_at_the_edges"),
    says="The losses are those after each step: record the loss at the weights that the step starts from.",
)
def losses_after_the_steps(loss, w0, batches, step_size):
    def step(w, batch):
        w = _move(w, jax.grad(loss)(w, batch), step_size)
        return w, loss(w, batch)

    return jax.lax.scan(step, w0, batches)


@mutant(
    "q3",
    of="train",
    refused_by="training_of_a_model",
    says="The weights go uphill: subtract the gradient.",
)
def training_uphill(loss, w0, batches, step_size):
    return _right(loss, w0, batches, -step_size)


@mutant(
    "q3",
    of="train",
    refused_by="training_of_a_model",
    says="Every gradient is taken at the start: the carry has to hand the new weights on.",
)
def gradients_at_the_start(loss, w0, batches, step_size):
    def step(w, batch):
        value, slope = jax.value_and_grad(loss)(w0, batch)
        return _move(w, slope, step_size), value

    return jax.lax.scan(step, w0, batches)


@mutant(
    "q3",
    of="train",
    refused_by="training_of_a_model",
    says="Every step uses the first batch: step k has its own.",
)
def first_batch_only(loss, w0, batches, step_size):
    same = jax.tree.map(lambda b: jnp.broadcast_to(b[:1], b.shape), batches)
    return _right(loss, w0, same, step_size)


@mutant(
    "q3",
    of="train",
    refused_by="training_of_a_model",
    says="The batches come in reverse order.",
)
def batches_reversed(loss, w0, batches, step_size):
    return _right(loss, w0, jax.tree.map(lambda b: b[::-1], batches), step_size)


@mutant(
    "q3",
    of="train",
    refused_by=("training_of_a_model", "training_at_the_edges"),
    says="The pair is in the wrong order: the weights first, then the losses.",
)
def training_pair_swapped(loss, w0, batches, step_size):
    return _right(loss, w0, batches, step_size)[::-1]


@mutant(
    "q3",
    of="train",
    refused_by="training_of_a_model",
    says="The weights of all steps were returned: asked for are the last.",
)
def weights_of_all_steps(loss, w0, batches, step_size):
    def step(w, batch):
        value, slope = jax.value_and_grad(loss)(w, batch)
        w = _move(w, slope, step_size)
        return w, (w, value)

    return jax.lax.scan(step, w0, batches)[1]


@mutant(
    "q3",
    of="train",
    refused_by="training_of_a_model",
    says="The step size is divided by the number of steps: each step takes it in full.",
)
def step_size_shared_out(loss, w0, batches, step_size):
    return _right(loss, w0, batches, step_size / len(jax.tree.leaves(batches)[0]))


@mutant(
    "q3",
    of="train",
    refused_by="training_at_the_edges",
    says="The losses of a single step are squeezed to a scalar: their shape is (K,) for K = 1 too.",
)
def losses_squeezed(loss, w0, batches, step_size):
    w, losses = _right(loss, w0, batches, step_size)
    return w, jnp.squeeze(losses)


@mutant(
    "q3",
    of="train",
    refused_by="training_to_twelve_digits",
    says="The gradient is approximated by differences: let JAX differentiate.",
)
def training_by_differences(loss, w0, batches, step_size):
    flat, back = ravel_pytree(w0)
    h = 1e-5 * jnp.eye(flat.size)

    def step(v, batch):
        def value(v):
            return loss(back(v), batch)

        slope = jnp.stack([(value(v + e) - value(v - e)) / 2e-5 for e in h])
        return v - step_size * slope, value(v)

    v, losses = jax.lax.scan(step, flat, batches)
    return back(v), losses


@mutant(
    "q3",
    of="train",
    refused_by="training_to_twelve_digits",
    says="The weights went through float32: keep the dtype that you are given.",
)
def training_through_float32(loss, w0, batches, step_size):
    start, single = jax.tree.map(jnp.float32, (w0, batches))
    return _right(loss, start, single, step_size)


@mutant(
    "q3",
    of="train",
    refused_by="training_takes_one_gradient_a_step",
    says="Right, but each loss is computed twice: value and gradient come from one call.",
)
def loss_computed_twice(loss, w0, batches, step_size):
    def step(w, batch):
        value = loss(w, batch)
        return _move(w, jax.grad(loss)(w, batch), step_size), value

    return jax.lax.scan(step, w0, batches)


@mutant(
    "q3",
    of="train",
    refused_by="training_takes_one_gradient_a_step",
    says="Right, but with one forward derivative for each weight: use reverse mode.",
)
def training_forward(loss, w0, batches, step_size):
    def step(w, batch):
        return _move(w, jax.jacfwd(loss)(w, batch), step_size), loss(w, batch)

    return jax.lax.scan(step, w0, batches)
