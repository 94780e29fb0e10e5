"""Mistakes that the checks of question 3 refuse: conditioning and whitening."""

import jax.numpy as jnp

from grader.checks import mutant


def _extended(block, mean):
    m, one = mean[:, None], jnp.ones((1, 1), mean.dtype)
    return jnp.block([[block, m], [m.T, one]])


@mutant(
    "q3",
    of="second_moment",
    refused_by="second_moment_of_inputs",
    says="E[x x^T] is the covariance *plus* mu mu^T: the means' product is missing.",
)
def covariance_for_second_moment(mean, covariance):
    return _extended(covariance, mean)


@mutant(
    "q3",
    of="second_moment",
    refused_by="second_moment_of_inputs",
    says="The homogeneous coordinate is the last one here; yours is the first.",
)
def constant_first(mean, covariance):
    m, one = mean[:, None], jnp.ones((1, 1), mean.dtype)
    return jnp.block([[one, m.T], [m, covariance + m * m.T]])


@mutant(
    "q3",
    of="second_moment",
    refused_by="second_moment_of_inputs",
    says="The covariance is E[x x^T] - mu mu^T; solve that for E[x x^T] and mind the sign.",
)
def subtracts_the_mean(mean, covariance):
    return _extended(covariance - jnp.outer(mean, mean), mean)


def _pair(largest, smallest, mean):
    ones = jnp.ones(len(mean) - 1, mean.dtype)
    return jnp.concatenate([jnp.reshape(smallest, (1,)), ones, jnp.reshape(largest, (1,))])


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_of_white_inputs",
    says="The outlier grows with the *square* of the mean's norm.",
)
def norm_for_squared_norm(mean):
    s = jnp.sqrt(mean @ mean)
    largest = (2 + s + jnp.sqrt(s * (s + 4))) / 2
    return _pair(largest, 1 / largest, mean)


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_of_white_inputs",
    says=(
        "|mu|^2 + 1 is the outlier of E[x x^T] alone. With the homogeneous coordinate there are "
        "two eigenvalues that are not 1."
    ),
)
def spectrum_without_the_constant(mean):
    return _pair(1 + mean @ mean, jnp.ones((), mean.dtype), mean)


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_of_white_inputs",
    says="The eigenvalues are wanted in ascending order.",
)
def descending_spectrum(mean):
    s = mean @ mean
    largest = (2 + s + jnp.sqrt(s * (s + 4))) / 2
    return _pair(largest, 1 / largest, mean)[::-1]


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_far_off_centre",
    says=(
        "The smallest eigenvalue comes from subtracting two nearly equal numbers and has lost its "
        "digits: the product of the two outliers is 1."
    ),
)
def cancelling_root(mean):
    s = mean @ mean
    root = jnp.sqrt(s * (s + 4))
    return _pair((2 + s + root) / 2, (2 + s - root) / 2, mean)


@mutant(
    "q3",
    of="white_spectrum",
    refused_by="spectrum_far_off_centre",
    says=(
        "A dense eigensolver is right to rounding errors of the *largest* eigenvalue; the smallest "
        "drowns in them. Use the closed form."
    ),
)
def dense_eigenvalues(mean):
    return jnp.linalg.eigvalsh(_extended(jnp.eye(len(mean)) + jnp.outer(mean, mean), mean))


@mutant(
    "q3",
    of="condition_number",
    refused_by="condition_at_any_scale",
    says="This is the reciprocal: the condition number is largest over smallest, at least 1.",
)
def reciprocal_condition(A):
    a = jnp.linalg.eigvalsh(A)
    return a[0] / a[-1]


@mutant(
    "q3",
    of="condition_number",
    refused_by="condition_at_any_scale",
    says="This is the square root of kappa: A's own eigenvalues count, not those of a factor of A.",
)
def root_of_condition(A):
    a = jnp.linalg.eigvalsh(A)
    return jnp.sqrt(a[-1] / a[0])


@mutant(
    "q3",
    of="condition_number",
    refused_by="condition_at_any_scale",
    says="A constant added to the smallest eigenvalue makes the result depend on the scale of A.",
)
def guarded_condition(A):
    a = jnp.linalg.eigvalsh(A)
    return a[-1] / (a[0] + 1e-4)


def _whitener(S):
    a, V = jnp.linalg.eigh(S)
    return (V / jnp.sqrt(a)) @ V.T


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_correlated_inputs",
    says="Whitened inputs have mean 0: subtract the mean before, and from the covariance too.",
)
def whitens_without_centring(X):
    return X @ _whitener(X.T @ X / len(X))


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_correlated_inputs",
    says="The covariance here is the mean over N examples: divide by N, not by N - 1.",
)
def divides_by_n_minus_one(X):
    centred = X - X.mean(axis=0)
    return centred @ _whitener(centred.T @ centred / (len(X) - 1))


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_correlated_inputs",
    says="Dividing by each feature's standard deviation leaves their correlations as they were.",
)
def standardises_only(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_correlated_inputs",
    says="This multiplies with the inverse covariance; whitening takes its inverse square root.",
)
def inverse_for_inverse_root(X):
    centred = X - X.mean(axis=0)
    return centred @ jnp.linalg.inv(centred.T @ centred / len(X))


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_of_rotated_inputs",
    says=(
        "This is PCA whitening, in the basis of the eigenvectors. The symmetric one rotates back, "
        "and so follows any rotation of the inputs."
    ),
)
def pca_whitening(X):
    centred = X - X.mean(axis=0)
    a, V = jnp.linalg.eigh(centred.T @ centred / len(X))
    return centred @ (V / jnp.sqrt(a))


@mutant(
    "q3",
    of="whiten",
    refused_by="whitening_far_off_centre",
    says=(
        "E[x x^T] - mu mu^T subtracts two huge matrices when the mean is large: subtract the mean "
        "from the inputs first."
    ),
)
def cancelling_covariance(X):
    mean = X.mean(axis=0)
    S = X.T @ X / len(X) - jnp.outer(mean, mean)
    a, V = jnp.linalg.eigh(S)
    return (X - mean) @ (V / jnp.sqrt(jnp.abs(a) + jnp.finfo(X.dtype).tiny)) @ V.T
