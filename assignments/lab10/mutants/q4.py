"""Mistakes that the checks of question 4 refuse: complex momentum and its spectral radius."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _stacked(path):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


def _momentum(
    field,
    z0,
    alpha,
    beta,
    num_steps,
    *,
    keep=lambda mu: mu,
    share=1.0,
    sign=-1.0,
    read=jnp.real,
    old=False,
    start=lambda z: None,
):
    """Complex momentum with pieces replaced."""
    z, mu = z0, start(z0)
    if mu is None:
        mu = jax.tree.map(lambda p: beta * jnp.zeros_like(p), z0)
    path = [z0]
    for _ in range(num_steps):
        before = mu
        mu = jax.tree.map(lambda m, g: keep(beta * m + sign * share * g), mu, field(z))
        used = before if old else mu
        z = jax.tree.map(lambda p, m: p + read(alpha * m), z, used)
        path.append(z)
    return _stacked(path)


# --- Iterates ------------------------------------------------------------------------------------


@mutant(
    "q4",
    of="complex_momentum",
    refused_by=(
        "complex_momentum_on_quadratic_games",
        "complex_momentum_of_networks",
        "complex_momentum_at_the_edges",
    ),
    says=(
        "Only the real part of mu is kept between steps: mu itself stays complex, and the real part is "
        "taken only where the players move."
    ),
)
def real_part_kept(field, z0, alpha, beta, num_steps):
    return _momentum(field, z0, alpha, beta, num_steps, keep=lambda m: jnp.real(m) + 0j)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by=("complex_momentum_on_quadratic_games", "complex_momentum_of_networks"),
    says="This is a heavy ball with |beta| as its momentum: the angle of beta has been lost.",
)
def modulus_of_the_momentum(field, z0, alpha, beta, num_steps):
    return _momentum(field, z0, alpha, abs(beta), num_steps)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_on_quadratic_games",
    says="mu adds the field: it is beta mu minus xi, and the players then move along +mu.",
)
def field_added(field, z0, alpha, beta, num_steps):
    return _momentum(field, z0, alpha, beta, num_steps, sign=1.0)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by=("complex_momentum_on_quadratic_games", "complex_momentum_at_the_edges"),
    says="The players move with the mu from before the step: update mu first, move with the new one.",
)
def moved_with_the_old_velocity(field, z0, alpha, beta, num_steps):
    return _momentum(field, z0, alpha, beta, num_steps, old=True)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by=("complex_momentum_on_quadratic_games", "complex_momentum_of_networks"),
    says="mu is an average, with a factor 1 - beta before the field: here it is a plain sum.",
)
def average_for_the_sum(field, z0, alpha, beta, num_steps):
    return _momentum(field, z0, alpha, beta, num_steps, share=1 - beta)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_on_quadratic_games",
    says="The players move by the imaginary part: it is the real part of alpha mu.",
)
def imaginary_part(field, z0, alpha, beta, num_steps):
    return _momentum(field, z0, alpha, beta, num_steps, read=jnp.imag)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_on_quadratic_games",
    says="The players move by the modulus of alpha mu, which has no sign: take the real part.",
)
def modulus_for_the_real_part(field, z0, alpha, beta, num_steps):
    return _momentum(field, z0, alpha, beta, num_steps, read=jnp.abs)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_on_quadratic_games",
    says=(
        "The players are complex inside and only the result is real: they must be real in every step, "
        "where the field is taken."
    ),
)
def real_at_the_end(field, z0, alpha, beta, num_steps):
    z = jax.tree.map(lambda p: p + 0j, z0)
    mu = jax.tree.map(jnp.zeros_like, z)
    path = [z]
    for _ in range(num_steps):
        # The field at complex players: its linear part, from its values at real ones.
        real, imaginary = jax.tree.map(jnp.real, z), jax.tree.map(jnp.imag, z)
        _, turned = jax.jvp(field, (real,), (imaginary,))
        xi = jax.tree.map(lambda a, b: a + 1j * b, field(real), turned)
        mu = jax.tree.map(lambda m, g: beta * m - g, mu, xi)
        z = jax.tree.map(lambda p, m: p + alpha * m, z, mu)
        path.append(z)
    return jax.tree.map(jnp.real, _stacked(path))


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_on_quadratic_games",
    says="The iterates are complex numbers: the players are real, so return their real parts.",
)
def complex_iterates(field, z0, alpha, beta, num_steps):
    path = _momentum(field, z0, alpha, beta, num_steps)
    return jax.tree.map(lambda p: p + 0j, path)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_on_quadratic_games",
    says="mu starts at minus the field, so that the first step counts it twice: it starts at 0.",
)
def velocity_from_the_start(field, z0, alpha, beta, num_steps):
    def start(z):
        return jax.tree.map(lambda g: -g + 0j, field(z))

    return _momentum(field, z0, alpha, beta, num_steps, start=start)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_on_quadratic_games",
    says="mu is complex64 whatever the players are: its precision should be theirs.",
)
def velocity_in_complex64(field, z0, alpha, beta, num_steps):
    def keep(m):
        return m.astype(jnp.complex64).astype(m.dtype)

    return _momentum(field, z0, alpha, beta, num_steps, keep=keep)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_at_the_edges",
    says=(
        "The real parts of alpha and of mu are multiplied: a complex alpha has an imaginary part that "
        "counts. Take the real part of the product."
    ),
)
def product_of_real_parts(field, z0, alpha, beta, num_steps):
    return _momentum(field, z0, complex(alpha).real, beta, num_steps)


@mutant(
    "q4",
    of="complex_momentum",
    refused_by="complex_momentum_takes_one_field_a_step",
    says=(
        "Right, but all fields of the past are computed again in every step: carry mu along instead."
    ),
)
def sum_over_the_past(field, z0, alpha, beta, num_steps):
    path = [z0]
    for k in range(num_steps):
        weights = jnp.array([complex(alpha * beta ** (k - s)).real for s in range(k + 1)])
        fields = jax.vmap(field)(_stacked(path))
        path.append(
            jax.tree.map(lambda p, g, w=weights: p - jnp.tensordot(w, g, 1), path[-1], fields)
        )
    return _stacked(path)


# --- Spectral radius -----------------------------------------------------------------------------


def _matrix(J, alpha, beta):
    eye, zero = jnp.eye(len(J), dtype=J.dtype), jnp.zeros_like(J)
    real, imaginary = jnp.real(beta) * eye, jnp.imag(beta) * eye
    return [
        [real, -imaginary, -J],
        [imaginary, real, zero],
        [alpha * real, -alpha * imaginary, eye - alpha * J],
    ]


def _radius(rows):
    return jnp.max(jnp.abs(jnp.linalg.eigvals(jnp.block(rows))))


@mutant(
    "q4",
    of="complex_momentum_radius",
    refused_by="radius_of_complex_momentum",
    says=(
        "This is the radius of the complex 2P x 2P matrix, in which the players become complex: taking "
        "the real part is linear over the real numbers only."
    ),
)
def complex_players(J, alpha, beta):
    eye = jnp.eye(len(J), dtype=J.dtype)
    return _radius([[beta * eye, -J], [alpha * beta * eye, eye - alpha * J]])


@mutant(
    "q4",
    of="complex_momentum_radius",
    refused_by="radius_of_complex_momentum",
    says="The radius is that of a heavy ball with the modulus of beta: its angle matters.",
)
def radius_for_the_modulus(J, alpha, beta):
    return _radius(_matrix(J, alpha, jnp.abs(beta)))


@mutant(
    "q4",
    of="complex_momentum_radius",
    refused_by="radius_of_complex_momentum",
    says="The players' row moves with the old mu: insert the new one, with its own -J z.",
)
def row_with_the_old_velocity(J, alpha, beta):
    rows = _matrix(J, alpha, beta)
    eye, zero = jnp.eye(len(J), dtype=J.dtype), jnp.zeros_like(J)
    return _radius([*rows[:2], [alpha * eye, zero, eye]])


@mutant(
    "q4",
    of="complex_momentum_radius",
    refused_by="radius_of_complex_momentum",
    says=(
        "This is the spectral norm, the largest singular value: the rate in the long run is the largest "
        "modulus of an eigenvalue."
    ),
)
def spectral_norm(J, alpha, beta):
    return jnp.linalg.norm(jnp.block(_matrix(J, alpha, beta)), 2)


@mutant(
    "q4",
    of="complex_momentum_radius",
    refused_by="radius_of_complex_momentum",
    says="This is the largest real part of an eigenvalue: take the largest modulus.",
)
def largest_real_part(J, alpha, beta):
    return jnp.max(jnp.real(jnp.linalg.eigvals(jnp.block(_matrix(J, alpha, beta)))))


@mutant(
    "q4",
    of="complex_momentum_radius",
    refused_by="radius_of_complex_momentum",
    says="The field has the wrong sign in the matrix: mu gets minus J z.",
)
def field_with_the_wrong_sign(J, alpha, beta):
    return _radius(_matrix(-J, alpha, beta))


@mutant(
    "q4",
    of="complex_momentum_radius",
    refused_by="radius_of_complex_momentum",
    says=(
        "Only the symmetric part of J has been used (as if its eigenvalues were real): the imaginary "
        "parts of its eigenvalues are what this is about."
    ),
)
def real_spectrum_assumed(J, alpha, beta):
    return _radius(_matrix((J + J.T) / 2, alpha, beta))


@mutant(
    "q4",
    of="complex_momentum_radius",
    refused_by="radius_of_complex_momentum",
    says="The radius isn't a vector of all moduli: return the largest one.",
)
def all_moduli(J, alpha, beta):
    return jnp.abs(jnp.linalg.eigvals(jnp.block(_matrix(J, alpha, beta))))
