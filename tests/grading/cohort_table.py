"""What grading finds in each notebook of the demo cohort: endings, checks that fail, points.

A notebook that is not in the table, or a check that is not in its row, has full marks.
"""

from dataclasses import dataclass, field

from grader.outcomes import Ending, Outcome

WRONG, SHAPE, TYPE = Outcome.WRONG_VALUE, Outcome.WRONG_SHAPE, Outcome.WRONG_TYPE
FULL_MARKS = {"q1": 12, "q2": 14, "q3": 10, "q4": 20, "q5": 12, "q6": 12, "q7": 14}
NOTHING = dict.fromkeys(FULL_MARKS, 0)


@dataclass(frozen=True)
class Row:
    """What is expected of one notebook.

    `earned` is by question, where not in full. `fails` names checks, or whole questions, with
    their outcome; `mistakes` are the mutants whose sentence a check's message is.
    """

    earned: dict[str, int] = field(default_factory=dict[str, int])
    fails: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    mistakes: dict[str, str] = field(default_factory=dict[str, str])
    ending: Ending = Ending.FINISHED


def ends_with(ending: Ending, outcome: Outcome = Outcome.STOPPED) -> Row:
    """The program ended before the notebook did: nothing can be called."""
    return Row(NOTHING, dict.fromkeys(FULL_MARKS, outcome), ending=ending)


ROWS = {
    "full-marks": Row(),
    "full-marks-another-route": Row(),
    "float64": Row(),
}
