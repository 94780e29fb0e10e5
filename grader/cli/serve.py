"""`course serve`: the course's web page."""

import signal
import socket
from types import FrameType

import click

from grader.cli.terminal import people
from grader.cli.web_project import served_by
from grader.cli.workplace import Workplace, pass_workplace


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--url",
    metavar="https://HOST",
    envvar="COURSE_URL",
    help="How browsers reach it, where that is another address, as behind a proxy.",
)
@click.option(
    "--proxy",
    metavar="ADDRESS",
    help="The proxy in front of it, as this machine sees it, such as 127.0.0.1: what it says of "
    "who asks, and whether by https, is believed.",
)
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option(
    "--jobs", type=click.IntRange(1, 1024), default=2, show_default=True, help="Graded at a time."
)
@click.option(
    "--only-pages",
    is_flag=True,
    help="Neither grade nor release: another process does, such as another `course serve`.",
)
@pass_workplace
def serve_command(
    workplace: Workplace,
    host: str,
    port: int,
    url: str | None,
    proxy: str | None,
    threads: int,
    jobs: int,
    only_pages: bool,
) -> None:
    """Serve the course's web page, grade what is handed in, release what is due.

    At its first start an instructor's account is made, and a link printed that sets its password.
    Ctrl-C ends all of it; what is being graded then is graded after the next start.
    """
    from grader.cli.children import RELEASE_EVERY_SECONDS, Children
    from grader.web.serving import FIRST_LOGIN, invite_first_instructor, serve, set_up

    check_port(host, port)
    address = (url or f"http://{host}:{port}").rstrip("/")
    assert workplace.course  # its mistakes are told before anything is made
    served = served_by(workplace, address)
    workplace.make_data()
    application = set_up(served)  # before anything opens the store: Django is set up only once
    workplace.store.close()  # the roster has been read in
    console = people()
    link = invite_first_instructor(served)
    if link is not None:
        console.print(
            f"first start: choose the password of {FIRST_LOGIN}, an instructor, at", markup=False
        )
        console.print(f"  {link}", markup=False, soft_wrap=True)
    console.print(f"the course's page: {address}/  (Ctrl-C ends it)", markup=False)
    if address.startswith("http:") and host not in ("127.0.0.1", "::1", "localhost"):
        console.print(
            "passwords go through the network in the clear: put a proxy with https in front, and "
            "say --url https://HOST --proxy ITS-ADDRESS",
            markup=False,
        )
    if address.startswith("https:") and proxy is None:
        console.print(
            "without --proxy nobody's word counts on who asks: all visitors seem to be one, by "
            "plain http. Say --proxy ITS-ADDRESS, as this machine sees the proxy",
            markup=False,
        )
    children = Children(arguments_of(workplace))
    signal.signal(signal.SIGTERM, interrupt)
    try:
        if not only_pages:
            children.keep_running("grade", "--watch", "--with-parent", "--jobs", str(jobs))
            children.run_every(RELEASE_EVERY_SECONDS, "release", "--due")
        serve(application, host, port, threads=threads, proxy=proxy)
    finally:
        children.end()


def check_port(host: str, port: int) -> None:
    """Raises a click error where the address can't be listened at."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as error:
        raise click.UsageError(
            f"{host}:{port} can't be listened at: {error.strerror}. Is another `course serve` "
            "running? --port takes another one"
        ) from error


def arguments_of(workplace: Workplace) -> list[str]:
    """The options of `course` by which another process works on the same course."""
    found = ["--course", str(workplace.course_file.absolute()), "--data", str(workplace.data)]
    if workplace.roster_option is not None:
        found += ["--roster", str(workplace.roster_option.absolute())]
    if workplace.now_option is not None:
        found += ["--now", workplace.now_option]
    return found


def interrupt(number: int, frame: FrameType | None) -> None:
    """End as by Ctrl-C."""
    raise KeyboardInterrupt
