"""An engine that says no is told from one that isn't there."""

import builtins
import gc
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
import requests.exceptions

from grader.sandbox.box import EngineDown, SandboxFault
from grader.sandbox.docker import DockerSandbox, fault


def answer(code: int) -> docker.errors.APIError:
    response: Any = SimpleNamespace(status_code=code, url="", reason="")
    return docker.errors.APIError("no", response=response)


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (requests.exceptions.ConnectionError("aborted"), True),
        (requests.exceptions.ConnectTimeout("slow"), True),
        (builtins.ConnectionRefusedError("refused"), True),
        (builtins.BrokenPipeError("closed"), True),
        (requests.exceptions.ReadTimeout("busy"), False),
        (FileNotFoundError("/proc/1/cgroup"), False),
        (answer(500), False),
        (answer(404), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_only_an_engine_without_an_answer_is_away(error: Exception, gone: bool) -> None:
    found = fault("it made no container", error)
    assert isinstance(found, EngineDown) == gone
    words = "no Docker engine answers" if gone else "it made no container"
    assert str(found).startswith(words)
    assert str(error) in str(found)


@pytest.mark.parametrize("address", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_no_engine_at_all_is_away(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineDown, match=r"no Docker engine answers .*; start one"):
        DockerSandbox().remove_leftovers({"csc2541.tests": "none"})
    assert issubclass(EngineDown, SandboxFault)
    gc.collect()  # while this test's filter of warnings holds
