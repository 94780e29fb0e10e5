"""Mistakes that the checks of question 4 refuse: descent on the sphere, and its equilibrium."""

import jax.numpy as jnp

from grader.checks import mutant

# --- sphere_descent ------------------------------------------------------------------------------


def _descend(gradient, w0, num_steps, advance):
    """Directions and norms of `u, r = advance(u, r, g)` from w0."""
    r = jnp.linalg.norm(w0)
    u, path = w0 / r, []
    path.append((u, r))
    for _ in range(num_steps):
        u, r = advance(u, r, gradient(u))
        path.append((u, r))
    directions, norms = zip(*path, strict=True)
    return jnp.stack(directions), jnp.stack(norms)


def _unit(x):
    return x / jnp.linalg.norm(x)


def _step(u, r, g, size, shrink):
    """The step with this effective step size, and a norm shrunk by a factor."""
    left = u - size * g
    return _unit(left), shrink * r * jnp.linalg.norm(left)


def _right(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay
    return _descend(
        gradient, w0, num_steps, lambda u, r, g: _step(u, r, g, step_size / (kept * r**2), kept)
    )


@mutant(
    "q4",
    of="sphere_descent",
    refused_by=("sphere_descent_without_decay", "sphere_descent_of_constant_turning"),
    says="The effective step size is alpha itself: it must fall with the square of the norm.",
)
def step_size_of_the_sphere(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay
    return _descend(gradient, w0, num_steps, lambda u, r, g: _step(u, r, g, step_size / kept, kept))


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_without_decay",
    says=(
        "The step size is divided by the norm only once. The gradient at w is that at u over |w|, "
        "and u is w over |w|: two factors."
    ),
)
def step_over_the_norm(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay
    return _descend(
        gradient, w0, num_steps, lambda u, r, g: _step(u, r, g, step_size / (kept * r), kept)
    )


@mutant(
    "q4",
    of="sphere_descent",
    refused_by=("sphere_descent_without_decay", "sphere_descent_at_its_edges"),
    says="The norm doesn't grow: a step along the tangent leaves the sphere on the outside.",
)
def norm_that_only_decays(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay

    def advance(u, r, g):
        return _unit(u - step_size / (kept * r**2) * g), kept * r

    return _descend(gradient, w0, num_steps, advance)


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_without_decay",
    says="The directions are not put back to the sphere: divide by their norm after each step.",
)
def never_back_on_the_sphere(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay

    def advance(u, r, g):
        left = u - step_size / (kept * r**2) * g
        return left, kept * r * jnp.linalg.norm(left)

    return _descend(gradient, w0, num_steps, advance)


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_without_decay",
    says=(
        "The direction moves along a great circle by the length of the step. Gradient descent moves "
        "along the tangent and is put back: the angle is the arctangent of that length."
    ),
)
def along_a_great_circle(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay

    def advance(u, r, g):
        move = -step_size / (kept * r**2) * g
        length = jnp.linalg.norm(move)
        along = jnp.where(length > 0, move / jnp.where(length > 0, length, 1), 0)
        u = jnp.cos(length) * u + jnp.sin(length) * along
        return u, kept * r * jnp.sqrt(1 + length**2)

    return _descend(gradient, w0, num_steps, advance)


@mutant(
    "q4",
    of="sphere_descent",
    refused_by=("sphere_descent_with_decay", "sphere_descent_of_constant_turning"),
    says=(
        "The decay changes the norm, but not the effective step size. Only the old w is shrunk, so "
        "that the step is larger relative to it; yours shrinks the step as well."
    ),
)
def decay_of_the_step_too(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay
    return _descend(gradient, w0, num_steps, lambda u, r, g: _step(u, r, g, step_size / r**2, kept))


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_with_decay",
    says="The effective step size is that of the shrunk norm twice: one factor 1 - alpha lambda.",
)
def shrunk_norm_squared(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay
    return _descend(
        gradient, w0, num_steps, lambda u, r, g: _step(u, r, g, step_size / (kept * r) ** 2, kept)
    )


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_with_decay",
    says="The decay is left out: this is descent with lambda = 0.",
)
def decay_left_out(gradient, w0, step_size, decay, num_steps):
    return _right(gradient, w0, step_size, 0.0, num_steps)


@mutant(
    "q4",
    of="sphere_descent",
    refused_by=("sphere_descent_with_decay", "sphere_descent_at_its_edges"),
    says="The decay is multiplied by the step size: w shrinks by 1 - alpha lambda, not 1 - lambda.",
)
def decay_without_the_step_size(gradient, w0, step_size, decay, num_steps):
    kept = 1 - decay
    return _descend(
        gradient, w0, num_steps, lambda u, r, g: _step(u, r, g, step_size / (kept * r**2), kept)
    )


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_without_decay",
    says="The sign is wrong: these steps ascend.",
)
def ascent_on_the_sphere(gradient, w0, step_size, decay, num_steps):
    return _right(lambda u: -gradient(u), w0, step_size, decay, num_steps)


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_without_decay",
    says="These are the weights w themselves: the first of the pair are their directions.",
)
def weights_for_directions(gradient, w0, step_size, decay, num_steps):
    directions, norms = _right(gradient, w0, step_size, decay, num_steps)
    return norms[:, None] * directions, norms


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_stays_on_the_sphere",
    says=(
        "The gradient is evaluated at w. It is right at unit vectors only: evaluate it at u, and let "
        "the norm enter the step size."
    ),
)
def gradient_at_the_weights(gradient, w0, step_size, decay, num_steps):
    path = [w0]
    for _ in range(num_steps):
        path.append((1 - step_size * decay) * path[-1] - step_size * gradient(path[-1]))
    w = jnp.stack(path)
    norms = jnp.linalg.norm(w, axis=1)
    return w / norms[:, None], norms


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_at_its_edges",
    says="The start is missing: return u_0 and |w_0| too, K + 1 of each.",
)
def start_of_the_path_left_out(gradient, w0, step_size, decay, num_steps):
    directions, norms = _right(gradient, w0, step_size, decay, num_steps)
    return directions[1:], norms[1:]


@mutant(
    "q4",
    of="sphere_descent",
    refused_by="sphere_descent_at_its_edges",
    says="Where the gradient is zero you divide by its norm: NaN. Nothing turns then.",
)
def normalised_gradient(gradient, w0, step_size, decay, num_steps):
    kept = 1 - step_size * decay

    def advance(u, r, g):
        angle = jnp.arctan(step_size / (kept * r**2) * jnp.linalg.norm(g))
        return jnp.cos(angle) * u - jnp.sin(angle) * _unit(g), kept * r / jnp.cos(angle)

    return _descend(gradient, w0, num_steps, advance)


# --- equilibrium ---------------------------------------------------------------------------------


def _norm(step_size, decay, c, power):
    return (step_size * c**2 / (decay * (2 - step_size * decay))) ** (1 / (2 * power + 2))


def _angle(step_size, decay):
    return 2 * jnp.arcsin(jnp.sqrt(jnp.asarray(step_size * decay) / 2))


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_norm_and_angle",
    says="The norm is right to first order in alpha lambda only: keep the square of 1 - alpha lambda.",
)
def norm_to_first_order(step_size, decay, gradient_norm, power):
    norm = (step_size * gradient_norm**2 / (2 * decay)) ** (1 / (2 * power + 2))
    return norm, _angle(step_size, decay)


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_norm_and_angle",
    says="The angle is right to first order in alpha lambda only: solve the triangle exactly.",
)
def angle_to_first_order(step_size, decay, gradient_norm, power):
    norm = _norm(step_size, decay, gradient_norm, power)
    return norm, jnp.sqrt(2.0 * jnp.asarray(step_size * decay))


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_norm_and_angle",
    says="The norm is that for p = 1, whatever the power: for other p another root is to be taken.",
)
def fourth_root_always(step_size, decay, gradient_norm, power):
    return _norm(step_size, decay, gradient_norm, 1), _angle(step_size, decay)


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_norm_and_angle",
    says="A root is missing: this is the square of the norm.",
)
def squared_norm(step_size, decay, gradient_norm, power):
    return _norm(step_size, decay, gradient_norm, power) ** 2, _angle(step_size, decay)


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_norm_and_angle",
    says=(
        "The tangent of the angle is the step over the *shrunk* old weights: a factor 1 - alpha "
        "lambda is missing."
    ),
)
def triangle_without_shrinking(step_size, decay, gradient_norm, power):
    norm = _norm(step_size, decay, gradient_norm, power)
    return norm, jnp.arctan(step_size * gradient_norm / norm ** (power + 1))


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_norm_and_angle",
    says="Norm and angle are exchanged.",
)
def norm_and_angle_exchanged(step_size, decay, gradient_norm, power):
    return _angle(step_size, decay), _norm(step_size, decay, gradient_norm, power)


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_norm_and_angle",
    says="The decay is multiplied by the step size here: 1 - alpha lambda in place of 1 - lambda.",
)
def equilibrium_without_the_step_size(step_size, decay, gradient_norm, power):
    squares = (step_size * gradient_norm) ** 2 / (decay * (2 - decay))
    return squares ** (1 / (2 * power + 2)), jnp.arccos(1.0 - jnp.asarray(decay))


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_norm_and_angle",
    says="The angle is in degrees.",
)
def angle_in_degrees(step_size, decay, gradient_norm, power):
    norm = _norm(step_size, decay, gradient_norm, power)
    return norm, jnp.degrees(_angle(step_size, decay))


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_slow_decay",
    says=(
        "The arccosine of a number near 1 has few digits left: find the angle from its sine or "
        "tangent."
    ),
)
def angle_by_arccosine(step_size, decay, gradient_norm, power):
    norm = _norm(step_size, decay, gradient_norm, power)
    return norm, jnp.arccos(1.0 - jnp.asarray(step_size * decay))


@mutant(
    "q4",
    of="equilibrium",
    refused_by="equilibrium_of_slow_decay",
    says=(
        "1 - (1 - alpha lambda)^2 is a difference of nearly equal numbers when alpha lambda is tiny: "
        "multiply it out."
    ),
)
def squares_subtracted(step_size, decay, gradient_norm, power):
    lost = 1.0 - (1.0 - jnp.asarray(step_size * decay)) ** 2
    norm = ((step_size * gradient_norm) ** 2 / lost) ** (1 / (2 * power + 2))
    return norm, jnp.arcsin(jnp.sqrt(lost))
