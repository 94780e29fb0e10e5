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

OPENS_A_SOCKET = """
import os
import socket

TARGETS = (
    ("1.1.1.1", 443),  # a host outside
    ("172.17.0.1", 22),  # the engine's own host
    ("169.254.169.254", 80),  # a cloud's metadata
)
for target in TARGETS:
    try:
        socket.create_connection(target, timeout=2)
        print("CONNECTED to", target)
    except OSError as error:
        print("refused:", error)
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    try:
        socket.socket(socket.AF_INET, kind).sendto(b"answers?", ("8.8.8.8", 53))
        print("SENT")
    except OSError as error:
        print("refused:", error)
try:
    print("RESOLVED", socket.getaddrinfo("example.org", 443))
except OSError as error:
    print("refused:", error)
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
