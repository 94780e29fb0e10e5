"""Hidden checks of question 4: the deep equilibrium model."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference.papers import deep_equilibrium

SINGLE = "contraction at least 0.6: float32 inside gives about 1e-6, every known mistake over 1e-2"
STEPS = 80  # 0.6^80 is 2e-18


def _model(inputs: Any, **options: Any) -> Any:
    sizes = {"examples": 4, "inputs": 3, "units": 5}
    return inputs.given("tanh_equilibrium", **sizes, seed=inputs.seed("model"), **options)


def _asked(student: Any, model: Any, z_0: Any, num_steps: int = STEPS) -> Any:
    return student.equilibrium_gradient(model.layer, model.loss, z_0, model.theta, num_steps)


def _fixed_point(model: Any) -> Any:
    layer = jax.jit(model.layer)
    z = jnp.asarray(model.z_0)
    for _ in range(STEPS):
        z = layer(z, model.theta)
    return z


def _dense(model: Any) -> Any:
    """Direct term and response by a dense solve with I - J."""
    z = _fixed_point(model)
    g, direct = jax.jit(jax.grad(model.loss, argnums=(0, 1)))(z, model.theta)
    jacobian = partial(deep_equilibrium.equilibrium_jacobian, model.layer)
    flat, unravel = ravel_pytree(direct)
    return unravel(flat + jax.jit(jacobian)(z, model.theta).T @ ravel_pytree(g)[0])


@check("q4", points=1, title="The state after few steps, and after many")
def state_after_iterating(student, inputs):
    model = _model(inputs)
    z_0 = inputs.normal(4, 5)
    expect(student.equilibrium(model.layer, z_0, model.theta, 2), "the state z_2").close_to(
        lambda: model.layer(model.layer(z_0, model.theta), model.theta), rtol=1e-4, why=SINGLE
    )
    expect(student.equilibrium(model.layer, z_0, model.theta, STEPS), "the state").close_to(
        lambda: _fixed_point(model), rtol=1e-4, why=SINGLE
    )


@check("q4", points=2, title="Gradient of the layer's weights")
def gradient_of_the_layer(student, inputs):
    model = _model(inputs, train_readout=False)
    expect(_asked(student, model, inputs.normal(4, 5)), "the gradient").close_to(
        lambda: _dense(model), rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="Gradient with a readout that only the loss depends on")
def gradient_with_a_readout(student, inputs):
    model = _model(inputs)
    expect(_asked(student, model, model.z_0), "the gradient").close_to(
        lambda: _dense(model), rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="A linear layer with a single unit", x64=False)
def gradient_of_one_linear_unit(student, inputs):
    a, b, c = (float(x) for x in inputs.uniform(0.4, 0.6, 3))
    layer = inputs.source("lambda z, theta: theta['a'] * z + theta['b']")
    loss = inputs.source("lambda z, theta: jnp.sum((z - c) ** 2) / 2", c=c)
    theta = {"a": np.asarray(a), "b": np.asarray([b])}
    gradient = student.equilibrium_gradient(layer, loss, np.zeros(1), theta, 60)
    z = b / (1 - a)
    expect(gradient, "the gradient").close_to(
        lambda: {
            "a": np.asarray((z - c) * z / (1 - a)),
            "b": np.asarray([(z - c) / (1 - a)]),
        },
        rtol=1e-3,
        why="float32, contraction at most 0.6; z - c is at least a tenth of z",
    )


@check("q4", points=1, title="The layer applied twice")
def gradient_of_the_layer_twice(student, inputs):
    model = _model(inputs)
    twice = inputs.source("lambda z, theta: f(f(z, theta), theta)", f=model.layer)
    gradient = student.equilibrium_gradient(twice, model.loss, model.z_0, model.theta, STEPS)
    expect(gradient, "the gradient").close_to(
        lambda: _dense(model), rtol=1e-4, why="the same equilibrium; " + SINGLE
    )


@check("q4", points=1, title="Gradient to 12 digits")
def gradient_to_all_digits(student, inputs):
    model = _model(inputs)
    expect(_asked(student, model, model.z_0), "the gradient").close_to(
        lambda: _dense(model),
        rtol=3e-13,
        why="0.6^80 is far below rounding: float64 gives about 1e-15, differences 1e-10",
    )


@check("q4", points=2, title="Work and memory of the gradient")
def gradient_stores_no_iterates(student, inputs):
    steps = 200
    model = inputs.given("tanh_equilibrium", examples=64, inputs=8, units=32, seed=1)
    program = student.program(
        "equilibrium_gradient", model.layer, model.loss, model.z_0, model.theta, steps
    )
    layer = inputs.program(model.layer, model.z_0, model.theta)
    z_0 = inputs.normal(64, 32)
    theta = {**model.theta, "b": model.theta["b"] + 0.1 * inputs.normal(32)}
    expect(program(z_0, theta), "The exported gradient").close_to(
        lambda: _by_fixed_points(model, theta), rtol=1e-4, why=SINGLE
    )
    expect(program, "the gradient").uses_at_most(_FEW_STATES_BYTES)
    expect(program, "the gradient").costs_at_most(
        5 * steps + 20, layer, unit="evaluations of the layer"
    )


# 25 states of 64 x 32 float64 numbers, of 16 kB each.
_FEW_STATES_BYTES = 25 * 64 * 32 * 8


def _by_fixed_points(model: Any, theta: Any) -> Any:
    solver = partial(deep_equilibrium.plain_fixed_point, tolerance=1e-13, max_steps=200)

    def outer(theta: Any) -> Any:
        z = deep_equilibrium.equilibrium(model.layer, jnp.asarray(model.z_0), theta, solver=solver)
        return model.loss(z, theta)

    return jax.jit(jax.grad(outer))(theta)
