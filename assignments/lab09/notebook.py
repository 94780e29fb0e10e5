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
# name: lab09
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
# # Lab 9: momentum as a dynamical system
#
# CSC2541, lecture 9. Individual work. 40 points.
#
# Gradient descent has no memory: where it goes depends on where it is. Add a velocity and it becomes a
# second-order system, a particle with friction in a landscape. On a quadratic every eigenvector of the
# Hessian is then an oscillator of its own, and one pair of numbers, the eigenvalues of a
# $2\times2$ matrix, says how fast it comes to rest. From them you read off everything that momentum can
# do there: replace $\kappa$ by $\sqrt\kappa$ in the number of steps, and no more. You then
# leave the quadratics twice. Once to see a tuned heavy ball circle for ever around the
# minimum of a convex function, and once to see a particle with the right *mass* converge
# exponentially where gradient descent crawls.
#
# | question | | points |
# |---|---|---|
# | 1 | Heavy ball | 11 |
# | 2 | Nesterov's accelerated gradient | 10 |
# | 3 | Chebyshev's schedule | 8 |
# | 4 | Hamiltonian descent | 8 |
# | 5 | Written: which momentum? | 3 |
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
# - No randomness, no printing, no state between calls.
# - Some hidden tests look at the *cost*. Your function is traced, as by `jax.jit`, and the operations
#   of the traced program are counted, not timed. So loops have a number of steps that is known
#   beforehand (`lax.scan`, `lax.fori_loop`, or Python's `for`), and there is no `if` on a value. A
#   function that cannot be traced can still earn the other points.
#
# **Conventions of this lab.** Iterates are numbered from 0, the start, and returned in order along a
# new *first* axis. The methods get a function `gradient`, which maps $w$ to $\nabla J(w)$, and call it
# once a step. Spectra of Hessians lie in $[\mu, L]$ with $0<\mu\le L$, and $\kappa=L/\mu$. A *rate*
# $\rho$ is the factor by which the *distance* to the minimum shrinks per step in the long run, not the cost:
# on a quadratic the excess cost shrinks by $\rho^2$.

# %%
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import lab09_given as given
import matplotlib.pyplot as plt
import numpy as np

jax.config.update("jax_enable_x64", True)  # the lab is about dynamics: work in float64

Array = jax.Array

# %% [markdown]
# ## 1. Heavy ball
#
# The heavy ball adds a velocity. With step sizes $\alpha_k$ and momenta $\beta_k$, $k=0,\dots,K-1$,
# $$v_{k+1}=\beta_kv_k-\alpha_k\nabla J(w_k),\qquad w_{k+1}=w_k+v_{k+1},\qquad v_0=0 .$$
# The order matters. The velocity is updated *first*, with the gradient at $w_k$, and the position moves
# with the *new* velocity. So the first step is one of gradient descent and $\beta_0$ has no effect.
# The step size goes into the velocity: it scales the gradient that comes in, not what is remembered.
# Libraries often keep $t_{k+1}=\beta_kt_k+\nabla J(w_k)$ and move by $-\alpha_kt_{k+1}$. That is the
# same for a constant $\alpha$, and another method for one that changes. Ours, with $v$
# eliminated, is
# $$w_{k+1}=w_k-\alpha_k\nabla J(w_k)+\beta_k(w_k-w_{k-1}),\qquad w_{-1}=w_0 .$$
#
# For a quadratic let $e_k$ be the error of one mode, whose eigenvalue of the Hessian is $a$. With constant
# $\alpha$ and $\beta$
# $$\begin{pmatrix}e_{k+1}\\e_k\end{pmatrix}
#   =\begin{pmatrix}1+\beta-\alpha a&-\beta\\1&0\end{pmatrix}
#    \begin{pmatrix}e_k\\e_{k-1}\end{pmatrix},\qquad
#   z^2-(1+\beta-\alpha a)\,z+\beta=0$$
# for the two eigenvalues $z$ of the matrix. The mode's rate is the larger of their moduli. What are the
# moduli when the roots are complex? They are what makes momentum work: modes of different curvature
# shrink at the *same* rate. For which $a$ is that so? Outside, the two roots are real and the larger one
# decides, whichever sign it has.
#
# The best constants for all of $[\mu,L]$ put the two ends of the spectrum exactly where real roots meet,
# $$\alpha=\frac4{(\sqrt L+\sqrt\mu)^2},\qquad
#   \beta=\Big(\frac{\sqrt L-\sqrt\mu}{\sqrt L+\sqrt\mu}\Big)^2,\qquad
#   \rho=\frac{\sqrt\kappa-1}{\sqrt\kappa+1},$$
# where gradient descent at its best, $\alpha=2/(L+\mu)$, has $\rho=(\kappa-1)/(\kappa+1)$. Two warnings
# come with a double root. The error of that mode behaves like $k\,\rho^k$. And the root is determined
# only to the square root of the rounding, some $10^{-8}$ in float64: no test asks for more there.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 11

# %% [markdown]
# ### Question 1 (11 points)
#
# Write `heavy_ball`, `mode_rates` and `optimal_heavy_ball`.
#
# *Hidden tests of* `heavy_ball`: the iterates on a random quadratic, against powers of a dense matrix
# (3 points); step sizes and momenta that change, to nine digits (2 points); one weight, no steps, and
# float32 (1 point); cost: one gradient a step, with a tolerance of 20 % and two gradients
# (1 point).
#
# *Hidden tests of the others:* rates of modes of any kind: slow, fast, oscillating, diverging, flat,
# of negative curvature, and at a double root (2 points, partial credit: 1 where the method is stable,
# 1 for the rest); the best constants and their rate (1 point); the same for $\mu=L$, and when
# the cost is multiplied by a constant (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def heavy_ball(
    gradient: Callable[[Array], Array], w0: Array, step_sizes: Array, momenta: Array
) -> Array:
    """The iterates of the heavy ball, started at w0 with velocity 0.

    Args:
        gradient: the function w -> gradient of J at w, on arrays of shape (D,).
        w0: the start, shape (D,).
        step_sizes: alpha_0, ..., alpha_{K-1}, shape (K,), K >= 0.
        momenta: beta_0, ..., beta_{K-1}, shape (K,).

    Returns:
        w_0, ..., w_K as the rows of an array of shape (K + 1, D).
    """
    # BEGIN SOLUTION
    def advance(state, coefficients):
        w, v = state
        alpha, beta = coefficients
        v = beta * v - alpha * gradient(w)
        return (w + v, v), w + v

    start = w0, jnp.zeros_like(w0)
    _, rest = jax.lax.scan(advance, start, (step_sizes, momenta))
    return jnp.concatenate([w0[None], rest])
    # END SOLUTION


def mode_rates(a: Array, step_size: float, momentum: float) -> Array:
    """The rate of each mode of a quadratic under the heavy ball with constant coefficients.

    Args:
        a: eigenvalues of the Hessian, of any sign, shape (D,).
        step_size: alpha > 0.
        momentum: beta, 0 <= beta < 1.

    Returns:
        The larger modulus of the two roots of each mode, real, shape (D,).
    """
    # BEGIN SOLUTION
    half = (1 + momentum - step_size * a) / 2
    square = half**2 - momentum
    real = jnp.abs(half) + jnp.sqrt(jnp.maximum(square, 0))
    return jnp.where(square < 0, jnp.sqrt(momentum), real)
    # END SOLUTION


def optimal_heavy_ball(mu: float, L: float) -> tuple[Array, Array, Array]:
    """The heavy ball's best constants for quadratics with spectrum in [mu, L], and their rate.

    Args:
        mu, L: the ends of the spectrum, 0 < mu <= L.

    Returns:
        The triple (step size, momentum, rate) of scalars, each of shape ().
    """
    # BEGIN SOLUTION
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    rate = (high - low) / (high + low)
    return 4 / (high + low) ** 2, rate**2, rate
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(heavy_ball, mode_rates, optimal_heavy_ball):
    import jax.numpy as jnp
    import numpy as np

    for function in (heavy_ball, mode_rates, optimal_heavy_ball):
        assert function is not None, "q1: three functions are asked for"
    iterates = heavy_ball(lambda w: 2 * w, jnp.ones(2), jnp.full(3, 0.1), jnp.full(3, 0.5))
    assert iterates is not None, "q1: heavy_ball returns nothing yet"
    assert np.shape(iterates) == (4, 2), "heavy_ball returns the K + 1 iterates as rows"
    rates = mode_rates(jnp.array([0.5, 1.0, 2.0]), 0.1, 0.5)
    assert rates is not None, "q1: mode_rates returns nothing yet"
    assert np.shape(rates) == (3,), "mode_rates returns one number for each mode"
    assert not np.iscomplexobj(rates), "mode_rates returns moduli, which are real"
    triple = optimal_heavy_ball(1.0, 4.0)
    assert triple is not None, "q1: optimal_heavy_ball returns nothing yet"
    assert len(triple) == 3, "optimal_heavy_ball returns (step size, momentum, rate)"
    assert all(np.shape(x) == () for x in triple), "optimal_heavy_ball returns three scalars"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the worst rate over $[\mu,L]$ for every pair of constants, with the best pair. Right: the
# distance to the minimum on a quadratic with that spectrum, and the lines $\rho^k$.

# %%
mu, L = 1.0, 100.0
best_step, best_momentum, best_rate = optimal_heavy_ball(mu, L)
scaled_steps, momenta = np.linspace(0.02, 4.0, 120), np.linspace(0.0, 0.99, 60)
ends = jnp.concatenate([mu / L * scaled_steps, scaled_steps])  # alpha a at a = mu, and at a = L
worst = [mode_rates(ends, 1.0, momentum).reshape(2, -1).max(axis=0) for momentum in momenta]
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
levels = [0.82, 0.85, 0.9, 0.94, 0.96, 0.98, 0.99, 1.0]
filled = axes[0].contourf(scaled_steps, momenta, np.stack(worst), levels=levels, cmap="viridis")
fig.colorbar(filled, ax=axes[0], label="worst rate")
axes[0].plot(L * best_step, best_momentum, "r*", markersize=12)
axes[0].plot(2 * L / (L + mu), 0.0, "wo", clip_on=False)
axes[0].set(xlabel=r"step size times $L$", ylabel="momentum", title=r"Worst rate, $\kappa=100$")

problem = given.quadratic(np.geomspace(mu, L, 12).tolist(), seed=0)
steps = np.arange(151)
settings = {
    "gradient descent": (2 / (L + mu), 0.0, (L - mu) / (L + mu)),
    "heavy ball, best": (best_step, best_momentum, best_rate),
    "heavy ball, 0.9 of that momentum": (best_step, 0.9 * best_momentum, None),
}
for color, (name, (alpha, beta, rate)) in zip(("C0", "C1", "C2"), settings.items(), strict=True):
    iterates = heavy_ball(
        problem.gradient, problem.w0, jnp.full(150, alpha), jnp.full(150, beta)
    )
    distance = jnp.linalg.norm(iterates - problem.minimum, axis=1)
    axes[1].semilogy(steps, distance, color, label=name)
    if rate is not None:
        axes[1].semilogy(steps, distance[0] * rate**steps, color + ":")
axes[1].set(xlabel="step", ylabel="distance to the minimum", title="Twelve modes", ylim=(1e-12, 50))
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# The best pair (star) sits at the very edge of the stable region: a step size that is larger by one
# percent diverges (white). The circle is gradient descent. With $\kappa=100$ the heavy ball does in 150
# steps what takes gradient descent more than a thousand. Its curve lies above $\rho^k$ (dotted) by a
# factor that grows with $k$: that is the double root. With a tenth less momentum the steepest mode
# diverges, though less momentum sounds safer: the stability limit $2(1+\beta)/L$ of the step size falls.
#
# ## 2. Nesterov's accelerated gradient
#
# Nesterov's method takes the gradient where momentum is about to lead,
# $$y_k=w_k+\beta_k(w_k-w_{k-1}),\qquad w_{k+1}=y_k-\alpha\nabla J(y_k),\qquad w_{-1}=w_0 .$$
# There are two sequences, and they are easily confused. The *iterates* $w_k$ are what theorems bound. The
# *look-ahead points* $y_k$ are where gradients are taken. A training loop takes gradients at the
# parameters that it holds, so what optax with `nesterov=True` holds are the look-ahead points. You
# return both: $w_0,\dots,w_K$ and $y_0,\dots,y_{K-1}$. Again $\beta_0$ has no effect.
#
# From here on weights are *pytrees* (nested lists and dicts of arrays, possibly of shape `()`), and so is
# what `gradient` returns: write the method so that it does not care what it optimises.
#
# On a quadratic a mode obeys
# $$z^2-(1+\beta)(1-\alpha a)\,z+\beta(1-\alpha a)=0 ,$$
# the heavy ball's equation with the momentum damped by $1-\alpha a$: steep modes, where momentum
# is dangerous, get less of it. (Check the constant term: the heavy ball's product of roots was $\beta$
# itself.) For $\alpha a>1$ it is negative, and the roots are real, of opposite signs.
#
# For every $L$-smooth, $\mu$-strongly convex function, quadratic or not, the constants
# $$\alpha=\frac1L,\qquad\beta=\frac{\sqrt\kappa-1}{\sqrt\kappa+1}$$
# give $J(w_k)-J_\star=O\big((1-1/\sqrt\kappa)^k\big)$. On a quadratic with
# spectrum in $[\mu,L]$ the slowest mode is the one at $\mu$, with a double root at $1-1/\sqrt\kappa$: so
# there that is the rate of the distance, and the theorem's bound on the cost is not tight.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 10

# %% [markdown]
# ### Question 2 (10 points)
#
# Write `nesterov`, `nesterov_rates` and `nesterov_constants`.
#
# *Hidden tests of* `nesterov`: the weights of a network (3 points, partial credit: 2 for the iterates,
# 1 for the look-ahead points); momenta that change, on a quadratic, to nine digits (2 points); a
# single scalar weight, a single step, and float32 (1 point); cost: one gradient a step, with a
# tolerance of 20 % and two gradients (1 point).
#
# *Hidden tests of the others:* rates of modes of any kind (2 points, partial credit: 1 where the
# method is stable, 1 for the rest); the constants and their rate, also for $\mu=L$ (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def nesterov(
    gradient: Callable[[Any], Any], w0: Any, step_size: float, momenta: Array
) -> tuple[Any, Any]:
    """The iterates and the look-ahead points of Nesterov's accelerated gradient.

    Args:
        gradient: the function w -> gradient of J at w, from a pytree to a pytree like it.
        w0: the start, a pytree of arrays.
        step_size: alpha > 0, the same in all steps.
        momenta: beta_0, ..., beta_{K-1}, shape (K,), K >= 1.

    Returns:
        The pair (iterates, points), pytrees like w0 with a new first axis on every array: of length
        K + 1 for the iterates w_0, ..., w_K, of length K for the points y_0, ..., y_{K-1}.
    """
    # BEGIN SOLUTION
    def advance(state, beta):
        w, w_before = state
        y = jax.tree.map(lambda now, before: now + beta * (now - before), w, w_before)
        w_next = jax.tree.map(lambda point, g: point - step_size * g, y, gradient(y))
        return (w_next, w), (w_next, y)

    _, (rest, points) = jax.lax.scan(advance, (w0, w0), momenta)
    iterates = jax.tree.map(lambda first, later: jnp.concatenate([first[None], later]), w0, rest)
    return iterates, points
    # END SOLUTION


def nesterov_rates(a: Array, step_size: float, momentum: float) -> Array:
    """The rate of each mode of a quadratic under Nesterov's method with constant coefficients.

    Args:
        a: eigenvalues of the Hessian, of any sign, shape (D,).
        step_size: alpha > 0.
        momentum: beta, 0 <= beta < 1.

    Returns:
        The larger modulus of the two roots of each mode, real, shape (D,).
    """
    # BEGIN SOLUTION
    shrunk = 1 - step_size * a
    half = (1 + momentum) * shrunk / 2
    square = half**2 - momentum * shrunk
    modulus = jnp.sqrt(jnp.maximum(momentum * shrunk, 0))
    return jnp.where(square < 0, modulus, jnp.abs(half) + jnp.sqrt(jnp.maximum(square, 0)))
    # END SOLUTION


def nesterov_constants(mu: float, L: float) -> tuple[Array, Array, Array]:
    """Nesterov's constants for mu-strongly convex and L-smooth functions, and a rate.

    Args:
        mu, L: 0 < mu <= L.

    Returns:
        The triple (step size, momentum, rate) of scalars, each of shape (); the rate is that of the
        distance to the minimum on the worst quadratic with spectrum in [mu, L].
    """
    # BEGIN SOLUTION
    root = jnp.sqrt(L / mu)
    return jnp.asarray(1 / L), (root - 1) / (root + 1), 1 - 1 / root
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(nesterov, nesterov_rates, nesterov_constants):
    import jax
    import jax.numpy as jnp
    import lab09_given as given
    import numpy as np

    for function in (nesterov, nesterov_rates, nesterov_constants):
        assert function is not None, "q2: three functions are asked for"
    problem = given.network(widths=(2, 3, 1), examples=4, seed=0)
    pair = nesterov(problem.gradient, problem.params, 0.1, jnp.full(3, 0.5))
    assert pair is not None, "q2: nesterov returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "nesterov returns (iterates, points)"
    for name, tree, length in zip(("iterates", "points"), pair, (4, 3), strict=True):
        wanted = jax.tree.map(lambda leaf, n=length: (n, *np.shape(leaf)), problem.params)
        assert jax.tree.map(np.shape, tree) == wanted, f"{name}: a new first axis of length {length}"
    rates = nesterov_rates(jnp.array([0.5, 1.0, 2.0]), 0.1, 0.5)
    assert rates is not None, "q2: nesterov_rates returns nothing yet"
    assert np.shape(rates) == (3,), "nesterov_rates returns one number for each mode"
    assert not np.iscomplexobj(rates), "nesterov_rates returns moduli, which are real"
    triple = nesterov_constants(1.0, 4.0)
    assert triple is not None, "q2: nesterov_constants returns nothing yet"
    assert len(triple) == 3, "nesterov_constants returns (step size, momentum, rate)"
    assert all(np.shape(x) == () for x in triple), "nesterov_constants returns three scalars"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the rate of every mode in $[\mu,L]$, each method with its own constants. Right: a convex function
# of one variable that is no quadratic. Its curvature is 1 on $[1,2]$ and 25 elsewhere, so $\mu=1$ and
# $L=25$ (Lessard, Recht and Packard, 2016).

# %%
nesterov_step, nesterov_momentum, nesterov_rate = nesterov_constants(mu, L)
a = jnp.geomspace(mu, L, 400)
rates = {
    "gradient descent": jnp.abs(1 - 2 / (L + mu) * a),
    "heavy ball": mode_rates(a, best_step, best_momentum),
    "Nesterov": nesterov_rates(a, nesterov_step, nesterov_momentum),
}
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for name, values in rates.items():
    axes[0].semilogx(a, values, label=name)
axes[0].set(xlabel="eigenvalue", ylabel="rate", title=r"Rates of the modes, $\kappa=100$")
axes[0].legend(fontsize=8)

slopes = given.three_slopes()
ball = optimal_heavy_ball(1.0, 25.0)
circling = heavy_ball(slopes.gradient, slopes.w0, jnp.full(40, ball[0]), jnp.full(40, ball[1]))
led = nesterov_constants(1.0, 25.0)
settling, _ = nesterov(slopes.gradient, slopes.w0, led[0], jnp.full(40, led[1]))
axes[1].plot(circling, "C1.-", label="heavy ball")
axes[1].plot(settling, "C2.-", label="Nesterov")
axes[1].set(xlabel="step", ylabel="w", title="A convex function with three slopes")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# The heavy ball is flat: every mode gets the worst mode's rate, 0.82. Nesterov's rates reach from 0.9 for
# the flattest mode down to 0 for the steepest. On quadratics it loses, on the right it wins: there the
# best heavy ball of all quadratics with these $\mu$ and $L$ ends up in a cycle of three points and
# never comes near the minimum.
#
# ## 3. Chebyshev's schedule
#
# Let every step have coefficients of its own. After $k$ steps of any heavy ball on a quadratic, the
# error of the mode $a$ is $e_k=p_k(a)\,e_0$, where the *residual polynomial* $p_k$ has degree $k$ and
# $p_k(0)=1$, whatever the coefficients. All that is left is to choose the polynomial. The one with
# the least $\max_{[\mu,L]}|p_k|$ is a Chebyshev polynomial $T_k$, shifted and scaled,
# $$p_k(a)=\frac{T_k\big((\theta-a)/(\gamma\theta)\big)}{T_k(1/\gamma)},\qquad
#   \theta=\frac{L+\mu}2,\quad\gamma=\frac{L-\mu}{L+\mu},$$
# and the three-term recurrence $T_{k+1}(x)=2x\,T_k(x)-T_{k-1}(x)$ makes all of $p_1,p_2,\dots$ the
# polynomials of *one* heavy ball. With $\omega_{k+1}$ for the step from $w_k$ to $w_{k+1}$,
# $$\alpha_k=\frac{\omega_{k+1}}\theta,\qquad\beta_k=\omega_{k+1}-1,\qquad
#   \omega_1=1,\quad\omega_2=\frac1{1-\gamma^2/2},\quad
#   \omega_{k+1}=\frac1{1-\gamma^2\omega_k/4}\ \ (k\ge2).$$
# Mind the first two: the rule for $k\ge2$ would give another $\omega_2$. The worst case after $k$ steps is
# $$\max_{[\mu,L]}|p_k|=\frac1{T_k(1/\gamma)}=\frac{2\rho^k}{1+\rho^{2k}},\qquad
#   \rho=\frac{\sqrt\kappa-1}{\sqrt\kappa+1},$$
# and no method that adds up $k$ gradients can promise less. Of the two expressions use the one that
# survives large $k$ and $\mu=L$ (where $\gamma=0$, one step is enough, and $0^0=1$).

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 8

# %% [markdown]
# ### Question 3 (8 points)
#
# Write `chebyshev_schedule`, `residual_polynomials` and `chebyshev_bound`. Your `heavy_ball` is of use
# for the second.
#
# *Hidden tests:* the schedule, against quotients of Chebyshev polynomials, to ten digits (2 points), and for
# a thousand steps (1 point); $\mu=L$, one step and no steps, in float32 (1 point); residual
# polynomials, inside and outside $[\mu,L]$, of Chebyshev's schedule (1 point) and without momentum
# (1 point); the bound with its small values to nine digits (1 point), and for $\mu=L$ and
# thousands of steps (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def chebyshev_schedule(mu: float, L: float, num_steps: int) -> tuple[Array, Array]:
    """The coefficients of the best heavy ball with a schedule, for spectra in [mu, L].

    Args:
        mu, L: the ends of the spectrum, 0 < mu <= L.
        num_steps: K >= 0.

    Returns:
        The pair (step_sizes, momenta), each of shape (K,).
    """
    # BEGIN SOLUTION
    gamma = (L - mu) / (L + mu)
    omegas, omega = [], 2.0  # the recurrence starts from 2, though the first step takes 1
    for k in range(num_steps):
        omegas.append(omega if k else 1.0)
        omega = 1 / (1 - gamma**2 * omega / 4)
    omegas = jnp.array(omegas)
    return omegas * 2 / (L + mu), omegas - 1
    # END SOLUTION


def residual_polynomials(a: Array, step_sizes: Array, momenta: Array) -> Array:
    """What a heavy ball with these coefficients leaves of the error of each mode of a quadratic.

    Args:
        a: eigenvalues of the Hessian, shape (D,).
        step_sizes, momenta: the coefficients, shape (K,) each, K >= 1.

    Returns:
        p_k(a_j) in row k and column j, k = 0, ..., K, shape (K + 1, D).
    """
    # BEGIN SOLUTION
    return heavy_ball(lambda e: a * e, jnp.ones_like(a), step_sizes, momenta)
    # END SOLUTION


def chebyshev_bound(mu: float, L: float, num_steps: int) -> Array:
    """The least possible max |p_k| over [mu, L], for k = 0, ..., K.

    Args:
        mu, L: the ends of the spectrum, 0 < mu <= L.
        num_steps: K >= 0.

    Returns:
        The bounds, shape (K + 1,); they decrease from 1.
    """
    # BEGIN SOLUTION
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    powers = ((high - low) / (high + low)) ** jnp.arange(num_steps + 1)
    return 2 * powers / (1 + powers**2)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(chebyshev_schedule, residual_polynomials, chebyshev_bound):
    import jax.numpy as jnp
    import numpy as np

    for function in (chebyshev_schedule, residual_polynomials, chebyshev_bound):
        assert function is not None, "q3: three functions are asked for"
    pair = chebyshev_schedule(1.0, 4.0, 3)
    assert pair is not None, "q3: chebyshev_schedule returns nothing yet"
    assert len(pair) == 2, "chebyshev_schedule returns (step_sizes, momenta)"
    assert all(np.shape(x) == (3,) for x in pair), "chebyshev_schedule returns two arrays (K,)"
    values = residual_polynomials(jnp.array([1.0, 2.0]), jnp.full(3, 0.1), jnp.full(3, 0.5))
    assert values is not None, "q3: residual_polynomials returns nothing yet"
    assert np.shape(values) == (4, 2), "residual_polynomials returns shape (K + 1, D)"
    bounds = chebyshev_bound(1.0, 4.0, 3)
    assert bounds is not None, "q3: chebyshev_bound returns nothing yet"
    assert np.shape(bounds) == (4,), "chebyshev_bound returns K + 1 numbers"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: what eight steps leave of each mode, for three ways to spend eight gradients. Right: the worst mode of
# $[\mu,L]$ against the number of steps, and the momenta of the schedule.

# %%
low, high = 1.0, 20.0
a = jnp.linspace(low, high, 401)
ball = optimal_heavy_ball(low, high)
schedules = {
    "gradient descent": (jnp.full(40, 2 / (low + high)), jnp.zeros(40)),
    "heavy ball": (jnp.full(40, ball[0]), jnp.full(40, ball[1])),
    "Chebyshev": chebyshev_schedule(low, high, 40),
}
bounds = chebyshev_bound(low, high, 40)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for name, schedule in schedules.items():
    left = residual_polynomials(a, *schedule)
    axes[0].plot(a, left[8], label=name)
    axes[1].semilogy(jnp.abs(left).max(axis=1), label=name)
for sign in (-1, 1):
    axes[0].axhline(sign * bounds[8], color="grey", linewidth=0.8)
axes[0].set(xlabel="eigenvalue", ylabel="residual polynomial", title="After 8 steps", ylim=(-0.3, 0.5))
axes[0].legend(fontsize=8)
axes[1].semilogy(bounds, "k:", label="bound")
axes[1].set(xlabel="step", ylabel=r"worst mode of $[\mu,L]$", title=r"$\kappa=20$", ylim=(1e-8, 1e3))
momenta_axis = axes[1].twinx()
momenta_axis.plot(np.arange(40), schedules["Chebyshev"][1], "C2--", linewidth=0.9)
momenta_axis.axhline(ball[1], color="C1", linestyle="--", linewidth=0.9)
momenta_axis.set(ylabel="momentum (dashed)", ylim=(0, 1.5))
axes[1].legend(fontsize=8, loc="upper right", ncols=2)
fig.tight_layout()
plt.show()

# %% [markdown]
# Chebyshev's polynomial touches its bound nine times with alternating signs, which is why no other is
# better. Its momentum overshoots in the second step and settles at the heavy ball's within a
# few steps. The two have the same rate, yet the heavy ball pays for its constant
# coefficients with a factor that grows like $k$: the first steps are all the difference.
#
# ## 4. Hamiltonian descent
#
# In continuous time momentum is a particle at $x$ with momentum $p$ and friction $c>0$,
# $$\dot x=\nabla k(p),\qquad\dot p=-\nabla f(x)-c\,p .$$
# The energy $f(x)+k(p)$ falls for every convex kinetic energy $k$ with its minimum at 0;
# $k=\frac12\|p\|^2$ is the heavy ball. Maddison et al. (2018) choose $k$ to suit $f$. If near the minimum
# $f$ is like $\|x\|^b/b$, then $k$ should be like its convex conjugate, $\|p\|^a/a$ with
# $\frac1a+\frac1b=1$: for a quartic $a=\frac43$. Why that is right, scaling tells: replace $x$ by $sx$ and
# $p$ by $s^{b/a}p$. Then $\nabla k(p)$ is multiplied by $s^{(b/a)(a-1)}=s$ and $\nabla f(x)$ by
# $s^{b-1}=s^{b/a}$: the same trajectory in a smaller box. Whatever fraction of the distance it covers in
# the first hundred steps, it covers again in each hundred that follow. Gradient descent has no such
# symmetry at $b=4$: its steps $\alpha x^3$ become ever shorter against $x$.
#
# Their family of kinetic energies is
# $$k(p)=\frac1A\Big[\big(\|p\|^a+1\big)^{A/a}-1\Big],\qquad a\ge1,\ A\ge1,$$
# like $\|p\|^a/a$ for small $p$ and like $\|p\|^A/A$ for large ones; $\|p\|$ is the Euclidean norm over
# *all* entries of all leaves of the pytree $p$. Derive $\nabla k(p)$. At $p=0$ it is 0 for $a>1$, but
# a formula with $\|p\|^{a-2}$ in it says $0\cdot\infty$, and automatic differentiation NaN. Small
# momenta matter: for $a=\frac43$ a momentum of $10^{-12}$ moves with a velocity of $10^{-4}$.
#
# The discretisation (their *first explicit method*), with step $\varepsilon$ and start $p_0=0$:
# $$p_{i+1}=\frac{p_i-\varepsilon\nabla f(x_i)}{1+c\,\varepsilon},\qquad
#   x_{i+1}=x_i+\varepsilon\nabla k(p_{i+1}).$$
# Momentum first, friction implicit, and the position moves with the *new* momentum.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 8

# %% [markdown]
# ### Question 4 (8 points)
#
# Write `power_velocity`, which is $\nabla k$, and `hamiltonian_descent`, for any velocity map.
#
# *Hidden tests:* the velocity of vectors for several $a$ and $A$ (1 point) and of pytrees (1 point); of
# $p=0$ and of a tiny $p$ (1 point); the iterates for the weights of a network (2 points);
# $\nabla k(p)=p$, where the method is a heavy ball (1 point); a matched pair of powers, started at
# several distances, one dimension and no steps included (1 point); cost: one gradient a step, with
# a tolerance of 20 % and two gradients (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def power_velocity(p: Any, a: float, A: float) -> Any:
    """The gradient of the kinetic energy ((|p|^a + 1)^(A/a) - 1) / A.

    Args:
        p: the momentum, a pytree of arrays; may be 0.
        a, A: the powers near 0 and far away, a > 1 and A >= 1.

    Returns:
        The velocity, a pytree like p.
    """
    # BEGIN SOLUTION
    square = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(p))
    moving = square > 0
    norm = jnp.sqrt(jnp.where(moving, square, 1))
    factor = jnp.where(moving, (norm**a + 1) ** (A / a - 1) * norm ** (a - 2), 0)
    return jax.tree.map(lambda leaf: factor * leaf, p)
    # END SOLUTION


def hamiltonian_descent(
    gradient: Callable[[Any], Any],
    velocity: Callable[[Any], Any],
    x0: Any,
    step_size: float,
    friction: float,
    num_steps: int,
) -> Any:
    """The positions of the first explicit method of Hamiltonian descent, started at rest.

    Args:
        gradient: the function x -> gradient of f at x, from a pytree to a pytree like it.
        velocity: the function p -> gradient of k at p, likewise.
        x0: the start, a pytree of arrays.
        step_size: eps > 0.
        friction: c > 0.
        num_steps: K >= 0.

    Returns:
        x_0, ..., x_K: a pytree like x0 with a new first axis of length K + 1 on every array.
    """
    # BEGIN SOLUTION
    shrink = 1 / (1 + friction * step_size)

    def advance(state, _):
        x, p = state
        p = jax.tree.map(lambda p, g: shrink * (p - step_size * g), p, gradient(x))
        x = jax.tree.map(lambda x, v: x + step_size * v, x, velocity(p))
        return (x, p), x

    start = x0, jax.tree.map(jnp.zeros_like, x0)
    _, rest = jax.lax.scan(advance, start, length=num_steps)
    return jax.tree.map(lambda first, later: jnp.concatenate([first[None], later]), x0, rest)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(power_velocity, hamiltonian_descent):
    import jax
    import jax.numpy as jnp
    import lab09_given as given
    import numpy as np

    assert power_velocity is not None, "q4: power_velocity is missing"
    assert hamiltonian_descent is not None, "q4: hamiltonian_descent is missing"
    w = given.network(widths=(2, 3, 1), examples=4, seed=0)
    velocity = power_velocity(w.params, 1.5, 1.5)
    assert velocity is not None, "q4: power_velocity returns nothing yet"
    shapes = jax.tree.map(np.shape, w.params)
    assert jax.tree.map(np.shape, velocity) == shapes, "power_velocity returns a pytree like p"
    path = hamiltonian_descent(w.gradient, lambda p: p, w.params, 0.1, 1.0, 3)
    assert path is not None, "q4: hamiltonian_descent returns nothing yet"
    wanted = jax.tree.map(lambda leaf: (4, *np.shape(leaf)), w.params)
    assert jax.tree.map(np.shape, path) == wanted, "hamiltonian_descent returns K + 1 positions"
    x = hamiltonian_descent(lambda x: x, lambda p: p, jnp.ones(2), 0.1, 1.0, 3)
    assert np.shape(x) == (4, 2), "hamiltonian_descent takes a single array too"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Three methods on $\sum_jh_j|x_j|^b/b$ with $h=(1, 0.5, 0.2)$: a quartic on the left, a quadratic on
# the right. Hamiltonian descent runs with $\varepsilon=0.3$ and $c=1$; for $a=A=2$ it is a heavy
# ball.

# %%
def descent(problem, step_size, count):
    """Gradient descent: the heavy ball without momentum."""
    return heavy_ball(problem.gradient, problem.x0, jnp.full(count, step_size), jnp.zeros(count))


fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True)
for axis, power, name in zip(axes, (4.0, 2.0), ("Quartic", "Quadratic"), strict=True):
    problem = given.power((1.0, 0.5, 0.2), power, seed=0)
    paths = {"gradient descent": descent(problem, 0.8, 600)}
    for exponent, label in ((2.0, "a = 2"), (4 / 3, "a = 4/3")):
        paths[f"Hamiltonian descent, {label}"] = hamiltonian_descent(
            problem.gradient,
            lambda p, exponent=exponent: power_velocity(p, exponent, exponent),
            problem.x0,
            0.3,
            1.0,
            600,
        )
    for label, path in paths.items():
        axis.semilogy(jax.vmap(problem.cost)(path), label=label)
    axis.set(xlabel="step", title=f"{name}, b = {power:g}", ylim=(1e-30, 10))
axes[0].set_ylabel("cost")
axes[0].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# On the quartic only the matched particle, $a=\frac43$, converges exponentially. Gradient descent and
# the heavy ball share a power law, about $k^{-2}$: momentum alone doesn't help. On the quadratic the roles
# are exchanged. There $a=\frac43$ is *too* quick near the minimum: with a fixed $\varepsilon$ the
# particle cannot stop and rattles at a small, constant cost.
#
# ## 5. Which momentum?

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
# 1. On quadratics the best heavy ball beats Nesterov's method. Why would you still hesitate to use its
#    constants for a network? Name two reasons that your plots show.
# 2. The heavy ball and Chebyshev's method need $\mu$ and $L$; conjugate gradients need neither, and do at least
#    as well after every $k$ steps on a quadratic, measured by the excess cost. How is that compatible with
#    Chebyshev being the best?
# 3. Suppose your $f$ grows like $\|x\|^4$ far away and is a quadratic near its minimum. Which $a$ and
#    $A$ would you choose, and why?
#
# *Graded on:* a correct argument for each part (1 point each), not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. It is optimal at the edge of stability: in the first plot a step size or momentum that is off by some
#    percent makes the steepest mode diverge, and $\mu$ and $L$ of a network are not known and change.
#    And its rate is a theorem about quadratics only: on the function with three slopes, with the same
#    $\mu$ and $L$, it cycles. Nesterov's $\alpha=1/L$ is well inside, and its guarantee
#    holds for all strongly convex functions.
# 2. Chebyshev's polynomial minimises the *worst case* over $[\mu,L]$, fixed before anything is seen. Conjugate
#    gradients take inner products of what they see, and so find the polynomial that is the best for *this*
#    spectrum and this start; for clustered eigenvalues it is much smaller. The worst instance
#    makes the two equal.
# 3. Near the minimum $b=2$, so $a=2$; far away $b=4$, so $A=\frac43$, which tempers the large momenta
#    that a steep wall produces. With $a=\frac43$ the particle would rattle at the bottom as in the last
#    plot; with $A=2$ it needs a small $\varepsilon$ to be stable far away.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
