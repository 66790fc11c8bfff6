"""A task's page: the task in words, rankings with paired comparisons, and exact match by properties of questions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mathbench.leaderboard.ranking.detectable import detectable_difference
from mathbench.leaderboard.ranking.macro import ModelKey, model_id
from mathbench.leaderboard.ranking.pairs import Comparisons, PairResult
from mathbench.leaderboard.ranking.render import disambiguate_names, tables_csv
from mathbench.leaderboard.ranking.tables import SORTS, Entry, RankTable
from mathbench.leaderboard.site import charts, error_axis, task_strata
from mathbench.leaderboard.site.page import CSV, Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, TaskGroup
from mathbench.leaderboard.site.task_words import task_words
from mathbench.leaderboard.submission_manifest import SUPERVISIONS, Supervision
from mathbench.leaderboard.submission_record import BADGES, CLAIMED

MAX_LISTED = 100  # lines of a ranking on the page
MAX_PAIRED = 10  # models of the matrix of paired comparisons
ACCURACIES = (0.5, 0.9, 0.99)  # for which the page says how large a difference the rows can show


@dataclass(frozen=True)
class Filters:
    """The filters and the order of a ranking.

    Args:
        word: in the model's name.
        framework, badge, supervision: exact values; empty for all.
        internal: not empty to leave out models that were trained on other data than rows of the task.
        revised: not empty to leave out models that state no revision.
        sort: one of `SORTS`.
    """

    word: str = ""
    framework: str = ""
    badge: str = ""
    sort: str = "score"
    supervision: str = ""
    internal: str = ""
    revised: str = ""

    def match(self, line: Entry) -> bool:
        """Whether a line passes the filters; floors and the solver always do."""
        if line.kind != "model":
            return True
        return (
            self.word.lower() in line.model.lower()
            and self.framework in ("", line.framework or "none")
            and self.badge in ("", line.badge)
            and self.supervision in ("", supervision_word(line.supervision))
            and not (self.internal and line.external)
            and not (self.revised and not line.revision)
        )


def supervision_word(supervision: Supervision) -> str:
    """A supervision in the address of a page.

    >>> supervision_word("dense"), supervision_word(None)
    ('dense', 'none')
    """
    return supervision or "none"


@dataclass(frozen=True)
class Unranked:
    """A line without a rank, and the reason."""

    line: Entry
    reason: str


@dataclass(frozen=True)
class Ranking:
    """The ranking of one split and supervision.

    Args:
        split, supervision: of the table.
        lines: the displayed lines: ranked ones, floors and solver; all lines of open submissions.
        unranked: displayed lines without a rank.
        fitting, total: the numbers of matching and of all models.
        axis: of the plots of intervals.
        matrix: the best models compared with each other.
    """

    split: str
    supervision: Supervision
    lines: tuple[Entry, ...]
    unranked: tuple[Unranked, ...]
    fitting: int
    total: int
    axis: error_axis.ErrorAxis | error_axis.LinearAxis
    matrix: "Matrix | None" = None

    @property
    def complete(self) -> bool:
        """Whether all models are displayed."""
        shown = sum(line.kind == "model" for line in self.lines) + len(self.unranked)
        return shown == self.total


@dataclass(frozen=True)
class Matrix:
    """The best models compared with each other.

    Args:
        lines: the models, best first.
        results: per pair of indices i < j, the better placed model against the other.
        pairs: the number of pairs of the whole ranking, for which the p-values are corrected.
        ids: of the models, in addresses.
    """

    lines: tuple[Entry, ...]
    results: dict[tuple[int, int], PairResult]
    pairs: int
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Detectable:
    """The smallest differences that the rows of a split can show, near some accuracies.

    Args:
        split: the split.
        n: its rows.
        pairs: the number of pairs that are compared.
        found: accuracy, the difference for one pair alone, and for all pairs together.
    """

    split: str
    n: int
    pairs: int
    found: tuple[tuple[float, float, float], ...]


def page(
    group: TaskGroup,
    context: PageContext,
    filters: Filters,
    comparisons: Comparisons,
    has_page: Callable[[str], bool] = lambda path: True,
) -> Page:
    """Render a task's page.

    Args:
        group: the task.
        context: of the site.
        filters: what is shown.
        comparisons: of the board.
        has_page: whether the site has a page.
    """
    best = task_strata.leading(group)
    tables = [table for split in SCORED_SPLITS for table in group.tables.get(split, [])]
    rankings = [ranking(group, table, filters, comparisons) for table in tables]
    drawn = [(name, task_strata.lengths(strata)) for name, strata in best]
    return render_page(
        "task.html",
        context,
        group.address,
        group=group,
        words=task_words(group),
        has_page=has_page,
        season=comparisons.board.season,
        rankings=rankings,
        complete=all(found.complete for found in rankings),
        filters=filters,
        badges=BADGES,
        supervisions=[(supervision_word(s), SUPERVISIONS[s]) for s in _supervisions(tables)],
        stated=any(table.supervision is not None for table in tables),
        frameworks=sorted({entry.summary.framework or "none" for entry in group.active}),
        detectable=list(_detectable(group)),
        withdrawn=[entry for entry in reversed(group.records) if entry.withdrawn is not None],
        plot=charts.curves(drawn),
        grids=task_strata.grids(best),
        facets=task_strata.facet_tables(best),
        strata=[task_strata.strata_table(best, split) for split in SCORED_SPLITS if split in group.tables],
    )


def _supervisions(tables: Iterable[RankTable]) -> list[Supervision]:
    """The supervisions of the models, in the order of `SUPERVISIONS`."""
    found = {t.supervision for t in tables if any(line.kind == "model" for line in t.lines)}
    return [supervision for supervision in SUPERVISIONS if supervision in found]


def ranking(group: TaskGroup, table: RankTable, filters: Filters, comparisons: Comparisons) -> Ranking:
    """The lines that pass the filters, with their ranks among all."""
    fitting = [line for line in table.lines if filters.match(line)]
    fitting.sort(key=SORTS[filters.sort if filters.sort in SORTS else "score"])
    fitting = disambiguate_names(fitting)
    apart = [line for line in fitting if group.season_task and line.kind == "model" and line.rank is None]
    placed = [line for line in fitting if line not in apart]
    lines = tuple(placed[:MAX_LISTED])
    models = [line for line in lines if line.kind == "model"]
    return Ranking(
        split=table.split,
        supervision=table.supervision,
        lines=lines,
        unranked=tuple(Unranked(line, _reason(group, line)) for line in apart[:MAX_LISTED]),
        fitting=sum(line.kind == "model" for line in fitting),
        total=sum(line.kind == "model" for line in table.lines),
        axis=error_axis.axis([line.exact_match for line in models], [line.interval for line in models]),
        matrix=_matrix(group, table, comparisons),
    )


def _reason(group: TaskGroup, line: Entry) -> str:
    """Why a line of a season has no rank."""
    if line.badge == CLAIMED:
        return "claimed: its answers are not here"
    if not line.complete and group.season_task is not None:
        return f"incomplete: {_answered(group, line)}"
    return "which of its rows are right is not known"


def _answered(group: TaskGroup, line: Entry) -> str:
    """The numbers of rows that a line answered, of those of the season."""
    season_task = group.season_task
    record = group.by_digest[line.submissions[0]]
    rows = season_task.rows if season_task else {}
    counts = {s: record.checked.scores[s].total.n if s in record.checked.scores else 0 for s in rows}
    return ", ".join(f"{split} {min(counts[split], n):,} of {n:,} rows" for split, n in rows.items())


def _matrix(group: TaskGroup, table: RankTable, comparisons: Comparisons) -> Matrix | None:
    """The best models of a ranking compared with each other; None for fewer than two."""
    ranked = [line for line in table.lines if line.kind == "model" and line.rank is not None]
    lines = _one_per_model(sorted(ranked, key=SORTS["score"]))[:MAX_PAIRED]
    if group.season_task is None or len(lines) < 2:
        return None
    tests = comparisons.ranking(group.name, table.split, table.supervision)
    keys = [ModelKey.from_line(line) for line in lines]
    results = {}
    for j in range(len(keys)):
        for i in range(j):
            if (found := tests.result(keys[i], keys[j])) is not None:
                results[i, j] = found
    return Matrix(tuple(disambiguate_names(lines)), results, tests.pairs, tuple(map(model_id, keys)))


def _one_per_model(lines: Sequence[Entry]) -> list[Entry]:
    """The first entry of each model; further entries of one revision are not compared."""
    first: dict[ModelKey, Entry] = {}
    for line in sorted(lines, key=lambda line: line.attempt):
        first.setdefault(ModelKey.from_line(line), line)
    return [line for line in lines if first[ModelKey.from_line(line)] is line]


def _detectable(group: TaskGroup) -> Iterable[Detectable]:
    """How large a difference the rows of each split can show."""
    for split, n in group.season_task.rows.items() if group.season_task else ():
        tables = group.tables.get(split, [])
        models = max((sum(line.rank is not None for line in table.lines) for table in tables), default=0)
        pairs = max(1, models * (models - 1) // 2)
        found = [
            (a, detectable_difference(n, a), detectable_difference(n, a, comparisons=pairs))
            for a in ACCURACIES
        ]
        yield Detectable(split, n, pairs, tuple(found))


def ranking_data(group: TaskGroup, split: str) -> Page | None:
    """All lines of the rankings of a split as CSV."""
    if split not in group.tables:
        return None
    return Page(tables_csv(group.tables[split]).encode(), CSV)


def strata_data(group: TaskGroup) -> Page:
    """The counts of the best models per stratum as CSV, behind the curves, grids and tables."""
    rows = [
        (split, stratum, name, count.n, count.correct, count.exact_match, *count.interval)
        for name, strata in task_strata.leading(group, MAX_LISTED)
        for split, counts in strata.items()
        for stratum, count in counts.items()
    ]
    return csv_page(("split", "stratum", "model", "n", "correct", "exact_match", "low", "high"), rows)
