"""Lecture 2: Taylor approximations, and what they say about training.

`products` multiplies with the Jacobian, the Hessian and the Gauss-Newton matrix without forming
them. All else asks for no more: `conjugate_gradients` solves with such products, `response` so
finds how a minimum moves, and `spectra` finds eigenvalues and their density.
`linear_autoencoder` reads slow training off the curvature along a weakly broken symmetry.
"""

from reference.taylor.conjugate_gradients import ConjugateGradientResult as ConjugateGradientResult
from reference.taylor.conjugate_gradients import Ending as Ending
from reference.taylor.conjugate_gradients import conjugate_gradient as conjugate_gradient
from reference.taylor.conjugate_gradients import (
    conjugate_gradient_bound as conjugate_gradient_bound,
)
from reference.taylor.conjugate_gradients import (
    conjugate_gradient_iterates as conjugate_gradient_iterates,
)
from reference.taylor.linear_autoencoder import Autoencoder as Autoencoder
from reference.taylor.linear_autoencoder import autoencoder_loss as autoencoder_loss
from reference.taylor.linear_autoencoder import curvature as curvature
from reference.taylor.linear_autoencoder import exchange_direction as exchange_direction
from reference.taylor.linear_autoencoder import growth_curvatures as growth_curvatures
from reference.taylor.linear_autoencoder import growth_direction as growth_direction
from reference.taylor.linear_autoencoder import optimal_autoencoder as optimal_autoencoder
from reference.taylor.linear_autoencoder import principal_alignment as principal_alignment
from reference.taylor.linear_autoencoder import principal_components as principal_components
from reference.taylor.linear_autoencoder import rotation_curvatures as rotation_curvatures
from reference.taylor.linear_autoencoder import rotation_direction as rotation_direction
from reference.taylor.products import gauss_newton_matrix as gauss_newton_matrix
from reference.taylor.products import gauss_newton_vector_product as gauss_newton_vector_product
from reference.taylor.products import hessian as hessian
from reference.taylor.products import hessian_vector_product as hessian_vector_product
from reference.taylor.products import jacobian as jacobian
from reference.taylor.products import jacobian_vector_product as jacobian_vector_product
from reference.taylor.products import vector_jacobian_product as vector_jacobian_product
from reference.taylor.response import response_jacobian as response_jacobian
from reference.taylor.response import response_vector_product as response_vector_product
from reference.taylor.spectra import LanczosResult as LanczosResult
from reference.taylor.spectra import PowerIterationResult as PowerIterationResult
from reference.taylor.spectra import Quadrature as Quadrature
from reference.taylor.spectra import gauss_quadrature as gauss_quadrature
from reference.taylor.spectra import lanczos_decomposition as lanczos_decomposition
from reference.taylor.spectra import power_iteration as power_iteration
from reference.taylor.spectra import rayleigh_quotient as rayleigh_quotient
from reference.taylor.spectra import smoothed_density as smoothed_density
from reference.taylor.spectra import spectral_density as spectral_density
from reference.taylor.spectra import spectral_moments as spectral_moments
from reference.taylor.spectra import tridiagonal_matrix as tridiagonal_matrix
