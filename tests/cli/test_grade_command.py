"""What `course grade` says of how many at a time, before it begins."""

import pytest

from grader.cli import grade
from grader.cli.grade import too_many_at_a_time


@pytest.mark.parametrize(
    ("jobs", "cpus", "cores", "fitting"),
    [(4, 1.0, 2, 2), (2, 2.0, 2, 1), (3, 0.5, 1, 2), (2, 4.0, 2, 1)],
)
def test_more_at_a_time_than_cores_is_told_with_what_fits(
    monkeypatch: pytest.MonkeyPatch, jobs: int, cpus: float, cores: int, fitting: int
) -> None:
    monkeypatch.setattr(grade.os, "sched_getaffinity", lambda _: set(range(cores)))
    words = too_many_at_a_time(jobs, cpus)
    assert words.startswith(f"{jobs} at a time with {cpus:g} of a core each")
    assert words.endswith(f"--jobs {fitting} fits.")


@pytest.mark.parametrize(("jobs", "cpus", "cores"), [(2, 1.0, 2), (1, 4.0, 2), (4, 0.5, 2)])
def test_what_fits_is_not_mentioned(
    monkeypatch: pytest.MonkeyPatch, jobs: int, cpus: float, cores: int
) -> None:
    monkeypatch.setattr(grade.os, "sched_getaffinity", lambda _: set(range(cores)))
    assert too_many_at_a_time(jobs, cpus) == ""
