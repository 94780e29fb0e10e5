"""Programs, and how each ends: what test_endings runs in containers, one container each."""

from grader.outcomes import Ending

# Finds the descriptor that frames go out on: a pipe for writing that is neither 1 nor 2.
FRAMES = """
import os, fcntl
errors = os.fstat(2).st_ino
frames = [
    fd for fd in range(3, 64)
    if os.path.exists(f"/proc/self/fd/{fd}")
    and os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:")
    and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    and os.fstat(fd).st_ino != errors
]
assert len(frames) == 1, frames
"""
SEND = """
import msgpack, struct
def send(message, body=b""):
    header = msgpack.packb(message)
    os.write(frames[0], struct.pack(">IQ", len(header), len(body)) + header + body)
"""
IGNORES = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
SLEEPS = "import time\ntime.sleep(60)"

# How it ends, its cells, and other time limits than a second a cell.
ENDINGS: dict[str, tuple[Ending | None, tuple[str, ...], dict[str, float]]] = {
    "it ignores the interrupt": (Ending.TIMEOUT, (IGNORES + "while True: pass",), {}),
    "it sleeps and ignores the interrupt": (
        Ending.TIMEOUT,
        ("import time\nwhile True:\n  try: time.sleep(60)\n  except BaseException: pass",),
        {},
    ),
    "a list grows for ever": (
        Ending.OUT_OF_MEMORY,
        ("kept = []\nwhile True: kept.append(bytearray(1 << 24))",),
        {"cell_seconds": 20.0},
    ),
    "a huge array of JAX": (
        Ending.OUT_OF_MEMORY,
        ("import jax.numpy as jnp\nx = jnp.ones(1 << 28).block_until_ready()",),
        {"cell_seconds": 20.0},
    ),
    "it prints a megabyte too much": (
        Ending.OUTPUT_LIMIT,
        ("print('x' * (SIZE := 4 << 20))",),
        {"cell_seconds": 20.0},
    ),
    "it prints past Python": (
        Ending.OUTPUT_LIMIT,
        ("import os\nwhile True: os.write(1, b'x' * 65536)",),
        {"cell_seconds": 20.0},
    ),
    "a null pointer": (Ending.CRASHED, ("import ctypes\nctypes.string_at(0)",), {}),
    "it aborts": (Ending.CRASHED, ("import os\nos.abort()",), {}),
    "it kills itself": (Ending.CRASHED, ("import os, signal\nos._exit(3)",), {}),
    "threads without end": (
        Ending.TOO_MANY_PROCESSES,
        (
            IGNORES + "import threading, time\n"
            "while True:\n"
            "  try: threading.Thread(target=time.sleep, args=(60,)).start()\n"
            "  except RuntimeError: pass",
        ),
        {},
    ),
    "a huge array of a compiled program": (
        Ending.OUT_OF_MEMORY,
        (
            "import jax, jax.numpy as jnp\n"
            "jax.jit(lambda: jnp.tile(jnp.arange(1 << 10), 1 << 20) * 2)().block_until_ready()",
        ),
        {"cell_seconds": 20.0},
    ),
    "a loop without end in a compiled program": (
        Ending.TIMEOUT,
        (
            "import jax\n"
            "jax.jit(lambda x: jax.lax.while_loop(lambda x: x > 0, lambda x: x / 2 + 1, x))(1.0)"
            ".block_until_ready()",
        ),
        {},
    ),
    # XLA computes what is constant while it compiles: this takes it minutes.
    "a program that is compiled for ever": (
        Ending.TIMEOUT,
        (
            IGNORES + "import jax, numpy as np\n"
            "x = np.ones(20_000, np.float32)\n"
            "jax.jit(lambda: jax.lax.reduce_window(x, 0.0, jax.lax.add, (10_000,), (1,), 'VALID'))"
            ".lower().compile()",
        ),
        {},
    ),
    "the stack overflows": (
        Ending.CRASHED,
        (
            "import sys\n"
            "sys.setrecursionlimit(1 << 30)\n"
            "def deeper(x): return sorted([x], key=deeper)\n"
            "deeper(0)",
        ),
        {"cell_seconds": 20.0},
    ),
    "faulthandler ends it": (
        Ending.CRASHED,
        (
            "import faulthandler, time\n"
            "faulthandler.dump_traceback_later(0.1, exit=True)\n"
            "time.sleep(60)",
        ),
        {"cell_seconds": 20.0},
    ),
    "os._exit(0)": (Ending.EXITED, ("import os\nos._exit(0)",), {}),
    "it writes rubbish among the frames": (
        Ending.GARBLED,
        (FRAMES + "os.write(frames[0], b'rubbish' * 100)",),
        {},
    ),
    "it claims a frame of 2**60 bytes": (
        Ending.GARBLED,
        (FRAMES + "os.write(frames[0], bytes(4) + (1 << 60).to_bytes(8, 'big'))",),
        {},
    ),
    "it forges a result": (
        Ending.GARBLED,
        (FRAMES + SEND + "send({'type': 'score', 'points': 100})",),
        {},
    ),
    "it forges the end of a cell that comes later": (
        Ending.GARBLED,
        (
            FRAMES + SEND + "send({'type': 'cell_finished', 'index': 1, 'status': 'ok',"
            "'seconds': 0.0, 'output': '', 'error': ''})",
            "1",
        ),
        {},
    ),
    "it forges the end of the notebook": (
        Ending.GARBLED,
        (FRAMES + SEND + "send({'type': 'ready'})", "1"),
        {},
    ),
    "it forges an answer in mid-notebook": (
        Ending.GARBLED,
        (FRAMES + SEND + "send({'type': 'answer', 'id': '0', 'value': 1})",),
        {},
    ),
    "it dies in the middle of a frame": (
        Ending.EXITED,
        (FRAMES + "os.write(frames[0], bytes(3) + b'\\xff' + bytes(8) + b'half')\nos._exit(0)",),
        {},
    ),
    "a thread of it answers beforehand": (
        Ending.GARBLED,
        (
            FRAMES + SEND + "import threading, time\n"
            "def forge():\n"
            "  while True: send({'type': 'answer', 'id': '0', 'value': 1})\n"
            "threading.Thread(target=forge).start()\n"
            "time.sleep(60)",
        ),
        {},
    ),
    "a child of it answers beforehand": (
        Ending.GARBLED,
        (
            FRAMES + SEND + "import time\n"
            "if os.fork() == 0:\n"
            "  send({'type': 'ready'})\n"
            "  os._exit(0)\n"
            "time.sleep(60)",
        ),
        {},
    ),
    "it answers at its exit": (
        Ending.GARBLED,
        (
            FRAMES + SEND + "import atexit, ctypes\n"
            "atexit.register(send, {'type': 'ready'})\n"
            "ctypes.pythonapi.Py_Exit(0)",
        ),
        {},
    ),
    "it closes the frames' descriptor": (
        None,
        (FRAMES + "os.close(frames[0])\nimport time\ntime.sleep(60)",),
        {},
    ),
}
