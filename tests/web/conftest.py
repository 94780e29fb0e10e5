"""A site of a small course, asked in this process by Django's test client.

Django is set up for the web when this is collected, before any test runs: it can be once only.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings

from grader.web.settings import Served, settings_for

NOWHERE = Path(tempfile.gettempdir()) / "no-course-is-served"

if not settings.configured:
    # What is served is said by each test's site.
    unset = Served(NOWHERE / "course.yaml", NOWHERE / "data", "http://testserver")
    settings.configure(
        **{
            **settings_for(unset, b"tests" * 8),
            # Tests of other parts run in this process too, and must find a database that opens.
            "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            # Quick: what argon2 takes is not what is tested, except where it is.
            "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        }
    )
    django.setup()
assert "grader.web" in settings.INSTALLED_APPS, "Django was set up before without the web"

from tests.web.site import Site, made_site, template_folder  # noqa: E402


@pytest.fixture(scope="session")
def web_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose data folder has all tables, the web's too."""
    return template_folder(tmp_path_factory.mktemp("web"))


@pytest.fixture
def site(web_template: Path, tmp_path: Path) -> Iterator[Site]:
    """The small course at noon of 20 January 2027; staff are `ivy` (instructor) and `tam` (TA)."""
    with made_site(web_template, tmp_path) as made:
        yield made
