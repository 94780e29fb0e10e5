"""What the clock on the wall says about lateness: an oracle that walks from minute to minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)

# A night in which the clocks go forward, and one in which they go back, in each zone.
SHIFTS = [
    ("America/Toronto", "2027-03-14", "2027-11-07"),
    ("Europe/Berlin", "2027-03-28", "2027-10-31"),
    ("Australia/Lord_Howe", "2027-10-03", "2027-04-04"),
]
NIGHTS = [(zone, night) for zone, *nights in SHIFTS for night in nights]


def boundaries(due: datetime, zone: ZoneInfo, days: int) -> list[datetime]:
    """When each day late begins, by looking at the zone's clock once a minute.

    Only the direction from instants to clocks is used, which is never ambiguous. A clock
    that skips the wanted reading is taken to have gone on as it was before the jump.
    """
    clock = due.astimezone(zone).replace(tzinfo=None)
    found: list[datetime] = [due.astimezone(UTC)]
    for day in range(1, days + 1):
        wanted = clock + day * DAY
        start = found[0] + day * DAY - timedelta(hours=3)
        minutes = [start + timedelta(minutes=minute) for minute in range(6 * 60)]
        shown = [minute.astimezone(zone).replace(tzinfo=None) for minute in minutes]
        if exact := [
            minute for minute, reads in zip(minutes, shown, strict=True) if reads == wanted
        ]:
            found.append(exact[-1])
            continue
        jump = next(index for index, reads in enumerate(shown) if reads > wanted)
        found.append(minutes[jump - 1] + (wanted - shown[jump - 1]))
    return found
