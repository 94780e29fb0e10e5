"""Each limit is tried in a real container, and one that isn't honoured is found out."""

from collections.abc import Callable
from typing import Any

import docker.types
import pytest

from grader.doctor import Finding, Mark, Subject, limits
from grader.sandbox.box import BoxRequest
from grader.sandbox.docker import DockerBox, container_options
from tests.doctor.conftest import LABELS, asking
from tests.toy_course import write_toy_course

pytestmark = pytest.mark.docker

ROOMY = dict.fromkeys(("/tmp", "/home/student"), "rw,size=64m,mode=1777")
LARGE_FILES = [docker.types.Ulimit(name="fsize", soft=1 << 30, hard=1 << 30)]
UNFILTERED = ["no-new-privileges", "seccomp=unconfined"]
# (the check, what is asked of the engine instead of the limit, what is then found)
FAULTS = [
    (limits.memory, {"mem_limit": None, "memswap_limit": None}, "took 256 MiB"),
    (limits.processes, {"pids_limit": -1}, "33 processes"),
    (limits.processor, {"nano_cpus": 0}, "quota none"),
    (limits.processor, {"nano_cpus": 2_000_000_000}, "quota 2.0"),
    (limits.files, {"tmpfs": ROOMY, "ulimits": LARGE_FILES}, "/tmp took 16 MiB"),
    (limits.network, {"network_mode": "host", "userns_mode": "host"}, "devices: "),
    (limits.read_only_root, {"read_only": False}, "written: /var/tmp/file"),
    (limits.plain_user, {"user": "0:0"}, "root"),
    (limits.privileges, {"security_opt": []}, "new privileges are possible"),
    (limits.privileges, {"cap_drop": []}, "CapBnd"),
    (limits.system_calls, {"security_opt": UNFILTERED}, "allowed: "),
]
CHECKS = list(dict.fromkeys(check for check, _, _ in FAULTS))
Check = Callable[[Subject, str | None], Finding]


def named(value: object) -> str | None:
    return getattr(value, "__name__", None)


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The toy course, whose container is looked into once for all checks."""
    folder = tmp_path_factory.mktemp("limits")
    made = Subject(write_toy_course(folder), folder / "data", LABELS)
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_this_engine_honours_each_limit(examined: Subject, check: Check) -> None:
    finding = check(examined, None)
    assert (finding.mark, finding.do) == (Mark.OK, ""), finding


@pytest.mark.parametrize(("check", "instead", "words"), FAULTS, ids=named)
def test_a_limit_that_is_not_honoured_is_found_out(
    subject: Subject, check: Check, instead: dict[str, Any], words: str
) -> None:
    def ignored(request: BoxRequest) -> dict[str, Any]:
        return container_options(request) | instead

    subject.options_of = ignored
    finding = check(subject, None)
    assert finding.mark is Mark.FAILED, finding
    assert words in finding.found
    assert "Don't grade on this host" in finding.do


def test_a_kill_that_the_engine_does_not_explain_is_a_warning(
    examined: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DockerBox, "_blame", lambda *_: None)
    finding = limits.memory(examined, None)
    assert finding.mark is Mark.WARNING
    assert "exit code 137" in finding.found
    assert limits.processes(examined, None).mark is Mark.WARNING


def test_a_second_runtime_is_tried_too(subject: Subject) -> None:
    other = asking(subject, "runtime: io.containerd.runc.v2")
    found = [limits.memory(other, "io.containerd.runc.v2")]
    found.append(limits.privileges(other, "io.containerd.runc.v2"))
    other.close()
    assert [one.mark for one in found] == [Mark.OK, Mark.OK]
