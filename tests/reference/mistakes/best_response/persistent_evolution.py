"""Plausible mistakes in `reference.best_response.persistent_evolution`."""

from tests.reference.mistakes import Mistake

MEAN = "test_mean_over_all_signs_is_the_whole_gradient_of_a_quadratic_loss"

MISTAKES = [
    Mistake(
        "only the current perturbation credited: truncated evolution strategies",
        "xi = particles.perturbation\n",
        "xi = std * noise\n",
        MEAN,
    ),
    Mistake(
        "the current perturbation not credited",
        "differences, particles = _window(step, theta, particles, std * noise, truncation)\n"
        "    xi = particles.perturbation",
        "xi = particles.perturbation\n"
        "    differences, particles = _window(step, theta, particles, std * noise, truncation)",
        MEAN,
    ),
    Mistake(
        "sigma for sigma squared",
        "differences @ xi / (2 * len(noise) * std**2)",
        "differences @ xi / (2 * len(noise) * std)",
        MEAN,
    ),
    Mistake(
        "the particles' negative runs not antithetic",
        "jax.vmap(run)(particles.negative, -perturbations)",
        "jax.vmap(run)(particles.negative, 0 * perturbations)",
        "test_one_window_is_plain_evolution_strategies",
    ),
    Mistake(
        "the analytic term beside a sum that holds the current perturbation",
        "past = differences @ before.perturbation",
        "past = differences @ after.perturbation",
        "test_expectation_is_the_gradient_of_the_loss_smoothed_in_every_window",
    ),
    Mistake(
        "the analytic term at the unperturbed theta",
        "return jax.grad(loss)(theta + perturbation)",
        "return jax.grad(loss)(theta)",
        "test_expectation_is_the_gradient_of_the_loss_smoothed_in_every_window",
    ),
    Mistake(
        "reused noise weighted as if it were accumulated",
        "return particles, differences @ noise / (2 * len(noise) * std)",
        "return particles, differences @ particles.perturbation / (2 * len(noise) * std**2)",
        "test_reused_noise_gives_evolution_strategies_over_the_whole_unroll",
    ),
    Mistake(
        "every window counts its steps from 0",
        "end = Particles(positive, negative, accumulated, particles.first + truncation)",
        "end = Particles(positive, negative, accumulated, particles.first)",
        "test_particles_carry_the_sum_from_window_to_window",
    ),
]
