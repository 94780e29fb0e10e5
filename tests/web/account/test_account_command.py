"""`course account`: the same as the page, for whoever is at the machine, and the way back in."""

import io
import json
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from grader.web.models import Account, StaffRole
from tests.term_course import write_term_course
from tests.toy_course import COURSE_COMMAND, course_environment
from tests.web.site import Site

PASSWORD = "seven wet umbrellas"


class Command:
    """`course account` on the site's course; what it printed on stdout and stderr."""

    def __init__(
        self, site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._site, self._capsys, self._monkeypatch = site, capsys, monkeypatch

    def __call__(self, *args: str, code: int = 0, stdin: str = "") -> tuple[str, str]:
        from grader.cli.app import run

        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        served = self._site.served
        place = ("--course", str(served.course_file), "--data", str(served.data))
        found = run([*place, "account", *args])
        printed = self._capsys.readouterr()
        assert found == code, printed
        return printed.out, " ".join(printed.err.split())


@pytest.fixture
def account(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.setenv("COURSE_STAFF", "root")
    monkeypatch.delenv("COURSE_URL", raising=False)
    return Command(site, capsys, monkeypatch)


def logs_in(login: str, password: str) -> bool:
    client = Client()
    client.post("/account/login/", {"login": login, "password": password})
    return client.get("/account/").status_code == 200


def roles(login: str) -> set[tuple[str, str]]:
    return set(StaffRole.objects.filter(account__login=login).values_list("role", "section"))


def noted(site: Site) -> list[tuple[str, str, str, str]]:
    """What the record has of accounts, the oldest first."""
    rows, _ = site.store.record.find(by="root")
    return [(row.by, row.what, row.subject, row.detail) for row in reversed(rows)]


def test_an_account_of_the_staff_is_made_with_a_password(account: Command, site: Site) -> None:
    told = account("add", "max", "--role", "ta", "--section", "L1", "--name", "Max M",
                   "--password-stdin", stdin=f"{PASSWORD}\n")  # fmt: skip
    assert told == ("", "max has an account now")
    assert roles("max") == {("ta", "L1")}
    assert Account.objects.get(login="max").name == "Max M"
    assert logs_in("max", PASSWORD)
    assert noted(site) == [
        ("root", "account made", "max", "Max M"),
        ("root", "role given", "max", "TA of L1"),
        ("root", "password set", "max", "by staff"),
    ]


def test_an_account_of_a_student_has_what_the_roster_says(account: Command, site: Site) -> None:
    Account.objects.filter(login="kim").delete()
    account("add", "kim", "--student", "kim", "--password-stdin", stdin=PASSWORD)
    kim = Account.objects.get(login="kim")
    assert (kim.student, kim.name, kim.email) == ("kim", "Kim", "kim@mail.example")
    assert logs_in("kim", PASSWORD)
    assert noted(site)[0] == ("root", "account made", "kim", "of student kim")


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["IVY"], "there is an account IVY already"),
        (["ada"], "ada is a student's identifier: choose another login"),
        (["x", "--student", "ada"], "ada has an account already: ada"),
        (["bob", "--student", "kim"], "bob is another student's identifier"),
        (["tam", "--student", "kim"], "there is an account tam already"),
        (["x", "--student", "kimm"], "no student 'kimm' is in the roster; did you mean `kim`?"),
        (["kim", "--student", "kim", "--name", "K"], "are the roster's; leave them out"),
        (["a b"], "'a b' is no login"),
        (["x", "--role", "instructor", "--section", "L1"], "--section is for --role ta"),
        (["x", "--role", "ta", "--section", "L" * 65], "a section's name has at most 64"),
        (["x", "--link", "--password-stdin"], "give --link or --password-stdin"),
        (["x", "--password-stdin"], "This password is too short."),
        (["x", "--role", "student"], "Invalid value for '--role'"),
    ],
)
def test_what_can_not_be_is_refused_and_makes_nothing(
    account: Command, site: Site, args: list[str], why: str
) -> None:
    Account.objects.filter(login="kim").delete()
    before = set(Account.objects.values_list("login", flat=True))
    assert why in account("add", *args, code=1, stdin="short")[1]
    assert set(Account.objects.values_list("login", flat=True)) == before
    assert noted(site) == []


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ((), "http://127.0.0.1:8000/account/invitation/"),
        (("--url", "https://h.example/"), "https://h.example/account/invitation/"),
    ],
)
def test_a_link_is_all_of_stdout_and_sets_a_password(
    account: Command, options: tuple[str, ...], address: str
) -> None:
    out, err = account("add", "max", "--role", "instructor", "--link", *options)
    assert "holds for 14 days" in err
    link = out.removesuffix("\n")
    assert link.startswith(address)
    path = "/account/invitation/" + link.removeprefix(address)
    Client().post(path, {"password1": PASSWORD, "password2": PASSWORD})
    assert logs_in("max", PASSWORD)


def test_an_instructor_who_is_locked_out_comes_back(account: Command, site: Site) -> None:
    Account.objects.filter(login="ivy").update(is_active=False)
    told = account("link", "ivy", code=1)[1]
    assert "ivy is shut: `course account shut ivy --undo` first" in told
    assert account("shut", "ivy", "--undo")[1] == "ivy is let in again"
    older, link = (account("link", "ivy")[0].strip() for _ in range(2))
    assert Client().get(older.removeprefix("http://127.0.0.1:8000")).status_code == 410
    assert Client().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert account("password", "ivy", stdin=f"{PASSWORD}\n")[1] == "ivy has a new password"
    assert logs_in("ivy", PASSWORD)
    # The link was for setting one; that is done.
    assert Client().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 410


def test_a_new_password_logs_out_who_came_in_by_the_old_one(account: Command, site: Site) -> None:
    account("password", "tam", stdin=PASSWORD)
    tam = Client()
    tam.post("/account/login/", {"login": "tam", "password": PASSWORD})
    assert tam.get("/staff/").status_code == 200
    account("password", "tam", stdin=f"{PASSWORD}, new")
    assert tam.get("/staff/").status_code == 302


@pytest.mark.parametrize("password", ["", "short", "123456789012", "password1234"])
def test_an_easy_password_is_refused(account: Command, password: str) -> None:
    account("password", "tam", stdin=PASSWORD)
    account("password", "tam", code=1, stdin=password)
    assert logs_in("tam", PASSWORD)


def test_roles_are_given_and_taken(account: Command) -> None:
    assert account("role", "tam", "instructor")[1] == "tam is instructor now"
    assert "tam is instructor already" in account("role", "tam", "instructor", code=1)[1]
    assert account("role", "tam", "ta", "--take")[1] == "tam is not TA of all sections now"
    assert roles("tam") == {("instructor", "")}
    told = account("role", "tam", "ta", "--section", "L1", "--take", code=1)[1]
    assert "tam is not TA of L1" in told


@pytest.mark.parametrize("args", [("shut", "ivy"), ("role", "ivy", "instructor", "--take")])
def test_the_last_instructor_stays(account: Command, args: tuple[str, ...]) -> None:
    assert "that is the last instructor" in account(*args, code=1)[1]
    assert roles("ivy") == {("instructor", "")}
    assert Account.objects.get(login="ivy").is_active


def test_who_is_shut_is_out(account: Command, site: Site) -> None:
    ada = site.client("ada")
    assert account("shut", "ada")[1] == "ada is shut"
    assert ada.get("/").status_code == 302


@pytest.mark.parametrize("args", [("link", "tom"), ("password", "tom"), ("shut", "tom")])
def test_an_account_that_there_is_not_is_told_with_a_near_one(
    account: Command, args: tuple[str, ...]
) -> None:
    assert "there is no account 'tom'; did you mean `tam`?" in account(*args, code=1)[1]


def test_they_are_listed_staff_first(account: Command) -> None:
    Account.objects.filter(login="kim").update(is_active=False)
    account("password", "ivy", stdin=PASSWORD)
    told = json.loads(account("list", "--json")[0])
    assert [one["login"] for one in told] == ["ivy", "tam", "ada", "bob", "eve", "joe", "kim"]
    assert told[0] == {
        "login": "ivy",
        "name": "Ivy",
        "roles": ["instructor"],
        "password": "set",
        "shut": False,
    }
    assert told[6]["roles"] == ["student kim"]
    assert told[6]["shut"]
    lines = [" ".join(line.split()) for line in account("list", "--staff")[0].splitlines()]
    assert lines == [
        "login name is password",
        "ivy Ivy instructor set",
        "tam Tam TA of all sections none",
    ]


def test_it_makes_the_tables_where_nothing_was_served_yet(tmp_path: Path) -> None:
    write_term_course(tmp_path)
    place = ("--course", "course.yaml", "--data", str(tmp_path / "data"))
    added = subprocess.run(
        [*COURSE_COMMAND, *place, "account", "add", "ada", "--student", "ada", "--link"],
        env=course_environment(COURSE_URL="https://h.example"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert added.stdout.startswith("https://h.example/account/invitation/"), added
    assert added.returncode == 0
