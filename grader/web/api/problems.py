"""Failures as JSON: a title, what was wrong in detail, and what to do about it."""

import logging

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from grader.intake import Refused
from grader.web.shares import TooMuch

log = logging.getLogger(__name__)


class Problem(Schema):
    """What went wrong, much as RFC 9457 has it. `hint` says what to do; it may be empty."""

    status: int
    title: str
    detail: str
    hint: str = ""


class Failed(Exception):
    """An operation that can't be done; how it is told."""

    def __init__(self, status: int, title: str, detail: str, hint: str = "") -> None:
        self.problem = Problem(status=status, title=title, detail=detail, hint=hint)
        super().__init__(detail)


def told_by(api: NinjaAPI) -> None:
    """Have the API tell all failures so."""

    def say(
        request: HttpRequest, status: int, title: str, detail: str, hint: str = ""
    ) -> HttpResponse:
        told = Problem(status=status, title=title, detail=detail, hint=hint)
        return api.create_response(request, told, status=status)

    @api.exception_handler(Failed)
    def failed(request: HttpRequest, error: Failed) -> HttpResponse:
        return api.create_response(request, error.problem, status=error.problem.status)

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, error: Refused) -> HttpResponse:
        detail = f"{error.place}: {error.reason}" if error.place else error.reason
        return say(request, 422, "It was refused", detail, error.hint)

    @api.exception_handler(AuthenticationError)
    def no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        response = say(
            request,
            401,
            "Show a token",
            "There is none in the request, or it is over, was revoked, or never was one.",
            "Get one by `course login`, or on your account's page, and send it as "
            "`Authorization: Bearer TOKEN`.",
        )
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(PermissionDenied)
    def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return say(request, 403, "This is not for you", f"Your role may not do that: {error}.")

    @api.exception_handler(TooMuch)
    def too_much(request: HttpRequest, error: TooMuch) -> HttpResponse:
        return say(request, 429, "That was too much", "It kept the server busy.", "Wait a minute.")

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
        detail = "It may not be released yet, or not be yours."
        return say(request, 404, "There is nothing here", detail)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        first = error.errors[0]
        where = ".".join(map(str, first["loc"]))
        return say(request, 422, "The request has a mistake", f"{where}: {first['msg']}")

    @api.exception_handler(HttpError)
    def refused_request(request: HttpRequest, error: HttpError) -> HttpResponse:
        return say(request, error.status_code, "The request has a mistake", error.message)

    @api.exception_handler(Exception)
    def ours(request: HttpRequest, error: Exception) -> HttpResponse:
        log.exception("the API failed at %r", request.path, exc_info=error)
        return say(
            request,
            500,
            "Something of ours failed",
            "Nothing that was handed in is lost.",
            "Try again in a moment; if it stays, tell the teaching staff what you did.",
        )
