"""XLA compiles quickly in a box, unless the environment or a GPU wants otherwise."""

from pathlib import Path

import pytest
from runner import flags

from grader.sandbox.box import Sandbox
from grader.sandbox.values import student_name
from tests.sandbox.boxes import opened, run_cells


def test_an_environment_of_its_own_flags_and_a_gpu_keep_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    monkeypatch.setattr(flags, "GPU", tmp_path)
    flags.set_flags()
    assert "XLA_FLAGS" not in flags.os.environ
    monkeypatch.setattr(flags, "GPU", tmp_path / "none")
    flags.set_flags()
    assert flags.os.environ["XLA_FLAGS"] == flags.FLAGS
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    flags.set_flags()
    assert flags.os.environ["XLA_FLAGS"] == "--xla_cpu_enable_fast_math=false"


def test_boxes_compile_with_our_flags(sandbox: Sandbox) -> None:
    with opened(sandbox) as talk:
        run_cells(talk, "import os\ndef flags(): return os.environ['XLA_FLAGS']")
        found = talk.call("call", seconds=5, target=student_name("flags"), args=[], kwargs={})
    assert found == flags.FLAGS
