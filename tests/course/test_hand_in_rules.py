"""What `course.yaml` may say of uploads, groups and rubrics."""

from pathlib import Path

import pytest

from grader.course import GroupSize, load_course
from tests.course.conftest import GOOD, complaints_of

ESSAY = """\
  essay:
    title: Essay
    submit: pdf
    group: {min: 2, max: 3}
    release: 2027-01-14 18:00
    due: 2027-02-17 23:59
    points: 10
    questions:
      idea:
        title: Idea
        points: 6
        manual: true
        rubric:
          - {points: 3.5, text: A question that an experiment can answer, name: question}
          - {points: 2.5, text: "Why it matters: an open point", name: why}
      plan: {title: Plan, points: 4, manual: true}
"""
AT = "assignments.essay"
HW = "assignments.hw1"
IDEA, PLAN = f"{AT}.questions.idea", f"{AT}.questions.plan"


@pytest.fixture
def essay(folder: Path) -> Path:
    """The course's folder with an upload in it; its entry begins on line 29."""
    (folder / "assignments" / "essay").mkdir()
    (folder / "assignments" / "essay" / "handout.md").write_text("# Essay\n")
    (folder / "course.yaml").write_text(GOOD + ESSAY)
    return folder


def test_an_upload_has_groups_and_rubrics_and_no_environment(essay: Path) -> None:
    course = load_course(essay / "course.yaml")
    found, notebook = course.assignments["essay"], course.assignments["hw1"]
    assert (found.submit, found.by_hand, found.environment) == ("pdf", True, None)
    assert found.group == GroupSize(min=2, max=3)
    rubric = found.question("idea").rubric
    assert [(item.name, item.points, item.text) for item in rubric] == [
        ("question", 3.5, "A question that an experiment can answer"),
        ("why", 2.5, "Why it matters: an open point"),
    ]
    assert found.question("plan").rubric == ()
    assert (notebook.submit, notebook.by_hand, notebook.group) == ("notebook", False, None)
    assert course.environment_of(notebook) is course.environments["cpu"]
    with pytest.raises(ValueError, match="essay is graded by hand"):
        course.environment_of(found)


def test_a_notebook_may_have_a_group_and_a_rubric_for_its_written_question(folder: Path) -> None:
    text = GOOD.replace("manual: true", "manual: true, rubric: [{name: all, points: 6, text: All}]")
    (folder / "course.yaml").write_text(
        text.replace("    points: 10", "    group: {min: 1, max: 2}\n    points: 10")
    )
    found = load_course(folder / "course.yaml").assignments["hw1"]
    assert found.group
    assert found.group.text == "groups of 1 to 2"
    assert [item.points for item in found.question("q2").rubric] == [6.0]


@pytest.mark.parametrize(
    ("least", "most", "text"), [(2, 3, "groups of 2 to 3"), (2, 2, "groups of 2")]
)
def test_a_groups_size_reads_as_people_say_it(least: int, most: int, text: str) -> None:
    assert GroupSize(min=least, max=most).text == text


# (what the good file says, what it says instead, line:column, path, words of the complaint)
MISTAKES = [
    ("submit: pdf", "submit: docx", "31:13", f"{AT}.submit", "saw `docx`, expected `notebook`, or"),
    ("submit: pdf", "sumbit: pdf", "31:5", f"{AT}.sumbit", "did you mean `submit`?"),
    ("    submit: pdf\n", "", "29:3", f"{AT}.environment", "missing, expected the name of one"),
    ("submit: pdf", "submit: pdf\n    environment: cpu", "32:5", f"{AT}.environment", "delete it"),
    ("submit: pdf", "submit: pdf\n    environment: x", "32:5", f"{AT}.environment", "delete it"),
    ("submit: pdf", "submit: pdf\n    tests: otter", "32:5", f"{AT}.tests", "nothing is run"),
    ("submit: pdf", "submit: pdf\n    limits: {cell: 9 s}", "32:5", f"{AT}.limits", "delete it"),
    ("submit: pdf", "submit: pdf\n    folder: environments", "32:13", f"{AT}.folder", "handout.md"),
    ("submit: pdf", "submit: pdf\n    folder: nowhere", "32:13", f"{AT}.folder", "leads nowhere"),
    ("min: 2, max: 3", "min: 3, max: 2", "32:26", f"{AT}.group.max", "saw `2`, expected no less"),
    ("min: 2, max: 3", "min: 0, max: 2", "32:18", f"{AT}.group.min", "saw `0`, expected a whole"),
    ("min: 2, max: 3", "min: 1, max: 1", "32:26", f"{AT}.group.max", "from 2 to 50"),
    ("min: 2, max: 3", "min: 2", "32:5", f"{AT}.group.max", "missing, expected a whole number"),
    ("{min: 2, max: 3}", "3", "32:12", f"{AT}.group", "saw `3`, expected sizes such as"),
    (" {min: 2, max: 3}", "", "32:11", f"{AT}.group", "saw nothing, expected sizes such as"),
    ("        manual: true\n", "", "37:7", IDEA, "expected `manual: true`: a `submit: pdf` is"),
    ("        manual: true\n", "        manual: false\n", "40:17", f"{IDEA}.manual", "`true`"),
    ("points: 4, manual: true", "points: 4", "44:7", PLAN, "`submit: pdf` is graded by hand"),
    ("points: 4, manual: true", "points: 4, manul: true", "44:38", f"{PLAN}.manul", "`manual`?"),
    ("points: 2.5", "points: 2", "41:9", f"{IDEA}.rubric", "add up to 5.5, but the question has 6"),
    ("points: 2.5", "points: 0", "43:22", f"{IDEA}.rubric[1].points", "more than 0"),
    ("points: 2.5, text", "points: 2.5, txet", "43:27", f"{IDEA}.rubric[1].txet", "mean `text`?"),
    ('"Why it matters: an open point"', '""', "43:33", f"{IDEA}.rubric[1].text", "on one line"),
    (", name: why}", "}", "43:13", f"{IDEA}.rubric[1].name", "expected a short name such as"),
    ("name: why", "nmae: why", "43:66", f"{IDEA}.rubric[1].nmae", "did you mean `name`?"),
    ("name: why", "name: question", "43:72", f"{IDEA}.rubric[1].name", "`question`, but item 1 of"),
    ("name: why", "name: The why", "43:72", f"{IDEA}.rubric[1].name", "such as `name: clarity`"),
    ("name: why", "name: 2", "43:72", f"{IDEA}.rubric[1].name", 'if it is text: `"2"`'),
    ("points: 4, manual", "rubric: [], points: 4, manual", "44:27", f"{PLAN}.rubric", "saw a list"),
    ("points: 4, manual", "rubric: [all], points: 4, manual", "44:36", f"{PLAN}.rubric[0]", "all"),
    ("points: 4, manual", "rubric: 4, points: 4, manual", "44:35", f"{PLAN}.rubric", "such as"),
    ("points: 4}", "rubric: [{name: a, points: 4, text: x}], points: 4}", "27:7",
     f"{HW}.questions.q1", "a `rubric` is for grading by hand"),
    ("    environment: cpu\n", "    environment:\n", "21:17", f"{HW}.environment", "nothing"),
    ("    environment: cpu\n", "    enviroment: cpu\n", "21:5", f"{HW}.enviroment", "mean `e"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "place", "path", "words"), MISTAKES)
def test_a_mistake_is_told_once_at_its_place(essay: Path, old, new, place, path, words) -> None:
    found = complaints_of(essay, old, new)
    assert [one[:2] for one in found] == [(place, path)], found
    assert words in found[0][2]


def test_an_upload_needs_its_instructions(essay: Path) -> None:
    (essay / "assignments" / "essay" / "handout.md").unlink()
    ((place, path, what),) = complaints_of(essay, "title: Essay", "title: Essays")
    assert (place, path) == ("29:3", AT)
    assert what == "expected the file handout.md (the instructions) in essay/"
