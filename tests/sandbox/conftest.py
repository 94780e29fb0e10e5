"""The image that real containers are made of, built where it is missing."""

from functools import cache

import pytest

from grader.sandbox.images import ensure_image
from tests.sandbox.boxes import CPU

_image = cache(ensure_image)


@pytest.fixture(autouse=True, scope="module")
def image(request: pytest.FixtureRequest) -> None:
    """Before any box of a module that runs real containers."""
    if request.node.get_closest_marker("docker"):
        _image(CPU)
