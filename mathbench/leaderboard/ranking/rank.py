"""From submissions to tables: runs of one model become one entry, entries get ranks, floors stand beside."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt
from statistics import fmean, stdev
from typing import Any

from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import check_seed
from mathbench.leaderboard.submission import canonical_json
from mathbench.leaderboard.submission_record import BADGES, SubmissionRecord
from mathbench.reserve import SPLITS
from mathbench.scores.results import Score
from mathbench.scores.statistics import wilson

# Student's t, two-sided 95 %, for 1, 2, ... degrees of freedom; beyond the list the last one is close enough
_T = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
    2.120,
)


SOLVER = "exact-solver"  # what the baseline of that kind is called


@dataclass(frozen=True)
class Entry:
    """One line of a table.

    Args:
        kind: ``"model"``, ``"floor"`` or ``"solver"``; only models are ranked.
        model: its name.
        n: answers asked for, in one run.
        exact_match: the share of right answers; for several training seeds their mean.
        low, high: the 95 % interval.
        badge: how far the score can be trusted.
        rank: 1 + the number of models that are better beyond doubt; ties share it.
        framework, encoding, recipe: how it was made; the recipe by its name or the start of its digest.
        data: what it was trained on: rows and seed.
        parameters: how many numbers it has learned.
        seeds: different training seeds.
        spread: standard deviation between training seeds; None for one seed.
        submitted: when its first submission came.
        submissions: digests of its submissions.
        attempts: how often these submissions were sent in all.
        differs: whether a claimed score did not agree with the recomputed one.
    """

    kind: str
    model: str
    n: int
    exact_match: float
    low: float
    high: float
    badge: str
    rank: int | None = None
    framework: str | None = None
    encoding: str = ""
    recipe: str = ""
    data: str = ""
    parameters: int | None = None
    seeds: int = 0
    spread: float | None = None
    submitted: str = ""
    submissions: tuple[str, ...] = ()
    attempts: int = 0
    differs: bool = False

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return self.low, self.high


@dataclass(frozen=True)
class RankTable:
    """The ranking of one split of one task.

    Args:
        task: the task's name.
        task_id: its versioned id.
        parameters: its parameters.
        split: the split.
        lines: best first; floors and the exact solver stand where their score puts them.
    """

    task: str
    task_id: str
    parameters: Mapping[str, Any]
    split: str
    lines: tuple[Entry, ...]


SORTS: dict[str, Callable[[Entry], Any]] = {
    "score": lambda line: (-line.exact_match, line.rank or 0, line.submitted),
    "model": lambda line: (line.model, line.framework or "", -line.exact_match),
    "parameters": lambda line: (line.parameters is None, line.parameters or 0, -line.exact_match),
    "time": lambda line: (line.submitted, -line.exact_match),
}


def rank_tables(
    records: Sequence[SubmissionRecord],
    task: str | None = None,
    framework: str | None = None,
    split: str | None = None,
    sort: str = "score",
    badge: str | None = None,
) -> list[RankTable]:
    """All tables of a board, one per task and split.

    Args:
        records: the board's submissions; withdrawn ones do not count.
        task: only the task of this name, versioned id or family.
        framework: only models of this framework; ranks are among those shown.
        split: only this split; by default the two that tests are made of.
        sort: one of `SORTS`.
        badge: only submissions with this badge; ranks are among those shown.

    Raises:
        InputError: for a filter that fits nothing on the board, with the nearest that does.
    """
    if sort not in SORTS:
        raise InputError(f"unknown order '{sort}'. {did_you_mean(sort, SORTS)}")
    if split is not None and split not in SPLITS:
        raise InputError(f"unknown split '{split}'. {did_you_mean(split, SPLITS)}")
    standing = [k for k in records if k.withdrawn is None]
    standing = filter_task(standing, task)
    shown = standing
    if framework is not None:
        shown = _only(standing, framework, "framework", lambda k: (str(k.summary.framework or "none"),))
    if badge is not None:
        if badge not in BADGES:
            raise InputError(f"unknown badge '{badge}'. {did_you_mean(badge, BADGES)}")
        shown = [k for k in shown if k.badge == badge]
    groups = _grouped(standing, lambda k: k.task_key)
    here = {k.digest for k in shown}
    out = []
    for group in groups:
        present = {name for k in group for name in k.checked.scores}
        for name in SPLITS if split else SPLITS[2:]:
            if name in present and split in (None, name):
                out.append(_table(group, name, here, sort))
    return sorted((t for t in out if any(line.submissions for line in t.lines)), key=lambda t: t.task)


def assign_ranks(lines: Iterable[Entry]) -> list[Entry]:
    """Give models their ranks: 1 + the number of models whose lower bound exceeds one's upper bound.

    So models that the data cannot tell apart share a rank (the rule of Chatbot Arena).

    >>> three = [Entry("model", "m", 100, s, s - 0.1, s + 0.1, "re-scored") for s in (0.9, 0.8, 0.65)]
    >>> [line.rank for line in assign_ranks(three)]
    [1, 1, 2]
    """
    lines = list(lines)
    lows = sorted(line.low for line in lines if line.kind == "model")
    return [
        replace(line, rank=1 + len(lows) - bisect_right(lows, line.high)) if line.kind == "model" else line
        for line in lines
    ]


def filter_task(records: Sequence[SubmissionRecord], task: str | None) -> list[SubmissionRecord]:
    """Only the submissions to the task of a name, versioned id or family; all of them for None.

    Raises:
        InputError: when there is none, with the nearest name that there is.
    """
    return list(records) if task is None else _only(list(records), task, "task", _task_names)


def _only(
    records: list[SubmissionRecord],
    requested: str,
    what: str,
    names: Callable[[SubmissionRecord], tuple[str, ...]],
) -> list[SubmissionRecord]:
    found = [k for k in records if requested in names(k)]
    if not found and records:
        raise InputError(
            f"no {what} '{requested}' on this board. {did_you_mean(requested, {n for k in records for n in names(k)})}"
        )
    return found


def _task_names(record: SubmissionRecord) -> tuple[str, ...]:
    versioned = record.manifest["task"]["id"]
    return (record.manifest["task"]["name"], versioned, versioned.rpartition("-v")[0])


def _grouped(
    records: Iterable[SubmissionRecord], key: Callable[[SubmissionRecord], str]
) -> list[list[SubmissionRecord]]:
    groups: dict[str, list[SubmissionRecord]] = {}
    for entry in records:
        groups.setdefault(key(entry), []).append(entry)
    return list(groups.values())


def _table(group: list[SubmissionRecord], split: str, here: set[str], sort: str) -> RankTable:
    scored = [k for k in group if split in k.checked.scores]
    references = [*_floors(scored, split), _solver(scored, split)]
    kinds = {line.model: line.kind for line in references}
    runs = _grouped((k for k in scored if k.digest in here), lambda k: k.model_key)
    lines = assign_ranks(_of_kind(_model(same, split), kinds) for same in runs)
    submitted = {line.model for line in lines if line.kind != "model"}
    lines += [line for line in references if line.model not in submitted]
    said = group[0].manifest["task"]
    return RankTable(
        said["name"], said["id"], said["parameters"], split, tuple(sorted(lines, key=SORTS[sort]))
    )


def _of_kind(line: Entry, kinds: Mapping[str, str]) -> Entry:
    """A floor or the exact solver that was submitted as a run stands in for the reported one, re-scored."""
    return replace(line, kind=kinds.get(line.model, "model"))


def _model(runs: list[SubmissionRecord], split: str) -> Entry:
    """One entry: the mean over training seeds, each seed counting once however often it was run."""
    by_seed = _grouped(
        runs, lambda k: canonical_json({"seeds": [check_seed(seed) for seed in k.summary.seeds]})
    )
    shares = [fmean(k.checked.scores[split].total.exact_match for k in same) for same in by_seed]
    first, said = runs[0], runs[0].summary
    n = first.checked.scores[split].total.n
    low, high, spread = interval_bounds(shares, n)
    return Entry(
        kind="model",
        model=said.model,
        n=n,
        exact_match=fmean(shares),
        low=low,
        high=high,
        badge=min((k.badge for k in runs), key=list(BADGES).index),
        framework=said.framework,
        encoding=settings_label(said.encoding),
        recipe=settings_label(said.recipe),
        data=said.training_data,
        parameters=said.parameters,
        seeds=len(shares),
        spread=spread,
        submitted=min(k.submitted for k in runs),
        submissions=tuple(k.digest for k in runs),
        attempts=sum(k.attempts for k in runs),
        differs=any(d.startswith(f"{split}:") for k in runs for d in k.checked.differences),
    )


def interval_bounds(shares: Sequence[float], n: int) -> tuple[float, float, float | None]:
    """The 95 % interval of a mean over training seeds, and the spread between them.

    All seeds answered the same `n` rows, so more seeds do not make the rows more: the Wilson interval of one
    run stays, and the uncertainty of the mean over seeds (Student's t) is added to it in quadrature.

    >>> [round(x, 3) for x in interval_bounds([0.9, 0.92, 0.94], 1000)]
    [0.867, 0.972, 0.02]
    """
    mean = fmean(shares)
    low, high = wilson(mean * n, n)
    if len(shares) == 1:
        return low, high, None
    spread = stdev(shares)
    half = _T[min(len(shares) - 1, len(_T)) - 1] * spread / sqrt(len(shares))
    return max(0.0, mean - hypot(mean - low, half)), min(1.0, mean + hypot(high - mean, half)), spread


def settings_label(settings: Mapping[str, Any]) -> str:
    """A short name for a recipe or an encoding: its own, or its settings where they are few and short.

    >>> settings_label({"name": "reversed", "x": 1}), settings_label({"a": 1, "b": "c"}), settings_label({})
    ('reversed', 'a=1 b=c', '')
    """
    if isinstance(settings.get("name"), str):
        return str(settings["name"])
    words = " ".join(f"{key}={value}" for key, value in sorted(settings.items()))
    return words if len(words) <= 40 else hashlib.sha256(canonical_json(settings).encode()).hexdigest()[:8]


def _floors(records: list[SubmissionRecord], split: str) -> list[Entry]:
    """The floors that submissions report; where they disagree, the highest: models are judged by the best."""
    best: dict[str, Score] = {}
    for entry in records:
        for name, by_split in entry.summary.floors.items():
            if split in by_split:
                count = Score(by_split[split]["n"], by_split[split]["correct"])
                if name not in best or count.exact_match > best[name].exact_match:
                    best[name] = count
    return [_reference("floor", name, count, "self-reported") for name, count in best.items()]


def _solver(records: list[SubmissionRecord], split: str) -> Entry:
    """The exact solver, on the sample that the board let it answer."""
    counts = [entry.checked.solver[split] for entry in records if split in entry.checked.solver]
    worst = min(counts, key=lambda count: count.exact_match)
    return _reference("solver", SOLVER, worst, "re-scored")


def _reference(kind: str, name: str, count: Score, badge: str) -> Entry:
    return Entry(kind, name, count.n, count.exact_match, *count.interval, badge)
