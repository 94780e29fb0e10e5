from types import ModuleType, SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from grader.checks.inputs import Inputs, seed_of

SECRET = b"a secret"


def inputs(*names: str, secret: bytes = SECRET, module: ModuleType | None = None) -> Inputs:
    return Inputs(seed_of(secret, *(names or ("ps", "check"))), module)


def drawn(source: Inputs) -> tuple[Any, ...]:
    """One of everything."""
    return (
        source.seed("tag"),
        source.normal(3).tolist(),
        source.uniform(0, 1, 2).tolist(),
        source.orthogonal(3).tolist(),
        source.spd([1.0, 2.0]).tolist(),
        source.direction({"w": np.ones(2)})["w"].tolist(),
    )


def test_the_same_check_has_the_same_inputs_every_time() -> None:
    assert drawn(inputs()) == drawn(inputs())


@pytest.mark.parametrize(
    "other",
    [
        inputs("ps", "another_check"),
        inputs("ps2", "check"),
        inputs("ps", "check", secret=b"another secret"),
        inputs("psc", "heck"),
    ],
    ids=["check", "assignment", "secret", "a moved letter"],
)
def test_another_check_assignment_or_secret_has_other_inputs(other: Inputs) -> None:
    assert all(a != b for a, b in zip(drawn(inputs()), drawn(other), strict=True))


def test_seeds_of_two_tags_differ_and_do_not_depend_on_what_was_drawn() -> None:
    source = inputs()
    first = source.seed("a")
    source.normal(5)
    assert source.seed("a") == first != source.seed("b")
    assert 0 <= first < 2**31


@pytest.mark.parametrize("size", [1, 2, 7, 20])
def test_an_orthogonal_matrix_is_orthogonal(size: int) -> None:
    q = inputs().orthogonal(size)
    np.testing.assert_allclose(q @ q.T, np.eye(size), atol=1e-13)


def test_orthogonal_matrices_are_rotations_and_reflections() -> None:
    source = inputs()
    signs = {round(float(np.linalg.det(source.orthogonal(3)))) for _ in range(30)}
    assert signs == {-1, 1}


@pytest.mark.parametrize("eigenvalues", [(2.0,), (0.1, 1.0, 10.0), tuple(range(1, 9))])
def test_an_spd_matrix_has_the_eigenvalues_asked_for(eigenvalues: tuple[float, ...]) -> None:
    matrix = inputs().spd(eigenvalues)
    assert np.array_equal(matrix, matrix.T)
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), sorted(eigenvalues), rtol=1e-10)


@pytest.mark.parametrize(
    "tree",
    [np.zeros(4), [np.zeros((2, 3)), np.zeros(())], {"w": np.zeros(5), "b": [np.zeros(1)]}],
    ids=["array", "list", "dict"],
)
def test_a_direction_has_norm_one_and_the_trees_shapes(tree: Any) -> None:
    v = inputs().direction(tree)
    assert jax.tree.structure(v) == jax.tree.structure(tree)
    assert [x.shape for x in jax.tree.leaves(v)] == [x.shape for x in jax.tree.leaves(tree)]
    assert sum(float(np.sum(x**2)) for x in jax.tree.leaves(v)) == pytest.approx(1.0)
    assert all(np.all(x != 0) for x in jax.tree.leaves(v))


def test_numbers_are_float64_and_within_their_bounds() -> None:
    x = inputs().uniform(2.0, 3.0, 1_000)
    assert x.dtype == inputs().normal(2).dtype == np.float64
    assert 2.0 <= x.min() < 2.05
    assert 2.95 < x.max() < 3.0


def test_a_given_object_is_data_and_functions_here() -> None:
    module = ModuleType("toy_module")
    vars(module)["bowl"] = lambda a: SimpleNamespace(A=np.full(2, a), cost=lambda w: w * a)
    found = inputs(module=module).given("bowl", a=3.0)
    assert found.A.tolist() == [3.0, 3.0]
    assert found.cost(2.0) == 6.0
    assert found.wire_form().parts == ("g", "toy_module", "bowl", {"a": 3.0})
    assert found.cost.wire_form().parts[0] == "."


@pytest.mark.parametrize(
    ("module", "error"), [(None, ValueError), (ModuleType("m"), AttributeError)]
)
def test_what_is_not_given_is_an_error_at_once(
    module: ModuleType | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        inputs(module=module).given("bowl")


def test_what_a_trace_builds_first_can_still_be_used_outside() -> None:
    doubling = inputs().source("(lambda two: lambda w: two * w)(jnp.full(3, 2.0))")
    inputs().program(doubling, np.ones(3))
    inputs().program(lambda w, f: f(w), np.ones(3), doubling)
    np.testing.assert_array_equal(doubling(np.ones(3)), 2 * np.ones(3))


def test_a_line_of_source_is_a_function_here_too() -> None:
    function = inputs().source("lambda x: scale * jnp.sum(x)", scale=2.0)
    assert float(function(np.ones(3))) == 6.0
    assert function.wire_form().parts == ("s", "lambda x: scale * jnp.sum(x)", {"scale": 2.0})
