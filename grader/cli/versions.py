"""`course diff` and `course apply`: a changed course file, before it counts."""

from dataclasses import asdict

import click

from grader.cli.in_force import let_count, version_in_force
from grader.cli.terminal import json_option, print_json, results, table
from grader.cli.workplace import Workplace, needed_reason, pass_workplace
from grader.desk.changing import Changes, changes, told_settings
from grader.gradebook.versions import GradeChange
from grader.store import CourseVersionRow


@click.command("diff")
@json_option
@pass_workplace
def diff_command(workplace: Workplace, as_json: bool) -> None:
    """Show what course.yaml changes beside the version in force, and whose grades with it.

    Marks that are lost, by items that a rubric no longer has, are told as long as they are.
    """
    version = version_in_force(workplace)
    found = changes_of(workplace, version)
    if as_json:
        print_json(asdict(found))
        return
    say(version, found)
    if found.settings:
        results().print("to let it count: course apply --reason '...'")


@click.command("apply")
@click.option("--reason", required=True, help="Why; it is kept in the course's record.")
@pass_workplace
def apply_command(workplace: Workplace, reason: str) -> None:
    """Put course.yaml in force as it is now. Every changed setting is kept in the record."""
    needed_reason(reason)
    version = version_in_force(workplace)
    found = changes_of(workplace, version)
    say(version, found)
    if version is not None and version.text == workplace.course_text:
        return
    let_count(workplace, version, reason, told_settings(found.settings))
    results().print("in force from now on")


def changes_of(workplace: Workplace, version: CourseVersionRow | None) -> Changes:
    """What differs from the version in force: settings, grades, and marks that are lost."""
    after, now = workplace.course, workplace.now
    return changes(workplace.course_file, workplace.store, version, after, now)


def say(version: CourseVersionRow | None, found: Changes) -> None:
    """The changes for people."""
    console = results()
    if version is None:
        console.print("no course file is in force yet: grades follow from course.yaml as it is")
    elif not found.settings:
        console.print("course.yaml says about grades what is in force already")
    else:
        rows = [(one.place, one.before or "–", one.after or "–") for one in found.settings]
        console.print(table(("setting", "in force", "in course.yaml"), rows, numbers_from=3))
        say_grades(found.grades)
    for lost in found.lost:
        console.print(lost.text, markup=False, soft_wrap=True)


def say_grades(grades: tuple[GradeChange, ...] | None) -> None:
    """Whose grades change, for people."""
    console = results()
    if grades is None:
        console.print("whose grades that changes can't be told")
        return
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
