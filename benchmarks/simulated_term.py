"""A simulated term in a real store: invented students, submissions, grades and extensions.

All of it is random, from one seed, and inserted in bulk: no notebook was run and nothing is
received. Good for measuring, and for nothing else.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from grader.course import Assignment, Course, load_course
from grader.outcomes import CellRecord, CellStatus, CheckResult, Ending, GradedSubmission, Outcome
from grader.store import State, Store, open_store

SEED = 2541
INDIVIDUAL = ("tutorial1", "ps1", *(f"lab{number:02}" for number in range(4, 12)))
STAFF = ("prof", "ta1", "ta2")
CHECKS_A_QUESTION, CELLS = 5, 40
ROWS_AT_ONCE = 500

HEAD = """\
course: {code: SIM1, title: A simulated term}
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-04-30}
environments: {cpu: {gpus: 0}}
late_policy:
  kind: grace days
  budget: 5
  per_assignment: 2
  then: percent per day
  percent: 10
  max_days: 3
  slack: 5 min
weights:
  homework: {percent: 60, of: [INDIVIDUAL], drop_lowest: 1}
  paper: {percent: 25}
  proposal: {percent: 5}
  essay: {percent: 10}
roster: roster.csv
assignments:
"""
NOTEBOOK = """\
  NAME:
    title: SIMULATED NAME
    environment: cpu
    release: RELEASE 18:00
    due: NAME.release + 14 days at 23:59
    points: 40
    questions:
      q1: {title: First, points: 12}
      q2: {title: Second, points: 10}
      q3: {title: Third, points: 8}
      q4: {title: Fourth, points: 6}
      q5: {title: Written, points: 4, manual: true}
"""
GROUPED = "    group: {min: 2, max: 3, set: teams}\n"
UPLOAD = """\
  NAME:
    title: SIMULATED NAME
    submit: pdf
    group: {min: 2, max: 3, set: teams}
    release: 2027-02-04 18:00
    due: NAME.release + 3 weeks at 23:59
    points: 10
    questions:
      idea:
        title: Idea
        points: 6
        manual: true
        rubric:
          - {name: question, points: 4, text: A question}
          - {name: why, points: 2, text: Why it is open}
      plan: {title: Plan, points: 4, manual: true}
"""


def simulate_term(folder: Path, students: int) -> dict[str, int]:
    """Make the course's files and a filled store in `folder`; how many rows of what."""
    course = load_course(_write_course(folder, students))
    with open_store(folder / "data") as store:
        return _Filling(course, store, random.Random(SEED)).fill(students)


def _write_course(folder: Path, students: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = HEAD.replace("INDIVIDUAL", ", ".join(INDIVIDUAL))
    first = datetime(2027, 1, 14, tzinfo=UTC)
    for number, name in enumerate((*INDIVIDUAL, "paper")):
        release = f"{first + timedelta(weeks=number):%Y-%m-%d}"
        entry = NOTEBOOK.replace("NAME", name).replace("RELEASE", release)
        text += (
            entry.replace("    release:", f"{GROUPED}    release:") if name == "paper" else entry
        )
    for name in ("proposal", "essay"):
        text += UPLOAD.replace("NAME", name)
        (folder / "assignments" / name).mkdir(parents=True, exist_ok=True)
        (folder / "assignments" / name / "handout.md").write_text("# Simulated\n")
    for name in (*INDIVIDUAL, "paper"):
        (folder / "assignments" / name).mkdir(parents=True, exist_ok=True)
    (folder / "environments" / "cpu").mkdir(parents=True, exist_ok=True)
    (folder / "environments" / "cpu" / "Dockerfile").write_text("FROM scratch\n")
    rows = ["student,name,email,section"]
    rows += [
        f"sim{n:05},Simulated Student {n},sim{n:05}@mail.example,L{n % 4}" for n in range(students)
    ]
    (folder / "roster.csv").write_text("\n".join(rows) + "\n")
    (folder / "course.yaml").write_text(text)
    return folder / "course.yaml"


@dataclass
class _Filling:
    """The bulk inserts, with what the later ones need of the earlier ones."""

    course: Course
    store: Store
    random: random.Random
    people: list[Any] = field(default_factory=list[Any])
    teams: list[Any] = field(default_factory=list[Any])
    counts: Counter[str] = field(default_factory=Counter[str])

    def fill(self, students: int) -> dict[str, int]:
        from django.db import transaction

        with transaction.atomic(using=self._alias):
            self._enrol(students)
            for assignment in self.course.assignments.values():
                self._hand_in(assignment)
            self._extend()
        return dict(self.counts)

    @property
    def _alias(self) -> str:
        # The store has no way to insert in bulk, and needs none.
        return self.store._tables.alias

    def _insert(self, name: str, rows: Iterable[Any]) -> list[Any]:
        made = list(rows)
        self.counts[name] += len(made)
        if not made:
            return []
        manager = type(made[0])._default_manager.using(self._alias)
        return manager.bulk_create(made, batch_size=ROWS_AT_ONCE)

    def _enrol(self, students: int) -> None:
        from grader.store.models import Group, Membership, Student

        self.people = self._insert(
            "students",
            (
                Student(
                    identifier=f"sim{n:05}",
                    name=f"Simulated Student {n}",
                    email=f"sim{n:05}@mail.example",
                    section=f"L{n % 4}",
                    active=True,
                )
                for n in range(students)
            ),
        )
        at = datetime(2027, 1, 20, tzinfo=UTC)
        self.teams = self._insert(
            "groups",
            (
                Group(group_set="teams", name=f"team {n}", made_at=at)
                for n in range(-(-students // 3))
            ),
        )
        self._insert(
            "memberships",
            (
                Membership(
                    group=self.teams[n // 3], student=person, group_set="teams", joined_at=at
                )
                for n, person in enumerate(self.people)
            ),
        )

    def _hand_in(self, assignment: Assignment) -> None:
        """Everybody's submissions of an assignment, and what became of them."""
        from grader.store.models import Batch

        owners: Sequence[tuple[Any, Any]] = [(person, None) for person in self.people]
        if assignment.group:
            owners = [(self.people[3 * n], team) for n, team in enumerate(self.teams)]
        sent = [row for who in owners for row in self._attempts(assignment, *who)]
        rows = self._insert("submissions", sent)
        if not assignment.by_hand:
            batch = Batch(assignment=assignment.name, started_at=assignment.due_utc)
            (batch,) = self._insert("batches", [batch])
            graded = [row for row in rows if row.state == State.GRADED]
            self._insert("gradings", self._results(assignment, graded, batch))
        self._mark(assignment, rows)

    def _attempts(self, assignment: Assignment, person: Any, team: Any) -> Iterator[Any]:
        from grader.store.models import Submission

        if self.random.random() < 0.05:
            return
        number = self.random.choices((1, 2, 3), (70, 22, 8))[0]
        late = self.random.random() < 0.12
        last = self.random.uniform(0.1, 70) if late else -self.random.expovariate(1 / 30)
        hours = sorted([last, *(last - self.random.uniform(0.2, 60) for _ in range(number - 1))])
        for turn, hour in enumerate(hours):
            state = State.GRADED
            if assignment.by_hand:
                state = State.BY_HAND if turn == number - 1 else State.SUPERSEDED
            elif turn == number - 1 and self.random.random() < 0.01:
                state = self.random.choice((State.QUEUED, State.DELAYED))
            seed = f"{assignment.name} {person.pk} {turn}".encode()
            yield Submission(
                student=person,
                group=team,
                owner=f"group {team.pk}" if team else f"student {person.pk}",
                assignment=assignment.name,
                sha256=hashlib.sha256(seed).hexdigest(),
                file_name=f"{assignment.name}.{'pdf' if assignment.by_hand else 'ipynb'}",
                size_bytes=20_000,
                received_at=assignment.due_utc + timedelta(hours=hour),
                state=state,
                receipt="0" * 64,
            )

    def _results(self, assignment: Assignment, rows: list[Any], batch: Any) -> Iterator[Any]:
        """One grading of each; of some, after a change of checks, another."""
        for row in rows:
            for turn in range(2 if self.random.random() < 0.1 else 1):
                yield self._result(assignment, row, batch, turn)

    def _result(self, assignment: Assignment, row: Any, batch: Any, turn: int) -> Any:
        from grader.store.models import Result

        graded = self._graded(assignment)
        return Result(
            submission=row,
            batch=batch,
            lease=f"{row.pk}-{turn}",
            checks_version=f"{turn}",
            environment="simulated",
            earned=graded.earned,
            points=graded.points,
            ending=graded.ending,
            questions=json.dumps(graded.points_by_question()),
            record=graded.to_json(),
            created_at=row.received_at + timedelta(hours=1 + turn),
        )

    def _graded(self, assignment: Assignment) -> GradedSubmission:
        """A record as long as a real one, of random findings."""
        cells = tuple(CellRecord(i, CellStatus.OK, 0.1, "loss 0.25\n") for i in range(CELLS))
        checks = tuple(
            self._check(q.name, n, q.points / CHECKS_A_QUESTION)
            for q in assignment.questions
            if not q.manual
            for n in range(CHECKS_A_QUESTION)
        )
        return GradedSubmission(Ending.FINISHED, "", cells, checks, checks_version="1")

    def _check(self, question: str, number: int, points: float) -> CheckResult:
        passed = self.random.random() < 0.8
        return CheckResult(
            check=f"{question}_check_{number}",
            question=question,
            title=f"Simulated check {number} of {question}",
            points=points,
            earned=points if passed else 0.0,
            outcome=Outcome.PASSED if passed else Outcome.WRONG_VALUE,
            message="" if passed else "The values differ from the right ones by a factor.",
        )

    def _mark(self, assignment: Assignment, rows: list[Any]) -> None:
        """Points by hand for nearly all of the newest submissions, and a few overrides."""
        from grader.store.models import ManualScore, Override, RegradeRequest

        newest = list({row.owner: row for row in rows}.values())
        manual = [question for question in assignment.questions if question.manual]
        marked = [row for row in newest if self.random.random() < 0.97]
        self._insert(
            "marks by hand",
            (
                ManualScore(
                    submission=row,
                    question=question.name,
                    points=0.0 if question.rubric else self.random.randint(0, int(question.points)),
                    marks=json.dumps({"question": 1.0, "why": 0.5}) if question.rubric else "",
                    comment="Simulated.",
                    by=self.random.choice(STAFF),
                    at=row.received_at + timedelta(days=5),
                )
                for row in marked
                for question in manual
                for _ in range(2 if self.random.random() < 0.05 else 1)
            ),
        )
        at = assignment.due_utc + timedelta(days=9)
        some = self.random.sample(newest, len(newest) // 100)
        self._insert(
            "overrides",
            (
                Override(
                    student=row.student,
                    assignment=assignment.name,
                    points=assignment.points / 2,
                    reason="simulated",
                    by="prof",
                    at=at,
                )
                for row in some
            ),
        )
        self._insert(
            "regrade requests",
            (
                RegradeRequest(
                    submission=row,
                    student=row.student,
                    question=assignment.questions[0].name,
                    text="Simulated.",
                    at=at,
                    closed_at=self.random.choice((None, at)),
                )
                for row in some
            ),
        )

    def _extend(self) -> None:
        from grader.store.models import Extension

        at = datetime(2027, 1, 30, tzinfo=UTC)
        names = [name for name in self.course.assignments if name in INDIVIDUAL]
        alone = self.random.sample(self.people, len(self.people) // 10)
        teams = self.random.sample(self.teams, len(self.teams) // 20)
        each = [(person, None, self.random.choice(names)) for person in alone]
        each += [(None, team, "paper") for team in teams]
        self._insert(
            "extensions",
            (
                Extension(
                    student=person,
                    group=team,
                    assignment=name,
                    days=self.random.randint(1, 4),
                    reason="simulated",
                    by="prof",
                    at=at,
                    withdrawn_at=at if self.random.random() < 0.1 else None,
                )
                for person, team, name in each
            ),
        )
