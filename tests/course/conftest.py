from pathlib import Path

import pytest

from grader.course import CourseFileError, load_course

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


# Two more assignments and what refers to what; it begins on line 29.
MORE = """\
  hw2:
    title: Second
    environment: cpu
    release: hw1.due + 1 day at 18:00
    due: hw2.release + 2 weeks
    lock: hw2.due + 3 days
    feedback: hw2.due + 1 hour
    solution: after the last due date
    attempts: {limit: 10, per_day: 3, wait: 30 min}
    sections:
      LEC0201: {due: hw2.due + 1 day}
      LEC 5: {release: trip + 2 days at 09:00, due: exam - 2 days, lock: exam}
    late_policy:
      kind: windows
      windows:
        - {until: 12 hours, credit: 90}
        - {until: 2 days, credit: 75.5}
    points: 1
    questions:
      q1: {title: One, points: 1}
  hw3:
    title: Third
    environment: cpu
    release: exam
    due: exam + 30 hours
    solution: hw3.due
    points: 1
    questions:
      q1: {title: One, points: 1}
events:
  trip: 2027-02-15
  exam: 2027-04-20 09:00
  party: trip + 4 days
  gala: party at 20:00
"""


def complaints_of(folder: Path, old: str, new: str) -> list[tuple[str, str, str]]:
    """(line:column, path, what) of each mistake after one change of the course file."""
    text = (folder / "course.yaml").read_text()
    assert text.count(old) == 1, old
    (folder / "course.yaml").write_text(text.replace(old, new))
    with pytest.raises(CourseFileError) as caught:
        load_course(folder / "course.yaml")
    return [(f"{c.line}:{c.column}", c.path, c.what) for c in caught.value.complaints]


@pytest.fixture
def term(folder: Path) -> Path:
    """The course's folder with events and with times that refer to each other."""
    for name in ("hw2", "hw3"):
        (folder / "assignments" / name).mkdir()
    (folder / "course.yaml").write_text(GOOD + MORE)
    return folder
