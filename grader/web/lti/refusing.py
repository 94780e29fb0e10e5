"""Why a launch is not taken, in words for whoever opened the link."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

log = logging.getLogger(__name__)

AGAIN = "Go back to the LMS, reload the page there, and open the link again."
TELL = "If it stays so, show this page to the teaching staff."


class Refusal(Exception):
    """A launch that is not taken. `detail` is for the log, `shown` for who can mend it."""

    def __init__(
        self, title: str, advice: str, *, status: int = 400, detail: str = "", shown: str = ""
    ) -> None:
        super().__init__(title)
        self.title = title
        self.advice = advice
        self.status = status
        self.detail = detail
        self.shown = shown[:300]


def incomplete(what: str) -> Refusal:
    """Something is missing of what an LMS sends."""
    return Refusal(
        "This was no launch from an LMS",
        f"It came without {what}. Open the course by its link in the LMS.",
        detail=f"without {what}",
    )


def unknown_platform(issuer: str, client: str) -> Refusal:
    """An LMS that is not registered."""
    return Refusal(
        "This course does not know that LMS",
        "An instructor can register it.",
        status=403,
        detail=f"issuer {issuer[:200]!r}, client {client[:200]!r}",
        shown=f"issuer {issuer}, client {client or '(none told)'}",
    )


def unknown_deployment(deployment: str, platform: str) -> Refusal:
    """An installation of our tool that nobody registered."""
    return Refusal(
        "This course is not open to that part of the LMS",
        f"{platform} is registered here, but not this deployment of it. An instructor can add it.",
        status=403,
        detail=f"deployment {deployment!r} of {platform}",
        shown=f"deployment {deployment}",
    )


def no_state(detail: str) -> Refusal:
    """An answer to a question that this browser didn't ask, or too long ago."""
    return Refusal(
        "This launch can't be taken",
        "It did not begin in this browser within the last ten minutes, or your browser keeps no "
        f"cookies of this page. {AGAIN}",
        detail=detail,
    )


def used() -> Refusal:
    """A second use of the same launch."""
    return Refusal(
        "This launch was used already",
        f"Each can be used once, so a reload or a copy of it is refused. {AGAIN}",
        status=403,
        detail="its nonce was used before",
    )


def too_old() -> Refusal:
    """A token that has expired."""
    return Refusal("This launch is too old", AGAIN, status=403, detail="it has expired")


def untrusted(detail: str) -> Refusal:
    """A token that is not what it should be; which way, only the log tells."""
    return Refusal(
        "What the LMS sent can't be trusted",
        f"You were not logged in. {AGAIN} {TELL}",
        status=403,
        detail=detail,
    )


def other_message(kind: str) -> Refusal:
    """A kind of launch that we have no use for."""
    return Refusal(
        "Only links lead here",
        "The LMS asked for something else than opening a link, such as choosing content. In its "
        "settings, place this tool as a link or an assignment.",
        detail=f"message type {kind[:100]!r}",
    )


def keys_unreachable(platform: str, detail: str) -> Refusal:
    """The LMS doesn't tell its keys now."""
    return Refusal(
        f"{platform} does not answer",
        f"What it sent can't be verified now. Wait a minute. {AGAIN} {TELL}",
        status=503,
        detail=detail,
    )


def not_logged_in_there(error: str) -> Refusal:
    """The LMS itself refused."""
    return Refusal(
        "The LMS did not let you through",
        f"You may have been logged out there. Log in to the LMS again. {AGAIN}",
        status=403,
        detail=f"it says {error[:200]!r}",
    )


def not_on_roster(why: str) -> Refusal:
    """Somebody whom the LMS knows and the course does not."""
    return Refusal(
        "You are not on the roster",
        f"The LMS let you in, and this course doesn't know you. {why} If you have joined the "
        "course just now, try again tomorrow: the roster follows the university's. Otherwise ask "
        "the teaching staff.",
        status=403,
        detail=why,
    )


def say(request: HttpRequest, why: Refusal) -> HttpResponse:
    """The page that says it."""
    log.warning("a launch was refused: %s: %s", why, why.detail)
    return render(request, "web/lti/refused.html", {"why": why}, status=why.status)
