"""Example calls of `reference.talks.total_variation_networks`."""

import numpy as np

from reference.talks import total_variation_networks
from tests.reference.calls import Call

rng = np.random.default_rng(0)
LAYERS = [rng.normal(size=shape) for shape in [(4, 3, 2), (4, 5, 3), (4, 1, 5)]]
X, Y, POINTS = np.arange(5) ** 1.5, rng.normal(size=5), rng.normal(size=(6, 2))
NETWORK = total_variation_networks.ReluNetwork(
    *rng.normal(size=(3, 4)),
    intercept=np.array(0.5),  # pyright: ignore[reportArgumentType]
    slope=np.array(-1.0),  # pyright: ignore[reportArgumentType]
)

CALLS = [
    Call(total_variation_networks.parallel_network, (LAYERS, POINTS)),
    Call(total_variation_networks.weight_decay, (LAYERS,)),
    Call(total_variation_networks.path_penalty, (LAYERS,)),
    Call(total_variation_networks.balanced_layers, (LAYERS,)),
    Call(total_variation_networks.network_values, (NETWORK, X)),
    Call(total_variation_networks.network_penalty, (NETWORK,)),
    Call(total_variation_networks.slope_variation, (Y, X)),
    Call(total_variation_networks.spline_network, (Y, X)),
    Call(total_variation_networks.trend_filter_loss, (Y, X, Y**2, 0.1)),
    Call(total_variation_networks.trend_filter, (X, Y, 0.1), {"num_steps": 3}),
]
