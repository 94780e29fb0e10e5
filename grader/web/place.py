"""The course that this process serves."""

from functools import cache
from pathlib import Path

from grader.desk.place import Current as Current
from grader.desk.place import Place as Place


@cache
def place() -> Place:
    """The place that this process serves."""
    from django.conf import settings

    served = settings.SERVED
    return Place(served.course_file, served.data, now=served.now)


def released_file(data: Path, assignment: str, kind: str = "") -> Path:
    """Where `course release` writes what students get: the starter's zip or the solution."""
    name = f"{assignment}-solution.ipynb" if kind == "solution" else f"{assignment}.zip"
    return data / "released" / name
