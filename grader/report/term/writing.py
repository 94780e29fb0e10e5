"""Puts a term's report into its folder, whole or not at all."""

from pathlib import Path

from grader.report.pdf import pdf_of
from grader.report.term.pages import gradebook_page, term_page
from grader.report.term.records import TermPaths, TermReport
from grader.report.term.tables import assignments_csv, gradebook_csv, missing_csv, term_json
from grader.report.writing import write_folder


def write_term_report(report: TermReport, folder: Path, *, pdf: bool = False) -> TermPaths:
    """Write all of the report's files, replacing an older report in `folder`.

    With `pdf` both pages are there as PDF too. Raises `FolderTaken` where `folder` holds anything
    but a report, `NoPdf` where none can be made, and `OSError` where the disk does.
    """
    pages = {"index": term_page(report), "gradebook": gradebook_page(report)}
    files: dict[str, str | bytes] = {f"{name}.html": page for name, page in pages.items()}
    files |= {
        "gradebook.csv": gradebook_csv(report),
        "assignments.csv": assignments_csv(report),
        "missing.csv": missing_csv(report),
        "report.json": term_json(report),
    }
    if pdf:
        files |= {f"{name}.pdf": pdf_of(page) for name, page in pages.items()}
    folder = folder.absolute()
    write_folder(files, folder)
    return TermPaths(
        folder=folder,
        index=folder / "index.html",
        gradebook=folder / "gradebook.html",
        gradebook_csv=folder / "gradebook.csv",
        assignments_csv=folder / "assignments.csv",
        missing_csv=folder / "missing.csv",
        report_json=folder / "report.json",
        index_pdf=folder / "index.pdf" if pdf else None,
        gradebook_pdf=folder / "gradebook.pdf" if pdf else None,
    )
