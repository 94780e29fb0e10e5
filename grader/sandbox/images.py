"""Environment images: their names, and building the ones that are missing.

An image's tag is a hash of everything that goes into it, so a changed requirement or runner gives
a new name, and an image that exists is the right one. `python -m grader.sandbox.images FOLDER...`
builds what is missing and prints the names.
"""

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.outcomes import GraderError
from grader.sandbox.base_image import base_tag, ensure_base_image
from grader.sandbox.docker_cli import build_image, image_exists, say
from grader.sandbox.machine_settings import write_machine_settings
from grader.sandbox.tidying import remove_old_images

IMAGE_PREFIX = "csc2541"


def image_tag(environment_folder: Path) -> str:
    """The name of the image of `environments/<name>`: `csc2541-<name>:<12 hex digits>`.

    Raises GraderError where the folder holds no environment.
    """
    return _tag(environment_folder.resolve().name, _read_inputs(environment_folder))


def ensure_image(environment_folder: Path) -> str:
    """The image's name, after building it where it is missing (two to four minutes).

    Raises GraderError, with what to do, where no engine answers or the build fails.
    """
    name = environment_folder.resolve().name
    # Read once: a file that changes during the build doesn't get into an image of the old name.
    inputs = _read_inputs(environment_folder)
    tag = _tag(name, inputs)
    if image_exists(tag):
        return tag
    with _one_at_a_time():
        if not image_exists(tag):
            _build(tag, inputs, log=cache_folder() / f"build-{name}.log")
            remove_old_images(tag.partition(":")[0])
    return tag


def runner_digests(environment_folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of the runner that goes into the image, by its path there."""
    return {
        name.removeprefix("runner/"): hashlib.sha256(content).hexdigest()
        for name, content in _read_inputs(environment_folder).items()
        if name.startswith("runner/")
    }


def cache_folder() -> Path:
    """Where logs and locks lie, outside the checkout; made where it is missing."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(root) / "csc2541"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _read_inputs(environment_folder: Path) -> dict[str, bytes]:
    """What goes into the image: contents by name in the build context."""
    runner = environment_folder.parent / "runner"
    own = [environment_folder / "Dockerfile", environment_folder / "requirements.txt"]
    for needed in (*own, runner):
        if not needed.exists():
            raise GraderError(f"{needed} is missing: {environment_folder} is no environment")
    inputs = {path.name: path.read_bytes() for path in own}
    for path in runner.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            inputs[f"runner/{path.relative_to(runner).as_posix()}"] = path.read_bytes()
    return inputs


def _tag(name: str, inputs: dict[str, bytes]) -> str:
    digest = hashlib.sha256(base_tag().encode())
    for path, content in sorted(inputs.items()):
        # Lengths keep two files from passing for one.
        digest.update(f"\0{path}\0{len(content)}\0".encode())
        digest.update(content)
    return f"{IMAGE_PREFIX}-{name}:{digest.hexdigest()[:12]}"


def _build(tag: str, inputs: dict[str, bytes], *, log: Path) -> None:
    base = ensure_base_image()
    say(f"building {tag} (a minute or two; later changes of the runner take seconds)")
    with tempfile.TemporaryDirectory(prefix="csc2541-build-") as folder:
        context = Path(folder)
        # Only the inputs: nothing else of the checkout can slip into the image.
        for name, content in inputs.items():
            target = context / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        write_machine_settings(context / "machine")
        build_image(context, tag=tag, base=base, log=log)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two processes that miss the same image build it once. The lock ends with the process."""
    with (cache_folder() / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(folders: list[str]) -> int:
    """Build what is missing of the named environments; the exit code."""
    try:
        for folder in folders:
            print(ensure_image(Path(folder)))
    except GraderError as error:
        print(f"docker: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
