"""Mistakes in question 1 for Finn et al."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

CHOICE = {"PAPER": "maml"}
PATH = "maml_product_along_a_path"
COST = "maml_product_costs"
GRADIENTS = "maml_gradients"
QUADRATIC = "maml_quadratic_starts"


def _iterates(loss, w, examples, step_size, num_steps):
    """u_0 .. u_K in a list."""
    found = [w]
    for _ in range(num_steps):
        slope = jax.grad(loss)(found[-1], examples)
        found.append(jax.tree.map(lambda p, d: p - step_size * d, found[-1], slope))
    return found


def _stacked(trees):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _hessian_product(loss, u, examples, v):
    return jax.jvp(lambda u: jax.grad(loss)(u, examples), (u,), (v,))[1]


def _pulled(loss, iterates, examples, step_size, v):
    """Through the factors in the order that is given."""
    for u in iterates:
        Hv = _hessian_product(loss, u, examples, v)
        v = jax.tree.map(lambda a, b: a - step_size * b, v, Hv)
    return v


def _unstacked(path):
    count = len(jax.tree.leaves(path)[0])
    return [jax.tree.map(lambda leaf, k=k: leaf[k], path) for k in range(count)]


@mutant(
    "q1",
    of="pull_through_path",
    refused_by=PATH,
    says="The factors are in reverse order: that of the last step acts on v first.",
    where=CHOICE,
)
def product_from_the_start(loss, path, examples, step_size, v):
    return _pulled(loss, _unstacked(path), examples, step_size, v)


@mutant(
    "q1",
    of="pull_through_path",
    refused_by=PATH,
    says="The sign of the Hessians is wrong: each factor is I - alpha H.",
    where=CHOICE,
)
def product_of_growing_factors(loss, path, examples, step_size, v):
    return _pulled(loss, _unstacked(path)[::-1], examples, -step_size, v)


@mutant(
    "q1",
    of="pull_through_path",
    refused_by=PATH,
    says="The step size is missing in the factors: each is I - alpha H.",
    where=CHOICE,
)
def product_without_step_size(loss, path, examples, step_size, v):
    return _pulled(loss, _unstacked(path)[::-1], examples, 1.0, v)


@mutant(
    "q1",
    of="pull_through_path",
    refused_by=PATH,
    says="This is the first order in alpha, v minus alpha times the sum of the H_k v: the factors "
    "multiply.",
    where=CHOICE,
)
def product_to_first_order(loss, path, examples, step_size, v):
    out = v
    for u in _unstacked(path):
        Hv = _hessian_product(loss, u, examples, v)
        out = jax.tree.map(lambda a, b: a - step_size * b, out, Hv)
    return out


@mutant(
    "q1",
    of="pull_through_path",
    refused_by=PATH,
    says="All Hessians are taken at u_0: each belongs to its own iterate.",
    where=CHOICE,
)
def product_with_one_hessian(loss, path, examples, step_size, v):
    iterates = _unstacked(path)
    return _pulled(loss, iterates[:1] * len(iterates), examples, step_size, v)


@mutant(
    "q1",
    of="pull_through_path",
    refused_by=PATH,
    says="Products by differences of two gradients keep about half of the digits: differentiate the "
    "gradient along v.",
    where=CHOICE,
)
def product_by_differences(loss, path, examples, step_size, v):
    eps = 1e-5
    for u in _unstacked(path)[::-1]:
        ahead, behind = (
            jax.grad(loss)(jax.tree.map(lambda p, d, s=s: p + s * d, u, v), examples)
            for s in (eps, -eps)
        )
        v = jax.tree.map(lambda d, a, b: d - step_size * (a - b) / (2 * eps), v, ahead, behind)
    return v


@mutant(
    "q1",
    of="pull_through_path",
    refused_by=COST,
    says="You form the Hessians, a row for each parameter: only their products with v are needed.",
    where=CHOICE,
)
def product_of_dense_hessians(loss, path, examples, step_size, v):
    out, unravel = ravel_pytree(v)
    for u in _unstacked(path)[::-1]:
        flat = ravel_pytree(u)[0]

        def slope(flat):
            return jax.grad(lambda flat: loss(unravel(flat), examples))(flat)

        def row(e, flat=flat, slope=slope):
            return jax.jvp(slope, (flat,), (e,))[1]

        out = out - step_size * jax.lax.map(row, jnp.eye(out.size, dtype=out.dtype)) @ out
    return unravel(out)


def _gradients(
    loss, w, support, query, step_size, num_steps, *, curved="support", scored="query", at=-1
):
    """The pair, with Hessians of the examples `curved` and the score on `scored` at iterate `at`."""
    full, first, count = [], [], len(jax.tree.leaves(query)[0])
    for i in range(count):
        data = {
            "support": jax.tree.map(lambda leaf, i=i: leaf[i], support),
            "query": jax.tree.map(lambda leaf, i=i: leaf[i], query),
        }
        iterates = _iterates(loss, w, data["support"], step_size, num_steps)
        g = jax.grad(loss)(iterates[at], data[scored])
        first.append(g)
        full.append(_pulled(loss, iterates[-2::-1], data[curved], step_size, g))
    return _stacked(full), _stacked(first)


def _mean(pair):
    return jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), pair)


@mutant(
    "q1",
    of="meta_gradients",
    refused_by=GRADIENTS,
    says="Both are the first-order gradient: the meta-gradient has the factors I - alpha H in it.",
    where=CHOICE,
)
def gradients_without_factors(loss, w, support, query, step_size, num_steps):
    _, first = _mean(_gradients(loss, w, support, query, step_size, num_steps))
    return first, first


@mutant(
    "q1",
    of="meta_gradients",
    refused_by=GRADIENTS,
    says="The gradients are added up over tasks: the meta-loss is their mean.",
    where=CHOICE,
)
def gradients_summed(loss, w, support, query, step_size, num_steps):
    pair = _gradients(loss, w, support, query, step_size, num_steps)
    return jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0), pair)


@mutant(
    "q1",
    of="meta_gradients",
    refused_by=GRADIENTS,
    says="The Hessians are those of the query loss: adaptation went down the support loss.",
    where=CHOICE,
)
def gradients_with_query_hessians(loss, w, support, query, step_size, num_steps):
    return _mean(_gradients(loss, w, support, query, step_size, num_steps, curved="query"))


@mutant(
    "q1",
    of="meta_gradients",
    refused_by=GRADIENTS,
    says="Tasks are scored on the examples that they adapted to: the score is the query's.",
    where=CHOICE,
)
def gradients_scored_on_support(loss, w, support, query, step_size, num_steps):
    return _mean(_gradients(loss, w, support, query, step_size, num_steps, scored="support"))


@mutant(
    "q1",
    of="meta_gradients",
    refused_by=GRADIENTS,
    says="The query's gradient is taken before adaptation: take it at u_K, for both.",
    where=CHOICE,
)
def gradients_before_adaptation(loss, w, support, query, step_size, num_steps):
    return _mean(_gradients(loss, w, support, query, step_size, num_steps, at=0))


def _gap(loss, w, support, query, factor, *, curved="support", scored="query"):
    data, found = {"support": support, "query": query}, []
    for i in range(len(jax.tree.leaves(query)[0])):
        curve, score = (
            jax.tree.map(lambda leaf, i=i: leaf[i], data[name]) for name in (curved, scored)
        )
        found.append(_hessian_product(loss, w, curve, jax.grad(loss)(w, score)))
    return jax.tree.map(lambda leaf: factor * jnp.mean(leaf, axis=0), _stacked(found))


@mutant(
    "q1",
    of="first_order_gap",
    refused_by=GRADIENTS,
    says="The number of steps is missing: each of them puts in a factor I - alpha H.",
    where=CHOICE,
)
def gap_of_one_step(loss, w, support, query, num_steps):
    return _gap(loss, w, support, query, 1)


@mutant(
    "q1",
    of="first_order_gap",
    refused_by=GRADIENTS,
    says="The sign is wrong: c is first order minus meta-gradient.",
    where=CHOICE,
)
def gap_the_other_way(loss, w, support, query, num_steps):
    return _gap(loss, w, support, query, -num_steps)


@mutant(
    "q1",
    of="first_order_gap",
    refused_by=GRADIENTS,
    says="The Hessian is that of the query loss: it is the support loss that adaptation goes down.",
    where=CHOICE,
)
def gap_with_query_hessians(loss, w, support, query, num_steps):
    return _gap(loss, w, support, query, num_steps, curved="query")


@mutant(
    "q1",
    of="first_order_gap",
    refused_by=GRADIENTS,
    says="The gradient is that of the support loss: what goes back through the steps is the query's.",
    where=CHOICE,
)
def gap_with_support_gradients(loss, w, support, query, num_steps):
    return _gap(loss, w, support, query, num_steps, scored="support")


@mutant(
    "q1",
    of="first_order_gap",
    refused_by=GRADIENTS,
    says="The mean Hessian multiplies the mean gradient: take the mean of the products.",
    where=CHOICE,
)
def gap_of_means(loss, w, support, query, num_steps):
    def mean_loss(u, examples):
        return jnp.mean(jax.vmap(lambda one: loss(u, one))(examples))

    g = jax.grad(mean_loss)(w, query)
    Hg = _hessian_product(mean_loss, w, support, g)
    return jax.tree.map(lambda leaf: num_steps * leaf, Hg)


def _mean_place(weights, c):
    return jnp.linalg.solve(jnp.sum(weights, 0), jnp.sum(weights @ c[..., None], 0)[:, 0])


def _shrunk(A, step_size, num_steps):
    B = jnp.broadcast_to(jnp.eye(A.shape[1]), A.shape)
    for _ in range(num_steps):
        B = B - step_size * A @ B
    return B


@mutant(
    "q1",
    of="quadratic_starts",
    refused_by=QUADRATIC,
    says="The plain mean of the c_i is joint training's minimum only where all curvatures are the same: "
    "they are weighted by the A_i.",
    where=CHOICE,
)
def starts_from_a_plain_mean(A, c, step_size, num_steps):
    B = _shrunk(A, step_size, num_steps)
    return jnp.mean(c, axis=0), _mean_place(B @ A @ B, c), _mean_place(A @ B, c)


@mutant(
    "q1",
    of="quadratic_starts",
    refused_by=QUADRATIC,
    says="One step of adaptation is taken into account, whatever K is.",
    where=CHOICE,
)
def starts_for_one_step(A, c, step_size, num_steps):
    B = _shrunk(A, step_size, 1)
    return _mean_place(A, c), _mean_place(B @ A @ B, c), _mean_place(A @ B, c)


@mutant(
    "q1",
    of="quadratic_starts",
    refused_by=QUADRATIC,
    says="MAML's minimum is that of the first-order gradient: in the meta-loss, adaptation shrinks both "
    "sides of the quadratic form.",
    where=CHOICE,
)
def starts_with_one_factor(A, c, step_size, num_steps):
    place = _mean_place(A @ _shrunk(A, step_size, num_steps), c)
    return _mean_place(A, c), place, place


@mutant(
    "q1",
    of="quadratic_starts",
    refused_by=QUADRATIC,
    says="First-order MAML doesn't come to rest at the minimum of the meta-loss: its gradient has one factor "
    "less.",
    where=CHOICE,
)
def starts_with_two_factors(A, c, step_size, num_steps):
    B = _shrunk(A, step_size, num_steps)
    place = _mean_place(B @ A @ B, c)
    return _mean_place(A, c), place, place


@mutant(
    "q1",
    of="quadratic_starts",
    refused_by=QUADRATIC,
    says="The weights are powers taken entry by entry: (I - alpha A)^K is a power of the matrix.",
    where=CHOICE,
)
def starts_with_powers_of_entries(A, c, step_size, num_steps):
    B = (jnp.eye(A.shape[1]) - step_size * A) ** num_steps
    return _mean_place(A, c), _mean_place(B @ A @ B, c), _mean_place(A @ B, c)


@mutant(
    "q1",
    of="quadratic_starts",
    refused_by=QUADRATIC,
    says="The weights lack the curvature A_i: what adaptation leaves over of w - c_i is measured by it.",
    where=CHOICE,
)
def starts_without_curvature(A, c, step_size, num_steps):
    B = _shrunk(A, step_size, num_steps)
    return _mean_place(A, c), _mean_place(B @ B, c), _mean_place(B, c)
