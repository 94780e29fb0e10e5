"""The toy course with a written question, served by `course serve`, and browsers that open it."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.cli.test_serve_command import answer, free_port
from tests.toy_course import COURSE_COMMAND, course_environment, write_toy_course

CHROMIUM = "/usr/bin/chromium"
NOW = "2027-01-20 12:00"
WRITTEN = """\
      q2: {title: The gradient, points: 2}
      q3:
        title: "Written: why half?"
        points: 2
        manual: true
        rubric:
          - {name: symmetric, points: 1, text: The symmetric part is what counts}
          - {name: factor, points: 1, text: Where the factor comes from}
"""
QUESTION = """

# %% [raw]
# # BEGIN QUESTION
# name: q3
# manual: true
# points: 2

# %% [markdown]
# **Question 3.** Why is there a factor of one half in the gradient?

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Since $A$ and its transpose each give half of it.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
"""
GIVEN_AWAY = "release: 2027-01-14 18:00"
LATER = "release: 2027-01-25 18:00"


def write_story_course(folder: Path) -> Path:
    """The toy course, to be released in five days, with a third question that people mark."""
    course_file = write_toy_course(
        folder,
        students=("ada", "bob"),
        changes={"course.yaml": ("      q2: {title: The gradient, points: 2}\n", WRITTEN)},
    )
    text = course_file.read_text().replace("points: 5", "points: 7").replace(GIVEN_AWAY, LATER)
    course_file.write_text(text)
    (folder / "rehearsal").touch()  # its course.yaml may be edited by a rehearsal
    master = folder / "assignments" / "toy" / "notebook.py"
    master.write_text(master.read_text() + QUESTION)
    return course_file


class Served:
    """`course serve` in a process of its own; what it says is in `log`."""

    def __init__(self, folder: Path, address: str, log: Path) -> None:
        self.folder = folder
        self.address = address
        self.log = log

    @property
    def first_link(self) -> str:
        """What sets the password of the instructor that the first start made."""
        told = self.log.read_text()
        found = re.search(r"choose the password of admin, an instructor, at\n +(\S+)\n", told)
        assert found, told
        return found[1]


@contextmanager
def serving(course_file: Path, *options: str, now: str = NOW) -> Iterator[Served]:
    """Serve the course, with the process that grades, until the context ends."""
    folder, port = course_file.parent, free_port()
    place = ("--course", str(course_file), "--data", str(folder / "data"), "--now", now)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*COURSE_COMMAND, *place, "serve", "--port", str(port), *options],
            env=course_environment(),
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        answer(f"{address}/account/login/")
        yield Served(folder, address, folder / "log")
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    with sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield found
        finally:
            found.close()


class Person:
    """Somebody with a browser of their own. Errors of its console, such as of the policy, fail."""

    def __init__(self, browser: Browser, served: Served, **context: object) -> None:
        self._served = served
        self.complaints: list[str] = []
        self.page: Page = browser.new_context(accept_downloads=True, **context).new_page()  # type: ignore[arg-type]
        self.page.set_default_timeout(30_000)
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        """Go to a page by its address."""
        self.page.goto(f"{self._served.address}{path}")
        return self.page

    def invited(self, login: str, link: str, password: str) -> "Person":
        """Set a password by the link that was sent, and log in."""
        assert link.startswith(f"{self._served.address}/")
        page = self.open(link.removeprefix(self._served.address))
        for field in page.locator("input[type=password]").all():
            field.fill(password)
        page.locator("main button.main").click()
        return self.log_in(login, password)

    def log_in(self, login: str, password: str) -> "Person":
        """By the form."""
        page = self.open("/account/login/")
        page.get_by_label("Login").fill(login)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.get_by_role("heading", level=1).wait_for()
        assert "/account/login" not in page.url
        return self


def wait_for_log(served: Served, words: str, seconds: float = 120.0) -> None:
    """Until the server has said that."""
    end = time.monotonic() + seconds
    while words not in served.log.read_text():
        assert time.monotonic() < end, served.log.read_text()
        time.sleep(0.2)
