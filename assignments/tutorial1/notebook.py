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
# name: tutorial1
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
# # Tutorial: JAX, part 1
#
# CSC2541, lecture 1. Individual work. 20 points.
#
# All labs of this course are written in JAX: NumPy's arrays, and functions that *transform functions*.
# `jax.grad(f)` is a new function, so is `jax.vmap(f)`, so is `jax.jit(f)`, and they can be put inside one
# another. Here you meet arrays, `grad`, `vmap`, `jit` and random keys, one idea a question.
# None of the answers needs more than ten lines.
#
# | question | | points |
# |---|---|---|
# | 1 | Arrays: distances without a loop | 6 |
# | 2 | `grad`: one step downhill | 5 |
# | 3 | `vmap`: the gradient of every example | 4 |
# | 4 | Random keys: weights and mini-batches | 5 |
#
# **How it is graded.** The checks in this notebook look at names, signatures and shapes only; passing
# them earns nothing by itself. After you submit, each of your functions is called with hidden inputs
# and the returned values are compared with a reference. Every question says what its hidden tests
# look at; after the due date you see all of them, which failed, and how. A hidden test gives all of
# its points or none, except where *partial credit* is mentioned.
#
# **Rules for your functions**, here and in all labs.
#
# - Keep names and signatures. A function may call your other functions.
# - Compute in the dtype of the arrays you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off. Don't write a dtype into the code.
# - Return arrays of exactly the documented shape: `(D,)` is not `(D, 1)`, and `()` is not `(1,)`.
# - No printing, no state between calls, and no randomness except from a key that you are given.
# - Some hidden tests look at the *cost*: your function is traced, as by `jax.jit`, and the operations of the
#   traced program are counted, not timed. See question 2.

# %%
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import tutorial1_given as given

jax.config.update("jax_enable_x64", True)  # without this line JAX makes every array float32

Array = jax.Array

# %% [markdown]
# ## 1. Arrays
#
# `jax.numpy` looks like NumPy, with two differences that matter at once.
#
# *Every operation has its price.* An operation that isn't compiled is sent to the device on its own,
# and that takes longer than adding a few numbers. So instead of looping over entries you let *broadcasting* loop:
# axes are aligned from the last to the first, and an axis of length 1 is repeated to fit. `A[:, None]` puts a
# new axis of length 1 in second place. What is the shape of `A[:, None] * B[None, :]` when `A` has
# shape `(3, 7)` and `B` has shape `(5, 7)`?
#
# *Arrays are never changed.* `A[0] = 1` is an error. `A.at[0].set(1)` gives a *new* array that differs
# there, and leaves `A` as it was: keep what it returns. There is also `.add`, and the index may be
# anything that NumPy takes, such as a pair of index arrays.
#
# The squared distances of the rows of $X\in\mathbb R^{n\times d}$ from those of
# $Y\in\mathbb R^{m\times d}$ are
# $$D_{ij}=\lVert x_i-y_j\rVert^2=\sum_{k=1}^d(X_{ik}-Y_{jk})^2 .$$
# Multiplying out, $\lVert x\rVert^2-2x^\top y+\lVert y\rVert^2$, takes less memory but subtracts
# large numbers from each other where the points are far from the origin and near to each other: digits
# are lost, and a "squared distance" may come out negative. Take differences first.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 6

# %% [markdown]
# ### Question 1 (6 points)
#
# Write `squared_distances` and `nearest_other`, without a loop.
#
# *Hidden tests:* distances of random points (2 points), the same far from the origin, to ten digits (1 point);
# a single point or feature, and float32 (1 point); nearest points in a random cloud (1 point); two
# points that coincide, and only two points that are far apart (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def squared_distances(X: Array, Y: Array) -> Array:
    """The squared Euclidean distance of every row of X from every row of Y.

    Args:
        X: n points as rows, shape (n, d).
        Y: m points as rows, shape (m, d).

    Returns:
        Shape (n, m): the entry (i, j) belongs to row i of X and row j of Y.
    """
    # BEGIN SOLUTION
    return jnp.sum((X[:, None] - Y[None]) ** 2, axis=-1)
    # END SOLUTION


def nearest_other(X: Array) -> Array:
    """For every row of X the index of the nearest *other* row.

    Args:
        X: n >= 2 points as rows, shape (n, d). Two rows may be equal: then their distance is 0.

    Returns:
        Integers from 0 to n - 1, shape (n,).
    """
    # BEGIN SOLUTION
    i = jnp.arange(len(X))
    others = squared_distances(X, X).at[i, i].set(jnp.inf)
    return jnp.argmin(others, axis=1)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(squared_distances, nearest_other):
    import jax.numpy as jnp
    import numpy as np

    for function in (squared_distances, nearest_other):
        assert function is not None, "q1: two functions are asked for"
    distances = squared_distances(jnp.ones((4, 2)), jnp.zeros((3, 2)))
    assert distances is not None, "q1: squared_distances returns nothing yet"
    assert np.shape(distances) == (4, 3), "squared_distances: a row for each row of X"
    nearest = nearest_other(jnp.array([[0.0], [1.0], [3.0]]))
    assert nearest is not None, "q1: nearest_other returns nothing yet"
    assert np.shape(nearest) == (3,), "nearest_other returns one index for each row"
    assert np.asarray(nearest).dtype.kind == "i", "nearest_other returns whole numbers"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# An arrow from every point to its nearest other one.

# %%
cloud = given.points(30, seed=0)
arrows = cloud[nearest_other(cloud)] - cloud
fig, axis = plt.subplots(figsize=(3.8, 3.8))
axis.quiver(*cloud.T, *arrows.T, angles="xy", scale_units="xy", scale=1, width=0.006, color="C0")
axis.plot(*cloud.T, "k.")
axis.set(aspect="equal", title="Nearest neighbours")
plt.show()

# %% [markdown]
# Being nearest isn't mutual: many arrows have no answer, and some points receive several.
#
# ## 2. `grad` and `jit`
#
# For a function $f$ with a scalar value, `jax.grad(f)` is the function that returns $\nabla f$, by
# reverse-mode differentiation: exact up to rounding, and for some three times the work of $f$, however many
# variables there are. Its result has the shape of the variable. Three things to know:
#
# - It differentiates with respect to the *first* argument, unless `argnums` says which (counted from 0).
# - `jax.value_and_grad` returns the pair (value, gradient). The value has been computed on the way, so
#   asking for it anew is wasted work.
# - Only what is written in JAX is seen. NumPy, or `float(...)`, on the way breaks the chain, with an error.
#
# `jax.jit(f)` compiles `f`. On the first call it runs your Python code once on *tracers*, which have a shape
# and a dtype but no numbers; what they pass through is recorded, and that program is optimised and kept for all
# further calls with these shapes. So Python's `if` on a traced value is an error, and a `print` happens
# only during tracing. The hidden tests that look at cost trace your function in this way.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 5

# %% [markdown]
# ### Question 2 (5 points)
#
# One step of gradient descent, $w'=w-\alpha\,\nabla_wJ(X,t,w)$. The loss takes the data first and the weights
# last. Write `descend`.
#
# *Hidden tests:* the loss and the new weights for a nonlinear model (2 points, partial credit: 1 each);
# weights that are a scalar or a matrix, in float32 (1 point); twelve digits (1 point); cost: at most 1.7
# times the work of one gradient of the loss (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def descend(
    loss: Callable[[Array, Array, Array], Array], X: Array, t: Array, w: Array, step_size: float
) -> tuple[Array, Array]:
    """One step of gradient descent on the weights.

    Args:
        loss: the function (X, t, w) -> J, a scalar.
        X, t: the data, arrays of any shape that the loss takes.
        w: the weights, an array of any shape.
        step_size: alpha > 0.

    Returns:
        The pair (J at w, before the step, shape (); the new weights, of the shape of w).
    """
    # BEGIN SOLUTION
    value, slope = jax.value_and_grad(loss, argnums=2)(X, t, w)
    return value, w - step_size * slope
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes_of_a_step(descend):
    import jax.numpy as jnp
    import numpy as np

    assert descend is not None, "q2: descend is asked for"
    pair = descend(lambda X, t, w: jnp.sum((X @ w - t) ** 2), jnp.ones((4, 2)), jnp.ones(4), jnp.ones(2), 0.1)
    assert pair is not None, "q2: descend returns nothing yet"
    assert len(pair) == 2, "descend returns (loss, new weights)"
    assert np.shape(pair[0]) == (), "the loss is a scalar"
    assert np.shape(pair[1]) == (2,), "the new weights have the shape of the weights"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## 3. `vmap`
#
# `jax.vmap(f)` is `f` with one more axis. Write the function for *one* example, with no
# thought of batches, and let `vmap` map it over the first axis of its arguments. `in_axes` has an entry for
# each argument: the number of the axis to map over, or `None` for an argument that all calls share. The results
# are stacked along a new first axis. It is no loop: `vmap` rewrites each operation into one on whole
# batches.
#
# `vmap` and `grad` are both just functions of functions, so they combine. A mean loss hides how much its
# examples disagree. The gradients $g_i=\nabla_w\ell(w,x_i,t_i)$ of single examples tell: from them come the
# noise of stochastic gradients, the empirical Fisher matrix and the tangent kernel of later labs.
# Differentiating the vector of all $n$ losses gives them too, but treats every loss as if it
# depended on every example, at $n$ times the work.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 4

# %% [markdown]
# ### Question 3 (4 points)
#
# Write `per_example_gradients`.
#
# *Hidden tests:* a nonlinear model (1 point); a matrix of weights and vectors of targets, to twelve
# digits (1 point); a single example with a single weight, and float32 (1 point); cost: at most
# 2.5 times the work of one gradient of the *mean* loss (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def per_example_gradients(
    loss: Callable[[Array, Array, Array], Array], w: Array, X: Array, t: Array
) -> Array:
    """The gradient of each example's loss with respect to the weights.

    Args:
        loss: the function (w, x, t) -> scalar for ONE example: its input x and its target t.
        w: the weights, an array of any shape.
        X: the inputs of n examples along the first axis, shape (n, ...).
        t: their targets along the first axis, shape (n, ...).

    Returns:
        The gradients along the first axis: shape (n,) + w.shape. Not divided by n.
    """
    # BEGIN SOLUTION
    return jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))(w, X, t)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes_of_gradients(per_example_gradients):
    import jax.numpy as jnp
    import numpy as np

    assert per_example_gradients is not None, "q3: per_example_gradients is asked for"
    found = per_example_gradients(
        lambda w, x, t: (x @ w - t) ** 2, jnp.ones(2), jnp.ones((5, 2)), jnp.ones(5)
    )
    assert found is not None, "q3: per_example_gradients returns nothing yet"
    assert np.shape(found) == (5, 2), "per_example_gradients returns a gradient for each example"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the loss along forty steps of `descend`, compiled. Right: the gradients of all examples
# at the start and at the end, and their means (crosses).

# %%
X, t = given.regression(examples=60, noise=0.2, seed=1)
step = jax.jit(lambda w: descend(given.tanh_loss, X, t, w, 1.0))
start = w = jnp.array([-0.5, 0.5])
losses = []
for _ in range(40):
    value, w = step(w)
    losses.append(value)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
axes[0].plot(losses)
axes[0].set(xlabel="step", ylabel="loss", title="Gradient descent", ylim=(0, None))
for name, place in (("start", start), ("end", w)):
    gradients = per_example_gradients(given.tanh_loss_of_one, place, X, t)
    (dots,) = axes[1].plot(*gradients.T, ".", label=name, alpha=0.6)
    axes[1].plot(*gradients.mean(axis=0), "X", color=dots.get_color(), markersize=10, markeredgecolor="k")
axes[1].set(title="Gradients of single examples", xlabel="first weight", ylabel="second weight")
axes[1].legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# At the end the *mean* gradient vanishes; the gradients of the examples do not. What is left of them is the
# noise that keeps stochastic gradient descent from coming to rest.
#
# ## 4. Random keys
#
# JAX has no hidden state that remembers what was drawn before. `jax.random.normal(key, shape)`
# is a plain function: the same key and shape, the same numbers, always. So a key is *used once*: either for
# one draw, or to make new keys of it with `jax.random.split(key, n)`, which gives `n` keys whose numbers are independent.
# Drawing twice with one key gives the same numbers twice, a mistake that raises no error. (Two layers with
# the same weights, noise that equals the data, the same examples dropped in every epoch: all
# of these have been published.) A function that needs randomness gets a key as an argument, and what it
# returns can be computed again exactly.
#
# Below you use keys for the two things that any training run needs. First the weights: a layer computes $xW+b$, with
# $W$ of shape (in, out), independent entries $W_{ij}\sim\mathcal N(0,1/n_{\rm in})$ and $b=0$. With the
# variance $1/n_{\rm in}$ the sum over inputs has variance 1 if the inputs do. Then mini-batches for an epoch: the indices in
# random order, cut into batches of equal size. What does not fill a batch is left out, other examples in
# every epoch.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 5

# %% [markdown]
# ### Question 4 (5 points)
#
# Write `init_network` and `epoch_batches`. Any use of keys that keeps the rule above is right: the hidden tests
# look at properties of what comes out, not at certain numbers.
#
# *Hidden tests of* `init_network`: shapes, moments of the weights and biases (1 point); layers that are
# independent of each other (1 point); the same network from the same key, another from another (1 point). *Of*
# `epoch_batches`: every index at most once, also with a single batch or batches of one (1 point); an order that is
# random, comes from the key, and leaves out other examples for another key (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def init_network(key: Array, widths: Sequence[int]) -> list[dict[str, Array]]:
    """Random weights of a network of dense layers.

    Args:
        key: a random key.
        widths: the number of inputs, of units of each hidden layer, and of outputs; two or more.

    Returns:
        For each of the len(widths) - 1 layers a dict {"W": shape (in, out), "b": shape (out,)}, with
        independent W_ij ~ N(0, 1 / in) and b = 0.
    """
    # BEGIN SOLUTION
    sizes = list(zip(widths[:-1], widths[1:], strict=True))
    keys = jax.random.split(key, len(sizes))
    return [
        {"W": jax.random.normal(k, (n, m)) / jnp.sqrt(n), "b": jnp.zeros(m)}
        for k, (n, m) in zip(keys, sizes, strict=True)
    ]
    # END SOLUTION


def epoch_batches(key: Array, num_examples: int, batch_size: int) -> Array:
    """The indices of the examples in random order, cut into mini-batches.

    Args:
        key: a random key.
        num_examples: n, the number of examples.
        batch_size: B, 1 <= B <= n.

    Returns:
        Integers from 0 to n - 1, none of them twice, shape (n // B, B): a mini-batch is a row.
    """
    # BEGIN SOLUTION
    rows = num_examples // batch_size
    order = jax.random.permutation(key, num_examples)
    return order[: rows * batch_size].reshape(rows, batch_size)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes_of_draws(init_network, epoch_batches):
    import jax
    import numpy as np

    for function in (init_network, epoch_batches):
        assert function is not None, "q4: two functions are asked for"
    layers = init_network(jax.random.key(0), (3, 4, 2))
    assert layers is not None, "q4: init_network returns nothing yet"
    assert len(layers) == 2, "init_network returns one dict for each layer"
    assert [set(layer) for layer in layers] == [{"W", "b"}] * 2, "a layer is a dict of W and b"
    assert np.shape(layers[0]["W"]) == (3, 4), "W has shape (in, out)"
    assert np.shape(layers[0]["b"]) == (4,), "b has shape (out,)"
    batches = epoch_batches(jax.random.key(0), 7, 3)
    assert batches is not None, "q4: epoch_batches returns nothing yet"
    assert np.shape(batches) == (2, 3), "epoch_batches returns full batches as rows"
    assert np.asarray(batches).dtype.kind == "i", "epoch_batches returns whole numbers"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The typical size of the hidden units in a deep linear network, for five keys, and with weights that
# are a tenth too large or too small.

# %%
depth = 20
fig, axis = plt.subplots(figsize=(5.5, 3.4))
for factor, color in ((0.9, "C0"), (1.0, "k"), (1.1, "C3")):
    for seed in range(5):
        x_key, w_key = jax.random.split(given.key(seed))
        x, sizes_of_layers = jax.random.normal(x_key, (100,)), []
        for layer in init_network(w_key, [100] * (depth + 1)):
            x = factor * x @ layer["W"] + layer["b"]
            sizes_of_layers.append(jnp.sqrt(jnp.mean(x**2)))
        label = f"{factor} times" if seed == 0 else None
        axis.semilogy(np.arange(1, depth + 1), sizes_of_layers, color, label=label, alpha=0.7)
axis.set(
    xlabel="layer",
    ylabel="root mean square of its units",
    title="Signals in a linear network",
    xticks=range(0, depth + 1, 5),
)
axis.legend()
plt.show()

# %% [markdown]
# With variance $1/n_{\rm in}$ signals neither grow nor shrink; ten percent more or less is
# raised to the power of the depth. Lecture 6 starts here.
