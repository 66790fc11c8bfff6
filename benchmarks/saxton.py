"""The models of Saxton et al. (2019): the study `saxton` beside published results, and what the paper's training costs.

    mathbench study saxton --seed 0
    python benchmarks/saxton.py collect runs/study-saxton
    python benchmarks/saxton.py cost

`collect` writes what docs/saxton.md shows of the finished runs into one JSON file, read by `scripts/saxton_page.py`.
`cost` takes a few steps of the recipes of the paper's sizes (`*-paper`) on rows of all modules, with fewer rows than
the 1,024 of a step there, and multiplies: CPU seconds of a row, of a step of 1,024 rows, and of 500,000 steps.
"""

import argparse
import json
import sys
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from mathbench.baselines import provenance
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.recipe import apply_overrides, read_recipe
from mathbench.baselines.result import RESULT_FILE, Result
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.baselines.trainer import TrainingSetup, prepare
from mathbench.baselines.training.strata import read_strata
from mathbench.dataset.data import Data
from mathbench.families import task

FOLDER = Path(__file__).parent / "results"
RESULTS, COST = FOLDER / "2026-11-30-saxton.json", FOLDER / "2026-11-30-saxton-cost.json"
MODELS = ("simple-lstm", "attentional-lstm", "transformer")
STEPS, BATCH = 500_000, 1_024  # of the paper
HOUR, YEAR = 3600, 3600 * 24 * 365
KEPT = (
    "seed",
    "command",
    "commit",
    "dirty",
    "versions",
    "hardware",
    "recipe",
    "parameters",
    "timings",
    "best",
)


def collect(study: Path) -> dict[str, Any]:
    """Return what the page shows of the finished runs of the study in a folder."""
    found = sorted((study / "runs").glob(f"*/*/*/{RESULT_FILE}"))
    runs = [kept_of(path.parent) for path in found if path.parents[1].name in MODELS]
    return {"study": study.name.removeprefix("study-"), "runs": runs}


def kept_of(folder: Path) -> dict[str, Any]:
    """Return what the page shows of one run, `.../TASK/LEARNER/seedN`."""
    result = Result.load(folder)
    facts = {key: getattr(result, key) for key in KEPT}
    floors = {name: {s: one["exact_match"] for s, one in by.items()} for name, by in result.floors.items()}
    return {
        "module": folder.parents[1].name,
        "model": folder.parent.name,
        **facts,
        "encoding": result.encoding["name"],
        "sizes": result.data["sizes"],
        "digest": result.data["digest"],
        "scores": {split: shares(score) for split, score in result.scores.items()},
        "floors": floors,
        "history": [{key: entry[key] for key in ("step", "cpu_s", "validation")} for entry in result.history],
        "easy": easy(folder),
    }


def shares(score: dict[str, Any]) -> dict[str, Any]:
    """Return rows and exact match of a split and of its strata."""
    strata = {name: [one["n"], one["exact_match"]] for name, one in score["strata"].items()}
    return {"n": score["n"], "exact_match": score["exact_match"], "strata": strata}


def easy(folder: Path) -> list[dict[str, float]]:
    """Return the exact match on the easy rows of validation while training."""
    rows = read_strata(folder).to_pylist()
    own = [row for row in rows if row["stratum"] == "difficulty=easy"]
    return [{"step": row["step"], "validation": row["correct"] / row["n"]} for row in own]


def cost(rows: int, steps: int) -> dict[str, Any]:
    """Return what a row, a step and the whole training of each model of the paper's size takes on this CPU."""
    data = Data.generate(task("deepmind/all"), {"train": 2_000, "validation": 100})
    models = {}
    for model in MODELS:
        models[model] = cost_of(model, data, rows, steps)
        print(model, models[model], flush=True)
    commit, dirty = provenance.commit()
    return {
        "command": f"python benchmarks/saxton.py cost --rows {rows} --steps {steps}",
        "commit": commit,
        "dirty": dirty,
        "hardware": provenance.hardware("cpu", 1),
        "versions": provenance.versions("torch"),
        "models": models,
    }


def cost_of(model: str, data: Data, rows: int, steps: int) -> dict[str, float]:
    """Return the cost of one model. Its recipe is changed in the batch and computes in float32, as our runs do."""
    ready = paper_setup(model, data, rows)
    questions, answers = ready.batches.batch(0)
    ready.network.step(questions[:2], answers[:2], 6e-4, 0)  # libraries load at the first step
    start = process_time()
    for step in range(steps):
        ready.network.step(*ready.batches.batch(step), 6e-4, step)
    seconds = (process_time() - start) / (steps * rows)
    whole = seconds * BATCH * STEPS
    return {
        "weights": ready.network.parameters,
        "cpu_s_per_row": seconds,
        "cpu_s_per_step": seconds * BATCH,
        "cpu_hours": whole / HOUR,
        "cpu_years": whole / YEAR,
    }


def paper_setup(model: str, data: Data, rows: int) -> TrainingSetup:
    """Return the network of the paper's size with batches of some rows."""
    entry, recipe = baseline(model), read_recipe(f"{model}-paper")
    changes: dict[str, Any] = {"batch": rows}
    if "precision" in recipe.settings:
        changes["precision"] = "float32"
    settings, choices = apply_overrides(recipe, entry, "torch", changes)
    return prepare(RunSpec(entry, "torch", recipe.name, 0, settings, choices), data, DeviceConfig("cpu", 1))


def main() -> None:
    """Do what the command line asks for."""
    given = parsed()
    if given.what == "cost":
        write(COST, cost(given.rows, given.steps))
    else:
        write(RESULTS, collect(given.study))


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("collect").add_argument("study", type=Path)
    measured = commands.add_parser("cost")
    measured.add_argument("--rows", type=int, default=32, help="rows of a step")
    measured.add_argument("--steps", type=int, default=2)
    return parser.parse_args()


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a result file."""
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
