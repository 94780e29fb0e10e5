"""A server in a thread of the tests' process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def served(server: Any) -> Iterator[int]:
    """Serve meanwhile; the port."""
    thread = threading.Thread(target=_run, args=(server,), daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        thread.join(10)


def _run(server: Any) -> None:
    # Closing takes away the sockets that it just waits for.
    with suppress(OSError):
        server.run()
