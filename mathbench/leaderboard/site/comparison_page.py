"""The page that compares two submissions on the same rows, and the form to choose them."""

from collections.abc import Iterator
from itertools import combinations

from mathbench.leaderboard.ranking.compare import ComparisonResult, rows_key
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import Snapshot, TaskGroup
from mathbench.leaderboard.submission_record import CLAIMED, SubmissionRecord

MAX_MODELS = 6  # the best models of a task, of which exported pages compare every pair
PAIRED = ("both", "only_first", "only_second", "neither", "p", "test")  # columns of the CSV per stratum
SUGGESTED = 50  # submissions that a server suggests


def form_page(
    snapshot: Snapshot, context: PageContext, error: str = "", requested: tuple[str, str] = ("", "")
) -> Page:
    """Render the form to choose two submissions, or the list of comparisons without a server."""
    suggested = snapshot.latest(SUGGESTED)
    ready = [] if context.served else list(pairs(snapshot))
    by_task: dict[str, list[tuple[SubmissionRecord, SubmissionRecord]]] = {}
    for first, second in ready:
        by_task.setdefault(first.summary.task["name"], []).append((first, second))
    return render_page(
        "compare.html",
        context,
        address.COMPARE,
        suggested=suggested,
        groups=snapshot.by_digest,
        by_task=by_task,
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
