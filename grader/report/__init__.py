"""The report: what staff and students see of a graded assignment.

Takes plain records and writes a folder: `index.html` for staff, a feedback page a student,
CSV and JSON. Same input, same bytes; the time comes from the caller.
"""

from grader.report.gathering import gather_assignment as gather_assignment
from grader.report.records import AssignmentReport as AssignmentReport
from grader.report.records import ReportPaths as ReportPaths
from grader.report.records import ReportRow as ReportRow
from grader.report.records import RowState as RowState
from grader.report.tables import score_table as score_table
from grader.report.tables import score_table_columns as score_table_columns
from grader.report.writing import FolderTaken as FolderTaken
from grader.report.writing import write_report as write_report
