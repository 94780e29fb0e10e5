"""G. The web page."""

from tests.threats.case import case

ACCOUNT = "tests/web/account"
STUDENT = "tests/web/student"
STAFF = "tests/web/staff"
LOGIN = f"{ACCOUNT}/test_logging_in.py"
NOTEBOOK = f"{STUDENT}/test_notebook_page.py"
FRAME = f"{NOTEBOOK}::test_the_frame_has_the_strangers_policy_and_no_name_of_theirs"
FORMULAS = "tests/web/formulas/test_hostile_formulas.py"
OWNED = "tests/web/test_ownership.py"

CASES = (
    case(
        73,
        "HTML, SVG, scripts, links that run, formulas, terminal codes, plots in a notebook",
        "text, or what can do nothing, in a frame that may do nothing",
        f"{STUDENT}/test_strangers.py::test_nothing_that_runs_comes_out",
        f"{STUDENT}/test_strangers.py::"
        "test_nothing_that_runs_comes_out_of_all_of_them_together_or_of_our_run",
        f"{NOTEBOOK}::test_the_page_has_a_frame_that_may_do_nothing",
        FRAME,
    ),
    case(
        73,
        "LaTeX that writes HTML, multiplies, or nests without end",
        "shown as it was written, or as listed elements of MathML, in bounded time",
        f"{FORMULAS}::test_an_attack_becomes_letters_or_stays_latex",
        f"{FORMULAS}::test_a_flood_takes_no_time_and_no_room",
    ),
    case(
        73,
        "markup in names, comments, requests, tracebacks and results",
        "text",
        f"{STUDENT}/test_home_page.py::test_no_name_of_a_file_group_or_student_is_markup",
        f"{STUDENT}/test_submission_page.py::test_strangers_text_in_a_result_is_text",
        f"{STAFF}/test_marking_pages.py::test_a_comment_is_text",
        f"{STAFF}/test_staff_submission_pages.py::test_all_that_grading_found_is_shown_escaped",
    ),
    case(
        74,
        "a student's file opened from the page's own address",
        "a download that no browser takes for a page; a PDF that can be no page",
        FRAME,
        f"{STUDENT}/test_handing_in.py::test_an_odd_name_stays_a_name",
        f"{STAFF}/test_marking_pages.py::test_a_pdf_is_for_its_owners_and_staff_and_can_be_no_page",
    ),
    case(
        75,
        "others' submissions, feedback, files and requests by number; by role and section",
        "404 for what isn't theirs, 403 for pages of other roles",
        f"{OWNED}::test_everybody_gets_what_is_theirs_to_see",
        f"{OWNED}::test_every_route_that_names_something_is_in_the_table",
        "tests/web/test_routes.py::test_a_route_lets_in_whom_it_is_for",
        "tests/web/api/test_api_routes.py::test_a_token_opens_what_its_owner_s_role_is_for",
        "tests/web/api/test_student_api.py::test_one_s_own_submissions_are_listed_and_no_others",
    ),
    case(
        75,
        "what is not released, hidden results before their time, other files of the course",
        "404; withheld",
        "tests/web/api/test_student_api.py::test_what_is_not_released_is_not_there",
        f"{STUDENT}/test_submission_page.py::test_hidden_results_are_not_there_before_their_time",
        f"{STAFF}/test_staff_report_pages.py::test_nothing_else_of_the_data_folder_is_served",
    ),
    case(
        76,
        "every form sent by another site, or without its token; GET that changes something",
        "403; nothing changes",
        "tests/web/test_forgery.py",
        f"{STAFF}/test_marking_pages.py::test_a_form_of_another_site_is_refused",
    ),
    case(
        77,
        "a session fixed beforehand; guessed passwords, codes and links",
        "a new key at login; locked out for a while, with the same answer and work",
        f"{LOGIN}::test_the_right_password_logs_in_under_a_new_session_key",
        f"{LOGIN}::test_whatever_is_wrong_the_answer_and_the_work_are_the_same",
        f"{LOGIN}::test_after_five_wrong_passwords_the_right_one_is_refused_too",
        f"{LOGIN}::test_one_address_can_try_thirty_accounts_a_minute",
        f"{ACCOUNT}/test_devices.py::test_ten_wrong_codes_a_minute_are_enough",
        f"{ACCOUNT}/test_invitations.py::test_it_is_used_once_and_ends_the_others",
        f"{ACCOUNT}/test_own_account.py::test_a_token_is_shown_once_and_kept_as_its_hash",
    ),
    case(
        77,
        "next=//evil, another Host, a forged sign-on",
        "not followed; refused",
        f"{LOGIN}::test_nobody_is_sent_to_another_site_after_logging_in",
        f"{LOGIN}::test_another_host_is_refused",
        f"{ACCOUNT}/test_single_sign_on.py::test_a_token_that_proves_nothing_lets_nobody_in",
        f"{ACCOUNT}/test_single_sign_on.py::test_an_answer_counts_in_the_browser_that_asked_and_once",
    ),
    case(
        78,
        "names and comments that are formulas, in CSV",
        "text in every table, and the same when read back",
        "tests/report/test_tables.py::test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe",
        f"{STAFF}/test_staff_gradebook_pages.py::"
        "test_scores_are_there_as_csv_with_formulas_made_harmless",
        "tests/web/instructor/test_record_page.py::"
        "test_what_was_found_is_had_as_csv_without_formulas",
    ),
    case(
        79,
        "a flood of uploads; the same file a hundred times; two at once",
        "slowed down with the reason; one submission; one order",
        f"{STUDENT}/test_handing_in.py::test_too_many_files_in_a_minute_are_slowed_down",
        f"{STUDENT}/test_handing_in.py::test_the_same_file_again_is_the_same_submission",
        f"{STUDENT}/test_handing_in.py::test_a_file_that_is_too_large_is_refused_before_it_is_read",
    ),
)
