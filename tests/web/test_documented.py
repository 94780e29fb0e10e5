"""What the guides say of the page is so: addresses, words on it, options, limits, keys."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve

from grader.cli.serve import serve_command
from grader.intake import FileLimits, kinds
from grader.store.holds import HELD_FOR
from grader.web.account import devices, inviting, tokens
from grader.web.account.single_sign_on import CLAIM, NEEDED
from grader.web.api.urls import no_such_operation
from grader.web.arriving import WHOLE_SECONDS
from grader.web.serving import CONNECTIONS
from grader.web.settings import UPLOAD_BYTES
from grader.web.shares import MOST_SECONDS, SOME_SECONDS
from grader.web.staff.reports import MOST_IN_PDF
from grader.web.student.handing_in import MOST_A_DAY, MOST_A_MINUTE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WEB = ROOT / "grader" / "web"
WORDING = sorted((ROOT / "grader" / "course").glob("*.py"))
GUIDES = ("students", "tas", "instructors")
SPAN = re.compile(r"`(/[\w/.-]*)`")
EMPHASISED = re.compile(r"(?<![*\w])\*{1,2}([^*\n]+?)\*{1,2}(?![*\w])")
# What is emphasised for other reasons than that one reads it on the page.
SAID = {
    *("before", "our", "ours", "receipt", "timed", "group", "nothing"),
    *("it agrees with the definition", "please check"),
}


def text_of(name: str) -> str:
    """A page of the documents, a line a paragraph."""
    return re.sub(r"\n(?=\S)(?![-|#!>]|\d\. )", " ", (DOCS / f"{name}.md").read_text())


def words_on_pages() -> str:
    """All that is written in templates and by code, a run of white space being one space."""
    files = [*WEB.glob("templates/**/*.html"), *WEB.glob("**/*.py"), *WORDING]
    text = "\n".join(path.read_text() for path in files)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", text)).split()).casefold()


def addresses(name: str) -> list[str]:
    """The addresses of the page that a document names, but the host's own folders."""
    return [one for one in SPAN.findall(text_of(name)) if not one.startswith(("/etc/", "/.well"))]


@pytest.mark.parametrize("name", [*GUIDES, "web", "lms"])
def test_every_address_that_is_named_exists(name: str) -> None:
    missing: list[str] = []
    for address in addresses(name):
        try:
            found = resolve(address)
        except Resolver404:
            missing.append(address)
            continue
        # Below the API all is answered, with 404 as JSON.
        if found.func is no_such_operation and address != "/api/v1/":
            missing.append(address)
    assert missing == []


def test_addresses_are_found_in_the_text() -> None:
    assert {"/account/", "/course/people/", "/staff/", "/api/v1/openapi.json"} <= set(
        addresses("web")
    )
    with pytest.raises(Resolver404):
        resolve("/course/persons/")


def emphasised(name: str) -> Iterator[str]:
    """The words that one is to look for on the page, without the question's number in them."""
    prose = re.sub(r"!\[[^\]]*\]|<img[^>]*>|`[^`]*`", "", text_of(name))
    for words in EMPHASISED.findall(prose):
        yield re.sub(r" q\d+$", "", words).casefold()


@pytest.mark.parametrize("name", GUIDES)
def test_what_one_is_to_look_for_is_written_on_a_page(name: str) -> None:
    there = words_on_pages()
    looked_for = [one for one in emphasised(name) if not one.startswith(tuple(SAID))]
    assert len(looked_for) > 10
    assert [one for one in looked_for if one not in there] == []


def test_each_option_of_serving_is_told_and_no_other() -> None:
    rows = re.findall(r"^\| (`--[^|]+) \|", text_of("web"), flags=re.MULTILINE)
    told = {option for row in rows for option in re.findall(r"--[\w-]+", row)}
    assert told == {option for one in serve_command.params for option in one.opts}


def test_each_variable_of_single_sign_on_is_told() -> None:
    rows = re.findall(r"^\| (`COURSE_OIDC[^|]+) \|", text_of("web"), flags=re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == {*NEEDED, CLAIM}


def test_limits_are_those_of_the_code() -> None:
    allowed = settings.ACCOUNT_RATE_LIMITS
    assert allowed["login_failed"] == "30/m/ip,5/5m/key"
    assert (allowed["device"], allowed["device_code"]) == ("60/m/ip", "10/m/user")
    largest = {FileLimits().largest(kind) for kind in (kinds.NOTEBOOK, kinds.PDF)}
    assert largest == {20 << 20}
    assert settings.SESSION_EXPIRE_AT_BROWSER_CLOSE
    assert settings.SESSION_COOKIE_AGE == 7 * 86_400
    (length,) = [one["OPTIONS"] for one in settings.AUTH_PASSWORD_VALIDATORS if "OPTIONS" in one]
    text = text_of("web")
    for words in (
        f"| a request | {UPLOAD_BYTES >> 20} MB, and it is refused beyond that; a notebook or PDF "
        "may have 20 MB |",
        f"client_max_body_size {UPLOAD_BYTES >> 20}m;",
        f"| files handed in | {MOST_A_MINUTE} a minute and account, {MOST_A_DAY} a day",
        f"| time to send it | {WHOLE_SECONDS / 60:g} minutes, its head a minute",
        f"| connections | {CONNECTIONS:,} at once",
        f"| a student's requests | {MOST_SECONDS:g} seconds of processor a minute; after "
        f"{SOME_SECONDS:g} of them, two at a time",
        "| 5 in 5 minutes for an account, 30 a minute from an address |",
        "| asked for 60 times a minute from an address; 10 wrong ones a minute and account |",
        f"| tokens | {tokens.MOST_TOKENS} an account |",
        f"| reports as PDF | courses of {MOST_IN_PDF} students",
        f"A password has {length['min_length']} characters or more",
        f"A link holds for {inviting.LASTS.days} days, and once.",
        f"the token that comes of it for {devices.TOKEN_DAYS} days",
    ):
        assert words in text
    assert devices.LASTS.total_seconds() == 600
    assert "The code is good for ten minutes" in text
    assert HELD_FOR.total_seconds() == 600
    assert "It is yours for ten minutes" in text_of("tas")


def test_each_key_of_the_marking_page_is_told() -> None:
    template = (WEB / "templates/web/staff/marking_paper.html").read_text()
    legend = template.partition('<dl class="keys"')[2]
    on_page = {key for key in re.findall(r"<kbd>(\w+)</kbd>", legend) if not key.isdecimal()}
    table = text_of("tas").partition("| key | does |")[2].partition("\n\n")[0]
    told = {key for key in re.findall(r"`(\w+)`", table) if not key.isdecimal()}
    assert told == on_page
