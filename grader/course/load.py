"""`course.yaml` to a `Course`: all of it, or every mistake in it and none of it."""

import math
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grader.course.complaints import CourseFileError, EnoughComplaints
from grader.course.dates import LocalTime
from grader.course.explain import explain
from grader.course.models import (
    Assignment,
    Attempts,
    Course,
    Environment,
    GroupSize,
    Limits,
    Question,
    RubricItem,
    SectionDates,
)
from grader.course.named_times import NAMED, After, Relative, Schedule, Written
from grader.course.rules import check_rules
from grader.course.text_source import read_text
from grader.course.weights import Part
from grader.course.written import (
    WrittenAssignment,
    WrittenAttempts,
    WrittenCourse,
    WrittenLimits,
    WrittenQuestion,
    WrittenSection,
)
from grader.course.yaml_source import Document, read_yaml

_LIMITS = {
    "notebook": "notebook_seconds",
    "cell": "cell_seconds",
    "call": "call_seconds",
    "submission": "submission_seconds",
    "memory": "memory_bytes",
    "tmp": "tmp_bytes",
    "output": "output_bytes",
    "message": "message_bytes",
}


def load_course(path: Path | str, *, text: str | None = None) -> Course:
    """The course that the file at `path` describes, or that it would describe with this `text`.

    Raises:
        CourseFileError: the file has mistakes; its `complaints` are all that were found.
    """
    file = Path(path)
    document, is_whole = read_yaml(read_text(file) if text is None else text)
    folder = file.absolute().parent
    written = _validate(document, folder) if is_whole else None
    if written is None or document.complaints:
        raise CourseFileError(path, document.complaints)
    return _resolve(written, folder)


def _validate(document: Document, folder: Path) -> WrittenCourse | None:
    """What the file says, or None; mistakes go to the document's complaints."""
    try:
        if isinstance(document.data, dict):
            check_rules(document, folder)
        return WrittenCourse.model_validate(document.data)
    except ValidationError as error:
        with suppress(EnoughComplaints):
            explain(document, WrittenCourse, error.errors(include_url=False))
    except EnoughComplaints:
        pass
    return None


def _resolve(written: WrittenCourse, folder: Path) -> Course:
    limits = _merged(Limits(), written.limits)
    times = _Times(written)
    return Course(
        **written.course.model_dump(),
        zone=written.zone,
        term=written.term,
        lectures=tuple(written.lectures),
        events={name: times.schedule.named(name) for name in written.events},
        environments={
            name: Environment(
                name=name,
                folder=folder / "environments" / name,
                gpus=one.gpus,
                runtime=one.runtime,
            )
            for name, one in written.environments.items()
        },
        limits=limits,
        late_policy=written.late_policy,
        weights=_weights(written),
        missing=written.missing,
        roster=folder / written.roster,
        assignments={
            name: _assignment(name, one, times, limits, folder)
            for name, one in written.assignments.items()
        },
        folder=folder,
    )


def _assignment(
    name: str, written: WrittenAssignment, times: "_Times", limits: Limits, folder: Path
) -> Assignment:
    return Assignment(
        name=name,
        title=written.title,
        folder=folder / (written.folder or f"assignments/{name}"),
        submit=written.submit,
        environment=written.environment,
        tests=written.tests,
        group=GroupSize(**written.group.model_dump()) if written.group else None,
        anonymous=written.anonymous,
        release=times.moment(written.release),
        due=times.moment(written.due),
        lock=times.moment_or_none(written.lock),
        sections={key: times.section(one) for key, one in written.sections.items()},
        time_allowed=timedelta(seconds=written.time_allowed) if written.time_allowed else None,
        late_policy=written.late_policy,
        feedback=times.opening(written.feedback),
        solution=times.opening(written.solution) if written.solution else None,
        attempts=_attempts(written.attempts),
        limits=_merged(limits, written.limits),
        questions=tuple(_question(key, one) for key, one in written.questions.items()),
        points=written.points,
    )


def _attempts(written: WrittenAttempts | None) -> Attempts:
    if written is None:
        return Attempts()
    wait = timedelta(seconds=written.wait or 0)
    return Attempts(limit=written.limit, per_day=written.per_day, wait=wait)


class _Times:
    """What the times of a course mean that broke no rule."""

    def __init__(self, written: WrittenCourse) -> None:
        named: dict[str, Written] = {
            f"{name}.{field}": time
            for name, one in written.assignments.items()
            for field in NAMED
            if (time := getattr(one, field)) is not None
        }
        self.schedule = Schedule(written.zone, named | written.events)

    def moment(self, written: LocalTime | Relative) -> datetime:
        return self.schedule.moment(written)

    def moment_or_none(self, written: LocalTime | Relative | None) -> datetime | None:
        return self.moment(written) if written else None

    def opening(self, written: After | LocalTime | Relative) -> datetime | After:
        return written if isinstance(written, After) else self.moment(written)

    def section(self, written: WrittenSection) -> SectionDates:
        each = {field: self.moment_or_none(getattr(written, field)) for field in NAMED}
        return SectionDates(**each)


def _weights(written: WrittenCourse) -> tuple[Part, ...]:
    """The parts of the total; where the file says none, each assignment by its points."""
    total = math.fsum(one.points for one in written.assignments.values())
    if not written.weights:
        return tuple(
            Part(name=name, percent=100.0 * one.points / total, assignments=(name,))
            for name, one in written.assignments.items()
        )
    return tuple(
        Part(
            name=name,
            percent=part.percent,
            assignments=tuple(part.of or [name]),
            drop_lowest=part.drop_lowest,
        )
        for name, part in written.weights.items()
    )


def _question(name: str, written: WrittenQuestion) -> Question:
    return Question(
        name=name,
        title=written.title,
        points=written.points,
        manual=written.manual,
        rubric=tuple(
            RubricItem(name=item.name, points=item.points, text=item.text)
            for item in written.rubric
        ),
    )


def _merged(limits: Limits, written: WrittenLimits) -> Limits:
    """`limits` with what the file says in their place."""
    changes: dict[str, Any] = {
        _LIMITS.get(name, name): value
        for name, value in written.model_dump().items()
        if value is not None
    }
    return limits.model_copy(update=changes)
