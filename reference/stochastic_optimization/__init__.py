"""Lecture 7: stochastic optimization and scaling.

Everything is read off a model in which the noise of the gradient can be followed exactly.
`noisy_quadratic` has the model and the expected loss of SGD with any schedule, momentum and
preconditioner; `batch_size` what a larger batch buys there; `averaging` what an average of the
iterates buys instead. `interpolation` is the other regime, least squares with examples drawn
from a finite set, in which the noise vanishes at a solution that fits them all.
"""

from reference.stochastic_optimization.averaging import averaged_parameters as averaged_parameters
from reference.stochastic_optimization.averaging import (
    ema_steady_state_risk as ema_steady_state_risk,
)
from reference.stochastic_optimization.averaging import (
    iterate_average_losses as iterate_average_losses,
)
from reference.stochastic_optimization.averaging import parameter_average as parameter_average
from reference.stochastic_optimization.averaging import polyak_decay as polyak_decay
from reference.stochastic_optimization.batch_size import (
    critical_batch_size as critical_batch_size,
)
from reference.stochastic_optimization.batch_size import (
    curvature_noise_scale as curvature_noise_scale,
)
from reference.stochastic_optimization.batch_size import fewest_steps as fewest_steps
from reference.stochastic_optimization.batch_size import greedy_schedule as greedy_schedule
from reference.stochastic_optimization.batch_size import greedy_step_size as greedy_step_size
from reference.stochastic_optimization.batch_size import steps_to_target as steps_to_target
from reference.stochastic_optimization.interpolation import (
    expected_sgd_losses as expected_sgd_losses,
)
from reference.stochastic_optimization.interpolation import (
    expected_sgd_second_moments as expected_sgd_second_moments,
)
from reference.stochastic_optimization.interpolation import (
    gradient_noise_covariance as gradient_noise_covariance,
)
from reference.stochastic_optimization.interpolation import (
    interpolation_rate as interpolation_rate,
)
from reference.stochastic_optimization.interpolation import (
    interpolation_step_size as interpolation_step_size,
)
from reference.stochastic_optimization.interpolation import sgd_iterates as sgd_iterates
from reference.stochastic_optimization.noisy_quadratic import NoisyQuadratic as NoisyQuadratic
from reference.stochastic_optimization.noisy_quadratic import expected_losses as expected_losses
from reference.stochastic_optimization.noisy_quadratic import (
    expected_second_moments as expected_second_moments,
)
from reference.stochastic_optimization.noisy_quadratic import initial_moments as initial_moments
from reference.stochastic_optimization.noisy_quadratic import (
    moments_after_step as moments_after_step,
)
from reference.stochastic_optimization.noisy_quadratic import noisy_gradient as noisy_gradient
from reference.stochastic_optimization.noisy_quadratic import preconditioned as preconditioned
from reference.stochastic_optimization.noisy_quadratic import (
    sgd_second_moments as sgd_second_moments,
)
from reference.stochastic_optimization.noisy_quadratic import (
    simulated_iterates as simulated_iterates,
)
from reference.stochastic_optimization.noisy_quadratic import (
    steady_state_moments as steady_state_moments,
)
from reference.stochastic_optimization.noisy_quadratic import (
    steady_state_risk as steady_state_risk,
)
