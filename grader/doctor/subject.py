"""What is examined: a course on this machine, and the engine that it would be graded in."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import docker
import docker.errors
import requests.exceptions

from grader.course import Course, CourseFileError, Environment, load_course
from grader.doctor.findings import NotTried
from grader.outcomes import GraderError
from grader.sandbox.box import BoxLimits, BoxRequest, SandboxFault
from grader.sandbox.docker import container_options
from grader.sandbox.images import image_tag
from grader.sandbox.probes import Probes
from grader.sandbox.runtimes import require_runtime

# Below the time that a check has, so that a slow engine is told from a slow check.
ENGINE_SECONDS = 8
ENGINE_ERRORS = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)

T = TypeVar("T")


class Once(Generic[T]):
    """A value that is made when first asked for; later ones get the same, or the same error.

    Where making it hangs, whoever asks after that is told so at once.
    """

    def __init__(self, make: Callable[[], T], what: str) -> None:
        self._make = make
        self._what = what
        self._made: Future[T] | None = None

    def get(self) -> T:
        """The value. Raises what making it raised, and `NotTried` where it has no end."""
        if self._made is None:
            self._made = Future()
            try:
                self._made.set_result(self._make())
            except Exception as error:
                self._made.set_exception(error)
        if not self._made.done():
            raise NotTried(f"{self._what} does not answer")
        return self._made.result()


@dataclass
class Subject:
    """A course file, its data folder, and the labels that its containers carry.

    `options_of` is what the engine is asked for; it is a parameter for engines at fault.
    """

    course_file: Path
    data: Path
    labels: dict[str, str] = field(default_factory=dict[str, str])
    options_of: Callable[..., dict[str, Any]] = container_options

    def __post_init__(self) -> None:
        self._course = Once(lambda: load_course(self.course_file), "the course file")
        self._engine = Once(self._connect, "the engine")
        self._connected: Any = None
        self._starts: dict[str | None, Once[None]] = {}
        self._looks: dict[tuple[str, str | None], Once[dict[str, Any]]] = {}

    def load_course(self) -> Course:
        """The course. Raises `CourseFileError` or OSError."""
        return self._course.get()

    @property
    def course(self) -> Course:
        """The course, for checks that need one. Raises `NotTried`."""
        try:
            return self.load_course()
        except (CourseFileError, OSError) as error:
            raise NotTried("the course file can't be read") from error

    def connect(self) -> tuple[Any, dict[str, Any]]:
        """A client of the engine, and what the engine says of itself. Raises Docker's errors."""
        return self._engine.get()

    def _connect(self) -> tuple[Any, dict[str, Any]]:
        self._connected = docker.from_env(timeout=ENGINE_SECONDS)
        return self._connected, self._connected.info()

    def close(self) -> None:
        """Close the connections to the engine, if there are any."""
        if (client := self._connected) is not None:
            client.close()

    @property
    def client(self) -> Any:
        """The engine's client, for checks that need one. Raises `NotTried`."""
        return self._answering[0]

    @property
    def info(self) -> dict[str, Any]:
        """What the engine says of itself. Raises `NotTried`."""
        return self._answering[1]

    @property
    def _answering(self) -> tuple[Any, dict[str, Any]]:
        try:
            return self.connect()
        except ENGINE_ERRORS as error:
            raise NotTried("no engine answers") from error

    def needed_by(self, environment: Environment) -> tuple[str, ...]:
        """The assignments whose notebooks run in the environment."""
        every = self.course.assignments.values()
        return tuple(one.name for one in every if one.environment == environment.name)

    @cached_property
    def runtimes(self) -> tuple[str | None, ...]:
        """The runtimes that assignments' environments ask for; None is the engine's own.

        Without a course that can be read, the engine's own.
        """
        try:
            every = self.course.environments.values()
            asked = [one.runtime for one in every if self.needed_by(one)]
        except NotTried:
            asked = []
        return tuple(dict.fromkeys(asked)) or (None,)

    def image_for(self, runtime: str | None) -> tuple[Environment, str]:
        """An environment of that runtime whose image is there, and the image. Raises `NotTried`."""
        for environment in self.course.environments.values():
            if environment.runtime == runtime:
                tag = tag_of(environment)
                if has_image(self.client, tag):
                    return environment, tag
        raise NotTried("no image to try it in")

    def start(self, runtime: str | None) -> None:
        """Start a container with the runtime, once. Raises `SandboxFault`, `NotTried`."""
        if runtime not in self._starts:
            self._starts[runtime] = Once(lambda: self._start(runtime), "the runtime")
        self._starts[runtime].get()

    def _start(self, runtime: str | None) -> None:
        environment, tag = self.image_for(runtime)
        request = BoxRequest(environment.folder, BoxLimits(), runtime=runtime)
        require_runtime(self.client, runtime, tag, self.options_of(request))

    def probes(self, runtime: str | None) -> Probes:
        """Containers for trials with the runtime. Raises `NotTried`."""
        try:
            self.start(runtime)
        except SandboxFault as fault:
            raise NotTried("no container starts") from fault
        environment, tag = self.image_for(runtime)
        return self.probes_of(environment, tag, runtime)

    def probes_of(self, environment: Environment, tag: str, runtime: str | None) -> Probes:
        """Containers for trials in an environment's image."""
        labels = {"csc2541.doctor": next(iter(self.labels.values()), "doctor")}
        return Probes(self.client, environment.folder, tag, runtime, labels, self.options_of)

    def look_inside(self, runtime: str | None) -> dict[str, Any]:
        """What a container of that runtime finds on looking around. Raises `NotTried`."""
        return self._look(self.probes(runtime))

    def look_into_image(self, environment: Environment) -> dict[str, Any]:
        """What a container of the environment's image finds, by the engine's own runtime."""
        return self._look(self.probes_of(environment, tag_of(environment), None))

    def _look(self, probes: Probes) -> dict[str, Any]:
        key = probes.tag, probes.runtime
        if key not in self._looks:
            self._looks[key] = Once(probes.look, "the container")
        return self._looks[key].get()


def tag_of(environment: Environment) -> str:
    """The image's name. Raises `NotTried` for a folder that is no environment."""
    try:
        return image_tag(environment.folder)
    except (GraderError, OSError) as error:
        raise NotTried(str(error)) from error


def has_image(client: Any, tag: str) -> bool:
    """Whether the engine has the image. Raises Docker's errors."""
    try:
        client.images.get(tag)
    except docker.errors.ImageNotFound:
        return False
    return True
