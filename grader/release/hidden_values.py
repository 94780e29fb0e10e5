"""Numbers that no bundle may hold: the course's secret, hidden seeds, expected values.

What the author wrote is sought by `leaks`. These numbers are made when checks run, so whoever can
run them hands them in. They are sought as text and as bytes, wherever in a file.

A number is telling if it needs six significant digits and isn't one that anybody may write down
(1/3, pi / 2). In text, a telling number counts as found where the digits that stand there, six at
least, are its own. In bytes, one float64 is enough; of float32, two that follow each other.
"""

import base64
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from grader.release.leaks import Leak
from grader.release.texts import read_blobs, read_texts

DIGITS = 6
# A bundle with so few telling numbers has none by accident. Among the many of a data file, one may
# be near some expected value: there, chance is reckoned, and what is likely chance must go on.
FEW_NUMBERS = 8
LIKELY_CHANCE = 0.3  # expected number of accidents, if the whole bundle were such numbers
_NEXT_DIGITS = 4  # of a neighbour that shows that an array goes on

_NUMBER = re.compile(r"(?<![\w.])(\d+\.?\d*|\.\d+)(?:[eE]([-+]?\d{1,3}))?[jJfF]?(?!\w|\.\d)")
_BETWEEN_BYTES = re.compile(r"\\x|0x|[\s:,;-]")
# Constants, and the denominators up to which their fractions are trivial too.
_TRIVIAL = {1.0: 64, math.pi: 12, math.e: 12, math.sqrt(2): 12, math.sqrt(3): 12, math.log(2): 12}
_LARGEST_NUMERATOR = 9999


@dataclass(frozen=True)
class HiddenValues:
    """What only the course's secret gives. Seeds and expected values are with their checks."""

    secret: bytes = b""
    seeds: tuple[tuple[str, int], ...] = ()
    expected: tuple[tuple[str, np.ndarray], ...] = ()


NOTHING_HIDDEN = HiddenValues()


def find_values(hidden: HiddenValues, files: Mapping[str, bytes]) -> tuple[Leak, ...]:
    """Every place in the files, and in what is packed or encoded in them, that holds one."""
    if not (hidden.secret or hidden.seeds or hidden.expected):
        return ()
    secret = _Secret(hidden.secret) if hidden.secret else None
    bits, values = _Bits(hidden), _Values(hidden)
    leaks: dict[tuple[str, str, str], Leak] = {}
    written: list[_Written] = []
    for name, data in sorted(files.items()):
        found: list[Leak] = []
        texts = [(text.file, text.line, text.content) for text in read_texts(name, data)]
        for place, blob in read_blobs(name, data):
            found += bits.find(place, blob)
            if secret and secret.in_bytes(blob):
                found.append(Leak(place, 1, "(raw)", _Secret.ORIGIN))
            # The numbers of a JSON document are no strings of it.
            texts.append((place, 1, blob.decode("utf-8", errors="replace")))
        for place, line, content in texts:
            if secret and (form := secret.in_text(content)):
                found.append(Leak(place, line, form, _Secret.ORIGIN))
            written += _numbers_in(name, place, line, content)
        for leak in found:
            leaks.setdefault((name, leak.fragment, leak.origin), leak)
    many = len({number.text for number in written})
    for number in written:
        if origin := values.origin(number, many):
            leak = Leak(number.place, number.line, number.text, origin)
            leaks.setdefault((number.file, leak.fragment, ""), leak)
    return tuple(leaks.values())


@dataclass
class _Written:
    """A telling number in a text. `value` is right to one `unit`, that of its last digit."""

    file: str
    place: str
    line: int
    text: str
    value: float
    unit: float
    # The numbers before and after it, if they have digits enough, with their units.
    near: tuple[tuple[float, float], ...]


def _numbers_in(file: str, place: str, line: int, content: str) -> Iterator[_Written]:
    found = [(match, *_read(match)) for match in _NUMBER.finditer(content)]
    for index, (match, value, unit, digits) in enumerate(found):
        if digits < DIGITS:
            continue
        beside = found[max(0, index - 1) : index] + found[index + 1 : index + 2]
        near = tuple((v, u) for _, v, u, number in beside if number >= _NEXT_DIGITS)
        at = line + content.count("\n", 0, match.start())
        yield _Written(file, place, at, match[0], value, unit, near)


def _read(match: re.Match[str]) -> tuple[float, float, int]:
    """A number's value, the unit of its last digit, and how many digits it has."""
    mantissa, exponent = match[1], int(match[2] or 0)
    decimals = len(mantissa.partition(".")[2])
    digits = len(mantissa.replace(".", "").lstrip("0"))
    if digits > 25 or abs(exponent) > 300:
        return 0.0, 0.0, 0
    return float(f"{mantissa}e{exponent}"), 10.0 ** (exponent - decimals), digits


class _Values:
    """The telling ones among the expected values and the seeds, in order of their size."""

    def __init__(self, hidden: HiddenValues) -> None:
        self._seeds = {seed: check for check, seed in hidden.seeds if seed >= 10 ** (DIGITS - 1)}
        self._checks = [check for check, _ in hidden.expected]
        self._arrays = [_real(value) for _, value in hidden.expected]
        sizes, arrays, places = [], [], []
        for number, array in enumerate(self._arrays):
            telling = np.flatnonzero(is_telling(array))
            for cast in (array[telling], array[telling].astype(np.float32).astype(np.float64)):
                sizes.append(np.abs(cast))
                arrays.append(np.full(len(telling), number))
                places.append(telling)
        joined = np.concatenate([np.zeros(0), *sizes])
        order = np.argsort(joined)
        self._sizes = joined[order]
        self._array_of = np.concatenate([np.zeros(0, int), *arrays])[order]
        self._place_of = np.concatenate([np.zeros(0, int), *places])[order]

    def origin(self, number: _Written, many: int) -> str | None:
        """Where a number of a bundle with so `many` comes from, if it is a hidden one."""
        if number.text.isdigit() and (check := self._seeds.get(int(number.text))):
            return f"the hidden seed of the check {check}"
        slack = number.unit * (1 + 1e-9) + 4e-16 * number.value
        first, last = self._between(number.value - slack, number.value + slack)
        found = range(first, last)
        if found and many > FEW_NUMBERS and self._chance(number, slack) * many > LIKELY_CHANCE:
            found = [index for index in found if self._goes_on(index, number)]
        for index in found:
            return f"an expected value of the check {self._checks[self._array_of[index]]}"
        return None

    def _between(self, low: float, high: float) -> tuple[int, int]:
        return (
            int(np.searchsorted(self._sizes, low)),
            int(np.searchsorted(self._sizes, high, side="right")),
        )

    def _chance(self, number: _Written, slack: float) -> float:
        """How many values would be as near as that if those around lay there at random."""
        around = 0.02 * number.value
        first, last = self._between(number.value - around, number.value + around)
        return (last - first) * slack / around

    def _goes_on(self, index: int, number: _Written) -> bool:
        """Whether a number beside it in the text is beside it in the array too."""
        array, place = self._arrays[self._array_of[index]], self._place_of[index]
        beside = np.abs(array[[p for p in (place - 1, place + 1) if 0 <= p < len(array)]])
        return any(
            abs(float(neighbour) - value) <= unit * (1 + 1e-9) + 1e-7 * value
            for neighbour in beside
            for value, unit in number.near
        )


class _Bits:
    """Seeds and telling expected values as eight bytes, whether float64 or two of float32."""

    def __init__(self, hidden: HiddenValues) -> None:
        words: list[np.ndarray] = []
        origins: list[str] = []

        def know(found: np.ndarray, origin: str) -> None:
            words.append(found)
            origins.extend([origin] * len(found))

        for check, seed in hidden.seeds:
            if seed >= 10 ** (DIGITS - 1):
                one = np.array([seed], "<u8")
                know(np.concatenate([one, one.byteswap()]), f"the hidden seed of the check {check}")
        for check, value in hidden.expected:
            # As it lies in memory, and as it would column by column.
            for order in ("C", "F"):
                array = _real(value, order)
                know(_words(array), f"an expected value of the check {check}")
        joined = np.concatenate([np.zeros(0, "<u8"), *words])
        order = np.argsort(joined, kind="stable")
        self._words, self._origins = joined[order], [origins[index] for index in order]

    def find(self, place: str, blob: bytes) -> Iterator[Leak]:
        """The hidden words in some bytes, wherever they begin."""
        if len(blob) < 8 or not len(self._words):
            return
        for start in range(8):
            there = np.frombuffer(blob, "<u8", (len(blob) - start) // 8, start)
            index = np.minimum(np.searchsorted(self._words, there), len(self._words) - 1)
            for hit in np.flatnonzero(self._words[index] == there):
                what = f"(8 bytes from byte {start + 8 * hit})"
                yield Leak(place, 1, what, self._origins[index[hit]])


def _words(array: np.ndarray) -> np.ndarray:
    """The telling words of an array's bytes, as float64 and as pairs of float32."""
    telling = is_telling(array)
    both = telling[:-1] & telling[1:]
    single = np.where(telling, array, 0).astype("<f4").view("<u4").astype("<u8")
    doubles = array[telling].astype("<f8").view("<u8")
    return np.concatenate([doubles, (single[:-1] | (single[1:] << np.uint64(32)))[both]])


class _Secret:
    """The course's secret in the forms in which it might be written. Never shown."""

    ORIGIN = "the course's secret"

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._as_text = {
            "(as a number)": {str(int.from_bytes(secret, order)) for order in ("big", "little")},
            "(as a list of bytes)": {",".join(map(str, secret))},
            "(as a bytes literal)": {"".join(repr(secret)[2:-1].split())},
            "(base64)": {_base64_inside(secret, before) for before in range(3)},
        }

    def in_bytes(self, blob: bytes) -> bool:
        return self._secret in blob

    def in_text(self, content: str) -> str | None:
        """The form in which a text holds it, if it does."""
        if self._secret.hex() in _BETWEEN_BYTES.sub("", content.lower()):
            return "(hexadecimal)"
        plain = "".join(content.split())
        for form, needles in self._as_text.items():
            usual = plain.translate(str.maketrans("-_", "+/")) if form == "(base64)" else plain
            if any(needle in usual for needle in needles):
                return form
        return None


def _base64_inside(secret: bytes, before: int) -> str:
    """The letters that the secret alone decides, with so many bytes before it."""
    letters = base64.b64encode(bytes(before) + secret).decode()
    return letters[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]


def _real(value: np.ndarray, order: str = "C") -> np.ndarray:
    """An array's numbers one after the other, as float64; a complex one's parts in turn."""
    if value.dtype.kind not in "iufc" and value.dtype.name != "bfloat16":
        return np.zeros(0)
    flat = value.ravel(order="F" if order == "F" else "C")
    if value.dtype.kind == "c":
        return flat.astype(np.complex128).view(np.float64)
    return flat.astype(np.float64)


def is_telling(array: np.ndarray) -> np.ndarray:
    """Which numbers need six digits, to float32's precision, and are no trivial constant."""
    size = np.abs(array)
    usual = np.isfinite(size) & (size > 1e-30) & (size < 1e30)
    x = np.where(usual, size, 1.0)
    unit = 10.0 ** (np.floor(np.log10(x)) - (DIGITS - 2))
    trivial = _agree(np.round(x / unit) * unit, x)
    for constant, largest in _TRIVIAL.items():
        for denominator in range(1, largest + 1):
            numerator = np.round(x / constant * denominator)
            fraction = numerator * constant / denominator
            trivial |= _agree(fraction, x) & (numerator <= _LARGEST_NUMERATOR)
    return usual & ~trivial


def _agree(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a - b) <= 1e-7 * b
