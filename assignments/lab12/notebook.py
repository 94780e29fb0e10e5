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
# name: lab12
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
# # Lab 12: best responses, evolution strategies and warm starts
#
# CSC2541, lecture 12: bilevel optimization II. Individual work. 40 points.
#
# Lab 11 differentiated training exactly: by the implicit function theorem at a minimum, or by
# backpropagation through every step. Both ask for much, a minimum that is reached and unique, or
# memory for all iterates and an unroll that behaves. This lab is about what to do when that is too
# much to ask:
#
# - *learn* how the weights respond to their hyperparameters, and put the answer inside the layers
#   (questions 1 and 2);
# - estimate the gradient of a long unroll from values of its losses alone, without waiting for
#   its end (question 3);
# - look at what happens when the minimum is *not* unique, and training goes on from where it was
#   (question 4).
#
# | question | | points |
# |---|---|---|
# | 1 | The best response, in closed form and in a layer | 10 |
# | 2 | Training a self-tuning network | 10 |
# | 3 | Evolution strategies, and persistent ones | 10 |
# | 4 | Cold and warm starts | 7 |
# | 5 | Written: what was learned, and by whom? | 3 |
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
# - Keep names and signatures. A function may call your other functions and those of `lab12_given`.
# - Compute in the dtype of the arrays that you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off.
# - No randomness, no printing, no state between calls: where noise is needed it is an argument.
#   Every returned entry must be finite.
# - Each question has a test of *cost* or *memory*. Your function is traced, as by `jax.jit`; the
#   operations of the traced program are counted (not timed), and the temporary memory that XLA plans
#   for it is read off. So it must be traceable: no `if` on a value of an array, and loops only with a
#   number of steps that is known beforehand. Arguments called `num_...`, `truncation` and `warm` are
#   plain Python values.
# - Finite differences lose half of the digits: questions 1, 2 and 4 ask for nearly all digits of
#   float64 in one test each. In question 3 the differences *are* the method; there, one test asks that
#   they are taken in float64.

# %%
from functools import partial

import jax
import jax.numpy as jnp
import lab12_given as given
import matplotlib.pyplot as plt
import numpy as np

jax.config.update("jax_enable_x64", True)  # float32 spoils small differences of losses

Array = jax.Array

# %% [markdown]
# ## 1. The best response
#
# Training turns hyperparameters into weights, $w_\star(\theta)=\arg\min_w L_t(w,\theta)$. Call this
# function the **best response**. Whoever has it as a formula, even an approximate one, gets
# hypergradients by the chain rule, and need not solve anything.
#
# *Ridge regression* has it. With a penalty $\lambda_j=e^{\theta_j}$ for each of $D$ weights and $N$
# examples (the rows of $\Phi$),
# $$L_t(w,\theta) = \frac1{2N}\|\Phi w-t\|^2 + \frac12\sum_j e^{\theta_j}w_j^2 ,\qquad
#   w_\star = \Big(\tfrac1N\Phi^\top\Phi+\operatorname{diag}(\lambda)\Big)^{-1}\tfrac1N\Phi^\top t .$$
# Its **response Jacobian** $R=dw_\star/d\theta$ ($D\times D$, rows for weights, columns for
# hyperparameters) is found by differentiating the linear system that $w_\star$ solves. Note that
# $\theta$ is the *logarithm* of the penalty. Around a $\theta_0$ the response is
# $w_\star(\theta)\approx w_\star(\theta_0)+R\,(\theta-\theta_0)$.
#
# *A network* has no formula. A linear map from $\theta$ to all its weights would have as many
# parameters as weights times hyperparameters. A **self-tuning layer** (MacKay, Vicol, Lorraine,
# Duvenaud and Grosse 2019) gets by with twice the weights: a second weight matrix, each *row* of which
# (each output unit's weights) is scaled by a linear function of an embedding $e$ of the hyperparameters,
# $$W(e) = W_e + \operatorname{diag}(Q e)\,W_h ,\qquad b(e) = b_e + (C e)\odot b_h .$$
# Here, as in the paper, weights have shape (out, in), and the outputs for an input $x$ are $W(e)\,x+b(e)$.
# $Q$ and $C$ have shape (out, hypers); no scale is added to $Qe$, so the gates vanish at $e=0$. In
# training every example gets hyperparameters of its own (question 2 says why). Then there are as many
# matrices $W(e_n)$ as examples, and they must not be formed: rescaling a row of $W_h$ is rescaling
# one of the numbers $W_h x$.
#
# *Is scaling rows enough?* In one case it is exact. Take the linear network $y(x)=s^\top Q\,x$ (now $Q$
# is its first layer's weights, of shape $(r, D)$ with $r=\min(N,D)$, and $s$ its second layer's) with
# a penalty on its Jacobian $dy/dx$:
# $$\frac1{2N}\sum_n\big(y(x_n)-t_n\big)^2+\frac\lambda2\Big\|\frac{dy}{dx}\Big\|^2 .$$
# With the singular value decomposition $X=U\operatorname{diag}(d)V^\top$, $d$ in descending order and
# $a_j=d_j^2/N$ the eigenvalues of $X^\top X/N$, one of its minima has
# $$Q = \operatorname{diag}(g)\,V^\top,\qquad g_j = \frac{a_j}{a_j+\lambda}
#   = \operatorname{sigmoid}(\log a_j-\log\lambda),$$
# and an $s$ that *does not depend on* $\lambda$: the penalty only closes the gates of the hidden units,
# those of the weaker principal components first. (Other minima of the same network mix or rescale
# the hidden units; take this one, up to the signs and constant scales of the units.)

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 10

# %% [markdown]
# ### Question 1 (10 points)
#
# Write `ridge_response`, `layer_outputs` and `gated_network`.
#
# *Hidden tests:* the minimum and the Jacobian of ridge regression (1 point each); fewer examples than
# features, and a single feature, in float32 (1 point); the Jacobian to 12 digits (1 point); the outputs
# of a layer against those of each example's own weights (2 points); all sizes equal, and all sizes 1
# (1 point); cost and memory of a layer (1 point): at most 4 plain layers' work ($XW^\top+b$, 64 examples,
# 64 inputs, 64 outputs, 16 hyperparameters) and less than 300 kB, so no matrix for each example; the
# gated network with more examples than features, and with fewer (2 points): the function $Q^\top s$
# against ridge regression (½ point each), and how far each gate closes from one penalty to
# another, in the order of $d$ (½ point each). All data have full rank.

# %% [raw]
# # BEGIN SOLUTION

# %%
def ridge_response(Phi: Array, t: Array, theta: Array) -> tuple[Array, Array]:
    """The minimum of the penalised cost, and its derivative in the log-penalties.

    Args:
        Phi: the inputs, (N, D).
        t: the targets, (N,).
        theta: the log-penalties, (D,).

    Returns:
        The weights w*, (D,), and the Jacobian dw*/dtheta, (D, D), columns for theta.
    """
    # BEGIN SOLUTION
    curvature = Phi.T @ Phi / len(t) + jnp.diag(jnp.exp(theta))
    w = jnp.linalg.solve(curvature, Phi.T @ t / len(t))
    # Differentiate curvature @ w = const: the diagonal moves by exp(theta).
    return w, -jnp.linalg.solve(curvature, jnp.diag(jnp.exp(theta) * w))
    # END SOLUTION


def layer_outputs(layer: dict[str, Array], X: Array, embeddings: Array) -> Array:
    """The outputs of a self-tuning layer, with hyperparameters of its own for each example.

    Args:
        layer: the arrays W_e, W_h (out, in), Q, C (out, hypers), b_e, b_h (out,).
        X: the inputs, (N, in).
        embeddings: e_n for each example, (N, hypers).

    Returns:
        W(e_n) x_n + b(e_n) for each example, (N, out).
    """
    # BEGIN SOLUTION
    weight_gates, bias_gates = embeddings @ layer["Q"].T, embeddings @ layer["C"].T
    gated = weight_gates * (X @ layer["W_h"].T) + bias_gates * layer["b_h"]
    return X @ layer["W_e"].T + layer["b_e"] + gated
    # END SOLUTION


def gated_network(X: Array, t: Array, log_penalty: Array) -> tuple[Array, Array]:
    """The best response of a linear network with a penalty on its Jacobian, by gating.

    Args:
        X: the inputs, (N, D), of rank r = min(N, D).
        t: the targets, (N,).
        log_penalty: log(lambda), a scalar.

    Returns:
        The first layer Q, (r, D), and the second layer s, (r,), of y(x) = s^T Q x.
    """
    # BEGIN SOLUTION
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    gates = jax.nn.sigmoid(jnp.log(d**2 / len(t)) - log_penalty)
    return gates[:, None] * Vt, U.T @ t / d
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(ridge_response, layer_outputs, gated_network):
    import jax.numpy as jnp
    import lab12_given as given

    problem = given.regression(examples=9, features=3, seed=0)
    found = ridge_response(problem.Phi, problem.t, problem.theta)
    assert found is not None, "q1: ridge_response returns nothing yet"
    assert tuple(map(jnp.shape, found)) == ((3,), (3, 3)), (
        "q1: ridge_response returns weights (D,) and a Jacobian (D, D)"
    )
    layer = given.self_tuning_layer(inputs=3, outputs=4, hypers=2, seed=0)
    outputs = layer_outputs(layer, problem.Phi, jnp.ones((9, 2)))
    assert outputs is not None, "q1: layer_outputs returns nothing yet"
    assert jnp.shape(outputs) == (9, 4), "q1: layer_outputs returns an array (N, out)"
    network = gated_network(problem.Phi, problem.t, 0.5)
    assert network is not None, "q1: gated_network returns nothing yet"
    assert tuple(map(jnp.shape, network)) == ((3, 3), (3,)), (
        "q1: gated_network returns layers (r, D) and (r,)"
    )


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# One penalty for all weights now, so the columns of $R$ are summed. Left: the best response of four
# weights, and the affine approximation at one point. Right: the gates of the linear network.

# %%
problem = given.regression(examples=30, features=4, seed=3)
levels = jnp.linspace(-6.0, 6.0, 121)
respond = jax.jit(jax.vmap(lambda level: ridge_response(problem.Phi, problem.t, level + jnp.zeros(4))))
weights, _ = respond(levels)
(w_mid, R_mid) = ridge_response(problem.Phi, problem.t, jnp.zeros(4))
affine = w_mid + levels[:, None] * jnp.sum(R_mid, axis=1)
layers = jax.vmap(lambda level: gated_network(problem.Phi, problem.t, level)[0])(levels)
gates = jnp.linalg.norm(layers, axis=2)

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
near = jnp.abs(levels) <= 2.5
for j in range(4):
    left.plot(levels, weights[:, j], color=f"C{j}", label=f"weight {j}")
    left.plot(levels[near], affine[near, j], ":", color=f"C{j}")
    right.plot(levels, gates[:, j], color=f"C{j}", label=f"unit {j}")
left.plot(jnp.zeros(4), w_mid, "k.")
left.set(xlabel="log penalty", ylabel="weight", title="Best response, and its tangent at 0")
left.legend()
right.set(xlabel="log penalty", ylabel="gate", title="The same, as four gates")
right.legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# The tangent is good for about one unit of the log penalty, a factor of three in the penalty itself.
# In the principal components there is nothing to approximate: each unit's curve is one sigmoid, shifted
# to where the penalty is as large as the unit's eigenvalue. A layer whose gates are affine in
# $\theta$ follows such curves near the current $\theta$ only, and this is all that it needs to, if it
# keeps learning as $\theta$ moves.
#
# ## 2. Training a self-tuning network
#
# Write a response as $w=r(\varphi,\theta)$, with parameters $\varphi$ (all the $W_e, W_h, Q,\ldots$ of the
# network, or for a small problem $w_0+R\theta$ with $\varphi=(w_0,R)$). How to train $\varphi$ to be the
# best response near the current $\theta$? Perturb the hyperparameters, and ask that the response is
# good there as well. With standard normal rows $n_1,\ldots,n_S$ and scales $\sigma=e^{\rho}$, one
# for each of the $Q$ hyperparameters ($\rho$ is `log_std`), the **perturbed loss** is
# $$\bar L(\varphi,\theta,\rho) = \frac1S\sum_{i=1}^S L\big(r(\varphi,\theta+\sigma\odot n_i),\
#   \theta+\sigma\odot n_i\big)\;-\;\tau\,\mathbb H(\rho),\qquad
#   \mathbb H(\rho)=\sum_{j=1}^{Q}\rho_j+\frac Q2\log(2\pi e),$$
# where $\mathbb H$ is the entropy of the noise in nats. Note that $L$ sees the perturbed
# hyperparameters twice, through the response and directly.
#
# One **step** goes from $(\varphi,\theta,\rho)$ to the next by $U$ updates, in this order, with noise
# of its own for each (`noise` has shape $(U,S,Q)$):
#
# - the first $U-1$ updates change $\varphi$ only: gradient descent with `step_size` on the perturbed
#   *training* loss ($\tau=0$: the entropy does not depend on $\varphi$);
# - the last one changes $\theta$ and $\rho$ only, both at once: gradient descent with
#   `hyper_step_size` on the perturbed *validation* loss with the weight $\tau$ of the entropy, at the
#   newest $\varphi$.
#
# The last gradient goes *through the response*: $\varphi$ is held constant, $w=r(\varphi,\cdot)$ is not.
# That is the chain rule with the learned Jacobian in place of the implicit function theorem's. Without
# entropy the scales shrink to zero (a perturbation can only hurt at a minimum), and without noise there
# is nothing to learn the response from; $\tau$ holds them open.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 10

# %% [markdown]
# ### Question 2 (10 points)
#
# Write `perturbed_loss` and `self_tuning_step`. A `state` is a dict with the keys `"phi"` (a pytree),
# `"theta"` and `"log_std"`.
#
# *Hidden tests:* the perturbed loss without entropy and with it (1 point each); a step where both
# losses depend on $\theta$ directly: $\varphi$, and the hyperparameters (1 point each); a step of a tanh network of self-tuning
# layers (1 point); an exact response, which training leaves as it is while $\theta$ takes a step along the
# true hypergradient (1 point); one hyperparameter, $S=1$, and $U=1$ (no update of $\varphi$), in float32
# (1 point); noise that is zero (1 point); 12 digits of float64 (1 point); cost (1 point): at most $2US$
# gradients of the training loss in $\varphi$ at one perturbation.

# %% [raw]
# # BEGIN SOLUTION

# %%
def perturbed_loss(
    loss, response, phi, theta: Array, log_std: Array, noise: Array, entropy_weight: float
) -> Array:
    """The mean loss of the response at perturbed hyperparameters, less the weighted entropy.

    Args:
        loss: a function of (w, theta) to a scalar.
        response: a function of (phi, theta) to the weights w.
        phi: the parameters of the response, a pytree.
        theta: the hyperparameters, (Q,).
        log_std: the logarithms rho of the scales of the noise, (Q,).
        noise: standard normal numbers, (S, Q), a row for each perturbation.
        entropy_weight: tau.

    Returns:
        The perturbed loss, a scalar.
    """
    # BEGIN SOLUTION
    def at(n):
        moved = theta + jnp.exp(log_std) * n
        return loss(response(phi, moved), moved)

    entropy = jnp.sum(log_std) + theta.size * (1 + np.log(2 * np.pi)) / 2
    return jnp.mean(jax.vmap(at)(noise)) - entropy_weight * entropy
    # END SOLUTION


def self_tuning_step(
    training_loss,
    validation_loss,
    response,
    state: dict,
    noise: Array,
    step_size: float,
    hyper_step_size: float,
    entropy_weight: float,
) -> dict:
    """U - 1 updates of the response, then one of the hyperparameters and the noise's scales.

    Args:
        training_loss: a function of (w, theta) to a scalar.
        validation_loss: a function of (w, theta) to a scalar.
        response: a function of (phi, theta) to the weights w.
        state: the current phi, theta and log_std, under these names.
        noise: standard normal numbers, (U, S, Q).
        step_size: of the updates of phi.
        hyper_step_size: of the update of theta and log_std.
        entropy_weight: tau.

    Returns:
        The next state, a dict like `state`.
    """
    # BEGIN SOLUTION
    phi, theta, log_std = state["phi"], state["theta"], state["log_std"]
    for rows in noise[:-1]:
        slope = jax.grad(perturbed_loss, argnums=2)(
            training_loss, response, phi, theta, log_std, rows, 0.0
        )
        phi = jax.tree.map(lambda p, g: p - step_size * g, phi, slope)
    of_theta, of_log_std = jax.grad(perturbed_loss, argnums=(3, 4))(
        validation_loss, response, phi, theta, log_std, noise[-1], entropy_weight
    )
    return {
        "phi": phi,
        "theta": theta - hyper_step_size * of_theta,
        "log_std": log_std - hyper_step_size * of_log_std,
    }
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_structures(perturbed_loss, self_tuning_step):
    import jax
    import jax.numpy as jnp
    import lab12_given as given

    problem = given.tuned_quadratic(weights=4, hypers=2, seed=0)
    state = problem.state
    value = perturbed_loss(
        problem.training_loss,
        problem.response,
        state["phi"],
        state["theta"],
        state["log_std"],
        jnp.ones((3, 2)),
        0.1,
    )
    assert value is not None, "q2: perturbed_loss returns nothing yet"
    assert jnp.shape(value) == (), "q2: perturbed_loss returns a scalar"
    new = self_tuning_step(
        problem.training_loss,
        problem.validation_loss,
        problem.response,
        state,
        jnp.ones((2, 3, 2)),
        0.1,
        0.1,
        0.1,
    )
    assert new is not None, "q2: self_tuning_step returns nothing yet"
    assert jax.tree.map(jnp.shape, new) == jax.tree.map(jnp.shape, state), (
        "q2: self_tuning_step returns a dict like the state"
    )


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Ridge regression with one penalty, tuned while it is being trained, with the response $w_0+R\theta$ that
# starts at 0. Two starts, ten updates of the response for one of the hyperparameter. Beside it, what a grid
# search finds that trains to the end at each of its points.

# %%
data = given.regression(examples=20, features=12, seed=2, noise=2.0)
levels = jnp.linspace(-5.0, 3.0, 81)


@jax.jit
def validation_at(level):
    w, _ = ridge_response(data.Phi, data.t, level + jnp.zeros(12))
    return tuned.validation_loss(w, level[None])


def tune(problem, key, num_steps=1500, updates=11, pairs=2):
    """The states after 0, 1, ... steps, with noise in pairs n, -n."""

    def advance(state, key):
        half = jax.random.normal(key, (updates, pairs, 1))
        rows = jnp.concatenate([half, -half], axis=1)
        losses = problem.training_loss, problem.validation_loss
        return self_tuning_step(*losses, problem.response, state, rows, 0.03, 0.1, 0.01), state

    return jax.lax.scan(advance, problem.state, jax.random.split(key, num_steps))


fig, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.5))
for color, start in (("C0", -4.0), ("C1", 2.0)):
    tuned = given.tuned_ridge(data, theta=start, log_std=-0.7)
    last, states = jax.jit(partial(tune, tuned))(jax.random.key(0))
    left.plot(states["theta"], color=color, label=f"from {start:g}")
    middle.plot(jnp.exp(states["log_std"]), color=color)
grid = jax.vmap(validation_at)(levels)
best = levels[int(np.argmin(grid))]
left.axhline(best, color="grey", linestyle=":", label="grid search")
left.set(xlabel="step", ylabel="log penalty", title="The hyperparameter")
left.legend()
middle.set(xlabel="step", ylabel="std of the perturbation", title="The noise's scale", ylim=(0, None))
learned = jax.vmap(
    lambda level: tuned.validation_loss(tuned.response(last["phi"], level[None]), level[None])
)
right.plot(levels, grid, color="grey", label="training to the end")
near = jnp.abs(levels - last["theta"][0]) < 1.5
right.plot(levels[near], learned(levels[near]), "C1", label="the learned response")
right.plot(last["theta"], learned(last["theta"]), "C1o")
right.set(xlabel="log penalty", ylabel="validation loss", title="After the last step")
right.legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# Both starts reach the grid search's penalty (-0.4) within some fifty steps, in one run of training.
# On the right, the response is right about the validation loss where $\theta$ is, in value and in slope,
# and wrong a unit away: it was never asked about places so far off. In the middle the scale
# settles near 0.13. For a validation loss of curvature $\kappa$ in $\theta$ (as the response sees it, here
# about 0.7) the balance with the entropy is at $\sigma^2=\tau/\kappa$.
#
# ## 3. Evolution strategies, and persistent ones
#
# Often the inner problem is a long **unroll**, training or a simulation, with a loss at every step:
# $$(s_{t+1},\,\ell_t) = \mathrm{step}(s_t,\theta,t),\qquad L(\theta)=\sum_{t=0}^{T-1}\ell_t .$$
# Backpropagation through all of it needs memory for $T$ states, and where the dynamics are chaotic its
# gradient is exact and useless. **Evolution strategies** (ES) use values of $L$ only. With $S$
# standard normal rows $n_i$, a scale $\sigma$ (`std`), and *antithetic pairs*, the estimate
# $$g = \frac1{2S\sigma}\sum_{i=1}^S n_i\,\big(L(\theta+\sigma n_i)-L(\theta-\sigma n_i)\big)$$
# has as its expectation the gradient of the smoothed loss $\mathbb E_n L(\theta+\sigma n)$. Here $S$
# counts *pairs*: an estimate takes $2S$ losses.
#
# But each estimate waits for whole unrolls. So one cuts the unroll into **windows** of $K$ steps (the
# *truncation*), and updates $\theta$ after each. *Truncated* ES perturbs $\theta$ in a window, starting from
# the unperturbed state that the last window ended in. It is blind to what $\theta$ did to that state, a
# bias that no number of samples removes.
#
# **Persistent evolution strategies** (PES; Vicol, Metz and Sohl-Dickstein 2021) remove it by two
# changes. Every particle keeps a state of its own from window to window, and each window's losses are
# credited to *all* perturbations that this particle has had so far. For one window, with
# fresh standard normal rows $n_i$, the perturbations are $\epsilon_i=\sigma n_i$, and
# $$\xi_i \leftarrow \xi_i + \epsilon_i ,\qquad
#   (s_i^\pm, L_i^\pm) \leftarrow \mathrm{unroll}\big(s_i^\pm,\ \theta\pm\epsilon_i\big),\qquad
#   g = \frac{1}{2S\sigma^2}\sum_{i=1}^S \xi_i\,\big(L_i^+-L_i^-\big) .$$
# So $\xi$ includes the perturbation of the window itself, $\theta$ is perturbed by $\epsilon_i$ and not by
# $\xi_i$, and the divisor is $\sigma^2$ since $\xi$ already has the scale $\sigma$ in it. At the start of
# an episode all $s_i^\pm=s_0$ and $\xi_i=0$.
#
# Why it is unbiased: the loss of window $u$ depends on $\epsilon_1,\ldots,\epsilon_u$, and by
# Stein's lemma $\mathbb E[\epsilon_v L^{(u)}]/\sigma^2=\mathbb E[\partial L^{(u)}/\partial\epsilon_v]$. Summed
# over $v\le u$ and over all windows this is the gradient of the whole, smoothed by independent noise in
# each window. Truncated ES keeps $v=u$ only.
#
# In this question a state may be any pytree. Particles are a dict: `"positive"` and `"negative"`, the
# states $s_i^+$ and $s_i^-$ with the pairs along a new first axis of each leaf; `"xi"`, of shape
# $(S,Q)$; and `"first"`, the integer $t$ of the step that comes next.
# `given.unroll(step, theta, state, first, num_steps)` returns the state after a window and the sum of
# its losses.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 10

# %% [markdown]
# ### Question 3 (10 points)
#
# Write `es_gradient` and `persistent_step`.
#
# *Hidden tests:* ES of a loss that is no quadratic (1 point), and of a quadratic, where the
# estimate does not depend on $\sigma$ (1 point); PES of a window in the middle of an episode, with
# a pytree for a state and a step that depends on $t$: the estimate, and the particles (1 point each); the
# windows of an episode, whose estimates for noise with $\frac1S\sum_i n_{ui}n_{vi}^\top=\delta_{uv}I$ sum
# exactly to the gradient of the whole unroll, where losses are quadratic (2 points); one window from the start,
# against ES of the whole unroll (1 point); one pair, one step and one state, in float32 (1 point); 11
# digits of float64 (1 point); cost (1 point): at most $2.5\,SK$ steps, where $2SK$ are needed.

# %% [raw]
# # BEGIN SOLUTION

# %%
def es_gradient(loss, theta: Array, noise: Array, std: float) -> Array:
    """The antithetic estimate of the gradient of the smoothed loss.

    Args:
        loss: a function of theta to a scalar.
        theta: the parameters, (Q,).
        noise: standard normal numbers, (S, Q), a row for each pair.
        std: sigma.

    Returns:
        The estimate g, (Q,).
    """
    # BEGIN SOLUTION
    gain = jax.vmap(lambda n: loss(theta + std * n) - loss(theta - std * n))(noise)
    return gain @ noise / (2 * std * len(noise))
    # END SOLUTION


def persistent_step(
    step, theta: Array, particles: dict, noise: Array, std: float, truncation: int
) -> tuple[Array, dict]:
    """The persistent estimate of one window, and the particles at its end.

    Args:
        step: a function of (state, theta, t) to (next state, loss).
        theta: the hyperparameters, (Q,).
        particles: the dict described above.
        noise: standard normal numbers, (S, Q), a row for each pair.
        std: sigma.
        truncation: the number K of steps of the window.

    Returns:
        The estimate g, (Q,), and the particles after the window, a dict like `particles`.
    """
    # BEGIN SOLUTION
    epsilon, first = std * noise, particles["first"]
    xi = particles["xi"] + epsilon

    def run(state, moved):
        return given.unroll(step, moved, state, first, truncation)

    positive, losses_up = jax.vmap(run)(particles["positive"], theta + epsilon)
    negative, losses_down = jax.vmap(run)(particles["negative"], theta - epsilon)
    g = (losses_up - losses_down) @ xi / (2 * len(noise) * std**2)
    after = {"positive": positive, "negative": negative, "xi": xi, "first": first + truncation}
    return g, after
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_structures(es_gradient, persistent_step):
    import jax
    import jax.numpy as jnp
    import lab12_given as given

    g = es_gradient(lambda theta: jnp.sum(theta**2), jnp.ones(3), jnp.ones((2, 3)), 0.1)
    assert g is not None, "q3: es_gradient returns nothing yet"
    assert jnp.shape(g) == (3,), "q3: es_gradient returns a vector like theta"
    problem = given.tuned_descent(weights=3, seed=0)
    states = jax.tree.map(lambda leaf: jnp.stack([leaf] * 4), problem.state_0)
    particles = {"positive": states, "negative": states, "xi": jnp.zeros((4, 3)), "first": 0}
    found = persistent_step(problem.step, problem.theta, particles, jnp.ones((4, 3)), 0.1, 2)
    assert found is not None, "q3: persistent_step returns nothing yet"
    g, after = found
    assert jnp.shape(g) == (3,), "q3: persistent_step returns a vector like theta, and particles"
    assert jax.tree.map(jnp.shape, after) == jax.tree.map(jnp.shape, particles), (
        "q3: persistent_step returns a dict like the particles"
    )


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# A chain of 23 units in which $\theta$ pushes the first 10 up and the other 13 down. The loss looks at
# the first unit only, $\frac12(s_0-1)^2$ at each step, and the far units reach it late: what helps
# soon hurts in the end. Left: the expected estimates at one $\theta$, for windows of $K$ steps (by
# noise for which the averages are exact), relative to the true gradient. Right: descent by
# single estimates with normal noise, updating after every window.

# %%
chain = given.influence_balancing(units=23, positive=10)
HORIZON = 400
whole = jax.jit(lambda theta: given.unroll(chain.step, theta, chain.state_0, 0, HORIZON)[1])


def start(problem, pairs):
    states = jax.tree.map(lambda leaf: jnp.stack([leaf] * pairs), problem.state_0)
    nothing = jnp.zeros((pairs, problem.theta.size))
    return {"positive": states, "negative": states, "xi": nothing, "first": jnp.asarray(0)}


@partial(jax.jit, static_argnums=(2, 3))
def persistent_path(theta, noise, truncation, rate):
    """theta after every window, and the sum of the estimates of all windows."""

    def advance(carry, rows):
        theta, particles = carry
        g, particles = persistent_step(chain.step, theta, particles, rows, 0.1, truncation)
        return (theta - rate * g, particles), (theta - rate * g, g)

    _, (thetas, estimates) = jax.lax.scan(advance, (theta, start(chain, noise.shape[1])), noise)
    return thetas, estimates.sum(axis=0)


@partial(jax.jit, static_argnums=(2, 3))
def truncated_path(theta, noise, truncation, rate):
    """The same by truncated ES: all particles of a window start at the unperturbed state."""

    def advance(carry, rows):
        theta, state, first = carry
        g = es_gradient(
            lambda moved: given.unroll(chain.step, moved, state, first, truncation)[1],
            theta,
            rows,
            0.1,
        )
        state, _ = given.unroll(chain.step, theta, state, first, truncation)
        return (theta - rate * g, state, first + truncation), (theta - rate * g, g)

    _, (thetas, estimates) = jax.lax.scan(advance, (theta, chain.state_0, 0), noise)
    return thetas, estimates.sum(axis=0)


fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
cuts = (2, 10, 40, 80, 200, 400)
exact = jax.grad(whole)(chain.theta)
for color, name, path in (("C0", "persistent", persistent_path), ("C1", "truncated", truncated_path)):
    ratios = []
    for K in cuts:
        noise = given.orthonormal_noise(HORIZON // K, HORIZON // K, size=1, seed=K)
        ratios.append(path(chain.theta, noise, K, 0.0)[1] / exact)
    left.semilogx(cuts, ratios, "o-", color=color, label=name)

    theta, losses = chain.theta, [whole(chain.theta)]
    rng = np.random.default_rng(1)
    for _ in range(30):
        noise = jnp.asarray(rng.normal(size=(HORIZON // 10, 100, 1)))
        thetas, _ = path(theta, noise, 10, 1e-5)
        theta = thetas[-1]
        losses.append(whole(theta))
    right.semilogy(losses, color=color, label=name)
left.axhline(0.0, color="grey", linewidth=0.5)
left.set(xlabel="steps K of a window", ylabel="estimate / gradient", title="What is expected")
left.legend()
lowest = min(float(whole(jnp.full(1, theta))) for theta in np.linspace(-0.5, 0.5, 1001))
right.axhline(lowest, color="grey", linestyle=":", label="minimum")
right.set(xlabel="episodes", ylabel="loss of an episode", title="Descent, windows of 10 steps")
right.legend()
fig.tight_layout()
plt.show()

# %% [markdown]
# Truncated ES points the wrong way for all windows shorter than about 80 steps, one fifth of the
# horizon, and is worst not for the shortest. It does what it is told, descend on what happens within a
# window, and the loss of the episode grows several hundredfold. PES has the right expectation with windows of any length;
# it comes down to the minimum in some fifteen episodes, with forty updates in each. What it pays is variance:
# with 20 pairs instead of 100 the sum over an episode scatters by about a third.
#
# ## 4. Cold and warm starts
#
# An overparameterised inner problem has many minima. Take least squares with fewer equations than
# weights, whose equations depend on the hyperparameters $u$,
# $$w\in\arg\min_w\ \tfrac12\|\Phi(u)\,w-t(u)\|^2,\qquad \Phi(u):\ N\times D,\ \text{rank } N<D .$$
# Gradient descent from $w$ ends at the solution *nearest to its start*, a projection:
# $$\Pi_u(w) = w+\Phi^{+}\big(t-\Phi w\big),\qquad \Phi^+=\Phi^\top(\Phi\Phi^\top)^{-1} .$$
# So which solution one gets is decided by where the inner problem is started, each time that $u$ has
# moved: **cold** from one fixed $w_0$ (from 0: the minimum-norm solution), or **warm** from the
# solution before. With $u_k$ the hyperparameters and $w_k$ the weights after $k$ outer steps,
# $$\text{cold: } w_k=\Pi_{u_k}(w_0),\qquad \text{warm: } w_k=\Pi_{u_k}(w_{k-1})\quad(w_{-1}:=w_0) .$$
# In this question inner problems are solved to the end, in this closed form.
#
# The outer step is $u_{k+1}=u_k-\alpha h_k$ with the hypergradient of an outer loss $F(w)$ at $w_k$:
#
# - *cold:* $w_k$ is a function of $u_k$ alone, and $h_k$ is the exact gradient of
#   $u\mapsto F(\Pi_u(w_0))$;
# - *warm:* $h_k$ is the implicit hypergradient with a pseudo-inverse for the inverse of the singular
#   Hessian $\Phi^\top\Phi$,
#   $$h_k=-\Big(\frac{\partial r}{\partial u}\Big)^{\!\top}(\Phi^+)^\top\,\nabla F(w_k),\qquad
#   r(u)=\Phi(u)\,w_k-t(u)\ \text{with } w_k \text{ fixed},$$
#   which is what conjugate gradient or a Neumann series tends to at $w_k$: of all moves that keep a
#   solution a solution, the smallest.
#
# In an outer step *first* the inner problem is solved at $u_k$, *then* $h_k$ is computed at its
# solution $w_k$, *then* $u$ moves.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 7

# %% [markdown]
# ### Question 4 (7 points)
#
# Write `nearest_solution` and `outer_iterates`. Here `equations(u)` returns the pair $(\Phi,t)$.
#
# *Hidden tests:* the nearest solution against the pseudo-inverse, and against many steps of gradient
# descent (1 point); outer iterates and their solutions from cold starts (1 point), and from warm
# starts (1 point); a problem whose targets alone depend on $u$, where the two agree (1 point); a
# single equation, and $K=0$, in float32 (1 point); 12 digits of float64 (1 point); memory of the
# nearest solution with $N=4$, $D=400$ (1 point): less than 150 kB, so no $D\times D$ matrix.

# %% [raw]
# # BEGIN SOLUTION

# %%
def nearest_solution(Phi: Array, t: Array, w: Array) -> Array:
    """The solution of Phi x = t that is nearest to w.

    Args:
        Phi: the equations, (N, D), of rank N <= D.
        t: the right-hand sides, (N,).
        w: the start, (D,).

    Returns:
        The solution, (D,).
    """
    # BEGIN SOLUTION
    return w + Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t - Phi @ w)
    # END SOLUTION


def outer_iterates(
    equations, outer_loss, u_0: Array, w_0: Array, step_size: float, num_steps: int, warm: bool
) -> tuple[Array, Array]:
    """Outer gradient descent, with the inner problem solved from a cold or a warm start.

    Args:
        equations: a function of u to the pair Phi (N, D), t (N,).
        outer_loss: the function F of w (D,) to a scalar.
        u_0: the first hyperparameters, (Q,).
        w_0: the start of the inner problem (if warm: of the first one), (D,).
        step_size: alpha.
        num_steps: the number K >= 0 of outer steps.
        warm: whether an inner problem starts at the solution of the one before.

    Returns:
        u_0, ..., u_K, (K + 1, Q), and the solutions w_0, ..., w_K that belong to them, (K + 1, D).
    """
    # BEGIN SOLUTION
    def cold_slope(u):
        return jax.grad(lambda u: outer_loss(nearest_solution(*equations(u), w_0)))(u)

    def warm_slope(u, w):
        Phi, _ = equations(u)
        q = jnp.linalg.solve(Phi @ Phi.T, Phi @ jax.grad(outer_loss)(w))

        def residual(u):
            rows, targets = equations(u)
            return rows @ w - targets

        return -jax.vjp(residual, u)[1](q)[0]

    def advance(carry, _):
        u, before = carry
        w = nearest_solution(*equations(u), before if warm else w_0)
        slope = warm_slope(u, w) if warm else cold_slope(u)
        return (u - step_size * slope, w), (u, w)

    return jax.lax.scan(advance, (u_0, w_0), length=num_steps + 1)[1]
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(nearest_solution, outer_iterates):
    import jax.numpy as jnp
    import lab12_given as given

    problem = given.underdetermined(equations=2, weights=4, hypers=3, seed=0)
    w = nearest_solution(*problem.equations(problem.u), problem.w_0)
    assert w is not None, "q4: nearest_solution returns nothing yet"
    assert jnp.shape(w) == (4,), "q4: nearest_solution returns a vector like w"
    for warm in (False, True):
        found = outer_iterates(
            problem.equations, problem.outer_loss, problem.u, problem.w_0, 0.1, 2, warm
        )
        assert found is not None, "q4: outer_iterates returns nothing yet"
        assert tuple(map(jnp.shape, found)) == ((3, 3), (3, 4)), (
            "q4: outer_iterates returns arrays (K + 1, Q) and (K + 1, D)"
        )


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Two weights and one equation, a line in the plane that touches the unit circle at the angle $u$; $u$
# is the only hyperparameter. The outer loss is a quarter of the squared distance to a goal. Grey: all
# solutions that cold starts can give. Two first angles and two outer step sizes, from cold and from
# warm starts.

# %%
@partial(jax.jit, static_argnums=2)
def run(angle, rate, warm):
    _, ws = outer_iterates(line.equations, line.outer_loss, angle, line.w_0, rate, 100, warm)
    return ws, jax.vmap(line.outer_loss)(ws)


line = given.turned_line(0.2, goal=(2.0, 0.5), start=(-1.0, 1.0))
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
angles = jnp.linspace(0, 2 * jnp.pi, 200)[:, None]
cold = jax.vmap(lambda u: nearest_solution(*line.equations(u), line.w_0))(angles)
left.plot(*cold.T, color="grey", linewidth=1)
for angle, rate, style in ((0.2, 0.1, "--"), (0.2, 0.4, "-"), (-0.3, 0.1, ":"), (-0.3, 0.4, "-.")):
    for warm, color in ((False, "C0"), (True, "C1")):
        ws, losses = run(jnp.full(1, angle), rate, warm)
        name = f"{'warm' if warm else 'cold'}, from {angle}, step size {rate}"
        left.plot(*ws.T, style, color=color)
        left.plot(*ws[-1], "o", color=color)
        right.semilogy(losses, style, color=color, label=name)
left.plot(2.0, 0.5, "k*", markersize=10)
left.plot(*line.w_0, "kx")
left.set(xlabel="weight 0", ylabel="weight 1", title="Inner solutions (x: start, *: goal)")
left.set_aspect("equal")
right.set(xlabel="outer step", ylabel="outer loss", title="Outer loss", ylim=(2e-5, 1))
right.legend(fontsize="small", ncol=2, loc="lower left")
fig.tight_layout()
plt.show()

# %% [markdown]
# Cold starts end at one point, wherever and however the search begins: the best of the grey curve, with
# an outer loss of 0.18, as one angle can't do more. Warm starts leave the curve. They drift
# along the null space of the equations seen so far and come much nearer to the goal, to 0.01 in one
# case: the two *weights* have learned what one hyperparameter can't hold. Where they end depends on the first
# angle and on the step size. And they stop where the least move has no part along
# $\nabla F$, which need not be a minimum of anything.
#
# ## 5. What was learned, and by whom?

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
# 1. In question 2, what goes wrong as the noise's scale tends to 0, and what if it is far too large?
# 2. An unroll has $10^5$ steps, its gradient is well behaved, and $\theta$ has three entries. Then it is made
#    chaotic. Would you use truncated backpropagation, ES over the whole unroll, or PES, in either case,
#    and what is the price of your choice?
# 3. A colleague tunes $u$ with warm starts, reports the validation loss of the last $w_k$, and publishes
#    $u$. Others train from scratch with it and do much worse. Explain, and say what should have been
#    reported.
#
# *Graded on:* a correct argument for each part (1 point each), not on length.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. The gradient in the part of $\varphi$ that multiplies $\theta$ carries information on the response
#    only through the perturbations, in proportion to $\sigma^2$: with no noise $\varphi$ fits the weights at
#    $\theta$ and its slope is arbitrary, so the hypergradient through it is as well. Far too large,
#    and an affine response must fit a curved best response over a wide range: its slope is that of a chord,
#    and the weights are not optimal at $\theta$ itself.
# 2. Well behaved: the truncated gradient is biased whatever the number of samples, even in sign (the chain). With
#    three hyperparameters forward accumulation would be exact at three tangents a step; of the ones
#    named, ES over the whole unroll is nearly unbiased but updates once in $10^5$ steps; PES
#    updates in every window. Chaotic: exact gradients explode, the smoothed loss has a
#    moderate one, so ES or PES. The price is variance: $\xi$, and with it that of PES, can grow with
#    the number of windows, and its particles lag behind $\theta$.
# 3. The weights have learned from the outer loss too: the null space of $\Phi$ keeps what earlier $u$ put
#    there, so $w_k$ depends on the whole path and $u_k$ alone does not determine it (in the plot the
#    warm solutions leave the curve of everything that a cold start can reach). Retrain from
#    scratch at the final $u$, several times, and report that, or publish the weights.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
