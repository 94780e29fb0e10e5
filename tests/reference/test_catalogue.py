"""docs/reference.md is what `make reference` writes: each function in it has a test."""

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SYSTEMS = yaml.safe_load((ROOT / "docs" / "systems.yaml").read_text(encoding="utf-8"))
# Models and data too large for a reference, and a theorem with nothing to run.
LEFT_OUT = {67, 68, 76, 84, 89, 102}


def test_the_page_of_systems_is_up_to_date():
    script = ROOT / "docs" / "make_reference.py"
    # A process of its own: the script is no part of a package.
    ended = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"run: make reference\n{ended.stderr}"


def test_every_system_that_the_course_names_is_there_or_left_out_with_a_reason():
    assert sorted(SYSTEMS) == list(range(1, 106))
    assert {number for number, system in SYSTEMS.items() if "left out" in system} == LEFT_OUT
