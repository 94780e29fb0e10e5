"""docs/reference.md is what `make reference` writes: each function in it has a test."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_systems_is_up_to_date():
    script = ROOT / "docs" / "make_reference.py"
    # A process of its own: the script is no part of a package.
    ended = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"run: make reference\n{ended.stderr}"
