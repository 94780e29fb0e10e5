"""Templates and environments ship with the package, for those who have no checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

from grader.scaffold import templates
from tests.toy_course import ROOT


def test_the_wheel_holds_what_a_new_course_is_made_of(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    (wheel,) = tmp_path.glob("*.whl")
    beside = Path(templates.__file__).parent
    # Listed by name: a search below a link finds nothing.
    parts = [beside / "templates", beside / "environments" / "cpu", beside / "environments/runner"]
    wanted = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for part in parts
        for path in part.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(wanted) > 15
    with zipfile.ZipFile(wheel) as archive:
        assert {name: archive.read(name) for name in wanted} == wanted
