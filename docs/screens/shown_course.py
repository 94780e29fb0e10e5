"""The course that the screenshots show: the course's own, in the sixth week, with made-up work.

Nothing is run: what grading found is put into the store, as containers would have found it.
"""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import connections

from grader.course import Course, load_course
from grader.course.roster import load_roster
from grader.gradebook.versions import digest_of
from grader.store import Store, StudentRow
from tests.intake.pdfs import pdf
from tests.report.cohort import BEHAVIOURS, graded_submission
from tests.term_course import graded

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 2, 15, 10, 30, tzinfo=ZoneInfo("America/Toronto"))
STUDENT = "volkov7"  # who took one matrix for another
ASKS = "nascim37"  # whose signs are wrong
UNMARKED = "haddad32"  # whose written answer nobody has marked yet
BEGIN = datetime(2027, 1, 11, 9, tzinfo=NOW.tzinfo)
STARTER = ROOT / "tests" / "submissions" / "blank" / "notebook.ipynb"

WRITTEN = '{title: "Written: which metric, and why?", points: 6, manual: true}'
RUBRIC = """
        title: "Written: which metric, and why?"
        points: 6
        manual: true
        rubric:
          - name: length
            points: 2
            text: What each metric measures, and what it is invariant to
          - name: softmax
            points: 2
            text: Gauss-Newton and Fisher agree for softmax; one loss where not
          - name: empirical
            points: 2
            text: What the empirical Fisher does near a good solution"""
ANSWER = """\
1. The identity measures how far the weights move, so it depends on how they are written down.
   Gauss-Newton measures how far the *outputs* move, and the Fisher how far the predicted
   *distribution* does: neither knows the coordinates (my plot of question 7).
2. For softmax with cross-entropy they are the same matrix. For squared error of a softmax's
   probabilities they differ.
3. Its gradients are those of the labels, so where the fit is good it nearly vanishes, except on
   the wrong labels: steps get longest there."""
COMMENT = "What happens to the step where it vanishes? Say which way the error goes."
QUESTIONS = {
    "tutorial1": {"q1": 6, "q2": 5, "q3": 4, "q4": 5},
    "tutorial2": {"q1": 5, "q2": 5, "q3": 5, "q4": 5},
    "lab04": {"q1": 7, "q2": 12, "q3": 9, "q4": 9},
}
PROPOSALS = {
    "Saddle points": (STUDENT, "trembl4", "haddad32"),
    "Lazy regime": (ASKS, "yoshid43"),
    "Warm starts": ("quresh3", "baekju90", "wojcik6"),
}


def write_course(folder: Path) -> Path:
    """Write the course file, with a rubric for a written question; the path of it."""
    text = (ROOT / "course.yaml").read_text()
    assert text.count(WRITTEN) == 1
    (folder / "course.yaml").write_text(text.replace(f" {WRITTEN}", RUBRIC))
    shutil.copy(ROOT / "roster.csv", folder)
    for name in ("assignments", "environments"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "rehearsal").touch()  # its course.yaml is edited in a rehearsal
    return folder / "course.yaml"


def edit_course(file: Path) -> None:
    """Make an edit that isn't in force: half of what a day's delay costs."""
    text = file.read_text()
    old = "  percent: 10 "
    assert text.count(old) == 1
    file.write_text(text.replace(old, "  percent: 5  "))


class Filling:
    """Puts students' and staff's work into the store of a course that nobody has used yet."""

    def __init__(self, file: Path, store: Store) -> None:
        self.course: Course = load_course(file)
        self.store = store
        rows = load_roster(self.course.roster)
        self.students = [one.student for one in rows]
        store.roster.update(
            [StudentRow(one.student, one.name, one.email, one.section) for one in rows], by="ivy"
        )
        store.record.put_in_force(
            file.read_text(), digest_of(self.course), reason="the term begins", by="ivy"
        )
        was_written_at(BEGIN)

    def fill(self) -> None:
        """All but what goes on at the moment."""
        for days_ago, happens in (
            (11, self._release),
            (10, lambda: self._hand_in_all("tutorial1", self.students[:22])),
            (10, lambda: self._hand_in_all("tutorial2", self.students[:22])),
            (6, self._extensions),
            (5, self._proposals),
            (2, self._problem_set),
            (1, self._requests),
            (0.2, lambda: self._hand_in_all("lab04", self.students[7:14])),
        ):
            happens()
            was_written_at(NOW - timedelta(days=days_ago, minutes=25))

    def be_at_work(self) -> None:
        """Let two of the lab be graded, three wait, and one process be there that grades."""
        for student in self.students[14:21]:
            self._hand_in("lab04", student, NOW - timedelta(minutes=20))
        batch = self.store.start_batch("lab04")
        for step in ("", "", "cell 14", "check damped_cg"):
            lease = self.store.claim(batch)
            assert lease is not None
            if step:
                self.store.live.note_step(lease.submission.id, step)
            else:
                self.store.finish(
                    lease, graded(*((q, m, m) for q, m in QUESTIONS["lab04"].items()))
                )
        self.beat()

    def beat(self) -> None:
        """Say that who grades is still there."""
        self.store.live.beat("grader.example.edu, 4711", jobs=2, doing="lab04")

    # --- what happened ----------------------------------------------------------------------

    def _release(self) -> None:
        folder = self.store.folder / "released"
        folder.mkdir()
        for name, one in self.course.assignments.items():
            if one.release_utc <= NOW.astimezone(UTC):
                (folder / f"{name}.zip").write_bytes(b"")
                self.store.record.note(by="course", what="released", subject=name, detail="")

    def _hand_in(self, name: str, student: str, at: datetime, *, answer: str = ANSWER) -> int:
        notebook = json.loads(STARTER.read_text())
        notebook["metadata"]["student"] = f"{student}, {name}"
        for cell in notebook["cells"]:
            if "otter_answer_cell" in cell["metadata"].get("tags", ()):
                cell["source"] = answer
        data = json.dumps(notebook).encode()
        return self.store.accept(
            student, name, data, f"{name}.ipynb", at.astimezone(UTC)
        ).submission.id

    def _hand_in_all(self, name: str, students: list[str]) -> None:
        due = min(self.course.assignments[name].due, NOW)
        for place, student in enumerate(students):
            self._hand_in(name, student, due - timedelta(minutes=41 * place + 13))
        batch, place = self.store.start_batch(name), 0
        while lease := self.store.claim(batch):
            missed = list(QUESTIONS[name])[place % 5 : place % 5 + 1]
            points = [
                (question, most / 2 if question in missed else most, most)
                for question, most in QUESTIONS[name].items()
            ]
            self.store.finish(lease, graded(*points))
            place += 1
        self.store.end_batch(batch.id)

    def _problem_set(self) -> None:
        """Each student does as one of the reports' made-up cohort; a TA has marked some."""
        due = self.course.assignments["ps1"].due
        behaviours = dict(zip(self.students, BEHAVIOURS, strict=False))
        # Whatever is neither refused nor missing.
        sent = {name: one for name, one in behaviours.items() if one.state in ("graded", "delayed")}
        for place, (student, one) in enumerate(sent.items()):
            at = due - timedelta(minutes=37 * place + 5) + timedelta(days=one.lateness.days)
            number = self._hand_in("ps1", student, at)
            if place % 4 != 1:
                shares = {"length": 1.0, "softmax": 1.0, "empirical": 0.5}
                self.store.marks.give(number, "q9", 0, marks=shares, comment=COMMENT, by="tam")
        batch = self.store.start_batch("ps1")
        while lease := self.store.claim(batch):
            one = sent[lease.submission.student]
            if one.state == "graded":
                self.store.finish(lease, graded_submission(one))
            else:
                self.store.fail(lease, "the engine went away")
        self.store.end_batch(batch.id)

    def _extensions(self) -> None:
        grant = self.store.extensions.grant
        grant("ps1", student="lindqv60", days=2, reason="ill, with a note", by="ivy")
        grant("lab04", student="yoshid43", days=3, reason="a conference", by="ivy")
        grant("lab04", student=STUDENT, days=1, reason="their laptop was stolen", by="ivy")

    def _proposals(self) -> None:
        for name, members in PROPOSALS.items():
            self.store.groups.form("project", name, members, largest=3, by="tam")
        for student in (ASKS, "quresh3"):
            self.store.accept(
                student,
                "proposal",
                pdf(body=f"% {student}\n".encode()),
                "proposal.pdf",
                (NOW - timedelta(hours=16)).astimezone(UTC),
                by_hand=True,
                group_set="project",
            )

    def _requests(self) -> None:
        number = {row.student: row.id for row in self.store.submissions("ps1")}
        asked = self.store.requests.ask(
            number[STUDENT],
            STUDENT,
            "q7",
            "I sampled the labels from the model, with a key of my own. Isn't that the Fisher?",
        )
        self.store.requests.reply(
            asked.id, "It is; your function then ignores the sample it was given.", by="tam",
            close=True,
        )  # fmt: skip
        self.store.requests.ask(
            number[ASKS],
            ASKS,
            "q4",
            "My product has the sign of the gradient that I hand in. For the quadratic of "
            "question 1 it agrees with A v to 12 digits: is only the network's wrong?",
        )


def was_written_at(at: datetime) -> None:
    """Let all that was written just now have been written at a time of the course."""
    now = datetime.now(UTC)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'PRAGMA table_info("{table}")')
            for column in [row[1] for row in cursor.fetchall() if row[2] == "datetime"]:
                cursor.execute(
                    f'UPDATE "{table}" SET "{column}" = %s WHERE "{column}" BETWEEN %s AND %s',
                    [at.astimezone(UTC), now - timedelta(hours=1), now],
                )
