"""Lecture 4: second-order optimisation: steps that use curvature, exact, iterative or factored.

`newton` has the step on the full Hessian, and a search that says how it ended. Two ways to keep
such a step where its quadratic model holds are in `levenberg_marquardt` (damping, adapted by the
reduction ratio) and `trust_region` (a radius). `hessian_free` solves for the step by conjugate
gradients. K-FAC approximates the Fisher information of every layer by a Kronecker product:
`kronecker_products` is its algebra and its damping, `kronecker_factors` takes the factors from
dense layers and `kfac_convolution` from convolutions, `kfac` is the optimizer.
"""

from reference.second_order.hessian_free import HessianFreeState as HessianFreeState
from reference.second_order.hessian_free import hessian_free_optimizer as hessian_free_optimizer
from reference.second_order.hessian_free import hessian_free_step as hessian_free_step
from reference.second_order.kfac import KfacState as KfacState
from reference.second_order.kfac import averaged_factors as averaged_factors
from reference.second_order.kfac import kfac_optimizer as kfac_optimizer
from reference.second_order.kfac import step_size_and_momentum as step_size_and_momentum
from reference.second_order.kfac_convolution import convolution_factors as convolution_factors
from reference.second_order.kfac_convolution import convolution_weights as convolution_weights
from reference.second_order.kfac_convolution import image_patches as image_patches
from reference.second_order.kronecker_factors import LayerStatistics as LayerStatistics
from reference.second_order.kronecker_factors import Likelihood as Likelihood
from reference.second_order.kronecker_factors import dense_factors as dense_factors
from reference.second_order.kronecker_factors import empirical_factors as empirical_factors
from reference.second_order.kronecker_factors import (
    empirical_output_vectors as empirical_output_vectors,
)
from reference.second_order.kronecker_factors import exact_factors as exact_factors
from reference.second_order.kronecker_factors import exact_output_vectors as exact_output_vectors
from reference.second_order.kronecker_factors import fisher_block as fisher_block
from reference.second_order.kronecker_factors import layer_statistics as layer_statistics
from reference.second_order.kronecker_factors import sampled_factors as sampled_factors
from reference.second_order.kronecker_factors import (
    sampled_output_vectors as sampled_output_vectors,
)
from reference.second_order.kronecker_factors import tapped_perceptron as tapped_perceptron
from reference.second_order.kronecker_factors import with_homogeneous as with_homogeneous
from reference.second_order.kronecker_products import Factors as Factors
from reference.second_order.kronecker_products import damped_factors as damped_factors
from reference.second_order.kronecker_products import damping_ratio as damping_ratio
from reference.second_order.kronecker_products import (
    exactly_damped_gradient as exactly_damped_gradient,
)
from reference.second_order.kronecker_products import kronecker_matrix as kronecker_matrix
from reference.second_order.kronecker_products import (
    kronecker_vector_product as kronecker_vector_product,
)
from reference.second_order.kronecker_products import (
    preconditioned_gradient as preconditioned_gradient,
)
from reference.second_order.levenberg_marquardt import (
    LevenbergMarquardtState as LevenbergMarquardtState,
)
from reference.second_order.levenberg_marquardt import (
    levenberg_marquardt_optimizer as levenberg_marquardt_optimizer,
)
from reference.second_order.levenberg_marquardt import (
    levenberg_marquardt_step as levenberg_marquardt_step,
)
from reference.second_order.levenberg_marquardt import predicted_change as predicted_change
from reference.second_order.levenberg_marquardt import reduction_ratio as reduction_ratio
from reference.second_order.levenberg_marquardt import updated_damping as updated_damping
from reference.second_order.newton import Ending as Ending
from reference.second_order.newton import StationaryPoint as StationaryPoint
from reference.second_order.newton import newton_iterates as newton_iterates
from reference.second_order.newton import newton_optimizer as newton_optimizer
from reference.second_order.newton import newton_step as newton_step
from reference.second_order.newton import stationary_point as stationary_point
from reference.second_order.trust_region import Place as Place
from reference.second_order.trust_region import TrustRegionState as TrustRegionState
from reference.second_order.trust_region import TrustRegionStep as TrustRegionStep
from reference.second_order.trust_region import trust_region_optimizer as trust_region_optimizer
from reference.second_order.trust_region import trust_region_step as trust_region_step
