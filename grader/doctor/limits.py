"""Trials in short containers made as grading makes them: each limit is gone beyond, once."""

from typing import Any

from grader.doctor.findings import Finding, Mark
from grader.doctor.subject import Subject
from grader.outcomes import Ending
from grader.sandbox.inside import MIB
from grader.sandbox.probes import LIMITS

NOT_SAFE = "Don't grade on this host before it is mended."
CONTROL_GROUPS = (
    f"The engine or its runtime ignores a limit: see `docker info` for warnings. {NOT_SAFE}"
)
UNREADABLE = (
    "Students are told `crashed` instead. Run the grader on the engine's machine, so that it can "
    "read the engine's control groups."
)
SPIN_MILLISECONDS = 500
# A period of the kernel's scheduler may be used up at either end of the time measured.
MEASURED_MOST = LIMITS.cpus + 0.35
# A tmpfs counts in pages.
PAGES = 64 << 10


def memory(subject: Subject, runtime: str | None) -> Finding:
    """A process that takes more memory than allowed is killed, and the engine says why."""
    allowed = LIMITS.memory_bytes
    looked_at = f"a process that takes {4 * allowed // MIB} MiB where {allowed // MIB} are allowed"
    tried = subject.probes(runtime).run("memory", allowed)
    if tried.answer is not None:
        found = f"it took {tried.answer['taken'] // MIB} MiB of memory"
        return Finding(Mark.FAILED, looked_at, found, CONTROL_GROUPS)
    if tried.exit.ending is not Ending.OUT_OF_MEMORY:
        found = f"killed (exit code {tried.exit.exit_code}), but the engine doesn't say for memory"
        return Finding(Mark.WARNING, looked_at, found, UNREADABLE)
    return Finding(Mark.OK, looked_at, f"killed at {allowed // MIB} MiB, and the engine says so")


def processes(subject: Subject, runtime: str | None) -> Finding:
    """Forking beyond the limit is refused, and the kernel counts it."""
    allowed = LIMITS.processes
    looked_at = f"a process that forks where {allowed} are allowed"
    tried = subject.probes(runtime).run("processes", allowed)
    if tried.answer is None:
        found = f"the container ended: {tried.exit.ending or 'no reason given'}"
        return Finding(Mark.FAILED, looked_at, found, CONTROL_GROUPS)
    seen = tried.answer["processes"]
    if seen > allowed:
        return Finding(Mark.FAILED, looked_at, f"{seen} processes were there", CONTROL_GROUPS)
    if tried.exit.ending is not Ending.TOO_MANY_PROCESSES:
        found = f"refused after {seen}, but what the kernel counts can't be read"
        return Finding(Mark.WARNING, looked_at, found, UNREADABLE)
    return Finding(Mark.OK, looked_at, f"forking is refused after {seen}")


def processor(subject: Subject, runtime: str | None) -> Finding:
    """Two busy processes get no more than the share that is allowed."""
    looked_at = f"two busy processes where {LIMITS.cpus:g} of a processor is allowed"
    quota = subject.look_inside(runtime)["quota"]
    tried = subject.probes(runtime).run("processor", SPIN_MILLISECONDS)
    if tried.answer is None:
        raise ValueError(f"the container ended: {tried.exit}")
    used = tried.answer["processors"]
    granted = "no quota file" if quota is None else f"quota {quota or 'none'}"
    found = f"{granted}, {used:.2f} used"
    if used > MEASURED_MOST or (quota is not None and quota != LIMITS.cpus):
        return Finding(Mark.FAILED, looked_at, found, CONTROL_GROUPS)
    return Finding(Mark.OK, looked_at, found)


def files(subject: Subject, runtime: str | None) -> Finding:
    """No more files fit than are allowed."""
    allowed = LIMITS.tmp_bytes
    looked_at = f"files written where {allowed // MIB} MiB are allowed"
    filled = subject.look_inside(runtime)["filled"]
    over = [
        f"{folder} took {size / MIB:g} MiB" for folder, size in filled.items() if size > allowed
    ]
    none = [f"{folder} took nothing" for folder, size in filled.items() if size < allowed - PAGES]
    if over or none:
        return Finding(Mark.FAILED, looked_at, ", ".join(over + none), CONTROL_GROUPS)
    return Finding(Mark.OK, looked_at, f"full at {allowed // MIB} MiB: {', '.join(filled)}")


def network(subject: Subject, runtime: str | None) -> Finding:
    """There is no way out: no device but loopback, and nothing answers."""
    inside = subject.look_inside(runtime)
    looked_at = "network devices, and connections to three addresses"
    found = f"devices: {', '.join(inside['interfaces']) or 'none'}; reached: "
    found += ", ".join(inside["connected"]) or "nothing"
    if inside["connected"] or set(inside["interfaces"]) - {"lo"}:
        do = f"The engine doesn't honour `--network none`. {NOT_SAFE}"
        return Finding(Mark.FAILED, looked_at, found, do)
    return Finding(Mark.OK, looked_at, found)


def read_only_root(subject: Subject, runtime: str | None) -> Finding:
    """Nothing of the image can be written, nor a folder that is open to all."""
    written = subject.look_inside(runtime)["written"]
    looked_at = "files written to /, /opt and /var/tmp"
    if written:
        do = f"The engine doesn't honour `--read-only`. {NOT_SAFE}"
        return Finding(Mark.FAILED, looked_at, f"written: {', '.join(written)}", do)
    return Finding(Mark.OK, looked_at, "none can be written")


def plain_user(subject: Subject, runtime: str | None) -> Finding:
    """The program isn't root, and can't become root."""
    inside = subject.look_inside(runtime)
    looked_at = "the user inside, and setuid(0)"
    if inside["user"] == 0 or inside["became_root"]:
        do = f"The engine doesn't honour `--user`. {NOT_SAFE}"
        return Finding(Mark.FAILED, looked_at, "root", do)
    return Finding(Mark.OK, looked_at, f"user {inside['user']}, and stays it")


def privileges(subject: Subject, runtime: str | None) -> Finding:
    """No capability, and no way to new privileges."""
    inside = subject.look_inside(runtime)
    looked_at = "capabilities and no_new_privs of a process inside"
    held = {name: inside["status"][name].strip("0") for name in ("CapPrm", "CapEff", "CapBnd")}
    wrong = [f"{name} {bits}" for name, bits in held.items() if bits]
    if inside["no_new_privileges"] != 1:
        wrong.append("new privileges are possible")
    if wrong:
        do = f"The engine doesn't honour `--cap-drop` or `no-new-privileges`. {NOT_SAFE}"
        return Finding(Mark.FAILED, looked_at, ", ".join(wrong), do)
    return Finding(Mark.OK, looked_at, "no capabilities, no new privileges")


def system_calls(subject: Subject, runtime: str | None) -> Finding:
    """Calls that Docker's seccomp profile refuses are refused."""
    inside: dict[str, Any] = subject.look_inside(runtime)
    looked_at = "mount, unshare (user namespace) and keyctl, tried inside"
    is_filtered = inside["status"]["Seccomp"] == "2"
    if inside["allowed"]:
        do = f"Switch seccomp on in the engine (see `isolation`). {NOT_SAFE}"
        found = f"allowed: {', '.join(inside['allowed'])}"
        return Finding(Mark.FAILED, looked_at, found, do)
    if not is_filtered and runtime is None:
        found = "refused, but no seccomp filter is on"
        do = "Other calls may go through: switch seccomp on in the engine (see `isolation`)."
        return Finding(Mark.WARNING, looked_at, found, do)
    return Finding(Mark.OK, looked_at, "refused" + (", seccomp is on" if is_filtered else ""))
