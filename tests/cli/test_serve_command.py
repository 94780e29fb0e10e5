"""`course serve` as a process: it comes up, answers, and goes down with all that it began."""

import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tests.term_course import write_term_course
from tests.toy_course import COURSE_COMMAND, course_environment


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def command(folder: Path, *words: object) -> list[str]:
    place = ("--course", folder / "course.yaml", "--data", folder / "data")
    return [str(word) for word in (*COURSE_COMMAND, *place, *words)]


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    others = [path.read_text().split() for path in found.parent.parent.glob("*/children")]
    return [int(child) for each in others for child in each]


def answer(address: str) -> str:
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as got:
                return got.read().decode()
        except OSError:
            assert time.monotonic() < end, "it does not answer"
            time.sleep(0.1)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_with_its_children(tmp_path: Path, how: signal.Signals) -> None:
    write_term_course(tmp_path)
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        served = subprocess.Popen(
            command(tmp_path, "serve", "--port", port),
            env=course_environment(),
            stdout=log,
            stderr=log,
        )
    try:
        page = answer(f"http://127.0.0.1:{port}/")
        assert "Log in" in page
        end = time.monotonic() + 60
        while "watching" not in (tmp_path / "log").read_text():
            assert time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.1)
        children = children_of(served.pid)
        assert children
        served.send_signal(how)
        assert served.wait(60) in (0, 1)
    finally:
        served.kill()
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    told = (tmp_path / "log").read_text()
    link = re.compile(r"choose the password of admin, an instructor, at\n  (http://\S{43,})\n")
    assert link.search(told)
    assert "Traceback" not in told
    assert "Fatal" not in told


def test_its_children_end_when_it_is_killed(tmp_path: Path) -> None:
    write_term_course(tmp_path)
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        served = subprocess.Popen(
            command(tmp_path, "serve", "--port", port), env=course_environment(), stderr=log
        )
    try:
        end = time.monotonic() + 60
        while "watching" not in (tmp_path / "log").read_text():
            assert time.monotonic() < end
            time.sleep(0.1)
        children = children_of(served.pid)
    finally:
        served.kill()
        served.wait(30)
    end = time.monotonic() + 30
    while [pid for pid in children if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < end, "a child lives on"
        time.sleep(0.1)


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path) -> None:
    write_term_course(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = subprocess.run(
            command(tmp_path, "serve", "--port", port),
            env=course_environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert run.returncode == 1
    assert f"127.0.0.1:{port} can't be listened at" in run.stderr
    assert not (tmp_path / "data").exists()
