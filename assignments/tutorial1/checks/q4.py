"""Hidden checks of question 4: random weights and mini-batches from a key.

What is random is tested by its properties. Bounds are six standard errors or more, so that a right
answer fails once in 1e8 draws.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from grader.checks import check, expect


def key(inputs: Any, tag: str) -> Any:
    """A random key, made on both sides."""
    return inputs.given("key", seed=inputs.seed(tag))


def layers(network: Any, widths: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """(W, b) of each layer, known to have the right form."""
    found = []
    for number, layer in enumerate(expect(network, "The network").items(len(widths) - 1)):
        expect(layer, f"Layer {number}").is_true(
            lambda layer: isinstance(layer, dict) and set(layer) == {"W", "b"},
            says=f"Layer {number} is no dict with the keys W and b.",
        )
        n, m = widths[number : number + 2]
        W = expect(layer["W"], f"W of layer {number}").array((n, m))
        found.append((W, expect(layer["b"], f"b of layer {number}").array((m,))))
    return found


def correlation(A: np.ndarray, B: np.ndarray) -> float:
    """Of all entries, in standard errors."""
    return float(np.corrcoef(A.ravel(), B.ravel())[0, 1] * A.size**0.5)


@check("q4", points=1, title="Moments of weights and biases")
def moments_of_the_weights(student, inputs):
    widths = (40, 80, 40)
    network = layers(student.init_network(key(inputs, "a"), widths), widths)
    for number, (W, b) in enumerate(network):
        # 3200 entries: standard errors of 1, of 0.025 and of 0.09.
        scaled = W * len(W) ** 0.5
        expect(float(scaled.sum() / W.size**0.5), f"The mean of W of layer {number}").between(
            -7, 7, says=f"The mean of W of layer {number} isn't 0."
        )
        expect(float(np.mean(scaled**2)), f"The variance of W of layer {number}").between(
            0.8, 1.2, says=f"The variance of W of layer {number} isn't 1 / in."
        )
        shape = np.mean(scaled**4) / np.mean(scaled**2) ** 2
        expect(float(shape), f"The distribution of W of layer {number}").between(
            2.4, 3.6, says=f"The entries of W of layer {number} aren't normally distributed."
        )
        expect(b, f"b of layer {number}").close_to(
            np.zeros(len(b)), rtol=0.0, atol=1e-12, why="exactly 0"
        )
    small = (3, 1)
    layers(student.init_network(key(inputs, "b"), small), small)


@check("q4", points=1, title="Layers are independent of each other", x64=False)
def layers_are_independent(student, inputs):
    widths = (30, 30, 30, 30)
    network = layers(student.init_network(key(inputs, "a"), widths), widths)
    for (V, _), (W, _) in combinations(network, 2):
        expect(correlation(V, W), "The correlation of two layers").between(
            -6, 6, says="Two layers of the same shape have weights that are correlated."
        )
    for W, _ in network:
        for one, other in ((W[:, :-1], W[:, 1:]), (W[:-1], W[1:])):
            expect(correlation(one, other), "The correlation within a layer").between(
                -6, 6, says="Weights of one layer are correlated."
            )


@check("q4", points=1, title="The network comes from the key")
def network_comes_from_the_key(student, inputs):
    widths = (20, 30, 20)
    first, again, other = (
        layers(student.init_network(key(inputs, tag), widths), widths) for tag in "aab"
    )
    for (V, _), (W, _), (U, _) in zip(first, again, other, strict=True):
        expect(bool(np.array_equal(V, W)), "The second network").is_true(
            bool, says="The same key gave two different networks."
        )
        expect(correlation(V, U), "The correlation of two networks").between(
            -6, 6, says="Two keys gave networks that are correlated."
        )


@check("q4", points=1, title="Every index at most once")
def indices_at_most_once(student, inputs):
    for n, size in ((24, 6), (26, 6), (9, 9), (5, 1), (7, 4)):
        found = student.epoch_batches(key(inputs, f"{n}"), n, size)
        batches = expect(found, f"The batches of {size} of {n}").array((n // size, size), "i")
        indices = np.sort(batches.ravel())
        expect(indices, f"The indices among {n}").is_true(
            lambda indices: len(set(indices.tolist())) == len(indices),
            says="An index occurs more than once in an epoch.",
        )
        expect(indices, f"The indices among {n}").is_true(
            lambda indices, n=n: set(indices.tolist()) <= set(range(n)),
            says="An index is not one of 0, ..., n - 1.",
        )


@check("q4", points=1, title="The order is random, and comes from the key")
def order_comes_from_the_key(student, inputs):
    def draw(tag: str, n: int, size: int) -> np.ndarray:
        found = student.epoch_batches(key(inputs, tag), n, size)
        return expect(found, f"The batches of {size} of {n}").array((n // size, size), "i")

    first, again, other = (draw(tag, 200, 20) for tag in "aab")
    expect(bool(np.array_equal(first, again)), "The second draw").is_true(
        bool, says="The same key gave two different orders."
    )
    # Of a random order, some two of 200 neighbours differ by 1, and one place is as before.
    neighbours = np.abs(np.diff(first.ravel())) == 1
    expect(float(neighbours.sum()), "The number of neighbours").between(
        0, 20, says="Neighbouring indices stay together, so the order of the examples isn't random."
    )
    expect(float(np.sum(first == other)), "What two keys agree on").between(
        0, 20, says="Two keys gave (nearly) the same order."
    )
    left_out = [set(range(26)) - set(draw(f"{k}", 26, 6).ravel().tolist()) for k in range(8)]
    same = all(one == two for one, two in pairwise(left_out))
    expect(same, "Those left out").is_true(
        lambda same: not same, says="The same examples are left out whatever the key."
    )
