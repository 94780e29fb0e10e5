"""Mistakes in question 1 for Maclaurin et al."""

from functools import partial

import jax
import jax.numpy as jnp

from grader.checks import mutant

CHOICE = {"PAPER": "reversible_learning"}
PRODUCTS = "reversible_learning_products"
FORTH = "reversible_learning_forwards"
BACK = "reversible_learning_backwards"
SLOPES = "reversible_learning_hypergradients"
MEMORY = "reversible_learning_memory"
BITS = 2**24

mistake = partial(mutant, "q1", where=CHOICE)


@mistake(
    of="exact_product",
    refused_by=PRODUCTS,
    says="The digit of v is pushed, and none is popped: the stack grows by log2 d bits a step, and overflows soon.",
)
def product_without_a_pop(v, r, n, d):
    return v // d * n, r * d + v % d


@mistake(
    of="exact_product",
    refused_by=PRODUCTS,
    says="The digit is popped before the one of v is pushed: push first, or the exchange of n and d doesn't undo it.",
)
def product_that_pops_first(v, r, n, d):
    return v // d * n + r % n, (r // n) * d + v % d


@mistake(
    of="exact_product",
    refused_by=PRODUCTS,
    says="This rounds v n / d and forgets the rest: the remainder has to keep what rounding takes away.",
)
def product_that_is_rounded(v, r, n, d):
    return jnp.round(v * n / d).astype(v.dtype), r


@mistake(
    of="exact_product",
    refused_by=PRODUCTS,
    says="n and d are exchanged: v becomes v n / d.",
)
def product_with_the_inverse(v, r, n, d):
    r = r * n + v % n
    return v // n * d + r % d, r // d


@mistake(
    of="exact_product",
    refused_by=PRODUCTS,
    says="Division rounds towards zero here, so that negative velocities leave negative digits: round down.",
)
def product_towards_zero(v, r, n, d):
    d, n = jnp.asarray(d, v.dtype), jnp.asarray(n, v.dtype)
    whole = jax.lax.div(v, jnp.broadcast_to(d, v.shape))
    r = r * d + (v - whole * d)
    return whole * n + r % n, r // n


@mistake(
    of="exact_product",
    refused_by=PRODUCTS,
    says="The digit v mod d is pushed in base n: the base is the number of its values, d.",
)
def product_in_the_wrong_base(v, r, n, d):
    r = r * n + v % d
    return v // d * n + r % n, r // n


# --- Forwards and backwards -----------------------------------------------------------------------


def _product(v, r, n, d):
    r = r * d + v % d
    return v // d * n + r % n, r // n


def _slope(loss, w):
    real = jax.lax.optimization_barrier(w / BITS)
    g = jax.lax.optimization_barrier(jax.grad(loss)(real))
    return jnp.round(g * BITS).astype(w.dtype)


def _change(alpha, v):
    return jnp.round(alpha * v).astype(v.dtype)


def _train(loss, w_0, step_sizes, n, d, step):
    def scanned(state, alpha):
        return step(*state, alpha), None

    zero = jnp.zeros_like(w_0)
    return jax.lax.scan(scanned, (w_0, zero, zero), step_sizes)[0]


@mistake(
    of="train_reversibly",
    refused_by=(FORTH, BACK),
    says="The weights move with the old velocity: update the velocity first.",
)
def training_with_the_old_velocity(loss, w_0, step_sizes, n, d):
    def step(w, v, r, alpha):
        u, r = _product(v, r, n, d)
        return w + _change(alpha, v), u - _slope(loss, w), r

    return _train(loss, w_0, step_sizes, n, d, step)


@mistake(
    of="train_reversibly",
    refused_by=FORTH,
    says="The gradient is multiplied by 1 - n / d, as in the paper: here it is taken as it is.",
)
def training_with_a_scaled_gradient(loss, w_0, step_sizes, n, d):
    def step(w, v, r, alpha):
        v, r = _product(v, r, n, d)
        v = v - jnp.round((1 - n / d) * _slope(loss, w)).astype(v.dtype)
        return w + _change(alpha, v), v, r

    return _train(loss, w_0, step_sizes, n, d, step)


@mistake(
    of="train_reversibly",
    refused_by=(FORTH, BACK),
    says="The new gradient is multiplied by the momentum, too: only the old velocity is.",
)
def training_with_all_of_it_damped(loss, w_0, step_sizes, n, d):
    def step(w, v, r, alpha):
        v, r = _product(v - _slope(loss, w), r, n, d)
        return w + _change(alpha, v), v, r

    return _train(loss, w_0, step_sizes, n, d, step)


@mistake(
    of="train_reversibly",
    refused_by=(FORTH, BACK),
    says="The change of the weights is cut off towards zero, not rounded.",
)
def training_that_cuts_off(loss, w_0, step_sizes, n, d):
    def step(w, v, r, alpha):
        v, r = _product(v, r, n, d)
        v = v - _slope(loss, w)
        return w + (alpha * v).astype(w.dtype), v, r

    return _train(loss, w_0, step_sizes, n, d, step)


@mistake(
    of="train_reversibly",
    refused_by=(FORTH, BACK),
    says="The remainder begins anew in each step: what the steps before have pushed is lost.",
)
def training_that_drops_remainders(loss, w_0, step_sizes, n, d):
    def step(w, v, r, alpha):
        v, r = _product(v, jnp.zeros_like(r), n, d)
        v = v - _slope(loss, w)
        return w + _change(alpha, v), v, r

    return _train(loss, w_0, step_sizes, n, d, step)


def _untrain(step_sizes, w, v, r, back):
    def scanned(state, alpha):
        return back(*state, alpha), None

    return jax.lax.scan(scanned, (w, v, r), step_sizes, reverse=True)[0]


@mistake(
    of="untrain",
    refused_by=BACK,
    says="The velocity is divided by the momentum and rounded: what the multiplication destroyed is in the remainder, so "
    "use the exact product with n and d exchanged.",
)
def untraining_by_division(loss, w, v, r, step_sizes, n, d):
    def back(w, v, r, alpha):
        w = w - _change(alpha, v)
        v = jnp.round((v + _slope(loss, w)) * (d / n)).astype(v.dtype)
        return w, v, r

    return _untrain(step_sizes, w, v, r, back)


@mistake(
    of="untrain",
    refused_by=BACK,
    says="The gradient is taken at w_{t+1}: undo the change of the weights first, forwards it was taken at w_t.",
)
def untraining_at_the_later_weights(loss, w, v, r, step_sizes, n, d):
    def back(w, v, r, alpha):
        u, r = _product(v + _slope(loss, w), r, d, n)
        return w - _change(alpha, v), u, r

    return _untrain(step_sizes, w, v, r, back)


@mistake(
    of="untrain",
    refused_by=BACK,
    says="The change of the weights is undone with the velocity from before the step: it was made with v_{t+1}.",
)
def untraining_with_the_earlier_velocity(loss, w, v, r, step_sizes, n, d):
    def back(w, v, r, alpha):
        v, r = _product(v + _slope(loss, w), r, d, n)
        return w - _change(alpha, v), v, r

    return _untrain(step_sizes, w, v, r, back)


@mistake(
    of="untrain",
    refused_by=BACK,
    says="The step sizes come in the order of training: backwards, the last one is first.",
)
def untraining_in_the_wrong_order(loss, w, v, r, step_sizes, n, d):
    def back(w, v, r, alpha):
        w = w - _change(alpha, v)
        return w, *_product(v + _slope(loss, w), r, d, n)

    return _untrain(step_sizes[::-1], w, v, r, back)


# --- Hypergradients -------------------------------------------------------------------------------


def _hypergradients(loss, outer_loss, w_0, step_sizes, n, d, wrong=""):
    def forth(w, v, r, alpha):
        v, r = _product(v, r, n, d)
        v = v - _slope(loss, w)
        return w + _change(alpha, v), v, r

    gamma = 1.0 if wrong == "undamped" else n / d
    end = _train(loss, w_0, step_sizes, n, d, forth)

    def back(carry, alpha):
        (w, v, r), w_bar, v_bar = carry
        v_bar = v_bar + (1.0 if wrong == "bare" else alpha) * w_bar
        before = w - _change(alpha, v)
        u, r = _product(v + _slope(loss, before), r, d, n)
        slope = w_bar @ ((u if wrong == "old" else v) / BITS)
        at = (w if wrong == "late" else before) / BITS
        push = jax.jvp(jax.grad(loss), (at,), (v_bar,))[1]
        return ((before, u, r), w_bar - (wrong != "flat") * push, gamma * v_bar), slope

    w_bar = jax.grad(outer_loss)(end[0] / BITS)
    start = end, w_bar, jnp.zeros_like(w_bar)
    (_, w_bar, _), slopes = jax.lax.scan(back, start, step_sizes, reverse=True)
    return w_bar, slopes


@mistake(
    of="reversed_hypergradients",
    refused_by=SLOPES,
    says="The Hessian is taken at w_{t+1}: forwards the gradient was taken at w_t.",
)
def slopes_with_a_late_hessian(loss, outer_loss, w_0, step_sizes, n, d):
    return _hypergradients(loss, outer_loss, w_0, step_sizes, n, d, "late")


@mistake(
    of="reversed_hypergradients",
    refused_by=SLOPES,
    says="dE / dalpha_t is the product with v_{t+1}, the velocity that moved the weights: this one is v_t.",
)
def slopes_with_the_old_velocity(loss, outer_loss, w_0, step_sizes, n, d):
    return _hypergradients(loss, outer_loss, w_0, step_sizes, n, d, "old")


@mistake(
    of="reversed_hypergradients",
    refused_by=SLOPES,
    says="The adjoint of the velocity isn't multiplied by the momentum on its way back.",
)
def slopes_without_momentum(loss, outer_loss, w_0, step_sizes, n, d):
    return _hypergradients(loss, outer_loss, w_0, step_sizes, n, d, "undamped")


@mistake(
    of="reversed_hypergradients",
    refused_by=SLOPES,
    says="The Hessian term is missing: w_t moves the gradient of its step, and so all that comes after.",
)
def slopes_without_the_hessian(loss, outer_loss, w_0, step_sizes, n, d):
    return _hypergradients(loss, outer_loss, w_0, step_sizes, n, d, "flat")


@mistake(
    of="reversed_hypergradients",
    refused_by=SLOPES,
    says="The adjoint of the weights enters that of the velocity without the step size alpha_t.",
)
def slopes_without_the_step_size(loss, outer_loss, w_0, step_sizes, n, d):
    return _hypergradients(loss, outer_loss, w_0, step_sizes, n, d, "bare")


@mistake(
    of="reversed_hypergradients",
    refused_by=SLOPES,
    says="The derivatives come in the order in which they are found: that of the first step is first.",
)
def slopes_in_the_wrong_order(loss, outer_loss, w_0, step_sizes, n, d):
    w_bar, slopes = _hypergradients(loss, outer_loss, w_0, step_sizes, n, d)
    return w_bar, slopes[::-1]


def _float_run(loss, gamma):
    def forth(state, alpha):
        w, v = state
        v = gamma * v - jax.grad(loss)(w)
        return (w + alpha * v, v), None

    return forth


@mistake(
    of="reversed_hypergradients",
    refused_by=MEMORY,
    says="Right, but backpropagation through the run keeps the iterates of all steps: recompute each from the next.",
)
def slopes_by_backpropagation(loss, outer_loss, w_0, step_sizes, n, d):
    def outer(w, step_sizes):
        start = w, jnp.zeros_like(w)
        return outer_loss(jax.lax.scan(_float_run(loss, n / d), start, step_sizes)[0][0])

    return jax.grad(outer, (0, 1))(w_0 / BITS, step_sizes)


@mistake(
    of="reversed_hypergradients",
    refused_by=SLOPES,
    says="The run is reversed in floating point: dividing by the momentum in each step magnifies rounding until "
    "nothing is left of w_t. Reverse it in integers.",
)
def slopes_by_division(loss, outer_loss, w_0, step_sizes, n, d):
    gamma, w = n / d, w_0 / BITS
    w, v = jax.lax.scan(_float_run(loss, gamma), (w, jnp.zeros_like(w)), step_sizes)[0]

    def back(carry, alpha):
        w, v, w_bar, v_bar = carry
        slope = w_bar @ v
        v_bar = v_bar + alpha * w_bar
        w = w - alpha * v
        g, push = jax.jvp(jax.grad(loss), (w,), (v_bar,))
        return (w, (v + g) / gamma, w_bar - push, gamma * v_bar), slope

    start = w, v, jax.grad(outer_loss)(w), jnp.zeros_like(w)
    (_, _, w_bar, _), slopes = jax.lax.scan(back, start, step_sizes, reverse=True)
    return w_bar, slopes


@mistake(
    of="reversed_hypergradients",
    refused_by=MEMORY,
    says="Right, but each state is computed anew from the start of training, work that grows like the square of the "
    "number of steps: step back from the state that you have.",
)
def slopes_from_the_start_each_time(loss, outer_loss, w_0, step_sizes, n, d):
    steps, forth = len(step_sizes), _float_run(loss, n / d)
    start = w_0 / BITS, jnp.zeros_like(w_0 / BITS)

    def state_at(t):
        def masked(i, state):
            after = forth(state, step_sizes[i])[0]
            return jax.tree.map(lambda a, b: jnp.where(i < t, a, b), after, state)

        return jax.lax.fori_loop(0, steps, masked, start)

    def back(carry, t):
        w_bar, v_bar = carry
        w, v = state_at(t)
        g = jax.grad(loss)(w)
        slope = w_bar @ (n / d * v - g)
        v_bar = v_bar + step_sizes[t] * w_bar
        push = jax.jvp(jax.grad(loss), (w,), (v_bar,))[1]
        return (w_bar - push, n / d * v_bar), slope

    w_bar = jax.grad(outer_loss)(state_at(steps)[0])
    carry = w_bar, jnp.zeros_like(w_bar)
    (w_bar, _), slopes = jax.lax.scan(back, carry, jnp.arange(steps), reverse=True)
    return w_bar, slopes
