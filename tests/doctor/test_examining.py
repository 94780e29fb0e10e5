"""Every check is made, whatever becomes of the others."""

import threading
import time

import pytest

from grader.doctor import Finding, Mark, Subject
from grader.doctor.examining import every_check, run_checks
from grader.doctor.findings import NotTried
from grader.doctor.subject import Once
from tests.doctor.conftest import asking

FINE = Finding(Mark.OK, "nothing", "nothing")


def fine() -> Finding:
    return FINE


def breaks() -> Finding:
    raise RuntimeError("a wire is loose")


def not_made() -> Finding:
    raise NotTried("no engine answers")


@pytest.mark.parametrize(
    ("check", "words", "tried"),
    [
        (breaks, "the check broke off: RuntimeError: a wire is loose", True),
        (not_made, "not tried: no engine answers", False),
    ],
)
def test_a_check_that_breaks_off_fails_and_the_next_is_made(check, words, tried) -> None:
    first, second = run_checks([("first", check), ("second", fine)])
    assert (first.finding.mark, first.finding.found, first.tried) == (Mark.FAILED, words, tried)
    assert (second.check, second.finding) == ("second", FINE)


def test_a_check_without_end_is_left_after_its_time() -> None:
    free = threading.Event()

    def hangs() -> Finding:
        free.wait(60)
        return FINE

    started = time.monotonic()
    first, second = run_checks([("first", hangs), ("second", fine)], seconds=0.2)
    free.set()
    assert time.monotonic() - started < 5
    assert first.finding.mark is Mark.FAILED
    assert "no answer within 0.2 s" in first.finding.found
    assert second.finding == FINE


def test_what_hangs_is_asked_once_only() -> None:
    free = threading.Event()
    slow = Once(lambda: free.wait(60), "the engine")

    def asks() -> Finding:
        slow.get()
        return FINE

    first, second = run_checks([("first", asks), ("second", asks)], seconds=0.2)
    free.set()
    assert "no answer within" in first.finding.found
    assert second.finding.found == "not tried: the engine does not answer"
    assert second.seconds < 0.2


def test_an_error_is_made_once_and_told_to_all() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        raise ValueError("no")

    once = Once(make, "it")
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            once.get()
    assert len(made) == 1


def test_each_runtime_that_is_asked_for_is_tried(subject: Subject) -> None:
    own = [name for name, _ in every_check(subject)]
    assert len(own) == len(set(own))
    assert {"memory", "processes", "processor", "files", "network", "runtime"} <= set(own)
    other = [name for name, _ in every_check(asking(subject, "runtime: runsc"))]
    assert "memory, runsc" in other
    assert "memory" not in other


def test_a_course_file_with_mistakes_leaves_the_engine_to_be_tried(subject: Subject) -> None:
    subject.course_file.write_text("nothing: of this\n")
    again = Subject(subject.course_file, subject.data, subject.labels)
    assert "memory" in [name for name, _ in every_check(again)]
