"""When a request arrived: as soon as all of it is here, however long it then waits for its turn.

And what is not waited for: a request without an end, or one that would fill the disk.
"""

import shutil
import tempfile
import time
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest, Error

# A header that our server sets on each request itself, whatever was sent.
_STAMP = "COURSE_ARRIVED"
# Nothing waits longer; a clock that was set meanwhile is no reason to believe otherwise.
_LONGEST = timedelta(minutes=10)
# So long may the headers of a request take, and all of it: 20 MB by the slowest line in use.
HEAD_SECONDS, WHOLE_SECONDS = 60.0, 600.0
# A large body lies in a temporary file before anybody knows who sends it. So much stays free there.
FREE_BYTES = 1 << 30
# Of what is no data between chunks. waitress reads it anew with each piece that arrives, while all
# other connections wait.
_LONGEST_LINE = 8 << 10


class NoRoom(Error):
    """What can't be taken now, and may be later."""

    code = 503
    reason = "Service Unavailable"


class StampingParser(HTTPRequestParser):
    """Notes the time at which a request is complete, and gives up one that goes on and on."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self._began = time.monotonic()

    def received(self, data: bytes) -> int:
        """Take in what arrived; how much of it belongs to this request."""
        taken = super().received(data)
        if not self.completed and (fault := self._fault()):
            if not self.headers_finished:  # to answer, something of them must be known
                self.parse_header(b"GET / HTTP/1.0\r\n")
            self.error = fault  # pyright: ignore[reportAttributeAccessIssue]
            self.completed = True
        if self.completed:
            headers: dict[str, str] = self.headers  # pyright: ignore[reportAssignmentType]
            headers[_STAMP] = repr(time.time())
        return taken

    def _fault(self) -> Error | None:
        """Why no more is waited for; None while all is well."""
        seconds = WHOLE_SECONDS if self.headers_finished else HEAD_SECONDS
        if time.monotonic() - self._began > seconds:
            return BadRequest(f"it took more than {seconds:g} s to arrive")
        if self.body_bytes_received > self.adj.inbuf_overflow and _free_bytes() < FREE_BYTES:
            return NoRoom(
                "The disk of this machine is nearly full, and nothing of this was taken. Tell the "
                "teaching staff, and try again in a while."
            )
        body: object = self.body_rcv
        if not isinstance(body, ChunkedReceiver):
            return None
        is_long = max(len(body.control_line), len(body.trailer)) > _LONGEST_LINE
        return BadRequest("a line between its chunks is too long") if is_long else None


def _free_bytes() -> int:
    """What is free where bodies lie until they are complete."""
    return shutil.disk_usage(tempfile.gettempdir()).free


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
