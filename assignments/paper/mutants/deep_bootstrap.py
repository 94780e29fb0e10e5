"""Mistakes in question 1 for Nakkiran et al."""

import jax
import jax.numpy as jnp

from grader.checks import mutant

CHOICE = {"PAPER": "deep_bootstrap"}
WORLDS = "deep_bootstrap_decomposition"
IDEAL = "deep_bootstrap_ideal_world"
REAL = "deep_bootstrap_real_world"
SOFT = "deep_bootstrap_soft_error"


def _chosen(examples, rows):
    return jax.tree.map(lambda leaf: leaf[rows], examples)


def _run(loss, error, w, batches, step_size):
    """The errors of a run, and where it ended."""
    slope, errors = jax.jit(jax.grad(loss)), [error(w)]
    for batch in batches:
        w = jax.tree.map(lambda p, g: p - step_size * g, w, slope(w, batch))
        errors.append(error(w))
    return jnp.stack(errors), w


def _in_order(batches):
    return jnp.arange(batches.size).reshape(batches.shape)


def _worlds(train, batches, fresh):
    real = [_chosen(train, rows) for rows in batches]
    return real, [_chosen(fresh, rows) for rows in _in_order(batches)]


@mutant(
    "q1",
    of="decomposed_errors",
    refused_by=WORLDS,
    says="The gap is ideal less real: it is what the real world adds, real less ideal.",
    where=CHOICE,
)
def gap_with_the_wrong_sign(loss, test_error, w_0, train, batches, fresh, step_size):
    real, ideal = _worlds(train, batches, fresh)
    real, ideal = (_run(loss, test_error, w_0, w, step_size)[0] for w in (real, ideal))
    return ideal, ideal - real


@mutant(
    "q1",
    of="decomposed_errors",
    refused_by=WORLDS,
    says="These are the two errors: the second part is their difference.",
    where=CHOICE,
)
def errors_not_decomposed(loss, test_error, w_0, train, batches, fresh, step_size):
    real, ideal = _worlds(train, batches, fresh)
    real, ideal = (_run(loss, test_error, w_0, w, step_size)[0] for w in (real, ideal))
    return ideal, real


@mutant(
    "q1",
    of="decomposed_errors",
    refused_by=WORLDS,
    says="The ideal world takes the rows in `batches` of the fresh examples, and so sees some of them "
    "again: it takes each example once, in order.",
    where=CHOICE,
)
def ideal_world_with_repeats(loss, test_error, w_0, train, batches, fresh, step_size):
    real, _ = _worlds(train, batches, fresh)
    ideal = [_chosen(fresh, rows) for rows in batches]
    real, ideal = (_run(loss, test_error, w_0, w, step_size)[0] for w in (real, ideal))
    return ideal, real - ideal


@mutant(
    "q1",
    of="decomposed_errors",
    refused_by=WORLDS,
    says="The ideal world goes on where the real one ended: both begin at w_0.",
    where=CHOICE,
)
def ideal_world_after_the_real_one(loss, test_error, w_0, train, batches, fresh, step_size):
    real, ideal = _worlds(train, batches, fresh)
    real, w = _run(loss, test_error, w_0, real, step_size)
    ideal, _ = _run(loss, test_error, w, ideal, step_size)
    return ideal, real - ideal


@mutant(
    "q1",
    of="decomposed_errors",
    refused_by=WORLDS,
    says="The real world goes through its set in order: its batches are the rows in `batches`.",
    where=CHOICE,
)
def real_world_in_order(loss, test_error, w_0, train, batches, fresh, step_size):
    N = len(jax.tree.leaves(train)[0])
    _, ideal = _worlds(train, batches, fresh)
    real = [_chosen(train, rows % N) for rows in _in_order(batches)]
    real, ideal = (_run(loss, test_error, w_0, w, step_size)[0] for w in (real, ideal))
    return ideal, real - ideal


@mutant(
    "q1",
    of="decomposed_errors",
    refused_by=WORLDS,
    says="The errors are those before each step, and the last one is missing: return T + 1 of them.",
    where=CHOICE,
)
def errors_without_the_last(loss, test_error, w_0, train, batches, fresh, step_size):
    real, ideal = _worlds(train, batches, fresh)
    real, ideal = (_run(loss, test_error, w_0, w[:-1], step_size)[0] for w in (real, ideal))
    return ideal, real - ideal


def _ideal(C, w_true, w_0, noise, step_size, batch_size, num_steps, repeated=1.0, crossed=1.0):
    """The recursion, with factors on the terms of the fourth moment; `noise` is added to it."""
    M, S = jnp.eye(len(C)) - step_size * C, jnp.outer(w_0 - w_true, w_0 - w_true)
    risks = []
    for _ in range(num_steps + 1):
        risks.append(jnp.trace(C @ S) / 2)
        spread = repeated * C @ S @ C + (crossed * jnp.trace(C @ S) + noise) * C
        S = M @ S @ M + step_size**2 / batch_size * spread
    return jnp.stack(risks)


@mutant(
    "q1",
    of="ideal_risks",
    refused_by=IDEAL,
    says="Of the fourth moment only 2 C S C is there: the term tr(C S) C is missing.",
    where=CHOICE,
)
def ideal_risks_without_the_trace(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    return _ideal(C, w_true, w_0, noise_std**2, step_size, batch_size, num_steps, crossed=0.0)


@mutant(
    "q1",
    of="ideal_risks",
    refused_by=IDEAL,
    says="The fourth moment has C S C twice; one of the two is cancelled by the square of the mean, and "
    "you have none left.",
    where=CHOICE,
)
def ideal_risks_with_one_pairing(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    return _ideal(C, w_true, w_0, noise_std**2, step_size, batch_size, num_steps, repeated=0.0)


@mutant(
    "q1",
    of="ideal_risks",
    refused_by=IDEAL,
    says="The square of the mean is not subtracted in the noise of a batch: it has C S C once, not twice.",
    where=CHOICE,
)
def ideal_risks_uncentred(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    return _ideal(C, w_true, w_0, noise_std**2, step_size, batch_size, num_steps, repeated=2.0)


@mutant(
    "q1",
    of="ideal_risks",
    refused_by=IDEAL,
    says="The noise of the targets enters by its variance, the square of its standard deviation.",
    where=CHOICE,
)
def ideal_risks_with_the_deviation(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    return _ideal(C, w_true, w_0, noise_std, step_size, batch_size, num_steps)


@mutant(
    "q1",
    of="ideal_risks",
    refused_by=IDEAL,
    says="The noise of the targets is left out of the recursion: it is not in the risk, but moves w.",
    where=CHOICE,
)
def ideal_risks_without_noise(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    return _ideal(C, w_true, w_0, 0.0, step_size, batch_size, num_steps)


@mutant(
    "q1",
    of="ideal_risks",
    refused_by=IDEAL,
    says="This is the risk of the mean of w, which is plain descent: that of w has the variance too.",
    where=CHOICE,
)
def ideal_risks_of_the_mean(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    return _ideal(C, w_true, w_0, noise_std**2, step_size, jnp.inf, num_steps)


@mutant(
    "q1",
    of="ideal_risks",
    refused_by=IDEAL,
    says="The risk holds the noise of a new target, sigma^2 / 2: it is meant without.",
    where=CHOICE,
)
def ideal_risks_of_predictions(C, w_true, w_0, noise_std, step_size, batch_size, num_steps):
    risks = _ideal(C, w_true, w_0, noise_std**2, step_size, batch_size, num_steps)
    return risks + noise_std**2 / 2


def _real(X, t, C, w_true, w_0, step_size, batch_size, num_steps, *, centred=1.0, factor=1.0):
    """By moments of the error v = w - w*: residuals are x^T v + x^T w* - t."""
    e, A = X @ w_true - t, X.T @ X / len(X)
    v = w_0 - w_true
    S, risks = jnp.outer(v, v), []
    for _ in range(num_steps + 1):
        risks.append(jnp.trace(C @ S) / 2)
        squares = jnp.einsum("nd,de,ne->n", X, S, X) + 2 * e * (X @ v) + e**2
        mean_square = (X.T * squares) @ X / len(X)
        b = X.T @ e / len(X)
        g_g = A @ S @ A + jnp.outer(A @ v, b) + jnp.outer(b, A @ v) + jnp.outer(b, b)
        g_v = A @ S + jnp.outer(b, v)
        noise = factor / batch_size * (mean_square - centred * g_g)
        S = S - step_size * (g_v + g_v.T) + step_size**2 * (g_g + noise)
        v = v - step_size * (A @ v + b)
    return jnp.stack(risks)


@mutant(
    "q1",
    of="real_risks",
    refused_by=REAL,
    says="The noise of the batch is not centred: subtract the square of the mean gradient. With one "
    "example there is no noise.",
    where=CHOICE,
)
def real_risks_uncentred(X, t, C, w_true, w_0, step_size, batch_size, num_steps):
    return _real(X, t, C, w_true, w_0, step_size, batch_size, num_steps, centred=0.0)


@mutant(
    "q1",
    of="real_risks",
    refused_by=REAL,
    says="Batches are drawn with replacement, so there is no factor (N - B) / (N - 1).",
    where=CHOICE,
)
def real_risks_without_replacement(X, t, C, w_true, w_0, step_size, batch_size, num_steps):
    N = len(X)
    factor = max(N - batch_size, 0) / max(N - 1, 1)
    return _real(X, t, C, w_true, w_0, step_size, batch_size, num_steps, factor=factor)


@mutant(
    "q1",
    of="real_risks",
    refused_by=REAL,
    says="This is the risk of the mean of w, which is descent on the whole set: batches add variance.",
    where=CHOICE,
)
def real_risks_of_full_batches(X, t, C, w_true, w_0, step_size, batch_size, num_steps):
    return _real(X, t, C, w_true, w_0, step_size, batch_size, num_steps, factor=0.0)


@mutant(
    "q1",
    of="real_risks",
    refused_by=REAL,
    says="The noise is not divided by the batch size.",
    where=CHOICE,
)
def real_risks_of_single_examples(X, t, C, w_true, w_0, step_size, batch_size, num_steps):
    return _real(X, t, C, w_true, w_0, step_size, 1, num_steps)


@mutant(
    "q1",
    of="real_risks",
    refused_by=REAL,
    says="The risk is taken over the training inputs: test inputs have the covariance C.",
    where=CHOICE,
)
def real_risks_on_the_training_inputs(X, t, C, w_true, w_0, step_size, batch_size, num_steps):
    return _real(X, t, X.T @ X / len(X), w_true, w_0, step_size, batch_size, num_steps)


@mutant(
    "q1",
    of="real_risks",
    refused_by=REAL,
    says="The targets' noise is left out: in the real world it is part of the training set, and learned.",
    where=CHOICE,
)
def real_risks_of_clean_targets(X, t, C, w_true, w_0, step_size, batch_size, num_steps):
    return _real(X, X @ w_true, C, w_true, w_0, step_size, batch_size, num_steps)


@mutant(
    "q1",
    of="real_risks",
    refused_by=REAL,
    says="These are the formulas of the ideal world with the inputs' covariance measured: a fixed set has "
    "fourth moments of its own.",
    where=CHOICE,
)
def real_risks_by_gaussian_moments(X, t, C, w_true, w_0, step_size, batch_size, num_steps):
    A, noise = X.T @ X / len(X), jnp.mean((t - X @ w_true) ** 2)
    M, S = jnp.eye(len(A)) - step_size * A, jnp.outer(w_0 - w_true, w_0 - w_true)
    risks = []
    for _ in range(num_steps + 1):
        risks.append(jnp.trace(C @ S) / 2)
        spread = A @ S @ A + (jnp.trace(A @ S) + noise) * A
        S = M @ S @ M + step_size**2 / batch_size * spread
    return jnp.stack(risks)


def _probabilities(logits, labels):
    return jnp.take_along_axis(jax.nn.softmax(logits), labels[:, None], axis=1)[:, 0]


@mutant(
    "q1",
    of="soft_error",
    refused_by=SOFT,
    says="1 - p has no digits left where p is nearly 1: add up the probabilities of the other classes.",
    where=CHOICE,
)
def soft_error_by_a_difference(logits, labels):
    return jnp.mean(1 - _probabilities(logits, labels))


@mutant(
    "q1",
    of="soft_error",
    refused_by=SOFT,
    says="This is the probability of the right class, which is the soft accuracy.",
    where=CHOICE,
)
def soft_accuracy(logits, labels):
    return jnp.mean(_probabilities(logits, labels))


@mutant(
    "q1",
    of="soft_error",
    refused_by=SOFT,
    says="This is the hard error, the share of examples whose largest logit is a wrong one.",
    where=CHOICE,
)
def hard_error(logits, labels):
    return jnp.mean(jnp.argmax(logits, axis=1) != labels)


@mutant(
    "q1",
    of="soft_error",
    refused_by=SOFT,
    says="This is the cross-entropy: the soft error is a probability.",
    where=CHOICE,
)
def soft_error_as_cross_entropy(logits, labels):
    return -jnp.mean(jnp.log(_probabilities(logits, labels)))


@mutant(
    "q1",
    of="soft_error",
    refused_by=SOFT,
    says="The exponentials overflow: subtract the largest logit of each row first, or work with logarithms.",
    where=CHOICE,
)
def soft_error_that_overflows(logits, labels):
    odds = jnp.exp(logits)
    right = jnp.take_along_axis(odds, labels[:, None], axis=1)[:, 0]
    return jnp.mean((jnp.sum(odds, axis=1) - right) / jnp.sum(odds, axis=1))


@mutant(
    "q1",
    of="soft_error",
    refused_by=SOFT,
    says="The errors are added up: the soft error is their mean over the examples.",
    where=CHOICE,
)
def soft_error_as_a_sum(logits, labels):
    wrong = labels[:, None] != jnp.arange(logits.shape[1])
    return jnp.sum(jnp.where(wrong, jax.nn.softmax(logits), 0))
