"""The bundle of an upload: its instructions as they are, and how it is graded, by course.yaml."""

from datetime import tzinfo
from pathlib import Path

from grader.course import Assignment, Question
from grader.course.calendar import due_text
from grader.course.hand_in_rules import HANDOUT
from grader.intake import PdfLimits
from grader.intake.refusals import MIB
from grader.release.bundle import Bundle, write_bundle, zip_files
from grader.release.cells import MasterComplaint, MasterError

RUBRIC = "rubric.md"


def release_handout(assignment: Assignment, destination: Path, *, zone: tzinfo) -> Bundle:
    """Write `destination/<name>/` and `destination/<name>.zip`: `handout.md` and `rubric.md`.

    Nothing else of the assignment's folder is in it. Equal sources give equal bytes. Raises
    `MasterError` for instructions that are no text.
    """
    files = {
        HANDOUT: _handout(assignment.folder / HANDOUT),
        RUBRIC: rubric_text(assignment, zone=zone).encode(),
    }
    return write_bundle(assignment.name, files, zip_files(files), destination)


def rubric_text(assignment: Assignment, *, zone: tzinfo) -> str:
    """How an assignment is graded by hand, in Markdown."""
    size = PdfLimits().file_bytes // MIB
    facts = [
        f"due {due_text(assignment.due, zone)}",
        assignment.group.text if assignment.group else "individual work",
        f"one PDF of at most {size} MiB, without a password",
        _points(assignment.points),
    ]
    parts = [f"# {assignment.title}: how it is graded", "\n".join(f"- {fact}" for fact in facts)]
    for question in assignment.questions:
        parts += _question(question)
    return "\n\n".join(parts) + "\n"


def _handout(path: Path) -> bytes:
    data = path.read_bytes()
    try:
        blank = not data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MasterError([MasterComplaint(path, line, "is not UTF-8; save it as that")]) from None
    if blank:
        raise MasterError([MasterComplaint(path, 1, "is empty; write what students have to do")])
    return data


def _question(question: Question) -> list[str]:
    heading = f"## {question.title} ({_points(question.points)})"
    items = [f"- {_points(item.points)}: {item.text}" for item in question.rubric]
    return [heading, "\n".join(items)] if items else [heading]


def _points(points: float) -> str:
    return "1 point" if points == 1 else f"{points:g} points"
