"""Plausible mistakes in every module, a file a module, laid out as `reference/` is."""

from typing import NamedTuple


class Mistake(NamedTuple):
    """The one place where `right` stands in the module's source reads `wrong` instead.

    `caught_by` names the test, in the module's own test file, that must fail on it.
    """

    what: str
    right: str
    wrong: str
    caught_by: str
