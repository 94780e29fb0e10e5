"""Mistakes that the checks of question 8 refuse: proximal point, mirror descent, Bregman."""

import jax
import jax.numpy as jnp

from grader.checks import mutant

# --- The proximal point step ---------------------------------------------------------------------


def _damped(A, damping):
    return A + damping * jnp.eye(len(A), dtype=A.dtype)


@mutant(
    "q8",
    of="proximal_step",
    refused_by=("proximal_step_rotated", "proximal_step_with_flat_directions"),
    says=(
        "This is explicit gradient descent: the gradient is taken at w. The proximal point step "
        "takes it where the step ends, which makes a linear system."
    ),
)
def explicit_step(A, b, w, penalty):
    return w - (A @ w - b) / penalty


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_rotated",
    says="The penalty is used as if it were the step size: lambda is one over it.",
)
def penalty_for_step_size(A, b, w, penalty):
    return jnp.linalg.solve(_damped(A, 1 / penalty), b + w / penalty)


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_rotated",
    says="This is a ridge solution: the penalty pulls to 0 here, and it should pull to w.",
)
def pulls_to_the_origin(A, b, w, penalty):
    return jnp.linalg.solve(_damped(A, penalty), b)


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_rotated",
    says="The penalty counts twice: its half is in front of the squared distance already.",
)
def penalty_without_the_half(A, b, w, penalty):
    return jnp.linalg.solve(_damped(A, 2 * penalty), b + 2 * penalty * w)


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_rotated",
    says="The sign of b is wrong: the gradient of the cost is A u - b.",
)
def sign_of_the_linear_term(A, b, w, penalty):
    return jnp.linalg.solve(_damped(A, penalty), penalty * w - b)


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_rotated",
    says="You return the displacement u - w: return the weights after the step.",
)
def displacement_for_weights(A, b, w, penalty):
    return jnp.linalg.solve(_damped(A, penalty), b - A @ w)


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_rotated",
    says=(
        "Putting the new weights into the right-hand side over and over converges only while "
        "the penalty exceeds the curvature: solve the linear system."
    ),
)
def fixed_point_iteration(A, b, w, penalty):
    u = w
    for _ in range(50):
        u = w - (A @ u - b) / penalty
    return u


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_with_flat_directions",
    says=(
        "An inner loop of gradient descent stops too early where the penalty is small: the minimum "
        "is the solution of a linear system."
    ),
)
def inner_loop_of_gradient_descent(A, b, w, penalty):
    step = 1 / (jnp.linalg.eigvalsh(A)[-1] + penalty)
    u = w
    for _ in range(100):
        u = u - step * (A @ u - b + penalty * (u - w))
    return u


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_with_flat_directions",
    says="This goes by way of the minimum of the cost, and with a singular A there may be none.",
)
def by_way_of_the_minimum(A, b, w, penalty):
    minimum = jnp.linalg.solve(A, b)
    return minimum + penalty * jnp.linalg.solve(_damped(A, penalty), w - minimum)


@mutant(
    "q8",
    of="proximal_step",
    refused_by="proximal_step_with_flat_directions",
    says="The pseudo-inverse of A drops flat directions, along which the step is b / lambda long.",
)
def flat_directions_dropped(A, b, w, penalty):
    minimum = jnp.linalg.pinv(A, hermitian=True) @ b
    return minimum + penalty * jnp.linalg.solve(_damped(A, penalty), w - minimum)


# --- The mirror step -----------------------------------------------------------------------------

_LARGE = ("mirror_step_of_huge_gradients", "mirror_step_in_float32")


def _normalised(u):
    return u / jnp.sum(u)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_on_the_simplex",
    says="The weights go up where the cost goes up: the sign of the gradient is wrong.",
)
def mirror_ascent(w, gradient, step_size):
    return jax.nn.softmax(jnp.log(w) + step_size * gradient)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_on_the_simplex",
    says="The step leaves the simplex: divide by the sum of the new weights.",
)
def not_normalised(w, gradient, step_size):
    return w * jnp.exp(-step_size * gradient)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_on_the_simplex",
    says="The old weights are forgotten: they multiply the exponentials.",
)
def old_weights_forgotten(w, gradient, step_size):
    return jax.nn.softmax(-step_size * gradient)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_on_the_simplex",
    says="w stands in the exponent where its logarithm belongs.",
)
def weights_for_logarithms(w, gradient, step_size):
    return jax.nn.softmax(w - step_size * gradient)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_on_the_simplex",
    says=(
        "This is a projected gradient step: it measures with the Euclidean distance, "
        "not with the KL divergence."
    ),
)
def projected_gradient(w, gradient, step_size):
    moved = w - step_size * gradient
    ordered = -jnp.sort(-moved)
    excess = (jnp.cumsum(ordered) - 1) / jnp.arange(1, len(w) + 1)
    return jnp.maximum(moved - excess[jnp.sum(ordered > excess) - 1], 0)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_on_the_simplex",
    says="1 - alpha g is the exponential to first order only, and may be negative.",
)
def linear_factors(w, gradient, step_size):
    return _normalised(w * (1 - step_size * gradient))


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_on_the_simplex",
    says=(
        "This is the natural gradient step on the simplex. It agrees with the mirror step for "
        "small alpha only."
    ),
)
def natural_step(w, gradient, step_size):
    return w - step_size * w * (gradient - w @ gradient)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_on_the_simplex",
    says="The step size multiplies the logarithm of w too: it belongs to the gradient alone.",
)
def step_size_on_the_logarithm(w, gradient, step_size):
    return jax.nn.softmax(step_size * (jnp.log(w) - gradient))


@mutant(
    "q8",
    of="mirror_step",
    refused_by=_LARGE,
    says="The exponential of a large gradient overflows or vanishes: add logarithms before exp.",
)
def product_as_it_stands(w, gradient, step_size):
    return _normalised(w * jnp.exp(-step_size * gradient))


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_of_huge_gradients",
    says=(
        "You subtract the largest exponent of the gradient alone. If that coordinate's weight "
        "is 0 all others vanish: bring log w into the exponent before you look for the largest."
    ),
)
def shift_without_the_weights(w, gradient, step_size):
    exponents = -step_size * gradient
    return _normalised(w * jnp.exp(exponents - jnp.max(exponents)))


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_of_huge_gradients",
    says="A weight of 0 comes to life: clipping it from below changes what it should stay.",
)
def zeros_revived(w, gradient, step_size):
    tiny = jnp.finfo(w.dtype).tiny
    return jax.nn.softmax(jnp.log(jnp.maximum(w, tiny)) - step_size * gradient)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_of_huge_gradients",
    says="0 log 0 and its derivative are NaN here: log w itself is what the step needs.",
)
def derivative_of_the_entropy(w, gradient, step_size):
    entropy = jax.grad(lambda w: jnp.sum(w * jnp.log(w)))
    return jax.nn.softmax(entropy(w) - step_size * gradient)


@mutant(
    "q8",
    of="mirror_step",
    refused_by="mirror_step_in_float32",
    says="Something like 1e-12 is added to the weights, and smaller weights are lost in it.",
)
def shifted_logarithm(w, gradient, step_size):
    return jax.nn.softmax(jnp.log(w + 1e-12) - step_size * gradient)


# --- The divergence ------------------------------------------------------------------------------


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by=("divergence_of_potentials", "divergence_to_twelve_digits"),
    says="The arguments are swapped: the tangent is that at the second one.",
)
def swapped_arguments(potential, u, w):
    return potential(w) - potential(u) - jax.grad(potential)(u) @ (w - u)


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_of_potentials",
    says="The gradient is taken at u: the tangent touches the potential at w.",
)
def gradient_at_the_first_argument(potential, u, w):
    return potential(u) - potential(w) - jax.grad(potential)(u) @ (u - w)


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_of_potentials",
    says="This is a difference of heights: the tangent's slope is missing.",
)
def without_the_slope(potential, u, w):
    return potential(u) - potential(w)


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_of_potentials",
    says="The sign of the slope's term is wrong: the tangent is subtracted as a whole.",
)
def slope_added(potential, u, w):
    return potential(u) - potential(w) + jax.grad(potential)(w) @ (u - w)


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_of_potentials",
    says="This is the divergence to second order, right for quadratic potentials alone.",
)
def second_order_term(potential, u, w):
    return (u - w) @ jax.hessian(potential)(w) @ (u - w) / 2


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_of_potentials",
    says="This is the divergence made symmetric: B(u, w) + B(w, u), or half of it.",
)
def symmetric_divergence(potential, u, w):
    return (jax.grad(potential)(u) - jax.grad(potential)(w)) @ (u - w) / 2


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_of_potentials",
    says="The slope's term is a vector here: take the inner product with u - w.",
)
def products_not_summed(potential, u, w):
    return potential(u) - potential(w) - jax.grad(potential)(w) * (u - w)


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_of_potentials",
    says="The slope is that of the negative entropy, whatever the potential is: differentiate it.",
)
def slope_of_the_entropy(potential, u, w):
    return potential(u) - potential(w) - (jnp.log(jnp.abs(w)) + 1) @ (u - w)


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_to_twelve_digits",
    says="The slope is a finite difference and has some ten digits: differentiate the potential.",
)
def slope_by_differences(potential, u, w):
    eps = 1e-6
    slope = (potential(w + eps * (u - w)) - potential(w - eps * (u - w))) / (2 * eps)
    return potential(u) - potential(w) - slope


@mutant(
    "q8",
    of="bregman_divergence",
    refused_by="divergence_to_twelve_digits",
    says="You compute in float32, though the arrays are float64: keep their dtype.",
)
def divergence_in_single_precision(potential, u, w):
    u, w = u.astype(jnp.float32), w.astype(jnp.float32)
    return potential(u) - potential(w) - jax.grad(potential)(w) @ (u - w)
