"""Hidden checks of question 4: the logarithm of a sum of exponentials, and the cross-entropy."""

from typing import Any

import numpy as np

from grader.checks import check, expect

SINGLE = "float32 inside gives 1e-6, every known mistake more than 1e-2"


def lse(z: np.ndarray) -> np.ndarray:
    """By pairs, in float64."""
    return np.logaddexp.reduce(np.asarray(z, np.float64), axis=-1)


def cross_entropy(z: np.ndarray, labels: np.ndarray) -> list[Any]:
    """The mean and its gradient, by the formulas of the notebook."""
    z = np.asarray(z, np.float64)
    n = np.arange(len(z))
    gradient = np.exp(z - lse(z)[:, None])
    gradient[n, labels] -= 1
    return [np.mean(lse(z) - z[n, labels]), gradient / len(z)]


def labels_of(inputs: Any, n: int, classes: int) -> np.ndarray:
    """Random labels."""
    return inputs.rng.integers(0, classes, n)


@check("q4", points=2, title="Random logits")
def random_logits(student, inputs):
    z = 2.0 * inputs.normal(3, 4, 5)
    expect(student.log_sum_exp(z), "log_sum_exp").close_to(
        lambda: lse(z), rtol=1e-4, why=SINGLE, points=1
    )
    z, labels = 2.0 * inputs.normal(6, 4), labels_of(inputs, 6, 4)
    expect(student.cross_entropy(z, labels), "(cross-entropy, gradient)").close_to(
        lambda: cross_entropy(z, labels), rtol=1e-4, why=SINGLE, points=1
    )


@check("q4", points=1, title="Logits of a few hundred in float32", x64=False)
def large_logits(student, inputs):
    # A multiple of 1/64 has no rounding in float32.
    z = np.round(64 * inputs.normal(4, 3)) / 64 + np.array([300.0, -300.0, 200.0, -150.0])[:, None]
    expect(student.log_sum_exp(z), "log_sum_exp").close_to(
        lambda: lse(z), rtol=1e-5, why="float32 at 300 gives 1e-7"
    )
    labels = labels_of(inputs, 4, 3)
    expect(student.cross_entropy(z, labels), "(cross-entropy, gradient)").close_to(
        lambda: cross_entropy(z, labels),
        rtol=1e-3,
        atol=1e-3,
        why="the difference of two numbers of about 300: float32 gives 3e-5",
    )


@check("q4", points=1, title="One class, one example, an excluded class, a common constant")
def logits_at_the_edges(student, inputs):
    one = inputs.normal(3, 1)
    expect(student.log_sum_exp(one), "log_sum_exp of one class").close_to(
        lambda: one[:, 0], rtol=1e-5, why="exact but for rounding"
    )
    masked = inputs.normal(2, 4)
    masked[0, 1] = masked[1, 3] = -np.inf
    expect(student.log_sum_exp(masked), "log_sum_exp with an excluded class").close_to(
        lambda: lse(masked), rtol=1e-5, why="float32 gives 1e-7"
    )
    expect(
        student.cross_entropy(one, np.zeros(3, int)), "(cross-entropy, gradient) of one class"
    ).close_to(lambda: [np.zeros(()), np.zeros((3, 1))], rtol=0.0, atol=1e-5, why="exactly 0")
    z, labels = inputs.normal(1, 5), labels_of(inputs, 1, 5)
    found = student.cross_entropy(z + 50.0, labels)
    expect(found, "(cross-entropy, gradient) of one example").close_to(
        lambda: cross_entropy(z, labels),
        rtol=1e-3,
        atol=1e-3,
        why="a common constant changes nothing; float32 gives 1e-5",
    )


@check("q4", points=1, title="float32 logits in 64-bit mode")
def logits_keep_their_dtype(student, inputs):
    z, labels = np.float32(inputs.normal(4, 3)), labels_of(inputs, 4, 3)
    value = expect(student.log_sum_exp(z), "log_sum_exp").array((4,))
    expect(value.itemsize, "Bytes in a number of log_sum_exp").equals(4)
    found = expect(student.cross_entropy(z, labels), "The result").items(2)
    mean = expect(found[0], "The cross-entropy").array(())
    gradient = expect(found[1], "Its gradient").array((4, 3))
    expect(mean.itemsize, "Bytes in the cross-entropy").equals(4)
    expect(gradient.itemsize, "Bytes in a number of its gradient").equals(4)
