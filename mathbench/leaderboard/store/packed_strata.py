"""The scores per stratum of a stored split, read on first use: most readers of a board need totals only."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property

from mathbench.scores.results import Score


class PackedStrata(Mapping[str, Score]):
    """Scores per stratum.

    Args:
        content: the numbers of rows and of right ones per stratum, or their JSON.

    >>> strata = PackedStrata('{"digits=2": [10, 4]}')
    >>> dict(strata), strata == {"digits=2": Score(10, 4)}
    ({'digits=2': Score(n=10, correct=4)}, True)
    """

    def __init__(self, content: str | Mapping[str, list[int]]):
        self._content = content

    @cached_property
    def _scores(self) -> dict[str, Score]:
        content = json.loads(self._content) if isinstance(self._content, str) else self._content
        return {name: Score(n, correct) for name, (n, correct) in content.items()}

    def __getitem__(self, name: str) -> Score:
        return self._scores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    def __repr__(self) -> str:
        return repr(self._scores)
