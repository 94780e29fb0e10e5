"""B. Files and archives."""

from tests.threats.case import (
    BACKUPS,
    BOX,
    COLLECTING,
    ENDINGS,
    LIMITS,
    NO_LEAK,
    NOT_JSON,
    case,
    refused,
)

NO_FILE = f"{COLLECTING}::test_what_is_no_regular_file_is_refused_at_once"
NO_MOUNT = f"{BOX}::test_there_are_no_other_folders_to_write"
IN_A_ZIP = f"{COLLECTING}::test_odd_names_of_an_archive_are_listed"
IN_A_FOLDER = f"{COLLECTING}::test_odd_files_of_a_folder_are_listed_with_the_reason"

CASES = (
    case(
        17,
        "a link to /etc/shadow or the tests as a result",
        "results are no files: nothing of a container is mounted or read",
        NO_MOUNT,
    ),
    case(
        17,
        "a link in a folder of submissions",
        "refused, never followed",
        *refused(NO_FILE, "symlink", "dangling", "link to itself"),
    ),
    case(
        18,
        "a folder swapped for a link while it is copied",
        "links are refused; nothing is copied out of a container",
        *refused(NO_FILE, "folder link"),
        NO_MOUNT,
    ),
    case(
        19,
        "a pipe or socket as a submission",
        "refused at once, without waiting",
        *refused(NO_FILE, "pipe", "socket"),
    ),
    case(
        20,
        "../, absolute, drive letters, NUL, newline, 300 bytes, right-to-left, not UTF-8",
        "refused by name",
        IN_A_ZIP,
        IN_A_FOLDER,
        f"{COLLECTING}::test_refused_names_can_be_printed",
        f"{COLLECTING}::test_a_name_cut_at_a_nul_is_refused",
    ),
    case(
        20,
        "names that differ by case or Unicode form",
        "one student: both refused",
        f"{COLLECTING}::test_names_that_differ_by_case_or_unicode_form_are_one_student",
    ),
    case(
        21,
        "names in a zip that lead out, links in it",
        "refused; nothing is unpacked",
        IN_A_ZIP,
        f"{COLLECTING}::test_links_encryption_and_odd_compression_are_listed",
    ),
    case(
        21,
        "a tar",
        "no archive for submissions; in a backup, odd names and members are refused",
        f"{COLLECTING}::test_what_is_no_archive_is_refused[tar]",
        f"{BACKUPS}::test_a_name_that_is_not_ours_is_refused",
        f"{BACKUPS}::test_a_member_of_another_kind_is_refused",
    ),
    case(
        22,
        "bombs: by ratio, nested, overlapping, in a backup",
        "read no further than the limit",
        f"{COLLECTING}::test_a_bomb_is_read_no_further_than_the_limit",
        f"{IN_A_ZIP}[inner.zip-does not end in .ipynb]",
        f"{COLLECTING}::test_overlapping_entries_are_refused_as_a_whole",
        f"{BACKUPS}::test_a_bomb_is_refused_before_it_goes_off",
    ),
    case(
        22,
        "a million entries",
        "refused before they are listed",
        f"{COLLECTING}::test_a_million_entries_are_refused_before_they_are_listed",
        f"{COLLECTING}::test_too_many_files_are_refused_as_a_whole",
    ),
    case(
        23,
        "a file over the limit (bodies of requests come with the web page)",
        "refused with the limit; no more than that is read",
        *refused(NOT_JSON, "too large"),
        f"{COLLECTING}::test_sizes_are_counted",
    ),
    case(
        24,
        "files named numpy.py, sitecustomize.py, conftest.py, ...",
        "only notebooks are taken; what one writes is gone with its container; Python is isolated",
        f"{IN_A_FOLDER}[names0-does not end in .ipynb]",
        f"{BOX}::test_one_box_sees_nothing_of_the_one_before",
        f"{LIMITS}::test_names_of_ours_and_of_python_can_not_be_taken",
    ),
    case(
        25,
        "reading /proc and the folders of others",
        "no secret there, no other process seen",
        NO_LEAK,
        f"{BOX}::test_other_processes_of_the_machine_are_not_seen",
        f"{BOX}::test_one_box_sees_nothing_of_the_one_before",
    ),
    case(
        26,
        "writing to site-packages, /etc, the runner",
        "read-only",
        f"{BOX}::test_nothing_of_the_image_or_kernel_can_be_written",
        f"{BOX}::test_the_files_that_the_engine_mounts_can_not_be_written",
    ),
    case(
        27,
        "a setuid program in a folder that can be written",
        "does not run; no rights to gain",
        f"{BOX}::test_no_program_runs_from_a_folder_that_can_be_written",
        f"{BOX}::test_process_one_is_a_plain_user_without_any_right",
    ),
    case(
        28,
        "folders that can't be deleted",
        "go with the container",
        f"{ENDINGS}::test_folders_that_it_has_locked_go_with_the_box",
    ),
)
