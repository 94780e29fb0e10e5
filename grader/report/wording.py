"""Numbers, times and names in the words that pages use."""

import hashlib
import re
from datetime import datetime, tzinfo

from grader.gradebook.rounding import round_points
from grader.report.cleaning import clean_line

# `strftime` would follow the machine's locale, and a report is the same everywhere.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def points_text(points: float) -> str:
    """Points with at most two decimals, rounded as final scores are: 3, 2.5, 1.33."""
    return f"{round_points(points):.2f}".rstrip("0").rstrip(".")


def counted(number: int, noun: str) -> str:
    """'1 student', '2 students'."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent_text(fraction: float) -> str:
    """A fraction as a whole percentage that says 0 % and 100 % only of none and all."""
    percent = round(100 * fraction)
    if fraction > 0 and percent == 0:
        return "< 1 %"
    if fraction < 1 and percent == 100:
        return "> 99 %"
    return f"{percent} %"


def signed_text(number: float) -> str:
    """'+0.42', '−0.10', '0.00': two decimals, with the sign that mathematics uses."""
    text = f"{number:+.2f}"
    return "0.00" if text[1:] == "0.00" else text.replace("-", "−")


def time_text(time: datetime, zone: tzinfo | None) -> str:
    """'Wed 10 Feb 2027, 23:59:59 EST' in the given zone."""
    t = time.astimezone(zone)
    day = f"{_DAYS[t.weekday()]} {t.day} {_MONTHS[t.month - 1]} {t.year}"
    return f"{day}, {t.hour:02}:{t.minute:02}:{t.second:02} {t.tzname() or ''}".rstrip()


def short_time_text(time: datetime, zone: tzinfo | None) -> str:
    """'Wed 10 Feb 23:59', for tables: no year and no seconds."""
    t = time.astimezone(zone)
    return f"{_DAYS[t.weekday()]} {t.day} {_MONTHS[t.month - 1]} {t.hour:02}:{t.minute:02}"


def credit_text(credit: float) -> str:
    """The fraction of the points that counts, not rounded to whole percent: '87.5 %'."""
    return f"{100 * credit:.6g} %"


def seconds_text(seconds: float) -> str:
    """'0.8 s', '14 s', '3 min 20 s'."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def bytes_text(number: int) -> str:
    """'312 MiB', '1.9 GiB'."""
    mebibytes = number / 2**20
    return f"{mebibytes:.0f} MiB" if mebibytes < 1023.5 else f"{mebibytes / 1024:.1f} GiB"


def spoken_name(identifier: str) -> str:
    """`gauss_newton_for_hessian` as 'gauss newton for hessian'."""
    return clean_line(identifier.replace("_", " "))


def page_name(student: str) -> str:
    """A file name for the student's page: the id where that is safe, else a slug and a hash.

    '~' never occurs in a plain id, so the two kinds cannot collide; upper case counts as
    unsafe because some file systems fold it.
    """
    if _PLAIN_NAME.fullmatch(student):
        return f"{student}.html"
    slug = re.sub(r"[^a-z0-9]+", "-", student.lower()[:40]).strip("-") or "student"
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{slug}~{digest}.html"
