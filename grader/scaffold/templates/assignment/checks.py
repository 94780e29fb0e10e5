"""Hidden checks of NAME. Nothing in this file is ever released, or enters a student's container.

A check is a function of two arguments. `student.f(...)` calls the student's function `f` in its
container and returns what came back: values, never verdicts. `inputs` draws from a seed that only
the course's secret gives, so that nobody can prepare for the numbers. `course check NAME` tests the
checks: each mistake in mutants.py must be refused, each right answer in alternates.py accepted.
"""

from grader.checks import check, expect


def product(A, B, w):
    """The right answer, by code of our own: the student's is never asked what is right."""
    return A @ (B @ w)


# The points of a question's checks add up to the question's points in course.yaml. `title` is what
# students read in their feedback, so it may not give the inputs away.
@check("q1", points=3, title="Random matrices")
def random_matrices(student, inputs):
    # Three sizes, all different: what is transposed or swapped by mistake seldom fits.
    # Square ones too, in which it does fit, so that the numbers must tell.
    for m, k, n in ((3, 4, 5), (4, 4, 4)):
        A, B, w = inputs.normal(m, k), inputs.normal(k, n), inputs.normal(n)
        # Shape, kind of number and finiteness are compared first, then the largest error with
        # rtol times the largest entry. A function for the expected value is called once a batch.
        # The tolerance lies between the worst right answer (float32 inside) and the nearest
        # mistake, with room on both sides: `course check` prints how much.
        expect(student.product_of_three(A, B, w), "The product").close_to(
            lambda A=A, B=B, w=w: product(A, B, w),
            rtol=1e-4,
            why="float32 inside gives less than 1e-5, every known mistake more than 1e-2",
        )


@check("q1", points=1, title="Matrices with a single row or column")
def edges(student, inputs):
    # Axes of length 1 catch what is squeezed or broadcast: (1,) is neither () nor (1, 1).
    for m, k, n in ((1, 3, 1), (3, 1, 4), (1, 1, 1)):
        # Positive numbers: a single sum of mixed signs may nearly vanish, and then an honest float32
        # answer has few digits of it. The check must be fair in every draw.
        A, B, w = (inputs.uniform(0.5, 1.5, *shape) for shape in ((m, k), (k, n), (n,)))
        expect(student.product_of_three(A, B, w), "The product").close_to(
            lambda A=A, B=B, w=w: product(A, B, w), rtol=1e-4, why="as above"
        )


@check("q1", points=2, title="Number of operations")
def operations(student, inputs):
    size = 48
    A, B, w = inputs.normal(size, size), inputs.normal(size, size), inputs.normal(size)
    # The student's function as an exported program, which is data: it runs, and is counted, in a
    # container in which no student's code ever ran. No stopwatch: the count is the same anywhere.
    program = student.program("product_of_three", A, B, w)
    # A cost check goes with a check of the values: returning zeros is cheap.
    expect(program(A, B, w), "The product").close_to(
        lambda: product(A, B, w), rtol=1e-4, why="as above"
    )
    # The unit is our own way of doing it. The other order takes 24 times as much at this size.
    expect(program, "Your function").costs_at_most(
        2,
        inputs.program(product, A, B, w),
        unit="such products",
    )
