"""Right answers to question 4 by other routes."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate


@alternate("q4", of="init_network", route="a new key split off before each layer")
def network_by_splitting_off(key, widths):
    network = []
    for n, m in pairwise(widths):
        key, used = jax.random.split(key)
        network.append({"W": n**-0.5 * jax.random.normal(used, (n, m)), "b": jnp.zeros((m,))})
    return network


@alternate("q4", of="init_network", route="the layer's number folded into the key, float32")
def network_by_folding(key, widths):
    return [
        {
            "W": jax.random.normal(jax.random.fold_in(key, i), (n, m), jnp.float32) / np.sqrt(n),
            "b": jnp.zeros(m, jnp.float32),
        }
        for i, (n, m) in enumerate(pairwise(widths))
    ]


@alternate("q4", of="init_network", route="a long vector, cut up")
def network_from_a_vector(key, widths):
    sizes = list(pairwise(widths))
    z = jax.random.normal(key, (sum(n * m for n, m in sizes),))
    network = []
    for n, m in sizes:
        network.append({"W": z[: n * m].reshape(n, m) / jnp.sqrt(n), "b": jnp.zeros(m)})
        z = z[n * m :]
    return network


@alternate("q4", of="epoch_batches", route="sorting uniform numbers")
def batches_by_sorting(key, num_examples, batch_size):
    order = jnp.argsort(jax.random.uniform(key, (num_examples,)))
    rows = num_examples // batch_size
    return jnp.stack(jnp.split(order[: rows * batch_size], rows))


@alternate("q4", of="epoch_batches", route="a choice without replacement")
def batches_by_choice(key, num_examples, batch_size):
    shape = num_examples // batch_size, batch_size
    return jax.random.choice(key, num_examples, shape, replace=False)


@alternate("q4", of="epoch_batches", route="NumPy, seeded by the key")
def batches_by_numpy(key, num_examples, batch_size):
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())
    rows = num_examples // batch_size
    return rng.permutation(num_examples)[: rows * batch_size].reshape(rows, batch_size)
