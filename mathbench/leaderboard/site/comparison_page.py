"""The page that compares the answers of two submissions row by row, and the form to choose two models."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from mathbench.leaderboard.ranking.compare import ComparisonResult, rows_key
from mathbench.leaderboard.ranking.macro import RankedModel
from mathbench.leaderboard.ranking.pairs import Comparisons
from mathbench.leaderboard.ranking.tables import grouped
from mathbench.leaderboard.site import address, model_comparison_page
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import Snapshot, TaskGroup
from mathbench.leaderboard.submission_record import CLAIMED, SubmissionRecord

MAX_MODELS = 3  # the best models of a task, whose answers exported pages compare row by row
PAIRED = ("both", "only_first", "only_second", "neither", "p", "test")  # columns of the CSV per stratum
MAX_CHOICES = 1_000  # models in the form


@dataclass(frozen=True)
class Request:
    """What was asked for in the form: the ids of two models, or parts of those of submissions, and a task."""

    first: str = ""
    second: str = ""
    task: str = ""


NOTHING = Request()


def form_page(
    snapshot: Snapshot,
    context: PageContext,
    comparisons: Comparisons,
    error: str = "",
    requested: Request = NOTHING,
) -> Page:
    """Render the form to choose two models, or the list of comparisons without a server."""
    models = list(comparisons.models.values())
    ready = [] if context.served else list(model_comparison_page.pairs(snapshot, comparisons))
    by_task: dict[str, list[tuple[str, RankedModel, RankedModel]]] = {"": []}
    for group in snapshot.season_groups:
        by_task[group.name] = []
    for link in ready:
        if (found := model_comparison_page.parsed(link, snapshot, comparisons)) is not None:
            task, one, two = found
            by_task[task].append((link, one, two))
    return render_page(
        "compare.html",
        context,
        address.COMPARE,
        models=models[:MAX_CHOICES],
        season=snapshot.season,
        groups=grouped(snapshot.season.tasks, lambda task: task.group),
        by_task={task: links for task, links in by_task.items() if links},
        error=error,
        requested=requested,
    )


def page(
    first: SubmissionRecord,
    second: SubmissionRecord,
    compared: list[ComparisonResult],
    task: TaskGroup,
    context: PageContext,
) -> Page:
    """Render the comparison of two submissions."""
    at = address.of_pair(first.digest, second.digest)
    return render_page("pair.html", context, at, first=first, second=second, compared=compared, task=task)


def data(compared: list[ComparisonResult]) -> Page:
    """The counts behind the bars as CSV."""
    return csv_page(("split", "stratum", *PAIRED), (row for found in compared for row in _rows(found)))


def _rows(found: ComparisonResult) -> Iterator[tuple[object, ...]]:
    for stratum, counts in {"": found.total, **found.strata}.items():
        yield found.split, stratum, *(getattr(counts, name) for name in PAIRED)


def pairs(snapshot: Snapshot) -> Iterator[tuple[SubmissionRecord, SubmissionRecord]]:
    """All pairs of a task's best models that answered the same rows; of claimed ones the answers are not there."""
    for group in snapshot.groups.values():
        best = [group.by_digest[line.submissions[0]] for line in group.best[:MAX_MODELS]]
        answered = [entry for entry in best if entry.badge != CLAIMED]
        yield from ((a, b) for a, b in combinations(answered, 2) if rows_key(a) == rows_key(b))
