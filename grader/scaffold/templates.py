"""The template files, filled in. `templates/` and `environments/` beside this module ship with it.

A template's words in capitals stand for what is filled in, so that each file is what its name
says it is as it stands: Python that the linter reads, YAML that the course loader reads.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from grader.scaffold.dates import Dates

_TEMPLATES = Path(__file__).parent / "templates"
# A link to the checkout's own, which the build of a wheel replaces by the files.
_ENVIRONMENTS = Path(__file__).parent / "environments"
ENVIRONMENT = "cpu"


def given_module(name: str) -> str:
    """The name of an assignment's given module: a name that Python can import."""
    return f"{name.replace('-', '_')}_given"


def assignment_files(name: str, title: str) -> dict[str, bytes]:
    """The files of a new assignment's folder, by path."""
    words = {"NAME": name, "NAME_given": given_module(name), "TITLE": title}
    return {
        _filled(path, words): _filled(text, words).encode()
        for path, text in _texts(_TEMPLATES / "assignment").items()
    }


def entry_text(name: str, title: str, environment: str, dates: Dates) -> str:
    """The assignment's entry in a course file, to stand below `assignments:` with an indent."""
    words = {
        "NAME": name,
        "TITLE": json.dumps(title, ensure_ascii=False),  # quoted as YAML has it too
        "ENVIRONMENT": environment,
        "RELEASE": dates.release_text,
        "DUE": dates.due_text,
    }
    return _filled((_TEMPLATES / "entry.yaml").read_text(encoding="utf-8"), words)


def new_course(start: date, end: date) -> tuple[str, bytes, dict[str, bytes]]:
    """A course file without assignments, a roster, and the files of `environments/`."""
    folder = _TEMPLATES / "course"
    words = {"START": str(start), "END": str(end)}
    text = _filled((folder / "course.yaml").read_text(encoding="utf-8"), words)
    environments = {
        f"{part}/{path}": text.encode()
        for part in (ENVIRONMENT, "runner")
        for path, text in _texts(_ENVIRONMENTS / part).items()
    }
    return text, (folder / "roster.csv").read_bytes(), environments


def _texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _filled(text: str, words: Mapping[str, str]) -> str:
    # In one pass: what is filled in may hold such a word itself.
    pattern = rf"(?<![A-Za-z0-9_])(?:{'|'.join(sorted(words, key=len, reverse=True))})(?!\w)"
    return re.sub(pattern, lambda match: words[match.group()], text)
