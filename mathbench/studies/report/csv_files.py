"""The results of a study as CSV: a row for every run and every split or length."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mathbench.baselines.result import Result
from mathbench.storage import atomic
from mathbench.studies.report.found import Found, StudyResults

COLUMNS = (
    *("task", "learner", "variant", "supervision", "baseline", "framework", "seed", "split", "n", "correct"),
    *("exact_match", "weights", "steps", "fit_cpu_s", "commit", "dirty", "cpu", "command", "run"),
)


def rows(results: StudyResults) -> Iterator[dict[str, Any]]:
    """Yield a row per run and split; further lengths have the number of digits as their split."""
    for one in results.found:
        for seed, result in one.results.runs.items():
            for split, score in {**result.scores, **result.long}.items():
                counts = {key: score[key] for key in ("n", "correct", "exact_match")}
                run = one.results.folders[seed].relative_to(results.plan.out)
                yield {**_run(one, result), "seed": seed, "split": split, **counts, "run": run}


def _run(one: Found, result: Result) -> dict[str, Any]:
    """Return what all rows of a run share."""
    return {
        "task": one.task,
        "learner": one.learner,
        "variant": one.variant,
        "supervision": one.supervision,
        "baseline": result.baseline,
        "framework": result.framework,
        "weights": result.parameters,
        "steps": result.timings["steps"],
        "fit_cpu_s": round(result.timings["fit_cpu_s"], 2),
        "commit": result.commit,
        "dirty": result.dirty,
        "cpu": result.hardware.get("cpu", ""),
        "command": result.command,
    }


def write_csv(path: Path, columns: Sequence[str], values: Iterable[Mapping[str, Any]]) -> None:
    """Write a table as CSV, atomically."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(values)
    atomic.write(path, text.getvalue())
