"""Everybody's scores to take along, and the LMS's file filled with them."""

import base64
import csv
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from grader.store import StudentRow
from tests.web.site import Site
from tests.web.staff.marking_course import sections

LMS = """\
Student,ID,SIS User ID,SIS Login ID,Section,First homework (101),Second (102),Final Score
    Points Possible,,,,,10.00,10.00,(read only)
"Ada",1,ada,ada,L1,,3.00,
"Eve",2,eve,eve,L2,8.00,EX,
"""


def upload(client: Client, data: bytes = LMS.encode()) -> HttpResponse:
    file = SimpleUploadedFile("grades.csv", data, content_type="text/csv")
    return client.post("/staff/gradebook/lms", {"file": file}, follow=True)


def shown(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


def fill(client: Client, **columns: str) -> HttpResponse:
    data = base64.b64encode(LMS.encode()).decode()
    sent = {f"column {name}": column for name, column in columns.items()}
    return client.post("/staff/gradebook/lms", {"data": data, "chosen": "yes", **sent}, follow=True)


@pytest.fixture
def scored(site: Site) -> Site:
    """Ada has 7 of 10, eve and kim none yet; kim's name begins a formula."""
    site.hand_in("ada")
    site.grade()
    site.hand_in("eve")
    names = ("ada", "bob", "eve", "joe")
    rows = [StudentRow(name, name.title()) for name in names]
    site.store.roster.update([*rows, StudentRow("kim", '=HYPERLINK("http://evil.example")')])
    return site


def test_scores_are_there_as_csv_with_formulas_made_harmless(scored: Site) -> None:
    answer = scored.client("tam").get("/staff/gradebook/scores.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="gradebook.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["student"] for row in rows] == ["ada", "bob", "eve", "joe", "kim"]
    assert (rows[0]["hw1"], rows[2]["hw1"]) == ("7", "")
    assert rows[4]["name"] == '\'=HYPERLINK("http://evil.example")'


def test_scores_are_there_as_json(scored: Site) -> None:
    answer = scored.client("tam").get("/staff/gradebook/scores.json")
    told = json.loads(answer.content)
    assert told["ada"]["scores"]["hw1"] == 7
    assert told["eve"]["pending"]["hw1"] == "queued"
    assert scored.client("tam").get("/staff/gradebook/scores.xml").status_code == 404


def test_an_lms_s_file_is_filled_in_the_columns_that_are_chosen(scored: Site) -> None:
    client = scored.client("tam")
    asked = shown(upload(client))
    assert '<option value="101" selected>First homework (101)</option>' in asked
    assert base64.b64encode(LMS.encode()).decode() in asked
    done = shown(fill(client, hw1="101"))
    assert "1 cell changes" in done
    (content,) = re.findall(r'href="data:text/csv;base64,([^"]+)"', done)
    filled = base64.b64decode(content).decode()
    assert filled == LMS.replace("ada,ada,L1,,3.00", "ada,ada,L1,7.00,3.00")
    assert "Eve, hw1: 8.00 stays" in done


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({}, "Choose a column for at least one assignment"),
        ({"hw1": "999"}, "no assignment&#x27;s column is named"),
        ({"hw1": "101", "hw2": "101"}, "already that of hw1"),
        ({"total": "101"}, "is of a part of the course so far"),
    ],
)
def test_columns_that_can_not_be_filled_are_refused(
    scored: Site, columns: dict[str, str], sentence: str
) -> None:
    done = shown(fill(scored.client("tam"), **columns))
    assert sentence in done
    assert "base64," not in done


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "choose the file"),
        (b"name,points\n", "The file, row 1"),
        (b"\0\0", "binary data"),
        (b"x" * 2_900_001, "at most 2,900,000 are taken here"),
    ],
)
def test_what_is_no_gradebook_is_refused_with_its_place(
    site: Site, data: bytes, sentence: str
) -> None:
    assert sentence in shown(upload(site.client("tam"), data))


def test_what_goes_along_in_the_form_may_be_anything(site: Site) -> None:
    answer = site.client("tam").post(
        "/staff/gradebook/lms", {"data": "no base64!", "column hw1": "101"}, follow=True
    )
    assert "choose the file" in shown(answer)


def test_names_in_the_file_are_escaped(site: Site) -> None:
    data = LMS.replace("First homework (101)", "<b>First</b> (101)").encode()
    assert "&lt;b&gt;First&lt;/b&gt;" in shown(upload(site.client("tam"), data))


def test_a_ta_of_a_section_takes_along_their_students_only(scored: Site) -> None:
    sections(scored)
    client = scored.client("sue")
    for kind in ("csv", "json"):
        told = client.get(f"/staff/gradebook/scores.{kind}").content.decode()
        assert "eve" in told
        assert "ada" not in told
    assert "0 cells change" in shown(fill(client, hw1="101"))
    assert "The scores of your sections" in shown(client.get("/staff/gradebook/"))


def test_an_edit_that_is_not_in_force_is_told(scored: Site) -> None:
    client = scored.client("tam")
    scored.place.rely("ivy")
    assert "not in force" not in shown(client.get("/staff/gradebook/"))
    file = scored.served.course_file
    file.write_text(
        file.read_text().replace("points: 6}", "points: 5}").replace("points: 4}", "points: 5}")
    )
    assert "not in force" in shown(client.get("/staff/gradebook/"))


@pytest.mark.parametrize("path", ["scores.csv", "lms"])
def test_students_take_nothing_along(site: Site, path: str) -> None:
    assert site.client("ada").get(f"/staff/gradebook/{path}").status_code == 403
    assert site.client("").post(f"/staff/gradebook/{path}").status_code in (401, 405)
