"""Late policies in sentences for people, as the course page, the calendar and receipts say them."""

from grader.course.policy import (
    GraceDays,
    LatePolicy,
    NoLateWork,
    PastMaxDays,
    PercentPerDay,
    PointsPerDay,
    Then,
    ThenCharges,
    Windows,
)

_COUNTS = {
    "newest": "The newest submission counts.",
    "best": "Of several submissions the one counts that has most points after its penalty.",
}


def policy_text(policy: LatePolicy) -> str:
    """A policy in a few sentences. Slack isn't told: it is forgiven in silence."""
    return f"{_costs(policy)} {_COUNTS[policy.counts]}"


def _costs(policy: LatePolicy) -> str:
    match policy:
        case NoLateWork():
            return "Late work has no credit."
        case PercentPerDay():
            takes = f"{policy.percent:g} % of the points earned"
            return f"Each day late, begun or full, costs {takes}; {_past(policy)}."
        case PointsPerDay():
            takes = "1 point" if policy.points == 1 else f"{policy.points:g} points"
            return f"Each day late, begun or full, costs {takes}; {_past(policy)}."
        case GraceDays():
            return _grace(policy)
        case Windows():
            each = [f"{one.credit:g} % until {one.until.text}" for one in policy.windows]
            return f"Late work counts {', '.join(each)} after the due time; then it has no credit."


def _past(policy: PercentPerDay | PointsPerDay) -> str:
    after = f"after {_days(policy.max_days)}"
    if policy.past_max_days is PastMaxDays.NO_CREDIT:
        return f"{after} there is no credit"
    return f"{after} it costs no more"


def _grace(policy: GraceDays) -> str:
    first = (
        f"There are {_days(policy.budget)} of grace in the term, {policy.per_assignment} at most "
        "for one assignment; each day late, begun or full, uses up one."
    )
    if policy.then is Then.NO_CREDIT:
        return f"{first} Work that is later than they cover has no credit and uses up none."
    takes = f"{policy.percent:g} % of the points earned"
    end = f"after {_days(policy.max_days)} of that there is no credit"
    if policy.then_charges is ThenCharges.DAYS_LEFT:
        return f"{first} Each further day costs {takes}; {end}."
    return f"{first} Work that is later uses up none: each day late costs {takes}; {end}."


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
