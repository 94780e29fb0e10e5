"""Paper: deep equilibrium models (Bai, Kolter and Koltun, 2019).

A weight-tied network of infinite depth is its fixed point. The layer f maps the state z and theta
(the weights and the input alike) to the next state, and the model's output is

    z* = f(z*, theta),      dz*/dtheta = (I - J)^-1 df/dtheta,      J = df/dz at z*

The backward pass solves u = J^T u + g, a linear fixed point of its own, and so needs z* alone:
neither the number of forward steps nor the solver that took them matters. Each solver here
maps z -> f(z) and start z_0 to a `FixedPointResult`, so the two passes may use any of them.

Plain iteration converges where J's spectral radius is below 1. Anderson acceleration and Broyden's
method remember earlier steps: on affine f in D dimensions they end after about D and at most 2 D
steps, whatever the spectral radius, as long as I - J is regular.

    >>> options = {"memory_size": 2, "tolerance": 1e-6, "max_steps": 20}
    >>> solver = lambda f, z_0: anderson_fixed_point(f, z_0, **options)
    >>> tanh_layer = lambda z, theta: jnp.tanh(theta * z + 1)
    >>> z, theta = jnp.zeros(1), jnp.array([0.5])
    >>> print(equilibrium(tanh_layer, z, theta, solver=solver).round(2))
    [0.9]

Source: Bai, Kolter and Koltun (2019); Walker and Ni (2011) for Anderson acceleration; Broyden
(1965).
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from reference.pytrees import Scalar, Tree, as_tree, as_vector
from reference.taylor import jacobian


class Ending(IntEnum):
    """How the search for a fixed point ended; a plain integer inside `jit`."""

    CONVERGED = 0
    STEP_LIMIT = 1
    NOT_FINITE = 2


class FixedPointResult(NamedTuple):
    """`residual_norm` is |f(z) - z| at the solution z; `ending` an `Ending`."""

    solution: Tree
    steps: Int[Array, ""]
    residual_norm: Scalar
    ending: Int[Array, ""]


Solver = Callable[[Callable[[Tree], Tree], Tree], FixedPointResult]


class _State(NamedTuple):
    z: Float[Array, " D"]
    r: Float[Array, " D"]  # f(z) - z
    steps: Int[Array, ""]
    finite: Bool[Array, ""]  # whether the last step was, else it was not taken
    memory: Any  # what the method keeps of earlier steps


# --- Solvers -------------------------------------------------------------------------------------


def plain_fixed_point(
    f: Callable[[Tree], Tree], z_0: Tree, *, tolerance: float, max_steps: int
) -> FixedPointResult:
    """z_{k+1} = f(z_k) until |f(z) - z| <= tolerance |f(z)|, or says why not.

    Converges near z* if the spectral radius of J is below 1, by that factor a step.
    Cost: one evaluation of f a step.

    >>> result = plain_fixed_point(lambda z: z / 2 + 1, jnp.zeros(1), tolerance=0.01, max_steps=9)
    >>> print(result.solution, result.steps, Ending(int(result.ending)).name)
    [1.96875] 6 CONVERGED
    """
    return _solved(
        f,
        z_0,
        lambda state: state.z + state.r,
        lambda old, z, r: None,
        None,
        tolerance,
        max_steps,
    )


def anderson_fixed_point(
    f: Callable[[Tree], Tree],
    z_0: Tree,
    *,
    memory_size: int,
    tolerance: float,
    max_steps: int,
    mixing: Scalar | float = 1.0,
) -> FixedPointResult:
    """z_{k+1} = z_k + beta r_k - (dZ + beta dR) gamma, with gamma = argmin |r_k - dR gamma|.

    r = f(z) - z, and the columns of dZ, dR are the last `memory_size` changes of z and r. The
    same as sum_i a_i (z_i + beta r_i) with sum_i a_i = 1 and least |sum_i a_i r_i|. beta is
    `mixing`; no memory and beta = 1 is plain iteration. On affine f with all steps remembered
    it is f of the iterate of GMRES. The least squares are solved by minimum norm, so that a
    memory not yet full, or one of parallel changes, does no harm.
    Ends as `plain_fixed_point` does. Cost: one f and O(D memory_size^2) a step; memory
    2 memory_size vectors. Source: Walker and Ni (2011), the unconstrained form.
    """

    def move(state: _State) -> Array:
        dZ, dR = state.memory
        gamma = jnp.linalg.lstsq(dR.T, state.r)[0]
        return state.z + mixing * state.r - gamma @ (dZ + mixing * dR)

    def remember(old: _State, z: Array, r: Array) -> tuple[Array, Array]:
        place = old.steps % memory_size
        dZ, dR = old.memory
        return dZ.at[place].set(z - old.z), dR.at[place].set(r - old.r)

    z = as_vector(z_0)
    empty = jnp.zeros((memory_size, z.size), z.dtype)
    return _solved(f, z_0, move, remember, (empty, empty), tolerance, max_steps)


def broyden_fixed_point(
    f: Callable[[Tree], Tree], z_0: Tree, *, tolerance: float, max_steps: int
) -> FixedPointResult:
    """z_{k+1} = z_k - B r_k, where B estimates the inverse Jacobian of r(z) = f(z) - z.

    After each step B gains (dz - B dr) (dz^T B) / (dz^T B dr), the least change of B^-1 with
    B dr = dz ("good" Broyden). From B = -I, so that the first step is one of plain iteration; B
    is kept as -I + sum_i u_i v_i^T. On affine f it ends within 2 D steps (Gay, 1979).
    No line search: from far off it may diverge, and then says so.
    Ends as `plain_fixed_point` does. Cost: one f and O(D k) at step k; memory 2 max_steps vectors.
    Source: Broyden (1965); Bai et al. (2019) for the low-rank form.
    """

    def inverse_product(pairs: tuple[Array, Array], x: Array) -> Array:
        U, V = pairs
        return -x + (V @ x) @ U

    def remember(old: _State, z: Array, r: Array) -> tuple[Array, Array]:
        U, V = old.memory
        dz, Bdr = z - old.z, inverse_product((U, V), r - old.r)
        u, v = (dz - Bdr) / (dz @ Bdr), inverse_product((V, U), dz)
        return U.at[old.steps].set(u), V.at[old.steps].set(v)

    z = as_vector(z_0)
    empty = jnp.zeros((max_steps, z.size), z.dtype)
    return _solved(
        f,
        z_0,
        lambda state: state.z - inverse_product(state.memory, state.r),
        remember,
        (empty, empty),
        tolerance,
        max_steps,
    )


# --- The layer -----------------------------------------------------------------------------------


def equilibrium(f: Callable[[Tree, Tree], Tree], z_0: Tree, theta: Tree, *, solver: Solver) -> Tree:
    """z* = f(z*, theta), differentiable in theta (both modes) by implicit differentiation.

    `solver(g, z_0)` finds the fixed point of g, forwards and, for u = J^T u + g or its forward-mode
    twin du = J du + df, backwards; it is never differentiated through. The derivative in z_0 is 0.
    Assumes I - J regular at z*. What f depends on differentiably must be in theta.
    Cost: that of the solver; backwards it takes one vector-Jacobian product for each evaluation.
    Memory: that of the solver and of one evaluation of f. Source: Bai et al. (2019), theorem 1.
    """

    def solution(matvec: Callable[[Tree], Tree], b: Tree) -> Tree:
        def affine(u: Tree) -> Tree:
            return jax.tree.map(lambda u, Au, b: u - Au + b, u, matvec(u), b)

        return solver(affine, b).solution

    def differentiable_solution(matvec: Callable[[Tree], Tree], b: Tree) -> Tree:
        return jax.lax.custom_linear_solve(matvec, b, solution, transpose_solve=solution)

    return jax.lax.custom_root(
        lambda z: jax.tree.map(jnp.subtract, z, f(z, theta)),
        z_0,
        lambda _, z_0: solver(lambda z: f(z, theta), z_0).solution,
        differentiable_solution,
    )


def backward_fixed_point(
    f: Callable[[Tree, Tree], Tree], z: Tree, theta: Tree, g: Tree, *, solver: Solver
) -> FixedPointResult:
    """u = J^T u + g, or u = (I - J^T)^-1 g: the cotangent that goes into f at the fixed point z.

    What `equilibrium` solves in its backward pass, with how that ended; g is shaped as z, and
    the gradient in theta is (df/dtheta)^T u. Cost: one vector-Jacobian product for each evaluation.
    """
    _, transposed = jax.vjp(lambda z: f(z, theta), z)
    return solver(lambda u: jax.tree.map(jnp.add, transposed(u)[0], g), g)


def equilibrium_jacobian(
    f: Callable[[Tree, Tree], Tree], z: Tree, theta: Tree
) -> Float[Array, "P Q"]:
    """dz*/dtheta = (I - J)^-1 df/dtheta at the fixed point z, dense, both sides flattened.

    P counts the entries of z, Q those of theta. Cost: P vector-Jacobian products and O(P^3).
    """
    J = jacobian(lambda z: f(z, theta), z)
    identity = jnp.eye(len(J), dtype=J.dtype)
    return jnp.linalg.solve(identity - J, jacobian(lambda theta: f(z, theta), theta))


# --- Shared by the solvers -----------------------------------------------------------------------


def _solved(
    f: Callable[[Tree], Tree],
    z_0: Tree,
    move: Callable[[_State], Array],
    remember: Callable[[_State, Array, Array], Any],
    memory: Any,
    tolerance: float,
    max_steps: int,
) -> FixedPointResult:
    """Moves on until an `Ending`; all on flat vectors. A step that isn't finite is not taken."""

    def residual(z: Array) -> Array:
        return as_vector(f(as_tree(z, like=z_0))) - z

    def advance(old: _State) -> _State:
        z = move(old)
        r = residual(z)
        finite = jnp.isfinite(jnp.linalg.norm(r))
        new = _State(z, r, old.steps + 1, finite, remember(old, z, r))
        kept = jax.tree.map(lambda new, old: jnp.where(finite, new, old), new, old)
        return kept._replace(finite=finite)

    def converged(state: _State) -> Array:
        return jnp.linalg.norm(state.r) <= tolerance * jnp.linalg.norm(state.z + state.r)

    z = as_vector(z_0)
    r = residual(z)
    state = jax.lax.while_loop(
        lambda state: ~converged(state) & state.finite & (state.steps < max_steps),
        advance,
        _State(z, r, jnp.zeros((), jnp.int32), jnp.isfinite(jnp.linalg.norm(r)), memory),
    )
    ending = jnp.select(
        [converged(state), ~state.finite],
        [jnp.int32(Ending.CONVERGED), Ending.NOT_FINITE],
        Ending.STEP_LIMIT,
    )
    residual_norm = jnp.linalg.norm(state.r)
    return FixedPointResult(as_tree(state.z, like=z_0), state.steps, residual_norm, ending)
