"""From an assignment's master notebook to the student's bundle, with nothing hidden in it."""

from grader.release.authoring import check_master as check_master
from grader.release.bundle import Bundle as Bundle
from grader.release.bundle import build_files as build_files
from grader.release.bundle import given_files as given_files
from grader.release.bundle import release as release
from grader.release.cells import MasterComplaint as MasterComplaint
from grader.release.cells import MasterError as MasterError
from grader.release.handout import release_handout as release_handout
from grader.release.hidden_values import HiddenValues as HiddenValues
from grader.release.leaks import Leak as Leak
from grader.release.leaks import LeakFound as LeakFound
from grader.release.leaks import find_leaks as find_leaks
from grader.release.leaks import read_secrets as read_secrets
from grader.release.master import answers_source as answers_source
from grader.release.master import read_master as read_master
from grader.release.master import solution_notebook as solution_notebook
from grader.release.master import solution_source as solution_source
from grader.release.master import starter_notebook as starter_notebook
from grader.release.otter_bundle import release_otter as release_otter
from grader.release.otter_master import OtterAssignment as OtterAssignment
from grader.release.otter_master import read_otter_assignment as read_otter_assignment
from grader.release.readable import check_starter as check_starter
