"""No box reaches anything but itself, however little the engine has set up for it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import docker
import pytest

from grader.sandbox.conversation import Conversation
from grader.sandbox.docker import DockerBox, DockerSandbox
from tests.sandbox.boxes import SMALL, request, run_cells
from tests.sandbox.test_docker_box import ADDRESSES, PROBES, ask

pytestmark = pytest.mark.docker

OWN_SERVER = """
def namespace(kind):
    return os.readlink(f"/proc/self/ns/{kind}")

def own_server(host):
    with socket.create_server((host, 0)) as server:
        with socket.create_connection(server.getsockname()[:2], 5) as asked:
            server.accept()[0].sendall(b"answer")
            return asked.recv(6)
"""


def opened(bare: bool) -> Iterator[Conversation]:
    client = docker.from_env()
    with DockerSandbox().open_box(replace(request(), bare_network=bare)) as box:
        assert isinstance(box, DockerBox)
        settings: Any = client.api.inspect_container(box.container_id)["NetworkSettings"]
        assert bool(settings["Networks"]) is not bare
        talk = Conversation(box, SMALL.message_bytes)
        talk.greet()
        run_cells(talk, PROBES, OWN_SERVER)
        yield talk
    client.close()


@pytest.fixture(scope="module")
def usual() -> Iterator[Conversation]:
    """With a box as notebooks have it."""
    yield from opened(bare=False)


@pytest.fixture(scope="module")
def bare() -> Iterator[Conversation]:
    """With a box for which the engine sets no network up."""
    yield from opened(bare=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_notebook_may_talk_to_itself(usual: Conversation, host: str) -> None:
    assert ask(usual, "own_server", host) == b"answer"


@pytest.mark.parametrize("kind", ["net", "pid", "ipc", "mnt", "uts"])
def test_each_box_has_namespaces_of_its_own(
    usual: Conversation, bare: Conversation, kind: str
) -> None:
    found = {ask(talk, "namespace", kind) for talk in (usual, bare)}
    assert all(one.startswith(f"{kind}:[") for one in found)
    assert len({*found, os.readlink(f"/proc/self/ns/{kind}")}) == 3


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_a_bare_network_leads_nowhere_either(bare: Conversation, address: tuple[Any, ...]) -> None:
    assert ask(bare, "connected", *address) != "connected"


def test_a_bare_network_has_loopback_alone_and_no_name_service(bare: Conversation) -> None:
    assert ask(bare, "interfaces") == ["lo"]
    assert ask(bare, "resolved", "example.org") == "gaierror"
    assert ask(bare, "own_server", "127.0.0.1") == b"answer"
