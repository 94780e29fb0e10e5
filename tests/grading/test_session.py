"""A submission's program: how often it is started, and how long it may take in all."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from grader.checks.messages import ENDED_TOO_OFTEN, OUT_OF_TIME
from grader.course import Limits
from grader.grading.session import NotebookSession
from grader.sandbox.conversation import BoxEnded
from grader.sandbox.process import ProcessSandbox
from grader.sandbox.values import student_name
from tests.sandbox.boxes import request

CELLS = [(0, "import os, time\ndef slow(): time.sleep(0.6)\ndef fall(): os._exit(1)")]


@pytest.fixture
def opened() -> Iterator[list[NotebookSession]]:
    sessions: list[NotebookSession] = []
    yield sessions
    for session in sessions:
        session.close()


def start(opened: list[NotebookSession], **limits: Any) -> NotebookSession:
    session = NotebookSession(ProcessSandbox(), request(), Limits(**limits), CELLS, {})
    opened.append(session)
    session.start()
    return session


def call(session: NotebookSession, name: str) -> None:
    session.call("call", target=student_name(name), seconds=20.0, args=[], kwargs={})


def test_a_submission_is_over_when_its_time_is_used_up(opened: list[NotebookSession]):
    session = start(opened, submission_seconds=1.0)
    for _ in range(2):
        assert session.ready_for_check("q1") is None
        call(session, "slow")
    assert session.ready_for_check("q1") == OUT_OF_TIME
    assert session.ready_for_check("q2") == OUT_OF_TIME


def test_time_between_calls_is_ours_and_not_counted(opened: list[NotebookSession]):

    session = start(opened, submission_seconds=1.0)
    time.sleep(1.2)
    assert session.ready_for_check("q1") is None


def test_each_question_has_its_own_number_of_restarts(opened: list[NotebookSession]):
    session = start(opened, restarts=1)
    # The first run is no restart; the second question's first is one, since the first fell last.
    for question, runs in (("q1", 2), ("q2", 1)):
        for _ in range(runs):
            assert session.ready_for_check(question) is None
            with pytest.raises(BoxEnded):
                call(session, "fall")
        assert session.ready_for_check(question) == ENDED_TOO_OFTEN
