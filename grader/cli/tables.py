"""CSV files that staff write for a command."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import click


def read_rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row's place, such as `groups.csv:3`, and its cells, of a file with these columns.

    Raises a click error for another header, and for what is not UTF-8.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file}: not UTF-8 ({error}); save it as CSV UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not reader.fieldnames or set(reader.fieldnames) != set(columns):
        saw = ",".join(reader.fieldnames or ()) or "nothing"
        raise click.ClickException(f"{file}:1: saw {saw}, expected {','.join(columns)}")
    for row in reader:
        yield f"{file}:{reader.line_num}", {name: (row[name] or "").strip() for name in columns}
