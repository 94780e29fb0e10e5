"""A site for tests: a copy of a made course, accounts, a clock that can be set, clients."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.test import Client

from grader.course.roster import load_roster
from grader.outcomes import GradedSubmission
from grader.store import Store, StudentRow, database_settings, open_store
from grader.web.models import Account, StaffRole
from grader.web.place import Place, place
from grader.web.serving import migrate
from grader.web.settings import Served
from grader.web.visits import Role
from tests.store.postgresql import copied_data
from tests.term_course import STUDENTS, graded, notebook, write_term_course

ADDRESS = "http://testserver"
NOON = datetime(2027, 1, 20, 17, tzinfo=UTC)  # 12:00 in Toronto; hw1 and the essay are open


class Site:
    """The served course of a test. `at` sets its clock, which then stands still."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.now = NOON

    @property
    def place(self) -> Place:
        return place()

    @property
    def store(self) -> Store:
        return place().store

    def at(self, moment: datetime) -> None:
        """Let it be that time."""
        self.now = moment

    def client(self, login: str = "", **options: Any) -> Client:
        """A browser in which that account is logged in; nobody for an empty one."""
        client = Client(raise_request_exception=True, **options)
        if login:
            client.force_login(Account.objects.get(login=login))
        return client

    def staff(self, login: str, role: Role, section: str = "") -> Account:
        """An account of the staff."""
        account, _ = Account.objects.get_or_create(login=login, defaults={"name": login.title()})
        StaffRole.objects.create(account=account, role=role, section=section)
        return account

    def hand_in(self, student: str, assignment: str = "hw1", data: bytes | None = None) -> int:
        """The number of a submission that was handed in now."""
        taken = self.store.accept(
            student,
            assignment,
            notebook(f"# {student}") if data is None else data,
            f"{assignment}.ipynb",
            self.now,
        )
        return taken.submission.id

    def grade(self, assignment: str = "hw1", found: GradedSubmission | None = None) -> None:
        """Grade what is queued, as if containers had found that."""
        batch = self.store.start_batch(assignment)
        while lease := self.store.claim(batch):
            self.store.finish(lease, found or graded(("q1", 6, 6), ("q2", 1, 4)))
        self.store.end_batch(batch.id)


def template_folder(folder: Path) -> Path:
    """A course with its tables made, students on the roster, an account for each, and staff."""
    course_file = write_term_course(folder)
    served = Served(course_file, folder / "data", ADDRESS)
    with _served(served):
        migrate(served)
        rows = [
            StudentRow(one.student, one.name, one.email, one.section)
            for one in load_roster(folder / "roster.csv")
        ]
        open_store(served.data).roster.update(rows)
        for name in STUDENTS:
            Account.objects.create_user(name, student=name, name=name.title())
        site = Site(served)
        site.staff("ivy", Role.INSTRUCTOR)
        site.staff("tam", Role.TA)
    return folder


@contextmanager
def made_site(template: Path, tmp_path: Path) -> Iterator[Site]:
    """A site on a copy of the template."""
    folder = tmp_path / "course"
    shutil.copytree(template, folder, ignore=shutil.ignore_patterns("data"))
    copied_data(template / "data", folder / "data")
    served = Served(folder / "course.yaml", folder / "data", ADDRESS)
    with _served(served):
        site = Site(served)
        with _clock_of(site):
            yield site


@contextmanager
def _clock_of(site: Site) -> Iterator[None]:
    kept = Place.now
    Place.now = property(lambda _: site.now)  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Place.now = kept  # type: ignore[method-assign]


@contextmanager
def _served(served: Served) -> Iterator[None]:
    """Let Django's own database and the place be those of what is served."""
    settings.SERVED = served
    connections["default"].close()
    entry = connections.databases["default"]
    before = dict(entry)
    entry.update(database_settings(served.data))
    # It may be of the other kind of database than the one before.
    del connections["default"]
    place.cache_clear()
    try:
        yield
    finally:
        place.cache_clear()
        connections["default"].close()
        entry.clear()
        entry.update(before)
        del connections["default"]
