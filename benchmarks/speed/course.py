"""The notebooks of this folder as a course of ours: master, hidden checks, course.yaml."""

from pathlib import Path

from benchmarks.speed.notebooks import DATA, FAST, IMPORTS, LOOKS, NETWORK, QUESTIONS, STYLES, Style

ROOT = Path(__file__).parents[2]
# (widths, examples) of the hidden inputs; none is that of the notebook's own data.
SHAPES = (((4, 9, 7, 1), 11), ((6, 10, 1), 8))

COURSE = """\
course: {code: SPEED, title: How fast it is}
zone: America/Toronto
term: {start: 2027-01-11, end: 2027-04-30}
environments:
  cpu: {gpus: 0}
late_policy: {kind: no late work}
roster: roster.csv
assignments:
"""

ASSIGNMENT = """\
  STYLE:
    title: Curvature of a small network
    environment: cpu
    release: 2027-01-14 18:00
    due: 2027-02-10 23:59
    points: 10
    questions:
"""

CHECKS = '''\
"""Hidden checks: each question on two networks."""

import jax
import jax.numpy as jnp

from grader.checks import check, expect

SHAPES = THE_SHAPES


def outputs(params, X):
    for W, b in params[:-1]:
        X = jnp.tanh(X @ W + b)
    W, b = params[-1]
    return (X @ W + b)[:, 0]


def gradient(params, X, y):
    return jax.grad(lambda p: jnp.mean((outputs(p, X) - y) ** 2) / 2)(params)


def network(inputs, shape):
    widths, examples = shape
    pairs = list(zip(widths[:-1], widths[1:]))
    params = [(inputs.normal(m, n), inputs.normal(n)) for m, n in pairs]
    return params, inputs.normal(examples, widths[0]), inputs.normal(examples)


def close(found, what, expected):
    expect(found, what).close_to(expected, rtol=1e-6, why="float64, some thousand operations")


def gradients(student, inputs, shape):
    params, X, y = network(inputs, shape)
    close(student.gradient(params, X, y), "The gradient", lambda: gradient(params, X, y))


def hessian_products(student, inputs, shape):
    params, X, y = network(inputs, shape)
    v = inputs.direction(params)
    found = student.hessian_vector_product(params, v, X, y)
    close(found, "The product", lambda: jax.jvp(lambda p: gradient(p, X, y), (params,), (v,))[1])


def gauss_newton_products(student, inputs, shape):
    params, X, _ = network(inputs, shape)
    v = inputs.direction(params)

    def expected():
        Jv = jax.jvp(lambda p: outputs(p, X), (params,), (v,))[1]
        return jax.vjp(lambda p: outputs(p, X), params)[1](Jv / len(X))[0]

    close(student.gauss_newton_product(params, v, X), "The product", expected)


def kernels(student, inputs, shape):
    params, X, _ = network(inputs, shape)

    def expected():
        J = jax.jacrev(lambda p: outputs(p, X))(params)
        rows = [leaf.reshape(len(X), -1) for leaf in jax.tree.leaves(J)]
        return sum(row @ row.T for row in rows)

    close(student.kernel(params, X), "The kernel", expected)


def trainings(student, inputs, shape):
    params, X, y = network(inputs, shape)

    def expected():
        p, v = params, jax.tree.map(jnp.zeros_like, params)
        for _ in range(7):
            g = gradient(p, X, y)
            v = jax.tree.map(lambda v, g: 0.8 * v - 0.01 * g, v, g)
            p = jax.tree.map(lambda p, v: p + v, p, v)
        return outputs(p, X)

    close(student.train(params, X, y, 0.01, 0.8, 7), "The outputs", expected)
'''


KINDS = (
    "gradients",
    "hessian_products",
    "gauss_newton_products",
    "kernels",
    "trainings",
)


def checks() -> str:
    """Two hidden checks a question."""
    text = CHECKS.replace("THE_SHAPES", repr(SHAPES))
    for question, kind in zip(QUESTIONS, KINDS, strict=True):
        for place in range(len(SHAPES)):
            text += (
                f'\n\n@check("{question.name}", points=1, title="Network {place + 1}")\n'
                f"def {kind}_{place + 1}(student, inputs):\n"
                f"    {kind}(student, inputs, SHAPES[{place}])\n"
            )
    return text


def write_course(folder: Path, students: list[str]) -> Path:
    """Write the course of both styles for these students; its course.yaml."""
    texts = {"course.yaml": COURSE, "roster.csv": "\n".join(["student", *students, ""])}
    for style in STYLES:
        texts["course.yaml"] += ASSIGNMENT.replace("STYLE", style)
        for question in QUESTIONS:
            texts["course.yaml"] += (
                f'      {question.name}: {{title: "{question.title}", points: 2}}\n'
            )
        place = f"assignments/{style}"
        texts[f"{place}/notebook.py"] = master(style)
        texts[f"{place}/checks.py"] = checks()
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "environments").symlink_to(ROOT / "environments")
    return folder / "course.yaml"


def master(style: Style) -> str:
    """The master notebook, whose solution is the notebook that is graded."""
    parts = [cell(text) for text in (IMPORTS, FAST[style], NETWORK, DATA, *LOOKS[:3])]
    for question in QUESTIONS:
        parts += [
            raw(f"BEGIN QUESTION\n# name: {question.name}\n# points: 2"),
            f"# %% [markdown]\n# **{question.title}.**\n",
            raw("BEGIN SOLUTION"),
            cell(hidden(question.answer)),
            raw("END SOLUTION"),
            raw("END QUESTION"),
            cell(question.demo),
        ]
    return "\n".join([*parts, *map(cell, LOOKS[3:])])


def cell(source: str) -> str:
    return f"# %%\n{source.rstrip()}\n"


def raw(text: str) -> str:
    return f"# %% [raw]\n# # {text}\n"


def hidden(answer: str) -> str:
    """The function with its body as a solution."""
    lines = answer.rstrip().splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("def ")) + 1
    body = ["    # BEGIN SOLUTION", *lines[start:], "    # END SOLUTION"]
    return "\n".join([*lines[:start], *body])
