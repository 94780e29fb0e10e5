"""Failures grouped: by how programs ended, by what checks found, by known mistake."""

import json

from grader.outcomes import Ending, Outcome
from grader.report import failures
from grader.report.check_views import kinds
from grader.report.document import report_json
from grader.report.statistics import summarise_checks
from tests.report.cohort import cohort_report

REPORT = cohort_report()


def test_endings_name_the_students_whose_program_did_not_finish():
    found = {
        group.ending: [row.student for row in group.rows] for group in failures.endings(REPORT)
    }
    assert found == {
        Ending.TIMEOUT: ["novak"],
        Ending.OUT_OF_MEMORY: ["okafor"],
        Ending.EXITED: ["petrov"],
        Ending.CRASHED: ["quispe"],
    }


def test_outcomes_count_a_student_once_however_many_checks_failed():
    groups = {group.outcome: group for group in failures.outcomes(summarise_checks(REPORT))}
    stopped = groups[Outcome.STOPPED]
    assert {row.student for row in stopped.rows} == {"novak", "okafor", "petrov", "quispe"}
    assert len(stopped.checks) == 14
    assert [row.student for row in groups[Outcome.TIMEOUT].rows] == ["smith"]
    assert Outcome.PASSED not in groups


def test_an_outcome_names_the_checks_where_it_is_most_frequent_first():
    (wrong,) = (
        group
        for group in failures.outcomes(summarise_checks(REPORT))
        if group.outcome is Outcome.WRONG_VALUE
    )
    assert [(check.check, number) for check, number in wrong.checks] == [
        ("hvp_of_mlp", 4),
        ("fisher", 2),
        ("response", 1),
    ]


def test_the_page_tells_programs_from_checks():
    views = kinds(failures.endings(REPORT), failures.outcomes(summarise_checks(REPORT)))
    labels = [view.label for view in views]
    assert labels[:2] == ["Program: out of time", "Program: out of memory"]
    assert labels[4] == "Wrong value"
    wrong = views[4]
    assert (wrong.students, wrong.many) == ("5", False)
    assert wrong.where.startswith("q4 · Hessian-vector product of a network (4); q7 · ")


def test_known_mistakes_are_the_most_frequent_first():
    found = [(m.mutant, len(m.rows)) for m in failures.known_mistakes(REPORT)]
    assert found[:2] == [("gauss_newton_for_hessian", 3), ("empirical_fisher", 2)]


def test_the_document_has_all_groups():
    document = json.loads(report_json(REPORT))
    assert document["endings"][0] == {"ending": "timeout", "students": ["novak"]}
    wrong = next(one for one in document["failures"] if one["outcome"] == "wrong value")
    assert wrong["checks"][0] == {"question": "q4", "check": "hvp_of_mlp", "submissions": 4}
    assert document["mistakes"][0]["students"] == ["chen", "dasilva", "kim"]
    assert document["outliers"]["wall_seconds"]["students"][0] == "novak"
    assert document["checks"][0]["discrimination"] > 0.5
