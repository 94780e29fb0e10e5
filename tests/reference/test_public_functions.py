"""What every public function of `reference` promises: its dtype, its shapes, and to export."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

import beartype
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import jaxtyped

from reference import linear_regression, metrics, problems, pytrees, taylor

MODULES = [pytrees, problems, linear_regression, taylor, metrics]


class Call(NamedTuple):
    """One call. Arguments made of NumPy arrays are the program's inputs, the others are fixed."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    options: Mapping[str, Any] = MappingProxyType({})


rng = np.random.default_rng(0)
SYMMETRIC = np.diag([1.0, 2.0, 5.0])
VECTOR, PHI = rng.normal(size=3), rng.normal(size=(4, 3))
TARGETS, LABELS = rng.normal(size=4), np.array([0, 1, 1, 0])
DESCENT = (SYMMETRIC, VECTOR, VECTOR, 0.1, 6)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
THETA = np.array([0.5, 1.0])
LIMITS = {"tolerance": 1e-6, "max_steps": 9}


def network(w):
    return jnp.tanh(PHI.astype(w["bias"].dtype) @ w["W"]) + w["bias"]


def half_square(z):
    return jnp.mean(jnp.sum(z**2, axis=1)) / 2


def loss(w):
    return half_square(network(w)) + jnp.sum(w["W"] ** 2)


def loss_with_parameters(w, theta):
    return theta[0] * half_square(network(w)) + theta[1] * jnp.sum(w["W"] ** 2)


def logits_fn(w, inputs):
    return inputs @ w["W"] + w["bias"]


def matvec(x):
    return jax.tree.map(lambda leaf: 2 * leaf, x)


CLASSIFIER = (logits_fn, TREE, PHI)
CALLS = [
    Call(pytrees.as_vector, (TREE,)),
    Call(pytrees.as_tree, (rng.normal(size=8),), {"like": TREE}),
    Call(pytrees.inner_product, (TREE, TREE)),
    Call(pytrees.norm, (TREE,)),
    Call(pytrees.plus_multiple, (TREE, 0.5, TREE)),
    Call(problems.linear_examples, (jax.random.key, 4, VECTOR, 0.5)),
    Call(problems.perceptron_outputs, ([{"weights": PHI, "biases": VECTOR}], PHI @ PHI.T)),
    Call(problems.symmetric_matrix, (jax.random.key, VECTOR)),
    Call(linear_regression.gradient_descent_iterates, DESCENT),
    Call(linear_regression.predicted_losses, DESCENT),
    Call(linear_regression.predicted_excess_losses, DESCENT),
    Call(linear_regression.stability_limit, (SYMMETRIC,)),
    Call(linear_regression.condition_number, (SYMMETRIC,)),
    Call(linear_regression.minimum_norm_solution, (PHI, TARGETS)),
    Call(linear_regression.gradient_flow_limit, (PHI, TARGETS, VECTOR)),
    Call(linear_regression.ridge_solution, (PHI, TARGETS, 0.1)),
    Call(linear_regression.excess_risk, (VECTOR, 2 * VECTOR, SYMMETRIC)),
    Call(
        linear_regression.double_descent_risks,
        (PHI, TARGETS, VECTOR, SYMMETRIC, np.array([1, 3, 4])),
        {"penalty": 0.1},
    ),
    Call(linear_regression.input_second_moment, (VECTOR, SYMMETRIC)),
    Call(linear_regression.centred, (PHI,)),
    Call(linear_regression.input_covariance, (PHI,)),
    Call(linear_regression.whitening_transform, (PHI,)),
    Call(taylor.jacobian_vector_product, (network, TREE, TREE)),
    Call(taylor.vector_jacobian_product, (network, TREE, rng.normal(size=(4, 2)))),
    Call(taylor.hessian_vector_product, (loss, TREE, TREE)),
    Call(taylor.gauss_newton_vector_product, (network, half_square, TREE, TREE)),
    Call(taylor.jacobian, (network, TREE)),
    Call(taylor.hessian, (loss, TREE)),
    Call(taylor.gauss_newton_matrix, (network, half_square, TREE)),
    Call(taylor.conjugate_gradient, (matvec, TREE, TREE), {**LIMITS, "preconditioner": matvec}),
    Call(taylor.conjugate_gradient_iterates, (matvec, TREE, 5)),
    Call(taylor.conjugate_gradient_bound, (np.array(7.0), 5)),
    Call(taylor.response_jacobian, (loss_with_parameters, TREE, THETA)),
    Call(taylor.response_vector_product, (loss_with_parameters, TREE, THETA, THETA), LIMITS),
    Call(metrics.gaussian_fisher, (np.array(1.0), np.array(2.0))),
    Call(metrics.softmax_fisher, (VECTOR,)),
    Call(metrics.negative_log_likelihoods, (PHI, LABELS)),
    Call(metrics.fisher_matrix, CLASSIFIER),
    Call(metrics.empirical_fisher_matrix, (*CLASSIFIER, LABELS)),
    Call(metrics.fisher_vector_product, (*CLASSIFIER, TREE)),
    Call(metrics.empirical_fisher_vector_product, (*CLASSIFIER, LABELS, TREE)),
    Call(metrics.natural_gradient, (*CLASSIFIER, LABELS), {"damping": 0.1}),
    Call(
        metrics.natural_gradient_descent_iterates,
        (*CLASSIFIER, LABELS, 0.1, 2),
        {"damping": 0.1},
    ),
]
# Not programs of arrays: they make a function, or parameters from a shape.
NOT_PROGRAMS = {pytrees.on_vectors, problems.perceptron_parameters}

every_call = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.function.__name__)


def with_dtype(argument, dtype):
    """`argument` with its floating NumPy leaves as JAX arrays of `dtype`; a key where one goes."""
    if argument is jax.random.key:
        return jax.random.key(0)

    def converted(leaf):
        if not isinstance(leaf, np.ndarray):
            return leaf
        return jnp.asarray(leaf, dtype if leaf.dtype.kind == "f" else None)

    return jax.tree.map(converted, argument)


def program(call, dtype, function=None):
    """The call as a function of its arrays alone, and those."""
    function = function or call.function
    arguments = [with_dtype(argument, dtype) for argument in call.arguments]
    options = {name: with_dtype(option, dtype) for name, option in call.options.items()}
    places = [i for i, argument in enumerate(arguments) if holds_arrays(argument)]

    def of_arrays(*arrays):
        given = dict(zip(places, arrays, strict=True))
        return function(*[given.get(i, a) for i, a in enumerate(arguments)], **options)

    return of_arrays, [arguments[i] for i in places]


def holds_arrays(argument):
    return all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(argument))


def public_functions(module: ModuleType):
    functions = inspect.getmembers(import_module(module.__name__), inspect.isfunction)
    return {
        function
        for name, function in functions
        if not name.startswith("_") and function.__module__ == module.__name__
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_function_is_in_the_table_and_documented(module):
    functions = public_functions(module)
    assert functions <= {call.function for call in CALLS} | NOT_PROGRAMS
    assert all(function.__doc__ for function in functions)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_call
def test_shapes_are_those_annotated_and_the_dtype_is_kept(call, dtype):
    checked = jaxtyped(typechecker=beartype.beartype)(call.function)
    function, arrays = program(call, dtype, checked)
    results = jax.tree.leaves(jax.eval_shape(function, *arrays))
    assert results
    assert {r.dtype.name for r in results if r.dtype.kind == "f"} == {dtype}


@every_call
def test_program_exports_for_cpu_and_cuda(call):
    function, arrays = program(call, "float32")
    exported = jax.export.export(jax.jit(function), platforms=["cpu", "cuda"])(*arrays)
    assert exported.platforms == ("cpu", "cuda")
    assert "callback" not in exported.mlir_module()
