"""What is stored of a course's term, gathered at one moment: all that its grades are made of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from grader.course import Assignment, Course
from grader.course.policy import GraceDays
from grader.store import (
    ExtensionRow,
    GroupRow,
    ManualScoreRow,
    OverrideRow,
    StartRow,
    Store,
    StudentRow,
    SubmissionRow,
    SummaryRow,
)


@dataclass(frozen=True)
class Handed:
    """What was handed in for one assignment, and what became of it."""

    submissions: tuple[SubmissionRow, ...] = ()
    summaries: tuple[SummaryRow, ...] = ()
    manual: tuple[ManualScoreRow, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """The rows of a term. `groups` are by set, `handed` by assignment.

    `left` are those who left the course; `group_work` says by assignment and group whose what it
    handed in is, also theirs who have left it since.
    """

    students: tuple[StudentRow, ...]
    left: tuple[StudentRow, ...] = ()
    groups: Mapping[str, tuple[GroupRow, ...]] = field(
        default_factory=dict[str, tuple[GroupRow, ...]]
    )
    group_work: Mapping[str, Mapping[int, frozenset[str]]] = field(
        default_factory=dict[str, Mapping[int, frozenset[str]]]
    )
    extensions: tuple[ExtensionRow, ...] = ()
    starts: tuple[StartRow, ...] = ()
    overrides: tuple[OverrideRow, ...] = ()
    handed: Mapping[str, Handed] = field(default_factory=dict[str, Handed])


def gather_dates(store: Store, course: Course) -> Evidence:
    """What dates follow from: students, groups and extensions."""
    shared = [one for one in course.assignments.values() if one.group_set]
    sets = sorted({one.group_set or "" for one in shared})
    return Evidence(
        students=store.roster.students(),
        left=store.roster.students(active=False),
        groups={name: store.groups.all(name) for name in sets},
        group_work={one.name: store.groups.work(one.name) for one in shared},
        extensions=store.extensions.all(),
        starts=store.starts.all(),
    )


def gather_student(
    store: Store, course: Course, student: str, *, dates: Evidence | None = None
) -> Evidence:
    """What one student's grades follow from; of the others only who they are.

    `dates` is what `gather_dates` gave, where that is known already.
    """
    return gather_students(store, course, [student], dates=dates)


def gather_students(
    store: Store, course: Course, students: Collection[str], *, dates: Evidence | None = None
) -> Evidence:
    """What these students' grades follow from; else as `gather_student`. For a page of them."""
    rows = store.work_of(*students)
    names = {row.id: row.assignment for row in rows}
    summaries = store.browsing.summaries_of(names)
    manual = store.marks.of_submissions(names)
    handed = {
        name: Handed(
            tuple(row for row in rows if row.assignment == name),
            tuple(row for row in summaries if names[row.submission_id] == name),
            tuple(row for row in manual if names[row.submission_id] == name),
        )
        for name in course.assignments
    }
    overrides = tuple(row for row in store.marks.overrides() if row.student in students)
    known = dates or gather_dates(store, course)
    return replace(known, overrides=overrides, handed=handed)


def gather_evidence(
    store: Store, course: Course, *, only: Collection[str] | None = None
) -> Evidence:
    """What the store holds now of the course's assignments, or of `only` these."""
    return replace(
        gather_dates(store, course),
        overrides=store.marks.overrides(),
        handed={
            name: Handed(store.submissions(name), store.summaries(name), store.marks.of(name))
            for name in course.assignments
            if only is None or name in only
        },
    )


def gather_for(store: Store, course: Course, assignment: Assignment) -> Evidence:
    """What the grades of one assignment follow from: of a budget of grace days, the whole term."""
    policies = map(course.late_policy_of, course.assignments.values())
    shared = any(isinstance(policy, GraceDays) for policy in policies)
    return gather_evidence(store, course, only=None if shared else {assignment.name})
