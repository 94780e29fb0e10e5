"""Plausible mistakes in `reference.papers.deep_bootstrap`."""

from tests.reference.mistakes import Mistake

RUNS = "test_runs_in_both_worlds_have_the_exact_risks_in_the_mean"

MISTAKES = [
    Mistake(
        "fresh examples in both worlds", "TwoWorlds(errors(reused)", "TwoWorlds(errors(fresh)", RUNS
    ),
    Mistake(
        "the worlds exchanged",
        "TwoWorlds(errors(reused), errors(fresh))",
        "TwoWorlds(errors(fresh), errors(reused))",
        RUNS,
    ),
    Mistake(
        "half the fourth moment of a Gaussian",
        "noise = C @ S @ C + (jnp.trace(C @ S) + noise_std**2) * C",
        "noise = (jnp.trace(C @ S) + noise_std**2) * C",
        RUNS,
    ),
    Mistake(
        "targets without noise",
        "jnp.trace(C @ S) + noise_std**2",
        "jnp.trace(C @ S) + 0 * noise_std",
        RUNS,
    ),
    Mistake("errors measured from zero", "-w_true[:, None]]", "0 * w_true[:, None]]", RUNS),
    Mistake(
        "noise of one example whatever the batch",
        "step_size**2 / batch_size * noise",
        "step_size**2 * noise",
        RUNS,
    ),
]
