import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.outcomes import GraderError
from grader.sandbox import images
from grader.sandbox.images import ensure_image, image_tag
from grader.sandbox.machine_settings import pip_settings

ROOT = Path(__file__).parent.parent.parent
CPU = ROOT / "environments" / "cpu"


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A small environment of its own, `tiny`, with a runner of two files."""
    folder = tmp_path / "environments" / "tiny"
    runner = folder.parent / "runner"
    folder.mkdir(parents=True)
    runner.mkdir()
    (folder / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY runner/ /opt/runner/\n")
    (folder / "requirements.txt").write_text("")
    (runner / "__main__.py").write_text("print('main')\n")
    (runner / "wire.py").write_text("")
    return folder


def test_a_tag_names_the_environment_and_twelve_digits_of_a_hash(environment: Path) -> None:
    name, tag = image_tag(environment).split(":")
    assert name == "csc2541-tiny"
    assert len(bytes.fromhex(tag)) == 6


@pytest.mark.parametrize(
    "changed",
    ["tiny/Dockerfile", "tiny/requirements.txt", "runner/__main__.py", "runner/new/module.py"],
)
def test_a_changed_input_changes_the_tag(environment: Path, changed: str) -> None:
    before = image_tag(environment)
    path = environment.parent / changed
    path.parent.mkdir(exist_ok=True)
    path.write_text("# changed\n")
    assert image_tag(environment) != before


def test_renaming_a_file_of_the_runner_changes_the_tag(environment: Path) -> None:
    before = image_tag(environment)
    runner = environment.parent / "runner"
    (runner / "wire.py").rename(runner / "wires.py")
    assert image_tag(environment) != before


def test_byte_code_and_the_time_of_a_file_leave_the_tag_alone(environment: Path) -> None:
    before = image_tag(environment)
    runner = environment.parent / "runner"
    (runner / "__pycache__").mkdir()
    (runner / "__pycache__" / "wire.cpython-311.pyc").write_bytes(b"code")
    (runner / "wire.py").touch()
    assert image_tag(environment) == before


@pytest.mark.parametrize("missing", ["tiny/Dockerfile", "tiny/requirements.txt", "runner"])
def test_a_folder_that_is_no_environment_is_named(environment: Path, missing: str) -> None:
    path = environment.parent / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(GraderError, match=f"{path.name} is missing"):
        image_tag(environment)


@pytest.mark.parametrize(
    ("listing", "settings"),
    [
        ("", {}),
        ("global.index-url='https://mirror/simple'", {"index-url": "https://mirror/simple"}),
        (
            ":env:.index-url='https://new/'\nglobal.index-url='https://old/'",
            {"index-url": "https://new/"},
        ),
        (
            "global.extra-index-url='file:///wheels https://more/'",
            {"extra-index-url": "https://more/"},
        ),
        ("global.extra-index-url='/srv/wheels'\nglobal.cert='/etc/ca.crt'", {}),
        ("global.cache-dir='/var/cache'\n:env:.timeout='90'", {"timeout": "90"}),
    ],
)
def test_a_build_takes_over_what_it_can_reach(listing: str, settings: dict[str, str]) -> None:
    assert pip_settings(listing) == settings


@pytest.fixture
def built(environment: Path) -> Iterator[str]:
    tag = ensure_image(environment)
    yield tag
    subprocess.run(["docker", "image", "rm", "--force", tag], check=True, capture_output=True)


@pytest.mark.docker
def test_an_image_that_exists_is_not_built_again(
    environment: Path, built: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "build_image", lambda *_, **__: pytest.fail("built again"))
    assert ensure_image(environment) == built


@pytest.mark.docker
def test_a_build_that_fails_says_why_and_where_the_output_is(environment: Path) -> None:
    with (environment / "Dockerfile").open("a") as file:
        file.write("RUN echo the disk is on fire && false\n")
    with pytest.raises(GraderError, match=r"build-tiny\.log:(.|\n)*the disk is on fire"):
        ensure_image(environment)


def in_container(script: str) -> str:
    """What `script` prints in a container of the cpu image, as its user, without a network."""
    command = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "/bin/sh"]
    done = subprocess.run(
        [*command, ensure_image(CPU), "-c", script], check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.docker
@pytest.mark.parametrize(
    "listing",
    [
        "find / -xdev -type f -perm /6000",  # a way to more rights
        "find /opt /usr /etc -xdev -writable",  # something of ours to change
        "find / -xdev ( -name pip.conf -o -path /machine -o -name requirements.txt )",
        "find /var -xdev -type f ( -name '*.deb' -o -path '*/apt/lists/*' )",
    ],
)
def test_an_image_holds_nothing_that_it_should_not(listing: str) -> None:
    quoted = listing.replace("(", r"\(").replace(")", r"\)")
    # `find` complains of folders that this user may not read; of anything else it should not.
    found = in_container(f"{quoted} 2>&1 | grep -v 'Permission denied$'; true")
    assert found == ""


@pytest.mark.docker
def test_every_module_of_jax_has_its_byte_code() -> None:
    script = "find /opt/env/lib -path '*/jax/*' -name '*.{}' | wc -l"
    modules, compiled = (int(in_container(script.format(ending))) for ending in ("py", "pyc"))
    assert compiled == modules > 100


@pytest.mark.docker
def test_a_container_runs_as_a_plain_user() -> None:
    assert in_container("id -u; id -G").split() == ["10001", "10001"]


@pytest.mark.docker
def test_what_a_notebook_imports_is_there() -> None:
    modules = "jax, optax, numpy, scipy.stats, matplotlib.pyplot, IPython, otter, msgpack"
    assert in_container(f"python -c 'import {modules}; print(1)'") == "1\n"
