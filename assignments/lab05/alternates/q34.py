"""Right answers to questions 3 and 4 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate

# --- q3: batch normalisation ---------------------------------------------------------------------


@alternate("q3", of="batch_norm", route="the library's variance")
def batch_norm_by_library(S, epsilon):
    return (S - S.mean(axis=0)) * jax.lax.rsqrt(S.var(axis=0) + epsilon)


@alternate("q3", of="batch_norm", route="a centring matrix in NumPy")
def batch_norm_by_projection(S, epsilon):
    S = np.asarray(S)
    centred = (np.eye(len(S)) - 1 / len(S)).astype(S.dtype) @ (S - S[0])
    return centred / np.sqrt(np.einsum("no,no->o", centred, centred) / len(S) + epsilon)


@alternate("q3", of="batch_norm_gradient", route="the formula")
def gradient_by_formula(X, W, U, epsilon):
    S = X @ W
    scale = jnp.sqrt(S.var(axis=0) + epsilon)
    Z = (S - S.mean(axis=0)) / scale
    return X.T @ ((U - U.mean(axis=0) - Z * jnp.mean(U * Z, axis=0)) / scale)


@alternate("q3", of="batch_norm_gradient", route="the gradient of an inner product, centred inputs")
def gradient_of_inner_product(X, W, U, epsilon):
    centred = X - X.mean(axis=0)

    def inner(W):
        S = centred @ W
        return jnp.vdot(U, S / jnp.sqrt(jnp.mean(S**2, axis=0) + epsilon))

    return jax.grad(inner)(W)


@alternate("q3", of="effective_step_sizes", route="the library's norm, in float32")
def step_sizes_by_norm(step_size, W):
    return jnp.float32(step_size) / jnp.linalg.norm(W.astype(jnp.float32), axis=0) ** 2


@alternate("q3", of="effective_step_sizes", route="the diagonal of a Gram matrix")
def step_sizes_by_gram_matrix(step_size, W):
    return step_size * (1 / jnp.diagonal(W.T @ W))


# --- q4: descent on the sphere, and its equilibrium ----------------------------------------------


@alternate("q4", of="sphere_descent", route="in w, by the gradient at its direction")
def descent_in_the_weights(gradient, w0, step_size, decay, num_steps):
    def advance(w, _):
        r = jnp.linalg.norm(w)
        w = (1 - step_size * decay) * w - step_size * gradient(w / r) / r
        return w, w

    _, later = jax.lax.scan(advance, w0, length=num_steps)
    w = jnp.concatenate([w0[None], later])
    norms = jnp.linalg.norm(w, axis=1, keepdims=True)
    return w / norms, norms[:, 0]


@alternate("q4", of="sphere_descent", route="by Pythagoras, in a loop, float32 inside")
def descent_by_pythagoras(gradient, w0, step_size, decay, num_steps):
    w0 = jnp.asarray(w0, jnp.float32)
    square = w0 @ w0
    u = w0 / jnp.sqrt(square)
    directions, squares, kept = [u], [square], 1 - step_size * decay
    for _ in range(num_steps):
        g = gradient(u).astype(jnp.float32)
        a = step_size / (kept * square)
        growth = 1 + a**2 * (g @ g)
        u, square = (u - a * g) / jnp.sqrt(growth), kept**2 * square * growth
        directions.append(u)
        squares.append(square)
    return jnp.stack(directions), jnp.sqrt(jnp.stack(squares))


@alternate("q4", of="equilibrium", route="the sine of the angle")
def equilibrium_by_sine(step_size, decay, gradient_norm, power):
    x = step_size * decay
    sine = np.sqrt(x * (2 - x))
    return (step_size * gradient_norm / sine) ** (1 / (power + 1)), np.arcsin(sine)


@alternate("q4", of="equilibrium", route="the tangent of the angle, logarithms")
def equilibrium_by_tangent(step_size, decay, gradient_norm, power):
    x = jnp.asarray(step_size * decay)
    logarithm = 2 * jnp.log(step_size * gradient_norm) - jnp.log(x) - jnp.log1p(-x + 1)
    angle = jnp.arctan2(jnp.sqrt(x * (2 - x)), 1 - x)
    return jnp.exp(logarithm / (2 * power + 2)), angle
