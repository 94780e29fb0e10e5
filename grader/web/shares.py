"""What one student's account uses of the server: a share, however often it asks for what is slow.

What a page costs may follow from what its student has handed in, and few threads answer everybody.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

# Of the processor, in a minute. Most pages take ten milliseconds.
MOST_SECONDS = 20.0
# From so much on, so many requests at a time.
SOME_SECONDS, AT_ONCE = 2.0, 2
_MINUTE = 60.0
_REMEMBERED = 10_000

Key = tuple[Any, ...]


class TooMuch(Exception):
    """An account has used up its share of this minute."""


@dataclass
class _Used:
    """What an account has used since a time, and how many of its requests are being answered."""

    since: float
    seconds: float = 0.0
    now: int = 0


_used: dict[Key, _Used] = {}
_lock = threading.Lock()


def begin_turn(request: HttpRequest, key: Key) -> None:
    """Count a request of an account from here on. Raises `TooMuch`."""
    if hasattr(request, "_turn"):
        return
    with _lock:
        used = _used_now(key)
        is_much = used.seconds > SOME_SECONDS and used.now >= AT_ONCE
        if is_much or used.seconds > MOST_SECONDS:
            raise TooMuch
        used.now += 1
    request._turn = (used, time.thread_time())  # type: ignore[attr-defined]


def counted(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Count what answering a request took, where its turn was begun: middleware."""

    def with_count(request: HttpRequest) -> HttpResponse:
        try:
            return answer(request)
        finally:
            turn: tuple[_Used, float] | None = getattr(request, "_turn", None)
            if turn is not None:
                used, began = turn
                with _lock:
                    used.now -= 1
                    used.seconds += time.thread_time() - began

    return with_count


def _used_now(key: Key) -> _Used:
    """What the account has used in this minute."""
    moment = time.monotonic()
    if len(_used) >= _REMEMBERED:
        for old in [name for name, one in _used.items() if _is_over(one, moment) and not one.now]:
            del _used[old]
    used = _used.setdefault(key, _Used(moment))
    if _is_over(used, moment):
        used.since, used.seconds = moment, 0.0
    return used


def _is_over(used: _Used, moment: float) -> bool:
    return moment - used.since > _MINUTE
