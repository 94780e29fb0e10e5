"""Lecture 4: K-FAC: natural gradient with a Kronecker-factored Fisher information per layer.

    W <- W - alpha (A + pi sqrt(lambda) I)^-1 grad_W (G + sqrt(lambda)/pi I)^-1

for every layer's (I, O) weights W, biases last; A and G are running averages of the factors of
mini-batches (`kronecker_factors`). grad_W is that of the mean loss, the factors are those of
single examples' losses. Layers are preconditioned one by one: the approximate Fisher is block
diagonal.

Without damping, the iterates are unaffected by affine changes of any layer's activations or
pre-activations, such as centring and whitening of the inputs, or logistic units for tanh.

    >>> from reference.second_order.kronecker_products import Factors
    >>> optimizer = kfac_optimizer(1.0, damping=1e-12)
    >>> weights, factors = [jnp.ones((2, 1))], [Factors(jnp.eye(2), 4 * jnp.eye(1))]
    >>> steps, state = optimizer.update(weights, optimizer.init(weights), factors=factors)
    >>> print(steps[0].ravel().round(4), state.num_batches)
    [-0.25 -0.25] 1

Source: CSC2541 lecture 4; Martens and Grosse (2015), section 10 for the invariance.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar, Tree, inner_product, plus_multiple
from reference.second_order.kronecker_products import Factors, preconditioned_gradient

FactorsOfLayers = Any  # a tree as the weights are, with Factors in the place of every matrix


def averaged_factors(
    average: FactorsOfLayers, new: FactorsOfLayers, count: Int[Array, ""], *, decay: float = 0.95
) -> FactorsOfLayers:
    """eps_k average + (1 - eps_k) new, eps_k = min(1 - 1/k, decay), with k = `count` from 1 on.

    The plain mean of what has come, until it is as slow as an exponential average with `decay`;
    so it needs no bias correction. Source: Martens and Grosse (2015), section 5.
    """

    def averaged(old: Array, new: Array) -> Array:
        eps = jnp.minimum(1 - 1 / count.astype(old.dtype), decay)
        return eps * old + (1 - eps) * new

    return jax.tree.map(averaged, average, new)


class KfacState(NamedTuple):
    """The averaged factors, and how many batches they come from."""

    num_batches: Int[Array, ""]
    factors: FactorsOfLayers


def kfac_optimizer(
    step_size: Scalar | float, *, damping: Scalar | float, decay: float = 0.95
) -> optax.GradientTransformationExtraArgs:
    """grad_W -> -alpha A^-1 grad_W G^-1 of averaged, then damped, factors, for every layer.

    An optax optimizer of a tree of (I, O) matrices, e.g. a list; `update` takes `factors`, this
    batch's, a tree of the same structure with a `Factors` for every matrix.
    Cost: O(I^3 + O^3) flops a layer for the inverses; they are recomputed at every update.
    """

    def init(params: Tree) -> KfacState:
        def empty(W: Array) -> Factors:
            I, O = W.shape  # noqa: E741
            return Factors(jnp.zeros((I, I), W.dtype), jnp.zeros((O, O), W.dtype))

        return KfacState(jnp.zeros((), jnp.int32), jax.tree.map(empty, params))

    def update(
        gradients: Tree,
        state: KfacState,
        params: Tree | None = None,
        *,
        factors: FactorsOfLayers,
        **extra: Any,
    ) -> tuple[Tree, KfacState]:
        count = state.num_batches + 1
        average = averaged_factors(state.factors, factors, count, decay=decay)
        steps = jax.tree.map(
            lambda V, layer: -step_size * preconditioned_gradient(layer, V, damping=damping),
            gradients,
            average,
        )
        return steps, KfacState(count, average)

    # optax declares the extra arguments as optional, whatever they are.
    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType]


def step_size_and_momentum(
    curvature_product: Callable[[Tree], Tree],
    gradient: Tree,
    direction: Tree,
    previous_step: Tree,
    *,
    damping: Scalar | float,
) -> Float[Array, "2"]:
    """(alpha, mu) minimising M(alpha d + mu v), M(v) = <g, v> + 1/2 <v, (B + lambda I) v>.

    A 2 x 2 system with the exact curvature B, by which K-FAC rescales its step d and adds a
    multiple of the last one, v. mu = 0 where v is 0, at the first step.
    Cost: two products with B. Source: Martens and Grosse (2015), section 7.
    """
    basis = (direction, previous_step)
    products = [plus_multiple(curvature_product(v), damping, v) for v in basis]
    M = jnp.array([[inner_product(v, Bv) for Bv in products] for v in basis])
    slopes = jnp.array([inner_product(gradient, v) for v in basis])
    return -jnp.linalg.pinv(M, hermitian=True) @ slopes
