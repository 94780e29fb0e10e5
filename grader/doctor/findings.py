"""What a check of the host found."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a check ended. A warning is to be known, and grading works all the same."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do about it ("" where nothing is)."""

    mark: Mark
    looked_at: str
    found: str
    do: str = ""


class NotTried(Exception):
    """A check could not be made, for a reason that another check tells."""


@dataclass(frozen=True)
class Examined:
    """A check's name, its finding, and the seconds it took. `tried` is False if it wasn't made."""

    check: str
    finding: Finding
    seconds: float = 0.0
    tried: bool = True


def told(error: BaseException) -> str:
    """What an error says, without what libraries wrapped around it.

    >>> told(ValueError("no server", ConnectionError("aborted", OSError(2, "No such file"))))
    'No such file'
    """
    inner = [one for one in (*error.args, error.__cause__) if isinstance(one, BaseException)]
    if inner:
        return told(inner[0])
    explanation = getattr(error, "explanation", None) or getattr(error, "strerror", None)
    return str(explanation or error or type(error).__name__)
