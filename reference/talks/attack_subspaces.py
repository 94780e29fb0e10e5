"""Talk: an attack on an input reverse-engineered, by block-sparse recovery from subspaces.

    x = D_s c + D_a e     c only in the block of the true class,  e only in that of the attack

Signals of each class lie near a subspace, and so do attacks of each type (for a linear model, a
gradient of its loss is in a few directions). Columns of D_s and D_a span them, one block of B
columns a class or type. The blocks active are found by a convex relaxation,

    min_z (1/2) |x - D z|^2 + lambda sum_g |z_g|,     D = [D_s, D_a],  z = (c, e)

and name the class and the attack. With blocks of one column it is the lasso; z is optimal if and
only if r_g = D_g^T (x - D z) is lambda z_g / |z_g| for the active blocks, and at most lambda long
for the others.

    >>> print(block_soft_threshold(jnp.array([[3.0, 4.0], [0.6, 0.8]]), 2.5))
    [[1.5 2. ]
     [0.  0. ]]

D inputs, G blocks of B columns. The dictionary is an array of shape (G, D, B), signal blocks
first. Source: Yuan and Lin (2006), the group lasso; Beck and Teboulle (2009), its proximal
gradients with momentum; Thaker, Giampouras and Vidal (2022), attacks by block sparsity.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar

# --- The group lasso -----------------------------------------------------------------------------


def block_sparse_loss(
    z: Float[Array, "G B"],
    blocks: Float[Array, "G D B"],
    x: Float[Array, " D"],
    penalty: Scalar | float,
) -> Scalar:
    """1/2 |x - sum_g D_g z_g|^2 + lambda sum_g |z_g|."""
    residual = x - _combination(blocks, z)
    return residual @ residual / 2 + penalty * jnp.sum(jnp.linalg.norm(z, axis=1))


def block_soft_threshold(z: Float[Array, "G B"], threshold: Scalar | float) -> Float[Array, "G B"]:
    """(1 - threshold / |z_g|)_+ z_g = argmin_u 1/2 |u - z|^2 + threshold sum_g |u_g|."""
    norms = jnp.linalg.norm(z, axis=1, keepdims=True)
    kept = norms > threshold
    return jnp.where(kept, (1 - threshold / jnp.where(kept, norms, 1)) * z, 0)


def smallest_silent_penalty(blocks: Float[Array, "G D B"], x: Float[Array, " D"]) -> Scalar:
    """max_g |D_g^T x|: from this lambda on the solution is z = 0."""
    return jnp.max(jnp.linalg.norm(_correlations(blocks, x), axis=1))


class BlockSparseCode(NamedTuple):
    """z, and the largest |violation| of a block's optimality condition: 0 only at the minimum."""

    coefficients: Float[Array, "G B"]
    violation: Scalar


def block_sparse_code(
    blocks: Float[Array, "G D B"],
    x: Float[Array, " D"],
    penalty: Scalar | float,
    *,
    num_steps: int,
) -> BlockSparseCode:
    """argmin_z of `block_sparse_loss`, by accelerated proximal gradients from 0.

    z_{k+1} = block_soft_threshold(v + alpha D^T (x - D v), alpha lambda),   alpha = 1 / |D|_2^2,
    with Nesterov's momentum v = z_k + ((k - 1) / (k + 2)) (z_k - z_{k-1}).
    Cost: one SVD, two products with D a step.
    """
    matrix = jnp.concatenate(blocks, axis=1)
    alpha = 1 / jnp.linalg.svd(matrix, compute_uv=False)[0] ** 2

    def advance(k: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        z, ahead = state
        uphill = _correlations(blocks, x - _combination(blocks, ahead))
        moved = block_soft_threshold(ahead + alpha * uphill, alpha * penalty)
        return moved, moved + k / (k + 3) * (moved - z)

    start = jnp.zeros((blocks.shape[0], blocks.shape[2]), x.dtype)
    z, _ = jax.lax.fori_loop(0, num_steps, advance, (start, start))
    return BlockSparseCode(z, _violation(z, blocks, x, penalty))


# --- Reverse-engineering -------------------------------------------------------------------------


class Attack(NamedTuple):
    """The active blocks, and the parts of x they explain: x = signal + perturbation + the rest."""

    label: Int[Array, ""]
    attack_type: Int[Array, ""]
    signal: Float[Array, " D"]
    perturbation: Float[Array, " D"]


def reversed_attack(
    z: Float[Array, "G B"],
    blocks: Float[Array, "G D B"],
    x: Float[Array, " D"],
    num_classes: int,
) -> Attack:
    """Label argmax_g |z_g| of the first `num_classes` blocks, attack type that of the others.

    Signal and perturbation are D_g z_g of these two blocks, z_g by least squares on both at once:
    the penalty, having chosen the blocks, has no more say (it shrinks). Cost: an SVD of (D, 2 B).
    """
    size = jnp.linalg.norm(z, axis=1)
    label, attack_type = jnp.argmax(size[:num_classes]), jnp.argmax(size[num_classes:])
    pair = jnp.stack([blocks[label], blocks[num_classes + attack_type]])
    fitted = jnp.linalg.pinv(jnp.concatenate(pair, axis=1)) @ x
    signal, perturbation = jnp.einsum("gdb,gb->gd", pair, fitted.reshape(2, -1))
    return Attack(label, attack_type, signal, perturbation)


def subspace_distances(blocks: Float[Array, "G D B"], x: Float[Array, " D"]) -> Float[Array, " G"]:
    """min_z |x - D_g z|: the nearest signal subspace is the class, once the attack is gone.

    B columns of each block, independent. Cost: a QR decomposition a block.
    """
    Q, _ = jnp.linalg.qr(blocks)
    inside = jnp.einsum("gdb,gb->gd", Q, _correlations(Q, x))
    return jnp.linalg.norm(x - inside, axis=1)


def _combination(blocks: Array, z: Array) -> Array:
    return jnp.einsum("gdb,gb->d", blocks, z)


def _correlations(blocks: Array, residual: Array) -> Array:
    return jnp.einsum("gdb,d->gb", blocks, residual)


def _violation(z: Array, blocks: Array, x: Array, penalty: Scalar | float) -> Scalar:
    r = _correlations(blocks, x - _combination(blocks, z))
    norms = jnp.linalg.norm(z, axis=1, keepdims=True)
    active = jnp.linalg.norm(r - penalty * z / jnp.where(norms > 0, norms, 1), axis=1)
    idle = jnp.maximum(jnp.linalg.norm(r, axis=1) - penalty, 0)
    return jnp.max(jnp.where(norms[:, 0] > 0, active, idle))
