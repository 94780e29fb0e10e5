"""The course's calendar with a student's own dates, as a page and as a feed for calendar programs.

A program that subscribes doesn't log in: the address itself is the key. It is a row of tokens of
its own kind, which no other door takes, and which its student ends by asking for a new one.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from grader.course.agenda import Entry, Kind
from grader.desk.agendas import agenda_for
from grader.gradebook.evidence import gather_dates
from grader.web.models import Account, Token
from grader.web.place import place
from grader.web.visits import STUDENTS, Role, Visit, page, visitor_for

LABEL = "Calendar address"
# In the place of a hash, and the hash of nothing: so no command can log in by it.
_KIND = "calendar:"
_SIGNER = Signer(salt="grader.web calendar feed", sep=".")
_LASTS = timedelta(days=366)


@dataclass(frozen=True)
class EntryView:
    """One line of the calendar. A day has no time."""

    at: datetime | None
    day: datetime
    kind: Kind
    title: str
    text: str
    link: str
    is_own: bool


@page(STUDENTS)
def calendar(visit: Visit) -> HttpResponse:
    """The calendar, and the address of the feed."""
    evidence = gather_dates(visit.store, visit.course)
    entries = agenda_for(visit.course, evidence, visit.student.identifier)
    views = [_view(visit, entry) for entry in entries]
    token = feed_token(visit.visitor.account)
    address = f"/calendar/feed/{token}.ics" if token else ""
    values = {
        "here": "my calendar",
        "coming": [one for one in views if one.day >= visit.now],
        "past": [one for one in reversed(views) if one.day < visit.now],
        "address": visit.request.build_absolute_uri(address) if address else "",
    }
    return render(visit.request, "web/student/calendar.html", values)


@page(STUDENTS, "POST")
def new_address(visit: Visit) -> HttpResponse:
    """Make an address of the feed; one that there was ends."""
    account = visit.visitor.account
    _tokens(account).delete()
    now = timezone.now()
    Token.objects.create(
        account=account,
        label=LABEL,
        digest=_KIND + secrets.token_hex(24),
        created_at=now,
        expires_at=now + _LASTS,
    )
    messages.success(visit.request, "Here is your address. An older one does not work any more.")
    return HttpResponseRedirect("/calendar/")


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar as a file, for whoever has the address."""
    account = _account_of(token)
    here = place()
    visitor = visitor_for(account, here.store)
    if visitor.student is None or Role.STUDENT not in visitor.roles:
        raise Http404("nobody in the course has that address")
    # It takes a moment to import, and only this needs it.
    from grader.course.icalendar_file import icalendar_file

    course = here.current().course
    entries = agenda_for(course, gather_dates(here.store, course), visitor.student.identifier)
    answer = HttpResponse(icalendar_file(course, entries), content_type="text/calendar")
    answer["Content-Disposition"] = 'inline; filename="course.ics"'
    return answer


def feed_token(account: Account) -> str:
    """What the account's address has in it; empty where there is none."""
    found = _tokens(account).first()
    return _SIGNER.sign(found.digest.removeprefix(_KIND)) if found else ""


def _account_of(token: str) -> Account:
    try:
        digest = _KIND + _SIGNER.unsign(token)
    except BadSignature as error:
        raise Http404("there is no such address") from error
    found = Token.objects.select_related("account").filter(digest=digest).first()
    if found is None or found.expires_at <= timezone.now() or not found.account.is_active:
        raise Http404("that address has ended")
    Token.objects.filter(pk=found.pk).update(last_used_at=timezone.now())
    return found.account


def _tokens(account: Account) -> "QuerySet[Token]":
    rows = Token.objects.filter(account=account, digest__startswith=_KIND)
    return rows.filter(expires_at__gt=timezone.now())


def _view(visit: Visit, entry: Entry) -> EntryView:
    at = entry.at if isinstance(entry.at, datetime) else None
    # A day is over when it ends.
    day = at or datetime.combine(entry.at, time(23, 59, 59), tzinfo=visit.course.zone)
    assignment = visit.course.assignments.get(entry.subject)
    is_of_one = assignment is not None and entry.kind not in (Kind.LECTURE, Kind.EVENT)
    return EntryView(
        at=at,
        day=day.astimezone(UTC),
        kind=entry.kind,
        title=f"Lecture {entry.subject}: {entry.title}"
        if entry.kind is Kind.LECTURE
        else entry.title,
        # When it is due is told in the visitor's zone already.
        text=entry.text.partition("; ")[2] if entry.kind is Kind.DUE else entry.text,
        link=f"/assignments/{entry.subject}/"
        if is_of_one and assignment and assignment.release_utc <= visit.now
        else "",
        is_own=entry.kind is Kind.DUE,
    )
