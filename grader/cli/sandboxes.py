"""Choosing where student code runs, and saying what that choice means."""

import click

from grader.sandbox.box import Sandbox

sandbox_option = click.option(
    "--sandbox",
    "sandbox_name",
    type=click.Choice(["docker", "process"]),
    default="docker",
    show_default=True,
    help="Where notebooks run; `process` isolates nothing.",
)


def make_sandbox(name: str) -> Sandbox:
    """The sandbox of that name."""
    if name == "process":
        from grader.sandbox.process import ProcessSandbox

        return ProcessSandbox()
    from grader.sandbox.docker import DockerSandbox

    return DockerSandbox()
