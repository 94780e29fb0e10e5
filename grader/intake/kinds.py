"""The kinds of files that assignments take, and how one is read."""

from dataclasses import dataclass, field

from grader.intake.notebooks import read_notebook
from grader.intake.pdfs import PdfLimits, read_pdf
from grader.intake.refusals import Limits


@dataclass(frozen=True)
class Kind:
    """A kind of file: what people call it, and how its name ends."""

    noun: str
    ending: str


NOTEBOOK = Kind("notebook", ".ipynb")
PDF = Kind("PDF", ".pdf")
# By what `course.yaml` calls them.
KINDS = {"notebook": NOTEBOOK, "pdf": PDF}


@dataclass(frozen=True)
class FileLimits:
    """Bounds of one file, by its kind."""

    notebook: Limits = field(default_factory=Limits)
    pdf: PdfLimits = field(default_factory=PdfLimits)

    def largest(self, kind: Kind) -> int:
        """How many bytes a file of that kind may have."""
        return self.pdf.file_bytes if kind is PDF else self.notebook.file_bytes


def read_file(
    data: bytes,
    kind: Kind,
    limits: FileLimits = FileLimits(),
) -> tuple[str, ...]:
    """The problems of a file that is taken, as sentences for whoever submitted it.

    Raises `Refused`, and nothing else, for what is no good file of that kind.
    """
    if kind is PDF:
        return read_pdf(data, limits.pdf).problems
    return read_notebook(data, limits.notebook).problems
