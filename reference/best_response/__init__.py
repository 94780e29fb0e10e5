"""Lecture 12: bilevel optimization II, best responses and gradients through long unrolls.

What do the weights become if the hyperparameters change? `best_response` has closed forms and
learns the linearised answer; `self_tuning_network` puts the answer inside the layers;
`warm_start` shows which answer an overparameterised problem gives, and that it can depend on
the path. The other modules differentiate through training itself: `recurrent_gradients` (forwards,
backwards, truncated, at random), `evolution_strategies` (from losses alone), and
`persistent_evolution`, which takes the truncation bias out of these.
"""

from reference.best_response.best_response import (
    linearised_best_response as linearised_best_response,
)
from reference.best_response.best_response import (
    linearised_response_step as linearised_response_step,
)
from reference.best_response.best_response import response_hypergradient as response_hypergradient
from reference.best_response.best_response import ridge_best_response as ridge_best_response
from reference.best_response.best_response import ridge_response_jacobian as ridge_response_jacobian
from reference.best_response.evolution_strategies import (
    evolution_strategies_gradient as evolution_strategies_gradient,
)
from reference.best_response.evolution_strategies import (
    full_unroll_gradient as full_unroll_gradient,
)
from reference.best_response.evolution_strategies import truncated_gradient as truncated_gradient
from reference.best_response.persistent_evolution import Particles as Particles
from reference.best_response.persistent_evolution import (
    analytic_persistent_gradient as analytic_persistent_gradient,
)
from reference.best_response.persistent_evolution import (
    noise_reuse_gradient as noise_reuse_gradient,
)
from reference.best_response.persistent_evolution import persistent_gradient as persistent_gradient
from reference.best_response.persistent_evolution import persistent_start as persistent_start
from reference.best_response.persistent_evolution import persistent_step as persistent_step
from reference.best_response.recurrent_gradients import rank_one_gradient as rank_one_gradient
from reference.best_response.recurrent_gradients import (
    real_time_recurrent_gradient as real_time_recurrent_gradient,
)
from reference.best_response.recurrent_gradients import (
    truncated_backpropagation_gradient as truncated_backpropagation_gradient,
)
from reference.best_response.recurrent_gradients import unroll as unroll
from reference.best_response.recurrent_gradients import unrolled_loss as unrolled_loss
from reference.best_response.self_tuning_network import SelfTuningLayer as SelfTuningLayer
from reference.best_response.self_tuning_network import SelfTuningState as SelfTuningState
from reference.best_response.self_tuning_network import (
    best_response_outputs as best_response_outputs,
)
from reference.best_response.self_tuning_network import (
    best_response_weights as best_response_weights,
)
from reference.best_response.self_tuning_network import gated_linear_network as gated_linear_network
from reference.best_response.self_tuning_network import gaussian_entropy as gaussian_entropy
from reference.best_response.self_tuning_network import linear_network_gates as linear_network_gates
from reference.best_response.self_tuning_network import linear_response as linear_response
from reference.best_response.self_tuning_network import perturbed_loss as perturbed_loss
from reference.best_response.self_tuning_network import self_tuning_iterates as self_tuning_iterates
from reference.best_response.self_tuning_network import self_tuning_step as self_tuning_step
from reference.best_response.warm_start import bilevel_iterates as bilevel_iterates
from reference.best_response.warm_start import cold_start_solutions as cold_start_solutions
from reference.best_response.warm_start import descended_weights as descended_weights
from reference.best_response.warm_start import minimum_norm_response as minimum_norm_response
from reference.best_response.warm_start import nearest_solution as nearest_solution
from reference.best_response.warm_start import (
    partially_warm_started_weights as partially_warm_started_weights,
)
from reference.best_response.warm_start import projection_response as projection_response
from reference.best_response.warm_start import warm_start_excess as warm_start_excess
from reference.best_response.warm_start import warm_start_solutions as warm_start_solutions
