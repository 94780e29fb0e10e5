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
GROUPED = ("paper", "proposal")
WEIGHTS = ((5, ("tutorial",)), (25, ("ps1",)), (40, LABS), (20, ("paper",)), (10, ("proposal",)))
# The days late that still have credit; of grace days as many as one assignment may use.
LATEST = {"tutorial": 0, "ps1": 3, **dict.fromkeys(LABS, 2), "paper": 3, "proposal": 3}


@dataclass(eq=False)
class Sent:
    """A file that was taken: whose it is, when it came, and what grading or people gave it.

    `owner` is the group that it was handed in for, or else the student. A share in it have the
    `members`: who was in the group then, and in the course.
    """

    number: int
    student: str
    owner: str
    members: frozenset[str]
    assignment: str
    at: datetime
    digest: str
    points: dict[str, float | None]
    withdrawn: bool = False


@dataclass(frozen=True)
class Try:
    """Somebody handed in: the refusal that the rules foresee, and the one that came; or none."""

    student: str
    assignment: str
    at: datetime
    foreseen: str
    said: str


@dataclass(frozen=True)
class Moved:
    """A student left a group; `shared` are the assignments of which they had handed in with it."""

    student: str
    group: str
    shared: tuple[str, ...]


@dataclass
class Ledger:
    """A term's doings. `due` is by assignment and section; times are UTC.

    `group` is by student the one that they are in now, `here` who is in the course now;
    `extensions` are days by student or group, and assignment; an override of None excuses.
    """

    due: dict[tuple[str, str], datetime]
    releases: dict[str, datetime]
    locks: dict[str, datetime]
    sections: dict[str, str] = field(default_factory=dict[str, str])
    here: set[str] = field(default_factory=set[str])
    group: dict[str, str] = field(default_factory=dict[str, str])
    moved: list[Moved] = field(default_factory=list[Moved])
    sent: dict[str, list[Sent]] = field(default_factory=lambda: {name: [] for name in ORDER})
    tries: list[Try] = field(default_factory=list[Try])
    extensions: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    overrides: dict[tuple[str, str], float | None] = field(
        default_factory=dict[tuple[str, str], float | None]
    )
    staff_did: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    # --- whose work it is -------------------------------------------------------------------

    def all_sent(self) -> list[Sent]:
        """Every file that was taken, withdrawn ones too."""
        return [one for each in self.sent.values() for one in each]

    def standing(self, name: str) -> list[Sent]:
        """What was handed in and not withdrawn, oldest first."""
        kept = [one for one in self.sent[name] if not one.withdrawn]
        return sorted(kept, key=lambda one: (one.at, one.number))

    def shared(self, student: str, name: str) -> list[Sent]:
        """What the student has a share in, oldest first."""
        return [one for one in self.standing(name) if student in one.members]

    def present_owner(self, student: str, name: str) -> str:
        """Whose work it is if the student hands in now: of their group, or theirs alone."""
        return self.group.get(student, student) if name in GROUPED else student

    def in_group(self, group: str) -> frozenset[str]:
        """Who is in the group now, and in the course."""
        return frozenset(
            s for s, theirs in self.group.items() if theirs == group and s in self.here
        )

    def candidates(self, student: str, name: str) -> list[Sent]:
        """Among what is chosen for the student, oldest first.

        It is all that they have a share in, and what their present group sent since they first had
        one with it. Who has none has all that their present group sent.
        """
        shared = self.shared(student, name)
        owner = self.present_owner(student, name)
        theirs = [one for one in self.standing(name) if one.owner == owner]
        first = next((one for one in theirs if one in shared), None)
        if not shared:
            return theirs
        since = theirs[theirs.index(first) :] if first else []
        return [one for one in self.standing(name) if one in shared or one in since]

    def owner(self, student: str, name: str) -> str:
        """Whose work counts for the student, or would if they handed in."""
        among = self.candidates(student, name)
        return among[-1].owner if among else self.present_owner(student, name)

    def keeps(self, student: str, name: str, counted: int) -> bool:
        """Whether the student loses nothing of what they have a share in if that one counts.

        It is the newest of these, or one that their present group, with which they have handed in,
        sent since.
        """
        shared = self.shared(student, name)
        last, present = shared[-1], self.present_owner(student, name)
        since = [
            one for one in self.standing(name) if (one.at, one.number) > (last.at, last.number)
        ]
        if present in {one.owner for one in shared}:
            return counted in {last.number, *(one.number for one in since if one.owner == present)}
        return counted == last.number

    # --- dates ------------------------------------------------------------------------------

    def people(self, owner: str, name: str) -> frozenset[str]:
        """Whose dates hold: who is in the group, and who has a share in what it handed in."""
        sharing = [one.members for one in self.standing(name) if one.owner == owner]
        return self.in_group(owner).union(*sharing) or frozenset((owner,))

    def due_of(self, owner: str, name: str) -> datetime:
        """When it is due for a student alone or for a group: the latest of theirs."""
        of_group = self.extensions.get((owner, name), 0)
        return max(
            wall_days_after(
                self._set_due(one, name), max(of_group, self.extensions.get((one, name), 0))
            )
            for one in self.people(owner, name)
        )

    def locked_from(self, owner: str, name: str) -> datetime | None:
        """From when on nothing is taken; an extension beats the lock."""
        lock = self.locks.get(name)
        return max(lock, self.due_of(owner, name)) if lock else None

    def closes(self, owner: str, name: str) -> datetime:
        """From when on handing in is worth nothing, if no grace day was used elsewhere."""
        end = wall_days_after(self.due_of(owner, name), LATEST[name]) + slack_of(name)
        lock = self.locked_from(owner, name)
        return min(lock, end) if lock else end

    def _set_due(self, student: str, name: str) -> datetime:
        """Before extensions."""
        return self.due.get((name, self.sections[student]), self.due[name, ""])

    def why_refused(self, student: str, name: str, at: datetime) -> str:
        """Words of the refusal that a try gets, or none."""
        if student not in self.here:
            return "is in the roster"
        owner = self.present_owner(student, name)
        lock = self.locked_from(owner, name)
        if at < self.releases[name]:
            return "is not released yet"
        if lock and at >= lock:
            return "is closed"
        if name in GROUPED and len(self.in_group(owner)) < 2:
            return "is done in groups"
        used = sum(one.owner == owner for one in self.standing(name))
        return "are used up" if name in LABS and used >= 3 else ""

    # --- grades -----------------------------------------------------------------------------

    def grades(self, student: str, now: datetime) -> dict[str, float | None]:
        """The student's final scores at a time; None where there is none."""
        budget = 4
        found: dict[str, float | None] = {}
        for name in sorted(ORDER, key=lambda name: (self._turn(student, name), name)):
            found[name], used = self._grade(student, name, budget, now)
            if not self.is_excused(student, name):
                budget -= used
        return {name: self.overrides.get((student, name), found[name]) for name in ORDER}

    def is_excused(self, student: str, name: str) -> bool:
        """Whether the student is asked for nothing there."""
        return self.overrides.get((student, name), 0.0) is None

    def _turn(self, student: str, name: str) -> datetime:
        people = self.people(self.owner(student, name), name)
        return max(self._set_due(one, name) for one in people)

    def _grade(
        self, student: str, name: str, budget: int, now: datetime
    ) -> tuple[float | None, int]:
        """The score of what counts, and the grace days that it uses."""
        mine = self.candidates(student, name)
        if not mine:
            closes = self.closes(self.present_owner(student, name), name)
            return (0.0 if now >= closes else None), 0
        late = [days_late(one.at, self.due_of(one.owner, name), name) for one in mine]
        worth = [
            penalised(name, total(one), days, budget) for one, days in zip(mine, late, strict=True)
        ]
        if name not in LABS:
            return worth[-1]
        # The best; of equals the one that uses fewer grace days, then the first.
        return max(worth, key=lambda one: (one[0] or 0.0, -one[1]))

    def total(self, student: str, now: datetime) -> tuple[float | None, float]:
        """The weighted total in percent of what is final, and how much of the weights that is.

        A part of which some is final counts by that share of its weight.
        """
        grades = self.grades(student, now)
        asked, known, reached = 0.0, 0.0, 0.0
        for percent, names in WEIGHTS:
            left = [name for name in names if not self.is_excused(student, name)]
            final = [(grades[name], POINTS[name]) for name in left]
            shares = sorted(points / most for points, most in final if points is not None)
            asked += percent if left else 0
            if not shares:
                continue
            weight = percent * len(shares) / len(left)
            if names == LABS and len(shares) == len(left) > 1:
                shares = shares[1:]
            known += weight
            reached += weight * sum(shares) / len(shares)
        return (100 * reached / known if known else None), 100 * known / asked


def total(one: Sent) -> float | None:
    """The raw points, or None while a question waits for people."""
    points = list(one.points.values())
    return None if None in points else float(sum(p for p in points if p is not None))


def wall_days_after(moment: datetime, days: int) -> datetime:
    """So many days later at the same time of the wall clock (none of ours falls into a gap)."""
    local = moment.astimezone(ZONE).replace(tzinfo=None) + timedelta(days=days)
    return local.replace(tzinfo=ZONE).astimezone(UTC)


def slack_of(name: str) -> timedelta:
    """Only the tutorial's and the course's policy have slack."""
    return SLACK if name in ("tutorial", "ps1") else timedelta(0)


def days_late(at: datetime, due: datetime, name: str) -> int:
    """Days late, counted one by one."""
    days = 0
    while at - slack_of(name) >= wall_days_after(due, days):
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
