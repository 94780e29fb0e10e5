"""F. The notebook's format and what its cells do."""

from tests.threats.case import (
    COHORT,
    EDITED,
    INTAKE,
    NO_NOTEBOOK,
    NOT_JSON,
    RUNNER,
    case,
    graded,
    refused,
)

PRINTS = f"{RUNNER}::test_a_cell_prints_what_jupyter_would"
FAILS = f"{RUNNER}::test_a_failing_cell_says_why_and_the_next_one_runs"
MOVED = f"{EDITED}::test_what_is_defined_counts_wherever_it_stands_and_own_tests_count_for_nothing"
PROSE = f"{EDITED}::test_an_answer_in_a_text_cell_is_missing_and_costs_no_other"
OUTPUTS = f"{INTAKE}::test_outputs_and_attachments_are_dropped_whatever_they_hold"
LINES = f"{INTAKE}::test_a_source_is_text_with_plain_line_ends"

CASES = (
    case(
        59,
        "not JSON",
        "refused with its place; no attempt is used up",
        *graded("not-json"),
        f"{COHORT}::test_only_the_file_that_is_no_notebook_is_refused_on_the_way_in",
        "tests/desk/test_submitting.py::test_what_is_no_notebook_is_refused_and_uses_up_no_attempt",
    ),
    case(
        59,
        "empty, truncated, BOM, UTF-16, not UTF-8, NUL, lone surrogates",
        "refused with line and reason",
        *refused(NOT_JSON, "empty", "truncated", "BOM", "UTF-16", "not UTF-8", "NUL"),
        *refused(NO_NOTEBOOK, "lone surrogate", "NUL in source"),
        "tests/intake/test_fuzz.py",
    ),
    case(
        60,
        "NaN, nesting of 100,000, a number of 10,000,000 digits, a key twice",
        "refused, in time",
        *refused(NOT_JSON, "NaN", "lists, deep", "objects, deep", "huge number", "key twice"),
    ),
    case(
        61,
        "formats 3, 4.0 to 4.5, 5",
        "read or refused, by stated rules",
        f"{INTAKE}::test_format_3_is_read_as_nbformat_would_convert_it",
        f"{INTAKE}::test_every_minor_version_of_4_is_taken_with_kinds_in_order",
        *refused(NO_NOTEBOOK, "version 5", "version 2", "no version"),
    ),
    case(
        61,
        "missing fields, cells that are no list, source as list, odd ids",
        "refused with the cell, or taken",
        *refused(NO_NOTEBOOK, "no cells", "cells an object", "no type", "no source"),
        LINES,
        f"{INTAKE}::test_cell_ids_are_never_a_reason_to_refuse",
    ),
    case(
        62,
        "100 MB, a large output, 100,000 cells",
        "limits; outputs are dropped",
        *refused(NOT_JSON, "too large", "many values"),
        *refused(NO_NOTEBOOK, "cells", "long source"),
        OUTPUTS,
    ),
    case(
        63,
        "another kernel, none, another language",
        "Python by any kernel is taken; another language is refused",
        f"{INTAKE}::test_python_by_any_kernel_is_taken",
        f"{INTAKE}::test_another_language_is_refused",
    ),
    case(64, "an answer renamed", "no points for it", *graded("missing-function")),
    case(64, "answers deleted", "no points for them", *graded("blank")),
    case(64, "answers copied, moved, with other ids", "what is defined last counts", MOVED),
    case(64, "an answer in a text cell", "no points for it", PROSE),
    case(
        65,
        "tests and locked cells edited",
        "hidden tests are not in the notebook; what is there instead counts for nothing",
        MOVED,
        "tests/grading/test_otter.py::test_a_question_gets_what_otter_run_gives_or_the_table_says_"
        "why_not",
    ),
    case(
        66,
        "a syntax error in one cell",
        "what depends on it loses; the cell is named",
        *graded("syntax-error", "crashing-cell"),
        f"{COHORT}::test_one_bad_cell_is_named_and_stops_no_other",
    ),
    case(
        67,
        "magics: !, %%bash, %run, %load_ext, %autoreload, %env, ?",
        "work as in Jupyter, inside the container",
        PRINTS,
        FAILS,
        f"{RUNNER}::test_help_is_printed_and_waits_for_nobody",
    ),
    case(
        68,
        "input(), getpass, breakpoint(), widgets, plt.show()",
        "no input, no waiting",
        PRINTS,
        FAILS,
    ),
    case(
        69,
        "top-level await, background tasks, nested loops",
        "work, or a clear error",
        PRINTS,
        FAILS,
    ),
    case(
        70,
        "cells that were run in another order",
        "from top to bottom; the message names the cell",
        f"{RUNNER}::test_cells_run_from_top_to_bottom_in_whatever_order_they_were_written",
        MOVED,
    ),
    case(
        71,
        "CRLF, tabs, emoji, letters that look alike",
        "as Python has it",
        LINES,
        PRINTS,
        FAILS,
        f"{RUNNER}::test_a_name_of_letters_that_look_alike_is_another_name",
    ),
    case(
        72,
        "attachments, metadata and ids that name files",
        "never a path",
        OUTPUTS,
        MOVED,
        f"{INTAKE}::test_cell_ids_are_never_a_reason_to_refuse",
        "tests/store/test_files.py::test_what_is_no_hash_never_names_a_file",
    ),
)
