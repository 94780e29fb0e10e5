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
# name: lab06
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
# # Lab 6: the infinitely wide network
#
# CSC2541, lecture 6. 40 points.
#
# Let the hidden layers of a network grow wide. At initialisation its outputs become a Gaussian
# process, whose covariance you can compute layer by layer without drawing a single weight. Trained
# with gradient descent, it follows a *linear* differential equation in function space, governed by
# another kernel that hardly changes from the first step to the last. So a network with infinitely
# many parameters is easier to predict than one with a thousand.
#
# In this lab you compute both kernels (questions 1-2), the second one for a network of finite width,
# at a price that you can afford (question 3), and solve training in closed form (question 4). Plots
# with real networks show how wide is wide, and question 5 asks what it is that stays constant.
#
# | question | | points |
# |---|---|---|
# | 1 | The kernel at initialisation (NNGP) | 9 |
# | 2 | The neural tangent kernel in the limit | 8 |
# | 3 | The tangent kernel of a network at hand | 10 |
# | 4 | Training in function space | 9 |
# | 5 | Written: what stays constant, and when? | 4 |
#
# **The network.** Fully connected, $L$ hidden layers of ReLU units, in the *NTK parameterisation*:
# all parameters $\theta$ are drawn from $N(0,1)$, and the scales are part of the function. With inputs
# as rows, $a^0 = x\in\mathbb R^{D}$ and $n_0 = D$,
# $$h^{l} = \frac{\sigma_w}{\sqrt{n_{l-1}}}\; a^{l-1} W^{l} + \sigma_b\, b^{l},\qquad
#   a^{l} = \mathrm{relu}(h^{l}),\qquad f(x) = h^{L+1}\in\mathbb R^{K}.$$
# Mind three things in which texts differ. $\sigma_w$ and $\sigma_b$ are *standard deviations*; most
# formulas hold their squares. The inputs are divided by $\sqrt D$ like those of any other layer. The
# *standard* parameterisation draws $W\sim N(0,\sigma_w^2/n_{l-1})$ and $b\sim N(0,\sigma_b^2)$ instead and
# has no scales in the function: the same random functions, but gradient descent moves them otherwise.
#
# **How it is graded.** The checks in this notebook look at names, signatures and shapes only; passing
# them earns nothing by itself. After you submit, each of your functions is called with hidden inputs
# and the returned values are compared with a reference. Every question says what its hidden tests look
# at. A test gives all of its points or none, except where the text says that its parts count for
# themselves. All of them are hidden until the due date; the feedback then says which test failed and
# how. Question 5 is graded by hand.
#
# **Rules for your functions.**
#
# - Keep names and signatures. A function may call your other functions.
# - Compute in the dtype of the arrays you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off. Don't write a dtype or an absolute cut-off into
#   the code.
# - Return arrays of exactly the documented shape. Every entry must be finite.
# - No randomness, no printing, no state between calls.
# - In question 3 the *cost* counts. Your function is traced, as by `jax.jit`, and the operations of the
#   traced program are counted (not timed). So there it must be traceable: no `if` on a value, and loops
#   only with a number of steps that is known beforehand.

# %%
import jax
import jax.numpy as jnp
import lab06_given as given
import matplotlib.pyplot as plt
import numpy as np

jax.config.update("jax_enable_x64", True)  # kernels are inverted: work in float64

Array = jax.Array
Params = list[dict[str, Array]]

# %% [markdown]
# ## 1. The kernel at initialisation
#
# Given the layer below, the pre-activations of a layer's units are independent of each other and
# jointly Gaussian over the inputs. As the layer below grows wide, their covariance stops being random.
# So $f$ tends to a Gaussian process (Neal 1996; Lee et al. 2018): its outputs are independent and
# alike, with mean zero and covariance $K^{L+1}$,
# $$K^1(x,x') = \sigma_w^2\,\frac{\langle x,x'\rangle}{D} + \sigma_b^2,\qquad
#   K^{l+1}(x,x') = \sigma_w^2\; M^l(x,x') + \sigma_b^2,$$
# where $M^l(x,x') = \mathbb E[\mathrm{relu}(u)\,\mathrm{relu}(v)]$ for
# $(u,v)\sim N\!\Big(0, \begin{pmatrix}q & k\\ k& q'\end{pmatrix}\Big)$, with variances $q = K^l(x,x)$,
# $q'=K^l(x',x')$ and covariance $k = K^l(x,x')$. For ReLU the expectation has a closed form, the
# *arc-cosine kernel* of order one (Cho and Saul 2009). With the angle $\vartheta\in[0,\pi]$ given by
# $\cos\vartheta = k/\sqrt{qq'}$,
# $$\mathbb E[\mathrm{relu}(u)\,\mathrm{relu}(v)] = \frac{\sqrt{qq'}}{2\pi}
#   \big(\sin\vartheta + (\pi-\vartheta)\cos\vartheta\big),\qquad
#   \mathbb E[\mathbf 1(u>0)\,\mathbf 1(v>0)] = \frac{\pi-\vartheta}{2\pi}.$$
# The second, of order zero, is the same expectation for the derivative of ReLU. It will be needed in
# question 2. On the diagonal they are $q/2$ and $1/2$.
#
# Rounding. On the diagonal, and for inputs that are multiples of each other, $\cos\vartheta$ is $\pm1$,
# and in floating point it may come out a little beyond. Keep it in range, but don't move it when it is:
# a correlation held at $1-10^{-6}$ to be safe costs ten of sixteen digits. And an input of zeros has
# $q=0$ if there are no biases: then $\vartheta$ is undefined, the first expectation is 0, and the second
# may be any finite number, as it is going to be multiplied by 0.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 9

# %% [markdown]
# ### Question 1 (9 points)
#
# Write `relu_duals` and `nngp_kernels`.
#
# *Hidden tests:* the two expectations for a random covariance with unequal variances (2 points, one for
# each); the kernels of all layers for random inputs (2 points); many inputs that are multiples of each
# other (1 point); an input of zeros without biases (1 point); no hidden layer, and a single example
# (1 point); fifty layers at $\sigma_w^2=2$, $\sigma_b=0$, where variances don't change, to all digits
# (1 point); float32 (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def relu_duals(K: Array) -> tuple[Array, Array]:
    """E[relu(u_i) relu(u_j)] and E[1(u_i > 0) 1(u_j > 0)] for Gaussian u ~ N(0, K).

    Args:
        K: a covariance matrix, shape (N, N); variances may be 0, correlations 1 or -1.

    Returns:
        The two matrices, each of shape (N, N). Where u_i or u_j has variance 0 the first is 0 and
        the second any finite number.
    """
    # BEGIN SOLUTION
    q = jnp.diagonal(K)
    scale = jnp.sqrt(q[:, None] * q)
    cosine = jnp.clip(jnp.where(scale > 0, K / jnp.where(scale > 0, scale, 1), 0), -1, 1)
    theta = jnp.arccos(cosine)
    sine = jnp.sqrt((1 - cosine) * (1 + cosine))
    moment = scale * (sine + (jnp.pi - theta) * cosine) / (2 * jnp.pi)
    return moment, (jnp.pi - theta) / (2 * jnp.pi)
    # END SOLUTION


def nngp_kernels(X: Array, num_hidden: int, sigma_w: float, sigma_b: float) -> Array:
    """The covariance of the pre-activations of every layer, and of the outputs, at infinite width.

    Args:
        X: inputs, a row an example, shape (N, D).
        num_hidden: the number L >= 0 of hidden layers.
        sigma_w: the standard deviation of the weights, before the division by sqrt(n_in).
        sigma_b: the standard deviation of the biases, may be 0.

    Returns:
        K^1, ..., K^{L+1}, shape (L + 1, N, N).
    """
    # BEGIN SOLUTION
    kernels = [sigma_w**2 * (X @ X.T) / X.shape[1] + sigma_b**2]
    for _ in range(num_hidden):
        kernels.append(sigma_w**2 * relu_duals(kernels[-1])[0] + sigma_b**2)
    return jnp.stack(kernels)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(relu_duals, nngp_kernels):
    import jax.numpy as jnp
    import lab06_given as given

    duals = relu_duals(jnp.array([[1.0, 0.5], [0.5, 2.0]]))
    assert duals is not None and len(duals) == 2, "relu_duals returns two matrices"
    assert all(jnp.shape(dual) == (2, 2) for dual in duals), "both have the shape of K"
    kernels = nngp_kernels(given.circle([0.0, 1.0, 2.0]), 2, 1.0, 0.5)
    assert jnp.shape(kernels) == (3, 3, 3), "nngp_kernels returns shape (L + 1, N, N)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# On the left, what depth does to two inputs at a right angle. On the right, the covariance of the
# output of random networks with three hidden layers of 32 units, over 4000 draws, against the formula.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5))
pair = given.circle([0.0, np.pi / 2])
for sigma_w2, sigma_b in ((2.0, 0.0), (2.0, 0.5), (1.5, 0.5)):
    kernels = nngp_kernels(pair, 50, np.sqrt(sigma_w2), sigma_b)
    correlation = kernels[:, 0, 1] / jnp.sqrt(kernels[:, 0, 0] * kernels[:, 1, 1])
    label = rf"$\sigma_w^2={sigma_w2}$, $\sigma_b={sigma_b}$"
    axes[0].loglog(np.arange(1, 52), 1 - correlation, label=label)
axes[0].set(xlabel="layer", ylabel="1 - correlation", title="Depth makes inputs alike")
axes[0].legend()

angles = np.linspace(0, np.pi, 13)
rng = np.random.default_rng(1)
widths = (2, 32, 32, 32, 1)
draws = [
    {"W": jnp.asarray(rng.normal(size=(4000, i, o))), "b": jnp.asarray(rng.normal(size=(4000, o)))}
    for i, o in zip(widths[:-1], widths[1:], strict=True)
]
inputs = given.circle(angles)
samples = jax.vmap(given.outputs, (0, None, None, None))(draws, inputs, np.sqrt(2.0), 0.3)[..., 0]
products = samples * samples[:, :1]
standard_error = jnp.std(products, axis=0) / np.sqrt(len(products))
kernel = nngp_kernels(inputs, 3, np.sqrt(2.0), 0.3)[-1]
axes[1].errorbar(angles, jnp.mean(products, axis=0), standard_error, fmt="o", label="32 units")
axes[1].plot(angles, kernel[0], label="infinitely many")
axes[1].set(xlabel="angle", ylabel="covariance", title="4000 random networks and the limit")
axes[1].legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# ReLU has no chaotic phase: whatever the variances, inputs become more and more alike, and depth only
# decides how fast. Without biases and at $\sigma_w^2=2$ (He's initialisation) $1-c_l$ falls as $l^{-2}$,
# and a deep network still tells inputs apart. With biases and $\sigma_w^2<2$ it falls geometrically.
#
# ## 2. The neural tangent kernel in the limit
#
# Gradient descent changes $\theta$ along gradients, and so changes $f(x)$ in proportion to inner
# products of gradients. For one output, and with *all* parameters trained, the *tangent kernel* is
# $$\Theta(x,x') = \Big\langle \frac{\partial f(x)}{\partial\theta},
#   \frac{\partial f(x')}{\partial\theta}\Big\rangle .$$
# In the NTK parameterisation it has a deterministic limit as the hidden layers grow wide (Jacot, Gabriel
# and Hongler 2018), elementwise given by
# $$\Theta^{1} = K^{1},\qquad
#   \Theta^{l+1}(x,x') = K^{l+1}(x,x') + \sigma_w^2\;\mathbb E[\mathbf 1(u>0)\,\mathbf 1(v>0)]\;
#   \Theta^{l}(x,x'),\quad (u,v)\sim N(0,K^l).$$
# The first term is what the parameters of layer $l+1$ add: their gradients are the activations below
# (and 1 for the bias), scaled. The second is what the layers below contribute, sent through layer $l+1$
# and the derivative of ReLU at $h^l$. The kernel of the whole network is $\Theta = \Theta^{L+1}$;
# different outputs share nothing in the limit.
#
# For one hidden layer, without biases and with $\sigma_w^2=2$, and inputs multiplied by $\sqrt{D/2}$,
# it is $\Theta(x,x') = k_1(x,x') + \langle x,x'\rangle\, k_0(x,x')$ with the arc-cosine kernels of
# orders 1 and 0.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 8

# %% [markdown]
# ### Question 2 (8 points)
#
# Write `ntk_kernel`.
#
# *Hidden tests:* random inputs with one hidden layer and with three (3 points, the first of them for
# one layer); the closed form above (1 point); no hidden layer, and an input of zeros without biases
# (1 point); many inputs that are multiples of each other (1 point); the diagonal at $\sigma_w^2=2$ and
# $\sigma_b=0$, where $\Theta(x,x) = (L+1)\,K^1(x,x)$, in a deep network (1 point); float32 (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def ntk_kernel(X: Array, num_hidden: int, sigma_w: float, sigma_b: float) -> Array:
    """The tangent kernel of one output of an infinitely wide ReLU network, NTK parameterisation.

    Args:
        X: inputs, a row an example, shape (N, D).
        num_hidden: the number L >= 0 of hidden layers.
        sigma_w, sigma_b: the standard deviations as in `nngp_kernels`.

    Returns:
        Theta^{L+1}, shape (N, N).
    """
    # BEGIN SOLUTION
    kernels = nngp_kernels(X, num_hidden, sigma_w, sigma_b)
    Theta = kernels[0]
    for below, K in zip(kernels[:-1], kernels[1:], strict=True):
        Theta = K + sigma_w**2 * relu_duals(below)[1] * Theta
    return Theta
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shape(ntk_kernel):
    import jax.numpy as jnp
    import lab06_given as given

    Theta = ntk_kernel(given.circle([0.0, 1.0, 2.0]), 2, 1.0, 0.5)
    assert jnp.shape(Theta) == (3, 3), "ntk_kernel returns the last layer's kernel, shape (N, N)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Both kernels on the circle, as functions of the angle, divided by their value at angle 0.

# %%
angles = np.linspace(0, np.pi, 61)
inputs = given.circle(angles)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True)
nngp_of_layers = nngp_kernels(inputs, 100, np.sqrt(2.0), 0.0)
for depth in (1, 3, 10, 30, 100):
    nngp = nngp_of_layers[depth, 0]
    tangent = ntk_kernel(inputs, depth, np.sqrt(2.0), 0.0)[0]
    axes[0].plot(angles, nngp / nngp[0], label=f"{depth} hidden layers")
    axes[1].plot(angles, tangent / tangent[0], label=f"{depth} hidden layers")
axes[0].set(xlabel="angle", ylabel="kernel, relative to angle 0", title="NNGP")
axes[1].axhline(0.25, color="grey", linewidth=0.8)
axes[1].set(xlabel="angle", title="Tangent kernel")
axes[0].legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# The NNGP kernel flattens: to a deep random network all inputs are the same. The tangent kernel does
# not follow: for any two different directions it tends to a *quarter* of its diagonal. A quarter of the
# kernel is a constant, three quarters are close to the identity, so a very deep and wide network fits
# any data and learns each example by itself, without generalising to others.
#
# ## 3. The tangent kernel of a network at hand
#
# For a network with $K$ outputs the tangent kernel at the present parameters has an entry for each pair
# of outputs. In the limit the pairs $j\neq k$ vanish and the others agree, so we take the *mean over
# outputs* (the trace divided by $K$; some leave it undivided):
# $$\hat\Theta(x,x') = \frac1K\sum_{k=1}^{K} \Big\langle \frac{\partial f_k(x)}{\partial\theta},
#   \frac{\partial f_k(x')}{\partial\theta}\Big\rangle .$$
#
# The obvious way forms the Jacobian: $N K P$ numbers for $N$ examples and $P$ parameters, and
# $2 N^2 K P$ operations to multiply it with itself. But $\partial f_k(x)/\partial W^l$ is an outer
# product, of the activations below layer $l$ and the *sensitivities*
# $\delta^l_k(x) = \partial f_k(x)/\partial h^l(x)\in\mathbb R^{n_l}$, and the inner product of two
# outer products is a product of two inner products:
# $$\hat\Theta(x,x') = \frac1K \sum_{l=1}^{L+1}
#   \Big(\frac{\sigma_w^2}{n_{l-1}}\big\langle a^{l-1}(x), a^{l-1}(x')\big\rangle + \sigma_b^2\Big)
#   \sum_{k=1}^K \big\langle\delta^l_k(x),\delta^l_k(x')\big\rangle .$$
# So $N K$ vectors of length $n_l$ a layer are enough, and no gradient of a weight is ever needed. The
# sensitivities come from back-propagation, by hand or by JAX. They obey the same recursion as in
# question 2, read from the other end. The general idea, for convolutions and attention too, is in
# Novak, Sohl-Dickstein and Schoenholz (2022).
#
# The derivative of ReLU at 0 is 0, as in JAX.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 10

# %% [markdown]
# ### Question 3 (10 points)
#
# Write `empirical_ntk`. You may use the ReLU network's structure, as given at the top and in
# `given.outputs`.
#
# *Hidden tests:* networks with one output and with several, against the dense Jacobian (3 points, the
# first of them for one output); no hidden layer with a single example, and a hidden layer of one unit
# with more outputs (1 point); a network whose hidden units are reordered and whose inputs are rotated
# together with the first weights (1 point); to all digits in float64 (1 point); float32 (1 point). The
# cost counts for 3 points, each part for itself: for a network with several thousand parameters, at
# most 15 times the work of *one* gradient of the sum of all outputs of the batch (2 points), and
# temporary memory well below the size of the Jacobian (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def empirical_ntk(theta: Params, X: Array, sigma_w: float, sigma_b: float) -> Array:
    """The tangent kernel of a ReLU network at the parameters theta, averaged over its outputs.

    Args:
        theta: for each layer a dict, "W" of shape (n_in, n_out) and "b" of shape (n_out,).
        X: inputs, a row an example, shape (N, D).
        sigma_w, sigma_b: the standard deviations, which multiply the parameters in the function.

    Returns:
        The kernel for all pairs of inputs, shape (N, N).
    """
    # BEGIN SOLUTION
    a, grams, gates = X, [], []
    for layer in theta:
        gain = sigma_w / a.shape[1] ** 0.5
        grams.append(gain**2 * (a @ a.T) + sigma_b**2)
        h = gain * a @ layer["W"] + sigma_b * layer["b"]
        gates.append((h > 0).astype(h.dtype))
        a = jnp.maximum(h, 0)
    num_outputs = a.shape[1]
    delta = jnp.broadcast_to(jnp.eye(num_outputs, dtype=a.dtype), (*a.shape, num_outputs))
    total = num_outputs * grams[-1]
    for layer, gram, gate in zip(theta[:0:-1], grams[-2::-1], gates[-2::-1], strict=True):
        delta = sigma_w / len(layer["W"]) ** 0.5 * (delta @ layer["W"].T) * gate[:, None]
        rows = delta.reshape(len(X), -1)
        total = total + gram * (rows @ rows.T)
    return total / num_outputs
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shape(empirical_ntk):
    import jax.numpy as jnp
    import lab06_given as given

    Theta = empirical_ntk(given.draw((2, 5, 3), seed=0), given.circle([0.0, 1.0]), 1.0, 0.5)
    assert jnp.shape(Theta) == (2, 2), "empirical_ntk returns shape (N, N), for any K"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# How far from its limit is the kernel of a random network with two hidden layers, relative to the
# limit, in the Frobenius norm? Five networks for each width.

# %%
inputs = given.circle(np.linspace(-np.pi, np.pi, 20, endpoint=False))
limit = ntk_kernel(inputs, 2, np.sqrt(2.0), 0.3)
widths = np.array([16, 64, 256, 1024])
kernel_of = jax.jit(empirical_ntk)
fig, axis = plt.subplots(figsize=(6, 3.5))
deviations = np.array(
    [
        [
            jnp.linalg.norm(kernel_of(given.draw((2, n, n, 1), seed), inputs, 2**0.5, 0.3) - limit)
            for seed in range(5)
        ]
        for n in widths
    ]
) / float(jnp.linalg.norm(limit))
axis.loglog(widths, deviations, "C0.")
axis.loglog(widths, np.median(deviations, axis=1), "C0", label="median")
reference_line = np.median(deviations[0]) * np.sqrt(widths[0] / widths)
axis.loglog(widths, reference_line, "k:", label=r"$\propto 1/\sqrt{\mathrm{width}}$")
axis.set(xlabel="width", ylabel="relative deviation", title="The tangent kernel at initialisation")
axis.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# Like any mean over units: the deviation falls as $1/\sqrt n$. A hundred units are good to some
# twenty per cent, and every further digit costs a hundred times the width.
#
# ## 4. Training in function space
#
# One output; $N$ training inputs $X$ with targets $y\in\mathbb R^N$. The cost is *half the mean* of the
# squares, $\mathcal J(\theta) = \frac1{2N}\|f(X)-y\|^2$, and gradient flow with rate $\eta$ is
# $\dot\theta = -\eta\,\nabla\mathcal J$. If the kernel is constant, as for the *linearised* network
# $f(x;\theta_0) + \langle\partial f(x)/\partial\theta,\ \theta-\theta_0\rangle$, then at any input $x$
# $$\dot f_t(x) = -\frac{\eta}{N}\,\Theta(x,X)\,\big(f_t(X)-y\big),$$
# a linear equation. With $\tau = \eta t$ and $\Theta = \Theta(X,X)$ its solution is
# $$f_t(x) = f_0(x) + \Theta(x,X)\;\Theta^{-1}\big(I - e^{-\tau\Theta/N}\big)\,\big(y-f_0(X)\big),$$
# and after $k$ steps of gradient *descent*, $\theta\leftarrow\theta-\eta\nabla\mathcal J$,
# $$f_k(x) = f_0(x) + \Theta(x,X)\;\Theta^{-1}\big(I - (I-\eta\,\Theta/N)^k\big)\,\big(y-f_0(X)\big).$$
# Descent is stable for $\eta < 2N/\lambda_{\max}(\Theta)$. Both end, where they end, in *kernel
# regression on the residual of the initial function*,
# $f_\infty(x) = f_0(x) + \Theta(x,X)\,\Theta^{+}\,(y-f_0(X))$.
#
# $\Theta$ may be singular: two examples with the same input, or an input that the network can't see. No
# harm is done: $\Theta^{-1}(I-e^{-s\Theta})$ is the matrix function $(1-e^{-s\lambda})/\lambda$, with
# the value $s$ at $\lambda=0$, and similarly for descent; in the limit use the pseudo-inverse, where
# an eigenvalue counts as zero unless it exceeds $N\,\varepsilon\,\lambda_{\max}$ ($\varepsilon$ the
# machine epsilon of the dtype). One `eigh` gives all times at once. For early times the quotient is the
# difference of two nearly equal numbers over a small one, unless you compute it with care.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 9

# %% [markdown]
# ### Question 4 (9 points)
#
# Write the three functions. All predict at $M$ inputs, described by the rows of `cross`
# $=\Theta(x,X)$ and by the initial function there; for the training inputs themselves pass $\Theta$ and
# $f_0(X)$ twice.
#
# *Hidden tests:* flow at training and at test inputs (2 points, each for itself); descent on the weights
# of a linear model, below and above the stability limit (2 points, each for itself); the limit (1 point);
# every example given twice, with targets that need not agree (as the cost is a mean, this changes nothing
# but the targets, to their averages), and an example with $\Theta=0$ (1 point); very early times to ten
# digits (1 point); a single example, and no steps (1 point); float32 (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def flow_predictions(
    Theta: Array, cross: Array, targets: Array, initial: Array, initial_test: Array, times: Array
) -> Array:
    """The outputs during gradient flow on (1/2N) |f(X) - y|^2 with a constant tangent kernel.

    Args:
        Theta: the kernel of the training inputs, shape (N, N), positive semi-definite.
        cross: the kernel Theta(x, X) between the inputs x to predict at and X, shape (M, N).
        targets: y, shape (N,).
        initial: f_0(X), shape (N,).
        initial_test: f_0(x), shape (M,).
        times: tau = eta t >= 0, shape (T,).

    Returns:
        f_t(x), a row for each time, shape (T, M).
    """
    # BEGIN SOLUTION
    eigenvalues, Q = jnp.linalg.eigh(Theta)
    s = times[:, None] / len(targets)
    zero = eigenvalues == 0
    learnt = jnp.where(zero, s, -jnp.expm1(-s * eigenvalues) / jnp.where(zero, 1, eigenvalues))
    return initial_test + (learnt * ((targets - initial) @ Q)) @ (cross @ Q).T
    # END SOLUTION


def descent_predictions(
    Theta: Array,
    cross: Array,
    targets: Array,
    initial: Array,
    initial_test: Array,
    step_size: float,
    num_steps: int,
) -> Array:
    """The outputs during gradient descent on (1/2N) |f(X) - y|^2 with a constant tangent kernel.

    Args:
        Theta, cross, targets, initial, initial_test: as in `flow_predictions`.
        step_size: eta, below or above the stability limit.
        num_steps: the number k_max >= 0 of steps.

    Returns:
        f_k(x) for k = 0, ..., k_max, a row for each, shape (k_max + 1, M).
    """
    # BEGIN SOLUTION
    eigenvalues, Q = jnp.linalg.eigh(Theta)
    rate = step_size / len(targets)
    powers = (1 - rate * eigenvalues) ** jnp.arange(num_steps)[:, None]
    learnt = rate * jnp.pad(jnp.cumsum(powers, axis=0), ((1, 0), (0, 0)))
    return initial_test + (learnt * ((targets - initial) @ Q)) @ (cross @ Q).T
    # END SOLUTION


def limit_predictions(
    Theta: Array, cross: Array, targets: Array, initial: Array, initial_test: Array
) -> Array:
    """Where the flow ends: kernel regression on the residual of the initial function.

    Args:
        Theta, cross, targets, initial, initial_test: as in `flow_predictions`.

    Returns:
        The predictions, shape (M,).
    """
    # BEGIN SOLUTION
    eigenvalues, Q = jnp.linalg.eigh(Theta)
    kept = eigenvalues > len(targets) * jnp.finfo(Theta.dtype).eps * eigenvalues[-1]
    inverses = jnp.where(kept, 1 / jnp.where(kept, eigenvalues, 1), 0)
    return initial_test + cross @ (Q @ (inverses * (Q.T @ (targets - initial))))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(flow_predictions, descent_predictions, limit_predictions):
    import jax.numpy as jnp

    Theta, cross = jnp.array([[2.0, 1.0], [1.0, 2.0]]), jnp.ones((3, 2))
    problem = (Theta, cross, jnp.ones(2), jnp.zeros(2), jnp.zeros(3))
    flow = flow_predictions(*problem, jnp.array([0.0, 1.0, 2.0, 3.0]))
    assert jnp.shape(flow) == (4, 3), "flow_predictions returns a row for each time"
    descent = descent_predictions(*problem, 0.1, 5)
    assert jnp.shape(descent) == (6, 3), "descent_predictions starts with the initial function"
    assert jnp.shape(limit_predictions(*problem)) == (3,), "limit_predictions returns shape (M,)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Now real networks, with two hidden layers, trained by gradient descent on a function on the circle,
# 200 steps at half the stability limit. Each is compared with the prediction from its *own* kernel at
# initialisation: your `empirical_ntk` says, before the first step, what all of training will do.

# %%
data = given.circle_regression(examples=10, tests=60, seed=0)
both = jnp.concatenate([data.X, data.X_test])
sigma_w, sigma_b, num_steps = np.sqrt(2.0), 0.3, 200


def train_and_predict(width, seed):
    """Outputs at the test inputs at first, after training, as predicted; the kernel before, after."""
    theta = given.draw((2, width, width, 1), seed)
    before = kernel_of(theta, both, sigma_w, sigma_b)
    Theta, cross = before[:10, :10], before[10:, :10]
    step_size = float(10 / jnp.linalg.eigvalsh(Theta)[-1])
    f_0 = given.outputs(theta, both, sigma_w, sigma_b)[:, 0]
    predicted = descent_predictions(Theta, cross, data.y, f_0[:10], f_0[10:], step_size, num_steps)
    theta = given.train(theta, (data.X, data.y), sigma_w, sigma_b, step_size, num_steps)
    trained = given.outputs(theta, data.X_test, sigma_w, sigma_b)[:, 0]
    after = kernel_of(theta, data.X, sigma_w, sigma_b)
    return f_0[10:], trained, predicted[-1], Theta, after


def distance(a, b):
    return float(jnp.linalg.norm(a - b) / jnp.linalg.norm(b))


fig, axes = plt.subplots(1, 3, figsize=(13, 3.8))
for axis, width in zip(axes, (32, 1024), strict=False):
    first, trained, predicted, _, _ = train_and_predict(width, seed=0)
    axis.plot(data.angles, first, "grey", linewidth=1, label="initial function")
    axis.plot(data.angles, trained, "C0", label="trained")
    axis.plot(data.angles, predicted, "C1--", label="predicted")
    axis.plot(jnp.arctan2(data.X[:, 1], data.X[:, 0]), data.y, "k.", label="examples")
    axis.set(xlabel="angle", title=f"{width} units a layer")
axes[0].legend(fontsize=8)
widths = (16, 64, 256, 1024)
errors, drifts = [], []
for width in widths:
    runs = [train_and_predict(width, seed) for seed in range(3)]
    errors.append(np.median([distance(t - f, p - f) for f, t, p, _, _ in runs]))
    drifts.append(np.median([distance(after, before) for *_, before, after in runs]))
axes[2].loglog(widths, errors, "o-", label="change of the outputs: trained - predicted")
axes[2].loglog(widths, drifts, "s-", label="drift of the kernel")
axes[2].loglog(widths, 0.5 * (widths[0] / np.array(widths)) ** 0.5, "k:", label="slope -1/2")
axes[2].set(xlabel="width", ylabel="relative distance", title="Medians of three networks")
axes[2].legend(fontsize=8)
plt.tight_layout()
plt.show()

# %% [markdown]
# At 32 units a layer the trained network and the prediction agree at the examples, as both must, but
# not between them. At 1024 one sees a single curve, though the outputs have moved by several units: the
# prediction was made before the first step, for this very draw of $\theta_0$. Both distances fall faster
# than the $n^{-1/2}$ that theory bounds them by: over a factor 64 in the width the drift of the kernel
# falls by some 35, nearly as $1/n$.
#
# ## 5. What stays constant, and when?

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
# 1. In the NTK parameterisation, as the width $n$ grows with all else fixed: which of these move by an
#    amount that does not vanish during training, and which stay where they were: a single hidden weight
#    $\theta_i$, the vector of all hidden weights, the outputs at the training inputs, the kernel? Why can
#    the outputs move if the kernel doesn't?
# 2. Somebody trains the same networks in the *standard* parameterisation, at one step size for all
#    widths. What happens to the kernel, and to training, as $n$ grows? What would you change?
# 3. Name one circumstance in which a wide network does *not* follow the prediction, and what you would
#    measure in order to notice.
#
# *Graded on:* a correct argument, 2 points for part 1 and 1 point for each of the others; not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. The outputs move by order 1: they go to the targets. The vector of all weights moves by order 1 too,
#    but it has length of order $n$ and order $n^2$ entries, so a single weight moves by order $1/n$, and
#    vanishingly. The kernel stays (its drift in the last plot falls with the width), since it depends on
#    the weights through averages over units, each of which hardly changes. The outputs can move since
#    very many small changes, all along the gradient, add up coherently: $f$ is a sum with that many
#    terms. Zeroth and first order matter, second order doesn't.
# 2. The gradients of the weights are not scaled by $\sigma_w/\sqrt n$, so the kernel grows in proportion to
#    $n$. At a fixed step size $\eta\lambda_{\max}/N$ passes 2 at some width: training leaves the linear
#    regime or diverges. Take $\eta\propto1/n$ (for each layer, $\eta\sigma_w^2/n_{l-1}$ for the weights
#    gives back the NTK parameterisation).
# 3. Examples: a step size above $2N/\lambda_{\max}$, where descent can only settle after the kernel
#    has shrunk (catapult); outputs scaled down by a factor (or a mean-field parameterisation),
#    so that weights must move far; depth that grows with the width; very long training with
#    cross-entropy, where the weights go to infinity. Measure $\|\Theta_t-\Theta_0\|/\|\Theta_0\|$, or the
#    difference of the outputs from their linearised prediction.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
