"""Mistakes that the checks of question 3 refuse: adaptation and the meta-gradient."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _adapted(loss, w, examples, step_size, num_steps):
    for _ in range(num_steps):
        g = jax.grad(loss)(w, examples)
        w = jax.tree.map(lambda p, g: p - step_size * g, w, g)
    return w


def _tasks(tree):
    count = len(jax.tree.leaves(tree)[0])
    return [jax.tree.map(lambda leaf, i=i: leaf[i], tree) for i in range(count)]


def _mean(gradients):
    return jax.tree.map(lambda *leaves: sum(leaves) / len(leaves), *gradients)


def _mean_over_tasks(of_task, support, query):
    pairs = zip(_tasks(support), _tasks(query), strict=True)
    return _mean([of_task(mine, scored) for mine, scored in pairs])


def _factor(loss, u, mine, step_size, v):
    product = jax.jvp(lambda u: jax.grad(loss)(u, mine), (u,), (v,))[1]
    return jax.tree.map(lambda x, h: x - step_size * h, v, product)


@mutant(
    "q3",
    of="adapt",
    refused_by="parameters_after_adaptation",
    says="Only one step is taken, whatever num_steps is.",
)
def single_step(loss, w, examples, step_size, num_steps):
    return _adapted(loss, w, examples, step_size, min(num_steps, 1))


@mutant(
    "q3",
    of="adapt",
    refused_by="parameters_after_adaptation",
    says="Every step starts again at w with its gradient: step from the adapted parameters.",
)
def steps_from_the_start(loss, w, examples, step_size, num_steps):
    g = jax.grad(loss)(w, examples)
    return jax.tree.map(lambda p, g: p - num_steps * step_size * g, w, g)


@mutant(
    "q3",
    of="adapt",
    refused_by="parameters_after_adaptation",
    says="The step size is shared out over the steps: each step has the whole step size.",
)
def shared_step_size(loss, w, examples, step_size, num_steps):
    return _adapted(loss, w, examples, step_size / max(num_steps, 1), num_steps)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by=("meta_gradient_of_networks", "meta_gradient_of_quadratics"),
    says=(
        "This is first-order MAML: the gradient at the adapted parameters. Their derivative in w, "
        "the factors I - alpha H, is missing."
    ),
)
def first_order(loss, w, support, query, step_size, num_steps):
    def of_task(mine, scored):
        return jax.grad(loss)(_adapted(loss, w, mine, step_size, num_steps), scored)

    return _mean_over_tasks(of_task, support, query)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by=("meta_gradient_of_networks", "meta_gradient_of_quadratics"),
    says=(
        "This is the direction of Reptile, from the adapted parameters to w: it is not the "
        "gradient of the query loss."
    ),
)
def reptile(loss, w, support, query, step_size, num_steps):
    def of_task(mine, _):
        u = _adapted(loss, w, mine, step_size, num_steps)
        return jax.tree.map(jnp.subtract, w, u)

    return _mean_over_tasks(of_task, support, query)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_of_networks",
    says=(
        "Only the factor of the last step of adaptation is there: each step has its own factor "
        "I - alpha H."
    ),
)
def last_factor_only(loss, w, support, query, step_size, num_steps):
    def of_task(mine, scored):
        before = _adapted(loss, w, mine, step_size, num_steps - 1)
        g = jax.grad(loss)(_adapted(loss, before, mine, step_size, 1), scored)
        return _factor(loss, before, mine, step_size, g)

    return _mean_over_tasks(of_task, support, query)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_of_networks",
    says=(
        "All factors use the Hessian at w: that of step k belongs to the parameters u_k that the "
        "step started from."
    ),
)
def hessian_at_the_start(loss, w, support, query, step_size, num_steps):
    def of_task(mine, scored):
        g = jax.grad(loss)(_adapted(loss, w, mine, step_size, num_steps), scored)
        for _ in range(num_steps):
            g = _factor(loss, w, mine, step_size, g)
        return g

    return _mean_over_tasks(of_task, support, query)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_of_networks",
    says=(
        "The factors are applied in the order of the steps. Going backwards the factor of the last "
        "step acts first."
    ),
)
def factors_in_the_wrong_order(loss, w, support, query, step_size, num_steps):
    def of_task(mine, scored):
        g = jax.grad(loss)(_adapted(loss, w, mine, step_size, num_steps), scored)
        for k in range(num_steps):
            g = _factor(loss, _adapted(loss, w, mine, step_size, k), mine, step_size, g)
        return g

    return _mean_over_tasks(of_task, support, query)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by=("meta_gradient_of_networks", "meta_gradient_of_quadratics"),
    says="The sign of the Hessian is wrong: the factor of a step of descent is I - alpha H.",
)
def plus_the_hessian(loss, w, support, query, step_size, num_steps):
    def of_task(mine, scored):
        iterates = [_adapted(loss, w, mine, step_size, k) for k in range(num_steps + 1)]
        g = jax.grad(loss)(iterates.pop(), scored)
        while iterates:
            g = _factor(loss, iterates.pop(), mine, -step_size, g)
        return g

    return _mean_over_tasks(of_task, support, query)


def _whole(loss, w, step_size, num_steps, support, query, mean=True):
    def meta(w):
        scores = jax.vmap(lambda s, q: loss(_adapted(loss, w, s, step_size, num_steps), q))(
            support, query
        )
        return jnp.mean(scores) if mean else jnp.sum(scores)

    return jax.grad(meta)(w)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by=("meta_gradient_of_networks", "meta_gradient_of_quadratics"),
    says="The tasks are summed: their mean is wanted.",
)
def sum_over_tasks(loss, w, support, query, step_size, num_steps):
    return _whole(loss, w, step_size, num_steps, support, query, mean=False)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by=("meta_gradient_of_networks", "meta_gradient_of_quadratics"),
    says="The roles are swapped: adapt to the support examples, score on the query examples.",
)
def swapped_examples(loss, w, support, query, step_size, num_steps):
    return _whole(loss, w, step_size, num_steps, query, support)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by=("meta_gradient_of_networks", "meta_gradient_of_quadratics"),
    says="You score on the support examples, which were adapted to: score on the query examples.",
)
def scored_on_support(loss, w, support, query, step_size, num_steps):
    return _whole(loss, w, step_size, num_steps, support, support)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_of_networks",
    says=(
        "All tasks share one adaptation, to their mean loss: each task adapts by itself, from the "
        "same w."
    ),
)
def shared_adaptation(loss, w, support, query, step_size, num_steps):
    def mean_loss(w, examples):
        return jnp.mean(jax.vmap(lambda one: loss(w, one))(examples))

    def meta(w):
        return mean_loss(_adapted(mean_loss, w, support, step_size, num_steps), query)

    return jax.grad(meta)(w)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_at_the_edges",
    says="At least one step is taken: without steps this is the gradient of the query loss at w.",
)
def at_least_one_step(loss, w, support, query, step_size, num_steps):
    return _whole(loss, w, step_size, max(num_steps, 1), support, query)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_at_the_edges",
    says="A squeeze removed axes of length one: the gradient has the shapes of w.",
)
def squeezed_gradient(loss, w, support, query, step_size, num_steps):
    return jax.tree.map(jnp.squeeze, _whole(loss, w, step_size, num_steps, support, query))


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_to_all_digits",
    says=(
        "The Hessian products are finite differences of gradients: they lose digits. Differentiate "
        "the adaptation."
    ),
)
def factors_by_differences(loss, w, support, query, step_size, num_steps):
    eps = 1e-5

    def factor(u, mine, v):
        def slope(sign):
            return jax.grad(loss)(jax.tree.map(lambda p, d: p + sign * eps * d, u, v), mine)

        return jax.tree.map(
            lambda x, a, b: x - step_size * (a - b) / (2 * eps), v, slope(1), slope(-1)
        )

    def of_task(mine, scored):
        iterates = [_adapted(loss, w, mine, step_size, k) for k in range(num_steps + 1)]
        g = jax.grad(loss)(iterates.pop(), scored)
        while iterates:
            g = factor(iterates.pop(), mine, g)
        return g

    return _mean_over_tasks(of_task, support, query)


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_costs_few_gradients",
    says=(
        "Right, but each Hessian is formed, row by row: its product with the gradient is enough, "
        "and reverse mode makes it by itself."
    ),
)
def dense_factors(loss, w, support, query, step_size, num_steps):
    flat, unravel = ravel_pytree(w)

    def flat_loss(flat, examples):
        return loss(unravel(flat), examples)

    def of_task(mine, scored):
        u, factors = flat, []
        for _ in range(num_steps):
            factors.append(jax.hessian(flat_loss)(u, mine))
            u = u - step_size * jax.grad(flat_loss)(u, mine)
        g = jax.grad(flat_loss)(u, scored)
        for H in reversed(factors):
            g = g - step_size * H @ g
        return g

    return unravel(jnp.mean(jax.vmap(of_task)(support, query), axis=0))


@mutant(
    "q3",
    of="meta_gradient",
    refused_by="meta_gradient_costs_few_gradients",
    says=(
        "Right, but a loop over basis vectors adapts all tasks again for each entry of w: one pass "
        "of reverse mode gives all entries."
    ),
)
def meta_gradient_by_basis_vectors(loss, w, support, query, step_size, num_steps):
    flat, unravel = ravel_pytree(w)

    def meta(flat):
        scores = jax.vmap(
            lambda s, q: loss(_adapted(loss, unravel(flat), s, step_size, num_steps), q)
        )(support, query)
        return jnp.mean(scores)

    def entry(i):
        return jax.jvp(meta, (flat,), (jnp.zeros_like(flat).at[i].set(1),))[1]

    return unravel(jax.lax.map(entry, jnp.arange(flat.size)))
