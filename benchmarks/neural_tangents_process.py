"""Times neural-tangents for `peers.py`, under an interpreter of its own, one call at a time.

Every line of standard input is a request in JSON. Settings with inputs are answered by the kernel
and the versions; null by the seconds that one more call with the last settings took.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import neural_tangents as nt  # pyright: ignore[reportMissingImports]
from neural_tangents import stax  # pyright: ignore[reportMissingImports]

NONLINEARITIES = {"relu": stax.Relu, "erf": stax.Erf}


def main() -> None:
    """Answer until the input ends."""
    program, inputs = None, None
    for line in sys.stdin:
        settings = json.loads(line)
        if settings is not None:
            program = jax.jit(kernel(settings))
            inputs = jnp.array(settings["inputs"], jnp.float32)
            answer = {"kernel": program(inputs).tolist(), "version": nt.__version__}
            answer["jax"] = jax.__version__
        else:
            assert program, "settings come first"
            program(inputs).block_until_ready()
            start = time.perf_counter()
            program(inputs).block_until_ready()
            answer = time.perf_counter() - start
        print(json.dumps(answer), flush=True)


def kernel(settings: dict) -> Callable[[Any], Any]:
    """The closed form as a function of the inputs."""
    stds = {"W_std": settings["weight_std"], "b_std": settings["bias_std"]}
    nonlinearity = NONLINEARITIES[settings["nonlinearity"]]
    hidden = (stax.Dense(1, **stds), nonlinearity())  # widths leave the limit as it is
    kernel_fn = stax.serial(*(hidden * settings["num_hidden"]), stax.Dense(1, **stds))[2]
    return lambda inputs: kernel_fn(inputs, None, "ntk")


if __name__ == "__main__":
    main()
