"""What a program meets in a container that takes all it can, and system calls that it gave up."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from grader.outcomes import CellStatus
from grader.sandbox.conversation import Conversation
from grader.sandbox.docker import DockerSandbox
from grader.sandbox.values import student_name
from tests.sandbox.boxes import SMALL, opened, request, run_cells

pytestmark = pytest.mark.docker

PROBES = r"""
import ctypes, errno, os, resource, signal, socket, threading, time

def until_refused(take):
    '''How often `take` works, and the reason why not once more.'''
    taken = []
    try:
        while len(taken) < 20_000:
            taken.append(take(len(taken)))
    except (OSError, RuntimeError) as error:
        return taken, os.strerror(error.errno) if isinstance(error, OSError) else str(error)
    return taken, "no end"

def small_files(folder):
    def make(number):
        open(f"{folder}/small{number}", "w").close()
        return f"{folder}/small{number}"
    made, why = until_refused(make)
    for name in made:
        os.unlink(name)
    return len(made), why

def megabytes(folder):
    def make(number):
        with open(f"{folder}/large{number}", "wb") as file:
            file.write(bytes(1 << 20))
        return number
    made, why = until_refused(make)
    for number in range(len(made) + 1):
        os.unlink(f"{folder}/large{number}")
    return len(made), why

def descriptors():
    opened, why = until_refused(lambda _: os.open("/dev/null", os.O_RDONLY))
    for number in opened:
        os.close(number)
    return len(opened), why

def sockets():
    opened, why = until_refused(lambda _: socket.socket(socket.AF_UNIX))
    for one in opened:
        one.close()
    return len(opened), why

def threads():
    done = threading.Event()
    def start(_):
        thread = threading.Thread(target=done.wait)
        thread.start()
        return thread
    started, why = until_refused(start)
    done.set()
    for thread in started:
        thread.join()
    return len(started), why

def sparse_file():
    try:
        with open("/tmp/sparse", "wb") as file:
            file.truncate(1 << 40)
    except OSError as error:
        return os.strerror(error.errno)
    return "made"

def child_that_aborts():
    '''Its signal, whether it left a core, and what lies in the folder then.'''
    before = os.listdir(".")
    child = os.fork()
    if child == 0:
        os.abort()
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status), os.WCOREDUMP(status), os.listdir(".") == before

def raised(limit):
    try:
        resource.setrlimit(getattr(resource, limit), (1 << 40, 1 << 40))
    except (OSError, ValueError) as error:
        return type(error).__name__
    return "raised"

def hurried():
    try:
        return str(os.nice(-5))
    except OSError as error:
        return os.strerror(error.errno)

def called(number, *args):
    library = ctypes.CDLL(None, use_errno=True)
    done = library.syscall(number, *args)
    return done, errno.errorcode.get(ctypes.get_errno(), "")

def opened(family, kind, protocol):
    try:
        socket.socket(family, kind, protocol).close()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "opened"

def pinged(address):
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as made:
            made.sendto(bytes([8, 0, 0, 0, 0, 0, 0, 0]), (address, 0))
    except OSError as error:
        return os.strerror(error.errno)
    return "sent"
"""
FULL = "No space left on device"
# x86-64 and ARM have the same numbers of these.
IO_URING_SETUP = 425
AF_VSOCK, AF_ALG, AF_CAN, AF_BLUETOOTH, AF_TIPC, AF_XDP = 40, 38, 29, 31, 30, 44


@pytest.fixture(scope="module")
def conversation() -> Iterator[Conversation]:
    with opened(DockerSandbox()) as talk:
        (record,) = run_cells(talk, PROBES)
        assert record.status is CellStatus.OK, record.error
        yield talk


def ask(conversation: Conversation, name: str, *args: Any) -> Any:
    return conversation.call(
        "call", seconds=20.0, target=student_name(name), args=list(args), kwargs={}
    )


@pytest.mark.parametrize(
    ("name", "args", "most", "why"),
    [
        ("small_files", ["/tmp"], 8192, FULL),
        ("small_files", ["/home/student"], 8192, FULL),
        ("megabytes", ["/dev/shm"], 16, FULL),
        ("descriptors", [], 1024, "Too many open files"),
        ("sockets", [], 1024, "Too many open files"),
        ("threads", [], SMALL.processes, "can't start new thread"),
    ],
)
def test_there_is_so_much_and_no_more_and_the_program_goes_on(
    conversation: Conversation, name: str, args: list[Any], most: int, why: str
) -> None:
    for _ in range(2):  # what was given back can be had again
        taken, reason = ask(conversation, name, *args)
        assert (reason, most // 2 < taken <= most) == (why, True)


def test_a_file_can_not_even_claim_a_terabyte(conversation: Conversation) -> None:
    assert ask(conversation, "sparse_file") == "File too large"


def test_a_crash_leaves_no_core(conversation: Conversation) -> None:
    assert ask(conversation, "child_that_aborts") == (6, False, True)


@pytest.mark.parametrize("limit", ["RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE"])
def test_no_limit_can_be_raised(conversation: Conversation, limit: str) -> None:
    assert ask(conversation, "raised", limit) in ("ValueError", "PermissionError")


def test_it_can_not_go_before_others(conversation: Conversation) -> None:
    assert ask(conversation, "hurried") == "Operation not permitted"


@pytest.mark.parametrize("family", [AF_VSOCK, AF_ALG, AF_CAN, AF_BLUETOOTH, AF_TIPC, AF_XDP])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW])
def test_no_socket_of_another_family_is_opened(
    conversation: Conversation, family: int, kind: int
) -> None:
    assert ask(conversation, "opened", family, int(kind), 0) == "EAFNOSUPPORT"


def test_sockets_that_programs_need_are_opened(conversation: Conversation) -> None:
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
        assert ask(conversation, "opened", int(family), int(socket.SOCK_DGRAM), 0) == "opened"


@pytest.mark.parametrize("address", ["8.8.8.8", "172.17.0.1"])
def test_no_ping_goes_out(conversation: Conversation, address: str) -> None:
    reasons = ("Network is unreachable", "Operation not permitted", "Permission denied")
    assert ask(conversation, "pinged", address) in reasons


@pytest.mark.parametrize("number", [IO_URING_SETUP, IO_URING_SETUP + 1, IO_URING_SETUP + 2])
def test_there_is_no_io_uring(conversation: Conversation, number: int) -> None:
    assert ask(conversation, "called", number, 8, 0) == (-1, "ENOSYS")


@pytest.mark.parametrize("place", range(3), ids=["ptrace", "readv", "writev"])
def test_no_process_reads_or_changes_another(conversation: Conversation, place: int) -> None:
    # The numbers differ from one processor to the next; the runner has them.
    own = "sys.modules['runner.syscalls'].MACHINES[platform.machine()].of_other_processes"
    run_cells(conversation, f"import platform, sys\nnumber = {own}[{place}]")
    number = conversation.call("value", seconds=5.0, target=student_name("number"))
    assert ask(conversation, "called", number, 16, 1, 0, 0) == (-1, "EPERM")


def test_a_share_of_a_processor_is_all_that_many_processes_get() -> None:
    spin = """
import os, time
wall, before = time.monotonic(), os.times()
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        end = time.monotonic() + 1.5
        while time.monotonic() < end: pass
        os._exit(0)
    children.append(child)
for child in children: os.waitpid(child, 0)
after = os.times()
used = after.children_user + after.children_system
share = used / (time.monotonic() - wall)
"""
    half = replace(SMALL, cpus=0.5)
    with opened(DockerSandbox(), request(half)) as talk:
        run_cells(talk, spin)
        share = talk.call("value", seconds=5.0, target=student_name("share"))
    # Four processes would have both cores of a small machine; a period's rounding is allowed.
    assert 0.05 < share < 0.65


def test_names_of_ours_and_of_python_can_not_be_taken(conversation: Conversation) -> None:
    takes = """
import os, sys
os.makedirs(os.path.expanduser("~/jax"), exist_ok=True)
for name in ("jax/__init__", "numpy", "json", "msgpack", "runner", "sitecustomize", "conftest"):
    with open(os.path.expanduser(f"~/{name}.py"), "w") as file: file.write("raise SystemExit")
where = [sys.modules[name].__file__ for name in ("jax", "numpy", "json", "msgpack", "runner.wire")]
flags = sys.flags.isolated, sys.flags.no_user_site, sys.flags.ignore_environment
"""
    run_cells(conversation, takes)
    where = conversation.call("value", seconds=5.0, target=student_name("where"))
    assert not [path for path in where if path.startswith("/home")]
    assert conversation.call("value", seconds=5.0, target=student_name("flags")) == (1, 1, 1)
    assert ask(conversation, "sparse_file") == "File too large", "calls are answered as before"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("!pip install tqdm", "pip: not found"),
        ("%pip install tqdm", "No module named pip"),
        ("!curl https://example.org", "curl: not found"),
        ("import urllib.request\nurllib.request.urlopen('https://example.org')", "name resolution"),
    ],
)
def test_nothing_is_installed_or_fetched_and_that_is_said_at_once(
    conversation: Conversation, cell: str, words: str
) -> None:
    record, after = run_cells(conversation, cell, "print('goes on')")
    assert words in record.output + record.error
    assert record.seconds < 10
    assert after.output == "goes on\n"
