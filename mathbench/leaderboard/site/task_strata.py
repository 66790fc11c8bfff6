"""Exact match on a task by length, pair of lengths, other properties and stratum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mathbench.leaderboard.proof import PROVED
from mathbench.leaderboard.ranking.render import disambiguate_names
from mathbench.leaderboard.ranking.tables import Entry
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, TaskGroup
from mathbench.leaderboard.submission_manifest import SUPERVISIONS
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores import facets
from mathbench.scores.results import Score
from mathbench.stratum import natural_order

MAX_MODELS = 12  # in the tables of strata
MAX_GRIDS = 4  # models with a grid of lengths
MAX_LENGTHS = 12  # rows and columns of a grid; more lengths are joined
MAX_STRATA = 80  # rows of the table of all strata; the CSV has all

Strata = dict[str, dict[str, Score]]  # per split and stratum
Lengths = dict[str, dict[int, Score]]  # per split and length


@dataclass(frozen=True)
class Facet:
    """Exact match by one property of the questions: values by models; `omitted` values are not shown."""

    key: str
    split: str
    values: tuple[str, ...]
    models: tuple[tuple[str, tuple[Score | None, ...]], ...]
    omitted: int = 0


@dataclass(frozen=True)
class Grid:
    """One model's exact match per pair of lengths, or of ranges of lengths."""

    model: str
    first: tuple[range, ...]
    second: tuple[range, ...]
    cells: Mapping[tuple[range, range], Score]
    inside: frozenset[tuple[range, range]]


def leading(group: TaskGroup, maximum: int = MAX_MODELS) -> list[tuple[str, Strata]]:
    """The labels of the best models of the first scored split, with their strata on all splits."""
    return [(_label(line), _all_strata(group, line)) for line in disambiguate_names(group.best)[:maximum]]


def _label(line: Entry) -> str:
    words = [
        line.framework,
        SUPERVISIONS[line.supervision] if line.supervision else "",
        PROVED if line.proof else "",
    ]
    shown = ", ".join(filter(None, words))
    return f"{line.model} ({shown})" if shown else line.model


def _all_strata(group: TaskGroup, line: Entry) -> Strata:
    records = group.records_of_line(line)
    splits = [split for split in SCORED_SPLITS if all(split in entry.checked.scores for entry in records)]
    return {split: merge_strata(records, split) for split in splits}


def merge_strata(records: Iterable[SubmissionRecord], split: str) -> dict[str, Score]:
    """Add up the strata of several submissions to the same rows."""
    grouped: dict[str, list[Score]] = {}
    for entry in records:
        for name, count in entry.checked.scores[split].strata.items():
            grouped.setdefault(name, []).append(count)
    return {name: facets.total(grouped[name]) for name in sorted(grouped, key=natural_order)}


def lengths(strata: Strata) -> Lengths:
    """Scores per split and length, for questions with the most common number of operands in training sizes.

    Questions with another number of operands would not be longer versions of these.
    """
    operands = facets.most_common_operands(next(iter(strata.values()), {}))
    return {split: facets.by_length(counts, operands) for split, counts in strata.items()}


def grids(best: Sequence[tuple[str, Strata]]) -> list[Grid]:
    """The grids of the best models, where the questions have two operands of several lengths."""
    return [grid for name, strata in best[:MAX_GRIDS] if (grid := _grid(name, strata))]


def _grid(name: str, strata: Strata) -> Grid | None:
    counts: dict[tuple[int, int], Score] = {}
    for split in reversed(SCORED_SPLITS):  # for pairs in both splits, interpolate is shown
        counts |= facets.by_pair(strata.get(split, {}))
    trained = facets.by_pair(strata.get(SCORED_SPLITS[0], {}))
    first, second = (
        join_lengths({pair[i] for pair in counts}, {pair[i] for pair in trained}) for i in (0, 1)
    )
    if len(first) < 2:
        return None
    grouped: dict[tuple[range, range], list[Score]] = {}
    inside = set()
    for (a, b), count in counts.items():
        cell = next(r for r in first if a in r), next(r for r in second if b in r)
        grouped.setdefault(cell, []).append(count)
        if (a, b) in trained:
            inside.add(cell)
    cells = {cell: facets.total(found) for cell, found in grouped.items()}
    return Grid(name, first, second, cells, frozenset(inside))


def join_lengths(found: set[int], trained: set[int]) -> tuple[range, ...]:
    """Lengths as ranges, at most about `MAX_LENGTHS`, none of which holds lengths of training and longer ones.

    >>> join_lengths({1, 2, 3}, {1, 2})
    (range(1, 2), range(2, 3), range(3, 4))
    >>> join_lengths(set(range(1, 31)), set(range(1, 11)))[2:5]
    (range(7, 10), range(10, 11), range(11, 14))
    """
    width = max(1, -(-len(found) // MAX_LENGTHS))
    ranges = []
    for part in (sorted(found & trained), sorted(found - trained)):
        ranges += [
            range(part[i], part[min(i + width, len(part)) - 1] + 1) for i in range(0, len(part), width)
        ]
    return tuple(sorted(ranges, key=lambda r: r.start))


def facet_tables(best: Sequence[tuple[str, Strata]]) -> list[Facet]:
    """One table per split and further property of the questions."""
    found = []
    for split in SCORED_SPLITS:
        named = [(name, facets.by_other(strata.get(split, {}))) for name, strata in best]
        keys = dict.fromkeys(key for _, by_key in named for key in by_key)
        found += [_facet(key, split, [(name, by_key.get(key, {})) for name, by_key in named]) for key in keys]
    return found


def strata_table(best: Sequence[tuple[str, Strata]], split: str) -> Facet:
    """The table of the strata of a split."""
    return _facet("stratum", split, [(name, strata.get(split, {})) for name, strata in best])


def _facet(key: str, split: str, named: Sequence[tuple[str, Mapping[str, Score]]]) -> Facet:
    every = tuple(dict.fromkeys(value for _, counts in named for value in counts))
    values = every[:MAX_STRATA]
    return Facet(
        key,
        split,
        values,
        tuple((name, tuple(counts.get(value) for value in values)) for name, counts in named),
        len(every) - len(values),
    )
