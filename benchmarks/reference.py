"""What the matrix-free methods of `reference/` cost, as ratios measured in one run.

    python benchmarks/reference.py [--neural-tangents PYTHON]

FLOPs and temporary bytes are XLA's counts for this machine's CPU, the same in every run. Times are
the least of several, taken in turns; only their ratios mean something.
"""

import argparse
import platform
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax

# Python puts this script's folder first, where the script itself is called `reference`.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.peers import beside_peers
from benchmarks.timing import clock, least_seconds, ratio
from reference import problems, taylor
from reference.bilevel_optimization.implicit import implicit_hypergradient
from reference.infinite_limits import empirical_kernel
from reference.pytrees import as_vector, inner_product
from reference.second_order import kfac, kronecker_factors
from reference.second_order.kronecker_products import preconditioned_gradient

EXAMPLES = 64


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description="Costs of the reference's methods, as ratios.")
    parser.add_argument(
        "--neural-tangents",
        metavar="PYTHON",
        help="an interpreter that has neural-tangents, to time its kernels",
    )
    options = parser.parse_args()
    print(f"{platform.machine()}, jax {jax.__version__}, float32\n")
    vector_products()
    memory_of_products()
    tangent_kernels()
    kfac_steps()
    beside_peers(options.neural_tangents)


def vector_products() -> None:
    """HVP and GNVP in FLOPs of a gradient."""
    print("FLOPs / gradient                  HVP   GNVP   widths")
    for widths in [(20, 64, 10), (20, 256, 256, 10), (784, 500, 250, 10)]:
        w, loss, hvp, gnvp = programs(widths)
        gradient = flops(jax.grad(loss), w)
        print(
            f"{'':30} {flops(hvp, w, w) / gradient:6.2f} {flops(gnvp, w, w) / gradient:6.2f}"
            f"   {'-'.join(map(str, widths))}"
        )


def memory_of_products() -> None:
    """Temporary bytes a parameter, at growing sizes: flat where memory is linear in P."""
    print("\ntemporary bytes / parameter")
    print(f"{'P':>10} {'HVP':>8} {'GNVP':>8} {'CG':>8} {'hypergradient':>14} {'K-FAC solve':>12}")
    for width in (128, 256, 512, 1024):
        widths = (32, width, width, 10)
        w, loss, hvp, gnvp = programs(widths)
        size = len(as_vector(w))

        def solution(w: Any, v: Any, gnvp: Any = gnvp) -> Any:
            return taylor.conjugate_gradient(
                lambda v: jax.tree.map(lambda Gv, v: Gv + v, gnvp(w, v), v),
                v,
                tolerance=1e-3,
                max_steps=10,
            ).solution

        def hypergradient(w: Any, theta: Any, loss: Any = loss) -> Any:
            return implicit_hypergradient(
                lambda w, theta: loss(w) + theta * inner_product(w, w),
                lambda w, theta: loss(w),
                w,
                theta,
                tolerance=1e-3,
                max_steps=10,
            ).hypergradient

        matrices = [jnp.ones((i + 1, o)) for i, o in pairwise(widths)]
        factors = [
            kronecker_factors.Factors(jnp.eye(len(W)), jnp.eye(W.shape[1])) for W in matrices
        ]

        def solved(matrices: Any, factors: Any) -> Any:
            return [
                preconditioned_gradient(f, W, damping=0.1)
                for W, f in zip(matrices, factors, strict=True)
            ]

        bytes_of = [
            temporary_bytes(hvp, w, w),
            temporary_bytes(gnvp, w, w),
            temporary_bytes(solution, w, w),
            temporary_bytes(hypergradient, w, jnp.float32(0.1)),
            temporary_bytes(solved, matrices, factors),
        ]
        ratios = [count / size for count in bytes_of]
        print("{:10} {:8.1f} {:8.1f} {:8.1f} {:14.1f} {:12.1f}".format(size, *ratios))


def tangent_kernels() -> None:
    """The layerwise kernel in units of the dense Jacobian's contraction.

    Few examples leave the passes through the network, which both ways need, and what any call
    costs: a call that does nothing is timed beside them.
    """
    print("\nempirical NTK / dense            time  FLOPs  empty call   examples, outputs, widths")
    for examples, outputs, width in [
        *[(EXAMPLES, outputs, width) for outputs in (1, 10) for width in (64, 256)],
        *[(examples, 1, 64) for examples in (16, 256)],
    ]:
        widths = (20, width, width, outputs)
        w = problems.perceptron_parameters(jax.random.key(0), widths, jnp.float32)
        inputs = jax.random.normal(jax.random.key(1), (examples, widths[0]))
        counts = flops(layerwise, w, inputs) / flops(dense, w, inputs)
        cheap, dear, empty = least_seconds(
            *[clock(function, w, inputs) for function in (layerwise, dense, nothing)]
        )
        print(
            f"{'':30} {cheap / dear:6.3f} {counts:6.3f} {empty / dear:11.3f}"
            f"   {examples}, {outputs}, {width}-{width}"
        )


def layerwise(w: Any, inputs: Any) -> Any:
    """The empirical NTK, as fast as we know."""
    return empirical_kernel.tangent_kernel(w, inputs, phi=jnp.tanh)


def dense(w: Any, inputs: Any) -> Any:
    """The same by Jacobians."""
    return empirical_kernel.dense_tangent_kernel(problems.perceptron_outputs, w, inputs)


def nothing(w: Any, inputs: Any) -> Any:
    """A number of every argument, or they would not be passed."""
    return sum(leaf[..., 0].ravel()[0] for leaf in jax.tree.leaves((w, inputs)))


def kfac_steps() -> None:
    """A K-FAC step, factors and all, in times of an Adam step.

    On a busy machine the threads of its factorisations wait for one another, ten times as long:
    OPENBLAS_NUM_THREADS=1 says what the step itself costs.
    """
    print("\nK-FAC step, time / Adam step    ratio   widths")
    for widths in [(20, 64, 10), (20, 256, 256, 10), (784, 500, 250, 10)]:
        keys = jax.random.split(jax.random.key(0), len(widths))
        weights = [
            jax.random.normal(key, (i + 1, o)) / i**0.5
            for key, i, o in zip(keys, widths[:-1], widths[1:], strict=False)
        ]
        inputs = jax.random.normal(keys[-1], (EXAMPLES, widths[0]))
        slow, fast = kfac.kfac_optimizer(0.1, damping=0.1), optax.adam(1e-3)

        def loss(weights: Any, inputs: Any) -> Any:
            outputs, _ = kronecker_factors.tapped_perceptron(weights, inputs, [0.0] * len(weights))
            return -jnp.mean(jax.nn.log_softmax(outputs)[:, 0])

        def adam_step(weights: Any, state: Any, inputs: Any, fast: Any = fast) -> Any:
            steps, state = fast.update(jax.grad(loss)(weights, inputs), state)
            return optax.apply_updates(weights, steps), state

        def kfac_step(weights: Any, state: Any, inputs: Any, slow: Any = slow) -> Any:
            factors = kronecker_factors.sampled_factors(
                jax.random.key(0),
                kronecker_factors.tapped_perceptron,
                weights,
                inputs,
                likelihood=kronecker_factors.Likelihood.CATEGORICAL,
            )
            gradients = jax.grad(loss)(weights, inputs)
            steps, state = slow.update(gradients, state, factors=factors)
            return optax.apply_updates(weights, steps), state

        times = ratio(
            clock(kfac_step, weights, slow.init(weights), inputs),
            clock(adam_step, weights, fast.init(weights), inputs),
        )
        print(f"{'':29} {times:7.1f}   {'-'.join(map(str, widths))}")


def programs(widths: tuple[int, ...]) -> tuple[Any, Callable, Callable, Callable]:
    """Parameters, and the loss, HVP and GNVP of a perceptron."""
    w = problems.perceptron_parameters(jax.random.key(0), widths, jnp.float32)
    inputs = jax.random.normal(jax.random.key(1), (EXAMPLES, widths[0]))

    def network(w: Any) -> Any:
        return problems.perceptron_outputs(w, inputs)

    def half_square(z: Any) -> Any:
        return jnp.mean(jnp.sum(z**2, axis=1)) / 2

    def loss(w: Any) -> Any:
        return half_square(network(w))

    return (
        w,
        loss,
        lambda w, v: taylor.hessian_vector_product(loss, w, v),
        lambda w, v: taylor.gauss_newton_vector_product(network, half_square, w, v),
    )


def flops(function: Callable, *arguments: Any) -> float:
    """XLA's count for one call."""
    costs = jax.jit(function).lower(*arguments).compile().cost_analysis()
    assert costs
    return costs["flops"]


def temporary_bytes(function: Callable, *arguments: Any) -> int:
    """XLA's temporary memory for one call."""
    memory = jax.jit(function).lower(*arguments).compile().memory_analysis()
    assert memory
    return memory.temp_size_in_bytes


if __name__ == "__main__":
    main()
