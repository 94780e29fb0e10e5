"""`course.yaml` to a `Course`: all of it, or every mistake in it and none of it."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grader.course.complaints import CourseFileError
from grader.course.dates import in_zone
from grader.course.explain import explain
from grader.course.models import (
    Assignment,
    Course,
    Environment,
    GroupSize,
    Limits,
    Question,
    RubricItem,
)
from grader.course.rules import check_rules
from grader.course.text_source import read_text
from grader.course.written import (
    WrittenAssignment,
    WrittenCourse,
    WrittenLimits,
    WrittenQuestion,
)
from grader.course.yaml_source import Document, read_yaml

_LIMITS = {
    "notebook": "notebook_seconds",
    "cell": "cell_seconds",
    "call": "call_seconds",
    "memory": "memory_bytes",
    "tmp": "tmp_bytes",
    "output": "output_bytes",
    "message": "message_bytes",
}


def load_course(path: Path | str) -> Course:
    """The course that the file at `path` describes.

    Raises:
        CourseFileError: the file has mistakes; its `complaints` are all that were found.
    """
    file = Path(path)
    document, is_whole = read_yaml(read_text(file))
    folder = file.absolute().parent
    written = _validate(document, folder) if is_whole else None
    if written is None or document.complaints:
        raise CourseFileError(path, document.complaints)
    return _resolve(written, folder)


def _validate(document: Document, folder: Path) -> WrittenCourse | None:
    """What the file says, or None; mistakes go to the document's complaints."""
    if isinstance(document.data, dict):
        check_rules(document, folder)
    try:
        return WrittenCourse.model_validate(document.data)
    except ValidationError as error:
        explain(document, WrittenCourse, error.errors(include_url=False))
        return None


def _resolve(written: WrittenCourse, folder: Path) -> Course:
    limits = _merged(Limits(), written.limits)
    return Course(
        **written.course.model_dump(),
        zone=written.zone,
        term=written.term,
        lectures=tuple(written.lectures),
        environments={
            name: Environment(name=name, folder=folder / "environments" / name, gpus=one.gpus)
            for name, one in written.environments.items()
        },
        limits=limits,
        late_policy=written.late_policy,
        roster=folder / written.roster,
        assignments={
            name: _assignment(name, one, written, limits, folder)
            for name, one in written.assignments.items()
        },
        folder=folder,
    )


def _assignment(
    name: str, written: WrittenAssignment, course: WrittenCourse, limits: Limits, folder: Path
) -> Assignment:
    return Assignment(
        name=name,
        title=written.title,
        folder=folder / (written.folder or f"assignments/{name}"),
        submit=written.submit,
        environment=written.environment,
        tests=written.tests,
        group=GroupSize(**written.group.model_dump()) if written.group else None,
        release=in_zone(written.release, course.zone),
        due=in_zone(written.due, course.zone),
        limits=_merged(limits, written.limits),
        questions=tuple(_question(key, one) for key, one in written.questions.items()),
        points=written.points,
    )


def _question(name: str, written: WrittenQuestion) -> Question:
    return Question(
        name=name,
        title=written.title,
        points=written.points,
        manual=written.manual,
        rubric=tuple(RubricItem(**item.model_dump()) for item in written.rubric),
    )


def _merged(limits: Limits, written: WrittenLimits) -> Limits:
    """`limits` with what the file says in their place."""
    changes: dict[str, Any] = {
        _LIMITS.get(name, name): value
        for name, value in written.model_dump().items()
        if value is not None
    }
    return limits.model_copy(update=changes)
