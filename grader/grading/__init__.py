"""Grades: one submission, a batch of them, and an assignment's own tests."""

from grader.grading.batch import BatchSummary as BatchSummary
from grader.grading.batch import Engine as Engine
from grader.grading.batch import Progress as Progress
from grader.grading.batch import grade_batch as grade_batch
from grader.grading.plan import GradingPlan as GradingPlan
from grader.grading.plan import plan_grading as plan_grading
from grader.grading.submission import grade_notebook as grade_notebook
