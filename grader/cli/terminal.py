"""How commands print: text for people on a terminal, JSON for scripts on stdout."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


def people() -> Console:
    """Where people read what is going on: stderr, so that stdout stays for results."""
    return Console(stderr=True, highlight=False)


def results(width: int | None = None) -> Console:
    """Where results go: stdout."""
    return Console(highlight=False, width=width)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int = 1) -> Table:
    """A plain table. Cells are text, never markup; columns from `numbers_from` on align right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        made.add_column(column, justify="right" if place >= numbers_from else "left")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, default=str))
