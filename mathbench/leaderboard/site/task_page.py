"""A task's page: rankings, and exact match by length, pair of lengths, other properties and stratum."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mathbench.errors import InputError
from mathbench.families import from_spec
from mathbench.leaderboard.proof import PROVED
from mathbench.leaderboard.ranking.render import disambiguate_names, tables_csv
from mathbench.leaderboard.ranking.tables import SORTS, Entry, RankTable
from mathbench.leaderboard.site import charts, facets
from mathbench.leaderboard.site.page import CSV, Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, TaskGroup
from mathbench.leaderboard.submission import canonical_json
from mathbench.leaderboard.submission_manifest import SUPERVISIONS, Supervision
from mathbench.leaderboard.submission_record import BADGES
from mathbench.rows import Rows
from mathbench.scores.results import Score

MAX_LISTED = 100  # lines of a ranking on the page
MAX_STRATA_MODELS = 12  # in the tables of strata
MAX_GRIDS = 4  # models with a grid of lengths


@dataclass(frozen=True)
class Filters:
    """The filters and the order of a ranking: a word in the model's name, framework, badge, sort key."""

    word: str = ""
    framework: str = ""
    badge: str = ""
    sort: str = "score"

    def match(self, line: Entry) -> bool:
        """Whether a line passes the filters; floors and the solver always do."""
        if line.kind != "model":
            return True
        return (
            self.word.lower() in line.model.lower()
            and self.framework in ("", line.framework or "none")
            and self.badge in ("", line.badge)
        )


@dataclass(frozen=True)
class Ranking:
    """The ranking of one split and supervision: the displayed lines, the numbers of matching and of all models."""

    split: str
    supervision: Supervision
    lines: tuple[Entry, ...]
    fitting: int
    total: int

    @property
    def complete(self) -> bool:
        """Whether all models are displayed."""
        return sum(line.kind == "model" for line in self.lines) == self.total


@dataclass(frozen=True)
class Facet:
    """Exact match by one property of the questions: values by models."""

    key: str
    split: str
    values: tuple[str, ...]
    models: tuple[tuple[str, tuple[Score | None, ...]], ...]


@dataclass(frozen=True)
class Grid:
    """One model's exact match per pair of lengths."""

    model: str
    first: tuple[int, ...]
    second: tuple[int, ...]
    cells: Mapping[tuple[int, int], Score]
    inside: frozenset[tuple[int, int]]


Strata = dict[str, dict[str, Score]]  # per split and stratum


def page(group: TaskGroup, context: PageContext, filters: Filters) -> Page:
    """Render a task's page."""
    best = leading(group)
    rankings = [
        ranking(table, filters)
        for split in SCORED_SPLITS
        if split in group.tables
        for table in group.tables[split]
    ]
    drawn = [(name, _lengths(strata)) for name, strata in best]
    return render_page(
        "task.html",
        context,
        group.address,
        group=group,
        samples=samples(group),
        rankings=rankings,
        complete=all(found.complete for found in rankings),
        filters=filters,
        badges=BADGES,
        stated=any(found.supervision is not None for found in rankings),
        frameworks=sorted({entry.summary.framework or "none" for entry in group.active}),
        plot=charts.curves(drawn),
        grids=[grid for name, strata in best[:MAX_GRIDS] if (grid := _grid(name, strata))],
        facets=_facets(best),
        strata=[_strata(best, split) for split in SCORED_SPLITS if split in group.tables],
    )


def ranking(table: RankTable, filters: Filters) -> Ranking:
    """The lines that pass the filters, with their ranks among all."""
    every = table.lines
    fitting = [line for line in every if filters.match(line)]
    fitting.sort(key=SORTS[filters.sort if filters.sort in SORTS else "score"])
    models = sum(line.kind == "model" for line in fitting)
    total = sum(line.kind == "model" for line in every)
    shown = tuple(disambiguate_names(fitting)[:MAX_LISTED])
    return Ranking(table.split, table.supervision, shown, models, total)


def leading(group: TaskGroup, maximum: int = MAX_STRATA_MODELS) -> list[tuple[str, Strata]]:
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
    return {split: facets.merge_strata(records, split) for split in splits}


def _lengths(strata: Strata) -> dict[str, dict[int, Score]]:
    """Scores per split and length, for questions with the most common number of operands in training sizes.

    Questions with another number of operands would not be longer versions of these.
    """
    operands = facets.most_common_operands(next(iter(strata.values()), {}))
    return {split: facets.by_length(counts, operands) for split, counts in strata.items()}


def _grid(name: str, strata: Strata) -> Grid | None:
    cells: dict[tuple[int, int], Score] = {}
    for split in reversed(SCORED_SPLITS):  # for pairs in both splits, interpolate is shown
        cells |= facets.by_pair(strata.get(split, {}))
    inside = frozenset(facets.by_pair(strata.get(SCORED_SPLITS[0], {})))
    first, second = (tuple(sorted({pair[i] for pair in cells})) for i in (0, 1))
    return Grid(name, first, second, cells, inside) if len(first) > 1 else None


def _facets(best: Sequence[tuple[str, Strata]]) -> list[Facet]:
    found = []
    for split in SCORED_SPLITS:
        named = [(name, facets.by_other(strata.get(split, {}))) for name, strata in best]
        keys = dict.fromkeys(key for _, by_key in named for key in by_key)
        found += [_facet(key, split, [(name, by_key.get(key, {})) for name, by_key in named]) for key in keys]
    return found


def _facet(key: str, split: str, named: Sequence[tuple[str, Mapping[str, Score]]]) -> Facet:
    values = tuple(dict.fromkeys(value for _, counts in named for value in counts))
    return Facet(
        key,
        split,
        values,
        tuple((name, tuple(counts.get(value) for value in values)) for name, counts in named),
    )


def _strata(best: Sequence[tuple[str, Strata]], split: str) -> Facet:
    return _facet("stratum", split, [(name, strata.get(split, {})) for name, strata in best])


def ranking_data(group: TaskGroup, split: str) -> Page | None:
    """All lines of the rankings of a split as CSV."""
    if split not in group.tables:
        return None
    return Page(tables_csv(group.tables[split]).encode(), CSV)


def strata_data(group: TaskGroup) -> Page:
    """The counts of the best models per stratum as CSV, behind the curves, grids and tables."""
    rows = [
        (split, stratum, name, count.n, count.correct, count.exact_match, *count.interval)
        for name, strata in leading(group, MAX_LISTED)
        for split, counts in strata.items()
        for stratum, count in counts.items()
    ]
    return csv_page(("split", "stratum", "model", "n", "correct", "exact_match", "low", "high"), rows)


def samples(group: TaskGroup) -> list[dict[str, Any]]:
    """A few sample rows of the task."""
    return _samples(canonical_json({"id": group.task["id"], "parameters": dict(group.task["parameters"])}))


@lru_cache(maxsize=1024)
def _samples(task_key: str) -> list[dict[str, Any]]:
    spec = json.loads(task_key)
    try:
        task = from_spec(spec["id"], spec["parameters"])
        return [
            {"split": split, "question": row["question"], "answer": row["answer"]}
            for split in SCORED_SPLITS
            for row in Rows(task, split, seed=0).batch(range(2)).to_pylist()
        ]
    except InputError:  # a task of another version of mathbench
        return []
