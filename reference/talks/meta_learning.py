"""Talk: names in meta-learning, each by the one formula that can be tested.

    hypernetwork                  w = A^T e + b,    dL/dA = e (dL/dw)^T,    dL/db = dL/dw
    warped gradient descent       theta <- theta - alpha D^T grad L(w),    D = dw/dtheta:
                                  w moves by -alpha D D^T grad L(w), to first order
    adaptive risk minimisation    predictions from x and the mean of features over the batch
    symmetries by weight sharing  vec W = U v, equivariant if U projects onto the maps that
                                  commute with a group

KD counts the entries of a matrix of K by D, E those of an embedding, G groups or elements of one.

What they share: a map from what adapts to what computes, learned over many tasks, acts on gradients
as the preconditioner D D^T. Shared weights are a linear warp, w = U v.

    >>> warp = lambda theta: jnp.array([2.0, 1.0]) * theta
    >>> print(warp_preconditioner(warp, jnp.ones(2)))
    [[4. 0.]
     [0. 1.]]

Source: Ha, Dai and Le (2017); Flennerhag et al. (2020); Zhang et al. (2021); Zhou, Knowles and Finn
(2021).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, as_tree, as_vector, plus_multiple
from reference.taylor import jacobian

# --- Hypernetworks -------------------------------------------------------------------------------


def hypernetwork_weights(
    A: Float[Array, "E P"], b: Float[Array, " P"], embedding: Float[Array, " E"], *, like: Tree
) -> Tree:
    """w = A^T e + b, cut into the leaves of `like`: one network's weights from its embedding e.

    P counts the entries of `like`, of which only the shapes matter. Cost: O(E P).
    Source: Ha, Dai and Le (2017), a linear hypernetwork.

    >>> like = {"W": jnp.zeros((1, 2)), "bias": jnp.zeros(1)}
    >>> w = hypernetwork_weights(jnp.ones((1, 3)), jnp.arange(3.0), jnp.array([5.0]), like=like)
    >>> print(w["W"], w["bias"])
    [[5. 6.]] [7.]
    """
    return as_tree(embedding @ A + b, like=like)


def hypernetwork_gradients(
    loss: Callable[[Tree], Scalar],
    A: Float[Array, "E P"],
    b: Float[Array, " P"],
    embedding: Float[Array, " E"],
    *,
    like: Tree,
) -> tuple[Float[Array, "E P"], Float[Array, " P"], Float[Array, " E"]]:
    """e g^T, g and A g, with g = dL/dw at the generated weights: derivatives in A, b and e.

    The target network is differentiated once; the rest is linear. Cost: one gradient and O(E P).
    """
    g = as_vector(jax.grad(loss)(hypernetwork_weights(A, b, embedding, like=like)))
    return jnp.outer(embedding, g), g, A @ g


# --- Warped gradient descent ---------------------------------------------------------------------


def warp_preconditioner(warp: Callable[[Tree], Tree], theta: Tree) -> Float[Array, "P P"]:
    """D D^T with D = dw/dtheta for w = warp(theta): the inverse metric that a warp puts on w.

    Positive semi-definite, so no step along it climbs; singular if theta has fewer entries than w.
    Cost: P vector-Jacobian products. Source: Flennerhag et al. (2020), preconditioning by warps.
    """
    D = jacobian(warp, theta)
    return D @ D.T


def warped_step(
    loss: Callable[[Tree], Scalar],
    warp: Callable[[Tree], Tree],
    theta: Tree,
    step_size: Scalar | float,
) -> Tree:
    """theta - alpha D^T grad L(warp(theta)): descent in theta, by backpropagation through the warp.

    In w a step along `warp_preconditioner`: exactly for linear warps, else to first order in alpha.
    Cost: one gradient.
    """
    return plus_multiple(theta, -step_size, jax.grad(lambda theta: loss(warp(theta)))(theta))


def warp_meta_loss(
    loss: Callable[[Tree], Scalar],
    query_loss: Callable[[Tree], Scalar],
    warp: Callable[[Tree, Tree], Tree],
    thetas: Tree,
    phi: Tree,
    step_size: Scalar | float,
) -> Scalar:
    """Mean over points theta of query_loss(warp(theta - alpha grad, phi)), as a function of phi.

    The points (along the first axis of every leaf) come from tasks' trajectories and count as
    given: phi is judged by one step from each, wherever that was met, so nothing is
    backpropagated through the trajectories. Cost: one gradient a point.
    Source: Flennerhag et al. (2020), the meta-objective over the trajectories' distribution.
    """

    def after_a_step(theta: Tree) -> Scalar:
        def warped(theta: Tree) -> Tree:
            return warp(theta, phi)

        return query_loss(warped(warped_step(loss, warped, theta, step_size)))

    return jnp.mean(jax.vmap(after_a_step)(jax.lax.stop_gradient(thetas)))


# --- Adaptive risk minimisation ------------------------------------------------------------------


def contextual_outputs(
    features: Callable[[Array], Array],
    prediction: Callable[[Array, Array], Array],
    inputs: Float[Array, "N D"],
) -> Float[Array, "N K"]:
    """prediction(x_n, c) with c = mean_n features(x_n): adaptation to a batch without its labels.

    `features` and `prediction` are of one example. A permutation of the batch permutes the outputs.
    Cost: one evaluation of both an example. Source: Zhang et al. (2021), contextual meta-learning.
    """
    context = jnp.mean(jax.vmap(features)(inputs), axis=0)
    return jax.vmap(prediction, (0, None))(inputs, context)


def adaptive_risk(
    features: Callable[[Array], Array],
    prediction: Callable[[Array, Array], Array],
    inputs: Float[Array, "G N D"],
    targets: Float[Array, "G N K"],
) -> Scalar:
    """Mean over G groups of the mean 1/2 squared error *after* adaptation to the group's inputs.

    What training minimises so as to do well on a new group; a batch holds one group only, for a
    context of all of them would tell nothing. Source: Zhang et al. (2021), the ARM objective.
    """

    def risk(inputs: Array, targets: Array) -> Scalar:
        errors = contextual_outputs(features, prediction, inputs) - targets
        return jnp.mean(jnp.sum(errors**2, axis=-1)) / 2

    return jnp.mean(jax.vmap(risk)(inputs, targets))


# --- Symmetries by weight sharing ----------------------------------------------------------------


def sharing_projector(
    on_outputs: Float[Array, "G K K"], on_inputs: Float[Array, "G D D"]
) -> Float[Array, "K*D K*D"]:
    """U = (1/|G|) sum_g R_out(g) (x) R_in(g): projects vec W onto the equivariant maps.

    For W (out, in), rows end to end, and all |G| elements of a group acting by orthogonal matrices
    on outputs and inputs. U v is equivariant for every v, and every equivariant W is U vec W: the
    pattern of shared weights that meta-learning has to find. Cyclic shifts give convolutions.
    Source: Zhou, Knowles and Finn (2021), weight sharing as a matrix.

    >>> swap = jnp.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
    >>> print(sharing_projector(swap, swap) @ jnp.array([1.0, 2.0, 3.0, 6.0]))
    [3.5 2.5 2.5 3.5]
    """
    products = jax.vmap(jnp.kron)(on_outputs, on_inputs)
    return jnp.mean(products, axis=0)


def shared_weights_step(
    loss: Callable[[Array], Scalar],
    U: Float[Array, "KD M"],
    v: Float[Array, " M"],
    step_size: Scalar | float,
    *,
    num_inputs: int,
) -> Float[Array, " M"]:
    """v - alpha U^T vec(dL/dW) at W = U v, shaped (K, num_inputs): tasks adapt v, and keep U.

    A `warped_step` with a linear warp: W moves by -alpha U U^T vec(dL/dW), within the range of U.
    Cost: one gradient and O(K D M). Source: Zhou, Knowles and Finn (2021), the inner loop.
    """
    return warped_step(loss, lambda v: (U @ v).reshape(-1, num_inputs), v, step_size)
