"""The `docker` command, for what the SDK does badly: building with the classic builder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

from grader.outcomes import GraderError

NO_ENGINE = "no Docker engine answers; start one, or run `make images` as root on Debian or Ubuntu"

PROXY_VARIABLES = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}


def say(line: str) -> None:
    """A progress line for whoever waits."""
    print(f"docker: {line}", file=sys.stderr, flush=True)


def docker_program() -> str:
    """The path of the `docker` command. Raises GraderError where there is none."""
    program = shutil.which("docker")
    if program is None:
        raise GraderError(f"the `docker` command is missing: {NO_ENGINE}")
    return program


def reachable(*arguments: str, seconds: float) -> bool:
    """Whether `docker ARGUMENTS` succeeds within the time."""
    try:
        done = subprocess.run(
            [docker_program(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def image_exists(tag: str) -> bool:
    """Whether the engine has an image of this name. Raises GraderError where no engine answers."""
    if reachable("image", "inspect", tag, seconds=30):
        return True
    if not reachable("version", seconds=30):
        raise GraderError(NO_ENGINE)
    return False


def run_docker(*arguments: str, stdin: IO[bytes] | None = None) -> None:
    """Run `docker ARGUMENTS`. Raises GraderError with docker's own last words."""
    done = subprocess.run(
        [docker_program(), *arguments],
        stdin=stdin if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip()[-500:]
        raise GraderError(f"`docker {arguments[0]}` failed: {words}")


def build_image(context: Path, *, tag: str, base: str, log: Path) -> None:
    """Build `context` as `tag` on `base`; the whole output goes to `log`, its steps to stderr.

    Raises GraderError with the last lines of the output.
    """
    # --force-rm: a step that fails would leave its container behind.
    command = ["build", "--force-rm", "--network", "host"]
    command += ["--build-arg", f"BASE={base}", "--tag", tag]
    # Named without a value: docker takes it from our surroundings and keeps it out of the image.
    for name in PROXY_VARIABLES & os.environ.keys():
        command += ["--build-arg", name]
    # The classic builder: BuildKit wants a plugin that Debian doesn't ship.
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    with (
        log.open("w", encoding="utf-8") as written,
        subprocess.Popen(
            [docker_program(), *command, str(context)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            written.write(line)
            if line.startswith("Step "):
                say(line.strip()[:88])
    if process.returncode != 0:
        last = "\n".join(log.read_text(encoding="utf-8").splitlines()[-8:])
        raise GraderError(f"building {tag} failed; the whole output is in {log}:\n{last}")
