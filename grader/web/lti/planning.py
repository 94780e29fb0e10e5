"""Who would get which score in the LMS now, and who is left out and why. Nothing is sent here."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from grader.course import Assignment, Course
from grader.gradebook import Pending
from grader.gradebook.evidence import gather_for
from grader.gradebook.term import grade_term
from grader.store import Store, StudentRow
from grader.web.lti.models import Link, Member, Sent


@dataclass(frozen=True)
class Line:
    """A score to be sent: to whom, into which link's column. `before` is what was sent last."""

    student: StudentRow
    subject: str
    link: Link
    points: float
    possible: float
    before: float | None


@dataclass(frozen=True)
class Waiting:
    """A student without a final score; `before` is what the LMS still has of ours."""

    student: StudentRow
    why: Pending
    before: float | None


@dataclass(frozen=True)
class Plan:
    """What sending an assignment's scores would do.

    `unlinked` have a score, and have never come here from an LMS course that has a link to it.
    `columnless` are links that have no column in the LMS's gradebook, or one that we may not fill.
    """

    assignment: str
    lines: tuple[Line, ...]
    unchanged: int
    waiting: tuple[Waiting, ...]
    unlinked: tuple[StudentRow, ...]
    links: tuple[Link, ...]
    columnless: tuple[Link, ...]

    @property
    def fingerprint(self) -> str:
        """Tells whether a plan is the one that somebody has seen."""
        told = [
            (line.subject, line.link.column, line.points, line.possible, line.before)
            for line in self.lines
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def plan_of(course: Course, store: Store, assignment: Assignment, now: datetime) -> Plan:
    """What would be sent now: final scores, as in the gradebook, that the LMS doesn't have yet."""
    name = assignment.name
    every = _links(name)
    links = tuple(link for link in every if link.column and link.may_send)
    subjects = _subjects(links)
    last = _last_sent(name)
    before: dict[str, float] = {}
    for (student, _, _), sent in last.items():
        before[student] = sent.points
    terms = grade_term(course, gather_for(store, course, assignment), now)
    lines: list[Line] = []
    waiting: list[Waiting] = []
    unlinked: list[StudentRow] = []
    unchanged = 0
    for student in store.roster.students():
        who = student.identifier
        score = terms[who].grades[name].score
        if score.final is None:
            assert score.pending is not None
            waiting.append(Waiting(student, score.pending, before.get(who)))
            continue
        if who not in subjects:
            unlinked.append(student)
        for link, subject in subjects.get(who, {}).values():
            sent = last.get((who, subject, link.column))
            if sent and (sent.points, sent.possible) == (score.final, score.points):
                unchanged += 1
                continue
            old = sent.points if sent else None
            lines.append(Line(student, subject, link, score.final, score.points, old))
    columnless = tuple(link for link in every if link not in links)
    return Plan(name, tuple(lines), unchanged, tuple(waiting), tuple(unlinked), links, columnless)


def _links(name: str) -> tuple[Link, ...]:
    rows = Link.objects.filter(
        assignment=name, deployment__is_active=True, deployment__platform__is_active=True
    )
    return tuple(rows.select_related("deployment__platform").order_by("-seen_at", "-pk"))


def _subjects(links: tuple[Link, ...]) -> dict[str, dict[tuple[str, str], tuple[Link, str]]]:
    """By student, what the LMS calls them where a link is, once for each column and subject."""
    by_place: dict[tuple[int, str], list[Link]] = defaultdict(list)
    for link in links:
        by_place[link.deployment.pk, link.context].append(link)
    members = Member.objects.filter(
        deployment__in={link.deployment.pk for link in links}, person__account__student__gt=""
    ).values_list("person__account__student", "person__subject", "deployment_id", "context")
    found: dict[str, dict[tuple[str, str], tuple[Link, str]]] = defaultdict(dict)
    for student, subject, deployment, context in members:
        for link in by_place.get((deployment, context), ()):
            found[student].setdefault((link.column, subject), (link, subject))
    return dict(found)


def _last_sent(name: str) -> dict[tuple[str, str, str], Sent]:
    """What the LMS took last, by student, subject and column."""
    rows = Sent.objects.filter(assignment=name).order_by("pk")
    return {(row.student, row.subject, row.column): row for row in rows}
