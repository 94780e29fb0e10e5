"""Containers run with the runtime that their environment asks for, or nothing is begun."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import docker
import pytest

from grader.sandbox.box import SandboxFault
from grader.sandbox.conversation import Conversation
from grader.sandbox.docker import DockerBox, DockerSandbox, container_options
from grader.sandbox.images import image_tag
from grader.sandbox.runtimes import known_runtimes, require_runtime
from tests.sandbox.boxes import CPU, SMALL, request

pytestmark = pytest.mark.docker

# Every engine has it beside its own, under another name.
SECOND = "io.containerd.runc.v2"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    made = docker.from_env()
    yield made
    made.close()


def trials(client: Any) -> list[Any]:
    """Containers that trials of runtimes have left."""
    return client.containers.list(all=True, filters={"label": "csc2541.trial=runtime"})


def test_there_is_a_second_runtime_to_ask_for(client: Any) -> None:
    known = known_runtimes(client.info())
    assert SECOND in known
    assert known[0] == client.info()["DefaultRuntime"] != SECOND


@pytest.mark.parametrize("asked", [None, SECOND])
def test_a_box_has_the_runtime_that_was_asked_for(client: Any, asked: str | None) -> None:
    with DockerSandbox().open_box(replace(request(), runtime=asked)) as box:
        assert isinstance(box, DockerBox)
        Conversation(box, SMALL.message_bytes).greet()
        seen = client.api.inspect_container(box.container_id)["HostConfig"]["Runtime"]
    assert seen == (asked or client.info()["DefaultRuntime"])


def test_a_runtime_that_starts_containers_is_fine(client: Any) -> None:
    DockerSandbox().prepare(CPU, SECOND)
    assert trials(client) == []


@pytest.mark.parametrize("unknown", ["runsx", "io.containerd.nowhere.v9"])
def test_an_unknown_runtime_is_told_before_anything_runs(client: Any, unknown: str) -> None:
    with pytest.raises(SandboxFault) as caught:
        DockerSandbox().prepare(CPU, unknown)
    told = str(caught.value)
    assert f"asks for the runtime `{unknown}`, and the engine knows only runc" in told
    assert "Install it and tell the engine of it" in told
    assert trials(client) == []


def test_a_runtime_that_is_known_and_starts_nothing_is_told(client: Any) -> None:
    """It would begin in a folder that is a file: the engine takes that, and then starts nothing."""
    options = container_options(request()) | {"working_dir": "/etc/passwd"}
    with pytest.raises(SandboxFault, match=f"`{SECOND}`, and the engine starts no container with"):
        require_runtime(client, SECOND, image_tag(CPU), options)
    assert trials(client) == []
