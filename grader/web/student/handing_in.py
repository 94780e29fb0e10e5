"""Takes a file that a student sends, or shows the page again with what is wrong with it."""

import hashlib
import logging

from django.contrib import messages
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseRedirect

from grader.course import Assignment
from grader.desk import submit
from grader.gradebook.evidence import gather_dates
from grader.intake import KINDS, FileLimits, Refused
from grader.outcomes import GraderError
from grader.web.finding import find_own_assignment
from grader.web.student.assignment import show_assignment
from grader.web.visits import STUDENTS, Visit, page

log = logging.getLogger(__name__)

# Files of one account in a minute, and in a day; nobody who mends a notebook sends more. What is
# taken is kept for good, and a disk has an end.
MOST_A_MINUTE = 30
MOST_A_DAY = 300


@page(STUDENTS, "POST")
def hand_in(visit: Visit, name: str) -> HttpResponse:
    """Take the file in as received now, when all of it is here; a refusal uses up nothing."""
    evidence = gather_dates(visit.store, visit.course)
    assignment = find_own_assignment(visit, name, evidence)
    if slow := too_often(visit):
        return show_assignment(visit, name, problem=slow, status=429)
    try:
        file = visit.request.FILES.get("file")
        data = read_upload(file if isinstance(file, UploadedFile) else None, assignment)
        visit.place.rely(visit.by)
        taken = submit(
            visit.course,
            visit.store,
            assignment,
            visit.student.identifier,
            data,
            file_name(file),
            visit.now,
            evidence=evidence,
        )
    except Refused as refused:
        return show_assignment(visit, name, problem=refused, status=422)
    except GraderError:
        log.exception("a file of %s was not taken", visit.by)
        ours = Refused(
            "something of ours failed, and your file was NOT taken.", hint="Send it once more."
        )
        return show_assignment(visit, name, problem=ours, status=503)
    if taken.accepted.repeated:
        messages.info(
            visit.request, "This file was your newest submission already. Nothing was used up."
        )
    else:
        messages.success(visit.request, "Received. Your receipt is below.")
    for problem in taken.problems:
        messages.warning(visit.request, problem)
    return HttpResponseRedirect(f"/submissions/{taken.receipt.submission}/")


def read_upload(file: UploadedFile | None, assignment: Assignment) -> bytes:
    """The file's bytes, if it is no larger than the assignment takes. Raises `Refused`."""
    kind = KINDS[assignment.submit]
    if file is None:
        raise Refused("no file came with that.", hint=f"Choose your {kind.noun}, then hand it in.")
    largest = FileLimits().largest(kind)
    if (file.size or 0) > largest:
        raise Refused(
            f"the file has {file.size:,} bytes; {largest:,} is the limit.",
            hint="Clear the outputs, save, and hand that in."
            if assignment.submit == "notebook"
            else "Make its pictures smaller and export it again.",
        )
    return file.read()


def file_name(file: object) -> str:
    """What the student calls the file."""
    return (file.name if isinstance(file, UploadedFile) else None) or "unnamed"


def too_often(visit: Visit) -> Refused | None:
    """Why an account that sends file after file has to wait; None for any other. Counts this one.

    By page and by script together.
    """
    if _count(visit, "minute", 60) > MOST_A_MINUTE:
        return Refused(f"you sent {MOST_A_MINUTE} files in a minute.", hint="Wait a minute.")
    if _count(visit, "day", 86_400) > MOST_A_DAY:
        told = f"you sent {MOST_A_DAY} files in a day."
        return Refused(told, hint="Those that were taken count. Wait until tomorrow.")
    return None


def _count(visit: Visit, what: str, seconds: int) -> int:
    """How many files came from the account in this minute or day, this one too."""
    course = hashlib.sha256(str(visit.place.data).encode()).hexdigest()[:16]
    key = f"uploads-{course}-{what}-{visit.visitor.account.pk}"
    cache.add(key, 0, timeout=seconds)
    try:
        return cache.incr(key)
    except ValueError:  # the minute ended between the two
        return 1
