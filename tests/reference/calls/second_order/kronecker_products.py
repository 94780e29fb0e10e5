"""Example calls of `reference.second_order.kronecker_products`."""

from typing import Any

import numpy as np

from reference.second_order import kronecker_products
from reference.second_order.kronecker_products import Factors
from tests.reference.calls import Call

diagonal: Any = np.diag
FACTORS, V = Factors(diagonal([1.0, 2.0, 5.0]), diagonal([1.0, 3.0])), np.ones((3, 2))
DAMPED = {"damping": 0.1}

CALLS = [
    Call(kronecker_products.kronecker_matrix, (FACTORS,)),
    Call(kronecker_products.kronecker_vector_product, (FACTORS, V)),
    Call(kronecker_products.damping_ratio, (FACTORS,)),
    Call(kronecker_products.damped_factors, (FACTORS, 0.1)),
    Call(kronecker_products.preconditioned_gradient, (FACTORS, V), DAMPED),
    Call(kronecker_products.exactly_damped_gradient, (FACTORS, V), DAMPED),
]
