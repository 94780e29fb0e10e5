"""What the dispatcher answers workers that ask: the order, students' bytes, whether to go on."""

import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from distributed.comm.core import CommClosedError, listen

if TYPE_CHECKING:
    from distributed import Security

# A worker says what its errands are at; the answer is which of these are wanted no more.
Hear = Callable[[str, Mapping[str, str]], Collection[str]]


@dataclass
class Supply:
    """Listens for the workers of one batch, whose random name each question must bring.

    Only bytes of submissions that are being graded now are given out. All of it runs in one event
    loop.
    """

    batch: str = field(repr=False)
    order: str = field(repr=False)
    hear: Hear
    _bytes: dict[str, tuple[bytes, int]] = field(default_factory=dict, init=False, repr=False)
    _listener: Any = field(default=None, init=False, repr=False)
    _comms: set[Any] = field(default_factory=set, init=False, repr=False)

    async def start(self, address: str, security: "Security") -> str:
        """Listen there; the address for workers."""
        # The questions are plain data: nothing else is unpacked.
        arguments = security.get_listen_args("client")
        made: Any = listen(address, self._serve, deserialize=False, **arguments)
        self._listener = made
        await made
        return self._listener.contact_address

    async def stop(self) -> None:
        """Answer no more."""
        if self._listener is not None:
            self._listener.stop()
        for comm in list(self._comms):
            comm.abort()

    def hold(self, sha256: str, data: bytes) -> None:
        """Give these bytes out from now on; `drop` them as often as they were held."""
        self._bytes[sha256] = (data, self._bytes.get(sha256, (b"", 0))[1] + 1)

    def drop(self, sha256: str) -> None:
        """Hold the bytes once less."""
        data, times = self._bytes.pop(sha256)
        if times > 1:
            self._bytes[sha256] = (data, times - 1)

    async def _serve(self, comm: Any) -> None:
        self._comms.add(comm)
        try:
            while True:
                await comm.write(self.answer(await comm.read()))
        except (CommClosedError, OSError):
            pass
        finally:
            self._comms.discard(comm)
            comm.abort()

    def answer(self, question: object) -> str | bytes | list[str] | None:
        """The answer to a message; None for what is no question of this batch's workers."""
        match question:
            case {"batch": str(batch), "op": str(op)} if hmac.compare_digest(
                batch.encode(), self.batch.encode()
            ):
                pass
            case _:
                return None
        match op, question:
            case "order", _:
                return self.order
            case "notebook", {"sha256": str(sha256)}:
                return self._bytes.get(sha256, (None, 0))[0]
            case "beat", {"worker": str(worker), "steps": dict(steps)}:
                return list(self.hear(worker, {str(key): str(what) for key, what in steps.items()}))
            case _:
                return None
