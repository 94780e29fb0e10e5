"""Mistakes that the checks of question 4 refuse: training in function space."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _flow(Theta, cross, error, initial_test, s):
    """f_0 + Theta(x, X) (1 - e^{-s lambda}) / lambda (error), s of shape (T, 1)."""
    eigenvalues, Q = jnp.linalg.eigh(Theta)
    zero = eigenvalues == 0
    learnt = jnp.where(zero, s, -jnp.expm1(-s * eigenvalues) / jnp.where(zero, 1, eigenvalues))
    return initial_test + (learnt * (error @ Q)) @ (cross @ Q).T


def _descent(Theta, cross, error, initial_test, rate, num_steps):
    eigenvalues, Q = jnp.linalg.eigh(Theta)
    powers = (1 - rate * eigenvalues) ** jnp.arange(num_steps)[:, None]
    learnt = rate * jnp.pad(jnp.cumsum(powers, axis=0), ((1, 0), (0, 0)))
    return initial_test + (learnt * (error @ Q)) @ (cross @ Q).T


def _limit(Theta, cross, error, initial_test):
    return initial_test + cross @ (jnp.linalg.pinv(Theta, hermitian=True) @ error)


# --- flow_predictions ----------------------------------------------------------------------------


@mutant(
    "q4",
    of="flow_predictions",
    refused_by=(
        "flow_of_regular_kernel",
        "predictions_of_singular_kernels",
        "predictions_in_float32",
        "flow_at_early_times",
    ),
    says="The cost is a mean over examples: time is divided by N, and here it is not.",
)
def flow_without_the_mean(Theta, cross, targets, initial, initial_test, times):
    return _flow(Theta, cross, targets - initial, initial_test, times[:, None])


@mutant(
    "q4",
    of="flow_predictions",
    refused_by=("flow_of_regular_kernel", "flow_at_early_times"),
    says=(
        "The flow is twice too fast: the cost is half the mean of the squares, so its derivative in f "
        "has no factor 2."
    ),
)
def flow_without_the_half(Theta, cross, targets, initial, initial_test, times):
    s = 2 * times[:, None] / len(targets)
    return _flow(Theta, cross, targets - initial, initial_test, s)


@mutant(
    "q4",
    of="flow_predictions",
    refused_by="flow_of_regular_kernel",
    says=(
        "The network starts from its initial function: what it has to learn is y - f_0(X), not y."
    ),
)
def flow_of_the_targets(Theta, cross, targets, initial, initial_test, times):
    return _flow(Theta, cross, targets, initial_test, times[:, None] / len(targets))


@mutant(
    "q4",
    of="flow_predictions",
    refused_by="flow_of_regular_kernel",
    says="This is the change of the outputs: the initial function has to be added to it.",
)
def change_of_the_outputs(Theta, cross, targets, initial, initial_test, times):
    s = times[:, None] / len(targets)
    return _flow(Theta, cross, targets - initial, jnp.zeros_like(initial_test), s)


@mutant(
    "q4",
    of="flow_predictions",
    refused_by="flow_of_regular_kernel",
    says=(
        "The inverse of Theta is missing: at test inputs the residual that has been learnt goes "
        "through Theta(x, X) Theta^-1."
    ),
)
def inverse_left_out(Theta, cross, targets, initial, initial_test, times):
    eigenvalues, Q = jnp.linalg.eigh(Theta)
    learnt = -jnp.expm1(-times[:, None] / len(targets) * eigenvalues)
    return initial_test + (learnt * ((targets - initial) @ Q)) @ (cross @ Q).T


@mutant(
    "q4",
    of="flow_predictions",
    refused_by="flow_of_regular_kernel",
    says=(
        "The exponential is taken entry by entry: the exponential of a matrix acts on its eigenvalues."
    ),
)
def exponential_of_entries(Theta, cross, targets, initial, initial_test, times):
    decay = jnp.exp(-times[:, None, None] / len(targets) * Theta)
    learnt = (jnp.eye(len(targets), dtype=Theta.dtype) - decay) @ (targets - initial)
    return initial_test + learnt @ jnp.linalg.pinv(Theta, hermitian=True) @ cross.T


@mutant(
    "q4",
    of="flow_predictions",
    refused_by="flow_of_regular_kernel",
    says="The result is transposed: a row for each time, a column for each input.",
)
def times_as_columns(Theta, cross, targets, initial, initial_test, times):
    s = times[:, None] / len(targets)
    return _flow(Theta, cross, targets - initial, initial_test, s).T


@mutant(
    "q4",
    of="flow_predictions",
    refused_by="predictions_of_singular_kernels",
    says=(
        "Theta is inverted, and it may be singular: combine the inverse and the exponential "
        "into one function of the eigenvalues."
    ),
)
def flow_by_a_solve(Theta, cross, targets, initial, initial_test, times):
    identity = jnp.eye(len(targets), dtype=Theta.dtype)
    decay = jax.vmap(jax.scipy.linalg.expm)(-times[:, None, None] / len(targets) * Theta)
    learnt = (identity - decay) @ (targets - initial)
    return initial_test + jnp.linalg.solve(Theta, learnt.T).T @ cross.T


@mutant(
    "q4",
    of="flow_predictions",
    refused_by="flow_at_early_times",
    says=(
        "1 - exp(-x) loses most of its digits for a small x: there is a function for exp(x) - 1 that "
        "keeps them."
    ),
)
def flow_by_subtraction(Theta, cross, targets, initial, initial_test, times):
    eigenvalues, Q = jnp.linalg.eigh(Theta)
    s = times[:, None] / len(targets)
    zero = eigenvalues == 0
    learnt = jnp.where(zero, s, (1 - jnp.exp(-s * eigenvalues)) / jnp.where(zero, 1, eigenvalues))
    return initial_test + (learnt * ((targets - initial) @ Q)) @ (cross @ Q).T


@mutant(
    "q4",
    of="flow_predictions",
    refused_by="predictions_of_singular_kernels",
    says=(
        "An eigenvalue of exactly 0 makes 0/0 here: the function (1 - exp(-s lambda)) / lambda has the "
        "value s there."
    ),
)
def flow_divides_by_zero(Theta, cross, targets, initial, initial_test, times):
    eigenvalues, Q = jnp.linalg.eigh(Theta)
    learnt = -jnp.expm1(-times[:, None] / len(targets) * eigenvalues) / eigenvalues
    return initial_test + (learnt * ((targets - initial) @ Q)) @ (cross @ Q).T


# --- descent_predictions -------------------------------------------------------------------------


@mutant(
    "q4",
    of="descent_predictions",
    refused_by=(
        "descent_of_linear_model",
        "predictions_of_singular_kernels",
        "predictions_in_float32",
    ),
    says="The cost is a mean over examples: the step size is divided by N, and here it is not.",
)
def descent_without_the_mean(Theta, cross, targets, initial, initial_test, step_size, num_steps):
    return _descent(Theta, cross, targets - initial, initial_test, step_size, num_steps)


@mutant(
    "q4",
    of="descent_predictions",
    refused_by="descent_of_linear_model",
    says=(
        "This is gradient flow at the times k eta: a step of descent multiplies a mode by "
        "1 - eta lambda / N, not by the exponential."
    ),
)
def flow_for_descent(Theta, cross, targets, initial, initial_test, step_size, num_steps):
    s = step_size * jnp.arange(num_steps + 1)[:, None] / len(targets)
    return _flow(Theta, cross, targets - initial, initial_test, s)


@mutant(
    "q4",
    of="descent_predictions",
    refused_by=("descent_of_linear_model", "predictions_of_one_example"),
    says="Off by one: the first row is the initial function, before any step.",
)
def one_step_ahead(Theta, cross, targets, initial, initial_test, step_size, num_steps):
    rate = step_size / len(targets)
    return _descent(Theta, cross, targets - initial, initial_test, rate, num_steps + 1)[1:]


@mutant(
    "q4",
    of="descent_predictions",
    refused_by=("descent_of_linear_model", "predictions_of_one_example"),
    says="Only the last step is returned: a row for each step is wanted, the initial function first.",
)
def last_step_only(Theta, cross, targets, initial, initial_test, step_size, num_steps):
    rate = step_size / len(targets)
    return _descent(Theta, cross, targets - initial, initial_test, rate, num_steps)[-1]


@mutant(
    "q4",
    of="descent_predictions",
    refused_by="descent_of_linear_model",
    says=(
        "The test outputs see the residual at the training inputs after their own step: both move in "
        "one step, from the same residual."
    ),
)
def residual_after_the_step(Theta, cross, targets, initial, initial_test, step_size, num_steps):
    rate, f, f_test, seen = step_size / len(targets), initial, initial_test, [initial_test]
    for _ in range(num_steps):
        f = f - rate * Theta @ (f - targets)
        f_test = f_test - rate * cross @ (f - targets)
        seen.append(f_test)
    return jnp.stack(seen)


@mutant(
    "q4",
    of="descent_predictions",
    refused_by="descent_of_linear_model",
    says=(
        "The residual at the training inputs stays what it was at the start: it has to be updated in "
        "each step."
    ),
)
def residual_of_the_start(Theta, cross, targets, initial, initial_test, step_size, num_steps):
    steps = jnp.arange(num_steps + 1)[:, None]
    return initial_test + step_size / len(targets) * steps * (cross @ (targets - initial))


@mutant(
    "q4",
    of="descent_predictions",
    refused_by=("descent_of_linear_model", "predictions_of_one_example"),
    says=("Descent starts from the initial function: what it has to learn is y - f_0(X), not y."),
)
def descent_on_the_targets(Theta, cross, targets, initial, initial_test, step_size, num_steps):
    return _descent(Theta, cross, targets, initial_test, step_size / len(targets), num_steps)


# --- limit_predictions ---------------------------------------------------------------------------


@mutant(
    "q4",
    of="limit_predictions",
    refused_by=("limit_of_regular_kernel", "predictions_in_float32"),
    says=(
        "This is kernel regression on the targets: the network started from f_0, which stays where "
        "the residual y - f_0(X) doesn't reach."
    ),
)
def limit_from_zero(Theta, cross, targets, initial, initial_test):
    return _limit(Theta, cross, targets, jnp.zeros_like(initial_test))


@mutant(
    "q4",
    of="limit_predictions",
    refused_by="limit_of_regular_kernel",
    says="The initial function is added, but the residual is that of the targets alone: take y - f_0(X).",
)
def limit_of_the_targets(Theta, cross, targets, initial, initial_test):
    return _limit(Theta, cross, targets, initial_test)


@mutant(
    "q4",
    of="limit_predictions",
    refused_by="limit_of_regular_kernel",
    says=(
        "A penalty has been added to Theta, perhaps to make it regular: gradient flow goes on to the "
        "end, where there is none."
    ),
)
def limit_with_a_penalty(Theta, cross, targets, initial, initial_test):
    damped = Theta + 1e-2 * jnp.eye(len(targets), dtype=Theta.dtype)
    return _limit(damped, cross, targets - initial, initial_test)


@mutant(
    "q4",
    of="limit_predictions",
    refused_by="predictions_of_singular_kernels",
    says="Theta may be singular: a solve gives no number then. Use the pseudo-inverse.",
)
def limit_by_a_solve(Theta, cross, targets, initial, initial_test):
    return initial_test + cross @ jnp.linalg.solve(Theta, targets - initial)
