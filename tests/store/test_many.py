"""Records read as columns are those that the objects give."""

from grader.store import Store, StudentRow
from grader.store.many import manual_rows, newest_summaries, submission_rows
from tests.term_course import at, graded


def fill(store: Store) -> None:
    """Submissions alone and of a group, in several states; graded twice; marked by hand."""
    store.roster.update(StudentRow(name) for name in ("ada", "bob"))
    store.groups.form("hw", "Team", ("ada", "bob"), largest=2, by="prof")
    for turn, of in enumerate((None, "hw", None)):
        day = at(f"2027-01-0{turn + 1}")
        store.accept("ada", "hw", b"%d" % turn, "ä.ipynb", day, group_set=of)
    number = store.accept("bob", "hw", b"bob", "b.ipynb", at("2027-01-05")).submission.id
    batch = store.start_batch("hw")
    lease = store.claim(batch, only={number})
    assert lease
    store.finish(lease, graded(("q1", 1, 2)))
    again = store.queue_submission(lease.submission.id)
    lease = store.claim(batch, only={number})
    assert lease
    store.finish(lease, graded(("q1", 2, 2), ("q2", 0.5, 1)))
    store.marks.give(again.id, "q1", 1.5, comment="half", by="ta")
    store.marks.give(again.id, "q2", -0.5, marks={"1": 0.25}, by="ta")


def test_columns_and_objects_make_the_same_records(store: Store):
    fill(store)
    sent = store._tables.submissions().order_by("pk")
    assert submission_rows(sent) == tuple(row.as_row() for row in sent)
    assert len({row.state for row in submission_rows(sent)}) == 3
    marks = store._tables.manual_scores().order_by("pk")
    assert manual_rows(marks) == tuple(row.as_row() for row in marks)


def test_the_newest_result_of_a_submission_is_its_summary(store: Store):
    fill(store)
    (summary,) = newest_summaries(store._tables.summaries())
    results = store.results(summary.submission_id)
    assert len(results) == 2
    assert (summary.id, summary.created_at) == (results[1].id, results[1].created_at)
    assert summary.questions == {"q1": (2, 2), "q2": (0.5, 1)}
