"""Talk: complex momentum, for games whose rotation a real momentum cannot slow.

    mu_{k+1} = beta mu_k - g_k,      w_{k+1} = w_k + Re(alpha mu_{k+1}),      beta complex

With g_k the gradient, or in a game the field xi of all players' gradients. The parameters stay
real. Write beta = |beta| e^{i phi}: the weight of the gradient of s steps ago is
Re(alpha beta^s) = alpha |beta|^s cos(s phi), a memory that oscillates. phi = 0 is the heavy ball,
phi = pi its negative momentum. Where the eigenvalues of the game's Jacobian are imaginary, as
in bilinear games, simultaneous descent with any real beta diverges, if slowly, while beta with
phi of about pi/8 converges for small alpha; the same beta serves ordinary minimisation.

    >>> J = jnp.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> for angle in (0.0, jnp.pi / 8, jnp.pi):
    ...     beta = 0.8 * complex(jnp.exp(1j * angle))
    ...     print(f"{complex_momentum_spectral_radius(J, 0.1, beta):.3f}")
    1.149
    0.977
    1.000

Source: Lorraine, Acuna, Vicol and Duvenaud (2022), Complex momentum for optimization in games.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from reference.momentum.companion import spectral_radius
from reference.pytrees import Scalar, Tree


class _ComplexAdamState(NamedTuple):
    mu: Any
    second_moment: Any
    t: Int[Array, ""]


def complex_momentum_optimizer(
    step_size: Scalar | complex | float, momentum: complex | float
) -> optax.GradientTransformation:
    """mu <- beta mu - g, and the update is Re(alpha mu); alpha may be complex too.

    The state is mu, complex of the parameters' precision. Cost: one gradient a step, and the
    memory of two. Source: Lorraine et al. (2022), the method's definition.
    """

    def init(params: Any) -> Any:
        return _complex_zeros(params)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        mu = jax.tree.map(lambda mu, g: momentum * mu - g, state, updates)
        return jax.tree.map(lambda mu: jnp.real(step_size * mu), mu), mu

    return optax.GradientTransformation(init, update)


def complex_adam_optimizer(
    step_size: Scalar | float,
    momentum: complex | float,
    *,
    second_moment_decay: Scalar | float = 0.999,
    epsilon: Scalar | float = 1e-8,
) -> optax.GradientTransformation:
    """mu <- beta_1 mu - g, v as in Adam, and the update is alpha Re(mu) / (sqrt(v^) + eps).

    v <- beta_2 v + (1 - beta_2) g^2, v^ = v / (1 - beta_2^t), t = 1, 2 .. Unlike Adam's, mu is a
    sum and not an average: there is no factor 1 - beta_1 and no correction of its bias. So with a
    real beta_1 the step is (1 - beta_1^t) / (1 - beta_1) times Adam's.
    Cost: one gradient a step, and the memory of three.
    Source: Lorraine et al. (2022), the complex variant of Adam.
    """

    def init(params: Any) -> Any:
        second_moment = jax.tree.map(jnp.zeros_like, params)
        return _ComplexAdamState(_complex_zeros(params), second_moment, jnp.zeros((), jnp.int32))

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        decay, t = second_moment_decay, state.t + 1
        mu = jax.tree.map(lambda mu, g: momentum * mu - g, state.mu, updates)
        v = jax.tree.map(lambda v, g: decay * v + (1 - decay) * g**2, state.second_moment, updates)

        def step(mu: Array, v: Array) -> Array:
            corrected = v / (1 - decay ** t.astype(v.dtype))
            return step_size * jnp.real(mu) / (jnp.sqrt(corrected) + epsilon)

        return jax.tree.map(step, mu, v), _ComplexAdamState(mu, v, t)

    return optax.GradientTransformation(init, update)


def complex_momentum_iterates(
    field: Callable[[Tree], Tree],
    w_0: Tree,
    step_size: Scalar | complex | float,
    momentum: complex | float,
    num_steps: int,
) -> Tree:
    """w_0 .. w_{num_steps} from mu_0 = 0, along a new first axis of every leaf.

    `field` is a gradient, or the xi of a game. Cost: T evaluations of the field.
    """
    optimizer = complex_momentum_optimizer(step_size, momentum)

    def advance(state: tuple[Tree, Any], _: None) -> tuple[tuple[Tree, Any], Tree]:
        w, mu = state
        step, mu = optimizer.update(field(w), mu)
        return (jax.tree.map(jnp.add, w, step), mu), w

    return jax.lax.scan(advance, (w_0, optimizer.init(w_0)), length=num_steps + 1)[1]


# --- On a linear field ---------------------------------------------------------------------------


def complex_momentum_matrix(
    J: Float[Array, "D D"], step_size: Scalar | float, momentum: complex | float
) -> Float[Array, "3*D 3*D"]:
    """The real matrix that maps (Re mu, Im mu, w) to the next, for xi(w) = J w and a real alpha.

        [[Re(beta) I, -Im(beta) I, -J], [Im(beta) I, Re(beta) I, 0],
         [alpha Re(beta) I, -alpha Im(beta) I, I - alpha J]]

    For D weights. Source: Lorraine et al. (2022), the augmented dynamics.
    """
    D = J.shape[0]
    identity, zeros = jnp.eye(D, dtype=J.dtype), jnp.zeros_like(J)
    real, imaginary = momentum.real * identity, momentum.imag * identity
    to_mu = jnp.concatenate([real, -imaginary, -J], axis=1)
    return jnp.concatenate(
        [
            to_mu,
            jnp.concatenate([imaginary, real, zeros], axis=1),
            step_size * to_mu + jnp.concatenate([zeros, zeros, identity], axis=1),
        ]
    )


def complex_momentum_spectral_radius(
    J: Float[Array, "D D"], step_size: Scalar | float, momentum: complex | float
) -> Scalar:
    """max |z| of the matrix above: w converges linearly to 0, for all starts, iff it is below 1.

    By Gelfand's formula. Per eigenvalue lambda of J, the z are the roots of
    (z - 1)(z^2 - 2 Re(beta) z + |beta|^2) + alpha lambda z (z - Re(beta)).
    Cost: 40 products of 3D x 3D matrices.
    """
    return spectral_radius(complex_momentum_matrix(J, step_size, momentum))


def _complex_zeros(w: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, jnp.result_type(leaf, jnp.complex64)), w)
