"""The order of what happens in the simulated term, and the moments at which it is looked at."""

from datetime import UTC, datetime, timedelta

from tests.term import staff
from tests.term.course_file import LABS
from tests.term.ledger import ZONE, Sent
from tests.term.simulation import Simulation

# In the midst of the proposals' hand-ins, of the papers', and when most of all is over.
PROPOSALS = datetime(2027, 2, 16, 12, tzinfo=ZONE).astimezone(UTC)
PAPERS = datetime(2027, 3, 31, 12, tzinfo=ZONE).astimezone(UTC)
RETURN = datetime(2027, 4, 6, 12, tzinfo=ZONE).astimezone(UTC)
NEAR_THE_END = datetime(2027, 4, 17, 12, tzinfo=ZONE).astimezone(UTC)
LONG_AFTER = datetime(2027, 6, 1, 12, tzinfo=ZONE).astimezone(UTC)
# The term as it was, or as it was in the end, and graded as of some time.
MOMENTS = (
    *("before the moves", "after the moves", "in mid-term", "while some are withdrawn"),
    *("all, as of mid-term", "all, near the end", "all, long after"),
)


class Term(Simulation):
    """A simulation that is played; by name who did what the tests ask about."""

    alone: str
    ill: str
    back: str
    gone: str
    moved: list[str]
    given_back: Sent
    stays_withdrawn: list[Sent]

    def play(self) -> None:
        """The whole term, in order of time."""
        self.form_groups()
        self.plan()
        self._hold_one_group_back()
        self._let_one_be_late()
        self.play_until(PROPOSALS)
        self._regroup()
        lab09 = self.ledger.due["lab09", ""] - timedelta(days=1)
        self.play_until(lab09)
        student = self.random.choice(list(self.roster))
        self.given_back = staff.give_a_try_back(self, student, "lab09", lab09)
        self.play_until(PAPERS)
        self._change_much()
        self.play_until(RETURN)
        staff.come_back(self, self.back)
        self.play_until(LONG_AFTER)
        self._finish()

    def _hold_one_group_back(self) -> None:
        """One group hands in no proposal before the moves, and a paper too late."""
        last = self.ledger.in_group(list(self.group_ids)[-1])
        self.planned = [
            (at, student, name)
            for at, student, name in self.planned
            if not (name == "proposal" and student in last and at < PROPOSALS)
        ]
        for days in (0, 7):  # some have the lock later, but nobody so much
            at = self.ledger.locks["paper"] + timedelta(days=days)
            self.plan_one(at, min(last), "paper")

    def _let_one_be_late(self) -> None:
        """One uses up all grace days for what they are excused from later, and needs two."""
        self.ill = f"s{self.students - 1:03}"
        self.planned = [one for one in self.planned if one[1] != self.ill or one[2] not in LABS]
        for name in (*LABS[:2], LABS[-1]):
            late = self.ledger.due[name, ""] + timedelta(days=1, hours=1)
            self.plan_one(late, self.ill, name)

    def _regroup(self) -> None:
        """Some change their group, between hand-ins; one is in none from now on."""
        self.grade_all(PROPOSALS)
        self.remember("before the moves", PROPOSALS)
        self.alone = staff.stay_alone(self, "proposal")
        self.moved = staff.move_some(self, "proposal", max(2, self.students // 8))
        self.remember("after the moves", PROPOSALS)
        for name in ("proposal", "paper"):
            self.plan_one(PROPOSALS + timedelta(hours=1), self.alone, name)

    def _change_much(self) -> None:
        """Staff mark, extend, excuse and withdraw; students move, leave the course, join it."""
        staff.mark_by_hand(self, "proposal")
        staff.go_back(self, self.moved[-1])
        moved = staff.move_some(self, "paper", max(2, self.students // 8))
        # Those with whom they are now may hand in after everybody else's lock.
        for student in moved[:1]:
            staff.extend(self, student, "paper", 3)
            staff.extend(self, student, "proposal", 1)
            self.plan_one(PAPERS + timedelta(days=3), student, "paper")
        staff.extend_some(self)
        self._drop_two()
        self._withdraw_all_of_one_who_left()
        staff.excuse_some(self, self.ill)
        self.grade_all(PAPERS)
        self.remember("in mid-term", PAPERS)

    def _drop_two(self) -> None:
        """Two leave the course. The group of the one who will come back goes on without them."""
        ledger = self.ledger
        shared = [s for s in staff.grouped(self, "proposal") if ledger.shared(s, "proposal")]
        self.back = max(shared, key=lambda one: len(ledger.in_group(ledger.group[one])))
        self.hand_in(PAPERS, self.back, "paper")
        group = ledger.group[self.back]
        self.gone = next(one for one in shared if ledger.group[one] != group)
        staff.extend(self, self.gone, "proposal", 2)
        staff.drop(self, {self.gone, self.back})
        self.plan_one(PAPERS + timedelta(hours=2), min(ledger.in_group(group)), "paper")

    def _withdraw_all_of_one_who_left(self) -> None:
        """What they had a share in counts no more, so their extension isn't that group's either."""
        for one in self.ledger.moved:
            here = self.ledger.in_group(one.group)
            if "proposal" in one.shared and len(here) > 1:
                for sent in self.ledger.shared(one.student, "proposal"):
                    if sent.owner == one.group:
                        staff.withdraw(self, sent)
                staff.extend(self, one.student, "proposal", 60)
                self.plan_one(PAPERS + timedelta(hours=1), min(here), "proposal")
                return

    def _finish(self) -> None:
        """What is left to staff once all is handed in."""
        proposals = self._to_withdraw()
        for one in proposals:
            staff.withdraw(self, one)
        self.stays_withdrawn = proposals[1:]
        staff.extend_some(self)
        self.grade_all(NEAR_THE_END)
        staff.mark_by_hand(self, "paper")
        self.remember("while some are withdrawn", NEAR_THE_END)
        staff.reinstate(self, proposals[0])
        staff.mark_by_hand(self, "proposal")
        staff.move_a_due_date(self)
        self.grade_all(LONG_AFTER)
        staff.regrade(self, "lab05", LONG_AFTER)
        staff.propose(self, "lab07", [one.number for one in self.ledger.sent["lab07"]], LONG_AFTER)
        staff.drop_proposals(self, "lab07")
        staff.answer_a_request(self)
        staff.override(self, next(iter(self.roster)), "ps1", 77.5)
        self.remember("all, as of mid-term", PROPOSALS)
        self.remember("all, near the end", NEAR_THE_END)
        self.remember("all, long after", LONG_AFTER)

    def _to_withdraw(self) -> list[Sent]:
        """The newest proposals of the groups that somebody left who has a share in it first."""
        newest = {one.owner: one for one in self.ledger.standing("proposal")}
        left = [one.group for one in self.ledger.moved if "proposal" in one.shared]
        in_turn = dict.fromkeys([*left, *newest])
        chosen = [newest[group] for group in in_turn if group in newest]
        return chosen[: max(2, self.students // 20)]
