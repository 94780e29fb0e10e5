"""Plausible mistakes in problem set 1, and what to tell a student who made one.

Each stands in for one function of the solution and must be refused by the checks that it names.
"""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

# --- q1: gradient descent on a quadratic ---------------------------------------------------------


def _iterates(A, b, w0, step_size, num_steps, rates=lambda r: r, steps=None):
    a, Q = jnp.linalg.eigh(A)
    k = jnp.arange(num_steps) if steps is None else steps
    powers = rates(1 - step_size * a) ** k[:, None]
    sums = jnp.concatenate([jnp.zeros((1, len(b)), A.dtype), jnp.cumsum(powers, axis=0)])
    return w0 + step_size * (sums * (Q.T @ (b - A @ w0))) @ Q.T


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="These are steps up the slope: the gradient is A w - b, and descent subtracts it.",
)
def ascent_for_descent(A, b, w0, step_size, num_steps):
    return _iterates(A, b, w0, -step_size, num_steps)


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="The gradient of 1/2 w^T A w is A w, not 2 A w: your step is twice too long in A.",
)
def forgets_the_half(A, b, w0, step_size, num_steps):
    return _iterates(2 * A, b, w0, step_size, num_steps)


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="The diagonal of A holds its eigenvalues only where A is diagonal: decompose it first.",
)
def diagonal_for_eigenvalues(A, b, w0, step_size, num_steps):
    return _iterates(jnp.diag(jnp.diag(A)), b, w0, step_size, num_steps)


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="Q^T takes vectors into the eigenbasis and Q takes them back; yours are swapped.",
)
def transposed_eigenvectors(A, b, w0, step_size, num_steps):
    a, Q = jnp.linalg.eigh(A)
    powers = (1 - step_size * a) ** jnp.arange(num_steps)[:, None]
    sums = jnp.concatenate([jnp.zeros((1, len(b)), A.dtype), jnp.cumsum(powers, axis=0)])
    return w0 + step_size * (sums * (Q @ (b - A @ w0))) @ Q


@mutant(
    "q1",
    of="gd_iterates",
    refused_by=("iterates_of_a_rotated_quadratic", "iterates_of_no_steps"),
    says="The start is missing: K steps have K + 1 iterates, w_0 among them.",
)
def leaves_out_the_start(A, b, w0, step_size, num_steps):
    return _iterates(A, b, w0, step_size, num_steps)[1:]


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="Your iterates are one step ahead: the exponent of iterate k is off by one.",
)
def one_step_ahead(A, b, w0, step_size, num_steps):
    return _iterates(A, b, w0, step_size, num_steps + 1)[1:]


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_at_large_steps",
    says="Where alpha a > 1 a mode changes sign at each step: keep the sign of its rate.",
)
def absolute_rates(A, b, w0, step_size, num_steps):
    return _iterates(A, b, w0, step_size, num_steps, rates=jnp.abs)


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_with_flat_directions",
    says="A need not be invertible: where an eigenvalue is 0 your formula divides by it.",
)
def divides_by_eigenvalues(A, b, w0, step_size, num_steps):
    a, Q = jnp.linalg.eigh(jnp.round(A, 12))
    a = jnp.where(jnp.abs(a) < 1e-9, 0, a)
    powers = (1 - step_size * a) ** jnp.arange(num_steps + 1)[:, None]
    limit = (Q.T @ b) / a
    return (limit + powers * (Q.T @ w0 - limit)) @ Q.T


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_with_flat_directions",
    says="In a flat direction b still pushes: that part of w grows linearly; yours stands still.",
)
def stands_still_in_flat_directions(A, b, w0, step_size, num_steps):
    a, Q = jnp.linalg.eigh(A)
    steep = a > 1e-9 * a[-1]
    powers = (1 - step_size * a) ** jnp.arange(num_steps + 1)[:, None]
    limit = jnp.where(steep, (Q.T @ b) / jnp.where(steep, a, 1), Q.T @ w0)
    return (limit + powers * (Q.T @ w0 - limit)) @ Q.T


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_nearly_flat_in_float32",
    says=(
        "(1 - (1 - alpha a)^k) / a loses its digits where a is small, and in float32 it has none "
        "left: sum the series instead of dividing."
    ),
)
def cancelling_quotient(A, b, w0, step_size, num_steps):
    a, Q = jnp.linalg.eigh(A)
    zero = jnp.abs(a) < 1e-12
    powers = (1 - step_size * a) ** jnp.arange(num_steps + 1)[:, None]
    flat = step_size * jnp.arange(num_steps + 1)[:, None]
    sums = jnp.where(zero, flat, (1 - powers) / jnp.where(zero, 1, a))
    return w0 + (sums * (Q.T @ (b - A @ w0))) @ Q.T


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_no_steps",
    says="A squeeze took an axis of length one away: one dimension or no steps is still a matrix.",
)
def squeezed_iterates(A, b, w0, step_size, num_steps):
    return jnp.squeeze(_iterates(A, b, w0, step_size, num_steps))


@mutant(
    "q1",
    of="stability_limit",
    refused_by="limit_of_the_step_size",
    says="1/a_max is where the steepest mode stops overshooting; it diverges only beyond 2/a_max.",
)
def limit_of_monotone_descent(A):
    return 1 / jnp.linalg.eigvalsh(A)[-1]


@mutant(
    "q1",
    of="stability_limit",
    refused_by="limit_of_the_step_size",
    says="The steepest mode diverges first: the limit depends on the largest eigenvalue.",
)
def limit_of_the_flattest_mode(A):
    return 2 / jnp.linalg.eigvalsh(A)[0]


@mutant(
    "q1",
    of="stability_limit",
    refused_by="limit_of_the_step_size",
    says="2/trace is safe but smaller than the limit: the trace sums all eigenvalues.",
)
def limit_by_the_trace(A):
    return 2 / jnp.trace(A)


@mutant(
    "q1",
    of="stability_limit",
    refused_by="limit_of_the_step_size",
    says="2/(a_min + a_max) is the fastest step size, not the largest stable one.",
)
def fastest_step_for_limit(A):
    a = jnp.linalg.eigvalsh(A)
    return 2 / (a[0] + a[-1])


# --- q2: minimum-norm solution and double descent ------------------------------------------------


@mutant(
    "q2",
    of="min_norm_solution",
    refused_by="minimum_norm_of_full_rank",
    says="Phi^T Phi is singular where D > N: the normal equations have no unique solution there.",
)
def normal_equations(Phi, t):
    return jnp.linalg.solve(Phi.T @ Phi, Phi.T @ t)


@mutant(
    "q2",
    of="min_norm_solution",
    refused_by="minimum_norm_of_full_rank",
    says="This is a column of shape (D, 1); the weights are a vector of shape (D,).",
)
def column_of_weights(Phi, t):
    return jnp.linalg.pinv(Phi) @ t[:, None]


@mutant(
    "q2",
    of="min_norm_solution",
    refused_by="minimum_norm_rank_deficient",
    says="Phi Phi^T is invertible only where the rows are independent: use the pseudo-inverse.",
)
def formula_of_independent_rows(Phi, t):
    N, D = Phi.shape
    if D > N:
        return Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t)
    return jnp.linalg.solve(Phi.T @ Phi, Phi.T @ t)


@mutant(
    "q2",
    of="min_norm_solution",
    refused_by="minimum_norm_rank_deficient_in_float32",
    says="The cut-off must follow the dtype's machine epsilon: 1e-12 cuts nothing off in float32.",
)
def absolute_cutoff(Phi, t):
    U, s, Vt = jnp.linalg.svd(Phi, full_matrices=False)
    kept = s > 1e-12
    return Vt.T @ jnp.where(kept, (U.T @ t) / jnp.where(kept, s, 1), 0)


@mutant(
    "q2",
    of="min_norm_solution",
    refused_by="minimum_norm_rank_deficient",
    says="Singular values of the size of rounding errors are zeros: don't invert them.",
)
def pseudo_inverse_without_cutoff(Phi, t):
    U, s, Vt = jnp.linalg.svd(Phi, full_matrices=False)
    return Vt.T @ ((U.T @ t) / s)


@mutant(
    "q2",
    of="min_norm_solution",
    refused_by="minimum_norm_rank_deficient",
    says="A small ridge makes the matrix invertible but changes the answer: cut off instead.",
)
def small_ridge_for_pseudo_inverse(Phi, t):
    D = Phi.shape[1]
    return jnp.linalg.solve(Phi.T @ Phi + 0.1 * jnp.eye(D, dtype=Phi.dtype), Phi.T @ t)


@mutant(
    "q2",
    of="min_norm_solution",
    refused_by="minimum_norm_rotated",
    says="This fits with as few features as it can; the solution of least norm uses all.",
)
def basic_solution(Phi, t):
    N, D = Phi.shape
    if D <= N:
        return jnp.linalg.pinv(Phi) @ t
    return jnp.concatenate([jnp.linalg.solve(Phi[:, :N], t), jnp.zeros(D - N, Phi.dtype)])


@mutant(
    "q2",
    of="gd_limit",
    refused_by="limit_of_gradient_descent",
    says="The limit depends on the start: w_0's part in the null space of Phi is never changed.",
)
def forgets_the_start(Phi, t, w0):
    return jnp.linalg.pinv(Phi) @ t


@mutant(
    "q2",
    of="gd_limit",
    refused_by="limit_of_gradient_descent",
    says="Only the null-space part of w_0 survives: adding all of w_0 changes the predictions.",
)
def adds_the_whole_start(Phi, t, w0):
    return jnp.linalg.pinv(Phi) @ t + w0


@mutant(
    "q2",
    of="gd_limit",
    refused_by="limit_of_gradient_descent",
    says="Pinv(Phi) Phi projects on the row space; what stays of w_0 is in the null space.",
)
def keeps_the_row_space(Phi, t, w0):
    inverse = jnp.linalg.pinv(Phi)
    return inverse @ t + inverse @ (Phi @ w0)


@mutant(
    "q2",
    of="gd_limit",
    refused_by="limit_of_gradient_descent",
    says="This is where gradient descent stands after some steps; its limit has a closed form.",
)
def unconverged_descent(Phi, t, w0):
    N = len(t)
    step = 1 / jnp.linalg.norm(Phi.T @ Phi / N)

    def descend(_, w):
        return w - step * Phi.T @ (Phi @ w - t) / N

    return jax.lax.fori_loop(0, 5, descend, w0)


@mutant(
    "q2",
    of="ridge_solution",
    refused_by="ridge_of_random_features",
    says=(
        "The data term is a mean: multiply the condition of optimality by N and the penalty "
        "becomes N lambda, not lambda."
    ),
)
def lambda_for_n_lambda(Phi, t, penalty):
    D = Phi.shape[1]
    return jnp.linalg.solve(Phi.T @ Phi + penalty * jnp.eye(D, dtype=Phi.dtype), Phi.T @ t)


@mutant(
    "q2",
    of="ridge_solution",
    refused_by="ridge_of_random_features",
    says="Both terms carry the factor 1/2, so the penalty enters as N lambda, without a 2.",
)
def twice_n_lambda(Phi, t, penalty):
    N, D = Phi.shape
    ridge = 2 * N * penalty * jnp.eye(D, dtype=Phi.dtype)
    return jnp.linalg.solve(Phi.T @ Phi + ridge, Phi.T @ t)


@mutant(
    "q2",
    of="ridge_solution",
    refused_by="ridge_of_random_features",
    says="The 1/N belongs to Phi^T t as well as to Phi^T Phi.",
)
def mean_on_one_side_only(Phi, t, penalty):
    N, D = Phi.shape
    return jnp.linalg.solve(Phi.T @ Phi / N + penalty * jnp.eye(D, dtype=Phi.dtype), Phi.T @ t)


def _fit(Phi, t, penalty):
    U, s, Vt = jnp.linalg.svd(Phi, full_matrices=False)
    kept = s > max(Phi.shape) * jnp.finfo(Phi.dtype).eps * s[0]
    return Vt.T @ (jnp.where(kept, s / (s**2 + len(Phi) * penalty), 0) * (U.T @ t))


@mutant(
    "q2",
    of="risk_curve",
    refused_by="risk_of_growing_models",
    says="This is the training cost, which falls with every feature: the test cost is asked for.",
)
def training_cost_for_risk(Phi, t, Phi_test, t_test, sizes, penalty):
    fits = [(Phi[:, :d], _fit(Phi[:, :d], t, penalty)) for d in sizes]
    return jnp.stack([jnp.mean((first @ w - t) ** 2) / 2 for first, w in fits])


@mutant(
    "q2",
    of="risk_curve",
    refused_by="risk_of_growing_models",
    says="The course's cost is half the mean squared error: the 1/2 is missing.",
)
def risk_without_the_half(Phi, t, Phi_test, t_test, sizes, penalty):
    fits = [(d, _fit(Phi[:, :d], t, penalty)) for d in sizes]
    return jnp.stack([jnp.mean((Phi_test[:, :d] @ w - t_test) ** 2) for d, w in fits])


@mutant(
    "q2",
    of="risk_curve",
    refused_by="risk_of_growing_models",
    says="The penalty belongs to the training cost: the test cost is measured without it.",
)
def risk_with_the_penalty(Phi, t, Phi_test, t_test, sizes, penalty):
    fits = [(d, _fit(Phi[:, :d], t, penalty)) for d in sizes]
    return jnp.stack(
        [jnp.mean((Phi_test[:, :d] @ w - t_test) ** 2) / 2 + penalty * w @ w / 2 for d, w in fits]
    )


@mutant(
    "q2",
    of="risk_curve",
    refused_by="risk_of_growing_models",
    says="The penalty is not used: with penalty > 0 the fit is the ridge solution.",
)
def risk_ignores_the_penalty(Phi, t, Phi_test, t_test, sizes, penalty):
    fits = [(d, _fit(Phi[:, :d], t, 0.0)) for d in sizes]
    return jnp.stack([jnp.mean((Phi_test[:, :d] @ w - t_test) ** 2) / 2 for d, w in fits])


# --- q3: conditioning and whitening --------------------------------------------------------------


def _extended(block, mean):
    m, one = mean[:, None], jnp.ones((1, 1), mean.dtype)
    return jnp.block([[block, m], [m.T, one]])


@mutant(
    "q3",
    of="second_moment",
    refused_by="second_moment_of_inputs",
    says="E[x x^T] is the covariance *plus* mu mu^T: the means' product is missing.",
)
def covariance_for_second_moment(mean, covariance):
    return _extended(covariance, mean)


@mutant(
    "q3",
    of="second_moment",
    refused_by="second_moment_of_inputs",
    says="The homogeneous coordinate is the last one here; yours is the first.",
)
def constant_first(mean, covariance):
    m, one = mean[:, None], jnp.ones((1, 1), mean.dtype)
    return jnp.block([[one, m.T], [m, covariance + m * m.T]])


@mutant(
    "q3",
    of="second_moment",
    refused_by="second_moment_of_inputs",
    says="The covariance is E[x x^T] - mu mu^T; solve that for E[x x^T] and mind the sign.",
)
def subtracts_the_mean(mean, covariance):
    return _extended(covariance - jnp.outer(mean, mean), mean)


def _pair(largest, smallest, mean):
    ones = jnp.ones(len(mean) - 1, mean.dtype)
    return jnp.concatenate([jnp.reshape(smallest, (1,)), ones, jnp.reshape(largest, (1,))])


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_of_white_inputs",
    says="The outlier grows with the *square* of the mean's norm.",
)
def norm_for_squared_norm(mean):
    s = jnp.sqrt(mean @ mean)
    largest = (2 + s + jnp.sqrt(s * (s + 4))) / 2
    return _pair(largest, 1 / largest, mean)


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_of_white_inputs",
    says=(
        "|mu|^2 + 1 is the outlier of E[x x^T] alone. With the homogeneous coordinate there are "
        "two eigenvalues that are not 1."
    ),
)
def spectrum_without_the_constant(mean):
    return _pair(1 + mean @ mean, jnp.ones((), mean.dtype), mean)


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_of_white_inputs",
    says="The eigenvalues are wanted in ascending order.",
)
def descending_spectrum(mean):
    s = mean @ mean
    largest = (2 + s + jnp.sqrt(s * (s + 4))) / 2
    return _pair(largest, 1 / largest, mean)[::-1]


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_far_off_centre",
    says=(
        "The smallest eigenvalue comes from subtracting two nearly equal numbers and has lost its "
        "digits: the product of the two outliers is 1."
    ),
)
def cancelling_root(mean):
    s = mean @ mean
    root = jnp.sqrt(s * (s + 4))
    return _pair((2 + s + root) / 2, (2 + s - root) / 2, mean)


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_far_off_centre",
    says=(
        "A dense eigensolver is right to rounding errors of the *largest* eigenvalue; the smallest "
        "drowns in them. Use the closed form."
    ),
)
def dense_eigenvalues(mean):
    return jnp.linalg.eigvalsh(_extended(jnp.eye(len(mean)) + jnp.outer(mean, mean), mean))


@mutant(
    "q3",
    of="condition_number",
    refused_by="condition_at_any_scale",
    says="This is the reciprocal: the condition number is largest over smallest, at least 1.",
)
def reciprocal_condition(A):
    a = jnp.linalg.eigvalsh(A)
    return a[0] / a[-1]


@mutant(
    "q3",
    of="condition_number",
    refused_by="condition_at_any_scale",
    says="This is the square root of kappa: A's own eigenvalues count, not those of a factor of A.",
)
def root_of_condition(A):
    a = jnp.linalg.eigvalsh(A)
    return jnp.sqrt(a[-1] / a[0])


@mutant(
    "q3",
    of="condition_number",
    refused_by="condition_at_any_scale",
    says="A constant added to the smallest eigenvalue makes the result depend on the scale of A.",
)
def guarded_condition(A):
    a = jnp.linalg.eigvalsh(A)
    return a[-1] / (a[0] + 1e-4)


def _whitener(S):
    a, V = jnp.linalg.eigh(S)
    return (V / jnp.sqrt(a)) @ V.T


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_correlated_inputs",
    says="Whitened inputs have mean 0: subtract the mean before, and from the covariance too.",
)
def whitens_without_centring(X):
    return X @ _whitener(X.T @ X / len(X))


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_correlated_inputs",
    says="The covariance here is the mean over N examples: divide by N, not by N - 1.",
)
def divides_by_n_minus_one(X):
    centred = X - X.mean(axis=0)
    return centred @ _whitener(centred.T @ centred / (len(X) - 1))


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_correlated_inputs",
    says="Dividing by each feature's standard deviation leaves their correlations as they were.",
)
def standardises_only(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_correlated_inputs",
    says="This multiplies with the inverse covariance; whitening takes its inverse square root.",
)
def inverse_for_inverse_root(X):
    centred = X - X.mean(axis=0)
    return centred @ jnp.linalg.inv(centred.T @ centred / len(X))


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_rotated_inputs",
    says=(
        "This is PCA whitening, in the basis of the eigenvectors. The symmetric one rotates back, "
        "and so follows any rotation of the inputs."
    ),
)
def pca_whitening(X):
    centred = X - X.mean(axis=0)
    a, V = jnp.linalg.eigh(centred.T @ centred / len(X))
    return centred @ (V / jnp.sqrt(a))


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_far_off_centre",
    says=(
        "E[x x^T] - mu mu^T subtracts two huge matrices when the mean is large: subtract the mean "
        "from the inputs first."
    ),
)
def cancelling_covariance(X):
    mean = X.mean(axis=0)
    S = X.T @ X / len(X) - jnp.outer(mean, mean)
    a, V = jnp.linalg.eigh(S)
    return (X - mean) @ (V / jnp.sqrt(jnp.abs(a) + jnp.finfo(X.dtype).tiny)) @ V.T


# --- q4: JVP, VJP, Hessian- and Gauss-Newton-vector products -------------------------------------


def _plus(w, v, factor=1.0):
    return jax.tree.map(lambda p, d: p + factor * d, w, v)


@mutant(
    "q4",
    of="jvp",
    refused_by="jvp_of_networks",
    says="jax.jvp returns the value of f as well: only the second of the pair is J v.",
)
def value_and_tangent(f, w, v):
    return jax.jvp(f, (w,), (v,))


@mutant(
    "q4",
    of="jvp",
    refused_by="jvp_of_networks",
    says="These are the outputs at w, not their derivative along v.",
)
def value_for_tangent(f, w, v):
    return jax.jvp(f, (w,), (v,))[0]


@mutant(
    "q4",
    of="jvp",
    refused_by="jvp_of_networks",
    says="f(w + v) - f(w) is the change over the whole step: J v is its linear part only.",
)
def whole_step_for_tangent(f, w, v):
    return jax.tree.map(jnp.subtract, f(_plus(w, v)), f(w))


@mutant(
    "q4",
    of="vjp",
    refused_by="vjp_of_networks",
    says="The pull-back returns a tuple with one cotangent an argument: take its first entry.",
)
def tuple_of_cotangents(f, w, u):
    return jax.vjp(f, w)[1](u)


@mutant(
    "q4",
    of="vjp",
    refused_by="vjp_of_networks",
    says="This is the gradient of the sum of the outputs: the cotangent u is not used.",
)
def cotangent_of_ones(f, w, u):
    return jax.vjp(f, w)[1](jax.tree.map(jnp.ones_like, u))[0]


@mutant(
    "q4",
    of="vjp",
    refused_by="vjp_of_networks",
    says="<u, f(w)> is a sum over all outputs; you took the mean, which divides by their number.",
)
def mean_over_outputs(f, w, u):
    size = sum(leaf.size for leaf in jax.tree.leaves(u))
    return jax.tree.map(lambda leaf: leaf / size, jax.vjp(f, w)[1](u)[0])


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says="This is the gradient itself: the derivative of <gradient, v> is wanted.",
)
def gradient_for_hvp(loss, w, v):
    return jax.grad(loss)(w)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says="grad(w + v) - grad(w) is the change over the whole step: H v is its linear part only.",
)
def whole_step_for_hvp(loss, w, v):
    return jax.tree.map(jnp.subtract, jax.grad(loss)(_plus(w, v)), jax.grad(loss)(w))


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says=(
        "You differentiate leaf by leaf: the blocks of the Hessian that couple one layer's weights "
        "with another's are missing."
    ),
)
def block_diagonal_hessian(loss, w, v):
    leaves, structure = jax.tree.flatten(w)
    tangents = jax.tree.leaves(v)

    def block(i):
        def of_leaf(leaf):
            return loss(jax.tree.unflatten(structure, [*leaves[:i], leaf, *leaves[i + 1 :]]))

        return jax.jvp(jax.grad(of_leaf), (leaves[i],), (tangents[i],))[1]

    return jax.tree.unflatten(structure, [block(i) for i in range(len(leaves))])


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says="The direction was flattened and put back in another order than the parameters.",
)
def reordered_direction(loss, w, v):
    flat, unravel = ravel_pytree(v)
    return jax.jvp(jax.grad(loss), (w,), (unravel(flat[::-1]),))[1]


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_to_all_digits",
    says=(
        "A finite difference keeps about half of the digits, and its step does not fit every "
        "length of v: differentiate the gradient, don't difference it."
    ),
)
def central_difference(loss, w, v):
    eps = 1e-5
    up, down = jax.grad(loss)(_plus(w, v, eps)), jax.grad(loss)(_plus(w, v, -eps))
    return jax.tree.map(lambda a, b: (a - b) / (2 * eps), up, down)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_to_all_digits",
    says=(
        "A finite difference of fourth order is better, but still loses digits that a derivative "
        "has: differentiate the gradient along v."
    ),
)
def fourth_order_difference(loss, w, v):
    length = jnp.linalg.norm(ravel_pytree(v)[0])
    h = 1e-3 / length
    at = [jax.grad(loss)(_plus(w, v, k * h)) for k in (-2, -1, 1, 2)]
    return jax.tree.map(lambda a, b, c, d: (a - 8 * b + 8 * c - d) / (12 * h), *at)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_to_all_digits",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def hvp_through_float32(loss, w, v):
    product = jax.jvp(jax.grad(loss), (w,), (v,))[1]
    return jax.tree.map(lambda leaf: leaf.astype(jnp.float32).astype(leaf.dtype), product)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_costs_few_gradients",
    says=(
        "Right, but you formed the whole Hessian: one row of it for each parameter. A derivative "
        "of the gradient along v costs a few gradients."
    ),
)
def dense_hessian(loss, w, v):
    flat, unravel = ravel_pytree(w)
    H = jax.hessian(lambda flat: loss(unravel(flat)))(flat)
    return unravel(H @ ravel_pytree(v)[0])


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_costs_few_gradients",
    says=(
        "Right, and without a big matrix, but a loop over basis vectors costs as much as the whole "
        "Hessian: use v itself as the direction."
    ),
)
def hvp_by_basis_vectors(loss, w, v):
    flat, unravel = ravel_pytree(w)
    direction = ravel_pytree(v)[0]
    gradient = jax.grad(lambda flat: loss(unravel(flat)))

    def entry(i):
        basis = jnp.zeros_like(flat).at[i].set(1)
        return jax.jvp(gradient, (flat,), (basis,))[1] @ direction

    return unravel(jax.lax.map(entry, jnp.arange(flat.size)))


def _gauss_newton(network, curve, w, v):
    outputs, pull_back = jax.vjp(network, w)
    return pull_back(curve(outputs, jax.jvp(network, (w,), (v,))[1]))[0]


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says=(
        "This is the Hessian product. The Gauss-Newton product has no term with the residual: "
        "linearise the network, and differentiate the output loss twice."
    ),
)
def hessian_for_gauss_newton(network, output_loss, w, v):
    return jax.jvp(jax.grad(lambda w: output_loss(network(w))), (w,), (v,))[1]


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says="This is J^T J v: the output loss's Hessian, between the two Jacobians, is missing.",
)
def output_hessian_left_out(network, output_loss, w, v):
    return _gauss_newton(network, lambda outputs, tangent: tangent, w, v)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says=(
        "The output loss holds the mean over examples: taken for each example alone its Hessian "
        "lacks the 1/N."
    ),
)
def gauss_newton_without_the_mean(network, output_loss, w, v):
    product = _gauss_newton(
        network, lambda z, dz: jax.jvp(jax.grad(output_loss), (z,), (dz,))[1], w, v
    )
    examples = len(jax.tree.leaves(network(w))[0])
    return jax.tree.map(lambda leaf: examples * leaf, product)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says="Only the diagonal of the output Hessian is used: softmax couples the logits.",
)
def diagonal_output_hessian(network, output_loss, w, v):
    def curve(outputs, tangent):
        flat, unravel = ravel_pytree(outputs)
        diagonal = jnp.diag(jax.hessian(lambda flat: output_loss(unravel(flat)))(flat))
        return unravel(diagonal * ravel_pytree(tangent)[0])

    return _gauss_newton(network, curve, w, v)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says=(
        "This is J^T g g^T J v with the gradient of the output loss: an outer product of gradients "
        "is not the Gauss-Newton matrix."
    ),
)
def gradient_outer_product(network, output_loss, w, v):
    def curve(outputs, tangent):
        flat, unravel = ravel_pytree(jax.grad(output_loss)(outputs))
        return unravel(flat * (flat @ ravel_pytree(tangent)[0]))

    return _gauss_newton(network, curve, w, v)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_one_example",
    says="A squeeze removed axes of length one: the product has the shapes of the parameters.",
)
def squeezed_outputs(network, output_loss, w, v):
    product = _gauss_newton(
        network, lambda z, dz: jax.jvp(jax.grad(output_loss), (z,), (dz,))[1], w, v
    )
    return jax.tree.map(jnp.squeeze, product)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_to_all_digits",
    says="J v is a finite difference here: it keeps about half of the digits. Use a JVP.",
)
def gnvp_by_differences(network, output_loss, w, v):
    eps = 1e-5
    outputs, pull_back = jax.vjp(network, w)
    up, down = network(_plus(w, v, eps)), network(_plus(w, v, -eps))
    tangent = jax.tree.map(lambda a, b: (a - b) / (2 * eps), up, down)
    return pull_back(jax.jvp(jax.grad(output_loss), (outputs,), (tangent,))[1])[0]


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_costs_few_gradients",
    says=(
        "Right, but the Jacobian is formed, one gradient for each output of each example: a JVP "
        "and a VJP do."
    ),
)
def dense_gauss_newton(network, output_loss, w, v):
    flat, unravel = ravel_pytree(w)
    outputs, unravel_outputs = ravel_pytree(network(w))
    J = jax.jacrev(lambda flat: ravel_pytree(network(unravel(flat)))[0])(flat)
    H = jax.hessian(lambda z: output_loss(unravel_outputs(z)))(outputs)
    return unravel(J.T @ H @ J @ ravel_pytree(v)[0])


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_costs_few_gradients",
    says=(
        "Right, but a loop over basis vectors costs a product for each parameter: use v itself as "
        "the direction."
    ),
)
def gnvp_by_basis_vectors(network, output_loss, w, v):
    flat, unravel = ravel_pytree(w)
    direction = ravel_pytree(v)[0]

    def curve(z, dz):
        return jax.jvp(jax.grad(output_loss), (z,), (dz,))[1]

    def entry(i):
        basis = unravel(jnp.zeros_like(flat).at[i].set(1))
        return ravel_pytree(_gauss_newton(network, curve, w, basis))[0] @ direction

    return unravel(jax.lax.map(entry, jnp.arange(flat.size)))


# --- q5: conjugate gradient ----------------------------------------------------------------------


def _quotient(numerator, denominator):
    done = denominator <= 0
    return jnp.where(done, 0, numerator / jnp.where(done, 1, denominator))


def _cg(matvec, b, num_steps, *, alpha=None, beta=None, start=None):
    """Conjugate gradient with a piece replaced. `beta` sees (new, old) squared residuals."""
    alpha = alpha or (lambda r, p, Ap: _quotient(r @ r, p @ Ap))
    beta = beta or _quotient

    def step(state, _):
        x, r, p = state
        Ap = matvec(p)
        size = alpha(r, p, Ap)
        x, r_next = x + size * p, r - size * Ap
        return (x, r_next, r_next + beta(r_next @ r_next, r @ r) * p), x

    x0 = jnp.zeros_like(b) if start is None else start
    _, iterates = jax.lax.scan(step, (x0, b, b), length=num_steps)
    return jnp.concatenate([x0[None], iterates])


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="With beta = 0 every direction is the residual: this is steepest descent.",
)
def steepest_descent(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, beta=lambda new, old: 0.0)


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="beta is the new squared residual over the old one; yours is the reciprocal.",
)
def reciprocal_beta(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, beta=lambda new, old: _quotient(old, new))


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="The sign of beta is wrong: directions are then not conjugate.",
)
def negative_beta(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, beta=lambda new, old: -_quotient(new, old))


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="beta is a quotient of squared norms; yours is of norms.",
)
def beta_of_norms(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, beta=lambda new, old: jnp.sqrt(_quotient(new, old)))


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="The start is missing: K steps have K + 1 iterates, x_0 = 0 among them.",
)
def cg_without_the_start(matvec, b, num_steps):
    return _cg(matvec, b, num_steps)[1:]


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="This is only the last iterate: return all of them as rows.",
)
def last_iterate_only(matvec, b, num_steps):
    return _cg(matvec, b, num_steps)[-1]


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="You started at b and not at 0, with a residual that belongs to 0.",
)
def starts_at_b(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, start=b)


@mutant(
    "q5",
    of="cg",
    refused_by="cg_solves_ill_conditioned_system",
    says="You solve with A + damping I: no damping is asked for, and small eigenvalues feel it.",
)
def damped_system(matvec, b, num_steps):
    return _cg(lambda x: matvec(x) + 1e-5 * x, b, num_steps)


def _stopping_at(matvec, b, num_steps, threshold):
    iterates = _cg(matvec, b, num_steps)
    norms = jax.vmap(lambda x: jnp.linalg.norm(b - matvec(x)))(iterates)
    first = jnp.argmax(norms <= threshold)
    last = jnp.where(jnp.any(norms <= threshold), first, num_steps)
    return iterates[jnp.minimum(jnp.arange(num_steps + 1), last)]


@mutant(
    "q5",
    of="cg",
    refused_by="cg_at_a_small_scale",
    says="Your stopping threshold is absolute: compare the residual with the norm of b, if at all.",
)
def absolute_threshold(matvec, b, num_steps):
    return _stopping_at(matvec, b, num_steps, 1e-6)


@mutant(
    "q5",
    of="cg",
    refused_by="cg_at_a_small_scale",
    says=(
        "A constant in the denominators guards against 0/0 but changes every quotient when b is "
        "small: test for zero instead."
    ),
)
def constant_in_the_denominator(matvec, b, num_steps):
    return _cg(
        matvec,
        b,
        num_steps,
        alpha=lambda r, p, Ap: r @ r / (p @ Ap + 1e-10),
        beta=lambda new, old: new / (old + 1e-10),
    )


@mutant(
    "q5",
    of="cg",
    refused_by=("cg_stays_after_convergence", "cg_of_zero"),
    says="After convergence the residual is zero and your quotients are 0/0: guard them.",
)
def unguarded(matvec, b, num_steps):
    return _cg(
        matvec,
        b,
        num_steps,
        alpha=lambda r, p, Ap: r @ r / (p @ Ap),
        beta=lambda new, old: new / old,
    )


@mutant(
    "q5",
    of="cg",
    refused_by="cg_of_zero",
    says="With b = 0 the very first quotient is 0/0: guard alpha as well as beta.",
)
def first_step_unguarded(matvec, b, num_steps):
    first = b @ b / (b @ matvec(b))
    return _cg(matvec, b, num_steps) + 0 * first


@mutant(
    "q5",
    of="cg",
    refused_by="cg_in_float32",
    says="1e-300 is zero in float32: a guard must work in the dtype of b.",
)
def guard_that_float32_rounds_to_zero(matvec, b, num_steps):
    return _cg(
        matvec,
        b,
        num_steps,
        alpha=lambda r, p, Ap: r @ r / (p @ Ap + 1e-300),
        beta=lambda new, old: new / (old + 1e-300),
    )


@mutant(
    "q5",
    of="cg",
    refused_by="cg_takes_one_product_a_step",
    says=(
        "Right, but b - A x is computed anew in every step: the residual has a recurrence with the "
        "product that you have already."
    ),
)
def recomputes_the_residual(matvec, b, num_steps):
    def step(state, _):
        x, r, p = state
        x = x + _quotient(r @ r, p @ matvec(p)) * p
        r_next = b - matvec(x)
        return (x, r_next, r_next + _quotient(r_next @ r_next, r @ r) * p), x

    start = jnp.zeros_like(b)
    _, iterates = jax.lax.scan(step, (start, b, b), length=num_steps)
    return jnp.concatenate([start[None], iterates])


@mutant(
    "q5",
    of="cg",
    refused_by="cg_takes_one_product_a_step",
    says="Right, but the matrix is built column by column: D products before the first step.",
)
def builds_the_matrix(matvec, b, num_steps):
    A = jax.lax.map(matvec, jnp.eye(len(b), dtype=b.dtype))
    return _cg(lambda x: A @ x, b, num_steps)


# --- q6: response Jacobian -----------------------------------------------------------------------


def _blocks(loss, w, theta):
    slope = jax.grad(loss)
    return jax.jacfwd(slope)(w, theta), jax.jacfwd(slope, argnums=1)(w, theta)


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_ridge",
    says="The sign is missing: H dr + C dtheta = 0, so dr/dtheta = -H^-1 C.",
)
def response_without_the_sign(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return jnp.linalg.solve(hessian, mixed)


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_ridge",
    says="You multiply with the Hessian; the condition of optimality asks you to solve with it.",
)
def hessian_for_its_inverse(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -hessian @ mixed


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_ridge",
    says="The Hessian is missing: this is how the gradient changes, not how the minimum moves.",
)
def mixed_block_only(loss, w, theta):
    return -_blocks(loss, w, theta)[1]


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_logistic_regression",
    says="This is the transpose: rows belong to w, columns to theta.",
)
def transposed_response(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -jnp.linalg.solve(hessian, mixed).T


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_ridge",
    says="Only the diagonal of the Hessian is used: the weights interact.",
)
def diagonal_hessian(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -mixed / jnp.diag(hessian)[:, None]


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_logistic_regression",
    says=(
        "This is the derivative of a few steps of gradient descent with respect to theta; they "
        "have not converged, so it is not the derivative of the minimum."
    ),
)
def truncated_unrolling(loss, w, theta):
    def descend(theta):
        step = 0.1
        moved = w
        for _ in range(5):
            moved = moved - step * jax.grad(loss)(moved, theta)
        return moved

    return jax.jacfwd(descend)(theta)


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_a_single_weight",
    says="A squeeze removed an axis of length one: the result is an (n, p) matrix even for n = 1.",
)
def squeezed_response(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return jnp.squeeze(-jnp.linalg.solve(hessian, mixed))


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_in_other_coordinates",
    says=(
        "Damping 0.1 I was added to the Hessian: the response is then another in every coordinate "
        "system. The Hessian is regular here."
    ),
)
def damped_hessian(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -jnp.linalg.solve(hessian + 0.1 * jnp.eye(len(w), dtype=w.dtype), mixed)


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_in_other_coordinates",
    says="You keep only d^2 J / dw_i dtheta_i: theta_j moves the other weights too.",
)
def diagonal_mixed_block(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -jnp.linalg.solve(hessian, mixed * jnp.eye(*mixed.shape, dtype=mixed.dtype))


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_in_float32",
    says="A difference with step 1e-6 is all rounding in float32: differentiate instead.",
)
def mixed_block_by_differences(loss, w, theta):
    eps = 1e-6
    slope = jax.grad(loss)
    basis = jnp.eye(len(theta), dtype=theta.dtype)
    columns = [(slope(w, theta + eps * e) - slope(w, theta - eps * e)) / (2 * eps) for e in basis]
    return -jnp.linalg.solve(jax.jacfwd(slope)(w, theta), jnp.stack(columns, axis=1))


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_to_ten_digits",
    says="A small multiple of I on the Hessian costs digits: it is regular, leave it as it is.",
)
def jitter_on_the_hessian(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -jnp.linalg.solve(hessian + 1e-8 * jnp.eye(len(w), dtype=w.dtype), mixed)


# --- q7: Fisher information and natural gradient -------------------------------------------------


def _parts(logits_fn, w, X):
    return jax.jacfwd(logits_fn)(w, X), jax.nn.softmax(logits_fn(w, X))


def _fisher(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="This is J^T J: diag(p) - p p^T, the softmax's own Fisher, is missing in the middle.",
)
def fisher_without_the_softmax(logits_fn, w, X):
    J, _ = _parts(logits_fn, w, X)
    return jnp.einsum("nki,nkj->ij", J, J) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="diag(p) is not the covariance of a draw: p p^T is to be subtracted.",
)
def uncentred_fisher(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    return jnp.einsum("nk,nki,nkj->ij", p, J, J) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="F is an average over the inputs: the 1/N is missing.",
)
def sum_for_mean_over_inputs(logits_fn, w, X):
    return len(X) * _fisher(logits_fn, w, X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says=(
        "The targets are the most likely classes here; the Fisher takes the expectation over all "
        "classes, weighted by the model's probabilities."
    ),
)
def fisher_of_the_likeliest_class(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    score = jax.nn.one_hot(jnp.argmax(p, axis=1), p.shape[1], dtype=p.dtype) - p
    g = jnp.einsum("nk,nki->ni", score, J)
    return g.T @ g / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="One target is drawn for each input: that is an estimate. Sum over the classes exactly.",
)
def sampled_fisher(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    drawn = jax.random.categorical(jax.random.key(0), jnp.log(p))
    g = jnp.einsum("nk,nki->ni", jax.nn.one_hot(drawn, p.shape[1], dtype=p.dtype) - p, J)
    return g.T @ g / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="The classes are weighted equally; the expectation weights them by the model's p.",
)
def equally_weighted_classes(logits_fn, w, X):
    J, p = _parts(logits_fn, w, X)
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nki,nkj->ij", centred, centred) / (p.shape[1] * len(X))


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_classifiers",
    says="The softmax runs over the examples (axis 0) instead of the classes (the last axis).",
)
def softmax_over_examples(logits_fn, w, X):
    J = jax.jacfwd(logits_fn)(w, X)
    p = jax.nn.softmax(logits_fn(w, X), axis=0)
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_one_example",
    says="A squeeze removed an axis of length one: one example is still a batch.",
)
def squeezed_fisher(logits_fn, w, X):
    J = jnp.squeeze(jax.jacfwd(logits_fn)(w, X))
    p = jnp.squeeze(jax.nn.softmax(logits_fn(w, X)))
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(X)


@mutant(
    "q7",
    of="fisher",
    refused_by="fisher_of_large_logits",
    says="exp of a large logit overflows: subtract the largest first, as jax.nn.softmax does.",
)
def overflowing_softmax(logits_fn, w, X):
    J = jax.jacfwd(logits_fn)(w, X)
    e = jnp.exp(logits_fn(w, X))
    p = e / jnp.sum(e, axis=1, keepdims=True)
    centred = J - jnp.einsum("nk,nki->ni", p, J)[:, None]
    return jnp.einsum("nk,nki,nkj->ij", p, centred, centred) / len(X)


def _scores(logits_fn, w, X, y):
    def log_likelihood(w):
        return jnp.take_along_axis(jax.nn.log_softmax(logits_fn(w, X)), y[:, None], axis=1)[:, 0]

    return jax.jacfwd(log_likelihood)(w)


def _solve(F, gradient, damping):
    return jnp.linalg.solve(F + damping * jnp.eye(len(F), dtype=F.dtype), gradient)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="This is the empirical Fisher, built from the labels: the true one draws from the model.",
)
def empirical_for_true_fisher(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(g.T @ g / len(X), -jnp.mean(g, axis=0), damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="The damping is left out: solve with F + damping I.",
)
def damping_left_out(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return jnp.linalg.pinv(_fisher(logits_fn, w, X)) @ -jnp.mean(g, axis=0)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="You multiply with F; the natural gradient solves with it.",
)
def fisher_for_its_inverse(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    F = _fisher(logits_fn, w, X)
    return (F + damping * jnp.eye(len(w), dtype=F.dtype)) @ -jnp.mean(g, axis=0)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="The sign is that of a descent step: return the direction of ascent, like a gradient.",
)
def descent_direction(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(_fisher(logits_fn, w, X), jnp.mean(g, axis=0), damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="The gradient is of the *mean* negative log-likelihood: yours is of the sum.",
)
def gradient_of_the_sum(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(_fisher(logits_fn, w, X), -jnp.sum(g, axis=0), damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_with_damping",
    says="This is a column of shape (n, 1): the natural gradient is a vector like w.",
)
def column_for_vector(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(_fisher(logits_fn, w, X), -jnp.mean(g, axis=0)[:, None], damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_in_other_coordinates",
    says="Only the diagonal of F is used: a diagonal metric is not invariant under w = T v.",
)
def diagonal_fisher(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return -jnp.mean(g, axis=0) / (jnp.diag(_fisher(logits_fn, w, X)) + damping)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_in_other_coordinates",
    says="There is damping even where damping is 0, and it depends on the coordinates.",
)
def extra_damping(logits_fn, w, X, y, damping):
    g = _scores(logits_fn, w, X, y)
    return _solve(_fisher(logits_fn, w, X), -jnp.mean(g, axis=0), jnp.maximum(damping, 1e-3))


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_in_other_coordinates",
    says="With damping 0 this is the plain gradient: it is not invariant under w = T v.",
)
def gradient_for_natural_gradient(logits_fn, w, X, y, damping):
    return -jnp.mean(_scores(logits_fn, w, X, y), axis=0)


@mutant(
    "q7",
    of="natural_gradient",
    refused_by="natural_gradient_in_float32",
    says="A difference with step 1e-6 is all rounding in float32: differentiate instead.",
)
def gradient_by_differences(logits_fn, w, X, y, damping):
    eps = 1e-6

    def cost(w):
        scores = jax.nn.log_softmax(logits_fn(w, X))
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))

    basis = jnp.eye(len(w), dtype=w.dtype)
    gradient = jnp.stack([(cost(w + eps * e) - cost(w - eps * e)) / (2 * eps) for e in basis])
    return _solve(_fisher(logits_fn, w, X), gradient, damping)
