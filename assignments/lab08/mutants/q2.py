"""Mistakes that the checks of question 2 refuse: the divergence, the free energy, the optimum."""

import jax
import jax.numpy as jnp

from grader.checks import mutant

softplus = jax.nn.softplus


def _total(of_leaf, mean, rho):
    return sum(jax.tree.leaves(jax.tree.map(lambda m, r: jnp.sum(of_leaf(m, r)), mean, rho)))


def _divergence(mean, rho, tau, std=softplus):
    def of_leaf(m, r):
        s = std(r)
        return (s**2 + m**2) / (2 * tau**2) - 0.5 - jnp.log(s / tau)

    return _total(of_leaf, mean, rho)


# --- The divergence -------------------------------------------------------------------------------


@mutant(
    "q2",
    of="kl_to_prior",
    refused_by="divergence_of_pytrees",
    says="This is KL(p || q): the expectation is under q, the first of the two.",
)
def reversed_divergence(mean, rho, prior_std):
    def of_leaf(m, r):
        s = softplus(r)
        return (prior_std**2 + m**2) / (2 * s**2) - 0.5 + jnp.log(s / prior_std)

    return _total(of_leaf, mean, rho)


@mutant(
    "q2",
    of="kl_to_prior",
    refused_by=("divergence_of_pytrees", "divergence_at_the_edges"),
    says="The constant -1/2 for each weight is missing: q = p has the divergence 0.",
)
def without_the_half(mean, rho, prior_std):
    count = sum(leaf.size for leaf in jax.tree.leaves(mean))
    return _divergence(mean, rho, prior_std) + count / 2


@mutant(
    "q2",
    of="kl_to_prior",
    refused_by=("divergence_of_pytrees", "divergence_at_the_edges"),
    says="The logarithm has the wrong sign: narrow weights have a large divergence from the prior.",
)
def logarithm_added(mean, rho, prior_std):
    def of_leaf(m, r):
        s = softplus(r)
        return (s**2 + m**2) / (2 * prior_std**2) - 0.5 + jnp.log(s / prior_std)

    return _total(of_leaf, mean, rho)


@mutant(
    "q2",
    of="kl_to_prior",
    refused_by="divergence_of_pytrees",
    says="The standard deviations are exp(rho) in your divergence: here they are softplus(rho).",
)
def rho_as_a_logarithm(mean, rho, prior_std):
    return _divergence(mean, rho, prior_std, std=jnp.exp)


@mutant(
    "q2",
    of="kl_to_prior",
    refused_by=("divergence_of_pytrees", "divergence_at_the_edges"),
    says="softplus(rho) is taken for the variance: it is the standard deviation.",
)
def softplus_as_variance(mean, rho, prior_std):
    return _divergence(mean, rho, prior_std, std=lambda r: jnp.sqrt(softplus(r)))


@mutant(
    "q2",
    of="kl_to_prior",
    refused_by=("divergence_of_pytrees", "divergence_at_the_edges"),
    says="The standard deviation of the prior is missing in the logarithm.",
)
def prior_missing_in_the_logarithm(mean, rho, prior_std):
    def of_leaf(m, r):
        s = softplus(r)
        return (s**2 + m**2) / (2 * prior_std**2) - 0.5 - jnp.log(s)

    return _total(of_leaf, mean, rho)


@mutant(
    "q2",
    of="kl_to_prior",
    refused_by="divergence_of_pytrees",
    says="This is the mean over the weights: divergences of independent weights add up.",
)
def mean_over_the_weights(mean, rho, prior_std):
    count = sum(leaf.size for leaf in jax.tree.leaves(mean))
    return _divergence(mean, rho, prior_std) / count


@mutant(
    "q2",
    of="kl_to_prior",
    refused_by="divergence_at_the_edges",
    says=(
        "The softplus is written out as log(1 + exp(rho)), which is 0 for very negative rho and "
        "overflows for large ones: jax.nn.softplus does neither."
    ),
)
def softplus_written_out(mean, rho, prior_std):
    return _divergence(mean, rho, prior_std, std=lambda r: jnp.log(1 + jnp.exp(r)))


# --- The free energy ------------------------------------------------------------------------------

BOTH = ("free_energy_of_a_classifier", "free_energy_and_the_evidence")


def _size(batch):
    return len(jax.tree.leaves(batch)[0])


def _fits(log_likelihood, mean, rho, draws, batch, noise=softplus):
    def of_draw(eps):
        w = jax.tree.map(lambda m, r, e: m + noise(r) * e, mean, rho, eps)
        return log_likelihood(w, batch)

    return jax.vmap(of_draw)(draws)


@mutant(
    "q2",
    of="free_energy",
    refused_by=BOTH,
    says="This is the evidence lower bound: the free energy is minus that.",
)
def lower_bound(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    fit = jnp.mean(_fits(log_likelihood, mean, rho, draws, batch))
    return num_examples / _size(batch) * fit - _divergence(mean, rho, prior_std)


@mutant(
    "q2",
    of="free_energy",
    refused_by="free_energy_of_a_classifier",
    says="The log-likelihood of the batch stands for all N examples: it is multiplied by N / B.",
)
def likelihood_not_scaled(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    fit = jnp.mean(_fits(log_likelihood, mean, rho, draws, batch))
    return _divergence(mean, rho, prior_std) - fit


@mutant(
    "q2",
    of="free_energy",
    refused_by=BOTH,
    says="The log-likelihood is multiplied by N, as if it were a mean over the batch: it is a sum.",
)
def likelihood_taken_for_a_mean(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    fit = jnp.mean(_fits(log_likelihood, mean, rho, draws, batch))
    return _divergence(mean, rho, prior_std) - num_examples * fit


@mutant(
    "q2",
    of="free_energy",
    refused_by="free_energy_of_a_classifier",
    says="The divergence is multiplied by N / B too: it is there once, however many examples.",
)
def divergence_scaled_too(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    fit = jnp.mean(_fits(log_likelihood, mean, rho, draws, batch))
    return num_examples / _size(batch) * (_divergence(mean, rho, prior_std) - fit)


@mutant(
    "q2",
    of="free_energy",
    refused_by=BOTH,
    says="The log-likelihoods of the draws are added up: the expectation under q is their mean.",
)
def sum_over_draws(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    fit = jnp.sum(_fits(log_likelihood, mean, rho, draws, batch))
    return _divergence(mean, rho, prior_std) - num_examples / _size(batch) * fit


@mutant(
    "q2",
    of="free_energy",
    refused_by=BOTH,
    says="The log-likelihood is that at the mean of q: the noise of the weights is missing.",
)
def likelihood_at_the_mean(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    fit = log_likelihood(mean, batch)
    return _divergence(mean, rho, prior_std) - num_examples / _size(batch) * fit


@mutant(
    "q2",
    of="free_energy",
    refused_by=BOTH,
    says="The noise is multiplied by the variance of the weights: w = m + s eps has the deviation s.",
)
def noise_times_variance(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    fits = _fits(log_likelihood, mean, rho, draws, batch, noise=lambda r: softplus(r) ** 2)
    return _divergence(mean, rho, prior_std) - num_examples / _size(batch) * jnp.mean(fits)


@mutant(
    "q2",
    of="free_energy",
    refused_by="free_energy_of_a_classifier",
    says=(
        "The divergence is estimated from the draws, as log q - log p at each of them: it is known in "
        "closed form, without noise."
    ),
)
def sampled_divergence(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    def of_draw(eps):
        def of_leaf(m, r, e):
            s = softplus(r)
            prior = ((m + s * e) / prior_std) ** 2
            return jnp.sum((prior - e**2) / 2 - jnp.log(s / prior_std))

        return sum(jax.tree.leaves(jax.tree.map(of_leaf, mean, rho, eps)))

    fit = jnp.mean(_fits(log_likelihood, mean, rho, draws, batch))
    return jnp.mean(jax.vmap(of_draw)(draws)) - num_examples / _size(batch) * fit


# --- The optimum ----------------------------------------------------------------------------------


def _precision(Phi, noise_std, prior_std):
    return Phi.T @ Phi / noise_std**2 + jnp.eye(Phi.shape[1]) / prior_std**2


def _best_mean(Phi, t, noise_std, prior_std):
    return jnp.linalg.solve(_precision(Phi, noise_std, prior_std), Phi.T @ t / noise_std**2)


def _deviation(Phi, noise_std, prior_std):
    return jnp.diag(_precision(Phi, noise_std, prior_std)) ** -0.5


def _rho(s):
    return s + jnp.log(-jnp.expm1(-s))


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by="optimum_of_regressions",
    says=(
        "These are the marginal variances of the posterior, which minimise the other divergence. The "
        "optimum has the diagonal of the precision matrix."
    ),
)
def marginal_variances(Phi, t, noise_std, prior_std):
    variances = jnp.diag(jnp.linalg.inv(_precision(Phi, noise_std, prior_std)))
    return _best_mean(Phi, t, noise_std, prior_std), _rho(jnp.sqrt(variances))


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by="optimum_of_regressions",
    says="rho is made from the variances: softplus(rho) is the standard deviation.",
)
def rho_of_the_variance(Phi, t, noise_std, prior_std):
    s = _deviation(Phi, noise_std, prior_std)
    return _best_mean(Phi, t, noise_std, prior_std), _rho(s**2)


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by="optimum_of_regressions",
    says="The second value is log s: rho is the inverse of the softplus, softplus(rho) = s.",
)
def logarithm_for_rho(Phi, t, noise_std, prior_std):
    s = _deviation(Phi, noise_std, prior_std)
    return _best_mean(Phi, t, noise_std, prior_std), jnp.log(s)


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by=("optimum_of_regressions", "optimum_at_the_edges"),
    says="The second value is the standard deviations themselves: rho with softplus(rho) = s is asked for.",
)
def deviation_for_rho(Phi, t, noise_std, prior_std):
    return _best_mean(Phi, t, noise_std, prior_std), _deviation(Phi, noise_std, prior_std)


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by=("optimum_of_regressions", "optimum_at_the_edges"),
    says="The precision isn't inverted: its diagonal holds 1 / s^2.",
)
def precision_for_variance(Phi, t, noise_std, prior_std):
    s = _deviation(Phi, noise_std, prior_std)
    return _best_mean(Phi, t, noise_std, prior_std), _rho(1 / s)


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by=("optimum_of_regressions", "optimum_at_the_edges"),
    says="sigma isn't squared: precisions are one over variances.",
)
def noise_not_squared(Phi, t, noise_std, prior_std):
    root = noise_std**0.5
    s = _deviation(Phi, root, prior_std)
    return _best_mean(Phi, t, root, prior_std), _rho(s)


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by="optimum_of_regressions",
    says=(
        "The mean is divided by the diagonal of the precision matrix. The optimum has the mean of the "
        "posterior, for which the whole system is solved."
    ),
)
def mean_by_the_diagonal(Phi, t, noise_std, prior_std):
    s = _deviation(Phi, noise_std, prior_std)
    return s**2 * (Phi.T @ t) / noise_std**2, _rho(s)


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by="optimum_of_regressions",
    says="The mean is that of least squares: the prior belongs to its system too.",
)
def mean_without_the_prior(Phi, t, noise_std, prior_std):
    mean = jnp.linalg.pinv(Phi) @ t
    return mean, _rho(_deviation(Phi, noise_std, prior_std))


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by="optimum_at_the_edges",
    says=(
        "The inverse of the softplus is written as log(exp(s) - 1), which loses the digits of a small s "
        "and overflows for a large one. Take e^s out of the logarithm, and use expm1."
    ),
)
def inverse_written_out(Phi, t, noise_std, prior_std):
    s = _deviation(Phi, noise_std, prior_std)
    return _best_mean(Phi, t, noise_std, prior_std), jnp.log(jnp.exp(s) - 1)


@mutant(
    "q2",
    of="mean_field_optimum",
    refused_by="optimum_at_the_edges",
    says=(
        "e^s overflows for a large standard deviation, though rho is nearly s there: take e^s out of "
        "the logarithm."
    ),
)
def inverse_that_overflows(Phi, t, noise_std, prior_std):
    s = _deviation(Phi, noise_std, prior_std)
    return _best_mean(Phi, t, noise_std, prior_std), jnp.log(jnp.expm1(s))
