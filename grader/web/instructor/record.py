"""The course's record: who changed what, when and why."""

from django.http import HttpResponse
from django.utils.http import urlencode

from grader.gradebook.exports.spreadsheet import csv_text
from grader.store import ActionRow
from grader.web.instructor.frame import show
from grader.web.staff.paging import Part
from grader.web.visits import INSTRUCTORS, Visit, page

PAGE = 100


@page(INSTRUCTORS)
def record(visit: Visit) -> HttpResponse:
    """The changes that were asked for, the newest first."""
    asked, text = asked_for(visit), visit.request.GET.get("page", "")
    rows, total = found(visit, asked, most=0)
    pages = max(1, -(-total // PAGE))
    wanted = int(text) if text.isdecimal() and len(text) < 9 else 1
    number = min(max(wanted, 1), pages)
    rows, total = found(visit, asked, skip=PAGE * (number - 1), most=PAGE)
    people, kinds = visit.store.record.choices()
    query = urlencode({name: value for name, value in asked.items() if value})
    first = PAGE * (number - 1) + 1 if rows else 0
    part: Part[ActionRow] = Part(rows, total, number, pages, first, query)
    values = {"part_shown": part, "asked": asked, "people": people, "kinds": kinds, "query": query}
    return show(visit, "record", "course-record", values)


@page(INSTRUCTORS)
def record_csv(visit: Visit) -> HttpResponse:
    """All of what was asked for, for a spreadsheet."""
    rows, _ = found(visit, asked_for(visit))
    text = csv_text(
        ("at", "by", "what", "subject", "detail", "reason"),
        [
            (row.at.isoformat(timespec="seconds"), row.by, row.what, row.subject, row.detail,
             row.reason)
            for row in rows
        ],
    )  # fmt: skip
    answer = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="record.csv"'
    return answer


def found(
    visit: Visit, asked: dict[str, str], *, skip: int = 0, most: int | None = None
) -> tuple[tuple[ActionRow, ...], int]:
    """The changes that were asked for, `most` of them, and how many there are."""
    return visit.store.record.find(
        by=asked["by"], what=asked["what"], about=asked["about"], skip=skip, most=most
    )


def asked_for(visit: Visit) -> dict[str, str]:
    """Who, what and about what, by the address; an empty text stands for all."""
    given = visit.request.GET
    return {name: given.get(name, "").strip()[:255] for name in ("by", "what", "about")}
