"""The command line: `course ...`."""

from grader.cli.app import main as main
