"""Before results are shown, all that a student can ask for is the same whatever checks found.

Not only what is written: the length of a page, the order of a list or a state would tell too.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.outcomes import GradedSubmission
from tests.term_course import at, graded, notebook
from tests.web.api.asking import Script, body_of
from tests.web.site import Site, made_site
from tests.web.staff.marking_course import change
from tests.web.test_forgery import GETS, filled

NOTEBOOKS = [notebook(f"x = {number}") for number in range(2)]
ALL, NOTHING = graded(("q1", 6, 6), ("q2", 4, 4)), graded(("q1", 0, 6), ("q2", 0, 4))
SOME, OTHERS = graded(("q1", 6, 6), ("q2", 0, 4)), graded(("q1", 0, 6), ("q2", 4, 4))
# Other in each site, or at each moment, without telling anything.
CHANCE = re.compile(
    rb'(csrfmiddlewaretoken" value=|"X-CSRFToken": )"\w+"|"seal": "\w+"|"generated": "[^"]+"'
)
API = (
    *("assignments", "assignments/hw1", "assignments/hw1/feedback", "submissions"),
    *(f"submissions/{number}{what}" for number in (1, 2) for what in ("", "/feedback", "/file")),
)
POLICIES = {
    "newest": "max_days: 3}",
    "best": "max_days: 3, counts: best}",
    "best with grace": "max_days: 3, counts: best, slack: 2 h}",
}


def all_that_ada_can_ask_for(site: Site) -> dict[str, tuple[int, bytes]]:
    client, script = site.client("ada"), Script("ada")
    addresses = {filled(route).replace("/1/", f"/{n}/") for route in GETS for n in (1, 2)}
    asked: dict[str, Any] = {path: client.get(path) for path in sorted(addresses)}
    asked |= {f"/api/{path}": script.get(path) for path in API}
    return {
        path: (answer.status_code, CHANCE.sub(b"", body_of(answer)))
        for path, answer in asked.items()
    }


def told(
    template: Path, folder: Path, policy: str, found: list[GradedSubmission], now: str
) -> dict[str, tuple[int, bytes]]:
    """What Ada gets whose two notebooks were found to be so."""
    with made_site(template, folder) as site:
        change(site, "max_days: 3}", policy)
        for data, one in zip(NOTEBOOKS, found, strict=True):
            site.at(site.now + timedelta(minutes=7))
            site.hand_in("ada", data=data)
            site.grade(found=one)
        site.store.marks.override("bob", "hw1", found[0].earned, reason="so", by="ivy")
        site.at(at(now))
        return all_that_ada_can_ask_for(site)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize(
    ("one", "other"), [([ALL, NOTHING], [NOTHING, ALL]), ([SOME, OTHERS], [OTHERS, OTHERS])]
)
def test_nothing_tells_what_hidden_checks_found(
    web_template: Path,
    tmp_path: Path,
    policy: str,
    one: list[GradedSubmission],
    other: list[GradedSubmission],
) -> None:
    before = "2027-01-28 20:00"  # hw1 is due in hours
    first = told(web_template, tmp_path / "one", policy, one, before)
    second = told(web_template, tmp_path / "other", policy, other, before)
    assert [path for path in first if first[path] != second[path]] == []


def test_after_that_it_is_told(web_template: Path, tmp_path: Path) -> None:
    after, policy = "2027-02-03 12:00", POLICIES["newest"]
    first = told(web_template, tmp_path / "one", policy, [ALL, NOTHING], after)
    second = told(web_template, tmp_path / "other", policy, [NOTHING, ALL], after)
    differ = {path for path in first if first[path] != second[path]}
    assert {"/", "/assignments/hw1/", "/submissions/2/", "/api/assignments/hw1/feedback"} <= differ
