"""How the page fares on the evening of a deadline: uploads while grading runs, and staff's pages.

    python benchmarks/web.py [--students 2000] [--uploads 500] [--seconds 60] [--grade]

A course of SIMULATED students is served by `course serve` in processes of its own, on loopback.
`--uploads` of them each hand in another notebook of problem set 1 within `--seconds`, evenly
spread, as a browser would, and then open their first page. With `--grade` the server grades
meanwhile, in real containers. Whether each is in the store with its own bytes is looked up.

Then everybody has handed in, and is graded by made-up results but for the written question, and
another server answers for the pages that staff open, one request after the other.
"""

import argparse
import hashlib
import http.client
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
PORT = 8431
NOW = "2027-02-09 20:00"
NOTEBOOK = ROOT / "tests" / "submissions" / "full-marks" / "notebook.ipynb"
STAFF_PAGES = (
    "/staff/",
    "/staff/submissions/?assignment=ps1",
    "/staff/submissions/{paper}/",
    "/submissions/{paper}/notebook/frame",
    "/staff/students/",
    "/staff/students/s0007/",
    "/staff/marking/",
    "/staff/marking/ps1/",
    "/staff/marking/ps1/q9/",
    "/staff/marking/ps1/q9/{paper}/",
    "/staff/marking/ps1/q9/{paper}/progress",
    "/staff/marking/ps1/q9/{paper}/after",
    "/staff/gradebook/",
    "/course/",
    "/course/people/",
    "/course/record/",
)
NEXT_PAPER = "/staff/marking/ps1/q9/next"
TRIALS = 15


@dataclass
class Seen:
    """The seconds that requests took, by what they were, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    errors: list[str] = field(default_factory=list[str])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, seconds: float, status: int, wanted: Sequence[int]) -> None:
        """Take one answer into account."""
        with self.lock:
            self.seconds.setdefault(what, []).append(seconds)
            if status not in wanted:
                self.errors.append(f"{what}: {status}")


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2000)
    parser.add_argument("--uploads", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--grade", action="store_true")
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, {platform.machine()}, {asked.students} simulated students")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        (data / "rehearsal").touch()
        roster = write_roster(Path(folder) / "roster.csv", asked.students)
        sessions = made_sessions(data, roster, asked.uploads)
        with Served(data, roster, grades=asked.grade) as server:
            seen = upload_all(sessions, asked.seconds)
            assert server.poll() is None, "the server ended"
        print(f"lost: {lost(data, asked.uploads) or 'none'}")
        papers = grade_everybody(data, roster)
        print(f"{len(papers)} papers of ps1 wait to be marked")
        with Served(data, roster, grades=False):
            ask_staffs_pages(sessions["ivy"], papers, seen)
        for what, seconds in seen.seconds.items():
            print(f"{what:40} {told(seconds)}")
        print(f"errors: {seen.errors[:10] or 'none'}")


def told(seconds: Sequence[float]) -> str:
    """Median, 95th percentile and worst in milliseconds."""
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return (
        f"{len(ordered):5} requests, median {1e3 * statistics.median(ordered):.0f} ms, "
        f"p95 {1e3 * late:.0f} ms, worst {1e3 * ordered[-1]:.0f} ms"
    )


def write_roster(path: Path, students: int) -> Path:
    """Simulated students in three sections."""
    lines = [f"s{at:04},Student {at},s{at:04}@mail.example,L{at % 3}" for at in range(students)]
    path.write_text("\n".join(["student,name,email,section", *lines]) + "\n")
    return path


def made_sessions(data: Path, roster: Path, uploads: int) -> dict[str, str]:
    """Session keys of logged-in students and of an instructor, made as a login would.

    In a process of its own, since Django is set up for one data folder.
    """
    code = "import sys; from benchmarks.web import make_sessions; make_sessions(*sys.argv[1:])"
    made = subprocess.run(
        [sys.executable, "-c", code, str(data), str(roster), str(uploads)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(made.stdout)


def make_sessions(data: str, roster: str, uploads: str) -> None:
    """Print the session keys as JSON."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from grader.course import load_course
    from grader.course.roster import load_roster
    from grader.store import StudentRow, open_store
    from grader.web.serving import set_up
    from grader.web.settings import Served as Site

    set_up(Site(ROOT / "course.yaml", Path(data), f"http://127.0.0.1:{PORT}", now=NOW))
    from django.conf import settings

    from grader.web.models import Account, StaffRole

    rows = load_roster(Path(roster))
    store = open_store(Path(data))
    store.roster.update([StudentRow(one.student, one.name, one.email, one.section) for one in rows])
    # As long before: making bundles runs solutions, and takes minutes.
    for name in load_course(ROOT / "course.yaml").assignments:
        store.record.note(by="benchmark", what="released", subject=name, detail="")
    accounts = [Account(login=one.student, student=one.student) for one in rows]
    Account.objects.bulk_create([*accounts, Account(login="ivy")])
    StaffRole.objects.create(account=Account.objects.get(login="ivy"), role="instructor")
    keys: dict[str, str] = {}
    for account in Account.objects.filter(
        login__in=["ivy", *(one.student for one in rows[: int(uploads)])]
    ):
        session = SessionStore()
        session[SESSION_KEY] = str(account.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = account.get_session_auth_hash()
        session.save()
        keys[account.login] = str(session.session_key)
    print(json.dumps(keys))


class Served:
    """`course serve` on a data folder, while the context lasts."""

    def __init__(self, data: Path, roster: Path, *, grades: bool) -> None:
        self._command = [
            *(sys.executable, "-c", "from grader.cli import main; main()"),
            *("--data", str(data), "--roster", str(roster), "--now", NOW),
            *("serve", "--port", str(PORT), *([] if grades else ["--only-pages"])),
        ]

    def __enter__(self) -> "subprocess.Popen[bytes]":
        self._process = subprocess.Popen(self._command, cwd=ROOT)
        for _ in range(300):
            try:
                if ask("GET", "/account/login/")[0] == 200:
                    return self._process
            except OSError:
                time.sleep(0.2)
        raise SystemExit("the server did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(120)


def ask(
    method: str, path: str, *, key: str = "", body: bytes = b"", kind: str = ""
) -> tuple[int, bytes]:
    """One request by a connection of its own, as of many browsers."""
    token = secrets.token_hex(16)
    cookies = f"course_csrf={token}; course_session={key}"
    headers = {"Cookie": cookies, "X-CSRFToken": token, "Content-Type": kind}
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    try:
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def notebook_of(student: str) -> bytes:
    """A solution that differs from all others."""
    found = json.loads(NOTEBOOK.read_bytes())
    found["cells"].append({**found["cells"][0], "source": f"of {student}", "id": f"by-{student}"})
    return json.dumps(found).encode()


def upload_all(sessions: dict[str, str], seconds: float) -> Seen:
    """Let each student upload at their moment, and look at their page afterwards."""
    seen = Seen()
    students = [name for name in sessions if name != "ivy"]
    began = time.monotonic()

    def upload(at: int) -> None:
        student = students[at]
        body, kind = form_of(notebook_of(student))
        time.sleep(max(0.0, began + seconds * at / len(students) - time.monotonic()))
        for what, method, path, sent, wanted in (
            ("upload", "POST", "/assignments/ps1/submit", body, (302,)),
            ("student's page", "GET", "/", b"", (200,)),
        ):
            start = time.monotonic()
            status, _ = ask(method, path, key=sessions[student], body=sent, kind=kind)
            seen.note(what, time.monotonic() - start, status, wanted)

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(upload, range(len(students))))
    print(f"{len(students)} uploads in {time.monotonic() - began:.0f} s")
    return seen


def form_of(data: bytes) -> tuple[bytes, str]:
    """A form with one file, and its content type."""
    border = secrets.token_hex(16)
    head = (
        f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="ps1.ipynb"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return (
        head.encode() + data + f"\r\n--{border}--\r\n".encode(),
        f"multipart/form-data; boundary={border}",
    )


def grade_everybody(data: Path, roster: Path) -> list[int]:
    """Let each student have handed in problem set 1, and have a made-up result; their numbers."""
    from grader.course import load_course
    from grader.course.roster import load_roster
    from grader.outcomes import CheckResult, Ending, GradedSubmission, Outcome
    from grader.store import open_store

    questions = load_course(ROOT / "course.yaml").assignments["ps1"].questions
    checks = tuple(
        CheckResult(
            f"check_{one.name}", one.name, one.title, one.points, one.points, Outcome.PASSED
        )
        for one in questions
        if not one.manual
    )
    found = GradedSubmission(Ending.FINISHED, "", (), checks, checks_version="made up")
    with open_store(data) as store:
        known = {row.student for row in store.submissions("ps1")}
        at = datetime.fromisoformat(f"{NOW}-05:00").astimezone(UTC)
        for row in load_roster(roster):
            if row.student not in known:
                store.accept(row.student, "ps1", notebook_of(row.student), "ps1.ipynb", at)
        batch = store.start_batch("ps1")
        while lease := store.claim(batch):
            store.finish(lease, found)
        return [row.id for row in store.submissions("ps1")]


def ask_staffs_pages(key: str, papers: Sequence[int], seen: Seen) -> None:
    """Ask for each page some times, with all else quiet; each time of another paper."""
    for path in STAFF_PAGES:
        for trial in range(TRIALS):
            paper = papers[trial * len(papers) // TRIALS]
            start = time.monotonic()
            status, _ = ask("GET", path.format(paper=paper), key=key)
            seen.note(path, time.monotonic() - start, status, (200, 302))
    for _ in range(TRIALS):
        start = time.monotonic()
        status, _ = ask("POST", NEXT_PAPER, key=key)
        seen.note(NEXT_PAPER, time.monotonic() - start, status, (302,))


def lost(data: Path, uploads: int) -> list[str]:
    """Whose bytes are not in the store as they were sent."""
    from grader.store import open_store

    with open_store(data) as store:
        kept = {row.student: row for row in store.submissions("ps1")}
        students = [f"s{at:04}" for at in range(uploads)]
        return [
            student
            for student in students
            if student not in kept
            or hashlib.sha256(store.read_notebook_bytes(kept[student])).digest()
            != hashlib.sha256(notebook_of(student)).digest()
        ]


if __name__ == "__main__":
    main()
