"""The image that every environment is built on: Debian with Python, from a registry or by hand.

Where a registry answers, the official slim Python image is pulled. Where none does, as root,
`debootstrap` makes the same thing from Debian packages in about a minute.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from grader.outcomes import GraderError
from grader.sandbox.docker_cli import image_exists, reachable, run_docker, say

PULLED = "python:3.11-slim"
SUITE = "bookworm"
PACKAGES = ("python3", "python3-venv", "ca-certificates")

# Ten seconds tell whether a registry answers; a slow one may then take its time.
REGISTRY_SECONDS = 10
PULL_SECONDS = 900
DEBOOTSTRAP_SECONDS = 1800

# What a container never reads, and what debootstrap copied from this machine.
LEFT_OUT = (
    "etc/hostname",
    "etc/resolv.conf",
    "etc/apt/sources.list",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
)


def base_tag() -> str:
    """The base image's name; its tag is a hash of the recipe above."""
    recipe = "\n".join((PULLED, SUITE, *PACKAGES, *LEFT_OUT))
    return f"csc2541-base:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def ensure_base_image() -> str:
    """The base image's name, after pulling or making it where it is missing.

    Raises GraderError where neither is possible, with what to do.
    """
    tag = base_tag()
    if image_exists(tag):
        return tag
    if not _pulled(tag):
        _make(tag)
    return tag


def _pulled(tag: str) -> bool:
    if not reachable("manifest", "inspect", PULLED, seconds=REGISTRY_SECONDS):
        return False
    say(f"base image: pulling {PULLED}")
    if not reachable("pull", "--quiet", PULLED, seconds=PULL_SECONDS):
        return False
    run_docker("tag", PULLED, tag)
    return True


def _make(tag: str) -> None:
    say(f"base image: no registry answers, making Debian {SUITE} with debootstrap (a minute)")
    _need_debootstrap()
    # Not /tmp: where that is a tmpfs it is mounted nodev, and debootstrap refuses it.
    with tempfile.TemporaryDirectory(prefix="csc2541-base-", dir="/var/tmp") as folder:
        tree = Path(folder) / "tree"
        _debootstrap(tree)
        _import_tree(tree, tag)


def _need_debootstrap() -> None:
    if os.geteuid() != 0:
        raise GraderError(
            f"cannot make a base image: no registry answers and this user is not root; "
            f"run `docker pull {PULLED}` where one does, or `make images` once as root"
        )
    if shutil.which("debootstrap"):
        return
    if not shutil.which("apt-get"):
        raise GraderError("cannot make a base image: install debootstrap, then try again")
    say("base image: installing debootstrap")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # `update` fails when any one source does; what matters is whether `install` works.
    subprocess.run(["apt-get", "-qq", "update"], check=False, env=environment)
    install = ["apt-get", "-qq", "install", "-y", "--no-install-recommends"]
    packages = ["debootstrap", "debian-archive-keyring"]
    done = subprocess.run([*install, *packages], check=False, env=environment)
    if done.returncode != 0:
        raise GraderError("cannot make a base image: `apt-get install debootstrap` failed")


def _debootstrap(tree: Path) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE]
    done = subprocess.run(
        [*command, str(tree)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=DEBOOTSTRAP_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-5:])
        raise GraderError(f"debootstrap failed; its last lines:\n{last}")


def _import_tree(tree: Path, tag: str) -> None:
    leave_out = [f"--exclude=./{path}" for path in LEFT_OUT]
    command = ["tar", "--create", "--one-file-system", *leave_out, "--directory", str(tree), "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as archive:
        run_docker("import", "-", tag, stdin=archive.stdout)
    if archive.returncode != 0:
        run_docker("image", "rm", tag)
        raise GraderError("cannot make a base image: tar failed (is the disk full?)")
