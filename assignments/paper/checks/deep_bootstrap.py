"""Hidden checks of question 1 for Nakkiran et al.: the decomposition, and both worlds exactly."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.papers import deep_bootstrap as paper

CHOICE = {"PAPER": "deep_bootstrap"}
EXACT = "a linear recursion of a few stable steps: float64 gives about 1e-14"


@check("q1", points=9, title="Deep bootstrap: ideal-world error and gap", where=CHOICE)
def deep_bootstrap_decomposition(student, inputs):
    steps, size = 6, 3
    task = inputs.given(
        "bootstrap_task",
        features=3,
        units=5,
        classes=3,
        train=4,
        fresh=steps * size + 5,
        test=40,
        seed=inputs.seed("task"),
    )
    batches = inputs.rng.integers(0, 4, (steps, size))
    found = student.decomposed_errors(
        task.loss, task.test_loss, task.w_0, task.train, batches, task.fresh, 0.6
    )
    ideal, gap = expect(found, "The decomposition").items(2)
    for value, what, index, points in (
        (ideal, "The ideal world's error", 0, 4),
        (gap, "The bootstrap gap", 1, 5),
    ):
        expect(value, what).close_to(
            lambda index=index: _decomposed(task, batches, 0.6)[index],
            rtol=1e-4,
            why="six steps: float32 inside gives some 1e-6, known mistakes more than 1e-2",
            points=points,
        )


def _decomposed(task, batches, step_size):
    # `real_and_ideal_errors` of the reference draws its batches itself; these ones are given.
    slope, error = jax.jit(jax.grad(task.loss.local())), jax.jit(task.test_loss.local())

    def errors(examples, order):
        w = jax.tree.map(jnp.asarray, task.w_0)
        found = [error(w)]
        for chosen in order:
            g = slope(w, {name: jnp.asarray(leaf[chosen]) for name, leaf in examples.items()})
            w = jax.tree.map(lambda p, d: p - step_size * d, w, g)
            found.append(error(w))
        return np.array(found)

    ideal = errors(task.fresh, np.arange(batches.size).reshape(batches.shape))
    return ideal, errors(task.train, batches) - ideal


@check("q1", points=9, title="Deep bootstrap: the ideal world, exactly", where=CHOICE)
def deep_bootstrap_ideal_world(student, inputs):
    for what, size, batch_size, points in (("many features", 5, 3, 6), ("one feature", 1, 1, 3)):
        C = inputs.spd(np.geomspace(0.2, 1.5, size)[::-1])
        w_true, w_0 = inputs.normal(size), inputs.normal(size)
        w_0 += 2 * np.sign(w_0 - w_true)  # not too near
        rest = inputs.rng.uniform(0.5, 0.8), 0.4 / (1 + size / batch_size), batch_size, 12
        expect(student.ideal_risks(C, w_true, w_0, *rest), f"The risk, {what},").close_to(
            lambda a=(C, w_true, w_0, *rest): np.asarray(paper.ideal_world_risks(*a)),
            rtol=1e-9,
            why=EXACT,
            points=points,
        )


@check("q1", points=9, title="Deep bootstrap: the real world, exactly", where=CHOICE)
def deep_bootstrap_real_world(student, inputs):
    D = 4
    C = inputs.spd([1.5, 1.0, 0.6, 0.3])
    w_true, w_0 = inputs.normal(D), inputs.normal(D)
    w_0 += 2 * np.sign(w_0 - w_true)
    root = np.linalg.cholesky(C)
    for what, examples, batch_size, points in (
        ("batches from a set of three", 3, 2, 4),
        ("batches of one from a set of ten", 10, 1, 3),
        ("a set of one", 1, 4, 2),
    ):
        X = inputs.normal(examples, D) @ root.T
        X /= np.maximum(1, np.linalg.norm(X, axis=1, keepdims=True) / 2)  # for stability
        t = X @ w_true + 0.7 * inputs.normal(examples)
        arguments = X, t, C, w_true, w_0, 0.2, batch_size, 15
        expect(student.real_risks(*arguments), f"The risk, {what},").close_to(
            lambda a=arguments: np.asarray(paper.real_world_risks(*a)),
            rtol=1e-9,
            why=EXACT,
            points=points,
        )


@check("q1", points=3, title="Deep bootstrap: the soft error", where=CHOICE, x64=False)
def deep_bootstrap_soft_error(student, inputs):
    labels = inputs.rng.integers(0, 4, 9)
    logits = 2 * inputs.normal(9, 4)
    expect(student.soft_error(logits, labels), "The soft error").close_to(
        lambda: _soft_error(logits, labels), rtol=1e-4, why="float32: about 1e-7", points=1
    )
    sure = 30 * np.eye(4)[labels] + inputs.normal(9, 4) + inputs.uniform(200, 400, 9, 1)
    expect(student.soft_error(sure, labels), "The soft error of a sure classifier").close_to(
        lambda: _soft_error(sure, labels),
        rtol=1e-3,
        why="logits of some 300 in float32 are right to 3e-5; 1 - p has no digit",
        points=2,
    )


def _soft_error(logits, labels):
    # The others' odds against the right class: a sum of small numbers, none of them near 1.
    away = logits - logits[np.arange(len(labels)), labels][:, None]
    odds = np.array([np.sum(np.exp(np.delete(a, y))) for a, y in zip(away, labels, strict=True)])
    return np.mean(odds / (1 + odds))
