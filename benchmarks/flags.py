"""What compiling at half the cost does to programs: the first call, and how long each takes.

    python benchmarks/flags.py [--rounds N]

With XLA's defaults and with the flags of `environments/runner/flags.py`, in turns, on one core.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SECONDS = 1.0

Pairs = dict[str, tuple[float, float]]


def programs() -> Iterator[tuple[str, Callable[..., Any], Any]]:
    """Programs as a course has them: a name, a function, its argument."""
    import jax
    import jax.numpy as jnp

    key = jax.random.key(0)
    wide = jax.random.normal(key, (1000, 1000))

    def parameters(sizes: list[int]) -> list[tuple[jax.Array, jax.Array]]:
        keys = jax.random.split(key, len(sizes))
        pairs = zip(keys, sizes, sizes[1:], strict=False)
        return [(jax.random.normal(k, (m, n)) / m**0.5, jnp.zeros(n)) for k, m, n in pairs]

    def network(p: Any, x: jax.Array) -> jax.Array:
        for W, b in p[:-1]:
            x = jnp.tanh(x @ W + b)
        W, b = p[-1]
        return x @ W + b

    def sgd(loss: Callable[[Any], jax.Array], rate: float) -> Callable[[Any], Any]:
        return lambda p: jax.tree.map(lambda w, g: w - rate * g, p, jax.grad(loss)(p))

    images, few = jax.random.normal(key, (512, 784)), jax.random.normal(key, (64, 2))
    labels = jax.nn.one_hot(jnp.arange(512) % 10, 10)
    step = sgd(lambda p: -jnp.mean(jax.nn.log_softmax(network(p, images)) * labels), 0.1)
    yield "a training step, 784-256-128-10", step, parameters([784, 256, 128, 10])
    small = sgd(lambda p: jnp.mean(network(p, few) ** 2), 0.01)
    yield (
        "500 steps of 2-32-32-1 in a scan",
        lambda p: jax.lax.scan(lambda w, _: (small(w), None), p, None, length=500)[0],
        parameters([2, 32, 32, 1]),
    )
    yield "elementwise, a million", lambda x: jnp.tanh(x) * jnp.exp(-(x**2)) + jnp.sin(x), wide
    yield "matrix product of 1000", lambda x: x @ x, wide
    yield "sums of a million", lambda x: jnp.sum(x * x, axis=0), wide
    yield "softmax of a million", jax.nn.softmax, wide
    yield "a million normal numbers", lambda k: jax.random.normal(k, (1000, 1000)), key
    yield "eigenvalues of 200", lambda x: jnp.linalg.eigvalsh(x[:200, :200]), wide
    inputs = jax.random.normal(key, (300, 2))

    def kernel(p: Any) -> jax.Array:
        jacobians = jax.jacrev(lambda q: network(q, inputs)[:, 0])(p)
        J = jnp.concatenate([leaf.reshape(300, -1) for leaf in jax.tree.leaves(jacobians)], 1)
        return J @ J.T

    yield "a tangent kernel of 300", kernel, parameters([2, 32, 32, 1])


def measure() -> Pairs:
    """Seconds of the first call and of each later one, by program."""
    import jax

    found: Pairs = {}
    for name, function, argument in programs():
        compiled = jax.jit(function)
        started = time.monotonic()
        jax.block_until_ready(compiled(argument))
        first, calls, started = time.monotonic() - started, 0, time.monotonic()
        while time.monotonic() - started < SECONDS:
            jax.block_until_ready(compiled(argument))
            calls += 1
        found[name] = (first, (time.monotonic() - started) / calls)
    return found


def measured(flags: str) -> Pairs:
    """The same in a process of its own, with these flags, on one core."""
    core = str(min(os.sched_getaffinity(0)))
    ended = subprocess.run(
        ["taskset", "-c", core, sys.executable, __file__, "--measure"],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
    )
    return json.loads(ended.stdout)


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description="What compiling at half the cost does.")
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        json.dump(measure(), sys.stdout)
        return
    sys.path.insert(0, str(ROOT / "environments"))
    from runner.flags import FLAGS

    rounds = [(measured(""), measured(FLAGS)) for _ in range(options.rounds)]
    print(f"{'':34}{'first call, s':>22}{'each, ms':>22}")
    print(f"{'':34}{'XLA':>8}{'ours':>7}{'times':>7}{'XLA':>8}{'ours':>7}{'times':>7}")
    for name in rounds[0][0]:
        line = f"{name:34}"
        for part, scale in ((0, 1.0), (1, 1e3)):
            theirs = statistics.median(one[name][part] for one, _ in rounds) * scale
            ours = statistics.median(one[name][part] for _, one in rounds) * scale
            line += f"{theirs:8.2f}{ours:7.2f}{ours / theirs:7.2f}"
        print(line)


if __name__ == "__main__":
    main()
