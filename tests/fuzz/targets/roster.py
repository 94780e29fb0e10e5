"""A roster, as staff or an LMS wrote it."""

from collections.abc import Iterator
from pathlib import Path

from grader.course import CourseFileError
from grader.course.roster import load_roster, same_student
from grader.desk.enrolling import as_csv
from tests.fuzz.bounds import in_time
from tests.fuzz.targets import scratch

WORDS = (*("student", "name", "email", "section", '"', '""', ",", "@", "\r\n", "é", "\0"),)


def folder() -> Path:
    return scratch("roster")


def check(data: bytes) -> None:
    """Students, who written out and read again are the same, or mistakes each with its line."""
    path = folder() / "roster.csv"
    path.write_bytes(data)
    with in_time():
        try:
            students = load_roster(path)
        except CourseFileError as error:
            told(error, path, data)
            return
    assert students
    assert len({same_student(one.student) for one in students}) == len(students)
    path.write_text(as_csv(students), newline="")
    assert load_roster(path) == students


def told(error: CourseFileError, path: Path, data: bytes) -> None:
    """Every mistake is told by file, line and column, in a few words that can be printed."""
    lines = data.count(b"\n") + data.count(b"\r") + 1
    assert error.complaints
    for complaint, shown in zip(error.complaints, str(error).split("\n"), strict=True):
        assert shown.startswith(f"{path}:{complaint.line}:{complaint.column}: ")
        assert 1 <= complaint.line <= lines, f"line {complaint.line} of {lines}"
        assert complaint.column >= 1
        assert complaint.what.strip()
        assert len(complaint.what) < 2_000
        shown.encode()


def seeds() -> Iterator[bytes]:
    """Rosters, good and bad."""
    yield b"student,name,email\nada1,Ada,ada@mail.example\n"
    yield 'Student ,name,email,section\r\nok5,"Okafor, Zoë",,LEC 1\r\n\r\njo,Jo,j@x.y,\r\n'.encode()
    yield b"student,name,email\nada1,Ada,\nADA1,Ada,\n"
    yield b"student,nmae,email\n"
    yield b'student,name,email\na,"b,c\n'
    yield b'student,name,email\n-,"b""c\nd",not an address\na\n'
    yield from (b"", b"\xef\xbb\xbfstudent", b"s\0t\0", b"\xff", b"student,student,x", b",,,\n\n")
