"""The locked requirements: nothing of any machine in them, and both sides of the wire alike."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOST = ROOT / "requirements.lock"
LOCKS = (HOST, *sorted((ROOT / "environments").glob("*/requirements.txt")))


def versions(lock: Path) -> dict[str, str]:
    """The locked version of every package."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(), flags=re.MULTILINE))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_environment_has_a_lock() -> None:
    environments = {path.parent.name for path in (ROOT / "environments").glob("*/Dockerfile")}
    assert {"cpu", "gpu"} <= environments == {path.parent.name for path in LOCKS[1:]}


@pytest.mark.parametrize("lock", LOCKS, ids=named)
def test_a_lock_holds_packages_and_hashes_and_no_address(lock: Path) -> None:
    package = r"[a-z0-9-]+==[^\s/:]+( ; [^/:]+)? \\"
    digest = r"    --hash=sha256:[0-9a-f]{64}( \\)?"
    strange = [
        line
        for line in lock.read_text().splitlines()
        if not re.fullmatch(f"{package}|{digest}", line)
    ]
    assert strange == []


@pytest.mark.parametrize("lock", LOCKS[1:], ids=named)
def test_an_environment_has_the_versions_of_the_host(lock: Path) -> None:
    host, environment = versions(HOST), versions(lock)
    assert {"jax", "jaxlib", "numpy", "optax", "otter-grader"} <= environment.keys()
    both = host.keys() & environment.keys()
    assert {name: environment[name] for name in both} == {name: host[name] for name in both}


def test_the_gpu_environment_is_the_cpu_environment_and_cuda() -> None:
    cpu, gpu = (
        versions(ROOT / "environments" / name / "requirements.txt") for name in ("cpu", "gpu")
    )
    assert cpu.items() <= gpu.items()
    assert "jax-cuda12-plugin" in gpu.keys() - cpu.keys()
