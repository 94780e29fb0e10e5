"""Right answers to problem set 1 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import alternate

# --- q1: gradient descent on a quadratic ---------------------------------------------------------


@alternate("q1", of="gd_iterates", route="a loop over the steps")
def iterates_step_by_step(A, b, w0, step_size, num_steps):
    iterates = [w0]
    for _ in range(num_steps):
        iterates.append(iterates[-1] - step_size * (A @ iterates[-1] - b))
    return jnp.stack(iterates)


@alternate("q1", of="gd_iterates", route="powers of a matrix with homogeneous coordinates")
def iterates_by_affine_powers(A, b, w0, step_size, num_steps):
    D = len(b)
    top = jnp.concatenate([jnp.eye(D, dtype=A.dtype) - step_size * A, step_size * b[:, None]], 1)
    bottom = jnp.zeros((1, D + 1), A.dtype).at[0, D].set(1)
    step = jnp.concatenate([top, bottom])
    state = jnp.concatenate([w0, jnp.ones(1, A.dtype)])
    states = [state]
    for _ in range(num_steps):
        states.append(step @ states[-1])
    return jnp.stack(states)[:, :D]


@alternate("q1", of="gd_iterates", route="float32 inside")
def iterates_in_single_precision(A, b, w0, step_size, num_steps):
    A, b, w0 = (jnp.asarray(x, jnp.float32) for x in (A, b, w0))

    def step(w, _):
        w = w - jnp.float32(step_size) * (A @ w - b)
        return w, w

    _, iterates = jax.lax.scan(step, w0, length=num_steps)
    return jnp.concatenate([w0[None], iterates])


@alternate("q1", of="stability_limit", route="NumPy's spectral norm")
def limit_by_spectral_norm(A):
    return np.asarray(2 / np.linalg.norm(np.asarray(A), 2))


# --- q2: minimum-norm solution and double descent ------------------------------------------------


@alternate("q2", of="min_norm_solution", route="the library's pseudo-inverse")
def solution_by_pinv(Phi, t):
    return jnp.linalg.pinv(Phi) @ t


@alternate("q2", of="min_norm_solution", route="the library's least squares, in NumPy")
def solution_by_lstsq(Phi, t):
    Phi, t = np.asarray(Phi), np.asarray(t)
    return np.linalg.lstsq(Phi, t, rcond=max(Phi.shape) * np.finfo(Phi.dtype).eps)[0]


@alternate("q2", of="gd_limit", route="projection on the null space")
def limit_by_projection(Phi, t, w0):
    inverse = jnp.linalg.pinv(Phi)
    return inverse @ t + w0 - inverse @ (Phi @ w0)


@alternate("q2", of="ridge_solution", route="the kernel form")
def ridge_by_kernel(Phi, t, penalty):
    N = len(t)
    return Phi.T @ jnp.linalg.solve(Phi @ Phi.T + N * penalty * jnp.eye(N, dtype=Phi.dtype), t)


@alternate("q2", of="ridge_solution", route="least squares with extra rows, in float32")
def ridge_by_extra_rows(Phi, t, penalty):
    N, D = Phi.shape
    rows = jnp.sqrt(N * penalty) * jnp.eye(D)
    extended = jnp.concatenate([Phi, rows]).astype(jnp.float32)
    targets = jnp.concatenate([t, jnp.zeros(D)]).astype(jnp.float32)
    return jnp.linalg.lstsq(extended, targets)[0]


@alternate("q2", of="risk_curve", route="NumPy")
def risk_in_numpy(Phi, t, Phi_test, t_test, sizes, penalty):
    Phi, t, Phi_test, t_test = (np.asarray(x) for x in (Phi, t, Phi_test, t_test))
    risks = []
    for d in sizes:
        first = Phi[:, :d]
        if penalty:
            w = np.linalg.solve(first.T @ first + len(t) * penalty * np.eye(d), first.T @ t)
        else:
            w = np.linalg.pinv(first) @ t
        risks.append(0.5 * np.mean((Phi_test[:, :d] @ w - t_test) ** 2))
    return np.array(risks)


# --- q3: conditioning and whitening --------------------------------------------------------------


@alternate("q3", of="second_moment", route="an outer product of the extended mean")
def moment_by_outer_product(mean, covariance):
    extended = jnp.append(mean, 1)
    return jnp.pad(covariance, (0, 1)) + jnp.outer(extended, extended)


@alternate("q3", of="white_spectrum", route="hyperbolic functions, in float32")
def spectrum_by_hyperbolic_sine(mean):
    # With |mu| = 2 sinh(x) the two outliers are exp(2x) and exp(-2x).
    x = jnp.arcsinh(jnp.linalg.norm(mean.astype(jnp.float32)) / 2)
    ones = jnp.ones(len(mean) - 1, jnp.float32)
    return jnp.concatenate([jnp.exp(-2 * x)[None], ones, jnp.exp(2 * x)[None]])


@alternate("q3", of="condition_number", route="the library's spectral condition number")
def condition_by_library(A):
    return jnp.linalg.cond(A)


@alternate("q3", of="whiten", route="singular value decomposition of the centred inputs")
def whitening_by_svd(X):
    U, _, Vt = jnp.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return jnp.sqrt(len(X)) * U @ Vt


# --- q4: JVP, VJP, Hessian- and Gauss-Newton-vector products -------------------------------------


@alternate("q4", of="jvp", route="linearize")
def jvp_by_linearize(f, w, v):
    return jax.linearize(f, w)[1](v)


@alternate("q4", of="vjp", route="the gradient of an inner product")
def vjp_by_inner_product(f, w, u):
    def inner(w):
        pairs = zip(jax.tree.leaves(f(w)), jax.tree.leaves(u), strict=True)
        return sum(jnp.vdot(a, b) for a, b in pairs)

    return jax.grad(inner)(w)


@alternate("q4", of="hvp", route="reverse over forward")
def reverse_over_forward(loss, w, v):
    return jax.grad(lambda w: jax.jvp(loss, (w,), (v,))[1])(w)


@alternate("q4", of="hvp", route="reverse over reverse")
def reverse_over_reverse(loss, w, v):
    direction = ravel_pytree(v)[0]
    return jax.grad(lambda w: ravel_pytree(jax.grad(loss)(w))[0] @ direction)(w)


@alternate("q4", of="gnvp", route="the Hessian of the loss with the network linearised")
def gnvp_of_linearised_network(network, output_loss, w, v):
    outputs, push = jax.linearize(network, w)

    def model(d):
        return output_loss(jax.tree.map(jnp.add, outputs, push(d)))

    zero = jax.tree.map(jnp.zeros_like, w)
    return jax.jvp(jax.grad(model), (zero,), (v,))[1]


@alternate("q4", of="gnvp", route="linearize and transpose")
def gnvp_by_transpose(network, output_loss, w, v):
    outputs, push = jax.linearize(network, w)
    curved = jax.linearize(jax.grad(output_loss), outputs)[1](push(v))
    return jax.linear_transpose(push, w)(curved)[0]


# --- q5: conjugate gradient ----------------------------------------------------------------------


@alternate("q5", of="cg", route="a Python loop that freezes a converged state")
def cg_that_freezes(matvec, b, num_steps):
    x, r, p = jnp.zeros_like(b), b, b
    rr = r @ r
    small = (jnp.finfo(b.dtype).eps ** 2) * rr
    iterates = [x]
    for _ in range(num_steps):
        going = rr > small
        Ap = matvec(p)
        alpha = jnp.where(going, rr / jnp.where(going, p @ Ap, 1), 0)
        x, r = x + alpha * p, r - alpha * Ap
        rr_next = r @ r
        p = jnp.where(going, r + rr_next / jnp.where(going, rr, 1) * p, p)
        rr = jnp.where(going, rr_next, rr)
        iterates.append(x)
    return jnp.stack(iterates)


@alternate("q5", of="cg", route="fori_loop, with beta from conjugacy")
def cg_by_conjugacy(matvec, b, num_steps):
    def safe(numerator, denominator):
        return jnp.where(denominator > 0, numerator / jnp.where(denominator > 0, denominator, 1), 0)

    def step(k, state):
        iterates, x, r, p = state
        Ap = matvec(p)
        curvature = p @ Ap
        alpha = safe(p @ r, curvature)
        x, r = x + alpha * p, r - alpha * Ap
        p = r - safe(r @ Ap, curvature) * p
        return iterates.at[k + 1].set(x), x, r, p

    iterates = jnp.zeros((num_steps + 1, len(b)), b.dtype)
    return jax.lax.fori_loop(0, num_steps, step, (iterates, jnp.zeros_like(b), b, b))[0]


# --- q6: response Jacobian -----------------------------------------------------------------------


@alternate("q6", of="response_jacobian", route="reverse mode, mixed block by rows")
def response_by_reverse_mode(loss, w, theta):
    hessian = jax.hessian(loss)(w, theta)
    mixed = jax.jacrev(jax.grad(loss, argnums=1), argnums=0)(w, theta)
    return -jnp.linalg.inv(hessian) @ mixed.T


@alternate("q6", of="response_jacobian", route="the derivative of one Newton step")
def response_by_newton_step(loss, w, theta):
    factor = jnp.linalg.cholesky(jax.hessian(loss)(w, theta))

    def newton(theta):
        gradient = jax.grad(loss)(w, theta)
        half = jax.scipy.linalg.solve_triangular(factor, gradient, lower=True)
        return w - jax.scipy.linalg.solve_triangular(factor.T, half)

    return jax.jacfwd(newton)(theta)


# --- q7: Fisher information and natural gradient -------------------------------------------------


@alternate("q7", of="fisher", route="scores of every class, weighted by their probabilities")
def fisher_by_scores(logits_fn, w, X):
    def log_p(w):
        return jax.nn.log_softmax(logits_fn(w, X))

    scores, p = jax.jacrev(log_p)(w), jnp.exp(log_p(w))
    return jnp.einsum("nk,nki,nkj->ij", p, scores, scores) / len(X)


@alternate("q7", of="fisher", route="the curvature of the KL divergence")
def fisher_by_kl(logits_fn, w, X):
    fixed = jax.nn.log_softmax(logits_fn(w, X))

    def divergence(other):
        log_q = jax.nn.log_softmax(logits_fn(other, X))
        return jnp.mean(jnp.sum(jnp.exp(fixed) * (fixed - log_q), axis=1))

    return jax.hessian(divergence)(w)


@alternate("q7", of="natural_gradient", route="Cholesky, gradient by hand")
def natural_gradient_by_cholesky(logits_fn, w, X, y, damping):
    logits, pull_back = jax.vjp(lambda w: logits_fn(w, X), w)
    p = jax.nn.softmax(logits)
    gradient = pull_back((p - jax.nn.one_hot(y, p.shape[1], dtype=p.dtype)) / len(X))[0]
    J = jax.jacrev(lambda w: logits_fn(w, X))(w)
    metric = jax.vmap(lambda p: jnp.diag(p) - jnp.outer(p, p))(p)
    F = jnp.einsum("nki,nkl,nlj->ij", J, metric, J) / len(X)
    damped = F + damping * jnp.eye(len(w), dtype=F.dtype)
    return jax.scipy.linalg.cho_solve((jnp.linalg.cholesky(damped), True), gradient)


# --- q8: steps measured otherwise ----------------------------------------------------------------


@alternate("q8", of="proximal_step", route="the condition of optimality, by Cholesky, in float32")
def proximal_by_cholesky(A, b, w, penalty):
    A, b, w = (jnp.asarray(x, jnp.float32) for x in (A, b, w))
    factor = jnp.linalg.cholesky(A + penalty * jnp.eye(len(b), dtype=A.dtype))
    return jax.scipy.linalg.cho_solve((factor, True), b + penalty * w)


@alternate("q8", of="proximal_step", route="mode by mode, in the eigenbasis")
def proximal_by_modes(A, b, w, penalty):
    a, Q = np.linalg.eigh(np.asarray(A))
    return Q @ ((Q.T @ np.asarray(b + penalty * w)) / (a + penalty))


@alternate("q8", of="proximal_step", route="one Newton step on the penalised cost")
def proximal_by_newton(A, b, w, penalty):
    def penalised(u):
        return u @ A @ u / 2 - b @ u + penalty / 2 * jnp.sum((u - w) ** 2)

    return w - jnp.linalg.inv(jax.hessian(penalised)(w)) @ jax.grad(penalised)(w)


@alternate("q8", of="mirror_step", route="logarithms, less their largest, in NumPy")
def mirror_in_numpy(w, gradient, step_size):
    with np.errstate(divide="ignore"):  # a weight of 0 stays 0
        exponents = np.log(np.asarray(w)) - step_size * np.asarray(gradient)
    grown = np.exp(exponents - exponents.max())
    return grown / grown.sum()


@alternate("q8", of="mirror_step", route="the normaliser as a weighted log-sum-exp")
def mirror_by_normaliser(w, gradient, step_size):
    exponents = -step_size * (gradient - jnp.min(gradient))
    alive = w > 0
    log_w = jnp.where(alive, jnp.log(jnp.where(alive, w, 1)), -jnp.inf)
    return jnp.exp(log_w + exponents - jax.nn.logsumexp(log_w + exponents))


@alternate("q8", of="bregman_divergence", route="the slope as a directional derivative")
def divergence_by_jvp(potential, u, w):
    height, slope = jax.jvp(potential, (w,), (u - w,))
    return potential(u) - height - slope


@alternate("q8", of="bregman_divergence", route="one dimension: along the line from w to u")
def divergence_along_a_line(potential, u, w):
    def along(t):
        return potential(w + t * (u - w))

    start = jnp.zeros((), w.dtype)
    return potential(u) - along(start) - jax.grad(along)(start)
