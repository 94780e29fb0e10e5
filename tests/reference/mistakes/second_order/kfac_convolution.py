"""Plausible mistakes in `reference.second_order.kfac_convolution`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "Omega a mean over locations too",
        "patches, patches) / N",
        "patches, patches) / (N * T)",
        "test_kronecker_product_is_the_fisher_where_the_assumptions_hold",
    ),
    Mistake(
        "Gamma a sum over locations",
        "g, g) / (N * T)",
        "g, g) / N",
        "test_factors_are_the_loops_over_examples_and_locations",
    ),
    Mistake(
        "gradients summed over locations before they are squared",
        'jnp.einsum("cnto,cntp->op", g, g)',
        'jnp.einsum("cnto,cnsp->op", g, g)',
        "test_factors_are_the_loops_over_examples_and_locations",
    ),
    Mistake(
        "channels before the kernel's pixels",
        "patches = jnp.stack(shifted, axis=3)",
        "patches = jnp.stack(shifted, axis=4)",
        "test_patches_times_weights_are_the_convolution",
    ),
    Mistake(
        "kernel scanned by columns",
        "        for i in range(height)\n        for j in range(width)",
        "        for j in range(width)\n        for i in range(height)",
        "test_patches_times_weights_are_the_convolution",
    ),
    Mistake(
        "kernel turned over",
        "kernel.reshape(-1, kernel.shape[-1])",
        "kernel[::-1, ::-1].reshape(-1, kernel.shape[-1])",
        "test_patches_times_weights_are_the_convolution",
    ),
]
