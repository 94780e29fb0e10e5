# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [raw]
# # ASSIGNMENT CONFIG
# name: lab07
# init_cell: true
# check_all_cell: false
# export_cell: false
# generate: false
# solutions_pdf: false
# template_pdf: false
# show_question_points: false
# tests:
#   files: false
#   ok_format: false

# %% [markdown]
# # Lab 7: noise, batch size and the noisy quadratic model
#
# CSC2541, lecture 7. Individual work. 40 points.
#
# A batch of twice the size costs twice the examples and halves the variance of the gradient. What
# does it buy? The answer depends on everything else that one tunes: step size, schedule, momentum,
# averaging. There is one model in which all of it can be computed to the last digit, without a
# single random number: a quadratic whose gradients come with noise. The expected loss then follows
# from a small linear recursion, and experiments that take a cluster a week become a line of JAX.
# You build the model, find the batch size beyond which examples are wasted, and then measure on a
# network the number that predicts it: the gradient noise scale. Measured in the obvious way, it
# comes out wrong by any factor, and looks fine.
#
# | question | | points |
# |---|---|---|
# | 1 | The noisy quadratic model | 9 |
# | 2 | Momentum, and averages of the iterates | 10 |
# | 3 | Steps to a target and the critical batch size | 8 |
# | 4 | The gradient noise scale | 10 |
# | 5 | Written: what does a larger batch buy? | 3 |
#
# **How it is graded.** The checks in this notebook look at names, signatures and shapes only; passing
# them earns nothing by itself. After you submit, each of your functions is called with hidden inputs
# and the returned values are compared with a reference. Every question says what its hidden tests
# look at; after the due date you see all of them, which failed, and how. A hidden test gives all of
# its points or none, except where *partial credit* is mentioned. Question 5 is graded by hand.
#
# **Rules for your functions.**
#
# - Keep names and signatures. A function may call your other functions.
# - Compute in the dtype of the arrays you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off. Don't write a dtype or an absolute cut-off such
#   as `1e-10` into the code.
# - Return arrays of exactly the documented shape, and every entry finite.
# - No random numbers: expectations here are computed, not sampled. No printing, no state between
#   calls.
# - Some hidden tests look at the *cost*. Your function is traced, as by `jax.jit`, and the
#   operations of the traced program are counted, not timed; a loop counts every step. So loops have
#   a number of steps that is known beforehand (`lax.scan`, `lax.fori_loop`, or Python's `for`), and
#   there is no `if` on a value. A function that cannot be traced can still earn the other points.
#
# **Conventions of this lab.** The noisy quadratic has $D$ modes and the loss
# $$L(x)=\tfrac12\sum_ih_ix_i^2,\qquad h_i>0,$$
# so its minimum is $0$, at $x=0$. One example's gradient is $h_ix_i$ plus noise of mean $0$ and
# variance $c_i$, independent of $x$, of the other examples, and of other steps. A batch is the
# *mean* over $B$ examples:
# $$g_i=h_ix_i+n_i,\qquad \mathbb E[n_i]=0,\qquad \mathbb E[n_i^2]=c_i/B .$$
# Expectations are over all noise and over the start $x_0$, which is independent of the noise. `s0`
# is $\mathbb E[x_{0,i}^2]$, a second moment and not a variance. $B$ is any positive real number,
# and $B=\infty$ (`jnp.inf`) means no noise. Times are counted from 0: a curve over $K$ steps has
# $K+1$ entries, and the first one belongs to the start.

# %%
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import lab07_given as given
import matplotlib.pyplot as plt
import numpy as np

jax.config.update("jax_enable_x64", True)  # expectations are exact here: work in float64

Array = jax.Array

# %% [markdown]
# ## 1. The noisy quadratic model
#
# SGD with step sizes $\alpha_0,\dots,\alpha_{K-1}$ and batch sizes $B_0,\dots,B_{K-1}$ makes the
# steps $x_{k+1}=x_k-\alpha_kg_k$, where $g_k$ is the gradient at $x_k$ of a batch of $B_k$. To
# follow the expected loss one needs $\mathbb E[x_{k,i}^2]$ and nothing else. Write down
# $x_{k+1,i}$, square it, and take the expectation: the noise is independent of $x_k$, so the cross
# term vanishes, and what remains is a recursion for $\mathbb E[x_{k,i}^2]$, a mode at a time. It
# holds for noise of any distribution, and neither the mean of $x$ nor correlations between modes
# matter.
#
# The recursion has two terms. One forgets the start, the other adds noise. With a constant step size
# $0<\alpha h_i<2$ they come to a balance, and the loss to a *floor*. Solve for the fixed point, and
# simplify until nothing is subtracted from something nearly equal: curvatures span many orders of
# magnitude, and for a flat mode $1-(1-\alpha h)^2$ has lost most of its digits.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 9

# %% [markdown]
# ### Question 1 (9 points)
#
# Write `second_moments` and `steady_state_loss`.
#
# *Hidden tests of* `second_moments`: constant step and batch size, and a schedule of both (3
# points, partial credit: 1 for constants, 2 for schedules); one mode, no steps, a flat mode $h=0$,
# no noise, in float32 (1 point); the loss multiplied by a constant, to eleven digits (1 point);
# cost: for $K=40$ at most 100 times the operations of one element-wise product of two arrays of
# shape $(K,D)$ (1 point).
#
# *Hidden tests of* `steady_state_loss`: modes from slow to oscillating (2 points); flat modes,
# down to $\alpha h=10^{-12}$, to ten digits (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def second_moments(h: Array, c: Array, s0: Array, step_sizes: Array, batch_sizes: Array) -> Array:
    """E[x_k^2] of every mode under SGD, for k = 0, ..., K.

    Args:
        h: curvatures, >= 0, shape (D,).
        c: variances of one example's gradient, >= 0, shape (D,).
        s0: E[x_0^2], shape (D,).
        step_sizes: alpha_0, ..., alpha_{K-1}, shape (K,), K >= 0.
        batch_sizes: B_0, ..., B_{K-1}, real numbers > 0, shape (K,).

    Returns:
        The second moments, one row for each k, shape (K + 1, D).
    """
    # BEGIN SOLUTION
    def advance(s, schedule):
        alpha, B = schedule
        s = (1 - alpha * h) ** 2 * s + alpha**2 * c / B
        return s, s

    _, later = jax.lax.scan(advance, s0, (step_sizes, batch_sizes))
    return jnp.concatenate([s0[None], later])
    # END SOLUTION


def steady_state_loss(h: Array, c: Array, step_size: float, batch_size: float) -> Array:
    """The expected loss of SGD after infinitely many steps of constant step and batch size.

    Args:
        h: curvatures, shape (D,), with 0 < step_size * h < 2.
        c: variances of one example's gradient, shape (D,).
        step_size: alpha > 0.
        batch_size: B > 0.

    Returns:
        The expected loss, a scalar of shape ().
    """
    # BEGIN SOLUTION
    return step_size / (2 * batch_size) * jnp.sum(c / (2 - step_size * h))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(second_moments, steady_state_loss):
    import jax.numpy as jnp
    import numpy as np

    h = jnp.array([1.0, 0.5])
    assert second_moments is not None, "q1: second_moments is missing"
    moments = second_moments(h, h, jnp.ones(2), jnp.full(3, 0.1), jnp.full(3, 4.0))
    assert moments is not None, "q1: second_moments returns nothing yet"
    assert np.shape(moments) == (4, 2), "second_moments returns K + 1 rows of D numbers"
    assert steady_state_loss is not None, "q1: steady_state_loss is missing"
    loss = steady_state_loss(h, h, 0.1, 4.0)
    assert loss is not None, "q1: steady_state_loss returns nothing yet"
    assert np.shape(loss) == (), "steady_state_loss returns a scalar"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the expected loss with constant step sizes and with one that is divided by ten halfway, and
# (dots) the mean of 400 simulated runs. Right: the floor against the step size for several batch
# sizes, divided by $\alpha/B$.

# %%
problem = given.noisy_quadratic(modes=20, condition=100.0)
h, c, s0 = problem.h, problem.c, problem.s0
steps, batch = 200, 8.0
schedules = {
    r"$\alpha=1$": np.full(steps, 1.0),
    r"$\alpha=0.1$": np.full(steps, 0.1),
    r"$\alpha=1$, then $0.1$": np.repeat([1.0, 0.1], steps // 2),
}
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for color, (name, alphas) in zip(("C0", "C1", "C2"), schedules.items(), strict=True):
    batches = np.full(steps, batch)
    curve = second_moments(h, c, s0, jnp.asarray(alphas), jnp.asarray(batches)) @ h / 2
    axes[0].semilogy(curve, color, label=name)
    simulated = given.simulated_losses(problem, alphas, batches)
    axes[0].semilogy(np.arange(0, steps + 1, 10), simulated[::10], color + ".", markersize=4)
axes[0].set(xlabel="step", ylabel="expected loss", title="Batches of 8")
axes[0].legend(fontsize=8)
alphas = np.geomspace(1e-3, 1.9, 60)
for marker, batch in zip(("-", "--", ":"), (1.0, 8.0, 64.0), strict=True):
    floors = np.array([steady_state_loss(h, c, alpha, batch) for alpha in alphas])
    axes[1].loglog(alphas, floors / (alphas / batch), marker, label=f"B = {batch:g}")
axes[1].set(xlabel=r"step size $\alpha$", ylabel=r"floor $\cdot\,B/\alpha$", title="The floor")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# A large step size is fast and ends high, a small one is slow and ends low, and dropping the step
# size has the best of both: the loss falls at once, since the steep modes, which carry the noise,
# have a short memory. Divided by $\alpha/B$ all floors lie on one curve, nearly flat until
# $\alpha h_1$ is of order 1. To the floor a batch eight times as large does what an eighth of the step
# size would do, and it doesn't slow anything down: that is what the examples are paid for.
#
# ## 2. Momentum, and averages of the iterates
#
# **Momentum**, in the order and the scale of `optax.sgd`:
# $$v_{t+1}=\beta v_t+g_t,\qquad x_{t+1}=x_t-\alpha v_{t+1},\qquad v_0=0 .$$
# The velocity is updated first, with the gradient at $x_t$, which isn't multiplied by $1-\beta$. In
# the long run a gradient therefore moves $x$ by $\alpha/(1-\beta)$ times itself: with $\beta=0.9$,
# ten times as far as in SGD. The state $z=(x,v)$ of a mode is linear in itself and the noise, and
# so its second moments again obey a recursion,
# $$z_{t+1}=Mz_t+n_tk,\qquad
#   \mathbb E[zz^\top]_{t+1}=M\,\mathbb E[zz^\top]_t\,M^\top+\frac cB\,kk^\top,$$
# with a $2\times2$ matrix $M$ and a vector $k$ of two that you write down for each mode. Remember
# that the *new* velocity moves $x$: one and the same $n_t$ enters both components. There are three
# numbers a mode, since the matrix of moments is symmetric. As a check of yours: a constant step
# size ends at
# $$\mathbb E[x^2]=\frac{\alpha c}{Bh}\cdot\frac{1+\beta}{(1-\beta)\,\big(2(1+\beta)-\alpha h\big)} ,$$
# and is stable for $\alpha h<2(1+\beta)$.
#
# **Averaging.** Leave SGD as it is ($\beta=0$, constant $\alpha$ and $B$), and keep an exponential
# moving average beside it, $a_{t+1}=\gamma a_t+(1-\gamma)x_{t+1}$ with $0\le\gamma<1$. Gradients
# are taken at $x$, the average is only for evaluation. After infinitely many steps
# $$a_t=(1-\gamma)\sum_{k\ge0}\gamma^kx_{t-k},\qquad
#   \mathbb E[x_tx_{t-k}]=\varphi^k\,\mathbb E[x_t^2],\qquad \varphi=1-\alpha h .$$
# (Why? Multiply the step by $x_{t-k}$.) Work out $\mathbb E[a^2]$, a double geometric series, and
# with it $\mathbb E[L(a)]$ in closed form. It is at most the floor of SGD if $\varphi\ge0$; which
# averages are long enough to make a difference?

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 10

# %% [markdown]
# ### Question 2 (10 points)
#
# Write `momentum_losses` and `averaged_floor`.
#
# *Hidden tests of* `momentum_losses`: without and with momentum (3 points, partial credit: 1 for
# $\beta=0$, 2 for $\beta>0$); the loss of 300 steps later, against the formula above (1 point); one
# mode, no steps, no noise, in float32 (1 point); cost: for $T=30$ steps at most 120 times the
# operations of one element-wise product of two arrays of shape $(T,D)$ (1 point).
#
# *Hidden tests of* `averaged_floor`: short and long averages, and a mode that oscillates,
# $\alpha h>1$ (3 points, partial credit: 1 for each); flat modes, down to $\alpha h=10^{-7}$, and
# $\gamma=0$ (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def momentum_losses(
    h: Array,
    c: Array,
    s0: Array,
    step_size: float,
    batch_size: float,
    momentum: float,
    num_steps: int,
) -> Array:
    """The expected loss of SGD with momentum, for t = 0, ..., num_steps.

    Args:
        h, c, s0: curvatures, noise variances and E[x_0^2], each of shape (D,).
        step_size: alpha > 0.
        batch_size: B > 0; infinity means no noise.
        momentum: beta, 0 <= beta < 1.
        num_steps: the number of steps T >= 0.

    Returns:
        E[L(x_t)], shape (num_steps + 1,).
    """
    # BEGIN SOLUTION
    def advance(moments, _):
        xx, xv, vv = moments
        vv = h**2 * xx + 2 * momentum * h * xv + momentum**2 * vv + c / batch_size
        xv = h * xx + momentum * xv  # of the old position and the new velocity
        xx = xx - 2 * step_size * xv + step_size**2 * vv
        return (xx, xv - step_size * vv, vv), h @ xx / 2

    start = s0, jnp.zeros_like(s0), jnp.zeros_like(s0)
    _, later = jax.lax.scan(advance, start, length=num_steps)
    return jnp.append(h @ s0 / 2, later)
    # END SOLUTION


def averaged_floor(h: Array, c: Array, step_size: float, batch_size: float, decay: float) -> Array:
    """The expected loss of the moving average of SGD's iterates, after infinitely many steps.

    Args:
        h: curvatures, shape (D,), with 0 < step_size * h < 2.
        c: variances of one example's gradient, shape (D,).
        step_size: alpha > 0, of SGD without momentum.
        batch_size: B > 0.
        decay: gamma, 0 <= gamma < 1.

    Returns:
        E[L(a)], a scalar of shape ().
    """
    # BEGIN SOLUTION
    along = decay * (1 - step_size * h)
    gains = (1 - decay) / (1 + decay) * (1 + along) / (1 - along)
    return step_size / (2 * batch_size) * jnp.sum(gains * c / (2 - step_size * h))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(momentum_losses, averaged_floor):
    import jax.numpy as jnp
    import numpy as np

    h = jnp.array([1.0, 0.5, 0.2])
    assert momentum_losses is not None, "q2: momentum_losses is missing"
    losses = momentum_losses(h, h, jnp.ones(3), 0.1, 4.0, 0.5, 6)
    assert losses is not None, "q2: momentum_losses returns nothing yet"
    assert np.shape(losses) == (7,), "momentum_losses returns num_steps + 1 numbers"
    assert averaged_floor is not None, "q2: averaged_floor is missing"
    floor = averaged_floor(h, h, 0.1, 4.0, 0.5)
    assert floor is not None, "q2: averaged_floor returns nothing yet"
    assert np.shape(floor) == (), "averaged_floor returns a scalar"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: SGD and momentum with the same long-run step $\alpha/(1-\beta)$, for a small batch and for
# none of the noise; dots are simulations. Right: what averaging leaves of the floor, against the
# length $1/(1-\gamma)$ of the average, for modes of three curvatures.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
steps = 200
settings = {
    ("B = 8, SGD, step 0.3", "C0"): (0.3, 8.0, 0.0),
    ("B = 8, momentum 0.9, step 0.03", "C1"): (0.03, 8.0, 0.9),
    ("no noise, SGD, step 1.9", "C2"): (1.9, np.inf, 0.0),
    ("no noise, momentum 0.7, step 3", "C3"): (3.0, np.inf, 0.7),
}
for (name, color), (alpha, batch, beta) in settings.items():
    curve = momentum_losses(h, c, s0, alpha, batch, beta, steps)
    axes[0].semilogy(curve, color, label=name)
    simulated = given.simulated_losses(
        problem, np.full(steps, alpha), np.full(steps, batch), beta, runs=200
    )
    axes[0].semilogy(np.arange(0, steps + 1, 10), simulated[::10], color + ".", markersize=4)
axes[0].set(xlabel="step", ylabel="expected loss", title="Momentum", ylim=(1e-6, 10))
axes[0].legend(fontsize=7)
lengths = np.geomspace(1.0, 1e4, 60)
for curvature in (1.0, 0.1, 0.01):
    mode = jnp.array([curvature])
    floors = [averaged_floor(mode, mode, 0.5, 8.0, 1 - 1 / length) for length in lengths]
    share = np.array(floors) / steady_state_loss(mode, mode, 0.5, 8.0)
    axes[1].loglog(lengths, share, label=rf"$\alpha h={0.5 * curvature:g}$")
axes[1].set(xlabel=r"length of the average $1/(1-\gamma)$", ylabel="share of SGD's floor")
axes[1].set_title("Averaging")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# With small steps momentum is SGD with a step $1/(1-\beta)$ times as large: after a slower start it
# has nearly the same speed and the same floor. It pays where there is little noise, and SGD's step
# is bounded by the steepest mode. Averaging is the other way round. It speeds up nothing, but from
# a length of $1/(\alpha h)$ on, the memory that SGD itself has, it divides the floor of a mode by
# about $\alpha h$ times its length.
#
# ## 3. Steps to a target and the critical batch size
#
# How many steps does it take to bring the expected loss to a given target? For a fair answer every
# batch size gets the step size that suits it best. Let $S(B)$ be the smallest number of steps over
# a list of step sizes: for each, the *first* $t\ge0$ with $\mathbb E[L(x_t)]\le$ target. What comes
# afterwards doesn't count; with momentum the loss may rise again. A step size whose loss isn't at
# or below the target at any $t\le T$, $T$ being `max_steps`, counts as $T+1$ steps. That includes
# step sizes that diverge, whose numbers may overflow: infinity, minus infinity and NaN have not
# reached anything.
#
# Of step sizes that need the same number of steps, the first in the list is returned.
#
# Small batches scale perfectly: twice the examples, half the steps. Large ones run into the number of
# steps that is needed without any noise. In between one finds, in this model and for networks,
# $$\Big(\frac S{S_{\min}}-1\Big)\Big(\frac E{E_{\min}}-1\Big)=1,\qquad E=B\,S,$$
# where $E$ is the number of examples (McCandlish et al. 2018). $S_{\min}$ is the least number of
# steps with any batch size, $E_{\min}$ the least number of examples, and their ratio is our
# definition of the *critical batch size*,
# $$B_{\mathrm{crit}}=\frac{E_{\min}}{S_{\min}} .$$
# With batches of that size one needs twice the steps and twice the examples of the respective
# minimum.
#
# To fit the two constants to runs $r$ with batch sizes $B_r$ and steps $S_r$, multiply the relation
# out: it is the same as $S_{\min}/S+E_{\min}/E=1$, which is linear in both. We take the least
# squares
# $$\min_{S_{\min},\,E_{\min}}\ \sum_r\Big(\frac{S_{\min}}{S_r}+\frac{E_{\min}}{E_r}-1\Big)^2$$
# of these residuals and no others. The arrays may hold integers, in which case $E_r$ may not fit into
# 32 bits; and the unit in which examples are counted (sequences, tokens) must not matter.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 8

# %% [markdown]
# ### Question 3 (8 points)
#
# Write `fewest_steps` and `trade_off`.
#
# *Hidden tests of* `fewest_steps`: without momentum (2 points) and with it (2 points), for several
# batch sizes, some of the step sizes being too large or too small; a target that is met at the
# start, one that is never met, a loss that falls below the target and rises again, step sizes whose
# losses overflow (1 point).
#
# *Hidden tests of* `trade_off`: runs that don't lie on a curve exactly (1 point); examples counted
# in units of another size, with 64-bit mode off (1 point); two runs only, of integers, with 64-bit
# mode off (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def fewest_steps(
    h: Array,
    c: Array,
    s0: Array,
    target: float,
    step_sizes: Array,
    batch_size: float,
    momentum: float,
    max_steps: int,
) -> tuple[Array, Array]:
    """The smallest number of steps to the target over the step sizes, and the step size.

    Args:
        h, c, s0: curvatures, noise variances and E[x_0^2], each of shape (D,).
        target: the expected loss to be reached, > 0.
        step_sizes: the step sizes to try, shape (A,), A >= 1.
        batch_size: B > 0; infinity means no noise.
        momentum: beta, 0 <= beta < 1.
        max_steps: T >= 0.

    Returns:
        The pair (steps, step size) of scalars: an integer between 0 and T + 1, where T + 1 says
        that no step size reaches the target, and the first step size that needs so many steps.
    """
    # BEGIN SOLUTION
    def count(step_size):
        losses = momentum_losses(h, c, s0, step_size, batch_size, momentum, max_steps)
        reached = jnp.isfinite(losses) & (losses <= target)
        return jnp.where(jnp.any(reached), jnp.argmax(reached), max_steps + 1)

    steps = jax.vmap(count)(step_sizes)
    best = jnp.argmin(steps)
    return steps[best], step_sizes[best]
    # END SOLUTION


def trade_off(batch_sizes: Array, steps: Array) -> tuple[Array, Array]:
    """S_min and E_min of the relation between steps and examples, by least squares.

    Args:
        batch_sizes: B_r, at least two different ones, shape (R,), integers or reals.
        steps: the steps S_r > 0 of the runs with these batch sizes, shape (R,), integers or reals.

    Returns:
        The pair (S_min, E_min) of scalars; their ratio is the critical batch size.
    """
    # BEGIN SOLUTION
    rows = jnp.stack([1 / steps, 1 / steps / batch_sizes], axis=1)
    units = jnp.max(rows, axis=0)  # columns of like size, whatever the unit of examples
    fit = jnp.linalg.lstsq(rows / units, jnp.ones(len(rows), rows.dtype))[0] / units
    return fit[0], fit[1]
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(fewest_steps, trade_off):
    import jax.numpy as jnp
    import numpy as np

    assert fewest_steps is not None, "q3: fewest_steps is missing"
    h = jnp.array([1.0, 0.5])
    pair = fewest_steps(h, h, jnp.ones(2), 0.1, jnp.array([0.1, 0.5]), 16.0, 0.0, 20)
    assert pair is not None, "q3: fewest_steps returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "fewest_steps returns a pair"
    assert np.shape(pair[0]) == () and np.shape(pair[1]) == (), "fewest_steps returns two scalars"
    assert np.issubdtype(np.asarray(pair[0]).dtype, np.integer), "the number of steps is an integer"
    assert trade_off is not None, "q3: trade_off is missing"
    pair = trade_off(jnp.array([1.0, 2.0, 8.0]), jnp.array([50.0, 30.0, 20.0]))
    assert pair is not None, "q3: trade_off returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "trade_off returns the pair (S_min, E_min)"
    assert np.shape(pair[0]) == () and np.shape(pair[1]) == (), "trade_off returns two scalars"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Steps to 0.3 % of the loss at the start, with the best of 20 step sizes, for SGD, for momentum
# 0.9, and for SGD in the coordinates $\sqrt[4]h\,x$, that is, preconditioned with $h^{-1/2}$. Left:
# the steps, the fitted relation, and the critical batch size (star). Right: the step size that was
# best.

# %%
problem = given.noisy_quadratic(modes=12, condition=1000.0)
easier = given.preconditioned(problem, 0.5)
target = 0.003 * float(problem.h @ problem.s0) / 2
batch_sizes = 2.0 ** np.arange(6, 17)
search = jax.jit(
    jax.vmap(fewest_steps, in_axes=(None, None, None, None, None, 0, None, None)),
    static_argnums=7,
)
methods = {
    "SGD": (problem, 0.0, np.geomspace(0.05, 2.2, 20)),
    "momentum 0.9": (problem, 0.9, np.geomspace(0.005, 2.2, 20)),
    r"preconditioned, $h^{-1/2}$": (easier, 0.0, np.geomspace(0.02, 2.2, 20)),
}
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
for color, (name, (model, beta, alphas)) in zip(("C0", "C1", "C2"), methods.items(), strict=True):
    counts, best = search(
        model.h, model.c, model.s0, target, jnp.asarray(alphas), jnp.asarray(batch_sizes), beta, 1500
    )
    S_min, E_min = trade_off(jnp.asarray(batch_sizes), counts)
    critical = E_min / S_min
    axes[0].loglog(batch_sizes, counts, color + "o", markersize=4)
    axes[0].loglog(batch_sizes, S_min + E_min / batch_sizes, color, label=name)
    axes[0].loglog(critical, 2 * S_min, color + "*", markersize=13)
    axes[1].loglog(batch_sizes, best / (1 - beta), color + "o-", markersize=4, label=name)
    print(f"{name}: S_min {S_min:.1f}, E_min {E_min:,.0f}, critical batch size {critical:,.0f}")
axes[0].set(xlabel="batch size B", ylabel="steps S", title="Steps to the target")
axes[1].set(xlabel="batch size B", ylabel=r"$\alpha/(1-\beta)$", title="Best long-run step")
axes[0].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# Each method scales perfectly at first, and bends within a decade around its critical batch size,
# some 1,000 here. For small batches SGD and momentum need about the same number of steps, with
# about the same long-run step, which grows in proportion to $B$. Beyond, SGD's step meets the limit
# of the steepest mode, while momentum's goes on: its $S_{\min}$ is smaller and its critical batch
# size larger. The preconditioner makes the problem easier altogether, and gains as much for small
# batches as for large ones. (With $c=h$ the flat modes have little noise that it could amplify.)
#
# ## 4. The gradient noise scale
#
# Finding $B_{\mathrm{crit}}$ took hundreds of runs. A cheaper guess needs gradients at one point
# only. Let $g_n$ be the gradient of example $n$, over all weights, $G$ the mean of the $g_n$, and
# $\Sigma=\frac1N\sum_n(g_n-G)(g_n-G)^\top$ the covariance of an example's gradient. (Batches are drawn
# with replacement from these $N$ examples: hence $N$, and not $N-1$.) McCandlish et al. (2018) propose
# $$B_{\mathrm{simple}}=\frac{\operatorname{tr}\Sigma}{|G|^2} ,$$
# the batch size at which the mean gradient's noise, of expected square $\operatorname{tr}\Sigma/B$,
# is as large as the gradient itself.
#
# Both parts can be had from norms. For the mean gradient $G_B$ of a batch of $B$
# $$\mathbb E\,|G_B|^2=|G|^2+\frac{\operatorname{tr}\Sigma}B .$$
# So the squared norm of *any* batch's gradient is too large as an estimate of $|G|^2$, and dividing
# by it gives $B_{\mathrm{simple}}B/(B+B_{\mathrm{simple}})$ at best, never more than $B$. But from
# the mean squared norms for *two* batch sizes $b<B$ one gets two equations. Solve them for $|G|^2$
# and $\operatorname{tr}\Sigma$: the estimates are unbiased, as expectations are linear. Their ratio
# is not. So norms are averaged over all measurements *before* anything is divided, and an estimate
# of $|G|^2$ that comes out negative is left as it is: cutting it off at zero would bias it again.
#
# The norms are cheap to get. A batch's gradient is `jax.grad` of the mean over its examples;
# `jax.vmap` makes many batches of it, at once, at the work of one gradient over all the examples.
# What it costs is memory: the gradients of all batches, each as large as the weights (a `lax.map`
# over batches holds one at a time). Batches of one example give the *per-example gradients*. The
# Jacobian of the vector of all losses would give them too, but reverse mode pulls back one basis
# vector for each entry, through all examples.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 10

# %% [markdown]
# ### Question 4 (10 points)
#
# Write `batch_squares` and `noise_scale`. The norm is Euclidean, over all weights together.
#
# *Hidden tests of* `batch_squares`: a network, against a dense Jacobian (3 points, partial credit:
# 1 each for batches of one example, for batches in between, for one batch of all); a last batch
# that is not full, one example, a scalar weight, in float32 (1 point); twelve digits (1 point);
# cost: at most three times the work of one gradient of the mean loss over all examples (1 point).
#
# *Hidden tests of* `noise_scale`: random measurements (2 points); the mean over *all* batches that
# can be drawn from a small set of examples, where the estimate must be exact (1 point);
# measurements that make the estimate of $|G|^2$ negative (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def batch_squares(
    example_loss: Callable[[Any, Array, Array], Array],
    w: Any,
    X: Array,
    y: Array,
    batch_size: int,
) -> Array:
    """|G_B|^2 of consecutive batches: examples 0 to B - 1, B to 2 B - 1, and so on.

    Args:
        example_loss: the loss of one example, (w, x, y) -> scalar.
        w: the weights, a pytree of arrays.
        X: the inputs, shape (N, ...); X[n] is the x of example n.
        y: the targets, shape (N, ...).
        batch_size: B, 1 <= B <= N.

    Returns:
        The squared norm of each batch's mean gradient, shape (N // B,). What is left over
        for a last batch of fewer than B examples is not used.
    """
    # BEGIN SOLUTION
    count = len(y) // batch_size

    def square(x, y):
        def loss(w):
            return jnp.mean(jax.vmap(example_loss, in_axes=(None, 0, 0))(w, x, y))

        return sum(jnp.sum(g**2) for g in jax.tree.leaves(jax.grad(loss)(w)))

    def batched(a):
        return a[: count * batch_size].reshape(count, batch_size, *a.shape[1:])

    return jax.vmap(square)(batched(X), batched(y))
    # END SOLUTION


def noise_scale(
    small_squares: Array, large_squares: Array, small_batch: int, large_batch: int
) -> tuple[Array, Array, Array]:
    """|G|^2, tr(Sigma) and B_simple from the squared norms of gradients of two batch sizes.

    Args:
        small_squares: |G_b|^2 of some batches of b examples, shape (m,), m >= 1.
        large_squares: |G_B|^2 of some batches of B examples, shape (M,), M >= 1.
        small_batch, large_batch: b and B, b < B.

    Returns:
        The triple of scalars: the unbiased estimates of |G|^2 (which may be negative) and of
        tr(Sigma), and tr(Sigma) / |G|^2.
    """
    # BEGIN SOLUTION
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    square = (large_batch * large - small_batch * small) / (large_batch - small_batch)
    noise = (small - large) / (1 / small_batch - 1 / large_batch)
    return square, noise, noise / square
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(batch_squares, noise_scale):
    import jax.numpy as jnp
    import lab07_given as given
    import numpy as np

    assert batch_squares is not None, "q4: batch_squares is missing"
    problem = given.classifier(widths=(2, 3, 2), examples=6, seed=0)
    squares = batch_squares(problem.example_loss, problem.w, problem.X, problem.y, 2)
    assert squares is not None, "q4: batch_squares returns nothing yet"
    assert np.shape(squares) == (3,), "batch_squares returns one number for each batch"
    assert noise_scale is not None, "q4: noise_scale is missing"
    triple = noise_scale(jnp.array([3.0, 4.0]), jnp.array([2.0]), 2, 8)
    assert triple is not None, "q4: noise_scale returns nothing yet"
    assert isinstance(triple, tuple) and len(triple) == 3, "noise_scale returns a triple"
    assert all(np.shape(value) == () for value in triple), "noise_scale returns three scalars"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# A classifier in training, on a set of 2048 examples from which batches are drawn with replacement.
# Left: $B_{\mathrm{simple}}$ along the run, exactly (from all per-example gradients), as estimated
# from batches of 8 and of 512, and by the naive ratio with batches of 64. Right: after 20 steps,
# the naive ratio for batches of any size, the curve that it should follow, and estimates from pairs
# of batch sizes, $b=B/4$.

# %%
task = given.classifier(widths=(8, 16, 3), examples=2048, seed=3)
squares_of = jax.jit(batch_squares, static_argnums=(0, 4))
rng = np.random.default_rng(0)


def measured(w, batch_size, examples):
    """Squared norms of mean gradients of batches drawn with replacement."""
    index = rng.integers(len(task.y), size=examples)
    return squares_of(task.example_loss, w, task.X[index], task.y[index], batch_size)


def exactly(w):
    """|G|^2 and tr(Sigma) of the whole set of examples."""
    each = squares_of(task.example_loss, w, task.X, task.y, 1)
    whole = squares_of(task.example_loss, w, task.X, task.y, len(task.y))[0]
    return whole, jnp.mean(each) - whole


@jax.jit
def trained(w, batches):
    """The weights after a step of SGD with each of the batches."""

    def advance(w, index):
        def loss(w):
            losses = jax.vmap(partial(task.example_loss, w))(task.X[index], task.y[index])
            return jnp.mean(losses)

        return jax.tree.map(lambda p, g: p - 0.3 * g, w, jax.grad(loss)(w)), None

    return jax.lax.scan(advance, w, batches)[0]


w, rows, moments = task.w, [], (0, 2, 5, 10, 20, 50, 100, 200, 400)
for before, now in zip((0, *moments), moments, strict=False):
    w = trained(w, rng.integers(len(task.y), size=(now - before, 64)))
    whole, trace = exactly(w)
    estimate = noise_scale(measured(w, 8, 16384), measured(w, 512, 16384), 8, 512)[2]
    rows.append([trace / whole, estimate, trace / jnp.mean(measured(w, 64, 4096))])
    if now == 20:
        w_20, scale_20, trace_20 = w, float(trace / whole), float(trace)

fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
names = ("exact", "two batch sizes", "naive, batches of 64")
for name, marker, values in zip(names, ("k-", "C0o", "C3s-"), np.array(rows).T, strict=True):
    axes[0].plot(np.array(moments) + 1, values, marker, markersize=4, label=name)
axes[0].set(xscale="log", yscale="log", xlabel="step + 1", ylabel=r"$B_{\mathrm{simple}}$")
axes[0].set_title("Noise scale in training")
axes[0].legend(fontsize=8)
sizes = (1, 4, 16, 64, 256, 1024)
squares = {B: measured(w_20, B, 16384) for B in sizes}
naive = [trace_20 / jnp.mean(squares[B]) for B in sizes]
pairs = [noise_scale(squares[B // 4], squares[B], B // 4, B)[2] for B in sizes[1:]]
line = np.geomspace(1, 2000, 50)
axes[1].loglog(sizes, naive, "C3s", markersize=4, label="naive")
axes[1].loglog(line, scale_20 * line / (line + scale_20), "C3:")
axes[1].loglog(sizes[1:], pairs, "C0o", markersize=4, label="two batch sizes")
axes[1].axhline(scale_20, color="k", label="exact")
axes[1].set(xlabel="batch size B", title="After 20 steps")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# The noise scale grows by two orders of magnitude in a few dozen steps: the gradient fades, the
# noise stays. The naive ratio with batches of 64 says 10 at the start and from step 20 on about 60,
# since more than 64 it can't say, and would let you believe that the batch size happens to be
# right. Two batch sizes tell the truth, but with a spread: for small $B$ they make $|G|^2$ of the
# difference of two much larger numbers.
#
# ## 5. What does a larger batch buy?

# %% [raw]
# # BEGIN QUESTION
# name: q5
# manual: true
# points: 3

# %% [markdown]
# ### Question 5 (3 points, graded by hand)
#
# Answer in at most 200 words, and refer to your plots or to a computation of your own.
#
# 1. A larger batch, a smaller step size, and an average of the iterates all lower the floor. What
#    does each of them cost?
# 2. For small batches momentum did not help in question 3, and for large ones it did. Why, in terms
#    of what limits the step size?
# 3. Somebody trains with batches of 64, divides by their squared norms, finds that
#    $B_{\mathrm{simple}}$ soon is about 60, and concludes that the batch size is right. What would
#    you advise, for the beginning and for the end of training?
#
# *Graded on:* a correct argument for each part (1 point each), not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. The floor is about $\frac{\alpha}{4B}\sum_ic_i$. A batch of $B$ costs $B$ examples a step. A
#    smaller step size costs time: a mode forgets its start over $1/(\alpha h)$ steps. The average
#    costs a copy of the weights, and remembers the start for $1/(1-\gamma)$ steps, so that it
#    should begin, or be that long, only when SGD has arrived.
# 2. For small batches the noise limits the step: the floor has to be below the target, and at small
#    steps it depends on $\alpha/(1-\beta)$ only, as does the speed. So both have the same best
#    long-run step and the same number of steps. For large batches SGD is limited by $\alpha h_1<2$.
#    Momentum is stable up to a long-run step of $2(1+\beta)/((1-\beta)h_1)$, which the flat modes
#    profit from.
# 3. The ratio can't exceed 64. Measure with two batch sizes, averaging before dividing. At the
#    start the true scale is about 12, less than the batch: smaller batches would save examples.
#    Late it is in the thousands: there larger batches (or smaller steps, or averaging) cost hardly
#    more examples for the same progress.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
