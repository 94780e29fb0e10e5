"""E. Network and secrets."""

from tests.threats.case import BOX, CANARY, COHORT, LIMITS, NO_LEAK, case, graded

CASES = (
    case(
        55,
        "TCP, UDP, DNS, ping, metadata, gateway, the engine's socket, abstract names, VSOCK, "
        "AF_ALG, io_uring",
        "all refused; points as earned",
        *graded("opens-a-socket"),
        f"{COHORT}::test_no_socket_leads_anywhere",
        f"{BOX}::test_no_address_answers",
        f"{BOX}::test_there_is_no_network_and_no_name_service",
        f"{LIMITS}::test_no_socket_of_another_family_is_opened",
        f"{LIMITS}::test_no_ping_goes_out",
        f"{LIMITS}::test_there_is_no_io_uring",
    ),
    case(
        56,
        "pip install, curl, urllib",
        "fails at once and says so",
        f"{LIMITS}::test_nothing_is_installed_or_fetched_and_that_is_said_at_once",
    ),
    case(
        57,
        "secrets in the grader's environment, files, settings, hidden inputs and expected values",
        "in no container, output, page, table, database or log",
        NO_LEAK,
        f"{CANARY}::test_the_notebook_looked_everywhere_and_finds_what_is_there",
        f"{CANARY}::test_no_digits_of_a_hidden_input_are_told_though_the_student_prints_them",
        f"{BOX}::test_no_secret_of_the_graders_surroundings_comes_in",
    ),
    case(
        58,
        "spelling out hidden values in messages, by passing or failing",
        "numbers are masked, hidden results wait until all were due, attempts are limited",
        "tests/checks/test_messages.py::test_no_array_of_numbers_is_readable_after_masking",
        "tests/checks/test_student.py::test_a_students_error_hides_the_numbers_it_saw",
        "tests/checks/test_diagnosis.py::test_no_sentence_holds_a_number_of_the_hidden_values",
        "tests/report/test_withholding.py",
        "tests/desk/test_submitting.py::test_attempts_are_limited_and_the_next_time_is_told",
    ),
)
