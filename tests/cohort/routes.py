"""Right answers to every question by routes that the solution doesn't take."""

ANOTHER_ROUTE = """
def gd_iterates(A, b, w0, step_size, num_steps):
    def step(w, _):
        w = w - step_size * (A @ w - b)
        return w, w

    _, later = jax.lax.scan(step, w0, length=num_steps)
    return jnp.vstack([w0, later])


def stability_limit(A):
    return 2 / jnp.max(jnp.linalg.svd(A, compute_uv=False))


def min_norm_solution(Phi, t):
    return jnp.linalg.lstsq(Phi, t)[0]


def gd_limit(Phi, t, w0):
    U, s, Vt = jnp.linalg.svd(Phi, full_matrices=True)
    rank = jnp.sum(s > max(Phi.shape) * jnp.finfo(s.dtype).eps * s[0])
    null_space = Vt.T * (jnp.arange(len(w0)) >= rank)
    return min_norm_solution(Phi, t) + null_space @ (null_space.T @ w0)


def ridge_solution(Phi, t, penalty):
    U, s, Vt = jnp.linalg.svd(Phi, full_matrices=False)
    return Vt.T @ (s / (s**2 + len(t) * penalty) * (U.T @ t))


def risk_curve(Phi, t, Phi_test, t_test, sizes, penalty):
    def risk(d):
        kept = jnp.arange(Phi.shape[1]) < d
        U, s, Vt = jnp.linalg.svd(Phi * kept, full_matrices=False)
        zero = s <= max(Phi.shape) * jnp.finfo(s.dtype).eps * s[0]
        factors = jnp.where(zero, 0, s / jnp.where(zero, 1, s**2 + len(t) * penalty))
        error = Phi_test @ (Vt.T @ (factors * (U.T @ t))) - t_test
        return error @ error / (2 * len(error))

    return jax.vmap(risk)(jnp.asarray(sizes))


def second_moment(mean, covariance):
    D = len(mean)
    extended = jnp.concatenate([mean, jnp.ones(1, mean.dtype)])
    return jnp.outer(extended, extended).at[:D, :D].add(covariance)


def white_spectrum(mean):
    # The Cholesky factor [[I, 0], [mu^T, 1]] in the plane of mu: its singular values, squared.
    half = jnp.linalg.norm(mean) / 2
    largest = half + jnp.sqrt(half**2 + 1)
    ones = jnp.ones(len(mean) - 1, mean.dtype)
    return jnp.hstack([largest**-2, ones, largest**2])


def condition_number(A):
    return jnp.linalg.norm(A, 2) * jnp.linalg.norm(jnp.linalg.inv(A), 2)


def whiten(X):
    # The nearest matrix with orthogonal columns: the polar factor of the centred inputs.
    U, _, Vt = jnp.linalg.svd(X - jnp.mean(X, axis=0), full_matrices=False)
    return jnp.sqrt(len(X)) * (U @ Vt)


def jvp(f, w, v):
    # Reverse mode only: the VJP is linear in u, and its transpose is the JVP.
    outputs, pull_back = jax.vjp(f, w)
    return jax.linear_transpose(lambda u: pull_back(u)[0], outputs)(v)[0]


def vjp(f, w, u):
    _, push = jax.linearize(f, w)
    return jax.linear_transpose(push, w)(u)[0]


def hvp(loss, w, v):
    return jax.grad(lambda w: jax.jvp(loss, (w,), (v,))[1])(w)


def gnvp(network, output_loss, w, v):
    outputs, push = jax.linearize(network, w)

    def along(d):
        return output_loss(jax.tree.map(jnp.add, outputs, push(d)))

    zero = jax.tree.map(jnp.zeros_like, w)
    return jax.grad(lambda d: jax.jvp(along, (d,), (v,))[1])(zero)


def cg(matvec, b, num_steps):
    # Directions conjugate by construction: beta from p^T A p and not from the residuals' norms.
    def safe(numerator, denominator):
        return jnp.where(denominator > 0, numerator / jnp.where(denominator > 0, denominator, 1), 0)

    x, r, p = jnp.zeros_like(b), b, b
    iterates = [x]
    for _ in range(num_steps):
        Ap = matvec(p)
        curvature = p @ Ap
        alpha = safe(p @ r, curvature)
        x, r = x + alpha * p, r - alpha * Ap
        p = r - safe(r @ Ap, curvature) * p
        iterates.append(x)
    return jnp.stack(iterates)


def response_jacobian(loss, w, theta):
    # The derivative of one Newton step, taken at the minimum.
    H = jax.hessian(loss)(w, theta)

    def newton(theta):
        return w - jnp.linalg.inv(H) @ jax.grad(loss)(w, theta)

    return jax.jacrev(newton)(theta)


def fisher(logits_fn, w, X):
    fixed = jax.nn.log_softmax(jax.lax.stop_gradient(logits_fn(w, X)))

    def divergence(other):
        other = jax.nn.log_softmax(logits_fn(other, X))
        return jnp.mean(jnp.sum(jnp.exp(fixed) * (fixed - other), axis=1))

    return jax.jacfwd(jax.grad(divergence))(w)


def natural_gradient(logits_fn, w, X, y, damping):
    def costs(w):
        return -jax.nn.log_softmax(logits_fn(w, X))[jnp.arange(len(y)), y]

    gradient = jnp.mean(jax.jacrev(costs)(w), axis=0)
    a, Q = jnp.linalg.eigh(fisher(logits_fn, w, X))
    return Q @ ((Q.T @ gradient) / (a + damping))


def proximal_step(A, b, w, penalty):
    a, Q = jnp.linalg.eigh(A)
    return Q @ ((Q.T @ (b + penalty * w)) / (a + penalty))


def mirror_step(w, gradient, step_size):
    exponents = jnp.log(w) - step_size * (gradient - jnp.min(gradient))
    grown = jnp.exp(exponents - jnp.max(exponents))
    return grown / jnp.sum(grown)


def bregman_divergence(potential, u, w):
    # What is left of the potential after its linearisation at w.
    height, push = jax.linearize(potential, w)
    return potential(u) - height - push(u - w)
"""

DENSE_HESSIAN = """
def hvp(loss, w, v):
    flat, unravel = ravel_pytree(w)
    H = jax.jit(jax.hessian(lambda flat: loss(unravel(flat))))(flat)
    return unravel(H @ ravel_pytree(v)[0])
"""

BASIS_VECTOR_LOOP = """
def hvp(loss, w, v):
    flat, unravel = ravel_pytree(w)
    direction = ravel_pytree(v)[0]
    gradient = jax.grad(lambda flat: loss(unravel(flat)))

    def entry(i):
        basis = jnp.zeros_like(flat).at[i].set(1)
        return jax.jvp(gradient, (flat,), (basis,))[1] @ direction

    return unravel(jax.lax.map(entry, jnp.arange(flat.size)))
"""

# After all answers: every function computes in one dtype, whatever it is given.
CAST_EVERYTHING = """
import functools


def computing_in(dtype, x64):
    def decorate(function):
        @functools.wraps(function)
        def cast(*args, **kwargs):
            with jax.enable_x64(x64):
                args, kwargs = jax.tree.map(as_dtype, (args, kwargs))
                return function(*args, **kwargs)

        return cast

    def as_dtype(leaf):
        floating = hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)
        return leaf.astype(dtype) if floating else leaf

    return decorate


for function in (
    gd_iterates, stability_limit, min_norm_solution, gd_limit, ridge_solution, risk_curve,
    second_moment, white_spectrum, condition_number, whiten, jvp, vjp, hvp, gnvp, cg,
    response_jacobian, fisher, natural_gradient, proximal_step, mirror_step, bregman_divergence,
):  # fmt: skip
    globals()[function.__name__] = computing_in(DTYPE)(function)
"""

FLOAT64 = CAST_EVERYTHING.replace("computing_in(DTYPE)", "computing_in(jnp.float64, x64=True)")
FLOAT32 = CAST_EVERYTHING.replace("computing_in(DTYPE)", "computing_in(jnp.float32, x64=False)")
