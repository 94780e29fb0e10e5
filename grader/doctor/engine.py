"""Checks of the engine: that it answers, how it isolates, its images, GPUs, and what is left."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.course import Environment
from grader.doctor.findings import Finding, Mark, told
from grader.doctor.subject import ENGINE_ERRORS, Subject, has_image, tag_of
from grader.sandbox.box import SandboxFault
from grader.sandbox.images import runner_digests
from grader.sandbox.runtimes import known_runtimes

# Copies every file of an image for each container.
SLOW_DRIVERS = {"vfs", "devicemapper"}
# Gone from the image once they have installed the rest.
INSTALLERS = {"pip", "setuptools"}


def answers(subject: Subject) -> Finding:
    """Whether an engine answers, and which."""
    where = os.environ.get("DOCKER_HOST") or "the usual socket"
    looked_at = f"the Docker engine at {where}"
    try:
        _, info = subject.connect()
    except ENGINE_ERRORS as error:
        found = f"it does not answer: {told(error)}"
        do = "Start one, or run `make images` as root on Debian or Ubuntu."
        return Finding(Mark.FAILED, looked_at, found, do)
    driver = info.get("Driver", "?")
    version = str(info.get("ServerVersion", "?")).partition("+")[0]
    groups = f"cgroup {info.get('CgroupVersion', '?')} ({info.get('CgroupDriver', '?')})"
    found = f"{version}, {driver}, {groups}, {', '.join(plain_runtimes(info))}"
    if driver in SLOW_DRIVERS:
        do = "Give the engine a data folder on ext4 or xfs, where it can use overlay2."
        return Finding(Mark.WARNING, looked_at, found, f"{driver} is slow. {do}")
    missing = [name for name in ("MemoryLimit", "SwapLimit", "PidsLimit") if not info.get(name)]
    if missing:
        do = "Switch the kernel's control groups on (cgroup_enable=memory swapaccount=1)."
        return Finding(Mark.WARNING, looked_at, f"{found}; without {', '.join(missing)}", do)
    return Finding(Mark.OK, looked_at, found)


def plain_runtimes(info: Mapping[str, Any]) -> list[str]:
    """The runtimes but those of containerd, which every engine lists and nobody names."""
    return [name for name in known_runtimes(info) if not name.startswith("io.containerd.")]


def isolation(subject: Subject) -> Finding:
    """The engine's seccomp profile, whose user it runs as, and whether it remaps users."""
    looked_at = "the engine's security options"
    options = security_options(subject.info)
    profile = options.get("seccomp", {}).get("profile", "builtin")
    remapped = "userns" in options
    found = ", ".join(
        (
            f"seccomp {profile if 'seccomp' in options else 'off'}",
            f"userns-remap {'on' if remapped else 'off'}",
            f"rootless {'yes' if 'rootless' in options else 'no'}",
        )
    )
    if "seccomp" not in options or profile == "unconfined":
        do = "Take `seccomp-profile` out of the engine's daemon.json, and restart it."
        return Finding(Mark.FAILED, looked_at, found, do)
    if profile not in ("default", "builtin"):
        do = "Make sure that the profile refuses what Docker's own does; `system calls` tries some."
        return Finding(Mark.WARNING, looked_at, found, do)
    return Finding(Mark.OK, looked_at, found)


def security_options(info: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The engine's `name=seccomp,profile=default` and so on, by name."""
    found: dict[str, dict[str, str]] = {}
    for text in info.get("SecurityOptions") or []:
        parts = dict(part.partition("=")[::2] for part in text.split(","))
        found[parts.pop("name", text)] = parts
    return found


def runtime(subject: Subject, name: str | None) -> Finding:
    """Whether the engine starts a container with the runtime that course.yaml asks for."""
    chosen = name or subject.info.get("DefaultRuntime", "?")
    looked_at = f"a container started with the runtime {chosen}"
    try:
        subject.start(name)
    except SandboxFault as fault:
        found, _, do = str(fault).rpartition(". ")
        return Finding(Mark.FAILED, looked_at, found or do, do if found else "Mend the engine.")
    return Finding(Mark.OK, looked_at, f"{chosen} starts" + ("" if name else ", the engine's own"))


def images(subject: Subject) -> Finding:
    """Whether each environment has its image, with the runner and packages that it ought to."""
    needed = {
        name: one for name, one in subject.course.environments.items() if subject.needed_by(one)
    }
    client = subject.client
    missing = [name for name, one in needed.items() if not has_image(client, tag_of(one))]
    looked_at = f"the images of {', '.join(needed) or 'no environment'}"
    if missing:
        do = f'make images ENVIRONMENTS="{" ".join(missing)}" (some minutes)'
        return Finding(Mark.FAILED, looked_at, f"not built: {', '.join(missing)}", do)
    for name, one in needed.items():
        if wrong := wrong_in_image(subject, one):
            do = f"docker image rm {tag_of(one)}, then make images ENVIRONMENTS={name}"
            return Finding(Mark.FAILED, looked_at, f"{name}: {wrong}", do)
    tags = ", ".join(tag_of(one) for one in needed.values())
    return Finding(Mark.OK, looked_at, tags or "no assignment needs one")


def wrong_in_image(subject: Subject, environment: Environment) -> str:
    """What differs between an image and what it is to be made of; "" for nothing."""
    inside = subject.look_into_image(environment)
    if inside["runner"] != runner_digests(environment.folder):
        return "the runner in its image is another than in environments/runner"
    found = {name.lower().replace("_", "-"): of for name, of in inside["packages"].items()}
    wanted = pinned(environment.folder / "requirements.txt")
    other = [f"{name} {found.get(name)}" for name, of in wanted.items() if found.get(name) != of]
    return (
        f"its packages are not those of requirements.txt: {', '.join(other[:3])}" if other else ""
    )


def pinned(requirements: Path) -> dict[str, str]:
    """The versions that a requirements file pins for every machine, by package."""
    found: dict[str, str] = {}
    for line in requirements.read_text(encoding="utf-8").splitlines():
        name, pin, version = line.partition("==")
        if pin and not line.startswith((" ", "#")) and ";" not in line:
            plain = name.partition("[")[0].strip().lower().replace("_", "-")
            found[plain] = version.rstrip(" \\").strip()
    return {name: version for name, version in found.items() if name not in INSTALLERS}


def gpus(subject: Subject) -> Finding:
    """Whether the engine can hand out GPUs, where an environment asks for them."""
    asking = [one for one in subject.course.environments.values() if one.gpus]
    looked_at = "the engine's NVIDIA runtime and devices"
    if not asking:
        return Finding(Mark.OK, looked_at, "no environment asks for GPUs")
    names = ", ".join(f"{one.name} ({one.gpus})" for one in asking)
    if "nvidia" in known_runtimes(subject.info) or has_devices(subject.info):
        return Finding(Mark.OK, looked_at, f"there, for {names}")
    used = [name for one in asking for name in subject.needed_by(one)]
    found = f"none, and asked for by {names}"
    do = "Install the NVIDIA Container Toolkit, `nvidia-ctk runtime configure`, restart the engine."
    if used:
        return Finding(Mark.FAILED, looked_at, f"{found}, for {', '.join(used)}", do)
    return Finding(Mark.WARNING, looked_at, f"{found}; no assignment uses it", do)


def has_devices(info: Mapping[str, Any]) -> bool:
    """Whether a newer engine found NVIDIA's devices by itself (CDI)."""
    devices = info.get("DiscoveredDevices") or []
    return any(str(one.get("ID", "")).startswith("nvidia.com/gpu") for one in devices)


def size(subject: Subject) -> Finding:
    """Whether one container's limits fit the engine's machine."""
    info = subject.info
    processors, total = int(info.get("NCPU", 0)), int(info.get("MemTotal", 0))
    looked_at = "what assignments allow, beside the engine's machine"
    of = [one for one in subject.course.assignments.values() if not one.by_hand]
    found = f"{processors} processors, {total / (1 << 30):.1f} GiB"
    greedy = [one.name for one in of if one.limits.cpus > processors]
    large = [one.name for one in of if one.limits.memory_bytes > total]
    if greedy:
        found += f"; more processors for {', '.join(greedy)}"
        return Finding(Mark.FAILED, looked_at, found, "Lower `cpus` in course.yaml's limits.")
    if large:
        found += f"; more memory for {', '.join(large)}"
        return Finding(Mark.WARNING, looked_at, found, "Lower `memory` in course.yaml's limits.")
    most = max((one.limits.memory_bytes for one in of), default=0)
    jobs = f", room for {min(total // most, 64)} at a time" if most else ""
    return Finding(Mark.OK, looked_at, found + jobs)


def leftovers(subject: Subject) -> Finding:
    """Containers of this course that no run owns."""
    looked_at = "containers with this data folder's label"
    if is_locked(subject.data / "grading.lock"):
        return Finding(Mark.OK, looked_at, "a run is grading, and owns what there is")
    left: list[str] = []
    for label, value in labelled(subject):
        wanted = {"label": f"{label}={value}"}
        every = subject.client.containers.list(all=True, filters=wanted, sparse=True)
        left += [str(one.id)[:12] for one in every]
    if not left:
        return Finding(Mark.OK, looked_at, "none")
    do = (
        f"Unless `course check` is at work: docker rm --force {' '.join(left[:4])}"
        f"{' ...' if len(left) > 4 else ''}. The next `course grade` removes those of grading."
    )
    return Finding(Mark.WARNING, looked_at, f"{len(left)} that no run owns", do)


def labelled(subject: Subject) -> list[tuple[str, str]]:
    """The labels of grading's containers, and of this examination's."""
    values = list(subject.labels.items())
    return values + [("csc2541.doctor", value) for _, value in values]


def is_locked(path: Path) -> bool:
    """Whether a process holds the file's lock. Asks the kernel, so that nobody is kept out."""
    try:
        at = path.stat()
    except OSError:
        return False
    place = f"{os.major(at.st_dev):02x}:{os.minor(at.st_dev):02x}:{at.st_ino}"
    return any(place in line.split() for line in Path("/proc/locks").read_text().splitlines())
