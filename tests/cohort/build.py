"""Builds the demo cohort: `python -m tests.cohort.build`, from the repository's root.

Every notebook is the solution of problem set 1 with one thing changed, so the cohort stays in
step with the problem set. Folders are named by what their notebook does.
"""

import sys
from pathlib import Path

from grader.release import solution_notebook, starter_notebook
from tests.cohort import attacks, forgeries, mistakes, routes
from tests.cohort.edits import ASSIGNMENT, Edits

SUBMISSIONS = Path(__file__).parents[1] / "submissions"
ROSTER = Path(__file__).parent / "roster.csv"

EDITED = {
    "full-marks-another-route": Edits(
        "Right by other routes: scans for eigenvalues, SVD for solves, reverse for forward mode.",
        answers=routes.ANOTHER_ROUTE,
    ),
    "float64": Edits("Casts all inputs to float64 itself.", cells={"end": routes.FLOAT64}),
    "float32": Edits("Casts all inputs to float32.", cells={"end": routes.FLOAT32}),
    "dense-hessian": Edits("Right, from the whole Hessian.", answers=routes.DENSE_HESSIAN),
    "basis-vector-loop": Edits(
        "Right, by a loop over the basis vectors.", answers=routes.BASIS_VECTOR_LOOP
    ),
    "finite-differences": Edits(
        "The Hessian product as a difference of gradients.", answers=mistakes.FINITE_DIFFERENCES
    ),
    "wrong-sign": Edits(
        "The response Jacobian without its minus sign.", answers=mistakes.WRONG_SIGN
    ),
    "gauss-newton-for-hessian": Edits(
        "A Gauss-Newton product where the Hessian's is asked for.",
        answers=mistakes.GAUSS_NEWTON_FOR_HESSIAN,
    ),
    "hessian-for-gauss-newton": Edits(
        "The Hessian product where Gauss-Newton's is asked for.",
        answers=mistakes.HESSIAN_FOR_GAUSS_NEWTON,
    ),
    "not-a-number": Edits(
        "Conjugate gradient that goes on after convergence: 0/0.", answers=mistakes.NOT_A_NUMBER
    ),
    "wrong-shape": Edits(
        "A column for a vector; a matrix without its last row.", answers=mistakes.WRONG_SHAPE
    ),
    "missing-function": Edits("`whiten` by another name.", renames={"whiten": "whitening"}),
    "crashing-cell": Edits(
        "The cell of question 6 raises before it defines anything.",
        within={"q6": mistakes.CRASHING_CELL},
    ),
    "syntax-error": Edits("The cell of question 3.", within={"q3": mistakes.SYNTAX_ERROR}),
    "endless-loop-in-cell": Edits(
        "The cell of question 7 never comes to its functions.",
        within={"q7": mistakes.ENDLESS_LOOP_IN_CELL},
    ),
    "endless-loop-in-function": Edits(
        "`condition_number` never returns.", answers=mistakes.ENDLESS_LOOP_IN_FUNCTION
    ),
    "crashes-in-function": Edits(
        "`condition_number` takes the Python process down.", answers=mistakes.CRASHES_IN_FUNCTION
    ),
    "ignores-interrupts": Edits(
        "All is right, then a cell that can't be stopped but by killing.",
        cells={"end": attacks.IGNORES_INTERRUPTS},
        hostile=True,
    ),
    "eats-memory": Edits(
        "All is right, then a cell takes all memory.",
        cells={"end": attacks.EATS_MEMORY},
        hostile=True,
    ),
    "fork-bomb": Edits(
        "All is right, then a fork bomb.", cells={"end": attacks.FORK_BOMB}, hostile=True
    ),
    "opens-a-socket": Edits(
        "All is right, but for some calls home.",
        cells={"end": attacks.OPENS_A_SOCKET},
        hostile=True,
    ),
    "prints-a-gigabyte": Edits(
        "All is right, and verbose.", cells={"end": attacks.PRINTS_A_GIGABYTE}, hostile=True
    ),
    "exits-early": Edits(
        "All is right, then the process exits with success.",
        cells={"end": attacks.EXITS_EARLY},
        hostile=True,
    ),
    "leaves-a-daemon": Edits(
        "All is right; a daemon stays behind.", cells={"end": attacks.LEAVES_A_DAEMON}, hostile=True
    ),
    "patches-comparison": Edits(
        "Question 1, garbage, and comparisons that find everything equal.",
        answers=forgeries.GARBAGE,
        cells={"end": forgeries.PATCHES_COMPARISON},
        hostile=True,
    ),
    "forges-messages": Edits(
        "All is right, and the grader's questions are answered before they are asked.",
        cells={"end": forgeries.FORGES_MESSAGES},
        hostile=True,
    ),
    "forges-answers": Edits(
        "Question 1; the runner is made to answer the others with a perfect score.",
        answers=forgeries.GARBAGE,
        cells={"end": forgeries.FORGES_ANSWERS},
        hostile=True,
    ),
    "patches-given-module": Edits(
        "A dense Hessian, and given problems for which that is cheap.",
        answers=routes.DENSE_HESSIAN,
        cells={"end": forgeries.PATCHES_THE_GIVEN_MODULE},
        hostile=True,
    ),
}

HOSTILE = tuple(name for name, edits in EDITED.items() if edits.hostile)

# What a student sends who exported to the wrong format.
NOT_JSON = b"# Problem set 1\n\nimport jax\nprint('a script, not a notebook')\n"


def cohort() -> dict[str, bytes]:
    """Every notebook file of the cohort, by the name of its behaviour."""
    return {
        "full-marks": solution_notebook(ASSIGNMENT),
        "blank": starter_notebook(ASSIGNMENT),
        "not-json": NOT_JSON,
        **{name: edits.notebook() for name, edits in EDITED.items()},
    }


def roster(names: list[str]) -> str:
    """The cohort's students: the behaviour is the identifier and the name."""
    lines = [f"{name},{name.replace('-', ' ').title()},{name}@example.org" for name in names]
    return "\n".join(["student,name,email", *lines]) + "\n"


def files() -> dict[Path, bytes]:
    """All that is built, by path."""
    made = cohort()
    found = {SUBMISSIONS / name / "notebook.ipynb": data for name, data in made.items()}
    return {ROSTER: roster(list(made)).encode(), **found}


def main() -> None:
    """Write the cohort; say what changed."""
    for path, data in files().items():
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
