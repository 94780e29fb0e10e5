"""The student's side of a check: calls that look like calls, wherever they are answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np

from grader.checks import programs, recipes
from grader.checks.declare import AuthoringError, Check
from grader.checks.messages import call_failure
from grader.checks.programs import Analyst, NoAnalyst, Program
from grader.outcomes import Outcome
from grader.sandbox import values
from grader.sandbox.conversation import CallFailed
from grader.sandbox.values import Form, Handle


class StudentFailure(Exception):
    """The student's code gave nothing to compare. Both parts go into the check's result."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class Session(Protocol):
    """Something that answers a conversation's calls."""

    def call(self, kind: str, *, seconds: float, x64: bool | None = True, **parts: Any) -> Any:
        """See `Conversation.call`."""
        ...


class Backend(Protocol):
    """Where a student's names are looked up and called; `analyst` reads its programs."""

    @property
    def analyst(self) -> Analyst: ...

    def call(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any: ...

    def value(self, target: Any) -> Any: ...

    def program(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Program: ...


class Student:
    """`student.f(...)` calls the notebook's function `f` and returns plain data."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> "StudentObject":
        if name.startswith("__"):
            raise AttributeError(name)
        return StudentObject(self._backend, values.student_name(name), "function")

    def value(self, name: str) -> Any:
        """The notebook's variable `name`."""
        return self._backend.value(values.student_name(name))

    def program(self, name: str, *args: Any, **kwargs: Any) -> Program:
        """The notebook's function `name`, exported at the arguments' shapes.

        Arrays become inputs and their numbers are not sent; functions and scalars are fixed.
        """
        return self._backend.program(name, args, kwargs)


class StudentObject:
    """A function or object on the student's side: call it, or reach an attribute."""

    def __init__(self, backend: Backend, target: Form | Handle, kind: str) -> None:
        self._backend = backend
        self._target = target
        self.kind = kind

    def wire_form(self) -> Form | Handle:
        """How to name it in a message."""
        return self._target

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._backend.call(self._target, args, kwargs)

    def __getattr__(self, name: str) -> "StudentObject":
        if name.startswith("__"):
            raise AttributeError(name)
        return StudentObject(self._backend, values.attribute(self._target, name), "attribute")


def wrap_handles(value: Any, backend: Backend) -> Any:
    """The received value with each handle made callable."""
    if isinstance(value, Handle):
        return StudentObject(backend, value, value.kind)
    if isinstance(value, list):
        return [wrap_handles(item, backend) for item in value]
    if isinstance(value, tuple):
        return tuple(wrap_handles(item, backend) for item in value)
    if isinstance(value, dict):
        return {key: wrap_handles(item, backend) for key, item in value.items()}
    return value


class RemoteBackend:
    """The student's code in a box."""

    def __init__(
        self, session: Session, check: Check, *, call_seconds: float, analyst: Analyst
    ) -> None:
        self._session = session
        self._x64 = check.x64
        self._seconds = check.seconds or call_seconds
        self.analyst = analyst

    def call(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return wrap_handles(
            self._ask("call", spoken_name(target), target=target, args=list(args), kwargs=kwargs),
            self,
        )

    def value(self, target: Any) -> Any:
        return wrap_handles(self._ask("value", spoken_name(target), target=target), self)

    def program(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Program:
        shapes = [programs.shapes_only(arg, x64=self._x64) for arg in args]
        target = values.student_name(name)
        serialised = self._ask("export", name, target=target, args=shapes, kwargs=kwargs)
        if not isinstance(serialised, bytes):
            raise StudentFailure(Outcome.NOT_EXPORTABLE, "the exported program is no program")
        traced = [arg for arg in args if programs.is_traced(arg)]
        return Program(serialised, traced, self.analyst)

    def _ask(self, kind: str, name: str, **parts: Any) -> Any:
        try:
            return self._session.call(kind, seconds=self._seconds, x64=self._x64, **parts)
        except CallFailed as failed:
            outcome, message = call_failure(
                failed.kind, failed.text, name=name, exporting=kind == "export"
            )
            raise StudentFailure(outcome, message) from None


def spoken_name(target: Any) -> str:
    """How to call the target in a sentence."""
    if isinstance(target, Form) and target.parts[0] == "n":
        return target.parts[1]
    if isinstance(target, Form) and target.parts[0] == ".":
        return f"{spoken_name(target.parts[1])}.{target.parts[2]}"
    return "the returned function"


@dataclass(frozen=True)
class LocalHandle(Handle):
    """A function or object that a local 'student' returned."""

    thing: Any


class LocalBackend:
    """Our own functions in the student's place, here: for mutants, alternates and solutions."""

    def __init__(
        self, namespace: Mapping[str, Any], check: Check, analyst: Analyst | None = None
    ) -> None:
        self._namespace = namespace
        self._x64 = check.x64
        self.analyst = analyst or NoAnalyst()

    def call(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with jax.enable_x64(self._x64):
            function = self._resolve(target)
            local = [self._argument(arg) for arg in args]
            named = {name: self._argument(arg) for name, arg in kwargs.items()}
            try:
                return wrap_handles(as_received(function(*local, **named)), self)
            except Exception as error:
                raise StudentFailure(Outcome.RAISED, f"{type(error).__name__}: {error}") from error

    def value(self, target: Any) -> Any:
        return wrap_handles(as_received(self._resolve(target)), self)

    def program(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Program:
        with jax.enable_x64(self._x64):
            function = self._resolve(values.student_name(name))
            try:
                serialised = programs.export_here(function, args, kwargs)
            except Exception as error:
                raise StudentFailure(Outcome.NOT_EXPORTABLE, str(error)) from error
        traced = [arg for arg in args if programs.is_traced(arg)]
        return Program(serialised, traced, self.analyst)

    def _argument(self, value: Any) -> Any:
        if isinstance(value, StudentObject):
            return self._resolve(value.wire_form())
        if isinstance(value, list | tuple):
            return type(value)(map(self._argument, value))
        if isinstance(value, dict):
            return {key: self._argument(item) for key, item in value.items()}
        return recipes.localise(value)

    def _resolve(self, target: Any) -> Any:
        if isinstance(target, LocalHandle):
            return target.thing
        if not isinstance(target, Form):
            raise AuthoringError(f"a check called {target!r}, which is no name or handle")
        tag, *parts = target.parts
        if tag == ".":
            return getattr(self._resolve(parts[0]), parts[1])
        if parts[0] not in self._namespace:
            raise StudentFailure(Outcome.MISSING, f"no `{parts[0]}`")
        return self._namespace[parts[0]]


def as_received(value: Any) -> Any:
    """A value as it would arrive from a box."""
    if isinstance(value, jax.Array | np.ndarray | np.generic):
        return np.asarray(value)
    if isinstance(value, tuple):
        return tuple(map(as_received, value))
    if isinstance(value, list):
        return [as_received(item) for item in value]
    if isinstance(value, dict):
        return {key: as_received(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return value
    return LocalHandle(0, type(value).__name__, value)
