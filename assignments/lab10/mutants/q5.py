"""Mistakes that the checks of question 5 refuse: margins, and the direction along the ridge."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _blocks(f, z):
    (f_xx, f_xy), (f_yx, f_yy) = jax.hessian(f, argnums=(0, 1))(*z)
    return f_xx, f_xy, f_yx, f_yy


def _least(H):
    return jnp.linalg.eigvalsh(H)[0]


def _margins(f, z, *, nash=None, minimax=None, stable=None):
    """The three margins, one of them replaced by a function of the four blocks."""
    blocks = _blocks(f, z)
    nash, minimax, stable = nash or _nash, minimax or _minimax, stable or _stable
    return nash(*blocks), minimax(*blocks), stable(*blocks)


def _nash(f_xx, f_xy, f_yx, f_yy):
    return jnp.minimum(_least(f_xx), _least(-f_yy))


def _schur(f_xx, f_xy, f_yx, f_yy):
    return f_xx - f_xy @ jnp.linalg.solve(f_yy, f_yx)


def _finite_schur(f_xx, f_xy, f_yx, f_yy):
    return f_xx - f_xy @ jnp.linalg.pinv(f_yy) @ f_yx


def _minimax(*blocks, leader=_schur):
    follower = _least(-blocks[3])
    return jnp.where(follower > 0, jnp.minimum(follower, _least(leader(*blocks))), follower)


def _jacobian(f_xx, f_xy, f_yx, f_yy):
    return jnp.block([[f_xx, f_xy], [-f_yx, -f_yy]])


def _stable(*blocks):
    return jnp.min(jnp.real(jnp.linalg.eigvals(_jacobian(*blocks))))


# --- Nash ----------------------------------------------------------------------------------------


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says="The Nash margin lacks a sign: the second player maximises f, so -f_yy has to be positive.",
)
def second_player_minimises(f, z):
    return _margins(f, z, nash=lambda a, b, c, d: jnp.minimum(_least(a), _least(d)))


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says=(
        "The Nash margin is that of the whole Hessian of f: for Nash each player moves alone, so only "
        "its own block counts."
    ),
)
def nash_by_the_whole_hessian(f, z):
    return _margins(f, z, nash=lambda a, b, c, d: _least(jnp.block([[a, b], [c, d]])))


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says="The Nash margin is the larger of the two numbers: both conditions have to hold.",
)
def nash_of_either_player(f, z):
    return _margins(f, z, nash=lambda a, b, c, d: jnp.maximum(_least(a), _least(-d)))


@mutant(
    "q5",
    of="stationary_margins",
    refused_by=("margins_of_stationary_points", "margins_at_the_edges"),
    says=(
        "The second player's number is minus the smallest eigenvalue of f_yy: the smallest eigenvalue "
        "of -f_yy is minus the largest of f_yy."
    ),
)
def minus_the_smallest(f, z):
    return _margins(f, z, nash=lambda a, b, c, d: jnp.minimum(_least(a), -_least(d)))


# --- Minimax -------------------------------------------------------------------------------------


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says=(
        "The Schur complement has a plus: it is f_xx minus f_xy f_yy^-1 f_yx, which is larger than "
        "f_xx where f_yy is negative."
    ),
)
def schur_with_plus(f, z):
    def leader(a, b, c, d):
        return a + b @ jnp.linalg.solve(d, c)

    return _margins(f, z, minimax=lambda *blocks: _minimax(*blocks, leader=leader))


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says="The inverse in the Schur complement is missing: f_yy is multiplied, not solved with.",
)
def schur_without_inverse(f, z):
    def leader(a, b, c, d):
        return a - b @ d @ c

    return _margins(f, z, minimax=lambda *blocks: _minimax(*blocks, leader=leader))


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says=(
        "The roles are exchanged in the Schur complement: x leads and y follows, so f_yy is the block "
        "that is inverted."
    ),
)
def follower_leads(f, z):
    def other(a, b, c, d):
        first = _least(a)
        second = _least(-(d - c @ jnp.linalg.solve(a, b)))
        return jnp.where(first > 0, jnp.minimum(first, second), first)

    return _margins(f, z, minimax=other)


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says=(
        "The minimax margin is the Schur complement's alone: that y is at a maximum is a condition "
        "too."
    ),
)
def follower_forgotten(f, z):
    return _margins(f, z, minimax=lambda *blocks: _least(_finite_schur(*blocks)))


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says=(
        "Where y is not at a maximum the minimax margin is the follower's number, whatever the Schur "
        "complement is: the smaller of both was taken."
    ),
)
def smaller_in_every_case(f, z):
    def both(*blocks):
        return jnp.minimum(_least(-blocks[3]), _least(_finite_schur(*blocks)))

    return _margins(f, z, minimax=both)


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_at_the_edges",
    says=(
        "With a singular f_yy your minimax margin is not finite: there y has no strict maximum, and the "
        "margin is the follower's number."
    ),
)
def not_finite_if_singular(f, z):
    def weighed(*blocks):
        follower = _least(-blocks[3])
        chosen = jnp.asarray(follower > 0, follower.dtype)
        leader = _least(_schur(*blocks))
        return chosen * jnp.minimum(follower, leader) + (1 - chosen) * follower

    return _margins(f, z, minimax=weighed)


# --- Stability -----------------------------------------------------------------------------------


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says=(
        "The stability margin is that of the symmetric part of J: positive, it is enough, but turning "
        "can stabilise a point where it is negative. Take the real parts of J's eigenvalues."
    ),
)
def stable_by_the_symmetric_part(f, z):
    def symmetric(*blocks):
        J = _jacobian(*blocks)
        return _least((J + J.T) / 2)

    return _margins(f, z, stable=symmetric)


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says=(
        "J is the Hessian of f here, so nothing turns: in a zero-sum game the second player's rows "
        "have the opposite sign."
    ),
)
def stable_by_the_hessian(f, z):
    return _margins(f, z, stable=lambda a, b, c, d: _least(jnp.block([[a, b], [c, d]])))


@mutant(
    "q5",
    of="stationary_margins",
    refused_by="margins_of_stationary_points",
    says=(
        "The stability margin has the convention z' = +J z: descent subtracts the field, so real parts "
        "should be positive."
    ),
)
def stable_in_the_other_convention(f, z):
    return _margins(f, z, stable=lambda *b: -jnp.max(jnp.real(jnp.linalg.eigvals(_jacobian(*b)))))


@mutant(
    "q5",
    of="stationary_margins",
    refused_by=("margins_of_stationary_points", "margins_at_the_edges"),
    says="The stability margin is the smallest modulus of an eigenvalue: the real part decides.",
)
def smallest_modulus(f, z):
    return _margins(f, z, stable=lambda *b: jnp.min(jnp.abs(jnp.linalg.eigvals(_jacobian(*b)))))
