"""Requests to an LMS: only where it may send us, bounded in time and size, never redirected."""

import hashlib
import threading
import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

import requests
from django.core.cache import cache

from grader.web.account.single_sign_on import is_loopback, is_private
from grader.web.lti.models import Platform

CONNECT_SECONDS, READ_SECONDS, MOST_SECONDS = 5.0, 10.0, 20.0
MOST_BYTES = 1 << 20
KEYS_KEPT_SECONDS = 600
# However many tokens name a key that isn't published, the keys are not fetched more often.
KEYS_AGAIN_AFTER_SECONDS = 30
# While an LMS doesn't tell its keys, it is not asked for each launch: few threads answer pages.
FAILURE_KEPT_SECONDS = 10
# So long a launch waits for the keys that another one asks for just now.
WAIT_SECONDS = 3.0
_asking: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class Unusable(requests.RequestException):
    """An answer that can't be used, or an address that is not asked; the message says why."""


def may_call(url: str, platform: Platform) -> bool:
    """Whether we ask that address for this LMS.

    By https, or on this machine where the LMS itself is: what another one names must not reach
    services here that are open to this machine alone.
    """
    try:
        host = urlsplit(url).hostname or ""
        here = is_loopback(urlsplit(platform.token_url).hostname or "")
        return is_private(url) and (here or not is_loopback(host))
    except ValueError:  # it is no address
        return False


class Calls(requests.Session):
    """A session of requests to one LMS. What fails raises `requests.RequestException`."""

    def __init__(self, platform: Platform) -> None:
        super().__init__()
        self._platform = platform
        self.headers["User-Agent"] = "course-lti"
        # Else requests sends a password of ~/.netrc in the place of our token.
        self.auth = _as_it_is

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """One request. An answer is read as a whole, and no further than `MOST_BYTES`."""
        if not may_call(str(url), self._platform):
            raise Unusable(f"{url} is not asked: it is not https, or this machine")
        began = time.monotonic()
        options |= {
            "allow_redirects": False,
            "stream": True,
            "timeout": (CONNECT_SECONDS, READ_SECONDS),
        }
        with super().request(method, url, *args, **options) as answer:
            if 300 <= answer.status_code < 400:
                raise Unusable(f"{url} answers with a redirect, which is not followed")
            read = bytearray()
            for piece in answer.iter_content(1 << 16):
                read += piece
                if len(read) > MOST_BYTES:
                    raise Unusable(f"{url} answers with more than {MOST_BYTES} bytes")
                if time.monotonic() - began > MOST_SECONDS:
                    raise requests.Timeout(f"{url} took more than {MOST_SECONDS:g} s to answer")
            answer._content = bytes(read)  # type: ignore[attr-defined]
        return answer


def keys_of(platform: Platform, *, again: bool = False) -> dict[str, Any]:
    """The keys that the LMS signs with, kept for ten minutes; with `again` fetched anew.

    Raises `requests.RequestException`.
    """
    name = f"lti-keys-{hashlib.sha256(platform.keys_url.encode()).hexdigest()}"
    if (found := _kept(name, again=again)) is not None:
        return found
    alone = _asking[name]
    if not alone.acquire(timeout=WAIT_SECONDS):
        raise Unusable(f"{platform.keys_url} is being asked, and has not answered yet")
    try:
        found = _kept(name, again=again)
        return _fetched(platform, name) if found is None else found
    finally:
        alone.release()


def _kept(name: str, *, again: bool) -> dict[str, Any] | None:
    """The keys that are known and still good, else None. Raises `Unusable` after a failure."""
    known = cache.get(name)
    if known is not None:
        at, found = known
        if not again or time.time() - at < KEYS_AGAIN_AFTER_SECONDS:
            return found
    if why := cache.get(f"{name}-failed"):
        raise Unusable(why)
    return None


def _fetched(platform: Platform, name: str) -> dict[str, Any]:
    try:
        with Calls(platform) as calls:
            answer = calls.get(platform.keys_url)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
            raise Unusable(f"{platform.keys_url} does not answer with a key set")
    except requests.JSONDecodeError as error:
        why = f"{platform.keys_url} does not answer with JSON"
        cache.set(f"{name}-failed", why, FAILURE_KEPT_SECONDS)
        raise Unusable(why) from error
    except requests.RequestException as error:
        cache.set(f"{name}-failed", str(error) or type(error).__name__, FAILURE_KEPT_SECONDS)
        raise
    cache.set(name, (time.time(), found), KEYS_KEPT_SECONDS)
    return found


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
