"""The beginning of an assignment, or of a course: templates put in place, whole or not at all."""

from grader.scaffold.course_text import EntryNotWritten as EntryNotWritten
from grader.scaffold.start import CannotStart as CannotStart
from grader.scaffold.start import Started as Started
from grader.scaffold.start import start_assignment as start_assignment
