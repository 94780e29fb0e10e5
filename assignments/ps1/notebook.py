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
# name: ps1
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
# # Problem set 1: quadratics, Taylor approximations, metrics
#
# CSC2541, lectures 1-3. Individual work. 100 points.
#
# Near a point, the cost of a neural network is a quadratic, the network itself is linear, and the
# distance between two networks is a quadratic form. Three approximations, three matrices: the
# Hessian, the Jacobian, the metric. None of them is ever written down for a real network; all of
# them can be *multiplied with*. In this problem set you work out the quadratic case exactly
# (questions 1-3), build the matrix-vector products and the solver that make it usable for networks
# (questions 4-6), and choose the metric (questions 7-9).
#
# | question | | points |
# |---|---|---|
# | 1 | Gradient descent on a quadratic | 12 |
# | 2 | Minimum-norm solution and double descent | 12 |
# | 3 | Conditioning and whitening | 10 |
# | 4 | JVP, VJP, Hessian- and Gauss-Newton-vector products | 16 |
# | 5 | Conjugate gradient | 12 |
# | 6 | Response Jacobian | 12 |
# | 7 | Fisher information and natural gradient | 12 |
# | 8 | Steps measured otherwise | 8 |
# | 9 | Written: which metric, and why? | 6 |
#
# **How it is graded.** The checks in this notebook look at names, signatures and shapes only; passing
# them earns nothing by itself. After you submit, each of your functions is called with hidden inputs
# and the returned values are compared with a reference. Every question says what its hidden tests
# look at. All of them are hidden until the due date; the feedback then says which check failed and
# how. Question 9 is graded by hand.
#
# **Rules for your functions.**
#
# - Keep names and signatures. A function may call your other functions.
# - Compute in the dtype of the arrays you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off. Don't write a dtype or an absolute cut-off
#   such as `1e-10` into the code: use `jnp.finfo(x.dtype).eps`.
# - Return arrays of exactly the documented shape: `(D,)` is not `(D, 1)`. Every entry must be finite.
# - No randomness, no printing, no state between calls.
# - In questions 4 and 5 the *cost* counts. Your function is traced, as by `jax.jit`, and the
#   operations of the traced program are counted (not timed). So it must be traceable: no `if` on a
#   value, and loops only with a number of steps that is known beforehand (`lax.scan`,
#   `lax.fori_loop`, or Python's `for`, not `lax.while_loop`).

# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import ps1_given as given
from jax.flatten_util import ravel_pytree

jax.config.update("jax_enable_x64", True)  # the lab is about linear algebra: work in float64

Array = jax.Array

# %% [markdown]
# ## 1. Gradient descent on a quadratic
#
# Take the cost
# $$J(w) = \tfrac12 w^\top A w - b^\top w,\qquad A = A^\top \succeq 0,\quad w, b\in\mathbb R^D,$$
# and gradient descent with a fixed step size, $w_{k+1} = w_k - \alpha (A w_k - b)$.
# In the eigenbasis of $A = Q\,\mathrm{diag}(a_1,\dots,a_D)\,Q^\top$ the coordinates decouple.
# Write $r_0 = b - A w_0$ for the first residual. Each step multiplies the residual's $j$-th
# coordinate by $1 - \alpha a_j$, and adds $\alpha$ times it to $w$, so
# $$w_k = w_0 + \alpha\, Q\,\mathrm{diag}\Big(\sum_{i=0}^{k-1} (1-\alpha a_j)^i\Big)\, Q^\top r_0 .$$
# For $a_j > 0$ the sum is $\big(1-(1-\alpha a_j)^k\big)/(\alpha a_j)$ and this is the familiar
# $w_k = w_\infty + (I-\alpha A)^k (w_0 - w_\infty)$. For $a_j = 0$ it is $k$: the quotient is $0/0$
# in a flat direction, and loses all its digits near one. If $b$ has a component in a flat direction
# then $J$ has no minimum and that component of $w_k$ grows linearly.
#
# The iterates of a mode with $a_j>0$ shrink monotonically for $\alpha a_j < 1$, change sign at each
# step but shrink for $1 < \alpha a_j < 2$, and grow for $\alpha a_j > 2$. The *stability limit* is the
# step size at which the first mode stops shrinking.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 12

# %% [markdown]
# ### Question 1 (12 points)
#
# Write `gd_iterates`, with no loop over the steps: one eigendecomposition gives all iterates at
# once. Write `stability_limit`.
#
# *Hidden tests:* random positive definite $A$, below and above the limit (5 points); singular $A$ with
# $b$ outside its range (3 points), and nearly singular $A$ in float32 (1 point); one dimension, and no
# steps (1 point); the limit (2 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def gd_iterates(A: Array, b: Array, w0: Array, step_size: float, num_steps: int) -> Array:
    """All iterates of gradient descent on J(w) = 1/2 w^T A w - b^T w.

    Args:
        A: symmetric, positive semi-definite, shape (D, D); may be singular.
        b: shape (D,); need not lie in the range of A.
        w0: the start, shape (D,).
        step_size: the step size alpha, above or below the stability limit.
        num_steps: the number K >= 0 of steps.

    Returns:
        w_0, ..., w_K as the rows of an array of shape (K + 1, D).
    """
    # BEGIN SOLUTION
    eigenvalues, Q = jnp.linalg.eigh(A)
    powers = (1 - step_size * eigenvalues) ** jnp.arange(num_steps)[:, None]
    # Summing the series, not dividing by the eigenvalue: right in flat directions too.
    sums = jnp.concatenate([jnp.zeros((1, len(b)), A.dtype), jnp.cumsum(powers, axis=0)])
    return w0 + step_size * (sums * (Q.T @ (b - A @ w0))) @ Q.T
    # END SOLUTION


def stability_limit(A: Array) -> Array:
    """The step size above which gradient descent on 1/2 w^T A w - b^T w diverges.

    Args:
        A: symmetric, positive semi-definite and not zero, shape (D, D).

    Returns:
        A scalar, shape ().
    """
    # BEGIN SOLUTION
    return 2 / jnp.linalg.eigvalsh(A)[-1]
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(gd_iterates, stability_limit):
    import jax.numpy as jnp

    A, b = jnp.array([[2.0, 0.5], [0.5, 1.0]]), jnp.array([1.0, -1.0])
    iterates = gd_iterates(A, b, jnp.zeros(2), 0.1, 3)
    assert jnp.shape(iterates) == (4, 2), "gd_iterates returns the K + 1 iterates as rows"
    assert jnp.shape(stability_limit(A)) == (), "stability_limit returns a scalar"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The picture to remember: below the limit the slow mode decides how long it takes, above it the fast
# mode decides that it never ends.

# %%
problem = given.quadratic(eigenvalues=(0.05, 0.3, 1.0), seed=0)
lowest = problem.cost(jnp.linalg.solve(problem.A, problem.b))
fig, axis = plt.subplots(figsize=(6, 3.5))
for fraction in (0.25, 0.9, 0.99, 1.01):
    step = fraction * stability_limit(problem.A)
    iterates = gd_iterates(problem.A, problem.b, problem.w0, step, 150)
    excess = jax.vmap(problem.cost)(iterates) - lowest
    axis.semilogy(excess, label=f"{fraction} of the limit")
axis.set(xlabel="step", ylabel="excess cost", title="The step size on a quadratic")
axis.legend()
plt.show()

# %% [markdown]
# ## 2. Minimum-norm solution and double descent
#
# Linear regression with features $\Phi\in\mathbb R^{N\times D}$ (a row an example) and targets
# $t\in\mathbb R^N$. The course's loss scale is *half the mean squared error*,
# $$J(w) = \frac1{2N}\|\Phi w - t\|^2 ,\qquad
#   J_\lambda(w) = \frac1{2N}\|\Phi w - t\|^2 + \frac\lambda2\|w\|^2 .$$
# When $\Phi$ has no full column rank, $J$ has infinitely many minima. Gradient descent moves only
# within the row space of $\Phi$: started at 0 it converges to the minimum of smallest norm,
# $\Phi^+ t$ ($\Phi^+$ the pseudo-inverse), and that is also the limit of the ridge solution as
# $\lambda\to0$. Started at $w_0$, what lies in the null space of $\Phi$ stays where it was.
#
# Mind the loss scale in the ridge solution: set $\nabla J_\lambda = 0$ and see where the $N$ goes.
#
# A pseudo-inverse needs a decision about which singular values are zero. Use the usual one: zero is
# what does not exceed $\max(N, D)\,\varepsilon\,\sigma_{\max}$, where $\varepsilon$ is the machine
# epsilon of the arrays' dtype.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 12

# %% [markdown]
# ### Question 2 (12 points)
#
# Write the four functions.
#
# *Hidden tests:* the minimum-norm solution for $N<D$ and $N>D$ (2 points), for a rank-deficient
# $\Phi$ in float64 and float32 (3 points), and under rotation of the features (1 point); the limit of
# gradient descent from $w_0\neq0$ (2 points); ridge (2 points); the risk curve, with and without a
# penalty (2 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def min_norm_solution(Phi: Array, t: Array) -> Array:
    """The minimiser of |Phi w - t|^2 that has the smallest norm.

    Args:
        Phi: features, shape (N, D), of any rank.
        t: targets, shape (N,).

    Returns:
        The weights, shape (D,).
    """
    # BEGIN SOLUTION
    U, s, Vt = jnp.linalg.svd(Phi, full_matrices=False)
    kept = s > max(Phi.shape) * jnp.finfo(Phi.dtype).eps * s[0]
    coordinates = jnp.where(kept, (U.T @ t) / jnp.where(kept, s, 1), 0)
    return Vt.T @ coordinates
    # END SOLUTION


def gd_limit(Phi: Array, t: Array, w0: Array) -> Array:
    """The limit of gradient descent on 1/(2N) |Phi w - t|^2 from w0, for any stable step size.

    Args:
        Phi: features, shape (N, D), of any rank.
        t: targets, shape (N,).
        w0: the start, shape (D,).

    Returns:
        The weights, shape (D,).
    """
    # BEGIN SOLUTION
    return w0 + min_norm_solution(Phi, t - Phi @ w0)
    # END SOLUTION


def ridge_solution(Phi: Array, t: Array, penalty: float) -> Array:
    """The minimiser of 1/(2N) |Phi w - t|^2 + penalty/2 |w|^2.

    Args:
        Phi: features, shape (N, D).
        t: targets, shape (N,).
        penalty: lambda > 0.

    Returns:
        The weights, shape (D,).
    """
    # BEGIN SOLUTION
    N, D = Phi.shape
    return jnp.linalg.solve(Phi.T @ Phi + N * penalty * jnp.eye(D, dtype=Phi.dtype), Phi.T @ t)
    # END SOLUTION


def risk_curve(
    Phi: Array,
    t: Array,
    Phi_test: Array,
    t_test: Array,
    sizes: tuple[int, ...],
    penalty: float,
) -> Array:
    """The test cost of a fit on the first d features, for each d in `sizes`.

    The fit is the ridge solution where penalty > 0 and the minimum-norm solution where penalty
    is 0. The test cost is 1/(2M) |Phi_test[:, :d] w - t_test|^2, without the penalty.

    Args:
        Phi, t: training features (N, D) and targets (N,).
        Phi_test, t_test: test features (M, D) and targets (M,).
        sizes: numbers of features, each between 1 and D.
        penalty: lambda >= 0.

    Returns:
        The test costs, shape (len(sizes),).
    """
    # BEGIN SOLUTION
    costs = []
    for d in sizes:
        first = Phi[:, :d]
        w = ridge_solution(first, t, penalty) if penalty > 0 else min_norm_solution(first, t)
        costs.append(jnp.mean((Phi_test[:, :d] @ w - t_test) ** 2) / 2)
    return jnp.stack(costs)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(min_norm_solution, gd_limit, ridge_solution, risk_curve):
    import jax.numpy as jnp

    Phi, t = jnp.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]]), jnp.array([1.0, 2.0])
    assert jnp.shape(min_norm_solution(Phi, t)) == (3,), "min_norm_solution returns shape (D,)"
    assert jnp.shape(gd_limit(Phi, t, jnp.ones(3))) == (3,), "gd_limit returns shape (D,)"
    assert jnp.shape(ridge_solution(Phi, t, 0.1)) == (3,), "ridge_solution returns shape (D,)"
    risks = risk_curve(Phi, t, Phi, t, (1, 3), 0.1)
    assert jnp.shape(risks) == (2,), "risk_curve returns one number for each size"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# With as many features as examples there is exactly one interpolating solution, and it is a terrible
# one. With more there is a choice, and the smallest is better. A little penalty hides the peak.

# %%
sizes = (2, 10, 15, 20, 25, 40, 100)
samples = [given.random_features(20, 100, seed) for seed in range(9)]
fig, axis = plt.subplots(figsize=(6, 3.5))
for penalty in (0.0, 0.1):
    risks = [risk_curve(d.Phi, d.t, d.Phi_test, d.t_test, sizes, penalty) for d in samples]
    axis.loglog(sizes, np.median(np.stack(risks), axis=0), "o-", label=f"penalty {penalty}")
axis.axvline(20, color="grey", linewidth=0.8)
axis.set(xlabel="features d (20 examples)", ylabel="median test cost", title="Double descent")
axis.legend()
plt.show()

# %% [markdown]
# ## 3. Conditioning and whitening
#
# With a bias as a *last*, homogeneous coordinate, $\tilde x = (x, 1)$, the Hessian of linear
# regression is the second-moment matrix of $\tilde x$. For inputs with mean $\mu$ and covariance
# $\Sigma$ it is
# $$A = \begin{pmatrix}\Sigma+\mu\mu^\top & \mu\\ \mu^\top & 1\end{pmatrix}.$$
# How many steps gradient descent needs is proportional to the condition number
# $\kappa = a_{\max}/a_{\min}$. Inputs that are white but not centred ($\Sigma = I$,
# $\mu\ne0$) already have a bad one. Then $A = \mathrm{diag}(I, 0) + \tilde\mu\tilde\mu^\top$ with
# $\tilde\mu=(\mu,1)$: all eigenvalues are 1 except two, which you get from a $2\times2$ matrix.
# (Without the bias, $I + \mu\mu^\top$ has one outlier, $\|\mu\|^2+1$; with it, the outlier is a little
# larger, and there is a small eigenvalue too.) For large $\|\mu\|$ the formula for the small one
# subtracts two nearly equal numbers: what is the *product* of the two?
#
# Whitening maps the inputs to mean 0 and covariance $I$. It is unique only up to a rotation; ours is
# the symmetric one (ZCA), $x\mapsto \hat\Sigma^{-1/2}(x-\hat\mu)$ with the symmetric square root, the
# empirical mean, and the empirical covariance with $1/N$.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 10

# %% [markdown]
# ### Question 3 (10 points)
#
# Write the four functions.
#
# *Hidden tests:* the second moment (2 points); the spectrum of white inputs (2 points), and its
# smallest eigenvalue to full relative precision when the mean is large (1 point); the condition
# number (1 point); whitening of random inputs (2 points), also with a mean that is large against the
# spread, and of a single feature (1 point), and of rotated inputs (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def second_moment(mean: Array, covariance: Array) -> Array:
    """E[(x, 1)(x, 1)^T] for inputs x with this mean and covariance; the constant is last.

    Args:
        mean: shape (D,).
        covariance: shape (D, D).

    Returns:
        The matrix, shape (D + 1, D + 1).
    """
    # BEGIN SOLUTION
    column = mean[:, None]
    one = jnp.ones((1, 1), mean.dtype)
    return jnp.block([[covariance + column * mean, column], [column.T, one]])
    # END SOLUTION


def white_spectrum(mean: Array) -> Array:
    """The eigenvalues of second_moment(mean, I), from a closed form.

    Args:
        mean: shape (D,), D >= 1.

    Returns:
        The eigenvalues in ascending order, shape (D + 1,), each to full relative precision.
    """
    # BEGIN SOLUTION
    s = mean @ mean
    largest = (2 + s + jnp.sqrt(s * (s + 4))) / 2
    # The 2 x 2 block has determinant 1: no subtraction is needed for the smallest.
    return jnp.concatenate([1 / largest[None], jnp.ones(len(mean) - 1, s.dtype), largest[None]])
    # END SOLUTION


def condition_number(A: Array) -> Array:
    """The largest over the smallest eigenvalue of a symmetric positive definite matrix.

    Args:
        A: shape (D, D).

    Returns:
        A scalar, shape ().
    """
    # BEGIN SOLUTION
    eigenvalues = jnp.linalg.eigvalsh(A)
    return eigenvalues[-1] / eigenvalues[0]
    # END SOLUTION


def whiten(X: Array) -> Array:
    """The inputs after symmetric (ZCA) whitening: mean 0, covariance (with 1/N) I.

    Args:
        X: inputs, a row an example, shape (N, D); the covariance has full rank.

    Returns:
        The whitened inputs, shape (N, D).
    """
    # BEGIN SOLUTION
    centred = X - jnp.mean(X, axis=0)
    eigenvalues, V = jnp.linalg.eigh(centred.T @ centred / len(X))
    return centred @ (V / jnp.sqrt(eigenvalues)) @ V.T
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(second_moment, white_spectrum, condition_number, whiten):
    import jax.numpy as jnp

    mean = jnp.array([1.0, -2.0])
    A = second_moment(mean, jnp.eye(2))
    assert jnp.shape(A) == (3, 3), "second_moment returns shape (D + 1, D + 1)"
    assert jnp.shape(white_spectrum(mean)) == (3,), "white_spectrum returns D + 1 eigenvalues"
    assert jnp.shape(condition_number(jnp.diag(mean**2))) == (), "condition_number is a scalar"
    X = jnp.array([[0.0, 1.0], [2.0, 0.5], [1.0, -1.0], [3.0, 3.0]])
    assert jnp.shape(whiten(X)) == (4, 2), "whiten returns the shape of its input"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Three versions of the same data, with the bias as a parameter. Gradient descent at the largest step
# size that is stable with some room:

# %%
rng = np.random.default_rng(0)
X = jnp.asarray(rng.normal(size=(200, 4)) @ np.diag([1.0, 1.0, 0.5, 0.2]) + 2.0)
t = jnp.asarray(np.asarray(X) @ rng.normal(size=4) + 1.0)
fig, axis = plt.subplots(figsize=(6, 3.5))
versions = {"raw": X, "centred": X - X.mean(axis=0), "whitened": whiten(X)}
for name, inputs in versions.items():
    A = second_moment(inputs.mean(axis=0), jnp.cov(inputs.T, ddof=0))
    extended = jnp.column_stack([inputs, jnp.ones(len(inputs))])
    b = extended.T @ t / len(t)
    iterates = gd_iterates(A, b, jnp.zeros(5), 0.9 * stability_limit(A), 200)
    cost = jnp.mean((iterates @ extended.T - t) ** 2, axis=1) / 2
    axis.semilogy(cost + 1e-16, label=f"{name}, condition number {condition_number(A):.3g}")
axis.set(xlabel="step", ylabel="cost", title="The same regression in three coordinate systems")
axis.legend()
plt.show()

# %% [markdown]
# ## 4. JVP, VJP, Hessian- and Gauss-Newton-vector products
#
# Let $f$ map parameters $w$ to outputs $z = f(w)$ with Jacobian $J = \partial f/\partial w$, and let the
# cost be $\mathcal J(w) = L(f(w))$. Parameters and outputs are *pytrees* (nested lists and dicts of
# arrays); a direction $v$ has the structure of $w$ and a cotangent $u$ that of $z$.
#
# $$\text{JVP: } Jv,\qquad \text{VJP: } J^\top u,\qquad
#   \text{HVP: } Hv = \frac{d}{d\epsilon}\nabla\mathcal J(w+\epsilon v)\Big|_{\epsilon=0},\qquad
#   \text{GNVP: } Gv = J^\top H_z J v .$$
#
# $H_z = \nabla_z^2 L$ is the Hessian of the output loss with respect to *all* outputs together, at
# $z=f(w)$; `output_loss` contains the mean over examples, so its $1/N$ is in $H_z$ already. The two
# curvature products differ by the residual term $\sum_i (\nabla_z L)_i \nabla^2 f_i$: $G$ is positive
# semi-definite where $L$ is convex, $H$ need not be; they agree where $f$ is linear.
#
# Each product costs a few gradients, whatever the number $P$ of parameters. The matrices cost
# $P$ gradients, and $P^2$ numbers to store. So does a loop of products with basis vectors. A finite
# difference is cheap, but keeps only about half of the digits: differentiate, don't difference.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 16

# %% [markdown]
# ### Question 4 (16 points)
#
# Write the four products.
#
# *Hidden tests:* JVP (1 point) and VJP (1 point), on outputs that are one array and on outputs that
# are a dict; HVP of networks (3 points), to all digits of float64 and for $v$ of any length
# (2 points), and in at most five gradients of work, without a $P\times P$ matrix (2 points); GNVP for
# the squared, softmax and Gaussian loss (3 points), with a linear network, a single example and
# float32 (1 point), to all digits (1 point), and its cost, as above (2 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def jvp(f, w, v):
    """The product of the Jacobian of f at w with the direction v.

    Args:
        f: a function from a pytree of parameters to a pytree of outputs.
        w: the parameters.
        v: the direction, a pytree like w.

    Returns:
        J v, a pytree like f(w).
    """
    # BEGIN SOLUTION
    return jax.jvp(f, (w,), (v,))[1]
    # END SOLUTION


def vjp(f, w, u):
    """The product of the transposed Jacobian of f at w with the cotangent u.

    Args:
        f: a function from a pytree of parameters to a pytree of outputs.
        w: the parameters.
        u: the cotangent, a pytree like f(w).

    Returns:
        J^T u, a pytree like w.
    """
    # BEGIN SOLUTION
    return jax.vjp(f, w)[1](u)[0]
    # END SOLUTION


def hvp(loss, w, v):
    """The product of the Hessian of a scalar loss at w with the direction v.

    Args:
        loss: a function from a pytree of parameters to a scalar.
        w: the parameters.
        v: the direction, a pytree like w.

    Returns:
        H v, a pytree like w.
    """
    # BEGIN SOLUTION
    return jax.jvp(jax.grad(loss), (w,), (v,))[1]
    # END SOLUTION


def gnvp(network, output_loss, w, v):
    """The product of the Gauss-Newton matrix of output_loss(network(w)) at w with v.

    Args:
        network: a function from a pytree of parameters to a pytree of outputs.
        output_loss: a function from the outputs to a scalar.
        w: the parameters.
        v: the direction, a pytree like w.

    Returns:
        J^T H_z J v, a pytree like w.
    """
    # BEGIN SOLUTION
    outputs, pull_back = jax.vjp(network, w)
    tangent = jax.jvp(network, (w,), (v,))[1]
    curved = jax.jvp(jax.grad(output_loss), (outputs,), (tangent,))[1]
    return pull_back(curved)[0]
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_structures(jvp, vjp, hvp, gnvp):
    import jax
    import jax.numpy as jnp
    import ps1_given as given

    def shapes(tree):
        return jax.tree.map(jnp.shape, tree)

    problem = given.mlp_regression(widths=(2, 3, 1), examples=4, seed=0)
    w = problem.params
    assert jnp.shape(jvp(problem.network, w, w)) == (4, 1), "jvp returns a pytree like f(w)"
    pulled = vjp(problem.network, w, jnp.ones((4, 1)))
    assert shapes(pulled) == shapes(w), "vjp returns a pytree like w, not a tuple with one"
    assert shapes(hvp(problem.loss, w, w)) == shapes(w), "hvp returns a pytree like w"
    product = gnvp(problem.network, problem.output_loss, w, w)
    assert shapes(product) == shapes(w), "gnvp returns a pytree like w"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The two quadratic models of a cost along a line through $w$. Both have its slope at $w$; the Hessian
# has its curvature; the Gauss-Newton model is the one that is never concave.

# %%
problem = given.mlp_regression(widths=(3, 8, 1), examples=20, seed=4)
flat, unravel = ravel_pytree(problem.params)
direction = np.random.default_rng(7).normal(size=flat.size)
v = unravel(jnp.asarray(direction / np.linalg.norm(direction)))


def inner(a, b):
    return ravel_pytree(a)[0] @ ravel_pytree(b)[0]


slope = inner(jax.grad(problem.loss)(problem.params), v)
steps = jnp.linspace(-3.0, 3.0, 101)
along = jax.vmap(lambda s: problem.loss(jax.tree.map(lambda p, d: p + s * d, problem.params, v)))
models = {
    "Hessian": inner(v, hvp(problem.loss, problem.params, v)),
    "Gauss-Newton": inner(v, gnvp(problem.network, problem.output_loss, problem.params, v)),
}
fig, axis = plt.subplots(figsize=(6, 3.5))
axis.plot(steps, along(steps), "k", label="cost")
for name, curvature in models.items():
    model = problem.loss(problem.params) + slope * steps + curvature * steps**2 / 2
    axis.plot(steps, model, "--", label=name)
axis.set(xlabel="distance along v", ylabel="cost", title="A cost and its quadratic models")
axis.legend()
plt.show()

# %% [markdown]
# ## 5. Conjugate gradient
#
# With matrix-vector products one can solve $Ax=b$ for a symmetric positive definite $A$ that nobody
# has written down. Start at $x_0=0$, with residual $r_0=b$ and direction $p_0=r_0$, and repeat
# $$\alpha_k = \frac{r_k^\top r_k}{p_k^\top A p_k},\quad x_{k+1}=x_k+\alpha_k p_k,\quad
#   r_{k+1}=r_k-\alpha_k A p_k,\quad
#   \beta_k=\frac{r_{k+1}^\top r_{k+1}}{r_k^\top r_k},\quad p_{k+1}=r_{k+1}+\beta_k p_k .$$
# $x_k$ minimises the error $\|x-x_\star\|_A$ over the Krylov space
# $\mathrm{span}(b, Ab,\dots,A^{k-1}b)$. So with $m$ distinct eigenvalues it is exact after $m$ steps,
# and then the quotients above become $0/0$. An iteration that has converged must stay where it is.

# %% [raw]
# # BEGIN QUESTION
# name: q5
# points: 12

# %% [markdown]
# ### Question 5 (12 points)
#
# Write `cg` and return all iterates.
#
# *Hidden tests:* the iterates against the minimum over the Krylov space, found by dense linear algebra
# (3 points); the solution of an ill-conditioned system after more than $D$ steps (2 points); staying
# put after convergence, and $b=0$ (3 points); a right-hand side of very small norm (1 point); float32
# (1 point); and the cost: one product with $A$ a step (2 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def cg(matvec, b: Array, num_steps: int) -> Array:
    """The iterates of conjugate gradient for A x = b, started at 0.

    Args:
        matvec: the function x -> A x, with A symmetric positive definite, on arrays of shape (D,).
        b: the right-hand side, shape (D,).
        num_steps: the number K >= 0 of steps, known when the function is traced.

    Returns:
        x_0, ..., x_K as the rows of an array of shape (K + 1, D).
    """
    # BEGIN SOLUTION
    def quotient(numerator, denominator):
        done = denominator <= 0
        return jnp.where(done, 0, numerator / jnp.where(done, 1, denominator))

    def step(state, _):
        x, r, p, rr = state
        Ap = matvec(p)
        alpha = quotient(rr, p @ Ap)
        x, r = x + alpha * p, r - alpha * Ap
        rr_next = r @ r
        return (x, r, r + quotient(rr_next, rr) * p, rr_next), x

    start = jnp.zeros_like(b)
    _, iterates = jax.lax.scan(step, (start, b, b, b @ b), length=num_steps)
    return jnp.concatenate([start[None], iterates])
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(cg):
    import jax.numpy as jnp

    scales = jnp.array([1.0, 2.0, 3.0])
    iterates = cg(lambda x: scales * x, jnp.ones(3), 2)
    assert jnp.shape(iterates) == (3, 3), "cg returns the K + 1 iterates as rows"
    assert jnp.all(iterates[0] == 0), "cg starts at 0"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Gradient descent's rate depends on $\kappa$, conjugate gradient's on $\sqrt\kappa$, and on how the
# eigenvalues cluster.

# %%
spectra = {
    "spread evenly": np.linspace(0.01, 1.0, 60),
    "spread geometrically": np.geomspace(0.01, 1.0, 60),
    "four clusters": np.repeat([0.01, 0.1, 0.5, 1.0], 15) * (1 + 1e-3 * rng.normal(size=60)),
}
fig, axis = plt.subplots(figsize=(6, 3.5))
for name, eigenvalues in spectra.items():
    system = given.linear_system(tuple(eigenvalues), seed=1)
    error = cg(system.matvec, system.b, 40) - jnp.linalg.solve(system.A, system.b)
    energy = jnp.sqrt(jnp.einsum("ki,ij,kj->k", error, system.A, error))
    axis.semilogy(energy / energy[0], label=name)
rate = (np.sqrt(100) - 1) / (np.sqrt(100) + 1)
axis.semilogy(2 * rate ** np.arange(41), "k:", label=r"bound for $\kappa=100$")
axis.set(xlabel="step", ylabel="error in the A-norm", title="Conjugate gradient")
axis.legend()
plt.show()

# %% [markdown]
# ## 6. Response Jacobian
#
# Let $r(\theta) = \arg\min_w \mathcal J(w,\theta)$, with $\theta$ whatever the training depends on: a
# penalty, the weights of the examples. Differentiate the condition
# $\nabla_w\mathcal J(r(\theta),\theta)=0$ with respect to $\theta$:
# $$\frac{\partial r}{\partial\theta} =
#   -\big[\nabla_w^2 \mathcal J\big]^{-1}\,\nabla_\theta\nabla_w \mathcal J ,$$
# an $(n, p)$ matrix for $w\in\mathbb R^n$, $\theta\in\mathbb R^p$: row $i$, column $j$ holds
# $\partial r_i/\partial\theta_j$. Here $w$ and $\theta$ are flat arrays, $n$ is small, and a dense
# Hessian is fine.

# %% [raw]
# # BEGIN QUESTION
# name: q6
# points: 12

# %% [markdown]
# ### Question 6 (12 points)
#
# Write `response_jacobian`.
#
# *Hidden tests:* ridge regression with a penalty for each weight (3 points); logistic regression with
# a weight for each example, $p\ne n$ (3 points); a single hyperparameter, and a single weight
# (2 points); a change of the coordinates of $w$ and of $\theta$ (2 points); float32 (1 point); ten
# digits in float64 (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def response_jacobian(loss, w: Array, theta: Array) -> Array:
    """The Jacobian of argmin_w loss(w, theta) with respect to theta.

    Args:
        loss: a function of w and theta to a scalar, strictly convex in w near the minimum.
        w: the minimum at theta, shape (n,).
        theta: the hyperparameters, shape (p,).

    Returns:
        The matrix of the derivatives of w_i with respect to theta_j, shape (n, p).
    """
    # BEGIN SOLUTION
    slope = jax.grad(loss)
    hessian = jax.jacfwd(slope)(w, theta)
    mixed = jax.jacfwd(slope, argnums=1)(w, theta)
    return -jnp.linalg.solve(hessian, mixed)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(response_jacobian):
    import jax.numpy as jnp

    def loss(w, theta):
        return w @ w / 2 - jnp.sum(theta) * jnp.sum(w)

    jacobian = response_jacobian(loss, jnp.zeros(2), jnp.zeros(3))
    assert jnp.shape(jacobian) == (2, 3), "response_jacobian returns shape (n, p)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Leave one example out (its weight goes from $\theta_i$ to 0) and retrain, or predict the change with
# the response Jacobian. The prediction is linear, so it is a little off for the most influential.

# %%
problem = given.weighted_logistic(examples=30, features=4, seed=2)
response = response_jacobian(problem.loss, problem.w, problem.theta)


def retrained(theta):
    """The minimum of the loss over w, by Newton's method from the old one."""

    def newton(_, w):
        H, gradient = jax.hessian(problem.loss)(w, theta), jax.grad(problem.loss)(w, theta)
        return w - jnp.linalg.solve(H, gradient)

    return jax.lax.fori_loop(0, 8, newton, problem.w)


left_out = problem.theta * (1 - jnp.eye(30))
true_change = jax.jit(jax.vmap(retrained))(left_out) - problem.w
predicted = -response.T * problem.theta[:, None]
fig, axis = plt.subplots(figsize=(4, 4))
axis.plot(true_change.ravel(), predicted.ravel(), ".")
axis.axline((0, 0), slope=1, color="grey", linewidth=0.8)
axis.set(xlabel="retrained", ylabel="predicted", title="Change of the weights, example left out")
plt.show()

# %% [markdown]
# ## 7. Fisher information and natural gradient
#
# A classifier with logits $z = f(w, x)\in\mathbb R^K$ predicts $r(t\mid x, w) = \mathrm{softmax}(z)_t$.
# How far does the *prediction* move when $w$ does? To second order the KL divergence is
# $\tfrac12\,\delta w^\top F\,\delta w$ with the Fisher information
# $$F = \mathbb E_{x}\,\mathbb E_{t\sim r(\cdot\mid x,w)}
#   \big[\nabla_w\log r(t\mid x,w)\,\nabla_w\log r(t\mid x,w)^\top\big].$$
# Conventions: $x$ is averaged over the $N$ given inputs. The targets are drawn from the *model*: that
# is the true Fisher, and you should take the expectation over $t$ exactly. (Put the labels of the
# data in their place and you have the *empirical* Fisher, another matrix, and another direction.)
#
# The natural gradient with damping $\lambda$ is
# $$\tilde\nabla\mathcal J = (F + \lambda I)^{-1}\nabla\mathcal J ,\qquad
#   \mathcal J(w) = -\frac1N\sum_i \log r(y_i\mid x_i, w).$$
# For $\lambda=0$ it is the same motion in all coordinates: if $w = T v$, then the natural gradient
# in $v$ is $T^{-1}$ times that in $w$. The gradient has no such property.

# %% [raw]
# # BEGIN QUESTION
# name: q7
# points: 12

# %% [markdown]
# ### Question 7 (12 points)
#
# Write `fisher` and `natural_gradient`.
#
# *Hidden tests:* the Fisher matrix of a linear classifier and of a network (4 points), of a single
# example (1 point), and with logits that are all in the thousands (2 points); the natural gradient
# with damping (2 points), without damping in other coordinates (2 points); float32 (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def fisher(logits_fn, w: Array, X: Array) -> Array:
    """The true Fisher information of a softmax classifier, averaged over the inputs.

    Args:
        logits_fn: the function (w, X) -> logits, shape (N, K).
        w: the weights, shape (n,).
        X: the inputs, a row an example, shape (N, D).

    Returns:
        The matrix F, shape (n, n).
    """
    # BEGIN SOLUTION
    jacobian = jax.jacfwd(logits_fn)(w, X)
    p = jax.nn.softmax(logits_fn(w, X))
    # diag(p) - p p^T = E[(e_t - p)(e_t - p)^T], applied as a centring of the Jacobian's rows
    centred = jacobian - jnp.einsum("nk,nki->ni", p, jacobian)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(X)
    # END SOLUTION


def natural_gradient(logits_fn, w: Array, X: Array, y: Array, damping: float) -> Array:
    """(F + damping I)^-1 times the gradient of the mean negative log-likelihood.

    Args:
        logits_fn: the function (w, X) -> logits, shape (N, K).
        w: the weights, shape (n,).
        X: the inputs, a row an example, shape (N, D).
        y: the labels, integers between 0 and K - 1, shape (N,).
        damping: lambda >= 0; F + lambda I is regular.

    Returns:
        The natural gradient (a direction of ascent), shape (n,).
    """
    # BEGIN SOLUTION
    def cost(w):
        scores = jax.nn.log_softmax(logits_fn(w, X))
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))

    F = fisher(logits_fn, w, X)
    return jnp.linalg.solve(F + damping * jnp.eye(len(w), dtype=F.dtype), jax.grad(cost)(w))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(fisher, natural_gradient):
    import jax.numpy as jnp
    import ps1_given as given

    problem = given.softmax_classifier(widths=(2, 2), examples=5, seed=0)
    n = len(problem.w)
    F = fisher(problem.logits, problem.w, problem.X)
    assert jnp.shape(F) == (n, n), "fisher returns shape (n, n)"
    step = natural_gradient(problem.logits, problem.w, problem.X, problem.y, 0.1)
    assert jnp.shape(step) == (n,), "natural_gradient returns shape (n,)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The same classifier in two coordinate systems. Gradient descent takes two different paths in
# function space; natural gradient descent takes one.

# %%
def mean_cost(problem, w):
    scores = jax.nn.log_softmax(problem.logits(w, problem.X))
    return -jnp.mean(jnp.take_along_axis(scores, problem.y[:, None], axis=1))


fig, axis = plt.subplots(figsize=(6, 3.5))
for mix, style in ((False, "-"), (True, "--")):
    problem = given.softmax_classifier(widths=(3, 2), examples=60, seed=3, mix=mix)
    cost = jax.jit(lambda w, problem=problem: mean_cost(problem, w))
    directions = {
        "gradient": jax.jit(jax.grad(cost)),
        "natural gradient": jax.jit(
            lambda w, p=problem: natural_gradient(p.logits, w, p.X, p.y, 0.0)
        ),
    }
    for color, (name, direction) in zip(("C0", "C1"), directions.items(), strict=True):
        w, costs = problem.w, []
        for _ in range(25):
            costs.append(cost(w))
            w = w - 0.3 * direction(w)
        coordinates = "Tw" if mix else "w"
        axis.plot(costs, style, color=color, label=f"{name}, weights are {coordinates}")
axis.set(xlabel="step", ylabel="cost", title="Descent in two coordinate systems")
axis.legend()
plt.show()

# %% [markdown]
# ## 8. Steps measured otherwise
#
# A gradient step, natural or not, minimises the *linearised* cost plus a *squared distance* from where
# it starts. Either part can be chosen otherwise.
#
# **The cost as it is.** The *proximal point* step doesn't approximate the cost at all:
# $$w_{k+1} = \arg\min_u\ \mathcal J(u) + \frac\lambda2\|u - w_k\|^2 ,\qquad\text{hence}\qquad
#   w_{k+1} = w_k - \frac1\lambda\nabla\mathcal J(w_{k+1}).$$
# This is *implicit* gradient descent: the step size is $\alpha=1/\lambda$, and the gradient is taken
# where the step ends. In general that is an optimisation problem of its own. For the quadratic of
# question 1, $\mathcal J(u)=\tfrac12u^\top A u-b^\top u$, it is a linear system, with one solution even
# where $A$ is singular and $\mathcal J$ has no minimum.
#
# **Another measure of distance.** A convex function $\phi$, the *potential*, makes the *Bregman
# divergence*
# $$B_\phi(u, w) = \phi(u) - \phi(w) - \nabla\phi(w)^\top(u - w),$$
# the height at $u$ of $\phi$ over its tangent at $w$. The arguments count: the tangent is that at the
# *second* one. For $u$ near $w$ it is $\tfrac12(u-w)^\top\nabla^2\phi(w)(u-w)$, so each potential
# has its metric. With $\phi(w)=\tfrac12\|w\|^2$ it is half the squared distance. With
# $\phi(w)=\sum_jw_j\log w_j$ on the probability simplex it is $\mathrm{KL}(u\,\|\,w)=\sum_ju_j\log(u_j/w_j)$,
# in nats and in this order. With $\phi(z)=\log\sum_je^{z_j}$, on logits, it is a KL divergence too, of
# the softmax distributions and in the other order:
# $B_\phi(z', z)=\mathrm{KL}(\mathrm{softmax}(z)\,\|\,\mathrm{softmax}(z'))$.
#
# **Mirror descent** linearises the cost, as gradient descent does, and measures with $B_\phi$:
# $$w_{k+1} = \arg\min_{u}\ g^\top u + \frac1\alpha B_\phi(u, w_k),\qquad g=\nabla\mathcal J(w_k).$$
# The new weights are the first argument. On the simplex ($u_j\ge0$, $\sum_j u_j=1$) with the KL
# divergence this is *exponentiated gradient*,
# $$u_j = \frac{w_j\,e^{-\alpha g_j}}{\sum_i w_i\,e^{-\alpha g_i}} .$$
# No projection is needed, a constant added to all $g_j$ changes nothing, and a weight that is 0 stays 0.
# Computed as it stands the quotient is $0/0$ or $\infty/\infty$ as soon as all $\alpha g_j$ are large.
# Stay with logarithms of weights as long as you can; $\log0=-\infty$ is a number to work with.

# %% [raw]
# # BEGIN QUESTION
# name: q8
# points: 8

# %% [markdown]
# ### Question 8 (8 points)
#
# Write the three functions. The divergence is for *any* potential that JAX can differentiate, not
# only those above.
#
# *Hidden tests:* the proximal step with penalties below and above the curvatures, in rotated
# coordinates (2 points), and with a small penalty where $A$ is singular, and in one dimension
# (1 point); the mirror step (1 point), with huge gradients, weights that are 0, and a single weight
# (1 point), and in float32 with weights near $10^{-30}$ (1 point); the divergence of several potentials
# (1 point), and to twelve digits, with affine terms in the potential (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def proximal_step(A: Array, b: Array, w: Array, penalty: float) -> Array:
    """The minimiser over u of 1/2 u^T A u - b^T u + penalty/2 |u - w|^2.

    Args:
        A: symmetric, positive semi-definite, shape (D, D); may be singular.
        b: shape (D,); need not lie in the range of A.
        w: the weights before the step, shape (D,).
        penalty: lambda > 0, one over the step size.

    Returns:
        The weights after the step, shape (D,).
    """
    # BEGIN SOLUTION
    metric = A + penalty * jnp.eye(len(b), dtype=A.dtype)
    return w + jnp.linalg.solve(metric, b - A @ w)
    # END SOLUTION


def mirror_step(w: Array, gradient: Array, step_size: float) -> Array:
    """One step of mirror descent on the simplex with the KL divergence: exponentiated gradient.

    Args:
        w: the weights before the step, >= 0 and with sum 1, shape (D,), D >= 1; some may be 0.
        gradient: the gradient of the cost at w, of any size, shape (D,).
        step_size: alpha > 0.

    Returns:
        The minimiser over the simplex of gradient^T u + KL(u || w) / alpha, shape (D,).
    """
    # BEGIN SOLUTION
    return jax.nn.softmax(jnp.log(w) - step_size * gradient)
    # END SOLUTION


def bregman_divergence(potential, u: Array, w: Array) -> Array:
    """The Bregman divergence of a potential: its height at u over its tangent at w.

    Args:
        potential: a convex, differentiable function from arrays of shape (D,) to a scalar.
        u: the first argument, shape (D,).
        w: the second argument, where the tangent is taken, shape (D,).

    Returns:
        A scalar, shape ().
    """
    # BEGIN SOLUTION
    height, slope = jax.value_and_grad(potential)(w)
    return potential(u) - height - slope @ (u - w)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(proximal_step, mirror_step, bregman_divergence):
    import jax.numpy as jnp

    A, b, w = jnp.array([[2.0, 0.5], [0.5, 1.0]]), jnp.array([1.0, -1.0]), jnp.array([0.25, 0.75])
    assert jnp.shape(proximal_step(A, b, w, 0.5)) == (2,), "proximal_step returns shape (D,)"
    assert jnp.shape(mirror_step(w, b, 0.5)) == (2,), "mirror_step returns shape (D,)"
    divergence = bregman_divergence(lambda x: jnp.sum(x**4), b, w)
    assert jnp.shape(divergence) == (), "bregman_divergence returns a scalar"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# *Left:* a little beyond the stability limit gradient descent diverges. The proximal point step has no
# such limit: it divides a mode's distance from the minimum by $1+\alpha a_j$, and the larger the step,
# the better. *Right:* exponentiated gradient on a linear cost over the simplex, whose minimum is the
# first vertex. Each step brings the weights nearer to it in the divergence that measures the steps.
# The Euclidean distance first grows: the second vertex is nearly as good and starts with more weight.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
problem = given.quadratic(eigenvalues=(0.05, 0.3, 1.0), seed=0)
lowest = problem.cost(jnp.linalg.solve(problem.A, problem.b))
for fraction, color in ((0.9, "C0"), (1.05, "C1"), (50.0, "C2")):
    step = fraction * stability_limit(problem.A)
    implicit = [problem.w0]
    for _ in range(40):
        implicit.append(proximal_step(problem.A, problem.b, implicit[-1], 1 / step))
    paths = {"proximal point": jnp.stack(implicit)}
    if fraction < 2:
        paths["gradient descent"] = gd_iterates(problem.A, problem.b, problem.w0, step, 40)
    for (name, iterates), style in zip(paths.items(), ("-", "--"), strict=False):
        excess = jax.vmap(problem.cost)(iterates) - lowest
        label = f"{name}, {fraction:g} of the limit"
        left.semilogy(excess + 1e-16, style, color=color, label=label)
left.set(xlabel="step", ylabel="excess cost", ylim=(1e-12, 1e3), title="Implicit and explicit steps")
left.legend(fontsize="small")

costs = jnp.array([0.0, 0.1, 1.0, 1.0, 1.0, 1.0])
best = jnp.eye(6)[0]
path = [jnp.array([0.01, 0.19, 0.2, 0.2, 0.2, 0.2])]
for _ in range(80):
    path.append(mirror_step(path[-1], costs, 1.0))


def negative_entropy(w):
    return jnp.sum(jax.scipy.special.xlogy(w, w))


divergences = [bregman_divergence(negative_entropy, best, w) for w in path]
right.plot(divergences, label="KL(best, weights)")
right.plot([jnp.linalg.norm(best - w) for w in path], "--", label="Euclidean distance")
right.set(xlabel="step", ylabel="distance from the best vertex", title="Two measures of one path")
right.legend()
plt.show()

# %% [markdown]
# ## 9. Which metric, and why?

# %% [raw]
# # BEGIN QUESTION
# name: q9
# manual: true
# points: 6

# %% [markdown]
# ### Question 9 (6 points, graded by hand)
#
# Each method below takes the step $\arg\min_{\delta}\ \nabla\mathcal J^\top\delta +
# \tfrac1{2\alpha}\,\delta^\top M\,\delta$ for another metric $M$: gradient descent ($M=I$),
# Gauss-Newton ($M = J^\top H_z J$ for the training loss), natural gradient ($M=F$).
#
# Answer in at most 250 words, and refer to your plots or to a computation of your own.
#
# 1. What does each metric measure the length of? Which are unchanged when the weights are
#    reparametrised, and why?
# 2. For a softmax classifier with the cross-entropy loss, how are the Gauss-Newton matrix and the
#    true Fisher related? Give a loss for which they differ.
# 3. You train a classifier whose labels are wrong for one example in ten. Someone proposes the
#    empirical Fisher, because it is cheaper. What goes wrong near a good solution?
#
# *Graded on:* a correct argument for each part (2 points each), not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. $M=I$ measures the displacement of the weights, which depends on the coordinates chosen: with
#    $w=Tv$ it becomes $T^\top T$. $J^\top H_zJ$ measures the change of the outputs, in the curvature of the
#    output loss; $F$ measures the change of the predicted distribution, in KL divergence. Both are
#    pulled back from a space that does not know the coordinates: they become $T^\top M T$, the gradient
#    becomes $T^\top\nabla\mathcal J$, and the step in $v$ is $T^{-1}$ times the one in $w$, as the plot of
#    question 7 shows (exactly for linear $T$, to first order in the step otherwise).
# 2. They are equal: the Hessian of the cross-entropy in the logits is
#    $\mathrm{diag}(p)-pp^\top$, whatever the label, and that is the logits' Fisher. It holds when the
#    outputs are the natural parameters of the likelihood. For a Gaussian with a predicted log-scale
#    the output Hessian depends on the target, and they differ; so do they for a loss that is no
#    negative log-likelihood of the model, for instance the squared error of the probabilities.
# 3. The empirical Fisher is built from gradients at the data's labels. Near a good solution the clean
#    examples have small gradients and drop out, though the model is still sensitive to them; the
#    mislabelled ones have large gradients and dominate. The metric then measures the noise and not the
#    model's sensitivity: steps are large where nothing is known about the curvature, and small along
#    the directions of the mislabelled examples.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
