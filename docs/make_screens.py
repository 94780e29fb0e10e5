"""Takes the screenshots of docs/screens anew: `python -m docs.make_screens [FOLDER]`, or in part.

A course is made up, served by `course serve` at a set time, and looked at with Debian's chromium.
"""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from docs.screens.shown_course import (
    NOW,
    STUDENT,
    UNMARKED,
    Filling,
    edit_course,
    was_written_at,
    write_course,
)
from grader.store import open_store
from tests.web.story_course import Person, Served, browser, serving

FOLDER = Path(__file__).parent / "screens"
PASSWORD = "for the pictures only"
TALLEST = 900
MARGIN = 40
# So many colours are enough for text and a few marks, and make a picture a third as large.
COLOURS = 192
DESKTOP = {"width": 1200, "height": TALLEST}
PHONE = {"width": 390, "height": 844}
LATER = "2027-02-26T23:59"


@dataclass(frozen=True)
class Screen:
    """A picture: who looks at which page. `{name}` in its address is a submission's number.

    `act` does something there before the picture is taken.
    """

    name: str
    login: str
    address: str
    size: dict[str, int]
    act: Callable[[Page], object] = lambda page: None


def mark_two_items(page: Page) -> None:
    """What a TA does with two keys."""
    page.keyboard.press("1")
    page.keyboard.press("Shift+Digit2")
    page.locator("#draft:not(:empty)").wait_for()
    say_instead(page, "#hold", r"\d+:\d+", "10:40")
    say_instead(page, "#draft", r"\d+:\d+:\d+", "10:30:12")


def begin_an_answer(page: Page) -> None:
    """What a TA writes first."""
    page.locator("textarea").first.fill("The sign is wrong for the network only:")
    say_instead(page, "main .mark", r"\d+\s\w+", "1 day")


def say_instead(page: Page, where: str, pattern: str, text: str) -> None:
    """A time that goes by the machine's clock, also in a rehearsal, as it would be then."""
    found = page.locator(where).first
    told = re.sub(pattern, text, found.inner_text())
    found.evaluate("(place, told) => { place.textContent = told; }", told)


def wait_for_frame(page: Page) -> None:
    """Until the report is drawn in its frame."""
    page.frame_locator("iframe").locator("svg, img").first.wait_for()


def wait_for_grades(page: Page) -> None:
    """Until it is known whose grades change."""
    page.get_by_role("columnheader", name="Student").first.wait_for()


SCREENS = (
    Screen("student-home", STUDENT, "/", DESKTOP),
    Screen("student-assignment", STUDENT, "/assignments/lab04/", DESKTOP),
    Screen("student-submission", STUDENT, "/submissions/{own}/", DESKTOP),
    Screen("student-home-phone", STUDENT, "/", PHONE),
    Screen("student-feedback-phone", STUDENT, "/submissions/{own}/#q4", PHONE),
    Screen("staff-grading", "tam", "/staff/", DESKTOP),
    Screen("staff-submissions", "tam", "/staff/submissions/?assignment=ps1", DESKTOP),
    Screen("staff-marking", "tam", "/staff/marking/ps1/q9/{unmarked}/", DESKTOP, mark_two_items),
    Screen("staff-request", "tam", "/staff/requests/{request}/", DESKTOP, begin_an_answer),
    Screen("staff-report", "tam", "/staff/reports/ps1/", DESKTOP, wait_for_frame),
    Screen("instructor-term", "ivy", "/course/", DESKTOP),
    Screen(
        "instructor-date",
        "ivy",
        f"/course/assignments/lab05/date/?field=due&value={LATER}",
        DESKTOP,
    ),
    Screen("instructor-people", "ivy", "/course/people/", DESKTOP),
    Screen("instructor-extensions", "ivy", "/course/extensions/", DESKTOP),
    # The last, as it is of an edit that all other pages would tell of.
    Screen("instructor-changes", "ivy", "/course/changes/", DESKTOP, wait_for_grades),
)


@contextmanager
def shown_course(folder: Path) -> Iterator[tuple[Served, Filling, dict[str, int]]]:
    """The course, served; what fills it, and the numbers that addresses name."""
    from grader.web.serving import set_up
    from grader.web.settings import Served as ServedCourse

    file = write_course(folder)
    set_up(ServedCourse(file, folder / "data", "http://127.0.0.1", None, f"{NOW:%Y-%m-%d %H:%M}"))
    hours = count()

    def clock() -> datetime:  # no wait takes any time
        return NOW + timedelta(hours=next(hours))

    with open_store(folder / "data", clock) as store:
        (folder / "data" / "rehearsal").touch()
        filling = Filling(file, store)
        filling.fill()
        make_accounts(filling)
        was_written_at(NOW - timedelta(days=30))
        filling.be_at_work()
        of = {row.student: row.id for row in store.submissions("ps1")}
        [request] = [row.id for row in store.requests.all() if row.closed_at is None]
        numbers = {"own": of[STUDENT], "unmarked": of[UNMARKED], "request": request}
        with serving(file, "--only-pages", now=f"{NOW:%Y-%m-%d %H:%M}") as served:
            yield served, filling, numbers


def make_accounts(filling: Filling) -> None:
    """An account for everybody on the roster; an instructor and two TAs."""
    from grader.web.account import staffing
    from grader.web.account.inviting import invite
    from grader.web.models import Account, Invitation
    from grader.web.visits import Role

    store, by = filling.store, "ivy"
    people = (
        ("ivy", "Ivy Marchetti", Role.INSTRUCTOR, ""),
        ("tam", "Tam Okonkwo", Role.TA, ""),
        ("sue", "Sue Halloran", Role.TA, "LEC0201"),
    )
    for login, name, role, section in people:
        email = f"{login}@mail.example"
        account = staffing.make_staff_account(store, login, name, email, by=by)
        staffing.give_role(store, account, role, section, by=by)
        staffing.set_password(store, account, PASSWORD, by=by)
    staffing.make_student_accounts(store, by=by)
    student = Account.objects.get(login=STUDENT)
    staffing.set_password(store, student, PASSWORD, by=by)
    late = ("baekju90", "chowme8", "trembl4")
    rest = Account.objects.exclude(login__in=late).exclude(student="")
    rest.update(password=student.password)
    invite(Account.objects.filter(login=late[0]), store, by=by)
    Invitation.objects.update(expires_at=NOW + timedelta(days=10))


def take(screen: Screen, person: Person, numbers: dict[str, int], file: Path) -> None:
    """Write the picture of what somebody sees."""
    page = person.open(screen.address.format(**numbers))
    page.wait_for_load_state("networkidle")
    screen.act(page)
    # Of a course that is not rehearsed.
    page.evaluate("document.querySelector('aside.banner')?.remove()")
    bottom = page.evaluate(
        "document.querySelector('main').lastElementChild.getBoundingClientRect().bottom"
    )
    height = min(screen.size["height"], round(bottom) + MARGIN)
    clip = {"x": 0.0, "y": 0.0, "width": float(screen.size["width"]), "height": float(height)}
    taken = page.screenshot(clip=clip, animations="disabled", caret="hide")  # type: ignore[arg-type]
    with Image.open(BytesIO(taken)) as picture:
        reduced = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        reduced.save(file, "PNG", optimize=True)


def take_all(folder: Path, chromium: Browser) -> None:
    """All of them, by people who log in once."""
    with (
        tempfile.TemporaryDirectory() as made,
        shown_course(Path(made).resolve()) as (served, filling, numbers),
    ):
        people: dict[tuple[str, int], Person] = {}
        for screen in SCREENS:
            key = (screen.login, screen.size["width"])
            if key not in people:
                who = Person(chromium, served, viewport=screen.size, color_scheme="light")
                people[key] = who.log_in(screen.login, PASSWORD)
            filling.beat()
            if screen.name == "instructor-changes":
                edit_course(served.folder / "course.yaml")
            take(screen, people[key], numbers, folder / f"{screen.name}.png")
        complaints = [text for who in people.values() for text in who.complaints]
        assert complaints == [], complaints


def main() -> None:
    """Write the pictures, into the folder that is named if one is."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    os.environ.pop("COURSE_DATABASE", None)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright has a loop in this thread; we wait
    with browser() as chromium:
        take_all(folder, chromium)
    for screen in SCREENS:
        size = (folder / f"{screen.name}.png").stat().st_size
        sys.stdout.write(f"{screen.name}.png  {size:,} bytes\n")


if __name__ == "__main__":
    main()
