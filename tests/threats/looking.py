"""A notebook that looks through all it can reach, while it is run and while it is called."""

from tests.toy_course import toy_notebook

# What is looked for has this form. In the notebook it is put together only when it runs, so that
# it doesn't find itself; and it has no digits, which are hidden from students in messages.
FORM = r"canary-[a-z]+-[a-p]{16}"

LOOKS = r'''
import os
import re

PATTERN = re.compile(b"can" + rb"ary-[a-z]+-[a-p]{16}")
found, looked_at = set(), {}


def look(place, data):
    looked_at[place] = looked_at.get(place, 0) + 1
    found.update((place, match.decode()) for match in PATTERN.findall(data))


def look_into(place, path, most=16 << 20):
    try:
        with open(path, "rb") as file:
            look(place, file.read(most))
    except OSError:
        pass


def look_at_files():
    """Every name, and every regular file of the container up to 16 MiB of it."""
    for folder, folders, names in os.walk("/"):
        if folder == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys")]
        for name in [*folders, *names]:
            look("names", os.fsencode(os.path.join(folder, name)))
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                look_into("files", path)


def look_at_processes():
    """What the kernel says of every process that is seen, and of the machine."""
    for folder in ["/proc", *(f"/proc/{name}" for name in os.listdir("/proc") if name.isdigit())]:
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and name not in ("kcore", "kmsg", "mem", "pagemap"):
                look_into("processes", path, 1 << 20)
    look("processes", "\0".join(f"{key}={value}" for key, value in os.environ.items()).encode())


def look_at_memory():
    """All that this process holds: frames, modules, messages, whatever was freed since."""
    with open("/proc/self/maps") as file:
        spans = [line.split() for line in file]
    with open("/proc/self/mem", "rb", 0) as memory:
        for span, rights, *_, name in spans:
            begin, end = (int(part, 16) for part in span.split("-"))
            if "r" not in rights or name.startswith(("[vv", "[vsys")):
                continue
            for place in range(begin, end, 16 << 20):
                try:
                    memory.seek(place)
                    look("memory", memory.read(min(end - place, 16 << 20)))
                except (OSError, ValueError):
                    break


def summary():
    places = ", ".join(sorted(place for place, times in looked_at.items() if times > 10))
    return f"looked at {places}; found {sorted(found)}"
'''

LOOKS_NOW = """
look_at_files()
look_at_processes()
look_at_memory()
print(summary())
"""

# Right answers; each tells what it sees, on every way out that there is.
ANSWERS = """
def step(H, w, rate):
    look_at_memory()
    print(summary(), w.tolist())
    os.write(2, f"{summary()} {w.tolist()}".encode())
    return w - rate * (H @ w)


def gradient(A, w):
    look_at_memory()
    look_at_processes()
    raise ValueError(f"{summary()} saw {w.tolist()}")
"""


def looking_notebook() -> bytes:
    """The notebook, for the toy course."""
    return toy_notebook(LOOKS, LOOKS_NOW, ANSWERS)
