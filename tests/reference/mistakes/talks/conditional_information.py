"""Plausible mistakes in `reference.talks.conditional_information`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the marginal covariance for the conditional one",
        "return S_kk - S_kg @ jnp.linalg.solve(S_gg, S_kg.T)",
        "return S_kk",
        "test_conditional_covariance_is_a_block_of_the_inverse_inverted",
    ),
    Mistake(
        "a regression's slope for a correlation",
        "S[0, 1] / jnp.sqrt(S[0, 0] * S[1, 1])",
        "S[0, 1] / S[0, 0]",
        "test_partial_correlation_given_one_is_the_textbook_formula_and_given_all_the_precision",
    ),
    Mistake(
        "no 1/2 in the information",
        "return (parts - _log_determinant(S)) / 2",
        "return parts - _log_determinant(S)",
        "test_information_of_two_numbers_is_that_of_their_partial_correlation",
    ),
    Mistake(
        "correlation squared twice",
        "_log_determinant(S[:n, :n]) + _log_determinant(S[n:, n:])",
        "jnp.sum(jnp.log(jnp.diag(S[:n, :n]))) + jnp.sum(jnp.log(jnp.diag(S[n:, n:])))",
        "test_information_is_a_sum_of_entropies",
    ),
    Mistake(
        "the condition left out of the penalty",
        "tuple(c for c in codes if c != z), given=(a,))",
        "tuple(c for c in codes if c != z), given=())",
        "test_right_codes_have_no_conditional_information_but_share_some",
    ),
    Mistake(
        "noise not encoded",
        "encoder @ noise_covariance @ encoder.T",
        "noise_covariance[: len(encoder), : len(encoder)]",
        "test_code_covariance_is_that_of_the_stacked_linear_map",
    ),
    Mistake(
        "S^1/2 for S^-1/2",
        "(Q / jnp.sqrt(s)) @ Q.T",
        "(Q * jnp.sqrt(s)) @ Q.T",
        "test_decorrelating_map_is_the_symmetric_inverse_root",
    ),
    Mistake(
        "regression without an intercept",
        "jnp.column_stack([jnp.ones_like(x), a])",
        "jnp.column_stack([a])",
        "test_sample_partial_correlation_is_that_of_the_sample_covariance",
    ),
    Mistake(
        "the cross term of the risk once",
        "(quadratic - 2 * weights @ S_it + covariance[target, target]) / 2",
        "(quadratic - weights @ S_it + covariance[target, target]) / 2",
        "test_predictor_is_least_squares_and_its_risk_the_residual_variance",
    ),
]
