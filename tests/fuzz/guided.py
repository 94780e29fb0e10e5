"""Fuzz targets, guided by what code an input reaches: `python -m tests.fuzz.guided roster pdf`.

An input that breaks a promise, hangs or takes too much memory is written to
`.hypothesis/fuzz/TARGET/`, beside the log, and the exit code is not 0. `--keep` puts the shortest
inputs that reach new code into the stored corpus.
"""

import argparse
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.fuzz import targets
from tests.fuzz.corpus import digest, keep

ROOT = Path(__file__).parent.parent.parent
FOUND = ROOT / ".hypothesis" / "fuzz"
INSTRUMENTED = ("grader", "yaml", "csv", "json", "zipfile", "tarfile", "gzip", "icalendar")
LONGEST_INPUT = 3_000
SECONDS_EACH = 20
MEMORY_MIB = 1_500
MISSING = "atheris is missing; it has wheels for Linux on x86-64 and Python 3.11 to 3.13 only"


def main() -> int:
    """Fuzz for so many minutes, or keep what was found before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(targets.NAMES))
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.targets or targets.NAMES
    if unknown := set(names) - set(targets.NAMES):
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(targets.NAMES)}")
    if given.in_process:
        return fuzz(names[0], int(given.minutes * 60))
    each = [
        keep_found(name) if given.keep else fuzz_in_child(name, given.minutes) for name in names
    ]
    return max(each)


def keep_found(name: str) -> int:
    for path in keep(targets.load_target(name), sorted((FOUND / name / "inputs").iterdir())):
        print(f"kept {path.relative_to(ROOT)}")
    return 0


def fuzz_in_child(name: str, minutes: float) -> int:
    """Fuzz in a process that atheris may end, and say what came of it."""
    log = FOUND / name / "log"
    log.parent.mkdir(parents=True, exist_ok=True)
    options = ["--in-process", name, "--minutes", str(minutes)]
    command = [sys.executable, "-m", "tests.fuzz.guided", *options]
    with log.open("w") as file:
        code = subprocess.run(command, cwd=ROOT, stdout=file, stderr=file, check=False).returncode
    told = log.read_text(errors="replace")
    if code == 0 and (runs := re.search(r"Done (\d+) runs in (\d+) second", told)):
        print(f"{name}: {int(runs[1]):,} inputs in {runs[2]} s, and nothing found", flush=True)
        return 0
    _, _, found = told.partition("=== Uncaught")
    print(
        f"{name}: {(found or told)[-4_000:]}\nThe whole log is {log.relative_to(ROOT)}", flush=True
    )
    return code or 1


def fuzz(name: str, seconds: int) -> int:
    """Hand the target to atheris, which ends the process. Inputs that reach new code are kept."""
    try:
        atheris: Any = import_module("atheris")
    except ImportError:
        print(MISSING, file=sys.stderr)
        return 3
    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        target = targets.load_target(name)
    inputs = FOUND / name / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (inputs / digest(seed)).write_bytes(seed)
    words = inputs.with_name("words")
    words.write_text("".join(f'"{escaped(word)}"\n' for word in target.words))
    options = (
        *(f"-max_total_time={seconds}", f"-dict={words}", f"-artifact_prefix={inputs.parent}/"),
        *(f"-timeout={SECONDS_EACH}", f"-rss_limit_mb={MEMORY_MIB}", f"-max_len={LONGEST_INPUT}"),
    )
    target.corpus.mkdir(parents=True, exist_ok=True)
    atheris.Setup([sys.argv[0], *options, str(inputs), str(target.corpus)], target.check)
    atheris.Fuzz()
    return 0


def escaped(word: str) -> str:
    """A word as libFuzzer reads it in its list of words."""
    plain = {*range(0x20, 0x7F)} - {ord('"'), ord("\\")}
    return "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    sys.exit(main())
