"""CSV files that staff write, for a command or a page."""

import csv
import io
from collections.abc import Iterator, Sequence

from grader.intake import Refused


def read_rows(
    name: str, data: bytes, columns: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row's place, such as `groups.csv:3`, and its cells, of a file with these columns.

    Raises `Refused` for another header, and for what is not UTF-8 or no CSV.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"not UTF-8 ({error}); save it as CSV UTF-8", place=name) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if not reader.fieldnames or set(reader.fieldnames) != set(columns):
            saw = ",".join(reader.fieldnames or ()) or "nothing"
            raise Refused(f"saw {saw}, expected {','.join(columns)}", place=f"{name}:1")
        for row in reader:
            cells = {column: (row[column] or "").strip() for column in columns}
            yield f"{name}:{reader.line_num}", cells
    except csv.Error as error:  # a NUL, or a cell without an end
        raise Refused(str(error), place=f"{name}:{reader.line_num}") from error
