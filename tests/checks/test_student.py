"""A student here and a student in a box: the same checks find the same values."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.declare import Check
from grader.checks.inputs import Inputs
from grader.checks.loading import load_assignment
from grader.checks.programs import NoAnalyst
from grader.checks.student import LocalBackend, RemoteBackend, Student, StudentFailure
from grader.outcomes import Outcome
from grader.sandbox.process import ProcessSandbox
from tests.checks.toy import GIVEN, write_toy
from tests.sandbox.boxes import opened, run_cells

NOTEBOOK = """
import jax
import jax.numpy as jnp
import numpy as np
from collections import namedtuple

Pair = namedtuple("Pair", "first second")
constant = jnp.arange(3.0)
table = {"rates": [0.1, 0.2], "name": "toy"}


def double(x): return 2 * x
def tree(p): return jax.tree.map(lambda leaf: leaf + 1, p)
def apply(f, x): return f(x)
def gradient(cost, w): return jax.grad(cost)(w)
def at_bowl(bowl, w): return bowl.A @ w
def pair(x): return Pair(x, (x, None))
def empty(): return jnp.zeros((0, 3))
def whole(n): return n // 2
def kind(x): return str(jnp.asarray(x).dtype)
def twice(f): return lambda x: f(f(x))
def text(): return "text"
def raises(x): raise ValueError(f"saw {x}")
def keywords(*, a, b=2): return a - b
class Descent:
    def __init__(self, rate): self.rate = rate
    def step(self, w): return w - self.rate * w
def optimizer(rate): return Descent(rate)
def rate_of(o): return o.rate
"""
W = np.array([0.5, -1.5, 2.5])
CHECK = Check("a_check", "q1", 1.0, "", lambda s, i: None, 20.0, True)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inputs]:
    folder = write_toy(tmp_path_factory.mktemp("course"))
    path = list(sys.path)
    yield Inputs(1234, load_assignment(folder).given_module)
    sys.path[:] = path


@pytest.fixture(scope="module")
def remote() -> Iterator[Student]:
    with opened(ProcessSandbox()) as talk:
        run_cells(talk, NOTEBOOK, files={"bowl_given.py": GIVEN.encode()})
        yield Student(RemoteBackend(talk, CHECK, call_seconds=20.0, analyst=NoAnalyst()))


@pytest.fixture(scope="module")
def local() -> Student:
    namespace: dict[str, Any] = {"__name__": "toy_notebook"}
    exec(NOTEBOOK, namespace)
    return Student(LocalBackend(namespace, CHECK))


def same(a: Any, b: Any) -> bool:
    # To the last bits: XLA's optimisations, which other tests of this process turn off, move them.
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and bool(np.allclose(a, b, 1e-14, 0))
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


QUESTIONS: dict[str, Any] = {
    "an array": lambda s, i: s.double(W),
    "float32": lambda s, i: s.double(W.astype(np.float32)),
    "a Python float": lambda s, i: s.double(0.5),
    "a Python int": lambda s, i: s.whole(7),
    "a numpy scalar": lambda s, i: s.double(np.float64(0.5)),
    "a complex number": lambda s, i: s.double(1 + 2j),
    "the kind of an array": lambda s, i: s.kind(W),
    "a tree": lambda s, i: s.tree({"w": [W, W[:1]], "b": (W,)}),
    "a named tuple": lambda s, i: s.pair(1.5),
    "an empty array": lambda s, i: s.empty(),
    "text": lambda s, i: s.text(),
    "a variable": lambda s, i: s.value("constant"),
    "a table": lambda s, i: s.value("table"),
    "keywords": lambda s, i: s.keywords(a=5, b=3),
    "a line of source": lambda s, i: s.apply(i.source("lambda x: jnp.cos(x) * a", a=W), W),
    "a function of the notebook": lambda s, i: s.apply(s.double, W),
    "a given object": lambda s, i: s.at_bowl(i.given("bowl", size=3, seed=5), W),
    "a given function": lambda s, i: s.gradient(i.given("bowl", size=3, seed=5).cost, W),
    "given data": lambda s, i: s.double(i.given("bowl", size=3, seed=5).A),
    "a returned function": lambda s, i: s.twice(s.double)(W),
    "an object's method": lambda s, i: s.optimizer(0.25).step(W),
    "an object passed on": lambda s, i: s.rate_of(s.optimizer(0.25)),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_both_students_give_the_same_value(
    question: Any, local: Student, remote: Student, inputs: Inputs
) -> None:
    here, there = question(local, inputs), question(remote, inputs)
    assert same(here, there), (here, there)


@pytest.mark.parametrize("where", ["local", "remote"])
@pytest.mark.parametrize(
    ("question", "outcome", "words"),
    [
        (lambda s: s.no_such_function(1.0), Outcome.MISSING, "no_such_function"),
        (lambda s: s.value("no_such_value"), Outcome.MISSING, "no_such_value"),
        (lambda s: s.raises(0.5), Outcome.RAISED, "ValueError"),
        (lambda s: s.double(), Outcome.RAISED, "TypeError"),
        (lambda s: s.constant(), Outcome.RAISED, "not callable"),
    ],
    ids=["no function", "no value", "raises", "wrong arguments", "no callable"],
)
def test_both_students_fail_alike(
    where: str, question: Any, outcome: Outcome, words: str, local: Student, remote: Student
) -> None:
    with pytest.raises(StudentFailure) as failed:
        question(local if where == "local" else remote)
    assert failed.value.outcome is outcome
    assert words in failed.value.message


def test_a_students_error_hides_the_numbers_it_saw(remote: Student) -> None:
    with pytest.raises(StudentFailure) as failed:
        remote.raises(0.123456)
    assert "saw #" in failed.value.message
    assert "0.123" not in failed.value.message


@pytest.mark.parametrize("x64", [True, False])
def test_a_check_says_whether_numbers_have_64_bits(x64: bool) -> None:
    check = Check("a_check", "q1", 1.0, "", lambda s, i: None, 20.0, x64)
    namespace: dict[str, Any] = {}
    exec(NOTEBOOK, namespace)
    expected = "float64" if x64 else "float32"
    assert Student(LocalBackend(namespace, check)).kind(W) == expected


def test_the_notebooks_files_are_the_given_ones(tmp_path: Path) -> None:
    with opened(ProcessSandbox()) as talk:
        records = run_cells(
            talk,
            "import bowl_given\nfrom pathlib import Path\nprint(Path('sub/a.txt').read_text())",
            files={"bowl_given.py": GIVEN.encode(), "sub/a.txt": b"beside"},
        )
    assert records[0].output == "beside\n"
