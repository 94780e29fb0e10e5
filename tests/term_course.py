"""A small course with a term in it: homework, a group's essay, weights. Nothing of it is run."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Course, load_course
from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome

STUDENTS = ("ada", "bob", "eve", "joe", "kim")

COURSE = """\
course: {code: TERM1, title: A term}
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-04-30}
environments:
  cpu: {gpus: 0}
late_policy: {kind: percent per day, percent: 10, max_days: 3}
weights:
  homework: {percent: 60, of: [hw1, hw2], drop_lowest: 1}
  essay: {percent: 40}
roster: roster.csv
assignments:
  hw1:
    title: First homework
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-01-28 23:59
    points: 10
    questions:
      q1: {title: Half, points: 6}
      q2: {title: Other half, points: 4}
  hw2:
    title: Second homework
    environment: cpu
    release: 2027-01-28 18:00
    due: 2027-02-11 23:59
    points: 10
    questions:
      q1: {title: All of it, points: 10}
  essay:
    title: Essay
    submit: pdf
    group: {min: 2, max: 3}
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    points: 5
    questions:
      idea:
        title: Idea
        points: 3
        manual: true
        rubric:
          - {name: question, points: 2, text: A question}
          - {name: why, points: 1, text: Why it is open}
      plan: {title: Plan, points: 2, manual: true}
"""


def write_term_course(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the course; each change replaces a part of its file, which must be there once."""
    text = COURSE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    for name in ("hw1", "hw2", "essay"):
        (folder / "assignments" / name).mkdir(parents=True, exist_ok=True)
    (folder / "assignments" / "essay" / "handout.md").write_text("# Essay\n")
    (folder / "environments" / "cpu").mkdir(parents=True, exist_ok=True)
    (folder / "environments" / "cpu" / "Dockerfile").write_text("FROM scratch\n")
    rows = [f"{name},{name.title()},{name}@mail.example" for name in STUDENTS]
    (folder / "roster.csv").write_text("\n".join(["student,name,email", *rows]) + "\n")
    (folder / "course.yaml").write_text(text)
    return folder / "course.yaml"


def term_course(folder: Path, *changes: tuple[str, str]) -> Course:
    """The course, loaded."""
    return load_course(write_term_course(folder, *changes))


def at(text: str) -> datetime:
    """A UTC time such as `2027-01-28 12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def graded(*questions: tuple[str, float, float]) -> GradedSubmission:
    """A grading that earned (question, earned, possible) in a check of each."""
    checks = [
        CheckResult(
            check=f"check_{question}",
            question=question,
            title="A check",
            points=possible,
            earned=earned,
            outcome=Outcome.PASSED if earned == possible else Outcome.WRONG_VALUE,
        )
        for question, earned, possible in questions
    ]
    return GradedSubmission(Ending.FINISHED, "", (), tuple(checks), checks_version="1")


def notebook(*sources: str) -> bytes:
    """A valid notebook of these code cells."""
    import nbformat

    cells: Sequence[object] = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()
