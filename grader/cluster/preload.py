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
from grader.cluster.address import AddressRefused, host_of, is_this_machine
from grader.cluster.places import remove_left_containers
from grader.outcomes import GraderError

if TYPE_CHECKING:
    from distributed import Worker

log = logging.getLogger(__name__)

OBJECTS_BEFORE_COLLECTING = 100_000


def dask_setup(worker: "Worker") -> None:
    """Called by Dask once the worker listens. Raises `AddressRefused`."""
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING)
    require_closed(worker)
    try:
        remove_left_containers(work.DockerSandbox(), work.own_place())
    except GraderError as error:
        log.warning("left containers are not removed now: %s", error)


def dask_teardown(worker: "Worker") -> None:
    """Called by Dask when the worker ends: what it grades stops, and so do its containers."""
    work.stop_all()


def require_closed(worker: "Worker") -> None:
    """Raises `AddressRefused` where other machines could reach the worker in the clear."""
    listening = [listener.listen_address for listener in worker.listeners]
    for address in [worker.scheduler.address, *listening]:
        if not address.startswith("tls://") and not is_this_machine(host_of(address)):
            raise AddressRefused(
                f"this worker uses {address} in the clear: whoever can reach it can run any code "
                "on this machine. On one machine start it with --host 127.0.0.1; otherwise use TLS"
            )
