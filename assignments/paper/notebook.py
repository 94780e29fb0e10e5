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
# name: paper
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
# # A paper, reproduced and presented
#
# CSC2541. Groups of two or three. 100 points.
#
# Your group takes one of twelve papers, rebuilds what it turns on in this notebook, and presents it to the
# class. One notebook is handed in for the group.
#
# | question | | points |
# |---|---|---|
# | 1 | The paper's central identity or phenomenon | 30 |
# | 2 | An experiment of your own | 30 |
# | 3 | The presentation | 40 |
#
# **Question 1 has twelve versions, one a paper.** You say which is yours in the cell below, and
# answer that section only; leave the others as they are. Each has two or three functions. What a paper
# needs of the course is said in its section, with every convention: where the paper writes something
# in another way, the section's way counts.
#
# **How it is graded.** The checks in this notebook look at names, signatures and shapes only; passing
# them earns nothing by itself. After you hand in, the functions of your paper's section are called
# with hidden inputs and the returned values are compared with a reference. Every section says what its
# hidden tests look at. They are hidden until the due date; then all of them are shown, and the feedback
# says which failed and how. A test gives its points entirely or not at all, except where "each" is
# written: there each part counts by itself. Questions 2 and 3 are graded by hand, by the rubric
# that stands with them.
#
# **Rules for your functions.**
#
# - Keep names and signatures. A function may call your other functions and those of `paper_given`.
# - Parameters called *pytrees* are nested lists and dicts of arrays, or one array. A gradient has the
#   structure and the shapes of what it is taken in.
# - Compute in the dtype of the arrays that you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off.
# - No printing, and no state between calls. Randomness comes from the keys or the numbers that you are
#   given. Every returned entry must be finite.
# - Where a test of *cost* or *memory* is announced, your function is traced, as by `jax.jit`: no `if` on a
#   value, and loops only with a number of steps that is known beforehand.

# %%
from functools import partial

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
import paper_given as given
from jax.flatten_util import ravel_pytree

jax.config.update("jax_enable_x64", True)  # comparisons with exact formulas need float64

Array = jax.Array

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 30

# %% [markdown]
# ## Question 1 (30 points): your paper
#
# | `PAPER` | paper |
# |---|---|
# | `"momentum"` | Sutskever, Martens, Dahl and Hinton (2013): initialization and momentum |
#
# Declare it: `PAPER = "momentum"`, for example. Without one of these names nothing of question 1 can be graded.

# %% [raw]
# # BEGIN SOLUTION

# %%
PAPER = "momentum"  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_choice(PAPER):
    papers = ("momentum",)
    assert PAPER in papers, f"q1: PAPER is {PAPER!r}; declare one of {', '.join(papers)}"

# %% [raw]
# # END TESTS

# %% [markdown]
# ## `"momentum"`: initialization and momentum
#
# Sutskever, Martens, Dahl and Hinton, *On the importance of initialization and momentum in deep learning*
# (ICML 2013). Deep networks were thought to need second-order methods. The paper shows that plain
# gradients do, with two things done right: where the weights start, and how momentum grows.
#
# **Nesterov's momentum.** With the velocity $v_0=0$ and step size $\varepsilon$,
# $$v_{t+1}=\mu_t v_t-\varepsilon\,\nabla f(\theta_t+\mu_t v_t),\qquad \theta_{t+1}=\theta_t+v_{t+1},$$
# for $t=0,1,\dots$: the gradient is taken where the old velocity leads. The heavy ball takes it at $\theta_t$.
# The momentum follows a schedule, with whole numbers below,
# $$\mu_t=\min\left(1-2^{-1-\log_2(\lfloor t/250\rfloor+1)},\ \mu_{\max}\right).$$
#
# **What it does to a quadratic.** Along an eigenvector of the Hessian with curvature $\lambda$ both methods
# are recursions of second order, and the pair $(\theta_t,\theta_{t+1})$ is multiplied by a 2 by 2 matrix. The
# *rate* of a mode is the largest modulus of that matrix's eigenvalues: the error goes down like its powers. The
# paper's theorem says that on such a mode Nesterov's method is the heavy ball with another momentum; find which.
#
# **Sparse initialisation.** Each unit gets exactly $k$ incoming weights (all of them if there are fewer
# inputs), drawn from $\mathcal N(0,s^2)$, and zeros elsewhere. *Which* inputs is drawn uniformly and without
# replacement, for each unit by itself. A unit's input then has a size that doesn't depend on the width,
# and different units see different things.
#
# *Hidden tests:* the schedule within and at the ends of its stretches, with and without reaching the maximum
# (5 points), and the iterates of a loss that is no quadratic, with weights in a pytree (5 points); the rates of
# modes that swing and that do not, for curvatures up to $2/\varepsilon$, 12 digits (10 points); of sparse weights: the
# number of connections of each unit and their places (5 points), and the size of the weights, fewer inputs than
# connections, and float32 (5 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def momentum_at(t: Array, maximum: float) -> Array:
    """The momentum mu_t of the schedule.

    Args:
        t: numbers of updates, counted from 0: an array of whole numbers, of any shape.
        maximum: the largest momentum.

    Returns:
        mu_t, like t, of the default floating-point dtype.
    """
    # BEGIN SOLUTION
    return jnp.minimum(1 - 0.5 / (t // 250 + 1), maximum)
    # END SOLUTION


def nesterov_path(loss, theta_0, step_size: float, momenta: Array):
    """The iterates of Nesterov's method with a momentum for each step.

    Args:
        loss: the function theta -> scalar.
        theta_0: the start, a pytree.
        step_size: epsilon.
        momenta: mu_0 .. mu_{T-1}, an array of shape (T,).

    Returns:
        theta_1 .. theta_T: a pytree like theta_0, each leaf with a new first axis of length T.
    """
    # BEGIN SOLUTION
    def step(state, momentum):
        theta, v = state
        ahead = jax.tree.map(lambda p, v: p + momentum * v, theta, v)
        g = jax.grad(loss)(ahead)
        v = jax.tree.map(lambda v, g: momentum * v - step_size * g, v, g)
        theta = jax.tree.map(jnp.add, theta, v)
        return (theta, v), theta

    return jax.lax.scan(step, (theta_0, jax.tree.map(jnp.zeros_like, theta_0)), momenta)[1]
    # END SOLUTION


def nesterov_rates(curvatures: Array, step_size: float, momentum: float) -> Array:
    """The rate of each mode of a quadratic under Nesterov's method with constant momentum.

    Args:
        curvatures: eigenvalues lambda_j of the Hessian, positive, an array of shape (D,).
        step_size: epsilon.
        momentum: mu, between 0 and 1.

    Returns:
        The largest modulus of the eigenvalues of each mode's matrix, an array of shape (D,).
    """
    # BEGIN SOLUTION
    damping = 1 - step_size * curvatures
    trace, determinant = (1 + momentum) * damping, momentum * damping
    root = jnp.sqrt(jnp.asarray(trace**2 / 4 - determinant, complex))
    return jnp.maximum(jnp.abs(trace / 2 + root), jnp.abs(trace / 2 - root))
    # END SOLUTION


def sparse_weights(key: Array, num_inputs: int, num_units: int, connections: int, scale: float) -> Array:
    """Weights of a layer with few connections for each unit.

    Args:
        key: a key of `jax.random`.
        num_inputs, num_units: the layer's sizes.
        connections: k, incoming weights of each unit that are not 0.
        scale: s, the standard deviation of these.

    Returns:
        The weights, shape (num_inputs, num_units): a column for each unit.
    """
    # BEGIN SOLUTION
    places, sizes = jax.random.split(key)
    order = jax.random.uniform(places, (num_inputs, num_units))
    ranks = jnp.argsort(jnp.argsort(order, axis=0), axis=0)
    normal = jax.random.normal(sizes, (num_inputs, num_units))
    return jnp.where(ranks < connections, scale * normal, 0)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_momentum(PAPER, momentum_at, nesterov_path, nesterov_rates, sparse_weights):
    import jax
    import jax.numpy as jnp

    if PAPER != "momentum":
        return
    assert momentum_at is not None, "q1: momentum_at isn't defined"
    mu = momentum_at(jnp.arange(3), 0.9)
    assert mu is not None, "q1: momentum_at returns nothing yet"
    assert jnp.shape(mu) == (3,), f"q1: momentum_at has shape {jnp.shape(mu)}; expected (3,)"
    path = nesterov_path(lambda p: jnp.sum(p["w"] ** 2), {"w": jnp.ones(2)}, 0.1, jnp.zeros(4))
    assert path is not None, "q1: nesterov_path returns nothing yet"
    assert jnp.shape(path["w"]) == (4, 2), "q1: nesterov_path gives T iterates along a first axis"
    rates = nesterov_rates(jnp.ones(2), 0.1, 0.9)
    assert rates is not None, "q1: nesterov_rates returns nothing yet"
    assert jnp.shape(rates) == (2,), "q1: nesterov_rates gives a rate for each curvature"
    assert jnp.isrealobj(rates), "q1: a rate is a real number"
    W = sparse_weights(jax.random.key(0), 6, 4, 3, 1.0)
    assert W is not None, "q1: sparse_weights returns nothing yet"
    assert jnp.shape(W) == (6, 4), "q1: sparse_weights has shape (num_inputs, num_units)"

# %% [raw]
# # END TESTS

# %% [markdown]
# Where does Nesterov's method damp? Below, the rate of each mode for both methods, over curvatures from 0 to
# $2/\varepsilon$. The heavy ball's modes that swing all have the rate $\sqrt\mu$, whatever their
# curvature; Nesterov's are damped more, the more curved they are.

# %%
if PAPER == "momentum":
    epsilon, mu = 1.0, 0.9
    curvatures = jnp.linspace(0.001, 1.999, 800)
    heavy = [
        max(abs(np.roots([1, -(1 + mu - epsilon * c), mu]))) for c in np.asarray(curvatures)
    ]
    fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
    ax.plot(curvatures, heavy, label="heavy ball")
    ax.plot(curvatures, nesterov_rates(curvatures, epsilon, mu), label="Nesterov")
    ax.axhline(1, color="0.6", lw=1)
    ax.set(xlabel=r"curvature $\lambda$ ($\varepsilon = 1$)", ylabel="rate of the mode")
    ax.set_title(r"Momentum 0.9: Nesterov's method damps what curves")
    ax.legend()
    plt.show()

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2
# manual: true
# points: 30

# %% [markdown]
# ## Question 2 (30 points, graded by hand): an experiment of your own
#
# Ask one question that your paper doesn't answer, or answers for another model, and that an experiment of minutes can
# decide: an assumption dropped, another architecture, a quantity that the paper predicts and doesn't measure. Use your
# functions of question 1. Put the code into cells below this one, and write here, in at most 400 words: the
# question, what the paper predicts and why, what you did, what came out, and where that stops holding.
#
# *Rubric:* the question and the paper's prediction for it (8 points); the experiment can come out either way, its baseline is
# fair, its settings are complete (10 points); seeds, error bars and plots that can be read alone (6 points);
# conclusions that go no further than the evidence (6 points).

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Each group's experiment is its own. One that would do for `"momentum"`: the paper's theorem is about quadratics. Take the mode
# of largest curvature of a small network at the start, predict the rate of the training loss's swing along
# it from `nesterov_rates`, and measure it, for ten seeds and for step sizes up to the edge of stability; compare with
# the heavy ball at the same step size. The prediction should hold for small steps and as long as the curvature stays what it
# was, and the measurement can show otherwise.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q3
# manual: true
# points: 40

# %% [markdown]
# ## Question 3 (40 points, graded by hand): the presentation
#
# Twenty minutes for the class and ten of questions, on the day that you signed up for. Everybody in the group speaks. Write
# here the day, who speaks on what, and what you want the class to remember, in one sentence.
#
# *Rubric:* the paper's claim, and why it was not known before (8 points); its central argument, derived on the board or the
# slides so that the class can follow, with assumptions and conventions named (12 points); what your notebook shows of
# it (8 points); what is doubtful, or has been found since (6 points); time kept, slides that can be read, questions
# answered (6 points).

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# A complete answer names the day, each speaker's part, and one sentence that states the paper's claim with its
# condition: "On a quadratic, Nesterov's momentum is the heavy ball's, lowered for each mode by one minus step size times
# curvature, so that it may be set higher."

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
