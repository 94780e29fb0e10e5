"""Runtimes that an engine may start containers with, such as runc, crun or gVisor's runsc."""

import contextlib
import re
from collections.abc import Mapping
from typing import Any

import docker.errors
import requests.exceptions

from grader.sandbox.box import SandboxFault

ENGINE_ERRORS = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)
START_SECONDS = 30
# Newer engines start those without having been told of them, if the program is on their path.
OF_CONTAINERD = re.compile(r"io\.containerd\.[A-Za-z0-9_.-]+\.v\d+")
ADVICE = "Install it and tell the engine of it (docs/operations.md), or leave `runtime:` out"


def known_runtimes(info: Mapping[str, Any]) -> list[str]:
    """The names in what the engine says of itself, its own choice first."""
    default = str(info.get("DefaultRuntime") or "")
    return sorted(info.get("Runtimes") or {}, key=lambda name: (name != default, name))


def require_runtime(client: Any, runtime: str | None, tag: str, options: dict[str, Any]) -> None:
    """Start one short container of the image `tag` with the runtime, or the engine's own.

    An engine lists what it was told of, whether or not it is installed and works there. Raises
    `SandboxFault`, with what was seen and what to do.
    """
    known: list[str] = []
    try:
        known = known_runtimes(client.info())
        if runtime and runtime not in known and not OF_CONTAINERD.fullmatch(runtime):
            raise SandboxFault(unknown(runtime, known))
        start_one(client, tag, {**options, "runtime": runtime})
    except docker.errors.APIError as error:
        if runtime and "unknown runtime" in str(error).lower():
            raise SandboxFault(unknown(runtime, known)) from error
        raise SandboxFault(not_started(runtime, error.explanation or str(error))) from error
    except ENGINE_ERRORS as error:
        raise SandboxFault(f"the engine started no container: {error}") from error


def not_started(runtime: str | None, why: str) -> str:
    """What to say of a runtime that starts nothing."""
    if runtime is None:
        return f"the engine starts no container: {why}. Mend the engine"
    return (
        f"course.yaml asks for the runtime `{runtime}`, and the engine starts no container with "
        f"it: {why}. {ADVICE}"
    )


def unknown(runtime: str, known: list[str]) -> str:
    """What to say of a runtime that the engine doesn't know."""
    return (
        f"course.yaml asks for the runtime `{runtime}`, and the engine knows only "
        f"{', '.join(known) or 'none'}. {ADVICE}"
    )


def start_one(client: Any, tag: str, options: dict[str, Any]) -> None:
    """Start a container that ends at once, and remove it. Raises Docker's errors."""
    container = client.containers.create(
        tag, entrypoint=["/bin/true"], labels={"csc2541.trial": "runtime"}, **options
    )
    try:
        container.start()
        container.wait(timeout=START_SECONDS)
    finally:
        with contextlib.suppress(docker.errors.NotFound):
            container.remove(force=True, v=True)
