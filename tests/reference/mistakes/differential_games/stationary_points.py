"""Plausible mistakes in `reference.differential_games.stationary_points`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "spurious means not Nash",
        "is_stable & ~is_minimax",
        "is_stable & ~is_nash",
        "test_points_of_every_kind",
    ),
    Mistake(
        "sign of the Schur complement's correction",
        "J_xx - J_xy @",
        "J_xx + J_xy @",
        "test_margins_of_quadratics_are_those_of_their_blocks",
    ),
    Mistake(
        "the follower's condition forgotten",
        "jnp.where(follower > 0, jnp.minimum(follower, leader), follower)",
        "leader",
        "test_margins_of_quadratics_are_those_of_their_blocks",
    ),
    Mistake(
        "Nash by the symmetric part of all of J",
        "blocks = [J[start:end, start:end] for start, end in pairwise(ends)]",
        "blocks = [symmetric_part(J)]",
        "test_nash_margin_looks_at_every_players_own_block",
    ),
    Mistake(
        "stability by the symmetric part",
        "m = jnp.linalg.eigvalsh(symmetric_part(jnp.where(solved, M, identity)))",
        "m = 0.5 / jnp.linalg.eigvalsh(symmetric_part(J))[::-1]",
        "test_stability_margin_has_the_sign_of_the_least_real_part_and_never_overstates",
    ),
    Mistake(
        "margin twice too large",
        "1 / (2 * jnp.where(m[0]",
        "1 / (1 * jnp.where(m[0]",
        "test_stability_margin_of_a_normal_matrix_is_its_least_real_part",
    ),
    Mistake(
        "Sylvester's equation with J on one side only",
        "jnp.kron(J.T, identity) + jnp.kron(identity, J.T)",
        "2 * jnp.kron(J.T, identity)",
        "test_stability_margin_has_the_sign_of_the_least_real_part_and_never_overstates",
    ),
    Mistake(
        "the largest eigenvalue",
        "return jnp.linalg.eigvalsh(H)[0]",
        "return jnp.linalg.eigvalsh(H)[-1]",
        "test_margins_of_quadratics_are_those_of_their_blocks",
    ),
]
