"""Every page in a browser: axe finds nothing, in light and dark, and it fits a phone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Page, ViewportSize
from waitress.server import create_server

from tests.web.site import Site
from tests.web.story_course import browser
from tests.web.test_ownership import FOUND, NOT_THERE, TABLE, Things, put_things, view_of
from tests.web.test_routes import PLAIN
from tests.web.threaded import served

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
# What answers with something else than a page of ours.
NO_PAGES = {
    "assignments/hw1/now",
    "submissions/{submission}/live",
    "submissions/{submission}/receipt",
    "submissions/{submission}/file",
    "submissions/{essay}/pdf",
    "staff/live/",
    "staff/reports/hw1/page",
    "staff/reports/hw1/feedback/ada.html",
    "staff/reports/hw1/scores.csv",
    "staff/term/gradebook.csv",
    "staff/gradebook/scores.csv",
    "staff/marking/essay/idea/{essay}/progress",
    "staff/marking/essay/idea/{essay}/before",
    "staff/marking/essay/idea/{essay}/after",
    "course/assignments/hw1/bundle/state/",
    "course/record/csv/",
    "course/bundle/",
    "course/changes/grades/",
}
# What else axe looks for is the same in the dark.
OF_COLOURS = ("color-contrast", "link-in-text-block")
# Whoever may see a page looks at it; who comes first here sees most of it.
VIEWERS = ("ivy", "tam", "ada")


@pytest.fixture
def live(site: Site) -> Iterator[str]:
    """The site's address: it is served by a thread of this process."""
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=2)
    with served(server) as port:
        yield f"http://127.0.0.1:{port}"


def pages(things: Things) -> list[tuple[str, str]]:
    """Every page, with who looks at it."""
    numbers = {name: getattr(things, name) for name in vars(things)}
    found = [("", "account/login/")]
    roles = {"ivy": "instructor", "tam": "ta", "ada": "student"}
    for route, view in PLAIN:
        if "GET" in getattr(view, "methods", ()) and route not in NO_PAGES:
            allowed = getattr(view, "roles", frozenset())
            found.append((next(who for who in VIEWERS if roles[who] in allowed), route))
    for address, answers in TABLE.items():
        path = address.format(**numbers)
        gets = "GET" in getattr(view_of(path), "methods", ())
        if gets and address not in NO_PAGES | NOT_THERE:
            found.append((next(who for who in VIEWERS if answers[who] == FOUND), path))
    # A student sees these otherwise than staff do.
    student = ["", "account/", f"submissions/{things.submission}/notebook"]
    return [*found, *(("ada", path) for path in student)]


def complaints_of(page: Page, *rules: str) -> list[str]:
    """What axe finds in a page that has its script; by these rules alone, where some are named."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]
    ]


def look_at(page: Page, address: str, where: str) -> list[str]:
    """What is wrong with a page, in light, in dark and on a phone."""
    answer = page.goto(address, wait_until="load")
    assert answer is not None
    if answer.status != 200:
        return [f"{where}: {answer.status}"]
    page.evaluate(f"() => {{ {AXE_SCRIPT} }}")
    page.emulate_media(color_scheme="light")
    found = [f"{where}: {told}" for told in complaints_of(page)]
    page.emulate_media(color_scheme="dark")
    found += [f"{where} (dark): {told}" for told in complaints_of(page, *OF_COLOURS)]
    page.set_viewport_size(PHONE)
    width = page.evaluate("() => document.documentElement.scrollWidth")
    if width > PHONE["width"]:
        found.append(f"{where}: {width} pixels wide on a phone")
    return found


def test_every_page_can_be_read_by_everybody(site: Site, live: str) -> None:
    things = put_things(site)
    name = settings.SESSION_COOKIE_NAME
    # Beforehand: a browser that is driven from this thread keeps it from asking the database.
    keys = {who: site.client(who).cookies[name].value for who in VIEWERS}
    complaints: list[str] = []
    with browser() as chromium:
        contexts = {
            who: chromium.new_context(viewport=DESKTOP, bypass_csp=True) for who in ("", *keys)
        }
        for who, key in keys.items():
            contexts[who].add_cookies([{"name": name, "value": key, "url": live}])
        for who, path in pages(things):
            page = contexts[who].new_page()
            complaints += look_at(page, f"{live}/{path}", f"{who or 'nobody'} /{path}")
            page.close()
    assert complaints == []
