"""The problems of the paper assignment: small, seeded, and the same on every machine.

Each paper's are in a module of their own beside this one. Functions draw their numbers with NumPy in
float64 from `seed` and hand them to JAX, so they are float64 arrays where `jax_enable_x64` is on and
float32 arrays where it is off.
"""

from problems_momentum import key, valley

__all__ = [
    "key",
    "valley",
]
