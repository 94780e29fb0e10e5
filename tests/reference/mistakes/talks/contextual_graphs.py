"""Plausible mistakes in `reference.talks.contextual_graphs`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "noise of size 1 / M",
        "noise / len(y) ** 0.5",
        "noise / len(y)",
        "test_links_have_mean_h_over_m_and_variance_one_over_m",
    ),
    Mistake(
        "links not centred",
        "(linked - jnp.asarray(p, y.dtype))",
        "(linked - jnp.asarray(0, y.dtype))",
        "test_block_model_links_have_two_values",
    ),
    Mistake(
        "homophily in probability, not in deviations",
        "p + homophily * scale * jnp.outer(y, y)",
        "p + homophily * p * jnp.outer(y, y)",
        "test_links_have_mean_h_over_m_and_variance_one_over_m",
    ),
    Mistake(
        "no convolution",
        "ridge_solution((A @ X)[:num_labelled]",
        "ridge_solution(X[:num_labelled]",
        "test_network_is_stationary_for_the_ridge_cost",
    ),
    Mistake(
        "links of labelled nodes only",
        "ridge_solution((A @ X)[:num_labelled]",
        "ridge_solution(A[:num_labelled, :num_labelled] @ X[:num_labelled]",
        "test_network_is_stationary_for_the_ridge_cost",
    ),
    Mistake(
        "the mean's own square lost",
        "return ((1 - m @ w) ** 2 + w @ C @ w) / 2",
        "return (1 - 2 * m @ w + w @ C @ w) / 2",
        "test_risk_and_error_are_those_of_fresh_links",
    ),
    Mistake(
        "kappa replaced by the penalty",
        "kappa = _effective_penalty(b, N, penalty)",
        "kappa = penalty",
        "test_effective_penalty_solves_its_equation",
    ),
    Mistake(
        "degrees of freedom of the first kind",
        "(1 - jnp.sum((b / (b + kappa)) ** 2) / N)",
        "(1 - jnp.sum(b / (b + kappa)) / N)",
        "test_effective_penalty_solves_its_equation",
    ),
    Mistake(
        "second moment without the mean",
        "jnp.linalg.eigh(C + jnp.outer(m, m))",
        "jnp.linalg.eigh(C)",
        "test_effective_penalty_solves_its_equation",
    ),
]
