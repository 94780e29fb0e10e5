"""What a container is given, what it can't do, and that nothing of it is left."""

import gc
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from grader.outcomes import CellStatus
from grader.sandbox.box import SandboxFault
from grader.sandbox.conversation import Conversation
from grader.sandbox.docker import DockerBox, DockerSandbox
from grader.sandbox.values import student_name
from tests.sandbox.boxes import SMALL, opened, request, run_cells

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    client = docker.from_env()
    yield client.api
    client.close()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerBox]:
    """One running box, opened by a grader with secrets in its surroundings."""
    folder = tmp_path_factory.mktemp("docker")
    proxies = {"proxies": {"default": {"httpProxy": "http://staff:canary-in-proxy@proxy:1"}}}
    (folder / "config.json").write_text(json.dumps(proxies))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_CONFIG", str(folder))
        patch.setenv("COURSE_SECRET", "canary-in-environment")
        opened_box = DockerSandbox().open_box(request())
    with opened_box:
        assert isinstance(opened_box, DockerBox)
        yield opened_box


@pytest.fixture(scope="module")
def conversation(box: DockerBox) -> Conversation:
    talk = Conversation(box, SMALL.message_bytes)
    talk.greet()
    run_cells(talk, PROBES)
    return talk


@pytest.fixture(scope="module")
def inspected(box: DockerBox, engine: Any) -> dict[str, Any]:
    return engine.inspect_container(box.container_id)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NetworkMode", "none"),
        ("ReadonlyRootfs", True),
        ("Privileged", False),
        ("CapDrop", ["ALL"]),
        ("CapAdd", None),
        ("SecurityOpt", ["no-new-privileges"]),
        ("PidsLimit", SMALL.processes),
        ("Memory", SMALL.memory_bytes),
        ("MemorySwap", SMALL.memory_bytes),  # equal to Memory: no swap
        ("NanoCpus", 1_000_000_000),
        ("ShmSize", 16 << 20),
        ("IpcMode", "private"),
        ("PidMode", ""),
        ("UsernsMode", ""),
        ("LogConfig", {"Type": "none", "Config": {}}),
        ("Binds", None),
        ("VolumesFrom", None),
        ("Devices", None),
        ("PortBindings", None),
        ("Links", None),
        ("RestartPolicy", {"Name": "", "MaximumRetryCount": 0}),
    ],
)
def test_the_engine_holds_every_limit(inspected: dict[str, Any], key: str, value: Any) -> None:
    assert (inspected["HostConfig"][key] or None) == (value or None)


@pytest.mark.parametrize("folder", ["/tmp", "/home/student"])
@pytest.mark.parametrize(
    "option", ["nosuid", "nodev", "noexec", f"size={SMALL.tmp_bytes}", "nr_inodes=8192"]
)
def test_each_folder_that_can_be_written_is_a_limited_tmpfs(
    inspected: dict[str, Any], folder: str, option: str
) -> None:
    assert option in inspected["HostConfig"]["Tmpfs"][folder].split(",")


def test_there_are_no_other_folders_to_write(inspected: dict[str, Any]) -> None:
    assert set(inspected["HostConfig"]["Tmpfs"]) == {"/tmp", "/home/student"}
    assert inspected["Mounts"] == []


@pytest.mark.parametrize(
    ("name", "limit"), [("core", 0), ("nofile", 1024), ("fsize", SMALL.tmp_bytes)]
)
def test_each_ulimit_is_set(inspected: dict[str, Any], name: str, limit: int) -> None:
    limits = {entry["Name"]: entry for entry in inspected["HostConfig"]["Ulimits"]}
    assert (limits[name]["Soft"], limits[name]["Hard"]) == (limit, limit)


def test_the_user_the_name_and_the_labels_are_ours(inspected: dict[str, Any]) -> None:
    config = inspected["Config"]
    assert config["User"] == "10001:10001"
    assert config["Hostname"] == "notebook"
    assert config["Labels"]["csc2541.test"] == "sandbox"
    assert config["Tty"] is False


def test_a_cache_of_compiled_operations_is_mounted_for_reading_only(
    tmp_path: Path, engine: Any
) -> None:
    wanted = request()
    with DockerSandbox().open_box(replace(wanted, compiled=tmp_path)) as opened_box:
        assert isinstance(opened_box, DockerBox)
        (mount,) = engine.inspect_container(opened_box.container_id)["Mounts"]
    assert mount["RW"] is False
    assert mount["Source"] == str(tmp_path)


PROBES = r'''
import ctypes, os, socket, subprocess

def written(path):
    """What the kernel says to writing a file there; "written" if it lets us."""
    try:
        with open(path, "w") as file:
            file.write("x")
        return "written"
    except OSError as error:
        return type(error).__name__

def connected(family, kind, address):
    try:
        with socket.socket(getattr(socket, family), getattr(socket, kind)) as made:
            made.settimeout(1)
            made.connect(tuple(address) if isinstance(address, list) else address)
        return "connected"
    except (OSError, AttributeError) as error:
        return type(error).__name__

def resolved(name):
    try:
        return str(socket.getaddrinfo(name, 80))
    except OSError as error:
        return type(error).__name__

def interfaces():
    return sorted(name for _, name in socket.if_nameindex())

def surroundings():
    own = "\n".join(f"{key}={value}" for key, value in os.environ.items())
    with open("/proc/1/environ") as file:
        return own + "\n" + file.read()

def mounted(kind, place):
    library = ctypes.CDLL(None, use_errno=True)
    done = library.mount(b"none", place.encode(), kind.encode(), 0, None)
    return done, os.strerror(ctypes.get_errno())

def filled(path):
    """How many MiB fit into a folder, and why no more."""
    fitted = 0
    try:
        while fitted < 64:
            with open(f"{path}/part{fitted}", "wb") as file:
                file.write(bytes(1 << 20))
            fitted += 1
    except OSError as error:
        reason = os.strerror(error.errno)
    else:
        reason = "no end"
    for name in os.listdir(path):
        if name.startswith("part"):
            os.unlink(f"{path}/{name}")
    return fitted, reason

def status_of_one():
    with open("/proc/1/status") as file:
        return dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)

def became_root():
    try:
        os.setuid(0)
    except OSError as error:
        return type(error).__name__
    return "root"

def ran_from(folder):
    path = f"{folder}/program"
    with open(path, "w") as file:
        file.write("#!/bin/sh\nexit 0\n")
    os.chmod(path, 0o6755)
    try:
        return str(subprocess.run([path]).returncode)
    except OSError as error:
        return type(error).__name__

def processes():
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())

def visible(path):
    return os.path.exists(path)

def flags_of_mounts():
    with open("/proc/mounts") as file:
        lines = [line.split() for line in file]
    return [[place, kind, flags.split(",")] for _, place, kind, flags, *_ in lines]
'''


def ask(conversation: Conversation, name: str, *args: Any) -> Any:
    return conversation.call(
        "call", seconds=20.0, target=student_name(name), args=list(args), kwargs={}
    )


@pytest.mark.parametrize(
    "path",
    [
        "/file",
        "/etc/passwd",
        "/opt/runner/main.py",
        "/opt/runner/file",
        "/opt/env/lib/file",
        "/usr/lib/file",
        "/var/tmp/file",
        "/root/file",
        "/home/file",
        "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger",
        "/sys/fs/cgroup/file",
        "/sys/fs/cgroup/pids/pids.max",
    ],
)
def test_nothing_of_the_image_or_kernel_can_be_written(
    conversation: Conversation, path: str
) -> None:
    assert ask(conversation, "written", path) in (
        "OSError",
        "PermissionError",
        "FileNotFoundError",
    )


@pytest.mark.parametrize("folder", ["/tmp", "/home/student"])
def test_its_own_folders_can_be_written_up_to_their_size(
    conversation: Conversation, folder: str
) -> None:
    assert ask(conversation, "written", f"{folder}/file") == "written"
    fitted, reason = ask(conversation, "filled", folder)
    assert reason == "No space left on device"
    assert SMALL.tmp_bytes // 2 < fitted << 20 <= SMALL.tmp_bytes


def test_every_other_mount_is_read_only_or_the_kernels_own(conversation: Conversation) -> None:
    flags = {place: flags for place, _, flags in ask(conversation, "flags_of_mounts")}
    assert "ro" in flags["/"]
    writable = {place for place, of in flags.items() if "rw" in of}
    kernels = {place for place in writable if place.startswith(("/dev", "/proc", "/sys"))}
    named_by_engine = {"/etc/resolv.conf", "/etc/hostname", "/etc/hosts"}
    assert writable - kernels - named_by_engine == {"/tmp", "/home/student"}


@pytest.mark.parametrize("name", ["/etc/resolv.conf", "/etc/hostname", "/etc/hosts"])
def test_the_files_that_the_engine_mounts_can_not_be_written(
    conversation: Conversation, name: str
) -> None:
    assert ask(conversation, "written", name) in ("OSError", "PermissionError")


ADDRESSES = [
    ("AF_INET", "SOCK_STREAM", ["1.1.1.1", 443]),
    ("AF_INET", "SOCK_STREAM", ["169.254.169.254", 80]),
    ("AF_INET", "SOCK_STREAM", ["172.17.0.1", 22]),
    ("AF_INET", "SOCK_DGRAM", ["8.8.8.8", 53]),
    ("AF_INET", "SOCK_RAW", ["8.8.8.8", 0]),
    ("AF_INET6", "SOCK_STREAM", ["2606:4700:4700::1111", 443, 0, 0]),
    ("AF_UNIX", "SOCK_STREAM", "/var/run/docker.sock"),
    ("AF_UNIX", "SOCK_STREAM", "\0containerd"),
    ("AF_PACKET", "SOCK_RAW", ["lo", 0]),
]


@pytest.mark.parametrize(("family", "kind", "address"), ADDRESSES, ids=str)
def test_no_address_answers(
    conversation: Conversation, family: str, kind: str, address: Any
) -> None:
    assert ask(conversation, "connected", family, kind, address) != "connected"


def test_there_is_no_network_and_no_name_service(conversation: Conversation) -> None:
    assert ask(conversation, "interfaces") == ["lo"]
    assert ask(conversation, "resolved", "example.org") == "gaierror"


def test_no_secret_of_the_graders_surroundings_comes_in(conversation: Conversation) -> None:
    seen = ask(conversation, "surroundings")
    assert "HOME=/home/student" in seen
    assert "canary" not in seen.lower()
    assert "proxy" not in seen.lower()


def test_process_one_is_a_plain_user_without_any_right(conversation: Conversation) -> None:
    status = ask(conversation, "status_of_one")
    assert status["Uid"].split() == ["10001"] * 4
    assert status["Gid"].split() == ["10001"] * 4
    assert {status[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {""}
    assert status["NoNewPrivs"] == "1"
    assert ask(conversation, "became_root") == "PermissionError"


def test_other_processes_of_the_machine_are_not_seen(conversation: Conversation) -> None:
    assert ask(conversation, "processes") == [1]


@pytest.mark.parametrize(("kind", "place"), [("tmpfs", "/tmp"), ("proc", "/home/student")])
def test_nothing_can_be_mounted(conversation: Conversation, kind: str, place: str) -> None:
    done, why = ask(conversation, "mounted", kind, place)
    assert (done, why) == (-1, "Operation not permitted")


def test_no_program_runs_from_a_folder_that_can_be_written(conversation: Conversation) -> None:
    assert ask(conversation, "ran_from", "/tmp") == "PermissionError"
    assert ask(conversation, "ran_from", "/home/student") == "PermissionError"


@pytest.mark.parametrize(
    "path",
    [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/work",
        "/opt/runner/../../reference",
        "/machine",
    ],
)
def test_nothing_of_the_machine_or_course_lies_in_the_container(
    conversation: Conversation, path: str
) -> None:
    assert ask(conversation, "visible", "/opt/runner/main.py") is True
    assert ask(conversation, "visible", path) is False


def test_one_box_sees_nothing_of_the_one_before() -> None:
    left: list[CellStatus] = []
    for _ in range(2):
        with opened(DockerSandbox()) as talk:
            records = run_cells(
                talk,
                "from os.path import exists",
                "assert not exists('/tmp/left') and not exists('/dev/shm/left')",
                "open('/tmp/left', 'w').close(); open('/dev/shm/left', 'w').close()",
            )
        left += [record.status for record in records]
    assert left == [CellStatus.OK] * 6


def test_a_missing_image_is_our_fault_and_the_message_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "environments" / "never-built"
    folder.mkdir(parents=True)
    (folder.parent / "runner").mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "requirements.txt").write_text("")
    with pytest.raises(SandboxFault, match="not built; run `make images`"):
        DockerSandbox().open_box(replace(request(), environment=folder))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_does_not_answer_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(SandboxFault, match="no Docker engine answers"):
        DockerSandbox().open_box(request())
    gc.collect()  # the SDK leaves a socket that never connected to the collector, which warns


def test_boxes_that_a_killed_grader_left_are_found_by_their_labels(engine: Any) -> None:
    sandbox = DockerSandbox()
    left = [sandbox.open_box(request(batch=name)) for name in ("one", "one", "two")]
    try:
        assert sandbox.remove_leftovers({"csc2541.test": "sandbox", "batch": "one"}) == 2
        assert sandbox.remove_leftovers({"csc2541.test": "sandbox", "batch": "one"}) == 0
        others = engine.containers(filters={"label": ["csc2541.test=sandbox", "batch=two"]})
        assert len(others) == 1
        left[2].close()
    finally:
        sandbox.remove_leftovers({"csc2541.test": "sandbox", "batch": "two"})
    for box in left[:2]:
        with pytest.raises(SandboxFault, match="removed from outside"):
            box.close()
