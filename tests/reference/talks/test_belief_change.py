"""Belief change against sets of worlds, formulas with flipped atoms, and cases solved by hand."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reference.talks import belief_change

PATH = ((0, 1), (1, 2))
ITERATIONS = {
    "simple": belief_change.simple_iteration,
    "expanding": belief_change.expanding_iteration,
    "augmenting": belief_change.augmenting_iteration,
    "ring": belief_change.ring_iteration,
}


@partial(jax.jit, static_argnames=("name", "edges", "by_cardinality"))
def changed(beliefs, name, edges, by_cardinality=False):
    operators = {"global": belief_change.global_completion, **ITERATIONS}
    return operators[name](beliefs, edges, by_cardinality=by_cardinality)


@partial(jax.jit, static_argnames=("name", "edges"))
def fixpoint(beliefs, name, edges):
    return belief_change.belief_fixpoint(
        lambda beliefs, edges: changed(beliefs, name, edges), beliefs, edges
    )


def repeated(beliefs, name, edges):
    """The fixpoint by a plain loop, which needs no program of its own."""
    before = None
    while before is None or np.any(before != beliefs):
        before, beliefs = beliefs, changed(beliefs, name, edges)
    return beliefs


revised_belief = jax.jit(belief_change.revised_belief, static_argnames="by_cardinality")
# Random beliefs among which the iterations differ from one another (seldom do the expanding and
# the augmenting one).
SEEDS = (0, 1, 4, 18, 26, 147, 169)


def random_beliefs(num_nodes, num_worlds, seed):
    """None of them empty."""
    rng = np.random.default_rng(seed)
    beliefs = rng.random((num_nodes, num_worlds)) < 0.4
    beliefs[np.arange(num_nodes), rng.integers(num_worlds, size=num_nodes)] = True
    return beliefs


# --- The same with Python's sets -----------------------------------------------------------------


def completed_by_hand(beliefs, levels, by_cardinality):
    """Sets of new worlds; a world is a number, and agreement on atom p one of bit p."""
    num_atoms = (beliefs.shape[1] - 1).bit_length()
    choices = list(itertools.product(*[np.flatnonzero(row) for row in beliefs]))

    def agreements(choice):
        return [
            {
                (edge, p)
                for edge in edges
                for p in range(num_atoms)
                if not (choice[edge[0]] ^ choice[edge[1]]) >> p & 1
            }
            for edges in levels
        ]

    def beats(one, other):
        for mine, theirs in zip(one, other, strict=True):
            if by_cardinality and len(mine) != len(theirs):
                return len(mine) > len(theirs)
            if not by_cardinality and mine != theirs:
                return mine > theirs
        return False

    values = [agreements(choice) for choice in choices]
    best = [
        choice
        for choice, value in zip(choices, values, strict=True)
        if not any(beats(other, value) for other in values)
    ]
    return as_beliefs([{choice[v] for choice in best} for v in range(len(beliefs))], beliefs)


def as_beliefs(sets, like):
    new = np.zeros_like(like)
    for v, worlds in enumerate(sets):
        new[v, list(worlds)] = True
    return new


def distances_from(centre, edges, num_nodes):
    distances = np.full((num_nodes, num_nodes), np.inf)
    np.fill_diagonal(distances, 0)
    for i, j in edges:
        distances[i, j] = distances[j, i] = 1
    for k in range(num_nodes):
        distances = np.minimum(distances, distances[:, [k]] + distances[[k]])
    return distances[centre]


def iterated_by_hand(beliefs, name, edges, by_cardinality):
    num_nodes, new = len(beliefs), beliefs.copy()
    for centre in range(num_nodes):
        d = distances_from(centre, edges, num_nodes)
        radii = range(1, int(d[np.isfinite(d)].max()) + 1)
        shells = [[e for e in edges if sorted([d[e[0]], d[e[1]]]) == [r - 1, r]] for r in radii]
        spokes = [[(centre, v) for v in range(num_nodes) if d[v] == r] for r in radii]
        stages = {
            "simple": [[shells[0]]] if shells else [],
            "expanding": [[[e for shell in shells[:r] for e in shell]] for r in radii],
            "augmenting": [shells] if shells else [],
            "ring": [[spoke] for spoke in spokes],
        }[name]
        own = beliefs.copy()
        for levels in stages:
            own[centre] = completed_by_hand(own, levels, by_cardinality)[centre]
        new[centre] = own[centre]
    return new


TRIANGLE = ((1, 0), (1, 2), (2, 0))


@pytest.mark.parametrize(
    ("name", "edges", "by_cardinality"),
    [
        *[(name, PATH, either) for name in ITERATIONS for either in (False, True)],
        ("global", TRIANGLE, False),
        ("augmenting", TRIANGLE, False),  # no edge between two neighbours counts
        ("ring", ((2, 0),), False),  # a node of its own
    ],
)
def test_new_beliefs_are_those_of_sets_of_worlds(name, edges, by_cardinality):
    for seed in SEEDS:
        beliefs = random_beliefs(3, 4, seed)
        new = changed(jnp.array(beliefs), name, edges, by_cardinality)
        if name == "global":
            expected = completed_by_hand(beliefs, [edges], by_cardinality)
        else:
            expected = iterated_by_hand(beliefs, name, edges, by_cardinality)
        assert_array_equal(new, expected)


# --- Cases and properties ------------------------------------------------------------------------


def test_believed_worlds_are_those_where_the_formula_holds():
    worlds = belief_change.believed_worlds(
        lambda atoms: (atoms[:, 0] | atoms[:, 1]) & ~atoms[:, 2], num_atoms=3
    )
    expected = [bool((w & 1 or w & 2) and not w & 4) for w in range(8)]
    assert worlds.tolist() == expected


def formula(text, num_atoms):
    """Worlds of a Python expression in p, q and r."""
    columns = {"p": 0, "q": 1, "r": 2}

    def holds(atoms):
        return eval(  # noqa: S307
            text, {name: atoms[:, i] for name, i in columns.items() if i < num_atoms}
        )

    return belief_change.believed_worlds(holds, num_atoms=num_atoms)


@pytest.mark.parametrize("name", ["global", *ITERATIONS])
def test_what_nobody_contradicts_spreads_and_what_is_contradicted_does_not(name):
    # p & q on one end, not p on the other, nothing between: q spreads to all, and the middle
    # keeps an open mind on p.
    beliefs = jnp.stack([formula(f, 2) for f in ("p & q", "p | ~p", "~p")])
    end = repeated(beliefs, name, PATH)
    expected = jnp.stack([formula(f, 2) for f in ("p & q", "q", "~p & q")])
    assert_array_equal(end, expected)


def test_inclusion_leaves_open_what_cardinality_decides_by_majority():
    beliefs = jnp.stack([formula(f, 1) for f in ("p | ~p", "p", "p", "~p")])
    star = ((0, 1), (0, 2), (0, 3))
    assert changed(beliefs, "global", star)[0].tolist() == [True, True]
    assert changed(beliefs, "global", star, by_cardinality=True)[0].tolist() == [False, True]


def test_revision_keeps_what_it_can_of_the_old_belief():
    old, new = formula("p & q", 2), formula("~p | ~q", 2)
    assert_array_equal(revised_belief(old, new), formula("p ^ q", 2))
    # Far from the new belief, inclusion and cardinality part ways: to reach one world one atom
    # flips, to reach the other two different ones.
    old, new = formula("p & q & r", 3), formula("(~p & q & r) | (p & ~q & ~r)", 3)
    assert_array_equal(revised_belief(old, new), new)
    nearest = revised_belief(old, new, by_cardinality=True)
    assert_array_equal(nearest, formula("~p & q & r", 3))


@pytest.mark.parametrize("by_cardinality", [False, True])
def test_revision_is_by_least_flips_of_atoms(by_cardinality):
    # The syntactic route: flip a set of atoms in the old formula, as little as makes it consistent
    # with the new one.
    flips = [frozenset(s) for k in range(4) for s in itertools.combinations(range(3), k)]
    for seed in range(20):
        old, new = random_beliefs(2, 8, seed)
        masks = {flip: sum(1 << p for p in flip) for flip in flips}
        usable = [f for f in flips if np.any(old[np.arange(8) ^ masks[f]] & new)]
        if by_cardinality:
            least = [f for f in usable if len(f) == min(map(len, usable))]
        else:
            least = [f for f in usable if not any(g < f for g in usable)]
        expected = np.any([old[np.arange(8) ^ masks[f]] & new for f in least], axis=0)
        revised = revised_belief(jnp.array(old), jnp.array(new), by_cardinality=by_cardinality)
        assert_array_equal(revised, expected)


@pytest.mark.parametrize("name", ["global", *ITERATIONS])
def test_beliefs_shrink_stay_consistent_and_do_not_depend_on_names_of_atoms(name):
    swapped = np.array([0, 2, 1, 3])  # worlds after p and q have changed their names
    flipped = np.array([1, 0, 3, 2])  # worlds after p has become not p
    for seed in range(5):
        beliefs = random_beliefs(3, 4, seed + 50)
        new = np.asarray(changed(jnp.array(beliefs), name, PATH))
        assert not np.any(new & ~beliefs)
        assert np.all(new.any(axis=1))
        for renamed in (swapped, flipped):
            again = changed(jnp.array(beliefs[:, renamed]), name, PATH)
            assert_array_equal(again, new[:, renamed])


@pytest.mark.parametrize("name", ["global", *ITERATIONS])
def test_beliefs_that_agree_are_pooled(name):
    beliefs = random_beliefs(3, 4, seed=3)
    beliefs[:, 2] = True  # a world that all hold possible
    end = repeated(jnp.array(beliefs), name, PATH)
    common = beliefs.all(axis=0)
    assert_array_equal(end, np.broadcast_to(common, (3, 4)))


def test_the_fixpoint_of_simple_iteration_takes_as_long_as_the_path():
    beliefs = jnp.stack([formula(f, 1) for f in ("p", "p | ~p", "p | ~p", "p | ~p")])
    for name, count in (("simple", 3), ("expanding", 1)):
        end, iterations = fixpoint(beliefs, name, (*PATH, (2, 3)))
        assert_array_equal(end, jnp.broadcast_to(jnp.array([False, True]), (4, 2)))
        assert iterations == count


def test_the_four_iterations_are_four():
    results = {name: [] for name in ITERATIONS}
    for seed in SEEDS:
        beliefs = jnp.array(random_beliefs(3, 4, seed))
        for name in ITERATIONS:
            results[name].append(np.asarray(changed(beliefs, name, PATH)))
    for one, other in itertools.combinations(ITERATIONS, 2):
        assert np.any(np.stack(results[one]) != np.stack(results[other])), (one, other)
