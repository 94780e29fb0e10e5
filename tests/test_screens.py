"""The screenshots: each is shown with words for it, is small, and can be taken anew."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from docs.make_screens import DESKTOP, PHONE, SCREENS, TALLEST
from tests.web.story_course import CHROMIUM

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "screens"
PICTURES = sorted(FOLDER.glob("*.png"))
MOST_BYTES = 120_000
# As Markdown has them, or as HTML for those that stand side by side.
SHOWN = re.compile(r"!\[([^\]]+)\]\([\w./-]*?screens/([\w-]+)\.png\)")
SHOWN_SMALL = re.compile(r'<img src="[\w./-]*?screens/([\w-]+)\.png" width="\d+" alt="([^"]+)">')


def shown() -> dict[str, list[str]]:
    """The words for each picture, wherever it is shown."""
    found: dict[str, list[str]] = {}
    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md")):
        text = page.read_text()
        for words, name in SHOWN.findall(text):
            found.setdefault(name, []).append(words)
        for name, words in SHOWN_SMALL.findall(text):
            found.setdefault(name, []).append(words)
        # None is shown in another way, without words.
        assert text.count("screens/") == len(SHOWN.findall(text)) + len(SHOWN_SMALL.findall(text))
    return found


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a PNG, in pixels."""
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n"), f"{path.name} is no PNG"
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_there_is_a_picture_of_each_screen_and_no_other() -> None:
    assert {path.stem for path in PICTURES} == {one.name for one in SCREENS}


def test_each_is_shown_with_words_that_tell_what_is_in_it() -> None:
    found = shown()
    assert set(found) == {path.stem for path in PICTURES}
    assert [words for each in found.values() for words in each if len(words) < 40] == []


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_is_small(path: Path) -> None:
    width, height = size_of(path)
    assert width in (DESKTOP["width"], PHONE["width"])
    assert 300 < height <= TALLEST
    assert path.stat().st_size < MOST_BYTES


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"there is no {CHROMIUM}")
def test_they_can_be_taken_anew(tmp_path: Path) -> None:
    """As wide as those that are kept, and nearly as high: fonts differ from machine to machine."""
    subprocess.run(
        [sys.executable, "-m", "docs.make_screens", tmp_path],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=280,
    )
    for path in PICTURES:
        (width, height), (kept_width, kept_height) = size_of(tmp_path / path.name), size_of(path)
        assert width == kept_width
        assert abs(height - kept_height) < 100, path.name
