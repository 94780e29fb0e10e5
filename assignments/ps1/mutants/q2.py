"""Mistakes that the checks of question 2 refuse: minimum-norm solution and double descent."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


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
