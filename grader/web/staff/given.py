"""What an address asks for, and what is typed into forms."""

from grader.web.visits import Visit

# A reason is read by people, in a line of the course's record.
_LONGEST_REASON = 1_000


def asked(visit: Visit) -> dict[str, str]:
    """What the address asks for, by name; of what it names twice, the last."""
    return {name: visit.request.GET.get(name, "") for name in visit.request.GET}


def given_reason(visit: Visit) -> str:
    """The reason that was typed, on one line and with nothing that a database refuses; or ""."""
    text = visit.request.POST.get("reason", "").replace("\0", "\ufffd")
    return " ".join(text.split())[:_LONGEST_REASON]
