"""Lecture 9: dynamical systems and momentum.

On a quadratic every method here splits into one two-step linear recursion a mode (`companion`),
and its convergence is read off two eigenvalues. `heavy_ball` adds the last step to the gradient;
`nesterov` takes the gradient where that step leads; `chebyshev` varies the coefficients so that
the worst mode is as good as k gradients allow. All replace kappa by sqrt(kappa) in the number of
steps. Each is an optax transformation for training loops, beside a function giving its iterates.
"""

from reference.momentum.chebyshev import chebyshev_bound as chebyshev_bound
from reference.momentum.chebyshev import chebyshev_iterates as chebyshev_iterates
from reference.momentum.chebyshev import chebyshev_optimizer as chebyshev_optimizer
from reference.momentum.chebyshev import (
    chebyshev_residual_polynomials as chebyshev_residual_polynomials,
)
from reference.momentum.chebyshev import chebyshev_schedule as chebyshev_schedule
from reference.momentum.companion import companion_eigenvalues as companion_eigenvalues
from reference.momentum.companion import companion_matrices as companion_matrices
from reference.momentum.companion import spectral_radius as spectral_radius
from reference.momentum.heavy_ball import (
    heavy_ball_companion_eigenvalues as heavy_ball_companion_eigenvalues,
)
from reference.momentum.heavy_ball import heavy_ball_iterates as heavy_ball_iterates
from reference.momentum.heavy_ball import heavy_ball_optimizer as heavy_ball_optimizer
from reference.momentum.heavy_ball import heavy_ball_rate as heavy_ball_rate
from reference.momentum.heavy_ball import heavy_ball_stability_limit as heavy_ball_stability_limit
from reference.momentum.heavy_ball import optimal_heavy_ball as optimal_heavy_ball
from reference.momentum.heavy_ball import optimal_heavy_ball_rate as optimal_heavy_ball_rate
from reference.momentum.nesterov import convex_bound as convex_bound
from reference.momentum.nesterov import convex_momenta as convex_momenta
from reference.momentum.nesterov import look_ahead_points as look_ahead_points
from reference.momentum.nesterov import (
    nesterov_companion_eigenvalues as nesterov_companion_eigenvalues,
)
from reference.momentum.nesterov import nesterov_iterates as nesterov_iterates
from reference.momentum.nesterov import nesterov_optimizer as nesterov_optimizer
from reference.momentum.nesterov import strongly_convex_momentum as strongly_convex_momentum
from reference.momentum.nesterov import strongly_convex_rate as strongly_convex_rate
