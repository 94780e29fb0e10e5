"""Every sentence that a report says about an ending, an outcome, a cell or a missing score.

One table each, complete by test. Sentences are for the student: what happened, then what
to do. They never hold a number of the hidden tests.
"""

from dataclasses import dataclass

from grader.gradebook.records import Pending
from grader.outcomes import CellStatus, Ending, Outcome


@dataclass(frozen=True)
class Sentence:
    """A short label, what happened, and what to do about it (may be empty)."""

    label: str
    what: str
    advice: str = ""


ENDINGS: dict[Ending, Sentence] = {
    Ending.FINISHED: Sentence(
        "Ran to the end", "Your notebook ran from the first cell to the last."
    ),
    Ending.TIMEOUT: Sentence(
        "Out of time",
        "Your notebook was still running when its time was up, so it was stopped there.",
        "Look for a loop that does not end, or a size far larger than the question asks for. "
        "“Restart kernel and run all” on your machine shows which cell it is.",
    ),
    Ending.OUT_OF_MEMORY: Sentence(
        "Out of memory",
        "Your notebook asked for more memory than it was allowed and was stopped.",
        "Look for a matrix that is formed in full where a product with a vector is enough, "
        "or a list that grows without end.",
    ),
    Ending.TOO_MANY_PROCESSES: Sentence(
        "Too many processes",
        "Your notebook started more processes or threads than it was allowed and was stopped.",
        "No question needs processes of your own; take that code out.",
    ),
    Ending.OUTPUT_LIMIT: Sentence(
        "Too much output",
        "Your notebook printed more than we can keep and was stopped.",
        "Take out the print inside a loop, or print a summary instead of whole arrays.",
    ),
    Ending.CRASHED: Sentence(
        "Crashed",
        "Python itself crashed while it ran your notebook, below the level of an exception.",
        "Find the last cell that ran (below) and run it alone. Deep recursion is a common cause.",
    ),
    Ending.EXITED: Sentence(
        "Exited early",
        "Your notebook ended Python by itself before our tests were done.",
        "Take out calls such as exit(), quit() or os._exit().",
    ),
    Ending.GARBLED: Sentence(
        "Unreadable answers",
        "What came back from your notebook was not in the form that the grader reads, "
        "so we stopped listening.",
        "Code that writes to open file descriptors or replaces parts of Python can cause this; "
        "take it out.",
    ),
}

OUTCOMES: dict[Outcome, Sentence] = {
    Outcome.PASSED: Sentence("Passed", "The values are right."),
    Outcome.PARTIAL: Sentence(
        "Partly right",
        "Some of the values are right and some are not.",
        "Compare the cases that pass with those that don't.",
    ),
    Outcome.WRONG_VALUE: Sentence(
        "Wrong value",
        "The shape and type are right, but the values are not.",
        "Try your function on a case small enough to work out by hand.",
    ),
    Outcome.WRONG_SHAPE: Sentence(
        "Wrong shape",
        "The result does not have the shape that the question asks for.",
        "Print the shape at each step; a column (n, 1) is not a vector (n,).",
    ),
    Outcome.WRONG_TYPE: Sentence(
        "Wrong type",
        "The result is not the kind of thing that the question asks for.",
        "Check what your function returns on every path, and its dtype.",
    ),
    Outcome.NOT_FINITE: Sentence(
        "NaN or infinity",
        "The result has entries that are NaN or infinite.",
        "Look for a division by zero, a logarithm of zero, or iterates that diverge.",
    ),
    Outcome.MISSING: Sentence(
        "Missing",
        "We could not find this function or variable after running your notebook.",
        "Check its name, and that the cell that defines it runs.",
    ),
    Outcome.RAISED: Sentence(
        "Raised an error",
        "Your code raised an exception when we called it.",
        "Call it with other shapes and other sizes than the public tests use.",
    ),
    Outcome.TIMEOUT: Sentence(
        "Out of time",
        "Your function had not returned when its time was up.",
        "Look for a loop that does not end, or for work that grows too fast with the size.",
    ),
    Outcome.OVER_BUDGET: Sentence(
        "Over budget",
        "The values may be right, but getting them costs more than the question allows.",
        "Look for a matrix that is formed in full where a product with a vector is enough.",
    ),
    Outcome.NOT_EXPORTABLE: Sentence(
        "Cannot be compiled whole",
        "JAX could not turn your function into one compiled program.",
        "Take out prints, callbacks, conversions to NumPy and Python branches on traced values.",
    ),
    Outcome.STOPPED: Sentence(
        "Not reached",
        "Your notebook had ended before we could run every test of this question.",
        "The top of this page says how; once that is mended, they will run.",
    ),
}

# How far a score can be trusted, by whose tests gave it; empty where there is nothing to add.
TRUST: dict[str, str] = {
    "checks": "",
    "otter": "The tests of this assignment are Otter's: they ran in the same process as the "
    "submitted code, which could have tampered with them, so a score is worth less trust here "
    "than where the grader compares values outside.",
}

# In the place of `Pending.UNGRADED`'s where nothing else than grades by hand is there.
UPLOAD_UNGRADED = Sentence(
    "Not final yet",
    "We have your file. People grade it, and not every part of it has been graded yet.",
    "Below is what each part is graded by.",
)

# For who handed in nothing while that was worth something.
COUNTS_ZERO = Sentence(
    "Not submitted",
    "We have no submission from you for this assignment, and it is too late for one: it counts 0.",
    "If you did submit, send us your receipt.",
)

# For those of whom all that was handed in was withdrawn by staff: while there may be time for more,
# and once it counts 0.
WITHDRAWN = Sentence(
    "Withdrawn",
    "The teaching staff took back what was handed in for you, so nothing of it counts.",
    "Ask them if you don't know why. You may hand in again while the assignment is open.",
)
WITHDRAWN_ZERO = Sentence(
    "Withdrawn",
    "The teaching staff took back what was handed in for you, and it is too late to hand in again: "
    "the assignment counts 0.",
    "Ask them if you don't know why.",
)

CELLS: dict[CellStatus, Sentence] = {
    CellStatus.OK: Sentence("Ran", "This cell ran without an error."),
    CellStatus.RAISED: Sentence(
        "Raised an error", "This cell raised an exception; the cells after it still ran."
    ),
    CellStatus.INTERRUPTED: Sentence("Interrupted", "This cell was running when it was stopped."),
    CellStatus.NOT_RUN: Sentence("Not run", "This cell was not reached."),
}

PENDING: dict[Pending, Sentence] = {
    Pending.NOT_SUBMITTED: Sentence(
        "Not submitted",
        "We have no submission from you for this assignment.",
        "If you did submit, send us your receipt.",
    ),
    Pending.LEFT_OUT: Sentence(
        "Not submitted",
        "We have no submission from you for this assignment, and it is too late for one. It is no "
        "part of your total.",
        "If you did submit, send us your receipt.",
    ),
    Pending.EXCUSED: Sentence(
        "Excused",
        "You are excused from this assignment: it is no part of your total.",
        "There is nothing for you to do.",
    ),
    Pending.REFUSED: Sentence(
        "Refused",
        "We could not accept the file that you sent, so nothing was graded.",
        "Save the notebook again, check that it opens, and submit it once more.",
    ),
    Pending.QUEUED: Sentence(
        "In the queue",
        "We have your submission; it is waiting to be graded.",
        "There is nothing for you to do.",
    ),
    Pending.DELAYED: Sentence(
        "Delayed",
        "Something on our side failed while we graded your submission. It is safe with us, "
        "keeps the time at which we received it, and will be graded again.",
        "There is nothing for you to do.",
    ),
    Pending.STALE: Sentence(
        "To be graded again",
        "The tests of this assignment have changed since your submission was graded, "
        "so it will be graded again.",
        "There is nothing for you to do.",
    ),
    Pending.HIDDEN: Sentence(
        "Shown later",
        "Your notebook was run and tested. What hidden tests found is shown once nobody can hand "
        "in on time any more.",
        "What failed in your own cells is below. You may hand in again.",
    ),
    Pending.UNGRADED: Sentence(
        "Not final yet",
        "A part of this assignment is graded by hand, and yours has not been read yet.",
        "The points below are what the automatic tests gave.",
    ),
}
