"""Strangers' text: what is taken out, what is folded, and that nothing takes for ever."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.cleaning import clean_block, clean_line, clean_text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\x1b[0;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[Hscreen", "screen"),
        ("\x9b31mred", "31mred"),
        ("10 %\r50 %\r100 %\ndone\r\n", "100 %\ndone\n"),
        ("abc\u202edcba\u2066", "abcdcba"),
        ("nul\x00bell\x07back\x08", "nulbellback"),
        ("half \ud800 pair", "half ? pair"),
        ("tab\tstays\nline stays", "tab\tstays\nline stays"),
        ("∇f(x) ≤ ½ λ‖x‖² 数学", "∇f(x) ≤ ½ λ‖x‖² 数学"),
    ],
)
def test_escapes_and_control_characters_are_taken_out(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_whatever_comes_fits_in_xml_and_utf8(text: str) -> None:
    clean = clean_text(text)
    clean.encode("utf-8")
    assert not [c for c in clean if ord(c) < 32 and c not in "\t\n"]
    assert "\x1b" not in clean
    assert "\n" not in clean_line(text)


def test_a_long_line_keeps_its_ends() -> None:
    line = clean_line("start" + "x" * 5000 + "end", 100)
    assert line.startswith("start")
    assert line.endswith("end")
    assert "[… 4,908 characters …]" in line
    assert len(line) < 130


def test_many_lines_keep_the_last_words() -> None:
    block = clean_block("\n".join(f"line {i}" for i in range(1000)), 30)
    lines = block.split("\n")
    assert len(lines) == 30
    assert (lines[0], lines[10], lines[-1]) == ("line 0", "[… 971 lines left out …]", "line 999")


@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\r", "\x1b[1;", "x", "\n", "\x1bP"])
def test_a_gigantic_output_is_cleaned_at_once(piece: str) -> None:
    text = piece * (5_000_000 // len(piece))
    start = time.monotonic()
    assert len(clean_block(text)) < 20_000
    # Work that grows with the square of the length would take minutes here.
    assert time.monotonic() - start < 5
