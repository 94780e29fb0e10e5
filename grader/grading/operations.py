"""Which of the programs that JAX compiled are single operations of JAX, or of the given module."""

import re
from collections.abc import Iterable

import jax
from jax.extend.random import threefry_prng_impl

MODULES_OF_JAX = (jax.numpy, jax.numpy.linalg, jax.lax, jax.random, jax.nn)
# What its random keys are made with.
OF_KEYS = frozenset(
    function.__name__
    for function in (
        threefry_prng_impl.seed,
        threefry_prng_impl.split,
        threefry_prng_impl.random_bits,
        threefry_prng_impl.fold_in,
    )
)
# Operations of JAX too, but what they compile holds a function of the solution's.
HOLD_A_FUNCTION = frozenset(
    "apply_along_axis apply_over_axes associative_scan cond custom_linear_solve custom_root "
    "fori_loop frompyfunc fromfunction map piecewise platform_dependent reduce reduce_window "
    "scan select_and_scatter switch vectorize while while_loop".split()
)

DEFINED = re.compile(r"\bdef\s+(\w+)")
# A call of `jit`, not a decorator of a function that is defined there.
JIT = re.compile(r"(?<!@)(?<!@jax\.)\bjit\(")
NAME = re.compile(r"[A-Za-z_]\w*")
# So many characters after it are taken for its first argument.
FAR = 200


def is_single_operation(entry: str, given_names: set[str], own_names: set[str]) -> bool:
    """Whether a cache entry, `jit_<name>-<hash>-cache`, is an operation of JAX or given code.

    A name that the solution gives to a function of its own, such as `gradient`, may be either's.
    """
    module, _, rest = entry.removeprefix("jit_").partition("-")
    name = module.strip("_")
    if not rest.endswith("-cache") or name in {own.strip("_") for own in own_names}:
        return False
    known = name in OF_KEYS or any(hasattr(where, name) for where in MODULES_OF_JAX)
    return (known and name not in HOLD_A_FUNCTION) or module in given_names


def functions_in(sources: Iterable[str]) -> set[str]:
    """The names of all functions that these cells define, or hand to `jit`.

    What is compiled for `jax.jit(jax.hessian(loss))` is named after `loss`, too.
    """
    found: set[str] = set()
    for source in sources:
        found.update(DEFINED.findall(source))
        for begin in JIT.finditer(source):
            found.update(NAME.findall(source[begin.end() : begin.end() + FAR]))
    return found
