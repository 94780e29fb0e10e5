"""Links of the staff's page: to a student's page, and to the student's row in the table."""

from dataclasses import dataclass

from grader.report.cleaning import clean_line
from grader.report.records import ReportRow
from grader.report.wording import page_name


@dataclass(frozen=True)
class Link:
    """A student, and the page or the place on this page to read on."""

    text: str
    page: str


def page_link(row: ReportRow) -> Link:
    """To the student's feedback page."""
    return Link(clean_line(row.name or row.student, 60), f"feedback/{page_name(row.student)}")


def row_link(row: ReportRow) -> Link:
    """To the student's row in the table of students."""
    return Link(clean_line(row.name or row.student, 60), f"#{row_anchor(row)}")


def row_anchor(row: ReportRow) -> str:
    """The id of the student's row."""
    return f"row-{page_name(row.student).removesuffix('.html')}"
