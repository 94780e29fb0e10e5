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
# name: lab04
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
# # Lab 4: conjugate gradients and K-FAC
#
# CSC2541, lecture 4. Individual work. 40 points.
#
# A second-order step is $-(C+\lambda I)^{-1}\nabla\mathcal J$ with a curvature matrix $C$ that has
# $P^2$ entries. Two ways around the matrix have survived in deep learning. *Hessian-free
# optimization* never forms it: products $Cv$ cost a few gradients, and conjugate gradients need
# nothing else. *K-FAC* replaces each layer's block of it by a Kronecker product of two small
# matrices, whose inverse is almost free. The first solves the right system approximately, the second
# an approximate system exactly. You build both, and measure what each gives away.
#
# | question | | points |
# |---|---|---|
# | 1 | Kronecker products without forming them | 7 |
# | 2 | Damped, preconditioned conjugate gradients and the Hessian-free step | 12 |
# | 3 | Kronecker factors of a dense layer | 9 |
# | 4 | Factored damping and the K-FAC direction | 9 |
# | 5 | Written: what was given away? | 3 |
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
#   as `1e-10` into the code, and add no damping that isn't asked for.
# - Return arrays of exactly the documented shape, and every entry finite.
# - No randomness, no printing, no state between calls.
# - Some hidden tests look at the *cost*. Your function is traced, as by `jax.jit`, and the operations
#   of the traced program are counted, not timed. A loop whose number of steps depends on the data
#   (`lax.while_loop`) counts as one step of it; `lax.scan`, `lax.fori_loop` and Python's `for` count
#   every step. A function that cannot be traced, because of an `if` or a `while` on a value, can
#   still earn the other points.
#
# **Conventions of this lab.** A layer with inputs $a\in\mathbb R^{\text{in}}$ has weights
# $W\in\mathbb R^{I\times O}$, $I=\text{in}+1$, and computes $s = \bar a^\top W$ with the homogeneous
# coordinate *last*, $\bar a = (a, 1)$: the biases are the last row of $W$. $\mathrm{vec}(W)$ is the
# *row-major* ravel, `W.ravel()`. The loss is the *mean* over the $N$ examples of the negative
# log-likelihood in nats.

# %%
from functools import partial

import jax
import jax.numpy as jnp
import lab04_given as given
import matplotlib.pyplot as plt
import numpy as np
from jax.flatten_util import ravel_pytree

jax.config.update("jax_enable_x64", True)  # the lab is about linear algebra: work in float64

Array = jax.Array

# %% [markdown]
# ## 1. Kronecker products without forming them
#
# The Kronecker product of $A\in\mathbb R^{I\times I}$ and $G\in\mathbb R^{O\times O}$ is the
# $IO\times IO$ matrix with the blocks $A_{ij}\,G$. Its entry in row $(i, o)$ and column $(j, p)$ is
# $A_{ij}G_{op}$, where a pair counts as row-major order does, $(i,o)\mapsto iO+o$. So
# $$\big[(A\otimes G)\,\mathrm{vec}(V)\big]_{(i,o)} = \sum_{j,p} A_{ij}\,G_{op}\,V_{jp},$$
# and the sum over two indices is two matrix products. Write them down, with the transpose where it
# belongs. In K-FAC both factors are symmetric and a misplaced transpose goes unnoticed; here they are
# *any* square matrices, and it doesn't. (With weights of shape $(O, I)$, or a column-major vec, the
# same operator would be $G\otimes A$: check a library's convention before you copy its formula.)
#
# The mixed-product rule $(A\otimes G)(B\otimes H) = AB\otimes GH$ gives the inverse,
# $(A\otimes G)^{-1}=A^{-1}\otimes G^{-1}$. A layer with $I=O=1000$ has $P = 10^6$ weights. The dense
# matrix has $10^{12}$ entries and solving with it takes about $10^{18}$ operations; with the factors
# it is $2\cdot10^6$ entries and some $5\cdot10^9$ operations.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 7

# %% [markdown]
# ### Question 1 (7 points)
#
# Write `kron_product` and `kron_solve`.
#
# *Hidden tests:* the product (1 point) and the solution (2 points) against the dense matrix, for factors
# that are not symmetric; layers with a single input or output (1 point); digits: the solution to ten
# digits when one factor is tiny and the other huge (1 point); cost: at most twice the work of two
# matrix products $AV$ and $VG$ for the product (1 point), at most six times that for the solution
# (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def kron_product(A: Array, G: Array, V: Array) -> Array:
    """(A kron G) vec(V), back in the shape of V; vec is the row-major ravel.

    Args:
        A: shape (I, I), not necessarily symmetric.
        G: shape (O, O), not necessarily symmetric.
        V: shape (I, O).

    Returns:
        The product, shape (I, O).
    """
    # BEGIN SOLUTION
    return A @ V @ G.T
    # END SOLUTION


def kron_solve(A: Array, G: Array, V: Array) -> Array:
    """(A kron G)^-1 vec(V), back in the shape of V; vec is the row-major ravel.

    Args:
        A: shape (I, I), regular, not necessarily symmetric.
        G: shape (O, O), regular, not necessarily symmetric.
        V: shape (I, O).

    Returns:
        The X with kron_product(A, G, X) = V, shape (I, O).
    """
    # BEGIN SOLUTION
    return jnp.linalg.solve(G, jnp.linalg.solve(A, V).T).T
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(kron_product, kron_solve):
    import jax.numpy as jnp

    A, G = jnp.array([[2.0, 1.0], [0.0, 1.0]]), jnp.diag(jnp.array([1.0, 2.0, 3.0]))
    V = jnp.ones((2, 3))
    for function in (kron_product, kron_solve):
        assert function is not None, "q1: two functions are asked for"
        value = function(A, G, V)
        assert value is not None, "q1: a function returns nothing yet"
        assert jnp.shape(value) == (2, 3), "q1: both functions return the shape of V"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# What XLA plans for one product, for layers of $n$ inputs and $n$ outputs. Nothing is executed here:
# the counts are read off the compiled program.

# %%
def dense_product(A, G, V):
    return (jnp.kron(A, G) @ V.ravel()).reshape(V.shape)


sizes = (4, 8, 16, 32)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5))
for name, function in {"dense": dense_product, "factored": kron_product}.items():
    shapes = [[jax.ShapeDtypeStruct((n, n), float)] * 3 for n in sizes]
    plans = [jax.jit(function).lower(*three).compile() for three in shapes]
    axes[0].loglog(sizes, [plan.cost_analysis()["flops"] for plan in plans], "o-", label=name)
    memory = [max(plan.memory_analysis().temp_size_in_bytes, 1) for plan in plans]
    axes[1].loglog(sizes, memory, "o-", label=name)
axes[0].set(ylabel="operations", title="Work of one product")
axes[1].set(ylabel="bytes", title="Temporary memory")
for axis in axes:
    axis.set_xticks(sizes, labels=sizes)
    axis.minorticks_off()
    axis.set_xlabel("inputs and outputs n")
axes[0].legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# The work grows as $n^4$ against $n^3$, the memory as $n^4$ against $n^2$.
#
# ## 2. Damped, preconditioned conjugate gradients
#
# Let $B$ be symmetric and positive semi-definite, known only through products $v\mapsto Bv$. We solve
# $(B+\lambda I)x=b$. A preconditioner is a symmetric positive definite matrix $M^{-1}$, near
# $(B+\lambda I)^{-1}$ and again known through products. Start at $x_0=0$ with $r_0=b$, $z_0=M^{-1}r_0$,
# $p_0=z_0$, and repeat
# $$\alpha_k=\frac{r_k^\top z_k}{p_k^\top(B+\lambda I)p_k},\qquad x_{k+1}=x_k+\alpha_kp_k,\qquad
#   r_{k+1}=r_k-\alpha_k(B+\lambda I)p_k,$$
# $$z_{k+1}=M^{-1}r_{k+1},\qquad \beta_k=\frac{r_{k+1}^\top z_{k+1}}{r_k^\top z_k},\qquad
#   p_{k+1}=z_{k+1}+\beta_kp_k.$$
# This is plain conjugate gradients (problem set 1) in the coordinates in which $M$ is the identity.
# $M^{-1}$ enters as given: don't damp it again.
#
# **The stopping rule.** Return $x_k$ and $k$ for the first $k\ge0$ with
# $\|r_k\|\le\tau\|b\|$ (Euclidean norms, of the residual and not of $z_k$; $r_k$ by the recurrence
# above), or for $k=k_{\max}$ if that comes first. So nothing is done for $b=0$, and with $\tau=0$
# exactly $k_{\max}$ steps are made unless a residual vanishes.
#
# ### The Hessian-free step
#
# For a network $z=f(w)$ with Jacobian $J$ and loss $\mathcal J(w)=L(f(w))$ let
# $$G_w=J^\top H_zJ,\qquad H_z=\nabla^2_zL,\qquad v=-(G_w+\lambda I)^{-1}\,\nabla\mathcal J(w).$$
# $L$ contains the mean over examples, hence so do $G_w$ and the gradient. The $\lambda$ goes with that
# scale: it is added once to the mean, not once for each example. The weights are a pytree;
# `ravel_pytree` makes a vector of it.
# The step is computed by conjugate gradients without a preconditioner, to the tolerance and within the
# number of steps that are given. However early they are stopped, $v$ is a direction of descent.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 12

# %% [markdown]
# ### Question 2 (12 points)
#
# Write `damped_cg` and `hessian_free_step`.
#
# *Hidden tests of* `damped_cg`: the result of a fixed number of steps against the minimum over the
# Krylov space, by dense linear algebra (2 points); where it stops, at several tolerances (2 points,
# partial credit: 1 for each of two systems); $b=0$, no steps, one unknown (1 point); a right-hand side
# of tiny norm (1 point); float32 (1 point); cost: one product with $B$ in a step and none before
# the first, within a tolerance of half a product (1 point).
#
# *Hidden tests of* `hessian_free_step`: against a dense solution for a network and for a single
# example with one hidden unit (2 points, partial credit: 1 for each); six steps to twelve digits
# (1 point); cost: at most eight gradients' work with the loop counted once, and no $P\times P$ matrix
# (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def damped_cg(product, b: Array, damping, preconditioner, tolerance, max_steps: int):
    """Preconditioned conjugate gradients for (B + damping I) x = b, from 0 to the stopping rule.

    Args:
        product: the function v -> B v on arrays of shape (n,), B positive semi-definite.
        b: the right-hand side, shape (n,).
        damping: lambda >= 0; B + lambda I is positive definite.
        preconditioner: the function r -> M^-1 r on arrays of shape (n,).
        tolerance: tau >= 0, of the residual's norm relative to that of b.
        max_steps: the largest number of steps, >= 0.

    Returns:
        The pair (x, steps): x of shape (n,), and the number of steps, an integer.
    """
    # BEGIN SOLUTION
    target = tolerance * jnp.linalg.norm(b)

    def goes_on(state):
        _, r, _, _, steps = state
        return (jnp.linalg.norm(r) > target) & (steps < max_steps)

    def advance(state):
        x, r, p, rz, steps = state
        Bp = product(p) + damping * p
        alpha = rz / (p @ Bp)
        x, r = x + alpha * p, r - alpha * Bp
        z = preconditioner(r)
        rz_next = r @ z
        return x, r, z + rz_next / rz * p, rz_next, steps + 1

    z = preconditioner(b)
    x, _, _, _, steps = jax.lax.while_loop(
        goes_on, advance, (jnp.zeros_like(b), b, z, b @ z, jnp.zeros((), int))
    )
    return x, steps
    # END SOLUTION


def hessian_free_step(network, output_loss, w, damping, tolerance, max_steps: int):
    """-(G + damping I)^-1 g at w, with the Gauss-Newton matrix G of output_loss(network(w)).

    Args:
        network: a function from a pytree of weights to an array of outputs.
        output_loss: a convex function from the outputs to a scalar, with the mean in it.
        w: the weights.
        damping: lambda > 0.
        tolerance, max_steps: the stopping rule of damped_cg.

    Returns:
        The step v, a pytree like w.
    """
    # BEGIN SOLUTION
    flat, unravel = ravel_pytree(w)
    outputs, push = jax.linearize(lambda flat: network(unravel(flat)), flat)
    pull = jax.linear_transpose(push, flat)
    slope, curve = jax.linearize(jax.grad(output_loss), outputs)

    def curvature(v):
        return pull(curve(push(v)))[0]

    step, _ = damped_cg(curvature, -pull(slope)[0], damping, lambda r: r, tolerance, max_steps)
    return unravel(step)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(damped_cg, hessian_free_step):
    import jax
    import jax.numpy as jnp
    import lab04_given as given

    assert damped_cg is not None, "q2: damped_cg is missing"
    system = given.linear_system((1.0, 2.0, 3.0), seed=0)
    result = damped_cg(system.product, system.b, 0.1, system.preconditioner, 0.1, 5)
    assert result is not None, "q2: damped_cg returns nothing yet"
    assert isinstance(result, tuple) and len(result) == 2, "damped_cg returns the pair (x, steps)"
    assert jnp.shape(result[0]) == (3,), "damped_cg returns x of shape (n,)"
    assert jnp.shape(result[1]) == (), "damped_cg returns the number of steps as a scalar"
    assert jnp.issubdtype(jnp.asarray(result[1]).dtype, jnp.integer), "steps is an integer"

    assert hessian_free_step is not None, "q2: hessian_free_step is missing"
    problem = given.classifier(widths=(2, 3, 2), examples=5, seed=0)
    step = hessian_free_step(problem.network, problem.output_loss, problem.w, 0.1, 0.1, 5)
    shapes = jax.tree.map(jnp.shape, step)
    assert shapes == jax.tree.map(jnp.shape, problem.w), "hessian_free_step is a pytree like w"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the same badly scaled system with and without a preconditioner, and with more damping. Right: a
# classifier whose inputs have different scales, by gradient descent and by Hessian-free steps.
# The horizontal axis is work: a step of conjugate gradients counts as two gradients.

# %%
system = given.linear_system(tuple(np.geomspace(0.1, 1.0, 60)), seed=1, spread=100.0)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5))
settings = {
    r"plain, $\lambda=0.001$": (lambda r: r, 1e-3),
    r"plain, $\lambda=1$": (lambda r: r, 1.0),
    r"divided by the scales, $\lambda=0.001$": (system.preconditioner, 1e-3),
}
for name, (preconditioner, damping) in settings.items():
    solve = jax.jit(
        lambda k, m=preconditioner, d=damping: damped_cg(system.product, system.b, d, m, 0.0, k)[0]
    )
    xs = jnp.stack([solve(k) for k in range(81)])
    residuals = system.b - xs @ system.B - damping * xs
    axes[0].semilogy(jnp.linalg.norm(residuals, axis=1) / jnp.linalg.norm(system.b), label=name)
axes[0].set(xlabel="step", ylabel="relative residual", title="Conjugate gradients", ylim=(1e-10, 30))
axes[0].legend(fontsize=8)

problem = given.classifier(widths=(6, 8, 3), examples=100, seed=3, spread=10.0)


@jax.jit
def descent(step_size):
    """The losses of 400 steps of gradient descent."""

    def advance(w, _):
        value, gradient = jax.value_and_grad(problem.loss)(w)
        return jax.tree.map(lambda p, g: p - step_size * g, w, gradient), value

    return jax.lax.scan(advance, problem.w, length=400)[1]


@jax.jit
def hessian_free_descent(max_steps):
    """The losses of 40 Hessian-free steps."""

    def advance(w, _):
        step = hessian_free_step(problem.network, problem.output_loss, w, 0.1, 0.0, max_steps)
        return jax.tree.map(jnp.add, w, step), problem.loss(w)

    return jax.lax.scan(advance, problem.w, length=40)[1]


for step_size in (0.03, 0.3):
    axes[1].plot(descent(step_size), label=f"gradient descent, step size {step_size}")
for max_steps in (5, 20):
    losses = hessian_free_descent(max_steps)
    work = np.arange(40) * (2 * max_steps + 1)
    shown = work <= 400
    label = f"Hessian-free, {max_steps} inner steps"
    axes[1].plot(work[shown], losses[shown], ".-", label=label)
axes[1].set(xlabel="gradients' work", ylabel="loss", title="Training a classifier")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# Scales that differ by $10^4$ ruin conjugate gradients. Dividing by them is as good as a thousandfold
# damping, and solves the system that was asked for. Note that the residual need not fall in every step:
# what falls is the error in the energy norm. On the right, 5 inner steps beat gradient descent for the
# same work and 20 hardly do: the quadratic model is good only so far, and precision in solving it is
# wasted.
#
# ## 3. Kronecker factors of a dense layer
#
# For one example the gradient of its negative log-likelihood in the layer's weights is an outer
# product, $\bar a\,g^\top$, with $g=\nabla_s(-\log r(t\mid x))\in\mathbb R^O$. The layer's block of the
# Fisher information is then
# $$F=\mathbb E\big[\mathrm{vec}(\bar ag^\top)\,\mathrm{vec}(\bar ag^\top)^\top\big]
#   =\mathbb E\big[\bar a\bar a^\top\otimes gg^\top\big]\;\approx\;A\otimes G,\qquad
#   A=\mathbb E[\bar a\bar a^\top],\quad G=\mathbb E[gg^\top].$$
# The approximation takes $\bar a$ and $g$ for independent. What the expectations mean matters more
# than it seems.
#
# - Over inputs: the *mean* over the $N$ given examples, in $A$ and in $G$.
# - $g$ is the gradient of a *single* example's negative log-likelihood. The $1/N$ of the mean loss is
#   not in it (put it in, and $G$ is $N^2$ times too small).
# - Over targets, for the **true Fisher**: $t$ is distributed as the *model* says, $t\sim r(\cdot\mid
#   x)=\mathrm{softmax}(z)$, and for $K$ classes we take that expectation exactly, as a sum over the
#   classes. With $u_c=\nabla_z(-\log r(c\mid x))$ and $J_n=\partial z_n/\partial s_n\in\mathbb
#   R^{K\times O}$,
#   $$G=\frac1N\sum_n J_n^\top\Big(\sum_c r(c\mid x_n)\,u_{nc}u_{nc}^\top\Big)J_n .$$
# - For the **empirical Fisher**: $t$ is the label $y_n$ of the data. That is another matrix.
#
# A layer is given by its inputs `a`, shape $(N,\text{in})$, its weights `W`, and `head`, which maps
# the layer's pre-activations $s$, shape $(N,O)$, to the logits, shape $(N,K)$. `head` treats each row
# by itself, so one vector-Jacobian product with an $(N,K)$ array yields $J_n^\top u_n$ for *all*
# examples at once. $K$ of them are enough; the Jacobian of all logits with respect to all $s$ takes
# $NK$ and is mostly zeros. For the last layer, `head` is the identity.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 9

# %% [markdown]
# ### Question 3 (9 points)
#
# Write `true_factors` and `empirical_factors`.
#
# *Hidden tests:* the true factors of a first, a hidden and a last layer (3 points, partial credit: 1 for
# each layer); the empirical factors (1 point); a single example, for which $A\otimes G$ is the exact
# Fisher block (1 point); logits that are all in the thousands (1 point); twelve digits (1 point);
# cost: the true factors of a layer with $K=4$ classes and 32 examples in at most 12 gradients' work
# (2 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def true_factors(head, a: Array, W: Array):
    """The Kronecker factors A and G of a layer's true Fisher information, exactly.

    Args:
        head: the function from the layer's pre-activations (N, O) to the logits (N, K).
        a: the layer's inputs without the homogeneous coordinate, shape (N, in).
        W: the layer's weights, shape (in + 1, O), the biases last.

    Returns:
        The pair (A, G) of shapes (in + 1, in + 1) and (O, O).
    """
    # BEGIN SOLUTION
    extended = jnp.concatenate([a, jnp.ones_like(a[:, :1])], axis=1)
    logits, pull_back = jax.vjp(head, extended @ W)
    p = jax.nn.softmax(logits)
    units = jnp.eye(p.shape[1], dtype=p.dtype)
    # sqrt(p_c) times the gradient at class c: the outer products then carry the probability.
    scores = jnp.sqrt(p.T)[:, :, None] * (p - units[:, None, :])
    g = jax.vmap(lambda u: pull_back(u)[0])(scores)
    return extended.T @ extended / len(a), jnp.einsum("cno,cnp->op", g, g) / len(a)
    # END SOLUTION


def empirical_factors(head, a: Array, W: Array, y: Array):
    """The Kronecker factors A and G of a layer's empirical Fisher information.

    Args:
        head, a, W: as in true_factors.
        y: the labels, integers between 0 and K - 1, shape (N,).

    Returns:
        The pair (A, G) of shapes (in + 1, in + 1) and (O, O).
    """
    # BEGIN SOLUTION
    extended = jnp.concatenate([a, jnp.ones_like(a[:, :1])], axis=1)

    def total(s):
        return -jnp.sum(jnp.take_along_axis(jax.nn.log_softmax(head(s)), y[:, None], axis=1))

    g = jax.grad(total)(extended @ W)
    return extended.T @ extended / len(a), g.T @ g / len(a)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(true_factors, empirical_factors):
    import jax.numpy as jnp
    import lab04_given as given

    layer = given.layer(widths=(2, 3, 4), index=0, examples=5, seed=0)
    assert true_factors is not None, "q3: true_factors is missing"
    assert empirical_factors is not None, "q3: empirical_factors is missing"
    pairs = {
        "true_factors": true_factors(layer.head, layer.a, layer.W),
        "empirical_factors": empirical_factors(layer.head, layer.a, layer.W, layer.y),
    }
    for name, pair in pairs.items():
        assert pair is not None, f"q3: {name} returns nothing yet"
        assert isinstance(pair, tuple) and len(pair) == 2, f"{name} returns the pair (A, G)"
        assert jnp.shape(pair[0]) == (3, 3), f"{name}: A has shape (in + 1, in + 1)"
        assert jnp.shape(pair[1]) == (3, 3), f"{name}: G has shape (O, O)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The block of a layer with 4 inputs and 4 outputs in the middle of a network, dense: the true Fisher,
# its Kronecker approximation, and the approximation with the labels in place of the model; at the
# start, and when the 40 labels have been fitted. (For one example the Kronecker product is exact, so the
# exact block is the mean of the examples' own.)

# %%
problem = given.classifier(widths=(4, 4, 4, 3), examples=40, seed=5)


@jax.jit
def trained(w, steps):
    """The weights after so many steps of gradient descent."""

    def advance(_, w):
        return jax.tree.map(lambda p, g: p - 0.3 * g, w, jax.grad(problem.loss)(w))

    return jax.lax.fori_loop(0, steps, advance, w)


def middle(w):
    """Inputs and head of the middle layer."""
    a = jnp.tanh(problem.X @ w[0][:-1] + w[0][-1])
    return a, lambda s: jnp.tanh(s) @ w[2][:-1] + w[2][-1]


@jax.jit
def exact_block(w):
    """The dense Fisher block of the middle layer, over w[1].ravel(): the mean of the examples'."""
    a, head = middle(w)
    return jnp.mean(
        jax.vmap(lambda row: jnp.kron(*true_factors(head, row[None], w[1])))(a), axis=0
    )


fig, axes = plt.subplots(2, 3, figsize=(9, 6.6))
for row, steps in zip(axes, (0, 3000), strict=True):
    w = trained(problem.w, steps)
    a, head = middle(w)
    blocks = {
        "exact Fisher block": exact_block(w),
        "Kronecker, true Fisher": jnp.kron(*true_factors(head, a, w[1])),
        "Kronecker, empirical Fisher": jnp.kron(*empirical_factors(head, a, w[1], problem.y)),
    }
    exact = blocks["exact Fisher block"]
    for axis, (name, block) in zip(row, blocks.items(), strict=True):
        off = jnp.linalg.norm(block - exact) / jnp.linalg.norm(exact)
        axis.imshow(jnp.abs(block), vmin=0, vmax=float(jnp.abs(exact).max()))
        axis.set(title=f"{name}\nrelative error {off:.2f}", xticks=[], yticks=[])
    row[0].set_ylabel(f"loss {problem.loss(w):.3f}")
fig.tight_layout(h_pad=2)
plt.show()

# %% [markdown]
# At the start the independence assumption costs some 20 % here, and using the labels 60 %. Once the
# labels are fitted the assumption is worse, 60 %. But the empirical Fisher is gone: it says that
# nothing has curvature any more, and a step that divides by it has no scale.
#
# ## 4. Factored damping and the K-FAC direction
#
# $A\otimes G+\lambda I$ is no Kronecker product. K-FAC damps the factors instead,
# $$A_\lambda=A+\pi\sqrt\lambda\,I,\qquad G_\lambda=G+\frac{\sqrt\lambda}{\pi}\,I,\qquad
#   \pi=\sqrt{\frac{\operatorname{tr}(A)/I}{\operatorname{tr}(G)/O}} ,$$
# ($I$ and $O$ in the fraction are the factors' sizes), and multiplied out
# $$A_\lambda\otimes G_\lambda=A\otimes G+\lambda I
#   +\sqrt\lambda\,\big(\pi\,I\otimes G+\tfrac1\pi\,A\otimes I\big).$$
# The last bracket is damping that nobody asked for; $\pi$ is the choice that makes its trace smallest.
# Where a trace is zero (a layer whose outputs are all dead has $G=0$) we set $\pi=1$.
#
# The K-FAC direction of a layer is
# $$D=A_\lambda^{-1}\,\nabla_W\mathcal J\;G_\lambda^{-1},$$
# a direction of ascent like the gradient; $W\leftarrow W-\alpha D$ descends. $\nabla_W\mathcal J$ is
# the gradient of the *mean* loss at the *labels*, while $A$ and $G$ are the factors of the *true*
# Fisher.
#
# Without damping the direction doesn't depend on the layer's affine coordinates. In row vectors, as in
# the code: let $\bar a'=\bar a\,\Omega$, with a 1 as its last entry again, and $s=s'\Phi$. The same
# function then has weights $\Omega^{-1}W\Phi^{-1}$, and its direction is $\Omega^{-1}D\,\Phi^{-1}$.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 9

# %% [markdown]
# ### Question 4 (9 points)
#
# Write `damped_factors`, `kfac_direction` and `layer_direction`.
#
# *Hidden tests:* the damped factors (2 points); the direction for given factors, against the dense
# matrix (2 points), and for a layer of a network (1 point); the same to ten digits after $A$ is
# multiplied and $G$ divided by a constant (1 point); without damping, in other affine coordinates (1 point); $G=0$, and
# factors of size 1 (1 point); cost of `kfac_direction`: at most eight times the work of the product
# $AVG$ (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def damped_factors(A: Array, G: Array, damping):
    """The factors with K-FAC's factored damping.

    Args:
        A: symmetric, positive semi-definite, shape (I, I).
        G: symmetric, positive semi-definite, shape (O, O).
        damping: lambda >= 0.

    Returns:
        The pair (A + pi sqrt(lambda) I, G + sqrt(lambda) / pi I).
    """
    # BEGIN SOLUTION
    mean_a, mean_g = jnp.mean(jnp.diag(A)), jnp.mean(jnp.diag(G))
    usable = (mean_a > 0) & (mean_g > 0)
    pi = jnp.sqrt(jnp.where(usable, mean_a / jnp.where(usable, mean_g, 1), 1))
    root = damping**0.5
    damped_A = A + pi * root * jnp.eye(len(A), dtype=A.dtype)
    return damped_A, G + root / pi * jnp.eye(len(G), dtype=G.dtype)
    # END SOLUTION


def kfac_direction(A: Array, G: Array, V: Array, damping) -> Array:
    """K-FAC's direction for a gradient V and a layer's factors, with factored damping.

    Args:
        A, G: the factors, shapes (I, I) and (O, O); after damping they are positive definite.
        V: the gradient in the layer's weights, shape (I, O).
        damping: lambda >= 0.

    Returns:
        The direction of ascent, shape (I, O).
    """
    # BEGIN SOLUTION
    return kron_solve(*damped_factors(A, G, damping), V)
    # END SOLUTION


def layer_direction(head, a: Array, W: Array, y: Array, damping) -> Array:
    """K-FAC's direction for a layer of a classifier.

    Args:
        head, a, W: the layer, as in true_factors.
        y: the labels, integers between 0 and K - 1, shape (N,).
        damping: lambda > 0.

    Returns:
        The direction of ascent, shape (in + 1, O).
    """
    # BEGIN SOLUTION
    def loss(W):
        scores = jax.nn.log_softmax(head(a @ W[:-1] + W[-1]))
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))

    return kfac_direction(*true_factors(head, a, W), jax.grad(loss)(W), damping)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(damped_factors, kfac_direction, layer_direction):
    import jax.numpy as jnp
    import lab04_given as given

    A, G, V = jnp.diag(jnp.array([1.0, 2.0])), jnp.eye(3), jnp.ones((2, 3))
    for function in (damped_factors, kfac_direction, layer_direction):
        assert function is not None, "q4: three functions are asked for"
    pair = damped_factors(A, G, 0.1)
    assert pair is not None, "q4: damped_factors returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "damped_factors returns a pair"
    assert jnp.shape(pair[0]) == (2, 2), "damped_factors: the first factor has the shape of A"
    assert jnp.shape(pair[1]) == (3, 3), "damped_factors: the second factor has the shape of G"
    assert jnp.shape(kfac_direction(A, G, V, 0.1)) == (2, 3), "kfac_direction has the shape of V"
    layer = given.layer(widths=(2, 3, 4), index=0, examples=5, seed=0)
    direction = layer_direction(layer.head, layer.a, layer.W, layer.y, 0.1)
    assert jnp.shape(direction) == (3, 3), "layer_direction has the shape of W"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: how much factored damping differs from what it stands for, the exact $(A\otimes G+\lambda
# I)^{-1}$, for the middle layer above at its start. Right: a classifier trained on raw inputs, and on
# centred and rescaled ones with the weights transformed so that both start as the same function.

# %%
a, head = middle(problem.w)
A, G = true_factors(head, a, problem.w[1])
V = jax.grad(problem.loss)(problem.w)[1]


@jax.jit
def compare_dampings(damping):
    """Relative difference, and ratio of lengths, of the factored and the exact direction."""
    exact = jnp.linalg.solve(jnp.kron(A, G) + damping * jnp.eye(V.size), V.ravel())
    factored = kfac_direction(A, G, V, damping).ravel()
    length = jnp.linalg.norm(exact)
    return jnp.linalg.norm(factored - exact) / length, jnp.linalg.norm(factored) / length


dampings = np.geomspace(1e-10, 1e4, 43)
differences, lengths = zip(*map(compare_dampings, dampings), strict=True)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5))
axes[0].semilogx(dampings, differences, label="relative difference")
axes[0].semilogx(dampings, lengths, "--", label="length, factored / exact")
axes[0].set(xlabel=r"damping $\lambda$", title="Factored and exact damping", ylim=(0, 1.05))
axes[0].legend(fontsize=8, loc="upper right")

raw = given.classifier(widths=(5, 6, 3), examples=200, seed=8, spread=3.0, offset=1.0)
mean, scale = raw.X.mean(axis=0), raw.X.std(axis=0)
first = jnp.vstack([raw.w[0][:-1] * scale[:, None], raw.w[0][-1] + mean @ raw.w[0][:-1]])
versions = {"raw": (raw.X, raw.w), "standardised": ((raw.X - mean) / scale, [first, raw.w[1]])}


def by_gradient(X, w, _):
    return jax.grad(lambda w: raw.output_loss(raw.logits(w, X)))(w)


def by_kfac(X, w, damping):
    hidden = jnp.tanh(X @ w[0][:-1] + w[0][-1])
    layers = [(lambda s: jnp.tanh(s) @ w[1][:-1] + w[1][-1], X), (lambda s: s, hidden)]
    pairs = zip(layers, w, strict=True)
    return [layer_direction(head, a, W, raw.y, damping) for (head, a), W in pairs]


@partial(jax.jit, static_argnums=0)
def training(direction, damping, X, w):
    """The losses of 60 steps along minus the direction."""

    def advance(w, _):
        step = direction(X, w, damping)
        return jax.tree.map(lambda p, d: p - 0.1 * d, w, step), raw.output_loss(raw.logits(w, X))

    return jax.lax.scan(advance, w, length=60)[1]


methods = {
    "gradient": (by_gradient, 0.0),
    r"K-FAC, $\lambda=10^{-3}$": (by_kfac, 1e-3),
    r"K-FAC, $\lambda=10^{-10}$": (by_kfac, 1e-10),
}
for color, (method, (direction, damping)) in zip(("C0", "C1", "C2"), methods.items(), strict=True):
    for style, (name, (X, w)) in zip(("-", "--"), versions.items(), strict=True):
        curve = training(direction, damping, X, w)
        axes[1].plot(curve, color + style, label=f"{method}, {name}")
axes[1].set(xlabel="step", ylabel="loss", title="Training in two coordinate systems")
axes[1].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# Over ten decades of $\lambda$ the factored step is not the exact one: up to three times shorter here,
# and always on the short side. On the right, K-FAC with very little damping makes the same progress in
# both coordinate systems (the two curves coincide), gradient descent does not, and neither does K-FAC with
# damping: $\lambda I$ measures lengths in one of them.
#
# ## 5. What was given away?

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
# 1. Factored damping agrees with $(A\otimes G+\lambda I)^{-1}$ for very small and for very large
#    $\lambda$. Why, and why is the factored step never longer in between?
# 2. Both approximations in $F\approx A\otimes G$ and $G$ itself need an expectation over targets. Your
#    middle plot shows the price of each. Which error disappears for a batch of one example, and which
#    grows as the labels are fitted?
# 3. You could precondition `damped_cg` with K-FAC. What would each of the two methods contribute to
#    the result?
#
# *Graded on:* a correct argument for each part (1 point each), not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. In the common eigenbasis the exact step divides by $a_ig_j+\lambda$, the factored one by
#    $(a_i+\pi\sqrt\lambda)(g_j+\sqrt\lambda/\pi)$, which exceeds it by $\sqrt\lambda(\pi
#    g_j+a_i/\pi)\ge0$. So each component is at most as long. The excess is of order
#    $\sqrt\lambda$: negligible against $a_ig_j$ when $\lambda$ is small (and the factors regular),
#    negligible against $\lambda$ when it is large. In between it is as large as the other two.
# 2. With one example $\bar a\bar a^\top\otimes\sum_cr_cg_cg_c^\top$ is a Kronecker product: treating
#    $\bar a$ and $g$ as independent costs nothing. The empirical Fisher's error stays, and grows as the
#    labels are fitted: gradients at the labels go to zero for the examples that are fitted, though
#    the model's sensitivity doesn't.
# 3. Conjugate gradients decide what is solved: $(G_w+\lambda I)v=-\nabla\mathcal J$, with exact damping
#    and all couplings between layers. K-FAC decides how fast: its approximate inverse clusters the
#    eigenvalues, so few steps suffice. Stopped early the result is between the two.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
