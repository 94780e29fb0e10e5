from pathlib import Path

import pytest

from grader.sandbox import control_group
from grader.sandbox.control_group import ControlGroup

FIRST = {
    "cpuacct": {"cpuacct.usage": "2500000000\n"},
    "memory": {"memory.max_usage_in_bytes": "1048576\n"},
    "pids": {"pids.events": "max 7\n"},
}
SECOND = {
    "": {
        "cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
        "memory.peak": "1048576\n",
        "pids.events": "other 3\nmax 7\n",
    }
}


def group_of(tmp_path: Path, tree: dict[str, dict[str, str]]) -> ControlGroup:
    """A group whose folders hold these files."""
    for controller, files in tree.items():
        folder = tmp_path / (controller or "unified")
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
    return ControlGroup({name: tmp_path / (name or "unified") for name in tree})


@pytest.mark.parametrize("tree", [FIRST, SECOND], ids=["version 1", "version 2"])
def test_both_versions_give_the_same_numbers(
    tmp_path: Path, tree: dict[str, dict[str, str]]
) -> None:
    group = group_of(tmp_path, tree)
    group.sample()
    assert group.cpu_seconds == pytest.approx(2.5)
    assert group.memory_peak_bytes == 1 << 20
    assert group.refused_processes == 7


def test_what_was_seen_is_kept_when_the_group_has_gone(tmp_path: Path) -> None:
    group = group_of(tmp_path, SECOND)
    group.sample()
    for path in (tmp_path / "unified").iterdir():
        path.unlink()
    group.sample()
    assert (group.memory_peak_bytes, group.refused_processes) == (1 << 20, 7)
    assert group.cpu_seconds == pytest.approx(2.5)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"cpu.stat": "", "memory.peak": "", "pids.events": ""},
        {"cpu.stat": "usage_usec", "memory.peak": "max", "pids.events": "max many"},
        {"cpu.stat": "usage_usec -5", "memory.peak": "-5", "pids.events": "maximum 5"},
    ],
)
def test_what_can_not_be_read_is_zero_and_blames_nothing(
    tmp_path: Path, files: dict[str, str]
) -> None:
    group = group_of(tmp_path, {"": files})
    group.sample()
    assert group == ControlGroup(group.folders)


@pytest.mark.parametrize(
    ("written", "folders"),
    [
        ("0::/docker/abc\n", {"": "docker/abc"}),
        (
            "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n",
            {
                "memory": "memory/docker/abc",
                "cpu": "cpu/docker/abc",
                "cpuacct": "cpuacct/docker/abc",
                "": "",
            },
        ),
        ("4:memory:/a:b\n", {"memory": "memory/a:b"}),
    ],
)
def test_the_folders_of_a_process_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, folders: dict[str, str]
) -> None:
    listing = tmp_path / "proc" / "17" / "cgroup"
    listing.parent.mkdir(parents=True)
    listing.write_text(written)
    monkeypatch.setattr(control_group, "Path", lambda path: tmp_path / str(path).removeprefix("/"))
    monkeypatch.setattr(control_group, "ROOT", tmp_path)
    assert ControlGroup.of_process(17).folders == {
        name: tmp_path / path for name, path in folders.items()
    }


def test_a_process_that_has_gone_has_no_group() -> None:
    assert ControlGroup.of_process(2**22 + 1).folders == {}
