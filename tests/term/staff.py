"""What staff do in the simulated term: each in the store, and in the ledger by plain words."""

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import zip_longest

from grader.course import load_course
from tests.term.course_file import LABS
from tests.term.ledger import GROUPED, ORDER, Moved, Sent
from tests.term.simulation import STAFF, Simulation

MOVED = ("lab06", "due: lab06.release + 14 days at 23:59", "due: lab06.release + 16 days at 23:59")


# --- groups and the roster ----------------------------------------------------------------


def leave(term: Simulation, student: str) -> None:
    """A student leaves their group."""
    ledger = term.ledger
    group = ledger.group.pop(student)
    term.store.groups.leave(term.group_ids[group], student, by=STAFF)
    ledger.staff_did.append(("group left", f"project {group}"))
    shared = tuple(name for name in GROUPED if ledger.shared(student, name))
    ledger.moved.append(Moved(student, group, shared))


def join(term: Simulation, student: str, group: str) -> None:
    """A student joins a group."""
    term.store.groups.join(term.group_ids[group], student, largest=3, by=STAFF)
    term.ledger.staff_did.append(("group joined", f"project {group}"))
    term.ledger.group[student] = group


def with_room(term: Simulation, *, but: str = "") -> list[str]:
    """The groups that may take one more."""
    return [g for g in term.group_ids if g != but and len(term.ledger.in_group(g)) in (1, 2)]


def grouped(term: Simulation, name: str) -> list[str]:
    """Students in a group, in turn one who has a share in something of that assignment and not."""
    here = [student for student in term.ledger.group if student in term.roster]
    term.random.shuffle(here)
    had = [student for student in here if term.ledger.shared(student, name)]
    others = [student for student in here if student not in had]
    return [one for pair in zip_longest(had, others) for one in pair if one]


def stay_alone(term: Simulation, name: str) -> str:
    """One leaves, and joins no other."""
    student = grouped(term, name)[0]
    leave(term, student)
    return student


def move_some(term: Simulation, name: str, number: int) -> list[str]:
    """Some go over to another group that has room, whether theirs handed that in or not."""
    moved: list[str] = []
    for student in grouped(term, name):
        room = with_room(term, but=term.ledger.group[student])
        if room and len(moved) < number:
            leave(term, student)
            join(term, student, term.random.choice(room))
            moved.append(student)
    return moved


def go_back(term: Simulation, student: str) -> None:
    """One is in the group again that they left, if it has room."""
    left = next(one.group for one in term.ledger.moved if one.student == student)
    leave(term, student)
    if left in with_room(term):
        join(term, student, left)


def drop(term: Simulation, students: Collection[str]) -> None:
    """Some leave the course, and a new one comes who joins a group that has handed in."""
    term.roster = {s: section for s, section in term.roster.items() if s not in students}
    term.roster["new01"] = "L1"
    _change_roster(term)
    work = {one.owner for one in term.ledger.standing("proposal")}
    room = with_room(term)
    join(term, "new01", next((group for group in room if group in work), room[0]))


def come_back(term: Simulation, student: str) -> None:
    """One who had left is in the course again."""
    term.roster[student] = term.ledger.sections[student]
    _change_roster(term)


def _change_roster(term: Simulation) -> None:
    term.take_roster()
    term.write_roster()
    term.ledger.staff_did.append(("roster changed", "students"))


# --- dates --------------------------------------------------------------------------------


def extend(term: Simulation, student: str, name: str, days: int) -> None:
    """A student gets days; of several extensions the latest holds."""
    term.store.extensions.grant(name, student=student, days=days, reason="ill", by=STAFF)
    before = term.ledger.extensions.get((student, name), 0)
    term.ledger.extensions[student, name] = max(before, days)
    term.ledger.staff_did.append(("extension granted", f"{name} {student}"))


def extend_some(term: Simulation) -> None:
    """Some students get days, most of them after they were late; so does a group."""
    for student in term.random.sample(list(term.roster), max(2, len(term.roster) // 6)):
        extend(term, student, term.random.choice(ORDER), term.random.randint(1, 4))
    group = term.random.choice(list(term.group_ids))
    number, name = term.group_ids[group], term.random.choice(GROUPED)
    term.store.extensions.grant(name, group=number, days=2, reason="a lab was closed", by=STAFF)
    before = term.ledger.extensions.get((group, name), 0)
    term.ledger.extensions[group, name] = max(before, 2)
    term.ledger.staff_did.append(("extension granted", f"{name} group {number}"))


def move_a_due_date(term: Simulation) -> None:
    """The whole class gets two more days."""
    name, old, new = MOVED
    term.file.write_text(term.file.read_text().replace(old, new))
    term.course = load_course(term.file)
    term.ledger.due[name, ""] = term.course.assignments[name].due_utc


# --- submissions --------------------------------------------------------------------------


def withdraw(term: Simulation, one: Sent) -> None:
    """One submission counts no more."""
    term.store.withdrawals.withdraw(one.number, reason="the wrong file", by=STAFF)
    one.withdrawn = True
    subject = f"{one.assignment} {one.student}"
    term.ledger.staff_did.append(("submission withdrawn", subject))


def reinstate(term: Simulation, one: Sent) -> None:
    """It counts again."""
    term.store.withdrawals.reinstate(one.number, reason="it was the right one", by=STAFF)
    one.withdrawn = False
    subject = f"{one.assignment} {one.student}"
    term.ledger.staff_did.append(("submission reinstated", subject))


def give_a_try_back(term: Simulation, student: str, name: str, at: datetime) -> Sent:
    """A student uses up all tries; one is withdrawn, and the next one is taken."""
    while term.hand_in(at, student, name):
        pass
    own = [one for one in term.ledger.standing(name) if one.student == student]
    withdraw(term, own[-1])
    again = term.hand_in(at, student, name)
    assert again is not None, f"{student} got no try of {name} back"
    return again


# --- grades -------------------------------------------------------------------------------


def regrade(term: Simulation, name: str, at: datetime) -> None:
    """New checks: what was seen of them is adopted, and what came meanwhile dropped."""
    numbers = [row.id for row in term.store.submissions(name)]
    seen = propose(term, name, numbers[::2], at)
    propose(term, name, numbers[1::2], at)
    term.store.regrades.adopt(name, by=STAFF, reason="a tolerance was too tight", seen=seen.keys())
    term.ledger.staff_did.append(("regrade adopted", name))
    drop_proposals(term, name)
    term.checks_version = "2"
    for one in term.ledger.sent[name]:
        if one.number in seen.values():
            one.points = dict(term.points(name, one.digest))
    term.checks_version = "1"


def propose(term: Simulation, name: str, numbers: Collection[int], at: datetime) -> dict[int, int]:
    """Grade these with new checks, as a proposal: the results, and the submissions they are of."""
    term.checks_version = "2"
    term.store.regrades.queue(numbers)
    term.grade_all(at, only=[name])
    term.checks_version = "1"
    return {row.id: row.submission_id for row in term.store.regrades.results(name)}


def drop_proposals(term: Simulation, name: str) -> None:
    """What is proposed counts for nothing."""
    term.store.regrades.drop(name, by=STAFF, reason="the new checks were wrong")
    term.ledger.staff_did.append(("regrade dropped", name))


def mark_by_hand(term: Simulation, name: str) -> None:
    """Proposals by rubric, talks by points; a few wait. What is marked stays so."""
    for one in term.ledger.standing(name):
        if None not in one.points.values() or term.random.random() < 0.1:
            continue
        if name == "paper":
            mark(term, one, "talk", float(term.random.randint(0, 40)))
            continue
        half = term.random.choice((0.0, 0.5, 1.0))
        mark(term, one, "idea", 4 + 2 * half, {"question": 1.0, "why": half})
        mark(term, one, "plan", 3.0)


def mark(
    term: Simulation,
    one: Sent,
    question: str,
    points: float,
    marks: Mapping[str, float] | None = None,
) -> None:
    """One person's marks of a question, and the points that follow from them."""
    given = points if marks is None else 0.0  # what is given beside a rubric comes on top of it
    term.store.marks.give(one.number, question, given, marks=marks, by=STAFF)
    one.points[question] = points
    term.ledger.staff_did.append(("mark", f"{one.assignment} {question} {one.student}"))


def answer_a_request(term: Simulation) -> None:
    """A student asks, staff answer, and the question gets other points by hand."""
    one = term.ledger.standing("ps1")[-1]
    row = term.store.requests.ask(one.number, one.student, "q2", "Look again, please.")
    term.store.requests.reply(row.id, "You are right.", by="ta", close=True)
    mark(term, one, "q2", 40.0)


def override(term: Simulation, student: str, name: str, points: float | None) -> None:
    """A score is set by hand; None excuses the student."""
    reason = "ill for weeks" if points is None else "oral exam"
    term.store.marks.override(
        student, name, points, excused=points is None, reason=reason, by=STAFF
    )
    term.ledger.overrides[student, name] = points
    term.ledger.staff_did.append(("override", f"{name} {student}"))


def excuse_some(term: Simulation, ill: str) -> None:
    """One from a lab, one from the whole proposal, and the one who is ill from all labs but one."""
    others = [student for student in term.roster if student not in (ill, "new01")]
    one, another = term.random.sample(others, 2)
    override(term, one, term.random.choice(LABS), None)
    override(term, another, "proposal", None)
    for name in LABS[:-1]:
        override(term, ill, name, None)
