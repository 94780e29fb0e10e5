"""What `course check` found is found again without trying, until something changes."""

from pathlib import Path

from pydantic import TypeAdapter

from grader.grading.kept import GRADER, GRADING, Kept, digest_of_files
from tests.test_layers import imported_names

NUMBERS: TypeAdapter[list[int]] = TypeAdapter(list[int])


class Counting:
    """Something to find that tells how often it was made."""

    def __init__(self, found: list[int]) -> None:
        self.found, self.times = found, 0

    def __call__(self) -> list[int]:
        self.times += 1
        return self.found


def always(_: list[int]) -> bool:
    return True


def test_a_good_finding_is_made_once(tmp_path: Path):
    make = Counting([1, 2])
    for _ in range(2):
        assert Kept(tmp_path, "v1").find("trials", NUMBERS, make, always) == [1, 2]
    assert make.times == 1


def test_another_content_another_question_and_a_fresh_start_make_it_again(tmp_path: Path):
    make = Counting([1])
    for kept, what in (
        (Kept(tmp_path, "v1"), "trials"),
        (Kept(tmp_path, "v2"), "trials"),
        (Kept(tmp_path, "v1"), "solution"),
        (Kept(tmp_path, "v1", fresh=True), "trials"),
    ):
        kept.find(what, NUMBERS, make, always)
    assert make.times == 4


def test_what_is_not_good_is_tried_again(tmp_path: Path):
    make = Counting([0])
    for _ in range(2):
        assert Kept(tmp_path, "v1").find("trials", NUMBERS, make, all) == [0]
    assert make.times == 2
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path):
    make = Counting([3])
    Kept(tmp_path, "v1").find("trials", NUMBERS, make, always)
    (path,) = tmp_path.iterdir()
    path.write_text("[1, 2")
    assert Kept(tmp_path, "v1").find("trials", NUMBERS, make, always) == [3]
    assert make.times == 2


def test_a_digest_depends_on_names_and_bytes(tmp_path: Path):
    (tmp_path / "a.py").write_text("x = 1\n")
    before = digest_of_files(tmp_path, "*.py")
    assert digest_of_files(tmp_path, "*.py") == before
    (tmp_path / "a.py").write_text("x = 2\n")
    changed = digest_of_files(tmp_path, "*.py")
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({before, changed, digest_of_files(tmp_path, "*.py")}) == 3


def test_the_parts_that_findings_follow_from_are_all_that_grading_imports():
    parts = {part.removesuffix(".py") for part in GRADING}
    files = [GRADER / GRADING[0], *(f for p in GRADING[1:] for f in (GRADER / p).rglob("*.py"))]
    imported = {
        name.split(".")[1]
        for file in files
        for name in imported_names(file.read_text())
        if name.startswith("grader.")
    }
    # The store gives notebooks and takes results; neither changes what is found.
    assert imported - parts == {"store"}
