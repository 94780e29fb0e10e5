"""The course: `course.yaml` and the roster, read strictly, and the rules of the calendar.

`load_course` gives a `Course` or a `CourseFileError` with every mistake by line and column.
`calendar` and `roster` hold the late rules and the students; both are imported by name.
"""

from grader.course.complaints import Complaint as Complaint
from grader.course.complaints import CourseFileError as CourseFileError
from grader.course.load import load_course as load_course
from grader.course.models import Assignment as Assignment
from grader.course.models import Attempts as Attempts
from grader.course.models import Course as Course
from grader.course.models import Environment as Environment
from grader.course.models import GroupSize as GroupSize
from grader.course.models import Limits as Limits
from grader.course.models import Question as Question
from grader.course.models import RubricItem as RubricItem
from grader.course.models import SectionDates as SectionDates
from grader.course.named_times import After as After
from grader.course.policy import GraceDays as GraceDays
from grader.course.policy import LatePolicy as LatePolicy
from grader.course.policy import NoLateWork as NoLateWork
from grader.course.policy import PercentPerDay as PercentPerDay
from grader.course.policy import PointsPerDay as PointsPerDay
from grader.course.policy import Windows as Windows
