"""A course whose containers start in no time: what fails around them is the matter here.

Its image is Debian's Python and a runner of a few lines, which speaks the protocol and knows no
JAX: it runs cells and tells what a name stands for. Everything on our side of it is the real one.
"""

import shutil
from pathlib import Path

import msgpack

from tests.term_course import notebook

STUDENTS = ("ada", "bob", "cleo", "dan")
NAME = "light"

COURSE = """\
course: {code: LIGHT101, title: Faults}
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-04-30}
environments:
  light: {gpus: 0}
limits: {notebook: 60 s, cell: 30 s, call: 20 s, memory: 64 MiB, restarts: 1}
late_policy: {kind: no late work}
roster: roster.csv
assignments:
  light:
    title: A light problem set
    environment: light
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    points: 5
    questions:
      q1: {title: One number, points: 3}
      q2: {title: Another, points: 2}
"""

CHECKS = '''\
"""Hidden checks of the light problem set."""

from grader.checks import check, expect


@check("q1", points=3, title="One number")
def one_number(student, inputs):
    expect(student.value("one"), "One").close_to(lambda: 1.5, rtol=1e-9, why="float64")


@check("q2", points=2, title="Another")
def another_number(student, inputs):
    expect(student.value("another"), "Another").close_to(lambda: 2.5, rtol=1e-9, why="float64")
'''

DOCKERFILE = """\
ARG BASE
FROM ${BASE}
COPY runner/ /opt/runner/
USER 10001
ENTRYPOINT ["/usr/bin/env", "python3", "-I", "/opt/runner"]
"""

RUNNER = '''\
"""Runs cells and tells what a name stands for."""

import os
import signal
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import msgpack

LENGTHS = struct.Struct(">IQ")
source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)


def send(**message):
    header = msgpack.packb(message)
    sink.write(LENGTHS.pack(len(header), 0) + header)
    sink.flush()


def receive():
    lengths = source.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        os._exit(0)
    header, body = LENGTHS.unpack(lengths)
    return msgpack.unpackb(source.read(header + body)[:header], strict_map_key=False)


# An engine that stops waits ten seconds for a first process that doesn't end.
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
names = {}
send(type="hello", jax="none")
while True:
    message = receive()
    if message["type"] == "notebook":
        for index, cell in message["cells"]:
            send(type="cell_started", index=index)
            exec(cell, names)
            told = {"status": "ok", "seconds": 0.0, "output": "", "error": ""}
            send(type="cell_finished", index=index, **told)
        send(type="ready")
    else:
        value = names.get(message["target"][1], "nothing")
        send(type="answer", id=message["id"], value=value)
'''

ROSTER = "student,name,email\n" + "".join(f"{who},{who},{who}@mail.example\n" for who in STUDENTS)
FILES = {
    "course.yaml": COURSE,
    "roster.csv": ROSTER,
    "assignments/light/notebook.py": "# %%\none, another = 1.5, 2.5\n",
    "assignments/light/checks.py": CHECKS,
    "environments/light/Dockerfile": DOCKERFILE,
    "environments/light/requirements.txt": "",
    "environments/runner/__main__.py": RUNNER,
}

# Long enough for something to happen to the container meanwhile.
TAKES_A_WHILE = "import time\ntime.sleep(0.4)"
RIGHT = notebook(TAKES_A_WHILE, "one = 1.5", "another = 2.5")
HALF = notebook(TAKES_A_WHILE, "one = 1.5", "another = 3.5")
# Ends with the code of a kill from outside, which nothing in a container can look like but this.
POISON = notebook("import os\nos._exit(137)")

NOTEBOOKS = {"ada": RIGHT, "bob": HALF, "cleo": RIGHT, "dan": HALF}
SCORES = {"ada": 5.0, "bob": 3.0, "cleo": 5.0, "dan": 3.0}


def write_light_course(folder: Path) -> Path:
    """Write the course into `folder`; the path of its course.yaml."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    # Without its compiled part, msgpack is Python alone, of any version.
    packed = folder / "environments/runner/msgpack"
    packed.mkdir()
    for module in Path(msgpack.__file__).parent.glob("*.py"):
        shutil.copy(module, packed)
    return folder / "course.yaml"
