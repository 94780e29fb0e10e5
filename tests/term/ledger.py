"""What was done in a simulated term, and its grades computed a second time, by plain rules.

Nothing here uses the grader's calendar or gradebook: days are counted on the wall clock one by one,
policies are written out, and the sums are plain sums.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.term.course_file import LABS

ZONE = ZoneInfo("America/Toronto")
SLACK = timedelta(minutes=5)
POINTS = {"tutorial": 20, "ps1": 100, **dict.fromkeys(LABS, 40), "paper": 100, "proposal": 10}
ORDER = tuple(POINTS)


@dataclass
class Sent:
    """A file that was taken: by whom, for whom, when, and what grading or people gave it."""

    number: int
    student: str
    owner: frozenset[str]
    assignment: str
    at: datetime
    digest: str
    points: dict[str, float | None]


@dataclass
class Ledger:
    """A term's doings. `due` is by assignment and section; times are UTC."""

    due: dict[tuple[str, str], datetime]
    sections: dict[str, str] = field(default_factory=dict[str, str])
    groups: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    sent: list[Sent] = field(default_factory=list[Sent])
    refused: list[str] = field(default_factory=list[str])
    extensions: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    overrides: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    staff_did: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def owner(self, student: str, assignment: str) -> frozenset[str]:
        """Whose work a student's is."""
        if assignment in ("paper", "proposal"):
            return self.groups.get(student, frozenset((student,)))
        return frozenset((student,))

    def due_of(self, student: str, assignment: str) -> datetime:
        """A student's own due time: the latest of the group's."""
        return max(self._own_due(member, assignment) for member in self.owner(student, assignment))

    def _own_due(self, student: str, assignment: str) -> datetime:
        section = self.sections[student]
        due = self.due.get((assignment, section), self.due[assignment, ""])
        days = self.extensions.get((student, assignment), 0)
        return wall_days_after(due, days)

    def grades(self, student: str) -> dict[str, float | None]:
        """The student's final scores; None where there is none."""
        budget = 4
        found: dict[str, float | None] = {}
        in_turn = sorted(ORDER, key=lambda name: (self._set_due(student, name), name))
        for name in in_turn:
            found[name], used = self._grade(student, name, budget)
            budget -= used
            if (student, name) in self.overrides:
                found[name] = self.overrides[student, name]
        return {name: found[name] for name in ORDER}

    def _set_due(self, student: str, assignment: str) -> datetime:
        members = self.owner(student, assignment)
        return max(
            self.due.get((assignment, self.sections[m]), self.due[assignment, ""]) for m in members
        )

    def _grade(self, student: str, name: str, budget: int) -> tuple[float | None, int]:
        owner = self.owner(student, name)
        mine = [one for one in self.sent if one.assignment == name and one.owner == owner]
        if not mine:
            return None, 0
        mine.sort(key=lambda one: (one.at, one.number))
        due = self.due_of(student, name)
        worth = [penalised(name, total(one), days_late(one.at, due, name), budget) for one in mine]
        if name in LABS:  # the best counts, of equals the first
            best = max(range(len(mine)), key=lambda place: (worth[place][0] or 0.0, -place))
            return worth[best]
        return worth[-1]

    def total(self, student: str) -> float | None:
        """The weighted total in percent of what is final."""
        grades = self.grades(student)
        shares = {n: g / POINTS[n] for n, g in grades.items() if g is not None}
        labs = sorted(shares[name] for name in LABS if name in shares)
        if len(labs) == len(LABS):
            labs = labs[1:]
        weights = {"tutorial": 5, "ps1": 25, "paper": 20, "proposal": 10}
        parts = [(weights[name], shares[name]) for name in weights if name in shares]
        if labs:
            parts.append((40, sum(labs) / len(labs)))
        weight = sum(percent for percent, _ in parts)
        return 100 * sum(p * share for p, share in parts) / weight if weight else None


def total(one: Sent) -> float | None:
    """The raw points, or None while a question waits for people."""
    points = list(one.points.values())
    return None if None in points else float(sum(p for p in points if p is not None))


def wall_days_after(moment: datetime, days: int) -> datetime:
    """So many days later at the same time of the wall clock (none of ours falls into a gap)."""
    local = moment.astimezone(ZONE).replace(tzinfo=None) + timedelta(days=days)
    return local.replace(tzinfo=ZONE).astimezone(UTC)


def days_late(at: datetime, due: datetime, name: str) -> int:
    """Days late, counted one by one. Only the tutorial's and the course's policy have slack."""
    slack = SLACK if name in ("tutorial", "ps1") else timedelta(0)
    days = 0
    while at - slack >= wall_days_after(due, days):
        days += 1
    return days


def penalised(name: str, raw: float | None, days: int, budget: int) -> tuple[float | None, int]:
    """The score after lateness, rounded half up to a hundredth, and the grace days used."""
    if raw is None:
        return None, 0
    used = 0
    if days == 0:
        kept = raw
    elif name == "tutorial":
        kept = 0.0
    elif name == "ps1":
        kept = raw * (100 - 10 * days) / 100 if days <= 3 else 0.0
    elif name in LABS:
        covered = days <= min(2, budget)
        kept, used = (raw, days) if covered else (0.0, 0)
    elif name == "paper":
        kept = max(0.0, raw - 7 * days) if days <= 3 else 0.0
    else:
        kept = raw * (0.8 if days <= 1 else 0.5 if days <= 3 else 0.0)
    return int(kept * 100 + 0.5 + 1e-7) / 100, used
