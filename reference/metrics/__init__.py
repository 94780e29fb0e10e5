"""Lecture 3: metrics on the space of functions, and descent that does not see coordinates.

How far is a step? `fisher` measures by the divergence of predictions, `bregman` by any
dissimilarity of outputs, pulled back to the weights. `proximal` trades a dissimilarity to the
old weights off against the loss; its approximations are gradient descent and, with the Fisher
information, `natural_gradients`. `mirror_descent` keeps a Bregman divergence whole and
linearises the loss.
"""

from reference.metrics.bregman import bregman_divergence as bregman_divergence
from reference.metrics.bregman import categorical_divergence as categorical_divergence
from reference.metrics.bregman import mean_output_dissimilarity as mean_output_dissimilarity
from reference.metrics.bregman import output_metric as output_metric
from reference.metrics.bregman import pullback_metric as pullback_metric
from reference.metrics.bregman import (
    pullback_metric_vector_product as pullback_metric_vector_product,
)
from reference.metrics.fisher import LogitsFn as LogitsFn
from reference.metrics.fisher import empirical_fisher_matrix as empirical_fisher_matrix
from reference.metrics.fisher import (
    empirical_fisher_vector_product as empirical_fisher_vector_product,
)
from reference.metrics.fisher import fisher_matrix as fisher_matrix
from reference.metrics.fisher import fisher_vector_product as fisher_vector_product
from reference.metrics.fisher import gaussian_fisher as gaussian_fisher
from reference.metrics.fisher import negative_log_likelihoods as negative_log_likelihoods
from reference.metrics.fisher import sampled_fisher_vector_product as sampled_fisher_vector_product
from reference.metrics.fisher import softmax_fisher as softmax_fisher
from reference.metrics.mirror_descent import (
    exponentiated_gradient_iterates as exponentiated_gradient_iterates,
)
from reference.metrics.mirror_descent import (
    exponentiated_gradient_optimizer as exponentiated_gradient_optimizer,
)
from reference.metrics.mirror_descent import log_partition as log_partition
from reference.metrics.mirror_descent import mirror_descent_iterates as mirror_descent_iterates
from reference.metrics.mirror_descent import mirror_descent_optimizer as mirror_descent_optimizer
from reference.metrics.mirror_descent import mirror_step as mirror_step
from reference.metrics.mirror_descent import negative_entropy as negative_entropy
from reference.metrics.natural_gradients import natural_gradient as natural_gradient
from reference.metrics.natural_gradients import (
    natural_gradient_descent_iterates as natural_gradient_descent_iterates,
)
from reference.metrics.proximal import ProximalPointResult as ProximalPointResult
from reference.metrics.proximal import half_squared_distance as half_squared_distance
from reference.metrics.proximal import proximal_point as proximal_point
from reference.metrics.proximal import proximal_point_iterates as proximal_point_iterates
from reference.metrics.proximal import quadratic_proximal_point as quadratic_proximal_point
