"""Mistakes that the checks of question 4 refuse."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import mutant


def _network(keys, widths, scale=lambda n, m: n**-0.5, draw=jax.random.normal):
    return [
        {"W": scale(n, m) * draw(k, (n, m)), "b": jnp.zeros(m)}
        for k, n, m in zip(keys, widths, widths[1:], strict=False)
    ]


def _keys(key, widths):
    return jax.random.split(key, len(widths) - 1)


@mutant(
    "q4",
    of="init_network",
    refused_by="layers_are_independent",
    says=(
        "The same key is used for every layer, so layers of one shape get the same weights: split the "
        "key, one for each."
    ),
)
def one_key_for_all_layers(key, widths):
    return _network([key] * (len(widths) - 1), widths)


@mutant(
    "q4",
    of="init_network",
    refused_by="layers_are_independent",
    says="One row is drawn and repeated, so all inputs share their weights: draw the whole matrix.",
)
def one_row_repeated(key, widths):
    def draw(k, shape):
        return jnp.broadcast_to(jax.random.normal(k, shape[1:]), shape)

    return _network(_keys(key, widths), widths, draw=draw)


@mutant(
    "q4",
    of="init_network",
    refused_by="network_comes_from_the_key",
    says="The key that is given is ignored: whatever it is, the network is the same.",
)
def network_ignores_the_key(key, widths):
    return _network(_keys(jax.random.key(0), widths), widths)


@mutant(
    "q4",
    of="init_network",
    refused_by="network_comes_from_the_key",
    says=(
        "The same key gives another network each time: the numbers come from a hidden state (NumPy's), "
        "not from the key."
    ),
)
def network_from_numpy(key, widths):
    return _network(widths[1:], widths, draw=lambda _, shape: jnp.asarray(np.random.randn(*shape)))


@mutant(
    "q4",
    of="init_network",
    refused_by="moments_of_the_weights",
    says="The weights are divided by the number of inputs: it is the variance that is 1 / in.",
)
def root_forgotten(key, widths):
    return _network(_keys(key, widths), widths, scale=lambda n, m: 1 / n)


@mutant(
    "q4",
    of="init_network",
    refused_by="moments_of_the_weights",
    says="The weights are standard normal: their variance is 1 / in.",
)
def not_scaled(key, widths):
    return _network(_keys(key, widths), widths, scale=lambda n, m: 1.0)


@mutant(
    "q4",
    of="init_network",
    refused_by="moments_of_the_weights",
    says="The variance is 1 / out: it is 1 / in.",
)
def scaled_by_outputs(key, widths):
    return _network(_keys(key, widths), widths, scale=lambda n, m: m**-0.5)


@mutant(
    "q4",
    of="init_network",
    refused_by="moments_of_the_weights",
    says="The weights are uniformly distributed: they are normal.",
)
def uniform_weights(key, widths):
    def draw(k, shape):
        return jax.random.uniform(k, shape, minval=-(3**0.5), maxval=3**0.5)

    return _network(_keys(key, widths), widths, draw=draw)


@mutant(
    "q4",
    of="init_network",
    refused_by="moments_of_the_weights",
    says="The biases are random: they start at 0.",
)
def random_biases(key, widths):
    layers = _network(_keys(key, widths), widths)
    return [{"W": layer["W"], "b": layer["W"][0]} for layer in layers]


# --- Mini-batches ---------------------------------------------------------------------------------


def _cut(order, batch_size):
    rows = len(order) // batch_size
    return order[: rows * batch_size].reshape(rows, batch_size)


@mutant(
    "q4",
    of="epoch_batches",
    refused_by="indices_at_most_once",
    says="Indices are drawn with replacement: in an epoch each comes at most once.",
)
def with_replacement(key, num_examples, batch_size):
    return _cut(jax.random.randint(key, (num_examples,), 0, num_examples), batch_size)


@mutant(
    "q4",
    of="epoch_batches",
    refused_by="indices_at_most_once",
    says="The indices are counted from 1: they begin with 0.",
)
def indices_from_one(key, num_examples, batch_size):
    return _cut(1 + jax.random.permutation(key, num_examples), batch_size)


@mutant(
    "q4",
    of="epoch_batches",
    refused_by="indices_at_most_once",
    says=(
        "Every batch is drawn for itself, so an index may be in several: order all indices once, and "
        "cut that."
    ),
)
def batches_drawn_apart(key, num_examples, batch_size):
    keys = jax.random.split(key, num_examples // batch_size)
    return jnp.stack([jax.random.permutation(k, num_examples)[:batch_size] for k in keys])


@mutant(
    "q4",
    of="epoch_batches",
    refused_by="order_comes_from_the_key",
    says="The order is not random at all: permute the indices.",
)
def in_order(key, num_examples, batch_size):
    return _cut(jnp.arange(num_examples), batch_size)


@mutant(
    "q4",
    of="epoch_batches",
    refused_by="order_comes_from_the_key",
    says=(
        "Only the order of the batches is random: the same examples are always together. Permute the "
        "examples, then cut."
    ),
)
def batches_permuted(key, num_examples, batch_size):
    return jax.random.permutation(key, _cut(jnp.arange(num_examples), batch_size))


@mutant(
    "q4",
    of="epoch_batches",
    refused_by="order_comes_from_the_key",
    says="The last examples are never used: permute all indices, then leave out what is too much.",
)
def last_examples_never_used(key, num_examples, batch_size):
    used = num_examples // batch_size * batch_size
    return jax.random.permutation(key, used).reshape(-1, batch_size)


@mutant(
    "q4",
    of="epoch_batches",
    refused_by="order_comes_from_the_key",
    says="The key that is given is ignored, so that every epoch has the same order.",
)
def order_ignores_the_key(key, num_examples, batch_size):
    return _cut(jax.random.permutation(jax.random.key(0), num_examples), batch_size)


@mutant(
    "q4",
    of="epoch_batches",
    refused_by="order_comes_from_the_key",
    says=(
        "The same key gives another order each time: it comes from a hidden state (NumPy's), not from "
        "the key."
    ),
)
def order_from_numpy(key, num_examples, batch_size):
    return _cut(jnp.asarray(np.random.permutation(num_examples)), batch_size)
