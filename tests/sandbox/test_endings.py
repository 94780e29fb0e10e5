"""How programs end, in real containers: each by its own reason, and nothing is left."""

import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import docker
import pytest

from grader.outcomes import CellStatus, Ending
from grader.sandbox import conversation
from grader.sandbox.box import BoxLimits, SandboxFault
from grader.sandbox.conversation import BoxEnded, CallFailed, Conversation
from grader.sandbox.docker import DockerBox, DockerSandbox
from grader.sandbox.values import student_name
from tests.sandbox.boxes import SMALL, ending_of, opened, request, run_cells
from tests.sandbox.endings import ENDINGS, FRAMES, IGNORES, SEND, SLEEPS

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    client = docker.from_env()
    yield client.api
    client.close()


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What doesn't listen is killed after one second instead of three."""
    monkeypatch.setattr(conversation, "GRACE_SECONDS", 1.0)


@pytest.fixture
def label(request: pytest.FixtureRequest, engine: Any) -> Iterator[str]:
    """A label of this test's own; after the test no container has it."""
    name = f"{abs(hash(request.node.nodeid)):x}"
    yield name
    left = engine.containers(all=True, filters={"label": [f"test={name}"]})
    DockerSandbox().remove_leftovers({"test": name})
    assert left == []


def small(label: str, **limits: Any) -> Any:
    return request(replace(SMALL, **limits) if limits else SMALL, test=label)


@pytest.mark.parametrize(("ending", "cells", "seconds"), ENDINGS.values(), ids=ENDINGS)
def test_a_program_ends_by_its_own_reason(
    label: str, ending: Ending | None, cells: tuple[str, ...], seconds: dict[str, float]
) -> None:
    with opened(DockerSandbox(), small(label)) as talk:
        ended = ending_of(talk, *cells, **{"cell_seconds": 1.0, **seconds})
        assert talk.ended is ended
    assert ended.ending is ending if ending else ended.ending in (Ending.TIMEOUT, Ending.CRASHED)


def test_a_fork_bomb_meets_the_limit_of_processes(label: str) -> None:
    bomb = """
import os, time
children = 0
try:
    while children < 200:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        children += 1
except BlockingIOError:
    time.sleep(1)
    os._exit(1)
"""
    with opened(DockerSandbox(), small(label, processes=48)) as talk:
        ended = ending_of(talk, bomb, cell_seconds=20.0)
    assert ended.ending is Ending.TOO_MANY_PROCESSES


def test_what_lies_in_a_folder_in_memory_counts_as_memory(label: str) -> None:
    fills = "with open('/tmp/large', 'wb') as file:\n  while True: file.write(bytes(1 << 20))"
    roomy = small(label, tmp_bytes=1 << 30, memory_bytes=256 << 20)
    with opened(DockerSandbox(), roomy) as talk:
        assert ending_of(talk, fills, cell_seconds=20.0).ending is Ending.OUT_OF_MEMORY


def test_our_memory_stays_flat_whatever_is_printed(label: str) -> None:
    floods = "import os\nfor _ in range(1600): os.write(1, b'x' * 65536)\nprint('y' * (100 << 20))"
    tracemalloc.start()
    try:
        with opened(DockerSandbox(), small(label, output_bytes=1 << 30)) as talk:
            (record,) = run_cells(talk, floods)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert record.status is CellStatus.OK, record
    assert record.output.endswith(" more characters")
    assert peak < 8 << 20


def test_folders_that_it_has_locked_go_with_the_box(label: str) -> None:
    locks = """
import os
for folder in ("/tmp/a/b", os.path.expanduser("~/a/b")):
    os.makedirs(folder)
    open(f"{folder}/file", "w").close()
    for path in (f"{folder}/file", folder, os.path.dirname(folder)):
        os.chmod(path, 0)
os.chmod(os.path.expanduser("~"), 0)
def answers(): return 1
"""
    with opened(DockerSandbox(), small(label)) as talk:
        (record,) = run_cells(talk, locks)
        assert record.status is CellStatus.OK, record
        asked: dict[str, Any] = {"args": [], "kwargs": {}}
        assert talk.call("call", seconds=5.0, target=student_name("answers"), **asked) == 1


def test_grandchildren_that_left_their_group_die_with_the_box(label: str) -> None:
    daemon = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        open("/tmp/alive", "w").close()
        while True:
            time.sleep(0.1)
    os._exit(0)
while not os.path.exists("/tmp/alive"):
    time.sleep(0.01)
"""
    api = docker.from_env().api
    with opened(DockerSandbox(), small(label)) as talk:
        records = run_cells(talk, daemon)
        assert records[0].status is CellStatus.OK, records
        (container,) = api.containers(filters={"label": [f"test={label}"]})
        pids = [int(row[1]) for row in api.top(container["Id"])["Processes"]]
        assert len(pids) >= 2
    api.close()
    time.sleep(0.1)
    assert [pid for pid in pids if _runs(pid)] == []


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_cell_over_its_time_is_interrupted_and_the_next_one_runs(label: str) -> None:
    with opened(DockerSandbox(), small(label)) as talk:
        records = run_cells(talk, SLEEPS, "print('goes on')", cell_seconds=1.0)
        assert [record.status for record in records] == [CellStatus.INTERRUPTED, CellStatus.OK]
        assert records[1].output == "goes on\n"
        with pytest.raises(CallFailed) as failed:
            talk.call("call", seconds=0.5, target=student_name("time.sleep"), args=[60], kwargs={})
    assert failed.value.kind == "missing"


HOOKS = """
import signal, sys, threading
def answers(): return 1
def see(*_): return None
def no(*_): raise RuntimeError("no")
"""


@pytest.mark.parametrize(
    "hooks",
    [
        "sys.settrace(see); sys.setprofile(see); threading.settrace(see)",
        "signal.signal(signal.SIGALRM, see); signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)",
        "sys.settrace(no); sys.setprofile(no)",
    ],
)
def test_hooks_of_a_program_change_nothing_outside(label: str, hooks: str) -> None:
    cell = f"{HOOKS}{hooks}"
    asked: dict[str, Any] = {"target": student_name("answers"), "args": [], "kwargs": {}}
    with opened(DockerSandbox(), small(label)) as talk:
        run_cells(talk, cell, "1")
        assert talk.call("call", seconds=5.0, **asked) == 1


def test_a_hook_that_refuses_whatever_the_runner_does_is_the_end_of_its_program(label: str) -> None:
    asked: dict[str, Any] = {"target": student_name("answers"), "args": [], "kwargs": {}}
    with opened(DockerSandbox(), small(label)) as talk:
        run_cells(talk, f"{HOOKS}sys.addaudithook(no)", "1")
        with pytest.raises(BoxEnded) as ended:
            talk.call("call", seconds=5.0, **asked)
        assert ended.value.ending is Ending.CRASHED


def test_a_clock_that_jumps_changes_no_limit(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    days = cycle((0.0, 400.0, -400.0))
    real = time.time
    with opened(DockerSandbox(), small(label)) as talk:
        started = time.monotonic()
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: real() + 86_400 * next(days))
            records = run_cells(talk, SLEEPS, "print('goes on')", cell_seconds=1.0)
        assert 1.0 <= time.monotonic() - started < 8
    assert [record.status for record in records] == [CellStatus.INTERRUPTED, CellStatus.OK]


def test_a_call_over_its_time_is_interrupted_and_the_next_one_is_answered(label: str) -> None:
    cell = "import time\ndef sleep(s): time.sleep(s); return s"
    with opened(DockerSandbox(), small(label)) as talk:
        run_cells(talk, cell)
        target = student_name("sleep")
        with pytest.raises(CallFailed) as failed:
            talk.call("call", seconds=0.5, target=target, args=[60], kwargs={})
        assert failed.value.kind == "interrupted"
        assert talk.call("call", seconds=5.0, target=target, args=[0], kwargs={}) == 0


def test_messages_without_end_do_not_prolong_a_notebook(label: str) -> None:
    chatter = (
        FRAMES
        + SEND
        + IGNORES
        + """
import time
while True:
    send({'type': 'cell_finished', 'index': 0, 'status': 'ok', 'seconds': 0.0,
          'output': '', 'error': ''})
    send({'type': 'cell_started', 'index': 0})
    time.sleep(0.05)
"""
    )
    with opened(DockerSandbox(), small(label)) as talk:
        started = time.monotonic()
        ended = ending_of(talk, chatter, notebook_seconds=3.0)
    assert ended.ending in (Ending.GARBLED, Ending.TIMEOUT)
    assert time.monotonic() - started < 10


def test_cells_that_ignore_interrupts_end_with_the_notebooks_time(label: str) -> None:
    stubborn = IGNORES + "import time\ntime.sleep(0.7)"
    with opened(DockerSandbox(), small(label)) as talk:
        started = time.monotonic()
        ended = ending_of(talk, *[stubborn] * 20, notebook_seconds=1.0)
    assert ended.ending is Ending.TIMEOUT
    assert time.monotonic() - started < 6


@pytest.mark.parametrize(
    ("forged", "words"),
    [
        ("send({'type': 'answer', 'id': 'guess', 'value': 1})", "answer to no question"),
        ("send({'type': 'ready'})", "answer to no question"),
        ("os.write(frames[0], b'\\0\\0\\0\\1' + bytes(8) + b'\\xc1')", "not msgpack"),
    ],
)
def test_a_forged_answer_to_a_call_is_garbled(label: str, forged: str, words: str) -> None:
    cell = FRAMES + SEND + f"def answer():\n    {forged}\n    return 2"
    with opened(DockerSandbox(), small(label)) as talk:
        run_cells(talk, cell)
        with pytest.raises(BoxEnded, match=words) as ended:
            talk.call("call", seconds=5.0, target=student_name("answer"), args=[], kwargs={})
        assert ended.value.ending is Ending.GARBLED
        with pytest.raises(BoxEnded):
            talk.call("value", seconds=5.0, target=student_name("answer"))


def test_an_answer_too_large_to_send_costs_the_call_and_not_the_box(label: str) -> None:
    cell = "import jax.numpy as jnp\ndef big(): return jnp.zeros(2_000_000)\ndef good(): return 1"
    with opened(DockerSandbox(), small(label)) as talk:
        run_cells(talk, cell)
        asked: dict[str, Any] = {"seconds": 10.0, "args": [], "kwargs": {}}
        with pytest.raises(CallFailed) as failed:
            talk.call("call", target=student_name("big"), **asked)
        assert failed.value.kind == "unsendable"
        assert "4 MiB" in failed.value.text
        assert talk.call("call", target=student_name("good"), **asked) == 1


def test_a_container_killed_from_outside_is_our_fault(label: str, engine: Any) -> None:
    box = DockerSandbox().open_box(small(label))
    assert isinstance(box, DockerBox)
    talk = Conversation(box, SMALL.message_bytes)
    talk.greet()
    engine.kill(box.container_id, "SIGKILL")
    with pytest.raises(SandboxFault, match="killed from outside"):
        ending_of(talk, "1")
    with pytest.raises(SandboxFault, match="killed from outside"):
        box.close()


def test_a_program_that_ends_with_the_code_of_a_kill_is_looked_at_by_staff(label: str) -> None:
    box = DockerSandbox().open_box(small(label))
    talk = Conversation(box, SMALL.message_bytes)
    talk.greet()
    with pytest.raises(SandboxFault, match="or its program ended itself with 137"):
        ending_of(talk, "import os\nos._exit(137)")


def test_a_container_removed_from_outside_is_our_fault(label: str, engine: Any) -> None:
    box = DockerSandbox().open_box(small(label))
    assert isinstance(box, DockerBox)
    talk = Conversation(box, SMALL.message_bytes)
    talk.greet()
    engine.remove_container(box.container_id, force=True)
    with pytest.raises(SandboxFault, match="removed from outside"):
        ending_of(talk, "1")


def test_a_runner_that_does_not_start_is_our_fault(label: str) -> None:
    too_little = BoxLimits(memory_bytes=24 << 20, processes=16)
    with (
        DockerSandbox().open_box(request(too_little, test=label)) as box,
        pytest.raises(SandboxFault, match="the runner did not start"),
    ):
        Conversation(box, 1 << 20).greet()


def test_whoever_closes_a_box_is_not_taken_for_its_program(
    label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state_on_a_busy_host(box: DockerBox) -> dict[str, Any]:
        time.sleep(1.5)
        return state(box)

    state = DockerBox._state
    monkeypatch.setattr(DockerBox, "_state", state_on_a_busy_host)
    with opened(DockerSandbox(), small(label)) as talk:
        assert talk.finish().ending is None


def test_what_a_box_used_is_told(label: str) -> None:
    with opened(DockerSandbox(), small(label)) as talk:
        run_cells(talk, "import time\nend = time.time() + 0.7\nwhile time.time() < end: pass")
        found = talk.finish()
    assert found.ending is None
    assert 0.5 < found.usage.cpu_seconds < 30
    assert 40 << 20 < found.usage.memory_peak_bytes <= SMALL.memory_bytes
    assert found.usage.wall_seconds > 0.7
    assert talk.finish() == found
