"""Lecture 5: adaptive gradient methods, normalisation and weight decay.

`adaptive` has RMSprop and Adam, preconditioners that are diagonal in the given coordinates.
`normalization` makes a loss independent of the weights' scale, which turns their norm into a
step size. `weight_decay` then acts through that norm: it has the equilibrium of the two, and the
difference between decay and an L2 penalty under an adaptive method.
"""

from reference.adaptive_methods.adaptive import AdamState as AdamState
from reference.adaptive_methods.adaptive import RmspropState as RmspropState
from reference.adaptive_methods.adaptive import adam as adam
from reference.adaptive_methods.adaptive import adam_step_bound as adam_step_bound
from reference.adaptive_methods.adaptive import bias_corrected as bias_corrected
from reference.adaptive_methods.adaptive import moving_average as moving_average
from reference.adaptive_methods.adaptive import optimizer_iterates as optimizer_iterates
from reference.adaptive_methods.adaptive import rmsprop as rmsprop
from reference.adaptive_methods.normalization import SphericalDescent as SphericalDescent
from reference.adaptive_methods.normalization import batch_normalization as batch_normalization
from reference.adaptive_methods.normalization import effective_step_size as effective_step_size
from reference.adaptive_methods.normalization import (
    inference_normalization as inference_normalization,
)
from reference.adaptive_methods.normalization import scale_invariant as scale_invariant
from reference.adaptive_methods.normalization import (
    spherical_descent_iterates as spherical_descent_iterates,
)
from reference.adaptive_methods.normalization import tangent_component as tangent_component
from reference.adaptive_methods.weight_decay import adamw as adamw
from reference.adaptive_methods.weight_decay import decayed_norms as decayed_norms
from reference.adaptive_methods.weight_decay import equilibrium_angle as equilibrium_angle
from reference.adaptive_methods.weight_decay import equilibrium_norm as equilibrium_norm
from reference.adaptive_methods.weight_decay import l2_penalized as l2_penalized
from reference.adaptive_methods.weight_decay import scale_invariant_walk as scale_invariant_walk
from reference.adaptive_methods.weight_decay import with_weight_decay as with_weight_decay
