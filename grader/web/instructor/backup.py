"""When the last backup was made, and how one is."""

from django.http import HttpResponse

from grader.desk.backups import last_backup
from grader.web.instructor.frame import show
from grader.web.visits import INSTRUCTORS, Visit, page


@page(INSTRUCTORS)
def backup(visit: Visit) -> HttpResponse:
    """What is known of backups; making one needs a place that only the machine knows."""
    values = {
        "last": last_backup(visit.place.data),
        "now": visit.now,
        "data": visit.place.data,
        "course_file": visit.place.course_file,
    }
    return show(visit, "backup", "course-backup", values)
