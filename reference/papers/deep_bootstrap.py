"""Paper: "The deep bootstrap framework" (Nakkiran, Neyshabur and Sedghi 2021).

Test error is split by comparing with a run that never sees an example twice:

    test(real_k) = test(ideal_k) + [test(real_k) - test(ideal_k)]

Both runs share the start, the optimizer and the batch size. The real world draws its batches from
one training set of N, again and again; the ideal world draws fresh ones, so its test error is
that of online learning. The bracket is the bootstrap gap, small for as long as the real run has
not fitted its training set: what is left then is how fast one optimizes online.

`real_and_ideal_errors` is the experiment, with any model and optimizer. For SGD on linear
regression with inputs x ~ N(0, C) and targets x^T w* + sigma N(0, 1) both worlds are known
exactly: by `reference.stochastic_optimization.interpolation` given the training set, and by the
fourth moments of a Gaussian, E[x x^T S x x^T] = 2 C S C + tr(C S) C, for fresh examples.

Risks are E 1/2 (x^T w - t)^2 less the noise, that is 1/2 (w - w*)^T C (w - w*). Errors of the
experiment are what `test_error` says.

    >>> risks = ideal_world_risks(jnp.eye(1), jnp.ones(1), jnp.zeros(1), 0.0, 0.5, 1.0, num_steps=2)
    >>> print(risks)      # a step multiplies E(w - w*)^2 by E(1 - x^2/2)^2 = 3/4
    [0.5     0.375   0.28125]

Source: Nakkiran, Neyshabur and Sedghi (2021).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar, Tree
from reference.stochastic_optimization.interpolation import expected_sgd_second_moments

# --- The experiment ------------------------------------------------------------------------------


class TwoWorlds(NamedTuple):
    """Test errors after k = 0 .. num_steps steps, from one start."""

    real: Float[Array, " T"]
    ideal: Float[Array, " T"]

    @property
    def bootstrap_gap(self) -> Float[Array, " T"]:
        """Real less ideal; zero at k = 0."""
        return self.real - self.ideal


def real_and_ideal_errors(
    key: Key[Array, ""],
    draw_examples: Callable[[Key[Array, ""], int], Tree],
    loss: Callable[[Tree, Tree], Scalar],
    test_error: Callable[[Tree], Scalar],
    optimizer: optax.GradientTransformation,
    w_0: Tree,
    *,
    num_examples: int,
    batch_size: int,
    num_steps: int,
) -> TwoWorlds:
    """Test errors of the same training on a set of `num_examples` and on fresh examples.

    `draw_examples(key, n)` gives a batch of n from the distribution, `loss(w, batch)` is the
    mean over a batch. The real world's batches are drawn with replacement.
    Cost: two gradients of a batch, and two test errors, a step.
    """
    key_of_set, key_of_batches = jax.random.split(key)
    training_set = draw_examples(key_of_set, num_examples)

    def reused(key: Array) -> Tree:
        chosen = jax.random.randint(key, (batch_size,), 0, num_examples)
        return jax.tree.map(lambda leaf: leaf[chosen], training_set)

    def fresh(key: Array) -> Tree:
        return draw_examples(key, batch_size)

    def errors(batch: Callable[[Array], Tree]) -> Float[Array, " T"]:
        def advance(carry: tuple[Tree, optax.OptState], key: Array) -> tuple[tuple, Scalar]:
            w, state = carry
            updates, state = optimizer.update(jax.grad(loss)(w, batch(key)), state, w)
            w = optax.apply_updates(w, updates)
            return (w, state), test_error(w)

        keys = jax.random.split(key_of_batches, num_steps)
        _, found = jax.lax.scan(advance, (w_0, optimizer.init(w_0)), keys)
        return jnp.concatenate([test_error(w_0)[None], found])

    return TwoWorlds(errors(reused), errors(fresh))


# --- Exactly, for linear regression --------------------------------------------------------------


def real_world_risks(
    inputs: Float[Array, "N D"],
    targets: Float[Array, " N"],
    covariance: Float[Array, "D D"],
    w_true: Float[Array, " D"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    batch_size: Scalar | float,
    num_steps: int,
) -> Float[Array, " T"]:
    """E 1/2 (w_k - w*)^T C (w_k - w*) over the draws of batches from this training set.

    Cost: O(N D^2) a step.
    """
    U = expected_sgd_second_moments(inputs, targets, w_0, step_size, batch_size, num_steps)
    # w - w* = [I, -w*] (w, 1)
    to_error = jnp.concatenate([jnp.eye(len(w_true), dtype=U.dtype), -w_true[:, None]], axis=1)
    return jnp.einsum("ij,id,tde,je->t", covariance, to_error, U, to_error) / 2


def ideal_world_risks(
    covariance: Float[Array, "D D"],
    w_true: Float[Array, " D"],
    w_0: Float[Array, " D"],
    noise_std: Scalar | float,
    step_size: Scalar | float,
    batch_size: Scalar | float,
    num_steps: int,
) -> Float[Array, " T"]:
    """E 1/2 (w_k - w*)^T C (w_k - w*) over fresh Gaussian examples, k = 0 .. num_steps.

    The covariance S of the error goes to
    (I - alpha C) S (I - alpha C) + (alpha^2 / B) (C S C + tr(C S) C + sigma^2 C).
    Cost: O(D^3) a step.
    """
    C, M = covariance, jnp.eye(len(w_0), dtype=w_0.dtype) - step_size * covariance

    def advance(S: Array, _: None) -> tuple[Array, Scalar]:
        noise = C @ S @ C + (jnp.trace(C @ S) + noise_std**2) * C
        S = M @ S @ M + step_size**2 / batch_size * noise
        return S, jnp.trace(C @ S) / 2

    S_0 = jnp.outer(w_0 - w_true, w_0 - w_true)
    _, risks = jax.lax.scan(advance, S_0, length=num_steps)
    return jnp.concatenate([jnp.trace(C @ S_0)[None] / 2, risks])
