"""When a request arrived: as soon as all of it is here, however long it then waits for its turn."""

import time
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

# A header that our server sets on each request itself, whatever was sent.
_STAMP = "COURSE_ARRIVED"
# Nothing waits longer; a clock that was set meanwhile is no reason to believe otherwise.
_LONGEST = timedelta(minutes=10)


class StampingParser(HTTPRequestParser):
    """Notes the time at which a request is complete."""

    def received(self, data: bytes) -> int:
        """Take in what arrived; how much of it belongs to this request."""
        taken = super().received(data)
        if self.completed:
            headers: dict[str, str] = self.headers  # pyright: ignore[reportAssignmentType]
            headers[_STAMP] = repr(time.time())
        return taken


class StampingChannel(HTTPChannel):
    """A connection whose requests are stamped."""

    parser_class = StampingParser


def stamp_requests(server: Any) -> None:
    """Have a server of waitress stamp its requests, and believe that from now on."""
    global _is_stamped
    server.channel_class = StampingChannel
    _is_stamped = True


# By another server the header would be whatever the browser sent.
_is_stamped = False


def waited(request: HttpRequest) -> timedelta:
    """How long ago the request was here as a whole; nothing where the server doesn't stamp."""
    if not _is_stamped:
        return timedelta()
    try:
        stamp = float(request.META[f"HTTP_{_STAMP}"])
    except (KeyError, ValueError):
        return timedelta()
    seconds = time.time() - stamp
    if not 0 <= seconds <= _LONGEST.total_seconds():
        return timedelta()
    return timedelta(seconds=seconds)
