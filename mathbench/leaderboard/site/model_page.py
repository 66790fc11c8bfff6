"""A model's page: its results on every task, and all submissions under its name."""

from collections.abc import Iterator
from dataclasses import dataclass

from mathbench.leaderboard.ranking.macro import MacroAverage
from mathbench.leaderboard.ranking.tables import Entry, RankTable
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, ModelGroup, Snapshot, TaskGroup
from mathbench.leaderboard.submission_record import BADGES

MAX_LISTED = 100  # submissions on the page, newest first


@dataclass(frozen=True)
class Result:
    """One line of a model in a ranking, with the ranking and its best floor."""

    group: TaskGroup
    table: RankTable
    line: Entry
    floor: Entry | None

    @property
    def of(self) -> int:
        """The number of models in the ranking."""
        return sum(line.kind == "model" for line in self.table.lines)


def page(snapshot: Snapshot, group: ModelGroup, context: PageContext) -> Page:
    """Render a model's page."""
    records = list(reversed(group.records))
    listed = records[:MAX_LISTED]
    return render_page(
        "model.html",
        context,
        group.address,
        group=group,
        results={split: list(results(snapshot, group, split)) for split in SCORED_SPLITS},
        averages=[found for split in SCORED_SPLITS for found in _averages(snapshot, group, split)],
        records=listed,
        omitted=len(records) - len(listed),
        addresses={entry.digest: snapshot.by_digest[entry.digest].address for entry in listed},
        badges=BADGES,
    )


def data(snapshot: Snapshot, group: ModelGroup) -> Page:
    """A model's results as CSV."""
    columns = (
        "task",
        "split",
        "rank",
        "of",
        "exact_match",
        "low",
        "high",
        "n",
        "best_floor",
        "badge",
        "submissions",
        "supervision",
        "proof",
    )
    rows = []
    for split in SCORED_SPLITS:
        for found in results(snapshot, group, split):
            line, floor = found.line, found.floor.exact_match if found.floor else None
            score = (line.exact_match, line.low, line.high, line.n)
            about = (line.badge, " ".join(line.submissions), line.supervision, line.proof)
            rows.append((found.group.name, split, line.rank, found.of, *score, floor, *about))
    return csv_page(columns, rows)


def results(snapshot: Snapshot, group: ModelGroup, split: str) -> Iterator[Result]:
    """The lines of a model in the rankings of all tasks."""
    digests = {entry.digest for entry in group.records}
    answered = {found.address: found for found in (snapshot.by_digest[digest] for digest in digests)}
    for _, tasks in sorted(answered.items()):
        # a submitted floor stands in every ranking of the split
        shown = {
            line.submissions: (found, line) for found in tasks.tables.get(split, []) for line in found.lines
        }
        for submissions, (found, line) in shown.items():
            if digests.intersection(submissions):
                yield Result(tasks, found, line, tasks.floor(split))


def _averages(snapshot: Snapshot, group: ModelGroup, split: str) -> list[MacroAverage]:
    """The averages of a model, one per supervision."""
    return [a for a in snapshot.averages[split] if (a.model, a.framework) == (group.model, group.framework)]
