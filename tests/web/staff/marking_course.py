"""Essays of the small course that wait for marks, and what its tests do with their pages."""

import re
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.test import Client

from grader.store import StudentRow
from grader.web.visits import Role
from tests.intake.pdfs import pdf
from tests.term_course import STUDENTS
from tests.web.site import Site

SECTIONS = {"ada": "L1", "bob": "L1", "eve": "L2", "joe": "L2", "kim": "L2"}


def group(site: Site, name: str, members: Iterable[str]) -> None:
    site.store.groups.form("essay", name, members, largest=3, by="prof")


def essay(site: Site, student: str, body: bytes = b"") -> int:
    """The number of an essay that was handed in now, for the student's group."""
    taken = site.store.accept(
        student,
        "essay",
        pdf(body=body or f"% {student}\n".encode()),
        f"{student}-essay.pdf",
        site.now,
        by_hand=True,
        group_set="essay",
    )
    return taken.submission.id


def two_essays(site: Site) -> tuple[int, int]:
    """One of ada and bob, then one of eve and joe."""
    group(site, "Alphas", ["ada", "bob"])
    group(site, "Betas", ["eve", "joe"])
    return essay(site, "ada"), essay(site, "eve")


def sections(site: Site) -> None:
    """Let ada and bob be of section L1, the others of L2; the TA `sue` is for L2."""
    rows = [StudentRow(name, name.title(), "", SECTIONS[name]) for name in STUDENTS]
    site.store.roster.update(rows)
    site.staff("sue", Role.TA, "L2")


def change(site: Site, old: str, new: str) -> None:
    """Change the course file, which is in force as it is."""
    file = site.served.course_file
    assert file.read_text().count(old) == 1
    file.write_text(file.read_text().replace(old, new))


def anonymous(site: Site) -> None:
    change(site, "    submit: pdf\n", "    submit: pdf\n    anonymous: true\n")


def at(question: str, number: int, what: str = "") -> str:
    return f"/staff/marking/essay/{question}/{number}/{what}"


def shown(answer: HttpResponse) -> str:
    return answer.content.decode()


def mark(client: Client, number: int, question: str = "idea", **sent: str) -> Any:
    """Save what is sent from the page of a paper, and follow to where that leads."""
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', shown(client.get(at(question, number))))
    return client.post(at(question, number), {"seen": seen, **sent}, follow=True)


def given(site: Site) -> list[tuple[int, str, float, dict[str, float] | None, str, str]]:
    rows = site.store.marks.of("essay")
    return [(r.submission_id, r.question, r.points, r.marks, r.comment, r.by) for r in rows]


def table(answer: HttpResponse) -> list[list[str]]:
    """The text of each cell of the lines of a page's table."""
    body = shown(answer).partition("<tbody>")[2].partition("</tbody>")[0]
    lines = [re.findall(r"<t[hd].*?</t[hd]>", line, re.DOTALL) for line in body.split("<tr>")[1:]]
    return [[" ".join(re.sub(r"<[^>]*>", "", cell).split()) for cell in line] for line in lines]


def status(client: Client, method: str, path: str) -> int:
    """How a request is answered; a POST sends nothing."""
    return (client.post(path) if method == "POST" else client.get(path)).status_code
