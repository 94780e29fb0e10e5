"""An environment's GPUs are asked of the engine."""

from dataclasses import replace
from pathlib import Path

import docker
import pytest

from grader.sandbox import cores
from grader.sandbox.box import SandboxFault
from grader.sandbox.docker import DockerSandbox, container_options, these_gpus
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


def test_boxes_at_the_same_time_have_different_gpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By their numbers: asked for one GPU, the engine gives the first to everybody."""
    monkeypatch.setattr(cores, "DEVICES", tmp_path / "dev")
    (tmp_path / "dev").mkdir()
    for name in ("nvidia0", "nvidia1", "nvidia-uvm", "nvidiactl"):
        (tmp_path / "dev" / name).touch()
    taken = [cores.take_gpus(tmp_path, 1) for _ in range(3)]
    assert [one.numbers for one in taken] == [(0,), (1,), ()]
    for one in taken:
        one.give_back()
    assert cores.take_gpus(tmp_path, 0).numbers == ()
    assert these_gpus((1,))["DeviceIDs"] == ["1"]
    assert these_gpus((1,))["Capabilities"] == [["gpu"]]


def test_a_box_asks_for_its_gpu_by_number_and_one_that_does_not_start_keeps_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine has none here, and says so at the start."""
    monkeypatch.setattr(cores, "DEVICES", tmp_path)
    monkeypatch.setattr("grader.sandbox.docker.machines_folder", lambda: tmp_path / "locks")
    for number in (0, 1):
        (tmp_path / f"nvidia{number}").touch()
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(
        "grader.sandbox.docker.these_gpus", lambda n: asked.append(tuple(n)) or these_gpus(n)
    )
    others = cores.take_gpus(tmp_path / "locks", 1)
    with pytest.raises(SandboxFault, match="started no container"):
        DockerSandbox().open_box(replace(request(), gpus=1))
    others.give_back()
    assert asked == [(1,)]
    free = cores.take_gpus(tmp_path / "locks", 2)
    assert free.numbers == (0, 1)
    free.give_back()
