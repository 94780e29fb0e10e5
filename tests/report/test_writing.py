"""The folder: the same bytes each time, whole or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from grader.report import AssignmentReport, FolderTaken, write_report
from tests.report.cohort import BEHAVIOURS, cohort_report, one_student

SMALL = cohort_report(BEHAVIOURS[:2])


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_same_report_makes_the_same_bytes(tmp_path: Path) -> None:
    report = cohort_report()
    write_report(report, tmp_path / "one")
    write_report(cohort_report(), tmp_path / "other")
    first = contents(tmp_path / "one")
    assert first == contents(tmp_path / "other")
    assert len(first) == 5 + len(report.rows)


def test_the_paths_lead_to_the_files(tmp_path: Path) -> None:
    paths = write_report(SMALL, tmp_path / "deep" / "reports")
    written = [paths.index, paths.scores_csv, paths.checks_csv, paths.difficulty_csv]
    written.append(paths.report_json)
    assert all(path.is_file() for path in [*written, *paths.feedback.values()])
    assert set(paths.feedback) == {"adeyemi", "bergstr"}
    assert "Nils Bergström" in paths.feedback["bergstr"].read_text(encoding="utf-8")


def test_a_newer_report_replaces_the_older_one_and_leaves_nothing_beside(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    older = write_report(SMALL, folder)
    write_report(one_student(), folder)
    assert not older.feedback["bergstr"].exists()
    assert older.feedback["adeyemi"].exists()
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("name", ["notes.txt", "report.json"])
def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"mine": 1}')
    with pytest.raises(FolderTaken, match="no report of ours"):
        write_report(SMALL, tmp_path)
    assert list(contents(tmp_path)) == [name]


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("mine")
    with pytest.raises(FolderTaken):
        write_report(SMALL, tmp_path / "report")
    assert (tmp_path / "report").read_text() == "mine"


def test_a_failed_report_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "report"
    write_report(SMALL, folder)
    before = contents(folder)

    def full_disk(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_report(one_student(), folder)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


HOSTILE_IDS = ["../../etc/passwd", "a/b", "A", "a", ".", "", "con\x00", "x" * 300, "\ud800", "é~1"]


def test_a_hostile_student_id_stays_inside_the_folder_with_a_page_of_its_own(
    tmp_path: Path,
) -> None:
    behaviours = tuple(replace(BEHAVIOURS[0], student=student) for student in HOSTILE_IDS)
    paths = write_report(cohort_report(behaviours), tmp_path / "report")
    pages = [path.resolve() for path in paths.feedback.values()]
    assert {page.parent for page in pages} == {(tmp_path / "report" / "feedback").resolve()}
    assert len({page.name.casefold() for page in pages}) == len(HOSTILE_IDS)
    assert all(page.is_file() for page in pages)


def test_a_report_needs_zones_and_one_row_a_student() -> None:
    with pytest.raises(ValueError, match="zone"):
        replace(SMALL, due=SMALL.due.replace(tzinfo=None))
    with pytest.raises(ValueError, match="one row a student"):
        replace(SMALL, rows=(SMALL.rows[0], SMALL.rows[0]))


def test_times_are_shown_in_the_zone_of_the_course() -> None:
    paths_of: AssignmentReport = SMALL
    received = paths_of.rows[0].received_at
    assert received is not None
    assert received.utcoffset() != SMALL.due.utcoffset()
    from grader.report.pages import feedback_page

    page = feedback_page(SMALL, SMALL.rows[0])
    assert "Wed 10 Feb 2027, 23:54:00 EST" in page
