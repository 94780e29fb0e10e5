"""The table of threats: every numbered case, what must happen, and the tests that show it.

A case that has several parts has several lines of its number.
"""

from tests.threats.cases import (
    files,
    harness,
    network,
    notebooks,
    operations,
    resources,
    results,
    web,
)

PARTS = (resources, files, harness, results, network, notebooks, web, operations)
TABLE = tuple(line for part in PARTS for line in part.CASES)
NODES = tuple(dict.fromkeys(node for line in TABLE for node in line.tests))


def stands_for(node: str, collected: str) -> bool:
    """Whether a node of the table is, or covers, a test that pytest has collected."""
    return collected == node or collected.startswith((f"{node}[", f"{node}::"))
