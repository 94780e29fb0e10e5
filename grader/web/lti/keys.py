"""The keys that we sign with when we ask an LMS for a token, and what is published of them.

A new key is published for a day before it is used, so that an LMS which keeps what it fetched has
it by then.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from pylti1p3.registration import Registration

from grader.outcomes import GraderError
from grader.web.lti.models import ToolKey

PUBLISHED_BEFORE = timedelta(days=1)
_BITS = 2048


@dataclass(frozen=True)
class KeyPair:
    """Both halves, as PEM."""

    private: str
    public: str


def make_key(now: datetime) -> ToolKey:
    """A new key. Those that nothing is signed with any more are deleted."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(_password()),
    )
    row = ToolKey.objects.create(text=pem.decode(), made_at=now)
    in_use = _in_use(now)
    ToolKey.objects.filter(pk__lt=in_use[0].pk).delete()
    return row


def make_first_key(now: datetime) -> None:
    """A key where there is none yet."""
    if not ToolKey.objects.exists():
        make_key(now)


def signing_key(now: datetime) -> KeyPair:
    """What to sign with now. Raises `GraderError` where there is none, or the secret is another."""
    rows = _in_use(now)
    if not rows:
        raise GraderError("there is no key to sign with; register an LMS first")
    return _opened(rows[0])


def published_keys(now: datetime) -> dict[str, Any]:
    """The public halves as a JSON Web Key Set: of the key in use, and of those that follow."""
    return {"keys": [dict(Registration.get_jwk(_opened(row).public)) for row in _in_use(now)]}


def _in_use(now: datetime) -> list[ToolKey]:
    """The key to sign with, then newer ones, which are only published so far."""
    rows = list(ToolKey.objects.order_by("pk"))
    ready = [place for place, row in enumerate(rows) if row.made_at <= now - PUBLISHED_BEFORE]
    return rows[ready[-1] if ready else 0 :]


def _opened(row: ToolKey) -> KeyPair:
    try:
        key = serialization.load_pem_private_key(row.text.encode(), _password())
    except ValueError as error:
        raise GraderError(
            "the key that LMSs know us by can't be opened: the course's secret is another one than "
            "when it was made. Restore the secret, or delete the rows of weblti_toolkey and make a "
            "new key"
        ) from error
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return KeyPair(private.decode(), public.decode())


def _password() -> bytes:
    """From the course's secret, which is not in the database that the keys are in."""
    return hmac.new(settings.SECRET_KEY.encode(), b"LTI key", hashlib.sha256).hexdigest().encode()
