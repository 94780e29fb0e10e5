from pathlib import Path

import pytest

GOOD = """\
course:
  code: NN101
  title: "Nets: an introduction"
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-12-20}
lectures:
  - {number: 1, date: 2027-01-14, title: First}
  - {number: 2, date: 2027-01-21, title: Second}
environments:
  cpu: {gpus: 0}
limits:
  memory: 1 GiB
late_policy:
  kind: percent per day
  percent: 10
  max_days: 3
roster: roster.csv
assignments:
  hw1:
    title: Warm-up
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    limits: {cell: 90 s, memory: 512 MiB}
    points: 10
    questions:
      q1: {title: One, points: 4}
      q2: {title: Two, points: 6, manual: true}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A course's folder in which every name of GOOD leads somewhere."""
    (tmp_path / "assignments" / "hw1").mkdir(parents=True)
    (tmp_path / "environments" / "cpu").mkdir(parents=True)
    (tmp_path / "environments" / "cpu" / "Dockerfile").touch()
    (tmp_path / "roster.csv").write_text("student,name,email\nada1,Ada,ada@mail.example\n")
    (tmp_path / "course.yaml").write_text(GOOD)
    return tmp_path
