"""Matplotlib finds its list of fonts in a container.

Making the list would take a tenth of the time of a short notebook.
"""

import pytest

from grader.sandbox.docker import DockerSandbox
from tests.sandbox.boxes import opened, run_cells

SOURCE = """
import logging
logging.basicConfig(level="DEBUG", force=True)
import matplotlib.pyplot
"""


@pytest.mark.docker
def test_the_list_of_fonts_is_not_made_again() -> None:
    with opened(DockerSandbox()) as conversation:
        [record] = run_cells(conversation, SOURCE)
    assert "Using fontManager instance from /home/student/.cache/matplotlib" in record.output
    assert "generated new fontManager" not in record.output
