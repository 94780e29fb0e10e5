"""Puts a report into its folder, whole or not at all."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from grader.report.document import JSON_FORMAT, report_json
from grader.report.pages import feedback_page, index_page
from grader.report.pdf import pdf_of
from grader.report.records import AssignmentReport, ReportPaths
from grader.report.tables import checks_csv, difficulty_csv, scores_csv
from grader.report.wording import page_name


class FolderTaken(Exception):
    """The folder holds something that is not a report, which we won't replace."""


def write_report(report: AssignmentReport, folder: Path, *, pdf: bool = False) -> ReportPaths:
    """Write all of the report's files, replacing an older report in `folder`.

    With `pdf` the staff's page is there as PDF too. Raises `FolderTaken` where `folder` holds
    anything but a report, `NoPdf` where none can be made, and `OSError` where the disk does.
    """
    page = index_page(report)
    files: dict[str, str | bytes] = {
        "index.html": page,
        "scores.csv": scores_csv(report),
        "checks.csv": checks_csv(report),
        "difficulty.csv": difficulty_csv(report),
        "report.json": report_json(report),
    }
    if pdf:
        files["index.pdf"] = pdf_of(page)
    for row in report.rows_for_students:
        files[f"feedback/{page_name(row.student)}"] = feedback_page(report, row)
    folder = folder.absolute()
    write_folder(files, folder)
    return ReportPaths(
        folder=folder,
        index=folder / "index.html",
        scores_csv=folder / "scores.csv",
        checks_csv=folder / "checks.csv",
        difficulty_csv=folder / "difficulty.csv",
        report_json=folder / "report.json",
        feedback={row.student: folder / "feedback" / page_name(row.student) for row in report.rows},
        pdf=folder / "index.pdf" if pdf else None,
    )


def write_folder(files: Mapping[str, str | bytes], folder: Path) -> None:
    """Write a report's files, by their names in `folder`, in the place of an older report.

    They are made beside the folder and moved in when complete, so that a reader never sees
    half a report and pages of students who have left do not linger. Raises `FolderTaken`
    where `folder` holds anything else, and `OSError` where the disk does.
    """
    _refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fresh = aside / "fresh"
        fresh.mkdir()
        for name, content in files.items():
            path = fresh / name
            path.parent.mkdir(exist_ok=True)
            # A name may hold half a surrogate pair, which UTF-8 has no bytes for.
            data = content.encode("utf-8", "replace") if isinstance(content, str) else content
            path.write_bytes(data)
        _swap(fresh, folder, aside / "older")
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        ours = str(document["format"]).startswith(JSON_FORMAT.partition("/")[0] + "/")
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise FolderTaken(
            f"{folder} holds files that are no report of ours; name another or a new folder"
        )


def _swap(fresh: Path, folder: Path, older: Path) -> None:
    """Move `fresh` to `folder`; an older report goes to `older`, or back if the move fails."""
    had_one = folder.exists()
    if had_one:
        folder.replace(older)
    try:
        fresh.replace(folder)
    except OSError:
        if had_one:
            older.replace(folder)
        raise
