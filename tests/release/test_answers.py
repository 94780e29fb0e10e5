"""Which cells the answers need: the definitions that they refer to, and no plots."""

from pathlib import Path

import pytest

from grader.release.answers import names_defined, names_referred_to
from grader.release.master import answers_source, solution_source

PLOT = """
# %%
raise RuntimeError("a plot")
"""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import jax.numpy as jnp\nfrom math import pi as half_turn", {"jnp", "half_turn"}),
        ("def f(a):\n    b = 1\n\nclass C:\n    d = 2", {"f", "C"}),
        ("x, (y, z) = 1, (2, 3)\nfor i in range(3):\n    x += i", {"x", "y", "z", "i"}),
        ("print(x)", set()),
    ],
)
def test_names_that_a_cell_defines(source: str, names: set[str]):
    assert names_defined(source) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(a):\n    b = a + c\n    return g(b)", {"c", "g"}),
        ("def f():\n    def inner(x):\n        return x + outside\n    return inner", {"outside"}),
        ("y = [w * scale for w in weights]", {"scale", "weights"}),
        ("@decorated\ndef f(a, b=default):\n    pass", {"decorated", "default"}),
    ],
)
def test_names_that_a_cell_takes_from_the_notebook(source: str, names: set[str]):
    assert names_referred_to(source) >= names
    assert not names_referred_to(source) & {"a", "b", "w", "x", "inner"}


def test_what_no_answer_needs_is_not_run(mini: Path, monkeypatch: pytest.MonkeyPatch):
    path = mini / "notebook.py"
    path.write_text(path.read_text() + PLOT)
    monkeypatch.syspath_prepend(str(mini / "given"))
    assert "a plot" in solution_source(mini)
    names: dict[str, object] = {}
    exec(compile(answers_source(mini), "notebook.py", "exec"), names)
    assert callable(names["iterate"])
