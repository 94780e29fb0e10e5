"""Clocks that run away, and zones that sources know differently."""

import shutil
import time
from pathlib import Path

import pytest

from grader.doctor import Mark, Subject, machine

SYSTEM = Path("/usr/share/zoneinfo")


@pytest.mark.parametrize(
    ("drift", "gap", "in_step", "mark", "words"),
    [
        (0.0, 0.0, True, Mark.OK, "synchronised"),
        (0.0, 0.0, False, Mark.WARNING, "unsynchronised"),
        (0.0, 0.0, None, Mark.WARNING, "perhaps"),
        (90.0, 0.0, True, Mark.WARNING, "disk 90.0 s off"),
        (0.0, 3.0, True, Mark.FAILED, "jumps by 3.00 s"),
    ],
)
def test_a_clock_is_judged_by_three_things(
    subject: Subject,
    monkeypatch: pytest.MonkeyPatch,
    drift: float,
    gap: float,
    in_step: bool | None,
    mark: Mark,
    words: str,
) -> None:
    monkeypatch.setattr(machine, "drift_seconds", lambda _: drift)
    monkeypatch.setattr(machine, "uneven_seconds", lambda: gap)
    monkeypatch.setattr(machine, "is_synchronised", lambda: in_step)
    finding = machine.clock(subject)
    assert finding.mark is mark
    assert words in finding.found
    assert bool(finding.do) is (mark is not Mark.OK)


def test_this_machines_clock_is_read(tmp_path: Path) -> None:
    assert machine.drift_seconds(tmp_path) < 1
    assert machine.uneven_seconds() < machine.PAUSE_SECONDS
    assert machine.is_synchronised() in (True, False, None)
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_is_set_back_meanwhile_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1000.0, 400.0])
    monkeypatch.setattr(machine.time, "time", lambda: next(times))
    assert machine.uneven_seconds() == pytest.approx(600, abs=1)


def test_a_disk_with_another_clock_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = time.time() + 3600
    monkeypatch.setattr(machine.time, "time", lambda: ahead)
    assert machine.drift_seconds(tmp_path) == pytest.approx(3600, abs=5)


def system_with(folder: Path, monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    """Let the system's zone of the course be what another place has."""
    if not SYSTEM.is_dir():
        pytest.skip("this system has no time zones of its own")
    (folder / "America").mkdir(parents=True)
    shutil.copy(SYSTEM / other, folder / "America" / "Toronto")
    monkeypatch.setattr(machine, "TZPATH", (str(folder),))


@pytest.mark.parametrize(
    ("other", "mark"),
    [("America/Toronto", Mark.OK), ("America/Regina", Mark.WARNING), ("Etc/GMT+5", Mark.WARNING)],
)
def test_sources_that_differ_in_the_term_are_told(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str, mark: Mark
) -> None:
    system_with(tmp_path / "zones", monkeypatch, other)
    finding = machine.time_zone(subject)
    assert finding.mark is mark
    assert finding.found.startswith("America/Toronto, by the system and tzdata")


def test_a_zone_that_no_source_has_fails(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "zone_sources", lambda _: iter(()))
    finding = machine.time_zone(subject)
    assert (finding.mark, finding.found) == (Mark.FAILED, "nothing")
