"""What every test gets, and the closing words on what did not run."""

import gc
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from grader.outcomes import GraderError
from grader.sandbox.docker_cli import NO_ENGINE, reachable
from grader.store import open_store, opening
from tests.store import postgresql as own_server

ABOUT_SQLITE = "about SQLite's own file, and all are to be on PostgreSQL"
_DATABASE = "course_{folder}"


def pytest_configure(config: pytest.Config) -> None:
    """Have Ctrl-C work in tests of it also where the shell started us with SIGINT ignored."""
    config.addinivalue_line("markers", "sqlite: about the file that SQLite keeps a course in")
    try:
        own_server.is_chosen()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Collect tests without collecting garbage.

    They, and all that they import, are a million objects that stay: they would be looked through
    again and again while they are made, and in any test that makes many more.
    """
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Only test files hold tests: the doctest collector would import notebooks and data too."""
    data = collection_path.suffix == ".py" and not collection_path.name.startswith("test_")
    return True if data and Path(__file__).parent in collection_path.parents else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long unless asked for, and what needs an engine where none answers."""
    if not config.getoption("markexpr"):
        for item in items:
            if item.get_closest_marker("nightly"):
                item.add_marker(pytest.mark.skip(reason="for `make nightly`"))
    if own_server.is_chosen():
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason=ABOUT_SQLITE))
    marked = [item for item in items if item.get_closest_marker("docker")]
    if marked and not _engine_answers():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=NO_ENGINE))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The start of addresses of databases on a server of the tests' own."""
    found = own_server.programs()
    if found is None:
        pytest.skip(own_server.NO_SERVER)
    with own_server.server(found) as address:
        own_server.migrate_template(address)
        yield address


@pytest.fixture(scope="session", autouse=True)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Have every data folder, also of processes that tests start, use the kind that was chosen.

    Its tables are made once a session and copied: making them takes longer than most tests.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("COURSE_DATABASE", raising=False)
        if own_server.is_chosen():
            address = request.getfixturevalue("postgresql")
            patched.setenv("COURSE_DATABASE", f"{address}/{_DATABASE}")
        else:
            _copy_tables(tmp_path_factory.mktemp("tables"), patched)
        yield


def _copy_tables(template: Path, patched: pytest.MonkeyPatch) -> None:
    """Have this process begin a SQLite database with a copy of one whose tables are made."""
    open_store(template).close()
    tables, migrate = template / "course.sqlite3", opening._migrate_if_needed

    def copy_and_migrate(folder: Path, alias: str) -> None:
        name = Path(opening.database_settings(folder)["NAME"])
        if name.name == tables.name and not name.exists():
            # Others may begin it at the same time: whose copy comes first stays.
            with TemporaryDirectory(dir=folder) as aside, suppress(FileExistsError):
                os.link(shutil.copy(tables, aside), name)
        migrate(folder, alias)

    patched.setattr(opening, "_migrate_if_needed", copy_and_migrate)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Let a test's databases go with it: hundreds of them would fill the disk."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    yield
    # After the last test the server is gone already.
    server, _, name = os.environ.get("COURSE_DATABASE", "").rpartition("/")
    if folder is not None and name == _DATABASE:
        own_server.drop_databases(server, folder)


def _engine_answers() -> bool:
    try:
        return reachable("version", seconds=30)
    except GraderError:
        return False


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run and why, or that everything did."""
    stats = terminalreporter.stats
    reasons = Counter(_reason(report) for report in stats.get("skipped", []))
    reasons.update(f"expected to fail: {_reason(report)}" for report in stats.get("xfailed", []))
    if stats.get("deselected"):
        reasons["not selected by the options given"] = len(stats["deselected"])
    terminalreporter.section("what did not run, and why")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} left out: {reason}")
    if not reasons:
        terminalreporter.line("nothing was left out")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    # A skip's longrepr is (file, line, "Skipped: why"); an xfail has its reason in `wasxfail`.
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return getattr(report, "wasxfail", "") or "no reason given"
