"""Mistakes that the checks of question 1 refuse: best responses of ridge and of a layer."""

import jax
import jax.numpy as jnp

from grader.checks import mutant

# --- Ridge regression --------------------------------------------------------------------------


def _minimum(Phi, t, theta, scale=1.0):
    A = Phi.T @ Phi / len(t)
    return jnp.linalg.solve(A + jnp.diag(scale * jnp.exp(theta)), Phi.T @ t / len(t))


def _solved(Phi, theta, b):
    A = Phi.T @ Phi / Phi.shape[0]
    return jnp.linalg.solve(A + jnp.diag(jnp.exp(theta)), b)


RIDGE = ("response_of_ridge", "response_at_the_edges")


@mutant(
    "q1",
    of="ridge_response",
    refused_by=RIDGE,
    says=(
        "The Jacobian is that for the penalties themselves: theta is their logarithm, and the "
        "chain rule gives a factor lambda_j to column j."
    ),
)
def derivative_in_the_penalty(Phi, t, theta):
    w = _minimum(Phi, t, theta)
    return w, -_solved(Phi, theta, jnp.diag(w))


@mutant(
    "q1",
    of="ridge_response",
    refused_by=RIDGE,
    says="The sign of the Jacobian is wrong: a larger penalty makes its weight smaller.",
)
def jacobian_without_the_minus(Phi, t, theta):
    w = _minimum(Phi, t, theta)
    return w, _solved(Phi, theta, jnp.diag(jnp.exp(theta) * w))


@mutant(
    "q1",
    of="ridge_response",
    refused_by="response_of_ridge",
    says="The Jacobian is transposed: rows are for weights, columns for hyperparameters.",
)
def transposed_jacobian(Phi, t, theta):
    w = _minimum(Phi, t, theta)
    return w, -_solved(Phi, theta, jnp.diag(jnp.exp(theta) * w)).T


@mutant(
    "q1",
    of="ridge_response",
    refused_by=RIDGE,
    says=(
        "The penalty is not on the scale of the mean: Phi^T Phi without 1/N goes with N lambda, "
        "Phi^T Phi / N with lambda."
    ),
)
def lambda_for_n_lambda(Phi, t, theta):
    inverse = jnp.linalg.inv(Phi.T @ Phi + jnp.diag(jnp.exp(theta)))
    w = inverse @ Phi.T @ t
    return w, -inverse @ jnp.diag(jnp.exp(theta) * w)


@mutant(
    "q1",
    of="ridge_response",
    refused_by=RIDGE,
    says="theta itself is used as the penalty: the penalty is exp(theta).",
)
def penalty_without_the_exponential(Phi, t, theta):
    A = Phi.T @ Phi / len(t) + jnp.diag(jnp.abs(theta))
    w = jnp.linalg.solve(A, Phi.T @ t / len(t))
    return w, -jnp.linalg.solve(A, jnp.diag(w))


@mutant(
    "q1",
    of="ridge_response",
    refused_by=RIDGE,
    says="The factor 1/2 of the penalty is counted twice: its derivative is lambda_j w_j.",
)
def half_of_the_penalty(Phi, t, theta):
    return _minimum(Phi, t, theta, 0.5), -jnp.linalg.solve(
        Phi.T @ Phi / len(t) + jnp.diag(0.5 * jnp.exp(theta)),
        jnp.diag(0.5 * jnp.exp(theta) * _minimum(Phi, t, theta, 0.5)),
    )


@mutant(
    "q1",
    of="ridge_response",
    refused_by="response_of_ridge",
    says=(
        "Only each weight's own penalty moves it here: the Jacobian is not diagonal, as the "
        "features are correlated."
    ),
)
def diagonal_response(Phi, t, theta):
    w = _minimum(Phi, t, theta)
    return w, jnp.diag(jnp.diag(-_solved(Phi, theta, jnp.diag(jnp.exp(theta) * w))))


@mutant(
    "q1",
    of="ridge_response",
    refused_by="response_to_all_digits",
    says=(
        "The Jacobian is a finite difference of minima: differentiate the linear system instead, "
        "which costs one more solve and no digits."
    ),
)
def jacobian_by_differences(Phi, t, theta):
    eps = 1e-5
    columns = [
        (_minimum(Phi, t, theta + eps * e) - _minimum(Phi, t, theta - eps * e)) / (2 * eps)
        for e in jnp.eye(len(theta))
    ]
    return _minimum(Phi, t, theta), jnp.stack(columns, axis=1)


# --- The layer ---------------------------------------------------------------------------------

LAYER = "outputs_of_a_layer"


def _outputs(layer, X, weight_gates, bias_gates):
    hidden = X @ layer["W_e"].T + weight_gates * (X @ layer["W_h"].T)
    return hidden + layer["b_e"] + bias_gates * layer["b_h"]


@mutant(
    "q1",
    of="layer_outputs",
    refused_by=(LAYER, "outputs_where_shapes_agree"),
    says="The gates have an added 1: the rows of W_h are scaled by Q e alone.",
)
def gates_around_one(layer, X, embeddings):
    return _outputs(layer, X, 1 + embeddings @ layer["Q"].T, 1 + embeddings @ layer["C"].T)


@mutant(
    "q1",
    of="layer_outputs",
    refused_by=(LAYER, "outputs_where_shapes_agree"),
    says="W_e is scaled along with W_h: the gates belong to the second weights and biases only.",
)
def gates_on_everything(layer, X, embeddings):
    W, b = layer["W_e"] + layer["W_h"], layer["b_e"] + layer["b_h"]
    return (embeddings @ layer["Q"].T) * (X @ W.T) + (embeddings @ layer["C"].T) * b


@mutant(
    "q1",
    of="layer_outputs",
    refused_by=(LAYER, "outputs_where_shapes_agree"),
    says="The biases do not respond: they have gates of their own, C e.",
)
def biases_without_gates(layer, X, embeddings):
    gates = embeddings @ layer["Q"].T
    return X @ layer["W_e"].T + gates * (X @ layer["W_h"].T) + layer["b_e"]


@mutant(
    "q1",
    of="layer_outputs",
    refused_by=(LAYER, "outputs_where_shapes_agree"),
    says="The biases are gated by Q e: their gates are C e.",
)
def weight_gates_for_the_biases(layer, X, embeddings):
    gates = embeddings @ layer["Q"].T
    return _outputs(layer, X, gates, gates)


@mutant(
    "q1",
    of="layer_outputs",
    refused_by=LAYER,
    says=(
        "All examples get the hyperparameters of the first one: row n of the embeddings belongs "
        "to example n."
    ),
)
def hyperparameters_of_the_first_example(layer, X, embeddings):
    return _outputs(layer, X, layer["Q"] @ embeddings[0], layer["C"] @ embeddings[0])


@mutant(
    "q1",
    of="layer_outputs",
    refused_by=LAYER,
    says=("The gates are averaged over the examples: every example keeps its own hyperparameters."),
)
def averaged_gates(layer, X, embeddings):
    e = jnp.mean(embeddings, axis=0)
    return _outputs(layer, X, layer["Q"] @ e, layer["C"] @ e)


@mutant(
    "q1",
    of="layer_outputs",
    refused_by="outputs_where_shapes_agree",
    says=(
        "A weight matrix is not transposed, which shows where sizes agree: weights have shape "
        "(out, in), and examples are rows."
    ),
)
def untransposed_weights(layer, X, embeddings):
    gates = embeddings @ layer["Q"].T
    gated = gates * (X @ layer["W_h"]) + (embeddings @ layer["C"].T) * layer["b_h"]
    return X @ layer["W_e"].T + layer["b_e"] + gated


@mutant(
    "q1",
    of="layer_outputs",
    refused_by="outputs_where_shapes_agree",
    says=(
        "The columns of W_h are scaled, one for each input: the gates scale its rows, one for each "
        "output."
    ),
)
def scaled_columns(layer, X, embeddings):
    gates = embeddings @ layer["Q"].T
    shift = layer["b_e"] + (embeddings @ layer["C"].T) * layer["b_h"]
    return X @ layer["W_e"].T + (gates * X) @ layer["W_h"].T + shift


@mutant(
    "q1",
    of="layer_outputs",
    refused_by="layer_forms_no_weights",
    says=(
        "Right, but a weight matrix is formed for each example: apply W_h once to all examples and "
        "scale its outputs."
    ),
)
def weights_for_each_example(layer, X, embeddings):
    def one(x, e):
        W = layer["W_e"] + jnp.diag(layer["Q"] @ e) @ layer["W_h"]
        return W @ x + layer["b_e"] + (layer["C"] @ e) * layer["b_h"]

    return jax.vmap(one)(X, embeddings)


@mutant(
    "q1",
    of="layer_outputs",
    refused_by="layer_forms_no_weights",
    says=(
        "Right, but the whole linear hypernetwork is formed, a number for each output, input and "
        "hyperparameter: the gates need W_h and Q only."
    ),
)
def whole_hypernetwork(layer, X, embeddings):
    T = layer["Q"][:, None, :] * layer["W_h"][:, :, None]
    moved = jnp.einsum("noe,ne->no", jnp.einsum("oie,ni->noe", T, X), embeddings)
    shift = layer["b_e"] + (embeddings @ layer["C"].T) * layer["b_h"]
    return X @ layer["W_e"].T + moved + shift


# --- The gated network ---------------------------------------------------------------------------

GATED = "gated_network_is_the_best_response"


def _gated(gates, s, Vt):
    return gates[:, None] * Vt, s


@mutant(
    "q1",
    of="gated_network",
    refused_by=GATED,
    says=(
        "The gates use the singular values d for the eigenvalues of X^T X / N, which are d^2 / N."
    ),
)
def gates_of_singular_values(X, t, log_penalty):
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    return _gated(d / (d + jnp.exp(log_penalty)), U.T @ t / d, Vt)


@mutant(
    "q1",
    of="gated_network",
    refused_by=GATED,
    says="The eigenvalues lack 1/N: the cost is a mean over examples, so a_j is d_j^2 / N.",
)
def gates_without_the_mean(X, t, log_penalty):
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    return _gated(d**2 / (d**2 + jnp.exp(log_penalty)), U.T @ t / d, Vt)


@mutant(
    "q1",
    of="gated_network",
    refused_by=GATED,
    says=(
        "The gates sit in the second layer: the function is right, but it is the hidden units, the "
        "rows of Q, that the penalty should close."
    ),
)
def gates_in_the_second_layer(X, t, log_penalty):
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    a = d**2 / len(t)
    return Vt, a / (a + jnp.exp(log_penalty)) * (U.T @ t) / d


@mutant(
    "q1",
    of="gated_network",
    refused_by=GATED,
    says=(
        "The gates are shared out, a square root to each layer: s does not depend on the penalty, "
        "the whole gate is in the first layer."
    ),
)
def gates_shared_by_both_layers(X, t, log_penalty):
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    a = d**2 / len(t)
    root = jnp.sqrt(a / (a + jnp.exp(log_penalty)))
    return root[:, None] * Vt, root * (U.T @ t) / d


@mutant(
    "q1",
    of="gated_network",
    refused_by=GATED,
    says=(
        "The gates open as the penalty grows: the argument of the sigmoid is log a_j minus "
        "log lambda."
    ),
)
def gates_the_wrong_way(X, t, log_penalty):
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    return _gated(jax.nn.sigmoid(log_penalty - jnp.log(d**2 / len(t))), U.T @ t / d, Vt)


@mutant(
    "q1",
    of="gated_network",
    refused_by=GATED,
    says="The hidden units come in the opposite order: the largest singular value is first.",
)
def smallest_unit_first(X, t, log_penalty):
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    a = d**2 / len(t)
    Q, s = _gated(a / (a + jnp.exp(log_penalty)), U.T @ t / d, Vt)
    return Q[::-1], s[::-1]


@mutant(
    "q1",
    of="gated_network",
    refused_by=GATED,
    says="The second layer is U^T t: without a penalty it fits the data, so divide by d.",
)
def second_layer_without_the_singular_values(X, t, log_penalty):
    U, d, Vt = jnp.linalg.svd(X, full_matrices=False)
    a = d**2 / len(t)
    return _gated(a / (a + jnp.exp(log_penalty)), U.T @ t, Vt)
