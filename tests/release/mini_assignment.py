"""A small assignment for the tests here: two questions for a machine, one for a person.

Text, not files: it must not be linted, collected or imported as code of the project.
"""

MASTER = '''\
# %% [markdown]
# # A small problem set
#
# Two questions for a machine and one for a person.

# %%
import numpy as np

from mini_given import quadratic

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 2

# %% [markdown]
# **Question 1.** Write `iterate`: gradient descent on `quadratic(H)` from `w`, `steps` times.

# %% [raw]
# # BEGIN SOLUTION

# %%
def iterate(H, w, rate, steps):
    """The last iterate."""
    # BEGIN SOLUTION
    contraction_power = np.linalg.matrix_power(np.eye(len(w)) - rate * H, steps)
    return contraction_power @ w
    # END SOLUTION


limit_for_unit_curvature = 2.718281828459  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_zero_steps_change_nothing(iterate):
    import numpy as np

    w = np.array([1.0, -2.0])
    found = iterate(np.eye(2), w, 0.1, 0)
    assert found is not None, "q1: iterate returns nothing yet"
    assert np.shape(found) == (2,), f"q1: the shape is {np.shape(found)}, not (2,)"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 3
# manual: true

# %% [markdown]
# **Question 2.** Explain in two sentences why the largest eigenvalue limits the rate.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Along the sharpest eigenvector the error is multiplied by a factor of modulus above one.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q3

# %% [markdown]
# **Question 3.** The loss at a point.

# %% [raw]
# # BEGIN SOLUTION

# %%
def loss(H, w):
    return quadratic(H)(w)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
def test_loss_is_zero_at_the_minimum(loss):
    import numpy as np

    value = loss(np.eye(2), np.zeros(2))
    assert value is not None and value is not ..., "q3: loss returns nothing yet"
    assert value == 0.0, "q3: the loss at the minimum is not 0"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The end.
'''

GIVEN = '''\
"""Given code of the small problem set."""


def quadratic(H):
    """The loss w -> w' H w / 2."""
    return lambda w: 0.5 * w @ H @ w
'''

CHECKS = '''\
"""Hidden checks of the small problem set."""

SECRET_TOLERANCE = 3.25e-7


def iterate_of_spd(student, inputs):
    spectrum = inputs.spd([0.25, 1.5, 7.75])
    return student.iterate(spectrum, inputs.normal(3), 0.125, 9)
'''

MUTANTS = '''\
"""Plausible mistakes."""


def ascent_for_descent(H, w, rate, steps):
    says = "You walked uphill: the sign of the gradient step is wrong."
    return says, w + rate * (H @ w)
'''

ALTERNATES = '''\
"""Right answers by another route."""


def by_explicit_loop(H, w, rate, steps):
    for _ in range(steps):
        w = w - rate * (H @ w)
    return w
'''

FILES = {
    "notebook.py": MASTER,
    "given/mini_given.py": GIVEN,
    "checks.py": CHECKS,
    "mutants.py": MUTANTS,
    "alternates.py": ALTERNATES,
}
