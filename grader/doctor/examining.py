"""Makes all checks, one after the other: none stops the others, and none may hang for long."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Thread

from grader.doctor import data, disk, engine, limits, machine
from grader.doctor.findings import Examined, Finding, Mark, NotTried, told
from grader.doctor.subject import Subject

# A check that takes longer hangs; on a machine in use the slowest takes three.
SECONDS = 10.0

Check = tuple[str, Callable[[], Finding]]


def examine(subject: Subject, *, seconds: float = SECONDS) -> Iterator[Examined]:
    """Make every check, each within its `seconds`; a finding as soon as it is there."""
    try:
        yield from run_checks(every_check(subject), seconds=seconds)
    finally:
        subject.close()


def every_check(subject: Subject) -> Sequence[Check]:
    """The checks, in an order in which each can rely on those before."""
    host: list[Check] = [
        ("course file", partial(data.course_file, subject)),
        ("time zone", partial(machine.time_zone, subject)),
        ("clock", partial(machine.clock, subject)),
        ("data folder", partial(data.data_folder, subject)),
        ("database", partial(data.database, subject)),
        ("version in force", partial(data.version_in_force, subject)),
        ("disk: data", partial(disk.data_disk, subject)),
        ("engine", partial(engine.answers, subject)),
        ("disk: engine", partial(disk.engine_disk, subject)),
        ("isolation", partial(engine.isolation, subject)),
        ("images", partial(engine.images, subject)),
        ("GPUs", partial(engine.gpus, subject)),
        ("machine", partial(engine.size, subject)),
        ("leftovers", partial(engine.leftovers, subject)),
    ]
    return host + [check for runtime in subject.runtimes for check in trials(subject, runtime)]


def trials(subject: Subject, runtime: str | None) -> list[Check]:
    """The checks that try containers of one runtime."""
    suffix = f", {runtime}" if runtime else ""
    tried = {
        "memory": limits.memory,
        "processes": limits.processes,
        "processor": limits.processor,
        "files": limits.files,
        "network": limits.network,
        "read-only root": limits.read_only_root,
        "plain user": limits.plain_user,
        "privileges": limits.privileges,
        "system calls": limits.system_calls,
    }
    runs: list[Check] = [("runtime" + suffix, partial(engine.runtime, subject, runtime))]
    return runs + [
        (name + suffix, partial(check, subject, runtime)) for name, check in tried.items()
    ]


def run_checks(checks: Sequence[Check], *, seconds: float = SECONDS) -> Iterator[Examined]:
    """Make each check in a thread of its own, which is left behind where it hangs."""
    for name, check in checks:
        started = time.monotonic()
        finding, tried = _bounded(name, check, seconds)
        yield Examined(name, finding, round(time.monotonic() - started, 3), tried)


def _bounded(name: str, check: Callable[[], Finding], seconds: float) -> tuple[Finding, bool]:
    made: Future[Finding] = Future()

    def run() -> None:
        try:
            made.set_result(check())
        except BaseException as error:
            made.set_exception(error)

    # A daemon: a pool's threads would be waited for at the end.
    Thread(target=run, name=f"doctor: {name}", daemon=True).start()
    try:
        return made.result(seconds), True
    except NotTried as reason:
        return Finding(Mark.FAILED, name, f"not tried: {reason}"), False
    except Exception as error:
        if not made.done():
            found = f"no answer within {seconds:g} s"
            do = "Look at the machine's load, then try again."
            return Finding(Mark.FAILED, name, found, do), True
        found = f"the check broke off: {type(error).__name__}: {told(error)}"
        return Finding(Mark.FAILED, name, found, "Mend what it says, then try again."), True
