"""Who asks for what. Every page says which roles it is for; what it is given is a `Visit`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, cached_property, wraps
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils import timezone

from grader.course import Course
from grader.store import Store, StudentRow, SubmissionRow
from grader.web.arriving import waited
from grader.web.models import Account
from grader.web.place import Current, Place, place
from grader.web.shares import begin_turn


class OwnWork(PermissionDenied):
    """What others of the staff must do, since it is the visitor's own work."""


class Role(StrEnum):
    """What somebody is in this course. Their own work they see as a student."""

    STUDENT = "student"
    TA = "ta"
    INSTRUCTOR = "instructor"


EVERYBODY = frozenset(Role)
STAFF = frozenset({Role.TA, Role.INSTRUCTOR})
INSTRUCTORS = frozenset({Role.INSTRUCTOR})
STUDENTS = frozenset({Role.STUDENT})


@dataclass(frozen=True)
class Visitor:
    """Somebody who logged in. `sections` are those that a TA is for, None for all of them."""

    account: Account
    student: StudentRow | None
    roles: frozenset[Role]
    sections: frozenset[str] | None

    @property
    def by(self) -> str:
        """Who they are, in the course's record."""
        return self.account.login

    @property
    def name(self) -> str:
        """Their name for people."""
        return self.account.name or (self.student.name if self.student else "") or self.by

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF)

    @property
    def is_instructor(self) -> bool:
        return Role.INSTRUCTOR in self.roles

    def may_see(self, student: StudentRow) -> bool:
        """Whether, as staff, this student's work is theirs to see."""
        if self.is_instructor:
            return True
        return self.is_staff and (self.sections is None or student.section in self.sections)

    def is_party_to(self, row: SubmissionRow) -> bool:
        """Whether it is a TA's own work, which others must mark."""
        if self.is_instructor or self.student is None:
            return False
        return self.student.identifier in (row.student, *row.credited)


@dataclass(frozen=True)
class Visit:
    """One request by somebody who may make it. The course is read once for all of it.

    `now` is when all of the request had arrived.
    """

    request: HttpRequest
    visitor: Visitor
    place: Place
    now: datetime

    @cached_property
    def current(self) -> Current:
        """Which course counts, and what waits beside it."""
        return self.place.current()

    @property
    def course(self) -> Course:
        """The course that counts."""
        return self.current.course

    @property
    def store(self) -> Store:
        return self.place.store

    @property
    def by(self) -> str:
        """Who asks, for the course's record."""
        return self.visitor.by

    @property
    def student(self) -> StudentRow:
        """The student who asks. Raises `PermissionDenied` for anybody else."""
        if self.visitor.student is None or Role.STUDENT not in self.visitor.roles:
            raise PermissionDenied("this page is a student's")
        return self.visitor.student

    @property
    def zone(self) -> ZoneInfo:
        """The zone that times are shown in: the visitor's own, else the course's."""
        chosen = self.visitor.account.zone
        return ZoneInfo(chosen) if chosen in _zones() else self.course.zone


View = Callable[..., HttpResponseBase]
DjangoView = Callable[..., HttpResponseBase]


def page(roles: frozenset[Role], *methods: str) -> Callable[[View], DjangoView]:
    """A view for visitors who have one of these roles, by these methods (GET if none is named).

    Who has not logged in is asked to, or gets 401 where they would change something; who has
    another role gets 403. The view gets a `Visit`, and what the address names.
    """
    allowed = methods or ("GET",)

    def around(view: View) -> DjangoView:
        @wraps(view)
        def answer(request: HttpRequest, **named: Any) -> HttpResponseBase:
            if (request.method or "") not in {*allowed, *(("HEAD",) if "GET" in allowed else ())}:
                return HttpResponseNotAllowed(allowed)
            visitor = visitor_of(request)
            if visitor is None:
                if request.method in ("GET", "HEAD") and not request.headers.get("HX-Request"):
                    return redirect_to_login(request.get_full_path())
                return HttpResponse("Log in first.", status=401, content_type="text/plain")
            if not visitor.roles & roles:
                raise PermissionDenied("this page is for others")
            here = place()
            if not visitor.is_staff:
                begin_turn(request, (here.data, visitor.account.pk))
            visit = Visit(request, visitor, here, here.now - waited(request))
            with timezone.override(visit.zone):
                return view(visit, **named)

        answer.roles = roles  # type: ignore[attr-defined]
        answer.methods = allowed  # type: ignore[attr-defined]
        return answer

    return around


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Who asks, None before they log in. Looked up once a request."""
    known: Visitor | None = getattr(request, "_visitor", None)
    if known is None and isinstance(request.user, Account) and request.user.is_active:
        known = visitor_for(request.user, place().store)
        request._visitor = known  # type: ignore[attr-defined]
    return known


def visitor_for(account: Account, store: Store) -> Visitor:
    """What an account is in the course now, by the roster and the roles that it has."""
    given = list(account.roles.values_list("role", "section"))  # type: ignore[attr-defined]
    roles = {Role(role) for role, _ in given}
    student = store.roster.find(account.student) if account.student else None
    if student is not None and student.active:
        roles.add(Role.STUDENT)
    sections = {section for role, section in given if role == Role.TA}
    everywhere = "" in sections or Role.INSTRUCTOR in roles
    return Visitor(account, student, frozenset(roles), None if everywhere else frozenset(sections))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
