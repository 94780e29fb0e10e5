"""Puts otter's test cases to a notebook in its box, and says what they found.

A doctest's lines are run there and what they print is compared here, so that what they should
print is never sent. A function of the exception format can only be run there as a whole: whether
it accepts is then the word of a process in which the student's code has run.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from grader.checks.doctest_text import example_passes
from grader.checks.messages import stopped
from grader.checks.otter_files import OtterCase, OtterTest
from grader.checks.student import Session
from grader.outcomes import CheckResult, Outcome, Shown
from grader.sandbox.conversation import BoxEnded, CallFailed

SHOWN_CHARS = 300
DETAIL_CHARS = 1_200

Text = Annotated[str, Field(max_length=50_000)]
_STRICT = ConfigDict(strict=True)
_SHOWN = TypeAdapter(list[tuple[Text, Text | None]], config=_STRICT)
_STOP = TypeAdapter(tuple[Annotated[int, Field(ge=0)], Text] | None, config=_STRICT)

HIDDEN_FAILED = "A hidden test case failed."
TOO_LONG = "The test case took longer than is allowed and was interrupted."
TOO_MUCH = "The test case printed more than is allowed."
NO_ANSWER = "What came back from this test case was not its result."

Finding = tuple[Outcome, str]


def run_case(case: OtterCase, session: Session, *, seconds: float) -> Finding:
    """What one test case finds within `seconds`. A box that ends meanwhile is a finding too."""
    try:
        return _ask(case, session, seconds)
    except BoxEnded as ended:
        return stopped(ended.ending, ended.detail)
    except ValidationError:
        return Outcome.WRONG_TYPE, NO_ANSWER
    except CallFailed as failed:
        if failed.kind == "interrupted":
            return Outcome.TIMEOUT, TOO_LONG
        if failed.kind == "unsendable":
            return Outcome.WRONG_TYPE, TOO_MUCH
        return Outcome.RAISED, failure_text(case, failed.text)


def _ask(case: OtterCase, session: Session, seconds: float) -> Finding:
    if case.function:
        answer = session.call(
            "test_function", seconds=seconds, x64=None, source=case.source, name=case.function
        )
        stop = _STOP.validate_python(answer)
        if stop is None:
            return Outcome.PASSED, case.success_message
        line, error = stop
        asserted = error.strip().split("\n")[-1].startswith("AssertionError")
        outcome = Outcome.WRONG_VALUE if asserted else Outcome.RAISED
        return outcome, failure_text(case, _line(case, line) + error)
    if not case.examples:
        return Outcome.PASSED, case.success_message
    sources = [example.source for example in case.examples]
    shown = _SHOWN.validate_python(
        session.call("examples", seconds=seconds, x64=None, sources=sources)
    )
    if len(shown) != len(sources):
        return Outcome.WRONG_TYPE, NO_ANSWER
    for example, (printed, raised) in zip(case.examples, shown, strict=True):
        if not example_passes(example, printed, raised):
            outcome = Outcome.WRONG_VALUE if raised is None else Outcome.RAISED
            said = (
                f"Ran:\n{_indented(example.source)}\n"
                f"Expected:\n{_indented(example.want)}\n"
                f"Got:\n{_indented(printed + (raised or ''))}"
            )
            return outcome, failure_text(case, said)
    return Outcome.PASSED, case.success_message


def failure_text(case: OtterCase, details: str) -> str:
    """What a student reads of a failed case: its author's words, and the details of a public one.

    A hidden case's details would tell what it tests.
    """
    if case.hidden:
        return case.failure_message or HIDDEN_FAILED
    return f"{case.failure_message}\n{details[-DETAIL_CHARS:]}".strip()


def _line(case: OtterCase, number: int) -> str:
    lines = case.source.split("\n")
    return f"{lines[number - 1].strip()}\n" if 0 < number <= len(lines) else ""


def _indented(text: str) -> str:
    cut = text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + " ..."
    return "\n".join(f"    {line}" for line in (cut.rstrip("\n") or "nothing").split("\n"))


def results_of(test: OtterTest, findings: Sequence[Finding], seconds: float) -> list[CheckResult]:
    """The test's results: one a case, or a single one where it is all or nothing."""
    if test.all_or_nothing:
        failed = [finding for finding in findings if finding[0] is not Outcome.PASSED]
        outcome, message = failed[0] if failed else (Outcome.PASSED, _successes(findings))
        earned = 0.0 if failed else test.points
        return [
            CheckResult(
                check=test.question,
                question=test.question,
                title=f"All test cases of {test.name}",
                points=test.points,
                earned=earned,
                outcome=outcome,
                message=message,
                seconds=seconds,
                shown=_shown(test.cases),
            )
        ]
    return [
        CheckResult(
            check=f"{test.question}_{number}",
            question=test.question,
            title=case.title + (" (hidden)" if case.hidden else ""),
            points=case.points,
            earned=case.points if outcome is Outcome.PASSED else 0.0,
            outcome=outcome,
            message=message,
            seconds=seconds / len(test.cases),
            shown=_shown([case]),
        )
        for number, (case, (outcome, message)) in enumerate(
            zip(test.cases, findings, strict=True), 1
        )
    ]


def _shown(cases: Sequence[OtterCase]) -> Shown:
    """Students have the public cases anyway."""
    return Shown.AFTER_DUE if any(case.hidden for case in cases) else Shown.AT_ONCE


def _successes(findings: Sequence[Finding]) -> str:
    return "\n".join(message for _, message in findings if message)
