"""One notebook of the cohort, as edits of the reference solution."""

import ast
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat

from grader.release import solution_notebook

ASSIGNMENT = Path(__file__).parents[2] / "assignments" / "ps1"
QUESTIONS = ("q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8")
SOLUTION_TAG = "otter_assign_solution_cell"


@dataclass(frozen=True)
class Edits:
    """What a notebook has in place of the solution, and beside it.

    `answers` holds functions; each replaces the solution's function of its name. `cells` are
    further cells, by the question whose cell they come before, or "end"; `within` is code at
    the top of a question's own cell; `renames` gives functions other names. A `hostile`
    notebook attacks whatever runs it.
    """

    says: str
    answers: str = ""
    cells: dict[str, str] = field(default_factory=dict[str, str])
    within: dict[str, str] = field(default_factory=dict[str, str])
    renames: dict[str, str] = field(default_factory=dict[str, str])
    hostile: bool = False

    def notebook(self) -> bytes:
        """The .ipynb: imports, then a cell a question; no plots, no prose, no public tests."""
        imports, solution = _solution_cells()
        replacing = _functions(self.answers)
        cells = {"imports": imports}
        for question, source in solution.items():
            if question in self.cells:
                cells[f"before-{question}"] = self.cells[question]
            code = _with_functions(source, replacing)
            for name, other in self.renames.items():
                code = code.replace(f"def {name}(", f"def {other}(")
            top = [self.within[question].strip()] if question in self.within else []
            cells[question] = "\n\n\n".join([*top, code])
        if "end" in self.cells:
            cells["end"] = self.cells["end"]
        if replacing:
            raise ValueError(f"no functions of the solution: {', '.join(replacing)}")
        return _notebook_bytes(self.says, cells)


@cache
def _solution_cells() -> tuple[str, dict[str, str]]:
    """The import cell without its plotting, and the eight answer cells."""
    cells = json.loads(solution_notebook(ASSIGNMENT))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    answers = [
        source
        for cell, source in zip(cells, sources, strict=True)
        if cell["cell_type"] == "code" and SOLUTION_TAG in cell["metadata"].get("tags", ())
    ]
    imports = next(source for source in sources if source.startswith("import jax\n"))
    imports = imports.replace("import matplotlib.pyplot as plt\n", "")
    return imports, dict(zip(QUESTIONS, answers, strict=True))


def _functions(source: str) -> dict[str, str]:
    lines = source.strip().splitlines()
    nodes = ast.parse("\n".join(lines)).body
    starts = {node.name: _first_line(node) for node in nodes if isinstance(node, ast.FunctionDef)}
    if len(starts) != len(nodes):
        raise ValueError("answers hold functions only, each of another name")
    ends = {node.name: node.end_lineno for node in nodes if isinstance(node, ast.FunctionDef)}
    return {name: "\n".join(lines[start - 1 : ends[name]]) for name, start in starts.items()}


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _with_functions(source: str, replacing: dict[str, str]) -> str:
    """The cell with its functions replaced; what was used is taken out of `replacing`."""
    parts = _functions(source)
    return "\n\n\n".join(replacing.pop(name, part) for name, part in parts.items())


def _notebook_bytes(says: str, cells: dict[str, str]) -> bytes:
    made = [nbformat.v4.new_markdown_cell(says, id="says")]
    made += [nbformat.v4.new_code_cell(source.strip(), id=name) for name, source in cells.items()]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = nbformat.v4.new_notebook(cells=made, metadata=metadata)
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
