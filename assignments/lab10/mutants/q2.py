"""Mistakes that the checks of question 2 refuse: looking ahead, and rates on planes."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _less(z, step_size, g):
    return jax.tree.map(lambda p, g: p - step_size * g, z, g)


def _stacked(path):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


def _path(move, z0, num_steps):
    path = [z0]
    for _ in range(num_steps):
        path.append(move(path[-1]))
    return _stacked(path)


def _ahead(field, z0, step_size, num_steps):
    return _path(lambda z: _less(z, step_size, field(_less(z, step_size, field(z)))), z0, num_steps)


def _saved(field, z0, step_size, num_steps, *, first=None, now=2.0, last=-1.0):
    """z - eta (now xi_k + last xi_{k-1}), with xi_{-1} = first, xi_0 if None."""
    z, before = z0, first
    path = [z]
    for _ in range(num_steps):
        xi = field(z)
        before = xi if before is None else before
        z = _less(z, step_size, jax.tree.map(lambda g, b: now * g + last * b, xi, before))
        before = xi
        path.append(z)
    return _stacked(path)


# --- Extragradient -------------------------------------------------------------------------------


@mutant(
    "q2",
    of="extragradient",
    refused_by=(
        "extragradient_on_quadratic_games",
        "look_ahead_of_networks",
        "look_ahead_at_the_edges",
    ),
    says=(
        "The second step starts from the point ahead: it takes the field from there, but starts from "
        "z_k itself. As it is, these are two plain steps."
    ),
)
def from_the_point_ahead(field, z0, step_size, num_steps):
    def move(z):
        ahead = _less(z, step_size, field(z))
        return _less(ahead, step_size, field(ahead))

    return _path(move, z0, num_steps)


@mutant(
    "q2",
    of="extragradient",
    refused_by=("extragradient_on_quadratic_games", "look_ahead_at_the_edges"),
    says="The trial step goes the wrong way: it is subtracted, like the real one.",
)
def trial_step_backwards(field, z0, step_size, num_steps):
    return _path(
        lambda z: _less(z, step_size, field(_less(z, -step_size, field(z)))), z0, num_steps
    )


@mutant(
    "q2",
    of="extragradient",
    refused_by=("extragradient_on_quadratic_games", "look_ahead_of_networks"),
    says=(
        "The step uses the mean of the fields here and ahead (Heun's method): extragradient uses the "
        "one ahead only."
    ),
)
def mean_of_both_fields(field, z0, step_size, num_steps):
    def move(z):
        here = field(z)
        ahead = field(_less(z, step_size, here))
        return _less(z, step_size, jax.tree.map(lambda a, b: (a + b) / 2, here, ahead))

    return _path(move, z0, num_steps)


@mutant(
    "q2",
    of="extragradient",
    refused_by=("extragradient_on_quadratic_games", "look_ahead_at_the_edges"),
    says="The trial step has half the length (the midpoint method): both steps have the same eta.",
)
def half_a_trial_step(field, z0, step_size, num_steps):
    return _path(
        lambda z: _less(z, step_size, field(_less(z, step_size / 2, field(z)))), z0, num_steps
    )


@mutant(
    "q2",
    of="extragradient",
    refused_by="extragradient_on_quadratic_games",
    says=(
        "Each player looks ahead for the other only, and keeps its own parameters where they are: in "
        "extragradient the whole of z takes the trial step."
    ),
)
def others_ahead_only(field, z0, step_size, num_steps):
    def move(z):
        x, y = _less(z, step_size, field(z))
        return _less(z, step_size, (field((z[0], y))[0], field((x, z[1]))[1]))

    return _path(move, z0, num_steps)


@mutant(
    "q2",
    of="extragradient",
    refused_by=("extragradient_on_quadratic_games", "look_ahead_of_networks"),
    says="These are the points ahead, where the field was taken: the iterates are asked for.",
)
def points_ahead_returned(field, z0, step_size, num_steps):
    z, path = z0, [z0]
    for _ in range(num_steps):
        ahead = _less(z, step_size, field(z))
        z = _less(z, step_size, field(ahead))
        path.append(ahead)
    return _stacked(path)


@mutant(
    "q2",
    of="extragradient",
    refused_by="extragradient_on_quadratic_games",
    says="The iterates are float32 inside: keep the dtype of the arrays that you are given.",
)
def extragradient_in_float32(field, z0, step_size, num_steps):
    def move(z):
        moved = _less(z, step_size, field(_less(z, step_size, field(z))))
        return jax.tree.map(lambda new, old: new.astype(jnp.float32).astype(old.dtype), moved, z)

    return _path(move, z0, num_steps)


@mutant(
    "q2",
    of="extragradient",
    refused_by="look_ahead_at_the_edges",
    says="With no steps to make the iterates are the start alone: this makes a step all the same.",
)
def extragradient_at_least_one_step(field, z0, step_size, num_steps):
    return _ahead(field, z0, step_size, max(num_steps, 1))


# --- Optimism ------------------------------------------------------------------------------------


@mutant(
    "q2",
    of="optimistic",
    refused_by=(
        "optimistic_on_quadratic_games",
        "look_ahead_of_networks",
        "look_ahead_at_the_edges",
    ),
    says=(
        "The first step is twice as long as a plain one: the field before the start is taken to be that "
        "at the start, not 0."
    ),
)
def first_step_doubled(field, z0, step_size, num_steps):
    zero = jax.tree.map(jnp.zeros_like, z0)
    return _saved(field, z0, step_size, num_steps, first=zero)


@mutant(
    "q2",
    of="optimistic",
    refused_by=("optimistic_on_quadratic_games", "look_ahead_at_the_edges"),
    says="The last field has the wrong sign: it is extrapolated, 2 xi_k minus xi_{k-1}.",
)
def last_field_added(field, z0, step_size, num_steps):
    return _saved(field, z0, step_size, num_steps, last=1.0)


@mutant(
    "q2",
    of="optimistic",
    refused_by=("optimistic_on_quadratic_games", "look_ahead_of_networks"),
    says=(
        "The coefficients are 3/2 and -1/2 (Adams and Bashforth): they follow the flow more closely, "
        "but the flow turns. Optimism takes 2 and -1."
    ),
)
def adams_bashforth(field, z0, step_size, num_steps):
    return _saved(field, z0, step_size, num_steps, now=1.5, last=-0.5)


@mutant(
    "q2",
    of="optimistic",
    refused_by=("optimistic_on_quadratic_games", "look_ahead_at_the_edges"),
    says=(
        "The factor 2 is missing: the direction is then a difference of fields, and vanishes where "
        "these don't change."
    ),
)
def factor_two_missing(field, z0, step_size, num_steps):
    return _saved(field, z0, step_size, num_steps, now=1.0)


@mutant(
    "q2",
    of="optimistic",
    refused_by="optimistic_on_quadratic_games",
    says=(
        "The saved field is never renewed after the first step: save xi(z_k) for the step after it."
    ),
)
def saved_field_never_renewed(field, z0, step_size, num_steps):
    first = field(z0)

    def move(z):
        direction = jax.tree.map(lambda g, b: 2 * g - b, field(z), first)
        return _less(z, step_size, direction)

    return _path(move, z0, num_steps)


@mutant(
    "q2",
    of="optimistic",
    refused_by=("optimistic_on_quadratic_games", "look_ahead_of_networks"),
    says=(
        "The saved field is that of the point ahead (Popov's form), and these are its base points: for "
        "this lab the field is taken at the iterates themselves."
    ),
)
def popovs_base_points(field, z0, step_size, num_steps):
    z, saved, path = z0, field(z0), [z0]
    for _ in range(num_steps):
        ahead = _less(z, step_size, saved)
        saved = field(ahead)
        z = _less(z, step_size, saved)
        path.append(z)
    return _stacked(path)


@mutant(
    "q2",
    of="optimistic",
    refused_by="optimistic_on_quadratic_games",
    says="The optimistic iterates are float32 inside: keep the dtype of what you are given.",
)
def optimistic_in_float32(field, z0, step_size, num_steps):
    def rounded(z):
        return jax.tree.map(lambda g: g.astype(jnp.float32).astype(g.dtype), field(z))

    return _saved(rounded, z0, step_size, num_steps)


@mutant(
    "q2",
    of="optimistic",
    refused_by="look_ahead_costs",
    says=(
        "Right, but the field at the last iterate is computed again: it is known from the step "
        "before, and that is the point of the method."
    ),
)
def field_computed_again(field, z0, step_size, num_steps):
    def advance(state, _):
        z, before = state
        direction = jax.tree.map(lambda g, b: 2 * g - b, field(z), field(before))
        return (_less(z, step_size, direction), z), z

    (last, _), path = jax.lax.scan(advance, (z0, z0), length=num_steps)
    return jax.tree.map(lambda a, b: jnp.concatenate([a, b[None]]), path, last)
