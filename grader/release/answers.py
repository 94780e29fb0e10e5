"""Which of a master's cells its answers need: no plots, no experiments."""

import symtable

from grader.release.marks import MarkedCell, Part


def cells_of_answers(cells: list[MarkedCell]) -> list[MarkedCell]:
    """The solution cells and those that define what they refer to, in the notebook's order."""
    needed = [marked for marked in cells if marked.part is Part.SOLUTION]
    while True:
        wanted = {name for marked in needed for name in names_referred_to(marked.cell.source)}
        more = [
            marked
            for marked in cells
            if marked not in needed and wanted & names_defined(marked.cell.source)
        ]
        if not more:
            return sorted(needed, key=lambda marked: marked.cell.line)
        needed += more


def names_defined(source: str) -> set[str]:
    """The names that a cell gives a meaning: functions, classes, imports, variables."""
    symbols = symtable.symtable(source, "cell", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}


def names_referred_to(source: str) -> set[str]:
    """The names that a cell and the functions in it take from the notebook."""
    outermost = symtable.symtable(source, "cell", "exec")
    names = {s.get_name() for s in outermost.get_symbols() if s.is_referenced()}
    tables = list(outermost.get_children())
    for table in tables:  # grows while it is walked: functions inside functions
        tables += table.get_children()
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names
