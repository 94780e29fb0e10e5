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
# name: lab05
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
# # Lab 5: Adam, scale invariance and weight decay
#
# CSC2541, lecture 5. Individual work. 40 points.
#
# Three ingredients of every training script: Adam, a normalisation layer, weight decay. Each looks
# harmless alone. Together they do something that none of the three says on the label: normalisation
# makes the length of a weight vector meaningless for the function and turns it into a *step size*;
# weight decay, which was meant to keep the function simple, then controls that step size; and whether
# it does so as intended depends on whether Adam gets to see it. You build each piece, find out where
# it comes to rest, and predict how fast a normalised network turns without looking at its data.
#
# | question | | points |
# |---|---|---|
# | 1 | RMSprop and Adam | 9 |
# | 2 | A penalty, or a decay? | 9 |
# | 3 | Batch normalisation | 9 |
# | 4 | Descent on the sphere, and its equilibrium | 9 |
# | 5 | Written: who sets the step size? | 4 |
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
#   as `1e-10` into the code, and add no $\varepsilon$ that isn't asked for: it is an argument, and
#   may be large, small, or 0.
# - Return arrays of exactly the documented shape, and every entry finite.
# - No randomness, no printing, no state between calls.
# - Two hidden tests look at the *cost*. Your function is traced, as by `jax.jit`, and the operations
#   of the traced program are counted, not timed. So the number of steps of a loop must be known
#   beforehand (`lax.scan`, `lax.fori_loop` or Python's `for`). A function that cannot be traced can
#   still earn the other points. (The plots of questions 3 and 4 trace it too.)
#
# **Conventions of this lab.** Optimizers get a function `gradient`, from weights to the gradient of
# the cost there, and return *all* iterates $w_0,\dots,w_K$. The first is the start; step
# $t=1,\dots,K$ leads from $w_{t-1}$ to $w_t$ and uses the gradient $g_t$ at $w_{t-1}$. Weights are a
# pytree of arrays, except where a shape is stated. The penalty that belongs to $\lambda$ is
# $\tfrac\lambda2|w|^2$, with the half, on *all* weights; a decay is multiplied by the step size.
# Batch statistics are means over the $N$ examples, the variance too: $1/N$, not $1/(N-1)$.

# %%
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import lab05_given as given
import matplotlib.pyplot as plt
import numpy as np

jax.config.update("jax_enable_x64", True)  # steps of adaptive methods amplify rounding

Array = jax.Array

# %% [markdown]
# ## 1. RMSprop and Adam
#
# Both give every coordinate a step size of its own, from a moving average of its squared gradients.
# With squares, roots and quotients taken coordinate by coordinate, $v_0=0$ and $m_0=0$,
# $$v_t = \beta_2 v_{t-1} + (1-\beta_2)\,g_t^2,\qquad m_t=\beta_1m_{t-1}+(1-\beta_1)\,g_t ,$$
# *RMSprop* (its decay is $\beta_2$) makes the step
# $$w_t = w_{t-1} - \alpha\,\frac{g_t}{\sqrt{v_t}+\varepsilon},$$
# and *Adam* corrects both averages for having started from zero:
# $$w_t = w_{t-1}-\alpha\,\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon},\qquad
#   \hat m_t=\frac{m_t}{1-\beta_1^t},\quad \hat v_t=\frac{v_t}{1-\beta_2^t}.$$
# After $t$ steps the weights of $g_1^2,\dots,g_t^2$ in $v_t$ sum to $1-\beta_2^t$, hence the
# quotients. They don't replace $m_t$ and $v_t$, which go on uncorrected.
#
# Libraries differ in details that matter here. RMSprop is *not* corrected. $\varepsilon$ stands
# *outside* the root, and is added to the corrected root; `optax.rmsprop` puts it inside unless told
# otherwise, and the "more efficient" order of operations in section 2 of Kingma and Ba (2015)
# rescales it. With the usual $10^{-8}$ nobody notices; the hidden tests use others.
#
# One word of caution for your own experiments: where $v$ is small, a step multiplies rounding errors
# by $\alpha/\sqrt v$. Two right programs part after some tens of steps. The hidden tests take few.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 9

# %% [markdown]
# ### Question 1 (9 points)
#
# Write `rmsprop` and `adam`.
#
# *Hidden tests:* four steps on the weights of a network, of RMSprop (2 points) and of Adam (2
# points); forty steps with a constant gradient, where both are known in closed form, to eleven digits
# (1 point); a cost of tiny scale with $\varepsilon=0$ (1 point); weights in a dict of a scalar and an
# array, one of which never gets a gradient, also with no steps and with a single one (1 point);
# float32 (1 point); cost: one gradient a step, with a tolerance of one half and one gradient (1
# point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def rmsprop(
    gradient: Callable[[Any], Any],
    w0: Any,
    step_size: float,
    decay: float,
    epsilon: float,
    num_steps: int,
) -> Any:
    """The iterates of RMSprop, without bias correction, epsilon outside the root.

    Args:
        gradient: the function w -> gradient of the cost at w, a pytree like w.
        w0: the start, a pytree of arrays.
        step_size: alpha > 0.
        decay: beta_2, 0 <= beta_2 < 1.
        epsilon: >= 0; where it is 0, no gradient has a zero entry.
        num_steps: K >= 0.

    Returns:
        w_0, ..., w_K: a pytree like w0 with a new first axis of length K + 1 on every array.
    """
    # BEGIN SOLUTION
    v, iterates = jax.tree.map(jnp.zeros_like, w0), [w0]
    for _ in range(num_steps):
        g = gradient(iterates[-1])
        v = jax.tree.map(lambda old, g: decay * old + (1 - decay) * g**2, v, g)
        step = jax.tree.map(lambda g, v: step_size * g / (jnp.sqrt(v) + epsilon), g, v)
        iterates.append(jax.tree.map(jnp.subtract, iterates[-1], step))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *iterates)
    # END SOLUTION


def adam(
    gradient: Callable[[Any], Any],
    w0: Any,
    step_size: float,
    b1: float,
    b2: float,
    epsilon: float,
    num_steps: int,
) -> Any:
    """The iterates of Adam, epsilon outside the root of the corrected average.

    Args:
        gradient: the function w -> gradient of the cost at w, a pytree like w.
        w0: the start, a pytree of arrays.
        step_size: alpha > 0.
        b1, b2: beta_1 and beta_2, each >= 0 and < 1.
        epsilon: >= 0; where it is 0, no gradient has a zero entry.
        num_steps: K >= 0.

    Returns:
        w_0, ..., w_K: a pytree like w0 with a new first axis of length K + 1 on every array.
    """
    # BEGIN SOLUTION
    m = v = jax.tree.map(jnp.zeros_like, w0)
    iterates = [w0]
    for t in range(1, num_steps + 1):
        g = gradient(iterates[-1])
        m = jax.tree.map(lambda old, g: b1 * old + (1 - b1) * g, m, g)
        v = jax.tree.map(lambda old, g: b2 * old + (1 - b2) * g**2, v, g)
        scale_m, scale_v = step_size / (1 - b1**t), 1 / (1 - b2**t)

        def moved(w, m, v, scale_m=scale_m, scale_v=scale_v):
            return w - scale_m * m / (jnp.sqrt(scale_v * v) + epsilon)

        iterates.append(jax.tree.map(moved, iterates[-1], m, v))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *iterates)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(rmsprop, adam):
    import jax
    import lab05_given as given
    import numpy as np

    problem = given.network(widths=(2, 3, 1), examples=4, seed=0)
    wanted = jax.tree.map(lambda leaf: (4, *np.shape(leaf)), problem.params)
    for name, function, betas in (("rmsprop", rmsprop, (0.5,)), ("adam", adam, (0.5, 0.5))):
        assert function is not None, f"q1: there is no {name} yet"
        iterates = function(problem.gradient, problem.params, 0.1, *betas, 0.1, 3)
        assert iterates is not None, f"q1: {name} returns nothing yet"
        same = jax.tree.structure(iterates) == jax.tree.structure(problem.params)
        assert same, f"{name} returns a pytree like w0"
        found = jax.tree.map(np.shape, iterates)
        assert found == wanted, f"{name}: a new first axis of length K + 1 on every array"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the same quadratic, eigenvalues 1 and 100, twice: with its axes along the coordinates, and
# turned by 45 degrees. Gradient descent has its best constant step size. Right: how long the steps
# are when the gradient never changes.

# %%
turn = jnp.array([[1.0, -1.0], [1.0, 1.0]]) / 2**0.5
curvatures, minimum = jnp.diag(jnp.array([1.0, 100.0])), jnp.array([3.0, 3.0])
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for style, (name, Q) in zip(("-", "--"), {"along the axes": jnp.eye(2), "turned": turn}.items()):
    A = Q @ curvatures @ Q.T

    def slope(w, A=A, Q=Q):
        return A @ (w - Q @ minimum)

    # beta_1 = beta_2 = 0 and a huge epsilon: gradient descent with step size alpha / epsilon.
    runs = {
        "gradient descent": adam(slope, jnp.zeros(2), 2 / 101 * 1e9, 0.0, 0.0, 1e9, 250),
        "Adam": adam(slope, jnp.zeros(2), 0.1, 0.9, 0.999, 1e-8, 250),
    }
    for color, (method, iterates) in zip(("C0", "C1"), runs.items()):
        error = iterates - Q @ minimum
        costs = jnp.einsum("ki,ij,kj->k", error, A, error) / 2
        axes[0].semilogy(costs, color + style, label=f"{method}, {name}")
axes[0].set(xlabel="step", ylabel="excess cost", title="One quadratic in two coordinate systems")
axes[0].legend(fontsize=8)

constant = (lambda w: jnp.ones_like(w), jnp.zeros(1), 1.0)
lengths = {
    "RMSprop": -jnp.diff(rmsprop(*constant, 0.99, 1e-8, 300)[:, 0]),
    "Adam": -jnp.diff(adam(*constant, 0.9, 0.99, 1e-8, 300)[:, 0]),
}
for name, steps in lengths.items():
    axes[1].semilogy(jnp.arange(1, 301), steps, label=name)
axes[1].set(xlabel="step", ylabel=r"length of the step / $\alpha$", title="A constant gradient")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# Gradient descent makes the same progress in both coordinate systems: its two curves coincide. Adam
# does not. Along the axes it descends as in a round bowl. Turned, both coordinates see the large
# curvature, a diagonal of step sizes can do nothing about it, and in the end it is slower than
# gradient descent. Adam believes in the coordinates that you happen to use. Without a correction
# RMSprop starts with a step $1/\sqrt{1-\beta_2}$ times too long, ten times here, and takes some
# hundred steps to settle.
#
# ## 2. A penalty, or a decay?
#
# There are two ways to pull weights towards zero. A *penalty* $\tfrac\lambda2|w|^2$ belongs to the
# cost, so the optimizer gets $g_t+\lambda w_{t-1}$ for a gradient. A *decay* is no part of the
# gradient: the optimizer makes its step for $g_t$ alone, and besides, from the same old weights,
# $$w_t = w_{t-1}-\alpha\Big(\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon}+\lambda\,w_{t-1}\Big).$$
# That is AdamW (Loshchilov and Hutter, 2019; their $\lambda$ is our $\alpha\lambda$). For gradient
# descent the two are the same. For Adam they are not even similar, and it's worth knowing where each
# comes to rest. Weights $w$ are *stationary* for a method if it stays there once its averages have
# settled, $\hat m_t=g$ and $\hat v_t=g^2$ with $g$ what the method takes for the gradient at $w$.
# (Stationary is not yet stable: with a step that is too large it is not.) Work this out for
# $$J(w)=\sum_j\frac{a_j}2\,(w_j-c_j)^2,\qquad a_j>0,\ c_j\in\mathbb R .$$
# The coordinates decouple. The penalty leads to a linear equation in which Adam has left no trace.
# The decay leads to another one, in which a sign and an absolute value appear. Where does $w_j$ lie,
# relative to 0 and to $c_j$? Then it is a quadratic, of whose two roots one is right; write it such
# that small $\lambda$ costs no digits. For $\varepsilon=0$ take the limit from above. Look at what
# becomes of it for $\varepsilon\to0$ and for $\varepsilon\to\infty$ before you go on.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 9

# %% [markdown]
# ### Question 2 (9 points)
#
# Write `decayed_adam` and `stationary_weights`.
#
# *Hidden tests of* `decayed_adam`: four steps on the weights of a network, with a penalty (2 points)
# and with a decay (2 points); $\beta_1=0$ and a huge $\varepsilon$, where both are gradient descent
# on a penalised quadratic (1 point); a cost that is flat, a single scalar weight, and $\lambda=0$, in
# float32 (1 point).
#
# *Hidden tests of* `stationary_weights`: random quadratics (2 points, partial credit: 1 for each
# method); $\varepsilon=0$, $c_j=0$, a single weight, and a tiny $\lambda$ to eight digits (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def decayed_adam(
    gradient: Callable[[Any], Any],
    w0: Any,
    step_size: float,
    b1: float,
    b2: float,
    epsilon: float,
    decay: float,
    decoupled: bool,
    num_steps: int,
) -> Any:
    """The iterates of Adam on the penalised cost, or of Adam with decoupled weight decay.

    Args:
        gradient, w0, step_size, b1, b2, epsilon, num_steps: as for adam; the gradient is that of
            the cost without the penalty.
        decay: lambda >= 0.
        decoupled: whether lambda w is a decay (True) or the gradient of a penalty (False).

    Returns:
        w_0, ..., w_K: a pytree like w0 with a new first axis of length K + 1 on every array.
    """
    # BEGIN SOLUTION
    inside, outside = (0.0, decay) if decoupled else (decay, 0.0)
    m = v = jax.tree.map(jnp.zeros_like, w0)
    iterates = [w0]
    for t in range(1, num_steps + 1):
        g = jax.tree.map(lambda g, w: g + inside * w, gradient(iterates[-1]), iterates[-1])
        m = jax.tree.map(lambda old, g: b1 * old + (1 - b1) * g, m, g)
        v = jax.tree.map(lambda old, g: b2 * old + (1 - b2) * g**2, v, g)
        scale_m, scale_v = step_size / (1 - b1**t), 1 / (1 - b2**t)

        def moved(w, m, v, scale_m=scale_m, scale_v=scale_v):
            adapted = scale_m * m / (jnp.sqrt(scale_v * v) + epsilon)
            return (1 - step_size * outside) * w - adapted

        iterates.append(jax.tree.map(moved, iterates[-1], m, v))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *iterates)
    # END SOLUTION


def stationary_weights(a: Array, c: Array, decay: float, epsilon: float) -> tuple[Array, Array]:
    """Where Adam comes to rest on sum_j a_j/2 (w_j - c_j)^2, with a penalty and with a decay.

    Args:
        a: curvatures, positive, shape (D,).
        c: the minimum of the cost alone, of any sign, shape (D,).
        decay: lambda > 0.
        epsilon: >= 0; where it is 0, the limit from above.

    Returns:
        The pair (penalised, decoupled) of stationary weights, each of shape (D,).
    """
    # BEGIN SOLUTION
    reach = decay * a * jnp.abs(c)
    # The discriminant as a sum of what is not negative, and the root that divides by it.
    discriminant = (a - reach) ** 2 + decay * epsilon * (decay * epsilon + 2 * (a + reach))
    decoupled = 2 * a * c / (a + reach + decay * epsilon + jnp.sqrt(discriminant))
    return a * c / (a + decay), decoupled
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(decayed_adam, stationary_weights):
    import jax
    import jax.numpy as jnp
    import lab05_given as given
    import numpy as np

    assert decayed_adam is not None, "q2: there is no decayed_adam yet"
    assert stationary_weights is not None, "q2: there is no stationary_weights yet"
    problem = given.network(widths=(2, 3, 1), examples=4, seed=0)
    wanted = jax.tree.map(lambda leaf: (4, *np.shape(leaf)), problem.params)
    for decoupled in (False, True):
        iterates = decayed_adam(
            problem.gradient, problem.params, 0.1, 0.5, 0.5, 0.1, 0.3, decoupled, 3
        )
        assert iterates is not None, "q2: decayed_adam returns nothing yet"
        found = jax.tree.map(np.shape, iterates)
        assert found == wanted, "decayed_adam: a new first axis of length K + 1 on every array"
    pair = stationary_weights(jnp.array([1.0, 2.0]), jnp.array([1.0, -1.0]), 0.1, 0.1)
    assert pair is not None, "q2: stationary_weights returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "stationary_weights returns a pair"
    assert all(np.shape(w) == (2,) for w in pair), "stationary_weights: each of shape (D,)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: your formula (lines), and where your optimizer is after 800 steps (dots), for
# $\lambda=\frac12$ and $\varepsilon=0.1$. Right: a network trained with a penalty and with a decay of
# the same $\lambda$, and how far apart the two are.

# %%
a = jnp.geomspace(1e-3, 10, 60)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for color, height in (("C0", 1.0), ("C1", 4.0)):
    c = jnp.full_like(a, height)
    kinds = zip(("penalty", "decay"), ("--", "-"), stationary_weights(a, c, 0.5, 0.1), strict=True)
    for name, style, weights in kinds:
        axes[0].semilogx(a, weights, color + style, label=f"{name}, c = {height:g}")
        settings = (0.03, 0.9, 0.95, 0.1, 0.5, name == "decay", 800)
        some = slice(None, None, 6)
        run = decayed_adam(lambda w, c=c: a[some] * (w - c[some]), jnp.zeros(10), *settings)
        axes[0].semilogx(a[some], run[-1], color + "o", markersize=3)
axes[0].axhline(2.0, color="grey", linewidth=0.8)
axes[0].set(xlabel="curvature a", ylabel="weight", title="Where Adam comes to rest")
axes[0].legend(fontsize=8)

problem = given.network(widths=(5, 10, 2), examples=30, seed=1)
methods = {
    "gradient descent": (0.05 * 1e9, 0.0, 0.0, 1e9, (0.1, 0.1 / 1e9)),
    "Adam": (0.01, 0.9, 0.999, 1e-8, (0.1, 0.1)),
}
for method, (step_size, b1, b2, epsilon, decays) in methods.items():
    penalised, decoupled = (
        decayed_adam(
            problem.gradient, problem.params, step_size, b1, b2, epsilon, decay, flag, 200
        )
        for decay, flag in zip(decays, (False, True), strict=True)
    )
    differences = jax.tree.map(
        lambda x, y: jnp.sum((x - y).reshape(201, -1) ** 2, axis=1), penalised, decoupled
    )
    distance = jnp.sqrt(sum(jax.tree.leaves(differences)))
    axes[1].semilogy(jnp.arange(1, 201), distance[1:], label=method)
axes[1].set(xlabel="step", ylabel="distance", title="Between penalty and decay")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# The penalty gives up the weights that hardly matter for the cost, those with $a<\lambda$, and leaves
# the others. The decay asks another question. Where gradients are large against $\varepsilon$ (on the
# right of the left plot), weights within $1/\lambda=2$ (grey) are not shrunk at all, and none is let
# beyond, whatever its curvature: AdamW looks for the minimum of the *unpenalised* cost in the box
# $|w_j|\le1/\lambda$ (Xie and Li, 2024). Only weights whose gradients drown in $\varepsilon$ see a
# penalty, of $\tfrac{\lambda\varepsilon}2w^2$. On the right, gradient descent does not care (the
# $10^{-10}$ come from $\varepsilon=10^9$, which stands for infinity); Adam trains another network.
#
# ## 3. Batch normalisation
#
# A layer computes pre-activations $S=XW$, $X\in\mathbb R^{N\times D}$, $W\in\mathbb R^{D\times O}$, a
# column a unit. Batch normalisation makes each column of $S$ a column of $Z$ with mean 0 and
# variance 1 over the batch,
# $$Z_{no}=\frac{S_{no}-\mu_o}{\sqrt{\sigma_o^2+\varepsilon}},\qquad
#   \mu_o=\frac1N\sum_nS_{no},\quad\sigma^2_o=\frac1N\sum_n(S_{no}-\mu_o)^2,$$
# with $\varepsilon$ *inside* the root this time. (The learned gain and bias that usually follow are
# left out.) $\mu$ and $\sigma$ are functions of $W$ too, and the gradient flows through them. Given
# $U=\partial\mathcal J/\partial Z$, we want $\partial\mathcal J/\partial W$.
#
# If $\varepsilon=0$, the layer doesn't see the length of a unit's weights: for $\kappa>0$ the cost
# satisfies $\mathcal J(\dots,\kappa w_o,\dots)=\mathcal J(\dots,w_o,\dots)$, for each column $w_o$ of
# $W$ by itself. Differentiate this in $w_o$ and in $\kappa$:
# $$\nabla\mathcal J(\kappa w_o)=\tfrac1\kappa\,\nabla\mathcal J(w_o),\qquad
#   \langle\nabla\mathcal J(w_o),w_o\rangle=0 .$$
# A step of gradient descent is tangent to a sphere, and the smaller the larger the sphere is. What it
# does to the direction of $w_o$ is what a step with the *effective step size* does to a unit vector:
# there the gradient is $|w_o|$ times longer, and all lengths are $|w_o|$ times shorter.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 9

# %% [markdown]
# ### Question 3 (9 points)
#
# Write the three functions.
#
# *Hidden tests:* `batch_norm` of random pre-activations (1 point), and of ones whose mean is a
# million times their spread (1 point); `batch_norm_gradient` of random layers, against a dense
# Jacobian (2 points), for a single unit and two examples in float32 (1 point), with rescaled units,
# some of them tiny, shifted inputs and $\varepsilon=0$ (1 point), to twelve digits (1 point), and its
# cost: at most four times the work of the product $XW$ (1 point); the effective step sizes (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def batch_norm(S: Array, epsilon: float) -> Array:
    """Pre-activations, normalised over the batch.

    Args:
        S: pre-activations, a row an example, shape (N, O).
        epsilon: >= 0, added to the variance, inside the root.

    Returns:
        Z, shape (N, O).
    """
    # BEGIN SOLUTION
    centred = S - jnp.mean(S, axis=0)
    return centred / jnp.sqrt(jnp.mean(centred**2, axis=0) + epsilon)
    # END SOLUTION


def batch_norm_gradient(X: Array, W: Array, U: Array, epsilon: float) -> Array:
    """The gradient of a cost in the weights of a layer, through batch normalisation.

    Args:
        X: the layer's inputs, shape (N, D).
        W: its weights, shape (D, O).
        U: the gradient of the cost in Z = batch_norm(X W, epsilon), shape (N, O).
        epsilon: >= 0.

    Returns:
        The gradient of the cost in W, shape (D, O).
    """
    # BEGIN SOLUTION
    _, pull_back = jax.vjp(lambda W: batch_norm(X @ W, epsilon), W)
    return pull_back(U)[0]
    # END SOLUTION


def effective_step_sizes(step_size: float, W: Array) -> Array:
    """The step size that has the same effect on the direction of a unit if its weights had norm 1.

    Args:
        step_size: alpha > 0.
        W: weights, a column a unit, no column zero, shape (D, O).

    Returns:
        One effective step size for each unit, shape (O,).
    """
    # BEGIN SOLUTION
    return step_size / jnp.sum(W**2, axis=0)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(batch_norm, batch_norm_gradient, effective_step_sizes):
    import jax.numpy as jnp
    import numpy as np

    for function in (batch_norm, batch_norm_gradient, effective_step_sizes):
        assert function is not None, "q3: three functions are asked for"
    X, W = jnp.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), jnp.array([[1.0, 2.0, 0.5, 1.0]] * 2)
    Z = batch_norm(X @ W, 0.1)
    assert Z is not None, "q3: batch_norm returns nothing yet"
    assert np.shape(Z) == (3, 4), "batch_norm returns the shape of S"
    G = batch_norm_gradient(X, W, jnp.ones((3, 4)), 0.1)
    assert G is not None, "q3: batch_norm_gradient returns nothing yet"
    assert np.shape(G) == (2, 4), "batch_norm_gradient returns the shape of W"
    sizes = effective_step_sizes(0.1, W)
    assert sizes is not None, "q3: effective_step_sizes returns nothing yet"
    assert np.shape(sizes) == (4,), "effective_step_sizes returns one number for each unit"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# A normalised classifier, trained by gradient descent on all examples. Its eight units start with
# norms between 0.1 and 10.

# %%
def train(problem, step_size, decay, num_steps, batch, seed=0):
    """The W of every step of gradient descent with weight decay, on random batches."""
    order = np.random.default_rng(seed)
    batches = [order.permutation(len(problem.X))[:batch] for _ in range(num_steps)]

    def advance(W, chosen):
        X, y = problem.X[chosen], problem.y[chosen]
        U = problem.signal(batch_norm(X @ W, 0.0), y)
        W_next = (1 - step_size * decay) * W - step_size * batch_norm_gradient(X, W, U, 0.0)
        return W_next, W

    return jax.jit(lambda W: jax.lax.scan(advance, W, jnp.array(batches))[1])(problem.W)


problem = given.normalized_classifier(features=10, units=8, examples=120, seed=2, spread=10.0)
path = train(problem, step_size=1.0, decay=0.0, num_steps=300, batch=120)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
axes[0].semilogy(jnp.linalg.norm(path, axis=1))
axes[0].set(xlabel="step", ylabel=r"$|w_o|$", title="Norms of the eight units")
axes[1].semilogy(jax.vmap(lambda W: effective_step_sizes(1.0, W))(path))
axes[1].set(xlabel="step", ylabel=r"effective step size", title=r"$\alpha=1$ as the units see it")
fig.tight_layout()
plt.show()

# %% [markdown]
# No norm ever falls. Units that start small make one huge step (effective step size 100) and find
# themselves on a larger sphere; units that start large hardly turn at all. The effective step sizes
# spread over four decades at first, and after a few steps over less than three, by no merit of a
# schedule. Without weight decay nothing ever brings the slow units back.
#
# ## 4. Descent on the sphere, and its equilibrium
#
# Now let $f$ be any scale-invariant cost of *all* of $w\in\mathbb R^D$, $f(\kappa w)=f(w)$, and take
# gradient descent with weight decay in our convention, $0\le\alpha\lambda<1$,
# $$w_t=(1-\alpha\lambda)\,w_{t-1}-\alpha\,\nabla f(w_{t-1}).$$
# Put $w=ru$ with $r=|w|$ and $|u|=1$. Since $\nabla f(w)=\nabla f(u)/r$, the same iterates can be
# computed on the sphere. Without decay: a step from $u$ along $-\nabla f(u)$ with the
# effective step size, then back to the sphere, while $r$ grows by the factor by which that step left
# it. Work out what the decay changes. It acts on the old $w$ only, so it is not just a factor on $r$:
# it enters the effective step size as well.
#
# How does this end? Let the gradient at $w$ have the length $c/|w|^p$ with a constant $c$, and let it
# be normal to $w$. Gradient descent is $p=1$. A method that normalises its gradient is $p=0$: each of
# Adam's coordinates moves by about $\alpha$, whatever the loss and however long $w$ is, so $c$ is
# about the root of the number of weights. (Adam's step is only roughly normal to $w$.) Old weights,
# step and new weights are a triangle with a right angle, so $|w|$ follows a recursion of its own, and
# from any start it goes to a fixed point. There the weights keep turning, by a constant *angle*
# between $w_{t-1}$ and $w_t$. Find both, exactly, not to first order in $\alpha\lambda$. You may be
# surprised by what the angle does not depend on. As it may be small, write it so that it keeps its
# digits: of $\arccos x$ near $x=1$ little is left.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 9

# %% [markdown]
# ### Question 4 (9 points)
#
# Write `sphere_descent` and `equilibrium`.
#
# *Hidden tests of* `sphere_descent`: without decay (2 points) and with it (1 point), against gradient
# descent in $w$; a `gradient` that is right at unit vectors only (1 point); a tiny start, a gradient
# that is zero, no steps (1 point); sixty steps of constant turning, whose norms and directions are
# known, in float32 (1 point).
#
# *Hidden tests of* `equilibrium`: norm and angle for $p=1$, and for other $p$, against the recursion
# run to its end (2 points, partial credit: 1 for $p=1$, 1 for others); the angle to six digits for
# $\alpha\lambda$ of $10^{-15}$ (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def sphere_descent(
    gradient: Callable[[Array], Array],
    w0: Array,
    step_size: float,
    decay: float,
    num_steps: int,
) -> tuple[Array, Array]:
    """Gradient descent with weight decay on a scale-invariant cost, in polar coordinates.

    Args:
        gradient: the function u -> gradient of the cost at u, shape (D,); only to be used at unit
            vectors, where it is normal to u.
        w0: the start, of any norm but 0, shape (D,).
        step_size: alpha > 0.
        decay: lambda >= 0, alpha lambda < 1.
        num_steps: K >= 0.

    Returns:
        The pair (directions, norms) of w_0, ..., w_K, of shapes (K + 1, D) and (K + 1,).
    """
    # BEGIN SOLUTION
    shrink = 1 - step_size * decay

    def advance(state, _):
        u, r = state
        left = u - step_size / (shrink * r**2) * gradient(u)
        stretch = jnp.linalg.norm(left)
        state = left / stretch, shrink * r * stretch
        return state, state

    r0 = jnp.linalg.norm(w0)
    start = w0 / r0, r0
    _, later = jax.lax.scan(advance, start, length=num_steps)
    return tuple(jnp.concatenate([x[None], xs]) for x, xs in zip(start, later, strict=True))
    # END SOLUTION


def equilibrium(
    step_size: float, decay: float, gradient_norm: float, power: float
) -> tuple[Array, Array]:
    """Where weight decay and gradients that are normal to w balance.

    Args:
        step_size, decay: alpha and lambda, 0 < alpha lambda < 1.
        gradient_norm: c > 0; the gradient at w has the length c / |w|^power.
        power: p >= 0.

    Returns:
        The pair (norm, angle) of scalars: |w|, and the angle in radians between w_{t-1} and w_t.
    """
    # BEGIN SOLUTION
    product = step_size * decay
    squares = step_size * gradient_norm**2 / (decay * (2 - product))
    norm = jnp.asarray(squares) ** (1 / (2 * power + 2))
    return norm, 2 * jnp.arcsin(jnp.sqrt(jnp.asarray(product) / 2))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(sphere_descent, equilibrium):
    import lab05_given as given
    import numpy as np

    assert sphere_descent is not None, "q4: there is no sphere_descent yet"
    assert equilibrium is not None, "q4: there is no equilibrium yet"
    problem = given.quotient(eigenvalues=(1.0, 2.0, 3.0), seed=0)
    pair = sphere_descent(problem.gradient, problem.w0, 0.1, 0.2, 4)
    assert pair is not None, "q4: sphere_descent returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "sphere_descent returns a pair"
    assert np.shape(pair[0]) == (5, 3), "sphere_descent: directions of shape (K + 1, D)"
    assert np.shape(pair[1]) == (5,), "sphere_descent: norms of shape (K + 1,)"
    pair = equilibrium(0.1, 0.2, 1.0, 1)
    assert pair is not None, "q4: equilibrium returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "equilibrium returns a pair"
    assert all(np.shape(x) == () for x in pair), "equilibrium returns two scalars"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: your `sphere_descent` on the field that turns at a constant rate, $c=1$, from three norms, and
# the norm of your `equilibrium` (grey). Right: no toy: the classifier of question 3, trained on
# batches of 20 examples, with three pairs of $\alpha$ and $\lambda$. How far do its units turn in a
# step? In grey what `equilibrium` says, which has not seen a gradient.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
field = given.turning(size=2, gradient_norm=1.0, seed=0)
for start in (0.1, 1.0, 6.0):
    _, norms = sphere_descent(field.gradient, start * field.w0, 0.1, 0.1, 400)
    axes[0].semilogy(norms, label=f"|w| = {start} at first")
axes[0].axhline(equilibrium(0.1, 0.1, 1.0, 1)[0], color="grey", linewidth=0.8)
axes[0].set(xlabel="step", ylabel="|w|", title=r"Norms, $\alpha=\lambda=0.1$")
axes[0].legend(fontsize=8)

problem = given.normalized_classifier(features=10, units=8, examples=400, seed=3)
for color, (step_size, decay) in zip(("C0", "C1", "C2"), ((1.0, 0.01), (0.1, 0.1), (1.0, 0.1))):
    path = train(problem, step_size, decay, num_steps=600, batch=20)
    directions = path / jnp.linalg.norm(path, axis=1, keepdims=True)
    angles = jnp.arccos(jnp.sum(directions[1:] * directions[:-1], axis=1))
    squares = jnp.convolve(jnp.mean(angles**2, axis=1), jnp.ones(20) / 20, mode="valid")
    label = rf"$\alpha$ = {step_size:g}, $\lambda$ = {decay:g}"
    axes[1].semilogy(jnp.arange(len(squares)) + 10, jnp.sqrt(squares), color, label=label)
    axes[1].axhline(equilibrium(step_size, decay, 1.0, 1)[1], color="grey", linewidth=0.8)
axes[1].set(xlabel="step", ylabel="radians", title="Angle of a step, root mean square")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# From a start that is too small one step is enough to be past the equilibrium; from one that is too
# large it takes hundreds, at the rate $1-\alpha\lambda$. On the right, a real network on noisy
# batches turns as predicted to within a few per cent: after two hundred steps neither the data nor
# the size of the gradients matter, nor $\alpha$ and $\lambda$ one by one. The two settings with
# $\alpha\lambda=0.01$ started eight times apart, and then go together.
#
# ## 5. Who sets the step size?

# %% [raw]
# # BEGIN QUESTION
# name: q5
# manual: true
# points: 4

# %% [markdown]
# ### Question 5 (4 points, graded by hand)
#
# A network with batch normalisation after every hidden layer is trained with weight decay. Answer in
# at most 250 words, and refer to your plots or to a computation of your own.
#
# 1. Of two units, the second one's gradients are 100 times those of the first at equal weights.
#    Compare their norms and their angles a step at equilibrium, for gradient descent with weight
#    decay and for AdamW with $\varepsilon=0$. What is different for Adam with a penalty?
# 2. Gradient descent again. Late in training you divide $\alpha$ by 10 and leave $\lambda$. What
#    happens to the angle at once, and what after a long time? About how many steps is "long"?
# 3. "Weight decay keeps the weights small, hence the function simple." What is left of this sentence
#    for such a network? And for its last layer, which has no normalisation, under AdamW?
#
# *Graded on:* a correct argument for each part (part 1: 2 points, the others 1 each), not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. Gradient descent: $|w|^4\propto c^2$, so the second unit is $\sqrt{100}=10$ times longer, and
#    both turn by $\arccos(1-\alpha\lambda)$ a step. AdamW doesn't see the factor at all: same norms,
#    same angles. With a penalty, Adam divides $\lambda w$ by $\sqrt{\hat v}$, about the size of a
#    gradient, so the unit with the larger gradients is decayed less. It grows longer, though not as
#    under gradient descent, and turns less: how fast a unit learns now depends on the scale of its
#    gradients. (With steps of constant length and a decay $\lambda/\sqrt{\hat v}\propto|w|/c$ one
#    gets $|w|^3\propto c$: 4.6 times longer, and 4.6 times slower.)
# 2. At once: the norm is still that of the old equilibrium, so the angle, about $\alpha c/|w|^2$,
#    falls by 10. In the long run $\alpha\lambda$ is what counts: the angle rises again to
#    $\sqrt{1/10}$ of the old one, as the norm shrinks by $10^{1/4}$. Deviations of the norm decay by
#    about $1-4\alpha\lambda$ a step, so it takes some $1/(4\alpha\lambda)$ steps, with the new
#    $\alpha$.
# 3. The function of a normalised layer doesn't depend on the norm of its weights: decay cannot make
#    it simpler. It keeps the effective step size from falling to zero, and sets how fast the weights
#    turn. The last layer's norm does matter, but AdamW doesn't minimise a penalised cost: it confines
#    the weights to $|w_j|\le1/\lambda$ and leaves them alone inside.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
