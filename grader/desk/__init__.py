"""The front desk: what students do with a course, by command or on its page.

Hand something in, see what it is worth, read feedback when it is time. Each is a function of the
course and its store that refuses with a reason; commands and pages only show what it gives.
"""

from grader.desk.beginning import begin as begin
from grader.desk.beginning import take_back_beginning as take_back_beginning
from grader.desk.beginning import time_allowed_text as time_allowed_text
from grader.desk.standing import AssignmentStanding as AssignmentStanding
from grader.desk.standing import StudentStanding as StudentStanding
from grader.desk.standing import standing_of_student as standing_of_student
from grader.desk.submitting import Submitted as Submitted
from grader.desk.submitting import check_open as check_open
from grader.desk.submitting import submit as submit
from grader.desk.submitting import take_in as take_in
