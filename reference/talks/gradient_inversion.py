"""Talk: training examples read off one gradient.

A layer h = W x + b with one example has grad_W = d x^T and grad_b = d, whatever follows: so x is
their quotient, exactly. With N examples there are N unknown d, but many hidden units help. In

    f(x) = sum_m a_m s(w_m^T x),      g_m = d loss / d a_m = sum_n r_n s(w_m^T x_n)

with w_m ~ N(0, I), known to all, Stein's identity turns moments of g into moments of the data,

    (1/M) sum g_m (w_m w_m^T - I)  ->  sum_n r_n E[s''] x_n x_n^T
    (1/M) sum g_m He_3(w_m)        ->  sum_n r_n E[s'''] x_n x_n x_n

as M grows, and the two together determine the x_n one by one, up to their order and length (so
data of known length entirely). Here the r_n E[s''] and r_n E[s'''] are to be positive, as where f
is 0 and targets lie on one side. An s that is even or odd, plus a linear function, lacks one of the
two: relu, tanh and softplus need a bias.

Letters: M hidden units, N examples, D inputs; T is a symmetric tensor.

    >>> x, d = jnp.array([1.0, 2.0]), jnp.array([3.0, -1.0, 0.0])
    >>> print(linear_layer_input(jnp.outer(d, x), d).round(4))
    [1. 2.]

Source: Wang, Lee and Lei (2023), reconstruction by tensors; Anandkumar et al. (2014), the tensor
power method; Phong et al. (2018), the analytic case.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

# --- One example ---------------------------------------------------------------------------------


def linear_layer_input(
    weights_gradient: Float[Array, "K D"], bias_gradient: Float[Array, " K"]
) -> Float[Array, " D"]:
    """x = grad_W^T grad_b / |grad_b|^2, exact for one example; weights are (out, in).

    Rows of grad_W are multiples d_k of x: least squares over them, so that units with d_k = 0 do
    no harm. For a batch it gives sum_n <d, d_n> x_n / |d|^2, d = sum d_n, a mix of the inputs.
    """
    return bias_gradient @ weights_gradient / jnp.sum(bias_gradient**2)


# --- Many examples, by moments -------------------------------------------------------------------


def hermite_moments(
    w: Float[Array, "M D"], gradient: Float[Array, " M"]
) -> tuple[Float[Array, "D D"], Float[Array, "D D D"]]:
    """(1/M) sum_m g_m He_2(w_m) and (1/M) sum_m g_m He_3(w_m).

    He_2(w) = w w - I and He_3(w) = w w w - (w I + its two transposes), the tensors for which
    E[s(w^T x) He_k(w)] = E[s^(k)(w^T x)] x^k. Errors fall as 1 / sqrt(M). Cost: M D^3.
    """
    M, D = w.shape
    identity = jnp.eye(D, dtype=w.dtype)
    weighted = gradient[:, None] * w / M
    second = weighted.T @ w - jnp.mean(gradient) * identity
    # w I, summed over the units, then put in each of the three places.
    mixed = jnp.einsum("i,jk->ijk", jnp.sum(weighted, axis=0), identity)
    mixed = mixed + mixed.transpose(1, 0, 2) + mixed.transpose(1, 2, 0)
    third = (w[:, :, None] * w[:, None, :]).reshape(M, D * D).T @ weighted
    return second, third.reshape(D, D, D) - mixed


def moment_components(
    key: Key[Array, ""],
    second: Float[Array, "D D"],
    third: Float[Array, "D D D"],
    num_components: int,
    *,
    num_starts: int = 10,
    num_steps: int = 30,
) -> Float[Array, "{num_components} D"]:
    """Unit x_n, in any order, from sum_n p_n x_n x_n and sum_n q_n x_n x_n x_n, p_n > 0, q_n > 0.

    In whitened coordinates sqrt(p_n) x_n are orthonormal, and the attractors of v <- T(v, v, .)
    there are these vectors. Assumes the x_n linearly independent (N <= D). Where q_n < 0, -x_n is
    found. Cost: N starts steps products with a tensor of N^3 entries, and one `eigh`.
    Source: Anandkumar et al. (2014), whitening and the robust tensor power method.
    """
    values, Q = jnp.linalg.eigh(second)
    values, Q = values[-num_components:], Q[:, -num_components:]
    whitening = Q / jnp.sqrt(values)
    whitened = jnp.einsum("ijk,ia,jb,kc->abc", third, whitening, whitening, whitening)
    starts = jax.random.normal(key, (num_components, num_starts, num_components), third.dtype)
    components = _orthogonal_components(whitened, starts, num_steps)
    return _normalised(components @ (Q * jnp.sqrt(values)).T)


def recovered_directions(
    key: Key[Array, ""],
    w: Float[Array, "M D"],
    gradient: Float[Array, " M"],
    num_examples: int,
    *,
    num_starts: int = 10,
    num_steps: int = 30,
) -> Float[Array, "{num_examples} D"]:
    """x_n / |x_n|, in any order, from the gradient in the second layer's weights a.

    Assumptions as above and as for `moment_components`; errors fall as 1 / sqrt(M).
    Cost: that of both functions above.
    """
    second, third = hermite_moments(w, gradient)
    return moment_components(
        key, second, third, num_examples, num_starts=num_starts, num_steps=num_steps
    )


def _orthogonal_components(T: Array, starts: Array, num_steps: int) -> Array:
    """The v_n of T = sum_n l_n v_n v_n v_n, v_n orthonormal, one after another by deflation."""

    def find(T: Array, starts: Array) -> tuple[Array, Array]:
        def advance(_: Array, v: Array) -> Array:
            return _normalised(jnp.einsum("abc,sb,sc->sa", T, v, v))

        candidates = jax.lax.fori_loop(0, num_steps, advance, _normalised(starts))
        values = jnp.einsum("abc,sa,sb,sc->s", T, candidates, candidates, candidates)
        best = jnp.argmax(values)
        v = candidates[best]
        return T - values[best] * jnp.einsum("a,b,c->abc", v, v, v), v

    return jax.lax.scan(find, T, starts)[1]


def _normalised(v: Array) -> Array:
    return v / jnp.linalg.norm(v, axis=-1, keepdims=True)
