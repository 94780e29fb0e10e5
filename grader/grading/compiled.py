"""Compiled operations that every box of an assignment may reuse, read-only.

Most of a notebook's time goes into XLA's compiling of hundreds of small operations, the same
in each notebook. The reference solution is run once with an empty cache; what that run compiled
is kept outside the checkout and mounted into the boxes that follow. Students never write it.

A student could read what is mounted, so only single operations of JAX (matmul, add, eigh, ...)
and functions of the given module are kept: a whole compiled solution would be an answer.
"""

import contextlib
import ctypes
import gc
import hashlib
import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import jax
from jax.extend.random import threefry_prng_impl

from grader.checks.oracle import Oracle
from grader.checks.running import run_check
from grader.checks.student import RemoteBackend
from grader.grading.analyst import BoxAnalyst
from grader.grading.plan import GradingPlan
from grader.grading.session import NotebookSession
from grader.grading.submission import code_cells
from grader.release import solution_notebook
from grader.sandbox.conversation import BoxEnded
from grader.sandbox.images import cache_folder, image_tag
from grader.sandbox.tidying import keep_newest_folders, shrink_folder

log = logging.getLogger(__name__)

# Of an assignment: this one's, and that of another checkout or of the version before.
FOLDERS_KEPT = 3
HALF_MADE = ".new-"
A_KEY = "[0-9a-f]" * 16
OWN_CACHE_BYTES = 1 << 30

MODULES_OF_JAX = (jax.numpy, jax.numpy.linalg, jax.lax, jax.random, jax.nn)
# What its random keys are made with.
OF_KEYS = frozenset(
    function.__name__
    for function in (
        threefry_prng_impl.seed,
        threefry_prng_impl.split,
        threefry_prng_impl.random_bits,
        threefry_prng_impl.fold_in,
    )
)
# Operations of JAX too, but what they compile holds a function of the solution's.
HOLD_A_FUNCTION = frozenset(
    "apply_along_axis apply_over_axes associative_scan cond custom_linear_solve custom_root "
    "fori_loop frompyfunc fromfunction map piecewise platform_dependent reduce reduce_window "
    "scan select_and_scatter switch vectorize while while_loop".split()
)

DEFINED = re.compile(r"\bdef\s+(\w+)")
# A call of `jit`, not a decorator of a function that is defined there.
JIT = re.compile(r"(?<!@)(?<!@jax\.)\bjit\(")
NAME = re.compile(r"[A-Za-z_]\w*")
# So many characters after it are taken for its first argument.
FAR = 200
# Of hidden inputs that are nobody's, since what is compiled may hold some of them.
PUBLIC_SECRET = b"compiled operations".ljust(32, b".")


def with_compiled_operations(
    plan: GradingPlan, *, say: Callable[[str], None] = lambda _: None
) -> GradingPlan:
    """The plan with its cache mounted, after filling it where there is none.

    Only containers can use one; other sandboxes get the plan back as it is, and so does an
    assignment of otter's, which may have no solution and need no JAX.
    """
    if not plan.sandbox.isolates or plan.otter:
        return plan
    folder = cache_folder() / "compiled" / _key(plan)
    if not folder.exists():
        say(f"running the solution of {plan.assignment.name} once, to reuse what it compiles")
        found = _collect(plan)
        if found is None:
            return plan
        _keep(folder, found)
        keep_newest_folders(folder.parent, f"{plan.assignment.name}-{A_KEY}", FOLDERS_KEPT)
        keep_newest_folders(folder.parent, f"{HALF_MADE}*", 0)  # of runs that were killed
    with contextlib.suppress(OSError):  # in use: it counts as new
        os.utime(folder)
    return plan.with_compiled(folder)


def use_own_cache(name: str = "trusted") -> None:
    """Let the grader's own process reuse what it, or another of the same `name`, compiled."""
    shrink_folder(cache_folder() / name, OWN_CACHE_BYTES)
    folder = cache_folder() / name / hashlib.sha256(_processor().encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


class CompiledPrograms:
    """What JAX has compiled in this process and, by itself, would never drop.

    An answer that scans over a new function at each call leaves a program a call, and each takes
    some 0.1 MB and several of the 65,530 memory maps that a process may have. One serves all
    threads.
    """

    def __init__(self, growth_bytes: int = 512 << 20, most_maps: int = 30_000) -> None:
        self._growth_bytes = growth_bytes
        self._most_maps = most_maps
        self._bytes = _resident_bytes()
        self._one_at_a_time = threading.Lock()

    def forget_if_grown(self) -> None:
        """Drop the programs if memory grew by `growth_bytes` since, or the maps are many."""
        with self._one_at_a_time:
            if _resident_bytes() > self._bytes + self._growth_bytes or _maps() > self._most_maps:
                self.forget()

    def forget(self) -> None:
        """Drop the programs; what is called again is compiled, or read from its cache, again."""
        jax.clear_caches()
        gc.collect()
        # What is freed lies between what is kept: glibc gives it back only when told to.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)
        self._bytes = _resident_bytes()


def _maps() -> int:
    """How many memory maps this process has."""
    return Path("/proc/self/maps").read_bytes().count(b"\n")


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def is_single_operation(entry: str, given_names: set[str], own_names: set[str]) -> bool:
    """Whether a cache entry, `jit_<name>-<hash>-cache`, is an operation of JAX or given code.

    A name that the solution gives to a function of its own, such as `gradient`, may be either's.
    """
    module, _, rest = entry.removeprefix("jit_").partition("-")
    name = module.strip("_")
    if not rest.endswith("-cache") or name in {own.strip("_") for own in own_names}:
        return False
    known = name in OF_KEYS or any(hasattr(where, name) for where in MODULES_OF_JAX)
    return (known and name not in HOLD_A_FUNCTION) or module in given_names


def functions_in(sources: Iterable[str]) -> set[str]:
    """The names of all functions that these cells define, or hand to `jit`.

    What is compiled for `jax.jit(jax.hessian(loss))` is named after `loss`, too.
    """
    found: set[str] = set()
    for source in sources:
        found.update(DEFINED.findall(source))
        for begin in JIT.finditer(source):
            found.update(NAME.findall(source[begin.end() : begin.end() + FAR]))
    return found


def _collect(plan: GradingPlan) -> dict[str, bytes] | None:
    """What a run of the solution and of all checks on it compiled; None if it ended early."""
    notebook = solution_notebook(plan.assignment.folder)
    cells = code_cells(notebook)
    request = replace(plan.request, collects_compiled=True)
    oracle = Oracle(plan.loaded, plan.oracle.solution, PUBLIC_SECRET, explains=False)
    session = NotebookSession(
        plan.sandbox,
        request,
        plan.limits,
        cells,
        {**plan.files, f"{plan.assignment.name}.ipynb": notebook},
    )
    analyst = BoxAnalyst(plan.sandbox, plan.request, plan.limits)
    try:
        with ExitStack() as boxes:
            boxes.callback(session.close)
            boxes.callback(analyst.close)
            session.start()
            for check in plan.loaded.checks:
                backend = RemoteBackend(
                    session, check, call_seconds=plan.limits.call_seconds, analyst=analyst
                )
                run_check(check, backend, oracle)
            found = session.call("compiled", seconds=60.0)
    except BoxEnded as ended:
        log.warning("the solution ended early (%s %s): nothing is kept", ended.ending, ended)
        return None
    module = plan.loaded.given_module
    given_names = set(vars(module)) if module else set[str]()
    own_names = functions_in(source for _, source in cells)
    return {
        name: data
        for name, data in found.items()
        if is_single_operation(name, given_names, own_names)
    }


def _keep(folder: Path, entries: dict[str, bytes]) -> None:
    """Write the entries aside and rename, so that a killed run leaves no half cache."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=HALF_MADE))
    for name, data in entries.items():
        (aside / name).write_bytes(data)
    aside.chmod(0o755)
    try:
        os.rename(aside, folder)
    except OSError:  # another process was quicker
        shutil.rmtree(aside)


def _key(plan: GradingPlan) -> str:
    """Changes with the image, the assignment and the processor: machine code fits one of each.

    And with which operations are kept, which this file says.
    """
    digest = hashlib.sha256(_processor().encode() + Path(__file__).read_bytes())
    digest.update(image_tag(plan.request.environment).encode())
    digest.update(plan.loaded.version.encode())
    return f"{plan.assignment.name}-{digest.hexdigest()[:16]}"


def _processor() -> str:
    """What the processor can do, for machine code to fit."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line for line in lines if line.startswith("flags")), "")
