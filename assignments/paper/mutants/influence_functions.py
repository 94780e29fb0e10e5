"""Mistakes in question 1 for Koh and Liang."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

CHOICE = {"PAPER": "influence_functions"}
PARAMETERS = "influence_on_parameters"
TEST_LOSS = "influence_on_a_test_loss"
COST = "influence_costs_one_solve"
LEAVE_OUT = "influence_leave_one_out"


def _flat_product(losses, w, penalty, scale=1.0):
    flat, unravel = ravel_pytree(w)

    def slope(flat):
        return scale * jax.grad(lambda u: jnp.mean(losses(unravel(u))))(flat)

    return lambda p: jax.jvp(slope, (flat,), (p,))[1] + penalty * p


def _solve(matvec, b, num_steps, guarded=True):
    """Conjugate gradient on vectors."""

    def step(state, _):
        x, r, p, done = state
        before = r @ r
        q = matvec(p)
        alpha = before / (p @ q)
        moved = x + alpha * p, r - alpha * q
        after = moved[1] @ moved[1]
        new = (*moved, moved[1] + after / before * p)
        if guarded:
            done = done | (before <= jnp.finfo(b.dtype).eps ** 2 * (b @ b))
            new = tuple(jnp.where(done, old, now) for old, now in zip(state, new, strict=False))
        return (*new, done), None

    start = jnp.zeros_like(b), b, b, jnp.asarray(False)
    return jax.lax.scan(step, start, length=num_steps)[0][0]


def _solved(losses, w, penalty, v, num_steps, scale=1.0):
    b, unravel = ravel_pytree(v)
    return unravel(_solve(_flat_product(losses, w, penalty, scale), b, num_steps))


@mutant(
    "q1",
    of="inverse_hessian_product",
    refused_by=PARAMETERS,
    says="The penalty is not in your Hessian: J has it, and with it lambda I.",
    where=CHOICE,
)
def inverse_without_penalty(losses, w, penalty, v, num_steps):
    return _solved(losses, w, 0.0, v, num_steps)


@mutant(
    "q1",
    of="inverse_hessian_product",
    refused_by=PARAMETERS,
    says="Your Hessian is that of the sum of the losses: in J they have the factor 1/N.",
    where=CHOICE,
)
def inverse_of_the_sum(losses, w, penalty, v, num_steps):
    return _solved(losses, w, penalty, v, num_steps, scale=len(losses(w)))


@mutant(
    "q1",
    of="inverse_hessian_product",
    refused_by=PARAMETERS,
    says="One step too few: num_steps updates of x, begun at 0, with a product each.",
    where=CHOICE,
)
def inverse_one_step_short(losses, w, penalty, v, num_steps):
    return _solved(losses, w, penalty, v, num_steps - 1)


@mutant(
    "q1",
    of="inverse_hessian_product",
    refused_by=PARAMETERS,
    says="This is steepest descent, which never forgets and never finishes: conjugate gradient "
    "changes its direction by the ratio of the squared residuals.",
    where=CHOICE,
)
def inverse_by_steepest_descent(losses, w, penalty, v, num_steps):
    b, unravel = ravel_pytree(v)
    matvec = _flat_product(losses, w, penalty)

    def step(_, x):
        r = b - matvec(x)
        curved = r @ matvec(r)
        return x + jnp.where(curved > 0, r @ r / jnp.where(curved > 0, curved, 1), 0) * r

    return unravel(jax.lax.fori_loop(0, num_steps, step, jnp.zeros_like(b)))


@mutant(
    "q1",
    of="inverse_hessian_product",
    refused_by=PARAMETERS,
    says="Nothing is left to solve for after convergence, or where v is 0, and 0 is divided by 0: x has "
    "to stay where it is.",
    where=CHOICE,
)
def inverse_without_an_end(losses, w, penalty, v, num_steps):
    b, unravel = ravel_pytree(v)
    return unravel(_solve(_flat_product(losses, w, penalty), b, num_steps, guarded=False))


@mutant(
    "q1",
    of="parameter_influence",
    refused_by=PARAMETERS,
    says="The sign is missing: the minimum moves against the gradient of the example that gets weight.",
    where=CHOICE,
)
def moved_uphill(losses, w, penalty, n, num_steps):
    return _solved(losses, w, penalty, jax.grad(lambda u: losses(u)[n])(w), num_steps)


@mutant(
    "q1",
    of="parameter_influence",
    refused_by=PARAMETERS,
    says="This is the change when the example is left out, epsilon = -1/N: asked is the derivative in "
    "epsilon.",
    where=CHOICE,
)
def moved_by_leaving_out(losses, w, penalty, n, num_steps):
    g = jax.grad(lambda u: losses(u)[n] / len(losses(w)))(w)
    # For a single example it would be the derivative but for the sign, which is wrong there too.
    return _solved(losses, w, penalty, g, num_steps)


def _penalised(loss, penalty):
    def penalised(w):
        return loss(w) + penalty / 2 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(w))

    return penalised


@mutant(
    "q1",
    of="parameter_influence",
    refused_by=PARAMETERS,
    says="The example's gradient has the penalty's in it: giving an example weight leaves the penalty "
    "alone.",
    where=CHOICE,
)
def moved_with_the_penalty(losses, w, penalty, n, num_steps):
    g = jax.grad(_penalised(lambda u: losses(u)[n], penalty))(w)
    return _solved(losses, w, penalty, jax.tree.map(jnp.negative, g), num_steps)


def _influences(losses, test_loss, w, penalty, num_steps):
    s = _solved(losses, w, penalty, jax.grad(test_loss)(w), num_steps)
    return -jax.jvp(losses, (w,), (s,))[1]


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=TEST_LOSS,
    says="This is the predicted change when each example is left out: the influence is the derivative in "
    "epsilon, without the -1/N.",
    where=CHOICE,
)
def influences_of_leaving_out(losses, test_loss, w, penalty, num_steps):
    found = _influences(losses, test_loss, w, penalty, num_steps)
    return -found / len(found)


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=TEST_LOSS,
    says="The sign is wrong: an influence is positive where more of the example makes the test loss worse.",
    where=CHOICE,
)
def influences_that_help(losses, test_loss, w, penalty, num_steps):
    return -_influences(losses, test_loss, w, penalty, num_steps)


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=TEST_LOSS,
    says="These are products of gradients, with the identity for the inverse Hessian: they depend on the "
    "features' units.",
    where=CHOICE,
)
def influences_by_similarity(losses, test_loss, w, penalty, num_steps):
    return -jax.jvp(losses, (w,), (jax.grad(test_loss)(w),))[1]


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=TEST_LOSS,
    says="Squares of the examples' gradients stand for the Hessian. That is the empirical Fisher matrix, "
    "which differs from it, also at the minimum.",
    where=CHOICE,
)
def influences_by_empirical_fisher(losses, test_loss, w, penalty, num_steps):
    flat, unravel = ravel_pytree(w)
    G = jax.jacobian(lambda u: losses(unravel(u)))(flat)
    b = jax.grad(lambda u: test_loss(unravel(u)))(flat)
    return -G @ _solve(lambda p: G.T @ (G @ p) / len(G) + penalty * p, b, num_steps)


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=TEST_LOSS,
    says="The test loss has the penalty in it: its gradient is that of the loss on the test points alone.",
    where=CHOICE,
)
def influences_on_a_penalised_test(losses, test_loss, w, penalty, num_steps):
    return _influences(losses, _penalised(test_loss, penalty), w, penalty, num_steps)


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=TEST_LOSS,
    says="Products by differences of two gradients keep about half of the digits: differentiate the "
    "gradient along the direction.",
    where=CHOICE,
)
def influences_by_differences(losses, test_loss, w, penalty, num_steps):
    flat, unravel = ravel_pytree(w)
    slope = jax.grad(lambda u: jnp.mean(losses(unravel(u))))

    def matvec(p):
        size = jnp.linalg.norm(p)
        eps = 1e-5 / jnp.where(size > 0, size, 1)
        return (slope(flat + eps * p) - slope(flat - eps * p)) / (2 * eps) + penalty * p

    s = _solve(matvec, jax.grad(lambda u: test_loss(unravel(u)))(flat), num_steps)
    return -jax.jvp(lambda u: losses(unravel(u)), (flat,), (s,))[1]


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=COST,
    says="You form the Hessian, a row for each weight, and solve with it: each step of conjugate gradient "
    "needs one product only.",
    where=CHOICE,
)
def influences_by_a_dense_hessian(losses, test_loss, w, penalty, num_steps):
    flat, unravel = ravel_pytree(w)
    H = jax.lax.map(_flat_product(losses, w, penalty), jnp.eye(flat.size, dtype=flat.dtype))
    b = jax.grad(lambda u: test_loss(unravel(u)))(flat)
    s = _solve(lambda p: H @ p, b, num_steps)
    return -jax.jvp(lambda u: losses(unravel(u)), (flat,), (s,))[1]


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=COST,
    says="A system is solved for each training example. The Hessian is symmetric: one solve with the test "
    "gradient serves all.",
    where=CHOICE,
)
def influences_by_many_solves(losses, test_loss, w, penalty, num_steps):
    flat, unravel = ravel_pytree(w)
    G = jax.jacobian(lambda u: losses(unravel(u)))(flat)
    matvec = _flat_product(losses, w, penalty)
    steps = jax.lax.map(lambda g: _solve(matvec, g, num_steps), G)
    return -steps @ jax.grad(lambda u: test_loss(unravel(u)))(flat)


@mutant(
    "q1",
    of="influences_on_test_loss",
    refused_by=COST,
    says="All examples' gradients are formed: their products with one direction are a single "
    "Jacobian-vector product of the losses.",
    where=CHOICE,
)
def influences_from_all_gradients(losses, test_loss, w, penalty, num_steps):
    flat, unravel = ravel_pytree(w)
    b = jax.grad(lambda u: test_loss(unravel(u)))(flat)
    s = _solve(_flat_product(losses, w, penalty), b, num_steps)
    return -jax.jacrev(lambda u: losses(unravel(u)))(flat) @ s


def _left_out(Phi, t, inverse, stretch):
    """The rows w - inverse phi_n residual_n stretch(h_n)."""
    columns = inverse @ Phi.T
    w = columns @ t
    return w - (columns * (t - Phi @ w) * stretch(jnp.sum(Phi.T * columns, axis=0))).T


def _inverse(Phi, penalty, count):
    return jnp.linalg.inv(Phi.T @ Phi + count * penalty * jnp.eye(Phi.shape[1]))


@mutant(
    "q1",
    of="ridge_leave_one_out",
    refused_by=LEAVE_OUT,
    says="This is the influence's step, the first order only: divide it by 1 - h_n.",
    where=CHOICE,
)
def left_out_to_first_order(Phi, t, penalty):
    return _left_out(Phi, t, _inverse(Phi, penalty, len(t)), jnp.ones_like)


@mutant(
    "q1",
    of="ridge_leave_one_out",
    refused_by=LEAVE_OUT,
    says="The penalty lacks its factor N: with the mean of the losses in J the matrix is "
    "Phi^T Phi + N lambda I.",
    where=CHOICE,
)
def left_out_with_a_small_penalty(Phi, t, penalty):
    return _left_out(Phi, t, _inverse(Phi, penalty, 1), lambda h: 1 / (1 - h))


@mutant(
    "q1",
    of="ridge_leave_one_out",
    refused_by=LEAVE_OUT,
    says="The remaining examples are averaged over N - 1: here they keep the 1/N of all.",
    where=CHOICE,
)
def left_out_and_averaged_anew(Phi, t, penalty):
    N, D = Phi.shape
    rows = []
    for n in range(N):
        A, b = jnp.delete(Phi, n, axis=0), jnp.delete(t, n)
        rows.append(jnp.linalg.solve(A.T @ A + (N - 1) * penalty * jnp.eye(D), A.T @ b))
    return jnp.stack(rows)


@mutant(
    "q1",
    of="ridge_leave_one_out",
    refused_by=LEAVE_OUT,
    says="The sign of the step is wrong: without the example the fit gives up its pull towards t_n.",
    where=CHOICE,
)
def left_out_twice_as_much_in(Phi, t, penalty):
    return _left_out(Phi, t, _inverse(Phi, penalty, len(t)), lambda h: -1 / (1 - h))


@mutant(
    "q1",
    of="ridge_leave_one_out",
    refused_by=LEAVE_OUT,
    says="The step is divided by 1 + h_n, which is what adding the example once more does: leaving it out "
    "takes 1 - h_n.",
    where=CHOICE,
)
def left_out_as_if_added(Phi, t, penalty):
    return _left_out(Phi, t, _inverse(Phi, penalty, len(t)), lambda h: 1 / (1 + h))


@mutant(
    "q1",
    of="ridge_leave_one_out",
    refused_by=LEAVE_OUT,
    says="These are the changes of the parameters: return the parameters themselves.",
    where=CHOICE,
)
def left_out_changes(Phi, t, penalty):
    inverse = _inverse(Phi, penalty, len(t))
    return _left_out(Phi, t, inverse, lambda h: 1 / (1 - h)) - inverse @ Phi.T @ t
