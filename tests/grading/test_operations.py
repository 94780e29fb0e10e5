"""What of a solution's compiled code is shared with every student's container."""

import pytest

from grader.grading.operations import functions_in, is_single_operation

GIVEN = {"_apply", "quadratic"}


SHARED = ["matmul", "eigh", "_where", "take_along_axis", "_threefry_split", "_apply"]


@pytest.mark.parametrize("name", SHARED)
def test_single_operations_and_given_code_are_shared(name: str):
    assert is_single_operation(f"jit_{name}-0123abcd-cache", GIVEN, set())


@pytest.mark.parametrize("name", ["gradient", "_gradient", "dot"])
def test_an_operation_whose_name_the_solution_took_is_not_shared(name: str):
    cells = ["import jax", "class A:\n  @jax.jit\n  def  gradient(self): ...", "def dot(x): x"]
    assert is_single_operation(f"jit_{name}-0123abcd-cache", GIVEN, set())
    assert not is_single_operation(f"jit_{name}-0123abcd-cache", GIVEN, functions_in(cells))


@pytest.mark.parametrize("name", ["hvp", "gd_iterates", "_lambda_", "cg", "retrained", "program"])
def test_what_a_solution_compiles_as_a_whole_is_not_shared(name: str):
    assert not is_single_operation(f"jit_{name}-0123abcd-cache", GIVEN, set())


HANDED_TO_JIT = [
    "fast = jax.jit(jax.hessian(loss))",
    "from jax import jit\nx = jit(\n    vmap(loss), static_argnums=0)(1)",
    "search = jax.jit(lambda w: loss(w))",
]


@pytest.mark.parametrize("cell", HANDED_TO_JIT)
def test_what_is_made_of_given_code_and_compiled_as_a_whole_is_not_shared(cell: str):
    """JAX names a function's Hessian after the function."""
    entry = "jit_loss-0123abcd-cache"
    assert is_single_operation(entry, {"loss"}, functions_in(["@jax.jit\ndef f(x): loss(x)"]))
    assert not is_single_operation(entry, {"loss"}, functions_in([cell]))


@pytest.mark.parametrize("name", ["scan", "while", "cond", "map", "reduce_window"])
def test_a_loop_is_not_shared_since_its_body_is_the_solution(name: str):
    """Conjugate gradient is one scan: its machine code would be the answer to question 5."""
    assert not is_single_operation(f"jit_{name}-0123abcd-cache", GIVEN, set())


def test_files_that_are_no_cache_entries_are_not_shared():
    assert not is_single_operation("jit_matmul-0123abcd-atime", GIVEN, set())
    assert not is_single_operation("notes.txt", GIVEN, set())
