"""What a student's scripts ask: the same as by command, and nothing of others."""

import io
import json
from dataclasses import asdict
from typing import Any

import pytest

from grader.desk import standing_of_student
from grader.desk.telling import told_student
from grader.intake import FileLimits
from grader.intake.kinds import NOTEBOOK
from grader.report import gather_assignment
from grader.report.feedback import feedback_view
from grader.store import State, is_genuine, read_receipt
from grader.web.student.handing_in import MOST_A_MINUTE
from tests.intake.pdfs import pdf
from tests.term_course import at, graded, notebook
from tests.web.api.asking import Script, body_of
from tests.web.site import Site

AFTER = at("2027-02-01 12:00")  # hw1 is past its due time, nobody has an extension


def file_of(data: bytes, name: str = "mine.ipynb") -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_a_token_says_whose_it_is(site: Site) -> None:
    told = Script("ada").get("me").json()
    assert (told["login"], told["student"], told["roles"]) == ("ada", "ada", ["student"])
    assert (told["course"], told["zone"], told["sections"]) == ("TERM1", "America/Toronto", None)
    assert Script("tam").get("me").json()["roles"] == ["ta"]


def test_standing_is_told_as_by_command(site: Site) -> None:
    site.hand_in("ada")
    course = site.place.current().course
    found = standing_of_student(course, site.store, "ada", site.now)
    told = Script("ada").get("assignments").json()
    assert told == as_json(asdict(told_student(found, course.zone)))
    one = Script("ada").get("assignments/hw1").json()
    assert one["standing"] == told["assignments"][0]
    assert [(q["name"], q["points"]) for q in one["questions"]] == [("q1", 6), ("q2", 4)]


def test_a_notebook_is_handed_in_for_whoever_has_the_token(site: Site) -> None:
    data = notebook("x = 1")
    answer = Script("ada").hand_in("hw1", file_of(data))
    assert answer.status_code == 200
    told = answer.json()
    (row,) = site.store.submissions("hw1")
    assert (row.student, row.file_name, row.state) == ("ada", "mine.ipynb", State.QUEUED)
    assert site.store.read_notebook_bytes(row) == data
    assert (told["submission"], told["sha256"], told["repeated"]) == (row.id, row.sha256, False)
    receipt = read_receipt(json.dumps(told["receipt"]).encode())
    assert is_genuine(receipt, site.store.secret())
    again = Script("ada").hand_in("hw1", file_of(data)).json()
    assert (again["submission"], again["repeated"]) == (row.id, True)
    # From the first receipt on, edits of the course file wait until somebody applies them.
    version = site.store.record.version_in_force()
    assert version is not None
    assert version.by == "ada"


@pytest.mark.parametrize(
    ("assignment", "data", "status", "detail", "hint"),
    [
        ("hw1", b"no notebook", 422, "line 1, column 1: this is no notebook", "Jupyter"),
        ("hw1", b"", 422, "empty", ""),
        ("hw2", notebook("x"), 404, "may not be released yet", ""),
        ("hw9", notebook("x"), 404, "", ""),
        ("essay", pdf(), 422, "group", ""),
    ],
)
def test_a_file_is_refused_with_what_to_do(
    site: Site, assignment: str, data: bytes, status: int, detail: str, hint: str
) -> None:
    answer = Script("ada").hand_in(assignment, file_of(data))
    assert answer.status_code == status
    told = answer.json()
    assert detail in told["detail"]
    assert hint in told["hint"]
    assert not site.store.work_of("ada")


def test_a_request_without_a_file_is_refused(site: Site) -> None:
    answer = Script("ada").hand_in("hw1", "text instead of a file")
    assert answer.status_code == 422
    assert "file" in answer.json()["detail"]


def test_one_s_own_submissions_are_listed_and_no_others(site: Site) -> None:
    first = site.hand_in("ada")
    theirs = site.hand_in("bob")
    second = site.hand_in("ada", data=notebook("newer"))
    gone = site.hand_in("ada", data=notebook("newest"))
    site.store.withdrawals.withdraw(gone, reason="a mistake", by="prof")
    script = Script("ada")
    told = script.get("submissions").json()
    assert [one["submission"] for one in told] == [second, first]
    assert script.get("submissions?assignment=essay").json() == []
    for number in (theirs, gone, 999):
        for path in ("", "/feedback", "/file"):
            assert script.get(f"submissions/{number}{path}").status_code == 404


def test_files_of_scripts_count_with_those_of_the_page(site: Site) -> None:
    script, page = Script("ada"), site.client("ada")
    for _ in range(MOST_A_MINUTE - 1):
        page.post("/assignments/hw1/submit")
    assert script.hand_in("hw1", file_of(notebook("x = 1"))).status_code == 200
    refused = script.hand_in("hw1", file_of(notebook("x = 2")))
    assert (refused.status_code, refused.json()["hint"]) == (429, "Wait a minute.")
    assert len(site.store.submissions("hw1")) == 1


def test_a_file_that_is_too_large_is_not_read(site: Site) -> None:
    refused = Script("ada").hand_in("hw1", file_of(bytes(FileLimits().largest(NOTEBOOK) + 1)))
    assert refused.status_code == 422
    assert "is the limit" in refused.json()["detail"]


def test_a_submission_says_how_far_it_has_come(site: Site) -> None:
    site.hand_in("bob")
    mine = site.hand_in("ada")
    script = Script("ada")
    told = script.get(f"submissions/{mine}").json()
    assert (told["state"], told["ahead"], told["step"]) == ("queued", 1, None)
    batch = site.store.start_batch("hw1")
    site.store.claim(batch)
    lease = site.store.claim(batch)
    assert lease is not None
    site.store.live.note_step(mine, "cell 3")
    told = script.get(f"submissions/{mine}").json()
    assert (told["state"], told["ahead"], told["step"]) == ("running", None, "cell 3")
    # Which hidden check runs, staff are told alone.
    site.store.live.note_step(mine, "hessian_of_a_deep_net")
    assert script.get(f"submissions/{mine}").json()["step"] == "tests"
    assert Script("tam").get(f"submissions/{mine}").json()["step"] == "hessian_of_a_deep_net"
    site.store.finish(lease, graded(("q1", 6, 6), ("q2", 1, 4)))
    told = script.get(f"submissions/{mine}").json()
    assert (told["state"], told["ahead"], told["step"]) == ("graded", None, None)


def test_the_file_comes_back_as_it_was_received(site: Site) -> None:
    data = notebook("<script>alert(1)</script>")
    Script("ada").hand_in("hw1", file_of(data, 'a"b\nc.html'))
    answer = Script("ada").get("submissions/1/file")
    assert body_of(answer) == data
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("is_shown", [False, True])
def test_feedback_withholds_what_a_command_withholds(site: Site, is_shown: bool) -> None:
    number = site.hand_in("ada")
    site.grade()
    if is_shown:
        site.at(AFTER)
    course = site.place.current().course
    report = gather_assignment(
        site.store, course, course.assignments["hw1"], now=site.now, shows_all=False
    )
    (row,) = (one for one in report.rows_for_students if one.student == "ada")
    expected = as_json(asdict(feedback_view(report, row)))
    script = Script("ada")
    assert script.get("assignments/hw1/feedback").json() == expected
    assert script.get(f"submissions/{number}/feedback").json() == expected
    assert ("A check" in json.dumps(expected)) is is_shown
    assert (expected["score"] == "7") is is_shown


def test_feedback_of_an_older_submission_is_of_that_one(site: Site) -> None:
    older = site.hand_in("ada")
    site.grade()
    newer = site.hand_in("ada", data=notebook("newer"))
    site.grade(found=graded(("q1", 6, 6), ("q2", 4, 4)))
    site.at(AFTER)
    script = Script("ada")
    scores = [script.get(f"submissions/{n}/feedback").json()["score"] for n in (older, newer)]
    assert scores == ["7", "10"]
    assert script.get("assignments/hw1/feedback").json()["score"] == "10"


def test_what_is_not_released_is_not_there(site: Site) -> None:
    for path in ("assignments/hw2", "assignments/hw2/feedback"):
        assert Script("ada").get(path).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "1.5"])
def test_what_is_no_number_of_a_submission_is_a_mistake(site: Site, number: str) -> None:
    assert Script("ada").get(f"submissions/{number}").status_code == 422


def test_a_failure_of_ours_is_told_as_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.web.api.students.submit", lambda *_: 1 / 0)
    answer = Script("ada").hand_in("hw1", file_of(notebook("x")))
    assert answer.status_code == 500
    assert answer.json()["title"] == "Something of ours failed"
    assert "division" not in answer.content.decode()
