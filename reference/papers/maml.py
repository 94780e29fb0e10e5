"""Paper: model-agnostic meta-learning (Finn, Abbeel and Levine, 2017).

One initialisation w serves many tasks. Each adapts it by a few steps of gradient descent on its
support examples and is scored on its query examples; w is trained on the scores:

    u_0 = w,   u_{k+1} = u_k - alpha grad L_support(u_k),   M(w) = mean over tasks of L_query(u_T)

    grad M = mean over tasks of (I - alpha H_0) .. (I - alpha H_{T-1}) grad L_query(u_T)

with H_k the Hessian of L_support at u_k: the last step's factor acts first. The first-order
variant puts I for the product. That isn't the gradient of M, nor in general of any function, but it
needs no second derivatives.

`loss(w, examples)` is that of one task; `support` and `query` are pytrees of examples with the
tasks along the first axis of every leaf.

    >>> loss = lambda w, centre: 3 * (w - centre) ** 2 / 2    # H = 3
    >>> w, centres = jnp.array(0.0), jnp.array([1.0, 2.0])
    >>> print(meta_gradient(loss, w, centres, centres, 0.25, num_steps=1))    # -3 (1/4)^2 1.5
    -0.28125
    >>> print(first_order_meta_gradient(loss, w, centres, centres, 0.25, num_steps=1))
    -1.125

Source: Finn, Abbeel and Levine (2017), algorithm 2 for the supervised form.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from reference.pytrees import Scalar, Tree, plus_multiple

TaskLoss = Callable[[Tree, PyTree], Scalar]


def adapted_parameters(
    loss: TaskLoss, w: Tree, examples: PyTree, step_size: Scalar | float, num_steps: int
) -> Tree:
    """u_T of u_{k+1} = u_k - alpha grad loss(u_k, examples), u_0 = w: one task's parameters.

    No steps leave w. Cost: one gradient a step.
    """

    def adapt(u: Tree, _: None) -> tuple[Tree, None]:
        return plus_multiple(u, -step_size, jax.grad(loss)(u, examples)), None

    return jax.lax.scan(adapt, w, length=num_steps)[0]


def meta_loss(
    loss: TaskLoss,
    w: Tree,
    support: PyTree,
    query: PyTree,
    step_size: Scalar | float,
    num_steps: int,
) -> Scalar:
    """M(w) = mean over tasks of L_query(u_T(w)). Cost: `num_steps` gradients a task."""

    def after_adaptation(support: PyTree, query: PyTree) -> Scalar:
        return loss(adapted_parameters(loss, w, support, step_size, num_steps), query)

    return jnp.mean(jax.vmap(after_adaptation)(support, query))


def meta_gradient(
    loss: TaskLoss,
    w: Tree,
    support: PyTree,
    query: PyTree,
    step_size: Scalar | float,
    num_steps: int,
) -> Tree:
    """grad M(w), through all steps of adaptation: one Hessian-vector product a step and a task.

    Cost: 3 to 4 gradients a step and a task; memory for all iterates.
    Source: Finn et al. (2017), the meta-update.
    """
    return jax.grad(lambda w: meta_loss(loss, w, support, query, step_size, num_steps))(w)


def first_order_meta_gradient(
    loss: TaskLoss,
    w: Tree,
    support: PyTree,
    query: PyTree,
    step_size: Scalar | float,
    num_steps: int,
) -> Tree:
    """Mean over tasks of grad L_query *at* u_T: MAML with every Hessian put to 0 (FOMAML).

    Equal to `meta_gradient` for losses linear in w, or without steps. Differs by O(alpha).
    Cost: `num_steps` + 1 gradients a task; memory of one iterate.
    Source: Finn et al. (2017), the first-order approximation.
    """

    def query_gradient(support: PyTree, query: PyTree) -> Tree:
        return jax.grad(loss)(adapted_parameters(loss, w, support, step_size, num_steps), query)

    return jax.tree.map(_mean_over_tasks, jax.vmap(query_gradient)(support, query))


def meta_descent_iterates(
    loss: TaskLoss,
    w_0: Tree,
    support: PyTree,
    query: PyTree,
    step_size: Scalar | float,
    num_steps: int,
    *,
    meta_step_size: Scalar | float,
    num_meta_steps: int,
) -> Tree:
    """w_{j+1} = w_j - beta grad M(w_j), j = 0 .. num_meta_steps, along a new first axis.

    beta is `meta_step_size`; every meta-step sees all tasks. Cost: a `meta_gradient` each.
    """

    def advance(w: Tree, _: None) -> tuple[Tree, Tree]:
        gradient = meta_gradient(loss, w, support, query, step_size, num_steps)
        w = plus_multiple(w, -meta_step_size, gradient)
        return w, w

    _, iterates = jax.lax.scan(advance, w_0, length=num_meta_steps)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)


def _mean_over_tasks(leaf: Array) -> Array:
    return jnp.mean(leaf, axis=0)
