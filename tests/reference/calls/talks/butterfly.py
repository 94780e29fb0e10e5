"""Example calls of `reference.talks.butterfly`."""

import numpy as np

from reference.talks import butterfly
from tests.reference.calls import Call

rng = np.random.default_rng(0)
L, R = rng.normal(size=(3, 2, 4)), rng.normal(size=(4, 3, 5))

CALLS = [
    Call(butterfly.monarch_product, (L, R, rng.normal(size=20))),
    Call(butterfly.monarch_product, (L + 0j, R + 0j, rng.normal(size=20) + 0j)),
    Call(butterfly.monarch_matrix, (L, R)),
    Call(butterfly.monarch_projection, (rng.normal(size=(6, 20)), 3, 4)),
    Call(butterfly.monarch_projection, (rng.normal(size=(6, 20)) + 0j, 3, 4)),
]

# From sizes alone.
NOT_PROGRAMS = [
    butterfly.stride_permutation,
    butterfly.fourier_factors,
    butterfly.flat_butterfly_support,
]
