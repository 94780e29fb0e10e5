"""The notebook in its frame, for students and staff."""

import pytest

from grader.store import StudentRow
from grader.web.guarding import STRANGERS_POLICY
from grader.web.visits import Role
from tests.term_course import notebook
from tests.web.site import Site
from tests.web.student.test_strangers import as_bytes, cell


def test_the_page_has_a_frame_that_may_do_nothing(site: Site):
    number = site.hand_in("ada")
    text = site.client("ada").get(f"/submissions/{number}/notebook").content.decode()
    frame = text[text.index("<iframe") :].split(">")[0]
    assert 'sandbox=""' in frame
    assert f'src="/submissions/{number}/notebook/frame"' in frame
    assert "We have not run it yet" in text
    site.grade()
    text = site.client("ada").get(f"/submissions/{number}/notebook").content.decode()
    assert "what it printed when we ran it" in text


@pytest.mark.parametrize("login", ["ada", "tam", "ivy"])
def test_the_frame_has_the_strangers_policy_and_no_name_of_theirs(site: Site, login: str):
    number = site.hand_in("ada", data=notebook("print('<script>')"))
    answer = site.client(login).get(f"/submissions/{number}/notebook/frame")
    assert answer["Content-Security-Policy"] == STRANGERS_POLICY
    text = answer.content.decode()
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "ada" not in text.lower().replace("shadow", "")


def test_a_frame_may_be_of_one_question(site: Site):
    data = as_bytes(
        cell("markdown", "### Question 1 (6 points)"),
        cell("code", "alpha = 1"),
        cell("markdown", "### q2"),
        cell("code", "beta = 2"),
    )
    number = site.hand_in("ada", data=data)
    frame = f"/submissions/{number}/notebook/frame"
    client = site.client("tam")
    second = client.get(f"{frame}?question=q2").content.decode()
    assert ("alpha" in second, "beta" in second) == (False, True)
    assert 'aria-label="Cell 4"' in second
    for query in ("", "?question=q9", "?question=.*"):
        assert "alpha" in client.get(frame + query).content.decode()


def test_a_ta_of_another_section_finds_nothing(site: Site):
    site.store.roster.update(
        StudentRow(name, name.title(), section="L1") for name in ("ada", "bob", "eve", "joe", "kim")
    )
    number = site.hand_in("ada")
    for login, section in (("una", "L1"), ("leo", "L2")):
        site.staff(login, Role.TA, section)
    for part in ("notebook/frame", "notebook", "file", ""):
        assert site.client("una").get(f"/submissions/{number}/{part}").status_code in (200, 302)
        assert site.client("leo").get(f"/submissions/{number}/{part}").status_code == 404


def test_a_ta_who_is_a_student_too_sees_their_own_as_a_student(site: Site):
    site.staff("bob", Role.TA, "L2")
    own, other = site.hand_in("bob"), site.hand_in("ada")
    client = site.client("bob")
    assert client.get(f"/submissions/{own}/").status_code == 200
    assert client.get(f"/submissions/{own}/notebook/frame").status_code == 200
    assert client.get(f"/submissions/{other}/").status_code == 404
