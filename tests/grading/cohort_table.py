"""What grading finds in each notebook of the demo cohort: endings, checks that fail, points.

What a row doesn't name has full marks. Points are written down as well as outcomes, so that
neither follows from the other.
"""

from dataclasses import dataclass, field

from grader.outcomes import Ending, Outcome

WRONG, SHAPE, TYPE = Outcome.WRONG_VALUE, Outcome.WRONG_SHAPE, Outcome.WRONG_TYPE
FULL_MARKS = {"q1": 12, "q2": 12, "q3": 10, "q4": 16, "q5": 12, "q6": 12, "q7": 12, "q8": 8}
NOTHING = dict.fromkeys(FULL_MARKS, 0)

# Any failure will do.
ANY = None


@dataclass(frozen=True)
class Row:
    """What is expected of one notebook.

    `earned` is by question, where not in full. `fails` names checks, or questions for all of
    their checks, with the outcome. `mistakes` says by check which mutant's sentence is told.
    """

    earned: dict[str, int] = field(default_factory=dict[str, int])
    fails: dict[str, Outcome | None] = field(default_factory=dict[str, Outcome | None])
    mistakes: dict[str, str] = field(default_factory=dict[str, str])
    ending: Ending = Ending.FINISHED


def ended(ending: Ending, outcome: Outcome = Outcome.STOPPED) -> Row:
    """The program was over before anything could be asked of it."""
    return Row(NOTHING, dict.fromkeys(FULL_MARKS, outcome), ending=ending)


def only_question_1(**fails: Outcome) -> Row:
    """Question 1 is answered honestly; the rest earns nothing, whatever it pretends."""
    earned = {**NOTHING, "q1": FULL_MARKS["q1"]}
    return Row(earned, {**{question: ANY for question in earned if question != "q1"}, **fails})


RIGHT = {
    "full-marks": Row(),
    "full-marks-another-route": Row(),
    "float64": Row(),
}

# Right values that lose points: too dear, or with too few digits where digits are asked for.
DEAR_OR_COARSE = {
    "dense-hessian": Row({"q4": 14}, {"hvp_costs_few_gradients": Outcome.OVER_BUDGET}),
    "basis-vector-loop": Row({"q4": 14}, {"hvp_costs_few_gradients": Outcome.OVER_BUDGET}),
    "float32": Row(
        {"q3": 9, "q4": 13, "q5": 10, "q6": 11, "q8": 6},
        {
            "whitening_far_off_centre": WRONG,
            "hvp_to_all_digits": WRONG,
            "gnvp_to_all_digits": WRONG,
            "cg_solves_ill_conditioned_system": WRONG,
            "response_to_ten_digits": WRONG,
            "mirror_step_of_huge_gradients": WRONG,
            "divergence_to_twelve_digits": WRONG,
        },
    ),
    "finite-differences": Row(
        {"q4": 14}, {"hvp_to_all_digits": WRONG}, {"hvp_to_all_digits": "central_difference"}
    ),
}

MISTAKEN = {
    "wrong-sign": Row(
        {"q6": 0},
        {"q6": WRONG},
        {
            "response_of_ridge": "response_without_the_sign",
            "response_of_logistic_regression": "response_without_the_sign",
            "response_in_other_coordinates": "response_without_the_sign",
        },
    ),
    "gauss-newton-for-hessian": Row(
        {"q4": 9},
        {
            "hvp_of_networks": WRONG,
            "hvp_to_all_digits": WRONG,
            "hvp_costs_few_gradients": WRONG,
        },
    ),
    "hessian-for-gauss-newton": Row(
        {"q4": 10},
        {
            "gnvp_of_networks": WRONG,
            "gnvp_to_all_digits": WRONG,
            "gnvp_costs_few_gradients": WRONG,
        },
        {"gnvp_of_networks": "hessian_for_gauss_newton"},
    ),
    "not-a-number": Row(
        {"q5": 8},
        {
            "cg_stays_after_convergence": Outcome.NOT_FINITE,
            "cg_of_zero": Outcome.NOT_FINITE,
            "cg_in_float32": Outcome.NOT_FINITE,
        },
    ),
    "wrong-shape": Row(
        {"q2": 10, "q3": 8},
        {"limit_of_gradient_descent": SHAPE, "second_moment_of_inputs": SHAPE},
    ),
}

UNFINISHED = {
    "blank": Row(NOTHING, dict.fromkeys(FULL_MARKS, ANY)),
    "not-json": Row(NOTHING, {}, ending=Ending.CRASHED),
    "missing-function": Row(
        {"q3": 6},
        {
            "whitening_of_correlated_inputs": Outcome.MISSING,
            "whitening_far_off_centre": Outcome.MISSING,
            "whitening_of_rotated_inputs": Outcome.MISSING,
        },
    ),
    "crashing-cell": Row({"q6": 0}, {"q6": Outcome.MISSING}),
    "syntax-error": Row({"q3": 0}, {"q3": Outcome.MISSING}),
    "endless-loop-in-cell": Row({"q7": 0}, {"q7": Outcome.MISSING}),
    "endless-loop-in-function": Row({"q3": 9}, {"condition_at_any_scale": Outcome.TIMEOUT}),
    "crashes-in-function": Row({"q3": 9}, {"condition_at_any_scale": Outcome.STOPPED}),
}

ATTACKS = {
    "ignores-interrupts": ended(Ending.TIMEOUT, Outcome.TIMEOUT),
    "eats-memory": ended(Ending.OUT_OF_MEMORY),
    "fork-bomb": ended(Ending.TOO_MANY_PROCESSES),
    "prints-a-gigabyte": ended(Ending.OUTPUT_LIMIT),
    "exits-early": ended(Ending.EXITED),
    "forges-messages": ended(Ending.GARBLED),
    "opens-a-socket": Row(),
    "leaves-a-daemon": Row(),
    "patches-comparison": only_question_1(
        limit_of_gradient_descent=TYPE,
        ridge_of_random_features=Outcome.NOT_FINITE,
        second_moment_of_inputs=WRONG,
        vjp_of_networks=TYPE,
    ),
    "forges-answers": only_question_1(),
    "patches-given-module": Row(
        {"q4": 0},
        {"q4": ANY},
    ),
}

ROWS = RIGHT | DEAR_OR_COARSE | MISTAKEN | UNFINISHED | ATTACKS
