"""The records that go between a dispatcher and its workers."""

import hashlib
import json
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from grader.course import Assignment, Course
from grader.grading.kept import GRADER, digest_of_files, digest_of_grading
from grader.release import given_files
from grader.sandbox.images import image_tag

# What reads notebooks, and what computes expected values or is counted in them.
PACKAGES = tuple("jax jaxlib numpy scipy optax nbformat jupytext otter-grader".split())


@dataclass(frozen=True)
class Traits:
    """What must be the same in two places for both to grade alike."""

    grader: str
    packages: str
    settings: str
    image: str
    given: str
    checks: str


# What each trait is, and what mends a difference.
UPDATE = "bring the worker's checkout to the dispatcher's state"
MEANING = {
    "grader": ("the grader's code", UPDATE),
    "packages": ("Python or its packages", "install requirements.lock on the worker"),
    "settings": ("limits or environment in course.yaml", UPDATE),
    "image": ("the environment's image", UPDATE),
    "given": ("what the assignment gives students", UPDATE),
    "checks": ("the assignment's code", UPDATE),
}


def digest_of_code() -> str:
    """A digest of the code that grades, and of what takes it to workers."""
    cluster = digest_of_files(GRADER / "cluster", "*.py")
    return hashlib.sha256(digest_of_grading() + cluster).hexdigest()[:12]


def digest_of_given(assignment: Path) -> str:
    """A digest of all files that an assignment's notebooks find beside them."""
    digest = hashlib.sha256()
    for path, data in given_files(assignment).items():
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()[:12]


def traits_of(course: Course, assignment: Assignment, *, grader: str, checks: str) -> Traits:
    """The traits of this checkout. Raises `GraderError` where an environment lacks its files."""
    environment = course.environment_of(assignment)
    settings = assignment.model_dump_json(include={"environment", "tests", "limits"})
    settings += f"{environment.gpus} {environment.runtime}"
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    return Traits(
        grader=grader,
        packages=", ".join([f"Python {'.'.join(platform.python_version_tuple()[:2])}", *packages]),
        settings=hashlib.sha256(settings.encode()).hexdigest()[:12],
        image=image_tag(Path(environment.folder)),
        given=digest_of_given(assignment.folder),
        checks=checks,
    )


def difference(seen: Traits, expected: Traits) -> str | None:
    """The first difference as a sentence of what was seen, expected and is to do; None if alike."""
    ours = asdict(expected)
    for name, value in asdict(seen).items():
        if value != ours[name]:
            what, remedy = MEANING[name]
            return (
                f"{what} differs: {value} there, {ours[name]} here; {remedy}, then start it again"
            )
    return None


@dataclass(frozen=True)
class Summons:
    """Where a batch's dispatcher listens, and the batch's random name, which opens it."""

    dispatcher: str
    batch: str = field(repr=False)


@dataclass(frozen=True)
class Ticket:
    """One errand of a worker. `token` is never used twice: what comes for an old one is dropped.

    It goes through the scheduler and into logs, and so holds no secret and nothing of a student's.
    """

    summons: Summons
    token: str
    sha256: str = ""


@dataclass(frozen=True)
class Order:
    """What a batch grades and by what. Only workers that ask the dispatcher itself get it."""

    assignment: str
    traits: Traits
    labels: dict[str, str]
    secret_hex: str = field(repr=False)

    def to_json(self) -> str:
        """The order as JSON; `from_json` reads it back equal."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Order":
        """The order that `to_json` wrote. Raises `pydantic.ValidationError`."""
        return _ORDER.validate_json(text)


@dataclass(frozen=True)
class Reply:
    """What came of an errand: one of these. `graded` is `GradedSubmission.to_json`.

    `away` says that what the worker needs, its engine, is not there: another may do it.
    """

    graded: str = ""
    refused: str = ""
    failed: str = ""
    away: str = ""

    def to_json(self) -> str:
        """The reply as JSON; `from_json` reads it back equal."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Reply":
        """The reply that `to_json` wrote. Raises `pydantic.ValidationError`."""
        return _REPLY.validate_json(text)


_ORDER: TypeAdapter[Order] = TypeAdapter(Order)
_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)
