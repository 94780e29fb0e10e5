"""The time of a request is when all of it had arrived, and nobody can say otherwise."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory
from waitress.server import create_server

from grader.web import arriving
from tests.web.threaded import served


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "_is_stamped", True)


@pytest.fixture
def seen(believed: None) -> Iterator[tuple[int, list[timedelta]]]:
    """A server with one thread, its port, and how long each request had waited."""
    get_wsgi_application()
    found: list[timedelta] = []

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        from django.core.handlers.wsgi import WSGIRequest

        found.append(arriving.waited(WSGIRequest(environ)))
        time.sleep(0.5)
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = create_server(answer, host="127.0.0.1", port=0, threads=1)
    arriving.stamp_requests(server)
    with served(server) as port:
        yield port, found


def send(port: int, *parts: bytes, pause: float = 0.0) -> socket.socket:
    sent = socket.create_connection(("127.0.0.1", port), timeout=10)
    for at, part in enumerate(parts):
        time.sleep(pause if at else 0.0)
        sent.sendall(part)
    return sent


HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\nCourse-Arrived: 1.0\r\n\r\n"


def test_waiting_for_ones_turn_costs_nothing(seen: tuple[int, list[timedelta]]) -> None:
    port, found = seen
    both = [send(port, HEAD, b"1234") for _ in range(2)]
    for one in both:
        assert b"200 OK" in one.recv(1000)
        one.close()
    first, second = found
    assert first < timedelta(seconds=0.3)
    assert timedelta(seconds=0.3) < second < timedelta(seconds=5)


def test_a_slow_upload_counts_from_its_end(seen: tuple[int, list[timedelta]]) -> None:
    port, found = seen
    with send(port, HEAD, b"12", b"34", pause=0.6) as sent:
        assert b"200 OK" in sent.recv(1000)
    assert found[0] < timedelta(seconds=0.3)


@pytest.mark.parametrize("said", ["nan", "-1", "1e999", "yesterday", ""])
def test_a_stamp_that_is_none_says_nothing(believed: None, said: str) -> None:
    request = RequestFactory().get("/", headers={"course-arrived": said})
    assert arriving.waited(request) == timedelta()


def test_where_the_server_does_not_stamp_nobody_is_believed() -> None:
    said = str(time.time() - 60)
    request = RequestFactory().get("/", headers={"course-arrived": said})
    assert arriving.waited(request) == timedelta()
