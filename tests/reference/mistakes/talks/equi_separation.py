"""Plausible mistakes in `reference.talks.equi_separation`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "classes weighed alike in the mean of all",
        "Y.mean(axis=0) @ means",
        "means.mean(axis=0)",
        "test_scatters_are_sums_over_examples",
    ),
    Mistake(
        "the scatter about the mean of all for that within",
        "H - Y @ means",
        "H - H.mean(axis=0)",
        "test_scatters_are_sums_over_examples",
    ),
    Mistake(
        "directions without scatter kept, to rounding",
        "positive = values > H.shape[1] * jnp.finfo(H.dtype).eps * values[-1]",
        "positive = values > -jnp.inf",
        "test_means_on_a_line_leave_the_other_directions_out",
    ),
    Mistake(
        "directions of the least scatter",
        "values[-kept:], Q[:, -kept:]",
        "values[:kept], Q[:, :kept]",
        "test_fuzziness_is_a_trace_with_the_pseudo_inverse",
    ),
    Mistake(
        "multiplied with the scatter between",
        "spread / jnp.where(positive, values, 1)",
        "spread * values",
        "test_two_classes_have_fishers_ratio",
    ),
    Mistake(
        "a fit of D in place of its logarithm",
        "logs = jnp.log(fuzziness)",
        "logs = fuzziness",
        "test_fit_is_the_regression_of_logarithms",
    ),
    Mistake(
        "the correlation unsquared",
        "slope**2 * (l @ l) / (d @ d)",
        "slope * jnp.sqrt((l @ l) / (d @ d))",
        "test_fit_is_the_regression_of_logarithms",
    ),
    Mistake(
        "the value at the middle layer for the start",
        "jnp.mean(logs) - slope * jnp.mean(depths)",
        "jnp.mean(logs)",
        "test_fit_is_the_regression_of_logarithms",
    ),
]
