"""Inputs that were good, or nearly, and then came to harm."""

from collections.abc import Sequence

from hypothesis import strategies as st

# What lies at the edges of lengths, counts and encodings.
ODD = (
    *(b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\xff" * 8, b"\x80\0\0\0", b"\0" * 8),
    *(b"\xdd\xff\xff\xff\xff", b"\xdf\0\x0f\0\0", b"\xc1", b"\xc7\0\xff", b"\xed\xa0\x80"),
    *(b"-1", b"1e999", b"9" * 5_000, b"0x7fffffffffffffff", b"NaN", b"[" * 300, b"{" * 300),
    *(b"\r", b"\r\n", b"\n", b"\t", b'"', b"'", b",", b":", b"\\", b"\xef\xbb\xbf", b"\xff\xfe"),
    *("\u202e".encode(), "\u2028".encode(), "\x85".encode(), "e\u0301".encode(), "ﬁ".encode()),
)
odd = st.sampled_from(ODD) | st.binary(max_size=6)


@st.composite
def damaged(draw: st.DrawFn, seeds: Sequence[bytes], most: int = 4) -> bytes:
    """One of the seeds with some places changed, cut, doubled, or taken from another one."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 4, 8, 40, 400])))
        match draw(st.sampled_from(["put", "cut", "double", "end", "flip", "splice"])):
            case "put":
                data = data[:start] + draw(odd) + data[end:]
            case "cut":
                data = data[:start] + data[end:]
            case "double":
                data = data[:end] + data[start:end] * draw(st.integers(1, 3)) + data[end:]
            case "end":
                data = data[:start]
            case "flip":
                bit = bytes([data[start] ^ 1 << draw(st.integers(0, 7))]) if start < end else b""
                data = data[:start] + bit + data[start + 1 :]
            case _:
                other = draw(st.sampled_from(seeds))
                data = data[:start] + other[draw(st.integers(0, len(other))) :]
    return data
