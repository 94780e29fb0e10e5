"""Which addresses are taken, and that nothing goes over a network in the clear."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.cli.app import run
from grader.cli.worker import dask_arguments
from grader.cluster import AddressRefused, parse_address
from grader.cluster.address import LISTEN, listening_at, require_closed, security_of
from tests.cluster.conftest import Place


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("dask://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("dask://127.8.0.1:1", "tcp://127.8.0.1:1"),
        ("dask://localhost:8786", "tcp://localhost:8786"),
        ("dask://[::1]:8786", "tcp://[::1]:8786"),
        ("dask+tls://grading.example:8786", "tls://grading.example:8786"),
        ("dask+tls://10.0.0.7:8786/", "tls://10.0.0.7:8786"),
    ],
)
def test_an_address_of_this_machine_or_with_tls_is_taken(text: str, url: str) -> None:
    assert parse_address(text).url == url


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dask://10.0.0.7:8786", "in the clear"),
        ("dask://0.0.0.0:8786", "in the clear"),
        ("dask://grading.example:8786", "in the clear"),
        ("dask://127.0.0.1.example.org:8786", "in the clear"),
        ("dask://localhost.example.org:8786", "in the clear"),
        ("dask://[2001:db8::1]:8786", "in the clear"),
        ("tcp://127.0.0.1:8786", "is no address of a scheduler"),
        ("dask://127.0.0.1", "is no address of a scheduler"),
        ("dask://:8786", "is no address of a scheduler"),
        ("dask://127.0.0.1:8786/extra", "is no address of a scheduler"),
        ("dask://127.0.0.1:many", "is no address"),
        ("127.0.0.1:8786", "is no address"),
    ],
)
def test_another_address_is_refused_with_what_to_write(text: str, why: str) -> None:
    with pytest.raises(AddressRefused, match=why) as refused:
        parse_address(text)
    assert "dask+tls://" in str(refused.value)


@pytest.mark.parametrize(
    "command", [("worker", "dask://10.0.0.7:8786"), ("grade", "toy", "--engine", "dask://a:1")]
)
def test_the_commands_refuse_the_clear(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    options = ("--course", str(place.course_file), "--data", str(tmp_path / "data"))
    assert run([*options, *command]) == 1
    assert "would go over the network in the clear" in capsys.readouterr().err


def test_tls_needs_certificates_and_all_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = parse_address("dask+tls://grading.example:8786")
    with pytest.raises(AddressRefused, match="needs certificates: set COURSE_CLUSTER_CA"):
        security_of(address)
    monkeypatch.setenv("COURSE_CLUSTER_CA", str(tmp_path / "ca.pem"))
    with pytest.raises(AddressRefused, match=r"names .*ca.pem: there is no such file"):
        security_of(address)
    (tmp_path / "ca.pem").touch()
    with pytest.raises(AddressRefused, match="COURSE_CLUSTER_CERTIFICATE is not set"):
        security_of(address)


def test_the_dispatcher_listens_on_this_machine_only_in_the_clear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clear = parse_address("dask://127.0.0.1:8786")
    assert listening_at(clear) == "tcp://127.0.0.1:0"
    monkeypatch.setenv(LISTEN, "127.0.0.1:9000")
    assert listening_at(clear) == "tcp://127.0.0.1:9000"
    monkeypatch.setenv(LISTEN, "10.0.0.7")
    with pytest.raises(AddressRefused, match=f"{LISTEN} is '10.0.0.7'"):
        listening_at(clear)
    assert listening_at(parse_address("dask+tls://10.0.0.1:8786")) == "tls://10.0.0.7:0"


@pytest.mark.parametrize(
    ("chosen", "url"),
    [
        ("grading.example", "tls://grading.example:0"),
        ("10.0.0.7:9000", "tls://10.0.0.7:9000"),
        ("fd00::2", "tls://[fd00::2]:0"),
        ("[fd00::2]", "tls://[fd00::2]:0"),
        ("[fd00::2]:9000", "tls://[fd00::2]:9000"),
    ],
)
def test_the_dispatcher_listens_where_it_is_told(
    monkeypatch: pytest.MonkeyPatch, chosen: str, url: str
) -> None:
    monkeypatch.setenv(LISTEN, chosen)
    assert listening_at(parse_address("dask+tls://[fd00::1]:8786")) == url


@pytest.mark.parametrize(
    "chosen", ["fd00::2:many", "grading.example:many", "tls://10.0.0.7", "10.0.0.7:99999", ":9000"]
)
def test_what_is_no_place_to_listen_at_is_refused(
    monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    monkeypatch.setenv(LISTEN, chosen)
    with pytest.raises(AddressRefused, match=r"COURSE_CLUSTER_LISTEN is .*write HOST, HOST:PORT"):
        listening_at(parse_address("dask+tls://[fd00::1]:8786"))


def test_an_address_with_colons_that_reaches_the_scheduler_is_one_to_listen_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("distributed.utils.get_ip", lambda host: "fd00::2")  # type: ignore[misc]
    assert listening_at(parse_address("dask+tls://[fd00::1]:8786")) == "tls://[fd00::2]:0"


def test_a_worker_in_the_clear_listens_on_this_machine_only() -> None:
    arguments = dask_arguments(parse_address("dask://127.0.0.1:8786"), 3, 1, "one")
    assert arguments[arguments.index("--host") + 1] == "127.0.0.1"
    assert arguments[arguments.index("--nthreads") + 1] == "3"
    assert arguments[arguments.index("--resources") + 1] == "containers=3 gpus=1"


def worker(scheduler: str, *listening: str) -> Any:
    return SimpleNamespace(
        scheduler=SimpleNamespace(address=scheduler),
        listeners=[SimpleNamespace(listen_address=address) for address in listening],
    )


@pytest.mark.parametrize(
    ("scheduler", "listening", "refused"),
    [
        ("tcp://127.0.0.1:1", "tcp://127.0.0.1:2", None),
        ("tls://10.0.0.1:1", "tls://0.0.0.0:2", None),
        ("tcp://127.0.0.1:1", "tcp://0.0.0.0:2", "tcp://0.0.0.0:2"),
        ("tcp://10.0.0.1:1", "tcp://127.0.0.1:2", "tcp://10.0.0.1:1"),
        ("tls://10.0.0.1:1", "tcp://10.0.0.2:2", "tcp://10.0.0.2:2"),
    ],
)
def test_a_worker_that_others_reach_in_the_clear_is_not_closed(
    scheduler: str, listening: str, refused: str | None
) -> None:
    if refused is None:
        require_closed(worker(scheduler, listening))
        return
    with pytest.raises(AddressRefused, match=f"this worker uses {refused} in the clear"):
        require_closed(worker(scheduler, listening))
