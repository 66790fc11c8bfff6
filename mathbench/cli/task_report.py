"""What `tasks NAME` prints about a task: parameters, formats, strata and the first rows of every split."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from mathbench.cli.output import out, print_json, table
from mathbench.errors import shortened
from mathbench.formats import supported_formats
from mathbench.parameters import allowed, as_json
from mathbench.reserve import SPLITS
from mathbench.rows import open_rows
from mathbench.task import Task

if TYPE_CHECKING:
    from mathbench.rows import Rows

SAMPLES = 3  # per split
STRATA = 3  # names of strata per split


def show_task(task: Task, json: bool) -> None:
    """Print a task."""
    rows = {split: open_rows(task, split, 0) for split in SPLITS}
    samples = {split: _samples(found) for split, found in rows.items()}
    if json:
        print_json(_facts(task, rows, samples))
        return
    about = " ".join((type(task).__doc__ or "").split(">>>")[0].split())
    out.print(f"[bold]{task.id}[/]  {task.summary}\n{about}\n")
    out.print(f"one problem up to: {task.symmetry}\nextrapolates to: {task.extrapolates}\n")
    _print_parameters(task)
    _print_formats(task)
    _print_splits(task, rows, samples)


def _samples(rows: "Rows") -> list[dict[str, Any]]:
    first = rows.batch(range(min(SAMPLES, len(rows))))
    return first.select(["question", "answer", "stratum"]).to_pylist()


def _facts(task: Task, rows: "dict[str, Rows]", samples: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "id": task.id,
        "name": task.name,
        "symmetry": task.symmetry,
        "extrapolates": task.extrapolates,
        "parameters": _parameters(task),
        "formats": _formats(task),
        "strata": {split: [stratum.name for stratum in found.strata] for split, found in rows.items()},
        "rows": {split: len(found) for split, found in rows.items()},
        "samples": samples,
    }


def _parameters(task: Task) -> dict[str, dict[str, Any]]:
    """Return each parameter's default, allowed values, meaning and value."""
    return {
        field.name: {
            "default": as_json(field.default),
            "allowed": allowed(field),
            "help": field.metadata["help"],
            "value": as_json(getattr(task, field.name)),
        }
        for field in task.fields()
    }


def _formats(task: Task) -> dict[str, dict[str, str]]:
    """Return the first row in every supported format, and for the others why they are not supported."""
    split = "train" if len(task.strata("train")) else "extrapolate"
    found = {}
    for name, refused in supported_formats(task).items():
        row = {"question": "", "answer": ""}
        if not refused:
            first = open_rows(replace(task, format=name), split, 0).batch([0])
            row = first.select(["question", "answer"]).to_pylist()[0]
        found[name] = {**row, "refused": refused}
    return found


def _print_parameters(task: Task) -> None:
    shown = table("parameter", "value", "allowed", "meaning")
    for name, parameter in _parameters(task).items():
        value = "none" if parameter["value"] is None else str(parameter["value"])
        shown.add_row(f"--{name}", value, parameter["allowed"], parameter["help"])
    out.print(shown)


def _print_formats(task: Task) -> None:
    shown = table("\nformat", "\nthe first row")
    for name, row in _formats(task).items():
        refused = f"not taken: {row['refused']}"
        shown.add_row(name, Text(refused if row["refused"] else _example(row)))
    out.print(shown)


def _print_splits(task: Task, rows: "dict[str, Rows]", samples: dict[str, list[dict[str, Any]]]) -> None:
    shown = table("\nsplit", "\nrows it holds", "\nstrata", "\nsamples", right=("\nrows it holds",))
    for split, found in rows.items():
        more = f" ... ({len(found.strata)})" if len(found.strata) > STRATA else ""
        strata = " ".join(stratum.name for stratum in found.strata[:STRATA]) + more
        count = "no end, may repeat" if task.may_repeat(split) and len(found) else f"{len(found):,}"
        shown.add_row(split, count, strata, Text("\n".join(map(_example, samples[split]))))
    out.print(shown)


def _example(row: dict[str, Any]) -> str:
    return f"{shortened(row['question'])} → {shortened(row['answer'])}"
