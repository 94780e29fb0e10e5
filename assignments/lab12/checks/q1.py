"""Hidden checks of question 1: the best response of ridge regression, and of a layer."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import best_response as responses

SINGLE = "condition below 100: float32 inside gives about 1e-6, every known mistake more than 1e-2"


def _ridge(Phi: Any, t: Any, theta: Any) -> tuple[Any, Any]:
    """Reference's penalties are lambda itself: column j of dw/dtheta is lambda_j times its own."""
    penalties = np.exp(theta)
    w = responses.ridge_best_response(Phi, t, penalties)
    return w, responses.ridge_response_jacobian(Phi, t, penalties) * penalties


def _regression(inputs: Any, examples: int, features: int) -> Any:
    return inputs.given(
        "regression", examples=examples, features=features, seed=inputs.seed("regression")
    )


@check("q1", points=2, title="Minimum and response of ridge regression")
def response_of_ridge(student, inputs):
    problem = _regression(inputs, 17, 5)
    found = student.ridge_response(problem.Phi, problem.t, problem.theta)
    w, R = expect(found, "What ridge_response returns").items(2)
    expect(w, "the minimum").close_to(
        lambda: _ridge(problem.Phi, problem.t, problem.theta)[0], rtol=1e-4, why=SINGLE, points=1
    )
    expect(R, "the response").close_to(
        lambda: _ridge(problem.Phi, problem.t, problem.theta)[1], rtol=1e-4, why=SINGLE, points=1
    )


@check("q1", points=1, title="Fewer examples than features; a single feature", x64=False)
def response_at_the_edges(student, inputs):
    for examples, features in ((2, 4), (5, 1)):
        problem = _regression(inputs, examples, features)
        found = student.ridge_response(problem.Phi, problem.t, problem.theta)
        w, R = expect(found, "What ridge_response returns").items(2)
        for index, (value, what) in enumerate(((w, "the minimum"), (R, "the response"))):
            expect(value, f"{what} for {features} features").close_to(
                lambda problem=problem, index=index: _ridge(problem.Phi, problem.t, problem.theta)[
                    index
                ],
                rtol=1e-3,
                why="float32, and penalties of at least 0.1 beside curvatures of a few",
            )


@check("q1", points=1, title="Response to 12 digits")
def response_to_all_digits(student, inputs):
    problem = _regression(inputs, 12, 4)
    found = student.ridge_response(problem.Phi, problem.t, problem.theta)
    _, R = expect(found, "What ridge_response returns").items(2)
    expect(R, "the response").close_to(
        lambda: _ridge(problem.Phi, problem.t, problem.theta)[1],
        rtol=1e-12,
        why="condition below 100: float64 gives 1e-14, finite differences 1e-9",
    )


def _by_weights(layer: Any, X: Any, embeddings: Any) -> Any:
    """The outputs example by example, through each example's own weights."""
    names = ("W_e", "W_h", "Q", "b_e", "b_h", "C")
    whole = responses.SelfTuningLayer(*(jnp.asarray(layer[name]) for name in names))
    rows = []
    for x, e in zip(X, embeddings, strict=True):
        W, b = responses.best_response_weights(whole, jnp.asarray(e))
        rows.append(W @ x + b)
    return jnp.stack(rows)


def _layer(inputs: Any, fan_in: int, fan_out: int, hypers: int) -> dict[str, np.ndarray]:
    recipe = inputs.given(
        "self_tuning_layer",
        inputs=fan_in,
        outputs=fan_out,
        hypers=hypers,
        seed=inputs.seed("layer"),
    )
    return {name: np.asarray(leaf) for name, leaf in recipe.local().items()}


@check("q1", points=2, title="Outputs of a layer, with hyperparameters for each example")
def outputs_of_a_layer(student, inputs):
    layer = _layer(inputs, 4, 6, 3)
    X, embeddings = inputs.normal(5, 4), inputs.normal(5, 3)
    expect(student.layer_outputs(layer, X, embeddings), "the outputs").close_to(
        lambda: _by_weights(layer, X, embeddings), rtol=1e-4, why="sums of few products in float32"
    )


@check("q1", points=1, title="As many examples as inputs, outputs and hyperparameters; and one")
def outputs_where_shapes_agree(student, inputs):
    for size in (3, 1):
        layer = _layer(inputs, size, size, size)
        X, embeddings = inputs.normal(size, size), 1 + inputs.normal(size, size)
        expect(student.layer_outputs(layer, X, embeddings), f"the outputs, size {size}").close_to(
            lambda layer=layer, X=X, embeddings=embeddings: _by_weights(layer, X, embeddings),
            rtol=1e-3,
            atol=1e-4,
            why="sums of few products in float32, which may cancel in a single output",
        )


@check("q1", points=1, title="Cost and memory of the layer")
def layer_forms_no_weights(student, inputs):
    examples, size, hypers = 64, 64, 16
    layer = _layer(inputs, size, size, hypers)
    X, embeddings = inputs.normal(examples, size), inputs.normal(examples, hypers)
    program = student.program("layer_outputs", layer, X, embeddings)
    plain = inputs.program(lambda X, W, b: X @ W.T + b, X, layer["W_e"], layer["b_e"])
    expect(program(layer, X, embeddings), "The exported layer's output").close_to(
        lambda: _by_weights(layer, X, embeddings), rtol=1e-4, why="sums of products in float32"
    )
    expect(program, "the layer").costs_at_most(4, plain, unit="plain layers")
    expect(program, "the layer").uses_at_most(_FEW_OUTPUTS_BYTES)


# Outputs are 64 x 64 float64 numbers, of 32 kB; weights for each example would take 2 MB.
_FEW_OUTPUTS_BYTES = 300_000


@check("q1", points=2, title="The gated network: its function, and its gates")
def gated_network_is_the_best_response(student, inputs):
    log_penalties = inputs.uniform(-1.0, 0.0), inputs.uniform(0.5, 1.5)
    for sizes in ((13, 4), (3, 5)):
        problem = _regression(inputs, *sizes)
        norms = []
        for log_penalty in log_penalties:
            found = student.gated_network(problem.Phi, problem.t, log_penalty)
            first, second = expect(found, "What gated_network returns").items(2)
            first = expect(first, "the first layer").array((min(sizes), sizes[1]))
            second = expect(second, "the second layer").array((min(sizes),))
            norms.append(np.linalg.norm(first, axis=1))
            expect(first.T @ second, "the network's function, Q^T s,").close_to(
                lambda problem=problem, log_penalty=log_penalty: _common_ridge(
                    problem, log_penalty
                ),
                rtol=1e-4,
                why=SINGLE,
                points=0.25,
            )
        with np.errstate(all="ignore"):
            ratios = norms[1] / norms[0]
        expect(ratios, "how far the gates close, the largest principal component first,").close_to(
            lambda problem=problem: _gate_ratios(problem, log_penalties),
            rtol=1e-4,
            why=SINGLE,
            points=0.5,
        )


def _common_ridge(problem: Any, log_penalty: Any) -> Any:
    penalties = jnp.full(problem.Phi.shape[1], jnp.exp(log_penalty))
    return responses.ridge_best_response(problem.Phi, problem.t, penalties)


def _gate_ratios(problem: Any, log_penalties: Any) -> Any:
    weak, strong = (
        responses.linear_network_gates(jnp.asarray(problem.Phi), jnp.asarray(log_penalty))
        for log_penalty in log_penalties
    )
    return strong / weak
