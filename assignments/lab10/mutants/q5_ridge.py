"""Mistakes that the checks of question 5 refuse: the direction of follow-the-ridge."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _parts(f, z):
    """f_x, f_y, f_yx and f_yy."""
    x, y = z
    f_x, f_y = jax.grad(f, argnums=(0, 1))(x, y)
    f_yx = jax.jacfwd(jax.grad(f, argnums=1), argnums=0)(x, y)
    return f_x, f_y, f_yx, jax.hessian(f, argnums=1)(x, y)


@mutant(
    "q5",
    of="ridge_direction",
    refused_by=(
        "ridge_direction_anywhere",
        "ridge_direction_in_other_coordinates",
        "ridge_direction_at_the_edges",
    ),
    says=(
        "The ridge term has the wrong sign: the step adds it, and the direction is subtracted. As it "
        "is, y moves away from the ridge twice as fast."
    ),
)
def ridge_term_added(f, z):
    f_x, f_y, f_yx, f_yy = _parts(f, z)
    return f_x, -f_y + jnp.linalg.solve(f_yy, f_yx @ f_x)


@mutant(
    "q5",
    of="ridge_direction",
    refused_by=("ridge_direction_anywhere", "ridge_direction_in_other_coordinates"),
    says="The ridge term is missing: this is plain descent-ascent.",
)
def descent_ascent(f, z):
    f_x, f_y, _, _ = _parts(f, z)
    return f_x, -f_y


@mutant(
    "q5",
    of="ridge_direction",
    refused_by=("ridge_direction_anywhere", "ridge_direction_at_the_edges"),
    says="The second player descends f: it maximises, so the direction to subtract has -f_y.",
)
def second_player_descends(f, z):
    f_x, f_y, f_yx, f_yy = _parts(f, z)
    return f_x, f_y - jnp.linalg.solve(f_yy, f_yx @ f_x)


@mutant(
    "q5",
    of="ridge_direction",
    refused_by=("ridge_direction_anywhere", "ridge_direction_at_the_edges"),
    says=(
        "This is the step itself: return the direction that is subtracted, which has the opposite "
        "sign for both players."
    ),
)
def step_for_the_direction(f, z):
    f_x, f_y, f_yx, f_yy = _parts(f, z)
    return -f_x, f_y + jnp.linalg.solve(f_yy, f_yx @ f_x)


@mutant(
    "q5",
    of="ridge_direction",
    refused_by=("ridge_direction_anywhere", "ridge_direction_in_other_coordinates"),
    says="The ridge term is multiplied by f_yy: it is divided, by solving with f_yy.",
)
def ridge_term_multiplied(f, z):
    f_x, f_y, f_yx, f_yy = _parts(f, z)
    return f_x, -f_y - f_yy @ f_yx @ f_x


@mutant(
    "q5",
    of="ridge_direction",
    refused_by=("ridge_direction_anywhere", "ridge_direction_in_other_coordinates"),
    says="Only the diagonal of f_yy is inverted: the ridge needs the whole matrix.",
)
def diagonal_of_f_yy(f, z):
    f_x, f_y, f_yx, f_yy = _parts(f, z)
    return f_x, -f_y - f_yx @ f_x / jnp.diag(f_yy)


@mutant(
    "q5",
    of="ridge_direction",
    refused_by="ridge_direction_in_other_coordinates",
    says=(
        "A multiple of the identity is added to f_yy before it is inverted: no damping is asked for, and "
        "y then leaves the ridge."
    ),
)
def damped_f_yy(f, z):
    f_x, f_y, f_yx, f_yy = _parts(f, z)
    damped = f_yy - 1e-3 * jnp.eye(len(f_y), dtype=f_yy.dtype)
    return f_x, -f_y - jnp.linalg.solve(damped, f_yx @ f_x)


@mutant(
    "q5",
    of="ridge_direction",
    refused_by=("ridge_direction_anywhere", "ridge_direction_at_the_edges"),
    says=(
        "This is a Newton step of y: the step size multiplies f_y alone, and f_yy is inverted in the "
        "ridge term only."
    ),
)
def newton_step_of_y(f, z):
    f_x, f_y, f_yx, f_yy = _parts(f, z)
    return f_x, jnp.linalg.solve(f_yy, f_y - f_yx @ f_x)


@mutant(
    "q5",
    of="ridge_direction",
    refused_by="ridge_direction_anywhere",
    says=(
        "The products with second derivatives are finite differences, which keep about half of the "
        "digits."
    ),
)
def ridge_by_differences(f, z):
    x, y = z
    f_x, f_y, _, f_yy = _parts(f, z)
    h = 1e-6
    moved = jax.grad(f, argnums=1)(x + h * f_x, y)
    return f_x, -f_y - jnp.linalg.solve(f_yy, (moved - f_y) / h)


@mutant(
    "q5",
    of="ridge_direction",
    refused_by="ridge_direction_at_the_edges",
    says="A squeeze removed axes of length one: a player may have a single parameter.",
)
def squeezed_direction(f, z):
    f_x, f_y, f_yx, f_yy = _parts(f, z)
    return jnp.squeeze(f_x), jnp.squeeze(-f_y - jnp.linalg.solve(f_yy, f_yx @ f_x))
