"""Honest mistakes: what a student might well hand in."""

WRONG_SIGN = """
def response_jacobian(loss, w, theta):
    slope = jax.grad(loss)
    hessian = jax.jacfwd(slope)(w, theta)
    mixed = jax.jacfwd(slope, argnums=1)(w, theta)
    return jnp.linalg.solve(hessian, mixed)
"""

# All that hvp gets is the loss; this takes the loss for a network with one output.
GAUSS_NEWTON_FOR_HESSIAN = """
def hvp(loss, w, v):
    return gnvp(loss, lambda z: z**2 / 2, w, v)
"""

HESSIAN_FOR_GAUSS_NEWTON = """
def gnvp(network, output_loss, w, v):
    return hvp(lambda w: output_loss(network(w)), w, v)
"""

FINITE_DIFFERENCES = """
def hvp(loss, w, v):
    eps = 1e-5
    up = jax.grad(loss)(jax.tree.map(lambda a, d: a + eps * d, w, v))
    down = jax.grad(loss)(jax.tree.map(lambda a, d: a - eps * d, w, v))
    return jax.tree.map(lambda a, b: (a - b) / (2 * eps), up, down)
"""

NOT_A_NUMBER = """
def cg(matvec, b, num_steps):
    x, r, p = jnp.zeros_like(b), b, b
    iterates = [x]
    for _ in range(num_steps):
        Ap = matvec(p)
        alpha = (r @ r) / (p @ Ap)
        rr = r @ r
        x, r = x + alpha * p, r - alpha * Ap
        p = r + (r @ r) / rr * p
        iterates.append(x)
    return jnp.stack(iterates)
"""

WRONG_SHAPE = """
def gd_limit(Phi, t, w0):
    return w0[:, None] + jnp.linalg.pinv(Phi) @ (t - Phi @ w0)[:, None]


def second_moment(mean, covariance):
    extended = jnp.append(mean, 1)
    return jnp.outer(extended, extended)[:-1, :-1] + covariance
"""

# The power method until nothing changes, with >= where > is meant.
ENDLESS_LOOP_IN_FUNCTION = """
def condition_number(A):
    def largest_eigenvalue(M):
        v, before, now = jnp.ones(len(M)), 0.0, 1.0
        while abs(now - before) >= 0:
            before, v = now, M @ v / jnp.linalg.norm(M @ v)
            now = v @ M @ v
        return now

    return largest_eigenvalue(A) * largest_eigenvalue(jnp.linalg.inv(A))
"""

CRASHES_IN_FUNCTION = """
def condition_number(A):
    import ctypes

    return ctypes.string_at(0)  # what lies at address 0 may not be read: a segmentation fault
"""

CRASHING_CELL = """
best = min([], key=lambda damping: damping)  # raises: the cell stops here
"""

SYNTAX_ERROR = """
if True print("this is not Python")
"""

ENDLESS_LOOP_IN_CELL = """
# "Train until converged"; the tolerance is never reached.
error, steps = 1.0, 0
while error > 0:
    error, steps = 0.5 * error + 1e-3, steps + 1
"""
