"""Gradebooks as Canvas exports them, for tests to read and fill."""

EXPORTED = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,Problem set 1 (101),Lab 4 (102),"
    '"Project, part 1 (103)",Labs Current Score,Final Score,Final Score (2027)\n'
    ",,,,,,Manual Posting,,,,,\n"
    "    Points Possible,,,,,,17.00,40.00,25.00,(read only),(read only),(read only)\n"
    '"Okafor, Ada",9001,1001234567,okafor5,LEC0101,"said ""hi""",12.50,,,31.25,31.25,\n'
    '"Müller, Jörg",9002,1001234568,mueller,"LEC0101 and LEC0201",,EX,N/A,complete,,,\n'
    '"=""=cmd""",9003,1001234569,wei.li,LEC0101,+1 day,9,7.5,-,,,\n'
    '"Student, Test",9999,,b1946ac92492d2347c62,LEC0101,,1.00,,,,,\n'
)

COLUMNS = {"ps1": "101", "lab04": "Lab 4", "project": "Project, part 1 (103)"}
POINTS = {"ps1": 17.0, "lab04": 40.0, "project": 25.0}


def exported(old: str = "", new: str = "") -> bytes:
    """The export, with one text in it replaced. Fails where the text isn't there."""
    assert old in EXPORTED
    return (EXPORTED.replace(old, new, 1) if old else EXPORTED).encode()


def with_semicolons() -> bytes:
    """The same gradebook for a user whose numbers have commas."""
    rows = [
        "Student;ID;SIS User ID;SIS Login ID;Section;Lab 4 (102)",
        "    Points Possible;;;;;40,00",
        '"Okafor, Ada";9001;1001234567;okafor5;LEC0101;12,50',
        "Li, Wei;9003;1001234569;wei.li;LEC0101;",
    ]
    return b"\xef\xbb\xbf" + "\r\n".join(rows).encode()
