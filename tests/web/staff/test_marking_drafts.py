"""What is typed for a paper is kept as it is typed, for who typed it."""

from grader.web.models import Draft
from tests.web.site import Site
from tests.web.staff.marking_course import at, given, mark, shown, two_essays

TYPED = {"item-question": "share", "share-question": "0.7", "points": "1,5", "comment": "Half a"}


def keep(site: Site, login: str, number: int, **sent: str) -> str:
    return shown(site.client(login).post(at("idea", number, "draft"), sent))


def test_a_draft_is_there_again_when_the_paper_is_opened_again(site: Site) -> None:
    first, _ = two_essays(site)
    assert "Draft kept at" in keep(site, "tam", first, **TYPED)
    page = shown(site.client("tam").get(at("idea", first)))
    assert "This is your draft" in page
    assert 'name="item-question" value="share" checked' in page
    assert 'name="share-question" value="0.7"' in page
    assert 'name="points" value="1,5"' in page
    assert "Half a</textarea>" in page
    assert given(site) == []


def test_the_newest_draft_takes_the_place_of_the_one_before(site: Site) -> None:
    first, second = two_essays(site)
    keep(site, "tam", first, comment="Half a")
    keep(site, "tam", first, comment="Half a sentence")
    keep(site, "tam", second, comment="Another")
    assert list(Draft.objects.order_by("pk").values_list("submission", "text")) == [
        (first, "Half a sentence"),
        (second, "Another"),
    ]


def test_a_draft_is_nobody_elses(site: Site) -> None:
    first, _ = two_essays(site)
    keep(site, "tam", first, comment="Half a")
    page = shown(site.client("ivy").get(at("idea", first)))
    assert "Half a" not in page
    assert "draft of" not in page


def test_a_draft_is_over_when_its_mark_is_given(site: Site) -> None:
    first, _ = two_essays(site)
    keep(site, "tam", first, **TYPED)
    keep(site, "ivy", first, comment="Of another")
    site.store.holds.let_go(first, "idea", "tam")
    mark(site.client("tam"), first, points="1", comment="Half a sentence.")
    assert list(Draft.objects.values_list("account__login", flat=True)) == ["ivy"]
    assert "This is your draft" not in shown(site.client("tam").get(at("idea", first)))


def test_a_draft_can_be_forgotten(site: Site) -> None:
    first, _ = two_essays(site)
    mark(site.client("tam"), first, points="1", comment="As given.")
    keep(site, "tam", first, comment="Half a")
    answer = site.client("tam").post(at("idea", first, "draft"), {"do": "forget"}, follow=True)
    assert "As given.</textarea>" in shown(answer)
    assert not Draft.objects.exists()


def test_typing_holds_the_paper_or_says_who_has_it(site: Site) -> None:
    first, _ = two_essays(site)
    keep(site, "tam", first, comment="Half a")
    assert [row.by for row in site.store.holds.all()] == ["tam"]
    told = keep(site, "ivy", first, comment="Another")
    assert "Draft kept at" in told
    assert "tam has this paper until" in told
    assert [row.by for row in site.store.holds.all()] == ["tam"]


def test_odd_characters_are_kept_as_text(site: Site) -> None:
    first, _ = two_essays(site)
    keep(site, "tam", first, points="\0", comment="a\0b\r\nc")
    draft = Draft.objects.get()
    assert (draft.text, draft.marks["points"]) == ("a\ufffdb\nc", "\ufffd")
