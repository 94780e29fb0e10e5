"""`course worker`: take part in a cluster that grades."""

import os
import platform
import sys

import click

from grader.cli.workplace import Workplace, pass_workplace
from grader.cluster import AddressRefused, ClusterAddress, parse_address, require_distributed
from grader.cluster.address import CERTIFICATES, named_certificates

# Seconds after which a worker that finds no scheduler ends.
DEATH_TIMEOUT = 60


@click.command("worker")
@click.argument("address", metavar="dask://HOST:PORT")
@click.option(
    "--containers",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    help="Submissions at a time.",
)
@click.option(
    "--gpus", type=click.IntRange(0, 64), default=0, show_default=True, help="GPUs to give away."
)
@click.option("--name", help="What the dispatcher calls it.  [default: host and process]")
@pass_workplace
def worker_command(
    workplace: Workplace, address: str, containers: int, gpus: int, name: str | None
) -> None:
    """Grade what the dispatcher at the other end of a Dask scheduler hands out.

    Run it in a checkout of the course. It serves `course grade ... --engine` until interrupted, and
    ends when the scheduler does.
    """
    try:
        require_distributed()
        found = parse_address(address)
        arguments = dask_arguments(found, containers, gpus, name or default_name())
    except AddressRefused as refused:
        raise click.UsageError(str(refused)) from refused
    if not workplace.course_file.is_file():
        raise click.UsageError(
            f"{workplace.course_file} is not there; run `course worker` in the course's folder"
        )
    os.environ["COURSE_FILE"] = str(workplace.course_file.absolute())
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    # Dask's own command from here on: its nanny restarts a worker that ends.
    os.execv(sys.executable, [sys.executable, "-m", "distributed.cli.dask_worker", *arguments])


def default_name() -> str:
    """A name that no other worker has now."""
    return f"{platform.node()}-{os.getpid()}"


def dask_arguments(address: ClusterAddress, containers: int, gpus: int, name: str) -> list[str]:
    """The arguments of `dask worker`. Raises `AddressRefused`."""
    arguments = [
        address.url,
        *("--nthreads", str(containers)),
        *("--nworkers", "1"),
        *("--resources", f"containers={containers} gpus={gpus}"),
        *("--name", name),
        *("--preload", "grader.cluster.preload"),
        *("--death-timeout", str(DEATH_TIMEOUT)),
        *("--memory-limit", "0"),  # it holds expected values; what notebooks use is in containers
        "--no-dashboard",
    ]
    if not address.tls:
        return [*arguments, "--host", address.host]
    certificates = named_certificates()
    named = [(CERTIFICATES[kind][1], path) for kind, path in certificates.items()]
    return [*arguments, *(word for pair in named for word in pair)]
