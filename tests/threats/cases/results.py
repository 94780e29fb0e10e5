"""D. Forged results."""

from tests.threats.case import (
    CLOSENESS,
    COHORT,
    ENDINGS,
    FRAMES,
    MESSAGES,
    QUEUE,
    VALUES,
    case,
    ends,
    graded,
)

STRICT = f"{MESSAGES}::test_anything_else_is_garbled"
BAD_HEADER = f"{FRAMES}::test_a_bad_header_is_garbled_and_costs_little_memory"
BAD_FORM = f"{VALUES}::test_a_bad_form_is_garbled"
FORGED_CALL = f"{ENDINGS}::test_a_forged_answer_to_a_call_is_garbled"

CASES = (
    case(
        46,
        "printing the words and files that graders look for",
        "output is never parsed; no points",
        *graded("forges-answers"),
    ),
    case(
        47,
        "further fields, scores, negative, NaN, infinite, bool, text for number",
        "garbled; no points",
        STRICT,
        *ends("it forges a result"),
    ),
    case(
        47,
        "a huge integer",
        "not sent; garbled if it is",
        "tests/runner/test_odd_values.py::test_what_is_no_data_has_a_reason_and_the_next_call_is_"
        "answered[docker-huge_number]",
        BAD_FORM,
    ),
    case(
        47,
        "deep nesting, duplicate keys",
        "garbled, in bounded memory",
        f"{BAD_HEADER}[nested a million deep]",
        f"{BAD_HEADER}[a key twice]",
        f"{BAD_HEADER}[a key twice, far inside]",
        f"{BAD_FORM}[a dict with one key twice]",
    ),
    case(
        48,
        "right numbers in a wrong shape, dtype or order",
        "wrong; nothing is broadcast",
        CLOSENESS,
        *graded("wrong-shape"),
    ),
    case(
        49,
        "NaN, infinity, -0.0, subnormal numbers, complex with no imaginary part",
        "by stated rules",
        CLOSENESS,
        "tests/checks/test_closeness.py::test_what_is_not_finite_is_never_close",
        *graded("not-a-number"),
    ),
    case(
        50,
        "a pickle",
        "no such form; nothing is unpickled",
        f"{BAD_FORM}[pickle]",
        f"{BAD_HEADER}[an extension]",
    ),
    case(
        51,
        "an older or another's answer, a guessed number",
        "refused",
        FORGED_CALL,
        *graded("forges-messages"),
    ),
    case(
        52,
        "answers to no question",
        "garbled; no points",
        FORGED_CALL,
        *ends("it forges an answer in mid-notebook", "it forges the end of the notebook"),
    ),
    case(
        52,
        "no answer",
        "no points for that question, the others keep theirs",
        *graded("missing-function", "blank"),
    ),
    case(
        53,
        "a message cut off by a kill",
        "waited for, then the ending counts",
        *ends("it dies in the middle of a frame"),
        f"{FRAMES}::test_a_truncated_frame_is_waited_for_and_never_guessed",
    ),
    case(
        54,
        "a result for a lease that was lost",
        "dropped",
        f"{QUEUE}::test_a_lost_lease_changes_nothing",
        f"{COHORT}::test_the_batch_grades_each_submission_once_and_fails_at_none",
    ),
)
