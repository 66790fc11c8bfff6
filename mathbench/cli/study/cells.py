"""The cells of a study before it is run, with what they are expected to cost."""

from typing import TYPE_CHECKING, Any

from mathbench.cli.grid_view import GridView
from mathbench.cli.output import out, print_json, print_message, table

if TYPE_CHECKING:
    from mathbench.engine import Engine
    from mathbench.studies.estimate import Estimate
    from mathbench.studies.plan import StudyPlan

HOUR = 3600.0


def print_cells(plan: "StudyPlan", engine: "Engine", seconds: float, json: bool) -> None:
    """Print every cell that has missing runs and, after probes of some CPU seconds, what they are expected to cost."""
    from mathbench.studies.estimate import missing_cells

    # settings that are not allowed show here
    plan.jobs()
    if seconds > 0:
        found = _probed(plan, engine, seconds)
        rows = [_row(one.cell, one.runs) | _cost(one) for one in found]
    else:
        rows = [_row(cell, runs) for cell, runs in missing_cells(plan)]
    if json:
        print_json({"study": plan.study.name, "out": str(plan.out), "cells": rows})
        return
    _print(rows)


def _probed(plan: "StudyPlan", engine: "Engine", seconds: float) -> "list[Estimate]":
    from mathbench.studies.estimate import estimate

    with GridView(0) as view:
        return list(estimate(plan, engine, seconds, view.report))


def _row(cell: Any, runs: int) -> dict[str, Any]:
    learner = cell.learner
    return {
        "task": cell.task.name,
        "learner": learner.name,
        "supervision": learner.supervision,
        "wave": learner.wave,
        "runs": runs,
    }


def _cost(one: "Estimate") -> dict[str, Any]:
    return {"cpu_s": round(one.seconds, 1), "total_cpu_s": round(one.total, 1), "error": one.error}


def _print(rows: list[dict[str, Any]]) -> None:
    probed = any("cpu_s" in row for row in rows)
    heads = ("CPU s of a run", "CPU s of all") if probed else ()
    shown = table("task", "learner", "supervision", "wave", "runs", *heads, right=("wave", "runs", *heads))
    for row in rows:
        costs = [f"{row['cpu_s']:,.0f}", f"{row['total_cpu_s']:,.0f}"] if probed else []
        shown.add_row(
            row["task"], row["learner"], row["supervision"], str(row["wave"]), str(row["runs"]), *costs
        )
    out.print(shown)
    for row in rows:
        if row.get("error"):
            print_message(f"{row['task']} / {row['learner']}: {row['error']}", "cannot be run: ", "bold red")
    words = f"{sum(row['runs'] for row in rows):,} runs of {len(rows):,} cells are missing"
    if probed:
        hours = sum(row["total_cpu_s"] for row in rows) / HOUR
        words += f": at most about {hours:.1f} CPU hours, less where training ends early, more with searches"
    print_message(words)
