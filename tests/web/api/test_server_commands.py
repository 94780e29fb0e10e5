"""`course login`, and submitting, status and feedback at a server, over real connections."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.db.models import F

from grader.cli.app import run
from grader.cli.server_tokens import read_address
from grader.store import is_genuine, read_receipt
from grader.web.account.tokens import make_token
from grader.web.models import Account, DeviceLogin, Token
from tests.term_course import at, notebook
from tests.web.site import Site


class Ran(NamedTuple):
    code: int
    out: str
    err: str


class Command:
    """The `course` command of a person on another machine: no course file, a folder of its own."""

    def __init__(self, address: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.address = address
        self.kept = folder / "config" / "servers.json"
        self._capsys = capsys

    def __call__(self, *words: str) -> Ran:
        code = run(list(words))
        printed = self._capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    def there(self, *words: str) -> Ran:
        return self("--server", self.address, *words)

    def log_in(self, login: str) -> str:
        """As if they had: a token of that account is kept."""
        text = make_token(Account.objects.get(login=login), "a test", 7)[1]
        self.kept.parent.mkdir(exist_ok=True)
        self.kept.write_text(json.dumps({self.address: text}))
        return text


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: pytest shows enough."""


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """A server at work, answering in a thread of its own."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)

    def answer() -> None:
        try:
            server.serve_forever(poll_interval=0.02)
        finally:
            connections.close_all()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def course(
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    cache.clear()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COURSE_CONFIG", str(folder / "config"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("COURSE_SERVER", raising=False)
    (folder / "mine.ipynb").write_bytes(notebook_of_jupyter())
    return Command(address, folder, capsys)


def decide(site: Site, monkeypatch: pytest.MonkeyPatch, decision: str) -> list[float]:
    """Let time pass without waiting; somebody decides in the second pause. The pauses' lengths."""
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        before = timedelta(seconds=seconds)
        DeviceLogin.objects.exclude(asked_at=None).update(asked_at=F("asked_at") - before)
        if len(waited) == 2:
            code = DeviceLogin.objects.get().code
            site.client("ada").post("/account/device/", {"code": code, "decision": decision})

    monkeypatch.setattr("grader.cli.login.time.sleep", sleep)
    return waited


def test_logging_in_keeps_a_token_that_nobody_else_can_read(
    site: Site, course: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = decide(site, monkeypatch, "allow")
    ran = course("login", course.address + "/")
    assert ran.code == 0
    assert "open http://testserver/account/device/ and type the code " in ran.out
    assert f"logged in at {course.address} as ada (student)" in ran.out
    assert waited == [5, 5]
    assert course.kept.stat().st_mode & 0o777 == 0o600
    assert course.kept.parent.stat().st_mode & 0o777 == 0o700
    (token,) = json.loads(course.kept.read_text()).values()
    assert token not in ran.out + ran.err
    assert socket.gethostname() in Token.objects.get().label
    assert course.there("status").code == 0


def test_a_login_that_is_denied_keeps_nothing(
    site: Site, course: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(site, monkeypatch, "deny")
    ran = course("login", course.address)
    assert (ran.code, "it was denied on the page" in ran.err) == (1, True)
    assert not course.kept.exists()


def test_a_login_that_nobody_decides_ends(
    site: Site, course: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_: float) -> None:
        DeviceLogin.objects.update(expires_at=F("created_at"))

    monkeypatch.setattr("grader.cli.login.time.sleep", sleep)
    ran = course("login", course.address)
    assert (ran.code, "nobody typed the code in time" in ran.err) == (1, True)


def test_a_command_that_is_told_to_slow_down_does(
    site: Site, course: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            DeviceLogin.objects.update(denied=True)

    monkeypatch.setattr("grader.cli.login.time.sleep", sleep)
    assert course("login", course.address).code == 1
    assert waited == [5, 5, 10]


def test_logging_out_revokes_the_token(site: Site, course: Command) -> None:
    course.log_in("ada")
    ran = course("logout", course.address)
    assert (ran.code, ran.out) == (0, f"logged out at {course.address}\n")
    assert not Token.objects.exists()
    assert json.loads(course.kept.read_text()) == {}
    again = course("logout", course.address)
    assert (again.code, "you are not logged in" in again.out) == (0, True)


def test_logging_out_where_nobody_answers_forgets_the_token_and_says_so(
    site: Site, course: Command
) -> None:
    there = f"http://127.0.0.1:{free_port()}"
    course.kept.parent.mkdir()
    course.kept.write_text(json.dumps({there: "course_x"}))
    ran = course("logout", there)
    assert ran.code == 1
    assert "forgotten here" in ran.err
    assert "Revoke it on your account's page." in ran.err
    assert json.loads(course.kept.read_text()) == {}


def test_a_notebook_is_submitted_at_the_server(site: Site, course: Command) -> None:
    course.log_in("ada")
    ran = course.there("submit", "hw1", "mine.ipynb", "--receipt", "receipt.json")
    assert ran.code == 0
    (row,) = site.store.submissions("hw1")
    assert (row.student, row.file_name) == ("ada", "mine.ipynb")
    assert ran.out.splitlines() == [
        "received: hw1 of ada, submission 1",
        f"  sha256 {row.sha256}",
        "  2027-01-20T12:00:00-05:00: on time",
        "  receipt: receipt.json",
    ]
    receipt = read_receipt(Path("receipt.json").read_bytes())
    assert is_genuine(receipt, site.store.secret())
    told = json.loads(course.there("submit", "hw1", "mine.ipynb", "--json").out)
    assert (told["submission"], told["repeated"]) == (1, True)


def test_the_server_may_be_named_by_the_environment(
    site: Site, course: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.log_in("ada")
    monkeypatch.setenv("COURSE_SERVER", course.address)
    assert course("submit", "hw1", "mine.ipynb").code == 0
    told = course("submit", "hw1", "ada", "mine.ipynb")
    assert (told.code, "without a student" in told.err) == (1, True)
    # What works on this machine does so still.
    assert "course.yaml" in course("calendar").err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("submit", "hw1", "bad.ipynb"), "bad.ipynb: line 1, column 1: this is no notebook"),
        (("submit", "hw2", "mine.ipynb"), "hw2 is not released yet: it opens at 2027-01-28 18:00"),
        (("submit", "hw11", "mine.ipynb"), "no assignment 'hw11' at http://127.0.0.1"),
        (("submit", "../me", "mine.ipynb"), "no assignment '../me'"),
        (("submit", "essay", "mine.ipynb"), "mine.ipynb: "),
        (("submit", "hw1", "absent.ipynb"), "absent.ipynb: there is no such file"),
        (("submit", "hw1"), "without a student"),
        (("submit", "hw1", "mine.ipynb", "--receipt", "no/r.json"), "there is no such folder"),
        (("status", "hw11"), "did you mean `hw1`?"),
        (("feedback", "hw11"), "did you mean `hw1`?"),
        (("feedback", "hw2"), "hw2 is not released yet"),
        (("grade", "hw1"), "--server is for submit, status, feedback"),
        (("--now", "2027-01-20 12:00", "status"), "a server has its own clock"),
    ],
)
def test_what_is_refused_is_told_with_what_to_do(
    site: Site, course: Command, words: tuple[str, ...], told: str
) -> None:
    course.log_in("ada")
    Path("bad.ipynb").write_text("not at all")
    ran = course.there(*words)
    assert ran.code == 1
    assert told in ran.err
    assert not site.store.work_of("ada")


def test_status_is_that_of_the_command_on_the_spot(site: Site, course: Command) -> None:
    site.hand_in("ada")
    course.log_in("ada")
    ran = course.there("status")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].split() == ["assignment", "due", "handed", "in", "now"]
    assert lines[1].split()[:5] == ["hw1", "2027-01-28", "23:59", "2027-01-20", "12:00"]
    told = json.loads(course.there("status", "hw1", "--json").out)
    assert [one["newest"] for one in told["assignments"]] == [1]


def test_feedback_is_that_of_the_page(site: Site, course: Command) -> None:
    site.hand_in("ada")
    site.grade()
    course.log_in("ada")
    early = course.there("feedback", "hw1")
    assert "First homework: Ada" in early.out
    assert "A check" not in early.out
    site.at(at("2027-02-01 12:00"))
    late = course.there("feedback", "hw1")
    assert (late.code, "Final score: 7 of 10" in late.out) == (0, True)
    assert "✓ A check (6 / 6" in late.out


def test_who_is_not_logged_in_is_told_how(site: Site, course: Command) -> None:
    ran = course.there("status")
    assert ran.code == 1
    assert f"`course login {course.address}`" in ran.err
    course.log_in("ada")
    Token.objects.all().delete()
    ran = course.there("status")
    assert ran.code == 1
    assert f"over or was revoked: `course login {course.address}`" in ran.err


def test_staff_are_told_whose_these_commands_are(site: Site, course: Command) -> None:
    course.log_in("tam")
    ran = course.there("status")
    assert (ran.code, "it is for student; your token is of ta" in ran.err) == (1, True)


def test_a_server_that_fails_is_no_fault_of_the_person(
    site: Site, course: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.log_in("ada")
    monkeypatch.setattr("grader.web.api.students.submit", lambda *_: 1 / 0)
    ran = course.there("submit", "hw1", "mine.ipynb")
    assert ran.code == 2
    assert "failed (500). Nothing that was handed in is lost." in ran.err


def test_a_server_that_does_not_answer_is_told_as_that(site: Site, course: Command) -> None:
    there = f"http://127.0.0.1:{free_port()}"
    ran = course("login", there)
    assert ran.code == 2
    assert f"{there} can't be reached" in ran.err


def test_something_else_than_a_course_is_told_as_that(site: Site, course: Command) -> None:
    ran = course("login", f"{course.address}/nothing")
    assert ran.code == 1
    assert "doesn't answer as a course's page does (404)" in ran.err


@pytest.mark.parametrize("text", ["{", "[]", '{"https://x.example": 7}'])
def test_a_file_of_tokens_that_is_none_is_told_as_that(
    site: Site, course: Command, text: str
) -> None:
    course.kept.parent.mkdir()
    course.kept.write_text(text)
    ran = course.there("status")
    assert ran.code == 1
    assert f"{course.kept}" in ran.err
    assert course.kept.read_text() == text


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("https://Course.Example.edu/", "https://course.example.edu"),
        ("https://course.example.edu:8443/ml/", "https://course.example.edu:8443/ml"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_has_one_form(text: str, known: str) -> None:
    assert read_address(text) == known


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://course.example.edu", "by https only"),
        ("http://127.0.0.1.example.edu", "by https only"),
        ("course.example.edu", "give it as https://HOST"),
        ("ftp://course.example.edu", "give it as https://HOST"),
        ("https://me:secret@course.example.edu", "the address alone"),
        ("https://course.example.edu/?x=1", "the address alone"),
        ("https://course.example.edu:x", "no address of a server"),
    ],
)
def test_an_address_that_gives_the_token_away_is_refused(
    site: Site, course: Command, text: str, told: str
) -> None:
    ran = course("login", text)
    assert ran.code == 1
    assert told in ran.err


def notebook_of_jupyter() -> bytes:
    """A notebook that says its language, as Jupyter's do: there is nothing to note about it."""
    told = json.loads(notebook("x = 1"))
    told["metadata"]["language_info"] = {"name": "python"}
    return json.dumps(told).encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
