"""Pages for what is not found, not allowed, or failed on our side."""

import logging

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from grader.course import CourseFileError
from grader.desk.in_force import CannotReadVersion
from grader.store import StoreFault
from grader.web.guarding import Answer
from grader.web.shares import TooMuch
from grader.web.staff.made import Busy
from grader.web.visits import OwnWork, visitor_of

log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _say(request, 400, "That request makes no sense here", "Go back and try again.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if isinstance(exception, OwnWork):
        return _say(request, 403, "This is your own work", "Ask others of the staff to look at it.")
    return _say(
        request,
        403,
        "This page is not for you",
        "You are logged in, but with another role. If you think that it should be yours, ask the "
        "teaching staff.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, also for what is somebody else's."""
    return _say(
        request, 404, "There is nothing here", "It may not be released yet, or not be yours."
    )


def failed(request: HttpRequest, status: int = 500) -> HttpResponse:
    """500. Without the database too: nothing is looked up."""
    return _say(
        request,
        status,
        "Something of ours failed",
        "Nothing that was handed in is lost. Try again in a moment; if it stays, tell the teaching "
        "staff what you did.",
    )


class Unavailable:
    """Tells what our side can't do just now, and that nothing is lost: middleware."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """What the page answers."""
        return self._answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """503 where it is worth trying again, or the course file has to be mended first."""
        if isinstance(error, CourseFileError | CannotReadVersion):
            log.error("no page can be shown: %s", error)
            visitor = visitor_of(request)
            told = str(error) if visitor is not None and visitor.is_instructor else ""
            return _say(
                request,
                503,
                "The course can't be shown now",
                "Its course file has a mistake. The teaching staff have to mend it first.",
                details=told,
            )
        if isinstance(error, Busy):
            return _say(
                request,
                503,
                "Other reports are being made",
                "Making one takes a while, and a few are made at a time. Reload in some seconds.",
            )
        if isinstance(error, TooMuch):
            log.warning("an account keeps the server busy: %r", request.path)
            return _say(
                request,
                429,
                "That was too much at once",
                "What you asked for in this minute kept the server busy. Wait a minute; nothing "
                "that was handed in is lost.",
            )
        if isinstance(error, StoreFault):
            log.error("a page could not be shown: %s", error)
            answer = failed(request, status=503)
            answer["Retry-After"] = "10"
            return answer
        return None


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was not ours, or is too old."""
    log.warning("a form was refused: %s", reason)
    return _say(
        request,
        403,
        "This form can't be taken",
        "It is too old, or your browser keeps no cookies of this page. Go back, reload, and send "
        "it again. What you typed may be lost, nothing else.",
    )


def _say(
    request: HttpRequest, status: int, title: str, advice: str, details: str = ""
) -> HttpResponse:
    values = {"title": title, "advice": advice, "details": details}
    # A template of its own, without the frame, which looks things up: that may be what failed.
    return HttpResponse(render_to_string("web/failed.html", values), status=status)
