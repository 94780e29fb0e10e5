"""The staff's report of a whole term: everybody's scores, what is missing, what is late.

As with an assignment's report: plain records in, a folder of files out, the time from the caller.
"""

from grader.report.term.gathering import gather_term as gather_term
from grader.report.term.gathering import term_of as term_of
from grader.report.term.records import TermPaths as TermPaths
from grader.report.term.records import TermReport as TermReport
from grader.report.term.writing import write_term_report as write_term_report
