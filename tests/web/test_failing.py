"""What pages say when something of ours fails: nothing is lost, and who has to mend what."""

import pytest

from grader.store import StoreFault
from tests.web.site import Site


def break_course(site: Site) -> None:
    text = site.served.course_file.read_text()
    site.served.course_file.write_text(text.replace("points: 10", "points: eleven", 1))


def test_a_broken_course_file_that_never_counted_is_told_to_instructors(site: Site) -> None:
    break_course(site)
    answer = site.client("ivy").get("/staff/")
    assert answer.status_code == 503
    assert "course.yaml:" in answer.content.decode()
    assert "eleven" in answer.content.decode()
    for login in ("ada", "tam"):
        answer = site.client(login).get("/")
        assert answer.status_code == 503
        assert "eleven" not in answer.content.decode()
        assert "The teaching staff have to mend it" in answer.content.decode()


def test_a_broken_edit_stops_nobody_once_a_version_counts(site: Site) -> None:
    site.place.rely("ivy")
    break_course(site)
    assert site.client("ada").get("/").status_code == 200


def test_a_database_that_fails_is_worth_another_try(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreFault("the database failed: it is locked")

    client = site.client("ada")
    monkeypatch.setattr("grader.web.student.home.standing_of_student", fail)
    answer = client.get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Nothing that was handed in is lost" in answer.content.decode()
    assert "locked" not in answer.content.decode()


def test_a_defect_of_ours_shows_nothing_of_the_code(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("a secret of the code")

    client = site.client("ada")
    client.raise_request_exception = False
    monkeypatch.setattr("grader.web.student.home.standing_of_student", fail)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "a secret" not in answer.content.decode()
    assert "Content-Security-Policy" in answer.headers


def test_a_refusal_is_one_line_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    assert site.client("ada").get("/staff/").status_code == 403
    (record,) = caplog.records
    assert (record.getMessage(), record.exc_info) == (
        "Forbidden (Permission denied): /staff/",
        None,
    )


def test_a_defect_of_ours_is_logged_with_its_place(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("grader.web.student.home.standing_of_student", None)
    client = site.client("ada")
    client.raise_request_exception = False
    assert client.get("/").status_code == 500
    assert "standing_of_student(" in caplog.text
