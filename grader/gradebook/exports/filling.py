"""Our scores into the columns that are ours, of a gradebook that Canvas exported.

Nothing else changes: what isn't filled is written back byte for byte. Who is excused gets `EX`.
A score never clears or replaces what staff put there in words, and no score never clears a number.
"""

from collections.abc import Collection, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal

from grader.course import Complaint
from grader.course.complaints import did_you_mean, quoted
from grader.course.roster import same_student
from grader.gradebook.exports.canvas import (
    CanvasColumn,
    CanvasGradebook,
    CanvasStudent,
    Identifier,
    number_in,
)
from grader.gradebook.exports.changes import (
    Change,
    Filled,
    Kept,
    KeptBecause,
    PointsDiffer,
    Unscored,
)
from grader.gradebook.exports.delimited import Record, written
from grader.gradebook.rounding import CENT, round_points

Scores = Mapping[tuple[str, str], float]

# What Canvas imports, and exports, as excused.
EXCUSED = "EX"

# Cells that hold no score: Canvas takes a dash for none.
_EMPTY = {"", "-"}
_KEPT = {EXCUSED.casefold(): KeptBecause.EXCUSED, "n/a": KeptBecause.NOT_ASSIGNED}


def fill(
    gradebook: CanvasGradebook,
    scores: Scores,
    columns: Mapping[str, str],
    *,
    excused: Collection[tuple[str, str]] = (),
    points: Mapping[str, float] | None = None,
    by: Identifier | None = None,
) -> Filled:
    """The gradebook with `scores`, by student and assignment, in the columns of `columns`.

    Whoever is `excused` from an assignment gets `EX` for it, in place of a number too.
    A column is named by Canvas's id of the assignment, by its header, or by the header without
    the id. Students are matched by one column for all, `by` or else the one in which most of the
    scores' students are found. `points` are the assignments' in the course, to be compared
    with Canvas's.

    Raises:
        CourseFileError: a column or a student is missing, ambiguous or read only.
        ValueError: a score is negative or not finite.
    """
    ours = _our_columns(gradebook, columns)
    texts = {
        key: _score_text(score, gradebook.decimal_mark)
        for key, score in scores.items()
        if key[1] in ours
    }
    texts |= dict.fromkeys((key for key in excused if key[1] in ours), EXCUSED)
    key, rows = _match(gradebook, {student for student, _ in texts}, by)
    changes = tuple(_changes(gradebook, texts, ours, rows))
    return Filled(
        data=_apply(gradebook, changes, ours),
        matched_by=key,
        changes=changes,
        kept=tuple(_kept(gradebook, texts, ours, rows)),
        unscored=tuple(_unscored(gradebook, texts, ours, key, rows)),
        not_in_file=tuple(sorted({student for student, _ in texts} - set(rows))),
        without_column=tuple(sorted({name for _, name in (*scores, *excused)} - set(ours))),
        points_differ=tuple(_points_that_differ(ours, points or {})),
    )


def _our_columns(gradebook: CanvasGradebook, columns: Mapping[str, str]) -> dict[str, CanvasColumn]:
    complaints: list[Complaint] = []
    ours: dict[str, CanvasColumn] = {}
    for assignment, wanted in columns.items():
        found = _columns_named(gradebook, wanted)
        taken = [name for name, column in ours.items() if column in found]
        if len(found) != 1:
            what = _not_one_column(gradebook, wanted, found)
        elif found[0].read_only:
            what = f"the column {quoted(found[0].header)} is read only in Canvas"
        elif taken:
            what = f"the column {quoted(found[0].header)} is already that of {taken[0]}"
        else:
            ours[assignment] = found[0]
            continue
        index = found[0].index if found else 0
        complaints.append(gradebook.complaint(0, index, f"{assignment}: {what}"))
    if complaints:
        raise gradebook.refusal(complaints)
    return ours


def _columns_named(gradebook: CanvasGradebook, wanted: str) -> list[CanvasColumn]:
    """By id, else by the whole header, else by the title alone."""
    wanted = wanted.strip()
    for attribute in ("canvas_id", "header", "title"):
        found = [c for c in gradebook.columns if getattr(c, attribute) == wanted]
        if found:
            return found
    return []


def _not_one_column(gradebook: CanvasGradebook, wanted: str, found: list[CanvasColumn]) -> str:
    if found:
        ids = ", ".join(column.canvas_id for column in found)
        return f"{len(found)} columns are named {quoted(wanted)}; say which by its id, of {ids}"
    titles = [column.title for column in gradebook.columns]
    hint = did_you_mean(wanted, titles) or (
        "an assignment's column ends in its number in parentheses; make the assignment in Canvas "
        "and export again"
    )
    return f"no assignment's column is named {quoted(wanted)}; {hint}"


def _match(
    gradebook: CanvasGradebook, students: set[str], by: Identifier | None
) -> tuple[Identifier, dict[str, CanvasStudent]]:
    """The column that students are matched by, and the row of each student found."""
    folded = _folded(gradebook, students)
    tried = {
        key: {
            folded[same]: row
            for row in gradebook.students
            if not row.is_test and (same := same_student(row.identifiers.get(key, ""))) in folded
        }
        for key in ([by] if by else Identifier)
    }
    most = max(len(rows) for rows in tried.values())
    best = {key: rows for key, rows in tried.items() if len(rows) == most}
    key, rows = next(iter(best.items()))
    if students and not most:
        seen = ", ".join(f"`{key}`" for key in tried)
        what = f"none of our students, such as {quoted(min(students))}, is found in {seen}"
        raise gradebook.refusal([gradebook.complaint(0, 0, what)])
    if any(other != rows for other in best.values()):
        names = " and ".join(f"`{key}`" for key in best)
        what = f"{names} match equally many students, but not the same ones; say which to use"
        raise gradebook.refusal([gradebook.complaint(0, 0, what)])
    return key, rows


def _folded(gradebook: CanvasGradebook, students: set[str]) -> dict[str, str]:
    folded: dict[str, str] = {}
    for student in sorted(students):
        other = folded.setdefault(same_student(student), student)
        if other != student:
            what = f"scores of both {quoted(other)} and {quoted(student)}, who look the same"
            raise gradebook.refusal([gradebook.complaint(0, 0, what)])
    return folded


def _cells(
    gradebook: CanvasGradebook,
    ours: Mapping[str, CanvasColumn],
    rows: Mapping[str, CanvasStudent],
) -> Iterator[tuple[str, CanvasStudent, str, str]]:
    """Student, row, assignment and cell of all that could be filled, as in the file."""
    for student, row in sorted(rows.items(), key=lambda item: item[1].record):
        values = gradebook.records[row.record].values
        for assignment, column in ours.items():
            yield student, row, assignment, values[column.index].strip()


def _changes(
    gradebook: CanvasGradebook,
    texts: Mapping[tuple[str, str], str],
    ours: Mapping[str, CanvasColumn],
    rows: Mapping[str, CanvasStudent],
) -> Iterator[Change]:
    for student, row, assignment, cell in _cells(gradebook, ours, rows):
        text = texts.get((student, assignment))
        if text is None or _why_kept(cell, text) or _same_score(cell, text):
            continue
        header = ours[assignment].header
        yield Change(student, row.name, row.row, assignment, header, cell, text)


def _kept(
    gradebook: CanvasGradebook,
    texts: Mapping[tuple[str, str], str],
    ours: Mapping[str, CanvasColumn],
    rows: Mapping[str, CanvasStudent],
) -> Iterator[Kept]:
    for student, row, assignment, cell in _cells(gradebook, ours, rows):
        text = texts.get((student, assignment))
        if text is not None and (because := _why_kept(cell, text)):
            yield Kept(student, row.name, row.row, assignment, cell, text, because)


def _unscored(
    gradebook: CanvasGradebook,
    texts: Mapping[tuple[str, str], str],
    ours: Mapping[str, CanvasColumn],
    key: Identifier,
    rows: Mapping[str, CanvasStudent],
) -> Iterator[Unscored]:
    student_of = {row.record: student for student, row in rows.items()}
    for row in gradebook.students:
        if row.is_test:
            continue
        values = gradebook.records[row.record].values
        for assignment, column in ours.items():
            if (student_of.get(row.record, ""), assignment) not in texts:
                identifier = row.identifiers.get(key, "")
                cell = values[column.index].strip()
                yield Unscored(row.name, identifier, row.row, assignment, cell)


def _points_that_differ(
    ours: Mapping[str, CanvasColumn], points: Mapping[str, float]
) -> Iterator[PointsDiffer]:
    for assignment, column in ours.items():
        if assignment in points:
            expected = Decimal(str(points[assignment]))
            if column.points is None or column.points != expected:
                yield PointsDiffer(assignment, column.header, column.points, expected)


def _why_kept(cell: str, text: str) -> KeptBecause | None:
    if cell in _EMPTY or number_in(cell) is not None or cell.casefold() == text.casefold():
        return None
    return _KEPT.get(cell.casefold(), KeptBecause.NOT_A_NUMBER)


def _same_score(cell: str, text: str) -> bool:
    """Whether both are one score to Canvas, which exports and compares two decimals."""
    if cell.casefold() == text.casefold():
        return True
    number, ours = number_in(cell), number_in(text)
    if number is None or ours is None:
        return False
    return number.quantize(CENT, rounding=ROUND_HALF_UP) == ours


def _score_text(score: float, mark: str) -> str:
    return f"{round_points(score):.2f}".replace(".", mark)


def _apply(
    gradebook: CanvasGradebook, changes: tuple[Change, ...], ours: Mapping[str, CanvasColumn]
) -> bytes:
    records: list[Record] = list(gradebook.records)
    for change in changes:
        record, index = change.row - 1, ours[change.assignment].index
        records[record] = records[record].with_value(index, change.new, gradebook.delimiter)
    text = written(records, gradebook.delimiter)
    return gradebook.bom + text.encode(gradebook.encoding)
