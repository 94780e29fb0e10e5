"""`course doctor`: what it prints, and what it exits with."""

import json
from pathlib import Path

import pytest

from grader.cli.doctor import lines_of
from grader.doctor import Finding, Mark
from grader.sandbox.images import ensure_image
from tests.cli.conftest import Ran, ToyCommand
from tests.sandbox.boxes import CPU

NOWHERE = "unix:///nowhere/docker.sock"


def doctor(toy: ToyCommand, *options: str, **environment: str) -> Ran:
    """`course doctor` now: the machine's clock is looked at, not a rehearsed one."""
    return toy.apart("doctor", *options, **environment)


def checks(ran: Ran) -> dict[str, dict[str, str]]:
    return {one["check"]: one for one in json.loads(ran.out)["checks"]}


@pytest.mark.docker
def test_this_host_is_fit(toy: ToyCommand) -> None:
    ensure_image(CPU)
    ran = doctor(toy, "--json")
    found = checks(ran)
    failed = {name: one for name, one in found.items() if one["mark"] == "failed"}
    assert (ran.code, failed, json.loads(ran.out)["fit"]) == (0, {}, True)
    # These depend on the machine; whatever else is here, each limit is honoured.
    depends = {"clock", "time zone", "disk: data", "disk: engine", "leftovers"}
    worth = {name for name, one in found.items() if one["mark"] == "warning"}
    assert worth <= depends
    assert all(bool(one["do"]) is (one["mark"] != "ok") for one in found.values())
    assert all(one["looked_at"] and one["found"] for one in found.values())
    assert not toy.data.exists()


def test_without_an_engine_one_check_says_so_and_the_others_are_not_tried(toy: ToyCommand) -> None:
    ran = doctor(toy, "--json", DOCKER_HOST=NOWHERE)
    found = checks(ran)
    assert (ran.code, json.loads(ran.out)["fit"]) == (1, False)
    told = found["engine"]
    assert (told["mark"], told["found"]) == (
        "failed",
        "it does not answer: No such file or directory",
    )
    assert NOWHERE in told["looked_at"]
    assert "make images" in told["do"]
    untried = {name for name, one in found.items() if not one["tried"]}
    assert {"images", "memory", "network", "disk: engine", "leftovers"} <= untried
    assert {found[name]["found"] for name in untried} == {"not tried: no engine answers"}
    assert found["course file"]["mark"] == found["data folder"]["mark"] == "ok"


def test_the_text_has_a_line_a_check_and_fits_80_columns(toy: ToyCommand) -> None:
    ran = doctor(toy, DOCKER_HOST="unix:///" + "a-long-name/" * 9 + "docker.sock")
    lines = ran.out.splitlines()
    marked = [line for line in lines if line.startswith(("ok ", "warning ", "failed "))]
    assert ran.code == 1
    assert lines[-1].startswith(f"{len(marked)} checks in ")
    assert "do: Start one" in ran.out
    # A path can't be broken, or nobody could copy it.
    assert [line for line in lines if len(line) > 80 and "a-long-name" not in line] == []
    details = [line for line in lines if line not in marked][:-1]
    assert details
    assert all(line.startswith(" " * 9) for line in details)


def test_a_course_file_with_a_mistake_is_one_finding_of_many(toy: ToyCommand) -> None:
    toy.file.write_text(toy.file.read_text().replace("zone: America/Toronto", "zone: Toronto"))
    ran = doctor(toy, "--json", DOCKER_HOST=NOWHERE)
    found = checks(ran)
    assert ran.code == 1
    assert "America/Toronto" in found["course file"]["found"]
    assert found["time zone"]["found"] == "not tried: the course file can't be read"
    assert found["data folder"]["mark"] == "ok"


def test_a_detail_is_indented_and_a_path_stays_whole() -> None:
    path = "/srv/" + "long/" * 30
    lines = lines_of(
        "do", f"Make room in {path} and try again, or use another disk for the course."
    )
    assert path in [line.strip() for line in lines]
    assert lines[0].startswith(" " * 9 + "do: ")
    assert all(line.startswith(" " * 11) for line in lines[1:])


@pytest.mark.parametrize(("mark", "code"), [(Mark.OK, 0), (Mark.WARNING, 0), (Mark.FAILED, 1)])
def test_only_what_failed_is_an_exit_code(
    toy: ToyCommand, monkeypatch: pytest.MonkeyPatch, mark: Mark, code: int
) -> None:
    finding = Finding(mark, "the roof", "a hole [bold]in it", "Mend it." if code else "")
    monkeypatch.setattr(
        "grader.doctor.examining.every_check", lambda _: [("roof", lambda: finding)]
    )
    ran = toy.here("doctor")
    assert ran.code == code
    assert ran.out.splitlines()[0].split() == [mark, "roof", "a", "hole", "[bold]in", "it"]
    assert ("do: Mend it." in ran.out) is bool(code)


def test_doctor_is_listed(toy: ToyCommand) -> None:
    assert "doctor" in toy.here("--help").out
    assert Path(toy.data).exists() is False
