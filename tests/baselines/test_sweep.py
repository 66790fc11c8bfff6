"""Sweeps: a grid of ordinary runs, one table."""

import json
from pathlib import Path

import pytest

from mathbench.baselines import training
from mathbench.baselines.result import Result
from mathbench.baselines.sweep import Line, grid, lines
from mathbench.cli import main
from mathbench.errors import InputError

WORDS = ["lstm-seq2seq", "--digits", "2", "--train", "200", "--validation", "30", "--interpolate", "30"]
SETTINGS = [f"--set={setting}" for setting in ("batch=16", "steps=4", "evaluate=2")]
SWEEP = [*WORDS, "--extrapolate", "30", *SETTINGS, "--sweep", "lr=1e-3,3e-2", "--sweep", "hidden=4,6"]


@pytest.fixture(autouse=True)
def in_a_fresh_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


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
    step, count = training._step, 0

    def pulled(job, state):
        nonlocal count
        count += 1
        if count == 4 + 3:  # in the second trial, after its first checkpoint
            raise KeyboardInterrupt
        step(job, state)

    monkeypatch.setattr(training, "_step", pulled)
    assert mathbench(*SWEEP, "--out", "s") == 130
    assert "--resume" in capsys.readouterr().err
    first = Path("s/rate=1e-3,hidden=4-seed0/result.json").read_text()
    assert mathbench(*SWEEP, "--out", "s") == 2
    assert "--resume" in capsys.readouterr().err
    monkeypatch.setattr(training, "_step", step)
    assert mathbench(*SWEEP, "--out", "s", "--resume") == 0
    assert "exact match: mean" in capsys.readouterr().out
    steps = []
    monkeypatch.setattr(training, "_step", lambda job, state: (steps.append(state.step), step(job, state)))
    assert mathbench(*SWEEP, "--sweep", "rate=1", "--out", "s") == 2
    assert "given twice" in capsys.readouterr().err
    assert mathbench(*SWEEP[:-1], "hidden=4,6,8", "--out", "s") == 0
    assert len(steps) == 2 * 4  # the two new trials only
    assert Path("s/rate=1e-3,hidden=4-seed0/result.json").read_text() == first


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
        (["--sweep", "lr=1,1"], "came twice"),
        (["--sweep", "rat=1,2"], "Did you mean 'rate'"),
        (["--sweep", "hidden=4,many"], "hidden must be"),
        (["--seeds", "2", "--seed", "winter"], "integer"),
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
    found = lines(list(zip(trials, results, strict=True)))
    assert all(isinstance(line, Line) for line in found)
    assert [line.settings["rate"] for line in found] == ["2", "1"]
    assert (found[1].validation.mean, found[1].validation.n) == (pytest.approx(0.6), 2)
    assert found[1].validation.deviation == pytest.approx(0.1414, abs=1e-3)


RESULT = [
    *("baseline", "framework", "recipe", "encoding", "task", "data", "seed", "command", "commit", "dirty"),
    *("versions", "hardware", "parameters", "floors", "ceiling", "predictions_sha256"),
]
