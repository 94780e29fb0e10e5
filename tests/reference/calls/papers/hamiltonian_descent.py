"""Example calls of `reference.papers.hamiltonian_descent`."""

import jax.numpy as jnp
import numpy as np

from reference.papers import hamiltonian_descent
from tests.reference.calls import Call

TREE = {"W": np.ones((3, 2)), "bias": np.zeros(2)}


def loss(w):
    return jnp.sum(jnp.cos(w["W"])) + jnp.sum(w["bias"] ** 2)


def velocity(p):
    return hamiltonian_descent.power_velocity(p, 1.5, 2.0)


def optimizer_step(w):
    optimizer = hamiltonian_descent.hamiltonian_descent_optimizer(velocity, 0.1, 0.9)
    return optimizer.update(w, optimizer.init(w), w)


CALLS = [
    Call(hamiltonian_descent.power_kinetic_energy, (TREE, 1.5, 2.0)),
    Call(hamiltonian_descent.power_velocity, (TREE, 1.5, 2.0)),
    Call(hamiltonian_descent.matched_power, (np.array(4.0),)),
    Call(optimizer_step, (TREE,), covered=(hamiltonian_descent.hamiltonian_descent_optimizer,)),
    Call(hamiltonian_descent.first_explicit_iterates, (loss, velocity, TREE, 0.1, 0.9, 3)),
    Call(hamiltonian_descent.second_explicit_iterates, (loss, velocity, TREE, 0.1, 0.9, 3)),
]
