"""Example calls of `reference.talks.reconstruction`."""

import jax
import numpy as np

from reference.talks import reconstruction
from tests.reference.calls import Call

rng = np.random.default_rng(0)
U = np.linalg.qr(rng.normal(size=(4, 2)))[0]
Y, A, STD = rng.normal(size=(5, 4)), np.array(0.5), np.array(0.7)

CALLS = [
    Call(reconstruction.noisy_signals, (jax.random.key, U, 5, 0.7)),
    Call(reconstruction.trained_denoiser, (Y, Y + 1)),
    Call(reconstruction.denoiser_risk, (Y[:4], U, 0.7)),
    Call(reconstruction.best_denoiser_risk, (2, STD)),
    Call(reconstruction.predicted_excess_risk, (4, 2, 10, STD)),
    Call(reconstruction.shrinkage_risk, (A, 2, 0.7)),
    Call(reconstruction.self_supervised_loss, (A, U, Y[0])),
    Call(reconstruction.adapted_shrinkage, (U, Y[0])),
]
