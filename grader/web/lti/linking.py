"""Which assignment a link in the LMS is of, and where its scores go."""

from datetime import datetime

from django.db import transaction

from grader.course import Course
from grader.store import Store
from grader.web.lti.calling import may_call
from grader.web.lti.claims import SCORE_SCOPE, Context
from grader.web.lti.models import Link
from grader.web.lti.proving import Launch

_LETTERS = 255


def note_link(launch: Launch, course: Course, store: Store, *, by: str, now: datetime) -> Link:
    """What this launch tells of its link. Where it leads, and a column, are kept in the record."""
    claims, service = launch.claims, launch.claims.service
    named = claims.parameter("assignment")
    column = (service.lineitem or "") if service else ""
    told = {
        "title": _short(claims.resource.title),
        "context": claims.context.id if claims.context else "",
        "context_title": _title(claims.context),
        "assignment": named if named in course.assignments else "",
        "column": column if may_call(column, launch.platform) else "",
        "may_send": bool(service and SCORE_SCOPE in service.scope),
        "seen_at": now,
    }
    key = {"deployment": launch.deployment, "resource": claims.resource.id}
    with transaction.atomic():
        before = Link.objects.select_for_update().filter(**key).first()
        link, _ = Link.objects.update_or_create(**key, defaults=told)
    if before is None or (before.assignment, before.column) != (link.assignment, link.column):
        store.record.note(
            by=by,
            what="LMS link",
            subject=link.assignment or named or "no assignment",
            detail=f"{launch.platform.name}, {link.course}: {link.title or link.resource}; "
            f"scores go to {link.column or 'no column'}",
        )
    return link


def _title(context: Context | None) -> str:
    return _short(context.title or context.label) if context else ""


def _short(text: str | None) -> str:
    """Fit for a column of the table, and for every database."""
    return " ".join((text or "").replace("\0", "").split())[:_LETTERS]
