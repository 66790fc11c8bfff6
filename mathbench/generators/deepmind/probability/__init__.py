"""Probability: sampling without replacement."""

from mathbench.generators.deepmind.kernel.module import DifficultyLevel
from mathbench.generators.deepmind.probability.bags import BagType
from mathbench.generators.deepmind.probability.picking import LevelSet, Picking, Sequence

_MAX_BAG = 20  # letters in a bag of train
_DRAWN = {"difficulty=easy": 2, "difficulty=medium": 3, "difficulty=hard": 4}
_HARDEST, _MORE = 4, 5


def _module(kind: type[Picking], name: str, ordered: bool, holds: tuple[int, ...]) -> Picking:
    """Build a module. `holds`: the number of different problems of a test split at each level."""
    bags = [
        *(BagType(drawn, 1, _MAX_BAG, ordered) for drawn in (*_DRAWN.values(), _MORE)),
        BagType(_HARDEST, _MAX_BAG + 1, _MAX_BAG + 6, ordered),
    ]
    names = (*_DRAWN, "more samples", "larger bag")
    published = {"more samples": f"{name}_more_samples"}
    levels = [
        DifficultyLevel(
            level,
            (0, 0),
            settings={"kind": i},
            published=published.get(level, ""),
            holds=holds[i],
            apart=level not in _DRAWN,
        )
        for i, level in enumerate(names)
    ]
    axes = tuple(levels[len(_DRAWN) :])
    return kind(
        name,
        tested=None,
        version=2,
        levels=tuple(levels[: len(_DRAWN)]),
        axes=axes,
        settings={"kind": 0},
        kinds=tuple(bags),
    )


MODULES = (
    _module(Sequence, "probability__swr_p_sequence", True, (1_100, 3_700, 13_000, 80_000, 100_000)),
    _module(LevelSet, "probability__swr_p_level_set", False, (850, 1_450, 2_000, 28_000, 60_000)),
)
