"""Talk: a representation learned from many tasks, and which tasks to sample for a target.

Tasks m = 1 .. M are linear regressions whose weights share a subspace of R < D dimensions:

    t = x^T theta_m + noise,      theta_m = B w_m,      B^T B = I_R

N examples a task, far too few (even N < D) to find any theta_m alone, find B together: the sine
of the largest angle to it falls as 1/sqrt(M N). A target task then needs only R weights.

If the target is theta = sum_m nu_m theta_m, not all tasks matter: with n_m examples of task m the
variance of such an estimate is in proportion to sum_m nu_m^2 / n_m, least for n_m ~ |nu_m|.

Letters: M tasks, N examples of each, D inputs, R dimensions of the subspace.

    >>> B = jnp.array([[1.0], [0.0]])
    >>> print(f"{sine_distance(B, jnp.array([[0.8], [0.6]])):.4f}")
    0.6000

Source: Du et al. (2021) and Tripuraneni et al. (2021), shared representations; Chen, Jamieson and
Du (2022), active selection, with n_m ~ nu_m^2; Wang et al. (2023), with |nu_m|.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar

# --- Tasks ---------------------------------------------------------------------------------------


def task_examples(
    key: Key[Array, ""],
    B: Float[Array, "D R"],
    W: Float[Array, "R M"],
    num_examples: int,
    noise_std: Scalar | float,
) -> tuple[Float[Array, "M N D"], Float[Array, "M N"]]:
    """Inputs X_m ~ N(0, I) and targets t_m = X_m B w_m + noise of every task."""
    key_of_inputs, key_of_noise = jax.random.split(key)
    X = jax.random.normal(key_of_inputs, (W.shape[1], num_examples, len(B)), B.dtype)
    noise = jax.random.normal(key_of_noise, X.shape[:2], B.dtype)
    return X, jnp.einsum("mnd,dm->mn", X, B @ W) + noise_std * noise


def sine_distance(B: Float[Array, "D R"], other: Float[Array, "D R"]) -> Scalar:
    """|(I - B B^T) other|_2: the sine of the largest angle between the spans; columns orthonormal.

    The same in both orders, and under rotations of either basis. Cost: one SVD.
    """
    return jnp.linalg.svd(other - B @ (B.T @ other), compute_uv=False)[0]


# --- The representation --------------------------------------------------------------------------


def moment_subspace(
    X: Float[Array, "M N D"], t: Float[Array, "M N"], rank: int
) -> Float[Array, "D {rank}"]:
    """The leading eigenvectors of (1 / M N) sum t^2 x x^T, an orthonormal basis.

    For x ~ N(0, I) its mean is (mean |theta|^2 + sigma^2) I + 2 mean theta theta^T. Needs white
    inputs and tasks that span the subspace, M >= R. Error sqrt(D / M N), also without noise.
    Cost: one `eigh`. Source: Tripuraneni et al. (2021), the method of moments.
    """
    moment = jnp.einsum("mn,mnd,mne->de", t**2, X, X) / t.size
    return jnp.linalg.eigh(moment)[1][:, -rank:]


def joint_regression_iterates(
    X: Float[Array, "M N D"], t: Float[Array, "M N"], B_0: Float[Array, "D R"], num_steps: int
) -> Float[Array, "T D R"]:
    """B_k of alternating least squares on sum_m |t_m - X_m B w_m|^2: heads, then B, then QR.

    The loss never increases; from `moment_subspace` it comes near the joint minimum, which
    without noise is exact. Each half assumes enough examples: N >= R, and M N >= D R.
    Cost: a solve of D R unknowns a step, O(M N D^2 R^2). Source: Du et al. (2021), the estimator.
    """
    D, R = B_0.shape

    def advance(B: Array, _: None) -> tuple[Array, Array]:
        W = jax.vmap(lambda X, t: _least_squares(X @ B, t))(X, t)
        design = jnp.einsum("mnd,mr->mndr", X, W).reshape(t.size, D * R)
        B = jnp.linalg.qr(_least_squares(design, t.ravel()).reshape(D, R))[0]
        return B, B

    return jnp.concatenate([B_0[None], jax.lax.scan(advance, B_0, length=num_steps)[1]])


def few_shot_weights(
    B: Float[Array, "D R"], X: Float[Array, "N D"], t: Float[Array, " N"]
) -> Float[Array, " D"]:
    """B argmin_w |t - X B w|^2: a task's weights, kept in the subspace; N >= R examples do."""
    return B @ _least_squares(X @ B, t)


def _least_squares(Phi: Array, t: Array) -> Array:
    Q, upper = jnp.linalg.qr(Phi)
    return jax.scipy.linalg.solve_triangular(upper, Q.T @ t)


# --- Which tasks ---------------------------------------------------------------------------------


def task_relevance(W: Float[Array, "R M"], w_target: Float[Array, " R"]) -> Float[Array, " M"]:
    """argmin |nu|_2 with W nu = w_target: how much each task says about the target.

    Assumes that the tasks span the target. Source: Chen, Jamieson and Du (2022).
    """
    return jnp.linalg.pinv(W) @ w_target


def transfer_variance(relevance: Float[Array, " M"], num_examples: Float[Array, " M"]) -> Scalar:
    """sum_m nu_m^2 / n_m: variance of sum_m nu_m theta_m, if task m's is known to 1 / n_m.

    A task of relevance 0 may have no examples.
    """
    relevant = relevance != 0
    return jnp.sum(jnp.where(relevant, relevance**2 / jnp.where(relevant, num_examples, 1), 0))


def task_allocation(relevance: Float[Array, " M"]) -> Float[Array, " M"]:
    """n_m / n = |nu_m| / sum |nu|: minimises `transfer_variance` at n examples, to |nu|_1^2 / n.

    Uniform sampling has M |nu|_2^2 / n, at least that much (Cauchy-Schwarz), and n_m ~ nu_m^2 the
    same with the number of relevant tasks for M.

    >>> print(task_allocation(jnp.array([0.0, -1.0, 3.0])))
    [0.   0.25 0.75]
    """
    size = jnp.abs(relevance)
    return size / jnp.sum(size)


def active_allocation(
    X: Float[Array, "M N D"],
    t: Float[Array, "M N"],
    X_target: Float[Array, "n D"],
    t_target: Float[Array, " n"],
    rank: int,
    *,
    num_steps: int,
) -> Float[Array, " M"]:
    """The shares of `task_allocation`, with B, W and w_target estimated from a first round.

    Cost: that of `num_steps` of `joint_regression_iterates`.
    """
    B = joint_regression_iterates(X, t, moment_subspace(X, t, rank), num_steps)[-1]
    W = jax.vmap(lambda X, t: _least_squares(X @ B, t))(X, t).T
    return task_allocation(task_relevance(W, _least_squares(X_target @ B, t_target)))
