"""Lecture 8: implicit regularization and Bayesian inference.

Noise in training, meant or not, seen as inference. `linear_gaussian` is the problem with a known
posterior. `laplace`, `variational` and `langevin` approximate a posterior by the curvature at
its mode, by the best of a family of Gaussians, and by samples of a noisy descent; `flipout` makes
the weight noise cheap for a whole batch. `implicit_regularization` is the other side: what
finite steps and batches add to the loss without being asked.
"""

from reference.bayesian_inference.flipout import flipout_es_gradient as flipout_es_gradient
from reference.bayesian_inference.flipout import flipout_outputs as flipout_outputs
from reference.bayesian_inference.flipout import flipout_perturbations as flipout_perturbations
from reference.bayesian_inference.flipout import random_signs as random_signs
from reference.bayesian_inference.implicit_regularization import gradient_flow as gradient_flow
from reference.bayesian_inference.implicit_regularization import (
    modified_gradient as modified_gradient,
)
from reference.bayesian_inference.implicit_regularization import modified_loss as modified_loss
from reference.bayesian_inference.implicit_regularization import (
    modified_sgd_loss as modified_sgd_loss,
)
from reference.bayesian_inference.langevin import batch_gradient as batch_gradient
from reference.bayesian_inference.langevin import langevin_covariance as langevin_covariance
from reference.bayesian_inference.langevin import langevin_iterates as langevin_iterates
from reference.bayesian_inference.langevin import langevin_step as langevin_step
from reference.bayesian_inference.langevin import sgld as sgld
from reference.bayesian_inference.laplace import gauss_newton_posterior as gauss_newton_posterior
from reference.bayesian_inference.laplace import laplace_log_evidence as laplace_log_evidence
from reference.bayesian_inference.laplace import laplace_posterior as laplace_posterior
from reference.bayesian_inference.laplace import predictive_covariance as predictive_covariance
from reference.bayesian_inference.linear_gaussian import Gaussian as Gaussian
from reference.bayesian_inference.linear_gaussian import linear_energy as linear_energy
from reference.bayesian_inference.linear_gaussian import linear_log_evidence as linear_log_evidence
from reference.bayesian_inference.linear_gaussian import linear_posterior as linear_posterior
from reference.bayesian_inference.variational import MeanField as MeanField
from reference.bayesian_inference.variational import free_energy as free_energy
from reference.bayesian_inference.variational import kl_from_prior as kl_from_prior
from reference.bayesian_inference.variational import mean_field_optimum as mean_field_optimum
from reference.bayesian_inference.variational import noisy_newton_step as noisy_newton_step
from reference.bayesian_inference.variational import weight_samples as weight_samples
