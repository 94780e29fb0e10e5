"""Lecture 6: lazy training, where the tangent kernel stays what it was at initialisation.

The course's f_t = (I - e^{-eta t Theta}) y, with f_0 and the 1/N of a mean loss written out.
With the network linearised in its parameters, descent on the mean loss (1/2N) |f(X) - y|^2 is
linear in function space and solved by the eigenvectors of Theta = Theta(X, X):

    df/dt = -(eta/N) Theta(., X) (f_t(X) - y)
    f_t(X) = y + e^{-eta t Theta / N} (f_0(X) - y)
    f_t(x) = f_0(x) + Theta(x, X) Theta^-1 (I - e^{-eta t Theta / N}) (y - f_0(X))

For the sum of squares, instead of the mean, put N eta for eta. Over random initial parameters
E f_0 = 0, and then these, with f_0 left out, are the mean predictions of the ensemble. A singular
Theta is no obstacle: Theta^-1 (I - e^{-s Theta}) has eigenvalues s where those of Theta vanish.

Letters: M test inputs, T times.

    >>> Theta, y = jnp.diag(jnp.array([2.0, 4.0])), jnp.ones(2)
    >>> print(gradient_flow_predictions(Theta, Theta, y, jnp.log(2.0**jnp.arange(3))).round(4))
    [[0.     0.    ]
     [0.5    0.75  ]
     [0.75   0.9375]]

Source: Jacot, Gabriel and Hongler (2018); Lee et al. (2019), wide networks as linear models.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, plus_multiple


def gradient_flow_predictions(
    Theta: Float[Array, "N N"],
    cross: Float[Array, "M N"],
    targets: Float[Array, " N"],
    times: Float[Array, " T"],
    *,
    initial: Float[Array, " N"] | None = None,
    initial_test: Float[Array, " M"] | None = None,
) -> Float[Array, "T M"]:
    """f_t(x) = f_0(x) + Theta(x, X) Theta^-1 (I - e^{-eta t Theta / N}) (y - f_0(X)).

    `cross` is Theta(x, X) at M test inputs: `Theta` itself gives the training inputs. `times`
    are eta t. f_0 is 0 unless given, on both sets of inputs. Cost: one `eigh`, then T N M.
    """
    theta, Q = jnp.linalg.eigh(Theta)
    weights = _flow_response(theta, times[:, None] / len(targets))
    return _predictions(Q, weights, cross, targets, initial, initial_test)


def gradient_descent_predictions(
    Theta: Float[Array, "N N"],
    cross: Float[Array, "M N"],
    targets: Float[Array, " N"],
    step_size: Scalar | float,
    num_steps: int,
    *,
    initial: Float[Array, " N"] | None = None,
    initial_test: Float[Array, " M"] | None = None,
) -> Float[Array, "T M"]:
    """f_k(x) = f_0(x) + Theta(x, X) Theta^-1 (I - (I - eta Theta / N)^k) (y - f_0(X)), k = 0 ..

    What descent on the linearised network does, exactly; k up to `num_steps`. It converges on
    the training inputs if eta < 2 N / theta_max. Cost: one `eigh`, then T N M.
    """
    theta, Q = jnp.linalg.eigh(Theta)
    rate = step_size / len(targets)
    powers = (1 - rate * theta) ** jnp.arange(num_steps)[:, None]
    weights = rate * jnp.pad(jnp.cumsum(powers, axis=0), ((1, 0), (0, 0)))
    return _predictions(Q, weights, cross, targets, initial, initial_test)


def ensemble_covariance(
    Theta: Float[Array, "N N"],
    cross: Float[Array, "M N"],
    K: Float[Array, "N+M N+M"],
    time: Scalar,
) -> Float[Array, "M M"]:
    """Cov f_t(x) = K_** - A K_X* - K_*X A^T + A K_XX A^T, with predictions f_0 + A (y - f_0(X)).

    That is A = Theta(x, X) Theta^-1 (I - e^{-eta t Theta / N}); `time` is eta t. Over random
    initial parameters, f_0 ~ N(0, K) with K the NNGP kernel over N training inputs, then M test
    ones. Descent carries f_0(x) - A f_0(X) along. At t = 0 it is
    K_**, and never the posterior of the NNGP unless Theta is proportional to K.
    Cost: one `eigh`, O(N^3 + N^2 M). Source: Lee et al. (2019).
    """
    N = len(Theta)
    theta, Q = jnp.linalg.eigh(Theta)
    A = (cross @ Q * _flow_response(theta, time / N)) @ Q.T
    carried = jnp.concatenate([-A, jnp.eye(len(cross), dtype=A.dtype)], axis=1)
    return carried @ K @ carried.T


def kernel_regression(
    Theta: Float[Array, "N N"], cross: Float[Array, "M N"], targets: Float[Array, " N"]
) -> Float[Array, " M"]:
    """Theta(x, X) Theta^+ y: where the flow from f_0 = 0 ends, t -> infinity.

    Eigenvalues below N eps of the largest count as 0: their modes are never learnt.
    Cost: one `eigh`.
    """
    theta, Q = jnp.linalg.eigh(Theta)
    cutoff = len(theta) * jnp.finfo(theta.dtype).eps * theta[-1]
    inverses = jnp.where(theta > cutoff, 1 / jnp.where(theta > cutoff, theta, 1), 0)
    return cross @ (Q @ (inverses * (targets @ Q)))


def linearised_network(network: Callable[[Tree], Array], w_0: Tree) -> Callable[[Tree], Array]:
    """f_lin(w) = f(w_0) + J(w_0) (w - w_0), as a function of w.

    Its tangent kernel is that of f at w_0, and constant. Cost: one forward derivative a call.

    >>> f_lin = linearised_network(lambda w: w**2, jnp.array(3.0))
    >>> print(f_lin(jnp.array(4.0)))
    15.0
    """
    outputs, push_forward = jax.linearize(network, w_0)
    return lambda w: outputs + push_forward(plus_multiple(w, -1, w_0))


def _flow_response(theta: Array, time: Array) -> Array:
    """(1 - e^{-theta t}) / theta, and its limit t where |theta| t is below rounding."""
    x = theta * time
    small = jnp.abs(x) < jnp.finfo(x.dtype).eps
    return time * jnp.where(small, 1, -jnp.expm1(-x) / jnp.where(small, 1, x))


def _predictions(
    Q: Array,
    weights: Float[Array, "T N"],
    cross: Array,
    targets: Array,
    initial: Array | None,
    initial_test: Array | None,
) -> Float[Array, "T M"]:
    """f_0(x) + Theta(x, X) Q diag(weights_t) Q^T (y - f_0(X)) for every t."""
    error = targets if initial is None else targets - initial
    change = weights * (error @ Q) @ (cross @ Q).T
    return change if initial_test is None else initial_test + change
