"""Talk: invertible networks whose inverses explode, and coupling blocks for which they can't.

    additive:  y = (x_1, x_2 + t(x_1)),          affine:  y = (x_1, s(x_1) o x_2 + t(x_1)),  s > 0

Both are invertible for any s and t: in exact arithmetic. In floating point F^-1(F(x)) is off by
about eps |y| times the spectral norm of the inverse's Jacobian, and that can be any size:

    J = [[I, 0], [C, diag(s)]],   J^-1 = [[I, 0], [-diag(1/s) C, diag(1/s)]],   C = dy_2 / dx_1

An additive block has s = 1, and C is the Jacobian of t: one Lipschitz constant bounds both
directions everywhere. Of an affine block C grows with x_2, and the inverse with 1/s: no bound
holds everywhere, unless s is kept above a floor and x in a ball.

x_1 is the first half of x, rounded down; D2 is the length of x_2, and D1 of x_1.

    >>> scale, shift = lambda x: jnp.exp(-5 * x), lambda x: 3 * x
    >>> x = jnp.array([2.0, 1.0])
    >>> y = additive_coupling(shift, x)
    >>> print(y, additive_coupling_inverse(shift, y))
    [2. 7.] [2. 1.]
    >>> block = lambda x: affine_coupling(scale, shift, x)
    >>> bool(inverse_jacobian_norm(block, x) > 1e4)             # 1 / s = e^10
    True

Source: Behrmann, Vicol, Wang, Grosse and Jacobsen (2021), understanding and mitigating exploding
inverses in invertible neural networks; Dinh et al. (2015, 2017) for the blocks.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree

Map = Callable[[Array], Array]

# --- Blocks --------------------------------------------------------------------------------------


def additive_coupling(shift: Map, x: Float[Array, " D"]) -> Float[Array, " D"]:
    """y = (x_1, x_2 + t(x_1)): keeps volumes. Cost: one t."""
    x_1, x_2 = _halves(x)
    return jnp.concatenate([x_1, x_2 + shift(x_1)])


def additive_coupling_inverse(shift: Map, y: Float[Array, " D"]) -> Float[Array, " D"]:
    """x = (y_1, y_2 - t(y_1)). Cost: one t."""
    y_1, y_2 = _halves(y)
    return jnp.concatenate([y_1, y_2 - shift(y_1)])


def affine_coupling(scale: Map, shift: Map, x: Float[Array, " D"]) -> Float[Array, " D"]:
    """y = (x_1, s(x_1) o x_2 + t(x_1)), with log |det J| = sum log s. Cost: one s, one t."""
    x_1, x_2 = _halves(x)
    return jnp.concatenate([x_1, scale(x_1) * x_2 + shift(x_1)])


def affine_coupling_inverse(scale: Map, shift: Map, y: Float[Array, " D"]) -> Float[Array, " D"]:
    """x = (y_1, (y_2 - t(y_1)) / s(y_1)). Cost: one s, one t."""
    y_1, y_2 = _halves(y)
    return jnp.concatenate([y_1, (y_2 - shift(y_1)) / scale(y_1)])


def bounded_scale(raw: Float[Array, " D2"], lower: Scalar | float) -> Float[Array, " D2"]:
    """s = a + (1 - a) sigmoid(raw), in (a, 1): keeps 1/s below 1/a, whatever the network says.

    Source: Behrmann et al. (2021), the modified affine scaling.

    >>> print(bounded_scale(jnp.array([-100.0, 0.0, 100.0]), 0.5))
    [0.5  0.75 1.  ]
    """
    return lower + (1 - lower) * jax.nn.sigmoid(raw)


def coupling_stack(blocks: Sequence[Map], x: Float[Array, " D"]) -> Float[Array, " D"]:
    """Blocks one after the other, coordinates reversed after each: both parts get their turn."""
    for block in blocks:
        x = block(x)[::-1]
    return x


def coupling_stack_inverse(inverses: Sequence[Map], y: Float[Array, " D"]) -> Float[Array, " D"]:
    """The inverse of `coupling_stack`, from the inverses of its blocks in the same order."""
    for inverse in reversed(inverses):
        y = inverse(y[::-1])
    return y


# --- How far they stretch ------------------------------------------------------------------------


def shear_norm(C: Float[Array, "D2 D1"]) -> Scalar:
    """|[[I, 0], [C, I]]| = (c + sqrt(c^2 + 4)) / 2, with c = |C|: exact, in spectral norms.

    The inverse has -C, so the same norm: of an additive block neither direction is worse. It lies
    between c and 1 + c. Each singular value c_i of C makes a plane with [[1, 0], [c_i, 1]], whose
    squared singular values have the sum 2 + c_i^2 and the product 1.
    Cost: the largest singular value of C.
    """
    c = jnp.linalg.norm(C, ord=2)
    return (c + jnp.sqrt(c**2 + 4)) / 2


def coupling_norm_bounds(scale: Map, shift: Map, x: Float[Array, " D"]) -> tuple[Scalar, Scalar]:
    """|J| <= max(1, s_max) + |C| and |J^-1| <= max(1, 1 / s_min) + |C| / s_min, at x.

    C = diag(x_2) ds/dx_1 + dt/dx_1. By splitting J in its diagonal and C: the first bound is at
    most twice |J|, the second may be more, as it takes the worst 1 / s for all of C. For bounds
    on a region take suprema over it.
    Cost: Jacobians of s and t, and one norm.
    """
    x_1, x_2 = _halves(x)
    s = scale(x_1)
    C = jax.jacobian(lambda x_1: scale(x_1) * x_2 + shift(x_1))(x_1)
    c, smallest = jnp.linalg.norm(C, ord=2), jnp.min(s)
    return jnp.maximum(1, jnp.max(s)) + c, jnp.maximum(1, 1 / smallest) + c / smallest


def perceptron_lipschitz_bound(w: Tree) -> Scalar:
    """prod_l |W_l|, for `problems.perceptron_outputs`: tanh has slopes up to 1, biases none.

    An additive block with such a t has Lipschitz constants of at most 1 + this, both ways.
    Cost: the largest singular value of every layer.
    """
    norms = jnp.stack([jnp.linalg.norm(layer["weights"], ord=2) for layer in w])
    return jnp.prod(norms)


def inverse_jacobian_norm(block: Map, x: Float[Array, " D"]) -> Scalar:
    """|d F^-1 / dy| at y = F(x): 1 / sigma_min of dF/dx, without the inverse at hand.

    The factor by which the inverse magnifies a rounding of y, at worst. Cost: D tangents, one SVD.
    """
    return 1 / jnp.linalg.svd(jax.jacfwd(block)(x), compute_uv=False)[-1]


def reconstruction_error(block: Map, inverse: Map, x: Float[Array, " D"]) -> Scalar:
    """|F^-1(F(x)) - x|: zero but for rounding, at most about eps |F(x)| |dF^-1 / dy|.

    Infinite or NaN where y has overflowed or s has become 0. Cost: one of each.
    """
    return jnp.linalg.norm(inverse(block(x)) - x)


def _halves(x: Array) -> tuple[Array, Array]:
    return x[: len(x) // 2], x[len(x) // 2 :]
