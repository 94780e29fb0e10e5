"""For `dask worker --preload grader.cluster.preload`: what a worker does when it starts.

It loads all code that grades, so that it can tell later whether the checkout has changed; refuses
to be reached from other machines in the clear; and removes containers of a killed predecessor.
"""

import gc
import logging
import os
from typing import TYPE_CHECKING

# As in `course`: the grader computes small things; a GPU is for the containers.
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from grader.cluster import work
from grader.cluster.address import require_closed
from grader.cluster.places import remove_left_containers
from grader.outcomes import GraderError

if TYPE_CHECKING:
    from distributed import Worker

log = logging.getLogger(__name__)

OBJECTS_BEFORE_COLLECTING = 100_000


def dask_setup(worker: "Worker") -> None:
    """Called by Dask once the worker listens, before it registers.

    Ends the process where other machines could reach it in the clear.
    """
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING)
    try:
        require_closed(worker)
    except ValueError as refused:  # what is no address is not closed either
        log.critical("%s", refused)
        os._exit(1)  # Dask only logs what a preload raises, and starts the worker all the same
    try:
        remove_left_containers(work.DockerSandbox(), work.own_place())
    except GraderError as error:
        log.warning("left containers are not removed now: %s", error)


def dask_teardown(worker: "Worker") -> None:
    """Called by Dask when the worker ends: what it grades stops, and so do its containers."""
    work.stop_all()
