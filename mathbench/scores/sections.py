"""Scores of a mixture: per part, per area, and the mean over parts with equal weights.

The strata of a mixture are named `part/stratum`, and its parts `area__part`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mathbench.scores.results import Score
from mathbench.stratum import SEPARATOR

AREA = "__"


@dataclass(frozen=True)
class SectionScores:
    """The score of one split of a mixture.

    Args:
        parts: the score of each part.
    """

    parts: Mapping[str, Score]

    @property
    def areas(self) -> dict[str, float]:
        """The mean over the parts of each area."""
        found: dict[str, list[float]] = {}
        for name, score in self.parts.items():
            found.setdefault(name.partition(AREA)[0], []).append(score.exact_match)
        return {area: sum(shares) / len(shares) for area, shares in found.items()}

    @property
    def macro_average(self) -> float:
        """The mean over all parts with equal weights, as Saxton et al. (2019) report it."""
        return sum(score.exact_match for score in self.parts.values()) / len(self.parts)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        parts = {name: score.to_json() for name, score in self.parts.items()}
        return {"macro_average": self.macro_average, "areas": self.areas, "parts": parts}


def score_sections(strata: Mapping[str, Score]) -> SectionScores | None:
    """Add up the strata of each part; None for strata that are not those of a mixture.

    Args:
        strata: the score of each stratum.

    >>> found = score_sections({"a__x/easy": Score(2, 1), "a__x/hard": Score(2, 0), "b__y/easy": Score(1, 1)})
    >>> found.parts["a__x"], found.areas, found.macro_average
    (Score(n=4, correct=1), {'a': 0.25, 'b': 1.0}, 0.625)
    """
    counts: dict[str, list[int]] = {}
    for name, score in strata.items():
        part, slash, _ = name.partition(SEPARATOR)
        if not slash or AREA not in part:
            return None
        total = counts.setdefault(part, [0, 0])
        total[0] += score.n
        total[1] += score.correct
    return (
        SectionScores({part: Score(n, correct) for part, (n, correct) in counts.items()}) if counts else None
    )
