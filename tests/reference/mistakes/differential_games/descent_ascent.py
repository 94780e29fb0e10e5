"""Plausible mistakes in `reference.differential_games.descent_ascent`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "no player sees the others' moves",
        "simultaneous_gradient(losses, moved))",
        "simultaneous_gradient(losses, z))",
        "test_alternating_steps_let_the_second_player_see_the_first",
    ),
    Mistake(
        "the last player moves first",
        "for i in range(len(z)):",
        "for i in reversed(range(len(z))):",
        "test_alternating_steps_let_the_second_player_see_the_first",
    ),
    Mistake(
        "growth without the root",
        "jnp.sqrt(1 + (step_size * s[0]) ** 2)",
        "1 + (step_size * s[0]) ** 2",
        "test_growth_rate_is_the_spectral_radius_of_the_step",
    ),
    Mistake(
        "the smallest singular value",
        "step_size * s[0]",
        "step_size * s[-1]",
        "test_growth_rate_is_the_spectral_radius_of_the_step",
    ),
    Mistake(
        "sign of the shadow energy's correction",
        "- step_size * x @ B @ y",
        "+ step_size * x @ B @ y",
        "test_alternating_descent_stays_on_an_ellipse",
    ),
    Mistake(
        "half the correction",
        "- step_size * x @ B @ y",
        "- step_size / 2 * x @ B @ y",
        "test_alternating_descent_stays_on_an_ellipse",
    ),
]
