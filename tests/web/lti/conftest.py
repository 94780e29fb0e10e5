"""The site with an LMS that an instructor has registered."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from grader.web.lti import sending
from tests.web.lti.lms import Lms, running_lms
from tests.web.site import Site


def registration(lms: Lms, **more: str) -> dict[str, str]:
    """What an instructor types to register it."""
    return {
        "name": "Quercus",
        "issuer": lms.issuer,
        "client": lms.client,
        "login_url": f"{lms.url}/auth",
        "token_url": f"{lms.url}/token",
        "keys_url": f"{lms.url}/keys",
        "deployments": "d1\nd2",
        "identified_by": "sourcedid",
        **more,
    }


@pytest.fixture
def bare_lms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lms]:
    """An LMS that nobody has registered."""
    monkeypatch.setattr(sending, "PAUSES", (0.0, 0.0))
    cache.clear()
    with running_lms() as lms:
        yield lms
    cache.clear()


@pytest.fixture
def lms(site: Site, bare_lms: Lms) -> Lms:
    """An LMS that the instructor has registered, by the page."""
    answer = site.client("ivy").post("/course/lti/platforms/new/", registration(bare_lms))
    assert answer.status_code == 302, answer.content.decode()
    bare_lms.tool_keys = site.client().get("/lti/keys/").json()
    return bare_lms
