"""A final score that an instructor sets, whatever was computed."""

import pytest

from tests.web.site import Site
from tests.web.staff.marking_course import shown, status

PAGE = "/staff/score/hw1/ada/"


def overrides(site: Site) -> list[tuple[str, str, float | None, bool, str, str]]:
    rows = site.store.marks.overrides()
    return [(r.student, r.assignment, r.points, r.excused, r.reason, r.by) for r in rows]


@pytest.mark.parametrize(
    ("sent", "kept", "words"),
    [
        ({"do": "points", "points": "8.5"}, (8.5, False), "hw1 of ada: 8.5 of 10."),
        ({"do": "points", "points": "12", "above": "1"}, (12, False), "hw1 of ada: 12 of 10."),
        ({"do": "excuse", "points": "3"}, (None, True), "hw1 of ada: excused."),
        ({"do": "take back"}, (None, False), "hw1 of ada: computed again."),
    ],
)
def test_it_is_set_with_its_reason(
    site: Site, sent: dict[str, str], kept: tuple[float | None, bool], words: str
) -> None:
    answer = site.client("ivy").post(PAGE, {"reason": "oral exam", **sent}, follow=True)
    assert words in shown(answer)
    assert overrides(site) == [("ada", "hw1", *kept, "oral exam", "ivy")]
    assert site.store.record.version_in_force() is not None


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"do": "points", "points": "8", "reason": " "}, "an override needs a reason"),
        ({"do": "points", "points": ""}, "&#x27;&#x27; is no number of points"),
        ({"do": "points", "points": "-1"}, "-1.0 is no number of points"),
        (
            {"do": "points", "points": "11"},
            "hw1 has 10 points, not 11; “more than the assignment has” allows more.",
        ),
        ({"do": "all"}, "say whether to set points"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    site: Site, sent: dict[str, str], words: str
) -> None:
    answer = site.client("ivy").post(PAGE, {"reason": "oral exam", **sent}, follow=True)
    assert f"Not saved: {words}" in shown(answer)
    assert overrides(site) == []


def test_what_was_set_before_is_shown(site: Site) -> None:
    client = site.client("ivy")
    client.post(PAGE, {"do": "points", "points": "8", "reason": "oral exam"})
    page = shown(client.get(PAGE))
    assert "8 of 10, set by ivy: oral exam" in page
    assert "Take it back" in page
    client.post(PAGE, {"do": "take back", "reason": "a slip"})
    page = shown(client.get(PAGE))
    assert "No score: not submitted." in page
    assert "Take it back" not in page
    assert "8 of 10 by ivy" in page


def test_it_is_for_instructors(site: Site) -> None:
    for login in ("ada", "tam"):
        for method in ("GET", "POST"):
            assert status(site.client(login), method, PAGE) == 403
    for path in ("/staff/score/hw9/ada/", "/staff/score/hw1/zoe/"):
        assert site.client("ivy").get(path).status_code == 404
    assert overrides(site) == []
