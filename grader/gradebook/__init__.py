"""The gradebook: what a submission is worth after lateness and grades given by hand.

Pure functions of records; nothing here reads a clock, a file or the database, and
nothing is cached, so that a changed date or extension changes every score at once.
"""

from grader.gradebook.records import Lateness as Lateness
from grader.gradebook.records import ManualScore as ManualScore
from grader.gradebook.records import Override as Override
from grader.gradebook.records import Pending as Pending
from grader.gradebook.records import QuestionInfo as QuestionInfo
from grader.gradebook.records import QuestionScore as QuestionScore
from grader.gradebook.records import QuestionState as QuestionState
from grader.gradebook.records import Score as Score
from grader.gradebook.rounding import round_points as round_points
from grader.gradebook.scoring import PointsByQuestion as PointsByQuestion
from grader.gradebook.scoring import questions_of as questions_of
from grader.gradebook.scoring import rubric_points as rubric_points
from grader.gradebook.scoring import score_submission as score_submission
from grader.gradebook.scoring import unscored as unscored
