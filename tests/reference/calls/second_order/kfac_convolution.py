"""Example calls of `reference.second_order.kfac_convolution`."""

from typing import Any

import numpy as np

from reference.second_order import kfac_convolution
from reference.second_order.kronecker_factors import LayerStatistics
from tests.reference.calls import Call

rng: Any = np.random.default_rng(0)
STATISTICS = LayerStatistics(rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 2, 3, 5)))

CALLS = [
    Call(
        kfac_convolution.image_patches,
        (rng.normal(size=(2, 4, 5, 3)), (2, 3)),
        {"stride": 2, "padding": 1},
    ),
    Call(kfac_convolution.convolution_weights, (rng.normal(size=(2, 3, 3, 4)), np.ones(4))),
    Call(kfac_convolution.convolution_factors, (STATISTICS,)),
]
