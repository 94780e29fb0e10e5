"""One student's term: which submission counts, what it is worth, where the grace days go."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grader.course.calendar import Standing
from grader.course.policy import (
    GraceDays,
    LatePolicy,
    NoLateWork,
    PercentPerDay,
    PointsPerDay,
    Then,
)
from grader.course.settling import (
    Attempt,
    Settled,
    Work,
    grace_left,
    preview,
    preview_text,
    settle,
)
from grader.course.student_dates import Dates
from tests.course.terms import BUDGET

TORONTO = ZoneInfo("America/Toronto")
DAY = timedelta(days=1)
DUE = datetime(2027, 2, 10, 23, 59, tzinfo=TORONTO)

PERCENT = PercentPerDay(kind="percent per day", percent=10.0, max_days=3)
BEST = PERCENT.model_copy(update={"counts": "best"})
POINTS = PointsPerDay(kind="points per day", points=2.0, max_days=3, counts="best")
GRACE = GraceDays(kind="grace days", budget=BUDGET, per_assignment=3, then=Then.NO_CREDIT)


def sent(number: int, days: float, points: float | None = 10.0) -> Attempt:
    """A submission so many days after the due time."""
    return Attempt(number, DUE + days * DAY, points)


def work(
    *attempts: Attempt,
    policy: LatePolicy = PERCENT,
    name: str = "ps1",
    lock: datetime | None = None,
    shift: timedelta = timedelta(0),
) -> Work:
    """Work due at DUE, or at another time with everything in it."""
    moved = tuple(replace(one, received=one.received + shift) for one in attempts)
    return Work(name, Dates(DUE - 14 * DAY, DUE + shift, lock, DUE + shift), policy, moved)


@pytest.mark.parametrize(
    ("one", "submission", "expected"),
    [
        (work(), None, None),
        (work(sent(1, -1)), 1, Standing(0, 1.0)),
        (work(sent(2, 0.5), sent(1, -1)), 2, Standing(1, 0.9)),
        # Newest by when it was received, whatever its number.
        (work(sent(2, -2), sent(1, -1)), 1, Standing(0, 1.0)),
        (work(sent(1, -1), sent(2, 9)), 2, Standing(10, 0.0)),
        (work(sent(1, -1), sent(2, 9), lock=DUE + DAY), 1, Standing(0, 1.0)),
        (work(sent(1, -1), sent(2, 1), lock=DUE + DAY), 1, Standing(0, 1.0)),
        (work(sent(1, 3), lock=DUE + DAY), None, None),
        (work(sent(1, -1, 8.0), sent(2, 0.5, 8.5), policy=BEST), 1, Standing(0, 1.0)),
        (work(sent(1, -1, 6.0), sent(2, 0.5, 9.0), policy=BEST), 2, Standing(1, 0.9)),
        (work(sent(2, -1, 5.0), sent(1, -1, 5.0), policy=BEST), 1, Standing(0, 1.0)),
        # While nothing has points: the newest of those with the most credit.
        (work(sent(1, -2, None), sent(2, -1, None), policy=BEST), 2, Standing(0, 1.0)),
        (work(sent(1, -2, None), sent(2, 1, None), policy=BEST), 1, Standing(0, 1.0)),
        (work(sent(1, -2, None), sent(2, 1, None), policy=POINTS), 1, Standing(0, 1.0)),
        # One that has none yet doesn't displace one that has.
        (work(sent(1, 0.5, 1.0), sent(2, -1, None), policy=BEST), 1, Standing(1, 0.9)),
    ],
)
def test_the_submission_that_counts(
    one: Work, submission: int | None, expected: Standing | None
) -> None:
    assert settle([one], TORONTO) == {"ps1": Settled("ps1", submission, expected)}


def test_grace_days_go_to_what_is_due_first_and_of_equals_to_the_first_name() -> None:
    first = work(sent(1, 2.5), policy=GRACE, name="zeta")
    second = work(sent(1, 0.5), policy=GRACE, name="beta", shift=DAY)
    third = work(sent(1, 0.5), policy=GRACE, name="alpha", shift=DAY)
    each = [first, second, third]
    found = settle(each, TORONTO)
    assert [found[name].standing for name in ("zeta", "alpha", "beta")] == [
        Standing(3, 1.0, grace_days=3),
        Standing(1, 1.0, grace_days=1),
        Standing(1, 0.0),
    ]
    assert grace_left(each, TORONTO) == 0


def test_an_assignment_of_another_policy_uses_no_grace_days() -> None:
    own = NoLateWork(kind="no late work")
    each = [work(sent(1, 2), policy=own), work(sent(1, 0.5), policy=GRACE, name="ps2", shift=DAY)]
    assert settle(each, TORONTO)["ps1"].standing == Standing(3, 0.0)
    assert grace_left(each, TORONTO) == BUDGET - 1
    assert grace_left([each[0]], TORONTO) is None


def test_of_equally_good_submissions_the_one_without_grace_days_counts() -> None:
    best = GRACE.model_copy(update={"counts": "best"})
    one = work(sent(1, -1, 7.0), sent(2, 0.5, 7.0), policy=best)
    assert settle([one], TORONTO)["ps1"].submission == 1
    assert grace_left([one], TORONTO) == BUDGET
    # Nothing earned, and one of the two too late for any grace day.
    nothing = work(sent(1, 0.5, 0.0), sent(2, 5, 0.0), policy=best)
    assert settle([nothing], TORONTO)["ps1"].submission == 2
    assert grace_left([nothing], TORONTO) == BUDGET


def test_an_extension_does_not_move_its_assignment_back_in_the_queue_for_grace_days() -> None:
    late = work(sent(1, 2.5), policy=GRACE)
    other = work(sent(1, 2.5), policy=GRACE, name="ps2", shift=DAY)
    assert settle([late, other], TORONTO)["ps1"].standing == Standing(3, 1.0, grace_days=3)
    extended = replace(late, dates=replace(late.dates, due=DUE + 1.2 * DAY))
    assert settle([extended, other], TORONTO)["ps1"].standing == Standing(2, 1.0, grace_days=2)


@pytest.mark.parametrize(
    ("now", "expected", "text"),
    [
        (-1, Standing(0, 1.0), "if you submit now: on time; then 1 grace day is left"),
        (
            0.5,
            Standing(1, 1.0, grace_days=1),
            "if you submit now: 1 day late: 1 grace day used; then 0 grace days are left",
        ),
        (
            1.5,
            Standing(2, 0.0),
            "if you submit now: 2 days late: no credit; then 1 grace day is left",
        ),
        (
            5,
            Standing(6, 0.0),
            "closed: nothing is taken from 23:59 on Mon 15 Feb 2027 (EST, America/Toronto) on",
        ),
    ],
)
def test_a_preview_says_what_a_submission_now_would_be_worth(
    now: float, expected: Standing, text: str
) -> None:
    before = work(sent(1, 2.5), policy=GRACE, name="ps0", shift=-7 * DAY)
    asked = work(sent(1, -2), policy=GRACE, lock=DUE + 5 * DAY)
    each, moment = [before, asked], DUE + now * DAY
    assert preview(each, "ps1", moment, TORONTO) == expected
    assert preview_text(each, "ps1", moment, TORONTO) == text


def test_a_preview_without_grace_days_says_nothing_of_them() -> None:
    text = preview_text([work()], "ps1", DUE + 1.5 * DAY, TORONTO)
    assert text == "if you submit now: 2 days late: 80 % of the points earned"


@pytest.mark.parametrize(
    ("each", "words"),
    [
        ([work(), work()], "twice: ps1, ps1"),
        (
            [
                work(policy=GRACE),
                work(policy=GRACE.model_copy(update={"budget": 2}), name="ps2"),
            ],
            r"one budget of grace days, not \[2, 4\]",
        ),
        ([work(Attempt(1, datetime(2027, 2, 1), 1.0))], "without a zone"),  # noqa: DTZ001
        ([work(sent(1, -1, float("nan")), policy=BEST)], "not a number"),
    ],
)
def test_what_can_not_be_settled_is_refused(each: list[Work], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settle(each, TORONTO)


@pytest.mark.parametrize("server", ["UTC", "Pacific/Kiritimati", "America/St_Johns"])
def test_the_servers_zone_makes_no_difference(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> list[dict[str, Settled]]:
        shifts = [datetime(2027, 3, 13, 12), datetime(2027, 11, 6, 23, 30)]  # noqa: DTZ001
        return [
            settle(
                [
                    replace(
                        work(*(sent(n, n / 7) for n in range(-7, 28)), policy=policy),
                        dates=Dates(start, start, None, start),
                    )
                ],
                TORONTO,
            )
            for policy in (PERCENT, BEST, GRACE)
            for start in [shift.replace(tzinfo=TORONTO) for shift in shifts]
        ]

    here = found()
    monkeypatch.setenv("TZ", server)
    time.tzset()
    try:
        assert time.tzname[0] in ("UTC", "+14", "NST")
        assert found() == here
    finally:
        monkeypatch.undo()
        time.tzset()
