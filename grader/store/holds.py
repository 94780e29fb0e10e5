"""Who has which paper before them: two people never mark the same question of one submission."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from grader.store.records import HoldRow

if TYPE_CHECKING:
    from grader.store.tables import Tables

# So long somebody may look at a paper without giving a sign; then others may take it.
HELD_FOR = timedelta(minutes=10)


class Holds:
    """The papers that somebody has before them. A hold ends by itself after ten minutes."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def take(self, submission_id: int, question: str, by: str) -> HoldRow:
        """Hold a paper, or whoever holds it already: look at `by` of what is given.

        Whose hold it is has it for ten more minutes.
        """
        now = datetime.now(UTC)
        with self._tables.transaction():
            rows = self._tables.holds().select_for_update()
            rows.filter(until__lte=now).delete()
            row, is_new = self._tables.holds().get_or_create(
                submission_id=submission_id,
                question=question,
                defaults={"by": by, "until": now + HELD_FOR},
            )
            if not is_new and row.by == by:
                row.until = now + HELD_FOR
                row.save(using=self._tables.alias)
            return row.as_row()

    def take_first(self, papers: Sequence[tuple[int, str]], by: str) -> tuple[int, str] | None:
        """Hold the first of these papers, (submission, question), that nobody else holds."""
        for submission_id, question in papers:
            if self.take(submission_id, question, by).by == by:
                return submission_id, question
        return None

    def let_go(self, submission_id: int, question: str, by: str) -> None:
        """End one's own hold of a paper, if there is one."""
        with self._tables.transaction():
            held = self._tables.holds().filter(submission_id=submission_id, question=question)
            held.filter(by=by).delete()

    def all(self) -> tuple[HoldRow, ...]:
        """What is held now."""
        with self._tables.reading():
            rows = self._tables.holds().filter(until__gt=datetime.now(UTC)).order_by("pk")
            return tuple(row.as_row() for row in rows)
