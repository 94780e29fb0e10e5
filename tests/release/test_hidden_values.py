"""The secret, seeds and expected values are found in whatever form a bundle holds them."""

import base64
import gzip
import hashlib
import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grader.release import HiddenValues, LeakFound, release
from grader.release.bundle import zip_files
from grader.release.hidden_values import find_values, is_telling

SECRET = hashlib.sha256(b"a secret of the tests").digest()
SEED, TAG_SEED = 0x3A5B_17C2_9D04_E6F1, 1_234_567_891
RNG = np.random.default_rng(5)
MATRIX = RNG.standard_normal((3, 4))
SINGLE = RNG.standard_normal(6).astype(np.float32)
HIDDEN = HiddenValues(
    SECRET,
    seeds=(("step_check", SEED), ("step_check", TAG_SEED)),
    expected=(
        ("matrix_check", MATRIX),
        ("single_check", SINGLE),
        ("scalar_check", np.asarray(-2718.28459)),
        ("complex_check", np.array([0.7310585786 + 0.26894142j])),
        ("integer_check", np.array([7654321])),
        ("plain_check", np.array([0.0, 1.0, 0.5, -0.25, 1 / 3, np.pi / 2, 640, 12345, 1e-3, 0.1])),
        ("plain_check", np.array([True, False])),
        ("plain_check", np.array([np.nan, np.inf, 1e200])),
        ("plain_check", np.array([0.1, 0.7, 1 / 7], np.float32)),
    ),
)
X = float(MATRIX[1, 2])
SECRET_64 = base64.b64encode(SECRET).decode()


def report(*files: tuple[str, bytes | str]) -> str:
    """All leaks of the files, a line each."""
    data = {name: text.encode() if isinstance(text, str) else text for name, text in files}
    return "\n".join(map(str, find_values(HIDDEN, data)))


@pytest.mark.parametrize(
    "text",
    [
        repr(X),
        f"{X:.6f}",
        f"{X:.5e}",
        f"{X:.12g}".upper(),
        f"The answer is {abs(X):.7f}.",
        f"[1.0,{X:.6f},3.0]",
        f"x = {math.floor(abs(X) * 1e7) / 1e7}",  # cut off, not rounded
        f"{np.float32(X)!s}f",
        str(MATRIX),
        repr(MATRIX[1].tolist()),
        json.dumps({"a": [MATRIX[1].tolist()]}),
        json.dumps({"a": f"one\n{X:.8f}\nthree"}),
    ],
)
def test_an_expected_value_is_found_in_a_text(text: str) -> None:
    found = report(("notes.txt", text))
    assert "an expected value of the check matrix_check" in found
    assert "notes.txt" in found


@pytest.mark.parametrize(
    ("text", "check"),
    [
        (repr(SINGLE.tolist()), "single_check"),
        (str(SINGLE), "single_check"),
        (f"{float(SINGLE[3]):.6f}", "single_check"),
        ("2718.28", "scalar_check"),
        ("2.71828459e3", "scalar_check"),
        ("0.731059+0.268941j", "complex_check"),
        ("7654321", "integer_check"),
    ],
)
def test_so_are_other_kinds_of_numbers(text: str, check: str) -> None:
    assert f"an expected value of the check {check}" in report(("notes.txt", text))


def array_file(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def archive(save: Callable[..., None], array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, zeros=np.zeros(3), found=array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        MATRIX.tobytes(),
        b"\x00\x01\x02" + MATRIX.tobytes(),
        MATRIX[1, 1:3].tobytes(),
        MATRIX.T.tobytes(),
        MATRIX.astype(np.float32).tobytes(),
        MATRIX.T.astype(np.float32).tobytes()[:8],
        array_file(MATRIX),
        array_file(np.asfortranarray(MATRIX)),
        archive(np.savez, MATRIX),
        archive(np.savez_compressed, MATRIX.astype(np.float32)),
        gzip.compress(array_file(MATRIX), mtime=0),
        zip_files({"a.npy": array_file(MATRIX)}),
        zip_files({"b.zip": zip_files({"a.npz": archive(np.savez, MATRIX)})}),
        base64.b64encode(MATRIX.tobytes()),
        b'x = "' + base64.encodebytes(array_file(MATRIX)) + b'"',
        base64.b64encode(archive(np.savez_compressed, MATRIX)),
        MATRIX.tobytes().hex().encode(),
        json.dumps({"text/plain": base64.b64encode(MATRIX.tobytes()).decode()}).encode(),
        zip_files({"notes.txt": f"{X:.6f}".encode()}),
        base64.b64encode(f"the answer is {X:.6f}".encode()),
    ],
)
def test_an_expected_array_is_found_in_bytes(data: bytes) -> None:
    assert "an expected value of the check matrix_check" in report(("data.bin", data))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (SECRET, "(raw)"),
        (b"before" + SECRET + b"after", "(raw)"),
        (SECRET.hex().encode(), "(hexadecimal)"),
        (b"f" + SECRET.hex().upper().encode(), "(hexadecimal)"),
        (SECRET.hex(":").encode(), "(hexadecimal)"),
        (SECRET.hex(" ", 4).encode(), "(hexadecimal)"),
        ("".join(f"\\x{byte:02x}" for byte in SECRET).encode(), "(hexadecimal)"),
        (repr(SECRET).encode(), "(as a bytes literal)"),
        (SECRET_64.encode(), "(base64)"),
        (base64.urlsafe_b64encode(b"k" + SECRET), "(base64)"),
        (base64.encodebytes(b"ke" + SECRET + b"y" * 99), "(base64)"),
        (repr(list(SECRET)).encode(), "(as a list of bytes)"),
        (str(int.from_bytes(SECRET, "little")).encode(), "(as a number)"),
        (zip_files({"secret": SECRET}), "(raw)"),
        (json.dumps({"source": [SECRET_64[:9], SECRET_64[9:]]}).encode(), "(base64)"),
    ],
)
def test_the_secret_is_found_and_not_repeated(data: bytes, form: str) -> None:
    found = report(("data.bin", data))
    assert f"{form!r} of the course's secret" in found
    assert SECRET.hex() not in found
    assert SECRET_64 not in found


@pytest.mark.parametrize(
    "data",
    [
        str(SEED).encode(),
        f"key = jax.random.key({TAG_SEED})".encode(),
        SEED.to_bytes(8, "little"),
        SEED.to_bytes(8, "big"),
        array_file(np.array([1, SEED, 3])),
        zip_files({"a.txt": str(SEED).encode()}),
    ],
)
def test_a_hidden_seed_is_found(data: bytes) -> None:
    assert "the hidden seed of the check step_check" in report(("data.bin", data))


@pytest.mark.parametrize(
    "text",
    [
        f"{X:.4g} and {X:.5g}",  # five digits tell little
        f"{X + 2e-5 * abs(X):.7f}",
        "0.0 1.000000 0.500000 0.3333333333333333 1.5707963267948966 3.14159265 0.142857",
        "640 12345 100000 0.001 0.1000000 0.10000000149011612 0.699999988079071",
        "numpy==2.1.654321 1.2.7654321 id-0.7310585786x sha256:7654321a",
        np.zeros(9).tobytes().hex(),
    ],
)
def test_what_tells_nothing_is_no_leak(text: str) -> None:
    assert report(("notes.txt", text)) == ""


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(50),
        np.ones(50),
        np.linspace(0, 1, 11),
        np.eye(7),
        np.arange(50.0),
        np.full(9, 1 / 3),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_common_numbers_in_bytes_are_no_leak(array: np.ndarray, dtype: type) -> None:
    assert not is_telling(array).any()
    assert report(("data.npy", array_file(array.astype(dtype)))) == ""


def test_a_data_file_has_no_leak_by_accident_but_a_piece_of_an_array_is_found() -> None:
    many = HiddenValues(expected=(("kernel_check", RNG.standard_normal((200, 200))),))
    lines = [f"{x:.6f},{y:.6f}" for x, y in RNG.standard_normal((2000, 2))]
    assert find_values(many, {"data.csv": "\n".join(lines).encode()}) == ()
    row = many.expected[0][1][7, 20:24]
    lines[1000] = ",".join(f"{x:.6f}" for x in row)
    found = find_values(many, {"data.csv": "\n".join(lines).encode()})
    assert found
    assert {leak.line for leak in found} == {1001}
    assert {leak.origin for leak in found} == {"an expected value of the check kernel_check"}


def test_a_leak_names_file_and_line() -> None:
    [leak] = find_values(HIDDEN, {"notes.txt": f"one\ntwo {X:.6f}\n".encode()})
    assert (leak.file, leak.line, leak.fragment) == ("notes.txt", 2, f"{abs(X):.6f}")


def test_nothing_is_written_with_an_expected_value_in_it(mini: Path) -> None:
    path = mini / "notebook.py"
    path.write_text(path.read_text().replace("# The end.", f"# The end: {X:.7f}"))
    release(mini, mini.parent / "before")
    with pytest.raises(LeakFound, match="of an expected value of the check matrix_check"):
        release(mini, mini.parent / "out", hidden=HIDDEN)
    assert not (mini.parent / "out").exists()


def test_the_clean_bundle_holds_no_hidden_value(clean_files: dict[str, bytes]) -> None:
    assert find_values(HIDDEN, {**clean_files, "mini.zip": zip_files(clean_files)}) == ()
