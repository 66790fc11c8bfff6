"""The scores of the floors and of the exact solver on the rows of a run."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa

from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.table import BASELINES
from mathbench.dataset.data import Data
from mathbench.registry import load
from mathbench.scores.scorer import score_split

SCORED = ("validation", "interpolate", "extrapolate")

SplitScores = dict[str, dict[str, Any]]  # per split, `Score.to_json()`


def score_shortcuts(data: Data) -> tuple[dict[str, SplitScores], SplitScores]:
    """Return the scores of all applicable floors, per floor and split, and those of the exact solver, per split.

    These baselines work on plain text, whatever the format of the data. The scores on the rows that were asked for last
    are remembered, since the seeds of a sweep share their rows.
    """
    return _scores(_Rows(data.task.name, data.digest, data))


@dataclass(frozen=True)
class _Rows:
    """Rows that are equal where their task and their content digest are."""

    task: str
    digest: str
    data: Data = field(compare=False)


@lru_cache(maxsize=1)
def _scores(rows: _Rows) -> tuple[dict[str, SplitScores], SplitScores]:
    data, floors, ceiling = rows.data.plain(), {}, {}
    for entry in BASELINES.values():
        if entry.kind == "network":
            continue
        kind = load(entry.target)
        if applies_to(kind, data.task):
            answerer = kind.fit(data.task, data.splits["train"], data.splits["validation"])
            scores = {
                split: _total_score(answerer, data.splits[split]) for split in SCORED if split in data.splits
            }
            if entry.kind == "ceiling":
                ceiling = scores
            else:
                floors[entry.name] = scores
    return floors, ceiling


def _total_score(answerer: Any, table: pa.Table) -> dict[str, Any]:
    predictions = pa.array(answerer.predict(table["question"].to_pylist()), pa.string())
    return score_split(table, predictions).total.to_json()
