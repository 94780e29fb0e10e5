"""Plausible mistakes in `reference.differential_games.opponent_shaping`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the others ascend",
        "plus_multiple(z, -opponent_step_size, simultaneous_gradient(losses, z))",
        "plus_multiple(z, opponent_step_size, simultaneous_gradient(losses, z))",
        "test_fields_of_a_quadratic_game_are_those_of_its_matrices",
    ),
    Mistake(
        "the player looks ahead at itself, as extragradient does",
        "_with_own(moved, i, z_i))[i])(z[i])\n",
        "_with_own(moved, i, z_i))[i])(moved[i])\n",
        "test_fields_of_a_quadratic_game_are_those_of_its_matrices",
    ),
    Mistake(
        "the weights are the others' own gradients",
        "weights = jax.grad(lambda z: losses(z)[i])(z)",
        "weights = simultaneous_gradient(losses, z)",
        "test_fields_of_a_quadratic_game_are_those_of_its_matrices",
    ),
    Mistake(
        "the player's own part counted as another's",
        "inner_product(_without(weights, i), _without(xi, i))",
        "inner_product(weights, xi)",
        "test_fields_of_a_quadratic_game_are_those_of_its_matrices",
    ),
    Mistake(
        "sign of the shaping",
        "plus_multiple(own, -opponent_step_size,",
        "plus_multiple(own, opponent_step_size,",
        "test_fields_of_a_quadratic_game_are_those_of_its_matrices",
    ),
    Mistake(
        "the others' step held fixed",
        "simultaneous_gradient(losses, now))\n            return",
        "simultaneous_gradient(losses, z))\n            return",
        "test_fields_of_a_quadratic_game_are_those_of_its_matrices",
    ),
]
