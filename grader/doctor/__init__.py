"""Whether a host is fit for grading: its engine, the limits that it honours, disk, clock, data."""

from grader.doctor.examining import examine as examine
from grader.doctor.findings import Examined as Examined
from grader.doctor.findings import Finding as Finding
from grader.doctor.findings import Mark as Mark
from grader.doctor.subject import Subject as Subject
