"""One course file counts at a time: what each command does while an edit isn't applied."""

import shlex
from pathlib import Path

import pytest

from grader.cli.workplace import REHEARSAL
from grader.course import load_course
from grader.gradebook.versions import digest_of
from grader.store import open_store
from tests.cli.term_command import Term, change_course
from tests.store.postgresql import copied_data
from tests.term_course import STUDENTS, at, graded, notebook, write_term_course

HW3 = """\
  hw3:
    title: Third homework
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-02-20 23:59
    points: 1
    questions:
      q1: {title: All of it, points: 1}
"""
EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "due": (("due: 2027-01-28 23:59", "due: 2027-01-30 23:59"),),
    "points": (
        ("{title: Half, points: 6}", "{title: Half, points: 5}"),
        ("{title: Other half, points: 4}", "{title: Other half, points: 5}"),
    ),
    "assignment": (("assignments:\n", f"assignments:\n{HW3}"),),
    "yaml": (("weights:\n", "weights: [\n"),),
    "roster": (("roster: roster.csv", "roster: rooster.csv"),),
}
VALID, BROKEN = ("due", "points", "assignment"), ("yaml", "roster")
NOTE = "note: by the course file in force since "
REFUSED = "course.yaml has changed in what grades follow from, and that is not in force yet"

# By what counts, which is said; the words are those of the course file in force.
STUDENTS_SEE = [
    ("status", "hw1 0 1 2027-01-28 23:59"),
    ("status --student ada", "hw1 2027-01-28 23:59"),
    ("status hw1 --student ada --json", '"due": "2027-01-28T23:59:00-05:00"'),
    ("feedback hw1 ada", "Final score: 6.4 of 10"),
    ("request ask hw1 ada q1 Why?", "2: hw1 q1, ada (open)"),
    ("request list", "1: hw1 q2, ada (open)"),
    ("calendar --student ada", "before 23:59 on Thu 28 Jan 2027"),
    ("calendar --ics {}/term.ics", "term.ics: "),
]
# Not before the edit is applied.
GRADES = [
    "gradebook",
    "report",
    "report hw1",
    "explain ada",
    "request reply 1 Because.",
    "mark hw1 ada q2 --points 3",
    "override hw1 bob --points 3 --reason oral",
    "regrade hw1 --adopt --reason checked",
]
# By the file as it is.
PLANS = ["calendar", "roster list", "check essay", "release essay", "diff"]


@pytest.fixture(scope="module")
def course_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a late homework, graded, a request, and a course file in force."""
    folder = tmp_path_factory.mktemp("in_force")
    file = write_term_course(folder)
    with open_store(folder / "data") as store:
        from grader.store import StudentRow

        store.roster.update(
            [StudentRow(name, name.title(), f"{name}@mail.example") for name in STUDENTS]
        )
        sent = store.accept("ada", "hw1", notebook("x = 1"), "a.ipynb", at("2027-01-30 12:00"))
        lease = store.claim(store.start_batch("hw1"))
        assert lease is not None
        store.finish(lease, graded(("q1", 6, 6), ("q2", 2, 4)))
        store.requests.ask(sent.submission.id, "ada", "q2", "Why 2?")
        digest = digest_of(load_course(file))
        store.record.put_in_force(file.read_text(), digest, reason="first", by="prof")
    return folder / "data"


@pytest.fixture
def running(term: Term, course_data: Path) -> Term:
    """The course of a term with that data folder."""
    copied_data(course_data, term.folder / "data")
    (term.folder / "data" / REHEARSAL).touch()
    (term.folder / "assignments" / "hw3").mkdir()
    return term


def edit(term: Term, name: str) -> None:
    for old, new in EDITS[name]:
        change_course(term, old, new)


def run(term: Term, line: str):
    words = shlex.split(line.replace("{}", str(term.folder)))
    return term(*words, now="2027-02-12 12:00")


def versions(term: Term) -> list[tuple[str, str]]:
    """(text, reason) of all course files that counted."""
    with open_store(term.folder / "data") as store:
        return list(store._tables.versions().order_by("pk").values_list("text", "reason"))


@pytest.mark.parametrize("name", EDITS)
def test_students_go_by_what_counts_which_is_said_once(running: Term, name: str):
    edit(running, name)
    for line, words in STUDENTS_SEE:
        ran = run(running, line)
        assert (ran.code, words in ran.words) == (0, True), (line, ran.words)
        assert ran.err.count(NOTE) == 1, line
        assert ("has mistakes: " in ran.err) == (name in BROKEN), line
    assert len(versions(running)) == 1
    assert run(running, "status --json").out.startswith("{")


@pytest.mark.parametrize("name", EDITS)
def test_grades_wait_until_the_edit_is_applied(running: Term, name: str):
    edit(running, name)
    for line in GRADES:
        ran = run(running, line)
        assert (ran.code, ran.out) == (1, ""), line
        assert ("course.yaml:" if name in BROKEN else REFUSED) in ran.words, (line, ran.words)
    assert len(versions(running)) == 1
    if name in VALID:
        assert run(running, "apply --reason agreed").code == 0
    for line in GRADES if name in VALID else ():
        ran = run(running, line)
        assert (ran.code, ran.err) == (0, ""), (line, ran.err)


@pytest.mark.parametrize("name", EDITS)
def test_what_is_planned_goes_by_the_file_as_it_is(running: Term, name: str):
    edit(running, name)
    for line in PLANS:
        ran = run(running, line)
        assert (ran.code, ran.err.count(NOTE)) == (int(name in BROKEN), 0), (line, ran.words)
    assert ("before 23:59 on Sat 30 Jan" in run(running, "calendar").words) == (name == "due")


@pytest.mark.parametrize(
    ("name", "line", "code", "words"),
    [
        ("due", "grade hw1", 0, "nothing is waiting to be graded"),
        ("points", "grade hw1", 1, "changed in assignments.hw1.questions.q1.points, assignments"),
        ("points", "grade hw2", 0, "nothing is waiting to be graded"),
        ("assignment", "grade hw1", 0, "nothing is waiting to be graded"),
        ("assignment", "grade hw3", 1, "changed in assignments.hw3.points, assignments.hw3.quest"),
        ("yaml", "grade hw1", 1, "course.yaml:"),
        ("roster", "grade hw1", 1, "rooster.csv"),
    ],
)
def test_grading_waits_only_for_the_points_of_its_own_questions(
    running: Term, name: str, line: str, code: int, words: str
):
    edit(running, name)
    ran = run(running, line)
    assert (ran.code, words in ran.words) == (code, True), ran.words
    assert "Traceback" not in ran.err


def test_an_assignment_that_is_only_in_the_edited_file_is_not_there_yet(running: Term):
    edit(running, "assignment")
    for line in (
        "status hw3 --student ada",
        "feedback hw3 ada",
        "request ask hw3 ada q1 Why?",
        "submit hw3 ada {}/ada.ipynb",
    ):
        ran = run(running, line)
        assert (ran.code, ran.out) == (1, ""), line
        assert "hw3 is in course.yaml, but not in force yet: `course apply" in ran.words, line
    assert "hw3" not in run(running, "status").out
    assert run(running, "apply --reason 'one more'").code == 0
    assert "hw3 2027-02-20 23:59" in run(running, "status --student ada").words


@pytest.mark.parametrize("name", EDITS)
def test_what_is_handed_in_is_taken_by_what_counts(running: Term, name: str):
    edit(running, name)
    late = "1 day late: 90 % of the points earned"
    for line, words in (
        ("submit hw1 bob {}/ada.ipynb --at '2027-01-29 12:00' --reason mail", late),
        ("import hw1 {}/handed --json --at '2027-01-29 12:00' --reason mail", late),
        ("extend hw1 eve --until '2027-01-29 12:00' --reason ill", "2027-01-29 12:00"),
    ):
        (running.folder / "handed").mkdir(exist_ok=True)
        (running.folder / "handed" / "joe.ipynb").write_bytes(notebook("y = 2"))
        ran = run(running, line)
        assert (ran.code, words in ran.words, ran.err.count(NOTE)) == (0, True, 1), ran.words


def test_what_is_due_is_released_by_what_counts(running: Term):
    change_course(running, "pdf\n    group: {min: 2, max: 3}\n    release: 2027-01-14 18:00",
        "pdf\n    group: {min: 2, max: 3}\n    release: 2027-01-12 12:00")  # fmt: skip
    early = running("release", "--due", now="2027-01-13 12:00")
    assert (early.code, "nothing is to be released now" in early.out) == (0, True)
    assert early.err.count(NOTE) == 1
    assert run(running, "apply --reason sooner").code == 0
    assert "essay" in running("release", "--due", now="2027-01-13 12:00").out


@pytest.mark.parametrize("name", EDITS)
def test_before_the_first_version_the_file_counts_as_it_is(term: Term, name: str):
    (term.folder / "assignments" / "hw3").mkdir()
    edit(term, name)
    ran = run(term, "status --student ada")
    assert (ran.code, NOTE in ran.err) == (int(name in BROKEN), False)
    assert ("hw1 2027-01-30 23:59" in ran.words) == (name == "due")


def test_a_title_counts_at_once_and_folders_are_known_when_the_next_edit_waits(running: Term):
    change_course(
        running, "title: Second homework\n", "title: Homework 2\n    folder: assignments/two\n"
    )
    (running.folder / "assignments" / "hw2").rename(running.folder / "assignments" / "two")
    shown = run(running, "explain ada hw2")
    assert (shown.code, shown.err, "hw2: Homework 2" in shown.out) == (0, "", True)
    edit(running, "due")
    assert run(running, "status --student ada").code == 0
    assert [reason for _, reason in versions(running)] == [
        "first",
        "nothing that grades follow from has changed",
    ]


@pytest.mark.parametrize(
    "line",
    [line for line, _ in STUDENTS_SEE] + [*GRADES, "grade hw1"],
)
def test_a_version_in_force_that_can_not_be_read_is_told(running: Term, line: str):
    edit(running, "due")
    (running.folder / "assignments" / "hw2").rename(running.folder / "assignments" / "two")
    change_course(
        running, "title: Second homework\n", "title: Homework 2\n    folder: assignments/two\n"
    )
    ran = run(running, line)
    assert (ran.code, ran.out, "Traceback" in ran.err) == (1, "", False)
    assert "can't be read any more: assignments.hw2: leads nowhere" in ran.words
    assert "`course apply --reason '...'`" in ran.words


def test_after_a_release_that_takes_other_digests_nothing_has_changed(running: Term):
    with open_store(running.folder / "data") as store:
        version = store.record.version_in_force()
        assert version is not None
        store.record.apply(
            version.text + "# \n", "0" * 64, instead_of=version.id, reason="older", by="prof"
        )
    assert run(running, "gradebook").code == 0
    assert run(running, "status").err == ""
