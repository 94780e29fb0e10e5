"""Exported programs, read and run in a second container."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grader.checks.declare import Check
from grader.checks.expect import expect
from grader.checks.programs import Program, ProgramRefused, is_traced, shapes_only
from grader.checks.student import LocalBackend, RemoteBackend, Student, StudentFailure
from grader.course import Limits
from grader.grading.analyst import BoxAnalyst
from grader.outcomes import Outcome
from grader.sandbox.conversation import Conversation
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.images import ensure_image
from grader.sandbox.process import ProcessSandbox
from tests.checks.toy import run_body
from tests.sandbox.boxes import CPU, opened, request, run_cells

pytestmark = pytest.mark.docker

NOTEBOOK = """
import os
import jax
import jax.numpy as jnp
import numpy as np

seen = []

def cost(w): return jnp.sum(jnp.tanh(w) ** 4)
def remembered(w):
    seen.append(str(w))
    return jax.grad(cost)(w)
def product(A, x): return A @ x
def squares(w, v): return jax.jvp(jax.grad(cost), (w,), (v,))[1]
def dense(w, v): return jax.hessian(cost)(w) @ v
def looped(w, v):
    return jax.lax.map(lambda e: jnp.vdot(squares(w, e), v), jnp.eye(w.size))
def endless(w): return jax.lax.while_loop(lambda y: jnp.sum(y) > 1e-3, lambda y: y / 2, w)
def calls_back(w): return jax.pure_callback(np.sin, w, w)
def decomposed(A): return jnp.linalg.eigh(A)
def branches(w): return w if w[0] > 0 else -w
def wide(w): return jnp.sum(w[:, None] * jnp.sin(w[None, :]), 1)
def what_was_seen(): return seen
"""
CHECK = Check("a_check", "q1", 4.0, "", lambda s, i: None, 20.0, True)
N = 40
W = np.linspace(0.1, 1.0, N)
V = np.cos(np.arange(N))


def cost(w: Any) -> Any:
    return jnp.sum(jnp.tanh(w) ** 4)


@pytest.fixture(scope="module")
def analyst() -> Iterator[BoxAnalyst]:
    ensure_image(CPU)
    made = BoxAnalyst(DockerSandbox(), request(), Limits())
    yield made
    made.close()


@pytest.fixture(scope="module")
def talk() -> Iterator[Conversation]:
    """The student's own code; unisolated here, since only the analyst is under test."""
    with opened(ProcessSandbox()) as opened_talk:
        run_cells(opened_talk, NOTEBOOK)
        yield opened_talk


@pytest.fixture(scope="module")
def remote(talk: Conversation, analyst: BoxAnalyst) -> RemoteBackend:
    return RemoteBackend(talk, CHECK, call_seconds=20.0, analyst=analyst)


@pytest.fixture(scope="module")
def student(remote: RemoteBackend) -> Student:
    return Student(remote)


def test_a_program_runs_on_values_that_its_author_never_saw(student: Student) -> None:
    program = student.program("remembered", W)
    hidden = W[::-1] * 0.777
    with jax.enable_x64(True):
        expected = np.asarray(jax.grad(cost)(hidden))
    np.testing.assert_allclose(program(hidden), expected, rtol=1e-10)
    (seen,) = student.what_was_seen()
    assert "Tracer" in seen
    assert "0.7" not in seen


@pytest.mark.parametrize(
    ("name", "args"), [("product", (np.eye(3), np.ones(3))), ("squares", (W, V))]
)
def test_a_program_gives_what_its_function_gives(
    student: Student, name: str, args: tuple[Any, ...]
) -> None:
    np.testing.assert_allclose(
        student.program(name, *args)(*args), getattr(student, name)(*args), rtol=1e-12, atol=1e-14
    )


def test_the_facts_are_those_by_hand(student: Student) -> None:
    facts = student.program("product", np.eye(6), np.ones(6)).facts
    assert (facts.flops, facts.unbounded_loops, facts.refused_calls) == (72.0, 0, ())


def test_here_and_in_a_box_a_program_costs_the_same(student: Student, analyst: BoxAnalyst) -> None:
    namespace: dict[str, Any] = {}
    exec(NOTEBOOK, namespace)
    here = Student(LocalBackend(namespace, CHECK, analyst))
    for name in ("squares", "dense", "looped"):
        assert here.program(name, W, V).facts.flops == student.program(name, W, V).facts.flops


def test_a_named_tuple_comes_out_of_a_program_as_a_tuple(student: Student) -> None:
    A = np.diag([3.0, 1.0, 2.0])
    values, vectors = student.program("decomposed", A)(A)
    assert values.tolist() == [1.0, 2.0, 3.0]
    assert vectors.shape == (3, 3)


@pytest.mark.parametrize(
    ("name", "limit", "outcome", "words"),
    [
        ("squares", 6.0, Outcome.PASSED, ""),
        ("dense", 6.0, Outcome.OVER_BUDGET, "gradients' worth of work; 6 are enough."),
        ("looped", 6.0, Outcome.OVER_BUDGET, "gradients' worth of work; 6 are enough."),
    ],
)
def test_a_budget_tells_a_product_from_a_whole_matrix(
    remote: RemoteBackend, name: str, limit: float, outcome: Outcome, words: str
) -> None:
    def body(student: Any, inputs: Any) -> None:
        program = student.program(name, W, V)
        baseline = inputs.program(jax.grad(cost), W)
        expect(program(W, V)).close_to(lambda: jax.hessian(cost)(W) @ V, rtol=1e-9)
        expect(program, "Your product").costs_at_most(limit, baseline)

    result, findings = run_body(body, backend=remote)
    assert (result.outcome, words in result.message) == (outcome, True)
    measured = findings[-1].measured
    assert measured is not None
    assert (measured <= limit) is (outcome is Outcome.PASSED)


def test_memory_has_a_budget_too(remote: RemoteBackend) -> None:
    def body(student: Any, inputs: Any) -> None:
        expect(student.program("squares", W, V)).uses_at_most(100_000, points=3.0)
        expect(student.program("dense", W, V)).uses_at_most(100, points=1.0)

    result, _ = run_body(body, backend=remote)
    assert (result.earned, result.outcome) == (3.0, Outcome.PARTIAL)
    assert "bytes of temporary memory" in result.message


@pytest.mark.parametrize(
    ("per_iteration", "outcome"), [(False, Outcome.OVER_BUDGET), (True, Outcome.PASSED)]
)
def test_a_loop_without_an_end_has_no_total(
    remote: RemoteBackend, per_iteration: bool, outcome: Outcome
) -> None:
    def body(student: Any, inputs: Any) -> None:
        baseline = inputs.program(jax.grad(cost), W)
        expect(student.program("endless", W)).costs_at_most(
            2.0, baseline, per_iteration=per_iteration
        )

    assert run_body(body, backend=remote)[0].outcome is outcome


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("calls_back", Outcome.NOT_EXPORTABLE),
        ("branches", Outcome.NOT_EXPORTABLE),
        ("no_such_name", Outcome.MISSING),
    ],
)
def test_what_is_no_single_program_is_refused(
    student: Student, name: str, outcome: Outcome
) -> None:
    with pytest.raises(StudentFailure) as failed:
        student.program(name, W)
    assert failed.value.outcome is outcome
    assert name in failed.value.message


@pytest.mark.parametrize("serialised", [b"rubbish", bytes(10_000)], ids=["text", "zeros"])
def test_rubbish_for_a_program_is_refused_and_the_next_one_is_read(
    analyst: BoxAnalyst, student: Student, serialised: bytes
) -> None:
    with pytest.raises(ProgramRefused):
        _ = Program(serialised, (), analyst).facts
    assert student.program("product", np.eye(2), np.ones(2)).facts.flops == 8.0


@pytest.mark.parametrize(
    ("value", "traced"),
    [(W, True), ([W, {"a": V}], True), (1.0, False), ([], False), ([W, 1.0], False), ("x", False)],
    ids=["array", "tree", "number", "nothing", "mixed", "text"],
)
def test_only_arrays_become_inputs(value: Any, traced: bool) -> None:
    assert is_traced(value) is traced
    assert (shapes_only(value, x64=True) is value) is not traced
