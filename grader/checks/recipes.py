"""Things that both sides build alike: given objects and functions from a line of source.

Trusted code uses them as what they are; a container gets their recipe, never our object.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.sandbox import values
from grader.sandbox.values import Form


class Recipe:
    """Something made the same way on both sides. `build` makes it here, now."""

    def __init__(self, form: Form, build: Callable[[], Any]) -> None:
        self._form = form
        self._build = build
        self._built: dict[bool, Any] = {}

    def wire_form(self) -> Form:
        """What to send so that the container builds its own."""
        return self._form

    def local(self) -> Any:
        """The thing itself, built once for 64-bit mode and once without."""
        x64 = bool(jax.config.read("jax_enable_x64"))
        if x64 not in self._built:
            self._built[x64] = self._build()
        return self._built[x64]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.local()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self.local(), name)
        if callable(found):
            return Recipe(values.attribute(self, name), lambda: getattr(self.local(), name))
        return data(found)


def given(module: ModuleType, name: str, kwargs: dict[str, Any]) -> Recipe:
    """The object that `module.name(**kwargs)` makes."""
    make = getattr(module, name)
    return Recipe(
        values.given(module.__name__, name, kwargs),
        lambda: make(**localise(kwargs)),
    )


def source(text: str, names: dict[str, Any]) -> Recipe:
    """The function that a line of Python makes; it may use `jax`, `jnp` and `names`."""
    return Recipe(
        values.source(text, names),
        lambda: eval(text, {"jax": jax, "jnp": jnp, **localise(names)}),  # noqa: S307 -- ours
    )


def data(value: Any) -> Any:
    """Arrays of a pytree as numpy arrays; anything else as it is."""
    return jax.tree.map(
        lambda leaf: np.asarray(leaf) if isinstance(leaf, jax.Array) else leaf, value
    )


def localise(value: Any) -> Any:
    """What a container would make of an argument: JAX arrays, and recipes built."""
    if isinstance(value, Recipe):
        return value.local()
    if isinstance(value, tuple):
        return tuple(map(localise, value))
    if isinstance(value, list):
        return [localise(item) for item in value]
    if isinstance(value, dict):
        return {key: localise(item) for key, item in value.items()}
    return jnp.asarray(value) if isinstance(value, np.ndarray | np.generic | jax.Array) else value
