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
# name: lab11
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
# # Lab 11: differentiating through optimization
#
# CSC2541, lecture 11: bilevel optimization I. Individual work. 40 points.
#
# Often the thing that you want to improve depends on your parameters through *another* optimization:
# the validation loss on the penalties, through training; the loss after adaptation on the
# initialisation, through the adaptation; the loss of an infinitely deep network on its weights,
# through the search for a fixed point. In all three you need the derivative of what a solver returns
# with respect to what it was given, and there are two ways to it:
#
# - differentiate *the program*: unroll the solver's steps and backpropagate through them. Exact for
#   the steps taken, but every iterate is kept.
# - differentiate *the condition that the answer satisfies*, by the implicit function theorem. The
#   answer is all that is needed, but it must be one.
#
# You write both (questions 1 and 2), and see when they are the same thing; then you use the first for
# meta-learning (question 3) and the second for a network of infinite depth (question 4).
#
# | question | | points |
# |---|---|---|
# | 1 | Implicit hypergradient | 10 |
# | 2 | Unrolled and truncated hypergradient | 10 |
# | 3 | Meta-gradient of MAML | 7 |
# | 4 | Deep equilibrium model | 9 |
# | 5 | Written: which derivative is wrong? | 4 |
#
# **How it is graded.** The checks in this notebook look at names, signatures and shapes only; passing
# them earns nothing by itself. After you submit, each of your functions is called with hidden inputs
# and the returned values are compared with a reference. Every question says what its hidden tests
# look at. They are hidden until the due date; then all of them are shown, and the feedback says which
# failed and how. A test gives its points entirely or not at all, except where "each" is written: there
# each part counts by itself. Question 5 is graded by hand.
#
# **Rules for your functions.**
#
# - Keep names and signatures. A function may call your other functions and those of `lab11_given`.
# - Parameters are *pytrees* (nested lists and dicts of arrays, or one array). A gradient with respect
#   to `theta` has the structure and the shapes of `theta`, whatever its structure is.
# - Compute in the dtype of the arrays that you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off.
# - No randomness, no printing, no state between calls. Every returned entry must be finite.
# - Each question has a test of *cost* or *memory*. Your function is traced, as by `jax.jit`; the
#   operations of the traced program are counted (not timed), and the temporary memory that XLA plans
#   for it is read off. So it must be traceable: no `if` on a value, and loops only with a number of
#   steps that is known beforehand (`lax.scan`, `lax.fori_loop`, Python's `for`; not
#   `lax.while_loop`, and so not `jax.scipy.sparse.linalg.cg`). Arguments called `num_...` are Python
#   integers. Loops over the steps of a solver are best left to `lax`: hundreds of steps take long to
#   compile otherwise. One gradient of a loss is the unit of cost. So a Hessian row by row is too dear,
#   with or without a loop over basis vectors. And finite differences are cheap, but lose half of
#   the digits: one test of each question asks for nearly all digits of float64.

# %%
from functools import partial

import jax
import jax.numpy as jnp
import lab11_given as given
import matplotlib.pyplot as plt
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

jax.config.update("jax_enable_x64", True)  # derivatives to all digits need float64

Array = jax.Array

# %% [markdown]
# ## 1. The implicit hypergradient
#
# Training minimises an *inner* loss over the weights, $w_\star(\theta) = \arg\min_w L_t(w,\theta)$;
# the result is scored by an *outer* loss $L_v(w,\theta)$. The **hypergradient** is the total
# derivative of $\theta\mapsto L_v(w_\star(\theta),\theta)$, a gradient shaped like $\theta$.
# Differentiate the condition $\nabla_w L_t(w_\star(\theta),\theta)=0$ in $\theta$ and solve for the
# response of $w_\star$ (problem set 1, question 6):
# $$\frac{d w_\star}{d\theta} = -H^{-1} M,\qquad H = \nabla_w^2 L_t,\quad
#   M = \frac{\partial^2 L_t}{\partial w\,\partial\theta}\ \text{(rows for } w\text{, columns for }
#   \theta),$$
# $$\frac{d}{d\theta}L_v(w_\star(\theta),\theta) \;=\;
#   \underbrace{\nabla_\theta L_v}_{\text{direct}}
#   \;-\; M^\top H^{-1}\, g_v ,\qquad g_v = \nabla_w L_v ,$$
# everything at $(w_\star,\theta)$. The direct term is 0 for a penalty that only training sees. It isn't
# when the hyperparameter is part of the model, such as a scale of the inputs or a temperature.
#
# Read from the right, the formula needs no matrix: solve $Hq = g_v$ by conjugate gradient, with one
# Hessian-vector product a step, then compute $M^\top q$ as *one* vector-Jacobian product. Notice what is
# absent: how training got to $w_\star$. The memory is that of a few gradients, whether training took a
# hundred steps or a million.
#
# You wrote conjugate gradient in problem set 1. Here `given.conjugate_gradient(matvec, b, num_steps)`
# is one for pytrees; it starts at 0, takes a fixed number of steps and stays put after convergence.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 10

# %% [markdown]
# ### Question 1 (10 points)
#
# Write `implicit_hypergradient`.
#
# *Hidden tests:* against the dense formula, for ridge regression with a penalty for each weight
# (2 points), for hyperparameters that the outer loss sees too (2 points), and for a softmax classifier
# with pytrees of weights and hyperparameters (1 point); one weight and one hyperparameter, and an outer
# loss that does not depend on $w$ (1 point); an inner loss multiplied by a constant, which has
# the same minimum and so the same hypergradient (1 point); 13 digits of float64 (1 point); cost and
# memory for a network of about a thousand weights (2 points): with $m$ steps of conjugate gradient, at
# most $5m+10$ gradients of the inner loss, and less than 1 MB. In all but the last, the number of steps
# is more than twice the number of weights.

# %% [raw]
# # BEGIN SOLUTION

# %%
def implicit_hypergradient(inner_loss, outer_loss, w, theta, num_steps: int):
    """The total derivative of outer_loss(w*(theta), theta) by the implicit function theorem.

    Args:
        inner_loss: a function of (w, theta) to a scalar, strictly convex in w near `w`.
        outer_loss: a function of (w, theta) to a scalar; may depend on theta directly.
        w: the minimum w*(theta) of the inner loss over w, a pytree.
        theta: the hyperparameters, a pytree.
        num_steps: the number of steps of conjugate gradient.

    Returns:
        The hypergradient, a pytree like theta.
    """
    # BEGIN SOLUTION
    outer_slope, direct = jax.grad(outer_loss, argnums=(0, 1))(w, theta)

    def curvature(v):
        return jax.jvp(lambda u: jax.grad(inner_loss)(u, theta), (w,), (v,))[1]

    q = given.conjugate_gradient(curvature, outer_slope, num_steps)
    # One vector-Jacobian product of the map theta -> grad_w L_t gives M^T q.
    _, pull_back = jax.vjp(lambda settings: jax.grad(inner_loss)(w, settings), theta)
    return jax.tree.map(jnp.subtract, direct, pull_back(q)[0])
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_structure(implicit_hypergradient):
    import jax
    import jax.numpy as jnp
    import lab11_given as given

    problem = given.softmax_regression(examples=9, features=2, classes=3, seed=0)
    total = implicit_hypergradient(
        problem.inner_loss, problem.outer_loss, problem.w, problem.theta, 3
    )
    assert total is not None, "q1: implicit_hypergradient returns nothing yet"
    shapes = jax.tree.map(jnp.shape, total)
    assert shapes == jax.tree.map(jnp.shape, problem.theta), (
        "q1: implicit_hypergradient returns a pytree like theta"
    )


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Twenty penalties, one for each feature, tuned at once by gradient descent on the validation loss. Only
# the first five features matter. A grid over twenty dimensions is out of the question; a
# hypergradient costs about as much as a little more training.

# %%
problem = given.penalised_regression(examples=30, features=20, seed=5, relevant=5, noise=1.0)


@jax.jit
def trained(theta):
    """The minimum of the (quadratic) inner loss: one Newton step from 0."""
    zero = jnp.zeros_like(problem.w)
    slope, push = jax.linearize(lambda w: jax.grad(problem.inner_loss)(w, theta), zero)
    return -given.conjugate_gradient(push, slope, 40)


@jax.jit
def hypergradient(theta):
    return implicit_hypergradient(
        problem.inner_loss, problem.outer_loss, trained(theta), theta, 40
    )


levels = jnp.linspace(-6.0, 2.0, 33)
one_for_all = [problem.outer_loss(trained(level + jnp.zeros(20)), None) for level in levels]
theta = levels[int(np.argmin(one_for_all))] + jnp.zeros(20)
losses = []
for _ in range(400):
    w = trained(theta)
    losses.append((problem.outer_loss(w, theta), problem.test_loss(w, theta)))
    theta = theta - 2.0 * hypergradient(theta)

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
for name, curve in zip(("validation", "test"), np.array(losses).T, strict=True):
    left.plot(curve, label=name)
left.axhline(min(one_for_all), color="grey", linestyle=":", label="validation, best single penalty")
left.set(xlabel="step on the hyperparameters", ylabel="loss", title="Twenty penalties")
left.legend()
right.bar(range(20), theta, color=["C0"] * 5 + ["C1"] * 15)
right.set(xlabel="feature (the first five matter)", ylabel="log penalty", title="What was learned")
fig.tight_layout()
plt.show()

# %% [markdown]
# Test loss falls from 1.15 to 0.65, not far above the noise of the targets (0.5): the features that
# matter got small penalties, several of the others large ones. Look at the end, too: validation
# still falls when test has stopped. Twenty hyperparameters are enough to overfit the validation set.
#
# ## 2. Unrolling, and truncating
#
# Now the other way. Training is a program,
# $$w_{k+1} = w_k - \alpha\,\nabla_w L_t(w_k,\theta),\qquad k = 0,\dots,K-1,$$
# with a $w_0$ that does not depend on $\theta$, and the **unrolled hypergradient** is the derivative of
# $L_v(w_K(\theta),\theta)$: the last iterate, converged or not. With $H_k$, $M_k$ as above but at
# $(w_k,\theta)$, the sensitivities $Z_k = dw_k/d\theta$ obey
# $$Z_{k+1} = (I-\alpha H_k)\,Z_k - \alpha M_k,\qquad Z_0 = 0,$$
# and the hypergradient is $\nabla_\theta L_v + Z_K^\top\nabla_w L_v$ at $(w_K,\theta)$. Carrying $Z$
# along is forward mode: the work of as many runs as there are hyperparameters. Reverse mode multiplies
# from the other end, with vectors, and costs a few gradients a step; but it starts at step $K$, and so
# keeps all iterates.
#
# **Truncation** cuts the memory: the iterate $w_{K-T}$ counts as a constant, and only the *last* $T$
# steps are differentiated. (They start at $w_{K-T}$, so put $Z_{K-T}=0$.) The iterates $w_0,\dots,w_K$ stay the
# same. With $T=K$ that is the unrolled hypergradient, with $T=0$ only the direct term is left.
#
# What is the error? Start at the minimum, so that nothing moves and $H_k = H$. The recursion sums a
# geometric series,
# $$Z_T = -\Big(\alpha\sum_{j<T}(I-\alpha H)^j\Big) M \;\longrightarrow\; -H^{-1}M ,$$
# so $T$ unrolled steps *are* implicit differentiation, with $T$ terms of the Neumann series in place of
# the inverse. One term, without the $\alpha$, is the "$T_1$-$T_2$" method, which puts $I$ for $H^{-1}$.
# The error is
# $$\text{truncated} - \text{exact} \;=\; M^\top H^{-1}(I-\alpha H)^T g_v .$$

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 10

# %% [markdown]
# ### Question 2 (10 points)
#
# Write the three functions.
#
# *Hidden tests:* descent, also without a step (1 point); the unrolled hypergradient of runs that have
# not converged, for a regression and for a classifier (1 point each); the truncated one for one
# and for several differentiated steps (1 point each); no differentiated step, and no step at all, in
# float32 (1 point); the limits above: many steps, and truncation at the minimum (1 point); 12 digits of
# float64 (1 point); cost of the unrolled hypergradient of a network with about 500
# hyperparameters, at most $7K+10$ gradients of the inner loss (1 point); cost and memory of the
# truncated one for $T=3$ and $K=60$, at most $2K+8T+10$ gradients and 400 kB, which is enough for
# the iterates of $T$ steps but not of $K$ (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def descend(inner_loss, w_0, theta, step_size: float, num_steps: int):
    """The weights after gradient descent on the inner loss.

    Args:
        inner_loss: a function of (w, theta) to a scalar.
        w_0: the start, a pytree.
        theta: the hyperparameters, a pytree.
        step_size: alpha.
        num_steps: the number K >= 0 of steps.

    Returns:
        w_K, a pytree like w_0.
    """
    # BEGIN SOLUTION
    def advance(w, _):
        slope = jax.grad(inner_loss)(w, theta)
        return jax.tree.map(lambda p, g: p - step_size * g, w, slope), None

    return jax.lax.scan(advance, w_0, length=num_steps)[0]
    # END SOLUTION


def unrolled_hypergradient(
    inner_loss, outer_loss, w_0, theta, step_size: float, num_steps: int
):
    """The total derivative of outer_loss(w_K(theta), theta), through all steps of the descent.

    Args:
        inner_loss: a function of (w, theta) to a scalar.
        outer_loss: a function of (w, theta) to a scalar; may depend on theta directly.
        w_0: the start, a pytree; does not depend on theta.
        theta: the hyperparameters, a pytree.
        step_size: alpha.
        num_steps: the number K >= 0 of steps.

    Returns:
        The hypergradient, a pytree like theta.
    """
    # BEGIN SOLUTION
    def score(settings):
        return outer_loss(descend(inner_loss, w_0, settings, step_size, num_steps), settings)

    return jax.grad(score)(theta)
    # END SOLUTION


def truncated_hypergradient(
    inner_loss,
    outer_loss,
    w_0,
    theta,
    step_size: float,
    num_steps: int,
    num_differentiated: int,
):
    """The derivative of outer_loss(w_K(theta), theta) through the last steps only.

    Args:
        inner_loss, outer_loss, w_0, theta, step_size, num_steps: as above.
        num_differentiated: the number T, 0 <= T <= K, of steps that are differentiated.

    Returns:
        The hypergradient with w_{K-T} held constant, a pytree like theta.
    """
    # BEGIN SOLUTION
    num_first = num_steps - num_differentiated
    middle = descend(inner_loss, w_0, theta, step_size, num_first)
    return unrolled_hypergradient(
        inner_loss, outer_loss, middle, theta, step_size, num_differentiated
    )
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_structures(descend, unrolled_hypergradient, truncated_hypergradient):
    import jax
    import jax.numpy as jnp
    import lab11_given as given

    def shapes(tree):
        return jax.tree.map(jnp.shape, tree)

    problem = given.softmax_regression(examples=9, features=2, classes=3, seed=0)
    losses = (problem.inner_loss, problem.outer_loss)
    run = (problem.w_0, problem.theta, problem.step_size, 2)
    w = descend(losses[0], *run)
    assert w is not None, "q2: descend returns nothing yet"
    assert shapes(w) == shapes(problem.w), "q2: descend returns a pytree like w_0"
    total = unrolled_hypergradient(*losses, *run)
    assert total is not None, "q2: unrolled_hypergradient returns nothing yet"
    assert shapes(total) == shapes(problem.theta), "q2: a hypergradient is a pytree like theta"
    total = truncated_hypergradient(*losses, *run, 1)
    assert total is not None, "q2: truncated_hypergradient returns nothing yet"
    assert shapes(total) == shapes(problem.theta), "q2: a hypergradient is a pytree like theta"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The error of truncation at the minimum, for three step sizes (dotted:
# $(1-\alpha h_{\min})^T$ through the last point).

# %%
problem = given.penalised_regression(examples=20, features=10, seed=3)
losses = (problem.inner_loss, problem.outer_loss)
exact = jax.jit(lambda w, theta: implicit_hypergradient(*losses, w, theta, 30))(
    problem.w, problem.theta
)
fig, axis = plt.subplots(figsize=(6, 3.5))
kept = np.array([1, 5, 10, 20, 40])
from_minimum = [
    jax.jit(
        lambda step, T=int(T): truncated_hypergradient(
            *losses, problem.w, problem.theta, step, 40, T
        )
    )
    for T in kept
]
h = jnp.linalg.eigvalsh(jax.jit(jax.hessian(problem.inner_loss))(problem.w, problem.theta))
for color, fraction in (("C0", 0.25), ("C1", 0.5), ("C2", 1.0)):
    step = fraction * problem.step_size
    errors = [jnp.linalg.norm(found(step) - exact) for found in from_minimum]
    errors = np.array(errors) / jnp.linalg.norm(exact)
    axis.semilogy(kept, errors, "o", color=color, label=rf"$\alpha h_{{\max}}$ = {fraction}")
    axis.semilogy(kept, errors[-1] * (1 - step * h[0]) ** (kept - 40.0), ":", color=color)
axis.set(xlabel="differentiated steps T", ylabel="relative error", title="Truncation")
axis.legend()
plt.show()

# %% [markdown]
# What XLA plans to allocate for each derivative of a run of $K$ steps. (Training comes before the
# implicit one.)

# %%
def temporary_bytes(function, *args):
    return jax.jit(function).lower(*args).compile().memory_analysis().temp_size_in_bytes


network = given.penalised_network(widths=(8, 32, 2), examples=16, seed=0)
losses = (network.inner_loss, network.outer_loss)


def train_then_implicit(w_0, theta, K):
    w = descend(losses[0], w_0, theta, 0.1, K)
    return implicit_hypergradient(*losses, w, theta, 10)


ways = {
    "unrolled": lambda w, theta, K: unrolled_hypergradient(*losses, w, theta, 0.1, K),
    "truncated, T = 5": lambda w, theta, K: truncated_hypergradient(*losses, w, theta, 0.1, K, 5),
    "implicit": train_then_implicit,
}
runs = (10, 1000)
fig, axis = plt.subplots(figsize=(6, 3.5))
for name, way in ways.items():
    used = [temporary_bytes(partial(way, K=K), network.w_0, network.theta) for K in runs]
    axis.loglog(runs, used, "o-", label=name)
axis.set(xlabel="inner steps K", ylabel="temporary memory (bytes)", title="Memory")
axis.legend()
plt.show()

# %% [markdown]
# The error falls as predicted, like the slowest mode: with a step size that is a quarter of the
# largest sensible one, forty steps still miss a tenth. But that needs the memory of forty iterates, where
# the implicit hypergradient needs the least of all three and has no such error, if training
# has converged. Unrolling is the only one whose memory grows with the run.
#
# ## 3. MAML
#
# Sometimes the run is *meant* to be short, and then only unrolling will do. In model-agnostic
# meta-learning an initialisation $w$ serves many tasks. Task $i$ adapts it by $K$ steps of gradient
# descent on a few *support* examples, and is scored on its *query* examples:
# $$u_0 = w,\quad u_{k+1} = u_k - \alpha\,\nabla L^{\rm sup}_i(u_k),\qquad
#   \mathcal M(w) = \frac1n\sum_{i=1}^n L^{\rm qry}_i(u_K^{(i)}),$$
# the *mean* over the $n$ tasks. Here $w$ plays the role of the hyperparameter; all that is differentiated
# is the start. By the chain rule, with $H_k$ the Hessian of $L_i^{\rm sup}$ at $u_k$,
# $$\nabla\mathcal M = \frac1n\sum_i (I-\alpha H_0)(I-\alpha H_1)\cdots(I-\alpha H_{K-1})\,
#   \nabla L^{\rm qry}_i(u_K) ,$$
# so the factor of the *last* step acts first. Each factor is a Hessian-vector product.
# First-order MAML leaves all factors out, Reptile moves towards $u_K$; neither is the gradient of
# $\mathcal M$.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 7

# %% [markdown]
# ### Question 3 (7 points)
#
# Write `adapt` and `meta_gradient`.
#
# *Hidden tests:* the adapted parameters (1 point); the meta-gradient of a network that regresses
# sinusoids, after one step of adaptation and after several (1 point each); tasks whose losses are
# quadratic, against a closed form (1 point); a single task with a single support example, and no step at all,
# in float32 (1 point); 12 digits of float64 (1 point); cost: at most $6K+3$ gradients a task (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def adapt(loss, w, examples, step_size: float, num_steps: int):
    """The parameters of one task after gradient descent on its examples.

    Args:
        loss: a function of (w, examples) to a scalar.
        w: the initialisation, a pytree.
        examples: the examples of the task, a pytree of arrays.
        step_size: alpha.
        num_steps: the number K >= 0 of steps.

    Returns:
        u_K, a pytree like w.
    """
    # BEGIN SOLUTION
    return descend(loss, w, examples, step_size, num_steps)
    # END SOLUTION


def meta_gradient(loss, w, support, query, step_size: float, num_steps: int):
    """The gradient in w of the mean over tasks of the query loss after adaptation.

    Args:
        loss: a function of (w, examples) to a scalar, the loss of one task.
        w: the initialisation, a pytree.
        support: the examples to adapt to; the tasks lie along the first axis of each leaf.
        query: the examples to be scored on, in the same way.
        step_size: alpha.
        num_steps: the number K >= 0 of steps of adaptation.

    Returns:
        The gradient, a pytree like w.
    """
    # BEGIN SOLUTION
    def score(start):
        def of_task(mine, scored):
            return loss(adapt(loss, start, mine, step_size, num_steps), scored)

        return jnp.mean(jax.vmap(of_task)(support, query))

    return jax.grad(score)(w)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_structures(adapt, meta_gradient):
    import jax
    import jax.numpy as jnp
    import lab11_given as given

    def shapes(tree):
        return jax.tree.map(jnp.shape, tree)

    tasks = given.sinusoid_tasks(tasks=3, support=4, query=5, seed=0, widths=(1, 3, 1))
    first = jax.tree.map(lambda leaf: leaf[0], tasks.support)
    u = adapt(tasks.loss, tasks.w, first, 0.1, 2)
    assert u is not None, "q3: adapt returns nothing yet"
    assert shapes(u) == shapes(tasks.w), "q3: adapt returns a pytree like w"
    gradient = meta_gradient(tasks.loss, tasks.w, tasks.support, tasks.query, 0.1, 2)
    assert gradient is not None, "q3: meta_gradient returns nothing yet"
    assert shapes(gradient) == shapes(tasks.w), "q3: meta_gradient returns a pytree like w"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Two initialisations of one network, trained on the same stream of sinusoid tasks: one by the
# meta-gradient with three steps of adaptation, one with none, which is to fit all tasks at once. Then
# each adapts to new tasks from ten examples.

# %%
tasks = given.sinusoid_tasks(400 * 16, 10, 10, seed=0, widths=(1, 24, 24, 1))
batches = jax.tree.map(
    lambda leaf: leaf.reshape(400, 16, 10, 1), (tasks.support, tasks.query)
)


@partial(jax.jit, static_argnums=0)
def meta_train(num_steps):
    """The parameters after 400 steps of Adam, each on a batch of 16 new tasks."""
    optimiser = optax.adam(5e-3)

    def update(carry, batch):
        w, state = carry
        slope = meta_gradient(tasks.loss, w, *batch, 0.1, num_steps)
        change, state = optimiser.update(slope, state)
        return (optax.apply_updates(w, change), state), None

    return jax.lax.scan(update, (tasks.w, optimiser.init(tasks.w)), batches)[0][0]


starts = {"meta-gradient, 3 steps": meta_train(3), "all tasks at once": meta_train(0)}
new = given.sinusoid_tasks(200, 10, 50, seed=10**6)


@jax.jit
def new_task_losses(w):
    """The mean query loss after 0, 1, ..., 10 steps of adaptation."""
    losses, adapted = [], jax.vmap(lambda _: w)(new.support["x"])
    for _ in range(11):
        losses.append(jnp.mean(jax.vmap(new.loss)(adapted, new.query)))
        adapted = jax.vmap(lambda u, mine: adapt(new.loss, u, mine, 0.1, 1))(adapted, new.support)
    return jnp.stack(losses)


three_steps = jax.jit(lambda w, mine: adapt(new.loss, w, mine, 0.1, 3))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
grid = jnp.linspace(-3, 3, 100)[:, None]
mine = jax.tree.map(lambda leaf: leaf[0], new.support)
for color, (name, w) in zip(("C0", "C1"), starts.items(), strict=True):
    right.semilogy(range(11), new_task_losses(w), "o-", label=name)
    left.plot(grid, given.apply_network(w, grid), ":", color=color)
    left.plot(grid, given.apply_network(three_steps(w, mine), grid), color=color)
left.plot(mine["x"], mine["y"], "k.")
left.set(xlabel="x", ylabel="y", title="A new task: before (dotted), after 3 steps")
right.set(xlabel="steps of adaptation", ylabel="mean query loss", title="200 new tasks")
right.legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# Before adaptation the two are equally good: both predict the mean of all sinusoids, as nothing else
# is possible. The difference is in what a few steps do. Three bring the loss of one
# down more than twentyfold, that of the other not even threefold: the meta-gradient has chosen a place from which
# gradient descent gets somewhere, not a place of low loss. It also keeps improving beyond the three
# steps that it was trained for.
#
# ## 4. A deep equilibrium model
#
# A network that applies one layer again and again, $z_{k+1} = f(z_k,\theta)$, tends to a fixed point if
# $f$ contracts. A *deep equilibrium model* takes this limit as its output,
# $$z_\star = f(z_\star,\theta),$$
# with $\theta$ the weights (and whatever else the layer depends on). Its loss is $\ell(z_\star,\theta)$:
# the readout is part of $\theta$ too. Let $J = \partial f/\partial z$ and
# $F = \partial f/\partial\theta$ at $z_\star$, and $g=\nabla_z\ell$ there. Differentiate the fixed-point
# equation:
# $$\frac{d z_\star}{d\theta} = (I-J)^{-1}F,\qquad
#   \frac{d}{d\theta}\,\ell(z_\star(\theta),\theta) = \nabla_\theta \ell + F^\top u,\qquad
#   (I-J)^\top u = g .$$
# The linear system for the *adjoint* $u$ is itself a fixed-point equation, $u = J^\top u + g$, and
# iterating it converges at the same rate as the forward pass, because $J^\top$ has the eigenvalues of
# $J$. One step of it is one vector-Jacobian product. $J$ isn't symmetric, so mind the transpose,
# and conjugate gradient is of no use.
#
# In this question take `num_steps` steps of plain iteration for the forward pass, and as many for the
# adjoint. In the hidden tests of the gradient they suffice for all digits. You may write the
# derivative out or attach it to `equilibrium` with `jax.custom_vjp`: the tests call the two functions
# below and nothing else.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 9

# %% [markdown]
# ### Question 4 (9 points)
#
# Write `equilibrium` and `equilibrium_gradient`.
#
# *Hidden tests:* the state after few steps, and after many (1 point); the gradient of a tanh layer's
# weights, against the dense formula (2 points); with a readout that only the loss depends on (1 point);
# a linear layer with a single unit, against a closed form, in float32 (1 point); the layer
# applied twice, $f\circ f$, which has the same equilibrium and so the same gradient (1 point); 12 digits of float64
# (1 point); work and memory (2 points): at most $5K+20$ evaluations of the layer for $K$ steps,
# and no more temporary memory than 25 states take, for $K=200$.

# %% [raw]
# # BEGIN SOLUTION

# %%
def equilibrium(layer, z_0: Array, theta, num_steps: int) -> Array:
    """The state after iterating the layer.

    Args:
        layer: the function (z, theta) -> next z, of the same shape.
        z_0: the first state, an array of any shape.
        theta: the parameters, a pytree.
        num_steps: the number K of steps.

    Returns:
        z_K of z_{k+1} = layer(z_k, theta), an array like z_0.
    """
    # BEGIN SOLUTION
    return jax.lax.fori_loop(0, num_steps, lambda _, z: layer(z, theta), z_0)
    # END SOLUTION


def equilibrium_gradient(layer, loss, z_0: Array, theta, num_steps: int):
    """The gradient in theta of loss(z*, theta) at the equilibrium z* = layer(z*, theta).

    Args:
        layer: the function (z, theta) -> next z; contracts in z.
        loss: the function (z, theta) -> scalar; may depend on theta directly.
        z_0: the first state of the forward pass, an array of any shape; the gradient does not
            depend on it.
        theta: the parameters, a pytree.
        num_steps: the number of steps of the forward pass, and of the solve for the adjoint.

    Returns:
        The gradient, a pytree like theta.
    """
    # BEGIN SOLUTION
    z = equilibrium(layer, z_0, theta, num_steps)
    g, direct = jax.grad(loss, argnums=(0, 1))(z, theta)
    _, pull_back = jax.vjp(layer, z, theta)
    u = jax.lax.fori_loop(0, num_steps, lambda _, u: pull_back(u)[0] + g, g)
    return jax.tree.map(jnp.add, direct, pull_back(u)[1])
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_structures(equilibrium, equilibrium_gradient):
    import jax
    import jax.numpy as jnp
    import lab11_given as given

    model = given.tanh_equilibrium(examples=3, inputs=2, units=4, seed=0)
    z = equilibrium(model.layer, model.z_0, model.theta, 5)
    assert z is not None, "q4: equilibrium returns nothing yet"
    assert jnp.shape(z) == (3, 4), "q4: equilibrium returns an array like z_0"
    gradient = equilibrium_gradient(model.layer, model.loss, model.z_0, model.theta, 5)
    assert gradient is not None, "q4: equilibrium_gradient returns nothing yet"
    shapes = jax.tree.map(jnp.shape, gradient)
    assert shapes == jax.tree.map(jnp.shape, model.theta), (
        "q4: equilibrium_gradient returns a pytree like theta"
    )


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: error of the gradient against the number of steps, for three sizes of the recurrent weights.
# Right: memory, compared with a recurrent network of
# $K$ steps of the same layer and backpropagation through time.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
kept = (2, 10, 20, 40, 80)
model = given.tanh_equilibrium(30, 3, 20, seed=1, contraction=1.0)
gradients = {
    K: jax.jit(
        lambda theta, K=K: equilibrium_gradient(model.layer, model.loss, model.z_0, theta, K)
    )
    for K in (*kept, 1000)
}
for factor in (0.5, 0.9, 1.4):
    theta = {**model.theta, "W": factor * model.theta["W"]}
    found = {K: ravel_pytree(gradient(theta))[0] for K, gradient in gradients.items()}
    exact = found[1000]
    errors = [jnp.linalg.norm(found[K] - exact) / jnp.linalg.norm(exact) for K in kept]
    left.semilogy(kept, np.maximum(errors, 1e-17), "o-", label=rf"$\|W\|$ = {factor}")
left.set(xlabel="steps K", ylabel="relative error", title="Gradient", ylim=(1e-18, 10))
left.legend()

model = given.tanh_equilibrium(64, 8, 32, seed=0)


def recurrent_loss(theta, K):
    z, _ = jax.lax.scan(lambda z, _: (model.layer(z, theta), None), model.z_0, length=K)
    return model.loss(z, theta)


ways = {
    "backpropagation through time": lambda theta, K: jax.grad(recurrent_loss)(theta, K),
    "equilibrium_gradient": lambda theta, K: equilibrium_gradient(
        model.layer, model.loss, model.z_0, theta, K
    ),
}
for name, way in ways.items():
    used = [temporary_bytes(partial(way, K=K), model.theta) for K in runs]
    right.loglog(runs, used, "o-", label=name)
right.set(xlabel="steps K", ylabel="temporary memory (bytes)", title="Memory")
right.legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# The error falls geometrically until rounding. The rate is the spectral radius of $J$, less than
# $\|W\|$ since tanh flattens: even with $\|W\|=1.4$, where nothing guarantees a fixed point, it is reached,
# if slowly. The memory is that of one layer, for ten steps or a thousand; backpropagation
# through time needs a hundred times more for a hundred times the steps.
#
# ## 5. Which derivative is wrong?

# %% [raw]
# # BEGIN QUESTION
# name: q5
# manual: true
# points: 4

# %% [markdown]
# ### Question 5 (4 points, graded by hand)
#
# Answer in at most 200 words, and refer to your plots or to a computation of your own.
#
# 1. A colleague tunes the *step size* of the inner descent by hypergradients, with training run to
#    convergence. What does the implicit hypergradient say, and what does the unrolled one? Which
#    question does each of them answer, and which would you use?
# 2. Another trains for $K=10^5$ steps and differentiates the last $T=20$. Which hyperparameters get
#    a hypergradient that is far off, and in which direction is it off? (Say it in terms of the eigenvalues of
#    $H$, for $\alpha h_j<1$.) What could they do within the same memory?
#
# *Graded on:* a correct argument for each part (2 points each), not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. The step size isn't in $L_t$, so $M=0$ and the implicit hypergradient is 0 (the direct term is too):
#    the minimum doesn't depend on how it was reached. Unrolled, the derivative of $L_v(w_K)$ is exact for
#    the $K$ steps taken; it tends to 0 as training converges, at the rate of the slowest mode, and is
#    useful where training stops early. (If the minimum is not unique it need not vanish: which one is
#    reached depends on the run.) Implicit: what would another problem's *solution* score? Unrolled: what
#    would another *run* score? For a step size only the second makes sense.
# 2. Along the eigenvector $j$ the response is multiplied by $1-(1-\alpha h_j)^T$, between 0 and 1:
#    it is too small, never of the wrong sign in any one mode, and nearly absent where $\alpha h_j T\ll1$.
#    So penalties and other settings that act through directions of low curvature look
#    as if they had no effect, and with little regularisation that is most of them. In the plot of
#    question 2 the error falls as $(1-\alpha h_{\min})^T$. In the same memory: at the minimum use the implicit
#    formula with conjugate gradient, or with more Neumann terms, neither of which stores anything;
#    momentum or a preconditioner in the differentiated steps also helps.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
