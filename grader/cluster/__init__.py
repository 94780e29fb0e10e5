"""Grades on other machines: a Dask cluster whose workers each have a checkout of the course.

    address     which schedulers may be used, and in the clear only on this machine
    engine      the dispatcher's side: hands submissions to workers, takes results in
    crew        which workers there are, which are fit, which went silent
    supply      what the dispatcher answers workers: the order, students' bytes, who is at what
    order       the records that go between the two sides
    work        what runs on a worker
    places      whose containers are whose, where workers share a host
    elsewhere   the dispatcher's own sandbox: none
    preload     what `dask worker --preload grader.cluster.preload` does

The database stays with the dispatcher. A worker knows no student and keeps nothing.
"""

from grader.cluster.address import AddressRefused as AddressRefused
from grader.cluster.address import ClusterAddress as ClusterAddress
from grader.cluster.address import parse_address as parse_address
from grader.cluster.address import require_distributed as require_distributed
from grader.cluster.elsewhere import Elsewhere as Elsewhere
