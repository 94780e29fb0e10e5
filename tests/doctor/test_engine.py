"""What is found of the engine: absent, at fault, without an image or with another one."""

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from grader.doctor import Mark, Subject, engine
from grader.doctor.findings import NotTried
from grader.sandbox.images import image_tag
from tests.doctor.conftest import LABELS, asking, run, saying
from tests.sandbox.boxes import CPU

SECCOMP = "name=seccomp,profile=default"
GPU_RUNTIME = {"Runtimes": {"runc": {}, "nvidia": {}}}
GPU_DEVICE = {"DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=0"}]}


@pytest.fixture
def client() -> Iterator[Any]:
    made = docker.from_env()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("says", "mark", "words"),
    [
        ({"Driver": "overlay2"}, Mark.OK, "28.1.0, overlay2, cgroup 2 (systemd), runc, runsc"),
        ({"Driver": "vfs"}, Mark.WARNING, "vfs"),
        ({"PidsLimit": False}, Mark.WARNING, "without PidsLimit"),
    ],
)
def test_the_engine_is_described(
    subject: Subject, says: dict[str, Any], mark: Mark, words: str
) -> None:
    usual: dict[str, Any] = {"ServerVersion": "28.1.0+dfsg1", "Driver": "overlay2"}
    usual |= {"CgroupVersion": "2", "CgroupDriver": "systemd", "DefaultRuntime": "runc"}
    usual |= dict.fromkeys(("MemoryLimit", "SwapLimit", "PidsLimit"), True)
    usual["Runtimes"] = {"runsc": {}, "io.containerd.runc.v2": {}, "runc": {}}
    finding = engine.answers(saying(subject, **{**usual, **says}))
    assert finding.mark is mark
    assert words in finding.found


@pytest.mark.parametrize(
    ("options", "mark", "found"),
    [
        ([SECCOMP], Mark.OK, "seccomp default, userns-remap off, rootless no"),
        (
            ["name=seccomp,profile=builtin", "name=userns", "name=cgroupns"],
            Mark.OK,
            "seccomp builtin, userns-remap on, rootless no",
        ),
        ([SECCOMP, "name=rootless"], Mark.OK, "seccomp default, userns-remap off, rootless yes"),
        (["name=apparmor"], Mark.FAILED, "seccomp off, userns-remap off, rootless no"),
        (
            ["name=seccomp,profile=unconfined"],
            Mark.FAILED,
            "seccomp unconfined, userns-remap off, rootless no",
        ),
        (
            ["name=seccomp,profile=/etc/ours.json"],
            Mark.WARNING,
            "seccomp /etc/ours.json, userns-remap off, rootless no",
        ),
    ],
)
def test_what_isolates_is_described(
    subject: Subject, options: list[str], mark: Mark, found: str
) -> None:
    finding = engine.isolation(saying(subject, SecurityOptions=options))
    assert (finding.mark, finding.found) == (mark, found)


@pytest.mark.parametrize(
    ("gpus", "says", "mark", "words"),
    [
        (0, {}, Mark.OK, "no environment asks"),
        (1, GPU_RUNTIME, Mark.OK, "there, for cpu (1)"),
        (2, GPU_DEVICE, Mark.OK, "there, for cpu (2)"),
        (1, {"Runtimes": {"runc": {}}}, Mark.FAILED, "none, and asked for by cpu (1), for toy"),
    ],
)
def test_gpus_are_looked_for_where_they_are_asked_for(
    subject: Subject, gpus: int, says: dict[str, Any], mark: Mark, words: str
) -> None:
    finding = engine.gpus(saying(asking(subject, f"gpus: {gpus}"), **says))
    assert finding.mark is mark
    assert words in finding.found


def test_gpus_that_no_assignment_uses_are_a_warning(subject: Subject) -> None:
    finding = engine.gpus(saying(asking(subject, "gpus: 0}\n  gpu: {gpus: 1"), Runtimes={}))
    assert (finding.mark, finding.found) == (
        Mark.WARNING,
        "none, and asked for by gpu (1); no assignment uses it",
    )


@pytest.mark.parametrize(
    ("processors", "gib", "mark", "words"),
    [
        (2, 4, Mark.OK, "room for 4 at a time"),
        (2, 0.5, Mark.WARNING, "more memory for toy"),
        (0, 4, Mark.FAILED, "more processors for toy"),
    ],
)
def test_limits_are_held_against_the_machine(
    subject: Subject, processors: int, gib: float, mark: Mark, words: str
) -> None:
    finding = engine.size(saying(subject, NCPU=processors, MemTotal=int(gib * (1 << 30))))
    assert finding.mark is mark
    assert words in finding.found


@pytest.mark.docker
def test_an_unknown_runtime_fails_and_says_which_there_are(subject: Subject) -> None:
    other = asking(subject, "runtime: runsx")
    finding = engine.runtime(other, "runsx")
    assert finding.mark is Mark.FAILED
    assert "`runsx`, and the engine knows only runc" in finding.found
    assert "docs/operations.md" in finding.do
    with pytest.raises(NotTried, match="no container starts"):
        other.look_inside("runsx")
    other.close()


@pytest.fixture
def own_environment(subject: Subject) -> Path:
    """The toy's environment, as a copy that a test may change."""
    environments = subject.course_file.parent / "environments"
    source = environments.resolve()
    environments.unlink()
    for name in ("cpu", "runner"):
        shutil.copytree(source / name, environments / name)
    return environments / "cpu"


@pytest.mark.docker
def test_an_image_that_is_built_is_looked_into(subject: Subject) -> None:
    finding = engine.images(subject)
    assert (finding.mark, finding.found) == (Mark.OK, image_tag(CPU))


@pytest.mark.docker
def test_a_missing_image_is_named_and_what_needs_one_not_tried(
    subject: Subject, own_environment: Path
) -> None:
    with (own_environment / "Dockerfile").open("a") as file:
        file.write("# changed\n")
    finding = engine.images(subject)
    assert (finding.mark, finding.found) == (Mark.FAILED, "not built: cpu")
    assert 'make images ENVIRONMENTS="cpu"' in finding.do
    with pytest.raises(NotTried, match="no image to try it in"):
        subject.look_inside(None)


@pytest.mark.docker
@pytest.mark.parametrize(
    ("changed", "text", "words"),
    [
        ("../runner/wire.py", "\n", "the runner in its image is another"),
        ("requirements.txt", "msgpack==0.0.1\n", "not those of requirements.txt: msgpack 1."),
        ("requirements.txt", "no-such-thing==1.0\n", "no-such-thing None"),
    ],
)
def test_an_image_of_the_right_name_with_another_content_is_found_out(
    subject: Subject, own_environment: Path, changed: str, text: str, words: str
) -> None:
    with (own_environment / changed).open("a") as file:
        file.write(text)
    tag = image_tag(own_environment)
    run("docker", "tag", image_tag(CPU), tag)
    try:
        finding = engine.images(subject)
    finally:
        run("docker", "image", "rm", tag)
    assert finding.mark is Mark.FAILED
    assert words in finding.found
    assert tag in finding.do


@pytest.mark.docker
def test_containers_that_no_run_owns_are_told(subject: Subject, client: Any) -> None:
    assert engine.leftovers(subject).found == "none"
    left = client.containers.create(image_tag(CPU), labels=LABELS, network_mode="none")
    try:
        finding = engine.leftovers(subject)
        assert (finding.mark, finding.found) == (Mark.WARNING, "1 that no run owns")
        assert f"docker rm --force {left.id[:12]}" in finding.do
        subject.data.mkdir()
        with (subject.data / "grading.lock").open("w") as lock:
            assert engine.leftovers(subject).mark is Mark.WARNING
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert engine.leftovers(subject).mark is Mark.OK
    finally:
        left.remove()


def test_every_pin_is_read(tmp_path: Path) -> None:
    text = "a-b==1.0 \\\n    --hash=sha256:00\n# c==1\nD_e[x]==2\nf==3 ; os_name == 'nt'\npip==1\n"
    (tmp_path / "requirements.txt").write_text(text)
    assert engine.pinned(tmp_path / "requirements.txt") == {"a-b": "1.0", "d-e": "2"}
