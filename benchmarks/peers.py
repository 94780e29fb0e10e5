"""Methods of `reference/` beside other libraries' own: times ours / theirs, on the same problem.

What both compute is compared before it is timed. A peer that is not installed is left out, and a
line says so.
"""

import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.scipy.sparse.linalg
import lineax
import optax

from benchmarks.timing import clock, ratio
from reference import problems, taylor
from reference.best_response import persistent_evolution
from reference.best_response.recurrent_gradients import unroll
from reference.differential_games import extragradient, game
from reference.infinite_limits import dual_activations
from reference.infinite_limits.neural_tangent_kernel import neural_tangent_kernel
from reference.pytrees import Tree, as_vector, plus_multiple


def beside_peers(python_of_neural_tangents: str | None) -> None:
    """Print every ratio, and what was left out."""
    print("\nbeside peers, time / peer's     ratio   peer, problem")
    conjugate_gradients()
    optimism()
    looking_ahead()
    persistent_evolution_strategies()
    closed_form_kernels(python_of_neural_tangents)


def row(method: str, times: float, peer: str, problem: str) -> None:
    """One ratio."""
    print(f"{method:29} {times:7.2f}   {peer}, {problem}")


def left_out(method: str, peer: str, remedy: str) -> None:
    """Say what was not measured, and how it could be."""
    print(f"{method:29}    left out: {peer}; {remedy}")


def assert_close(ours: Tree, others: Tree, tolerance: float) -> None:
    """|ours - others| <= tolerance |others|, and neither has a NaN."""
    ours, others = as_vector(ours), as_vector(others)
    assert ours.shape == others.shape
    distance = jnp.linalg.norm(ours - others) / jnp.linalg.norm(others)
    assert distance <= tolerance, f"{distance} from each other, {tolerance} expected"


def module_or_none(name: str) -> ModuleType | None:
    """A peer that may be missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


# --- Conjugate gradients -------------------------------------------------------------------------


def conjugate_gradients() -> None:
    """The same number of steps on the same system, none stopped early."""
    A = problems.symmetric_matrix(jax.random.key(0), jnp.geomspace(1, 100, 512))
    b = jax.random.normal(jax.random.key(1), (512,))
    solvers_on(lambda A, v: A @ v, A, b, num_steps=30, problem="512 x 512 matrix")

    widths = (20, 256, 256, 10)
    w = problems.perceptron_parameters(jax.random.key(0), widths, jnp.float32)
    inputs = jax.random.normal(jax.random.key(1), (64, widths[0]))

    def damped_gnvp(w: Tree, v: Tree) -> Tree:
        Gv = taylor.gauss_newton_vector_product(
            lambda w: problems.perceptron_outputs(w, inputs),
            lambda z: jnp.mean(jnp.sum(z**2, axis=1)) / 2,
            w,
            v,
        )
        # Lineax takes a curvature below 200 P eps, here 1.8, for none, and gives up.
        return plus_multiple(Gv, 10.0, v)

    solvers_on(damped_gnvp, w, w, num_steps=10, problem="Gauss-Newton of 20-256-256-10")


def solvers_on(
    product: Callable[[Any, Tree], Tree], A: Any, b: Tree, *, num_steps: int, problem: str
) -> None:
    """Ours, lineax's and jax's on A x = b, where product(A, x) is A x."""

    def ours(A: Any, b: Tree) -> taylor.ConjugateGradientResult:
        return taylor.conjugate_gradient(
            lambda v: product(A, v), b, tolerance=0.0, max_steps=num_steps
        )

    def of_lineax(A: Any, b: Tree) -> tuple[Tree, Any]:
        shapes = jax.eval_shape(lambda: b)
        operator = lineax.FunctionLinearOperator(
            lambda v: product(A, v), shapes, lineax.positive_semidefinite_tag
        )
        # As ours and jax's, without the true residual every few steps.
        solver = lineax.CG(rtol=0.0, atol=0.0, max_steps=num_steps, stabilise_every=None)
        solution = lineax.linear_solve(operator, b, solver, throw=False)
        return solution.value, solution.stats["num_steps"]

    def of_jax(A: Any, b: Tree) -> Tree:
        return jax.scipy.sparse.linalg.cg(
            lambda v: product(A, v), b, tol=0.0, atol=0.0, maxiter=num_steps
        )[0]

    result, (solution, steps) = jax.jit(ours)(A, b), jax.jit(of_lineax)(A, b)
    assert result.steps == steps == num_steps
    # Rounding in float32, which the steps amplify.
    assert_close(result.solution, solution, 1e-4)
    assert_close(result.solution, jax.jit(of_jax)(A, b), 1e-4)

    of_ours, problem = clock(ours, A, b), f"{num_steps} steps, {problem}"
    for name, peer in [
        (f"lineax {version('lineax')}", of_lineax),
        ("jax.scipy.sparse.linalg.cg", of_jax),
    ]:
        row("conjugate gradients", ratio(of_ours, clock(peer, A, b)), name, problem)


# --- Extragradient and optimism ------------------------------------------------------------------

# Dyadic, so that a solver of differential equations counts its time without rounding.
STEP_SIZE = 2.0**-4
NUM_GAME_STEPS = 200
GAME = "200 steps, 512 + 512 players' parameters"


def bilinear_game() -> tuple[Any, game.Players]:
    """B, of norm 4, and a start: eta s is at most 1/4."""
    B = problems.symmetric_matrix(jax.random.key(0), jnp.linspace(0.1, 4, 512))
    key_x, key_y = jax.random.split(jax.random.key(1))
    return B, (jax.random.normal(key_x, (512,)), jax.random.normal(key_y, (512,)))


def field_of(B: Any) -> game.Field:
    """Of f(x, y) = x^T B y, by automatic differentiation."""
    losses = game.zero_sum(lambda x, y: x @ B @ y)
    return lambda z: game.simultaneous_gradient(losses, z)


def optimism() -> None:
    """Beside optax, on the iterates of a bilinear game."""
    B, z_0 = bilinear_game()

    def ours(B: Any, z_0: game.Players) -> Tree:
        return extragradient.optimistic_iterates(field_of(B), z_0, STEP_SIZE, NUM_GAME_STEPS)

    def of_optax(B: Any, z_0: game.Players) -> Tree:
        optimizer = optax.optimistic_gradient_descent(STEP_SIZE)

        def advance(carry: tuple, _: None) -> tuple[tuple, Tree]:
            z, state = carry
            updates, state = optimizer.update(field_of(B)(z), state)
            return (optax.apply_updates(z, updates), state), z

        start = z_0, optimizer.init(z_0)
        return jax.lax.scan(advance, start, length=NUM_GAME_STEPS + 1)[1]

    assert_close(jax.jit(ours)(B, z_0), jax.jit(of_optax)(B, z_0), 1e-4)
    times = ratio(clock(ours, B, z_0), clock(of_optax, B, z_0))
    row("optimistic descent", times, f"optax {version('optax')}", GAME)


def looking_ahead() -> None:
    """Beside diffrax: extragradient that looks half a step ahead is the midpoint rule on -xi."""
    print(f"{'extragradient':29}    no peer found for jax; a relative of it:")
    method = "  looking half a step ahead"
    diffrax = module_or_none("diffrax")
    if diffrax is None:
        left_out(method, "diffrax's midpoint rule", "pip install diffrax")
        return
    B, z_0 = bilinear_game()

    def ours(B: Any, z_0: game.Players) -> Tree:
        def direction(z: game.Players) -> game.Players:
            return extragradient.extragradient_direction(field_of(B), z, STEP_SIZE / 2)

        return game.descent_iterates(direction, z_0, STEP_SIZE, NUM_GAME_STEPS)

    def of_diffrax(B: Any, z_0: game.Players) -> Tree:
        solver = diffrax.Midpoint()
        term = diffrax.ODETerm(lambda t, z, args: jax.tree.map(jnp.negative, field_of(B)(z)))

        # Its steps without its loop, which would also control them and store dense output.
        def advance(carry: tuple, t: Any) -> tuple[tuple, Tree]:
            z, state = carry
            ahead, _, _, state, _ = solver.step(term, t, t + STEP_SIZE, z, None, state, False)
            return (ahead, state), z

        start = z_0, solver.init(term, 0.0, STEP_SIZE, z_0, None)
        return jax.lax.scan(advance, start, STEP_SIZE * jnp.arange(NUM_GAME_STEPS + 1))[1]

    assert_close(jax.jit(ours)(B, z_0), jax.jit(of_diffrax)(B, z_0), 1e-4)
    times = ratio(clock(ours, B, z_0), clock(of_diffrax, B, z_0))
    row(method, times, f"diffrax {version('diffrax')} midpoint", GAME)


# --- Persistent evolution strategies -------------------------------------------------------------


class Episode(NamedTuple):
    """`num_windows` windows of a recurrence of `size` units, seen by `num_pairs` pairs."""

    num_windows: int = 10
    truncation: int = 10
    num_pairs: int = 32
    size: int = 64
    std: float = 0.1
    step_size: float = 0.01


def persistent_evolution_strategies() -> None:
    """Beside evosax: theta after an episode, updated at the end of every window."""
    method, episode = "persistent evolution", Episode()
    evosax = module_or_none("evosax.algorithms")
    if evosax is None:
        left_out(method, "evosax", "pip install evosax")
        return
    key_A, key_theta, key_noise = jax.random.split(jax.random.key(0), 3)
    A = jax.random.normal(key_A, (episode.size, episode.size)) / episode.size**0.5
    theta = jax.random.normal(key_theta, (episode.size,))
    keys = jax.random.split(key_noise, episode.num_windows)

    def step(state: Any, theta: Any, t: Any) -> tuple[Any, Any]:
        return jnp.tanh(A @ state + theta), jnp.mean(state**2)

    ours, of_evosax = our_episode(step, episode), episode_of_evosax(evosax, step, episode)
    # Rounding of differences of nearby losses in float32.
    assert_close(jax.jit(ours)(theta, keys), jax.jit(of_evosax)(theta, keys), 1e-4)
    times = ratio(clock(ours, theta, keys), clock(of_evosax, theta, keys))
    problem = "{} windows of {} steps, {} pairs, {} units".format(*episode)
    row(method, times, f"evosax {version('evosax')}", problem)


def our_episode(step: Callable, episode: Episode) -> Callable:
    """(theta, keys) -> theta."""

    def run(theta: Any, keys: Any) -> Any:
        def window(carry: tuple, key: Any) -> tuple[tuple, None]:
            theta, particles = carry
            noise = jax.random.normal(key, (episode.num_pairs, episode.size))
            gradient, particles = persistent_evolution.persistent_step(
                step, theta, particles, noise, episode.std, truncation=episode.truncation
            )
            return (theta - episode.step_size * gradient, particles), None

        start = persistent_evolution.persistent_start(
            jnp.zeros(episode.size), theta, num_pairs=episode.num_pairs
        )
        return jax.lax.scan(window, (theta, start), keys)[0][0]

    return run


def episode_of_evosax(evosax: ModuleType, step: Callable, episode: Episode) -> Callable:
    """(theta, keys) -> theta. It keeps the best particle of all, too; unrolling is ours."""
    strategy = evosax.PersistentES(
        2 * episode.num_pairs,
        jnp.zeros(episode.size),
        optax.sgd(episode.step_size),
        optax.constant_schedule(episode.std),
    )
    params = strategy.default_params.replace(
        T=episode.num_windows * episode.truncation, K=episode.truncation
    )

    def run(theta: Any, keys: Any) -> Any:
        def window(carry: tuple, key: Any) -> tuple[tuple, None]:
            search, states, first = carry
            population, search = strategy.ask(key, search, params)
            states, losses = jax.vmap(
                lambda state, theta: unroll(step, theta, state, first, num_steps=episode.truncation)
            )(states, population)
            search, _ = strategy.tell(key, population, losses, search, params)
            return (search, states, first + episode.truncation), None

        states = jnp.zeros((2 * episode.num_pairs, episode.size))
        search = strategy.init(keys[0], theta, params)
        return jax.lax.scan(window, (search, states, jnp.zeros((), int)), keys)[0][0].mean

    return run


# --- Kernels of infinite width -------------------------------------------------------------------

PROCESS = Path(__file__).with_name("neural_tangents_process.py")
RECIPE = "tests/reference/peers/expected_from_neural_tangents.py"
ACTIVATIONS = {"relu": dual_activations.RELU, "erf": dual_activations.ERF}


def closed_form_kernels(python: str | None) -> None:
    """Beside neural-tangents on a jax of its own: two compilers are compared as well."""
    method = "closed-form NTK"
    if python is None:
        remedy = f"--neural-tangents PYTHON, an interpreter that has it (see {RECIPE})"
        left_out(method, "neural-tangents", remedy)
        return
    num_examples, dimension, num_hidden = 256, 20, 3
    inputs = jax.random.normal(jax.random.key(0), (num_examples, dimension))
    with answers_of_neural_tangents(python) as answer_to:
        for nonlinearity, activation in ACTIVATIONS.items():

            def ours(inputs: Any, activation: dual_activations.Activation = activation) -> Any:
                return neural_tangent_kernel(
                    inputs,
                    activation=activation,
                    num_hidden=num_hidden,
                    weight_variance=1.5**2,
                    bias_variance=0.5**2,
                )

            settings = {
                "nonlinearity": nonlinearity,
                "num_hidden": num_hidden,
                "weight_std": 1.5,
                "bias_std": 0.5,
                "inputs": inputs.tolist(),
            }
            theirs = answer_to(settings)
            # An angle near 0 is only good to the root of float32's precision, on either side.
            assert_close(jax.jit(ours)(inputs), jnp.array(theirs["kernel"]), 1e-4)
            peer = f"neural-tangents {theirs['version']} on jax {theirs['jax']}"
            problem = f"{num_examples} inputs of {dimension}, {num_hidden} layers of {nonlinearity}"
            row(method, ratio(clock(ours, inputs), lambda: answer_to(None)), peer, problem)


@contextmanager
def answers_of_neural_tangents(python: str) -> Iterator[Callable[[dict | None], Any]]:
    """Settings -> its kernel; None -> the seconds of one more call. In a process kept running."""
    command, pipe = [python, str(PROCESS)], subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+") as messages,  # tensorflow comes along, and is talkative
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=messages, text=True) as process,
    ):
        assert process.stdin
        assert process.stdout
        requests, answers = process.stdin, process.stdout

        def answer_to(request: dict | None) -> Any:
            try:
                print(json.dumps(request), file=requests, flush=True)
                return json.loads(answers.readline())
            except (BrokenPipeError, json.JSONDecodeError):
                process.wait()
                messages.seek(0)
                sys.exit(f"{python} does not answer:\n{messages.read()}")

        yield answer_to
