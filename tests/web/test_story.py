"""A problem set's life in browsers: released, handed in, graded, marked, published, asked about."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.toy_course import ANSWERS
from tests.web.story_course import Person, browser, serving, write_story_course

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

PASSWORD = "a long enough password"


def answered(starter: bytes, behaviour: str, written: str) -> bytes:
    """The released notebook with a student's answers in it."""
    notebook = json.loads(starter)
    (step, gradient), _ = ANSWERS[behaviour]
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and source.startswith("def "):
            cell["source"] = step if source.startswith("def step") else gradient
        if "Type your answer here" in source:
            cell["source"] = written
    return json.dumps(notebook).encode()


def test_from_release_to_regrade(tmp_path: Path) -> None:
    course_file = write_story_course(tmp_path)
    with serving(course_file) as served, browser() as chromium:
        people: list[Person] = []

        def person() -> Person:
            people.append(Person(chromium, served))
            return people[-1]

        instructor = person().invited("admin", served.first_link, PASSWORD)

        # The instructor makes accounts, and each sets a password by a link.
        page = instructor.open("/course/people/")
        page.get_by_role("button", name="Make accounts for all of them").click()
        new = page.get_by_role("region", name="An account for somebody of the staff")
        new.get_by_label("Login").fill("tam")
        new.get_by_label("Name").fill("Tam")
        new.get_by_role("button", name="Make it").click()
        page = instructor.open("/course/people/")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download links").click()
        rows = csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig")))
        links = {row["login"]: row["link"] for row in rows}
        assert set(links) == {"ada", "bob", "tam"}
        logged_in: dict[str, Person] = {}
        for login, link in links.items():
            logged_in[login] = person().invited(login, link, PASSWORD)
        ada, bob, tam = (logged_in[name] for name in ("ada", "bob", "tam"))

        # Nothing is released; then the instructor releases it.
        assert ada.open("/").get_by_role("link", name="Toy problem set").count() == 0
        page = instructor.open("/course/assignments/toy/")
        page.get_by_role("button", name="Release now").click()
        page.get_by_label("Reason").fill("all is ready")
        page.get_by_role("button", name="Write it and let it count").click()
        page = instructor.open("/course/assignments/toy/")
        page.get_by_role("button", name="Make the bundle").click()
        page.get_by_text("Make the bundle anew").wait_for(timeout=120_000)

        # Two students get the starter and hand it in: one right, one with a mistake.
        page = ada.open("/")
        page.get_by_role("link", name="Toy problem set").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the starter").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            (name,) = (one for one in archive.namelist() if one.endswith("toy.ipynb"))
            starter = archive.read(name)
        sent = {
            "ada": answered(starter, "right", "Each of $A$ and $A^T$ gives half."),
            "bob": answered(starter, "of-symmetric", "<script>alert(1)</script> no idea"),
        }
        for who, login in ((ada, "ada"), (bob, "bob")):
            page = who.open("/assignments/toy/")
            page.locator("#file").set_input_files(
                {"name": "toy.ipynb", "mimeType": "application/json", "buffer": sent[login]}
            )
            if "/submissions/" not in page.url:
                page.get_by_role("button", name="Hand in").click()
            page.wait_for_url("**/submissions/*/")

        # Results appear where they wait, without a reload.
        for who in (ada, bob):
            who.page.get_by_text("Graded", exact=True).wait_for(timeout=180_000)
        number = bob.page.url.rstrip("/").rpartition("/")[2]
        assert "A need not be symmetric" not in bob.page.content(), "hidden until published"
        assert ada.open(f"/submissions/{number}/").get_by_text("There is nothing here").count() == 1

        # A TA marks the written question with keys alone.
        page = tam.open("/staff/marking/")
        page.get_by_role("button", name="Mark the next paper of q3").click()
        page.wait_for_url("**/staff/marking/toy/q3/*/")
        marked = 0
        while marked < 2:
            here = page.url
            page.locator("#total").wait_for(state="attached")
            page.keyboard.press("1")
            page.keyboard.press("2" if "ada" in page.locator("h1").inner_text().lower() else "1")
            page.keyboard.press("c")
            page.keyboard.type("Read.")
            page.keyboard.press("Escape")
            page.keyboard.press("n")
            page.wait_for_url(lambda url, here=here: url != here)
            marked += 1
        page = tam.open("/staff/marking/toy/")
        assert page.get_by_text("all marked").count() == 1

        # The instructor publishes what hidden tests found.
        page = instructor.open("/course/assignments/toy/")
        page.get_by_role("button", name="Show feedback now").click()
        page.get_by_label("Reason").fill("all are marked")
        page.get_by_role("button", name="Write it and let it count").click()
        page = ada.open("/assignments/toy/")
        page.get_by_role("link", name="1", exact=True).click()
        assert page.locator(".score .number").inner_text() == "7"
        page = bob.open(f"/submissions/{number}/")
        assert page.get_by_text("A need not be symmetric.").count() == 1
        assert page.locator(".score .number").inner_text() == "3"

        # The student asks for another look, and the TA answers.
        asking = page.locator("details", has_text="Ask for another look at q2")
        asking.locator("summary").click()
        asking.locator("textarea").fill("My gradient is right for symmetric matrices.")
        asking.get_by_role("button").click()
        page = tam.open("/staff/requests/")
        page.get_by_role("link", name="My gradient is right").click()
        page.locator("textarea").first.fill("The question says any square matrix.")
        page.get_by_role("button", name="Answer and close").click()
        page = bob.open("/requests/")
        page.get_by_role("link", name="q2").first.click()
        assert page.get_by_text("The question says any square matrix.").count() == 1

        # Scores leave as CSV.
        page = instructor.open("/staff/gradebook/")
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").first.click()
        text = Path(download.value.path()).read_text("utf-8-sig")
        scores = {row["student"]: row for row in csv.DictReader(io.StringIO(text))}
        assert {name: float(row["toy"]) for name, row in scores.items()} == {"ada": 7.0, "bob": 3.0}

        complaints = [text for who in people for text in who.complaints]
        # One for the page that was not ada's.
        assert [text for text in complaints if "404" not in text] == []
        assert len(complaints) == 1
        assert "Traceback" not in served.log.read_text()
