"""Each box has cores of its own while there are enough, whoever else grades on the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.cores import take_cores
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.values import student_name
from tests.sandbox.boxes import opened, run_cells

HOLDER = """
import sys
from pathlib import Path
from grader.sandbox.cores import take_cores
taken = take_cores(Path(sys.argv[1]), 2, {0, 1, 2})
print(*taken.numbers, flush=True)
sys.stdin.read()
"""


def could_take(folder: Path, count: int, among: set[int] | None = None) -> tuple[int, ...]:
    """The cores that somebody would get now."""
    taken = take_cores(folder, count, among)
    taken.give_back()
    return taken.numbers


def test_nobody_gets_a_core_that_is_taken_until_it_is_given_back(tmp_path: Path) -> None:
    first = take_cores(tmp_path, 1, {4, 5})
    second = take_cores(tmp_path, 1, {4, 5})
    assert (first.numbers, second.numbers) == ((4,), (5,))
    assert could_take(tmp_path, 1, {4, 5}) == ()
    first.give_back()
    first.give_back()
    assert could_take(tmp_path, 2, {4, 5}) == ()
    assert could_take(tmp_path, 1, {4, 5}) == (4,)
    second.give_back()


def test_too_few_free_cores_are_left_to_others(tmp_path: Path) -> None:
    taken = take_cores(tmp_path, 1, {0, 1, 2})
    assert could_take(tmp_path, 3, {0, 1, 2}) == ()
    assert could_take(tmp_path, 2, {0, 1, 2}) == (1, 2)
    taken.give_back()


def test_the_cores_of_a_killed_grader_are_free(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().split() == ["0", "1"]
    assert could_take(tmp_path, 1, {0, 1, 2}) == (2,)
    holder.kill()
    holder.wait()
    assert could_take(tmp_path, 2, {0, 1}) == (0, 1)
    holder.stdout.close()
    assert holder.stdin is not None
    holder.stdin.close()


def test_where_no_lock_can_be_had_cores_are_shared(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert could_take(tmp_path / "file" / "cores", 1) == ()
    (tmp_path / "0").mkdir()
    assert could_take(tmp_path, 1, {0, 1}) == ()


def test_graders_of_all_users_see_the_same_locks(tmp_path: Path) -> None:
    taken = take_cores(tmp_path / "cores", 1, {0})
    assert (tmp_path / "cores").stat().st_mode & 0o7777 == 0o1777
    assert (tmp_path / "cores" / "0").stat().st_mode & 0o444 == 0o444
    taken.give_back()


@pytest.mark.docker
def test_a_container_runs_on_its_cores_and_gives_them_back_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.sandbox.docker.machines_folder", lambda: tmp_path)
    last = max(os.sched_getaffinity(0))
    others = take_cores(tmp_path, len(os.sched_getaffinity(0)) - 1)
    with opened(DockerSandbox()) as talk:
        assert could_take(tmp_path, 1) == ()
        run_cells(talk, "import os\ndef cores(): return sorted(os.sched_getaffinity(0))")
        found = talk.call("call", seconds=5, target=student_name("cores"), args=[], kwargs={})
        assert found == [last]
    assert could_take(tmp_path, 1) == (last,)
    others.give_back()


@pytest.mark.docker
def test_a_container_that_can_not_be_made_keeps_no_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.sandbox.docker.machines_folder", lambda: tmp_path)
    monkeypatch.setattr("grader.sandbox.docker.image_tag", lambda _: "csc2541-none:0")
    cores = len(os.sched_getaffinity(0))
    with pytest.raises(Exception, match="csc2541-none:0 is not built"), opened(DockerSandbox()):
        pass
    assert len(could_take(tmp_path, cores)) == cores
