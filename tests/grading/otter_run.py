"""`otter run` on a notebook, in a process of its own: prints each question's score as JSON.

All of it is otter's own code, but for the process in which it runs the notebook's cells: a Jupyter
kernel is not among our packages, so they run here, in IPython's shell.
"""

import json
import os
import sys
from typing import Any

import nbconvert.preprocessors
from IPython.core.interactiveshell import InteractiveShell
from otter.api import grade_submission


class Executor:
    """In the place of nbconvert's ExecutePreprocessor: an error ends its cell, no more."""

    def __init__(self, **_: Any) -> None:
        pass

    def preprocess(self, notebook: Any) -> tuple[Any, dict[str, Any]]:
        shell = InteractiveShell.instance()
        for cell in notebook.cells:
            if cell.cell_type == "code":
                shell.run_cell(cell.source)
        return notebook, {}


nbconvert.preprocessors.ExecutePreprocessor = Executor  # type: ignore[misc]
results = grade_submission(*sys.argv[1:], quiet=True)
if results.catastrophic_error:
    raise results.catastrophic_error
print(json.dumps({name: results.get_score(name) for name in results.test_files}), flush=True)
os._exit(0)  # otter's server of log messages waits for the notebook's process to end
