"""Boxes that are Docker containers: one fresh container a submission, driven from outside.

The container is created, fed and read through its attached streams, and destroyed. It has no
network, no logs, and nothing mounted but, read-only, compiled operations. Limits are the
engine's; how it ended is read from the engine and from the container's control group.
"""

import contextlib
import logging
import math
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import docker.errors
import docker.types
import requests.exceptions

from grader.outcomes import Ending, Usage
from grader.sandbox.box import (
    Box,
    BoxLimits,
    BoxRequest,
    EngineDown,
    EngineLost,
    Exit,
    OutputLimit,
    SandboxFault,
)
from grader.sandbox.control_group import ControlGroup
from grader.sandbox.cores import OwnCores, machines_folder, take_cores, take_gpus
from grader.sandbox.images import ensure_image, image_tag
from grader.sandbox.runtimes import require_runtime

log = logging.getLogger(__name__)

USER = "10001:10001"
HOME = "/home/student"
# JAX puts this path into its cache keys: it must be the same when filling and when using.
COMPILED = "/opt/compiled"
CACHE_SETTINGS = {
    "JAX_COMPILATION_CACHE_DIR": COMPILED,
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
STREAM_HEADER = struct.Struct(">BxxxL")  # Docker's attach protocol: stream, then length
STDOUT = 1
SAMPLE_SECONDS = 0.5
SETTLE_SECONDS = 1.0
REMOVE_SECONDS = 20.0
DIAGNOSTIC_BYTES = 4_096
KILLED = 128 + 9
ENGINE_ERRORS = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)


class DockerSandbox:
    """Makes boxes in the Docker engine that `DOCKER_HOST`, or the usual socket, names."""

    name = "docker"
    isolates = True

    def __init__(self) -> None:
        self._prepared: dict[Path, str] = {}

    @cached_property
    def _client(self) -> Any:
        try:
            return docker.from_env(timeout=60, max_pool_size=32)
        except ENGINE_ERRORS as error:
            raise EngineDown(f"no Docker engine answers ({error}); start one") from error

    def prepare(self, environment: Path, runtime: str | None = None) -> None:
        """Build the environment's image where it is missing, and keep to it from now on.

        A file changed in mid-batch then changes nothing for that batch. Raises `GraderError`, also
        where the engine starts nothing with the `runtime`.
        """
        self._prepared[environment] = tag = ensure_image(environment)
        if runtime is not None:
            options = container_options(BoxRequest(environment, BoxLimits(), runtime=runtime))
            require_runtime(self._client, runtime, tag, options)

    def open_box(self, request: BoxRequest) -> Box:
        """A fresh container with the environment's runner in it."""
        cores = self._take_cores(request.limits.cpus)
        gpus = take_gpus(machines_folder(), request.gpus)
        try:
            return self._open_box(request, cores, gpus)
        except BaseException:
            cores.give_back()
            gpus.give_back()
            raise

    def _open_box(self, request: BoxRequest, cores: OwnCores, gpus: OwnCores) -> Box:
        client = self._client
        tag = self._prepared.get(request.environment) or image_tag(request.environment)
        options = container_options(request)
        if cores.numbers:
            options["cpuset_cpus"] = ",".join(map(str, cores.numbers))
        if gpus.numbers:
            options["device_requests"] = [these_gpus(gpus.numbers)]
        try:
            container = client.containers.create(tag, labels=request.labels, **options)
        except docker.errors.ImageNotFound:
            raise SandboxFault(
                f"the image {tag} is not built; run `make images`, or "
                f"`python -m grader.sandbox.images {request.environment}`"
            ) from None
        except ENGINE_ERRORS as error:
            raise fault("the engine made no container", error) from error
        try:
            return DockerBox(client, container, request.limits, (cores, gpus))
        except ENGINE_ERRORS as error:
            with contextlib.suppress(*ENGINE_ERRORS):  # then it is found as left over
                remove_container(client, container.id)
            raise fault("the engine started no container", error) from error

    def _take_cores(self, cpus: float) -> OwnCores:
        if not self._shares_processor:
            return OwnCores()
        return take_cores(machines_folder(), math.ceil(cpus))

    @cached_property
    def _shares_processor(self) -> bool:
        """Whether the engine runs on this process's cores, not those of another machine."""
        if not self._client.api.base_url.startswith("http+docker://"):
            return False
        try:
            engine = self._client.info()
        except ENGINE_ERRORS as error:
            raise fault("the engine didn't tell of its machine", error) from error
        return engine.get("NCPU") == len(os.sched_getaffinity(0)) == os.cpu_count()

    def remove_leftovers(self, labels: dict[str, str]) -> int:
        """Remove every container with all these labels; how many there were."""
        wanted = [f"{key}={value}" for key, value in labels.items()]
        try:
            found = self._client.containers.list(all=True, filters={"label": wanted}, sparse=True)
            for container in found:
                remove_container(self._client, container.id)
        except ENGINE_ERRORS as error:
            raise fault("the engine didn't list its containers", error) from error
        return len(found)


def fault(what: str, error: Exception, gone: type[EngineDown] = EngineDown) -> SandboxFault:
    """What to raise for an error of the engine: it said no, or it is `gone`."""
    if isinstance(error, requests.exceptions.ConnectionError | ConnectionError):
        return gone(f"no Docker engine answers ({error}); start one")
    return SandboxFault(f"{what}: {error}")


def container_options(request: BoxRequest) -> dict[str, Any]:
    """What we ask of the engine for one container; `docker inspect` shows each of it."""
    limits = request.limits
    nanoseconds_per_cpu = 1_000_000_000
    tmpfs = f"rw,nosuid,nodev,noexec,size={limits.tmp_bytes},nr_inodes=8192"
    folders = {"/tmp": f"{tmpfs},mode=1777", HOME: f"{tmpfs},mode=0700,uid=10001,gid=10001"}
    mounts: list[docker.types.Mount] = []
    if request.collects_compiled:
        folders[COMPILED] = f"{tmpfs},mode=1777"
    elif request.compiled:
        source = str(request.compiled.resolve())
        mounts.append(docker.types.Mount(COMPILED, source, type="bind", read_only=True))
    # The engine's first ones; where we know the machine's, a box gets its own instead.
    gpu_request = docker.types.DeviceRequest(count=request.gpus, capabilities=[["gpu"]])
    return {
        "network_mode": "none",
        # Loopback alone, as ever. The engine starts no processes of its own to set that up, which
        # are half of what a container costs, and writes no /etc/hosts.
        "network_disabled": request.bare_network,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "user": USER,
        "working_dir": HOME,
        "pids_limit": limits.processes,
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,
        "nano_cpus": int(limits.cpus * nanoseconds_per_cpu),
        "tmpfs": folders,
        "mounts": mounts,
        # The SDK would hand the grader's own proxy settings on, passwords and all.
        "use_config_proxy": False,
        "environment": CACHE_SETTINGS if mounts or request.collects_compiled else {},
        "shm_size": 16 << 20,
        "ipc_mode": "private",
        "ulimits": [
            docker.types.Ulimit(name="core", soft=0, hard=0),
            docker.types.Ulimit(name="nofile", soft=1024, hard=1024),
            docker.types.Ulimit(name="fsize", soft=limits.tmp_bytes, hard=limits.tmp_bytes),
        ],
        "log_config": docker.types.LogConfig(type="none"),
        "stdin_open": True,
        "hostname": "notebook",
        # The runner, as first process, doesn't hear a gentler one: an engine that ends would wait.
        "stop_signal": "SIGKILL",
        "device_requests": [gpu_request] if request.gpus else None,
        "runtime": request.runtime,
    }


def these_gpus(numbers: Sequence[int]) -> Any:
    """What to ask of the engine for GPUs by number."""
    names = [str(number) for number in numbers]
    return docker.types.DeviceRequest(device_ids=names, capabilities=[["gpu"]])


class DockerBox(Box):
    """One started container. Its stdout carries frames; its stderr is counted and dropped."""

    def __init__(
        self, client: Any, container: Any, limits: BoxLimits, own: Sequence[OwnCores] = ()
    ) -> None:
        self.container_id: str = container.id
        self._client = client
        self._limits = limits
        self._own = own
        self._started = time.monotonic()
        self._exit: Exit | None = None
        self._fault: SandboxFault | None = None
        self._pending = bytearray()
        self._printed_bytes = 0
        self._diagnostics = bytearray()
        self._has_ended = False
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._stream = client.api.attach_socket(container.id, streams)
        self._socket: socket.socket = self._stream._sock
        try:
            container.start()
            pid = client.api.inspect_container(container.id)["State"]["Pid"]
        except BaseException:
            self._hang_up()
            raise
        self._control_group = ControlGroup.of_process(pid)

    def write(self, data: bytes, deadline: float) -> None:
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        self._socket.sendall(data)

    def read(self, deadline: float) -> bytes:
        while True:
            chunk = self._take_frames_chunk()
            if chunk:
                return chunk
            self._control_group.sample()
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            if not select.select([self._socket], [], [], min(remaining, SAMPLE_SECONDS))[0]:
                continue
            try:
                received = self._socket.recv(1 << 18)
            except ConnectionResetError:
                received = b""
            if not received:
                self._has_ended = True
                return b""
            self._pending += received

    def _take_frames_chunk(self) -> bytes:
        """The first stdout piece of what the engine sent, counting stderr on the way."""
        while len(self._pending) >= STREAM_HEADER.size:
            stream, size = STREAM_HEADER.unpack_from(self._pending)
            end = STREAM_HEADER.size + size
            if len(self._pending) < end:
                break
            piece = bytes(self._pending[STREAM_HEADER.size : end])
            del self._pending[:end]
            if stream == STDOUT:
                return piece
            self._printed_bytes += size
            self._diagnostics = (self._diagnostics + piece)[-DIAGNOSTIC_BYTES:]
            if self._printed_bytes > self._limits.output_bytes:
                raise OutputLimit
        return b""

    def interrupt(self) -> None:
        try:
            self._client.api.kill(self.container_id, "SIGINT")
        except docker.errors.APIError:
            pass  # it ended meanwhile
        except ENGINE_ERRORS as error:
            raise fault("the engine interrupted no program", error, EngineLost) from error

    def close(self) -> Exit:
        if self._fault is not None:
            raise self._fault
        if self._exit is None:
            try:
                self._exit = self._end()
            except SandboxFault as fault:
                self._fault = fault
                raise
            finally:
                for one in self._own:
                    one.give_back()
        return self._exit

    def _end(self) -> Exit:
        self._control_group.sample()
        seconds = time.monotonic() - self._started
        try:
            try:
                state = self._state()
            finally:
                # Not before: a program that reads the end of its input ends, and it would seem that
                # it had done so by itself.
                self._hang_up()
                remove_container(self._client, self.container_id)
        except docker.errors.NotFound as error:
            raise SandboxFault("the container was removed from outside") from error
        except ENGINE_ERRORS as error:
            raise fault("the engine didn't end a container", error, EngineLost) from error
        return Exit(
            ending=self._blame(state),
            exit_code=None if state["Running"] else state["ExitCode"],
            usage=Usage(
                seconds,
                self._control_group.cpu_seconds,
                self._control_group.memory_peak_bytes,
            ),
            diagnostics=self._diagnostics.decode(errors="replace"),
        )

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()  # it holds the socket open beyond the socket's own close
            self._socket.close()

    def _state(self) -> dict[str, Any]:
        """The engine's word on the container. It lags behind the end of the streams.

        That memory ran out may be told later still than that the program was killed.
        """
        patience = time.monotonic() + SETTLE_SECONDS
        while True:
            state = self._client.api.inspect_container(self.container_id)["State"]
            settled = not self._has_ended or not state["Running"]
            if (settled and not _is_killed(state)) or time.monotonic() > patience:
                return state
            time.sleep(0.02)

    def _blame(self, state: dict[str, Any]) -> Ending | None:
        if state["OOMKilled"]:
            return Ending.OUT_OF_MEMORY
        if self._control_group.refused_processes:
            return Ending.TOO_MANY_PROCESSES
        if state["Running"]:
            return None
        if _is_killed(state):
            # The first process of a container can't be killed from within it.
            raise SandboxFault(
                f"the container was killed from outside, or its program ended itself with {KILLED}"
            )
        return Ending.EXITED if state["ExitCode"] == 0 else Ending.CRASHED


def _is_killed(state: dict[str, Any]) -> bool:
    return not state["Running"] and state["ExitCode"] == KILLED and not state["OOMKilled"]


def remove_container(client: Any, container_id: str) -> None:
    """Kill all that runs in a container and remove it; fine if it has gone already.

    On a busy host a program that is just ending can't be killed for a moment, nor its container
    removed: then it is tried again. Raises `docker.errors.APIError` where that does not help.
    """
    patience = time.monotonic() + REMOVE_SECONDS
    while True:
        try:
            client.api.remove_container(container_id, force=True, v=True)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            # Somebody else is removing it; then it will be gone.
            if error.status_code == requests.codes.conflict:
                return
            is_ours = error.status_code == requests.codes.internal_server_error
            if not is_ours or time.monotonic() > patience:
                raise
            time.sleep(SETTLE_SECONDS / 4)
        else:
            return
