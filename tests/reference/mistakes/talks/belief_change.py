"""Plausible mistakes in `reference.talks.belief_change`."""

from tests.reference.mistakes import Mistake

SETS = "test_new_beliefs_are_those_of_sets_of_worlds"

MISTAKES = [
    Mistake(
        "any world that is maximal against itself: no comparison",
        "maximal = possible & ~beaten",
        "maximal = possible",
        SETS,
    ),
    Mistake(
        "impossible choices compete",
        "better & tied & possible[:, None]",
        "better & tied",
        SETS,
    ),
    Mistake(
        "cardinality for inclusion",
        "return includes & more, includes & as_many",
        "return more, as_many",
        "test_inclusion_leaves_open_what_cardinality_decides_by_majority",
    ),
    Mistake(
        "levels that do not wait for ties",
        "tied &= same",
        "tied &= True",
        SETS,
    ),
    Mistake(
        "the expanding ball does not grow: rings for balls",
        "for d in range(1, r + 1) for e",
        "for d in range(r, r + 1) for e",
        SETS,
    ),
    Mistake(
        "the ring's centre joined to the first shell only",
        "tuple((centre, v) for v, d in distances.items() if d == r)",
        "tuple((centre, v) for v, d in distances.items() if d == 1)",
        SETS,
    ),
    Mistake(
        "all nodes of a ball updated, not the centre alone",
        "new = _completion(beliefs, levels, by_cardinality)[centre]\n"
        "        beliefs = beliefs.at[centre].set(new)",
        "beliefs = _completion(beliefs, levels, by_cardinality)",
        SETS,
    ),
    Mistake(
        "the old belief revised by itself",
        "(((0, 1),),), by_cardinality)[1]",
        "(((0, 1),),), by_cardinality)[0]",
        "test_revision_keeps_what_it_can_of_the_old_belief",
    ),
    Mistake(
        "the fixpoint counts the iteration that changes nothing",
        "return after, moved, count + moved",
        "return after, moved, count + 1",
        "test_the_fixpoint_of_simple_iteration_takes_as_long_as_the_path",
    ),
]
