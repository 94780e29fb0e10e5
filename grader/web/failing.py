"""Pages for what is not found, not allowed, or failed on our side."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _say(request, 400, "That request makes no sense here", "Go back and try again.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
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


def failed(request: HttpRequest) -> HttpResponse:
    """500. Without the database too: nothing is looked up."""
    return _say(
        request,
        500,
        "Something of ours failed",
        "Nothing that was handed in is lost. Try again in a moment; if it stays, tell the teaching "
        "staff what you did.",
    )


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


def _say(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    values = {"title": title, "advice": advice, "status": status}
    # A template of its own, which needs nothing that may be the cause.
    return render(request, "web/failed.html", values, status=status)
