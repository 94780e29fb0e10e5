"""The students' image holds no byte of what decides their scores."""

import gzip
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from grader.sandbox.images import ensure_image
from tests.sandbox.boxes import CPU, ROOT
from tests.sandbox.image_scan import Scan, distinctive_lines, scan_saved_image

TRUSTED = [
    *sorted((ROOT / "reference").rglob("*.py")),
    *sorted(ROOT.glob("assignments/*/checks.py")),
    *sorted(ROOT.glob("assignments/*/mutants.py")),
    *sorted(ROOT.glob("assignments/*/alternates.py")),
    *sorted(ROOT.glob("assignments/*/notebook.py")),
]
# Our own code that the image must hold: the scan would be blind if it didn't find it.
RUNNER = sorted((ROOT / "environments" / "runner").glob("*.py"))


def tar_of(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return written.getvalue()


@pytest.mark.parametrize("press", [bytes, gzip.compress], ids=["plain", "compressed"])
@pytest.mark.parametrize(
    "content",
    [b"def f():\n    {}\n", b"\x00\xff binary {} binary", b"x" * 200_000 + b"{}" + b"y" * 200_000],
    ids=["a line", "within binary data", "far inside"],
)
@pytest.mark.parametrize("planted", [True, False], ids=["planted", "clean"])
def test_a_planted_line_is_found_in_a_layer(
    tmp_path: Path, press: type[bytes], content: bytes, planted: bool
) -> None:
    line = b"return gradient + hessian_of_the_answer @ direction"
    trusted = tmp_path / "answers.py"
    trusted.write_bytes(b"import numpy\n    " + line + b"\n# end\n")
    inside = content.replace(b"{}", line if planted else line[:-1])
    layer = press(tar_of({"opt/env/module.py": inside, "usr/file": b"x"}))
    saved = tar_of({"abc/layer.tar": layer, "manifest.json": b"[]"})
    scan = scan_saved_image(io.BytesIO(saved), distinctive_lines([trusted]))
    assert scan.lines == ({line} if planted else set())
    assert scan.paths == {"opt/env/module.py", "usr/file"}


def test_common_and_short_lines_are_not_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("from collections.abc import Callable, Iterator, Sequence\nx = 1\n")
    assert distinctive_lines([path]) == set()


@pytest.fixture(scope="module")
def scan() -> Scan:
    """All layers of the image, read once for all the tests below (about ten seconds)."""
    command = ["docker", "save", ensure_image(CPU)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as saving:
        assert saving.stdout is not None
        found = scan_saved_image(saving.stdout, distinctive_lines([*TRUSTED, *RUNNER]))
        while saving.stdout.read(1 << 20):
            pass
    assert saving.returncode == 0
    return found


@pytest.mark.docker
def test_the_scan_of_the_image_finds_the_runner(scan: Scan) -> None:
    assert distinctive_lines(RUNNER) <= scan.lines
    assert "opt/runner/main.py" in scan.paths


@pytest.mark.docker
@pytest.mark.parametrize("path", TRUSTED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_of_trusted_code_is_in_the_image(scan: Scan, path: Path) -> None:
    own = distinctive_lines([path]) - distinctive_lines(RUNNER)
    assert own & scan.lines == set()


@pytest.mark.docker
def test_no_file_of_trusted_code_is_in_the_image(scan: Scan) -> None:
    names = {f"{path.parent.name}/{path.name}" for path in TRUSTED if path.stem != "__init__"}
    last_two = {"/".join(path.split("/")[-2:]) for path in scan.paths}
    assert not last_two & names
    base_names = {path.rsplit("/", 1)[-1] for path in scan.paths}
    assert not base_names & {"mutants.py", "alternates.py", "course.yaml", "course.sqlite3"}
