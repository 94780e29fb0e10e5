"""Talk: belief change in a network of agents, each moving to the worlds nearest its neighbours'.

A node of a graph believes a set of worlds, an assignment of truth values to A atoms being a
world. Nodes talk along edges: an edge wants its two ends to agree on every atom. Let every node
pick one of its worlds. A joint choice is maximal if no other agrees on strictly more (edge,
atom) pairs,

    by inclusion:    agreements(m) is a proper subset of no other's,
    by cardinality:  |agreements(m)| is the largest,

and a node's new belief is the set of its worlds in maximal choices. `global_completion` does
that for the whole graph at once. Four iterations do it for each node in turn as the centre, all
from the same old beliefs, and repeat until nothing changes:

    simple      the centre and its neighbours
    expanding   balls of radius 1, 2, ..; the centre's belief is updated after each
    augmenting  the whole graph, where agreements nearer to the centre come first
    ring        the centre joined straight to all nodes at distance 1, then 2, ..; updated likewise

An edge between two nodes at the same distance from the centre says nothing to it and is left out
there.

World number i holds atom p if bit p of i is set. Beliefs are boolean, (nodes V, worlds W = 2^A),
by enumeration of all W^V choices: for small graphs. Assumes every node's beliefs consistent (not
empty). An iteration costs a `global_completion` for each node; expanding and ring, for each node
and distance.

    >>> p = jnp.array([False, True])                            # one atom: worlds not-p and p
    >>> beliefs = jnp.stack([p, p | ~p, p | ~p])                # on a path, one end believes p
    >>> print(global_completion(beliefs, ((0, 1), (1, 2)))[:, 0])     # not-p possible?
    [False False False]

Source: Delgrande, Lang and Schaub (2007), belief change based on global minimisation; Vicol,
Delgrande and Schaub (2015), consistency-based multi-agent belief change (Equibel).
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

Edges = tuple[tuple[int, int], ...]
Iteration = Callable[[Array, Edges], Array]

# --- At once -------------------------------------------------------------------------------------


def believed_worlds(
    formula: Callable[[Bool[Array, "W A"]], Bool[Array, " W"]], *, num_atoms: int
) -> Bool[Array, " W"]:
    """The worlds in which `formula` holds, as a function of the atoms' columns of truth values.

    >>> print(believed_worlds(lambda p: p[:, 0] & ~p[:, 1], num_atoms=2))
    [False  True False False]
    """
    return formula(_truth_values(2**num_atoms))


def global_completion(
    beliefs: Bool[Array, "V W"], edges: Edges, *, by_cardinality: bool = False
) -> Bool[Array, "V W"]:
    """The worlds of every node that occur in a maximal choice over the whole graph.

    Every node keeps a part of what it held possible. If all beliefs are jointly consistent and
    the graph is connected, all come to believe their conjunction. Cost: W^2V
    comparisons of the W^V choices.
    """
    return _completion(beliefs, (edges,), by_cardinality)


def revised_belief(
    old: Bool[Array, " W"], new: Bool[Array, " W"], *, by_cardinality: bool = False
) -> Bool[Array, " W"]:
    """old * new: those worlds of `new` nearest to worlds of `old`. The completion of one edge.

    Nearest by fewest different atoms (Dalal's operator) by cardinality; by inclusion no pair of
    worlds may differ in a proper subset of the atoms (Satoh's). Cost: W^4 comparisons of pairs.
    Source: Delgrande and Schaub (2003), consistency-based belief change.
    """
    return _completion(jnp.stack([old, new]), (((0, 1),),), by_cardinality)[1]


# --- Again and again -----------------------------------------------------------------------------


def simple_iteration(
    beliefs: Bool[Array, "V W"], edges: Edges, *, by_cardinality: bool = False
) -> Bool[Array, "V W"]:
    """Every node completes the star of itself and its neighbours, all at the same time."""
    return _by_centre(beliefs, edges, partial(_centred, by_cardinality), _first_star)


def expanding_iteration(
    beliefs: Bool[Array, "V W"], edges: Edges, *, by_cardinality: bool = False
) -> Bool[Array, "V W"]:
    """Every node completes balls about itself of radius 1, 2 .., its own belief updated between."""
    return _by_centre(beliefs, edges, partial(_centred, by_cardinality), _balls)


def augmenting_iteration(
    beliefs: Bool[Array, "V W"], edges: Edges, *, by_cardinality: bool = False
) -> Bool[Array, "V W"]:
    """Every node completes the graph, preferring agreements by distance from it, lexicographically.

    A choice beats another if it agrees on strictly more at the first distance at which their
    agreements differ.
    """
    return _by_centre(beliefs, edges, partial(_centred, by_cardinality), _levels)


def ring_iteration(
    beliefs: Bool[Array, "V W"], edges: Edges, *, by_cardinality: bool = False
) -> Bool[Array, "V W"]:
    """Every node completes stars to all nodes at distance 1, then at 2 .., updated between."""
    return _by_centre(beliefs, edges, partial(_centred, by_cardinality), _rings)


def belief_fixpoint(
    iteration: Iteration, beliefs: Bool[Array, "V W"], edges: Edges
) -> tuple[Bool[Array, "V W"], Int[Array, ""]]:
    """The first beliefs that `iteration` leaves as they are, and after how many iterations.

    Beliefs only ever shrink, so it ends after V W iterations at most. Cost: one more than counted.
    """

    def changed(state: tuple[Array, Array, Array]) -> Array:
        return state[1]

    def advance(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        before, _, count = state
        after = iteration(before, edges)
        moved = jnp.any(after != before)
        return after, moved, count + moved

    start = beliefs, jnp.ones((), bool), jnp.zeros((), jnp.int32)
    end, _, count = jax.lax.while_loop(changed, advance, start)
    return end, count


# --- Which edges count, about a centre -----------------------------------------------------------
# A schedule is a list of completions, one after the other; a completion, a list of groups of edges
# from the most important to the least.

Schedule = tuple[tuple[Edges, ...], ...]


def _first_star(edges: Edges, distances: dict[int, int]) -> Schedule:
    return ((_edges_to(edges, distances, 1),),)


def _balls(edges: Edges, distances: dict[int, int]) -> Schedule:
    radii = range(1, max(distances.values()) + 1)
    return tuple(
        (tuple(e for d in range(1, r + 1) for e in _edges_to(edges, distances, d)),) for r in radii
    )


def _levels(edges: Edges, distances: dict[int, int]) -> Schedule:
    radii = range(1, max(distances.values()) + 1)
    return (tuple(_edges_to(edges, distances, r) for r in radii),)


def _rings(edges: Edges, distances: dict[int, int]) -> Schedule:
    (centre,) = (v for v, d in distances.items() if d == 0)
    radii = range(1, max(distances.values()) + 1)
    return tuple((tuple((centre, v) for v, d in distances.items() if d == r),) for r in radii)


def _edges_to(edges: Edges, distances: dict[int, int], distance: int) -> Edges:
    """The edges from nodes at `distance` - 1 to nodes at `distance`."""
    ends = {distance - 1, distance}
    return tuple(
        (i, j) for i, j in edges if i in distances and {distances[i], distances[j]} == ends
    )


def _distances(edges: Edges, centre: int) -> dict[int, int]:
    """Of all nodes that can be reached, in edges."""
    distances, frontier = {centre: 0}, [centre]
    while frontier:
        node = frontier.pop(0)
        for i, j in (*edges, *((j, i) for i, j in edges)):
            if i == node and j not in distances:
                distances[j] = distances[node] + 1
                frontier.append(j)
    return distances


# --- Completion by enumeration -------------------------------------------------------------------


def _by_centre(
    beliefs: Array,
    edges: Edges,
    centred: Callable[[Array, int, Schedule], Array],
    schedule: Callable[[Edges, dict[int, int]], Schedule],
) -> Array:
    """Each node's own new belief, all computed from the same old ones."""
    rows = []
    for centre in range(len(beliefs)):
        distances = _distances(edges, centre)
        alone = len(distances) == 1
        rows.append(
            beliefs[centre] if alone else centred(beliefs, centre, schedule(edges, distances))
        )
    return jnp.stack(rows)


def _centred(by_cardinality: bool, beliefs: Array, centre: int, schedule: Schedule) -> Array:
    for levels in schedule:
        new = _completion(beliefs, levels, by_cardinality)[centre]
        beliefs = beliefs.at[centre].set(new)
    return beliefs[centre]


def _completion(beliefs: Array, levels: tuple[Edges, ...], by_cardinality: bool) -> Array:
    """The worlds in maximal choices, agreements on the edges of earlier levels coming first."""
    num_nodes, num_worlds = beliefs.shape
    numbers = jnp.arange(num_worlds**num_nodes)[:, None]
    choices = numbers // num_worlds ** jnp.arange(num_nodes) % num_worlds  # (W^V, V): digits
    possible = jnp.all(beliefs[jnp.arange(num_nodes), choices], axis=1)
    truth = _truth_values(num_worlds)[choices]  # (W^V, V, A)

    tied, beaten = jnp.ones((len(choices),) * 2, bool), jnp.zeros_like(possible)
    for edges in levels:
        better, same = _comparisons(_agreements(truth, edges), by_cardinality)
        beaten |= jnp.any(better & tied & possible[:, None], axis=0)
        tied &= same
    maximal = possible & ~beaten
    held = choices[:, :, None] == jnp.arange(num_worlds)
    return jnp.any(held & maximal[:, None, None], axis=0)


def _agreements(truth: Array, edges: Edges) -> Array:
    """For every choice of worlds, on which (edge, atom) the two ends agree; (W^V, edges x A)."""
    first = jnp.array([i for i, _ in edges], int)
    second = jnp.array([j for _, j in edges], int)
    return (truth[:, first] == truth[:, second]).reshape(len(truth), -1)


def _comparisons(agreements: Array, by_cardinality: bool) -> tuple[Array, Array]:
    """Of two choices, whether the row's agrees on strictly more than the column's, or alike."""
    A = agreements.astype(jnp.int32)
    sizes = jnp.sum(A, axis=1)
    more, as_many = sizes[:, None] > sizes, sizes[:, None] == sizes
    if by_cardinality:
        return more, as_many
    common = A @ A.T  # |a and b|, which is |b| where a includes b
    includes = common == sizes
    return includes & more, includes & as_many


def _truth_values(num_worlds: int) -> Bool[Array, "W A"]:
    """Bit p of the number of each world."""
    worlds = jnp.arange(num_worlds)[:, None]
    return (worlds >> jnp.arange((num_worlds - 1).bit_length())) & 1 == 1
