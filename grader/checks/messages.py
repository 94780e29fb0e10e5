"""The sentences that students read about their checks. One table; no hidden number in any."""

import re

from grader.outcomes import Ending, Outcome

MOST_CHARS = 600
# 0.25, 1e-07, -2.5e+3, numpy's `1.` and `3.e-05`, and whole numbers of five digits and more. A
# line or cell number, and one that ends a sentence, is none of these.
NUMBER = re.compile(
    r"[-+]?(?:\d*\.\d+|\d+\.(?=[eE\]),]| +[-\d]))(?:[eE][-+]?\d+)?"
    r"|[-+]?\d+[eE][-+]?\d+|\d{5,}"
)

ENDINGS = {
    Ending.TIMEOUT: "The program did not stop when its time was up, so it was ended.",
    Ending.OUT_OF_MEMORY: "The program used more memory than is allowed, so it was ended.",
    Ending.TOO_MANY_PROCESSES: "The program tried to start more processes than are allowed.",
    Ending.OUTPUT_LIMIT: "The program printed more than is allowed, so it was ended.",
    Ending.CRASHED: "The Python process crashed.",
    Ending.EXITED: "The program ended the Python process itself (os._exit, for example).",
    Ending.GARBLED: "The program disturbed the grader's messages, so it was ended.",
}


OUT_OF_TIME = (
    "Not run: running the notebook and the checks before this one took all the time that a "
    "submission may take."
)

ENDED_TOO_OFTEN = (
    "Not run: earlier checks of this question ended the program, and it was started again as "
    "often as is allowed."
)


def call_failure(kind: str, text: str, *, name: str, exporting: bool) -> tuple[Outcome, str]:
    """Outcome and sentence for a call that gave no value; `kind` as in `CallFailed`."""
    if kind == "missing":
        return Outcome.MISSING, f"The notebook defines no `{name}` (or the cell that does failed)."
    if kind == "interrupted":
        return Outcome.TIMEOUT, f"`{name}` took longer than is allowed and was interrupted."
    if kind == "unsendable":
        return Outcome.WRONG_TYPE, f"`{name}` returned {mask_numbers(text)}, which is no data."
    if exporting:
        return (
            Outcome.NOT_EXPORTABLE,
            f"`{name}` can't be exported as one JAX program (it must be traceable by jax.jit, "
            f"without callbacks):\n{mask_numbers(text)}",
        )
    return Outcome.RAISED, f"`{name}` raised an error:\n{mask_numbers(text)}"


def stopped(ending: Ending, detail: str) -> tuple[Outcome, str]:
    """Outcome and sentence for a check during which the program ended."""
    outcome = Outcome.TIMEOUT if ending is Ending.TIMEOUT else Outcome.STOPPED
    return outcome, ENDINGS.get(ending, f"The program ended: {detail}")


def mask_numbers(text: str) -> str:
    """The end of a student's own error text, with long numbers hidden.

    An error message can hold what the function was called with; those numbers stay hidden.
    """
    masked = NUMBER.sub("#", text.strip())
    return masked if len(masked) <= MOST_CHARS else "..." + masked[-MOST_CHARS:]
