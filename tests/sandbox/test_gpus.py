"""An environment's GPUs are asked of the engine."""

from dataclasses import replace

import docker
import pytest

from grader.sandbox.docker import container_options
from grader.sandbox.images import image_tag
from tests.sandbox.boxes import CPU, request

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(("gpus", "asked"), [(0, []), (2, [(2, [["gpu"]])])])
def test_the_engine_is_asked_for_the_gpus_of_the_environment(gpus: int, asked: list):
    """Created, not started: an engine without GPUs refuses only at the start."""
    client = docker.from_env()
    wanted = replace(request(), gpus=gpus)
    options = container_options(wanted)
    container = client.containers.create(image_tag(CPU), labels=wanted.labels, **options)
    try:
        requests = container.attrs["HostConfig"]["DeviceRequests"] or []
        assert [(r["Count"], r["Capabilities"]) for r in requests] == asked
    finally:
        container.remove()
        client.close()
