"""Archives that are like a backup, but for what a test changes."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Members = list[tuple[tarfile.TarInfo, bytes]]


def read(path: Path) -> Members:
    """All members with their headers."""
    with tarfile.open(path) as tar:
        return [(info, taken.read() if (taken := tar.extractfile(info)) else b"") for info in tar]


def member(name: str, data: bytes = b"", **changes: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A member; `changes` are of its header."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in changes.items():
        setattr(info, field, value)
    return info, data


def write(path: Path, members: Members) -> None:
    """A gzipped tar of these members, whatever their headers say."""
    packed = io.BytesIO()
    for info, data in members:
        packed.write(
            info.tobuf(tarfile.GNU_FORMAT) + data + b"\0" * (-len(data) % tarfile.BLOCKSIZE)
        )
    packed.write(b"\0" * 2 * tarfile.BLOCKSIZE)
    path.write_bytes(gzip.compress(packed.getvalue()))


def put(members: Members, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a member's bytes, and nothing that tells of them."""
    for place, (info, data) in enumerate(members):
        if info.name == name:
            members[place] = member(name, change(data))
            return
    raise AssertionError(f"no member {name}")


def tell(members: Members, names: list[str] | None = None, /, **manifest: Any) -> None:
    """Let list and manifest be true of what the members are now, or as a forger says."""
    contents = {info.name: data for info, data in members[2:]}
    listed = sorted(contents) if names is None else names
    lines = [f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in listed]
    sums = "".join(lines).encode()
    told: Mapping[str, Any] = {
        **json.loads(members[0][1]),
        "members": len(lines),
        "size_bytes": sum(map(len, contents.values())),
        "sums_sha256": hashlib.sha256(sums).hexdigest(),
        **manifest,
    }
    members[:2] = [
        member("manifest.json", json.dumps(told).encode()),
        member("SHA256SUMS", sums),
    ]
