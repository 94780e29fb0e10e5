"""Otter's test cases, run in the student's own namespace.

They run beside the student's code, which could tamper with them: whoever uses them is told so in
every report. What a doctest should print never comes in here; the other side compares.
"""

import inspect
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from IPython.core.getipython import get_ipython

from runner.notebook import ERROR_CHARS, CellOutput, describe_error
from runner.wire import encodable

TEST_FILE = "<test case>"


def run_examples(sources: list[str], namespace: dict[str, Any]) -> list[tuple[str, str | None]]:
    """What each line of a doctest printed, and its exception as doctest writes it.

    As in doctest, the lines after one that raised still run, and names that they bind are theirs.
    """
    names, output = namespace.copy(), CellOutput()
    with _captured(output):
        return [_run_example(source, names, output) for source in sources]


def _run_example(
    source: str, namespace: dict[str, Any], output: CellOutput
) -> tuple[str, str | None]:
    raised = None
    try:
        exec(compile(source, TEST_FILE, "single", dont_inherit=True), namespace)
    except KeyboardInterrupt:  # the time limit
        raise
    except BaseException as error:
        raised = encodable(traceback.format_exception_only(error)[-1])[-ERROR_CHARS:]
    return output.take(), raised


def run_test_function(source: str, name: str, namespace: dict[str, Any]) -> tuple[int, str] | None:
    """None if the function `name` of a test file's `source` accepts the notebook.

    Otherwise the line of the file at which it stopped (0 if it never began) and its error. An
    argument is the notebook's value of that name, or None; `env` is the whole namespace.
    """
    module: dict[str, Any] = {"__name__": "test_case"}
    try:
        with _captured(CellOutput()):
            exec(compile(source, TEST_FILE, "exec", dont_inherit=True), module)
            wanted = inspect.signature(module[name]).parameters
            module[name](
                **{arg: namespace if arg == "env" else namespace.get(arg) for arg in wanted}
            )
    except Exception as error:
        return _line_of(error), describe_error(error)
    return None


def _line_of(error: Exception) -> int:
    """The last line of the test file that is in the error's traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno or 0 for frame in frames if frame.filename == TEST_FILE]
    return lines[-1] if lines else 0


@contextmanager
def _captured(output: CellOutput) -> Iterator[None]:
    """Prints go to `output`, expressions show their `repr`, and `display(...)` shows nothing."""
    shell: Any = get_ipython()
    formatters, hook = shell.display_formatter.formatters, sys.displayhook
    shell.display_formatter.formatters = {}
    sys.displayhook = sys.__displayhook__
    try:
        with redirect_stdout(output), redirect_stderr(CellOutput()):  # type: ignore[type-var]
            yield
    finally:
        shell.display_formatter.formatters, sys.displayhook = formatters, hook
