"""`course diff` and `course apply`: a changed course file, before it counts."""

from dataclasses import asdict

import click

from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.course import Course, CourseFileError, load_course
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.versions import (
    FieldChange,
    GradeChange,
    digest_of,
    grade_changes,
    setting_changes,
)


@click.command("diff")
@json_option
@pass_workplace
def diff_command(workplace: Workplace, as_json: bool) -> None:
    """Show what course.yaml changes beside the version in force, and whose grades with it."""
    settings, grades = changes(workplace)
    if as_json:
        told = {"settings": map(asdict, settings), "grades": map(asdict, grades)}
        print_json({name: list(rows) for name, rows in told.items()})
        return
    say(settings, grades)
    if settings:
        results().print("to let it count: course apply --reason '...'")


@click.command("apply")
@click.option("--reason", required=True, help="Why; it is kept in the course's record.")
@pass_workplace
def apply_command(workplace: Workplace, reason: str) -> None:
    """Put course.yaml in force as it is now. Every changed setting is kept in the record."""
    needed_reason(reason)
    settings, grades = changes(workplace)
    say(settings, grades)
    if not settings:
        return
    record = workplace.store.record
    put_in_force(workplace, reason)
    for change in settings:
        detail = f"{change.before or 'nothing'} -> {change.after or 'nothing'}"
        record.note(
            by=workplace.by, what="setting changed", subject=change.place, detail=detail,
            reason=reason,
        )  # fmt: skip
    results().print("in force from now on")


def require_in_force(workplace: Workplace) -> None:
    """Raises a click error where course.yaml would change grades and nobody has applied it.

    The first course file that grades are made by is put in force by that.
    """
    record = workplace.store.record
    if record.version_in_force() is None:
        put_in_force(workplace, "the first grades were made by it")
    elif is_changed(workplace):
        raise click.UsageError(
            "course.yaml has changed in what grades follow from, and that is not in force yet: "
            "`course diff` shows whose grades change, `course apply --reason '...'` lets it count"
        )


def is_changed(workplace: Workplace) -> bool:
    """Whether course.yaml says something else about grades than the version in force."""
    version = workplace.store.record.version_in_force()
    return version is not None and version.digest != digest_of(workplace.course)


def put_in_force(workplace: Workplace, reason: str) -> None:
    """Let the course file count as it is."""
    text = workplace.course_file.read_text(encoding="utf-8")
    digest = digest_of(workplace.course)
    workplace.store.record.put_in_force(text, digest, reason=reason, by=workplace.by)


def changes(workplace: Workplace) -> tuple[tuple[FieldChange, ...], tuple[GradeChange, ...]]:
    """What differs from the version in force: settings, and grades."""
    try:
        before = course_in_force(workplace)
    except CourseFileError as error:  # such as a folder of it that is gone
        first = str(error).splitlines()[0]
        return (FieldChange("course.yaml", f"can't be read any more: {first}", "as it is"),), ()
    settings = setting_changes(before, workplace.course)
    if not settings:
        return (), ()
    evidence = gather_evidence(workplace.store, workplace.course)
    return settings, grade_changes(before, workplace.course, evidence)


def course_in_force(workplace: Workplace) -> Course:
    """The course by the file that counts; before the first one, by the file as it is."""
    version = workplace.store.record.version_in_force()
    if version is None:
        return workplace.course
    return load_course(workplace.course_file, text=version.text)


def say(settings: tuple[FieldChange, ...], grades: tuple[GradeChange, ...]) -> None:
    """The changes for people."""
    console = results()
    if not settings:
        console.print("course.yaml says about grades what is in force already")
        return
    rows = [(one.place, one.before or "–", one.after or "–") for one in settings]
    console.print(table(("setting", "in force", "in course.yaml"), rows, numbers_from=3))
    if not grades:
        console.print("no grade changes by that")
        return
    console.print()
    told = [
        (one.student, one.assignment or "total", points(one.before), points(one.after))
        for one in grades
    ]
    console.print(table(("student", "of", "grade now", "grade then"), told, numbers_from=2))
    students = len({one.student for one in grades})
    console.print(f"{students} student{'' if students == 1 else 's'} would have other grades")


def points(value: float | None) -> str:
    """A score or total, or a dash for none."""
    return "–" if value is None else f"{value:g}"
