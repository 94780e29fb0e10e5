"""C. Tampering with what grades, and theft of answers."""

from tests.threats.case import (
    BOX,
    CANARY,
    COHORT,
    EDITED,
    ENDINGS,
    LIMITS,
    NO_LEAK,
    ODD,
    RUNNER,
    VALUES,
    case,
    ends,
    graded,
)

NO_DATA = f"{ODD}::test_what_is_no_data_has_a_reason_and_the_next_call_is_answered"
IMAGE = "tests/sandbox/test_image_holds_no_answers.py"
INPUTS = "tests/checks/test_inputs.py"


def odd(*names: str) -> tuple[str, ...]:
    """Calls that give no data, in a container."""
    return tuple(f"{NO_DATA}[docker-{name}]" for name in names)


CASES = (
    case(
        29,
        "frames, tracebacks, generators",
        "nothing secret in the process: all its memory is searched",
        NO_LEAK,
        f"{CANARY}::test_the_notebook_looked_everywhere_and_finds_what_is_there",
    ),
    case(
        30,
        "gc.get_objects",
        "the runner is found, and no secret and no point in it",
        *graded("forges-answers"),
        NO_LEAK,
    ),
    case(
        31,
        "sys.modules, the runner's globals",
        "nothing there decides a score",
        *graded("forges-answers"),
    ),
    case(
        32,
        "patched numpy, jnp, math, builtins, json, pickle, float.__eq__, the given module",
        "the comparison is elsewhere; no points",
        *graded("patches-comparison", "patches-given-module"),
    ),
    case(
        33,
        "objects with a kind __eq__, __array__, __float__, __jax_array__, __repr__, __class__",
        "plain data, or none; no points",
        *graded("patches-comparison"),
        f"{ODD}::test_an_object_stays_behind_and_is_asked_for_nothing",
        f"{ODD}::test_among_numbers_an_object_stays_one",
        f"{ODD}::test_an_odd_array_arrives_as_the_plain_one_that_it_is",
    ),
    case(
        34,
        "subclass of ndarray, object, text, record and masked arrays, a memmap",
        "plain data, or a reason",
        *odd("array_of_objects", "array_of_texts", "array_of_records", "masked_array"),
        f"{ODD}::test_an_odd_array_arrives_as_the_plain_one_that_it_is",
    ),
    case(
        34,
        "a leaked tracer, a deleted or donated buffer",
        "a reason",
        *odd("kept_from_a_trace", "not_there_any_more", "given_away"),
    ),
    case(
        34,
        "structures without end",
        "refused on both sides",
        *odd("endless_dict", "endless_list"),
        f"{VALUES}::test_a_structure_that_contains_itself_is_refused_by_the_runner",
    ),
    case(
        35,
        "os._exit(0) in a cell",
        "exited early; no points",
        *graded("exits-early"),
        *ends("os._exit(0)"),
    ),
    case(
        35,
        "SystemExit, quit(), KeyboardInterrupt, BaseException in a cell",
        "that cell fails, the next one runs",
        f"{RUNNER}::test_a_failing_cell_says_why_and_the_next_one_runs",
        f"{RUNNER}::test_a_cell_that_interrupts_itself_stops_alone",
    ),
    case(
        35,
        "the same in a call",
        "no answer, no points, and the next call is answered",
        *odd("leaves", "quits", "interrupts", "base", "unspeakable"),
    ),
    case(
        36,
        "a thread, a forked child or something at exit that answers",
        "garbled; no points",
        *ends(
            "a thread of it answers beforehand",
            "a child of it answers beforehand",
            "it answers at its exit",
        ),
    ),
    case(
        37,
        "ptrace, process_vm_writev",
        "refused; whoever has the runner gains nothing",
        f"{LIMITS}::test_no_process_reads_or_changes_another",
        *graded("forges-answers"),
    ),
    case(
        38,
        "itimers, settrace, setprofile, audit hooks",
        "no effect outside; at worst its own program ends",
        f"{ENDINGS}::test_hooks_of_a_program_change_nothing_outside",
        f"{ENDINGS}::test_a_hook_that_refuses_whatever_the_runner_does_is_the_end_of_its_program",
    ),
    case(38, "faulthandler", "crashed; no points", *ends("faulthandler ends it")),
    case(
        39,
        "importing hidden tests, guessing names, find /",
        "they are not there",
        f"{BOX}::test_nothing_of_the_machine_or_course_lies_in_the_container",
        f"{IMAGE}::test_no_file_of_trusted_code_is_in_the_image",
        NO_LEAK,
    ),
    case(
        40,
        "noticing that it is graded",
        "allowed, and useless: hidden inputs differ and values are compared",
        f"{INPUTS}::test_another_check_assignment_or_secret_has_other_inputs",
        *graded("patches-given-module"),
    ),
    case(
        41,
        "answers kept from one container to the next",
        "each container is fresh",
        f"{BOX}::test_one_box_sees_nothing_of_the_one_before",
    ),
    case(
        42,
        "JAX's settings: x64, jit, precision, XLA_FLAGS",
        "fixed by each call",
        *(
            f"{RUNNER}::test_settings_left_by_the_notebook_do_not_reach_a_call[{backend}]"
            for backend in ("process", "docker")
        ),
        *graded("float32", "float64"),
    ),
    case(
        43,
        "answers to visible cases written down, keys ignored",
        "hidden inputs follow from the course's secret; wrong values earn nothing",
        f"{INPUTS}::test_another_check_assignment_or_secret_has_other_inputs",
        "tests/checks/test_loading.py::test_another_secret_gives_other_expected_values",
        *graded("patches-comparison"),
    ),
    case(
        44,
        "the reference solution in the image",
        "no line of it in any layer",
        f"{IMAGE}::test_the_scan_of_the_image_finds_the_runner",
        f"{IMAGE}::test_no_line_of_trusted_code_is_in_the_image",
        f"{IMAGE}::test_no_file_of_trusted_code_is_in_the_image",
        "tests/grading/test_operations.py",
    ),
    case(
        45,
        "hidden cells and metadata in the released notebook",
        "a release with a leak is not written",
        "tests/release/test_leaks.py",
        "tests/release/test_hidden_values.py",
        "tests/release/test_bundle.py::test_the_starter_validates_and_carries_nothing_but_what_"
        "students_need",
    ),
    case(
        45,
        "one's own tests in place of the released ones",
        "count for nothing",
        f"{EDITED}::test_what_is_defined_counts_wherever_it_stands_and_own_tests_count_for_nothing",
        f"{COHORT}::test_every_notebook_of_the_cohort_has_its_row",
    ),
)
