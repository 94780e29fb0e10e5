"""`course grade --watch`: grade whatever comes in, until it is ended."""

import os
import signal
import threading

from grader.cli.grade import JOBS, Display, counting, too_many_at_a_time
from grader.cli.sandboxes import make_sandbox
from grader.cli.serve import interrupt
from grader.cli.terminal import people
from grader.cli.workplace import Workplace
from grader.course import Course
from grader.desk.place import Place
from grader.grading import BatchSummary, GradingPlan, plan_grading
from grader.grading.compiled import with_compiled_operations
from grader.grading.own_programs import use_own_cache
from grader.grading.watching import Watch, Watched


def watch(workplace: Workplace, *, jobs: int | None, sandbox_name: str, with_parent: bool) -> int:
    """Grade what is queued in any assignment, as it comes in. Ends by Ctrl-C or SIGTERM.

    The leases of what is being graded then are given back. Where it goes `with_parent`, it ends
    too when its standard input does.
    """
    store = workplace.store
    place = Place(workplace.course_file, workplace.data, now=workplace.now_option)
    console = people()

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    def plan(course: Course, name: str) -> GradingPlan:
        place.rely(workplace.by)
        made = plan_grading(
            course,
            name,
            secret=store.secret(),
            sandbox=make_sandbox(sandbox_name),
            labels=workplace.labels,
            with_files=True,
        )
        if words := too_many_at_a_time(jobs or JOBS, made.limits.cpus):
            say(words)
        return with_compiled_operations(made, say=say)

    def counts(course: Course, name: str) -> set[int]:
        here = workplace.by_course(course, store)
        return counting(here, name, ())

    def tell(name: str, summary: BatchSummary) -> None:
        if summary.gave_up:
            say(f"{name}: {summary.reason}")

    use_own_cache()
    signal.signal(signal.SIGTERM, interrupt)
    if with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    watched = Watched(store, lambda: place.current().course, plan, counts)
    with store.grading_lock(), Display(console, None) as display:
        say("watching: whatever is handed in is graded as it comes (Ctrl-C ends it)")
        Watch(watched, jobs=jobs or JOBS, on_progress=display.note, on_summary=tell).run()
    return 0


def _end_with_parent() -> None:
    while os.read(0, 1):  # until whoever started us is gone
        pass
    os.kill(os.getpid(), signal.SIGTERM)
