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
# name: lab08
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
# # Lab 8: Langevin dynamics, variational inference and the implicit regularisation of SGD
#
# CSC2541, lecture 8. Individual work. 40 points.
#
# A trained network is one point of weight space. What the data say is a distribution over it. This
# lab is about the noise between the two, put in on purpose or there anyway:
#
# - noise in the *steps* of gradient descent, just enough to make it a sampler of the posterior
#   (question 1);
# - noise in the *weights*, whose size is learnt together with their mean (question 2), and how to
#   make such noise nearly independent for every example of a batch at the price of one more product
#   of matrices (question 3);
# - no noise but a finite step size: even plain gradient descent doesn't minimise quite the loss that
#   it is given, and SGD minimises yet another one (question 4).
#
# In each case there is a small problem on which everything is known in closed form, and there your
# functions are tested to the last digits.
#
# | question | | points |
# |---|---|---|
# | 1 | Langevin dynamics, and what it samples from | 10 |
# | 2 | Bayes by backprop | 10 |
# | 3 | Flipout | 8 |
# | 4 | The loss that descent really follows | 9 |
# | 5 | Written: is SGD a sampler? | 3 |
#
# **How it is graded.** The checks in this notebook look at names, signatures and shapes only; passing
# them earns nothing by itself. After you submit, each of your functions is called with hidden inputs
# and the returned values are compared with a reference. Every question says what its hidden tests
# look at. They are hidden until the due date; then all of them are shown, and the feedback says which
# failed and how. A hidden test gives all of its points or none, except where *partial credit* is
# mentioned. Question 5 is graded by hand.
#
# **Rules for your functions.**
#
# - Keep names and signatures. A function may call your other functions and those of `lab08_given`.
# - Weights are *pytrees* (nested lists and dicts of arrays, or one array, of any shape), except where
#   a shape is given. A gradient has the structure and the shapes of the weights.
# - Random numbers are arguments: signs, standard normal noise, batches. Draw none of your own. No
#   printing, no state between calls.
# - Compute in the dtype of the arrays that you are given. Most hidden inputs are float64 with
#   `jax_enable_x64` on; some are float32 with it off. Every returned entry must be finite.
# - Questions 2, 3 and 4 have tests of *cost* and *memory*. Your function is traced, as by `jax.jit`;
#   the operations of the traced program are counted (not timed), a loop counting every step, and the
#   temporary memory that XLA plans for it is read off. So it must be traceable: no `if` on the value
#   of an array. Finite differences are cheap too, but lose half of the digits: some tests ask for
#   nearly all digits of float64.
#
# **Conventions of this lab.** The prior is $w\sim\mathcal N(0,\tau^2I)$ over all weights; `prior_std`
# is $\tau$. `log_likelihood(w, batch)` is the log-likelihood *summed* over the $B$ examples of a batch,
# with its constants; `loss(w, batch)`, in question 4, is minus the *mean* over the batch. A batch is a
# pytree of arrays with the examples along their first axis, so that $B$ is the length of that axis.
# $N$ is the number of examples of the whole data set, `num_examples`. With
# $$U(w)=-\log p(w)-\sum_{n=1}^N\log p(t_n\mid x_n,w),\qquad
#   -\log p(w)=\frac{|w|^2}{2\tau^2}+\text{const},$$
# the posterior is proportional to $e^{-U(w)}$: $U$ is a *sum* over examples, and the prior's part is
# there once.

# %%
from functools import partial
from itertools import permutations

import jax
import jax.numpy as jnp
import lab08_given as given
import matplotlib.pyplot as plt
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)  # closed forms are compared to many digits

Array = jax.Array

# %% [markdown]
# ## 1. Langevin dynamics, and what it samples from
#
# Gradient descent on $U$ with noise of a certain size,
# $$w_{k+1}=w_k-\varepsilon_k\,\nabla U_k(w_k)+\sqrt{2\varepsilon_k}\;\xi_k,\qquad
#   \xi_k\sim\mathcal N(0,I),$$
# is a discretisation of the Langevin diffusion, whose stationary distribution is the posterior. Mind
# the convention: here $\varepsilon$ is the time step of the diffusion. Welling and Teh (2011) step by
# $\varepsilon/2$ and add noise of variance $\varepsilon$; their $\varepsilon$ is twice ours.
# *Stochastic gradient* Langevin dynamics (SGLD) puts for $U$ an unbiased estimate from a batch,
# $$U_k(w)=\frac{|w|^2}{2\tau^2}-\frac NB\sum_{n\in\text{batch }k}\log p(t_n\mid x_n,w).$$
#
# The step size may vary. If it goes to 0 slowly enough, the samples converge to the posterior, and the
# noise of the batches doesn't matter: it enters with variance $\varepsilon^2$, the injected noise with
# $\varepsilon$. In practice one keeps the step size constant. What is sampled then? Let
# $U=\tfrac12(w-m)^\top A(w-m)$, so that the posterior is $\mathcal N(m,A^{-1})$, and let the gradient
# of a batch be $\nabla U$ plus noise with mean 0 and a covariance $C$ that doesn't depend on $w$. The
# error $w_k-m$ is multiplied by $I-\varepsilon A$ at each step. So the covariance $S$ of the
# stationary distribution is the solution of
# $$S=(I-\varepsilon A)\,S\,(I-\varepsilon A)+2\varepsilon I+\varepsilon^2C,
#   \qquad 0<\varepsilon<2/a_{\max},$$
# a discrete Lyapunov equation, which is linear in $S$. It isn't solved by $A^{-1}$, not even for
# $C=0$. Multiply it out and divide by $\varepsilon$. In the eigenbasis of $A$ you can then read off every entry
# of $S$, also when $C$ has other eigenvectors. Leave nothing in your formula that subtracts two nearly
# equal numbers: for $\varepsilon A$ of the order of $10^{-9}$, $1-(1-\varepsilon a)^2$ has only half of its digits.

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 10

# %% [markdown]
# ### Question 1 (10 points)
#
# Write `sgld_iterates` and `stationary_covariance`.
#
# *Hidden tests of* `sgld_iterates`: linear regression, against the affine recursion (2 points, partial
# credit: 1 for a constant step size, 1 for a schedule); a classifier with a pytree of weights (1
# point); one example in a batch, one weight of shape `()`, and no step at all, in float32 (1 point); 12
# digits of float64 (1 point).
#
# *Hidden tests of* `stationary_covariance`: without gradient noise (1 point); with gradient noise, for
# small step sizes and some that make a mode oscillate, $\varepsilon a>1$ (2 points, partial credit: 1
# for each); one weight, and several equal eigenvalues, in float32 (1 point); 11 digits for tiny steps,
# $\varepsilon A$ of the order of $10^{-9}$ (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def sgld_iterates(
    log_likelihood, w_0, batches, noise, num_examples: int, prior_std: float, step_sizes: Array
):
    """The iterates w_0, ..., w_K of stochastic gradient Langevin dynamics.

    Args:
        log_likelihood: a function of (w, batch) to a scalar, summed over the batch's examples.
        w_0: the start, a pytree.
        batches: a pytree whose leaves have shape (K, B, ...); batch k gives the gradient at w_k.
        noise: xi_0, ..., xi_{K-1}, a pytree like w_0 whose leaves have a new first axis of length K.
        num_examples: N, of the whole data set.
        prior_std: tau.
        step_sizes: eps_0, ..., eps_{K-1}, shape (K,), K >= 0.

    Returns:
        A pytree like w_0 whose leaves have a new first axis of length K + 1; index 0 is w_0.
    """
    # BEGIN SOLUTION
    batch_size = jax.tree.leaves(batches)[0].shape[1]

    def advance(w, inputs):
        batch, xi, eps = inputs
        rise = jax.grad(log_likelihood)(w, batch)
        w = jax.tree.map(
            lambda p, g, e: (
                p - eps * (p / prior_std**2 - num_examples / batch_size * g) + jnp.sqrt(2 * eps) * e
            ),
            w,
            rise,
            xi,
        )
        return w, w

    _, later = jax.lax.scan(advance, w_0, (batches, noise, step_sizes))
    return jax.tree.map(lambda p, ps: jnp.concatenate([p[None], ps]), w_0, later)
    # END SOLUTION


def stationary_covariance(A: Array, step_size: float, gradient_noise: Array) -> Array:
    """The covariance that Langevin dynamics with a constant step size ends with.

    Args:
        A: the Hessian of U, symmetric and positive definite, shape (P, P).
        step_size: eps, 0 < eps < 2 / a_max.
        gradient_noise: C, the covariance of the gradient of U_k at fixed w, shape (P, P).

    Returns:
        S = (I - eps A) S (I - eps A) + 2 eps I + eps^2 C, shape (P, P).
    """
    # BEGIN SOLUTION
    a, Q = jnp.linalg.eigh(A)
    driven = 2 * jnp.eye(len(a), dtype=a.dtype) + step_size * Q.T @ gradient_noise @ Q
    rates = a[:, None] + a[None, :] - step_size * jnp.outer(a, a)
    return Q @ (driven / rates) @ Q.T
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(sgld_iterates, stationary_covariance):
    import jax
    import jax.numpy as jnp
    import lab08_given as given
    import numpy as np

    assert sgld_iterates is not None, "q1: sgld_iterates is missing"
    model = given.classifier(widths=(2, 3), examples=12, seed=0)
    batches = given.cut_into_batches(model.data, 4)
    noise = jax.tree.map(lambda leaf: jnp.ones((4, *leaf.shape)), model.w)
    iterates = sgld_iterates(
        model.log_likelihood, model.w, batches, noise, 12, 1.0, jnp.full(4, 0.01)
    )
    assert iterates is not None, "q1: sgld_iterates returns nothing yet"
    shapes = jax.tree.map(jnp.shape, iterates)
    assert shapes == jax.tree.map(lambda leaf: (5, *leaf.shape), model.w), (
        "q1: sgld_iterates returns a pytree like w_0 with a new first axis of length K + 1"
    )
    assert stationary_covariance is not None, "q1: stationary_covariance is missing"
    S = stationary_covariance(jnp.diag(jnp.array([1.0, 2.0])), 0.1, jnp.eye(2))
    assert S is not None, "q1: stationary_covariance returns nothing yet"
    assert np.shape(S) == (2, 2), "q1: stationary_covariance returns a matrix of shape (P, P)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The posterior of a regression with two correlated features, and the last 2,000 of 4,000 iterates
# (every fifth is drawn). From left to right: a small step and the gradient of all data; a large step;
# a small step, but the gradients of batches of 4. Dashed: two standard deviations of the posterior;
# solid: of `stationary_covariance`.

# %%
model = given.regression(examples=40, features=2, seed=1, noise_std=1.0, correlation=0.8)
x, t = model.data["x"], model.data["t"]
A = x.T @ x + jnp.eye(2)  # noise and prior have standard deviation 1
m = jnp.linalg.solve(A, x.T @ t)
a_max = float(jnp.linalg.eigvalsh(A)[-1])
each = (x @ m - t)[:, None] * x  # the examples' gradients at the posterior mean
spread = each - each.mean(axis=0)
steps = 4000
xi = jax.random.normal(jax.random.key(0), (steps, 2))
whole = {name: jnp.broadcast_to(leaf, (steps, *leaf.shape)) for name, leaf in model.data.items()}
small = given.drawn_batches(model.data, steps, 4, seed=0)
settings = {
    "all data, $\\varepsilon a_{\\max}=0.1$": (0.1, whole, 0 * A),
    "all data, $\\varepsilon a_{\\max}=1.7$": (1.7, whole, 0 * A),
    "batches of 4, $\\varepsilon a_{\\max}=0.1$": (0.1, small, 40 / 4 * spread.T @ spread),
}
fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharex=True, sharey=True)
for axis, (title, (fraction, batches, C)) in zip(axes, settings.items(), strict=True):
    eps = fraction / a_max
    ws = jax.jit(sgld_iterates, static_argnums=0)(
        model.log_likelihood, m, batches, xi, 40, 1.0, jnp.full(steps, eps)
    )[steps // 2 :]
    axis.plot(*ws[::5].T, ".", color="grey", markersize=2)
    axis.plot(*given.ellipse(m, jnp.linalg.inv(A)).T, "C0--", label="posterior")
    S = stationary_covariance(A, eps, C)
    axis.plot(*given.ellipse(m, S).T, "C1", label="stationary")
    axis.set(title=title, xlabel="$w_1$", aspect="equal")
    variances = np.linalg.eigvalsh(np.cov(ws.T)) * np.linalg.eigvalsh(A)[::-1]
    print(title, "sampled / posterior variance, steep and flat:", variances.round(2))
axes[0].set(ylabel="$w_2$")
axes[0].legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# With small steps and all data the two ellipses can't be told apart. A step close to the stability limit makes
# the steep direction far too wide (by $1/(1-\varepsilon a/2)$, nearly sevenfold here) and leaves the flat one alone: the
# samples look as if the features weren't correlated. With batches of 4 even the small step isn't small enough.
# (The printed ratios are off by the sampling error of a run of this length, and by what $C$ depends on $w$.)
#
# ## 2. Bayes by backprop
#
# Sampling needs a long run. Variational inference makes an optimisation problem of it: of a family of
# distributions $q$, take the one of least *free energy*
# $$F(q)=\mathrm{KL}(q\,\|\,p)-\mathbb E_{q}\Big[\sum_{n=1}^N\log p(t_n\mid x_n,w)\Big]
#   =\mathrm{KL}(q\,\|\,\text{posterior})-\log p(t),$$
# which is minus the evidence lower bound (ELBO). $p$ is the prior $\mathcal N(0,\tau^2I)$, and $q$ a
# *mean-field* Gaussian: every weight has its own mean $m_i$ and standard deviation $s_i$, and they are
# independent,
# $$q(w)=\prod_i\mathcal N(w_i;\,m_i,s_i^2),\qquad s_i=\operatorname{softplus}(\rho_i)=\log(1+e^{\rho_i}).$$
# So the parameters are two pytrees like the weights, $m$ (`mean`) and $\rho$ (`rho`), and both may
# take any real value. (Others keep $\log s$; the optimum is the same, the gradient isn't.) For Gaussians the
# divergence is known,
# $$\mathrm{KL}(q\,\|\,p)=\sum_i\Big(\frac{s_i^2+m_i^2}{2\tau^2}-\frac12-\log\frac{s_i}{\tau}\Big),$$
# and only the likelihood has to be sampled: with $S$ draws $\epsilon_s\sim\mathcal N(0,I)$ and a batch,
# $$\hat F(m,\rho)=\mathrm{KL}(q\,\|\,p)-\frac NB\cdot\frac1S\sum_{s=1}^S
#   \sum_{n\in\text{batch}}\log p(t_n\mid x_n,w_s),\qquad w_s=m+\operatorname{softplus}(\rho)\odot\epsilon_s .$$
# The noise doesn't depend on $m$ and $\rho$ (*reparameterisation*). So the gradient of $\hat F$ with
# the noise held fixed is an unbiased estimate of the gradient of $F$, and it costs one gradient a draw:
# $\partial w_s/\partial m$ is the identity, $\partial w_s/\partial\rho$ is diagonal.
#
# When is the answer known? If the posterior is Gaussian, $\mathcal N(m_\star,\Lambda^{-1})$ with a precision
# matrix $\Lambda$, write down $\mathrm{KL}(q\,\|\,\text{posterior})$ and set its gradient to zero. The mean comes out right; the
# *precisions* $1/s_i^2$ are the diagonal of $\Lambda$, and so the variances are not the marginal ones. For
# Bayesian linear regression, with targets $t=\Phi w+\text{noise}$ of standard deviation $\sigma$,
# $$\Lambda=\frac{\Phi^\top\Phi}{\sigma^2}+\frac{I}{\tau^2},\qquad
#   \Lambda\,m_\star=\frac{\Phi^\top t}{\sigma^2}.$$
#
# Networks that have been trained for a while have weights with $\rho=-30$, and others with $\rho=300$: nothing may
# overflow, and no standard deviation become 0. The same goes for the inverse of the softplus.

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 10

# %% [markdown]
# ### Question 2 (10 points)
#
# Write the four functions.
#
# *Hidden tests:* the divergence of pytrees (1 point); of weights with $\rho$ far from 0, in float32, and of the prior
# from itself (1 point); the free energy of a classifier, on a batch (1 point); the free energy of a
# linear regression, with draws that make it exact, against the evidence (1 point); the gradient for a regression, against the
# closed form, and at the optimum, where it vanishes (1 point); the gradient for a classifier, 12 digits (1
# point); one draw, one example, one weight, in float32 (1 point); cost of the gradient: for $S$ draws, at most
# $2S+2$ gradients of the log-likelihood of the batch (1 point); the optimum for regressions (1 point); the
# optimum for weights on which there are very precise data or none (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def kl_to_prior(mean, rho, prior_std: float) -> Array:
    """KL(q || p) from the mean-field Gaussian q to the prior p, in nats.

    Args:
        mean: the means m, a pytree.
        rho: a pytree like mean; the standard deviations are softplus(rho).
        prior_std: tau.

    Returns:
        The divergence, summed over all weights, a scalar.
    """
    # BEGIN SOLUTION
    def of_leaf(m, r):
        s = jax.nn.softplus(r)
        return jnp.sum((s**2 + m**2) / (2 * prior_std**2) - 0.5 - jnp.log(s / prior_std))

    return sum(jax.tree.leaves(jax.tree.map(of_leaf, mean, rho)))
    # END SOLUTION


def free_energy(
    log_likelihood, mean, rho, draws, batch, num_examples: int, prior_std: float
) -> Array:
    """The estimate of the free energy from given draws and a batch, in nats.

    Args:
        log_likelihood: a function of (w, batch) to a scalar, summed over the batch's examples.
        mean, rho: the parameters of q, two pytrees like the weights.
        draws: eps_1, ..., eps_S, a pytree like mean whose leaves have a new first axis of length S.
        batch: a pytree of arrays with the B examples along their first axis.
        num_examples: N, of the whole data set.
        prior_std: tau.

    Returns:
        The estimate, a scalar.
    """
    # BEGIN SOLUTION
    scale = num_examples / len(jax.tree.leaves(batch)[0])

    def of_draw(eps):
        w = jax.tree.map(lambda m, r, e: m + jax.nn.softplus(r) * e, mean, rho, eps)
        return log_likelihood(w, batch)

    fit = jnp.mean(jax.vmap(of_draw)(draws))
    return kl_to_prior(mean, rho, prior_std) - scale * fit
    # END SOLUTION


def free_energy_gradient(
    log_likelihood, mean, rho, draws, batch, num_examples: int, prior_std: float
):
    """The gradient of the estimate in the parameters of q, with the draws held fixed.

    Args:
        log_likelihood, mean, rho, draws, batch, num_examples, prior_std: as above.

    Returns:
        The pair of the gradients in mean and in rho, two pytrees like mean.
    """
    # BEGIN SOLUTION
    def energy(m, r):
        return free_energy(log_likelihood, m, r, draws, batch, num_examples, prior_std)

    return jax.grad(energy, argnums=(0, 1))(mean, rho)
    # END SOLUTION


def mean_field_optimum(
    Phi: Array, t: Array, noise_std: float, prior_std: float
) -> tuple[Array, Array]:
    """The mean-field Gaussian of least free energy for Bayesian linear regression.

    Args:
        Phi: the features of all examples, shape (N, P).
        t: the targets, shape (N,).
        noise_std: sigma, the standard deviation of the targets' noise.
        prior_std: tau.

    Returns:
        The pair (mean, rho), each of shape (P,), where the standard deviations are softplus(rho).
    """
    # BEGIN SOLUTION
    precision = Phi.T @ Phi / noise_std**2 + jnp.eye(Phi.shape[1], dtype=Phi.dtype) / prior_std**2
    mean = jnp.linalg.solve(precision, Phi.T @ t / noise_std**2)
    s = jnp.diag(precision) ** -0.5
    return mean, s + jnp.log(-jnp.expm1(-s))  # log(e^s - 1) without e^s
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(kl_to_prior, free_energy, free_energy_gradient, mean_field_optimum):
    import jax
    import jax.numpy as jnp
    import lab08_given as given
    import numpy as np

    model = given.classifier(widths=(2, 3), examples=8, seed=0)
    assert kl_to_prior is not None, "q2: kl_to_prior is missing"
    divergence = kl_to_prior(model.w, model.w, 1.0)
    assert divergence is not None, "q2: kl_to_prior returns nothing yet"
    assert np.shape(divergence) == (), "q2: kl_to_prior returns a scalar"
    draws = jax.tree.map(lambda leaf: jnp.ones((4, *leaf.shape)), model.w)
    arguments = (model.log_likelihood, model.w, model.w, draws, model.data, 8, 1.0)
    assert free_energy is not None, "q2: free_energy is missing"
    value = free_energy(*arguments)
    assert value is not None, "q2: free_energy returns nothing yet"
    assert np.shape(value) == (), "q2: free_energy returns a scalar"
    assert free_energy_gradient is not None, "q2: free_energy_gradient is missing"
    pair = free_energy_gradient(*arguments)
    assert pair is not None, "q2: free_energy_gradient returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "q2: free_energy_gradient returns a pair"
    shapes = jax.tree.map(jnp.shape, model.w)
    assert all(jax.tree.map(jnp.shape, part) == shapes for part in pair), (
        "q2: each of the two gradients is a pytree like mean"
    )
    assert mean_field_optimum is not None, "q2: mean_field_optimum is missing"
    pair = mean_field_optimum(jnp.ones((4, 2)), jnp.ones(4), 1.0, 1.0)
    assert pair is not None, "q2: mean_field_optimum returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "q2: mean_field_optimum returns a pair"
    assert all(np.shape(part) == (2,) for part in pair), "q2: mean and rho have shape (P,)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The posterior of question 1 again, and Adam on the free energy, with all data and four draws a step.
# Left: where it ends, beside the optimum. Right: the estimates along the run, and the two levels that bound them:
# minus the log evidence, and the least free energy of the family.

# %%
optimiser = optax.adam(optax.exponential_decay(0.02, 500, 0.3))


@jax.jit
def fit_mean_field(draws):
    """(m, rho) after a step for every row of draws, and the estimates of the free energy."""

    def advance(carry, eps):
        q, state = carry
        arguments = (model.log_likelihood, *q, eps, model.data, 40, 1.0)
        value, slope = free_energy(*arguments), free_energy_gradient(*arguments)
        change, state = optimiser.update(slope, state)
        return (optax.apply_updates(q, change), state), value

    q = jnp.zeros(2), jnp.full(2, -1.0)
    (q, _), values = jax.lax.scan(advance, (q, optimiser.init(q)), draws)
    return q, values


draws = jax.random.normal(jax.random.key(1), (1000, 4, 2))
(mean, rho), values = fit_mean_field(draws)
best = mean_field_optimum(x, t, 1.0, 1.0)
K = jnp.eye(40) + x @ x.T  # the covariance of all targets, the weights integrated out
log_evidence = -(
    t @ jnp.linalg.solve(K, t) + jnp.linalg.slogdet(K)[1] + 40 * jnp.log(2 * jnp.pi)
) / 2
corners = jnp.sqrt(2.0) * jnp.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
least = free_energy(model.log_likelihood, *best, corners, model.data, 40, 1.0)  # exact, see the text
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
left.plot(*given.ellipse(m, jnp.linalg.inv(A)).T, "C0--", label="posterior")
for (mean_, rho_), style, name in (((mean, rho), "C1", "fitted"), (best, "k:", "optimum")):
    left.plot(
        *given.ellipse(mean_, jnp.diag(jax.nn.softplus(rho_) ** 2)).T, style, label=name
    )
left.set(xlabel="$w_1$", ylabel="$w_2$", aspect="equal", title="Mean-field fit")
left.legend(fontsize=8)
smooth = np.convolve(values, np.ones(20) / 20, "valid")
right.plot(np.arange(len(smooth)) + 10, smooth, color="C1", label="estimates, mean of 20")
right.axhline(least, color="k", linestyle=":", label="least free energy")
right.axhline(-log_evidence, color="C0", linestyle="--", label="-log evidence")
right.set(xlabel="step", ylabel="nats", title="Free energy", ylim=(58.5, 67))
right.legend(fontsize=8)
fig.tight_layout()
plt.show()
ratio = jax.nn.softplus(best[1]) ** 2 / jnp.diag(jnp.linalg.inv(A))
print("variances of the optimum / marginal variances of the posterior:", ratio.round(2))
print("gap to the evidence in nats:", round(float(least + log_evidence), 3))

# %% [markdown]
# The fit ends at the optimum, and the optimum is not the posterior. Its mean is right. It doesn't know of the correlation, and so
# it is as narrow as the posterior is *along each axis*, with the other weight held fixed: a third of the marginal variances. The
# free energy bounds minus the log evidence from above, and the gap that stays, half a nat, is the divergence of the two ellipses. (A
# mean over four draws falls below the bound now and then; its expectation doesn't. The dotted level is exact: for a quadratic
# log-likelihood the four corner points have the moments that are needed.)
#
# ## 3. Flipout
#
# In question 2 all examples of a batch saw the same draw of the weights. So the noise of the gradient doesn't
# average out over the batch. Independent weights for every example would average out, but a dense layer with
# a weight matrix of its own for each of $N$ examples is no longer one product of matrices, and takes $N$ times
# the memory.
#
# Take a layer with inputs $X$ of shape $(N,D)$, mean weights $M$ of shape $(D,K)$ and *one* draw $E$ of the noise,
# of independent entries that are symmetric about 0. Flipout (Wen et al. 2018) gives example $n$ the weights
# $$M+E_n,\qquad E_n=E\odot(s_nr_n^\top),\qquad s_n\in\{-1,1\}^D,\quad r_n\in\{-1,1\}^K,$$
# with independent uniform signs, the rows of two matrices $\mathsf S$, of shape $(N,D)$, and $R$, of shape
# $(N,K)$. Every $E_n$ is distributed as $E$, and two of them are uncorrelated. (Given $|E|$ they are not
# independent: all have the same magnitudes.) Example $n$ has the outputs $y_n=(M+E_n)^\top x_n$, a row of $Y$.
# Write one entry, $y_{nk}=\sum_d x_{nd}(M_{dk}+s_{nd}E_{dk}r_{nk})$, and look at where the signs can go: no $E_n$ is needed.
#
# **The gradient.** Let $E=\sigma\odot Z$ with standard normal $Z$ and a standard deviation $\sigma_{dk}$ for each
# weight, the parameters of the layer being $M$ and $\sigma$. Let $G=\partial L/\partial Y$ be the gradient of the loss in the
# outputs, a row for each example. Then
# $$\frac{\partial L}{\partial M_{dk}}=\sum_nx_{nd}G_{nk},\qquad
#   \frac{\partial L}{\partial\sigma_{dk}}=Z_{dk}\sum_n s_{nd}x_{nd}\,G_{nk}r_{nk},$$
# again two products of matrices.
#
# **What it buys.** Let the entries of $E$ be independent with mean 0 and variances $\sigma_{dk}^2$. The mean of the outputs over the
# batch, $\bar y=\frac1N\sum_ny_n$, has a variance that you can compute from
# $\operatorname{Cov}(y_{nk},y_{mk})$, for $n=m$ and for $n\ne m$: once if $E$ is shared by all examples,
# and once with flipout. $X$ is fixed; the variance is over the noise and, with flipout, the signs.

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 8

# %% [markdown]
# ### Question 3 (8 points)
#
# Write the three functions.
#
# *Hidden tests:* outputs of random layers, against weights written out for each example (2 points, partial credit: 1
# for each of two layers); one example, one input, one output, in float32 (1 point); the outputs over all signs that
# there are: two examples are uncorrelated (1 point); cost and memory of the outputs for $N=D=K=64$: at most
# 2.25 products of matrices of these shapes, and less than 500 kB (1 point); the gradients, to 12 digits (1 point); their cost and memory, with
# the same budget (1 point); the variances, also for one example (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def flipout_outputs(X: Array, M: Array, E: Array, signs_in: Array, signs_out: Array) -> Array:
    """The outputs of a dense layer whose weights have a flipout perturbation for each example.

    Args:
        X: the inputs, shape (N, D).
        M: the mean weights, shape (D, K).
        E: one draw of the weights' noise, shape (D, K).
        signs_in: s_n in the rows, entries 1 and -1, shape (N, D).
        signs_out: r_n in the rows, entries 1 and -1, shape (N, K).

    Returns:
        The outputs, y_n in the rows, shape (N, K).
    """
    # BEGIN SOLUTION
    return X @ M + ((X * signs_in) @ E) * signs_out
    # END SOLUTION


def flipout_gradients(
    X: Array, Z: Array, signs_in: Array, signs_out: Array, G: Array
) -> tuple[Array, Array]:
    """The gradients of the loss in the mean and the standard deviations of the weights.

    Args:
        X, signs_in, signs_out: as above; E = std * Z.
        Z: one draw of standard normal noise, shape (D, K).
        G: the gradient of the loss in the outputs, shape (N, K).

    Returns:
        The pair of the gradients in M and in std, each of shape (D, K).
    """
    # BEGIN SOLUTION
    return X.T @ G, Z * ((X * signs_in).T @ (G * signs_out))
    # END SOLUTION


def mean_output_variances(X: Array, std: Array) -> tuple[Array, Array]:
    """The variance of the mean output over the batch, with shared noise and with flipout.

    Args:
        X: the inputs, fixed, shape (N, D).
        std: the standard deviations of the weights' noise, shape (D, K).

    Returns:
        The pair of the variances with shared noise and with flipout, each of shape (K,).
    """
    # BEGIN SOLUTION
    shared = jnp.mean(X, axis=0) ** 2 @ std**2
    return shared, jnp.mean(X**2, axis=0) @ std**2 / len(X)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(flipout_outputs, flipout_gradients, mean_output_variances):
    import jax.numpy as jnp
    import numpy as np

    X, M, signs_in, signs_out = jnp.ones((5, 3)), jnp.ones((3, 2)), jnp.ones((5, 3)), jnp.ones((5, 2))
    assert flipout_outputs is not None, "q3: flipout_outputs is missing"
    Y = flipout_outputs(X, M, M, signs_in, signs_out)
    assert Y is not None, "q3: flipout_outputs returns nothing yet"
    assert np.shape(Y) == (5, 2), "q3: flipout_outputs returns an array of shape (N, K)"
    assert flipout_gradients is not None, "q3: flipout_gradients is missing"
    pair = flipout_gradients(X, M, signs_in, signs_out, signs_out)
    assert pair is not None, "q3: flipout_gradients returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "q3: flipout_gradients returns a pair"
    assert all(np.shape(part) == (3, 2) for part in pair), "q3: the gradients have shape (D, K)"
    assert mean_output_variances is not None, "q3: mean_output_variances is missing"
    pair = mean_output_variances(X, M)
    assert pair is not None, "q3: mean_output_variances returns nothing yet"
    assert isinstance(pair, tuple) and len(pair) == 2, "q3: mean_output_variances returns a pair"
    assert all(np.shape(part) == (2,) for part in pair), "q3: the variances have shape (K,)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Left: the variance of the mean output of a layer against the size of the batch, by formula (lines) and over 500
# draws (dots). Right: the variance of the *gradient* in $M$ of a loss that isn't linear, $\frac1N\sum_n|\tanh y_n-t_n|^2$,
# summed over its entries. The batch is fixed, so that there is no noise but that of the weights. "Independent" has a weight matrix of
# its own for each example.

# %%
rng = np.random.default_rng(0)
D, K, most = 10, 3, 256
inputs = jnp.asarray(rng.normal(size=(most, D)) + 0.3)
targets = jnp.asarray(np.tanh(inputs @ rng.normal(size=(D, K)) / np.sqrt(D)))
M = jnp.asarray(rng.normal(size=(D, K)) / np.sqrt(D))
std = jnp.asarray(rng.uniform(0.2, 0.4, (D, K)))


sizes = 2 ** np.arange(9)


def drawn_outputs(kind, key):
    """The outputs with weight noise of one of three kinds."""
    for_noise, for_inputs, for_outputs = jax.random.split(key, 3)
    if kind == "independent":
        noise = std * jax.random.normal(for_noise, (most, D, K))
        return inputs @ M + jnp.einsum("nd,ndk->nk", inputs, noise)
    signs_in = jax.random.rademacher(for_inputs, (most, D), float)
    signs_out = jax.random.rademacher(for_outputs, (most, K), float)
    if kind == "shared":
        signs_in, signs_out = jnp.ones_like(signs_in), jnp.ones_like(signs_out)
    E = std * jax.random.normal(for_noise, (D, K))
    return flipout_outputs(inputs, M, E, signs_in, signs_out)


def batch_means(of_examples):
    """The means over the first 1, 2, 4, ... examples."""
    sums = jnp.cumsum(of_examples.reshape(most, -1), axis=0)
    return sums[sizes - 1] / sizes[:, None]


@partial(jax.jit, static_argnums=0)
def measured(kind):
    """For each size the total variance over draws of the mean output and of the gradient in M."""

    def once(key):
        Y = drawn_outputs(kind, key)
        G = jax.grad(lambda Y: jnp.sum((jnp.tanh(Y) - targets) ** 2))(Y)
        return batch_means(Y), batch_means(inputs[:, :, None] * G[:, None, :])

    found = jax.lax.map(once, jax.random.split(jax.random.key(2), 500))
    return [jnp.sum(jnp.var(means, axis=0), axis=1) for means in found]


fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
for color, kind in (("C0", "shared"), ("C1", "flipout"), ("C2", "independent")):
    outputs, slopes = measured(kind)
    left.loglog(sizes, outputs, color + "o", markersize=4, label=kind)
    right.loglog(sizes, slopes, color + "o-", markersize=4, label=kind)
    print(kind, "- variance of the gradient for 256 examples:", round(float(slopes[-1]), 3))
formula = np.array([[v.sum() for v in mean_output_variances(inputs[:n], std)] for n in sizes])
left.loglog(sizes, formula, linewidth=1)
left.set(xlabel="batch size N", ylabel="variance", title="Mean output")
right.set(xlabel="batch size N", ylabel="total variance", title="Gradient in M")
right.legend(fontsize=8)
fig.tight_layout()
plt.show()

# %% [markdown]
# With shared noise the variance of the mean output comes to a floor, set by the mean input; flipout falls as $1/N$ and can't
# be told from independent weights. For the gradient of a nonlinear loss it is still uncorrelated signs, but not independent
# weights: at 256 examples flipout has two fifths of the variance of shared noise, and independent weights have a quarter. What
# is left over comes from the magnitudes $|E|$, which all examples share.
#
# ## 4. The loss that descent really follows
#
# Gradient descent is Euler's method for the flow $\dot w=-\nabla L(w)$: a step of size $\alpha$ misses the flow by
# $O(\alpha^2)$. Turn the question round (backward error analysis): the flow on which *other* loss does the
# step follow? With an extra term of first order,
# $$\tilde L(w)=L(w)+\frac\alpha4\,|\nabla L(w)|^2,\qquad
#   \nabla\tilde L=\Big(I+\frac\alpha2H\Big)\nabla L,\quad H=\nabla^2L,$$
# the flow of $\tilde L$ for the time $\alpha$ and the step agree up to $O(\alpha^3)$ (Barrett and Dherin 2021). Check it on a
# quadratic, $L=\frac12w^\top Aw$: the step multiplies $w$ by $I-\alpha A$; the flows multiply it by $e^{-\alpha A}$ and by
# $e^{-\alpha(A+\frac\alpha2A^2)}$. So descent with finite steps prefers points where the gradient is small, and flat minima to sharp ones.
#
# Stochastic gradient descent visits the $m$ batches of an epoch one after another, in random order and without
# replacement. Let $L_k$ be the mean loss of batch $k$, all of equal size, and $L$ the mean of the $L_k$.
# *On average over the orders*, the weights after the epoch are those of the flow for the time $m\alpha$ on
# $$\tilde L_{\mathrm{SGD}}(w)=L(w)+\frac\alpha{4m}\sum_{k=1}^m|\nabla L_k(w)|^2,$$
# up to $O(\alpha^3)$ (Smith et al. 2021). It is the *mean over batches of the squared norms*, not the squared norm of the mean. The
# difference of the two is the variance of the batches' gradients: SGD is drawn to where batches agree.
#
# The gradients of both losses contain products of a Hessian with a vector. Here, as always, the Hessian itself isn't needed.

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 9

# %% [markdown]
# ### Question 4 (9 points)
#
# Write the three functions.
#
# *Hidden tests of* `modified_gradient`: quadratics, in closed form (1 point); a classifier with a pytree of weights (1 point); one
# weight of shape `()`, and $\alpha=0$, in float32 (1 point); 13 digits of float64 (1 point); cost and memory for a network of
# about a thousand weights: at most 7 gradients of the loss, and less than 1 MB (1 point).
#
# *Hidden tests of the other two*: the loss for a classifier (1 point); its gradient, to 12 digits (1 point); a
# single batch, batches of a single example, and an epoch of batches that are all equal (1 point); cost of the gradient: for $m$
# batches at most $7m$ gradients of one batch's loss (1 point).

# %% [raw]
# # BEGIN SOLUTION

# %%
def modified_gradient(loss, w, step_size: float):
    """The gradient of the loss that full-batch gradient descent follows.

    Args:
        loss: a function of w to a scalar.
        w: the weights, a pytree.
        step_size: alpha >= 0.

    Returns:
        The gradient of L + (alpha / 4) |grad L|^2, a pytree like w.
    """
    # BEGIN SOLUTION
    slope = jax.grad(loss)
    g = slope(w)
    _, Hg = jax.jvp(slope, (w,), (g,))
    return jax.tree.map(lambda first, second: first + step_size / 2 * second, g, Hg)
    # END SOLUTION


def sgd_modified_loss(loss, w, batches, step_size: float) -> Array:
    """The loss that an epoch of SGD follows, on average over the order of its batches.

    Args:
        loss: a function of (w, batch) to a scalar, the mean loss of a batch.
        w: the weights, a pytree.
        batches: a pytree whose leaves have shape (m, B, ...), with the batches along the first axis.
        step_size: alpha >= 0.

    Returns:
        L + alpha / (4 m) sum_k |grad L_k|^2, a scalar.
    """
    # BEGIN SOLUTION
    def of_batch(batch):
        value, g = jax.value_and_grad(loss)(w, batch)
        square = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(g))
        return value + step_size / 4 * square

    return jnp.mean(jax.vmap(of_batch)(batches))
    # END SOLUTION


def sgd_modified_gradient(loss, w, batches, step_size: float):
    """The gradient in w of `sgd_modified_loss`.

    Args:
        loss, w, batches, step_size: as above.

    Returns:
        The gradient, a pytree like w.
    """
    # BEGIN SOLUTION
    def of_batch(batch):
        return modified_gradient(lambda u: loss(u, batch), w, step_size)

    return jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), jax.vmap(of_batch)(batches))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_structures(modified_gradient, sgd_modified_loss, sgd_modified_gradient):
    import jax
    import jax.numpy as jnp
    import lab08_given as given
    import numpy as np

    model = given.classifier(widths=(2, 3), examples=8, seed=0)
    shapes = jax.tree.map(jnp.shape, model.w)
    assert modified_gradient is not None, "q4: modified_gradient is missing"
    gradient = modified_gradient(lambda w: model.loss(w, model.data), model.w, 0.1)
    assert gradient is not None, "q4: modified_gradient returns nothing yet"
    assert jax.tree.map(jnp.shape, gradient) == shapes, "q4: the gradient is a pytree like w"
    batches = given.cut_into_batches(model.data, 4)
    assert sgd_modified_loss is not None, "q4: sgd_modified_loss is missing"
    value = sgd_modified_loss(model.loss, model.w, batches, 0.1)
    assert value is not None, "q4: sgd_modified_loss returns nothing yet"
    assert np.shape(value) == (), "q4: sgd_modified_loss returns a scalar"
    assert sgd_modified_gradient is not None, "q4: sgd_modified_gradient is missing"
    gradient = sgd_modified_gradient(model.loss, model.w, batches, 0.1)
    assert gradient is not None, "q4: sgd_modified_gradient returns nothing yet"
    assert jax.tree.map(jnp.shape, gradient) == shapes, "q4: the gradient is a pytree like w"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# A small classifier. Left: how far gradient descent is, after the time 2 (that is $2/\alpha$ steps), from the flow on $L$ and from the flow on
# $\tilde L$. Right: one epoch of three batches, averaged over all six orders, and the flows for the time $3\alpha$ on $L$, $\tilde L$ and $\tilde L_{\mathrm{SGD}}$.

# %%
model = given.classifier(widths=(3, 8, 2), examples=24, seed=2)
batches = given.cut_into_batches(model.data, 3)


def full_loss(w):
    return model.loss(w, model.data)


@jax.jit
def descended(w, batches, alpha):
    """The weights after a step on each batch."""

    def advance(w, batch):
        slope = jax.grad(model.loss)(w, batch)
        return jax.tree.map(lambda p, g: p - alpha * g, w, slope), None

    return jax.lax.scan(advance, w, batches)[0]


def flow_on(slope, num_steps):
    return jax.jit(lambda alpha, time: given.flow(lambda w: slope(w, alpha), model.w, time, num_steps))


def distance(u, v):
    return jnp.sqrt(sum(jnp.sum((a - b) ** 2) for a, b in zip(*map(jax.tree.leaves, (u, v)), strict=True)))


slopes = {
    "$L$": lambda w, alpha: jax.grad(full_loss)(w),
    r"$\tilde L$": lambda w, alpha: modified_gradient(full_loss, w, alpha),
    r"$\tilde L_{\mathrm{SGD}}$": lambda w, alpha: sgd_modified_gradient(model.loss, w, batches, alpha),
}
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8))
counts = np.array([4, 8, 16, 32, 64])
for color, (name, slope) in zip(("C0", "C1"), list(slopes.items())[:2], strict=True):
    follow, far = flow_on(slope, 100), []
    for count in counts:
        whole = {k: jnp.broadcast_to(v, (count, *v.shape)) for k, v in model.data.items()}
        far.append(distance(descended(model.w, whole, 2 / count), follow(2 / count, 2.0)))
    left.loglog(2 / counts, far, color + "o-", label="to the flow on " + name)
    print("descent to the flow on", name, "- orders:", np.diff(-np.log2(far)).round(2))
orders = jnp.array(list(permutations(range(3))))
alphas = np.array([0.4, 0.2, 0.1, 0.05, 0.025])
for color, (name, slope) in zip(("C0", "C1", "C2"), slopes.items(), strict=True):
    follow, far = flow_on(slope, 20), []
    for alpha in alphas:
        ends = [
            descended(model.w, {k: v[order] for k, v in batches.items()}, alpha) for order in orders
        ]
        centre = jax.tree.map(lambda *ws: sum(ws) / len(ws), *ends)
        far.append(distance(centre, follow(alpha, 3 * alpha)))
    right.loglog(alphas, far, color + "o-", label="to the flow on " + name)
    print("an epoch of SGD to the flow on", name, "- orders:", np.diff(-np.log2(far)).round(2))
left.set(xlabel=r"step size $\alpha$", ylabel="distance", title="Gradient descent, after the time 2")
right.set(xlabel=r"step size $\alpha$", ylabel="distance", title="An epoch of SGD, mean over orders")
left.legend(fontsize=8)
right.legend(fontsize=8)
for axis in (left, right):
    axis.minorticks_off()
fig.tight_layout()
plt.show()

# %% [markdown]
# Left, slopes 1 and 2: with the extra term descent and flow agree to one order more, at every step size. Right: an epoch misses the
# flow on $L$ by $O(\alpha^2)$, and the flow on $\tilde L$, too: a smaller constant, the same order. Only the mean over batches of the
# squared norms gets the third order.

# %% [raw]
# # BEGIN QUESTION
# name: q5
# points: 3
# manual: true

# %% [markdown]
# ### Question 5 (3 points, written)
#
# In about ten sentences:
#
# 1. Somebody runs SGD on $U$ with a constant step size $\varepsilon$ and *without* adding noise, and calls the late iterates
#    samples of the posterior: "the batches are noise enough". With the setting and the letters of question 1, what equation does the
#    stationary covariance solve now? For which $C$ would it be $A^{-1}$ (to leading order in $\varepsilon$)? Near a
#    good fit $C$ is about proportional to $A$: what do the iterates sample from in that case, and in which
#    directions is that most wrong? (2 points)
# 2. Somebody else doubles the batch size and the step size at once. What happens to each of the two parts of
#    SGD's regulariser in question 4 (the squared norm of the mean gradient, and the variance of the batches' gradients), and
#    when does it matter? (1 point)

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# 1. Without injected noise the term $2\varepsilon I$ is missing: $S=(I-\varepsilon A)S(I-\varepsilon A)+\varepsilon^2C$, and to leading
#    order $AS+SA=\varepsilon C$. Putting $S=A^{-1}$ gives $\varepsilon C=2I$: the noise would have to be isotropic and of the one right size.
#    With $C=\kappa A$ the solution is $S=\frac{\varepsilon\kappa}2I$: equally wide in all directions, and scaled by a step size of which the posterior
#    knows nothing. The posterior is narrow in steep directions and wide in flat ones; however the step size is chosen, at least one of the
#    two is wrong, most of all the directions of extreme curvature (too wide where steep, or too narrow where flat).
# 2. The variance of a batch's gradient falls as $1/B$, so $\frac\alpha4$ times it stays as it was; the other part,
#    $\frac\alpha4|\nabla L|^2$, doubles. It doesn't matter as long as the variance dominates, that is, for batches below the noise scale
#    $\operatorname{tr}\Sigma/|\nabla L|^2$ of lab 7; above it the regulariser of the two runs differs, and in the end the step size meets the stability limit.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
