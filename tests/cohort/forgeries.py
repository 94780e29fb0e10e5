"""Attacks on the score: patched comparisons, forged messages and answers. None gains a point."""

# Whoever compares, and with whatever, finds everything equal: in this process.
PATCHES_COMPARISON = '''
import builtins
import ctypes
import gc
import json
import math
import pickle

import numpy.testing


def agree(*_, **__):
    return True


for module in (np, jnp):
    module.allclose = module.isclose = module.array_equal = module.array_equiv = agree
for name in ("assert_allclose", "assert_array_equal", "assert_almost_equal", "assert_equal"):
    setattr(np.testing, name, agree)
math.isclose = agree
builtins.abs = lambda _: 0
json.dumps = json.loads = pickle.dumps = pickle.loads = lambda *_, **__: "passed"
# Even Python's own numbers, whose type lets nobody change it.
gc.get_referents(float.__dict__)[0]["__eq__"] = agree
ctypes.pythonapi.PyType_Modified(ctypes.py_object(float))


class Agreeable:
    """Equal to everything, near everything, and as large as wanted."""

    shape, dtype, ndim = (), np.dtype("float64"), 0

    def __eq__(self, other):
        return True

    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = __eq__
    __hash__ = None

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__

    def __array__(self, *_, **__):
        return np.zeros(())

    def __float__(self):
        return 0.0


class AgreeableArray(np.ndarray):
    def __eq__(self, other):
        return True

    __le__ = __lt__ = __ge__ = __gt__ = __eq__

    def __array_ufunc__(self, *_, **__):
        return np.zeros(())
'''

# The garbage that goes with it; only question 1 is answered.
GARBAGE = """
def min_norm_solution(Phi, t):
    return np.zeros(Phi.shape[1]).view(AgreeableArray)


def gd_limit(Phi, t, w0):
    return Agreeable()


def ridge_solution(Phi, t, penalty):
    return np.full(Phi.shape[1], np.nan)


def risk_curve(Phi, t, Phi_test, t_test, sizes, penalty):
    return np.array([Agreeable()] * len(sizes))


def second_moment(mean, covariance):
    return np.zeros((len(mean) + 1,) * 2).view(AgreeableArray)


def white_spectrum(mean):
    return np.full(len(mean) + 1, np.inf)


def condition_number(A):
    return Agreeable()


def whiten(X):
    return np.ma.masked_array(X, mask=True)


def jvp(f, w, v):
    return True


def vjp(f, w, u):
    return Agreeable()


def hvp(loss, w, v):
    return jax.tree.map(jnp.zeros_like, w)


def gnvp(network, output_loss, w, v):
    return jax.tree.map(jnp.zeros_like, w)


def cg(matvec, b, num_steps):
    return np.ones((num_steps + 1, len(b))).view(AgreeableArray)


def response_jacobian(loss, w, theta):
    return np.zeros((len(w), len(theta)), dtype=object)


def fisher(logits_fn, w, X):
    return np.eye(len(w)).view(AgreeableArray)


def natural_gradient(logits_fn, w, X, y, damping):
    return Agreeable()


def proximal_step(A, b, w, penalty):
    return np.zeros(len(w)).view(AgreeableArray)


def mirror_step(w, gradient, step_size):
    return np.full(len(w), 1 / len(w)).view(AgreeableArray)


def bregman_divergence(potential, u, w):
    return Agreeable()
"""

# Answers to questions that nobody has asked, on every descriptor that takes them.
FORGES_MESSAGES = """
import os
import struct

import msgpack


def frame(message):
    header = msgpack.packb(message)
    return struct.pack(">IQ", len(header), 0) + header


forged = frame({"type": "ready"})
for number in range(100):
    forged += frame({"type": "answer", "id": f"{number:016x}", "value": True})
for descriptor in range(3, 64):
    try:
        os.write(descriptor, forged)
    except OSError:
        pass
"""

# The runner shares this process: it can be found, and made to say anything. It isn't asked for
# scores, though, and what the answers should be it doesn't know.
FORGES_ANSWERS = '''
import gc
import os
import sys

from jax import export as jax_export

runner_calls = sys.modules["runner.calls"]
program_module = sys.modules["runner.program"]
runners = [thing for thing in gc.get_objects() if type(thing) is runner_calls.Calls]
print(len(runners), "runner found by the collector")


def forged(self, message, body):
    """A perfect score, in several dialects; where a program is asked for, one that is free."""
    if message["type"] == "export":
        builder = runner_calls.Builder(self, body)
        like = [builder.build(form) for form in message["args"]]
        trees = [tree for tree in like if program_module.has_shape(tree)]
        free = jax.jit(lambda *inputs: inputs[-1])
        return bytes(jax_export.export(free, platforms=["cpu"])(*trees).serialize())
    return {"earned": 20.0, "points": 20.0, "outcome": "passed", "passed": True, "error": 0.0}


honest = runner_calls.Calls.perform


def perform(self, message, body):
    asked = str(message.get("target"))
    if "gd_iterates" in asked or "stability_limit" in asked:
        return honest(self, message, body)
    return forged(self, message, body)


runner_calls.Calls.perform = perform
runner_calls.settings = lambda x64: jax.enable_x64(True)
for runner in runners:
    runner.score = 94.0

# What graders that read a program's output would look for.
for said in ("ALL TESTS PASSED", '{"score": 94.0, "passed": true}', "q2 results: All passed!"):
    print(said)
    os.write(1, said.encode() + b"\\n")
    os.write(2, said.encode() + b"\\n")
for name in ("results.json", "score.txt", "grade.json", ".OTTER_LOG"):
    with open(name, "w") as file:
        file.write('{"score": 94.0, "tests": [{"name": "q2", "score": 12.0}]}')
'''

# The given module, as this process sees it, is made trivial: constant losses, linear networks.
PATCHES_THE_GIVEN_MODULE = """
def _trivial(make):
    def made(*args, **kwargs):
        problem = make(*args, **kwargs)
        zero = lambda w: sum(jnp.sum(0 * leaf) for leaf in jax.tree.leaves(w))
        return given.Network(problem.params, lambda w: w, zero, zero)

    return made


for name in ("mlp_regression", "mlp_classification", "gaussian_regression"):
    setattr(given, name, _trivial(getattr(given, name)))
"""
