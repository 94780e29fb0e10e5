"""Lecture 11: bilevel optimization, where the answer of one optimization enters another.

Hyperparameters theta are tuned on a validation loss L_v(w*(theta), theta) that they reach through
training, w*(theta) = argmin_w L_t(w, theta). The hypergradient has two routes. `implicit`
differentiates the optimality condition at w*, which needs a solve with the Hessian of L_t and no
trajectory; `unrolling` differentiates the training run, which needs the trajectory and no
convergence. `neumann` is where they meet: n terms of a series for the inverse are n steps of
gradient descent unrolled from the optimum.
"""

from reference.bilevel_optimization.implicit import argmin as argmin
from reference.bilevel_optimization.implicit import (
    assembled_hypergradient as assembled_hypergradient,
)
from reference.bilevel_optimization.implicit import dense_hypergradient as dense_hypergradient
from reference.bilevel_optimization.implicit import implicit_hypergradient as implicit_hypergradient
from reference.bilevel_optimization.implicit import (
    mixed_derivative_product as mixed_derivative_product,
)
from reference.bilevel_optimization.neumann import neumann_hypergradient as neumann_hypergradient
from reference.bilevel_optimization.neumann import (
    neumann_inverse_product as neumann_inverse_product,
)
from reference.bilevel_optimization.neumann import neumann_shrinkage as neumann_shrinkage
from reference.bilevel_optimization.unrolling import descended_weights as descended_weights
from reference.bilevel_optimization.unrolling import (
    forward_mode_hypergradient as forward_mode_hypergradient,
)
from reference.bilevel_optimization.unrolling import (
    reverse_mode_hypergradient as reverse_mode_hypergradient,
)
from reference.bilevel_optimization.unrolling import (
    truncated_hypergradient as truncated_hypergradient,
)
from reference.bilevel_optimization.unrolling import truncation_bias as truncation_bias
