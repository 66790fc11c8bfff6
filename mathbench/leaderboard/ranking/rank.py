"""Ranks: the runs of one model become one entry, entries get ranks, and floors are added for reference.

Models are ranked among those of the same supervision; floors and the exact solver stand beside each group.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import check_seed
from mathbench.leaderboard.ranking.tables import SOLVER, SORTS, Entry, RankTable, by_supervision
from mathbench.leaderboard.submission import canonical_json
from mathbench.leaderboard.submission_record import (
    BADGES,
    CLAIMED,
    RESCORED,
    SubmissionRecord,
    weakest_badge,
)
from mathbench.reserve import SPLITS
from mathbench.scores.results import Score
from mathbench.scores.statistics import interval_bounds


def rank_tables(
    records: Sequence[SubmissionRecord],
    task: str | None = None,
    framework: str | None = None,
    split: str | None = None,
    sort: str = "score",
    badge: str | None = None,
) -> list[RankTable]:
    """Rank the submissions of a board: one table per task, split and supervision.

    Args:
        records: the board's submissions; withdrawn ones are ignored.
        task: only the task of this name, versioned id or family.
        framework: only models of this framework; ranks are among those shown.
        split: only this split; by default the two test splits.
        sort: one of `SORTS`.
        badge: only submissions with this badge; ranks are among those shown.

    Raises:
        InputError: for a filter that matches nothing on the board, with the nearest value that does.
    """
    if sort not in SORTS:
        raise InputError(f"unknown order '{sort}'. {did_you_mean(sort, SORTS)}")
    if split is not None and split not in SPLITS:
        raise InputError(f"unknown split '{split}'. {did_you_mean(split, SPLITS)}")
    active = filter_task([record for record in records if record.withdrawn is None], task)
    shown = {record.digest for record in _filtered(active, framework, badge)}
    tables = [
        table
        for group in _grouped(active, lambda record: record.task_key)
        for name in ((split,) if split else SPLITS[2:])
        if any(name in record.checked.scores for record in group)
        for table in _tables(group, name, shown, sort)
    ]
    return sorted((t for t in tables if any(line.submissions for line in t.lines)), key=lambda t: t.task)


def _filtered(
    records: list[SubmissionRecord], framework: str | None, badge: str | None
) -> list[SubmissionRecord]:
    """Select the submissions with a framework and a badge; None for any."""
    if framework is not None:
        records = _only(records, framework, "framework", lambda k: (str(k.summary.framework or "none"),))
    if badge is not None:
        if badge not in BADGES:
            raise InputError(f"unknown badge '{badge}'. {did_you_mean(badge, BADGES)}")
        records = [k for k in records if k.badge == badge]
    return records


def assign_ranks(lines: Iterable[Entry]) -> list[Entry]:
    """Set the rank of each model: 1 + the number of models whose lower bound exceeds its upper bound.

    Models whose intervals overlap may share a rank (the rule of Chatbot Arena).

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
    """Select the submissions to the task with a name, versioned id or family; all of them for None.

    Raises:
        InputError: when there is none, with the nearest existing name.
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
            f"the board has no {what} '{requested}'. {did_you_mean(requested, {n for k in records for n in names(k)})}"
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


def _tables(group: list[SubmissionRecord], split: str, shown: set[str], sort: str) -> list[RankTable]:
    """The ranking of each supervision; one without models where only floors or the exact solver were submitted."""
    scored = [k for k in group if split in k.checked.scores]
    references = [*_floors(scored, split), *_solver(scored, split)]
    kinds = {line.model: line.kind for line in references}
    runs = _grouped((k for k in scored if k.digest in shown), lambda k: k.model_key)
    lines = [_with_kind(_model(same, split), kinds) for same in runs]
    submitted = [line for line in lines if line.kind != "model"]
    names = {line.model for line in submitted}
    beside = submitted + [line for line in references if line.model not in names]
    task = group[0].manifest["task"]
    return [
        RankTable(
            task["name"],
            task["id"],
            task["parameters"],
            split,
            tuple(sorted([*assign_ranks(models), *beside], key=SORTS[sort])),
            supervision,
        )
        for supervision, models in (
            by_supervision(line for line in lines if line.kind == "model") or {None: []}
        ).items()
    ]


def _with_kind(line: Entry, kinds: Mapping[str, str]) -> Entry:
    """A submitted floor or exact solver replaces the reported one of that name."""
    return replace(line, kind=kinds.get(line.model, "model"))


def _model(runs: list[SubmissionRecord], split: str) -> Entry:
    """One entry: the mean over training seeds. Several runs of one seed count as one."""
    by_seed = _grouped(
        runs, lambda k: canonical_json({"seeds": [check_seed(seed) for seed in k.summary.seeds]})
    )
    shares = [fmean(k.checked.scores[split].total.exact_match for k in same) for same in by_seed]
    summary = runs[0].summary
    n = runs[0].checked.scores[split].total.n
    low, high, spread = interval_bounds(shares, n)
    return Entry(
        kind="model",
        model=summary.model,
        n=n,
        exact_match=fmean(shares),
        low=low,
        high=high,
        badge=weakest_badge(k.badge for k in runs),
        framework=summary.framework,
        encoding=settings_label(summary.encoding),
        recipe=settings_label(summary.recipe),
        data=summary.training_data,
        parameters=summary.parameters,
        seeds=len(shares),
        spread=spread,
        submitted=min(k.submitted for k in runs),
        submissions=tuple(k.digest for k in runs),
        attempts=sum(k.attempts for k in runs),
        differs=any(d.startswith(f"{split}:") for k in runs for d in k.checked.differences),
        supervision=summary.supervision,
        proof=runs[0].proof.claim if runs[0].proof and all(k.proof for k in runs) else "",
    )


def settings_label(settings: Mapping[str, Any]) -> str:
    """A short label of a recipe or an encoding: its name, its settings where they are short, or a digest.

    >>> settings_label({"name": "reversed", "x": 1}), settings_label({"a": 1, "b": "c"}), settings_label({})
    ('reversed', 'a=1 b=c', '')
    """
    if isinstance(settings.get("name"), str):
        return str(settings["name"])
    words = " ".join(f"{key}={value}" for key, value in sorted(settings.items()))
    return words if len(words) <= 40 else hashlib.sha256(canonical_json(settings).encode()).hexdigest()[:8]


def _floors(records: list[SubmissionRecord], split: str) -> list[Entry]:
    """The floors that submissions report; where they differ, the highest one counts."""
    best: dict[str, Score] = {}
    for entry in records:
        for name, by_split in entry.summary.floors.items():
            if split in by_split:
                count = Score(by_split[split]["n"], by_split[split]["correct"])
                if name not in best or count.exact_match > best[name].exact_match:
                    best[name] = count
    return [_reference("floor", name, count, CLAIMED) for name, count in best.items()]


def _solver(records: list[SubmissionRecord], split: str) -> list[Entry]:
    """The exact solver on its sample of rows, if there is one; where samples differ, the worst one counts."""
    counts = [entry.checked.solver[split] for entry in records if split in entry.checked.solver]
    worst = sorted(counts, key=lambda count: count.exact_match)[:1]
    return [_reference("solver", SOLVER, count, RESCORED) for count in worst]


def _reference(kind: str, name: str, count: Score, badge: str) -> Entry:
    return Entry(kind, name, count.n, count.exact_match, *count.interval, badge)
