"""Requests without an end, and many idle connections: whoever else asks is answered."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from grader.web import arriving
from grader.web.serving import made_server
from tests.web.threaded import served

HEAD = b"Host: here\r\nConnection: close\r\n"
CHUNKED = b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server as `course serve` makes it; it answers how much it was sent."""
    monkeypatch.setattr(arriving, "_is_stamped", False)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        body = b"%d bytes" % len(environ["wsgi.input"].read())
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = made_server(answer, "127.0.0.1", 0, threads=2)
    with served(server) as port:
        yield port


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def answer_to(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    with connected(port) as sent:
        for at, part in enumerate(parts):
            time.sleep(pause if at else 0.0)
            sent.sendall(part)
        return b"".join(iter(lambda: sent.recv(1000), b""))


def test_a_body_in_chunks_is_taken(port: int) -> None:
    chunks = [b"%x\r\n%s\r\n" % (len(each), each) for each in (b"a" * 20_000, b"b" * 9)]
    assert b"20009 bytes" in answer_to(port, CHUNKED, *chunks, b"0\r\n\r\n")


@pytest.mark.parametrize("before", [b"", b"0\r\n"], ids=["size", "trailer"])
def test_a_line_between_chunks_that_has_no_end_is_refused(port: int, before: bytes) -> None:
    answer = answer_to(port, CHUNKED, before, *[b"a" * 4_000] * 3, pause=0.05)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"a line between its chunks is too long" in answer


@pytest.mark.parametrize(
    ("limit", "parts"),
    [
        ("HEAD_SECONDS", (b"GET / HTTP/1.1\r\n", b"Host: here\r\n", b"X-More: 1\r\n")),
        ("WHOLE_SECONDS", (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", b"1234", b"5678")),
    ],
)
def test_a_sender_who_goes_on_and_on_is_cut_off(
    port: int, monkeypatch: pytest.MonkeyPatch, limit: str, parts: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr(arriving, limit, 0.3)
    answer = answer_to(port, *parts, pause=0.2)
    assert b"400 Bad Request" in answer
    assert b"it took more than 0.3 s to arrive" in answer


def test_a_large_body_never_fills_the_disk(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 900000\r\n\r\n"
    assert b"900000 bytes" in answer_to(port, head, b"a" * 900_000)
    monkeypatch.setattr(arriving, "FREE_BYTES", 1 << 60)
    answer = answer_to(port, head, b"a" * ((512 << 10) + 1))  # more would not be read
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"The disk of this machine is nearly full, and nothing of this was taken" in answer
    small = b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\n\r\n123456789"
    assert b"9 bytes" in answer_to(port, small)


def test_many_idle_connections_keep_nobody_out(port: int) -> None:
    with ExitStack() as idle:
        for _ in range(300):
            idle.enter_context(connected(port))
        assert b"0 bytes" in answer_to(port, b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
