"""Secrets planted wherever the grader has some never come near a student's program or page."""

import json
import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from grader.cli.workplace import REHEARSAL
from tests.cli.conftest import Ran, ToyCommand
from tests.threats.looking import FORM, looking_notebook
from tests.toy_course import CHECKS, GIVEN, MASTER, write_toy_course

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

LETTERS = string.ascii_lowercase[:16]


def canary(place: str) -> str:
    """A secret that says where it was planted."""
    return f"canary-{place}-{''.join(random.Random(place).choices(LETTERS, k=16))}"


# As the bytes of three numbers, in which `canary-expected-...` can be read.
EXPECTED = f"np.frombuffer({canary('expect').ljust(32, '.').encode()!r})[:3]"
HIDDEN_INPUT = 0.8137260459
DECOY = canary("given")
ENVIRONMENT = {"COURSE_TOKEN": canary("token"), "LMS_PASSWORD": canary("password")}


@dataclass(frozen=True)
class Graded:
    """What a whole run said and left behind."""

    ran: dict[str, Ran]
    folder: Path
    earned: float

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """All that anybody may read of it: printed lines, pages, tables, the database, logs."""
        for name, ran in self.ran.items():
            yield f"{name}, printed", ran.out.encode()
            yield f"{name}, log", ran.err.encode()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path != self.folder / "data" / "secret":
                yield str(path.relative_to(self.folder)), path.read_bytes()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    course = tmp_path_factory.mktemp("staff") / "course"
    plant(course)
    data = tmp_path_factory.mktemp("told") / "data"
    data.mkdir()
    (data / REHEARSAL).touch()
    (data / "secret").write_bytes(canary("secret").ljust(32, ".").encode())
    toy = Elsewhere(course, data)
    ran = {
        "submit": toy.run("--now", "2027-02-01 12:00", "submit", "toy", "ada", "{}/ada.ipynb"),
        "grade": toy.run("grade", "toy", "--json"),
        "status": toy.run("status"),
        "report": toy.run("report", "toy", "--output", str(data.parent / "report"), "--json"),
        "feedback": toy.run("feedback", "toy", "ada", "--html", str(data.parent / "ada.html")),
        "gradescope": toy.run(
            "feedback", "toy", "ada", "--gradescope", str(data.parent / "g.json")
        ),
    }
    assert {name: made.code for name, made in ran.items()} == dict.fromkeys(ran, 0), ran
    told = json.loads(ran["grade"].out)
    assert (told["graded"], told["failed"]) == (1, {})
    return Graded(ran, data.parent, json.loads((data.parent / "g.json").read_text())["score"])


@dataclass(frozen=True)
class Elsewhere:
    """`course` for a course in one folder with its data in another, among secrets."""

    course: Path
    data: Path

    def run(self, *args: str) -> Ran:
        toy = ToyCommand(self.course, None)  # type: ignore[arg-type]
        options = ("--data", str(self.data))
        settings = {"DOCKER_CONFIG": str(self.course / "docker"), **ENVIRONMENT}
        return toy.apart(*options, *args, **settings)


def plant(course: Path) -> None:
    """The toy's course with a secret in each file that students never get."""
    course.mkdir()
    write_toy_course(course)
    (course / "staff-notes.txt").write_text(canary("notes"))
    (course / "ada.ipynb").write_bytes(looking_notebook())
    (course / "docker").mkdir()
    proxies = {"default": {"httpProxy": f"http://staff:{canary('proxy')}@proxy:1"}}
    (course / "docker" / "config.json").write_text(json.dumps({"proxies": proxies}))
    toy = course / "assignments" / "toy"
    (toy / "given" / "toy_given.py").write_text(f'{GIVEN}\nFOR_ALL = "{DECOY}"\n')
    checks = CHECKS.replace(
        "import jax\n", f"import jax\nimport numpy as np\n# {canary('check')}\n"
    )
    checks = checks.replace('why="float64"', f'why="{canary("why")}"')
    checks = checks.replace("inputs.normal(3)", f"np.full(3, {HIDDEN_INPUT})")
    checks = checks.replace("inputs.normal(4)\n", f"np.full(4, {HIDDEN_INPUT})\n")
    checks = checks.replace("lambda: w - 0.25 * (H @ w)", f"lambda: {EXPECTED}")
    assert (checks.count(EXPECTED), checks.count(str(HIDDEN_INPUT))) == (1, 2)
    (toy / "checks.py").write_text(checks)
    for name in ("mutants", "alternates"):
        path = toy / f"{name}.py"
        path.write_text(f"# {canary(name)}\n{path.read_text()}")
    solution = MASTER.replace("+ A.T @ w)", f"+ A.T @ w)  # {canary('solution')}")
    assert solution != MASTER
    (toy / "notebook.py").write_text(solution)


def seen(data: bytes) -> set[str]:
    """Every canary in some bytes, whatever it was planted in."""
    return set(re.findall(FORM, data.decode("latin-1")))


def test_the_notebook_looked_everywhere_and_finds_what_is_there(graded: Graded) -> None:
    """Else the tests below would show nothing."""
    page = (graded.folder / "ada.html").read_text()
    assert "looked at files, memory, names, processes; found" in page
    for place in ("files", "memory"):
        assert f"(&#x27;{place}&#x27;, &#x27;{DECOY}&#x27;)" in page


def test_no_secret_reaches_a_container_or_whatever_anybody_reads(graded: Graded) -> None:
    leaks = {name: found for name, data in graded.texts() if (found := seen(data) - {DECOY})}
    assert leaks == {}


@pytest.mark.parametrize("digits", [5, 8])
def test_no_digits_of_a_hidden_input_are_told_though_the_student_prints_them(
    graded: Graded, digits: int
) -> None:
    start = str(HIDDEN_INPUT)[: 2 + digits].encode()
    pages = {name: data for name, data in graded.texts() if b"ValueError" in data}
    assert len(pages) >= 4, "the student's error is told: on pages, in the tables, in the database"
    assert [name for name, data in graded.texts() if start in data] == []


def test_the_expected_values_are_planted_as_numbers() -> None:
    values = np.frombuffer(canary("expect").ljust(32, ".").encode())[:3]
    assert np.isfinite(values).all()
    assert b"canary-expect-" in values.tobytes()


def test_what_it_saw_was_worth_nothing(graded: Graded) -> None:
    # Its step is not what is expected; its gradient raises, and a program can't be made of it.
    assert graded.earned == 0
