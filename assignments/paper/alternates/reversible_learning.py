"""Right answers to question 1 for Maclaurin et al. by other routes."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate

CHOICE = {"PAPER": "reversible_learning"}
BITS = 2**24


def _product(v, r, n, d):
    whole, digit = jnp.divmod(v, d)
    r, filling = jnp.divmod(r * d + digit, n)
    return whole * n + filling, r


def _slope(loss, w):
    real = jax.lax.optimization_barrier(w / BITS)
    g = jax.lax.optimization_barrier(jax.grad(loss)(real))
    return jnp.rint(g * BITS).astype(w.dtype)


@alternate("q1", of="exact_product", route="Python's integers, one entry at a time", where=CHOICE)
def product_entry_by_entry(v, r, n, d):
    found = []
    for v_i, r_i in zip(v.tolist(), r.tolist(), strict=True):
        whole, digit = divmod(v_i, d)
        rest, filling = divmod(r_i * d + digit, n)
        found.append((whole * n + filling, rest))
    v, r = np.array(found, v.dtype).T
    return v, r


@alternate("q1", of="train_reversibly", route="a Python loop over compiled steps", where=CHOICE)
def training_in_a_loop(loss, w_0, step_sizes, n, d):
    @jax.jit
    def step(w, v, r, alpha):
        v, r = _product(v, r, n, d)
        v = v - _slope(loss, w)
        return w + jnp.rint(alpha * v).astype(w.dtype), v, r

    state = w_0, jnp.zeros_like(w_0), jnp.zeros_like(w_0)
    for alpha in step_sizes:
        state = step(*state, alpha)
    return state


@alternate("q1", of="untrain", route="fori_loop, divmod", where=CHOICE)
def untraining_by_counting(loss, w, v, r, step_sizes, n, d):
    steps = len(step_sizes)

    def back(i, state):
        w, v, r = state
        w = w - jnp.rint(step_sizes[steps - 1 - i] * v).astype(w.dtype)
        v, r = _product(v + _slope(loss, w), r, d, n)
        return w, v, r

    return jax.lax.fori_loop(0, steps, back, (w, v, r))


@alternate(
    "q1", of="reversed_hypergradients", route="a VJP of each real step, at integers", where=CHOICE
)
def slopes_by_steps(loss, outer_loss, w_0, step_sizes, n, d):
    def forth(state, alpha):
        w, v, r = state
        v, r = _product(v, r, n, d)
        v = v - _slope(loss, w)
        return (w + jnp.rint(alpha * v).astype(w.dtype), v, r), None

    def real_step(w, v, alpha):
        v = n / d * v - jax.grad(loss)(w)
        return w + alpha * v, v

    def back(carry, alpha):
        (w, v, r), bars = carry
        w = w - jnp.rint(alpha * v).astype(w.dtype)
        v, r = _product(v + _slope(loss, w), r, d, n)
        *bars, slope = jax.vjp(real_step, w / BITS, v / BITS, alpha)[1](tuple(bars))
        return ((w, v, r), bars), slope

    end, _ = jax.lax.scan(forth, (w_0, jnp.zeros_like(w_0), jnp.zeros_like(w_0)), step_sizes)
    w_bar = jax.grad(outer_loss)(end[0] / BITS)
    start = end, [w_bar, jnp.zeros_like(w_bar)]
    (_, (w_bar, _)), slopes = jax.lax.scan(back, start, step_sizes, reverse=True)
    return w_bar, slopes
