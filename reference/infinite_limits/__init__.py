"""Lecture 6: networks of infinite width and depth, and what finite ones keep of them.

`dual_activations` says what a wide layer does to a covariance; repeated, that gives the Gaussian
process of a network at initialisation (`nngp`), the kernel that its training follows
(`neural_tangent_kernel`), and what depth does (`edge_of_chaos`). `finite_width` draws the
networks themselves, `empirical_kernel` computes their tangent kernel without a Jacobian, and
`lazy_training` solves training where that kernel is constant. `neural_tangent_kernel` is the
module here: its function of that name has no alias.
"""

from reference.infinite_limits.dual_activations import ERF as ERF
from reference.infinite_limits.dual_activations import RELU as RELU
from reference.infinite_limits.dual_activations import Activation as Activation
from reference.infinite_limits.dual_activations import arc_cosine_kernel as arc_cosine_kernel
from reference.infinite_limits.dual_activations import erf_covariance as erf_covariance
from reference.infinite_limits.dual_activations import (
    erf_derivative_covariance as erf_derivative_covariance,
)
from reference.infinite_limits.dual_activations import gauss_hermite_rule as gauss_hermite_rule
from reference.infinite_limits.dual_activations import (
    quadrature_activation as quadrature_activation,
)
from reference.infinite_limits.dual_activations import (
    quadrature_covariance as quadrature_covariance,
)
from reference.infinite_limits.dual_activations import relu_correlation as relu_correlation
from reference.infinite_limits.dual_activations import relu_covariance as relu_covariance
from reference.infinite_limits.dual_activations import (
    relu_derivative_covariance as relu_derivative_covariance,
)
from reference.infinite_limits.dual_activations import step_correlation as step_correlation
from reference.infinite_limits.edge_of_chaos import FixedPoint as FixedPoint
from reference.infinite_limits.edge_of_chaos import (
    correlation_fixed_point as correlation_fixed_point,
)
from reference.infinite_limits.edge_of_chaos import correlation_iterates as correlation_iterates
from reference.infinite_limits.edge_of_chaos import correlation_map as correlation_map
from reference.infinite_limits.edge_of_chaos import correlation_slope as correlation_slope
from reference.infinite_limits.edge_of_chaos import (
    critical_initialisation as critical_initialisation,
)
from reference.infinite_limits.edge_of_chaos import depth_scale as depth_scale
from reference.infinite_limits.edge_of_chaos import variance_fixed_point as variance_fixed_point
from reference.infinite_limits.edge_of_chaos import variance_map as variance_map
from reference.infinite_limits.empirical_kernel import ContractionCosts as ContractionCosts
from reference.infinite_limits.empirical_kernel import contraction_costs as contraction_costs
from reference.infinite_limits.empirical_kernel import dense_tangent_kernel as dense_tangent_kernel
from reference.infinite_limits.empirical_kernel import (
    layerwise_tangent_kernel as layerwise_tangent_kernel,
)
from reference.infinite_limits.empirical_kernel import tangent_kernel as tangent_kernel
from reference.infinite_limits.empirical_kernel import (
    tangent_kernel_by_products as tangent_kernel_by_products,
)
from reference.infinite_limits.empirical_kernel import (
    tangent_kernel_product as tangent_kernel_product,
)
from reference.infinite_limits.empirical_kernel import (
    traced_tangent_kernel as traced_tangent_kernel,
)
from reference.infinite_limits.finite_width import ntk_rates as ntk_rates
from reference.infinite_limits.finite_width import perceptron_outputs as perceptron_outputs
from reference.infinite_limits.finite_width import standard_parameters as standard_parameters
from reference.infinite_limits.finite_width import (
    unit_normal_parameters as unit_normal_parameters,
)
from reference.infinite_limits.lazy_training import ensemble_covariance as ensemble_covariance
from reference.infinite_limits.lazy_training import (
    gradient_descent_predictions as gradient_descent_predictions,
)
from reference.infinite_limits.lazy_training import (
    gradient_flow_predictions as gradient_flow_predictions,
)
from reference.infinite_limits.lazy_training import kernel_regression as kernel_regression
from reference.infinite_limits.lazy_training import linearised_network as linearised_network
from reference.infinite_limits.neural_tangent_kernel import (
    shallow_relu_tangent_kernel as shallow_relu_tangent_kernel,
)
from reference.infinite_limits.neural_tangent_kernel import (
    standard_tangent_kernel as standard_tangent_kernel,
)
from reference.infinite_limits.nngp import dual_kernel as dual_kernel
from reference.infinite_limits.nngp import input_kernel as input_kernel
from reference.infinite_limits.nngp import nngp_kernel as nngp_kernel
from reference.infinite_limits.nngp import posterior as posterior
