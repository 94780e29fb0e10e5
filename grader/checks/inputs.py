"""Hidden inputs: random, the same for a whole batch, new in each course run.

The seed is HMAC-SHA256(course secret, assignment, check, version). Nobody without the secret
can tell the inputs; with it, anybody can make them again.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import jax
import numpy as np

from grader.checks import recipes
from grader.checks.programs import Program, export_here


def seed_of(secret: bytes, *names: str) -> int:
    """63 bits from the course's secret and what the inputs are for."""
    message = "\0".join(names).encode()
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) >> 1


class Inputs:
    """One check's hidden randomness. Arrays are numpy float64."""

    def __init__(self, seed: int, module: ModuleType | None) -> None:
        self._seed = seed
        self._module = module
        self.rng = np.random.default_rng(seed)

    def seed(self, tag: str) -> int:
        """A seed of 31 bits for something with randomness of its own."""
        digest = hashlib.sha256(f"{self._seed}:{tag}".encode()).digest()
        return int.from_bytes(digest[:4]) >> 1

    def normal(self, *shape: int) -> np.ndarray:
        """Independent standard normal numbers."""
        return self.rng.standard_normal(shape)

    def uniform(self, low: float, high: float, *shape: int) -> np.ndarray:
        """Independent numbers uniform in [low, high)."""
        return self.rng.uniform(low, high, shape)

    def orthogonal(self, size: int) -> np.ndarray:
        """A random orthogonal matrix, (size, size), uniform over all of them.

        QR of a Gaussian with R's diagonal made positive (Mezzadri 2007, section 5).
        """
        q, r = np.linalg.qr(self.normal(size, size))
        return q * np.sign(np.diag(r))

    def spd(self, eigenvalues: Sequence[float] | np.ndarray) -> np.ndarray:
        """A symmetric matrix with these eigenvalues and random eigenvectors."""
        q = self.orthogonal(len(eigenvalues))
        matrix = (q * np.asarray(eigenvalues, float)) @ q.T
        return (matrix + matrix.T) / 2

    def direction(self, tree: Any) -> Any:
        """A random pytree of `tree`'s structure and shapes with Euclidean norm 1."""
        random = jax.tree.map(lambda leaf: self.normal(*np.shape(leaf)), tree)
        norm = np.sqrt(sum(float(np.sum(leaf**2)) for leaf in jax.tree.leaves(random)))
        return jax.tree.map(lambda leaf: leaf / norm, random)

    def given(self, name: str, **kwargs: Any) -> recipes.Recipe:
        """What the given module's function `name` makes, on both sides."""
        if self._module is None:
            raise ValueError("this assignment has no given module")
        return recipes.given(self._module, name, kwargs)

    def source(self, text: str, **names: Any) -> recipes.Recipe:
        """A function from a line of source, on both sides; it may use `jax`, `jnp` and `names`."""
        return recipes.source(text, names)

    def program(self, function: Callable[..., Any], *args: Any) -> Program:
        """One of our own functions as an exported program: what a cost is measured against."""
        return Program(export_here(function, args, {}), args)
