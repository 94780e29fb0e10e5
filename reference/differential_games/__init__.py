"""Lecture 10: differential games.

`game` defines the field that players follow together and its Jacobian; `descent_ascent` shows why
following it plainly runs in circles. The remedies are other fields, followed in the same way:
`extragradient` and optimism look ahead in time, `gradient_adjustment` adds a pull towards the fixed
point, `opponent_shaping` lets a player foresee the others' step. `stationary_points` says which
ends are wanted, and `follow_the_ridge` goes to those and no others.
"""

from reference.differential_games.descent_ascent import (
    alternating_descent_iterates as alternating_descent_iterates,
)
from reference.differential_games.descent_ascent import (
    alternating_invariant as alternating_invariant,
)
from reference.differential_games.descent_ascent import bilinear_growth_rate as bilinear_growth_rate
from reference.differential_games.descent_ascent import (
    simultaneous_descent_iterates as simultaneous_descent_iterates,
)
from reference.differential_games.extragradient import (
    bilinear_extragradient_rate as bilinear_extragradient_rate,
)
from reference.differential_games.extragradient import (
    bilinear_optimistic_rate as bilinear_optimistic_rate,
)
from reference.differential_games.extragradient import (
    extragradient_direction as extragradient_direction,
)
from reference.differential_games.extragradient import optimistic_iterates as optimistic_iterates
from reference.differential_games.follow_the_ridge import (
    follow_the_ridge_gradient as follow_the_ridge_gradient,
)
from reference.differential_games.follow_the_ridge import (
    follow_the_ridge_iterates as follow_the_ridge_iterates,
)
from reference.differential_games.follow_the_ridge import ridge_correction as ridge_correction
from reference.differential_games.game import antisymmetric_part as antisymmetric_part
from reference.differential_games.game import descent_iterates as descent_iterates
from reference.differential_games.game import game_jacobian as game_jacobian
from reference.differential_games.game import (
    game_jacobian_transpose_product as game_jacobian_transpose_product,
)
from reference.differential_games.game import (
    game_jacobian_vector_product as game_jacobian_vector_product,
)
from reference.differential_games.game import simultaneous_gradient as simultaneous_gradient
from reference.differential_games.game import symmetric_part as symmetric_part
from reference.differential_games.game import zero_sum as zero_sum
from reference.differential_games.gradient_adjustment import alignment_sign as alignment_sign
from reference.differential_games.gradient_adjustment import (
    consensus_gradient as consensus_gradient,
)
from reference.differential_games.gradient_adjustment import (
    symplectic_gradient as symplectic_gradient,
)
from reference.differential_games.opponent_shaping import exact_lola_gradient as exact_lola_gradient
from reference.differential_games.opponent_shaping import (
    first_order_lola_gradient as first_order_lola_gradient,
)
from reference.differential_games.opponent_shaping import look_ahead_gradient as look_ahead_gradient
from reference.differential_games.stationary_points import Classification as Classification
from reference.differential_games.stationary_points import classification as classification
from reference.differential_games.stationary_points import minimax_margin as minimax_margin
from reference.differential_games.stationary_points import nash_margin as nash_margin
from reference.differential_games.stationary_points import stability_margin as stability_margin
