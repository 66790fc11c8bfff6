"""Sweeps: a grid of ordinary runs or a search among them, one table."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from mathbench.baselines.jobs.run_all import RunPool
from mathbench.baselines.result import Result
from mathbench.baselines.sweeps.grid import SweepResult, Trial, grid, summarise_trials
from mathbench.baselines.sweeps.search import SweepPlan, SweepStudy, TrialPruned, TrialTracker
from mathbench.baselines.sweeps.space import parse_axes
from mathbench.baselines.training import loop
from mathbench.cli import main, sweep_jobs
from mathbench.cli.grid_view import GridView
from mathbench.cli.request import EngineOptions
from mathbench.engine import Outcome, make_engine
from mathbench.engine.gpus import gpu_of
from mathbench.errors import InputError
from tests.commands import run

WORDS = ["lstm-seq2seq", "--digits", "2", "--train", "200", "--validation", "30", "--interpolate", "30"]
SETTINGS = [f"--set={setting}" for setting in ("batch=16", "steps=4", "evaluate=2")]
SWEEP = [*WORDS, "--extrapolate", "30", *SETTINGS, "--sweep", "lr=1e-3,3e-2", "--sweep", "hidden=4,6"]


pytestmark = pytest.mark.usefixtures("in_a_fresh_folder")


def mathbench(*words):
    with pytest.raises(SystemExit) as stopped:
        main(["run-baseline", *words, "--no-submit"])
    return stopped.value.code


def test_every_trial_is_a_run_and_the_table_has_the_best_first(capsys):
    assert mathbench(*SWEEP, "--seeds", "2", "--out", "s", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == json.loads(Path("s/sweep.json").read_text())
    assert shown["trials"] == 8 and len(shown["lines"]) == 4
    means = [line["validation"]["mean"] for line in shown["lines"]]
    assert means == sorted(means, reverse=True)
    for line in shown["lines"]:
        rate, hidden = line["settings"]["rate"], line["settings"]["hidden"]
        runs = [Result.load(Path(f"s/rate={rate},hidden={hidden}-seed{seed}")) for seed in (0, 1)]
        assert [r.recipe["rate"] for r in runs] == [float(rate)] * 2
        assert [r.recipe["hidden"] for r in runs] == [int(hidden)] * 2
        assert [r.seed for r in runs] == [0, 1]
        found = [r.scores["interpolate"]["exact_match"] for r in runs]
        assert line["splits"]["interpolate"]["mean"] == pytest.approx(sum(found) / 2)


def test_an_interrupted_sweep_goes_on_and_a_sweep_grows(capsys, monkeypatch):
    step, count = loop._step, 0

    def pulled(job, state):
        nonlocal count
        count += 1
        if count == 4 + 3:  # in the second trial, after its first checkpoint
            raise KeyboardInterrupt
        step(job, state)

    monkeypatch.setattr(loop, "_step", pulled)
    assert mathbench(*SWEEP, "--out", "s") == 130
    assert "--resume" in capsys.readouterr().err
    first = Path("s/rate=1e-3,hidden=4-seed0/result.json").read_text()
    assert mathbench(*SWEEP, "--out", "s") == 2
    assert "--resume" in capsys.readouterr().err
    monkeypatch.setattr(loop, "_step", step)
    assert mathbench(*SWEEP, "--out", "s", "--resume") == 0
    assert "exact match: mean" in capsys.readouterr().out
    steps = []
    monkeypatch.setattr(loop, "_step", lambda job, state: (steps.append(state.step), step(job, state)))
    assert mathbench(*SWEEP, "--sweep", "rate=1", "--out", "s") == 2
    assert "given twice" in capsys.readouterr().err
    assert mathbench(*SWEEP[:-1], "hidden=4,6,8", "--out", "s") == 0
    assert len(steps) == 2 * 4  # the two new trials only
    assert Path("s/rate=1e-3,hidden=4-seed0/result.json").read_text() == first


RANGE = [*SWEEP[:-4], "--sweep", "lr=1e-3..1e-1", "--sweep", "hidden=4..6", "--sweep", "start=zero,encoder"]


def course(folder):
    """What a sweep found, without the seconds."""
    found = json.loads(Path(folder, "sweep.json").read_text())
    table = [{k: v for k, v in line.items() if k != "fit_cpu_s"} for line in found["lines"]]
    return sorted(table, key=lambda line: str(line["settings"])), found["pruned"]  # ties go by the seconds


class Killed(BaseException):
    """An end that nobody handles, in the place of a kill."""


def test_a_search_that_ended_anywhere_takes_the_same_course(monkeypatch):
    words = [*RANGE, "--trials", "3"]
    assert mathbench(*words, "--out", "whole") == 0
    step, count = loop._step, 0

    def killed(job, state):
        nonlocal count
        count += 1
        if count == 4 + 3:
            raise Killed
        step(job, state)

    monkeypatch.setattr(loop, "_step", killed)
    with pytest.raises(Killed):
        main(["run-baseline", *words, "--no-submit", "--out", "killed"])
    assert not Path("killed/sweep.json").exists()
    assert mathbench(*words, "--out", "killed", "--resume") == 0
    assert course("killed") == course("whole") and len(course("whole")[0]) == 3


@pytest.mark.slow
def test_a_killed_search_takes_the_same_course():
    words = [*RANGE, "--trials", "3"]
    assert mathbench(*words, "--out", "whole") == 0
    for folder in Path("whole").glob("rate=*"):
        said = Result.load(folder).recipe
        assert 1e-3 <= said["rate"] <= 1e-1 and 4 <= said["hidden"] <= 6
    command = [sys.executable, "-m", "mathbench", "run-baseline", *words, "--no-submit", "--out", "killed"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(Path("killed").glob("*-seed0/result.json"))) < 2 and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not Path("killed/sweep.json").exists()
    assert mathbench(*words, "--out", "killed", "--resume") == 0
    assert course("killed") == course("whole")
    assert len({line["settings"]["rate"] for line in course("whole")[0]}) == 3


def test_a_stop_while_settings_are_drawn_draws_the_same_ones_again(tmp_path, monkeypatch):
    plan = SweepPlan(parse_axes(["rate=1e-3..1", "hidden=4,8"]), trials=14)
    wanted = list(told(SweepStudy(plan, tmp_path, "whole")))
    assert len(set(wanted)) > 8 and sum(0.05 < float(dict(s)["rate"]) < 0.2 for s in wanted[10:]) > 1
    for stop in (0, 12):  # a kill before a setting is drawn, and one while a trial runs; 10 are drawn blindly
        cut = SweepStudy(plan, tmp_path, f"cut{stop}")
        assert list(islice(told(cut), stop)) == wanted[:stop]
        cut._study.ask()
        assert next(told(SweepStudy(plan, tmp_path, f"cut{stop}"))) == wanted[stop]
        if stop:
            next(iter(cut))
            assert list(told(SweepStudy(plan, tmp_path, f"cut{stop}"))) == wanted[stop + 1 :]


def told(search):
    """The course of a search for a rate of 0.1."""
    for trying in search:
        trying.tell(-abs(np.log10(float(dict(trying.settings)["rate"])) + 1))
        yield trying.settings


def test_more_trials_continue_a_search(capsys, monkeypatch):
    assert mathbench(*RANGE, "--trials", "2", "--out", "s") == 0
    before = {path.name for path in Path("s").glob("rate=*")}
    assert mathbench(*RANGE, "--trials", "3", "--out", "s") == 0
    assert before < {path.name for path in Path("s").glob("rate=*")} and len(course("s")[0]) == 3
    assert mathbench(*RANGE, "--trials", "3", "--dry-run") == 0
    assert "3 combinations" in capsys.readouterr().err


def test_hopeless_trials_end_early_and_are_not_in_the_table(tmp_path):
    plan = SweepPlan(parse_axes(["rate=0..1"]), trials=6, prune=3)
    search = SweepStudy(plan, tmp_path, "s")
    for number, trying in enumerate(search):
        try:
            for step in (2, 4, 6):
                trying.log(step, {"validation": 0.1 if number == 4 else 0.5 + 0.01 * number})
        except TrialPruned:
            assert (number, step) == (4, 4)  # never before the step that was asked for
            trying.prune()
        else:
            trying.tell(0.5)
    assert [whole for _, whole in search.finished()] == [True] * 4 + [False, True]


def test_a_pruned_run_is_left_and_the_sweep_goes_on(monkeypatch, capsys):
    def log(trying, step, values):
        if trying._trial.number == 1:
            raise TrialPruned

    monkeypatch.setattr(TrialTracker, "log", log)
    assert mathbench(*RANGE, "--trials", "3", "--prune", "--out", "s") == 0
    table, pruned = course("s")
    assert (len(table), len(pruned)) == (2, 1) and "ended early" in capsys.readouterr().err
    assert mathbench(*RANGE, "--trials", "3", "--prune", "--out", "s") == 0  # it is not begun again
    assert course("s") == (table, pruned)


def test_without_optuna_a_sweep_is_refused_in_a_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert mathbench(*SWEEP, "--out", "s") == 2
    said = capsys.readouterr().err
    assert "mathbench-toolkit[sweep]" in said and said.count("\n") == 1


def test_seeds_alone_are_a_sweep(capsys):
    assert (
        mathbench(*WORDS, "--extrapolate", "30", *SETTINGS, "--seeds", "2", "--seed", "5", "--dry-run") == 0
    )
    assert [Path(line).name for line in capsys.readouterr().out.split()] == ["seed5", "seed6"]
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--sweep", "lr"], "key=value,value"),
        (["--sweep", "lr=1,"], "key=value,value"),
        (["--sweep", "lr=1,1"], "repeated"),
        (["--sweep", "rat=1,2"], "Did you mean 'rate'"),
        (["--sweep", "hidden=4,many"], "hidden must be"),
        (["--seeds", "2", "--seed", "winter"], "integer"),
        (["--sweep", "lr=1e-4..1e-2"], "--trials N"),
        (["--sweep", "lr=1e-2..1e-4", "--trials", "3"], "a smaller to a larger number"),
        (["--sweep", "lr=low..high", "--trials", "3"], "a smaller to a larger number"),
        (["--sweep", "hidden=4..100000", "--trials", "3"], "hidden must be"),
        (["--trials", "3"], "--trials requires --sweep"),
        (["--sweep", "lr=1,2", "--prune"], "--prune requires --trials"),
    ],
)
def test_bad_sweeps_are_one_line_before_anything_runs(words, line, capsys, tmp_path):
    assert mathbench("lstm-seq2seq", *words) == 2
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_is_not_trained_has_no_seeds(capsys):
    assert mathbench("constant", "--seeds", "3") == 2
    assert "not trained" in capsys.readouterr().err
    with pytest.raises(InputError, match="at most"):
        grid([f"rate={','.join(map(str, range(200)))}"], seeds=100)


def test_lines_are_ranked_by_validation_not_by_test():
    def result(best, test):
        scores = {"validation": {"exact_match": best}, "interpolate": {"exact_match": test}}
        return Result(
            **dict.fromkeys(RESULT), best={"validation": best}, scores=scores, timings={"fit_cpu_s": 1.0}
        )

    trials = grid(["rate=1,2"], seeds=2)
    results = [result(0.5, 0.9), result(0.7, 0.9), result(0.8, 0.1), result(0.8, 0.1)]
    found = summarise_trials(list(zip(trials, results, strict=True)))
    assert all(isinstance(line, SweepResult) for line in found)
    assert [line.settings["rate"] for line in found] == ["2", "1"]
    assert (found[1].validation.mean, found[1].validation.n) == (pytest.approx(0.6), 2)
    assert found[1].validation.deviation == pytest.approx(0.1414, abs=1e-3)


def test_results_of_different_supervision_are_not_mixed(capsys):
    """Neither where the settings differ in it, nor where runs of the same settings do."""
    sizes = ["--train", "200", "--validation", "30", "--interpolate", "30", "--extrapolate", "30"]
    words = ["gru-classifier", "--task", "divisible", "--k", "3", "--digits", "4", *sizes, *SETTINGS]
    words += ["--sweep", "labels=prefix,last", "--sweep", "hidden=4,6", "--seeds", "2", "--long", "20,100"]
    assert mathbench(*words, "--out", "s", "--json") == 0
    lines = json.loads(capsys.readouterr().out)["lines"]
    given = [(line["supervision"], line["settings"]["labels"]) for line in lines]
    assert given == [("dense", "prefix")] * 2 + [("examples", "last")] * 2
    for block in (lines[:2], lines[2:]):
        means = [line["validation"]["mean"] for line in block]
        assert means == sorted(means, reverse=True)
    runs = [Result.load(Path(f"s/labels=last,hidden=4-seed{seed}")) for seed in (0, 1)]
    (line,) = [line for line in lines[2:] if line["settings"]["hidden"] == "4"]
    found = [run.long["100"]["exact_match"] for run in runs]
    assert line["long"]["100"]["mean"] == pytest.approx(sum(found) / 2) and list(line["long"]) == [
        "20",
        "100",
    ]
    heading = run("run-baseline", *words, "--no-submit", "--out", "s").stdout.split("\n")[1].split()
    assert heading[:3] == ["supervision", "labels", "hidden"]
    assert " ".join(heading[-6:]) == "20 digits 100 digits CPU s"
    trial = Trial((("hidden", "4"),), 0)
    mixed = [(trial, runs[0]), (trial, replace(runs[1], supervision="dense"))]
    assert [(line.supervision, line.validation.n) for line in summarise_trials(mixed)] == [
        ("dense", 1),
        ("examples", 1),
    ]
    # a length that one of the runs lacks has no mean
    lacking = [(trial, runs[0]), (trial, replace(runs[1], long={"20": runs[1].long["20"]}))]
    assert list(summarise_trials(lacking)[0].long) == ["20"]


RESULT = [
    *("baseline", "framework", "recipe", "encoding", "task", "data", "seed", "command", "commit", "dirty"),
    *("versions", "hardware", "parameters", "floors", "ceiling", "predictions_sha256"),
]


def test_the_seeds_of_a_trial_are_side_by_side(monkeypatch):
    """The engine here is one process, which sees what workers would get."""
    asked, together, outcomes = [], [], RunPool.outcomes

    def engine(name, workers, address):
        asked.append(workers)
        return make_engine()

    def watched(pool, jobs):
        together.append([job.spec["seed"] for job in jobs])
        return outcomes(pool, jobs)

    monkeypatch.setattr("mathbench.engine.make_engine", engine)
    monkeypatch.setattr(RunPool, "outcomes", watched)
    assert mathbench(*RANGE, "--trials", "2", "--seeds", "2", "--workers", "2", "--out", "s") == 0
    assert (
        asked == [2]
        and [seeds for seeds in together if seeds] == [[0, 1], [0, 1]]
        and len(course("s")[0]) == 2
    )


@pytest.mark.slow
def test_two_workers_take_the_same_course_as_one_process():
    """A search, of which only the seeds of a trial are side by side; the workers stay from trial to trial."""
    for folder, workers in (("one", "1"), ("two", "2")):
        words = ["--trials", "2", "--seeds", "2", "--workers", workers, "--out", folder]
        assert mathbench(*RANGE, *words) == 0
    assert course("one") == course("two") and len(course("two")[0]) == 2


def test_runs_are_submitted_in_order_by_the_command_itself(monkeypatch):
    submitted = []
    monkeypatch.setattr(
        sweep_jobs, "finish_run", lambda request, data, folder, plots: submitted.append(folder.name)
    )
    monkeypatch.setattr(sweep_jobs, "print_resumed", lambda jobs: None)
    runs = sweep_jobs.Trials(None, None, Backwards(), GridView(3))
    jobs = [Named(name) for name in ("a", "b", "c")]
    runs.run(jobs)
    assert submitted == ["a", "c"] and list(runs.errors) == ["b"]


class Named:
    """A job, as far as its end is concerned."""

    def __init__(self, name):
        self.title, self.out = name, Path(name)


class Backwards:
    """Workers of which the last run ends first, and the second one fails."""

    def outcomes(self, jobs):
        for job in reversed(jobs):
            yield Outcome(job, error=InputError("no")) if job.title == "b" else Outcome(job, Ended())


class Ended:
    """A result, as far as progress shows it."""

    best, timings = {"validation": 1.0}, {"fit_cpu_s": 1.0}


def test_what_fails_is_named_at_the_end_and_the_rest_is_in_the_table(monkeypatch, capsys):
    step = loop._step

    def failing(run, state):
        if run.seed in (1, 2):
            raise ValueError("the loss is not a number")
        step(run, state)

    monkeypatch.setattr(loop, "_step", failing)
    words = [*WORDS, "--extrapolate", "30", *SETTINGS, "--out", "s", "--json"]
    assert mathbench(*words, "--seeds", "4") == 2
    shown = capsys.readouterr()
    table = json.loads(shown.out)
    assert table["trials"] == 2 and list(table["failed"]) == ["seed1", "seed2"]
    last = shown.err.splitlines()[-1]
    assert last.startswith("error: 2 of 4 runs failed: seed1, seed2: ValueError: the loss is not a number (")
    assert Path(last[:-2].rpartition("(")[2].rpartition(":")[0]).name == "test_sweep.py"
    monkeypatch.setattr(loop, "_step", step)
    assert mathbench(*words, "--seeds", "4", "--resume") == 0
    assert json.loads(capsys.readouterr().out)["trials"] == 4


def test_a_failure_of_all_runs_is_one_line(capsys):
    assert mathbench(*WORDS, *SETTINGS, "--seeds", "3", "--device", "abacus", "--out", "s") == 2
    said = capsys.readouterr().err
    assert "abacus" in said and said.count("\n") == 1 and not Path("s/sweep.json").exists()


def test_reasons_that_differ_have_a_line_each(capsys):
    errors = {"a": InputError("no room"), "b": ValueError("odd"), "c": InputError("no room")}
    found = sweep_jobs.failure_of(errors, 5)
    assert str(found).startswith("3 of 5 runs failed.") and "--resume" in str(found)
    assert capsys.readouterr().err.splitlines() == ["failed: a, c: no room", "failed: b: ValueError: odd"]
    assert sweep_jobs.failure_of({}, 5) is None


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--workers", "2"], "give --seeds or --sweep"),
        (["--engine", "ray"], "give --seeds or --sweep"),
        (["--seeds", "2", "--engine", "rays"], "Did you mean 'ray'"),
        (["--seeds", "2", "--address", "here:1"], "requires --engine ray"),
        (["--sweep", "lr=1..2", "--trials", "3", "--prune", "--workers", "2"], "leave out --workers"),
    ],
)
def test_workers_that_go_with_nothing_are_one_line(words, line, capsys, tmp_path):
    assert mathbench("lstm-seq2seq", *words) == 2
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_worker_has_one_gpu_of_several(monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5")
    assert [gpu_of(worker) for worker in range(3)] == ["3", "5", "3"]
    options = EngineOptions(workers=4)
    sweep_jobs._note_shared_gpus("cuda", options)
    assert capsys.readouterr().err == "4 workers share 2 GPUs, in turn\n"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert gpu_of(1) is None
    sweep_jobs._note_shared_gpus("cpu", options)
    assert capsys.readouterr().err == ""
