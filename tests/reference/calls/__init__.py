"""Example calls of every public function, a file a module, laid out as `reference/` is."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Call(NamedTuple):
    """One call. Arguments made of NumPy arrays are the program's inputs, the others are fixed.

    `jax.random.key` stands for a key. A function that isn't a program of arrays (it returns an
    optimizer, or takes one) is `covered` by the call of a local function that uses it.
    `not_batched` says why `vmap` over all array arguments has no meaning.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    options: Mapping[str, Any] = MappingProxyType({})
    covered: tuple[Callable[..., Any], ...] = ()
    not_batched: str = ""
