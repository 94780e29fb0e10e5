"""Plausible mistakes in `reference.papers.hamiltonian_descent`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "powers exchanged",
        "((t**a + 1) ** (A / a) - 1) / A",
        "((t**A + 1) ** (a / A) - 1) / a",
        "test_kinetic_energy_is_one_power_near_zero_and_another_far_away",
    ),
    Mistake(
        "|p|^{a-1} p",
        "t ** (a - 2)",
        "t ** (a - 1)",
        "test_velocity_is_the_gradient_of_the_kinetic_energy",
    ),
    Mistake(
        "the exponent not lowered",
        "** (A / a - 1) * t",
        "** (A / a) * t",
        "test_velocity_is_the_gradient_of_the_kinetic_energy",
    ),
    Mistake(
        "no conjugate",
        "power / (power - 1)",
        "power - 1",
        "test_matched_power_is_that_of_the_convex_conjugate",
    ),
    Mistake(
        "friction not on the gradient",
        "shrink * (p - step_size * g)",
        "shrink * p - step_size * g",
        "test_both_methods_are_those_of_the_equations",
    ),
    Mistake(
        "explicit friction in the first method",
        "shrink = 1 / (1 + friction * step_size)",
        "shrink = 1 - friction * step_size",
        "test_both_methods_are_those_of_the_equations",
    ),
    Mistake(
        "the second method's gradient at the old point",
        "g = jax.grad(loss)(moved)",
        "g = jax.grad(loss)(x)",
        "test_both_methods_are_those_of_the_equations",
    ),
    Mistake(
        "the update not multiplied by the step",
        "lambda v: step_size * v, velocity(p)",
        "lambda v: v, velocity(p)",
        "test_training_loop_goes_through_the_first_methods_iterates",
    ),
]
