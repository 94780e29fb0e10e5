"""What an assignment imports of `reference` is found by reading, whoever imported what before."""

from pathlib import Path

import pytest

from grader.checks.imported import imported_files

FILES = {
    "__init__.py": "",
    "curvature/__init__.py": "from reference.curvature.products import hvp\n",
    "curvature/products.py": "from .trees import dot\nimport numpy\n",
    "curvature/trees.py": "def f():\n    from ..ring import turn\n",
    "ring.py": "import reference.curvature\n",
    "other/__init__.py": "import reference.ring\n",
    "other/far.py": "",
}
CURVATURE = {"__init__.py", *(name for name in FILES if "curvature" in name), "ring.py"}


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    root = tmp_path / "reference"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy, jax.numpy as jnp\nfrom grader.checks import check\n", set()),
        ("from reference.curvature import hvp\n", CURVATURE),
        ("import reference.curvature.products as p\n", CURVATURE),
        ("from reference import curvature, nothing\n", CURVATURE),
        ("def body():\n    from reference import ring\n", CURVATURE),
        ("from reference.other import far\n", {*CURVATURE, "other/__init__.py", "other/far.py"}),
        ("import referenced.curvature\n", set()),
        ("from ....reference import curvature\n", set()),
        ("%matplotlib inline\nimport reference.ring\n", set()),
        ("nul = '\0'\n", set()),
    ],
)
def test_the_files_are_those_that_importing_runs(
    reference: Path, source: str, expected: set[str]
) -> None:
    checks = reference.parent / "assignments" / "toy" / "checks.py"
    checks.parent.mkdir(parents=True)
    checks.write_text(source)
    found = imported_files([checks], reference)
    assert {str(path.relative_to(reference)) for path in found} == expected


def test_nothing_is_found_where_there_is_no_reference(tmp_path: Path) -> None:
    checks = tmp_path / "checks.py"
    checks.write_text("from reference import curvature\n")
    assert not imported_files([checks], tmp_path / "reference")
