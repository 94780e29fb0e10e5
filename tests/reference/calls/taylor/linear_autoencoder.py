"""Example calls of `reference.taylor.linear_autoencoder`."""

import numpy as np

from reference.taylor import linear_autoencoder
from tests.reference.calls import Call

rng = np.random.default_rng(0)
W = linear_autoencoder.Autoencoder._make([rng.normal(size=(4, 3)), rng.normal(size=(3, 4))])
X, S, PENALTIES = rng.normal(size=(6, 4)), np.array([3.0, 2.0, 1.0]), np.array([0.1, 0.2, 0.3])

CALLS = [
    Call(linear_autoencoder.autoencoder_loss, (W, X, PENALTIES)),
    Call(linear_autoencoder.principal_components, (X, 3)),
    Call(linear_autoencoder.optimal_autoencoder, (X, PENALTIES)),
    Call(linear_autoencoder.principal_alignment, (W.encoder, X)),
    Call(linear_autoencoder.growth_direction, (W, 1)),
    Call(linear_autoencoder.exchange_direction, (W, 1)),
    Call(linear_autoencoder.rotation_direction, (W, 0, 2)),
    Call(linear_autoencoder.curvature, (W, W, X, PENALTIES)),
    Call(linear_autoencoder.growth_curvatures, (S, PENALTIES)),
    Call(linear_autoencoder.rotation_curvatures, (S, PENALTIES)),
]
