"""A cluster with certificates that the test makes: whoever has none of its authority stays out."""

import subprocess
from pathlib import Path

import pytest

from grader.cluster import engine as engine_module
from grader.cluster.address import CERTIFICATES
from grader.cluster.engine import DaskEngine
from grader.outcomes import GraderError
from tests.cluster.conftest import Place
from tests.cluster.processes import PATIENCE_SECONDS, Cluster, wait_until

pytestmark = pytest.mark.timeout(400)


def openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def make_certificates(folder: Path) -> dict[str, str]:
    """An authority of its own and a certificate by it; their files."""
    folder.mkdir()
    authority, authority_key = str(folder / "ca.pem"), str(folder / "ca-key.pem")
    key, request, certificate = (str(folder / name) for name in ("key.pem", "csr.pem", "cert.pem"))
    new = ("req", "-newkey", "rsa:2048", "-noenc", "-subj")
    openssl(
        *new, "/CN=Authority", "-x509", "-days", "2", "-keyout", authority_key, "-out", authority
    )
    openssl(*new, "/CN=cluster", "-keyout", key, "-out", request)
    signed_by = ("-CA", authority, "-CAkey", authority_key, "-CAcreateserial")
    openssl("x509", "-req", "-in", request, *signed_by, "-days", "2", "-out", certificate)
    return {"ca": authority, "certificate": certificate, "key": key}


def use(certificates: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, path in certificates.items():
        monkeypatch.setenv(CERTIFICATES[kind][0], path)


class Enough(Exception):
    """The batch is interrupted."""


def test_over_tls_one_worker_meets_what_may_happen_to_a_submission(
    place: Place, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick, held, fault, no_engine = place.hand_in("quick", "gate", "fault", "no-engine")
    cluster.tls = make_certificates(tmp_path / "ours")
    cluster.start_scheduler()
    assert cluster.url.startswith("tls://")
    pid = cluster.start_worker("one")

    def engine() -> DaskEngine:
        return DaskEngine(
            cluster.address, place.course, place.plan, place.store, join_seconds=PATIENCE_SECONDS
        )

    use(make_certificates(tmp_path / "theirs"), monkeypatch)
    monkeypatch.setattr(engine_module, "CONNECT_SECONDS", 3.0)
    with pytest.raises(GraderError, match=r"no scheduler answers at dask\+tls://127"):
        engine().__enter__()
    monkeypatch.setattr(engine_module, "CONNECT_SECONDS", 30.0)
    use(cluster.tls, monkeypatch)

    def step(text: str) -> None:
        if text == "waiting for gate on one":
            raise Enough

    with engine() as opened:
        assert opened._summons.dispatcher.startswith("tls://")
        assert opened.grade(quick, step).message == str(pid)
        # What nobody waits for any more ends on the worker too.
        with pytest.raises(Enough):
            opened.grade(held, step)
        wait_until(lambda: [*cluster.folder.glob(f"ended-{held.sha256}-*")], "it is stopped")
        with pytest.raises(GraderError, match=r"^on one: the disk is full"):
            opened.grade(fault, step)
        # What takes engines down is tried as often as what takes workers down, and no more.
        assert opened.grade(quick, step).message == str(pid)
        with pytest.raises(GraderError, match=r"^3 workers were lost .*: one, one, one$"):
            opened.grade(no_engine, step)
    cluster.started["one"].wait(PATIENCE_SECONDS)  # a process serves one batch
