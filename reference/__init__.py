"""Reference solutions of CSC2541, one module a lecture: what the grader compares submissions with.

Conventions that hold in every module:

* Functions are pure, run under `jit`, `vmap` and `jax.export`, and keep the dtype of their
  arguments (float32 or float64; NumPy arrays serve as well). Step counts are static.
* Parameters are pytrees. A dense matrix over parameters is indexed as `pytrees.as_vector` lays
  them out: leaves in pytree order, each row-major.
* A loss is a mean over the N examples, a squared error the mean of 1/2 |.|^2.
* Letters of shapes: N examples, D inputs, K outputs, P parameters, Q hyperparameters, T iterates
  (the start included, so T = num_steps + 1), S sample sizes.
"""
