"""Containers are removed also where the engine can't at once; faults are injected by a client."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

import grader.sandbox.docker as sandbox


@dataclass
class FailingEngine:
    """Answers each removal with the next of these status codes; 0 removes."""

    answers: list[int]
    asked: int = 0
    api: Any = field(init=False)

    def __post_init__(self) -> None:
        self.api = SimpleNamespace(remove_container=self.remove)

    def remove(self, container_id: str, **_: bool) -> None:
        self.asked += 1
        code = self.answers.pop(0)
        if code == 404:
            raise docker.errors.NotFound("gone")
        if code:
            response: Any = SimpleNamespace(status_code=code, url="", reason="busy")
            raise docker.errors.APIError("can not be killed", response=response)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [([0], 1), ([500, 500, 0], 3), ([500, 404], 2), ([409], 1), ([404], 1)],
)
def test_what_can_not_be_removed_for_a_moment_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, answers: list[int], asked: int
):
    monkeypatch.setattr(sandbox, "SETTLE_SECONDS", 0.01)
    engine = FailingEngine(answers)
    sandbox.remove_container(engine, "abc")
    assert (engine.asked, engine.answers) == (asked, [])


@pytest.mark.parametrize(("code", "patience"), [(500, 0.0), (400, 20.0)])
def test_what_can_not_be_removed_at_all_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, code: int, patience: float
):
    monkeypatch.setattr(sandbox, "SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(sandbox, "REMOVE_SECONDS", patience)
    with pytest.raises(docker.errors.APIError, match=f"{code} .* Error"):
        sandbox.remove_container(FailingEngine([code] * 50), "abc")
