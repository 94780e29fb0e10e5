"""Checks of the clock, and of what this machine knows of time zones."""

import ctypes
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

from grader.course import Course
from grader.doctor.disk import existing
from grader.doctor.findings import Finding, Mark
from grader.doctor.subject import Subject

# The kernel's `struct timex` of 64-bit Linux: where its status is, and the bit for "not in step".
TIMEX_BYTES, STATUS_AT, OUT_OF_STEP = 256, 40, 0x40
MOST_DRIFT_SECONDS = 2.0
PAUSE_SECONDS = 0.05


def clock(subject: Subject) -> Finding:
    """Whether the clock is kept right, agrees with the disk's, and goes evenly."""
    looked_at = "the kernel's word on synchronisation, a new file's time, two clocks for 50 ms"
    folder = existing(subject.data)
    drift, gap = drift_seconds(folder), uneven_seconds()
    found = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z, disk {drift:.1f} s off"
    if gap > PAUSE_SECONDS:
        do = "Look at the clock source of this (virtual) machine; times of receipt would be wrong."
        return Finding(Mark.FAILED, looked_at, f"{found}, jumps by {gap:.2f} s", do)
    if drift > MOST_DRIFT_SECONDS:
        do = f"Have this machine and the one that {folder} is on keep the same time."
        return Finding(Mark.WARNING, looked_at, found, do)
    in_step = is_synchronised()
    if in_step:
        return Finding(Mark.OK, looked_at, f"{found}, synchronised")
    say = "unsynchronised" if in_step is False else "perhaps synchronised"
    do = "Install chrony or switch systemd-timesyncd on: times of receipt come from this clock."
    return Finding(Mark.WARNING, looked_at, f"{found}, {say}", do)


def drift_seconds(folder: Path) -> float:
    """How far a new file's time in the folder is from this machine's. Raises OSError."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(b"when?")
        file.flush()
        return abs(Path(file.name).stat().st_mtime - time.time())


def uneven_seconds() -> float:
    """How far the clock on the wall and the one that only counts are apart after a moment."""
    wall, counted = time.time(), time.monotonic()
    time.sleep(PAUSE_SECONDS)
    return abs((time.time() - wall) - (time.monotonic() - counted))


def is_synchronised() -> bool | None:
    """Whether a time service keeps the kernel's clock; None where the kernel doesn't say."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return None
    buffer = ctypes.create_string_buffer(TIMEX_BYTES)  # all zero: it only reads
    if adjtimex(buffer) < 0:
        return None
    status = ctypes.c_int.from_buffer(buffer, STATUS_AT).value
    return not status & OUT_OF_STEP


def time_zone(subject: Subject) -> Finding:
    """Whether the zone is known here, and every source of zones tells the same of the term."""
    course = subject.course
    key = course.zone.key
    looked_at = f"what the system and the package tzdata know of {key}"
    sources = dict(zone_sources(key))
    if not sources:
        do = "pip install --upgrade tzdata, or install the system's package tzdata."
        return Finding(Mark.FAILED, looked_at, "nothing", do)
    offsets = {tuple(offsets_in_term(zone, course)) for zone in sources.values()}
    found = f"{key}, by {' and '.join(sources)}"
    if len(offsets) > 1:
        do = "Update the system's package tzdata: due times follow from it."
        return Finding(Mark.WARNING, looked_at, f"{found}, which differ in the term", do)
    return Finding(Mark.OK, looked_at, found)


def zone_sources(key: str) -> Iterator[tuple[str, ZoneInfo]]:
    """The zone as each source has it; the first is the one that counts."""
    for folder in TZPATH:
        path = Path(folder) / key
        if path.is_file():
            with path.open("rb") as file:
                yield "the system", ZoneInfo.from_file(file, key)
            break
    packaged = files("tzdata").joinpath("zoneinfo", *key.split("/"))
    if packaged.is_file():
        with packaged.open("rb") as file:
            yield "tzdata", ZoneInfo.from_file(file, key)


def offsets_in_term(zone: ZoneInfo, course: Course) -> Iterator[timedelta | None]:
    """The zone's offset from UTC at each hour of the term."""
    day = datetime.combine(course.term.start, datetime.min.time(), UTC)
    hours = (course.term.end - course.term.start).days * 24 + 48
    for hour in range(hours):
        yield (day + timedelta(hours=hour)).astimezone(zone).utcoffset()
