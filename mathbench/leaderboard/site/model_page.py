"""A model's page: its results against the best floors, curves over lengths, and all attempts under its name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from mathbench.leaderboard.ranking.entries import TaskEntry, attempt_numbers
from mathbench.leaderboard.ranking.macro import MacroAverage
from mathbench.leaderboard.ranking.tables import SORTS, Entry, RankTable, grouped
from mathbench.leaderboard.site import charts, error_axis, task_strata
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, ModelGroup, Snapshot, TaskGroup
from mathbench.leaderboard.submission_record import BADGES, CLAIMED, SubmissionRecord

MAX_ATTEMPTS = 1_000  # in the table of attempts, newest first
MAX_DETAILED = 40  # submissions with their manifest on the page, newest first


@dataclass(frozen=True)
class Result:
    """One line of a model in a ranking, with the ranking and its best floor."""

    group: TaskGroup
    table: RankTable
    line: Entry
    floor: Entry | None

    @property
    def of(self) -> int:
        """The number of ranked models in the ranking."""
        return self.table.ranked


@dataclass(frozen=True)
class Attempt:
    """One submission to a task.

    Args:
        record: the submission.
        group: its task.
        number: of the attempt among those of the model on the task; 0 for an open submission.
        of: their number.
        state: what became of it.
    """

    record: SubmissionRecord
    group: TaskGroup
    number: int
    of: int
    state: str

    @property
    def scores(self) -> list[tuple[str, float]]:
        """The shares of right answers per split."""
        return [(split, score.total.exact_match) for split, score in self.record.checked.scores.items()]


@dataclass(frozen=True)
class About:
    """What a revision of a model says of itself.

    Args:
        revision: a label; empty where none is stated.
        submitter: who submitted it.
        record: one of its submissions.
        seeds: the number of its training seeds.
        tasks: the number of tasks of the season that it answered.
        cpu_seconds: of the training, the mean over the submissions that state it; None where none does.
        first, last: the times of its first and last submission.
    """

    revision: str
    submitter: str | None
    record: SubmissionRecord
    seeds: int
    tasks: int
    cpu_seconds: float | None
    first: str
    last: str


def page(snapshot: Snapshot, group: ModelGroup, context: PageContext) -> Page:
    """Render a model's page."""
    found = {split: list(results(snapshot, group, split)) for split in SCORED_SPLITS}
    tried = list(attempts(snapshot, group))
    return render_page(
        "model.html",
        context,
        group.address,
        group=group,
        season=snapshot.season,
        about=revisions(snapshot, group),
        results={split: _by_kind(of_split) for split, of_split in found.items() if of_split},
        axes={split: _axis(of_split) for split, of_split in found.items()},
        plot=charts.curves(_curves(snapshot, group)),
        averages=[found for split in SCORED_SPLITS for found in _averages(snapshot, group, split)],
        attempts=tried[:MAX_ATTEMPTS],
        omitted=max(0, len(tried) - MAX_ATTEMPTS),
        detailed=tried[:MAX_DETAILED],
        badges=BADGES,
    )


def _by_kind(found: Sequence[Result]) -> dict[str, list[Result]]:
    """The results by the group of their task in the season; those of open submissions last."""
    return grouped(found, lambda one: one.group.season_task.group if one.group.season_task else "open")


def _axis(found: Sequence[Result]) -> error_axis.ErrorAxis | error_axis.LinearAxis:
    shares = [one.line.exact_match for one in found]
    return error_axis.axis([*shares, 0.0], [(0.0, 1.0), *(one.line.interval for one in found)])


def revisions(snapshot: Snapshot, group: ModelGroup) -> list[About]:
    """What each revision of a model says of itself, the latest first."""
    by_revision = grouped(group.records, lambda r: (r.submitter, r.summary.revision, r.summary.supervision))
    return [_about(snapshot, same) for same in reversed(list(by_revision.values()))]


def _about(snapshot: Snapshot, records: Sequence[SubmissionRecord]) -> About:
    seconds = [r.summary.cpu_seconds for r in records if r.summary.cpu_seconds is not None]
    standings = snapshot.board.standings
    tasks = {standings[r.digest].task.name for r in records if r.digest in standings and not r.withdrawn}
    return About(
        revision=records[0].summary.revision,
        submitter=records[0].submitter,
        record=records[-1],
        seeds=len({seed for record in records for seed in record.summary.seeds}),
        tasks=len(tasks),
        cpu_seconds=fmean(seconds) if seconds else None,
        first=records[0].submitted,
        last=records[-1].submitted,
    )


def _curves(snapshot: Snapshot, group: ModelGroup) -> list[tuple[str, task_strata.Lengths]]:
    """The scores by length of the model's first ranked line on each task of the season, most lengths first."""
    found = []
    for task in snapshot.season_groups:
        line = next(_lines(task, group, SCORED_SPLITS[0]), None)
        if line is not None:
            records = task.records_of_line(line)
            splits = [s for s in SCORED_SPLITS if all(s in r.checked.scores for r in records)]
            lengths = task_strata.lengths({s: task_strata.merge_strata(records, s) for s in splits})
            found.append((task.name, lengths))
    found.sort(key=lambda named: -len({n for counts in named[1].values() for n in counts}))
    return [named for named in found if any(len(counts) > 1 for counts in named[1].values())]


def _lines(task: TaskGroup, group: ModelGroup, split: str) -> Iterator[Entry]:
    """The lines of a model in the rankings of a split, best first."""
    found = (task.places.get(split, {}).get(digest) for digest in group.digests)
    lines = {line.submissions: line for _, line in filter(None, found)}
    yield from sorted(lines.values(), key=SORTS["score"])


def attempts(snapshot: Snapshot, group: ModelGroup) -> Iterator[Attempt]:
    """All submissions of a model, newest first, with the number of the attempt and what became of it."""
    board = snapshot.board
    numbers: dict[str, tuple[int, int]] = {}
    placed = [board.standings[r.digest] for r in group.records if r.digest in board.standings]
    same_model = grouped(placed, lambda p: (p.task.name, p.record.owner_key, p.record.summary.supervision))
    for same in same_model.values():
        found = attempt_numbers(sorted(same, key=lambda place: place.record.order))
        numbers |= {digest: (number, max(found.values())) for digest, number in found.items()}
    for record in reversed(group.records):
        number, of = numbers.get(record.digest, (0, 0))
        state = _state(snapshot, record, board.entry_of.get(record.digest))
        yield Attempt(record, snapshot.by_digest[record.digest], number, of, state)


def _state(snapshot: Snapshot, record: SubmissionRecord, entry: TaskEntry | None) -> str:
    """What became of a submission."""
    if record.withdrawn is not None:
        return "withdrawn"
    if record.digest not in snapshot.board.standings:
        return "open"
    if not snapshot.board.standings[record.digest].complete:
        return "incomplete"
    if record.badge == CLAIMED:
        return "claimed"
    if entry is not None and snapshot.board.is_ranked(entry):
        return "ranked"
    return "not ranked: an earlier attempt of this revision counts"


def data(snapshot: Snapshot, group: ModelGroup) -> Page:
    """A model's results as CSV."""
    columns = (
        *(
            "task",
            "split",
            "revision",
            "rank",
            "of",
            "exact_match",
            "low",
            "high",
            "n",
            "best_floor",
            "badge",
        ),
        *("submissions", "supervision", "proof"),
    )
    rows = []
    for split in SCORED_SPLITS:
        for found in results(snapshot, group, split):
            line, floor = found.line, found.floor.exact_match if found.floor else None
            score = (line.exact_match, line.low, line.high, line.n)
            about = (line.badge, " ".join(line.submissions), line.supervision, line.proof)
            place = (found.group.name, split, line.revision, line.rank, found.of)
            rows.append((*place, *score, floor, *about))
    return csv_page(columns, rows)


def results(snapshot: Snapshot, group: ModelGroup, split: str) -> Iterator[Result]:
    """The lines of a model in the rankings of all tasks, those of the season in its order and first."""
    answered = {snapshot.by_digest[record.digest].address for record in group.records}
    for tasks in _in_order(snapshot, answered):
        floor = tasks.floor(split) if tasks.tables.get(split) else None
        places = (tasks.places.get(split, {}).get(record.digest) for record in group.records)
        found = {line.submissions: (table, line) for table, line in filter(None, places)}
        tables = tasks.tables.get(split, [])
        in_order = sorted(found.values(), key=lambda f: (tables.index(f[0]), SORTS["score"](f[1])))
        yield from (Result(tasks, table, line, floor) for table, line in in_order)


def _in_order(snapshot: Snapshot, addresses: Iterable[str]) -> list[TaskGroup]:
    wanted = set(addresses)
    return [group for at, group in snapshot.groups.items() if at in wanted]


def _averages(snapshot: Snapshot, group: ModelGroup, split: str) -> list[MacroAverage]:
    """The averages of a model, one per revision and supervision."""
    return [
        a
        for a in snapshot.averages[split]
        if a.kind == "model" and (a.model, a.framework) == (group.model, group.framework)
    ]
