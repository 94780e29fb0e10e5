"""An entry is added to a course file's text, and every other character stays."""

import pytest

from grader.course.yaml_source import read_yaml
from grader.scaffold.course_text import EntryNotWritten, with_entry
from tests.toy_course import ROOT

ENTRY = '# to be edited\nlab:\n  title: "A lab"\n  questions:\n    q1: {points: 1}\n'


def read(text: str) -> dict:
    document, is_whole = read_yaml(text)
    assert is_whole
    assert not document.complaints
    return document.data


def written_lines(text: str) -> list[str]:
    """The lines that say something, without the braces of an empty mapping."""
    return [" ".join(line.split()) for line in text.replace("{}", "").splitlines() if line.strip()]


@pytest.mark.parametrize(
    "text",
    [
        "zone: UTC\nassignments:\n  ps1:\n    title: One\n",
        "zone: UTC\nassignments:\n  ps1:\n    title: One",
        "zone: UTC\r\nassignments:\r\n  ps1:\r\n    title: One\r\n",
        "assignments:\n  ps1: {title: One}   # first\n  # ps2: {title: 2}\n\n# Rest.\nzone: UTC\n",
        "assignments:\n    ps1:\n        questions:\n            q1: {points: 1}\nzone: UTC\n",
        "assignments:\n  ps1:\n    title: >\n      One\n      more\n\n\n# The rest.\nzone: UTC\n",
        'assignments:\n  ps1:\n    title: "One\n      more"\nzone: UTC\n',
        "assignments:\n  ps1:\n    days:\n    - 1\n    - 2   # two\nzone: UTC\n",
        "assignments:\n  ps1:\n    title:\n# The rest.\nzone: UTC\n",
        "assignments:\n  ps1:\n    questions: {q1: {points: 1},\n      q2: {points: 2}}\nz: 1\n",
        "assignments: {}   # none yet\nzone: UTC\n",
        "zone: UTC\nassignments: {}",
        "zone: UTC\nassignments:\n  {}\n",
        pytest.param((ROOT / "course.yaml").read_text(), id="the course of this checkout"),
    ],
)
def test_the_entry_comes_last_and_nothing_else_changes(text: str) -> None:
    changed = with_entry(text, "lab", ENTRY)
    before, after = read(text), read(changed)
    assert list(after["assignments"]) == [*before["assignments"], "lab"]
    assert after["assignments"].pop("lab") == read(ENTRY)["lab"]
    assert after == before
    assert ("\r\n" in changed) is ("\r\n" in text)
    assert changed.count("\r\n") in (0, changed.count("\n"))
    kept = iter(written_lines(changed))
    assert all(line in kept for line in written_lines(text))


def test_a_comment_stays_with_what_it_is_about() -> None:
    text = "assignments:\n  ps1: {title: One}\n  # after ps1\n\n# The zone.\nzone: UTC\n"
    changed = with_entry(text, "lab", ENTRY)
    assert changed.startswith(
        "assignments:\n  ps1: {title: One}\n  # after ps1\n\n  # to be edited\n"
    )
    assert changed.endswith(
        "    q1: {points: 1}\n\n# The zone.\nzone: UTC\n".replace("    q1", "      q1")
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("assignments: {ps1: {title: One}}\nzone: UTC\n", "in braces"),
        ("{zone: UTC, assignments: {}}\n", "on a line of its own"),
        ("zone: UTC\n", "on a line of its own"),
        ("zone: UTC\nassignments:\n", "on a line of its own"),
        ("assignments: {\n}\nzone: UTC\n", None),
    ],
)
def test_where_it_is_not_safe_it_is_refused_or_still_right(text: str, why: str | None) -> None:
    if why is None:
        assert list(read(with_entry(text, "lab", ENTRY))["assignments"]) == ["lab"]
        return
    with pytest.raises(EntryNotWritten, match=why):
        with_entry(text, "lab", ENTRY)
