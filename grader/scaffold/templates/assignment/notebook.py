# %% [raw]
# # ASSIGNMENT CONFIG
# # The master: text, solutions and public tests. This cell is the place for notes such as these,
# # since students never see it. `# %%` begins a code cell, `# %% [markdown]` text, `# %% [raw]` a
# # mark of otter-assign, whose lines have a second '#' of their own.
# show_question_points: true

# %% [markdown]
# # TITLE
#
# Individual work. 10 points.
#
# **How it is graded.** The tests in this notebook look at names and shapes only; passing them earns
# nothing by itself. After you submit, your function is called with inputs that you have not seen, and
# the values that it returns are compared with the right ones.
#
# **Rules for your function.** Keep its name and signature. Return an array of exactly the documented
# shape. Question 1 also counts operations: your function is traced as by `jax.jit`, so write it in
# `jax.numpy`, without an `if` on a value.

# %%
import jax.numpy as jnp
import NAME_given as given

# %% [raw]
# # BEGIN QUESTION
# # Name, points and `manual` are those of course.yaml.
# name: q1
# points: 6

# %% [markdown]
# ## Question 1 (6 points)
#
# Write `product_of_three`, which multiplies a vector by one matrix and then by another. For matrices
# of $n \times n$ numbers, $2n^2$ multiplications are enough.
#
# *Hidden tests:* random matrices (3 points); matrices with a single row or column (1 point); the number
# of operations (2 points).

# %% [raw]
# # BEGIN SOLUTION


# %%
def product_of_three(A, B, w):
    """The vector A B w.

    Args:
        A: shape (m, k).
        B: shape (k, n).
        w: shape (n,).

    Returns:
        An array of shape (m,).
    """
    # BEGIN SOLUTION
    return A @ (B @ w)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS
# # Public tests, one function a cell. They earn no points: they tell a student in time that a name
# # is missing or a shape is wrong. Arguments are names of the notebook; all else is imported inside.


# %%
def test_product_of_three_is_a_vector(product_of_three):
    import numpy as np

    assert product_of_three is not None, "q1: there is no `product_of_three` yet"
    value = product_of_three(np.ones((2, 3)), np.ones((3, 4)), np.ones(4))
    assert value is not None, "q1: `product_of_three` returns nothing yet"
    assert np.shape(value) == (2,), f"q1: the shape is {np.shape(value)}, not (2,)"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Try it: averaging neighbours twice makes a spike smooth.

# %%
smooth = given.smoothing(7)
product_of_three(smooth, smooth, jnp.eye(7)[3])

# %% [raw]
# # BEGIN QUESTION
# # A question for a person to grade. The Markdown of its solution block is the model answer; students
# # get an empty cell in its place.
# name: q2
# points: 4
# manual: true

# %% [markdown]
# ## Question 2 (4 points)
#
# How many multiplications does each order of the two products take, for matrices of $n \times n$
# numbers? From which $n$ on does the order matter to you, and why? Two or three sentences.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# From the right, two matrix-vector products take n squared multiplications each. From the left, the
# product of the matrices alone takes n cubed. They part at once, and by a factor of about n / 2: for
# a layer of 1000 units, one order takes 500 times as long as the other.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
