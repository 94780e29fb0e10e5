"""Several processes on one data folder, and processes that are killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.store import GradingLocked, State, Store, StudentRow

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
SECONDS = 60

BEGIN = """
import os, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from grader.outcomes import Ending, GradedSubmission
from grader.store import StudentRow, open_store
store = open_store(Path(sys.argv[1]))
graded = GradedSubmission(Ending.FINISHED, "", (), ())
"""


class Script:
    """A Python process on the store's folder, of the few lines given."""

    def __init__(self, folder: Path, lines: str) -> None:
        code = BEGIN + textwrap.dedent(lines)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def rest(self) -> list[str]:
        output, _ = self.process.communicate(timeout=SECONDS)
        return output.split()


@pytest.fixture
def scripts(store: Store) -> Iterator[list[Script]]:
    running: list[Script] = []
    yield running
    for script in running:
        script.process.kill()
        script.process.communicate(timeout=SECONDS)


def fill(store: Store, count: int) -> None:
    names = [f"s{number:02}" for number in range(count)]
    store.roster.update(map(StudentRow, names))
    for name in names:
        store.accept(name, "ps1", name.encode(), "a.ipynb", NOON)


def test_two_processes_never_claim_the_same_submission(store: Store, scripts: list[Script]) -> None:
    fill(store, 40)
    work = """
        batch = store.start_batch("ps1")
        print("ready", flush=True)
        sys.stdin.readline()
        while lease := store.claim(batch):
            print(lease.submission.id)
            time.sleep(0.02)
            store.finish(lease, graded)
    """
    scripts += [Script(store.folder, work), Script(store.folder, work)]
    assert [script.line() for script in scripts] == ["ready", "ready"]
    for script in scripts:
        assert script.process.stdin is not None
        script.process.stdin.write("go\n")
        script.process.stdin.flush()
    taken = [script.rest() for script in scripts]
    assert Counter(taken[0] + taken[1]) == Counter(str(row.id) for row in store.submissions("ps1"))
    assert all(taken), "one process did all the work: the test shows nothing"
    assert store.status("ps1")[State.GRADED] == 40


def test_many_processes_may_make_the_same_store_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    makers = [Script(folder, "print(store.secret().hex())") for _ in range(3)]
    secrets = [maker.rest() for maker in makers]
    assert [maker.process.returncode for maker in makers] == [0] * 3
    assert secrets == [secrets[0]] * 3


@pytest.mark.parametrize(
    ("where", "state", "results"),
    [
        pytest.param("Submission", State.QUEUED, 0, id="after the result, before the state"),
        pytest.param("Event", State.QUEUED, 0, id="after the state, before the commit"),
        pytest.param("nothing", State.GRADED, 1, id="after the commit"),
    ],
)
def test_a_kill_in_finish_leaves_all_or_nothing(
    store: Store, scripts: list[Script], where: str, state: State, results: int
) -> None:
    fill(store, 1)
    script = Script(
        store.folder,
        f"""
        from django.db.models.signals import pre_save
        lease = store.claim(store.start_batch("ps1"))
        def die(sender, **_): sender.__name__ == {where!r} and os.kill(os.getpid(), signal.SIGKILL)
        pre_save.connect(die)
        store.finish(lease, graded)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    scripts.append(script)
    script.rest()
    assert script.process.returncode == -signal.SIGKILL
    with store.grading_lock():
        store.requeue_stale()
    (row,) = store.submissions("ps1")
    assert (row.state, len(store.results(row.id))) == (state, results)


def test_kills_at_any_moment_end_with_each_submission_graded_once(
    store: Store, scripts: list[Script]
) -> None:
    fill(store, 40)
    work = """
        with store.grading_lock():
            store.requeue_stale()
            batch = store.start_batch("ps1")
            print("started", flush=True)
            while lease := store.claim(batch):
                time.sleep(0.004)
                store.finish(lease, graded)
        print("done", flush=True)
    """
    for delay in (0.0, 0.03, 0.09):
        script = Script(store.folder, work)
        scripts.append(script)
        assert script.line() == "started"
        time.sleep(delay)
        script.process.kill()
        script.process.wait(timeout=SECONDS)
    last = Script(store.folder, work)
    scripts.append(last)
    assert last.rest() == ["started", "done"]
    counts = [len(store.results(row.id)) for row in store.submissions("ps1")]
    assert (store.status("ps1")[State.GRADED], counts) == (40, [1] * 40)


def test_a_second_grader_is_told_who_grades_and_a_kill_frees_the_lock(
    store: Store, scripts: list[Script]
) -> None:
    holder = Script(
        store.folder,
        """
        with store.grading_lock():
            print("held", flush=True)
            sys.stdin.readline()
        """,
    )
    scripts.append(holder)
    assert holder.line() == "held"
    with pytest.raises(GradingLocked, match=f"process {holder.process.pid} ") as refused:
        store.grading_lock().__enter__()
    assert refused.value.pid == holder.process.pid
    holder.process.kill()
    holder.process.wait(timeout=SECONDS)
    with store.grading_lock(), pytest.raises(GradingLocked, match=f"process {os.getpid()} "):
        store.grading_lock().__enter__()


def test_a_kill_in_the_middle_of_a_blob_leaves_no_blob(store: Store, scripts: list[Script]) -> None:
    script = Script(
        store.folder,
        """
        import stat
        def die(descriptor):
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.kill(os.getpid(), signal.SIGKILL)
        os.fsync = die
        store.blobs.write(b"x" * 100_000)
        """,
    )
    scripts.append(script)
    script.rest()
    assert script.process.returncode == -signal.SIGKILL
    files = [path for path in store.blobs.folder.rglob("*") if path.is_file()]
    assert [path.suffix for path in files] == [".part"]
    os.utime(files[0], (0, 0))
    assert store.blobs.sweep() == 1
    store.blobs.write(b"x" * 100_000)
    assert [p.suffix for p in store.blobs.folder.rglob("*") if p.is_file()] == [""]


def test_the_store_is_imported_without_django() -> None:
    code = "import sys, grader.store; sys.exit('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=SECONDS, check=False)
    assert done.returncode == 0


def test_a_django_project_that_lists_the_store_uses_the_same_database(store: Store) -> None:
    fill(store, 1)
    code = """
        import sys
        from pathlib import Path
        from django.conf import settings
        from grader.store import database_settings, open_store
        folder = Path(sys.argv[1])
        apps = ["django.contrib.contenttypes", "grader.store"]
        settings.configure(
            INSTALLED_APPS=apps, USE_TZ=True, DATABASES={"default": database_settings(folder)}
        )
        import django
        django.setup()
        from grader.store.models import Student
        print(Student.objects.get(active=True).identifier)
        print(open_store(folder).roster.students()[0].identifier)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(store.folder)],
        cwd=ROOT,
        timeout=SECONDS,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.stdout.split(), done.stderr) == (["s00", "s00"], "")
