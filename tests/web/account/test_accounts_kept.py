"""Accounts, roles and tokens are in a backup, whoever makes it, and come back with the course."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings

from grader.outcomes import GraderError
from grader.store import open_store
from grader.store.archive import BackupRefused
from grader.store.backup import back_up
from grader.store.kept_apps import table_name
from grader.store.restore import restore
from grader.web.account.devices import begin
from grader.web.account.tokens import find_token, make_token
from grader.web.models import Account
from grader.web.settings import tables_settings
from tests.store.full_store import all_rows
from tests.store.postgresql import make_database
from tests.web.site import Site

LABELS: tuple[str, ...] = tables_settings()["COURSE_APPS"]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def full(site: Site) -> Site:
    """A course with work in it, passwords, tokens and a university's sign-on."""
    site.hand_in("ada")
    site.grade()
    ada = Account.objects.get(login="ada")
    ada.set_password("a horse of another colour")
    ada.zone, ada.name = "Asia/Tokyo", "Ädä\n=1+1"
    ada.save()
    make_token(ada, "nightly", 30)
    begin("laptop", "192.0.2.7")
    SocialAccount.objects.create(
        user=ada, provider="university", uid="u-1", extra_data={"sub": "u-1", "é": [1, None]}
    )
    assert site.client("ada").session.session_key
    return site


def web_rows(alias: str = "default") -> dict[str, list[dict[str, Any]]]:
    models = [model for label in LABELS for model in apps.get_app_config(label).get_models()]
    return {
        table_name(model): list(model._default_manager.using(alias).order_by("pk").values())
        for model in models
    }


def sessions(alias: str) -> int:
    """How many sessions there are; 0 also without a table for them."""
    if "django_session" not in connections[alias].introspection.table_names():
        return 0
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        return (cursor.fetchone() or [0])[0]


def test_accounts_and_all_that_is_theirs_come_back(full: Site, tmp_path: Path) -> None:
    text = make_token(Account.objects.get(login="ivy"), "x", 7)[1]
    made = back_up(full.store, tmp_path / "b.tar.gz")
    assert (made.rows["web_account"], made.rows["web_staffrole"]) == (7, 2)
    assert set(made.further) == set(LABELS)
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    with open_store(tmp_path / "new") as restored:
        alias = restored._tables.alias
        assert alias != "default"
        assert web_rows(alias) == web_rows()
        assert all_rows(restored) == all_rows(full.store)
        assert (sessions("default") > 0, sessions(alias)) == (True, 0)
        # Numbers go on after those that are taken.
        again = Account(login="new", password="!")
        again.save(using=alias)
        assert again.pk > max(row["id"] for row in web_rows()["web_account"])
        connections[alias].close()
    assert find_token(text) is not None


def test_nothing_in_a_backup_lets_anybody_in(full: Site, tmp_path: Path) -> None:
    text = make_token(Account.objects.get(login="ivy"), "x", 7)[1]
    key = full.client("ivy").session.session_key or ""
    back_up(full.store, tmp_path / "b.tar.gz")
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        everything = b"".join(
            taken.read() for info in tar if (taken := tar.extractfile(info)) is not None
        )
    assert b"nightly" in everything
    for secret in (text, key, "a horse of another colour"):
        assert secret.encode() not in everything


def test_tables_of_an_older_version_are_kept_and_brought_up_to_date(
    full: Site, tmp_path: Path
) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("web", "0001_accounts")])
    made = back_up(full.store, tmp_path / "b.tar.gz")
    assert made.further["web"] == ("0001_accounts",)
    assert "web_draft" not in made.rows
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    with open_store(tmp_path / "new") as restored:
        rows = web_rows(restored._tables.alias)
        assert (len(rows["web_account"]), rows["web_draft"]) == (7, [])
        connections[restored._tables.alias].close()


def test_they_go_from_one_kind_of_database_to_another(
    full: Site, tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(full.store, tmp_path / "b.tar.gz")
    expected = web_rows()
    monkeypatch.setenv("COURSE_DATABASE", make_database(postgresql, "accounts"))
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    with open_store(tmp_path / "new") as restored:
        alias = restored._tables.alias
        assert connections[alias].vendor == "postgresql"
        assert web_rows(alias) == expected
        again = Account(login="new", password="!")
        again.save(using=alias)
        assert again.pk > max(row["id"] for row in expected["web_account"])
        connections[alias].close()
    with pytest.raises(BackupRefused, match=r"not empty: it has rows of .*web_account"):
        restore(tmp_path / "b.tar.gz", tmp_path / "other")


def course(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, as somebody runs it who serves nothing."""
    code = "import sys; from grader.cli import main; main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, "--data", str(data), *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_alone_keeps_them_too(full: Site, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    ran = course(full.served.data, "backup", str(file))
    assert ran.returncode == 0, ran.stderr
    ran = course(tmp_path / "new", "restore", str(file), "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["sound"]
    with open_store(tmp_path / "new") as restored:
        assert web_rows(restored._tables.alias) == web_rows()
        connections[restored._tables.alias].close()


def test_a_backup_of_a_course_that_was_never_served_has_none(site: Site, tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        made = back_up(store, tmp_path / "b.tar.gz")
    assert made.further == {}
    assert not any(name.startswith("web_") for name in made.rows)
    restore(tmp_path / "b.tar.gz", tmp_path / "new")
    with open_store(tmp_path / "new") as restored:
        names = connections[restored._tables.alias].introspection.table_names()
        assert "web_account" not in names
        connections[restored._tables.alias].close()


def test_a_program_that_does_not_know_them_loses_none(full: Site, tmp_path: Path) -> None:
    with override_settings(COURSE_APPS=()):
        with pytest.raises(GraderError, match=r"such as accounts.*Use `course backup`"):
            back_up(full.store, tmp_path / "b.tar.gz")
        assert not (tmp_path / "b.tar.gz").exists()
    back_up(full.store, tmp_path / "b.tar.gz")
    with (
        override_settings(COURSE_APPS=()),
        pytest.raises(BackupRefused, match=r"such as accounts.*Use `course restore`"),
    ):
        restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert not (tmp_path / "new").exists()
