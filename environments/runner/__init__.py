"""The only code of ours in a student's container: runs the notebook, then answers calls.

Nothing here is secret and nothing here decides a score. It shares the process with the
student's code, so whatever it reports is a claim that the other side checks.
"""
