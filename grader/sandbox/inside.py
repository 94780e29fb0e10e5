"""Runs in a container, alone, to try what it may and can: `python -I -c <this text> TRIAL SIZE`.

Prints one line of JSON. Nothing of the grader can be imported there, and the container has
Python only: so each trial is plain and whole.
"""

import ctypes
import hashlib
import json
import os
import platform
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import distributions
from typing import Any

MIB = 1 << 20
PR_GET_NO_NEW_PRIVS = 39
CLONE_NEWUSER = 0x10000000
# keyctl(KEYCTL_GET_KEYRING_ID, the session's keyring): harmless, and open to all without a filter.
KEYCTL = {"x86_64": 250, "aarch64": 219}
RUNNER = "/opt/runner"
ADDRESSES = (("1.1.1.1", 443), ("169.254.169.254", 80), ("172.17.0.1", 22))
QUOTAS_V1 = ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct")


def look(size: int) -> dict[str, Any]:
    """All that is found by looking around; files are written up to four times `size` bytes."""
    return {
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "connected": [place for place, port in ADDRESSES if connects(place, port)],
        "written": [path for path in ("/file", "/var/tmp/file", "/opt/file") if writes(path)],
        "filled": {folder: fills(folder, size) for folder in ("/tmp", os.environ["HOME"])},
        "user": os.getuid(),
        "became_root": succeeds(lambda: os.setuid(0)),
        "no_new_privileges": ctypes.CDLL(None).prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
        "status": status("CapPrm", "CapEff", "CapBnd", "Seccomp"),
        "allowed": [name for name, call in system_calls().items() if call() >= 0],
        "quota": quota(),
        "runner": runner(),
        "packages": {each.name: each.version for each in distributions()},
    }


def succeeds(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return False
    return True


def connects(host: str, port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return succeeds(lambda: one.connect((host, port)))


def writes(path: str) -> bool:
    return succeeds(lambda: os.close(os.open(path, os.O_WRONLY | os.O_CREAT)))


def fills(folder: str, size: int) -> int:
    """How many bytes fit into a folder, in files of an eighth of `size`."""
    piece, paths = bytes(size // 8), [f"{folder}/part{number}" for number in range(32)]
    fitted = 0
    with suppress(OSError):
        for path in paths:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
            try:
                fitted += os.write(descriptor, piece)
            finally:
                os.close(descriptor)
    for path in paths:
        with suppress(OSError):
            os.unlink(path)
    return fitted


def status(*names: str) -> dict[str, str]:
    with open("/proc/self/status", encoding="utf-8") as file:
        found = dict(line.rstrip().split(":\t", 1) for line in file if ":\t" in line)
    return {name: found.get(name, "") for name in names}


def system_calls() -> dict[str, Callable[[], int]]:
    """Calls that Docker's filter refuses; each gives a negative number where it is refused."""
    kernel = ctypes.CDLL(None, use_errno=True)
    calls = {
        "mount": lambda: kernel.mount(b"none", b"/tmp", b"tmpfs", 0, None),
        "unshare": lambda: in_child(lambda: kernel.unshare(CLONE_NEWUSER)),
    }
    number = KEYCTL.get(platform.machine())
    if number is not None:
        calls["keyctl"] = lambda: kernel.syscall(number, 0, -3, 1)
    return calls


def in_child(act: Callable[[], int]) -> int:
    """What a call gives in a process of its own, which it may change: 0, or -1."""
    child = os.fork()
    if child == 0:
        os._exit(0 if act() >= 0 else 1)
    return 0 if os.waitpid(child, 0)[1] == 0 else -1


def quota() -> float | None:
    """How many processors the control group grants, where it can be read; 0 is no limit."""
    with suppress(OSError, ValueError):
        with open("/sys/fs/cgroup/cpu.max", encoding="utf-8") as file:
            granted, period = file.read().split()
        return 0.0 if granted == "max" else int(granted) / int(period)
    for folder in QUOTAS_V1:
        with suppress(OSError, ValueError):
            with open(f"{folder}/cpu.cfs_quota_us", encoding="utf-8") as file:
                microseconds = int(file.read())
            with open(f"{folder}/cpu.cfs_period_us", encoding="utf-8") as file:
                return max(0.0, microseconds / int(file.read()))
    return None


def runner() -> dict[str, str]:
    """The SHA-256 of each file of the runner, by its path."""
    found = {}
    for folder, _, names in os.walk(RUNNER):
        for name in names:
            path = os.path.join(folder, name)
            if "__pycache__" not in path:
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                found[os.path.relpath(path, RUNNER)] = digest
    return found


def take_memory(size: int) -> dict[str, Any]:
    """Take four times `size` bytes, which is more than is allowed."""
    pieces = 4 * size // (4 * MIB)
    kept = [bytearray(os.urandom(64)) * (4 * MIB // 64) for _ in range(pieces)]
    return {"taken": sum(map(len, kept))}


def fork(size: int) -> dict[str, Any]:
    """Fork until it is refused, at most twice `size`; how many there were, this one too."""
    children = []
    with suppress(OSError):
        while len(children) < 2 * size:
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
    return {"processes": 1 + len(children)}


def spin(size: int) -> dict[str, Any]:
    """Use all processor time that two processes get in `size` milliseconds: what share it was."""
    end = time.monotonic() + size / 1000
    started = time.monotonic()
    child = os.fork()
    while time.monotonic() < end:
        pass
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    of_all = os.times()
    used = of_all.user + of_all.system + of_all.children_user + of_all.children_system
    return {"processors": used / (time.monotonic() - started)}


TRIALS = {"look": look, "memory": take_memory, "processes": fork, "processor": spin}

if __name__ == "__main__":
    print(json.dumps(TRIALS[sys.argv[1]](int(sys.argv[2]))), flush=True)
