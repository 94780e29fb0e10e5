"""The process backend: the same conversation, a clean environment, its group killed."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.outcomes import CellStatus, Ending
from grader.sandbox import conversation
from grader.sandbox.conversation import CallFailed, Conversation
from grader.sandbox.process import ProcessSandbox, clean_environment
from grader.sandbox.values import student_name
from tests.sandbox.boxes import SMALL, ending_of, eventually, opened, request, run_cells
from tests.sandbox.endings import FRAMES, IGNORES


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "GRACE_SECONDS", 1.0)


CELL = """
import os, resource, subprocess, time
def add(x, y=1): return x + y
def environment(): return dict(os.environ)
def folder(): return os.getcwd()
def limit(name): return list(resource.getrlimit(getattr(resource, name)))
def sleep(): time.sleep(60)
def child(): return subprocess.Popen(["/bin/sleep", "60"]).pid
"""


@pytest.fixture(scope="module")
def talk() -> Iterator[Conversation]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_SECRET", "canary")
        with opened(ProcessSandbox()) as opened_talk:
            run_cells(opened_talk, CELL)
            yield opened_talk


def ask(talk: Conversation, name: str, *args: Any, seconds: float = 20.0) -> Any:
    return talk.call("call", seconds=seconds, target=student_name(name), args=list(args), kwargs={})


def test_it_says_that_it_does_not_isolate() -> None:
    assert ProcessSandbox().isolates is False
    assert ProcessSandbox().remove_leftovers({}) == 0


def test_calls_are_answered(talk: Conversation) -> None:
    assert ask(talk, "add", 2) == 3
    assert ask(talk, "add", 2.0, 0.5) == 2.5


@pytest.mark.parametrize(("name", "kind"), [("nothing", "missing"), ("sleep", "interrupted")])
def test_a_call_without_a_value_says_why(talk: Conversation, name: str, kind: str) -> None:
    with pytest.raises(CallFailed) as failed:
        ask(talk, name, seconds=0.5)
    assert failed.value.kind == kind


def test_the_environment_is_ours_alone(talk: Conversation) -> None:
    seen = ask(talk, "environment")
    home = Path(ask(talk, "folder"))
    expected = clean_environment(home)
    added = set(seen) - set(expected)
    assert {key: seen.get(key) for key in expected} == expected
    assert "canary" not in str(seen)
    assert "COURSE_SECRET" not in added


@pytest.mark.parametrize(
    ("name", "limit"),
    [("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", 1024), ("RLIMIT_FSIZE", SMALL.tmp_bytes)],
)
def test_limits_that_a_process_can_have_are_set(talk: Conversation, name: str, limit: int) -> None:
    assert ask(talk, "limit", name) == [limit, limit]


def test_the_group_is_killed_and_the_folder_removed() -> None:
    with opened(ProcessSandbox()) as talk:
        run_cells(talk, CELL)
        pid, folder = ask(talk, "child"), Path(ask(talk, "folder"))
        assert Path(f"/proc/{pid}").exists()
        assert folder.is_dir()
    assert eventually(lambda: not _runs(pid))
    assert not folder.exists()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("ending", "cell"),
    [
        (Ending.TIMEOUT, IGNORES + "while True: pass"),
        (Ending.CRASHED, "import ctypes\nctypes.string_at(0)"),
        (Ending.CRASHED, "import os\nos._exit(3)"),
        (Ending.EXITED, "import os\nos._exit(0)"),
        (Ending.OUTPUT_LIMIT, "import os\nwhile True: os.write(1, b'x' * 65536)"),
        (Ending.GARBLED, FRAMES + "os.write(frames[0], b'rubbish' * 100)"),
    ],
    ids=["stubborn", "null pointer", "exit 3", "exit 0", "output", "rubbish"],
)
def test_a_program_ends_by_its_own_reason(ending: Ending, cell: str) -> None:
    with opened(ProcessSandbox()) as talk:
        assert ending_of(talk, cell, cell_seconds=1.0).ending is ending


def test_too_much_memory_is_refused_to_the_process_that_asks() -> None:
    little = replace(SMALL, memory_bytes=512 << 20)
    with opened(ProcessSandbox(), request(little)) as talk:
        (record,) = run_cells(talk, "x = bytearray(16 << 30)")
    assert record.status is CellStatus.RAISED
    assert "MemoryError" in record.error


def test_what_a_box_used_is_told() -> None:
    with opened(ProcessSandbox()) as talk:
        found = talk.finish()
    assert found.usage.cpu_seconds > 0.1
    assert found.usage.memory_peak_bytes > 20 << 20
    assert found.ending is None
    assert talk.finish() == found
    assert os.getpgid(0) > 0  # ours was left alone
