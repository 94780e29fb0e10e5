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
# name: lab10
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
# # Lab 10: games, rotation and how to stop it
#
# CSC2541, lecture 10. Individual work. 40 points.
#
# Two networks that are trained against each other do not descend one loss. Each follows its own
# gradient, and the two gradients together are a vector field that is, in general, the gradient of
# nothing. Such a field can turn. Then gradient descent circles its goal, or spirals away from it,
# however small the step size. You first see why, on the smallest game there is. Then you build four
# remedies: look ahead, pull towards the fixed point, remember in complex numbers, and let one
# player foresee the other's answer. In the end you ask whether the point where descent comes to
# rest is one that anybody wanted.
#
# | question | | points |
# |---|---|---|
# | 1 | The field of a game, its Jacobian, and plain descent | 9 |
# | 2 | Looking ahead: extragradient and optimism | 7 |
# | 3 | A pull: consensus and symplectic adjustment | 7 |
# | 4 | Complex momentum | 7 |
# | 5 | Which points are wanted, and following the ridge | 7 |
# | 6 | Written: did it converge, and to what? | 3 |
#
# **How it is graded.** The checks in this notebook look at names, signatures and shapes only;
# passing them earns nothing by itself. After you submit, each of your functions is called with
# hidden inputs and the returned values are compared with a reference. Every question says what its
# hidden tests look at; after the due date you see all of them, which failed, and how. A hidden test
# gives all of its points or none, except where *partial credit* is mentioned. Question 6 is graded
# by hand.
#
# **Rules for your functions.**
#
# - Keep names and signatures. A function may call your other functions.
# - Compute in the dtype of the arrays you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off. Don't write a dtype, a small constant or a
#   finite difference into the code.
# - Return arrays of exactly the documented shape, and every entry finite.
# - No randomness, no printing, no state between calls.
# - Some hidden tests look at the *cost*. Your function is traced, as by `jax.jit`, and the
#   operations of the traced program are counted, not timed. So loops have a number of steps that is
#   known beforehand (`lax.scan`, `lax.fori_loop`, or Python's `for`), and there is no `if` on a
#   value. A function that cannot be traced can still earn the other points.
#
# **Conventions of this lab.** There are two players. The first owns $x$ and *minimises* $l_1(x,y)$,
# the second owns $y$ and *minimises* $l_2(x,y)$. `losses(x, y)` returns the pair $(l_1,l_2)$. In a
# *zero-sum* game $(l_1,l_2)=(f,-f)$: $x$ minimises $f$ and $y$ maximises it. Always $z=(x,y)$, a
# Python tuple; $x$ and $y$ are arrays of any shape (also of shape `()`) or pytrees of arrays,
# except where a question says otherwise. As a vector $z$ is the ravel of $x$ followed by that of
# $y$, as in `ravel_pytree((x, y))`. Every method *subtracts* $\eta$ times a direction, for both
# players. Iterates are numbered from 0, the start, and come along a new *first* axis of every
# array.

# %%
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import lab10_given as given
import matplotlib.pyplot as plt
import numpy as np
from jax.flatten_util import ravel_pytree

jax.config.update("jax_enable_x64", True)  # the lab is about dynamics: work in float64

Array = jax.Array

# %% [markdown]
# `given.trajectory(step, state, num_steps)` iterates `state = step(state)` for any pytree and
# stacks the states in order, the first included. Use it or write your own loops.
#
# ## 1. The field of a game
#
# What the players follow together is
# $$\xi(z)=\big(\nabla_xl_1(x,y),\ \nabla_yl_2(x,y)\big),$$
# each player's own gradient of its own loss. Its Jacobian, the *game Jacobian*, is
# $$J=\frac{\partial\xi}{\partial z}
#    =\begin{pmatrix}\nabla_{xx}l_1&\nabla_{xy}l_1\\\nabla_{yx}l_2&\nabla_{yy}l_2\end{pmatrix}
#    =S+A,\qquad S=\tfrac12(J+J^\top),\quad A=\tfrac12(J-J^\top).$$
# A row belongs to the player whose gradient it differentiates, so the two off-diagonal blocks come
# from *different losses* and $J$ is symmetric only by luck. $S$ pulls together or pushes apart, $A$
# turns. For a zero-sum game $J=\begin{pmatrix}f_{xx}&f_{xy}\\-f_{yx}&-f_{yy}\end{pmatrix}$, whose
# coupling is all in $A$.
#
# There are two ways to descend. *Simultaneous* descent moves both players from where they are:
# $$x_{k+1}=x_k-\eta\,\nabla_xl_1(x_k,y_k),\qquad y_{k+1}=y_k-\eta\,\nabla_yl_2(x_k,y_k).$$
# In *alternating* descent the *first* player moves first, and the second player sees where it went:
# $$x_{k+1}=x_k-\eta\,\nabla_xl_1(x_k,y_k),\qquad y_{k+1}=y_k-\eta\,\nabla_yl_2(x_{k+1},y_k).$$
# One iterate is a full round of both. (In a zero-sum game this is descent-ascent: minus
# $\nabla_y(-f)$ is uphill.)
#
# **The bilinear game.** Let $f(x,y)=x^\top By$. The only equilibrium (for regular $B$) is $z=0$,
# $J=\begin{pmatrix}0&B\\-B^\top&0\end{pmatrix}$ is antisymmetric, and every singular value $s$ of
# $B$ contributes the eigenvalues $\pm is$: a plane that turns. Simultaneous descent multiplies by
# $I-\eta J$, with eigenvalues $1\mp i\eta s$, so in this plane
# $$\|z_k\|=(1+\eta^2s^2)^{k/2}\,\|z_0\|\qquad\text{exactly, and for every }\eta>0.$$
# It is explicit Euler for $\dot z=-Jz$, whose solutions move on circles. Alternating descent is
# symplectic Euler. It conserves $\|x\|^2+\|y\|^2-\eta\,x^\top By$ exactly, a positive quadratic
# form as long as $\eta s<2$: the iterates stay on an ellipse for ever. Both facts are good tests of
# your code.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 9

# %% [markdown]
# ### Question 1 (9 points)
#
# Write `game_field`, `game_jacobian`, `simultaneous_descent` and `alternating_descent`.
#
# *Hidden tests:* the field of quadratic games and of a game between networks (1 point); the
# Jacobian of quadratic games with players of different sizes, in closed form (1 point), and of
# networks, to eleven digits (1 point); the iterates on a quadratic game, against dense matrices:
# simultaneous (1 point) and alternating (2 points); both on networks (1 point); thirty steps on a
# bilinear game, not square, to ten digits (1 point); scalar players, no steps, float32 (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def game_field(losses: Callable[[Any, Any], Any], z: Any) -> Any:
    """Each player's gradient of its own loss.

    Args:
        losses: the function (x, y) -> (l_1, l_2), two scalars.
        z: the tuple (x, y), each an array or a pytree of arrays.

    Returns:
        xi(z), a tuple shaped as z.
    """
    # BEGIN SOLUTION
    x, y = z
    own = jax.grad(lambda x: losses(x, y)[0])(x), jax.grad(lambda y: losses(x, y)[1])(y)
    return own
    # END SOLUTION


def game_jacobian(losses: Callable[[Any, Any], Any], z: Any) -> Array:
    """The Jacobian of the field, a dense matrix.

    Args:
        losses, z: as in game_field.

    Returns:
        d xi_i / dz_j in row i and column j, x before y, shape (P, P) for P parameters in all.
    """
    # BEGIN SOLUTION
    flat, unravel = ravel_pytree(z)
    return jax.jacfwd(lambda flat: ravel_pytree(game_field(losses, unravel(flat)))[0])(flat)
    # END SOLUTION


def simultaneous_descent(
    losses: Callable[[Any, Any], Any], z0: Any, step_size: float, num_steps: int
) -> Any:
    """The iterates of simultaneous gradient descent.

    Args:
        losses: as in game_field.
        z0: the start, a tuple (x, y).
        step_size: eta > 0.
        num_steps: K >= 0.

    Returns:
        z_0, ..., z_K: a tuple like z0 with a new first axis of length K + 1 on every array.
    """
    # BEGIN SOLUTION
    def advance(z):
        return jax.tree.map(lambda p, g: p - step_size * g, z, game_field(losses, z))

    return given.trajectory(advance, z0, num_steps)
    # END SOLUTION


def alternating_descent(
    losses: Callable[[Any, Any], Any], z0: Any, step_size: float, num_steps: int
) -> Any:
    """The iterates of alternating gradient descent; the first player moves first in every round.

    Args, returns: as in simultaneous_descent.
    """
    # BEGIN SOLUTION
    def play(z):
        x, y = z
        x = jax.tree.map(lambda p, g: p - step_size * g, x, game_field(losses, (x, y))[0])
        y = jax.tree.map(lambda p, g: p - step_size * g, y, game_field(losses, (x, y))[1])
        return x, y

    return given.trajectory(play, z0, num_steps)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(game_field, game_jacobian, simultaneous_descent, alternating_descent):
    import jax
    import lab10_given as given
    import numpy as np

    four = (game_field, game_jacobian, simultaneous_descent, alternating_descent)
    assert all(function is not None for function in four), "q1: four functions are asked for"
    game = given.networks((2, 2), (2, 3, 1), examples=4, seed=0)
    xi = game_field(game.losses, game.z0)
    assert xi is not None, "q1: game_field returns nothing yet"
    shapes = jax.tree.map(np.shape, game.z0)
    assert jax.tree.map(np.shape, xi) == shapes, "game_field returns a tuple like z"
    small = given.quadratic(2, 1, seed=0)
    J = game_jacobian(small.losses, small.z0)
    assert J is not None, "q1: game_jacobian returns nothing yet"
    assert np.shape(J) == (3, 3), "game_jacobian returns a square matrix for all parameters"
    wanted = jax.tree.map(lambda leaf: (4, *np.shape(leaf)), game.z0)
    for name, descent in (("simultaneous", four[2]), ("alternating", four[3])):
        path = descent(game.losses, game.z0, 0.1, 3)
        assert path is not None, f"q1: {name}_descent returns nothing yet"
        assert jax.tree.map(np.shape, path) == wanted, f"{name}_descent returns K + 1 iterates"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The game $f(x,y)=xy$ of two numbers. Left: the first 40 iterates from $(1,1)$. Right: the distance
# from the equilibrium for three step sizes against *time* $k\eta$, and the predicted growth.

# %%
def product_game(x, y):
    return x * y, -x * y


one_one = (jnp.array(1.0), jnp.array(1.0))
origin = (jnp.array(0.0), jnp.array(0.0))
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
for name, descent in (("simultaneous", simultaneous_descent), ("alternating", alternating_descent)):
    axes[0].plot(*descent(product_game, one_one, 0.3, 40), ".-", markersize=4, label=name)
axes[0].plot(0, 0, "k+", markersize=10)
axes[0].set(xlabel="x", ylabel="y", title=r"$f=xy$, step size 0.3", aspect="equal")
axes[0].legend(fontsize=8)
for color, step_size in zip(("C0", "C2", "C3"), (0.4, 0.2, 0.1), strict=True):
    count = round(40 / step_size)
    times = step_size * np.arange(count + 1)
    circling = given.distances(simultaneous_descent(product_game, one_one, step_size, count), origin)
    axes[1].semilogy(times, circling, color, label=f"simultaneous, {step_size}")
    growth = (1 + step_size**2) ** (np.arange(count + 1) / 2)
    axes[1].semilogy(times, 2**0.5 * growth, "k:", linewidth=1.5)
bounded = given.distances(alternating_descent(product_game, one_one, 0.4, 100), origin)
axes[1].semilogy(0.4 * np.arange(101), bounded, "C1", label="alternating, 0.4")
axes[1].set(xlabel=r"time $k\eta$", ylabel="distance from 0", title="Growth, and none")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# Simultaneous descent leaves on a spiral, and the prediction (dotted) lies on every curve. A
# smaller step size only delays it: in a fixed time the exponent shrinks in proportion to $\eta$,
# and never changes its sign. Alternating descent stays on its ellipse. It doesn't diverge, and
# doesn't converge either.
#
# ## 2. Looking ahead
#
# The *implicit* step $z_{k+1}=z_k-\eta\,\xi(z_{k+1})$ contracts a rotation where the explicit one
# expands it, but it needs the solution of an equation. Two explicit methods imitate it.
# *Extragradient* tries a step and takes the field where it led, but starts from where it was, with
# the *same* $\eta$ in both:
# $$z_{k+1}=z_k-\eta\,\xi\big(z_k-\eta\,\xi(z_k)\big).$$
# *Optimistic* descent saves the second field and extrapolates from the last one,
# $$z_{k+1}=z_k-\eta\,\big(2\,\xi(z_k)-\xi(z_{k-1})\big),\qquad \xi(z_{-1}):=\xi(z_0),$$
# so that *its first step is a plain one*. (Others start from $\xi(z_{-1})=0$, and their first step
# is twice as long; optax's `optimistic_gradient_descent` does. That is another sequence.) Both move
# all players at once.
#
# On a bilinear game consider the plane of a singular value $s$ and let $a=i\eta s$. One step
# multiplies by $1-a$ in plain descent and by $1-a+a^2$ in extragradient; optimism has the two roots
# $m$ of
# $$m^2-(1-2a)\,m-a=0,$$
# and the larger modulus decides. (Derive these: put $\xi(z)=Jz$ and replace $J$ by its eigenvalue.)
# The modulus is the same for $-a$, the other eigenvalue of the plane. It is the plane's *rate*: the
# factor by which the distance shrinks or grows per step in the long run. At $\eta s=\frac12$ the
# root is double and determined only to the square root of the rounding; no test asks for more
# there.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 7

# %% [markdown]
# ### Question 2 (7 points)
#
# Write `extragradient` and `optimistic`, for any field, and `bilinear_rates`.
#
# *Hidden tests:* the iterates on a quadratic game, to eleven digits: extragradient (1 point),
# optimistic (2 points); both for the weights of networks (1 point); scalar players, one step and
# none, float32 (1 point); the rates for small and large $\eta s$, for 0 and at the double root (1
# point); cost: one evaluation of the field a step for optimism and two for extragradient, with a
# tolerance of 20 % and two evaluations (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def extragradient(field: Callable[[Any], Any], z0: Any, step_size: float, num_steps: int) -> Any:
    """The iterates of the extragradient method, without the points where it looks ahead.

    Args:
        field: the function z -> xi(z), from a pytree to a pytree like it.
        z0: the start, a tuple (x, y).
        step_size: eta > 0.
        num_steps: K >= 0.

    Returns:
        z_0, ..., z_K: a tuple like z0 with a new first axis of length K + 1 on every array.
    """
    # BEGIN SOLUTION
    def minus(z, xi):
        return jax.tree.map(lambda p, g: p - step_size * g, z, xi)

    return given.trajectory(lambda z: minus(z, field(minus(z, field(z)))), z0, num_steps)
    # END SOLUTION


def optimistic(field: Callable[[Any], Any], z0: Any, step_size: float, num_steps: int) -> Any:
    """The iterates of optimistic descent, whose first step is a plain one.

    Args, returns: as in extragradient.
    """
    # BEGIN SOLUTION
    def advance(state):
        z, before = state
        now = field(z)
        z = jax.tree.map(lambda p, g, b: p - step_size * (2 * g - b), z, now, before)
        return z, now

    return given.trajectory(advance, (z0, field(z0)), num_steps)[0]
    # END SOLUTION


def bilinear_rates(singular_values: Array, step_size: float) -> tuple[Array, Array, Array]:
    """The rates of three methods on the planes of a bilinear game.

    Args:
        singular_values: s >= 0 for each plane, shape (n,).
        step_size: eta > 0.

    Returns:
        The triple (simultaneous descent, extragradient, optimistic) of real arrays, shape (n,) each.
    """
    # BEGIN SOLUTION
    a = 1j * step_size * singular_values
    root = jnp.sqrt(1 + 4 * a**2)
    larger = jnp.maximum(jnp.abs(1 - 2 * a + root), jnp.abs(1 - 2 * a - root)) / 2
    return jnp.abs(1 - a), jnp.abs(1 - a + a**2), larger
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(extragradient, optimistic, bilinear_rates):
    import jax.numpy as jnp
    import numpy as np

    for function in (extragradient, optimistic, bilinear_rates):
        assert function is not None, "q2: three functions are asked for"
    start = (jnp.ones(2), {"y": jnp.array(1.0)})
    for name, method in (("extragradient", extragradient), ("optimistic", optimistic)):
        path = method(lambda z: z, start, 0.1, 3)
        assert path is not None, f"q2: {name} returns nothing yet"
        assert np.shape(path[0]) == (4, 2), f"{name} returns K + 1 iterates"
        assert np.shape(path[1]["y"]) == (4,), f"{name} returns a tuple like z0"
    triple = bilinear_rates(jnp.array([0.5, 1.0]), 0.1)
    assert triple is not None, "q2: bilinear_rates returns nothing yet"
    assert len(triple) == 3, "bilinear_rates returns three arrays"
    for rates in triple:
        assert np.shape(rates) == (2,), "bilinear_rates returns one number for each plane"
        assert not np.iscomplexobj(rates), "bilinear_rates returns moduli, which are real"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the rates against $\eta s$. Right: a bilinear game with singular values from 0.2 to 1, all
# with $\eta=0.5$; the horizontal axis counts *evaluations of the field*.

# %%
scaled = jnp.linspace(0.0, 1.2, 241)
names = ("simultaneous", "extragradient", "optimistic")
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for name, values in zip(names, bilinear_rates(scaled, 1.0), strict=True):
    axes[0].plot(scaled, values, label=name)
axes[0].axhline(1, color="k", linewidth=0.6)
axes[0].set(xlabel=r"$\eta s$", ylabel="rate", title="One step on a plane", ylim=(0.65, 1.25))
axes[0].legend(fontsize=8)

game = given.bilinear([0.2, 0.4, 0.6, 0.8, 1.0], 5, 5, seed=0)
center = jax.tree.map(jnp.zeros_like, game.z0)


def field_of_game(z):
    return game_field(game.losses, z)


curves = {
    "simultaneous": (1, simultaneous_descent(game.losses, game.z0, 0.5, 60)),
    "extragradient": (2, extragradient(field_of_game, game.z0, 0.5, 300)),
    "optimistic": (1, optimistic(field_of_game, game.z0, 0.5, 600)),
}
for name, (evaluations, path) in curves.items():
    distance = given.distances(path, center)
    axes[1].semilogy(evaluations * np.arange(len(distance)), distance, label=name)
axes[1].set(xlabel="evaluations of the field", ylabel="distance", title="Five planes")
axes[1].set_ylim(3e-2, 3e1)
fig.tight_layout()
plt.show()

# %% [markdown]
# Looking ahead turns growth into decay: $1+\frac12\eta^2s^2$ becomes $1-\frac12\eta^2s^2$ to lowest
# order, for both methods alike. So optimism is twice as fast for the same work. It pays with a
# smaller range of step sizes: it diverges from $\eta s=1/\sqrt3$ on, extragradient from $1$ on. On
# the right the plane with the smallest singular value decides in the end, as the flattest direction
# does in minimisation.
#
# ## 3. A pull
#
# The other remedy changes the field. Let $h(z)=\frac12\|\xi(z)\|^2$. It is 0 exactly at stationary
# points, and $\nabla h=J^\top\xi$. *Consensus optimisation* lets both players descend it together,
# besides their own losses:
# $$d_{\mathrm c}(z)=\xi+\gamma\,J^\top\xi .$$
# *Symplectic gradient adjustment* takes only the part of $J$ that turns,
# $$d_{\mathrm s}(z)=\xi+\lambda\,A^\top\xi,\qquad A=\tfrac12(J-J^\top)
#   \quad\Big(\text{so }A^\top\xi=\tfrac12(J^\top\xi-J\xi)\Big).$$
# Mind the transposes: in a game $J\xi\ne J^\top\xi$. On a bilinear zero-sum game $J=A$, and with
# $\gamma=\lambda$ the two are the same, and equal to a third method, first-order LOLA: a test on
# such a game tells you little about your code. In a *potential* game, $l_1=l_2$, the Jacobian is a
# Hessian and $A=0$.
#
# Neither needs $J$ itself. $J^\top\xi$ is a vector-Jacobian product of the field and $J\xi$ a
# Jacobian-vector product, each at the price of two or three evaluations of the field, whatever the
# number of parameters.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 7

# %% [markdown]
# ### Question 3 (7 points)
#
# Write `consensus_direction` and `symplectic_direction`.
#
# *Hidden tests:* consensus on quadratic games that are not zero-sum, in closed form, and on
# networks (2 points, partial credit: 1 for each); the same for the symplectic adjustment (2 points,
# partial credit likewise); scalar players in a bilinear and in a potential game, float32 (1 point);
# networks to twelve digits (1 point); cost: at most 6 evaluations of the field for consensus and 9
# for the symplectic adjustment, and no $P\times P$ matrix (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def consensus_direction(losses: Callable[[Any, Any], Any], z: Any, weight: float) -> Any:
    """The direction of consensus optimisation, to be subtracted.

    Args:
        losses, z: as in game_field.
        weight: gamma >= 0.

    Returns:
        xi + gamma J^T xi, a tuple shaped as z.
    """
    # BEGIN SOLUTION
    xi, pull = jax.vjp(lambda z: game_field(losses, z), z)
    return jax.tree.map(lambda g, c: g + weight * c, xi, pull(xi)[0])
    # END SOLUTION


def symplectic_direction(losses: Callable[[Any, Any], Any], z: Any, weight: float) -> Any:
    """The direction of symplectic gradient adjustment, to be subtracted.

    Args:
        losses, z: as in game_field.
        weight: lambda, of any sign.

    Returns:
        xi + lambda A^T xi, a tuple shaped as z.
    """
    # BEGIN SOLUTION
    xi, push = jax.linearize(lambda z: game_field(losses, z), z)
    pulled, pushed = jax.linear_transpose(push, z)(xi)[0], push(xi)
    return jax.tree.map(lambda g, t, p: g + weight * (t - p) / 2, xi, pulled, pushed)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(consensus_direction, symplectic_direction):
    import jax
    import lab10_given as given
    import numpy as np

    game = given.networks((2, 2), (2, 3, 1), examples=4, seed=0)
    shapes = jax.tree.map(np.shape, game.z0)
    both = {"consensus": consensus_direction, "symplectic": symplectic_direction}
    for name, direction in both.items():
        assert direction is not None, f"q3: {name}_direction is missing"
        value = direction(game.losses, game.z0, 0.5)
        assert value is not None, f"q3: {name}_direction returns nothing yet"
        assert jax.tree.map(np.shape, value) == shapes, f"{name}_direction returns a tuple like z"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: a zero-sum game that turns more than it pulls, and its equilibrium is a local Nash point.
# Right: a *potential* game, in which both players lose $\cos x+\cos y$. It is ordinary
# minimisation, started near the maximum at the origin; the minima lie at $(\pm\pi,\pm\pi)$. All
# weights are 1.5.

# %%
def follow(direction, losses, z0, step_size, count):
    """The iterates of a direction that is subtracted."""

    def advance(z):
        d = direction(losses, z)
        return jax.tree.map(lambda p, g: p - step_size * g, z, d)

    return given.trajectory(advance, z0, count)


def shared_loss(x, y):
    value = jnp.cos(x) + jnp.cos(y)
    return value, value


directions = {
    "plain": game_field,
    "consensus": lambda losses, z: consensus_direction(losses, z, 1.5),
    "symplectic": lambda losses, z: symplectic_direction(losses, z, 1.5),
}
turning = given.saddle([0.2] * 4, [-0.2] * 4, 3.0, seed=0)
near_the_top = (jnp.array(0.4), jnp.array(-0.3))
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
for name, direction in directions.items():
    path = follow(direction, turning.losses, turning.z0, 0.1, 60)
    axes[0].semilogy(given.distances(path, turning.stationary), label=name)
    path = follow(direction, shared_loss, near_the_top, 0.2, 60)
    style = "--" if name == "symplectic" else "-"
    axes[1].plot(jax.vmap(shared_loss)(*path)[0], style, label=name)
axes[0].set(xlabel="step", ylabel="distance", title="A game that turns", ylim=(1e-8, 1e2))
axes[1].set(xlabel="step", ylabel="loss of both", title="A potential game")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# Both adjustments make a game converge in which plain descent doesn't, and are nearly alike there.
# On the right the symplectic direction *is* the gradient (the dashed curve covers the solid one),
# since nothing turns. Consensus climbs to the maximum: it looks for small gradients, and those are
# found at the top too.
#
# ## 4. Complex momentum
#
# Momentum averages the past. Where the field turns, the past points in a wrong direction, and a
# real momentum, positive or negative, does not make simultaneous descent converge on a bilinear
# game. Lorraine et al. (2022) keep a *complex* velocity and move by the real part of it:
# $$\mu_{k+1}=\beta\,\mu_k-\xi(z_k),\qquad z_{k+1}=z_k+\operatorname{Re}(\alpha\,\mu_{k+1}),\qquad\mu_0=0,$$
# with $\beta\in\mathbb C$. The velocity is updated first and the *new* one moves the players, who
# remain real. For a real $\alpha$ the field of $s$ steps ago has the weight
# $\alpha|\beta|^s\cos(s\arg\beta)$: a memory that oscillates, as the game does.
#
# On a linear field, $\xi(z)=Jz$ with a real square matrix $J$ of size $P$, and with a real
# $\alpha$, a step is a *real* linear map of $(\operatorname{Re}\mu,\operatorname{Im}\mu,z)$, of
# size $3P$. Write it down; its *spectral radius*, the largest modulus of an eigenvalue, is the
# rate. (Taking the real part is not complex-linear: a $2P\times2P$ complex matrix for $(\mu,z)$
# would describe players who become complex.) `jnp.linalg.eigvals` exists on CPUs, which is enough
# here.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 7

# %% [markdown]
# ### Question 4 (7 points)
#
# Write `complex_momentum` and `complex_momentum_radius`.
#
# *Hidden tests:* the iterates on a quadratic game, to ten digits, against powers of a dense matrix
# (2 points); the weights of networks (1 point); a real $\beta$, a complex $\alpha$, no steps,
# scalar players, float32 (1 point); the radius (2 points, partial credit: 1 for bilinear games, 1
# for others); cost: one evaluation of the field a step, with a tolerance of 20 % and two
# evaluations (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def complex_momentum(
    field: Callable[[Any], Any], z0: Any, alpha: complex, beta: complex, num_steps: int
) -> Any:
    """The iterates of complex momentum, started at rest.

    Args:
        field: the function z -> xi(z), from a pytree to a pytree like it.
        z0: the start, a tuple (x, y) of real arrays or pytrees of them.
        alpha: the step size, a Python number, real or complex.
        beta: the momentum, a Python number, real or complex.
        num_steps: K >= 0.

    Returns:
        z_0, ..., z_K, real: a tuple like z0 with a new first axis of length K + 1 on every array.
    """
    # BEGIN SOLUTION
    def advance(state):
        z, mu = state
        mu = jax.tree.map(lambda m, g: beta * m - g, mu, field(z))
        return jax.tree.map(lambda p, m: p + jnp.real(alpha * m), z, mu), mu

    at_rest = jax.tree.map(lambda p: beta * jnp.zeros_like(p), z0)
    return given.trajectory(advance, (z0, at_rest), num_steps)[0]
    # END SOLUTION


def complex_momentum_radius(J: Array, alpha: float, beta: complex) -> Array:
    """The spectral radius of complex momentum on the linear field z -> J z.

    Args:
        J: any real square matrix, shape (P, P).
        alpha: the step size, real and positive.
        beta: the momentum, a complex number.

    Returns:
        The largest modulus of an eigenvalue of one step, a real scalar, shape ().
    """
    # BEGIN SOLUTION
    eye, zero = jnp.eye(len(J), dtype=J.dtype), jnp.zeros_like(J)
    real, imaginary = jnp.real(beta) * eye, jnp.imag(beta) * eye
    rows = [[real, -imaginary, -J], [imaginary, real, zero]]
    rows.append([alpha * real, -alpha * imaginary, eye - alpha * J])
    return jnp.max(jnp.abs(jnp.linalg.eigvals(jnp.block(rows))))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(complex_momentum, complex_momentum_radius):
    import jax.numpy as jnp
    import numpy as np

    assert complex_momentum is not None, "q4: complex_momentum is missing"
    assert complex_momentum_radius is not None, "q4: complex_momentum_radius is missing"
    start = (jnp.ones(2), {"y": jnp.array(1.0)})
    path = complex_momentum(lambda z: z, start, 0.1, 0.5 + 0.2j, 3)
    assert path is not None, "q4: complex_momentum returns nothing yet"
    assert np.shape(path[0]) == (4, 2), "complex_momentum returns K + 1 iterates"
    assert np.shape(path[1]["y"]) == (4,), "complex_momentum returns a tuple like z0"
    assert not np.iscomplexobj(path[0]), "the players remain real"
    radius = complex_momentum_radius(jnp.array([[0.0, 1.0], [-1.0, 0.0]]), 0.1, 0.5 + 0.2j)
    assert radius is not None, "q4: complex_momentum_radius returns nothing yet"
    assert np.shape(radius) == (), "complex_momentum_radius returns a scalar"
    assert not np.iscomplexobj(radius), "complex_momentum_radius returns a modulus, which is real"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the radius on $f=xy$ for all momenta $\beta=|\beta|e^{i\varphi}$ and $\alpha=0.1$; white is
# 1 or more. Right: the game of question 2 with $\alpha=0.1$ and four momenta of modulus 0.8.

# %%
turn = jnp.array([[0.0, 1.0], [-1.0, 0.0]])
moduli, angles = jnp.linspace(0.0, 0.99, 50), jnp.linspace(0.0, jnp.pi, 49)
all_momenta = moduli[:, None] * jnp.exp(1j * angles)
one_radius = jax.vmap(lambda beta: complex_momentum_radius(turn, 0.1, beta))
radii = jax.jit(jax.vmap(one_radius))(all_momenta)
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6))
levels = [0.9, 0.94, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 1.0 - 1e-9]
filled = axes[0].contourf(angles / jnp.pi, moduli, radii, levels=levels, extend="min")
fig.colorbar(filled, ax=axes[0], label="spectral radius", format="%.3f")
axes[0].set(xlabel=r"angle $\varphi/\pi$", ylabel=r"modulus $|\beta|$")
axes[0].set_title(r"$f=xy$, $\alpha=0.1$")

fractions = {"0": 0.0, r"\pi/8": 1 / 8, r"\pi/4": 1 / 4, r"\pi": 1.0}
for name, fraction in fractions.items():
    beta = complex(0.8 * np.exp(1j * np.pi * fraction))
    path = complex_momentum(field_of_game, game.z0, 0.1, beta, 1500)
    axes[1].semilogy(given.distances(path, center), label=rf"$\varphi={name}$")
axes[1].set(xlabel="step", ylabel="distance", title="Five planes", ylim=(1e-1, 1e2))
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# The left edge is positive real momentum, the right edge negative real momentum: both are white,
# and the players diverge. Between them lies a large region that converges. Its best point is near
# $|\beta|=0.8$ and an angle of about $\pi/7$. On five planes $\pi/8$ does better than $\pi/4$; the
# real momenta go the wrong way, the negative one by less than a tenth in 1500 steps.
#
# ## 5. Which points are wanted
#
# All methods so far look for stationary points, $\xi(z)=0$. In a zero-sum game $\min_x\max_yf(x,y)$
# these are of several kinds, which second derivatives tell apart. (Now $x$ and $y$ are vectors. All
# conditions are the strict ones.)
#
# | | condition | meaning |
# |---|---|---|
# | *local Nash* | $f_{xx}\succ0$ and $f_{yy}\prec0$ | no player gains alone |
# | *local minimax* | $f_{yy}\prec0$ and $f_{xx}-f_{xy}f_{yy}^{-1}f_{yx}\succ0$ | $y$ answers $x$, and $x$ foresees the answer |
# | *stable* | $\operatorname{Re}\lambda(J)>0$ for all eigenvalues | descent in small steps comes to rest here |
#
# Who moves first matters for minimax: $x$ leads and $y$ follows. The Schur complement is the
# Hessian of $x\mapsto\max_yf(x,y)$. Each condition becomes a number, a *margin*, which is positive
# when it holds:
# $$m_{\mathrm{Nash}}=\min\{\lambda_{\min}(f_{xx}),\ \lambda_{\min}(-f_{yy})\},\qquad
#   m_{\mathrm{stable}}=\min_i\operatorname{Re}\lambda_i(J),$$
# $$m_{\mathrm{minimax}}=\begin{cases}
#    \min\{\lambda_{\min}(-f_{yy}),\ \lambda_{\min}(f_{xx}-f_{xy}f_{yy}^{-1}f_{yx})\}&\text{if
#    }\lambda_{\min}(-f_{yy})>0,\\
#    \lambda_{\min}(-f_{yy})&\text{otherwise.}\end{cases}$$
# In the second case there is no answer $y(x)$ to foresee, and $f_{yy}$ may be singular. Every local
# Nash point is local minimax and stable. Of the other implications none holds: stable points that
# are not minimax are *spurious*.
#
# **Follow the ridge** (Wang, Zhang and Ba, 2020). While $y$ answers $x$, $f_y=0$, it is on a ridge
# $y=r(x)$ with $r'(x)=-f_{yy}^{-1}f_{yx}$. If $x$ moves by $-\eta f_x$, the ridge moves away under
# $y$; so take $y$ along:
# $$x_{k+1}=x_k-\eta\,f_x,\qquad y_{k+1}=y_k+\eta\,f_y+\eta\,f_{yy}^{-1}f_{yx}f_x ,$$
# all at $(x_k,y_k)$. At a stationary point the Jacobian of this field has the eigenvalues of
# $f_{xx}-f_{xy}f_{yy}^{-1}f_{yx}$ and those of $-f_{yy}$: real, so that nothing turns, and all
# positive exactly at the local minimax points.

# %% [raw]
# # BEGIN QUESTION
# name: q5
# points: 7

# %% [markdown]
# ### Question 5 (7 points)
#
# Write `stationary_margins` and `ridge_direction`.
#
# *Hidden tests of* `stationary_margins`: points of several kinds, players of several sizes (3
# points, partial credit: 1 for each margin); a bilinear game, and one in which $f_{yy}$ is singular
# (1 point).
#
# *Hidden tests of* `ridge_direction`: points that are not stationary and not on the ridge, to
# eleven digits (1 point); on the ridge, in other coordinates of $y$ (1 point); players of one
# parameter, float32 (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def stationary_margins(
    f: Callable[[Array, Array], Array], z: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """The margins of the three conditions at a stationary point of min over x, max over y of f.

    Args:
        f: the function (x, y) -> a scalar.
        z: the point (x, y), of shapes (D,) and (E,).

    Returns:
        The triple (Nash, minimax, stable) of real scalars, each of shape ().
    """
    # BEGIN SOLUTION
    (f_xx, f_xy), (f_yx, f_yy) = jax.hessian(f, argnums=(0, 1))(*z)
    follower = jnp.linalg.eigvalsh(-f_yy)[0]
    nash = jnp.minimum(jnp.linalg.eigvalsh(f_xx)[0], follower)
    leader = jnp.linalg.eigvalsh(f_xx - f_xy @ jnp.linalg.solve(f_yy, f_yx))[0]
    minimax = jnp.where(follower > 0, jnp.minimum(follower, leader), follower)
    J = jnp.block([[f_xx, f_xy], [-f_yx, -f_yy]])
    return nash, minimax, jnp.min(jnp.real(jnp.linalg.eigvals(J)))
    # END SOLUTION


def ridge_direction(
    f: Callable[[Array, Array], Array], z: tuple[Array, Array]
) -> tuple[Array, Array]:
    """The direction of follow-the-ridge, to be subtracted from z like all others.

    Args:
        f: the function (x, y) -> a scalar.
        z: any point (x, y), of shapes (D,) and (E,), where f_yy is regular.

    Returns:
        The directions of x and of y, shapes (D,) and (E,).
    """
    # BEGIN SOLUTION
    x, y = z
    f_x, f_y = jax.grad(f, argnums=(0, 1))(x, y)
    carried = jax.jvp(lambda x: jax.grad(f, argnums=1)(x, y), (x,), (f_x,))[1]
    return f_x, -f_y - jnp.linalg.solve(jax.hessian(f, argnums=1)(x, y), carried)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(stationary_margins, ridge_direction):
    import lab10_given as given
    import numpy as np

    assert stationary_margins is not None, "q5: stationary_margins is missing"
    assert ridge_direction is not None, "q5: ridge_direction is missing"
    game = given.saddle((1.0, 2.0, 3.0), (-1.0, -2.0), 1.0, seed=0)
    triple = stationary_margins(game.f, game.stationary)
    assert triple is not None, "q5: stationary_margins returns nothing yet"
    assert len(triple) == 3, "stationary_margins returns (Nash, minimax, stable)"
    assert all(np.shape(m) == () for m in triple), "stationary_margins returns three scalars"
    assert not any(np.iscomplexobj(m) for m in triple), "margins are real"
    pair = ridge_direction(game.f, game.z0)
    assert pair is not None, "q5: ridge_direction returns nothing yet"
    assert len(pair) == 2, "ridge_direction returns a pair"
    assert np.shape(pair[0]) == (3,), "ridge_direction: the first has the shape of x"
    assert np.shape(pair[1]) == (2,), "ridge_direction: the second has the shape of y"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Two games of two numbers, both with their only stationary point at 0: $f=-3x^2-y^2+4xy$ and
# $f=3x^2+y^2+4xy$. First their margins, then the iterates of simultaneous descent and of
# follow-the-ridge, 60 steps of size 0.05 from the same start. The line is where $f_y=0$.

# %%
def hidden_peak(x, y):
    return jnp.sum(-3 * x**2 - y**2 + 4 * x * y)


def trap(x, y):
    return jnp.sum(3 * x**2 + y**2 + 4 * x * y)


def descend(f, z):
    return game_field(lambda x, y: (f(x, y), -f(x, y)), z)


zero = (jnp.zeros(1), jnp.zeros(1))
begin = (jnp.array([0.3]), jnp.array([0.8]))
line = np.array([-2.0, 2.0])
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
kinds = ((hidden_peak, r"$-3x^2-y^2+4xy$", 2.0), (trap, r"$3x^2+y^2+4xy$", -2.0))
for axis, (f, formula, slope) in zip(axes, kinds, strict=True):
    margins = dict(zip(("Nash", "minimax", "stable"), stationary_margins(f, zero), strict=True))
    print(f.__name__, {name: round(float(m), 3) for name, m in margins.items()})
    axis.plot(line, slope * line, color="grey", linewidth=0.8)
    for name, direction in (("descent-ascent", descend), ("follow the ridge", ridge_direction)):
        x, y = follow(direction, f, begin, 0.05, 60)
        axis.plot(x, y, ".-", markersize=4, label=name)
    axis.plot(0, 0, "k+", markersize=12)
    axis.set(xlabel="x", ylabel="y", title=formula, xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
axes[0].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# Left: the origin is a local minimax point but no Nash point, and descent-ascent leaves it;
# follow-the-ridge moves beside the ridge and ends there. Right: descent-ascent comes to rest at a
# point where the maximising player sits at a minimum; follow-the-ridge leaves it. Whether a method
# converges and whether a point is wanted are two questions.
#
# ## 6. Did it converge, and to what?

# %% [raw]
# # BEGIN QUESTION
# name: q6
# manual: true
# points: 3

# %% [markdown]
# ### Question 6 (3 points, graded by hand)
#
# Answer in at most 200 words, and refer to your plots or to a computation of your own.
#
# 1. In the first plot a smaller step size did not make simultaneous descent converge, though for
#    minimisation it would. Which property of the eigenvalues of $J$ makes the difference? Which
#    games does a small enough step size cure?
# 2. A colleague trains with consensus optimisation, $\gamma=10$, sees $\|\xi\|$ fall to $10^{-8}$
#    and calls it a success. What could be wrong, and what would you compute?
# 3. In which of your two last games would you *want* descent to fail, and why does no choice of
#    step size bring follow-the-ridge to rest there?
#
# *Graded on:* a correct argument for each part (1 point each), not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. $|1-\eta\lambda|^2=1-2\eta\operatorname{Re}\lambda+\eta^2|\lambda|^2$ is below 1 for small
#    $\eta$ if and only if $\operatorname{Re}\lambda>0$. On a bilinear game all $\lambda=\pm is$
#    have the real part 0, and the second-order term, always positive, is all there is. Where all
#    real parts are positive (stable points), $\eta<\min_i2\operatorname{Re}\lambda_i/|\lambda_i|^2$
#    cures it.
# 2. $\gamma J^\top\xi$ descends $\frac12\|\xi\|^2$, and every stationary point is a minimum of
#    that, as the plot of the potential game shows: it went to the maximum. So small gradients say
#    that the point is stationary, not of which kind. Compute the margins (or extreme eigenvalues of
#    the diagonal blocks by products).
# 3. In the second: $f_{yy}=2>0$, so the maximising player sits at a minimum and could gain alone.
#    Only the turning holds it there: a spurious point. The ridge field has the eigenvalues
#    $-f_{yy}=-2$ and the Schur complement $6-16/2=-2$ there: both negative, so $1-\eta\lambda>1$
#    for every $\eta>0$.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
