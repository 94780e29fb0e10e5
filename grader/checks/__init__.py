"""What an assignment's `checks.py`, `mutants.py` and `alternates.py` are written with."""

from grader.checks.declare import alternate as alternate
from grader.checks.declare import check as check
from grader.checks.declare import mutant as mutant
from grader.checks.expect import expect as expect
from grader.checks.inputs import Inputs as Inputs
from grader.checks.student import Student as Student
