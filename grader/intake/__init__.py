"""Take notebooks and PDFs in, as data: accept or refuse, and say why. Nothing is ever run."""

from grader.intake.archives import read_archive as read_archive
from grader.intake.collecting import Collected as Collected
from grader.intake.collecting import CollectingLimits as CollectingLimits
from grader.intake.collecting import FoundFile as FoundFile
from grader.intake.collecting import RefusedFile as RefusedFile
from grader.intake.folders import import_folder as import_folder
from grader.intake.kinds import KINDS as KINDS
from grader.intake.kinds import NOTEBOOK as NOTEBOOK
from grader.intake.kinds import PDF as PDF
from grader.intake.kinds import FileLimits as FileLimits
from grader.intake.kinds import Kind as Kind
from grader.intake.kinds import read_file as read_file
from grader.intake.notebooks import Cell as Cell
from grader.intake.notebooks import CellKind as CellKind
from grader.intake.notebooks import Notebook as Notebook
from grader.intake.notebooks import read_notebook as read_notebook
from grader.intake.pdfs import Pdf as Pdf
from grader.intake.pdfs import PdfLimits as PdfLimits
from grader.intake.pdfs import read_pdf as read_pdf
from grader.intake.refusals import Limits as Limits
from grader.intake.refusals import Refused as Refused
