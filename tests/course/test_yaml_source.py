import time

import pytest

from grader.course import CourseFileError, load_course
from grader.course.yaml_source import Refused, core_scalar, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("23:59", "23:59"),
        ("12:30:00", "12:30:00"),
        ("2027-01-14", "2027-01-14"),
        ("2027-01-14 18:00:00", "2027-01-14 18:00:00"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("true", True),
        ("False", False),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-7", -7),
        ("~", None),
        ("", None),
        ("=", "="),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object):
    found = core_scalar(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ['"12"', "'true'", '"~"'])
def test_what_stands_in_quotes_is_text(text: str):
    document, _ = read_yaml(f"a: {text}")
    assert document.data == {"a": text[1:-1]}


def test_every_key_and_value_knows_its_place():
    document, is_whole = read_yaml("a:\n  b: [1, {c: x}]\n1: y\n")
    assert is_whole
    assert document.data == {"a": {"b": [1, {"c": "x"}]}, "1": "y"}
    assert document.keys[("a", "b")] == (2, 3)
    assert document.values[("a", "b", 0)] == (2, 7)
    assert document.keys[("a", "b", 1, "c")] == (2, 11)
    assert document.values[("1",)] == (3, 4)


# (the file, line:column, words of the complaint)
REFUSED = [
    ("", "1:1", "empty"),
    ("# only a comment\n", "2:1", "empty"),
    ("- a\n", "1:1", "expected fields"),
    ("a: 1\na: 2\n", "2:1", "written twice, first on line 1"),
    ('a: 1\n"a": 2\n', "2:1", "written twice"),
    ("a: &x 1\n", "1:4", "the anchor `&x`"),
    ("a: *x\n", "1:4", "the alias `*x`"),
    ("&x a: 1\n", "1:1", "the anchor `&x`"),
    ("a:\n  <<: {b: 1}\n", "2:3", "the merge key `<<`"),
    ("a: !!python/object/apply:os.system [id]\n", "1:4", "the tag `!!python/object/apply:os.s"),
    ("a: !!int 3\n", "1:4", "the tag `!!int`"),
    ("a: ! 3\n", "1:4", "the tag `!`"),
    ("a: !x!y 3\n", "1:4", "a tag (`!name`)"),
    ("? [a, b]\n: 1\n", "1:3", "not a plain word"),
    ("a:\n\tb: 1\n", "2:1", "a tab"),
    ("a:\tb\n", "1:3", "a tab"),
    ("a: b: c\n", "1:5", "a second `: `"),
    ("a: [1, 2\nb: 3\n", "1:4", "the list in brackets"),
    ("a: {b: 1\n", "1:4", "the fields in braces"),
    ('a: "b\nc: d\n', "1:4", "never closed"),
    ("a:\n  b: 1\n c: 2\n", "3:2", "line it up"),
    ("a: 'it's'\n", "1:8", "does not fit"),
    ("  a: 1\nb: 2\n", "2:1", "does not fit"),
    ("a: - 1\n", "1:4", "a line of its own"),
    ("a: {, b: 1}\n", "1:5", "expected a value"),
    ("a: ]\n", "1:4", "expected a value"),
    ("a: `b`\n", "1:4", "put quotes"),
    ("a: @b\n", "1:4", "put quotes"),
    ('a: "\\q"\n', "1:6", "escape"),
    ("a: 1\n---\nb: 2\n", "2:1", "second document"),
    (f"a: {'9' * 5000}\n", "1:4", "a number of 5000 digits"),
    ('a: "x\\0y"\n', "1:4", "invisible character U+0000"),
    ('a: "\\ud800"\n', "1:4", "invisible character U+D800"),
    ("a: " + "[" * 100_000, "1:16", "nested deeper than 12"),
    ("a: 1\na: " + "[" * 100_000, "2:16", "nested deeper than 12"),
    ('a: "\\UFFFFFFFF"\n', "1:7", "whose number can't be"),
    (f"%YAML 1.{'9' * 5000}\n---\na: 1\n", "1:9", "whose number can't be"),
    ("{a\n\n  b: 1}\n", "1:2", "a name over several lines"),
    (f"? {'a' * 101}\n: 1\n", "1:3", "or 100 characters"),
    ('"\\ud800": 1\n', "1:1", "a name holds the invisible character U+D800"),
    ("a: &x 1\n" * 300, "1:1", "more than 200 mistakes"),
    ("a: 1\nb: \x00\n", "2:4", "invisible character U+0000"),
    ("a: x\u202ey\n", "1:5", "invisible character U+202E"),
    ("\ufeffa: 1\n", "1:1", "byte order mark"),
    ("a: 1\n".encode("utf-16"), "1:1", "saw UTF-16"),
    ("a: 1\n".encode("utf-16-le"), "1:1", "saw UTF-16"),
    (b"a: 1\nb: caf\xe9\n", "2:7", "the byte 0xe9, which is not UTF-8"),
    (b"#" * 300_000, "1:1", "more than 256 KiB"),
]


@pytest.mark.parametrize(("text", "place", "words"), REFUSED)
def test_what_a_course_file_may_not_hold_is_told_at_its_place(tmp_path, text, place, words):
    file = tmp_path / "course.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    with pytest.raises(CourseFileError) as caught:
        load_course(file)
    at_place = [c.what for c in caught.value.complaints if f"{c.line}:{c.column}" == place]
    assert any(words in what for what in at_place), caught.value
    str(caught.value).encode("utf-8")


def test_a_bomb_of_aliases_stays_as_small_as_its_file():
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 20):
        nine = ", ".join([f"*l{level - 1}"] * 9)
        lines.append(f"l{level}: &l{level} [{nine}]")
    started = time.process_time()
    document, _ = read_yaml("\n".join(lines))
    assert time.process_time() - started < 5
    assert len(document.complaints) == 20 + 19 * 9
    assert all(isinstance(part, Refused) for part in document.data["l19"])


def test_complaints_before_a_syntax_error_are_kept():
    document, is_whole = read_yaml("a: &x 1\nb: [")
    assert not is_whole
    assert [complaint.line for complaint in document.complaints] == [1, 2]
