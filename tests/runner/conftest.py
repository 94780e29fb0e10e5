"""Both backends, for tests of what a runner does: it is the same in each."""

from typing import Any

import pytest

from grader.sandbox.box import Sandbox
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.images import ensure_image
from grader.sandbox.process import ProcessSandbox
from tests.sandbox.boxes import CPU


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(ProcessSandbox, id="process"),
        pytest.param(DockerSandbox, id="docker", marks=pytest.mark.docker),
    ],
)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """A plain process, and then a container whose image is there."""
    backend: Any = request.param
    if backend is DockerSandbox:
        ensure_image(CPU)
    return backend()
