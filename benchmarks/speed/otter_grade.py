"""Otter's side: an image with the same packages, the same tests, and `otter grade`'s own loop.

`otter grade` builds its image from a Dockerfile that downloads conda; here the image is made
beforehand, from the environment's, with otter's packages beside. From there on it is otter's own
code: a container a submission, so many at a time, files copied in and results out.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.speed.course import SHAPES
from benchmarks.speed.notebooks import QUESTIONS, Style, code_cells

DOCKERFILE = """\
ARG BASE
FROM ${BASE}
USER root
COPY otter /opt/otter
ENV PYTHONPATH=/opt/otter JUPYTER_PATH=/opt/otter/share/jupyter HOME=/root \\
    PYTHONDONTWRITEBYTECODE=
RUN mkdir -p /root /autograder/source /autograder/submission /autograder/results \\
 && /opt/env/bin/python -m compileall -q -j 0 /opt/otter
COPY autograder /autograder
RUN chmod +x /autograder/run_autograder && touch /autograder/submission_metadata.json
ENTRYPOINT []
"""
IN_THE_ENVIRONMENT = ("numpy", "numpy.libs", "matplotlib", "IPython", "PIL")
RUN_AUTOGRADER = "#!/bin/sh\nexec /opt/env/bin/python /autograder/source/run_otter.py\n"


def build_images(
    keep: Path, folder: Path, environment: str, styles: Sequence[Style]
) -> dict[Style, str]:
    """An image for each style, from the environment's image; their names.

    Otter's packages are kept in `keep` for the next time.
    """
    packages = keep / f"otter-{version('otter-grader')}"
    if not packages.exists():
        install_otter(packages)
    return {
        style: _build(folder / f"image-{style}", packages, environment, style) for style in styles
    }


def install_otter(folder: Path) -> None:
    """Otter of our version and what it needs; what the environment has too goes again."""
    wanted = [f"otter-grader=={version('otter-grader')}", "ipykernel", "nbconvert"]
    command = ["install", "--quiet", "--python-version", "3.11", "--target", folder, *wanted]
    subprocess.run([Path(sys.executable).with_name("uv"), "pip", *command], check=True)
    for name in IN_THE_ENVIRONMENT:
        shutil.rmtree(folder / name, ignore_errors=True)


def _build(context: Path, packages: Path, environment: str, style: Style) -> str:
    tag = f"csc2541-benchmark-otter:{style}"
    write_autograder(context / "autograder", style)
    (context / "Dockerfile").write_text(DOCKERFILE)
    shutil.copytree(packages, context / "otter")
    subprocess.run(
        ["docker", "build", "--quiet", "--network", "none", "--build-arg", f"BASE={environment}",
         "--tag", tag, context],
        check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )  # fmt: skip
    return tag


def remove_images(names: Iterable[str]) -> None:
    """Remove them again: a gigabyte each."""
    subprocess.run(["docker", "image", "rm", *names], check=True, stdout=subprocess.DEVNULL)


def write_autograder(folder: Path, style: Style) -> None:
    """What `otter generate` puts into its zip, with the same expectations as our checks."""
    from otter.generate import main as generate

    with tempfile.TemporaryDirectory() as temporary:
        tests = Path(temporary) / "tests"
        tests.mkdir()
        for name, text in test_files(style).items():
            (tests / name).write_text(text)
        zipped = Path(temporary) / "autograder.zip"
        generate(tests_dir=str(tests), output_path=str(zipped))
        source = folder / "source"
        source.mkdir(parents=True, exist_ok=True)
        subprocess.run(["python3", "-m", "zipfile", "-e", zipped, source], check=True)
    (folder / "run_autograder").write_text(RUN_AUTOGRADER)
    for name in ("submission", "results"):
        (folder / name).mkdir(exist_ok=True)


def test_files(style: Style) -> dict[str, str]:
    """A test file a question, in otter's OK format: each case compares with fixed numbers."""
    names: dict[str, Any] = {}
    exec("\n".join(code_cells(style)[:4]), names)
    for question in QUESTIONS:
        exec(question.answer, names)
    return {
        f"{question.name}.py": _test_file(
            question.name, [_case(names, number, shape) for shape in SHAPES]
        )
        for number, question in enumerate(QUESTIONS)
    }


def _case(names: dict[str, Any], number: int, shape: tuple[tuple[int, ...], int]) -> str:
    widths, examples = shape
    setup = (
        "rng = np.random.default_rng(7)\n"
        "def normal(*shape): return jnp.asarray(rng.normal(size=shape))\n"
        f"widths = {list(widths)}\n"
        "params_ = [(normal(m, n), normal(n)) for m, n in zip(widths, widths[1:])]\n"
        f"X_, y_ = normal({examples}, {widths[0]}), normal({examples})\n"
        "v_ = jax.tree.map(lambda leaf: normal(*leaf.shape), params_)"
    )
    call = (
        "gradient(params_, X_, y_)",
        "hessian_vector_product(params_, v_, X_, y_)",
        "gauss_newton_product(params_, v_, X_)",
        "kernel(params_, X_)",
        "train(params_, X_, y_, 0.01, 0.8, 7)",
    )[number]
    exec(f"{setup}\nanswer = {call}", names)
    found = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(names["answer"])])
    wanted = np.array2string(found, separator=",", threshold=10**6, max_line_width=10**6)
    lines = setup.splitlines()
    lines += [
        f"found = np.concatenate([np.ravel(x) for x in jax.tree.leaves({call})])",
        f"bool(np.allclose(found, {wanted}, rtol=1e-3, atol=1e-3))",
    ]
    return "\n".join(f">>> {line}" for line in lines) + "\nTrue"


def _test_file(name: str, cases: list[str]) -> str:
    told = [{"code": code, "hidden": True, "locked": False, "points": 1} for code in cases]
    suite = {"cases": told, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return (
        f"OK_FORMAT = True\n\ntest = {{'name': {name!r}, 'points': None, 'suites': [{suite!r}]}}\n"
    )


def grade(tag: str, notebooks: Sequence[Path], jobs: int) -> list[float]:
    """Grade as `otter grade` does; the share of points of each."""
    from otter.grade import containers
    from otter.run import AutograderConfig

    containers.build_image = lambda *_: tag
    results = containers.launch_containers(
        "", [str(path) for path in notebooks], jobs, "", tag, AutograderConfig(), network=False
    )
    return [result.total / result.possible for result in results]
