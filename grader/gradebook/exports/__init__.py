"""Scores for other systems: Canvas (Quercus) gradebooks and Gradescope results.

Pure functions from bytes and records to bytes and text.
"""

from grader.gradebook.exports.canvas import CanvasColumn as CanvasColumn
from grader.gradebook.exports.canvas import CanvasGradebook as CanvasGradebook
from grader.gradebook.exports.canvas import CanvasStudent as CanvasStudent
from grader.gradebook.exports.canvas import Identifier as Identifier
from grader.gradebook.exports.canvas import read_canvas as read_canvas
from grader.gradebook.exports.changes import Change as Change
from grader.gradebook.exports.changes import Filled as Filled
from grader.gradebook.exports.changes import Kept as Kept
from grader.gradebook.exports.changes import KeptBecause as KeptBecause
from grader.gradebook.exports.changes import PointsDiffer as PointsDiffer
from grader.gradebook.exports.changes import Unscored as Unscored
from grader.gradebook.exports.changes import changes_csv as changes_csv
from grader.gradebook.exports.filling import fill as fill
from grader.gradebook.exports.gradescope import HeldBack as HeldBack
from grader.gradebook.exports.gradescope import NoScore as NoScore
from grader.gradebook.exports.gradescope import gradescope_results as gradescope_results
from grader.gradebook.exports.spreadsheet import csv_text as csv_text
