"""Mistakes in question 1 for Cohen et al."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

CHOICE = {"PAPER": "edge_of_stability"}
SHARPNESS = "edge_of_stability_sharpness"
EDGES = "edge_of_stability_sharpness_at_the_edges"
COST = "edge_of_stability_sharpness_costs_few_products"
RUN = "edge_of_stability_descent"
BAND = "edge_of_stability_band"


def _flat(loss, w):
    flat, unravel = ravel_pytree(w)
    return flat, lambda flat: loss(unravel(flat))


def _product(f, w):
    return lambda q: jax.jvp(jax.grad(f), (w,), (q,))[1]


def _ritz(push, v, m, *, passes=2, rounding=None, pad=True, largest=False):
    """The largest eigenvalue within a Krylov space, with its details to be got wrong."""
    v = v / jnp.max(jnp.abs(v))
    rounding = 1e3 * jnp.finfo(v.dtype).eps if rounding is None else rounding

    def extend(state, k):
        basis, q = state
        basis = basis.at[k].set(q)
        image = rest = push(q)
        for _ in range(passes):
            rest = rest - (basis @ rest) @ basis
        length = jnp.linalg.norm(rest)
        more = length > rounding * jnp.linalg.norm(image)
        return (basis, jnp.where(more, rest / length, 0)), image

    start = jnp.zeros((m, v.size), v.dtype), v / jnp.linalg.norm(v)
    (basis, _), images = jax.lax.scan(extend, start, jnp.arange(m))
    T = basis @ images.T
    used = jnp.any(basis != 0, axis=1)
    filled = jnp.diag(jnp.where(used, 0, T[0, 0])) if pad else 0
    values = jnp.linalg.eigvalsh((T + T.T) / 2 + filled)
    return values[jnp.argmax(jnp.abs(values))] if largest else values[-1]


@mutant(
    "q1",
    of="sharpness",
    refused_by=(SHARPNESS, EDGES),
    says="This is power iteration: its Rayleigh quotient belongs to the last vector only, and it runs to "
    "the eigenvalue of largest size, even a negative one. Take the best of the whole Krylov space.",
    where=CHOICE,
)
def sharpness_by_powers(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    push, q = _product(f, flat), ravel_pytree(v)[0]
    before = q
    for _ in range(num_products):
        q = q / jnp.linalg.norm(q)
        q, before = push(q), q
    return before @ q


@mutant(
    "q1",
    of="sharpness",
    refused_by=EDGES,
    says="The eigenvalue of largest size is returned, a negative one too: the sharpness is the "
    "algebraically largest.",
    where=CHOICE,
)
def sharpness_by_size(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    return _ritz(_product(f, flat), ravel_pytree(v)[0], num_products, largest=True)


@mutant(
    "q1",
    of="sharpness",
    refused_by=SHARPNESS,
    says="The smallest eigenvalue is returned in place of the largest.",
    where=CHOICE,
)
def sharpness_smallest(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    push = _product(f, flat)
    return -_ritz(lambda q: -push(q), ravel_pytree(v)[0], num_products)


@mutant(
    "q1",
    of="sharpness",
    refused_by=SHARPNESS,
    says="The space is one dimension short: m products give the m vectors v, H v .. H^(m-1) v and all of "
    "their images.",
    where=CHOICE,
)
def sharpness_one_short(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    return _ritz(_product(f, flat), ravel_pytree(v)[0], max(num_products - 1, 1))


@mutant(
    "q1",
    of="sharpness",
    refused_by=SHARPNESS,
    says="This is the curvature along v: the space has m dimensions, and the best of its directions counts.",
    where=CHOICE,
)
def sharpness_along_v(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    return _ritz(_product(f, flat), ravel_pytree(v)[0], 1)


@mutant(
    "q1",
    of="sharpness",
    refused_by=SHARPNESS,
    says="Each leaf of the parameters has a Hessian of its own here: the blocks between leaves are missing.",
    where=CHOICE,
)
def sharpness_leaf_by_leaf(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    leaves, treedef = jax.tree.flatten(w)
    masks = [
        jax.tree.unflatten(treedef, [jnp.full_like(p, i == j) for j, p in enumerate(leaves)])
        for i in range(len(leaves))
    ]
    masks = [ravel_pytree(mask)[0] for mask in masks]

    def push(q):
        return sum(mask * _product(f, flat)(mask * q) for mask in masks)

    return _ritz(push, ravel_pytree(v)[0], num_products)


@mutant(
    "q1",
    of="sharpness",
    refused_by=EDGES,
    says="Once the Krylov space is exhausted, the vectors left over are 0 and add an eigenvalue 0, which is "
    "larger than any negative curvature: leave them out.",
    where=CHOICE,
)
def sharpness_with_a_zero_left_over(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    return _ritz(_product(f, flat), ravel_pytree(v)[0], num_products, pad=False)


@mutant(
    "q1",
    of="sharpness",
    refused_by=EDGES,
    says="Once the Krylov space is exhausted, you divide 0 by 0: stop extending the basis there.",
    where=CHOICE,
)
def sharpness_divided_by_zero(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    push, q = _product(f, flat), ravel_pytree(v)[0]
    basis, images = [], []
    for _ in range(num_products):
        basis.append(q / jnp.linalg.norm(q))
        images.append(push(basis[-1]))
        q = images[-1]
        for _ in range(2):
            for b in basis:
                q = q - (b @ q) * b
        # Rounding is no direction.
        q = jnp.where(jnp.linalg.norm(q) > 1e-5 * jnp.linalg.norm(images[-1]), q, 0)
    T = jnp.stack(basis) @ jnp.stack(images).T
    return jnp.linalg.eigvalsh((T + T.T) / 2)[-1]


@mutant(
    "q1",
    of="sharpness",
    refused_by=SHARPNESS,
    says="The Hessian-vector products are finite differences of gradients: differentiate the gradient "
    "along the direction.",
    where=CHOICE,
)
def sharpness_by_differences(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    eps = 1e-5

    def push(q):
        return (jax.grad(f)(flat + eps * q) - jax.grad(f)(flat)) / eps

    return _ritz(push, ravel_pytree(v)[0], num_products, rounding=1e-4)


@mutant(
    "q1",
    of="sharpness",
    refused_by=COST,
    says="Right, but the whole Hessian is formed: its products with m vectors are enough.",
    where=CHOICE,
)
def sharpness_from_the_hessian(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    H = jax.hessian(f)(flat)
    return _ritz(lambda q: H @ q, ravel_pytree(v)[0], num_products)


@mutant(
    "q1",
    of="sharpness",
    refused_by=COST,
    says="Right, but the Hessian is formed in a loop over basis vectors: products with m vectors are enough.",
    where=CHOICE,
)
def sharpness_by_basis_vectors(loss, w, v, num_products):
    flat, f = _flat(loss, w)
    push = _product(f, flat)
    H = jax.lax.map(lambda i: push(jnp.zeros_like(flat).at[i].set(1)), jnp.arange(flat.size))
    return _ritz(lambda q: H @ q, ravel_pytree(v)[0], num_products)


# --- The run --------------------------------------------------------------------------------------


def _record(loss, w, step_size, num_steps, every, num_products, *, friction=1.0, late=0, v=None):
    def sharp(w):
        flat, f = _flat(loss, w)
        start = jax.grad(f)(flat) if v is None else v(flat)
        return _ritz(_product(f, flat), start, num_products)

    def step(state, _):
        w, m = state
        value, g = jax.value_and_grad(loss)(w)
        m = jax.tree.map(lambda m, g: (1 - friction) * m + g, m, g)
        return (jax.tree.map(lambda p, m: p - step_size * m, w, m), m), value

    def stretch(state, _):
        state, values = jax.lax.scan(step, state, length=every)
        return state, (state[0], values)

    start = w, jax.tree.map(jnp.zeros_like, w)
    (last, _), (seen, values) = jax.lax.scan(stretch, start, length=num_steps // every)
    seen = jax.tree.map(lambda p, later: jnp.append(p[None], later, axis=0), w, seen)
    found = jax.lax.map(sharp, seen)
    if late:
        found = jnp.append(found[1:], found[-1])
    return last, jnp.append(values.ravel(), loss(last)), found


@mutant(
    "q1",
    of="recorded_descent",
    refused_by=RUN,
    says="There is momentum in the descent: the edge at 2 / eta is that of plain descent.",
    where=CHOICE,
)
def run_with_momentum(loss, w_0, step_size, num_steps, every, num_products):
    return _record(loss, w_0, step_size, num_steps, every, num_products, friction=0.4)


@mutant(
    "q1",
    of="recorded_descent",
    refused_by=RUN,
    says="The step is half of eta: step by eta times the gradient of the loss as it is given.",
    where=CHOICE,
)
def run_with_half_steps(loss, w_0, step_size, num_steps, every, num_products):
    return _record(loss, w_0, step_size / 2, num_steps, every, num_products)


@mutant(
    "q1",
    of="recorded_descent",
    refused_by=(RUN, BAND),
    says="Each step is twice as long as it should be: step by eta times the gradient of the loss as it is, whose 1/2 is "
    "part of it.",
    where=CHOICE,
)
def run_with_double_steps(loss, w_0, step_size, num_steps, every, num_products):
    return _record(loss, w_0, 2 * step_size, num_steps, every, num_products)


@mutant(
    "q1",
    of="recorded_descent",
    refused_by=RUN,
    says="Every sharpness is that of the start: take it at the iterate that descent has reached.",
    where=CHOICE,
)
def run_with_the_first_sharpness(loss, w_0, step_size, num_steps, every, num_products):
    w, losses, found = _record(loss, w_0, step_size, num_steps, every, num_products)
    return w, losses, jnp.full_like(found, found[0])


@mutant(
    "q1",
    of="recorded_descent",
    refused_by=RUN,
    says="The sharpnesses are late by one recording: the first is that of w_0.",
    where=CHOICE,
)
def run_recorded_late(loss, w_0, step_size, num_steps, every, num_products):
    return _record(loss, w_0, step_size, num_steps, every, num_products, late=1)


@mutant(
    "q1",
    of="recorded_descent",
    refused_by=RUN,
    says="The Krylov space begins with a vector of ones: begin with the gradient at the iterate.",
    where=CHOICE,
)
def run_with_another_direction(loss, w_0, step_size, num_steps, every, num_products):
    return _record(loss, w_0, step_size, num_steps, every, num_products, v=jnp.ones_like)


@mutant(
    "q1",
    of="recorded_descent",
    refused_by=RUN,
    says="The last loss is missing: record those of w_0 to w_T, which are T + 1.",
    where=CHOICE,
)
def run_without_the_last_loss(loss, w_0, step_size, num_steps, every, num_products):
    w, losses, found = _record(loss, w_0, step_size, num_steps, every, num_products)
    return w, losses[:-1], found


# --- The scalar model -----------------------------------------------------------------------------


@mutant(
    "q1",
    of="scalar_model_sharpness",
    refused_by=RUN,
    says="u^2 + v^2 is the sharpness of the minima u v = 1 only: elsewhere the Hessian has another part.",
    where=CHOICE,
)
def scalar_sharpness_of_minima(u, v):
    return u**2 + v**2


@mutant(
    "q1",
    of="scalar_model_sharpness",
    refused_by=RUN,
    says="The off-diagonal entry of the Hessian is 2 u v - 1: the residual is differentiated, too.",
    where=CHOICE,
)
def scalar_sharpness_without_the_residual(u, v):
    return (u**2 + v**2 + jnp.hypot(u**2 - v**2, 2 * u * v)) / 2


@mutant(
    "q1",
    of="scalar_model_sharpness",
    refused_by=RUN,
    says="The formula is right, and its discriminant s^2 - 4 d cancels where the eigenvalues meet: "
    "half of the digits are lost. Write it as a sum of two squares.",
    where=CHOICE,
)
def scalar_sharpness_by_trace_and_determinant(u, v):
    s, d = u**2 + v**2, u**2 * v**2 - (2 * u * v - 1) ** 2
    return (s + jnp.sqrt(jnp.maximum(s**2 - 4 * d, 0))) / 2


@mutant(
    "q1",
    of="scalar_model_sharpness",
    refused_by=RUN,
    says="This is the smaller of the two eigenvalues.",
    where=CHOICE,
)
def scalar_sharpness_smaller(u, v):
    return (u**2 + v**2 - jnp.hypot(u**2 - v**2, 2 * (2 * u * v - 1))) / 2
