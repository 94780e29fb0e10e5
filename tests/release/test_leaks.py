"""The leak search finds what is planted, wherever and however, and nothing in a clean bundle."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.release import leaks
from grader.release.bundle import release, zip_files
from tests.release.mini_assignment import FILES

SOLUTION = "return contraction_power @ w"
CHECK = "spectrum = inputs.spd([0.25, 1.5, 7.75])"
SENTENCE = "You walked uphill: the sign of the gradient step is wrong."


def origin_of(file: str, needle: str) -> str:
    """`file:line` of the first line that holds the needle."""
    lines = FILES[file].splitlines()
    return f"{file}:{next(n for n, line in enumerate(lines, start=1) if needle in line)}"


@pytest.fixture(scope="module")
def secrets(shared_mini: Path) -> leaks.Secrets:
    return leaks.read_secrets(shared_mini)


def report(secrets: leaks.Secrets, files: dict[str, bytes]) -> str:
    """All leaks of the files, a line each."""
    return "\n".join(map(str, leaks.find_leaks(secrets, files)))


def planted(files: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> dict[str, bytes]:
    """The files with something planted in the notebook."""
    notebook = json.loads(files["mini.ipynb"])
    change(notebook)
    return files | {"mini.ipynb": json.dumps(notebook).encode()}


def code_cell(notebook: dict[str, Any]) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")


def append_source(line: str) -> Callable[[dict[str, Any]], None]:
    return lambda notebook: code_cell(notebook)["source"].append(f"\n{line}")


def add_output(text: str) -> Callable[[dict[str, Any]], None]:
    output = {"output_type": "stream", "name": "stdout", "text": [text[:9], text[9:]]}
    return lambda notebook: code_cell(notebook)["outputs"].append(output)


def add_attachment(text: str) -> Callable[[dict[str, Any]], None]:
    encoded = base64.encodebytes(text.encode()).decode()
    return lambda notebook: notebook["cells"][2].update(
        attachments={"a.txt": {"text/plain": encoded}}
    )


def add_metadata(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda notebook: notebook["metadata"].update({"otter": {"tests": {text: 1}}})


def test_the_clean_bundle_has_no_leak(
    secrets: leaks.Secrets, clean_files: dict[str, bytes]
) -> None:
    assert report(secrets, {**clean_files, "mini.zip": zip_files(clean_files)}) == ""


@pytest.mark.parametrize(
    ("plant", "origin"),
    [
        (append_source(f"    {SOLUTION}"), origin_of("notebook.py", "return contraction_power")),
        (append_source(f"# {SOLUTION}"), origin_of("notebook.py", "return contraction_power")),
        (
            append_source("return   contraction_power@w"),
            origin_of("notebook.py", "return contraction_power"),
        ),
        (
            append_source("# the answer is 2.718281828459"),
            origin_of("notebook.py", "limit_for_unit"),
        ),
        (
            append_source("# cf. contraction_power"),
            origin_of("notebook.py", "contraction_power = "),
        ),
        (
            append_source("# Along the sharpest eigenvector the error"),
            origin_of("notebook.py", "# Along the"),
        ),
        (
            append_source("loss = lambda H, w: quadratic(H)(w)"),
            origin_of("notebook.py", "return quadratic"),
        ),
        (add_output(SENTENCE), origin_of("mutants.py", "says =")),
        (add_output("the sign of the gradient step is"), origin_of("mutants.py", "says =")),
        (add_metadata("iterate_of_spd"), origin_of("checks.py", "def iterate_of")),
        (add_metadata(CHECK), origin_of("checks.py", "spectrum =")),
        (add_attachment(f"some text, then {CHECK}"), origin_of("checks.py", "spectrum =")),
        (append_source("w = w - rate * (H @ w)"), origin_of("alternates.py", "w = w -")),
        (append_source("by_explicit_loop"), origin_of("alternates.py", "def by_")),
        (append_source("tol = 3.25e-7"), origin_of("checks.py", "SECRET_TOL")),
        (append_source("# HIDDEN"), "HIDDEN"),
        (append_source("from reference import taylor"), "from reference"),
        (append_source("v = reference.taylor.hvp(v)"), "reference.taylor"),
        (append_source("# BEGIN SOLUTION"), "BEGIN SOLUTION"),
    ],
)
def test_a_leak_planted_in_the_notebook_is_found(
    secrets: leaks.Secrets,
    clean_files: dict[str, bytes],
    plant: Callable[[dict[str, Any]], None],
    origin: str,
) -> None:
    found = report(secrets, planted(clean_files, plant))
    assert "mini.ipynb#" in found
    assert origin in found


def zip_with_comment(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "nothing here")
        archive.comment = text.encode()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tests/q1.py", f"# {SENTENCE}\n".encode()),
        ("mini_given.py", f'"""{SENTENCE}"""\n'.encode()),
        ("iterate_of_spd.py", b""),
        ("data.bin", b"\x00\xff\x80" + SENTENCE.encode() + b"\xff"),
        ("data.txt", base64.b64encode(CHECK.encode())),
        ("data.txt", b"see" + base64.urlsafe_b64encode(CHECK.encode())),
        ("data.txt", base64.encodebytes((CHECK * 5).encode())),
        ("data.txt", base64.b64encode(base64.b64encode(CHECK.encode()))),
        ("data.txt", CHECK.encode().hex().encode()),
        ("data.gz", gzip.compress(CHECK.encode(), mtime=0)),
        ("data.txt", base64.b64encode(gzip.compress(CHECK.encode(), mtime=0))),
        ("more.zip", zip_files({"inner/a.py": CHECK.encode()})),
        ("more.zip", zip_files({"b.zip": zip_files({"a.py": CHECK.encode()})})),
        ("more.zip", zip_files({"iterate_of_spd.txt": b""})),
        ("more.zip", zip_with_comment(SENTENCE)),
        ("data.json", b'{"a": "%s", "a": "nothing"}' % SENTENCE.encode()),
        ("data.json", json.dumps({"a": CHECK}).replace("spectrum", "\\u0073pectrum").encode()),
        ("broken.json", b'{"a": "%s", ' % SENTENCE.encode()),
    ],
)
def test_a_leak_planted_in_another_file_is_found(
    secrets: leaks.Secrets, clean_files: dict[str, bytes], name: str, data: bytes
) -> None:
    assert name in report(secrets, clean_files | {name: data})


@pytest.mark.parametrize(
    "line",
    [
        "import numpy as np",
        "def iterate(H, w, rate, steps):",
        "limit_for_unit_curvature = 3",
        "else:",
    ],
)
def test_what_the_public_part_says_too_is_no_leak(
    secrets: leaks.Secrets, clean_files: dict[str, bytes], line: str
) -> None:
    assert report(secrets, planted(clean_files, append_source(line))) == ""


def test_a_leak_names_file_line_and_fragment(secrets: leaks.Secrets) -> None:
    found = leaks.find_leaks(secrets, {"notes.txt": f"one\ntwo\n{CHECK}\n".encode()})
    [leak] = [leak for leak in found if leak.fragment == CHECK]
    assert (leak.file, leak.line, leak.fragment) == ("notes.txt", 3, CHECK)
    assert leak.origin == origin_of("checks.py", "spectrum =")


def test_a_hidden_file_copied_into_given_is_public_by_its_authors_will_but_its_words_are_not(
    mini: Path,
) -> None:
    (mini / "given" / "extra.py").write_text("from reference import taylor\n")
    with pytest.raises(leaks.LeakFound, match="from reference"):
        release(mini, mini.parent / "out")
    assert not (mini.parent / "out").exists()


def test_a_solution_that_otter_would_not_strip_is_found(mini: Path) -> None:
    path = mini / "notebook.py"
    text = path.read_text().replace("    # BEGIN SOLUTION\n", "    ## begin solution\n")
    path.write_text(text)
    kept = {"mini.ipynb": json.dumps(text.splitlines()).encode()}
    found = leaks.find_leaks(leaks.read_secrets(mini), kept)
    assert any(
        leak.origin == origin_of("notebook.py", "return contraction_power") for leak in found
    )
