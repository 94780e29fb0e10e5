"""One line of the table of threats: what is tried, what must happen, which tests show it."""

from dataclasses import dataclass

COHORT = "tests/grading/test_cohort.py"
BATCH = "tests/grading/test_batch.py"
BOX = "tests/sandbox/test_docker_box.py"
LIMITS = "tests/sandbox/test_limits.py"
ENDINGS = "tests/sandbox/test_endings.py"
FRAMES = "tests/sandbox/test_frames.py"
MESSAGES = "tests/sandbox/test_messages.py"
VALUES = "tests/sandbox/test_values.py"
RUNNER = "tests/runner/test_notebook.py"
ODD = "tests/runner/test_odd_values.py"
CLOSENESS = "tests/checks/test_closeness.py::test_what_is_close_and_what_is_not"
CANARY = "tests/threats/test_canary.py"
NO_LEAK = f"{CANARY}::test_no_secret_reaches_a_container_or_whatever_anybody_reads"
EDITED = "tests/threats/test_edited.py"
INTAKE = "tests/intake/test_notebooks.py"
NOT_JSON = f"{INTAKE}::test_what_is_no_json_is_refused_in_time_with_reason_and_hint"
NO_NOTEBOOK = f"{INTAKE}::test_json_that_is_no_notebook_is_refused_with_its_place"
COLLECTING = "tests/intake/test_collecting.py"
BACKUPS = "tests/store/test_refused_backups.py"
QUEUE = "tests/store/test_queue.py"
NOTHING_LEFT = f"{COHORT}::test_nothing_is_left_on_the_machine"


@dataclass(frozen=True)
class Case:
    """A numbered case, or one part of it.

    `tests` are node ids as pytest writes them; one of a parametrised test may be given without its
    brackets, and then stands for all of them.
    """

    number: int
    tried: str
    expected: str
    tests: tuple[str, ...]


def case(number: int, tried: str, expected: str, *tests: str) -> Case:
    """A case with its tests."""
    return Case(number, tried, expected, tests)


def graded(*behaviours: str) -> tuple[str, ...]:
    """The cohort's notebooks of these names get what their rows say: points, outcomes, ending."""
    return tuple(
        f"{COHORT}::{test}[{behaviour}]"
        for behaviour in behaviours
        for test in (
            "test_a_notebook_earns_what_its_name_says",
            "test_checks_find_what_the_name_says",
        )
    )


def ends(*programs: str) -> tuple[str, ...]:
    """These programs end in a container by their own reason, and nothing is left of it."""
    return tuple(f"{ENDINGS}::test_a_program_ends_by_its_own_reason[{name}]" for name in programs)


def refused(test: str, *names: str) -> tuple[str, ...]:
    """These parameters of a test of intake."""
    return tuple(f"{test}[{name}]" for name in names)
