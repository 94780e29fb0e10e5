"""H. Queue, data, time, configuration."""

from tests.threats.case import BATCH, BOX, ENDINGS, QUEUE, case

RESUME = "tests/grading/test_resume.py"
PROCESSES = "tests/store/test_processes.py"
AWAY = "tests/faults/test_engine.py"
DISK = "tests/faults/test_disk.py"
DATABASE = "tests/faults/test_database.py"
WAITING = "tests/faults/test_waiting.py"
MISTAKES = "tests/course/test_load.py::test_a_mistake_is_told_once_at_its_place"
YAML = "tests/course/test_yaml_source.py"
NAMED = "tests/course/test_named_times.py"
IMPORTS = "tests/cli/test_import_rules.py"
CASES = (
    case(
        80,
        "the grader killed at every step",
        "each submission is graded once; nothing is left",
        f"{RESUME}::test_kills_at_any_moments_end_with_each_submission_graded_once",
        "tests/faults/test_killed.py::test_a_kill_at_any_step_leaves_what_the_next_run_takes_up",
        f"{PROCESSES}::test_a_kill_in_finish_leaves_all_or_nothing",
        f"{PROCESSES}::test_kills_at_any_moment_end_with_each_submission_graded_once",
        f"{PROCESSES}::test_a_kill_in_the_middle_of_a_blob_leaves_no_blob",
    ),
    case(
        80,
        "intake killed at every write",
        "a submission with its receipt, or neither",
        "tests/desk/test_killed.py::test_a_kill_before_any_write_leaves_all_or_nothing",
    ),
    case(
        80,
        "Ctrl-C, also while waiting; a second grader",
        "what was held is given back at once; the second one is told",
        f"{RESUME}::test_ctrl_c_gives_back_what_it_held_and_says_so",
        f"{WAITING}::test_an_interrupt_ends_a_wait_at_once",
        f"{PROCESSES}::test_a_second_grader_is_told_who_grades_and_a_kill_frees_the_lock",
    ),
    case(
        80,
        "the disk is full",
        "our failure: no row, no file, no attempt; what was found is kept once there is space",
        f"{DISK}::test_space_that_is_freed_in_time_costs_nothing",
        f"{DISK}::test_a_disk_that_stays_full_ends_the_batch_and_older_scores_stay",
        f"{DISK}::test_what_is_handed_in_on_a_full_disk_is_refused_whole",
        "tests/store/test_submissions.py::test_a_full_disk_is_our_failure_and_leaves_no_row",
        "tests/store/test_backup.py::test_a_full_disk_leaves_nothing",
    ),
    case(
        80,
        "the database is locked or damaged",
        "our failure: neither result nor state changes; a lock is waited for, and nothing is lost",
        f"{DATABASE}::test_a_lock_that_goes_in_time_costs_nothing",
        f"{DATABASE}::test_a_lock_that_stays_ends_the_batch_and_the_next_run_goes_on",
        f"{QUEUE}::test_a_failed_write_leaves_neither_result_nor_state",
        "tests/cli/test_failures.py::test_a_damaged_database_exits_with_2",
    ),
    case(
        80,
        "the engine stops in mid-batch, and is started again or not",
        "waited for; no score, no attempt used up; then the batch ends with one sentence",
        f"{AWAY}::test_an_engine_that_is_started_again_is_waited_for",
        f"{AWAY}::test_an_engine_that_stays_away_ends_the_batch_with_one_sentence",
        f"{WAITING}::test_what_fails_because_the_engine_is_away_is_not_the_submissions_failure",
        f"{WAITING}::test_what_stays_away_is_said_once_and_all_stay_queued",
        "tests/cli/test_failures.py::test_a_batch_that_gives_up_exits_with_2_and_says_why",
    ),
    case(
        80,
        "the engine is down, or fails at each",
        "no score; tried again after a wait; the batch stops",
        "tests/cli/test_failures.py::test_an_engine_that_does_not_answer_is_our_failure_and_no_zero",
        f"{BATCH}::test_a_broken_engine_ends_the_batch_early_and_the_rest_stays_queued",
        f"{BATCH}::test_a_fault_of_ours_is_tried_again_and_then_graded",
        f"{WAITING}::test_a_batch_does_not_end_before_what_failed_was_tried_again",
    ),
    case(
        80,
        "a container killed or removed from outside, left by a killed run",
        "our fault; tried again; found and removed",
        f"{AWAY}::test_containers_that_are_killed_from_outside_cost_nobody_anything",
        f"{ENDINGS}::test_a_container_removed_from_outside_is_our_fault",
        f"{BOX}::test_boxes_that_a_killed_grader_left_are_found_by_their_labels",
    ),
    case(
        80,
        "the image is missing (none is pulled while grading)",
        "our fault, with what to do; in mid-batch too, and the next run builds it",
        f"{AWAY}::test_an_image_that_vanishes_in_mid_batch_is_our_fault_and_built_by_the_next_run",
        f"{BOX}::test_a_missing_image_is_our_fault_and_the_message_says_what_to_do",
    ),
    case(
        80,
        "the clock jumps",
        "limits keep to a monotonic clock; no wait gets longer",
        f"{WAITING}::test_a_clock_that_is_set_after_a_failure_holds_nothing_up",
        "tests/store/test_waits.py::test_a_clock_that_is_set_delays_nothing_for_longer_than_a_wait",
        f"{ENDINGS}::test_a_clock_that_jumps_changes_no_limit",
    ),
    case(
        80,
        "a submission that always fails",
        "delayed after three attempts; an older score stays; shown as delayed, not zero",
        f"{BATCH}::test_what_fails_always_is_delayed_and_an_older_score_stays",
        f"{AWAY}::test_a_submission_that_fails_always_is_set_aside_and_the_others_are_graded",
        "tests/cli/test_intake_commands.py::"
        "test_status_counts_submissions_and_says_why_one_is_delayed",
        "tests/report/test_pages.py::test_a_delayed_submission_shows_no_zero",
    ),
    case(
        81,
        "the due instant and a microsecond on either side",
        "sharp",
        "tests/course/test_policies.py::test_due_times_are_sharp_to_the_microsecond",
        "tests/course/test_calendar.py::test_a_boundary_is_sharp_to_the_microsecond",
    ),
    case(
        81,
        "hours that the clocks skip or show twice, leap days, the year's end",
        "by the wall clock, or refused with what to write",
        "tests/course/test_calendar.py::test_the_hour_that_the_clocks_show_twice_is_told_apart",
        "tests/course/test_calendar.py::test_every_minute_around_a_shift_is_as_late_as_the_clock_"
        "on_the_wall_says",
        "tests/course/test_policies.py::test_every_minute_around_a_shift_is_worth_what_the_clock_"
        "on_the_wall_says",
        f"{NAMED}::test_a_day_later_the_clocks_may_not_show_that_time_once",
        MISTAKES,
    ),
    case(
        81,
        "a student's clock, a time to come",
        "only ours counts; nothing is received in the future",
        f"{IMPORTS}::test_nothing_is_received_at_a_time_to_come",
        "tests/store/test_submissions.py::test_a_time_without_zone_is_refused",
    ),
    case(
        81,
        "an upload that begins before the due time (over HTTP: with the web page)",
        "one time of receipt, on its receipt",
        "tests/store/test_submissions.py::test_a_receipt_holds_what_was_received",
        "tests/desk/test_submitting.py::test_before_the_release_and_after_the_lock_nothing_is_taken",
    ),
    case(
        81,
        "an extension, also after the due time",
        "counts at once and never hurts",
        "tests/desk/test_submitting.py::test_an_extension_is_counted_at_once",
        "tests/course/test_calendar.py::test_an_extension_never_hurts",
    ),
    case(
        81,
        "a member of two groups; who moves while others hand in",
        "refused; nothing is lost",
        "tests/cli/test_term_commands.py::test_groups_are_formed_joined_and_left",
        "tests/store/test_group_work.py::test_members_who_move_while_others_hand_in_lose_nothing",
    ),
    case(
        81,
        "due before the release, equal times, an unknown zone",
        "refused with line and hint",
        MISTAKES,
        f"{NAMED}::test_a_time_that_means_nothing_is_told_at_its_place",
    ),
    case(
        82,
        "YAML: anchors, duplicate keys, tabs, tags, words that other readers turn into values",
        "refused with line and hint, or read as YAML 1.2 has it",
        f"{YAML}::test_what_a_course_file_may_not_hold_is_told_at_its_place",
        f"{YAML}::test_a_bomb_of_aliases_stays_as_small_as_its_file",
        f"{YAML}::test_plain_scalars_are_those_of_yaml_1_2",
    ),
    case(
        82,
        "unknown fields, duplicate names, points that don't add up",
        "refused with line and hint; nothing half applied",
        MISTAKES,
        "tests/course/test_load.py::test_all_mistakes_are_told_at_once_by_line_and_as_documented",
    ),
    case(
        82,
        "rosters: duplicates, other alphabets, blanks, BOM",
        "refused with line and hint; the old one stays",
        "tests/course/test_roster.py::test_a_mistake_is_told_by_line_and_column",
        "tests/course/test_roster.py::test_names_are_composed_so_that_equal_names_are_equal",
        "tests/cli/test_term_commands.py::test_a_roster_that_can_not_be_used_leaves_the_old_one",
    ),
)
