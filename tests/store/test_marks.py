"""Marks that people give: each is on record, in the transaction that it is given in."""

from collections.abc import Mapping

import pytest

from grader.outcomes import GraderError
from grader.store import Store
from tests.store.test_by_hand import upload


@pytest.mark.parametrize(
    ("points", "marks", "detail"),
    [
        (7, None, "7 points, submission 1"),
        (0, None, "0 points, submission 1"),
        (0.1 + 0.2, None, "0.3 points, submission 1"),
        (0, {"clarity": 1, "depth": 0.5}, "clarity=1, depth=0.5, submission 1"),
        (-0.25, {"depth": 0.5}, "depth=0.5, -0.25 points, submission 1"),
        (0, {}, "no items, submission 1"),
    ],
)
def test_marks_are_on_record_with_who_gave_what_and_why(
    store: Store, points: float, marks: Mapping[str, float] | None, detail: str
) -> None:
    number = upload(store, "A").submission.id
    store.marks.give(number, "idea", points, marks=marks, comment="Which data?", by="ta")
    (action,) = store.record.actions()
    assert (action.by, action.what, action.subject) == ("ta", "mark", "essay idea ada")
    assert (action.detail, action.reason) == (detail, "Which data?")


def test_marks_that_replace_others_leave_them_on_record(store: Store) -> None:
    number = upload(store, "A").submission.id
    for points, by in ((2, "ta"), (3, "prof")):
        store.marks.give(number, "idea", points, by=by)
    told = [(action.by, action.detail) for action in store.record.actions()]
    assert told == [("ta", "2 points, submission 1"), ("prof", "3 points, submission 1")]


@pytest.mark.parametrize(
    ("number", "points", "marks", "error"),
    [
        (1, float("nan"), None, ValueError),
        (1, 0, {"clarity": 1.5}, ValueError),
        (9, 2, None, LookupError),
    ],
)
def test_refused_marks_are_not_on_record(
    store: Store,
    number: int,
    points: float,
    marks: Mapping[str, float] | None,
    error: type[Exception],
) -> None:
    upload(store, "A")
    with pytest.raises(error):
        store.marks.give(number, "idea", points, marks=marks, by="ta")
    assert store.record.actions() == ()
    assert store.marks.of("essay") == ()


def test_there_are_no_marks_without_their_line_of_the_record(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from grader.store.tables import Tables

    def full(*_args: object) -> None:
        raise OperationalError("disk is full")

    number = upload(store, "A").submission.id
    with monkeypatch.context() as broken:
        broken.setattr(Tables, "act", full)
        with pytest.raises(GraderError, match="disk is full"):
            store.marks.give(number, "idea", 2, by="ta")
    assert store.marks.of("essay") == ()


def test_comments_of_a_question_come_once_each_the_newest_first(store: Store) -> None:
    number = upload(store, "A").submission.id
    given = (
        *(("idea", "Which data?", "ta"), ("idea", "How long?", "ta"), ("plan", "Good.", "ta")),
        *(("idea", "", "ta"), ("idea", "Which data?", "prof"), ("idea", "Which data?", "ta")),
    )
    for question, comment, by in given:
        store.marks.give(number, question, 1, comment=comment, by=by)
    found = (("Which data?", "ta"), ("Which data?", "prof"), ("How long?", "ta"))
    assert store.marks.comments("essay", "idea", most=9) == found
    assert store.marks.comments("essay", "idea", most=2) == found[:2]
    assert store.marks.comments("other", "idea", most=9) == ()
    assert store.marks.comments("essay", "idea", most=9, only=["ada"]) == found
    assert store.marks.comments("essay", "idea", most=9, only=["bob"]) == ()
