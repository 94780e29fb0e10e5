"""Whose containers a worker removes, where several share a host."""

import os
from pathlib import Path

import pytest

from grader.cluster.places import LABEL, Place, labels_of, remove_left_containers, take_place
from grader.sandbox.box import Box, BoxRequest


class Shelf:
    """Remembers what it was asked to remove."""

    name = "shelf"
    isolates = True

    def __init__(self) -> None:
        self.removed: list[dict[str, str]] = []

    def prepare(self, environment: Path, runtime: str | None = None) -> None:
        pass

    def open_box(self, request: BoxRequest) -> Box:
        raise NotImplementedError

    def remove_leftovers(self, labels: dict[str, str]) -> int:
        self.removed.append(labels)
        return 1


def end(place: Place) -> None:
    """What the kernel does when the process ends."""
    os.close(place.descriptor)


def test_each_process_has_a_place_and_a_free_one_is_taken_again(tmp_path: Path) -> None:
    first, second = take_place(tmp_path), take_place(tmp_path)
    assert first.labels != second.labels
    assert first.labels.keys() == {LABEL}
    end(first)
    again = take_place(tmp_path)
    assert again.labels == first.labels


@pytest.mark.parametrize("is_alive", [True, False])
def test_only_containers_of_places_that_nobody_holds_are_removed(
    tmp_path: Path, is_alive: bool
) -> None:
    other, own = take_place(tmp_path), take_place(tmp_path)
    if not is_alive:
        end(other)
    shelf = Shelf()
    assert remove_left_containers(shelf, own) == 1 + (not is_alive)
    assert shelf.removed[0] == own.labels
    assert (labels_of(other.path) in shelf.removed) is not is_alive
