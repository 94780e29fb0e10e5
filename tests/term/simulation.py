"""A whole term, simulated with the real store, front desk and gradebook; grading is stored.

Students hand in early, late and too late, form groups, join and drop; staff extend, regrade, mark,
override and move a due date. All of it is random, from one seed, and written into a ledger.
"""

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat

from grader.course import Course, load_course
from grader.desk import submit
from grader.intake import Refused
from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome
from grader.store import State, Store, StudentRow, open_store
from tests.intake.pdfs import pdf
from tests.term.course_file import LABS, write_course
from tests.term.ledger import ORDER, Ledger, Sent

STAFF = "prof"
QUESTIONS = {
    "tutorial": {"q1": 12, "q2": 8},
    "ps1": {"q1": 60, "q2": 40},
    **{name: {"q1": 25, "q2": 15} for name in LABS},
    "paper": {"q1": 60},
}
MOVED = ("lab06", "due: lab06.release + 14 days at 23:59", "due: lab06.release + 16 days at 23:59")


@dataclass
class Simulation:
    """One term. `run` plays it; what happened is in the ledger and in the store."""

    folder: Path
    students: int
    seed: int = 1
    checks_version: str = "1"
    store: Store = field(init=False)
    course: Course = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.file = write_course(self.folder)
        self.roster = {f"s{n:03}": "L1" if n % 3 else "L2" for n in range(self.students)}
        self._write_roster()
        self.course = load_course(self.file)
        self.store = open_store(self.folder / "data")
        due = {(name, ""): one.due_utc for name, one in self.course.assignments.items()}
        l2 = self.course.assignments["ps1"].sections["L2"].due
        assert l2 is not None
        self.ledger = Ledger(due | {("ps1", "L2"): l2.astimezone(UTC)})
        self._take_roster()

    def run(self) -> None:
        """Play the term, in order of time."""
        self.form_groups()
        doings = self._planned()
        for at, student, name in doings:
            self.hand_in(at, student, name)
        self.grade_all()
        self.extend()
        self.drop_and_add()
        self.mark_by_hand()
        self.move_a_due_date()
        self.regrade("lab05")
        self.ask_for_a_regrade()
        self.override()

    # --- students -------------------------------------------------------------------------

    def _write_roster(self) -> None:
        rows = [f"{s},{s.upper()},{s}@mail.example,{section}" for s, section in self.roster.items()]
        header = "student,name,email,section"
        (self.folder / "roster.csv").write_text("\n".join([header, *rows]) + "\n")

    def _take_roster(self) -> None:
        self.ledger.sections |= self.roster
        self.store.update_roster(
            [
                StudentRow(student, student.upper(), f"{student}@mail.example", section)
                for student, section in self.roster.items()
            ],
            by=STAFF,
        )

    def form_groups(self) -> None:
        """Twos and threes; a few students stay in none."""
        waiting = list(self.roster)[: max(2, self.students - 3)]
        self.random.shuffle(waiting)
        while len(waiting) >= 2:
            size = min(len(waiting), self.random.choice((2, 3)))
            members, waiting = waiting[:size], waiting[size:]
            name = f"group of {members[0]}"
            self.store.groups.form("project", name, members, largest=3, by=STAFF)
            self.ledger.staff_did.append(("group formed", f"project {name}"))
            for member in members:
                self.ledger.groups[member] = frozenset(members)

    def _planned(self) -> list[tuple[datetime, str, str]]:
        doings = [
            (self._some_time(name, student), student, name)
            for student in self.roster
            for name in ORDER
            for _ in range(self.random.choice((0, 1, 1, 1, 2, 4)))
        ]
        return sorted(doings)

    def _some_time(self, name: str, student: str) -> datetime:
        """Around the due time, at times at the very instant of it, rarely before the release."""
        due = self.ledger.due_of(student, name)
        if self.random.random() < 0.02:
            return self.course.assignments[name].release_utc - timedelta(seconds=1)
        if self.random.random() < 0.1:
            microseconds = self.random.choice((-1, 0, 1))
            return due + timedelta(microseconds=microseconds)
        return due + timedelta(minutes=round(self.random.gauss(-1500, 2500)))

    def hand_in(self, at: datetime, student: str, name: str) -> None:
        """One try; what is refused leaves a line in the ledger and nothing else."""
        assignment = self.course.assignments[name]
        words = f"{student} {name} {at.isoformat()} {self.random.random()}"
        data = pdf(body=f"% {words}\n".encode()) if assignment.by_hand else _notebook(words)
        try:
            taken = submit(self.course, self.store, assignment, student, data, "work", at)
        except Refused as refused:
            self.ledger.refused.append(f"{words}: {refused}")
            return
        digest = hashlib.sha256(data).hexdigest()
        points: dict[str, float | None] = dict(self._points(name, digest))
        if name == "proposal":
            points = {"idea": None, "plan": None}
        elif name == "paper":
            points["talk"] = None
        owner = self.ledger.owner(student, name)
        number = taken.accepted.submission.id
        self.ledger.sent.append(Sent(number, student, owner, name, at, digest, points))

    # --- grading --------------------------------------------------------------------------

    def _points(self, name: str, digest: str) -> dict[str, float]:
        """What grading finds of these bytes: always the same of one version of the checks."""
        found: dict[str, float] = {}
        for question, most in QUESTIONS.get(name, {}).items():
            drawn = hashlib.sha256(f"{digest} {question} {self.checks_version}".encode()).digest()
            found[question] = most * (drawn[0] % 5) / 4
        return found

    def grade_all(self) -> None:
        """Whatever is queued gets the points of its bytes."""
        for name in self.course.assignments:
            batch = self.store.start_batch(name)
            while lease := self.store.claim(batch):
                points = self._points(name, lease.submission.sha256)
                self.store.finish(lease, _graded(name, points, self.checks_version))
            self.store.end_batch(batch.id)

    def regrade(self, name: str) -> None:
        """New checks, first proposed, then adopted."""
        self.checks_version = "2"
        self.store.regrades.queue(name, every=True)
        self.grade_all()
        self.store.regrades.adopt(name, by=STAFF, reason="a tolerance was too tight")
        self.ledger.staff_did.append(("regrade adopted", name))
        for one in self.ledger.sent:
            if one.assignment == name:
                one.points = dict(self._points(name, one.digest))

    def mark_by_hand(self) -> None:
        """Proposals by rubric, talks by points; a few wait."""
        for name in ("proposal", "paper"):
            for row in self.store.latest_submissions(name):
                if self.random.random() < 0.1:
                    continue
                one = next(sent for sent in self.ledger.sent if sent.number == row.id)
                if name == "paper":
                    one.points["talk"] = float(self.random.randint(0, 40))
                    self.store.marks.give(row.id, "talk", one.points["talk"] or 0.0, by="ta")
                    continue
                half = self.random.choice((0.0, 0.5, 1.0))
                one.points |= {"idea": 4 + 2 * half, "plan": 3.0}
                self.store.marks.give(row.id, "idea", 0.0, marks={"1": 1.0, "2": half}, by="ta")
                self.store.marks.give(row.id, "plan", 3.0, by="ta")

    # --- staff ----------------------------------------------------------------------------

    def extend(self) -> None:
        """Some students get days, most of them after they were late."""
        for student in self.random.sample(list(self.roster), max(2, self.students // 6)):
            name = self.random.choice(ORDER)
            days = self.random.randint(1, 4)
            self.store.extensions.grant(name, student=student, days=days, reason="ill", by=STAFF)
            self.ledger.extensions[student, name] = days
            self.ledger.staff_did.append(("extension granted", f"{name} {student}"))

    def drop_and_add(self) -> None:
        """Two drop and one of them comes back, with all that was handed in; one is new."""
        first, second = list(self.roster)[-2:]
        gone = {student: self.roster.pop(student) for student in (first, second)}
        self.roster["new01"] = "L1"
        self._take_roster()
        self.roster[first] = gone[first]
        self._take_roster()
        self.ledger.staff_did += [("roster changed", "students")] * 2
        self._write_roster()

    def move_a_due_date(self) -> None:
        """The whole class gets two more days, in mid-term."""
        name, old, new = MOVED
        self.file.write_text(self.file.read_text().replace(old, new))
        self.course = load_course(self.file)
        self.ledger.due[name, ""] = self.course.assignments[name].due_utc

    def ask_for_a_regrade(self) -> None:
        """A student asks, staff answer, and the question gets other points by hand."""
        one = next(sent for sent in reversed(self.ledger.sent) if sent.assignment == "ps1")
        row = self.store.requests.ask(one.number, one.student, "q2", "Look again, please.")
        self.store.requests.reply(row.id, "You are right.", by="ta", close=True)
        self.store.marks.give(one.number, "q2", 40.0, comment="right after all", by="ta")
        one.points["q2"] = 40.0

    def override(self) -> None:
        """One score is set by hand."""
        student = next(iter(self.roster))
        self.store.marks.override(student, "ps1", 77.5, reason="oral exam", by=STAFF)
        self.ledger.overrides[student, "ps1"] = 77.5
        self.ledger.staff_did.append(("override", f"ps1 {student}"))

    def waiting(self) -> int:
        """Submissions that our side has yet to grade."""
        states = (State.QUEUED, State.RUNNING, State.DELAYED)
        return sum(
            row.state in states
            for name in self.course.assignments
            for row in self.store.submissions(name)
        )


def _notebook(words: str) -> bytes:
    cells = [nbformat.v4.new_code_cell(f"# {words}", id="answer")]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def _graded(name: str, points: dict[str, float], version: str) -> GradedSubmission:
    checks = tuple(
        CheckResult(
            check=f"{question}_check",
            question=question,
            title="A check",
            points=float(QUESTIONS[name][question]),
            earned=earned,
            outcome=Outcome.PASSED,
        )
        for question, earned in points.items()
    )
    return GradedSubmission(Ending.FINISHED, "", (), checks, checks_version=version)
