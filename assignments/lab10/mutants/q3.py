"""Mistakes that the checks of question 3 refuse: consensus and symplectic adjustment."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _field(losses, z):
    x, y = z
    return (
        jax.grad(lambda x: losses(x, y)[0])(x),
        jax.grad(lambda y: losses(x, y)[1])(y),
    )


def _pulled(losses, z, u=None):
    xi, pull = jax.vjp(lambda z: _field(losses, z), z)
    return pull(xi if u is None else u)[0]


def _pushed(losses, z, v=None):
    direction = _field(losses, z) if v is None else v
    return jax.jvp(lambda z: _field(losses, z), (z,), (direction,))[1]


def _plus(u, factor, v):
    return jax.tree.map(lambda a, b: a + factor * b, u, v)


def _half_square(losses, z):
    return jnp.sum(ravel_pytree(_field(losses, z))[0] ** 2) / 2


def _turned(losses, z):
    """A^T xi."""
    return jax.tree.map(lambda t, p: (t - p) / 2, _pulled(losses, z), _pushed(losses, z))


def _dense(losses, z):
    flat, unravel = ravel_pytree(z)

    def xi(flat):
        return ravel_pytree(_field(losses, unravel(flat)))[0]

    return xi(flat), jax.jacfwd(xi)(flat), unravel


def _by_columns(losses, z):
    """J^T xi from the inner products of xi with all columns of J, one at a time."""
    flat, unravel = ravel_pytree(z)
    xi = ravel_pytree(_field(losses, z))[0]

    def entry(e):
        return jnp.sum(xi * ravel_pytree(_pushed(losses, z, unravel(e)))[0])

    return unravel(jax.lax.map(entry, jnp.eye(len(flat), dtype=flat.dtype)))


# --- Consensus -----------------------------------------------------------------------------------


@mutant(
    "q3",
    of="consensus_direction",
    refused_by=("consensus_in_games", "adjustments_in_special_games"),
    says=(
        "The Jacobian isn't transposed: the gradient of half the squared length of xi is J^T xi, a "
        "vector-Jacobian product, and J isn't symmetric."
    ),
)
def consensus_not_transposed(losses, z, weight):
    return _plus(_field(losses, z), weight, _pushed(losses, z))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by=("consensus_in_games", "adjustments_in_special_games"),
    says="The factor 1/2 in h is missing: the pull is twice as strong as it should be.",
)
def half_missing(losses, z, weight):
    return _plus(_field(losses, z), 2 * weight, _pulled(losses, z))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by=("consensus_in_games", "adjustments_in_special_games"),
    says="The pull has the wrong sign: it pushes away from stationary points.",
)
def consensus_pushes(losses, z, weight):
    return _plus(_field(losses, z), -weight, _pulled(losses, z))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by=("consensus_in_games", "adjustments_in_special_games"),
    says="The field itself is missing: consensus adds its pull to xi.",
)
def pull_alone(losses, z, weight):
    return jax.tree.map(lambda c: weight * c, _pulled(losses, z))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by=("consensus_in_games", "adjustments_in_special_games"),
    says=(
        "Each player descends the length of its own gradient only: h contains the gradients of both, "
        "and so does each player's part of the pull."
    ),
)
def own_gradients_only(losses, z, weight):
    x, y = z

    def of_x(x):
        return sum(jnp.sum(g**2) for g in jax.tree.leaves(_field(losses, (x, y))[0])) / 2

    def of_y(y):
        return sum(jnp.sum(g**2) for g in jax.tree.leaves(_field(losses, (x, y))[1])) / 2

    return _plus(_field(losses, z), weight, (jax.grad(of_x)(x), jax.grad(of_y)(y)))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by=("consensus_in_games", "adjustments_in_special_games"),
    says="The pull is the gradient of the length of xi: it should be of half its square.",
)
def length_not_squared(losses, z, weight):
    pull = jax.grad(lambda z: jnp.sqrt(2 * _half_square(losses, z)))(z)
    return _plus(_field(losses, z), weight, pull)


@mutant(
    "q3",
    of="consensus_direction",
    refused_by="consensus_in_games",
    says=(
        "The squared gradients are averaged over the parameters: h is a sum, half the squared length "
        "of xi."
    ),
)
def mean_for_the_sum(losses, z, weight):
    count = sum(leaf.size for leaf in jax.tree.leaves(z))
    return _plus(_field(losses, z), weight / count, _pulled(losses, z))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by=("consensus_in_games", "adjustments_in_special_games"),
    says="The weight isn't used: the pull has the weight 1.",
)
def consensus_without_weight(losses, z, weight):
    return _plus(_field(losses, z), 1.0, _pulled(losses, z))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by=("consensus_in_games", "adjustments_in_special_games"),
    says="The two methods are exchanged: consensus takes the whole J^T xi, not only A^T xi.",
)
def symplectic_for_consensus(losses, z, weight):
    return _plus(_field(losses, z), weight, _turned(losses, z))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by="adjustments_to_all_digits",
    says=(
        "The gradient of h is a finite difference: it keeps some of the digits, at a price that grows "
        "with the number of parameters."
    ),
)
def consensus_by_differences(losses, z, weight):
    flat, unravel = ravel_pytree(z)
    h = 1e-4

    def entry(e):
        up, down = (_half_square(losses, unravel(flat + s * h * e)) for s in (1, -1))
        return (up - down) / (2 * h)

    pull = jax.vmap(entry)(jnp.eye(len(flat), dtype=flat.dtype))
    return _plus(_field(losses, z), weight, unravel(pull))


@mutant(
    "q3",
    of="consensus_direction",
    refused_by="adjustments_cost_few_fields",
    says="Right, but the dense Jacobian is formed: one vector-Jacobian product gives J^T xi.",
)
def consensus_by_dense_jacobian(losses, z, weight):
    xi, J, unravel = _dense(losses, z)
    return unravel(xi + weight * J.T @ xi)


@mutant(
    "q3",
    of="consensus_direction",
    refused_by="adjustments_cost_few_fields",
    says=(
        "Right, but a loop over basis vectors makes the entries of J^T xi one by one: reverse mode "
        "gives all at once."
    ),
)
def consensus_by_basis_vectors(losses, z, weight):
    return _plus(_field(losses, z), weight, _by_columns(losses, z))


# --- Symplectic ----------------------------------------------------------------------------------


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by=("symplectic_in_games", "adjustments_in_special_games"),
    says=(
        "The adjustment has the wrong sign: it is A^T xi, and A^T = -A. With A the players are pushed "
        "off."
    ),
)
def antisymmetric_not_transposed(losses, z, weight):
    return _plus(_field(losses, z), -weight, _turned(losses, z))


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by=("symplectic_in_games", "adjustments_in_special_games"),
    says="The factor 1/2 in A is missing: the adjustment is twice as large as it should be.",
)
def antisymmetric_without_half(losses, z, weight):
    return _plus(_field(losses, z), 2 * weight, _turned(losses, z))


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by=("symplectic_in_games", "adjustments_in_special_games"),
    says="This takes the symmetric part S, the one that does not turn: J^T xi minus J xi, not plus.",
)
def symmetric_part(losses, z, weight):
    both = _plus(_pulled(losses, z), 1.0, _pushed(losses, z))
    return _plus(_field(losses, z), weight / 2, both)


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by=("symplectic_in_games", "adjustments_in_special_games"),
    says=(
        "This is the consensus direction: the symplectic adjustment takes the antisymmetric part of "
        "J only. In bilinear games they agree."
    ),
)
def consensus_for_symplectic(losses, z, weight):
    return _plus(_field(losses, z), weight, _pulled(losses, z))


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by=("symplectic_in_games", "adjustments_in_special_games"),
    says=(
        "The adjustment is -J xi: that is A^T xi only if J is antisymmetric, as in bilinear zero-sum "
        "games."
    ),
)
def antisymmetric_jacobian_assumed(losses, z, weight):
    return _plus(_field(losses, z), -weight, _pushed(losses, z))


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by="symplectic_in_games",
    says=(
        "This is J^T xi without the diagonal blocks of J: in A^T the off-diagonal blocks of J^T are "
        "averaged with those of -J, and these come from the other loss."
    ),
)
def off_diagonal_blocks(losses, z, weight):
    xi = _field(losses, z)
    zeros = jax.tree.map(jnp.zeros_like, xi)
    to_x = _pulled(losses, z, (zeros[0], xi[1]))[0]
    to_y = _pulled(losses, z, (xi[0], zeros[1]))[1]
    return _plus(xi, weight, (to_x, to_y))


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by="symplectic_in_games",
    says=(
        "The sign of the weight was changed: use the weight as given, whether it is positive or "
        "negative."
    ),
)
def weight_made_positive(losses, z, weight):
    return _plus(_field(losses, z), abs(weight), _turned(losses, z))


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by=("symplectic_in_games", "adjustments_in_special_games"),
    says="The field is missing: the symplectic adjustment is added to xi.",
)
def adjustment_alone(losses, z, weight):
    return jax.tree.map(lambda c: weight * c, _turned(losses, z))


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by="adjustments_to_all_digits",
    says="J xi is a finite difference of the field: a Jacobian-vector product gives all digits.",
)
def push_by_differences(losses, z, weight):
    xi, h = _field(losses, z), 1e-4
    up, down = (_field(losses, _plus(z, s * h, xi)) for s in (1, -1))
    pushed = jax.tree.map(lambda a, b: (a - b) / (2 * h), up, down)
    turned = jax.tree.map(lambda t, p: (t - p) / 2, _pulled(losses, z), pushed)
    return _plus(xi, weight, turned)


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by="adjustments_cost_few_fields",
    says=(
        "Right, but the dense Jacobian is formed for the symplectic adjustment: two products of it "
        "with xi are enough."
    ),
)
def symplectic_by_dense_jacobian(losses, z, weight):
    xi, J, unravel = _dense(losses, z)
    return unravel(xi + weight * (J.T - J) @ xi / 2)


@mutant(
    "q3",
    of="symplectic_direction",
    refused_by="adjustments_cost_few_fields",
    says=(
        "Right, but J^T xi is made entry by entry, with a product for each basis vector: reverse mode "
        "gives it at once."
    ),
)
def symplectic_by_basis_vectors(losses, z, weight):
    pulled, pushed = _by_columns(losses, z), _pushed(losses, z)
    turned = jax.tree.map(lambda t, p: (t - p) / 2, pulled, pushed)
    return _plus(_field(losses, z), weight, turned)
