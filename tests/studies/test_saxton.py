"""The study `saxton`, and its page: tables and picture come from the results that are kept."""

import json
import subprocess
import sys

import pytest

from mathbench.studies.plan import StudyPlan
from mathbench.studies.study_file import load_study
from tests.docs.pages import ROOT

MODELS = ["simple-lstm", "attentional-lstm", "transformer"]
RESULTS = ROOT / "benchmarks" / "results" / "2026-11-30-saxton.json"


@pytest.fixture(scope="module")
def runs():
    return json.loads(RESULTS.read_text())["runs"]


def test_the_three_models_learn_each_module_at_the_published_difficulty(tmp_path):
    study = load_study("saxton")
    assert [learner.name for learner in study.learners] == MODELS and study.seeds == (0, 1, 2)
    for task in study.tasks:
        assert task.task.id == f"deepmind/arithmetic__{task.name.replace('-', '_')}-v2"
        assert task.task.parameters["difficulty"] == "published"
    specs = [job.make_spec() for job in StudyPlan(study, tmp_path, "saxton").jobs()]
    assert len(specs) == 3 * 3 * len(study.tasks)
    for spec in specs:
        assert spec.choices.query == "forward" and spec.choices.answer == "first"
        assert spec.settings.target is None and spec.settings.steps == 3_000


def test_kept_results_are_those_of_the_study(runs, tmp_path):
    jobs = {job.title: job for job in StudyPlan(load_study("saxton"), tmp_path, "saxton").jobs()}
    assert runs
    for run in runs:
        job = jobs[f"{run['module']} / {run['model']} / seed {run['seed']}"]
        assert run["recipe"] == job.spec["recipe"] and run["command"] == job.options.command
        assert run["commit"] and not run["dirty"]
        assert run["timings"]["steps"] == run["history"][-1]["step"] == run["recipe"]["steps"]


def test_the_page_has_the_kept_results_and_the_picture_is_drawn_from_them(runs, tmp_path):
    picture = tmp_path / "saxton.svg"
    script = [sys.executable, "scripts/saxton_page.py", "--check", "--picture", str(picture)]
    done = subprocess.run(script, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    drawn = picture.read_text()
    for name in {run["module"] for run in runs} | {*MODELS, "published (about)"}:
        assert f">{name}<" in drawn
