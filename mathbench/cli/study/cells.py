"""The cells of a study before it is run, with what they are expected to cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mathbench.cli.grid_view import GridView
from mathbench.cli.output import out, print_json, print_message, table
from mathbench.errors import InputError

if TYPE_CHECKING:
    from mathbench.baselines.jobs.run_job import RunJob
    from mathbench.engine import Engine
    from mathbench.studies.estimate import Estimate
    from mathbench.studies.plan import StudyPlan

HOUR = 3600.0


def print_cells(
    plan: "StudyPlan", engine: "Engine", seconds: float, most: int | None, json: bool, searches: bool
) -> None:
    """Print every cell that has missing runs and what these are expected to cost, by finished runs or by probes.

    Args:
        plan: of the study.
        engine: who does the probes.
        seconds: CPU seconds of training of each probe; 0 for no estimate.
        most: number of probes at most; None for as many as it takes.
        json: whether JSON is printed.
        searches: whether the searches are going to be run.

    Raises:
        InputError: for what cannot be run, and at the end for probes that failed.
    """
    from mathbench.studies.estimate import missing_cells
    from mathbench.studies.fewer_rows import fewer_rows
    from mathbench.studies.run_study import check_plan

    check_plan(plan)
    if not json:
        print_fewer_rows(plan)
    if seconds > 0:
        rows = [_row(one.cell, one.runs) | _cost(one) for one in _estimated(plan, engine, seconds, most)]
    else:
        rows = [_row(one.cell, one.missing) for one in missing_cells(plan)]
    if json:
        fewer = [one.to_json() for one in fewer_rows(plan)]
        print_json({"study": plan.study.name, "out": str(plan.out), "fewer_rows": fewer, "cells": rows})
    else:
        _print(rows, searches)
    if failed := [row for row in rows if row.get("error")]:
        raise InputError(
            f"the probes of {len(failed):,} of {len(rows):,} cells failed, first of {failed[0]['task']} / "
            f"{failed[0]['learner']}: {failed[0]['error']}"
        )


def print_fewer_rows(plan: "StudyPlan") -> None:
    """Print a line for each task that has fewer rows than the study asks for."""
    from mathbench.studies.fewer_rows import fewer_rows, lines

    for line in lines(fewer_rows(plan)):
        print_message(line, "note: ", "bold")


def _estimated(plan: "StudyPlan", engine: "Engine", seconds: float, most: int | None) -> "list[Estimate]":
    from mathbench.studies.estimate import estimate

    with GridView(0) as view:

        def announce(probes: Sequence["RunJob"]) -> None:
            view.add(len(probes))
            if probes:
                print_message(f"probes: {len(probes):,}, of {seconds:g} CPU seconds of training each")

        return estimate(plan, engine, seconds, most, view.report, announce, view.done)


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
    costs = {"cpu_s": round(one.seconds, 1), "total_cpu_s": round(one.total, 1)}
    return costs | {"estimated_from": one.source, "error": one.error}


def _print(rows: list[dict[str, Any]], searches: bool) -> None:
    probed = any("cpu_s" in row for row in rows)
    heads = ("CPU s of a run", "CPU s of all") if probed else ()
    source = ("estimated from",) if probed else ()
    shown = table(
        *("task", "learner", "supervision", "wave", "runs", *heads, *source), right=("wave", "runs", *heads)
    )
    for row in rows:
        costs = (
            [f"{row['cpu_s']:,.0f}", f"{row['total_cpu_s']:,.0f}", row["estimated_from"]] if probed else []
        )
        shown.add_row(
            row["task"], row["learner"], row["supervision"], str(row["wave"]), str(row["runs"]), *costs
        )
    out.print(shown)
    for row in rows:
        if row.get("error"):
            print_message(f"{row['task']} / {row['learner']}: {row['error']}", "failed: ", "bold red")
    words = f"{sum(row['runs'] for row in rows):,} runs of {len(rows):,} cells are missing"
    if probed:
        hours = sum(row["total_cpu_s"] for row in rows) / HOUR
        words += f": at most about {hours:.1f} CPU hours, less where training ends early"
        words += ", more with searches" if searches else ""
    print_message(words)
