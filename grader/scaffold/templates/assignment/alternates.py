"""Right answers to NAME by other routes: each must get full marks, whatever the inputs.

They keep a check from asking for one way of writing it, and show how near the tolerance comes to
honest rounding. Those of a question with a cost check must be traceable, as students' are.
"""

import jax
import jax.numpy as jnp

from grader.checks import alternate


@alternate("q1", of="product_of_three", route="row by row")
def row_by_row(A, B, w):
    v = jnp.array(w @ B.T)
    return jax.vmap(lambda row: jnp.sum(row * v))(A)


@alternate("q1", of="product_of_three", route="float32 inside")
def in_single_precision(A, B, w):
    A, B, w = (jnp.asarray(x, jnp.float32) for x in (A, B, w))
    return A @ (B @ w)
