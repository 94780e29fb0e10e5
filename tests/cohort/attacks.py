"""Attacks on the machine. Each runs only in a container with limits, and gains nothing there."""

EATS_MEMORY = """
hoard = []
while True:
    hoard.append(np.ones(4_000_000))  # 32 MB each, all of it touched
"""

FORK_BOMB = """
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
"""

PRINTS_A_GIGABYTE = """
line = "spam " * 20_000
for _ in range(10_000):
    print(line)
"""

EXITS_EARLY = """
import os

os._exit(0)
"""

IGNORES_INTERRUPTS = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""

# Every way out of a container that a program may try; each says what became of it.
OPENS_A_SOCKET = r"""
import ctypes
import os
import socket

TARGETS = (
    ("AF_INET", "SOCK_STREAM", 0, ("1.1.1.1", 443)),  # a host outside
    ("AF_INET", "SOCK_STREAM", 0, ("172.17.0.1", 22)),  # the engine's own host
    ("AF_INET", "SOCK_STREAM", 0, ("169.254.169.254", 80)),  # a cloud's metadata
    ("AF_INET6", "SOCK_STREAM", 0, ("2606:4700:4700::1111", 443)),
    ("AF_INET", "SOCK_DGRAM", 0, ("8.8.8.8", 53)),
    ("AF_INET", "SOCK_DGRAM", socket.IPPROTO_ICMP, ("8.8.8.8", 0)),  # a ping
    ("AF_INET", "SOCK_RAW", socket.IPPROTO_ICMP, ("8.8.8.8", 0)),
    ("AF_UNIX", "SOCK_STREAM", 0, "/var/run/docker.sock"),
    ("AF_UNIX", "SOCK_STREAM", 0, "/run/containerd/containerd.sock"),
    ("AF_UNIX", "SOCK_STREAM", 0, "\0containerd-shim"),  # a name without a file
    ("AF_VSOCK", "SOCK_STREAM", 0, (2, 22)),  # past all networks, to the hypervisor
    ("AF_VSOCK", "SOCK_STREAM", 0, (1, 22)),
    ("AF_ALG", "SOCK_SEQPACKET", 0, ("hash", "sha256")),  # into the kernel
    ("AF_PACKET", "SOCK_RAW", 0, ("lo", 0)),
)
for family, kind, protocol, address in TARGETS:
    try:
        with socket.socket(getattr(socket, family), getattr(socket, kind), protocol) as made:
            made.settimeout(2)
            if family == "AF_ALG":
                made.bind(address)
            elif kind == "SOCK_STREAM":
                made.connect(address)
            else:
                made.sendto(bytes([8, 0, 0, 0, 0, 0, 0, 0]), address)
        print("REACHED", family, kind, address)
    except OSError as error:
        print("refused:", family, kind, error)
try:
    print("RESOLVED", socket.getaddrinfo("example.org", 443))
except OSError as error:
    print("refused:", error)
libc = ctypes.CDLL(None, use_errno=True)
ring = libc.syscall(425, 8, ctypes.create_string_buffer(120))  # io_uring_setup
print("RING" if ring >= 0 else f"refused: io_uring, {os.strerror(ctypes.get_errno())}")
for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"):
    print("FOUND" if os.path.exists(path) else "refused: no", path)
"""

# A process that leaves the runner's session, ignores signals and outlives it, if it can.
LEAVES_A_DAEMON = """
import os
import signal
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.execv("/bin/sleep", ["cohort-daemon", "3600"])
    os._exit(0)
print("left a daemon")
"""
