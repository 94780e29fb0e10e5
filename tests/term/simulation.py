"""A term with the real store, front desk and gradebook: its students, and a grader that is stored.

Students hand in early, late and too late, alone and in groups. All of it is random, from one seed,
and written into a ledger.
"""

import copy
import hashlib
import random
from bisect import insort
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat

from grader.course import Course, load_course
from grader.desk import submit
from grader.gradebook.evidence import Evidence, gather_evidence
from grader.gradebook.term import Sheets
from grader.intake import Refused
from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome
from grader.store import State, Store, StudentRow, UnknownStudent, open_store
from tests.intake.pdfs import pdf
from tests.term.course_file import LABS, write_course
from tests.term.ledger import ORDER, Ledger, Sent, Try

STAFF = "prof"
QUESTIONS = {
    "tutorial": {"q1": 12, "q2": 8},
    "ps1": {"q1": 60, "q2": 40},
    **{name: {"q1": 25, "q2": 15} for name in LABS},
    "paper": {"q1": 60},
}


@dataclass(frozen=True)
class Moment:
    """The term as it was once, to be graded as of a time."""

    at: datetime
    course: Course
    evidence: Evidence
    ledger: Ledger


@dataclass
class Simulation:
    """One term. What happened is in the ledger and in the store."""

    folder: Path
    students: int
    seed: int = 1
    checks_version: str = "1"
    store: Store = field(init=False)
    course: Course = field(init=False)
    ledger: Ledger = field(init=False)
    moments: dict[str, Moment] = field(default_factory=dict[str, Moment])
    group_ids: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.file = write_course(self.folder)
        self.roster = {f"s{n:03}": "L1" if n % 3 else "L2" for n in range(self.students)}
        self.write_roster()
        self.course = load_course(self.file)
        self.store = open_store(self.folder / "data")
        each = self.course.assignments
        of_sections = {
            (name, section): own.due.astimezone(UTC)
            for name, one in each.items()
            for section, own in one.sections.items()
            if own.due
        }
        self.ledger = Ledger(
            due={(name, ""): one.due_utc for name, one in each.items()} | of_sections,
            releases={name: one.release_utc for name, one in each.items()},
            locks={name: one.lock.astimezone(UTC) for name, one in each.items() if one.lock},
        )
        self.take_roster()
        self.planned: list[tuple[datetime, str, str]] = []

    # --- students -------------------------------------------------------------------------

    def write_roster(self) -> None:
        """The roster's file, as it is now."""
        rows = [f"{s},{s.upper()},{s}@mail.example,{section}" for s, section in self.roster.items()]
        header = "student,name,email,section"
        (self.folder / "roster.csv").write_text("\n".join([header, *rows]) + "\n")

    def take_roster(self) -> None:
        """Who is in the roster is in the course."""
        self.ledger.sections |= self.roster
        self.ledger.here = set(self.roster)
        self.store.roster.update(
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
            formed = self.store.groups.form("project", name, members, largest=3, by=STAFF)
            self.group_ids[name] = formed.id
            self.ledger.staff_did.append(("group formed", f"project {name}"))
            self.ledger.group |= dict.fromkeys(members, name)

    def plan(self) -> None:
        """Who will hand in what, and when."""
        for student in self.roster:
            for name in ORDER:
                for _ in range(self.random.choice((0, 1, 1, 1, 2, 4))):
                    self.plan_one(self._some_time(name, student), student, name)

    def plan_one(self, at: datetime, student: str, name: str) -> None:
        """One more try."""
        insort(self.planned, (at, student, name))

    def _some_time(self, name: str, student: str) -> datetime:
        """Around the due time, at times at the very instant of it, rarely before the release."""
        due = self.ledger.due_of(self.ledger.present_owner(student, name), name)
        if self.random.random() < 0.02:
            return self.course.assignments[name].release_utc - timedelta(seconds=1)
        if self.random.random() < 0.1:
            microseconds = self.random.choice((-1, 0, 1))
            return due + timedelta(microseconds=microseconds)
        return due + timedelta(minutes=round(self.random.gauss(-1500, 2500)))

    def play_until(self, end: datetime) -> None:
        """What is planned before that time, in order."""
        while self.planned and self.planned[0][0] < end:
            self.hand_in(*self.planned.pop(0))

    def hand_in(self, at: datetime, student: str, name: str) -> Sent | None:
        """One try; what is refused leaves a line in the ledger and nothing else."""
        assignment = self.course.assignments[name]
        words = f"{student} {name} {at.isoformat()} {self.random.random()}"
        data = pdf(body=f"% {words}\n".encode()) if assignment.by_hand else _notebook(words)
        foreseen = self.ledger.why_refused(student, name, at)
        try:
            taken = submit(self.course, self.store, assignment, student, data, "work", at)
        except (Refused, UnknownStudent) as refused:
            self.ledger.tries.append(Try(student, name, at, foreseen, str(refused)))
            return None
        self.ledger.tries.append(Try(student, name, at, foreseen, ""))
        digest = hashlib.sha256(data).hexdigest()
        points: dict[str, float | None] = dict(self.points(name, digest))
        if name == "proposal":
            points = {"idea": None, "plan": None}
        elif name == "paper":
            points["talk"] = None
        owner = self.ledger.present_owner(student, name)
        members = self.ledger.in_group(owner) or frozenset((student,))
        number = taken.accepted.submission.id
        sent = Sent(number, student, owner, members, name, at, digest, points)
        self.ledger.sent[name].append(sent)
        return sent

    # --- grading --------------------------------------------------------------------------

    def points(self, name: str, digest: str) -> dict[str, float]:
        """What grading finds of these bytes: always the same of one version of the checks."""
        found: dict[str, float] = {}
        for question, most in QUESTIONS.get(name, {}).items():
            drawn = hashlib.sha256(f"{digest} {question} {self.checks_version}".encode()).digest()
            found[question] = most * (drawn[0] % 5) / 4
        return found

    def grade_all(self, now: datetime, *, only: Collection[str] = ORDER) -> None:
        """Whatever is queued, or may count for somebody after all, gets the points of its bytes."""
        sheets = Sheets(self.course, gather_evidence(self.store, self.course), now)
        for name in only:
            self.store.queue_superseded(
                {number for student in self.roster for number in sheets.may_count(student, name)}
            )
            batch = self.store.start_batch(name)
            while lease := self.store.claim(batch):
                points = self.points(name, lease.submission.sha256)
                self.store.finish(lease, _graded(name, points, self.checks_version))
            self.store.end_batch(batch.id)

    def waiting(self) -> int:
        """Submissions that our side has yet to grade."""
        states = (State.QUEUED, State.RUNNING, State.DELAYED)
        return sum(
            row.state in states
            for name in self.course.assignments
            for row in self.store.submissions(name)
        )

    def remember(self, words: str, at: datetime) -> None:
        """Keep the term as it is now, to be graded as of that time."""
        evidence = gather_evidence(self.store, self.course)
        self.moments[words] = Moment(at, self.course, evidence, copy.deepcopy(self.ledger))


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
