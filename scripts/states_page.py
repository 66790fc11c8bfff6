"""Draw docs/number-theory/states-*.svg: hidden states of two networks of the study, by residue, from kept places.

python scripts/states_page.py          # draw them; scripts/docs does the same
python scripts/states_page.py --make   # first train the networks and keep the places: in a clean clone
"""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import showcase_drawings as drawings
from generated import ROOT, write_or_check

from mathbench.baselines.analysis.states_picture import panels
from mathbench.families import task

FOLDER = Path("docs/number-theory")
KEPT = FOLDER / "states.json"
STUDY, TASK, COUNT = "runs/states", "multiples-of-7", 120
# of each picture: the learner, its name in words, and its labels
NETWORKS = {
    "states-second-order": ("second-order", "One matrix per digit", "true and false"),
    "states-gru": ("prefixes-gru-classifier", "GRU", "the residue of every prefix"),
}


def commands(learner: str) -> list[str]:
    """Train a network of the study, and write its states."""
    states = f"runs/{learner}.parquet"
    return [
        f"study number-theory --task {TASK} --learner {learner} --seed 0 --no-searches --out {STUDY}",
        f"inspect {folder(learner)} --states {states} --count {COUNT} --plot runs/{learner}.svg",
    ]


def folder(learner: str) -> str:
    """The folder of a trained network."""
    return f"{STUDY}/runs/{TASK}/{learner}/seed0"


def make() -> None:
    """Run the commands, and keep what the pictures show."""
    kept = {name: measured(learner) for name, (learner, *_) in NETWORKS.items()}
    (ROOT / KEPT).write_text(json.dumps(kept) + "\n", encoding="utf-8")


def measured(learner: str) -> dict[str, Any]:
    """Train a network, and return two principal components of its states, their residues, and where they come from."""
    for command in commands(learner):
        words = [sys.executable, "-m", "mathbench", *shlex.split(command)]
        subprocess.run(words, cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    result = json.loads((ROOT / folder(learner) / "result.json").read_text())
    if result["dirty"]:
        sys.exit("the checkout has changes: make the data in a clean clone.")
    file = ROOT / f"runs/{learner}.parquet"
    (panel,) = panels(file, task("divisible", k=7, digits=7))
    places = [[round(float(x), 2) for x in place] for place in panel.places]
    units = len(pq.read_table(file)["state"][0])
    sources = {name: result[name] for name in ("command", "commit", "hardware")}
    groups = "".join(panel.groups)
    return {**sources, "kept": round(panel.kept, 3), "units": units, "residues": groups, "places": places}


def drawn(name: str, kept: dict[str, Any]) -> str:
    """The picture of a network."""
    _, network, labels = NETWORKS[name]
    note = f"labels: {labels}; {100 * kept['kept']:.0f} % of the variance of {kept['units']} units"
    return drawings.states(f"{network}: hidden states by residue modulo 7", note, kept)


if __name__ == "__main__":
    if "--make" in sys.argv:
        make()
    found = json.loads((ROOT / KEPT).read_text())
    write_or_check({str(FOLDER / f"{name}.svg"): drawn(name, kept) for name, kept in found.items()})
