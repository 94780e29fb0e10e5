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
# answer that section only; leave the others as they are. Each has two to four functions. What a paper
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
# | `"ntk"` | Jacot, Gabriel and Hongler (2018): the neural tangent kernel |
# | `"deep_bootstrap"` | Nakkiran, Neyshabur and Sedghi (2021): real and ideal worlds |
# | `"large_batch"` | McCandlish, Kaplan, Amodei and others (2018): large-batch training |
# | `"dropout"` | Wei, Kakade and Ma (2020): what dropout regularises |
# | `"edge_of_stability"` | Cohen, Kaur, Li, Kolter and Talwalkar (2021): the edge of stability |
# | `"momentum"` | Sutskever, Martens, Dahl and Hinton (2013): initialization and momentum |
# | `"deep_linear"` | Saxe, McClelland and Ganguli (2014): dynamics of deep linear networks |
# | `"hamiltonian_descent"` | Maddison, Paulin, Teh, O'Donoghue and Doucet (2018): Hamiltonian descent |
# | `"reversible_learning"` | Maclaurin, Duvenaud and Adams (2015): hypergradients by reversible learning |
# | `"influence_functions"` | Koh and Liang (2017): influence functions |
# | `"deep_equilibrium"` | Bai, Kolter and Koltun (2019): deep equilibrium models |
# | `"maml"` | Finn, Abbeel and Levine (2017): model-agnostic meta-learning |
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
    papers = (
        "ntk",
        "deep_bootstrap",
        "large_batch",
        "dropout",
        "edge_of_stability",
        "momentum",
        "deep_linear",
        "hamiltonian_descent",
        "reversible_learning",
        "influence_functions",
        "deep_equilibrium",
        "maml",
    )
    assert PAPER in papers, f"q1: PAPER is {PAPER!r}; declare one of {', '.join(papers)}"

# %% [raw]
# # END TESTS

# %% [markdown]
# ## `"ntk"`: the neural tangent kernel
#
# Jacot, Gabriel and Hongler, *Neural tangent kernel: convergence and generalization in neural networks*
# (NeurIPS 2018). The cost of a network is not convex in its parameters, so what gradient descent does to
# them is hard to say. The paper looks at the outputs instead. In function space the cost is convex, and
# descent follows a kernel; if the network is wide the kernel is the same at the beginning and at the end.
#
# **The kernel.** A network is a function $f(x;\theta)\in\mathbb R^K$, all of whose parameters are trained. Its
# *tangent kernel* at $\theta$ takes two inputs to a $K\times K$ matrix,
# $$\Theta_{jk}(x,x')=\Big\langle\frac{\partial f_j(x)}{\partial\theta},
#   \frac{\partial f_k(x')}{\partial\theta}\Big\rangle ,$$
# summed over all entries of all leaves of $\theta$. It is *not* traced, and not divided by anything. For $N$
# inputs $X$ and $M$ inputs $Z$ we keep it as an array of shape $(N,M,K,K)$: the third axis is the output at
# an input of $X$, the fourth the output at one of $Z$.
#
# **The parameterisation.** Networks of `paper_given` are in that of the paper: parameters are drawn from
# $\mathcal N(0,1)$, and a layer computes $W^\top a/\sqrt{n}+\beta b$ of $n$ activations $a$. The factor
# $1/\sqrt n$ is part of the function. If it were part of the draw instead, the functions would be the
# same at the start and the kernels would not. Your functions work for any network and don't see it.
#
# **Descent in function space.** Let $D\in\mathbb R^{N\times K}$ hold, for each training input, the derivative of
# its cost in the outputs. The *kernel gradient* at an input $z$ is
# $$g(z)=\frac1N\sum_{n=1}^N\Theta(z,x_n)\,d_n\in\mathbb R^K ,$$
# and gradient flow on the mean cost, $\dot\theta=-\eta\,\nabla_\theta\mathcal C$, moves the outputs by
# $\dot f(z)=-\eta\,g(z)$. Read from the right it is two derivatives: what is summed is one gradient in $\theta$,
# and what comes out is how the outputs move along it. So no kernel has to be formed.
#
# The cost from here on is $\mathcal C=\frac1{2N}\sum_n|f(x_n)-y_n|^2$, summed over outputs. With a kernel that stays constant
# the flow is linear. With $\tau=\eta t$, and the kernel of the training inputs as an $NK\times NK$ matrix $\Theta$
# whose rows and columns are pairs (input, output),
# $$f_\tau(z)=f_0(z)+\Theta(z,X)\,\Theta^{-1}\big(I-e^{-\tau\Theta/N}\big)\,\big(Y-f_0(X)\big).$$
# The kernel may be singular, as when an input is given twice: $\Theta^{-1}(I-e^{-s\Theta})$ stands for the matrix
# function $(1-e^{-s\lambda})/\lambda$, which is $s$ at $\lambda=0$.
#
# **Constancy.** The paper proves that along training $\|\Theta_t-\Theta_0\|=O(1/\sqrt n)$ as the widths $n$ of
# the hidden layers grow. We measure the *drift*
# $\|\Theta_k-\Theta_0\|_F/\|\Theta_0\|_F$ on the training inputs (Frobenius norm over all four axes) after
# $k=0,1,\dots,T$ steps of gradient *descent* $\theta\leftarrow\theta-\alpha\nabla\mathcal C$.
#
# *Hidden tests:* the kernel of a perceptron with several outputs between two different sets of inputs (3 points), of a
# network that uses its weights more than once (3 points), and for one input and one output (2 points), each to 12
# digits; the kernel gradient, for other inputs than those of training, to 12 digits (4 points), at no more than
# four times the work of one gradient of $\mathcal C$ in $\theta$ (3 points); the flow, at test inputs (4 points), with
# examples given twice whose targets disagree (2 points), and at very early times to ten digits (2 points); the drift in float32, for several
# examples and outputs (5 points), and for one (2 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def tangent_kernel(network, theta, X: Array, Z: Array) -> Array:
    """The tangent kernel between two sets of inputs, for all pairs of outputs.

    Args:
        network: the function (theta, inputs) -> outputs; (N, D) to (N, K), a row by itself.
        theta: the parameters, a pytree.
        X: inputs, shape (N, D).
        Z: inputs, shape (M, D).

    Returns:
        Theta, shape (N, M, K, K).
    """
    # BEGIN SOLUTION
    def rows(inputs):
        def one(x):
            return network(theta, x[None])[0]

        def of_parameters(x):
            return jax.jacrev(lambda theta: network(theta, x[None])[0])(theta)

        K = jax.eval_shape(one, inputs[0]).shape[0]
        leaves = jax.tree.leaves(jax.vmap(of_parameters)(inputs))
        return jnp.concatenate([leaf.reshape(len(inputs), K, -1) for leaf in leaves], axis=2)

    return jnp.einsum("njp,mkp->nmjk", rows(X), rows(Z))
    # END SOLUTION


def kernel_gradient(network, theta, X: Array, D: Array, Z: Array) -> Array:
    """The kernel gradient at inputs Z of a mean cost over the training inputs X.

    Args:
        network, theta: as in `tangent_kernel`.
        X: training inputs, shape (N, D).
        D: the derivative of each training input's cost in the outputs, shape (N, K).
        Z: where the kernel gradient is taken, shape (M, D).

    Returns:
        g, shape (M, K).
    """
    # BEGIN SOLUTION
    _, pull_back = jax.vjp(lambda theta: network(theta, X), theta)
    (direction,) = pull_back(D / len(X))
    return jax.jvp(lambda theta: network(theta, Z), (theta,), (direction,))[1]
    # END SOLUTION


def function_space_flow(
    Theta: Array, cross: Array, Y: Array, F_0: Array, F_test_0: Array, times: Array
) -> Array:
    """The outputs during gradient flow on (1/2N) |f(X) - Y|^2 with a constant kernel.

    Args:
        Theta: the kernel of the training inputs, shape (N, N, K, K), may be singular.
        cross: the kernel between the inputs to predict at and X, shape (M, N, K, K).
        Y: targets, shape (N, K).
        F_0: the initial outputs at the training inputs, shape (N, K).
        F_test_0: the initial outputs at the inputs to predict at, shape (M, K).
        times: tau = eta t >= 0, shape (T,).

    Returns:
        f_tau, shape (T, M, K).
    """
    # BEGIN SOLUTION
    def matrix(A):
        N, M, K, _ = A.shape
        return A.transpose(0, 2, 1, 3).reshape(N * K, M * K)

    eigenvalues, Q = jnp.linalg.eigh(matrix(Theta))
    s, flat = times[:, None] / len(Y), eigenvalues == 0
    learnt = jnp.where(flat, s, -jnp.expm1(-s * eigenvalues) / jnp.where(flat, 1, eigenvalues))
    change = (learnt * ((Y - F_0).ravel() @ Q)) @ (matrix(cross) @ Q).T
    return F_test_0 + change.reshape(len(times), *F_test_0.shape)
    # END SOLUTION


def kernel_drifts(network, theta_0, X: Array, Y: Array, step_size: float, num_steps: int) -> Array:
    """|Theta_k - Theta_0| / |Theta_0| after k steps of gradient descent on (1/2N) |f(X) - Y|^2.

    Args:
        network: as in `tangent_kernel`.
        theta_0: the parameters at the start, a pytree.
        X: training inputs, shape (N, D).
        Y: targets, shape (N, K).
        step_size: alpha.
        num_steps: T >= 0.

    Returns:
        The drifts for k = 0, ..., T, shape (T + 1,).
    """
    # BEGIN SOLUTION
    def cost(theta):
        return jnp.sum((network(theta, X) - Y) ** 2) / (2 * len(X))

    first = tangent_kernel(network, theta_0, X, X)

    def step(theta, _):
        theta = jax.tree.map(lambda p, g: p - step_size * g, theta, jax.grad(cost)(theta))
        return theta, jnp.sqrt(jnp.sum((tangent_kernel(network, theta, X, X) - first) ** 2))

    _, later = jax.lax.scan(step, theta_0, length=num_steps)
    return jnp.append(jnp.zeros(1, later.dtype), later / jnp.sqrt(jnp.sum(first**2)))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_ntk(PAPER, tangent_kernel, kernel_gradient, function_space_flow, kernel_drifts):
    import jax.numpy as jnp
    import paper_given as given

    if PAPER != "ntk":
        return
    assert tangent_kernel is not None, "q1: tangent_kernel isn't defined"
    problem = given.tangent_perceptron(widths=(2, 3, 2), examples=4, tests=3, seed=0)
    parts = problem.network, problem.theta_0, problem.X
    cross = tangent_kernel(problem.network, problem.theta_0, problem.X_test, problem.X)
    assert cross is not None, "q1: tangent_kernel returns nothing yet"
    assert jnp.shape(cross) == (3, 4, 2, 2), "q1: tangent_kernel has shape (N, M, K, K)"
    g = kernel_gradient(*parts, problem.Y, problem.X_test)
    assert g is not None, "q1: kernel_gradient returns nothing yet"
    assert jnp.shape(g) == (3, 2), "q1: kernel_gradient has a row for each input of Z"
    eye = jnp.eye(4)[:, :, None, None] * jnp.eye(2)
    flow = function_space_flow(
        eye, jnp.ones((3, 4, 2, 2)), problem.Y, problem.Y, jnp.ones((3, 2)), jnp.arange(5.0)
    )
    assert flow is not None, "q1: function_space_flow returns nothing yet"
    assert jnp.shape(flow) == (5, 3, 2), "q1: function_space_flow has shape (T, M, K)"
    drifts = kernel_drifts(*parts, problem.Y, 0.1, 2)
    assert drifts is not None, "q1: kernel_drifts returns nothing yet"
    assert jnp.shape(drifts) == (3,), "q1: kernel_drifts starts with the drift of no step, 0"

# %% [raw]
# # END TESTS

# %% [markdown]
# Perceptrons with two hidden layers of tanh units learn a function on the circle from eight examples. Left: a network
# of 256 units a layer before and after 300 steps of descent, and what the flow with its kernel at the *start* says it will be.
# Right: the kernel's drift after 30 steps against the width, three networks each.

# %%
if PAPER == "ntk":

    def circle_inputs(angles):
        return np.sqrt(2) * jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)

    ntk_seen, ntk_angles = (jnp.arange(8) + 0.3) * jnp.pi / 4, jnp.linspace(0, 2 * jnp.pi, 80)
    ntk_X, ntk_Z = circle_inputs(ntk_seen), circle_inputs(ntk_angles)
    ntk_Y = (jnp.sin(ntk_seen) + 0.5 * jnp.cos(3 * ntk_seen))[:, None]

    def ntk_draw(width, seed):
        return given.tangent_perceptron(widths=(2, width, width, 1), examples=1, tests=1, seed=seed)

    def ntk_trained(problem, step_size, num_steps):
        def cost(theta):
            return jnp.mean((problem.network(theta, ntk_X) - ntk_Y) ** 2) / 2

        def step(_, theta):
            return jax.tree.map(lambda p, g: p - step_size * g, theta, jax.grad(cost)(theta))

        return problem.network(jax.lax.fori_loop(0, num_steps, step, problem.theta_0), ntk_Z)

    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5), layout="constrained")
    wide = ntk_draw(256, 0)
    kernel_at_start = jax.jit(partial(tangent_kernel, wide.network))
    f_start = wide.network(wide.theta_0, ntk_Z)
    flow_at_end = function_space_flow(
        kernel_at_start(wide.theta_0, ntk_X, ntk_X),
        kernel_at_start(wide.theta_0, ntk_Z, ntk_X),
        ntk_Y,
        wide.network(wide.theta_0, ntk_X),
        f_start,
        jnp.array([0.5 * 300]),
    )
    left.plot(ntk_angles, f_start, "0.6", label="initial function")
    left.plot(ntk_angles, ntk_trained(wide, 0.5, 300), label="trained")
    left.plot(ntk_angles, flow_at_end[0], "--", label="predicted at the start")
    left.plot(ntk_seen, ntk_Y, "k.", label="examples")
    left.set(xlabel="angle", ylabel="output", title="256 units a layer")
    left.legend(fontsize=8)
    ntk_widths, ntk_drifts = np.array([16, 64, 256]), jax.jit(kernel_drifts, static_argnums=(0, 5))
    ntk_last = np.array(
        [
            [
                ntk_drifts(wide.network, ntk_draw(n, seed).theta_0, ntk_X, ntk_Y, 0.5, 30)[-1]
                for seed in range(3)
            ]
            for n in ntk_widths
        ]
    )
    right.loglog(ntk_widths, ntk_last, "C0.")
    right.loglog(ntk_widths, np.median(ntk_last, axis=1), "C0", label="median")
    ntk_bound = np.median(ntk_last[0]) * (16 / ntk_widths) ** 0.5
    right.loglog(ntk_widths, ntk_bound, "k:", label="slope -1/2")
    right.set_xscale("log", base=2)
    right.set(xlabel="width", ylabel="relative drift", title="The kernel stays where it was")
    right.legend()
    plt.show()

# %% [markdown]
# One can't tell the trained network from the prediction, which was made before the first step, though the outputs moved by more than
# one. The drift falls by more than ten while the width grows sixteenfold, nearly as $1/n$ and faster than the $1/\sqrt n$ of the theorem, an
# upper bound: changes of a layer's units have random signs, and cancel in the mean over units.

# %% [markdown]
# ## `"deep_bootstrap"`: real and ideal worlds
#
# Nakkiran, Neyshabur and Sedghi, *The deep bootstrap framework: good online learners are good offline
# generalizers* (ICLR 2021). Generalization is usually told as test error = training error + gap, and modern networks
# make the first term zero. The paper compares with another run instead, one that never sees an example twice, and finds
# that for as long as the real run has not fitted its training set the two test errors are nearly the same. What is left
# to explain is then how fast a network learns online: a question of optimization.
#
# **Two worlds.** Both runs have the same start $w_0$, step size $\alpha$, batch size $B$ and optimizer, here plain SGD
# on the mean loss of a batch, $w_{k+1}=w_k-\alpha\nabla\ell(w_k,\text{batch}_k)$. In the *real world* batches are rows of one
# training set of $N$ examples, again and again; in the *ideal world* they are fresh. With the test errors after $k$ steps,
# $$\text{real}_k=\underbrace{\text{ideal}_k}_{\text{online learning}}+
#   \underbrace{(\text{real}_k-\text{ideal}_k)}_{\text{bootstrap gap}},\qquad k=0,1,\dots,T .$$
# At $k=0$ the gap is 0. So that both runs are determined, they get their examples: an integer array of shape $(T,B)$ whose row
# $k$ names the rows of the training set in batch $k$, and a stream of at least $TB$ fresh examples, of which batch $k$
# takes numbers $kB,\dots,kB+B-1$. What is left over is not used.
#
# **The soft error.** The share of wrong answers moves in jumps; the paper reports the probability that the classifier
# gives to wrong classes, $\frac1M\sum_m\big(1-p(y_m\mid x_m)\big)$ with $p$ the softmax of the logits. Mind that $p$ comes near 1.
#
# **Both worlds exactly.** Take linear regression: inputs $x\sim\mathcal N(0,C)$, targets $t=x^\top w_\star+\sigma\,\mathcal N(0,1)$,
# the loss $\frac1{2B}\sum(x^\top w-t)^2$ of a batch. The risk is without the noise of the test target,
# $$R_k=\mathbb E\;\tfrac12(w_k-w_\star)^\top C\,(w_k-w_\star),$$
# half the mean square of the error of the prediction. In the ideal world put $S_k=\mathbb E(w_k-w_\star)(w_k-w_\star)^\top$ and write down one step. You
# need the fourth moment of a Gaussian, $\mathbb E[xx^\top S\,xx^\top]=2\,CSC+\operatorname{tr}(CS)\,C$ for symmetric $S$; of $B$
# examples in a batch, $B$ pairs are an example with itself, and $B(B-1)$ are independent. In the real world the set $(X,t)$ is fixed, and the expectation is over batches, drawn
# uniformly *with replacement*. Now one example maps $(w,1)$ linearly, so the second moments of $(w,1)$ obey a recursion, whatever
# the examples are. (A fixed set has fourth moments and a noise of its own: no Gaussian formula holds for it.)
#
# *Hidden tests:* for a network, the ideal-world error (4 points) and the gap (5 points), the loss and the test
# error being functions that are given; the risk in the ideal world with label noise, for several features (6 points)
# and for one with batches of one (3 points); the risk in the real world, for fewer examples than features
# (4 points), for batches of one (3 points), and for a training set of one example (2 points), all to nine
# digits; the soft error in float32 (1 point), also where it is far below the rounding of 1, with logits in the hundreds, to
# three digits (2 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def decomposed_errors(
    loss, test_error, w_0, train, batches: Array, fresh, step_size: float
) -> tuple[Array, Array]:
    """The two parts of the real world's test error along SGD.

    Args:
        loss: the function (w, examples) -> mean loss, a scalar.
        test_error: the function w -> scalar.
        w_0: the start of both runs, a pytree.
        train: the training set, a pytree of arrays whose first axis counts N examples.
        batches: rows of the training set, whole numbers, shape (T, B).
        fresh: examples for the ideal world like `train`, at least T * B of them, each used once.
        step_size: alpha.

    Returns:
        The pair (ideal-world error, bootstrap gap) for k = 0, ..., T, each of shape (T + 1,).
    """
    # BEGIN SOLUTION
    def errors(examples, order):
        def step(w, rows):
            g = jax.grad(loss)(w, jax.tree.map(lambda leaf: leaf[rows], examples))
            w = jax.tree.map(lambda p, g: p - step_size * g, w, g)
            return w, test_error(w)

        return jnp.append(test_error(w_0), jax.lax.scan(step, w_0, order)[1])

    ideal = errors(fresh, jnp.arange(batches.size).reshape(batches.shape))
    return ideal, errors(train, batches) - ideal
    # END SOLUTION


def ideal_risks(
    C: Array,
    w_true: Array,
    w_0: Array,
    noise_std: float,
    step_size: float,
    batch_size: float,
    num_steps: int,
) -> Array:
    """The expected risk of SGD for linear regression on fresh Gaussian examples.

    Args:
        C: the inputs' covariance, shape (D, D).
        w_true: w*, shape (D,).
        w_0: the start, shape (D,).
        noise_std: sigma, the standard deviation of the targets' noise.
        step_size: alpha.
        batch_size: B >= 1.
        num_steps: T >= 0.

    Returns:
        R_k for k = 0, ..., T, shape (T + 1,).
    """
    # BEGIN SOLUTION
    M = jnp.eye(len(C), dtype=C.dtype) - step_size * C
    start = jnp.outer(w_0 - w_true, w_0 - w_true)

    def step(S, _):
        noise = C @ S @ C + (jnp.trace(C @ S) + noise_std**2) * C
        S = M @ S @ M + step_size**2 / batch_size * noise
        return S, jnp.trace(C @ S) / 2

    return jnp.append(jnp.trace(C @ start) / 2, jax.lax.scan(step, start, length=num_steps)[1])
    # END SOLUTION


def real_risks(
    X: Array,
    t: Array,
    C: Array,
    w_true: Array,
    w_0: Array,
    step_size: float,
    batch_size: float,
    num_steps: int,
) -> Array:
    """The expected risk of SGD for linear regression on batches from one training set.

    Args:
        X: the training inputs, shape (N, D).
        t: the training targets, shape (N,).
        C: the covariance of test inputs, shape (D, D).
        w_true, w_0, step_size, batch_size, num_steps: as in `ideal_risks`.

    Returns:
        R_k for k = 0, ..., T, shape (T + 1,), over the draws of batches only.
    """
    # BEGIN SOLUTION
    N, D = X.shape
    # The state is (w - w*, 1): then (x, x^T w* - t) times it is the residual.
    residual = jnp.column_stack([X, X @ w_true - t])
    gradient = jnp.column_stack([X, jnp.zeros_like(t)])
    mean = jnp.eye(D + 1, dtype=X.dtype) - step_size * gradient.T @ residual / N
    drift = step_size * gradient.T @ residual / N

    def step(U, _):
        squares = jnp.sum((residual @ U) * residual, axis=1)
        noise = step_size**2 * (gradient.T * squares) @ gradient / N - drift @ U @ drift.T
        U = mean @ U @ mean.T + noise / batch_size
        return U, jnp.sum(C * U[:D, :D]) / 2

    state = jnp.append(w_0 - w_true, jnp.ones(1, X.dtype))
    start = jnp.outer(state, state)
    first = jnp.sum(C * start[:D, :D]) / 2
    return jnp.append(first, jax.lax.scan(step, start, length=num_steps)[1])
    # END SOLUTION


def soft_error(logits: Array, labels: Array) -> Array:
    """The mean probability of wrong classes.

    Args:
        logits: shape (M, K).
        labels: the right classes, whole numbers, shape (M,).

    Returns:
        The soft error, a scalar of shape ().
    """
    # BEGIN SOLUTION
    wrong = labels[:, None] != jnp.arange(logits.shape[1])
    return jnp.mean(jnp.sum(jnp.where(wrong, jax.nn.softmax(logits), 0), axis=1))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_deep_bootstrap(PAPER, decomposed_errors, ideal_risks, real_risks, soft_error):
    import jax.numpy as jnp
    import paper_given as given

    if PAPER != "deep_bootstrap":
        return
    assert decomposed_errors is not None, "q1: decomposed_errors isn't defined"
    task = given.bootstrap_task(features=2, units=3, classes=2, train=5, fresh=8, test=6, seed=0)
    batches = jnp.array([[0, 4], [1, 1], [3, 2]])
    pair = decomposed_errors(
        task.loss, task.test_loss, task.w_0, task.train, batches, task.fresh, 0.1
    )
    assert pair is not None, "q1: decomposed_errors returns nothing yet"
    assert len(pair) == 2, "q1: decomposed_errors returns the pair (ideal-world error, gap)"
    assert all(jnp.shape(part) == (4,) for part in pair), "q1: decomposed_errors gives T + 1 errors"
    one = jnp.ones(3)
    ideal = ideal_risks(jnp.eye(3), one, 2 * one, 0.5, 0.1, 2, 4)
    assert ideal is not None, "q1: ideal_risks returns nothing yet"
    assert jnp.shape(ideal) == (5,), "q1: ideal_risks gives T + 1 risks, the first without a step"
    real = real_risks(jnp.ones((2, 3)), jnp.ones(2), jnp.eye(3), one, 2 * one, 0.1, 2, 4)
    assert real is not None, "q1: real_risks returns nothing yet"
    assert jnp.shape(real) == (5,), "q1: real_risks gives T + 1 risks, the first without a step"
    error = soft_error(jnp.zeros((2, 3)), jnp.array([0, 2]))
    assert error is not None, "q1: soft_error returns nothing yet"
    assert jnp.shape(error) == (), "q1: soft_error is a scalar"

# %% [raw]
# # END TESTS

# %% [markdown]
# Left: the exact risk of linear regression with 20 features in the ideal world, and in real worlds of three sizes. Right: a
# network of 64 tanh units on the task of `paper_given`, its soft error
# in the ideal world, and in real worlds of two sizes, there on the training set too (dotted).

# %%
if PAPER == "deep_bootstrap":
    boot_rng = np.random.default_rng(0)
    boot_C = jnp.diag(jnp.asarray(1.0 / np.arange(1, 21)))
    boot_truth, boot_zero = jnp.asarray(boot_rng.normal(size=20)), jnp.zeros(20)
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    boot_curves = jax.jit(real_risks, static_argnums=7)
    for size in (30, 100, 1000):
        X = boot_rng.normal(size=(size, 20)) @ np.sqrt(boot_C)
        t = X @ boot_truth + 0.5 * boot_rng.normal(size=size)
        risks = boot_curves(X, t, boot_C, boot_truth, boot_zero, 0.1, 4, 3000)
        left.loglog(risks, label=f"real, N = {size}")
    risks = ideal_risks(boot_C, boot_truth, boot_zero, 0.5, 0.1, 4, 3000)
    left.loglog(risks, "k--", label="ideal")
    left.set(xlabel="step", ylabel="risk", title="Linear regression, exactly")
    left.legend(fontsize=8)

    task = given.bootstrap_task(
        features=8, units=64, classes=3, train=1000, fresh=32_000, test=1000, seed=1
    )
    for color, size in (("C0", 50), ("C1", 1000)):
        rows = jnp.asarray(boot_rng.integers(0, size, (2000, 16)))
        seen = jax.tree.map(lambda leaf, size=size: leaf[:size], task.train)
        for name, examples in (("training", seen), ("test", task.test)):

            def boot_error(w, examples=examples):
                return soft_error(task.logits(w, examples["x"]), examples["y"])

            boot_run = partial(decomposed_errors, task.loss, boot_error, task.w_0, task.train)
            ideal, gap = jax.jit(boot_run)(rows, task.fresh, 0.2)
            line = "-" if name == "test" else ":"
            right.semilogx(ideal + gap, color + line, lw=1, label=f"real, N = {size}, {name}")
    right.semilogx(ideal, "k--", lw=1, label="ideal, test")
    right.set(xlabel="step", ylabel="soft error", title="A network")
    right.legend(fontsize=8)
    plt.show()

# %% [markdown]
# Linear regression starts with no gap at all; where it opens depends on $N$, and with 30 examples the real world turns back
# while the ideal one still learns. The network's gap is small with 50 examples until the training set is all but fitted; from
# then on the real world stands still, and the ideal one goes on learning. With 1000 the real test error is on the ideal curve
# to the end, though the training error has long left it.

# %% [markdown]
# ## `"large_batch"`: how large a batch is worth its examples
#
# McCandlish, Kaplan, Amodei and the OpenAI Dota team, *An empirical model of large-batch training* (2018). Twice the batch is
# twice the work and halves the noise. The paper finds, over tasks from digits to Dota, one number that says where this stops to
# pay, the noise scale of the gradient, and shows that it can be measured while training, at nearly no cost.
#
# **Noise scales.** Let $g_n$ be the gradient of example $n$ at $w$, over all leaves of $w$, $G$ the mean of the $N$ of them,
# $\Sigma=\frac1N\sum_n(g_n-G)(g_n-G)^\top$ their covariance (batches are drawn with replacement from these $N$: hence $N$, not $N-1$), and
# $H$ the Hessian of the *mean* loss. Then
# $$\mathcal B_{\text{simple}}=\frac{\operatorname{tr}\Sigma}{|G|^2},\qquad
#   \mathcal B_{\text{noise}}=\frac{\operatorname{tr}(H\Sigma)}{G^\top HG} .$$
# The second needs no $P\times P$ matrix. $\operatorname{tr}(H\Sigma)$ is a mean of $(g_n-G)^\top H(g_n-G)$.
#
# **The best step.** The mean gradient $G_B$ of a batch of $B$ has mean $G$ and covariance $\Sigma/B$. To second order a step
# $-\varepsilon\,G_B$ changes the loss by $-\varepsilon\,G^\top G_B+\frac12\varepsilon^2\,G_B^\top HG_B$. Take the expectation over batches, and minimise it in
# $\varepsilon$: that gives the best step $\varepsilon(B)$, the same for all batches of the size, and the *gain* $\Delta\mathcal L(B)$, the expected decrease of
# the loss by it, a positive number. Both have the factor $1/(1+\mathcal B_{\text{noise}}/B)$. $B=\infty$ (`jnp.inf`) means no noise.
#
# **Measuring it.** With data parallelism, each of $W$ workers has the mean gradient of its own $b$ examples, and they average theirs
# for the step. So squared norms are at hand for two batch sizes, $b$ and $Wb$, and
# $$\mathbb E\,|G_B|^2=|G|^2+\operatorname{tr}\Sigma/B$$
# for both gives two equations. Average the squared norms, over workers and over measurements, and solve: the estimates of $|G|^2$
# and of $\operatorname{tr}\Sigma$ are unbiased (their ratio isn't). The first may come out negative; it is returned as it is.
#
# **Steps against examples.** Add up what small gains cost: to reach a given loss a run with batches of $B$ takes $S$ steps and $E=BS$ examples
# such that
# $$\Big(\frac S{S_{\min}}-1\Big)\Big(\frac E{E_{\min}}-1\Big)=1,\qquad \mathcal B_{\text{crit}}=E_{\min}/S_{\min},$$
# which is $S_{\min}/S+E_{\min}/E=1$. For runs $r$ we fit both constants by least squares of these residuals,
# $\min\sum_r\big(S_{\min}/S_r+E_{\min}/E_r-1\big)^2$, and no others. The unit of examples (images, tokens) must not matter.
#
# *Hidden tests:* for a network with weights in a pytree, $\mathcal B_{\text{simple}}$ (4 points) and $\mathcal B_{\text{noise}}$ (5 points); the best step
# (2 points) and its gain (3 points) for several batch sizes, up to $\infty$, and of a single parameter (1 point each); the estimates, averaged over *all* ways to draw the
# workers' batches from a small set, where they must be exact, for two workers (3 points) and for three with one example each
# (2 points), and for gradients that nearly cancel (3 points); the fit to runs that lie on no curve
# exactly (3 points), also with examples in another unit (3 points), both in float32.

# %% [raw]
# # BEGIN SOLUTION

# %%
def noise_scales(example_loss, w, X: Array, y: Array) -> tuple[Array, Array]:
    """The simple noise scale and the one with curvature, of a set of examples.

    Args:
        example_loss: the loss of one example, (w, x, y) -> scalar.
        w: the weights, a pytree.
        X: inputs, shape (N, D).
        y: targets, shape (N,).

    Returns:
        The pair of scalars (B_simple, B_noise).
    """
    # BEGIN SOLUTION
    flat, unravel = ravel_pytree(w)

    def mean_loss(v):
        return jnp.mean(jax.vmap(example_loss, (None, 0, 0))(unravel(v), X, y))

    def slope(x, y):
        return jax.grad(lambda v: example_loss(unravel(v), x, y))(flat)

    def bend(v):
        return v @ jax.jvp(jax.grad(mean_loss), (flat,), (v,))[1]

    gradients = jax.vmap(slope)(X, y)
    G = jnp.mean(gradients, axis=0)
    away = gradients - G
    simple = jnp.mean(jnp.sum(away**2, axis=1)) / (G @ G)
    return simple, jnp.mean(jax.vmap(bend)(away)) / bend(G)
    # END SOLUTION


def best_steps(G: Array, H: Array, Sigma: Array, batch_sizes: Array) -> tuple[Array, Array]:
    """The best step size for each batch size, and the expected decrease of the loss by it.

    Args:
        G: the gradient, shape (P,).
        H: the Hessian, positive definite, shape (P, P).
        Sigma: the covariance of one example's gradient, shape (P, P).
        batch_sizes: B > 0, may be infinite, shape (R,).

    Returns:
        The pair (step sizes, gains), each of shape (R,).
    """
    # BEGIN SOLUTION
    curvatures = G @ H @ G + jnp.sum(H * Sigma) / batch_sizes
    steps = G @ G / curvatures
    return steps, G @ G * steps / 2
    # END SOLUTION


def worker_estimates(gradients, worker_batch: int) -> tuple[Array, Array]:
    """Unbiased estimates of |G|^2 and tr(Sigma) from the gradients of parallel workers.

    Args:
        gradients: a pytree; each leaf has the shape (M, W, ...) for M measurements by W >= 2
            workers: the mean gradient of a worker's examples.
        worker_batch: b, the number of examples of one worker.

    Returns:
        The pair of scalars (|G|^2, tr(Sigma)).
    """
    # BEGIN SOLUTION
    leaves = jax.tree.leaves(gradients)
    M, W = leaves[0].shape[:2]
    single = sum(jnp.sum(leaf**2) for leaf in leaves) / (M * W)
    together = sum(jnp.sum(jnp.mean(leaf, axis=1) ** 2) for leaf in leaves) / M
    return (W * together - single) / (W - 1), (single - together) * worker_batch * W / (W - 1)
    # END SOLUTION


def fit_trade_off(steps: Array, examples: Array) -> tuple[Array, Array]:
    """S_min and E_min of the relation between steps and examples, by least squares.

    Args:
        steps: S_r of the runs, shape (R,).
        examples: E_r of the runs, shape (R,), in any unit.

    Returns:
        The pair of scalars (S_min, E_min).
    """
    # BEGIN SOLUTION
    rows = jnp.stack([1 / steps, 1 / examples], axis=1)
    units = jnp.max(rows, axis=0)  # columns of like size
    fit = jnp.linalg.lstsq(rows / units, jnp.ones(len(rows), rows.dtype))[0] / units
    return fit[0], fit[1]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_large_batch(PAPER, noise_scales, best_steps, worker_estimates, fit_trade_off):
    import jax.numpy as jnp
    import paper_given as given

    if PAPER != "large_batch":
        return

    def is_pair(value, shape):
        return isinstance(value, tuple) and [jnp.shape(part) for part in value] == [shape, shape]

    assert noise_scales is not None, "q1: noise_scales isn't defined"
    problem = given.noisy_classifier(features=2, units=3, classes=2, examples=5, seed=0)
    scales = noise_scales(problem.example_loss, problem.w, problem.X, problem.y)
    assert scales is not None, "q1: noise_scales returns nothing yet"
    assert is_pair(scales, ()), "q1: noise_scales returns a pair of scalars"
    best = best_steps(jnp.ones(2), jnp.eye(2), jnp.eye(2), jnp.array([1.0, 2.0, 4.0]))
    assert best is not None, "q1: best_steps returns nothing yet"
    assert is_pair(best, (3,)), "q1: best_steps returns a pair of arrays like batch_sizes"
    gradients = {"a": jnp.arange(12.0).reshape(3, 2, 2), "b": jnp.arange(6.0).reshape(3, 2)}
    estimates = worker_estimates(gradients, 4)
    assert estimates is not None, "q1: worker_estimates returns nothing yet"
    assert is_pair(estimates, ()), "q1: worker_estimates returns a pair of scalars"
    fit = fit_trade_off(jnp.array([90.0, 30.0, 20.0]), jnp.array([9.0, 12.0, 40.0]))
    assert fit is not None, "q1: fit_trade_off returns nothing yet"
    assert is_pair(fit, ()), "q1: fit_trade_off returns the pair (S_min, E_min)"

# %% [raw]
# # END TESTS

# %% [markdown]
# A classifier on 512 examples. Left: what one step at the start really gains, the mean of 400 batches of each size at the
# best step, and the model. Right: steps against examples to one and the same loss, each batch size with the best
# of six constant step sizes (the mean of two runs), and the fitted relation; the diamond is at $\mathcal B_{\text{crit}}$.

# %%
if PAPER == "large_batch":
    noisy = given.noisy_classifier(
        features=6, units=12, classes=3, examples=512, seed=2, penalty=0.003
    )
    noisy_flat, noisy_tree = ravel_pytree(noisy.w)

    def noisy_loss(v, X=noisy.X, y=noisy.y):
        return jnp.mean(jax.vmap(noisy.example_loss, (None, 0, 0))(noisy_tree(v), X, y))

    noisy_parts = noisy.w, noisy.X, noisy.y
    B_simple, B_noise = jax.jit(partial(noise_scales, noisy.example_loss))(*noisy_parts)
    noisy_each = jax.vmap(jax.grad(noisy_loss), (None, 0, 0))(
        noisy_flat, noisy.X[:, None], noisy.y[:, None]
    )
    noisy_moments = (
        jnp.mean(noisy_each, axis=0),
        jax.jit(jax.hessian(noisy_loss))(noisy_flat),
        jnp.cov(noisy_each.T, bias=True),
    )
    noisy_sizes = 4.0 ** np.arange(0, 6)
    noisy_steps, noisy_gains = best_steps(*noisy_moments, jnp.asarray(noisy_sizes))
    noisy_rng, noisy_found = np.random.default_rng(0), []
    noisy_losses = jax.jit(jax.vmap(noisy_loss))
    for size, step in zip(noisy_sizes, noisy_steps, strict=True):
        counts = noisy_rng.multinomial(int(size), np.full(512, 1 / 512), size=400)
        losses = noisy_losses(noisy_flat - step / size * counts @ noisy_each)
        noisy_found.append(noisy_loss(noisy_flat) - jnp.mean(losses))

    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    left.loglog(noisy_sizes, noisy_gains, label="model")
    left.loglog(noisy_sizes, noisy_found, "o", label="measured")
    left.axvline(B_noise, color="C0", lw=1, ls=":", label=r"$\mathcal{B}_{\mathrm{noise}}$")
    left.axvline(B_simple, color="C2", lw=1, ls=":", label=r"$\mathcal{B}_{\mathrm{simple}}$")
    left.set(xlabel="batch size", ylabel="gain of the best step", title="One step")
    left.legend(fontsize=8)

    @partial(jax.jit, static_argnums=0)
    def noisy_counts(size, step_sizes, keys):
        def run(step_size, key):
            def step(v, key):
                rows = jax.random.randint(key, (size,), 0, 512)
                v = v - step_size * jax.grad(noisy_loss)(v, noisy.X[rows], noisy.y[rows])
                return v, noisy_loss(v)

            losses = jax.lax.scan(step, noisy_flat, jax.random.split(key, 60 + 600 // size))[1]
            reached = losses < 0.66
            return jnp.where(jnp.any(reached), jnp.argmax(reached) + 1.0, jnp.inf)

        counts = jax.vmap(jax.vmap(run, (None, 0)), (0, None))(step_sizes, keys)
        return jnp.min(jnp.mean(counts, axis=1))

    noisy_batches, noisy_keys = (2, 8, 32, 128, 512), jax.random.split(jax.random.key(0), 2)
    S = jnp.stack([noisy_counts(B, jnp.geomspace(0.1, 6, 6), noisy_keys) for B in noisy_batches])
    E = S * jnp.array(noisy_batches)
    S_min, E_min = fit_trade_off(S, E)
    along = S_min * np.geomspace(1.08, 60, 50)
    right.loglog(E_min * (1 + S_min / (along - S_min)), along, label="fitted")
    right.loglog(E, S, "o", label="runs")
    right.loglog(2 * E_min, 2 * S_min, "D", label=r"$\mathcal{B}_{\mathrm{crit}}$")
    right.set(xlabel="examples", ylabel="steps", title="Runs to one loss")
    right.minorticks_off()
    right.set_xticks([300, 1000, 3000], [300, 1000, 3000])
    right.legend(fontsize=8)
    print(f"at the start B_simple is {B_simple:.0f}, B_noise {B_noise:.0f};", end=" ")
    print(f"of the runs B_crit is {E_min / S_min:.0f}")
    plt.show()

# %% [markdown]
# At one step the model is right to a tenth or two: below the noise scale a batch twice as large gains twice as much, far above it
# hardly more. The runs lie on the relation roughly. Their critical batch size is two to four times the noise scale at the start, for the noise scale
# grows as the loss falls, and a run meets all of its values.

# %% [markdown]
# ## `"dropout"`: what dropout regularises
#
# Wei, Kakade and Ma, *The implicit and explicit regularization effects of dropout* (ICML 2020). Dropout does two
# things at once. Averaged over masks, the loss is another loss: that is explicit regularisation, and could be had without
# any randomness. A single mask also makes the gradient noisy, and that regularises too, implicitly. The paper takes the two
# apart, and finds formulas for both that put together do in the place of dropout what it does.
#
# **Masks.** Inputs, or hidden units, $h$ are multiplied by a mask $b=1+\eta$, each entry by its own and each example by its own:
# $b_j=0$ with probability $p$ and $b_j=1/(1-p)$ otherwise. So $p$ is the probability to *drop*, kept units are scaled up, and
# $\mathbb E\,\eta_j=0$, $\mathbb E\,\eta_j^2=p/(1-p)$, with all entries independent.
#
# **Explicit, exactly.** For least squares with dropout of the inputs
# $$\mathbb E\,\tfrac12\big(w^\top(x\odot b)-t\big)^2=\tfrac12(w^\top x-t)^2+\tfrac12\,\frac p{1-p}\sum_jx_j^2w_j^2 .$$
# Over a set of $N$ examples the loss is the mean of the left side. Its minimum is that of a ridge regression in which each weight's penalty is
# as large as its feature: multiply a feature by 10, and its weight is divided by 10, which plain ridge regression doesn't do.
#
# **Explicit, to second order.** The rest of a network is a *head* $z=\phi(h)$ with a loss $\ell(z,t)$ of the outputs. To second order in $\eta$,
# averaged over masks, dropout adds to the mean loss
# $$R=\frac1N\sum_{n=1}^N\frac12\,\frac p{1-p}\sum_jh_{nj}^2\,\big(J_n^\top H_nJ_n\big)_{jj},\qquad
#   J_n=\frac{\partial\phi}{\partial h}(h_n),\quad H_n=\nabla_z^2\,\ell\big(\phi(h_n),t_n\big).$$
# The head's own second derivatives are left out, as in the paper: they come with the slope of the loss, can be negative, and vanish for a
# network that fits. For a linear head and a loss $\frac12|z-t|^2$ nothing is left out at all.
#
# **Implicit.** The gradient with a mask, less its mean over masks, is noise. For least squares, with the loss
# $\frac1N\sum_n\frac12\big(w^\top(x_n\odot b_n)-t_n\big)^2$ whose $N$ masks are independent, its covariance over masks at $w$ is exact: one example's
# gradient is $(x\odot b)\,r$ with the masked residual $r=w^\top(x\odot b)-t$, a polynomial in $b$, whose moments up to the fourth order
# are needed ($\mathbb E\,b_j^k=(1-p)^{1-k}$). For a network, to first order in $\eta$, the noise is
# $$\xi=\nabla_w\Big\langle\frac{\partial L}{\partial h}\big(w,h(w)\big),\ h(w)\odot\eta\Big\rangle ,$$
# with $L(w,h)$ the mean loss of the batch as a function of its hidden units, which may depend on $w$ directly as well, and $\eta$ a constant.
# Everything else in the angle brackets depends on $w$.
#
# *Hidden tests:* the minimum for more features than examples, whose sizes differ (4 points), and for one feature (2 points), both
# in float32; the penalty of a classifier with a head that isn't linear (4 points), of a regression with a single example (2
# points), and of linear regression, where it is compared with the mean over all masks (3 points); the covariance for several
# examples (5 points), for one (2 points) and for one feature (1 point), against sums over all masks, to nine digits; the
# noise of a network, the weights being a pytree, for any given $\eta$, to 11 digits (4 points), at no more than five times the work of
# one gradient of $L(w,h(w))$ (3 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def dropout_solution(X: Array, t: Array, p: float) -> Array:
    """The weights that minimise the mean over masks of the loss of least squares.

    Args:
        X: inputs, shape (N, D); N may be smaller than D.
        t: targets, shape (N,).
        p: the probability to drop an input, 0 < p < 1.

    Returns:
        The minimum of E (1/2N) sum_n (w^T (x_n * b_n) - t_n)^2, shape (D,).
    """
    # BEGIN SOLUTION
    second_moments = X.T @ X / len(X)
    penalised = second_moments + p / (1 - p) * jnp.diag(jnp.diagonal(second_moments))
    return jnp.linalg.solve(penalised, X.T @ t / len(X))
    # END SOLUTION


def dropout_penalty(head, output_loss, hidden: Array, targets: Array, p: float) -> Array:
    """The explicit penalty R of dropping hidden units, to second order in the masks.

    Args:
        head: the function h -> z of one example, (F,) to (K,).
        output_loss: the function (z, target) -> scalar of one example.
        hidden: h_n, shape (N, F).
        targets: a target for each example, first axis N.
        p: the probability to drop a unit.

    Returns:
        R, a scalar of shape ().
    """
    # BEGIN SOLUTION
    def of_example(h, target):
        J = jax.jacrev(head)(h)
        H = jax.hessian(output_loss)(head(h), target)
        return jnp.sum((H @ J) * J * h**2)

    return p / (1 - p) * jnp.mean(jax.vmap(of_example)(hidden, targets)) / 2
    # END SOLUTION


def dropout_covariance(w: Array, X: Array, t: Array, p: float) -> Array:
    """The covariance over masks of the gradient of the loss of least squares.

    Args:
        w: the weights, shape (D,).
        X: inputs, shape (N, D).
        t: targets, shape (N,).
        p: the probability to drop an input.

    Returns:
        Cov of the gradient in w of (1/2N) sum_n (w^T (x_n * b_n) - t_n)^2, shape (D, D).
    """
    # BEGIN SOLUTION
    ratio, eye = p / (1 - p), jnp.eye(len(w), dtype=w.dtype)

    def of_pairs(values):
        """values_i + values_j off the diagonal, values_i on it."""
        return values[:, None] + values - eye * values

    def of_example(x, t):
        a = w * x
        # The residual given that i and j are kept: its mean, and its variance by the others.
        mean = jnp.sum(a) - t + ratio * of_pairs(a)
        variance = ratio * (jnp.sum(a**2) - of_pairs(a**2))
        second = jnp.outer(x, x) * (mean**2 + variance) * (1 + ratio * eye)
        first = x * (jnp.sum(a) - t + ratio * a)
        return second - jnp.outer(first, first)

    return jnp.mean(jax.vmap(of_example)(X, t), axis=0) / len(X)
    # END SOLUTION


def dropout_noise(hidden_of, rest_loss, w, eta: Array):
    """The noise of the gradient to first order in the masks, for a given eta.

    Args:
        hidden_of: the function w -> hidden units of the batch, shape (N, F).
        rest_loss: L, the function (w, hidden units) -> mean loss, a scalar.
        w: the weights, a pytree.
        eta: shape (N, F).

    Returns:
        xi, a pytree like w.
    """
    # BEGIN SOLUTION
    def change(w):
        h = hidden_of(w)
        return jnp.sum(jax.grad(rest_loss, argnums=1)(w, h) * h * eta)

    return jax.grad(change)(w)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_dropout(PAPER, dropout_solution, dropout_penalty, dropout_covariance, dropout_noise):
    import jax
    import jax.numpy as jnp
    import paper_given as given

    if PAPER != "dropout":
        return
    assert dropout_solution is not None, "q1: dropout_solution isn't defined"
    X, t = jnp.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]), jnp.ones(2)
    w = dropout_solution(X, t, 0.5)
    assert w is not None, "q1: dropout_solution returns nothing yet"
    assert jnp.shape(w) == (3,), "q1: dropout_solution has a weight for each feature"
    layer = given.dropped_layer(
        features=3, outputs=2, examples=4, classifies=True, curved=True, seed=0
    )
    R = dropout_penalty(layer.head, layer.output_loss, layer.hidden, layer.targets, 0.5)
    assert R is not None, "q1: dropout_penalty returns nothing yet"
    assert jnp.shape(R) == (), "q1: dropout_penalty is a scalar"
    covariance = dropout_covariance(jnp.ones(3), X, t, 0.5)
    assert covariance is not None, "q1: dropout_covariance returns nothing yet"
    assert jnp.shape(covariance) == (3, 3), "q1: dropout_covariance has shape (D, D)"
    network = given.dropped_network(features=2, units=3, classes=2, examples=4, seed=0)
    noise = dropout_noise(network.hidden_of, network.rest_loss, network.w, jnp.ones((4, 3)))
    assert noise is not None, "q1: dropout_noise returns nothing yet"
    shapes = jax.tree.map(jnp.shape, noise)
    assert shapes == jax.tree.map(jnp.shape, network.w), "q1: dropout_noise is a pytree like w"

# %% [raw]
# # END TESTS

# %% [markdown]
# Left, explicit: what dropout of 20 hidden units adds to a classifier's loss, the mean over 1000 masks (dots), and the penalty
# (lines), for a linear head and for one with tanh units. Right, implicit: full-batch descent with dropout on least squares with two
# weights, every tenth of its iterates; the minimum of the mean loss; and the ellipse of two standard
# deviations that the covariance at the minimum predicts for small steps.

# %%
if PAPER == "dropout":
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
    drop_chances = [0.02, 0.05, 0.1, 0.2, 0.5]
    for color, curved in (("C0", False), ("C1", True)):
        layer = given.dropped_layer(
            features=20, outputs=3, examples=30, classifies=True, curved=curved, seed=4
        )

        @jax.jit
        def drop_losses(masks, layer=layer):
            z = jax.vmap(layer.head)(layer.hidden * masks)
            return jnp.mean(jax.vmap(layer.output_loss)(z, layer.targets))

        whole = jnp.ones((30, 20))
        lean = jax.grad(drop_losses)(whole)
        parts = layer.head, layer.output_loss, layer.hidden, layer.targets
        penalty_at = jax.jit(lambda p, parts=parts: dropout_penalty(*parts, p))
        penalties, added = [], []
        for p in drop_chances:
            kept = jax.random.bernoulli(jax.random.key(0), 1 - p, (1000, 30, 20))
            penalties.append(penalty_at(p))
            # Less its first order, whose mean is 0: fewer masks are enough.
            losses = jax.vmap(drop_losses)(kept / (1 - p)) - drop_losses(whole)
            added.append(jnp.mean(losses - jnp.sum(lean * (kept / (1 - p) - 1), axis=(1, 2))))
        left.plot(drop_chances, penalties, color, label="tanh head" if curved else "linear head")
        left.plot(drop_chances, added, color + "o")
    left.set(xlabel="probability p to drop", ylabel="added to the loss", title="Explicit")
    left.set(xscale="log", yscale="log", xticks=drop_chances, xticklabels=drop_chances)
    left.minorticks_off()
    left.legend()

    drop_rng, p, alpha = np.random.default_rng(1), 0.1, 0.1
    drop_X = jnp.asarray(drop_rng.normal(size=(12, 2)) @ np.array([[2.0, 0.5], [0.0, 0.7]]))
    drop_t = drop_X @ jnp.array([1.0, -1.0]) + 0.5 * jnp.asarray(drop_rng.normal(size=12))
    drop_best = dropout_solution(drop_X, drop_t, p)

    def drop_step(w, key):
        masked = drop_X * jax.random.bernoulli(key, 1 - p, drop_X.shape) / (1 - p)
        return w - alpha * masked.T @ (masked @ w - drop_t) / 12, w

    drop_keys = jax.random.split(jax.random.key(1), 20_000)
    drop_path = jax.lax.scan(drop_step, drop_best, drop_keys)[1]
    # Small steps: A V + V A = alpha Cov, with A the Hessian of the mean loss.
    drop_A = drop_X.T @ drop_X / 12
    drop_A = drop_A + p / (1 - p) * jnp.diag(jnp.diag(drop_A))
    drop_Cov = dropout_covariance(drop_best, drop_X, drop_t, p)
    drop_V = jnp.linalg.solve(
        jnp.kron(drop_A, jnp.eye(2)) + jnp.kron(jnp.eye(2), drop_A), alpha * drop_Cov.ravel()
    ).reshape(2, 2)
    drop_angles = jnp.linspace(0, 2 * jnp.pi, 100)
    drop_circle = jnp.stack([jnp.cos(drop_angles), jnp.sin(drop_angles)])
    drop_ellipse = drop_best[:, None] + 2 * jnp.linalg.cholesky(drop_V) @ drop_circle
    right.plot(*drop_path[::10].T, ".", ms=2, alpha=0.4, label="iterates")
    right.plot(*drop_ellipse, label="predicted, two deviations")
    right.plot(*drop_best, "k+", ms=10, label="minimum of the mean loss")
    right.plot(*jnp.linalg.lstsq(drop_X, drop_t)[0], "kx", label="least squares")
    right.set(xlabel="$w_1$", ylabel="$w_2$", title=r"Implicit ($\alpha=0.1$)")
    right.legend(fontsize=8)
    plt.show()

# %% [markdown]
# The penalty is within a quarter for the linear head at every $p$; for the tanh head, which isn't trained, the second derivatives
# that are left out take a third off and more. Neither error vanishes for small $p$: few units are dropped then, but each of them entirely,
# so that its noise is never small. Right, explicit regularisation says where the iterates gather, far from least squares, and
# implicit regularisation how they spread: along the direction in which weights trade off, not evenly.

# %% [markdown]
# ## `"edge_of_stability"`: gradient descent at the edge of stability
#
# Cohen, Kaur, Li, Kolter and Talwalkar, *Gradient descent on neural networks typically occurs at the edge of
# stability* (ICLR 2021). A textbook chooses the step size after the curvature: below $2/\lambda_{\max}$. The paper finds
# that in training it goes the other way round: the curvature adapts to the step size. Descent rules out whatever is
# sharper than $2/\eta$, the network drifts towards what is sharp, and training goes on where the two
# meet, with a loss that rises in every other step and falls in the long run.
#
# **Sharpness** is the *algebraically* largest eigenvalue of the Hessian $H(w)=\nabla^2f(w)$, over all parameters together. A
# negative eigenvalue of larger size doesn't count. It is found from Hessian-vector products alone: given a direction
# $v\neq0$ and a number $m$ of products, take
# $$S_m(w,v)=\max\left\{\frac{\langle q,Hq\rangle}{\langle q,q\rangle}\ :\ 0\neq q\in
#   \operatorname{span}\{v,Hv,\dots,H^{m-1}v\}\right\}.$$
# This is the largest eigenvalue of the matrix $T=QHQ^\top$, whose $Q$ has orthonormal rows that span this Krylov space: the method of
# Lanczos. $T$ needs $m$ products and no more. Rounding makes the rows lose orthogonality, so make each new
# one orthogonal to all rows before it, twice. The space may have fewer than $m$ dimensions, for instance if there are fewer
# parameters, or if $v$ is an eigenvector; further steps then change nothing, and the answer stays finite.
#
# **The run** is full-batch descent $w_{k+1}=w_k-\eta\nabla f(w_k)$, $k=0,\dots,T-1$, without momentum. Record
# $f(w_0),\dots,f(w_T)$, and every so many steps, from $w_0$ on, the sharpness $S_m(w_k,\nabla f(w_k))$: the direction is the gradient *there*.
#
# **The smallest model** of it has two layers of one linear unit each and a single example: $f(u,v)=(1-uv)^2/2$. Derive
# its sharpness at any $(u,v)$. At a minimum, $uv=1$, it is $u^2+v^2$: the minima form a curve, flattest where $u=v$, and descent can
# only come to rest on the part with $u^2+v^2\le2/\eta$.
#
# *Hidden tests:* the sharpness of networks for few products and for as many as there are parameters, 8 digits
# (4 points each); negative curvature, exhausted spaces and a single parameter, in float32 (5 points); cost: at
# most $5m+10$ gradients of the loss, and 500 kB for a network of 500 parameters (5 points); a recorded run of 24 steps, 8
# digits (3 points); the scalar model, 12 digits everywhere (3 points); the phenomenon: the network of
# the plot below, drawn anew and trained for 1600 steps, with $\eta$ between 0.3 and 0.4: over the second half of your
# record, the mean of $\eta$ times the sharpness lies between 1.75 and 2.2 (6 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def sharpness(loss, w, v, num_products: int) -> Array:
    """The largest eigenvalue of the Hessian, from a Krylov space.

    Args:
        loss: the function w -> scalar.
        w: the parameters, a pytree.
        v: the direction that the space begins with, a pytree like w, not 0.
        num_products: m, the number of Hessian-vector products.

    Returns:
        S_m(w, v), a scalar.
    """
    # BEGIN SOLUTION
    flat, unravel = ravel_pytree(w)
    slope = jax.grad(lambda flat: loss(unravel(flat)))
    start = ravel_pytree(v)[0]
    start = start / jnp.max(jnp.abs(start))
    rounding = 1e3 * jnp.finfo(start.dtype).eps

    def extend(state, k):
        basis, q = state
        basis = basis.at[k].set(q)
        image = jax.jvp(slope, (flat,), (q,))[1]
        rest = image
        for _ in range(2):
            rest = rest - (basis @ rest) @ basis
        length = jnp.linalg.norm(rest)
        more = length > rounding * jnp.linalg.norm(image)
        return (basis, jnp.where(more, rest / length, 0)), image

    empty = jnp.zeros((num_products, start.size), start.dtype)
    first = start / jnp.linalg.norm(start)
    (basis, _), images = jax.lax.scan(extend, (empty, first), jnp.arange(num_products))
    T = basis @ images.T
    # A row left over is 0; the curvature along v in its place changes no maximum.
    used = jnp.any(basis != 0, axis=1)
    return jnp.linalg.eigvalsh((T + T.T) / 2 + jnp.diag(jnp.where(used, 0, T[0, 0])))[-1]
    # END SOLUTION


def recorded_descent(loss, w_0, step_size: float, num_steps: int, every: int, num_products: int):
    """Full-batch gradient descent, with its losses and sharpnesses.

    Args:
        loss: the function w -> scalar.
        w_0: the start, a pytree.
        step_size: eta.
        num_steps: T, a multiple of `every`.
        every: the number of steps from one sharpness to the next.
        num_products: Hessian-vector products for each sharpness.

    Returns:
        w_T, a pytree like w_0; the losses of w_0 .. w_T, shape (T + 1,); the sharpnesses
        of w_0, w_every, w_{2 every} .. w_T, shape (T / every + 1,).
    """
    # BEGIN SOLUTION
    def step(w, _):
        value, g = jax.value_and_grad(loss)(w)
        return jax.tree.map(lambda p, g: p - step_size * g, w, g), value

    def stretch(w, _):
        w, values = jax.lax.scan(step, w, length=every)
        return w, (w, values)

    w, (seen, values) = jax.lax.scan(stretch, w_0, length=num_steps // every)
    seen = jax.tree.map(lambda first, later: jnp.append(first[None], later, axis=0), w_0, seen)
    curvatures = jax.lax.map(
        lambda w: sharpness(loss, w, jax.grad(loss)(w), num_products), seen
    )
    return w, jnp.append(values.ravel(), loss(w)), curvatures
    # END SOLUTION


def scalar_model_sharpness(u: Array, v: Array) -> Array:
    """The larger eigenvalue of the Hessian of (1 - u v)^2 / 2.

    Args:
        u, v: arrays of one shape.

    Returns:
        The sharpness at each (u, v), of the same shape.
    """
    # BEGIN SOLUTION
    return (u**2 + v**2 + jnp.hypot(u**2 - v**2, 2 * (2 * u * v - 1))) / 2
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_edge_of_stability(PAPER, sharpness, recorded_descent, scalar_model_sharpness):
    import jax.numpy as jnp

    if PAPER != "edge_of_stability":
        return
    w = {"a": jnp.ones(3), "b": jnp.ones(())}
    loss = lambda w: jnp.sum(w["a"] ** 4) * w["b"] ** 2
    assert sharpness is not None, "q1: sharpness isn't defined"
    found = sharpness(loss, w, w, 2)
    assert found is not None, "q1: sharpness returns nothing yet"
    assert jnp.shape(found) == (), f"q1: sharpness has shape {jnp.shape(found)}; expected a scalar"
    run = recorded_descent(loss, w, 0.01, 6, 3, 2)
    assert run is not None, "q1: recorded_descent returns nothing yet"
    assert len(run) == 3, "q1: recorded_descent returns w_T, the losses and the sharpnesses"
    assert jnp.shape(run[0]["a"]) == (3,), "q1: w_T is a pytree like w_0"
    assert jnp.shape(run[1]) == (7,), "q1: recorded_descent gives T + 1 losses"
    assert jnp.shape(run[2]) == (3,), "q1: recorded_descent gives T / every + 1 sharpnesses"
    found = scalar_model_sharpness(jnp.ones(4), jnp.ones(4))
    assert found is not None, "q1: scalar_model_sharpness returns nothing yet"
    assert jnp.shape(found) == (4,), "q1: scalar_model_sharpness gives a number for each (u, v)"

# %% [raw]
# # END TESTS

# %% [markdown]
# The same network from the same start, with three step sizes. Each dotted line is at $2/\eta$. The sharpness rises (or falls, if it starts
# above) until it meets its line, and then stays there: a smaller step gives a *sharper* network. Meanwhile the loss goes
# up in many of the steps, and comes down all the same.

# %%
if PAPER == "edge_of_stability":
    eos_fit = given.line_fit(widths=(1, 16, 16, 1), examples=16, seed=3)
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    for eos_color, eos_eta in zip(("C0", "C1", "C2"), (0.5, 0.35, 0.25), strict=True):
        _, eos_losses, eos_record = recorded_descent(
            eos_fit.loss, eos_fit.w_0, eos_eta, 1600, 10, 8
        )
        left.plot(10 * np.arange(161), eos_record, eos_color, label=rf"$\eta$ = {eos_eta}")
        left.axhline(2 / eos_eta, color=eos_color, ls=":")
        eos_rises = np.mean(np.diff(eos_losses) > 0)
        right.semilogy(eos_losses, eos_color, lw=0.8, label=f"rises in {eos_rises:.0%} of steps")
    left.set(xlabel="step", ylabel="sharpness", title=r"Sharpness settles at $2/\eta$")
    right.set(xlabel="step", ylabel="training loss", title="The loss falls, not in every step")
    left.legend()
    right.legend()
    plt.show()

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

# %% [markdown]
# ## `"deep_linear"`: the dynamics of deep linear networks
#
# Saxe, McClelland and Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural
# networks* (ICLR 2014). A linear network can only be a matrix, but its *learning* is nonlinear, and shows what
# deep networks show: long plateaus, then sudden progress. The paper solves it. Each mode of the
# data is learned by itself, along a sigmoid, the strong modes first.
#
# **Setting.** Two layers, $y=W_2W_1x$, with $W_1$ of shape $(H,D)$ and $W_2$ of shape $(K,H)$. The loss is the expected
# $\tfrac12\|t-W_2W_1x\|^2$, and the inputs are white, $\mathbb E[xx^\top]=I$. All that learning sees of the targets is then
# $S=\mathbb E[t\,x^\top]$, of shape $(K,D)$. Derive the gradients in $W_1$ and in $W_2$; the loss is
# $\tfrac12\|S-W_2W_1\|_F^2$ up to a constant. Gradient *flow* with time constant $\tau$ is $\tau\,\dot W=-\nabla_W$ for both
# layers; $k$ steps of gradient descent of size $\alpha$ take the time $t=\alpha k\,\tau$, to first order in $\alpha$.
#
# **Modes.** Let $S=U\operatorname{diag}(s)V^\top$ be the compact singular value decomposition, $R=\min(K,D)$ singular values in
# descending order. The *strength* of mode $r$ in the network is $u_r=U_r^\top W_2W_1V_r$. Start at
# $$W_1=\sqrt{u_0}\,QV^\top,\qquad W_2=\sqrt{u_0}\,UQ^\top,\qquad Q^\top Q=I_R,$$
# with any $Q$ of shape $(H,R)$, $H\ge R$. Every mode has the strength $u_0$, and the layers are *balanced*, $W_1W_1^\top=W_2^\top W_2$.
# The network stays of this form, and the modes do not see each other:
# $$\tau\,\dot u=2u\,(s-u),\qquad u(t)=\frac{s\,e^{2st/\tau}}{e^{2st/\tau}-1+s/u_0}.$$
# At $s=0$ the limit of this is wanted. As it stands, the formula overflows long before a mode stops
# being interesting: write it so that it is right for every $t\ge0$, $s\ge0$ and $u_0>0$. Solved for
# the time, it says when a mode that starts at $u_0$ gets to $u_f$, which lies between $u_0$ and $s$; a mode
# that starts above $s$ comes down.
#
# *Hidden tests:* strengths of modes, 10 digits (4 points), and of modes without signal and after
# very long times (4 points); the time to learn, from below, from above and with $\tau\neq1$ (6 points); of the
# balanced start: the product, the balance and the shapes, for wide and for tall $S$ and more
# hidden units than modes, in float32 (6 points); strengths along gradient descent: from a balanced start against
# the recursion that they obey exactly (5 points), from arbitrary weights with one hidden unit and with many, also in
# rotated coordinates, 9 digits (5 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def mode_strength(t: Array, s: Array, u_0: Array, tau: float) -> Array:
    """The strength of a mode under gradient flow.

    Args:
        t: times, at least 0.
        s: singular values, at least 0. The mode's strength in the data.
        u_0: strengths at time 0, positive. These three are broadcast against each other.
        tau: the time constant.

    Returns:
        u(t), of the shape that the first three broadcast to.
    """
    # BEGIN SOLUTION
    x = 2 * s * t / tau
    # (1 - e^-x) / s, which is 2 t / tau where s is 0.
    grown = jnp.where(s > 0, -jnp.expm1(-x) / jnp.where(s > 0, s, 1), 2 * t / tau)
    return u_0 / (jnp.exp(-x) + u_0 * grown)
    # END SOLUTION


def time_to_learn(s: Array, u_0: Array, u_f: Array, tau: float) -> Array:
    """The time at which a mode that starts at u_0 has the strength u_f.

    Args:
        s: singular values, positive.
        u_0, u_f: strengths at the start and in the end, positive and on the same side of s. The
            three have one shape.
        tau: the time constant.

    Returns:
        The times, of that shape.
    """
    # BEGIN SOLUTION
    return tau / (2 * s) * jnp.log(u_f * (s - u_0) / (u_0 * (s - u_f)))
    # END SOLUTION


def balanced_start(S: Array, Q: Array, u_0: float) -> tuple[Array, Array]:
    """Weights of both layers at which every mode of S has the strength u_0.

    Args:
        S: the correlations E[t x^T], shape (K, D), of full rank.
        Q: orthonormal columns, shape (H, R) with R = min(K, D).
        u_0: the strength.

    Returns:
        W_1, shape (H, D), and W_2, shape (K, H).
    """
    # BEGIN SOLUTION
    U, _, Vt = jnp.linalg.svd(S, full_matrices=False)
    return jnp.sqrt(u_0) * (Q @ Vt), jnp.sqrt(u_0) * (U @ Q.T)
    # END SOLUTION


def strengths_in_descent(
    S: Array, W_1: Array, W_2: Array, step_size: float, num_steps: int
) -> Array:
    """The strengths of all modes along gradient descent on both layers at once.

    Args:
        S: the correlations E[t x^T], shape (K, D), with R = min(K, D) different singular values.
        W_1, W_2: the weights to start from, shapes (H, D) and (K, H).
        step_size: alpha.
        num_steps: the number of steps.

    Returns:
        u_r before the first step and after each, shape (num_steps + 1, R), strongest mode first.
    """
    # BEGIN SOLUTION
    U, _, Vt = jnp.linalg.svd(S, full_matrices=False)

    def step(weights, _):
        W_1, W_2 = weights
        missing = S - W_2 @ W_1
        after = W_1 + step_size * W_2.T @ missing, W_2 + step_size * missing @ W_1.T
        return after, jnp.einsum("kr,kh,hd,rd->r", U, W_2, W_1, Vt)

    return jax.lax.scan(step, (W_1, W_2), length=num_steps + 1)[1]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_deep_linear(PAPER, mode_strength, time_to_learn, balanced_start, strengths_in_descent):
    import jax.numpy as jnp

    if PAPER != "deep_linear":
        return
    assert mode_strength is not None, "q1: mode_strength isn't defined"
    u = mode_strength(jnp.ones((4, 1)), jnp.ones(3), jnp.full(3, 0.1), 1.0)
    assert u is not None, "q1: mode_strength returns nothing yet"
    assert jnp.shape(u) == (4, 3), f"q1: mode_strength has shape {jnp.shape(u)}; expected (4, 3)"
    t = time_to_learn(jnp.ones(3), jnp.full(3, 0.1), jnp.full(3, 0.5), 1.0)
    assert t is not None, "q1: time_to_learn returns nothing yet"
    assert jnp.shape(t) == (3,), f"q1: time_to_learn has shape {jnp.shape(t)}; expected (3,)"
    S = jnp.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    start = balanced_start(S, jnp.eye(4, 2), 0.1)
    assert start is not None, "q1: balanced_start returns nothing yet"
    assert len(start) == 2, "q1: balanced_start returns W_1 and W_2"
    shapes = [jnp.shape(W) for W in start]
    assert shapes == [(4, 3), (2, 4)], f"q1: the weights have shapes {shapes}"
    path = strengths_in_descent(S, *start, 0.1, 5)
    assert path is not None, "q1: strengths_in_descent returns nothing yet"
    assert jnp.shape(path) == (6, 2), "q1: strengths_in_descent has shape (num_steps + 1, R)"

# %% [raw]
# # END TESTS

# %% [markdown]
# Four modes learned from a balanced start, by gradient descent (lines) and by the formula (dots); and the same network from small
# random weights, which are neither balanced nor aligned. The modes rise one after another, each
# from nearly nothing to nearly everything within a time of order $1/s$, after a wait of about $\log(s/u_0)/2s$: the
# vertical lines, at half strength, are `time_to_learn`. From random weights the waits are somewhat different, the
# order and the sigmoids are the same.

# %%
if PAPER == "deep_linear":
    saxe_rng = np.random.default_rng(0)
    saxe_U, saxe_V, saxe_Q = (
        jnp.asarray(np.linalg.qr(saxe_rng.standard_normal((n, 4)))[0]) for n in (4, 7, 16)
    )
    saxe_s, saxe_u0, saxe_step, saxe_steps = jnp.array([4.0, 3.0, 2.0, 1.0]), 1e-3, 0.01, 600
    saxe_S = (saxe_U * saxe_s) @ saxe_V.T
    saxe_W = balanced_start(saxe_S, saxe_Q, saxe_u0)
    saxe_random = [
        jnp.asarray(0.02 * saxe_rng.standard_normal(shape)) for shape in ((16, 7), (4, 16))
    ]
    saxe_t = saxe_step * np.arange(saxe_steps + 1)
    fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained", sharey=True)
    for ax, saxe_start, saxe_name in zip(
        axes, (saxe_W, saxe_random), ("balanced and aligned", "small random weights"), strict=True
    ):
        saxe_path = strengths_in_descent(saxe_S, *saxe_start, saxe_step, saxe_steps)
        for r in range(4):
            ax.plot(saxe_t, saxe_path[:, r], f"C{r}", label=f"s = {saxe_s[r]:g}")
        ax.set(xlabel=r"time $t/\tau$ = step size x steps", title=f"From {saxe_name}")
    saxe_flow = mode_strength(saxe_t[::25, None], saxe_s, jnp.full(4, saxe_u0), 1.0)
    for r, saxe_half in enumerate(time_to_learn(saxe_s, jnp.full(4, saxe_u0), saxe_s / 2, 1.0)):
        axes[0].plot(saxe_t[::25], saxe_flow[:, r], f"C{r}o", ms=3)
        axes[0].axvline(saxe_half, color=f"C{r}", ls=":")
    axes[0].set_ylabel("strength of the mode")
    axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()

# %% [markdown]
# ## `"hamiltonian_descent"`: kinetic energies that fit
#
# Maddison, Paulin, Teh, O'Donoghue and Doucet, *Hamiltonian descent methods* (2018). Gradient descent converges at a linear rate if
# curvature is bounded from above and below. A quartic has none of it, and there both gradient descent and
# momentum creep. The paper gets linear rates back without second derivatives: momentum has a kinetic energy, and one may choose
# it to fit the loss.
#
# **The flow.** Position $x$, momentum $p$, friction $\gamma>0$:
# $$\dot x=\nabla k(p),\qquad \dot p=-\nabla f(x)-\gamma p .$$
# The kinetic energy $k$ is convex with its minimum $k(0)=0$; with $k=\frac12\|p\|^2$ this is ordinary momentum. Below, $f$
# has its minimum at $x_\star=0$, $f(0)=0$. Look at
# $$V(x,p)=f(x)+k(p)+\beta\,\langle x,p\rangle$$
# along the flow. Its slope is found by the chain rule. At $\beta=0$, where $V$ is the energy, all that is left is
# $-\gamma\langle p,\nabla k(p)\rangle\le0$: energy falls, but not while the particle stands still. The cross term mends that.
#
# **Matched powers.** Let $f(x)=\|x\|^b/b$, $b>1$, and $k(p)=\|p\|^a/a$ with $\frac1a+\frac1b=1$: its convex conjugate. $\|p\|$ is
# Euclidean, over all entries of all leaves. Then $\langle x,\nabla f\rangle=bf$ and $\langle p,\nabla k\rangle=ak$, so that
# $$\dot V=-(\gamma-\beta)\,a\,k-\beta\,b\,f-\beta\gamma\,\langle x,p\rangle ,\qquad |\langle x,p\rangle|\le f+k .$$
# The second statement is Fenchel and Young's inequality. For $\beta$ small enough $\dot V\le-\lambda V$ with a $\lambda>0$ that depends on $a$,
# $b$, $\beta$, $\gamma$ and on nothing else: the energy falls exponentially, however flat $f$ is. With $k=\frac12\|p\|^2$ and
# $b=4$, friction soon balances the force, $\gamma\dot x\approx-\|x\|^2x$, and $f$ falls like $\gamma^2/16t^2$ only.
#
# **Two discretisations**, with step $\varepsilon$, from $(x_0,p_0)$. The *first explicit method* moves $p$ first, with implicit friction,
# $$p_{i+1}=\frac{p_i-\varepsilon\nabla f(x_i)}{1+\gamma\varepsilon},\qquad x_{i+1}=x_i+\varepsilon\nabla k(p_{i+1});$$
# the *second* moves $x$ first,
# $$x_{i+1}=x_i+\varepsilon\nabla k(p_i),\qquad p_{i+1}=(1-\gamma\varepsilon)\,p_i-\varepsilon\nabla f(x_{i+1}).$$
# Show that they are adjoint: the second with $-\varepsilon$ in place of $\varepsilon$ undoes the first. Your functions will be
# tried in this way, so let them take any sign of $\varepsilon$.
#
# *Hidden tests:* the matched velocity of vectors and of pytrees (3 points), at $p=0$ and near it (3 points), both
# in float32; the slope of $V$ for matched powers (4 points), and for other energies, at $\beta=0$ too, 12 digits
# (3 points); the paths of either method, a single entry and no steps among them (4 points each), and that one undoes
# the other (3 points); the phenomenon: with the velocity $\nabla k$ that is matched to $\sum_jx_j^4/4$, both methods have
# brought the loss below $10^{-12}$ after 300 steps, and have not with plain momentum (3 points); paths that are the
# same at every scale (3 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def matched_velocity(p, power: float):
    """The gradient of the kinetic energy |p|^a / a that is matched to |x|^b / b.

    Args:
        p: the momentum, a pytree; may be 0, where the velocity is 0.
        power: b > 1, with 1/a + 1/b = 1.

    Returns:
        The velocity, a pytree like p.
    """
    # BEGIN SOLUTION
    a = power / (power - 1)
    square = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(p))
    moving = square > 0
    factor = jnp.where(moving, jnp.where(moving, square, 1) ** (a / 2 - 1), 0)
    return jax.tree.map(lambda leaf: factor * leaf, p)
    # END SOLUTION


def lyapunov_slope(potential, kinetic, x, p, friction: float, beta: float) -> Array:
    """The derivative in time of V = f(x) + k(p) + beta <x, p> along the flow.

    Args:
        potential: f, a function x -> scalar.
        kinetic: k, a function p -> scalar, differentiable at p.
        x, p: position and momentum, pytrees of one structure.
        friction: gamma.
        beta: the weight of the cross term.

    Returns:
        dV/dt, a scalar.
    """
    # BEGIN SOLUTION
    force = jax.grad(potential)(x)
    x_dot = jax.grad(kinetic)(p)
    p_dot = jax.tree.map(lambda g, p: -g - friction * p, force, p)

    def V(x, p):
        cross = sum(jax.tree.leaves(jax.tree.map(lambda x, p: jnp.sum(x * p), x, p)))
        return potential(x) + kinetic(p) + beta * cross

    return jax.jvp(V, (x, p), (x_dot, p_dot))[1]
    # END SOLUTION


def first_explicit(potential, velocity, x_0, p_0, step_size: float, friction: float, num_steps: int):
    """The path of the first explicit method: momentum, then position.

    Args:
        potential: f, a function x -> scalar.
        velocity: the function p -> grad k(p).
        x_0, p_0: the start, pytrees of one structure.
        step_size: eps, of any sign.
        friction: gamma.
        num_steps: the number of steps, T >= 0.

    Returns:
        x_0 .. x_T and p_0 .. p_T: two pytrees like x_0, each leaf with a new first axis of T + 1.
    """
    # BEGIN SOLUTION
    def step(state, _):
        x, p = state
        g = jax.grad(potential)(x)
        p = jax.tree.map(lambda p, g: (p - step_size * g) / (1 + friction * step_size), p, g)
        x = jax.tree.map(lambda x, v: x + step_size * v, x, velocity(p))
        return (x, p), state

    return jax.lax.scan(step, (x_0, p_0), length=num_steps + 1)[1]
    # END SOLUTION


def second_explicit(potential, velocity, x_0, p_0, step_size: float, friction: float, num_steps: int):
    """The path of the second explicit method: position, then momentum.

    Args:
        potential, velocity, x_0, p_0, step_size, friction, num_steps: as above.

    Returns:
        x_0 .. x_T and p_0 .. p_T, as above.
    """
    # BEGIN SOLUTION
    def step(state, _):
        x, p = state
        x = jax.tree.map(lambda x, v: x + step_size * v, x, velocity(p))
        g = jax.grad(potential)(x)
        p = jax.tree.map(lambda p, g: (1 - friction * step_size) * p - step_size * g, p, g)
        return (x, p), state

    return jax.lax.scan(step, (x_0, p_0), length=num_steps + 1)[1]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_hamiltonian_descent(
    PAPER, matched_velocity, lyapunov_slope, first_explicit, second_explicit
):
    import jax.numpy as jnp

    if PAPER != "hamiltonian_descent":
        return
    x, p = {"w": jnp.ones(3)}, {"w": jnp.arange(1.0, 4.0)}
    square = lambda z: jnp.sum(z["w"] ** 2) / 2
    assert matched_velocity is not None, "q1: matched_velocity isn't defined"
    v = matched_velocity(p, 4.0)
    assert v is not None, "q1: matched_velocity returns nothing yet"
    assert jnp.shape(v["w"]) == (3,), "q1: matched_velocity returns a pytree like p"
    slope = lyapunov_slope(square, square, x, p, 1.0, 0.1)
    assert slope is not None, "q1: lyapunov_slope returns nothing yet"
    assert jnp.shape(slope) == (), "q1: lyapunov_slope returns a scalar"
    for name, method in (("first", first_explicit), ("second", second_explicit)):
        path = method(square, lambda p: p, x, p, 0.1, 1.0, 5)
        assert path is not None, f"q1: {name}_explicit returns nothing yet"
        assert len(path) == 2, f"q1: {name}_explicit returns positions and momenta"
        shapes = [jnp.shape(part["w"]) for part in path]
        assert shapes == [(6, 3), (6, 3)], f"q1: the path of {name}_explicit has shapes {shapes}"

# %% [raw]
# # END TESTS

# %% [markdown]
# The loss $\|x\|^4/4$ in five dimensions, from three starts that are powers of ten apart. With the matched kinetic energy the particle swings
# through the minimum, and the loss falls along parallel straight lines: the same share of it goes in each hundred
# steps, at every scale. Plain momentum, with the same step and friction, soon stands nearly still. In the end it follows the power
# law $\gamma^2/16t^2$ (dotted), and from the nearest start even that is far off: the loss doesn't move.

# %%
if PAPER == "hamiltonian_descent":
    hd_direction = jnp.asarray(np.random.default_rng(2).standard_normal(5))
    hd_direction /= jnp.linalg.norm(hd_direction)
    hd_f = lambda x: jnp.sum(x**2) ** 2 / 4
    hd_t = 0.1 * np.arange(1, 401)
    fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained", sharey=True)
    for ax, hd_name, hd_velocity in (
        (axes[0], "matched, $|p|^{4/3}$", lambda p: matched_velocity(p, 4.0)),
        (axes[1], "plain momentum, $|p|^2$", lambda p: p),
    ):
        for hd_size in (1.0, 0.1, 0.01):
            hd_start = hd_size * hd_direction
            hd_x, _ = first_explicit(
                hd_f, hd_velocity, hd_start, jnp.zeros(5), 0.1, 1.0, 400
            )
            ax.semilogy(hd_t, jax.vmap(hd_f)(hd_x)[1:], label=f"$|x_0|$ = {hd_size:g}")
        ax.set(xlabel=r"time $\varepsilon i$", title=hd_name)
    axes[1].semilogy(hd_t, 1 / (16 * hd_t**2), "k:")
    axes[0].set(ylabel="loss", ylim=(1e-24, 1))
    axes[1].legend()
    plt.show()

# %% [markdown]
# ## `"reversible_learning"`: hypergradients by running training backwards
#
# Maclaurin, Duvenaud and Adams, *Gradient-based hyperparameter optimization through reversible learning* (ICML 2015). Backpropagation
# through a whole training run gives the derivative of the validation loss in *every* hyperparameter, the step size of each single
# step included. It needs all weights on the way, last ones first, and storing them takes too much memory. The paper
# doesn't store them: descent with momentum can be run backwards.
#
# **Why not in floating point.** Going back divides the velocity by the momentum $\gamma<1$ in each step. That magnifies rounding by
# $\gamma^{-T}$ in $T$ steps: forwards, momentum *forgets*, and what it has forgotten isn't there any more. So the paper computes with
# integers, and keeps exactly the bits that a multiplication by $\gamma$ destroys.
#
# **Numbers.** Weights and velocity are arrays of integers, shape $(P,)$; the integer $q$ stands for $q/2^{24}$. `given.to_fixed`, `given.to_real`
# go from reals to integers (to the nearest, ties to even) and back. `given.fixed_slope(loss, w)` is the gradient at integer weights, in integers: it
# gives the same bits whenever it is asked at the same $w$. Sums of integers are exact.
#
# **The exact product.** The momentum is a fraction, $\gamma=n/d$ with whole numbers $0<n\le d$. Each entry $v$ has a *remainder* $r\ge0$ beside it, an
# integer that serves as a stack of digits. To multiply $v$ by $n/d$:
# 1. push the digit $v\bmod d$ on the stack, in base $d$: $\;r\leftarrow r\,d+(v\bmod d)$;
# 2. pop a digit in base $n$ from it, and let it fill the gap that the multiplication leaves:
#    $\;v\leftarrow\lfloor v/d\rfloor\,n+(r\bmod n)$, and then $r\leftarrow\lfloor r/n\rfloor$.
#
# Division rounds *down* and $v\bmod d$ lies in $[0,d)$, for negative $v$ too (Python's `//` and `%`). Nothing is lost: the same two
# steps with $n$ and $d$ exchanged undo it (show it). The stack grows by the factor $d/n$ a step, which is all that it can
# be: $\log_2(d/n)$ bits a step and entry, 0.15 at $\gamma=0.9$. Here a stack has to fit into one integer of 64 bits, enough for some 350 such
# steps; the paper cuts it into words.
#
# **The run**, from $w_0$ with $v_0=0$, $r_0=0$, for $t=0,\dots,T-1$:
# $$(v,r)\leftarrow\text{exact product of }(v_t,r_t)\text{ by }n/d,\qquad v_{t+1}=v-\nabla L(w_t),\qquad
#   w_{t+1}=w_t+\operatorname{round}(\alpha_tv_{t+1}),$$
# with the integer gradient, the integer $v_{t+1}$ times the real $\alpha_t$ rounded as by `jnp.round`, and $r_{t+1}=r$. (The paper multiplies the
# gradient by $1-\gamma$; here it isn't.) Backwards, the last change is undone first.
#
# **Hypergradients.** Let $E(w_T)$ be the validation loss, a function of *real* weights. Write down the adjoints $\bar w_t$ and $\bar v_t$, the derivatives of
# $E$ in $w_t$ and $v_t$ with all rounding taken for the identity, as a recursion from $\bar w_T=\nabla E$, $\bar v_T=0$ backwards. It needs $w_t$ and
# $v_{t+1}$ in each step, which the reversal supplies, and one Hessian-vector product at $w_t$. On the way it yields
# $dE/d\alpha_t$; at its end, $\bar w_0$ is the derivative in the initial weights.
#
# *Hidden tests:* the exact product, negative velocities and $n=1$, $n=d$ among them, in 32 bits (3 points), undone by itself (3 points);
# a run of which all bits are known (4 points), and one that is compared with floating point (2 points); that state brought back to its
# beginning, every bit (4 points), and the end of a run of 120 steps of your own (4 points); hypergradients of two runs, one
# with $\gamma=1/3$ and 38 steps, against backpropagation through all steps, 3 digits (3 points each); cost and memory of 200
# steps with 400 weights: at most $8T+10$ gradients, and 150 kB (4 points).

# %% [raw]
# # BEGIN SOLUTION

# %%
def exact_product(v: Array, r: Array, n: int, d: int) -> tuple[Array, Array]:
    """The integers v times n / d, with the remainders that make it reversible.

    Args:
        v: integers, shape (P,).
        r: remainders, integers of at least 0, shape (P,).
        n, d: whole numbers, at least 1.

    Returns:
        The new v and the new r.
    """
    # BEGIN SOLUTION
    r = r * d + v % d
    return v // d * n + r % n, r // n
    # END SOLUTION


def train_reversibly(loss, w_0: Array, step_sizes: Array, n: int, d: int):
    """Descent with momentum n / d in integers, from rest.

    Args:
        loss: a function of real weights -> scalar.
        w_0: integer weights, shape (P,).
        step_sizes: alpha_0 .. alpha_{T-1}, real, shape (T,).
        n, d: the momentum n / d.

    Returns:
        w_T, v_T and r_T: integers, shape (P,) each.
    """
    # BEGIN SOLUTION
    def step(state, alpha):
        w, v, r = state
        v, r = exact_product(v, r, n, d)
        v = v - given.fixed_slope(loss, w)
        return (w + jnp.round(alpha * v).astype(w.dtype), v, r), None

    zero = jnp.zeros_like(w_0)
    return jax.lax.scan(step, (w_0, zero, zero), step_sizes)[0]
    # END SOLUTION


def untrain(loss, w: Array, v: Array, r: Array, step_sizes: Array, n: int, d: int):
    """The state before all of these steps, from the state after them.

    Args:
        loss, step_sizes, n, d: as above.
        w, v, r: w_T, v_T and r_T.

    Returns:
        w_0, v_0 and r_0, bit for bit.
    """
    # BEGIN SOLUTION
    def back(state, alpha):
        w, v, r = state
        w = w - jnp.round(alpha * v).astype(w.dtype)
        return (w, *exact_product(v + given.fixed_slope(loss, w), r, d, n)), None

    return jax.lax.scan(back, (w, v, r), step_sizes, reverse=True)[0]
    # END SOLUTION


def reversed_hypergradients(loss, outer_loss, w_0: Array, step_sizes: Array, n: int, d: int):
    """Derivatives of the validation loss after training, without the weights on the way in store.

    Args:
        loss, w_0, step_sizes, n, d: as above.
        outer_loss: E, a function of real weights -> scalar.

    Returns:
        dE / dw_0, real, shape (P,), and dE / dalpha_0 .. dE / dalpha_{T-1}, real, shape (T,).
    """
    # BEGIN SOLUTION
    end = train_reversibly(loss, w_0, step_sizes, n, d)

    def back(carry, alpha):
        state, w_bar, v_bar = carry
        slope = w_bar @ given.to_real(state[1])
        v_bar = v_bar + alpha * w_bar
        state = untrain(loss, *state, alpha[None], n, d)
        _, push = jax.linearize(jax.grad(loss), given.to_real(state[0]))
        return (state, w_bar - push(v_bar), n / d * v_bar), slope

    w_bar = jax.grad(outer_loss)(given.to_real(end[0]))
    start = end, w_bar, jnp.zeros_like(w_bar)
    (_, w_bar, _), slopes = jax.lax.scan(back, start, step_sizes, reverse=True)
    return w_bar, slopes
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_reversible_learning(
    PAPER, exact_product, train_reversibly, untrain, reversed_hypergradients
):
    import jax.numpy as jnp

    if PAPER != "reversible_learning":
        return
    w, alphas = jnp.array([2**24, -(2**23), 77]), jnp.full(4, 0.1)
    loss = lambda w: jnp.sum(w**2)
    assert exact_product is not None, "q1: exact_product isn't defined"
    product = exact_product(w, jnp.zeros_like(w), 2, 3)
    assert product is not None, "q1: exact_product returns nothing yet"
    assert len(product) == 2, "q1: exact_product returns the new v and the new r"
    end = train_reversibly(loss, w, alphas, 2, 3)
    assert end is not None, "q1: train_reversibly returns nothing yet"
    assert len(end) == 3, "q1: train_reversibly returns w_T, v_T and r_T"
    start = untrain(loss, *end, alphas, 2, 3)
    assert start is not None, "q1: untrain returns nothing yet"
    assert len(start) == 3, "q1: untrain returns w_0, v_0 and r_0"
    for part in (*product, *end, *start):
        assert jnp.shape(part) == (3,), "q1: weights, velocities and remainders have shape (P,)"
        assert jnp.asarray(part).dtype == w.dtype, f"q1: they are integers, of type {w.dtype}"
    slopes = reversed_hypergradients(loss, loss, w, alphas, 2, 3)
    assert slopes is not None, "q1: reversed_hypergradients returns nothing yet"
    assert len(slopes) == 2, "q1: reversed_hypergradients returns derivatives in w_0 and alpha"
    shapes = [jnp.shape(part) for part in slopes]
    assert shapes == [(3,), (4,)], f"q1: the derivatives have shapes {shapes}"

# %% [raw]
# # END TESTS

# %% [markdown]
# On the left, training with $\gamma=0.8$ is run forwards and then back to its start, in integers and in float64; what is shown is the largest
# distance from $w_0$ at the end. In integers it is 0 for every length. In float64 it grows by nearly $1/0.8$ a step: of the
# 15 digits, twelve are gone after 160 steps. On the right, the hypergradients of all step sizes of a run of 100, from one pass backwards. All
# are negative, so every step should be longer, the late ones above all: what the first ones miss, the others make good.

# %%
if PAPER == "reversible_learning":
    rl_run = given.training_run(size=20, examples=40, seed=4)

    def rl_float_error(num_steps, gamma=0.8, alpha=0.1):
        w_start = w = given.to_real(rl_run.w_0)
        slope = jax.grad(rl_run.loss)

        def forth(i, state):
            w, v = state
            v = gamma * v - slope(w)
            return w + alpha * v, v

        def back(i, state):
            w, v = state
            w = w - alpha * v
            return w, (v + slope(w)) / gamma

        state = jax.lax.fori_loop(0, num_steps, forth, (w, jnp.zeros_like(w)))
        return jnp.max(jnp.abs(jax.lax.fori_loop(0, num_steps, back, state)[0] - w_start))

    rl_lengths, rl_errors = (10, 40, 70, 100, 130, 160), []
    for rl_steps in rl_lengths:
        rl_alphas = jnp.full(rl_steps, 0.1)
        rl_end = train_reversibly(rl_run.loss, rl_run.w_0, rl_alphas, 4, 5)
        rl_back = untrain(rl_run.loss, *rl_end, rl_alphas, 4, 5)[0]
        rl_errors.append([rl_float_error(rl_steps), np.max(np.abs(rl_back - rl_run.w_0))])
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    for rl_error, rl_name in zip(np.array(rl_errors).T, ("float64", "integers"), strict=True):
        left.plot(rl_lengths, np.log10(rl_error + 1e-20), "o-", label=rl_name)
    left.set(xlabel="steps", ylabel="log10 (error of $w_0$ + 1e-20)", title="There and back again")
    left.legend()
    _, rl_slopes = reversed_hypergradients(
        rl_run.loss, rl_run.outer_loss, rl_run.w_0, jnp.full(100, 0.1), 4, 5
    )
    right.plot(rl_slopes, ".-")
    right.axhline(0, color="0.6", lw=1)
    right.set(xlabel="step t", ylabel=r"$dE/d\alpha_t$", title="Hypergradients of 100 step sizes")
    plt.show()

# %% [markdown]
# ## `"influence_functions"`: which examples a prediction rests on
#
# Koh and Liang, *Understanding black-box predictions via influence functions* (ICML 2017). Why does a
# model predict what it does? Robust statistics asked in the 1970s how an estimate moves when one observation gets
# a little more weight. The paper brings that derivative to models with many parameters: products with the Hessian are all
# that it takes, and one linear system serves all training examples. It finds mislabelled examples, and inputs
# that an attacker would change.
#
# **Conventions.** The training objective is
# $$J(w)=\frac1N\sum_{n=1}^N L_n(w)+\frac\lambda2\lVert w\rVert^2,\qquad H=\nabla^2J(w),$$
# with *all* entries of $w$ in the norm. The penalty belongs to $J$ and not to an example: $g_n=\nabla L_n(w)$ has no
# $\lambda w$ in it, and $H$ contains $\lambda I$. One example $z$ gets the extra weight $\varepsilon$,
# $w(\varepsilon)=\arg\min_w J(w)+\varepsilon L_z(w)$, and at $\varepsilon=0$
# $$\frac{dw}{d\varepsilon}=-H^{-1}g_z,\qquad
#   \mathcal I(z)=\frac{d}{d\varepsilon}L_{\rm test}(w(\varepsilon))=-g_{\rm test}^\top H^{-1}g_z .$$
# There is no $1/N$ in either, and $L_{\rm test}$ has no penalty. Where $\mathcal I(z)>0$, more of $z$ makes the
# test loss worse. $H$ is symmetric, so that one solve, $s=H^{-1}g_{\rm test}$, gives all $N$ influences. Where $w$
# is no minimum (a network stopped early), the same formulas are used, with $\lambda$ large enough for $H$ to be positive
# definite.
#
# **Solving without $H$.** By conjugate gradient, begun at $x_0=0$, with one Hessian-vector product a step. After `num_steps`
# steps it returns $x_k$, and once it has converged it stays where it is, rather than divide 0 by 0.
#
# **Leaving an example out** is $\varepsilon=-1/N$: the others keep their $1/N$, and $J$ its $\lambda$. So the
# test loss changes by about $-\mathcal I(z)/N$, with an error of $O(1/N^2)$: a finite step, of which the
# influence is the first order. For ridge regression, $L_n=\frac12(\phi_n^\top w-t_n)^2$, the rest is known. The influence's
# step, divided by $1-h_n$, is *exact*, where the leverage $h_n=d\hat y_n/dt_n$ says how
# much the fit $\hat y_n=\phi_n^\top w$ follows its own target. Derive it (removing an example changes $NH$ by a matrix of
# rank one), and mind where $N$ stands in $h_n$.
#
# *Hidden tests:* all in float32: the parameters' derivative for a softmax classifier with weights in a pytree (4 points) and for one
# with a single example (2 points), and the solver, after fewer steps than there are weights and after
# many more, also for $v=0$ (1 point each); the influences of a classifier's examples (4 points), of regression with $\lambda=0$ after a linear change of the
# features, which must not change them (3 points), and to 12 digits (3 points); cost and memory (5 points): for $m$ steps of
# conjugate gradient and 100 examples, at most $5m+10$ gradients of the mean loss, and 350 kB, which are enough for
# neither $H$ nor all $g_n$; leaving out each example of a ridge regression, to 9 digits: more examples than features (4 points),
# and fewer (3 points). Apart from the tests of the solver and of cost, there are twice as many steps as weights.

# %% [raw]
# # BEGIN SOLUTION

# %%
def inverse_hessian_product(losses, w, penalty: float, v, num_steps: int):
    """An approximation of H^-1 v by conjugate gradient.

    Args:
        losses: the function w -> L_1 .. L_N, an array of shape (N,).
        w: the parameters, a pytree.
        penalty: lambda.
        v: a pytree like w; may be 0.
        num_steps: the number of steps.

    Returns:
        The iterate x_k with k = num_steps, from x_0 = 0: a pytree like w.
    """
    # BEGIN SOLUTION
    slope = jax.grad(lambda u: jnp.mean(losses(u)))
    b, unravel = ravel_pytree(v)
    enough = jnp.finfo(b.dtype).eps ** 2 * (b @ b)

    def product(flat):
        direction = unravel(flat)
        return ravel_pytree(jax.jvp(slope, (w,), (direction,))[1])[0] + penalty * flat

    def step(_, state):
        x, r, p = state
        rr = r @ r
        goes_on = rr > enough
        Hp = product(p)
        alpha = jnp.where(goes_on, rr / jnp.where(goes_on, p @ Hp, 1), 0)
        x, r = x + alpha * p, r - alpha * Hp
        return x, r, r + jnp.where(goes_on, r @ r / jnp.where(goes_on, rr, 1), 0) * p

    return unravel(jax.lax.fori_loop(0, num_steps, step, (jnp.zeros_like(b), b, b))[0])
    # END SOLUTION


def parameter_influence(losses, w, penalty: float, n: int, num_steps: int):
    """dw/d epsilon as example n is given the extra weight epsilon.

    Args:
        losses, w, penalty, num_steps: as above.
        n: the number of the example, from 0.

    Returns:
        The derivative at epsilon = 0, a pytree like w.
    """
    # BEGIN SOLUTION
    g_n = jax.grad(lambda u: losses(u)[n])(w)
    s = inverse_hessian_product(losses, w, penalty, g_n, num_steps)
    return jax.tree.map(jnp.negative, s)
    # END SOLUTION


def influences_on_test_loss(losses, test_loss, w, penalty: float, num_steps: int) -> Array:
    """The influences of all training examples on a test loss.

    Args:
        losses, w, penalty, num_steps: as above.
        test_loss: the function w -> scalar.

    Returns:
        d test_loss / d epsilon for each example, an array of shape (N,).
    """
    # BEGIN SOLUTION
    s = inverse_hessian_product(losses, w, penalty, jax.grad(test_loss)(w), num_steps)
    return -jax.jvp(losses, (w,), (s,))[1]
    # END SOLUTION


def ridge_leave_one_out(Phi: Array, t: Array, penalty: float) -> Array:
    """The exact solutions of a ridge regression without each of its examples.

    Args:
        Phi: the inputs, a row for each example, shape (N, D).
        t: the targets, shape (N,).
        penalty: lambda.

    Returns:
        The minima, shape (N, D): row n minimises J without L_n, with the 1/N and the lambda of J.
    """
    # BEGIN SOLUTION
    N, D = Phi.shape
    columns = jnp.linalg.solve(Phi.T @ Phi + N * penalty * jnp.eye(D), Phi.T)
    w = columns @ t
    leverages = jnp.sum(Phi.T * columns, axis=0)
    return w - (columns * (t - Phi @ w) / (1 - leverages)).T
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_influence_functions(
    PAPER,
    inverse_hessian_product,
    parameter_influence,
    influences_on_test_loss,
    ridge_leave_one_out,
):
    import jax
    import jax.numpy as jnp
    import paper_given as given

    if PAPER != "influence_functions":
        return
    problem = given.influence_classifier(examples=7, features=2, classes=3, seed=0)
    losses, w, shapes = problem.losses, problem.w, jax.tree.map(jnp.shape, problem.w)
    assert inverse_hessian_product is not None, "q1: inverse_hessian_product isn't defined"
    x = inverse_hessian_product(losses, w, 0.1, w, 2)
    assert x is not None, "q1: inverse_hessian_product returns nothing yet"
    assert jax.tree.map(jnp.shape, x) == shapes, "q1: inverse_hessian_product gives a pytree like w"
    moved = parameter_influence(losses, w, 0.1, 0, 2)
    assert moved is not None, "q1: parameter_influence returns nothing yet"
    assert jax.tree.map(jnp.shape, moved) == shapes, "q1: parameter_influence gives a pytree like w"
    influences = influences_on_test_loss(losses, problem.test_loss, w, 0.1, 2)
    assert influences is not None, "q1: influences_on_test_loss returns nothing yet"
    assert jnp.shape(influences) == (7,), "q1: influences_on_test_loss gives one for each example"
    rows = ridge_leave_one_out(jnp.ones((4, 2)), jnp.ones(4), 0.5)
    assert rows is not None, "q1: ridge_leave_one_out returns nothing yet"
    assert jnp.shape(rows) == (4, 2), "q1: ridge_leave_one_out has shape (N, D)"

# %% [raw]
# # END TESTS

# %% [markdown]
# How good is the prediction of what leaving out one example does? Left, a softmax classifier, trained anew without each
# of 40 examples, and the change of one test point's loss. Right, ridge regression with 5 features: the sizes of
# the exact changes and of the predictions' errors, averaged over examples and 30 draws, for growing $N$.
# The points lie near the line, with the largest changes underestimated: these are the examples with much leverage.
# The error falls like $1/N^2$, a factor of $N$ faster than the changes themselves.

# %%
if PAPER == "influence_functions":
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    setting = dict(examples=40, features=3, classes=3, seed=5, penalty=0.01, tests=1)
    trained = given.influence_classifier(**setting)
    predicted = -influences_on_test_loss(
        trained.losses, trained.test_loss, trained.w, trained.penalty, 24
    ) / 40
    actual = np.array([
        trained.test_loss(given.influence_classifier(**setting, without=n).w)
        - trained.test_loss(trained.w)
        for n in range(40)
    ])
    ends = [min(actual), max(actual)]
    left.plot(ends, ends, color="0.6", lw=1)
    left.plot(actual, predicted, ".")
    left.set(xlabel="change of the test loss, trained anew", ylabel="predicted: $-\\mathcal{I}/N$")
    left.set_title("A classifier without one example")

    @jax.jit
    def ridge_influences(Phi, t, w, x, y):
        return influences_on_test_loss(
            lambda w: (Phi @ w - t) ** 2 / 2, lambda w: (x @ w - y) ** 2 / 2, w, 0.1, 10
        )

    rng, sizes, errors, changes = np.random.default_rng(0), [10, 20, 40, 80, 160, 320], [], []
    for size in sizes:
        found = []
        for _ in range(30):
            Phi = rng.standard_normal((size + 1, 5))
            t = Phi @ np.ones(5) + rng.standard_normal(size + 1)
            Phi, t, x, y = Phi[:-1], t[:-1], Phi[-1], t[-1]
            w = np.linalg.solve(Phi.T @ Phi / size + 0.1 * np.eye(5), Phi.T @ t / size)
            without = np.asarray(ridge_leave_one_out(jnp.asarray(Phi), jnp.asarray(t), 0.1))
            exact = (without @ x - y) ** 2 / 2 - (w @ x - y) ** 2 / 2
            linear = -np.asarray(ridge_influences(Phi, t, w, x, y)) / size
            found.append((np.mean(abs(linear - exact)), np.mean(abs(exact))))
        errors.append(np.mean(found, axis=0)[0])
        changes.append(np.mean(found, axis=0)[1])
    right.loglog(sizes, changes, "o-", label="change")
    right.loglog(sizes, errors, "o-", label="error of the prediction")
    right.loglog(sizes, errors[2] * (40 / np.array(sizes)) ** 2, "k:", label="$1/N^2$")
    right.set(xlabel="examples $N$", title="Ridge regression")
    right.legend()
    plt.show()

# %% [markdown]
# ## `"deep_equilibrium"`: a network as the solution of an equation
#
# Bai, Kolter and Koltun, *Deep equilibrium models* (NeurIPS 2019). A network that repeats one layer tends to a fixed
# point, if it tends to anything. The paper takes that point as the definition of the output and leaves it to a
# root finder to get there. So depth is no longer a number of layers but a tolerance, and training needs the memory of
# one layer. What it turns on are two equations, and how they are solved.
#
# **The equilibrium.** For a layer $f(z,\theta)$ with states $z$ of any shape, $z_\star=f(z_\star,\theta)$. Let
# $J=\partial f/\partial z$ and $F=\partial f/\partial\theta$ at $(z_\star,\theta)$, both sides flattened. Then
# $$\frac{dz_\star}{d\theta}=(I-J)^{-1}F .$$
# Read from the right, with a change $\dot\theta$ of the parameters, it is a linear system with Jacobian-vector products,
# $\dot z=J\dot z+F\dot\theta$. Read from the left, with $g=\nabla_z\ell$, it is the backward pass: the *adjoint*
# $u=J^\top u+g$, and $F^\top u$ for the gradient. Nothing here asks how $z_\star$ was found. And nothing asks that
# $z\mapsto f(z,\theta)$ contracts: the equations are regular if 1 is no eigenvalue of $J$, while iterating them converges
# only if all are smaller than 1 in modulus.
#
# **Anderson acceleration** solves $z=f(z)$ for such maps too. With $r_k=f(z_k)-z_k$ and a memory of $m\ge1$, let the columns
# of $\Delta Z_k$ and $\Delta R_k$ be the changes $z_{i+1}-z_i$ and $r_{i+1}-r_i$ of the last $\min(m,k)$ steps,
# $i=k-\min(m,k),\dots,k-1$. Then
# $$z_{k+1}=z_k+r_k-(\Delta Z_k+\Delta R_k)\,\gamma_k,\qquad
#   \gamma_k=\arg\min_\gamma\lVert r_k-\Delta R_k\gamma\rVert ,$$
# with the Euclidean norm over all entries of the state, and $z_1=f(z_0)$. If $f$ is affine and $m$ is at least the number $D$ of
# entries, it ends after $D+1$ steps. Close to the solution the columns are nearly dependent, and 0 once it is reached:
# take the $\gamma_k$ of least norm (as `jnp.linalg.lstsq` does), so that $z$ stays where it is.
#
# **The linear systems** are fixed-point equations as well. Solve them by the same function: that of the adjoint is started at
# $u_0=g$, that of $\dot z$ at $F\dot\theta$.
#
# **Reuse.** From one update of $\theta$ to the next the equilibrium moves little, so the solver is started at the last one.
# Then the start's error is $O(\lVert\dot\theta\rVert)$. The prediction $z_\star+\dot z$ has $O(\lVert\dot\theta\rVert^2)$,
# for a linear solve.
#
# *Hidden tests:* the solver's iterate after few steps, with a memory that is full, one that isn't, and a single number as the state
# (1 point each); affine maps at which plain iteration runs away, many steps, also begun at the solution
# (3 points), and a tanh layer's equilibrium (3 points), to 9 digits; the adjoint in float32, for a layer whose plain iteration
# runs away (4 points), and for the relaxed layer $(1-\beta)z+\beta f(z,\theta)$, which has the same equilibrium (3 points); the
# prediction to 12 digits (4 points) and for no change (2 points); the update: after few steps of the solver (3 points), after many (2 points), its cost
# and memory (3 points) for $K=60$ steps with $m=3$: at most $10K+40$ evaluations of the layer, and no more than 40 states take. In all
# other tests with many steps the memory holds as many changes as the state has entries.

# %% [raw]
# # BEGIN SOLUTION

# %%
def anderson(f, z_0: Array, memory: int, num_steps: int) -> Array:
    """The iterate of Anderson acceleration for z = f(z).

    Args:
        f: the function z -> f(z), of z's shape.
        z_0: the start, an array of any shape.
        memory: the number m >= 1 of changes that are kept.
        num_steps: the number K of steps.

    Returns:
        z_K, an array like z_0.
    """
    # BEGIN SOLUTION
    def residual(z):
        return f(z.reshape(z_0.shape)).ravel() - z

    def step(k, state):
        z, r, dZ, dR = state
        gamma = jnp.linalg.lstsq(dR.T, r)[0]
        z_next = z + r - gamma @ (dZ + dR)
        r_next = residual(z_next)
        dZ, dR = dZ.at[k % memory].set(z_next - z), dR.at[k % memory].set(r_next - r)
        return z_next, r_next, dZ, dR

    z, empty = z_0.ravel(), jnp.zeros((memory, z_0.size), z_0.dtype)
    state = (z, residual(z), empty, empty)
    return jax.lax.fori_loop(0, num_steps, step, state)[0].reshape(z_0.shape)
    # END SOLUTION


def equilibrium_adjoint(f, z: Array, theta, g: Array, memory: int, num_steps: int) -> Array:
    """The solution u of u = J^T u + g, with J = df/dz at (z, theta).

    Args:
        f: the layer (z, theta) -> next z.
        z: the equilibrium.
        theta: the parameters, a pytree.
        g: an array like z.
        memory, num_steps: those of `anderson`, which is started at g.

    Returns:
        u, an array like z.
    """
    # BEGIN SOLUTION
    _, pull_back = jax.vjp(lambda z: f(z, theta), z)
    return anderson(lambda u: pull_back(u)[0] + g, g, memory, num_steps)
    # END SOLUTION


def predicted_equilibrium(f, z: Array, theta, change, memory: int, num_steps: int) -> Array:
    """The equilibrium at theta + change, to first order in the change.

    Args:
        f, theta: as above.
        z: the equilibrium at theta.
        change: a pytree like theta.
        memory, num_steps: those of `anderson` for the linear system.

    Returns:
        z + (I - J)^-1 F change, an array like z.
    """
    # BEGIN SOLUTION
    driven = jax.jvp(lambda theta: f(z, theta), (theta,), (change,))[1]
    _, push = jax.linearize(lambda z: f(z, theta), z)
    return z + anderson(lambda dz: push(dz) + driven, driven, memory, num_steps)
    # END SOLUTION


def equilibrium_update(
    f, loss, z: Array, theta, step_size: float, memory: int, num_steps: int
):
    """One step of gradient descent on loss(z*(theta), theta), from the last equilibrium.

    Args:
        f: the layer (z, theta) -> next z.
        loss: the function (z, theta) -> scalar; may depend on theta directly, too.
        z: the last equilibrium, where the solver starts.
        theta: the parameters, a pytree.
        step_size: alpha.
        memory, num_steps: those of `anderson`, for the equilibrium and again for the adjoint.

    Returns:
        The equilibrium at theta (where the solver ended), and theta - alpha times the gradient.
    """
    # BEGIN SOLUTION
    z = anderson(lambda z: f(z, theta), z, memory, num_steps)
    g, direct = jax.grad(loss, argnums=(0, 1))(z, theta)
    u = equilibrium_adjoint(f, z, theta, g, memory, num_steps)
    _, pull_back = jax.vjp(lambda theta: f(z, theta), theta)
    gradient = jax.tree.map(jnp.add, direct, pull_back(u)[0])
    return z, jax.tree.map(lambda p, d: p - step_size * d, theta, gradient)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_deep_equilibrium(
    PAPER, anderson, equilibrium_adjoint, predicted_equilibrium, equilibrium_update
):
    import jax
    import jax.numpy as jnp
    import paper_given as given

    if PAPER != "deep_equilibrium":
        return
    model = given.equilibrium_layer(examples=3, inputs=2, units=2, seed=0, strength=0.5)
    f, z, theta = model.layer, model.z_0, model.theta
    assert anderson is not None, "q1: anderson isn't defined"
    found = anderson(lambda z: z / 2 + 1, z, 2, 3)
    assert found is not None, "q1: anderson returns nothing yet"
    assert jnp.shape(found) == (3, 2), "q1: anderson returns an array like z_0"
    u = equilibrium_adjoint(f, z, theta, jnp.ones((3, 2)), 2, 3)
    assert u is not None, "q1: equilibrium_adjoint returns nothing yet"
    assert jnp.shape(u) == (3, 2), "q1: equilibrium_adjoint returns an array like z"
    ahead = predicted_equilibrium(f, z, theta, theta, 2, 3)
    assert ahead is not None, "q1: predicted_equilibrium returns nothing yet"
    assert jnp.shape(ahead) == (3, 2), "q1: predicted_equilibrium returns an array like z"
    pair = equilibrium_update(f, model.loss, z, theta, 0.1, 2, 3)
    assert pair is not None, "q1: equilibrium_update returns nothing yet"
    assert len(pair) == 2, "q1: equilibrium_update returns the equilibrium and the parameters"
    shapes = jax.tree.map(jnp.shape, list(pair))
    assert shapes == [(3, 2), jax.tree.map(jnp.shape, theta)], "q1: shapes are those of z and theta"

# %% [raw]
# # END TESTS

# %% [markdown]
# Left, a layer whose Jacobian has an eigenvalue of modulus 2.4 at the equilibrium. Plain iteration gets nowhere;
# Anderson acceleration converges, and the faster, the more it remembers. Right, along 30 updates, how far the start of
# the solver is from the new equilibrium: the last equilibrium is a hundred times nearer than 0, and the prediction
# a thousand times nearer still.

# %%
if PAPER == "deep_equilibrium":
    model = given.equilibrium_layer(examples=2, inputs=3, units=4, seed=0, strength=3.0)

    @partial(jax.jit, static_argnums=(1, 2))
    def residual_after(theta, memory, num_steps):
        z = model.z_0
        if memory == 0:
            z = jax.lax.fori_loop(0, num_steps, lambda _, z: model.layer(z, theta), z)
        else:
            z = anderson(lambda z: model.layer(z, theta), z, memory, num_steps)
        return jnp.linalg.norm(model.layer(z, theta) - z)

    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for memory, label in ((0, "plain iteration"), (2, "memory 2"), (4, "memory 4"), (8, "memory 8")):
        lengths = range(1, 26, 6)
        residuals = [residual_after(model.theta, memory, length) for length in lengths]
        left.semilogy(lengths, np.maximum(residuals, 1e-17), "o-", label=label)
    left.set(xlabel="steps", ylabel="residual $|f(z)-z|$", title="Where plain iteration fails")
    left.legend()

    update = jax.jit(lambda z, theta: equilibrium_update(
        model.layer, model.loss, z, theta, 0.05, 8, 20
    ))
    predict = jax.jit(lambda z, theta, change: predicted_equilibrium(
        model.layer, z, theta, change, 8, 20
    ))
    z_last, theta_next = update(model.z_0, model.theta)
    theta_last, distances = model.theta, []
    for _ in range(30):
        change = jax.tree.map(jnp.subtract, theta_next, theta_last)
        ahead = predict(z_last, theta_last, change)
        z_new, theta_newer = update(ahead, theta_next)
        distances.append([jnp.linalg.norm(start - z_new) for start in (model.z_0, z_last, ahead)])
        z_last, theta_last, theta_next = z_new, theta_next, theta_newer
    for distance, label in zip(
        np.transpose(distances), ("0", "the last equilibrium", "the prediction"), strict=True
    ):
        right.semilogy(distance, label=f"from {label}")
    right.set(xlabel="update", ylabel="distance of the start", title="Starts of the solver")
    right.legend()
    plt.show()

# %% [markdown]
# ## `"maml"`: an initialisation that learns
#
# Finn, Abbeel and Levine, *Model-agnostic meta-learning for fast adaptation of deep networks* (ICML 2017). Many
# tasks, few examples of each. The paper doesn't learn a learner: it keeps gradient descent and trains where
# it starts, by differentiating through its steps. This asks nothing of the model but gradients. What the
# differentiation adds, when it may be left out, and what a good start is in the end, can be computed.
#
# **Meta-loss.** One task has a loss $L(u,\cdot)$ of the parameters $u$ and of examples: those of its *support* for adaptation, those
# of its *query* for the score. From $u_0=w$,
# $$u_{k+1}=u_k-\alpha\,\nabla L(u_k,\text{support}),\qquad k=0,\dots,K-1,\qquad
#   \mathcal M(w)=\frac1n\sum_{i=1}^n L(u_K^{(i)}(w),\text{query}_i).$$
#
# **Meta-gradient.** With $H_k$ the Hessian of the *support* loss at $u_k$ and $g=\nabla L(u_K,\text{query})$, a task contributes
# $$v_0=(I-\alpha H_0)(I-\alpha H_1)\cdots(I-\alpha H_{K-1})\,g ,$$
# in general a product of matrices that don't commute. It is computed from the right: $v_K=g$ and
# $v_k=v_{k+1}-\alpha H_kv_{k+1}$, one Hessian-vector product a step, at iterates that are stored on the way there. (This is what
# reverse mode does with the program of the adaptation; here you write it yourself.)
#
# **First order.** Leave out the product, and $g$ itself, averaged over tasks, is first-order MAML. It isn't the gradient of
# $\mathcal M$, and its error is of the order of $\alpha$:
# $$\text{first order}-\nabla\mathcal M=\alpha\,c(w)+O(\alpha^2).$$
# Find $c$: everything in it is taken at $w$, for there is no adaptation when $\alpha\to0$.
#
# **Quadratic tasks** show where meta-training goes. Let support and query of task $i$ have the same loss
# $\frac12(w-c_i)^\top A_i(w-c_i)$ with $A_i$ symmetric and positive definite. Adaptation is linear, so $\mathcal M$ is a quadratic
# too, and has a minimum in closed form. So has *joint training*, the mean loss without adaptation ($K=0$). And so has
# the place where first-order MAML comes to rest. All three are means of the $c_i$, weighted by matrices; find them. Assume
# that the sums of these matrices are regular.
#
# *Hidden tests:* the product along a path of arbitrary parameters of a network, against dense Hessians and to
# 12 digits (6 points), and a path without steps (2 points); the product's cost for $K=5$: at
# most $4K+2$ gradients (4 points); in float32, for a network on sinusoids: the meta-gradient (3 points), its first-order variant
# (2 points), both for a single task with one support example (1 point each), and the coefficient $c$ (4 points); the
# three places for quadratic tasks (2 points each), and when all tasks have the same curvature, which makes them one (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def pull_through_path(loss, path, examples, step_size: float, v):
    """The product (I - alpha H_0) .. (I - alpha H_{K-1}) v, with H_k the Hessian at path[k].

    Args:
        loss: a function of (u, examples) to a scalar.
        path: u_0 .. u_{K-1}: a pytree of parameters with a new first axis of length K >= 0. They
            may be any, not only iterates of gradient descent.
        examples: the task's examples, a pytree of arrays.
        step_size: alpha.
        v: a pytree like the parameters, without that axis.

    Returns:
        The product, a pytree like v.
    """
    # BEGIN SOLUTION
    def back(v, u):
        Hv = jax.jvp(lambda u: jax.grad(loss)(u, examples), (u,), (v,))[1]
        return jax.tree.map(lambda x, y: x - step_size * y, v, Hv), None

    return jax.lax.scan(back, v, path, reverse=True)[0]
    # END SOLUTION


def meta_gradients(loss, w, support, query, step_size: float, num_steps: int):
    """The gradient of the meta-loss, and its first-order variant.

    Args:
        loss, step_size: as above.
        w: the initialisation, a pytree.
        num_steps: the number K >= 0 of steps.
        support: the examples to adapt to; the tasks lie along the first axis of each leaf.
        query: the examples to be scored on, in the same way.

    Returns:
        Two pytrees like w: the gradient of the mean over tasks, and the first-order one.
    """
    # BEGIN SOLUTION
    def of_task(mine, scored):
        def step(u, _):
            slope = jax.grad(loss)(u, mine)
            return jax.tree.map(lambda p, d: p - step_size * d, u, slope), u

        adapted, path = jax.lax.scan(step, w, length=num_steps)
        g = jax.grad(loss)(adapted, scored)
        return pull_through_path(loss, path, mine, step_size, g), g

    return jax.tree.map(partial(jnp.mean, axis=0), jax.vmap(of_task)(support, query))
    # END SOLUTION


def first_order_gap(loss, w, support, query, num_steps: int):
    """c(w): the limit of (first order - meta-gradient) / alpha as alpha goes to 0.

    Args:
        loss, w, support, query, num_steps: as above.

    Returns:
        The coefficient, a pytree like w.
    """
    # BEGIN SOLUTION
    def of_task(mine, scored):
        g = jax.grad(loss)(w, scored)
        Hg = jax.jvp(lambda u: jax.grad(loss)(u, mine), (w,), (g,))[1]
        return jax.tree.map(lambda leaf: num_steps * leaf, Hg)

    return jax.tree.map(partial(jnp.mean, axis=0), jax.vmap(of_task)(support, query))
    # END SOLUTION


def quadratic_starts(A: Array, c: Array, step_size: float, num_steps: int):
    """Where training ends for tasks with the loss (w - c_i)^T A_i (w - c_i) / 2.

    Args:
        A: the Hessians A_i, shape (n, D, D).
        c: the minima c_i, shape (n, D).
        step_size: alpha.
        num_steps: the number K of steps of adaptation.

    Returns:
        Three arrays of shape (D,): the minimum of the mean loss without adaptation, the minimum of
        the meta-loss, and the place where the first-order gradient is 0.
    """
    # BEGIN SOLUTION
    B = jax.vmap(partial(jnp.linalg.matrix_power, n=num_steps))(jnp.eye(c.shape[1]) - step_size * A)

    def weighted_mean(weights):
        return jnp.linalg.solve(weights.sum(axis=0), jnp.einsum("nij,nj->i", weights, c))

    return weighted_mean(A), weighted_mean(B @ A @ B), weighted_mean(A @ B)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_maml(PAPER, pull_through_path, meta_gradients, first_order_gap, quadratic_starts):
    import jax
    import jax.numpy as jnp
    import paper_given as given

    if PAPER != "maml":
        return
    assert pull_through_path is not None, "q1: pull_through_path isn't defined"
    tasks = given.meta_sinusoids(tasks=3, support=2, query=4, seed=0, widths=(1, 2, 1))
    loss, w, shapes = tasks.loss, tasks.w, jax.tree.map(jnp.shape, tasks.w)
    task = jax.tree.map(lambda leaf: leaf[0], tasks.support)
    path = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), w)
    v = pull_through_path(loss, path, task, 0.1, w)
    assert v is not None, "q1: pull_through_path returns nothing yet"
    assert jax.tree.map(jnp.shape, v) == shapes, "q1: pull_through_path gives a pytree like v"
    pair = meta_gradients(loss, w, tasks.support, tasks.query, 0.1, 2)
    assert pair is not None, "q1: meta_gradients returns nothing yet"
    assert [jax.tree.map(jnp.shape, one) for one in pair] == [shapes, shapes], (
        "q1: meta_gradients gives two pytrees like w"
    )
    gap = first_order_gap(loss, w, tasks.support, tasks.query, 2)
    assert gap is not None, "q1: first_order_gap returns nothing yet"
    assert jax.tree.map(jnp.shape, gap) == shapes, "q1: first_order_gap gives a pytree like w"
    A = jnp.stack([jnp.eye(2), 2 * jnp.eye(2)])
    places = quadratic_starts(A, jnp.ones((2, 2)), 0.1, 2)
    assert places is not None, "q1: quadratic_starts returns nothing yet"
    assert [jnp.shape(one) for one in places] == [(2,)] * 3, "q1: quadratic_starts gives three"

# %% [raw]
# # END TESTS

# %% [markdown]
# Left, two tasks on a line: a steep one with its minimum at 0, a flat one with its minimum at 1. Joint training sits by the steep
# one, where the loss is. The steep task is repaired by adaptation wherever it starts, so MAML's start is near the *flat*
# task, at the minimum of the loss after adaptation, and first-order MAML's between the two. Right, for a network on sinusoids: the
# distance of the first-order gradient from the meta-gradient, relative to the latter. It grows in
# proportion to $\alpha$, as $\alpha c$ predicts, and at the step sizes at which adaptation does something the two have little in
# common.

# %%
if PAPER == "maml":
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    line_A, line_c = jnp.array([[[4.0]], [[1.0]]]), jnp.array([[0.0], [1.0]])
    line = jnp.linspace(-0.5, 1.5, 200)

    def mean_loss(w, num_steps):
        left_over = (1 - 0.15 * line_A[:, 0]) ** num_steps * (w - line_c)
        return jnp.mean(line_A[:, 0] * left_over**2 / 2, axis=0)

    for num_steps, label in ((0, "before adaptation"), (3, "after 3 steps")):
        left.plot(line, mean_loss(line, num_steps), label=label)
    names = ("joint training", "MAML", "first-order MAML")
    for place, name, mark in zip(quadratic_starts(line_A, line_c, 0.15, 3), names, "os^", strict=True):
        left.plot(place, mean_loss(place, 3), mark, color="k", label=name)
    left.set(xlabel="start $w$", ylabel="mean loss of the tasks", title="Two quadratic tasks")
    left.legend()

    many = given.meta_sinusoids(tasks=20, support=10, query=10, seed=0)
    gradients = jax.jit(lambda alpha: meta_gradients(
        many.loss, many.w, many.support, many.query, alpha, 3
    ))
    alphas, apart = np.logspace(-4, -0.5, 12), []
    for alpha in alphas:
        full, first = (ravel_pytree(one)[0] for one in gradients(alpha))
        apart.append(jnp.linalg.norm(first - full) / jnp.linalg.norm(full))
    gap = first_order_gap(many.loss, many.w, many.support, many.query, 3)
    sizes = [jnp.linalg.norm(ravel_pytree(one)[0]) for one in (gap, gradients(0.0)[0])]
    foretold = alphas * sizes[0] / sizes[1]
    right.loglog(alphas, apart, "o-", label="first order, relative error")
    right.loglog(alphas, foretold, "k:", label=r"predicted, $\alpha |c|$")
    right.set(xlabel=r"step size $\alpha$", title="Three steps of adaptation")
    right.legend()
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
