"""Whose token it is, and whether somebody of their role may ask for that."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja.security import HttpBearer

from grader.web.account.tokens import find_token
from grader.web.arriving import waited
from grader.web.models import Token
from grader.web.place import place
from grader.web.shares import begin_turn
from grader.web.visits import EVERYBODY, STAFF, STUDENTS, Role, Visit, visitor_for


class Bearer(HttpBearer):
    """Lets in who shows a token and has one of the roles; the request's `auth` is their `Visit`."""

    def __init__(self, roles: frozenset[Role]) -> None:
        self.roles = roles
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> Visit | None:
        """The visit, or None for what is no token. Raises `PermissionDenied` for other roles."""
        found = find_token(token)
        if found is None:
            return None
        here = place()
        visitor = visitor_for(found.account, here.store)
        if not visitor.roles & self.roles:
            wanted, had = (", ".join(sorted(roles)) for roles in (self.roles, visitor.roles))
            raise PermissionDenied(f"it is for {wanted}; your token is of {had or 'nobody here'}")
        if not visitor.is_staff:
            begin_turn(request, (here.data, found.account.pk))
        request.token = found  # type: ignore[attr-defined]
        return Visit(request, visitor, here, here.now - waited(request))


class Asked(HttpRequest):
    """A request that was let in."""

    auth: Visit
    token: Token


ANYBODY = Bearer(EVERYBODY)
A_STUDENT = Bearer(STUDENTS)
STAFF_ONLY = Bearer(STAFF)
