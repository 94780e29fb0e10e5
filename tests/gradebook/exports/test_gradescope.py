"""Gradescope's results.json, against a schema written from its documentation."""

import json
from typing import Any

import jsonschema
import pytest

from grader.gradebook import (
    Lateness,
    ManualScore,
    Pending,
    QuestionInfo,
    score_submission,
    unscored,
)
from grader.gradebook.exports import HeldBack, NoScore, gradescope_results
from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome, Shown, Usage

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
TEST = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "max_score": {"type": "number"},
        "status": {"enum": ["passed", "failed"]},
        "name": {"type": "string"},
        "name_format": FORMAT,
        "number": {"type": "string"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "tags": {"type": "array", "items": {"type": "string"}},
        "visibility": VISIBILITY,
        "extra_data": {"type": "object"},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [
        {"required": ["score"]},
        {"required": ["tests"], "properties": {"tests": {"items": {"required": ["score"]}}}},
    ],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number", "minimum": 0},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": TEST},
        "leaderboard": {"type": "array", "items": {"type": "object"}},
    },
}

QUESTIONS = (QuestionInfo("q1", "Iterates", 6), QuestionInfo("q2", "Written", 4, manual=True))
CHECKS = (
    CheckResult("a", "q1", "Small steps", 2, 2, Outcome.PASSED, shown=Shown.AT_ONCE),
    CheckResult("b", "q1", "Steps", 3, 1.5, Outcome.PARTIAL, "Half of it.", "wrong_sign", 0.3, 0.1),
    CheckResult("c", "q1", "Secret", 1, 0, Outcome.WRONG_VALUE, shown=Shown.NEVER),
)
GRADED = GradedSubmission(Ending.FINISHED, "", (), CHECKS, Usage(wall_seconds=12.3456))
WRITTEN = (ManualScore("q2", 4, "clear"),)


def results(
    graded: GradedSubmission | None = GRADED,
    manual: tuple[ManualScore, ...] = WRITTEN,
    lateness: Lateness = Lateness(),  # noqa: B008  (frozen)
    held_back: HeldBack = HeldBack.AFTER_DUE_DATE,
) -> dict[str, Any]:
    """The document for one submission, after it was held against the schema."""
    score = score_submission("ada", QUESTIONS, graded, manual=manual, lateness=lateness)
    document = json.loads(gradescope_results(score, graded, QUESTIONS, held_back=held_back))
    jsonschema.validate(document, SCHEMA)
    return document


def test_a_result_holds_the_final_score_and_every_check() -> None:
    document = results()
    assert document["score"] == 7.5
    assert document["execution_time"] == 12.346
    assert document["output"] == ""
    seen = [(t["name"], t["score"], t["max_score"], t.get("status")) for t in document["tests"]]
    assert seen == [
        ("q1: Small steps", 2, 2, "passed"),
        ("q1: Steps", 1.5, 3, "failed"),
        ("q1: Secret", 0, 1, "failed"),
        ("q2: Written (by hand)", 4, 4, None),
    ]


@pytest.mark.parametrize("held_back", list(HeldBack))
def test_a_check_is_seen_when_the_course_shows_it(held_back: HeldBack) -> None:
    tests = results(held_back=held_back)["tests"]
    assert [t["visibility"] for t in tests] == ["visible", str(held_back), "hidden", "visible"]


def test_hidden_numbers_and_mutants_are_not_exported() -> None:
    text = json.dumps(results())
    assert "Half of it." in text
    assert "wrong_sign" not in text
    assert "0.3" not in text


def test_lateness_is_in_the_score_and_is_explained() -> None:
    document = results(lateness=Lateness(2, 0.8))
    assert document["score"] == 6.0
    assert document["output"] == "2 days late: 80 % of the points count."


def test_a_question_that_waits_for_a_person_is_named_and_not_counted() -> None:
    document = results(manual=(), lateness=Lateness(1, 0.5))
    assert document["score"] == 1.75
    assert "not in this score: q2" in document["output"]
    assert len(document["tests"]) == 3


def test_points_set_by_hand_replace_those_of_the_checks() -> None:
    document = results(manual=(*WRITTEN, ManualScore("q1", 6, "a bug of ours")))
    assert document["score"] == 10
    assert [t.get("score") for t in document["tests"]] == [None, None, None, 6, 4]
    assert document["tests"][3]["output"] == "a bug of ours"


def test_a_notebook_that_did_not_finish_says_how_it_ended() -> None:
    stopped = GradedSubmission(Ending.TIMEOUT, "in cell 3", (), CHECKS)
    assert results(stopped)["output"].splitlines() == [
        "The notebook did not run to its end: timeout.",
        "in cell 3",
    ]


def test_an_upload_graded_by_hand_needs_no_run() -> None:
    by_hand = (QUESTIONS[1],)
    score = score_submission("ada", by_hand, None, manual=WRITTEN)
    document = json.loads(gradescope_results(score, None, by_hand))
    jsonschema.validate(document, SCHEMA)
    assert document["score"] == 4
    assert "execution_time" not in document


@pytest.mark.parametrize("pending", [p for p in Pending if p is not Pending.UNGRADED])
def test_where_nothing_was_measured_there_is_no_file_that_could_be_a_zero(
    pending: Pending,
) -> None:
    with pytest.raises(NoScore, match="no score"):
        gradescope_results(unscored("ada", QUESTIONS, pending), None, QUESTIONS)


def test_our_failure_is_no_file_either() -> None:
    score = score_submission("ada", QUESTIONS, None)
    with pytest.raises(NoScore, match="delayed"):
        gradescope_results(score, None, QUESTIONS)


def test_a_students_odd_characters_reach_gradescope_as_valid_text() -> None:
    odd = CheckResult("a", "q1", "T", 6, 0, Outcome.RAISED, "\ud800 <script> \x1b[31m 🙂")
    document = results(GradedSubmission(Ending.FINISHED, "", (), (odd,)))
    output = document["tests"][0]["output"]
    assert output.encode() == "? <script> \x1b[31m 🙂".encode()
    assert document["tests"][0]["output_format"] == "text"
