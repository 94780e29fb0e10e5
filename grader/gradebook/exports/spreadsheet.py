"""CSV of our own for spreadsheets, which take some texts for formulas and run them."""

import csv
import io
import math
from collections.abc import Iterable, Sequence

Cell = str | int | float | None

# What begins a formula; the wide forms are Excel's in East Asian locales. Spreadsheets skip
# blanks before it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """RFC 4180 text. Texts that a spreadsheet would run get a leading apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_plain(name) for name in header])
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue()


def _plain(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, str):
        runs = cell.startswith(_FORMULA_STARTS) or cell.lstrip().startswith(_FORMULA_STARTS)
        return f"'{cell}" if runs else cell
    if isinstance(cell, float):
        # Ten digits hide the noise of binary sums and lose nothing that was measured.
        return f"{cell:.10g}" if math.isfinite(cell) else ""
    return cell
