"""What a check of the store can find, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What a finding is about."""

    DATABASE = "database"
    SECRET = "secret"
    BYTES = "bytes"
    RECEIPT = "receipt"
    OWNER = "owner"
    HISTORY = "history"
    STATE = "state"
    RESULT = "result"
    PROPOSAL = "proposal"
    RUNNING = "running"
    LEFTOVER = "leftover"


# A row that no command of ours makes.
_BY_HAND = "Somebody changed the database by other means: compare with a backup."
ADVICE = {
    Check.DATABASE: "Stop the course, move its folder away, and restore the last good backup.",
    Check.SECRET: "Put `secret` back from a backup. Never make a new one.",
    Check.BYTES: (
        "Put the file back from a backup, or have the same file handed in again: it takes the "
        "place of what is lost."
    ),
    Check.RECEIPT: "Compare with a backup and the student's copy (`course receipt verify`).",
    Check.OWNER: _BY_HAND,
    Check.HISTORY: _BY_HAND,
    Check.STATE: _BY_HAND,
    Check.RESULT: "Grade it again: `course grade ASSIGNMENT --only STUDENT --regrade`.",
    Check.PROPOSAL: "Forget it: `course regrade ASSIGNMENT --drop`.",
    Check.RUNNING: "Nothing: the next `course grade ASSIGNMENT` takes it up.",
    Check.LEFTOVER: "Nothing: it may stay, or be deleted while nobody can hand in.",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found: where, and what."""

    check: Check
    where: str
    what: str

    @property
    def wrong(self) -> bool:
        """Whether something must be mended; not so what an ended process left."""
        return self.check not in {Check.RUNNING, Check.LEFTOVER}

    @property
    def advice(self) -> str:
        """What to do."""
        return ADVICE[self.check]


@dataclass(frozen=True)
class Checked:
    """How much was looked at, and what was found."""

    submissions: int
    files: int
    results: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.wrong for finding in self.findings)
