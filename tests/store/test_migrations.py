"""A data folder of the first version is brought up to date with all that it holds."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome
from grader.store import open_store
from grader.store.opening import _connect, _set_up_django

NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)


def check(name: str, question: str, earned: float) -> CheckResult:
    return CheckResult(name, question, "A check", 4.0, earned, Outcome.PASSED)


def write_first_version(folder: Path) -> None:
    """A database as its first version made it, with a graded submission."""
    folder.mkdir()
    _set_up_django()
    alias = _connect(folder)
    call_command("migrate", "store", "zero", database=alias, verbosity=0)
    call_command("migrate", "store", "0001_first_tables", database=alias, verbosity=0)
    apps = MigrationExecutor(connections[alias]).loader.project_state(
        [("store", "0001_first_tables")]
    ).apps  # fmt: skip

    def rows(model: str):
        return apps.get_model("store", model).objects.using(alias)

    ada = rows("Student").create(identifier="ada", name="Ada", email="", section="", canvas_id="")
    sent = rows("Submission").create(
        student=ada, assignment="ps1", sha256="0" * 64, file_name="a.ipynb", size_bytes=1,
        received_at=NOW, state="graded",
    )  # fmt: skip
    checks = (check("a", "q1", 4.0), check("b", "q1", 1.0), check("c", "q2", 0.0))
    graded = GradedSubmission(Ending.FINISHED, "", (), checks)
    rows("Result").create(
        submission=sent, lease="x", checks_version="1", environment="", earned=5.0, points=12.0,
        ending="finished", record=graded.to_json(), created_at=NOW,
    )  # fmt: skip
    connections[alias].close()


@pytest.mark.usefixtures("either_database")
def test_a_first_version_keeps_its_submissions_and_points(tmp_path: Path):
    folder = tmp_path / "data"
    write_first_version(folder)
    with open_store(folder) as store:
        (row,) = store.work_of("ada")
        assert (row.assignment, row.group) == ("ps1", None)
        (found,) = store.summaries("ps1")
        assert found.questions == {"q1": (5.0, 8.0), "q2": (0.0, 4.0)}
        (result,) = store.current_results("ps1")
        assert result.earned == 5.0
        recorder = MigrationRecorder(connections[store._tables.alias])
        assert ("store", "0003_owners_and_points") in recorder.applied_migrations()
