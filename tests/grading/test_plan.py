"""A solution is run once when first asked for, and leaves JAX's mode as it was."""

from pathlib import Path

import jax
import pytest

from grader.course import load_course
from grader.grading import plan_grading
from grader.sandbox.process import ProcessSandbox
from tests.toy_course import write_toy_course

IMPORTS = "import jax\nimport jax.numpy as jnp\nimport numpy as np\n"
SETS_THE_MODE = IMPORTS + 'jax.config.update("jax_enable_x64", True)\n'


@pytest.mark.parametrize("within", [True, False])
def test_a_solution_that_sets_the_mode_sets_it_for_nobody_else(tmp_path: Path, within: bool):
    changes = {"assignments/toy/notebook.py": (IMPORTS, SETS_THE_MODE)}
    course = load_course(write_toy_course(tmp_path, changes=changes))
    plan = plan_grading(course, "toy", secret=b"", sandbox=ProcessSandbox(), with_files=False)
    before = jax.config.read("jax_enable_x64")
    with jax.enable_x64(within):
        assert callable(plan.oracle.solution["gradient"])
    assert jax.config.read("jax_enable_x64") == before


def test_what_no_answer_needs_is_run_when_it_is_asked_for(tmp_path: Path):
    end = "# %% [raw]\n# # END QUESTION\n\n# %% [raw]\n# # BEGIN QUESTION\n# name: q2"
    start = "# %% [raw]\n# # BEGIN QUESTION\n# name: q2"
    loose = end.replace(start, f"# %%\nlater = 3.0\n\n{start}")
    changes = {"assignments/toy/notebook.py": (end, loose)}
    course = load_course(write_toy_course(tmp_path, changes=changes))
    plan = plan_grading(course, "toy", secret=b"", sandbox=ProcessSandbox(), with_files=False)
    assert callable(plan.oracle.solution["step"])
    assert "later" not in list(plan.oracle.solution)
    assert plan.oracle.solution["later"] == 3.0
    assert "nowhere" not in plan.oracle.solution
