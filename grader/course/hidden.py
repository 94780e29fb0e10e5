"""Where an assignment keeps its hidden code: `checks.py`, or a folder `checks/` of modules."""

from pathlib import Path

HIDDEN_KINDS = ("checks", "mutants", "alternates")


def hidden_files(folder: Path, *kinds: str) -> tuple[Path, ...]:
    """The hidden modules of these kinds (all kinds without any), in order of their names."""
    return tuple(
        path
        for kind in kinds or HIDDEN_KINDS
        for path in (folder / f"{kind}.py", *sorted((folder / kind).rglob("*.py")))
        if path.is_file()
    )
