"""Receipts: what was received of whom and when, sealed so that it can be verified years later."""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

from grader.store.records import SubmissionRow

FORM = "course receipt 1"


@dataclass(frozen=True)
class Receipt:
    """What the course says it received. `seal` is the HMAC-SHA256 of all else.

    `received_at` is UTC; `group` is the number of the group that it counts for.
    """

    submission: int
    student: str
    group: int | None
    assignment: str
    sha256: str
    size_bytes: int
    received_at: datetime
    seal: str = ""

    def as_json(self) -> str:
        """The receipt as a student keeps it."""
        data = {**asdict(self), "received_at": self.received_at.astimezone(UTC).isoformat()}
        return json.dumps({"form": FORM, **data}, indent=2) + "\n"


def receipt_of(row: SubmissionRow) -> Receipt:
    """The receipt of a submission, with the seal that it was given."""
    return Receipt(
        submission=row.id,
        student=row.student,
        group=row.group,
        assignment=row.assignment,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        received_at=row.received_at,
        seal=row.receipt,
    )


def sealed(receipt: Receipt, secret: bytes) -> str:
    """The seal that the course's secret gives a receipt."""
    told = asdict(receipt) | {"received_at": receipt.received_at.astimezone(UTC).isoformat()}
    del told["seal"]
    message = json.dumps([FORM, *sorted(told.items())], ensure_ascii=True).encode()
    key = hmac.digest(secret, b"receipts", hashlib.sha256)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def is_genuine(receipt: Receipt, secret: bytes) -> bool:
    """Whether the receipt says what the course once said."""
    return hmac.compare_digest(sealed(receipt, secret).encode(), receipt.seal.encode())


def read_receipt(text: str | bytes) -> Receipt:
    """The receipt that `as_json` wrote. Raises `ValueError` for anything else."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no receipt: not JSON ({error})") from None
    if not isinstance(data, dict) or data.pop("form", None) != FORM:
        raise ValueError(f'no receipt: it does not say "form": "{FORM}"')
    return _checked(cast(dict[str, Any], data))


_KINDS: dict[str, tuple[type, ...]] = {
    "submission": (int,),
    "student": (str,),
    "group": (int, type(None)),
    "assignment": (str,),
    "sha256": (str,),
    "size_bytes": (int,),
    "received_at": (str,),
    "seal": (str,),
}


def _checked(data: dict[str, Any]) -> Receipt:
    wrong = sorted(data.keys() ^ _KINDS)
    wrong += [name for name, kinds in _KINDS.items() if type(data.get(name)) not in kinds]
    if wrong:
        raise ValueError(f"no receipt: {wrong[0]!r} is missing, unknown or of the wrong kind")
    try:
        received = datetime.fromisoformat(data["received_at"])
    except ValueError:
        raise ValueError(f"no receipt: received_at is {data['received_at'][:40]!r}") from None
    if received.tzinfo is None:
        raise ValueError("no receipt: received_at has no zone")
    return Receipt(**{**data, "received_at": cast(Any, received)})
