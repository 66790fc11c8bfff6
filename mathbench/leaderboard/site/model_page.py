"""A model's page: its place on every task, and everything that was submitted under its name."""

from collections.abc import Iterator
from dataclasses import dataclass

from mathbench.leaderboard.ranking.macro import MacroAverage
from mathbench.leaderboard.ranking.tables import Entry, RankTable
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, ModelGroup, Snapshot, TaskGroup
from mathbench.leaderboard.submission_record import BADGES

MAX_LISTED = 100  # submissions that are listed in full, newest first


@dataclass(frozen=True)
class Result:
    """One line of a model in a ranking, with what it stands beside."""

    group: TaskGroup
    table: RankTable
    line: Entry
    floor: Entry | None

    @property
    def of(self) -> int:
        """How many models the ranking has."""
        return sum(line.kind == "model" for line in self.table.lines)


def page(snapshot: Snapshot, group: ModelGroup, context: PageContext) -> Page:
    """A model's page."""
    kept = list(reversed(group.records))
    return render_page(
        "model.html",
        context,
        group.address,
        group=group,
        results={split: list(results(snapshot, group, split)) for split in SCORED_SPLITS},
        averages={split: _average(snapshot, group, split) for split in SCORED_SPLITS},
        kept=kept[:MAX_LISTED],
        left_out=len(kept[MAX_LISTED:]),
        addresses={entry.digest: snapshot.by_digest[entry.digest].address for entry in kept[:MAX_LISTED]},
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
    )
    rows = [
        (
            found.group.name,
            split,
            found.line.rank,
            found.of,
            found.line.exact_match,
            found.line.low,
            found.line.high,
            found.line.n,
            found.floor.exact_match if found.floor else None,
            found.line.badge,
            " ".join(found.line.submissions),
        )
        for split in SCORED_SPLITS
        for found in results(snapshot, group, split)
    ]
    return csv_page(columns, rows)


def results(snapshot: Snapshot, group: ModelGroup, split: str) -> Iterator[Result]:
    """The lines of a model on all tasks."""
    digests = {entry.digest for entry in group.records}
    answered = {found.address: found for found in (snapshot.by_digest[digest] for digest in digests)}
    for _, tasks in sorted(answered.items()):
        if (found := tasks.tables.get(split)) is None:
            continue
        for line in found.lines:
            if digests.intersection(line.submissions):
                yield Result(tasks, found, line, tasks.floor(split))


def _average(snapshot: Snapshot, group: ModelGroup, split: str) -> MacroAverage | None:
    same = (a for a in snapshot.averages[split] if (a.model, a.framework) == (group.model, group.framework))
    return next(same, None)
