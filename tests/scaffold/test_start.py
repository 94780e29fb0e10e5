"""`course new` in a course and in an empty folder: all of it, or nothing."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.checks.loading import load_assignment
from grader.course import CourseFileError, load_course
from grader.course.roster import load_roster
from grader.release import check_master
from grader.sandbox.images import image_tag
from grader.scaffold import CannotStart, start, start_assignment
from tests.toy_course import COURSE, ROOT, write_toy_course

NOW = datetime(2027, 2, 1, 12, tzinfo=UTC)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """The course file of the toy course."""
    return write_toy_course(tmp_path)


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its digest; links aren't followed."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(folder.rglob("*"))
    }


def test_an_assignment_is_added_to_a_course(toy: Path) -> None:
    os.chmod(toy, 0o640)
    started = start_assignment(toy, "lab-3", title='Lab 3: "three" & more', now=NOW)
    course = load_course(toy)
    assert list(course.assignments) == ["toy", "lab-3"]
    lab = course.assignments["lab-3"]
    assert lab.title == 'Lab 3: "three" & more'
    assert (lab.release.date(), lab.due.date()) == (started.dates.released, started.dates.due)
    assert toy.read_text().startswith(COURSE)
    assert toy.stat().st_mode & 0o777 == 0o640
    assert not started.not_written
    assert [toy.parent / path for path in started.files] == sorted(
        path for path in lab.folder.rglob("*") if path.is_file()
    )
    assert not list(toy.parent.rglob(".*"))


def test_what_is_written_is_an_assignment_whose_parts_agree(toy: Path) -> None:
    start_assignment(toy, "lab-3", title="NAME of TITLE", now=NOW)
    lab = load_course(toy).assignments["lab-3"]
    assert check_master(lab.folder, [(q.name, q.points, q.manual) for q in lab.questions]) == []
    loaded = load_assignment(lab.folder)
    assert len(loaded.mutants) >= 6
    assert len(loaded.alternates) >= 2
    assert sum(check.points for check in loaded.checks) == lab.question("q1").points
    assert loaded.given_module is not None
    assert loaded.given_module.__name__ == "lab_3_given"
    assert "# # NAME of TITLE\n" in (lab.folder / "notebook.py").read_text()
    code = [path.read_text() for path in lab.folder.rglob("*.py") if path.name != "notebook.py"]
    assert not any("NAME" in text or "TITLE" in text for text in code)


def test_a_course_begins_in_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    started = start_assignment(tmp_path / "new" / "course.yaml", "ps1", now=NOW)
    course = load_course(tmp_path / "new" / "course.yaml")
    assert started.new_course == course.folder
    assert list(course.assignments) == ["ps1"]
    assert course.term.start == NOW.date()
    assert len(load_roster(course.roster)) == 2
    # The same environment: the image that is there serves the new course too.
    assert image_tag(course.environments["cpu"].folder) == image_tag(ROOT / "environments" / "cpu")
    assert {str(path) for path in map(Path, started.files)} == {
        path for path, digest in contents(course.folder).items() if digest
    }
    start_assignment(tmp_path / "new" / "course.yaml", "ps2", now=NOW)
    assert list(load_course(course.folder / "course.yaml").assignments) == ["ps1", "ps2"]


@pytest.mark.parametrize(
    ("name", "title", "words"),
    [
        ("Lab 4!", None, "lower-case letters.*; try lab-4"),
        ("4", None, "a letter first$"),
        ("../evil", None, "can't be an assignment's name.*; try evil"),
        ("x" * 33, None, "at most 32"),
        ("toy", None, "course.yaml has an assignment toy already: choose another name"),
        ("taken", None, "taken exists already: choose another name, or move"),
        ("to-be", None, "to_be_given.py is a given module of the name"),
        ("lab", "two\nlines", "--title is one line"),
        ("lab", "", "--title is one line"),
        ("lab", "x" * 201, "--title is one line"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    toy: Path, name: str, title: str | None, words: str
) -> None:
    (toy.parent / "assignments" / "taken").mkdir()
    (toy.parent / "assignments" / "to_be" / "given").mkdir(parents=True)
    (toy.parent / "assignments" / "to_be" / "given" / "to_be_given.py").touch()
    before = contents(toy.parent)
    with pytest.raises(CannotStart, match=f"(?s){words}"):
        start_assignment(toy, name, title=title, now=NOW)
    assert contents(toy.parent) == before


def test_a_course_with_mistakes_is_mended_first(toy: Path) -> None:
    toy.write_text(COURSE.replace("points: 5", "points: 6"))
    before = contents(toy.parent)
    with pytest.raises(CourseFileError, match=r"course.yaml:15:13"):
        start_assignment(toy, "lab", now=NOW)
    assert contents(toy.parent) == before


def test_a_folder_with_other_things_in_it_is_no_place_for_a_course(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(CannotStart, match=r"not empty \(thesis.tex\): go to"):
        start_assignment(tmp_path / "course.yaml", "ps1", now=NOW)
    assert list(contents(tmp_path)) == ["thesis.tex"]


def test_an_entry_that_cannot_be_put_in_safely_is_given_to_paste(toy: Path) -> None:
    head, _, _ = COURSE.partition("assignments:\n")
    braces = (
        "assignments: {toy: {title: T, environment: cpu, release: 2027-01-14 18:00, "
        "due: 2027-02-10 23:59, points: 1, questions: {q1: {title: Q, points: 1}}}}\n"
    )
    toy.write_text(head + braces)
    started = start_assignment(toy, "lab", now=NOW)
    assert "in braces" in str(started.not_written)
    assert toy.read_text() == head + braces
    assert (toy.parent / "assignments" / "lab" / "checks.py").is_file()
    indented = "".join(f"  {line}\n" for line in started.entry.splitlines())
    toy.write_text(COURSE + indented)
    assert "lab" in load_course(toy).assignments


@pytest.mark.parametrize("empty", [False, True])
def test_what_fails_half_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty: bool
) -> None:
    file = tmp_path / "course.yaml" if empty else write_toy_course(tmp_path)
    before = contents(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "course.yaml")

    monkeypatch.setattr(start, "_place_course_file", full)
    with pytest.raises(CannotStart, match="No space left on device; nothing was changed"):
        start_assignment(file, "lab", now=NOW)
    assert contents(tmp_path) == before


def test_a_course_file_that_changes_meanwhile_is_not_overwritten(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = start._place_folder

    def place_while_another_edits(*args: object) -> None:
        place(*args)  # type: ignore[arg-type]
        toy.write_text(COURSE + "# edited\n")

    monkeypatch.setattr(start, "_place_folder", place_while_another_edits)
    with pytest.raises(CannotStart, match="changed meanwhile; try again"):
        start_assignment(toy, "lab", now=NOW)
    assert toy.read_text() == COURSE + "# edited\n"
    assert not (toy.parent / "assignments" / "lab").exists()
