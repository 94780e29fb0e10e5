"""Looks through every layer of a saved image for lines of given files."""

import gzip
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

SHORTEST = 31
# Such lines say nothing about whose they are.
COMMON = (b"import ", b"from ", b"@", b"#", b"def __", b") ->")


@dataclass
class Scan:
    """What was found: lines anywhere in the layers' bytes, and all the paths in them."""

    lines: set[bytes] = field(default_factory=set[bytes])
    paths: set[str] = field(default_factory=set[str])


def distinctive_lines(files: Iterable[Path]) -> set[bytes]:
    """Each file's lines of more than 30 characters that another program would hardly have."""
    stripped = (line.strip() for path in files for line in path.read_bytes().splitlines())
    return {line for line in stripped if len(line) >= SHORTEST and not line.startswith(COMMON)}


def scan_saved_image(saved: IO[bytes], lines: set[bytes]) -> Scan:
    """Read what `docker save` writes, once, from beginning to end."""
    scan = Scan()
    with tarfile.open(fileobj=saved, mode="r|") as outer:
        for member in outer:
            layer = outer.extractfile(member) if member.isfile() else None
            if layer is not None:
                _scan_member(layer, lines, scan)
    return scan


def _scan_member(member: IO[bytes], lines: set[bytes], scan: Scan) -> None:
    """One layer, plain or compressed; or a manifest, whose bytes count too."""
    head = member.read(1 << 16)
    whole: Any = _Joined(head, member)
    if head.startswith(b"\x1f\x8b"):
        whole = gzip.GzipFile(fileobj=whole)
    with tempfile.NamedTemporaryFile() as wanted, tempfile.TemporaryFile() as found:
        wanted.write(b"\n".join(sorted(lines)) + b"\n")
        wanted.flush()
        # GNU grep looks for thousands of fixed strings at once, at a disk's speed.
        options = ["--text", "--only-matching", "--fixed-strings", f"--file={wanted.name}"]
        with subprocess.Popen(
            ["grep", *options],
            stdin=subprocess.PIPE,
            stdout=found,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        ) as grep:
            assert grep.stdin is not None
            tee = _Tee(whole, grep.stdin)
            scan.paths |= _paths(tee)
            while tee.read(1 << 20):
                pass
        assert grep.returncode in (0, 1), "grep failed"
        found.seek(0)
        scan.lines |= set(found.read().splitlines())


def _paths(tee: "_Tee") -> set[str]:
    try:
        with tarfile.open(fileobj=tee, mode="r|") as layer:  # type: ignore[call-overload]
            return {member.name for member in layer}
    except tarfile.ReadError:
        return set()  # a manifest or a configuration


class _Joined(io.RawIOBase):
    """Bytes already read, then the rest of their file."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._head:
            size = len(self._head) if size < 0 else size
            piece, self._head = self._head[:size], self._head[size:]
            return piece
        return self._rest.read(size)


class _Tee:
    """Reads a file and writes all that was read to another."""

    def __init__(self, source: IO[bytes], copy: IO[bytes]) -> None:
        self._source, self._copy = source, copy

    def read(self, size: int) -> bytes:
        piece = self._source.read(size)
        self._copy.write(piece)
        return piece
