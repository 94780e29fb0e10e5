"""What the tests of the instructor's pages share."""

import re
from html import unescape
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

from grader.store import ActionRow
from tests.web.site import Site


def told(answer: Any) -> list[str]:
    """What a change said, which the next page would show."""
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    answer.client.cookies.pop("messages", None)
    return said


def words(answer: Any) -> str:
    """A page's text with single spaces."""
    return " ".join(answer.content.decode().split())


def noted(site: Site, what: str) -> list[ActionRow]:
    """The changes of a kind on record, the newest first."""
    return list(site.store.record.find(what=what)[0])


def change_course(site: Site, old: str, new: str) -> None:
    """Edit course.yaml as with an editor."""
    file = site.served.course_file
    assert file.read_text().count(old) == 1, old
    file.write_text(file.read_text().replace(old, new))


def form(answer: Any, action: str) -> dict[str, str]:
    """The hidden fields of the page's form that is sent to an address."""
    found = re.search(
        rf'<form method="post" action="{re.escape(action)}".*?</form>',
        answer.content.decode(),
        re.S,
    )
    assert found, f"no form for {action}"
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[0])
    return {name: unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def sent(client: Client, answer: Any, action: str, **more: str) -> Any:
    """What comes of sending that form, with what people fill in."""
    return client.post(action, {**form(answer, action), **more})
