"""A gradebook that Canvas exported, for scores and for the roster."""

from collections.abc import Iterator

from grader.course import CourseFileError
from grader.desk.enrolling import as_csv, from_canvas
from grader.gradebook.exports import read_canvas
from grader.gradebook.exports.delimited import written
from tests.fuzz.bounds import in_time
from tests.fuzz.targets import scratch
from tests.fuzz.targets.roster import told

WORDS = (
    *("Student", "LastName,FirstName", "ID", "SIS User ID", "SIS Login ID", "Section", "(101)"),
    *("    Points Possible", "(read only)", "Manual Posting", "Muted", "Student, Test", "EX"),
    *('"', '""', ",", ";", "8,50", "-1.00", "\r\n", "\ufeff", "é"),
)
SMALL = """\
Student,ID,SIS Login ID,Section,Lab 4 (102),Current Score
,,,,Manual Posting,
    Points Possible,,,,10.00,(read only)
"Okafor, Ada",9001,okafor5,LEC 1,8.50,85.00
"Müller, ""Jo"" M.",9002,mueller,LEC 1,EX,
"Student, Test",9003,,LEC 1,,
"""


def check(data: bytes) -> None:
    """A gradebook that is written as it was, and a roster of it; or mistakes by line."""
    path = scratch("canvas") / "gradebook.csv"
    with in_time():
        try:
            found = read_canvas(data, str(path))
        except CourseFileError as error:
            told(error, path, data)
            return
        text = written(found.records, found.delimiter)
        assert found.bom + text.encode(found.encoding) == data
        rows = [student.record for student in found.students]
        assert rows == sorted(set(rows))
        as_csv(from_canvas(found, {}))


def seeds() -> Iterator[bytes]:
    """Exports of both forms, and files that are none."""
    yield SMALL.encode()
    yield SMALL.encode("windows-1252").replace(b"\n", b"\r\n")
    yield b"\xef\xbb\xbf" + SMALL.replace(",", ";").replace(".", ",").encode()
    yield SMALL.replace("Student,ID", "LastName,FirstName,ID").replace("\n,", "\n,,").encode()
    yield from (b"", b"a", b"Student,ID,Section", b"Student,ID,Section\n\n,\n", b'Student,"', b"\0")
