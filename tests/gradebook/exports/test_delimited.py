"""CSV that is written back as it was read."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.gradebook.exports.delimited import BrokenCsv, read_records, written

VALUES = st.text(st.sampled_from('ab ,;"\n\r\té='), max_size=6)
TABLES = st.lists(st.lists(VALUES, min_size=1, max_size=4), max_size=5)


def csv_of(table: list[list[str]], quoting: int, line_end: str, delimiter: str) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=quoting, lineterminator=line_end, delimiter=delimiter)  # pyright: ignore[reportArgumentType] -- a constant of csv
    writer.writerows(table)
    return out.getvalue()


@given(
    TABLES,
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(",;"),
    st.booleans(),
)
def test_what_was_read_is_written_back_and_means_what_the_csv_module_says(
    table: list[list[str]], quoting: int, line_end: str, delimiter: str, cut: bool
) -> None:
    text = csv_of(table, quoting, line_end, delimiter)
    text = text.removesuffix(line_end) if cut else text
    records = read_records(text, delimiter)
    assert written(records, delimiter) == text
    expected = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    # The csv module gives a blank line no cells; here it has one, so that it is not lost.
    assert [list(r.values) for r in records] == [row or [""] for row in expected]


# Two cells or more, and no line end that the csv module leaves without quotes: else an emptied
# cell could be an empty line, or join two line ends to one.
CELLS = st.text(st.sampled_from('ab ,;"\n\té='), max_size=6)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5),
    VALUES,
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(",;"),
    st.data(),
)
def test_one_changed_cell_changes_nothing_else(
    table: list[list[str]], value: str, quoting: int, delimiter: str, data: st.DataObject
) -> None:
    records = list(read_records(csv_of(table, quoting, "\n", delimiter), delimiter))
    row = data.draw(st.integers(0, len(table) - 1))
    cell = data.draw(st.integers(0, len(table[row]) - 1))
    records[row] = records[row].with_value(cell, value, delimiter)
    table[row][cell] = value
    assert [list(r.values) for r in read_records(written(records, delimiter), delimiter)] == table


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("1,2", "3", "1,3"),
        ('1,"2"', "3", '1,"3"'),
        ("1,2", "3,5", '1,"3,5"'),
        ("1,2", 'a "b"', '1,"a ""b"""'),
    ],
)
def test_a_changed_cell_keeps_its_quotes_and_gets_them_where_it_needs_them(
    before: str, value: str, after: str
) -> None:
    (record,) = read_records(before, ",")
    assert written([record.with_value(1, value, ",")], ",") == after


def test_a_cell_knows_its_line_and_column() -> None:
    records = read_records('a,"b\nb",c\r\n"d""d",e\rf', ",")
    places = [[(c.value, c.line, c.column) for c in record.cells] for record in records]
    assert places == [
        [("a", 1, 1), ("b\nb", 1, 3), ("c", 2, 4)],
        [('d"d', 3, 1), ("e", 3, 8)],
        [("f", 4, 1)],
    ]


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('a,"b', (1, 3), "never closed"),
        ('a\nb,"c"d', (2, 6), "after a cell"),
        ('a,b"c"', (1, 4), "inside a cell"),
        ('"a\n\n"x', (3, 2), "after a cell"),
    ],
)
def test_broken_quotes_are_refused_with_their_place(
    text: str, place: tuple[int, int], what: str
) -> None:
    with pytest.raises(BrokenCsv, match=what) as broken:
        read_records(text, ",")
    assert (broken.value.complaint.line, broken.value.complaint.column) == place
