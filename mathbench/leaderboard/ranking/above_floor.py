"""Whether a model is better than the best shortcut without understanding."""

from math import hypot

from mathbench.leaderboard.ranking.tables import Entry


def is_above(line: Entry, floor: Entry) -> bool:
    """Whether the score of a model is significantly above that of a floor, at 95 %.

    Of floors only counts are known, so that the two are compared as independent samples, from their intervals.

    Args:
        line: the model.
        floor: the floor.

    Source: Newcombe, Statistics in Medicine 17 (1998), method 10.

    >>> floor = Entry("floor", "constant", 100, 0.5, 0.4, 0.6, "computed")
    >>> [is_above(Entry("model", "m", 100, s, s - 0.1, s + 0.1, "re-scored"), floor) for s in (0.6, 0.7)]
    [False, True]
    """
    difference = line.exact_match - floor.exact_match
    return difference > hypot(line.exact_match - line.low, floor.high - floor.exact_match)
