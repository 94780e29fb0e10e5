"""Compares what a doctest printed with what it should print, also across versions of NumPy.

NumPy 2 shows its scalars with their type: `f(2) == 4` gives `np.True_` where a test of NumPy 1's
days expects `True`, and `3.0` has become `np.float64(3.0)`. A test that a plain comparison refuses
is therefore compared once more, with every such scalar of both texts written as NumPy 1 did.
Whatever passes plainly passes here; nothing but the type's name is ever ignored.
"""

import doctest
import re

# What stands for each kind of scalar, and what NumPy 1 showed in its place.
_KINDS = (
    (r"\bnp\.(True|False)_", r"\1"),
    (r"\bnp\.(?:str|bytes)_\((b?'(?:[^'\\]|\\.)*'|b?\"(?:[^\"\\]|\\.)*\")\)", r"\1"),
    (r"\bnp\.longdouble\('([^']*)'\)", r"\1"),
    (r"\bnp\.complex\d+(\([^()]*\))", r"\1"),
    (
        r"\bnp\.(?:u?int\d+|u?longlong|float\d+)"
        r"\(([-+]?(?:[\d.]+(?:e[-+]?\d+)?|nan|inf))\)",
        r"\1",
    ),
    (r"\bnp\.(?=(?:datetime64|timedelta64)\()", "numpy."),
)

_CHECKER = doctest.OutputChecker()


def plain_scalars(text: str) -> str:
    """The text with NumPy 2's scalars as NumPy 1 showed them.

    >>> plain_scalars("[np.float64(3.0), np.True_] np.complex128(1+2j) np.str_('np')")
    "[3.0, True] (1+2j) 'np'"
    """
    for scalar, plain in _KINDS:
        text = re.sub(scalar, plain, text)
    return text


def example_passes(example: doctest.Example, printed: str, raised: str | None) -> bool:
    """Whether one example did as it says: `raised` is the last line of its traceback."""
    flags = sum(flag for flag, is_set in example.options.items() if is_set)
    if raised is None:
        # An example that should raise has its traceback in `want`, which nothing printed equals.
        return _same(example.want, printed, flags)
    if example.exc_msg is None:
        return False
    if flags & doctest.IGNORE_EXCEPTION_DETAIL:
        return _exception_name(example.exc_msg) == _exception_name(raised)
    return _same(example.exc_msg, raised, flags)


def _same(want: str, got: str, flags: int) -> bool:
    return _CHECKER.check_output(want, got, flags) or _CHECKER.check_output(
        plain_scalars(want), plain_scalars(got), flags
    )


def _exception_name(line: str) -> str:
    """`zipfile.BadZipFile: why` as `BadZipFile`."""
    return line.partition("\n")[0].partition(":")[0].rpartition(".")[2].strip()
