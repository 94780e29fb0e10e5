"""Talk: a one-layer graph convolution on the contextual stochastic block model.

M nodes have labels y = +-1, inputs that see them through a direction u, and links that see them
through homophily (strength h > 0; h < 0 is heterophily):

    X = y u^T + noise,      A = (h / M) y y^T + Xi / sqrt(M),      f = A X w

and w is ridge regression on the first N nodes. Given X, a row of A X is exactly Gaussian,
y_i m + C^{1/2} z with m = h X^T y / M and C = X^T X / M, and independent of the others. So the risk
of w at a fresh node is known, and the risk of ridge follows the deterministic equivalent of ridge
regression with inputs of second moment C + m m^T: it peaks where N = D ("double descent"), and less
the larger the penalty. For this links are directed, and a node's own inputs are nothing special.

Letters: M nodes, N of them with labels, D inputs, S sample sizes.

    >>> X, y = jnp.array([[1.0], [3.0]]), jnp.array([1.0, -1.0])
    >>> print(fresh_node_risk(jnp.array([0.5]), X, y, homophily=-1.0))
    0.75

Source: Shi, Pan, Hu and Dokmanić (2022), double descent in graph convolution networks; Deshpande
et al. (2018), the model; Hastie et al. (2022), ridge in high dimensions.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from reference.linear_regression import ridge_solution
from reference.pytrees import Scalar

# --- The model -----------------------------------------------------------------------------------


def contextual_inputs(
    key: Key[Array, ""], y: Float[Array, " M"], u: Float[Array, " D"]
) -> Float[Array, "M D"]:
    """X = y u^T + N(0, I), the inputs of nodes labelled y."""
    return jnp.outer(y, u) + jax.random.normal(key, (len(y), len(u)), y.dtype)


def gaussian_links(
    key: Key[Array, ""], y: Float[Array, " M"], homophily: Scalar | float
) -> Float[Array, "M M"]:
    """A = (h / M) y y^T + Xi / sqrt(M), Xi ~ N(0, I): the dense limit of the model below."""
    noise = jax.random.normal(key, (len(y), len(y)), y.dtype)
    return homophily * jnp.outer(y, y) / len(y) + noise / len(y) ** 0.5


def block_model_links(
    key: Key[Array, ""], y: Float[Array, " M"], homophily: Scalar | float, degree: float
) -> Float[Array, "M M"]:
    """(link - p) / sqrt(M p (1 - p)), p = degree / M: directed random links, centred and scaled.

    The probability of a link is p + h sqrt(p (1 - p) / M) y_i y_j, which gives A the mean of
    `gaussian_links`, and its variance to relative order h / sqrt(degree).
    """
    M, p = len(y), degree / len(y)
    scale = (p * (1 - p) / M) ** 0.5
    linked = jax.random.bernoulli(key, p + homophily * scale * jnp.outer(y, y))
    return (linked - jnp.asarray(p, y.dtype)) / (M * scale)


# --- The network and its risk --------------------------------------------------------------------


def ridge_network(
    A: Float[Array, "M M"],
    X: Float[Array, "M D"],
    y: Float[Array, " M"],
    num_labelled: int,
    penalty: Scalar | float,
) -> Float[Array, " D"]:
    """argmin_w (1/2N) sum_{n <= N} ((A X w)_n - y_n)^2 + (lambda/2) |w|^2: trained on N nodes.

    Every node's inputs are used, by way of its links. Cost: A X and one thin SVD.
    """
    return ridge_solution((A @ X)[:num_labelled], y[:num_labelled], penalty)


def fresh_node_risk(
    w: Float[Array, " D"], X: Float[Array, "M D"], y: Float[Array, " M"], homophily: Scalar | float
) -> Scalar:
    """E 1/2 (f - y)^2 = 1/2 ((1 - m^T w)^2 + w^T C w) at a node whose links w has not seen.

    Cost: O(M D^2).
    """
    m, C = _row_moments(X, y, homophily)
    return ((1 - m @ w) ** 2 + w @ C @ w) / 2


def fresh_node_error(
    w: Float[Array, " D"], X: Float[Array, "M D"], y: Float[Array, " M"], homophily: Scalar | float
) -> Scalar:
    """P(sign f != y) = Phi(-m^T w / sqrt(w^T C w)) at such a node, Phi the normal distribution.

    Cost: O(M D^2).
    """
    m, C = _row_moments(X, y, homophily)
    return jax.scipy.stats.norm.cdf(-m @ w / jnp.sqrt(w @ C @ w))


def predicted_risks(
    X: Float[Array, "M D"],
    y: Float[Array, " M"],
    homophily: Scalar | float,
    sample_sizes: Int[Array, " S"],
    *,
    penalty: Scalar | float,
) -> Float[Array, " S"]:
    """What `fresh_node_risk` of `ridge_network` concentrates on, for N in `sample_sizes`.

    With B = C + m m^T = Q diag(b) Q^T, w* = B^-1 m and noise 1 - m^T w*, the effective penalty
    kappa = lambda + (kappa / N) sum b / (b + kappa) gives

        2 risk = (1 - m^T w* + kappa^2 sum b w*^2 / (b + kappa)^2)
               / (1 - (1/N) sum b^2 / (b + kappa)^2)

    An approximation for N and D large at a fixed ratio, infinite at N = D where lambda = 0.
    Assumes C regular (M >= D). Cost: one `eigh`.
    """
    m, C = _row_moments(X, y, homophily)
    b, Q = jnp.linalg.eigh(C + jnp.outer(m, m))
    best = Q.T @ m / b
    noise = 1 - b @ best**2

    def risk(N: Int[Array, ""]) -> Scalar:
        kappa = _effective_penalty(b, N, penalty)
        bias = jnp.sum(b * (kappa * best / (b + kappa)) ** 2)
        return (noise + bias) / (1 - jnp.sum((b / (b + kappa)) ** 2) / N) / 2

    return jax.vmap(risk)(sample_sizes)


def _row_moments(X: Array, y: Array, homophily: Scalar | float) -> tuple[Array, Array]:
    """m and C: a row of A X is y m + C^{1/2} z, given X."""
    return homophily * X.T @ y / len(y), X.T @ X / len(y)


def _effective_penalty(b: Array, N: Array, penalty: Scalar | float) -> Scalar:
    """The largest root of lambda + (1/N) sum b kappa / (b + kappa) = kappa, by bisection.

    Left less right is concave, so it is positive below that root and negative above.
    """

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        below = penalty + jnp.sum(b * middle / (b + middle)) / N > middle
        return jnp.where(below, middle, low), jnp.where(below, high, middle)

    low = jnp.zeros((), b.dtype) + penalty
    return jax.lax.fori_loop(0, 60, halve, (low, low + jnp.sum(b) / N))[1]
