"""A store in which every table has rows, and all that it holds, to compare."""

from datetime import UTC, datetime, timedelta
from typing import Any

from grader.store import State, Store, StudentRow
from tests.term_course import graded

NOON = datetime(2027, 1, 20, 12, 0, 0, 123_456, tzinfo=UTC)


def fill(store: Store) -> None:
    """Let a bit of everything happen: resubmission, group, proposal, marks, request, extension."""
    store.roster.update([StudentRow(name, f"{name} Ünï\t=1+1") for name in ("ada", "bob", "eve")])
    for minute in range(3):
        at = NOON + timedelta(minutes=minute)
        store.accept("ada", "hw1", f"ada {minute}".encode(), "hw1.ipynb", at)
    store.accept("bob", "hw1", b"ada 1", "same bytes.ipynb", NOON)
    store.accept("eve", "hw1", b"", "empty.ipynb", NOON)
    grade(store)
    store.regrades.queue([3])  # the newest of Ada's
    grade(store, earned=2 / 3)
    group = store.groups.form("essay", "A", ["ada", "bob"], largest=3, by="prof")
    essay = store.accept("ada", "essay", b"%PDF", "e.pdf", NOON, by_hand=True, group_set="essay")
    store.groups.leave(group.id, "bob", by="prof")
    store.marks.give(essay.submission.id, "idea", -0.1, marks={"1": 0.5}, comment="so\n", by="prof")
    store.marks.override("eve", "hw1", None, reason="a mistake", by="prof")
    store.starts.begin("hw1", "bob", NOON, by="prof")
    store.extensions.grant("hw1", student="bob", until=NOON, until_text="noon", reason="x", by="y")
    request = store.requests.ask(4, "bob", "q1", "Why?")
    store.requests.reply(request.id, "Because.", by="prof", close=True)
    store.record.put_in_force("course: {}\n", "0" * 64, reason="a strike", by="prof")
    store.live.beat("here", jobs=2, doing="hw1")
    store.live.pause("hw9", by="tam", reason="a check is wrong")
    store.live.note_step(1, "cell 2")
    store.holds.take(1, "q1", "tam")


def grade(store: Store, earned: float = 1.0) -> None:
    """Grade what is queued in hw1."""
    batch = store.start_batch("hw1")
    while lease := store.claim(batch):
        store.finish(lease, graded(("q1", earned, 6), ("q2", 0.1, 4)), environment="cpu")
    store.end_batch(batch.id)
    assert store.status("hw1")[State.QUEUED] == 0


def all_rows(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, by field."""
    from django.apps import apps

    return {
        str(model._meta.model_name): list(
            model._default_manager.using(store._tables.alias).order_by("pk").values()
        )
        for model in apps.get_app_config("store").get_models()
    }


def all_bytes(store: Store) -> dict[str, bytes]:
    """Every stored file by its hash."""
    return {path.name: path.read_bytes() for path in store.blobs.folder.glob("*/*")}
