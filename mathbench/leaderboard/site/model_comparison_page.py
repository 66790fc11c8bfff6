"""The pages that compare two models with all their training seeds: over all tasks of the season, and on one task."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mathbench.leaderboard.ranking.compare import rows_key
from mathbench.leaderboard.ranking.macro import ModelKey, RankedModel
from mathbench.leaderboard.ranking.pairs import Comparisons, PairResult
from mathbench.leaderboard.seasons.season import SeasonTask
from mathbench.leaderboard.site import address, task_strata
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, Snapshot
from mathbench.leaderboard.submission_record import CLAIMED, SubmissionRecord
from mathbench.scores import facets
from mathbench.scores.results import Score

MAX_MODELS = 6  # the best models of a task, of which exported pages compare every pair
MAX_SEASON_MODELS = 10  # the same over all tasks
MAX_STRATA = 60  # rows of the table of strata; with more, lengths are shown instead
HasPage = Callable[[str], bool]  # whether a site has the page at an address
COLUMNS = ("task", "split", "first", "second", "difference", "low", "high", "p", "corrected_p", "pairs")


@dataclass(frozen=True)
class TaskLine:
    """The comparison on one task, and the address of its page; empty where there is none."""

    task: SeasonTask
    address: str
    result: PairResult


@dataclass(frozen=True)
class SplitComparison:
    """The comparison over all tasks of one split.

    Args:
        split: the split.
        total: the mean paired difference; None without a common task.
        lines: per task, in the order of the season.
        extent: the end of the axis of differences.
    """

    split: str
    total: PairResult | None
    lines: tuple[TaskLine, ...]
    extent: float

    @property
    def first_ahead(self) -> int:
        """The number of tasks on which the first is significantly better."""
        return sum(line.result.significant and line.result.difference > 0 for line in self.lines)

    @property
    def second_ahead(self) -> int:
        """The number of tasks on which the second is significantly better."""
        return sum(line.result.significant and line.result.difference < 0 for line in self.lines)

    def x(self, difference: float) -> float:
        """The position of a difference in percent of the width; 0 is in the middle."""
        return 50 + 50 * min(max(difference / self.extent, -1.0), 1.0)


def season_page(
    comparisons: Comparisons,
    first: RankedModel,
    second: RankedModel,
    context: PageContext,
    has_page: HasPage = lambda path: True,
) -> Page:
    """Render the comparison over all tasks.

    Args:
        comparisons: of the board.
        first, second: the models.
        context: of the site.
        has_page: whether the site has a page.
    """
    compared = [_compare(comparisons, split, first, second, has_page) for split in SCORED_SPLITS]
    splits = [found for found in compared if found.lines]
    return render_page(
        "compare_models.html",
        context,
        address.of_models(first.id, second.id),
        first=first,
        second=second,
        labels=labels(first, second),
        splits=splits,
        tasks=len(comparisons.board.season.tasks),
        season=comparisons.board.season,
    )


def labels(first: RankedModel, second: RankedModel) -> tuple[str, str]:
    """The names of two models, with what tells them apart where the names are equal."""
    if first.name != second.name:
        return first.name, second.name
    for told in ("revision", "submitter", "supervision"):
        one, two = (getattr(model.key, told) for model in (first, second))
        if one != two:
            return f"{first.name} {one or '-'}", f"{second.name} {two or '-'}"
    return first.name, second.name


def season_data(comparisons: Comparisons, first: RankedModel, second: RankedModel) -> Page:
    """The differences per task as CSV; an empty task is the mean over all."""
    rows: list[tuple[object, ...]] = []
    for split in SCORED_SPLITS:
        found = _compare(comparisons, split, first, second)
        rows += [_row("", split, found.total)] if found.total else []
        rows += [_row(line.task.name, split, line.result) for line in found.lines]
    return csv_page(COLUMNS, rows)


def _row(task: str, split: str, r: PairResult) -> tuple[object, ...]:
    return (task, split, *r.shares, r.difference, r.low, r.high, r.p, r.corrected, r.pairs)


def _compare(
    comparisons: Comparisons,
    split: str,
    first: RankedModel,
    second: RankedModel,
    has_page: HasPage = lambda path: True,
) -> SplitComparison:
    lines = []
    for task in comparisons.common_tasks(split, first, second):
        if (result := comparisons.on_task(task.name, split, first, second)) is not None:
            at = address.of_models(first.id, second.id, task.name)
            lines.append(TaskLine(task, at if has_page(at) else "", result))
    ends = [max(abs(line.result.low), abs(line.result.high)) for line in lines]
    total = comparisons.over_tasks(split, first, second)
    return SplitComparison(split, total, tuple(lines), _extent(max(ends, default=1.0)))


def _extent(largest: float) -> float:
    """The first round number that is not below the largest difference.

    >>> _extent(0.012), _extent(0.3)
    (0.02, 0.5)
    """
    return next((end for end in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if largest <= end), 1.0)


@dataclass(frozen=True)
class StratumLine:
    """A stratum, or a length: what each of the two has right."""

    name: str
    first: Score
    second: Score

    @property
    def difference(self) -> float:
        """The share of the first minus that of the second."""
        return self.first.exact_match - self.second.exact_match


@dataclass(frozen=True)
class TaskComparison:
    """The comparison on one split of a task.

    Args:
        split: the split.
        n: its rows.
        result: the comparison.
        counts: numbers of rows that both, only the first, only the second and neither have right, as means over pairs
            of training seeds.
        strata: by length or stratum.
        by: what they are.
    """

    split: str
    n: int
    result: PairResult
    counts: Mapping[str, float]
    strata: tuple[StratumLine, ...]
    by: str


def task_page(
    comparisons: Comparisons,
    task: SeasonTask,
    first: RankedModel,
    second: RankedModel,
    context: PageContext,
    rows: str = "",
    has_page: HasPage = lambda path: True,
) -> Page:
    """Render the comparison on one task.

    Args:
        comparisons: of the board.
        task: the task.
        first, second: models that answered it.
        context: of the site.
        rows: the address of the page with single rows; empty where there is none.
        has_page: whether the site has a page.
    """
    whole = address.of_models(first.id, second.id)
    return render_page(
        "compare_task.html",
        context,
        address.of_models(first.id, second.id, task.name),
        first=first,
        second=second,
        labels=labels(first, second),
        task=task,
        season=comparisons.board.season,
        splits=[_on_split(comparisons, task, split, first, second) for split in task.rows],
        seeds=[len(model.entries[task.name].records) for model in (first, second)],
        rows=rows,
        whole=whole if has_page(whole) else "",
    )


def task_data(comparisons: Comparisons, task: SeasonTask, first: RankedModel, second: RankedModel) -> Page:
    """The comparison on one task as CSV."""
    found = [(split, comparisons.on_task(task.name, split, first, second)) for split in task.rows]
    return csv_page(COLUMNS, [_row(task.name, split, result) for split, result in found if result])


def _on_split(
    comparisons: Comparisons, task: SeasonTask, split: str, first: RankedModel, second: RankedModel
) -> TaskComparison:
    result = comparisons.on_task(task.name, split, first, second)
    if result is None:
        raise LookupError(f"{task.name} was not answered by both models")
    lines, by = _strata(task, split, first, second)
    return TaskComparison(
        split, task.rows[split], result, _counts(comparisons, task, split, first, second), lines, by
    )


def _counts(
    comparisons: Comparisons, task: SeasonTask, split: str, first: RankedModel, second: RankedModel
) -> dict[str, float]:
    """The rows by who has them right, as means over pairs of training seeds; none where both answered other rows."""
    board = comparisons.board
    if board.season.independent:
        return {}
    one, two = (board.right(m.entries[task.name], split).mean(axis=0) for m in (first, second))
    shares = {
        "both": one * two,
        "only_first": one * (1 - two),
        "only_second": (1 - one) * two,
        "neither": (1 - one) * (1 - two),
    }
    return {name: float(np.sum(share)) for name, share in shares.items()}


def _strata(
    task: SeasonTask, split: str, first: RankedModel, second: RankedModel
) -> tuple[tuple[StratumLine, ...], str]:
    """What both have right per stratum; where there are many strata, per length."""
    merged = [task_strata.merge_strata(m.entries[task.name].records, split) for m in (first, second)]
    by = "stratum"
    if len(merged[0]) > MAX_STRATA and (operands := facets.most_common_operands(merged[0])):
        merged = [{str(k): v for k, v in facets.by_length(m, operands).items()} for m in merged]
        by = "digits"
    names = [name for name in merged[0] if name in merged[1]][:MAX_STRATA]
    return tuple(StratumLine(name, merged[0][name], merged[1][name]) for name in names), by


def pairs(snapshot: Snapshot, comparisons: Comparisons) -> Iterator[str]:
    """The addresses of the comparisons in an exported site: the best models of each task, and those over all tasks."""
    seen: dict[str, None] = {}
    for split in SCORED_SPLITS:
        found = [ModelKey.from_line(a) for a in snapshot.averages[split] if a.kind == "model" and a.rank]
        for one, two in combinations(comparisons.best(found[:MAX_SEASON_MODELS]), 2):
            seen[address.of_models(one.id, two.id)] = None
        for group in snapshot.season_groups:
            for table in group.tables.get(split, []):
                keys = [ModelKey.from_line(line) for line in table.lines if line.rank is not None]
                best = comparisons.best(dict.fromkeys(keys[:MAX_MODELS]))
                for one, two in combinations(best, 2):
                    seen[address.of_models(one.id, two.id, group.name)] = None
    yield from seen


_ADDRESS = re.compile(r"compare/(?:models|tasks/([a-z0-9_-]+))/([0-9a-f]{12})-([0-9a-f]{12})\.(?:html|csv)")


def parsed(
    path: str, snapshot: Snapshot, comparisons: Comparisons
) -> tuple[str, RankedModel, RankedModel] | None:
    """The task and the two models of an address; an empty task stands for all. None where there is no such page."""
    match = _ADDRESS.fullmatch(path)
    if match is None:
        return None
    first, second = (comparisons.models.get(match[i]) for i in (2, 3))
    if first is None or second is None or first is second:
        return None
    task = ""
    if match[1] is not None:
        group = snapshot.groups.get(f"tasks/{match[1]}.html")
        if group is None or not all(group.name in model.entries for model in (first, second)):
            return None
        task = group.name
    return task, first, second


def single_rows(
    task: SeasonTask, first: RankedModel, second: RankedModel
) -> tuple[SubmissionRecord, SubmissionRecord] | None:
    """The submissions of both models whose rows can be compared one by one; None where the answers are not there."""
    one, two = (model.entries[task.name].first for model in (first, second))
    if CLAIMED in (one.badge, two.badge) or rows_key(one) != rows_key(two):
        return None
    return one, two
