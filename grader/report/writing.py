"""Puts a report into its folder, whole or not at all."""

import json
import shutil
import tempfile
from pathlib import Path

from grader.report.pages import feedback_page, index_page
from grader.report.records import AssignmentReport, ReportPaths
from grader.report.tables import JSON_FORMAT, checks_csv, report_json, scores_csv
from grader.report.wording import page_name


class FolderTaken(Exception):
    """The folder holds something that is not a report, which we won't replace."""


def write_report(report: AssignmentReport, folder: Path) -> ReportPaths:
    """Write all of the report's files, replacing an older report in `folder`.

    They are made beside the folder and moved in when complete, so that a reader never sees
    half a report and pages of students who have left do not linger. Raises `FolderTaken`
    where `folder` holds anything else, and `OSError` where the disk does.
    """
    folder = folder.absolute()
    _refuse_foreign(folder)
    files = _report_files(report)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fresh = aside / "fresh"
        (fresh / "feedback").mkdir(parents=True)
        for name, text in files.items():
            # A name may hold half a surrogate pair, which UTF-8 has no bytes for.
            (fresh / name).write_bytes(text.encode("utf-8", "replace"))
        _swap(fresh, folder, aside / "older")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return _paths(report, folder)


def _report_files(report: AssignmentReport) -> dict[str, str]:
    files = {
        "index.html": index_page(report),
        "scores.csv": scores_csv(report),
        "checks.csv": checks_csv(report),
        "report.json": report_json(report),
    }
    for row in report.rows:
        files[f"feedback/{page_name(row.student)}"] = feedback_page(report, row)
    return files


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


def _paths(report: AssignmentReport, folder: Path) -> ReportPaths:
    pages = {row.student: folder / "feedback" / page_name(row.student) for row in report.rows}
    return ReportPaths(
        folder=folder,
        index=folder / "index.html",
        scores_csv=folder / "scores.csv",
        checks_csv=folder / "checks.csv",
        report_json=folder / "report.json",
        feedback=pages,
    )
