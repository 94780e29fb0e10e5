"""What the fields of a late policy must mean together."""

from grader.course.complaints import Parts
from grader.course.policy import GraceDays, Then, ThenCharges
from grader.course.raw_fields import RawFields
from grader.course.units import Span, parse_span
from grader.course.yaml_source import Document

_COURSES = ("late_policy",)
_OF_PERCENT = ("percent", "max_days")


def check_policies(document: Document) -> None:
    """Add a complaint for each rule that a policy breaks, the course's or an assignment's."""
    check = _Policies(document)
    own = [("assignments", name, "late_policy") for name in check.names("assignments")]
    for at in (_COURSES, *own):
        match check.get(*at, "kind"):
            case "windows":
                check.windows(at)
            case "grace days":
                check.grace(at)
                check.one_budget(at)


class _Policies(RawFields):
    def __init__(self, document: Document) -> None:
        super().__init__(document)
        # The first budget of grace days in the file, and where it is.
        self.budget: tuple[Parts, int] | None = None

    def windows(self, at: Parts) -> None:
        windows = self.get(*at, "windows")
        longest, least = 0, 100.0
        for index, _ in enumerate(windows if isinstance(windows, list) else []):
            window = (*at, "windows", index)
            until, credit = self.read(parse_span, *window, "until"), self.get(*window, "credit")
            if until and _hours(until) <= longest:
                self.saw((*window, "until"), "expected a longer time than in the window before")
            if type(credit) in (int, float) and index and credit >= least:
                what = f"expected less credit than in the window before, {least:g}"
                self.saw((*window, "credit"), what)
            longest = max(longest, _hours(until)) if until else longest
            least = credit if type(credit) in (int, float) else least

    def grace(self, at: Parts) -> None:
        budget, most = self.get(*at, "budget"), self.get(*at, "per_assignment")
        if type(budget) is int and type(most) is int and most > budget:
            self.saw((*at, "per_assignment"), f"expected at most the budget, {budget}")
        match self.get(*at, "then"):
            case Then.PERCENT_PER_DAY:
                self.needs_percent(at)
            case Then.NO_CREDIT:
                self.needs_none(at)

    def needs_percent(self, at: Parts) -> None:
        for name in _OF_PERCENT:
            there = name in self.names(*at) or self.is_misspelt(name, GraceDays.model_fields, *at)
            if not there:
                expected = GraceDays.model_fields[name].description
                what = f"missing, expected {expected}, for `then: {Then.PERCENT_PER_DAY}`"
                self.document.complain((*at, name), what)

    def needs_none(self, at: Parts) -> None:
        for name in _OF_PERCENT:
            if name in self.names(*at):
                what = f"not a field of `then: {Then.NO_CREDIT}`; delete it, or change `then`"
                self.document.complain((*at, name), what, of_key=True)
        if self.get(*at, "then_charges") == ThenCharges.DAYS_LEFT:
            what = f"expected `{ThenCharges.NO_DAY}`: what has no credit uses up no grace day"
            self.saw((*at, "then_charges"), what)

    def one_budget(self, at: Parts) -> None:
        budget = self.get(*at, "budget")
        if type(budget) is not int:
            return
        if self.budget is None:
            self.budget = at, budget
        elif budget != self.budget[1]:
            first = ".".join(str(part) for part in self.budget[0])
            what = f"expected {self.budget[1]} as in `{first}`: a term has one budget"
            self.saw((*at, "budget"), what)


def _hours(span: Span) -> int:
    # Where the clocks are changed a window may turn out empty; credit falls all the same.
    return span.days * 24 + span.hours
