"""Training beyond the first lucky moment: no target, averaged weights, CPU budgets, and runs that go on from others."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mathbench.baselines import checkpoint
from mathbench.baselines.extend import extend
from mathbench.baselines.phases import Phase, read_phases, settings_at
from mathbench.baselines.recipe import apply_overrides, read_recipe
from mathbench.baselines.repeat import compare_runs, load_original
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.baselines.training import loop
from mathbench.baselines.training.samples import read_samples
from mathbench.baselines.training.state import Validation
from mathbench.baselines.training.strata import read_strata
from mathbench.baselines.validation import Validator
from mathbench.errors import InputError
from mathbench.leaderboard.reproduce import recipe_of
from mathbench.leaderboard.submission import Manifest
from tests.baselines.commands import SMALL, trained

PLAIN = {"schedule": "constant", "warmup": 0}
FRAMEWORKS = ["torch", pytest.param("keras", marks=pytest.mark.slow)]


def stored(folder, group="best"):
    return checkpoint.read(folder)[1][group]


def same(one, two):
    return one.keys() == two.keys() and all(np.array_equal(one[k], two[k]) for k in one)


def history(folder):
    """The history of a run without its seconds."""
    entries = checkpoint.read(folder)[0]["history"]
    return [{key: value for key, value in entry.items() if not key.endswith("_s")} for entry in entries]


@pytest.fixture
def perfect(monkeypatch):
    """Validation finds every answer right."""
    answer = Validator.__call__
    monkeypatch.setattr(
        Validator, "__call__", lambda self: Validation(p := answer(self).predictions, np.ones(len(p), bool))
    )


def test_without_a_target_training_goes_on_after_a_perfect_validation(perfect, tiny, sums, tmp_path):
    lucky = run(tiny(), sums, RunOptions(tmp_path / "lucky"))
    whole = run(tiny(target="none"), sums, RunOptions(tmp_path / "whole"))
    assert lucky.best["step"] == lucky.timings["steps"] == 4
    assert whole.best == {"step": 12, "validation": 1.0} and whole.timings["steps"] == 12
    assert whole.recipe["target"] is None and Result.load(tmp_path / "whole") == whole
    assert load_original(tmp_path / "whole").spec == tiny(target="none")
    patient = run(tiny(target="none", steps=100, patience=2), sums, RunOptions(tmp_path / "patient"))
    assert patient.timings["steps"] == 12


def test_a_target_is_a_share_or_none(tiny, tmp_path):
    for value in ("1.1", "never", "None", ""):
        with pytest.raises(InputError, match=r"target must be a number from 0.0 to 1.0, or none\. Received"):
            tiny(target=value)
    (tmp_path / "r.toml").write_text(
        'baseline = "mlp"\n[task]\nname = "addition"\n[settings]\ntarget = "none"'
    )
    recipe = read_recipe(str(tmp_path / "r.toml"))
    assert apply_overrides(recipe, baseline("mlp"), "torch", {})[0].target is None
    assert apply_overrides(recipe, baseline("mlp"), "torch", {"target": "0.5"})[0].target == 0.5
    assert TrainingSettings(target=None).target is None
    with pytest.raises(InputError, match="steps must be an integer"):
        TrainingSettings(steps=None)


def test_new_settings_leave_specs_as_they_were(tiny):
    assert not {"average", "keep"} & tiny().to_json()["recipe"].keys() and "extended" not in tiny().to_json()
    changed = tiny(average=0.9, keep="last")
    assert RunSpec.from_json(json.loads(json.dumps(changed.to_json()))) == changed


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_the_stored_weights_are_the_average_and_training_goes_on_with_the_raw_ones(
    framework, tiny, sums, tmp_path, monkeypatch
):
    raw, step = [], loop._step

    def noted(job, state):
        step(job, state)
        raw.append(job.network.weights())

    monkeypatch.setattr(loop, "_step", noted)
    settings = {"framework": framework, "keep": "last", "target": "none", "steps": 6, "evaluate": 3}
    run(tiny(**settings, average=0.75), sums, RunOptions(tmp_path / "average"))
    trajectory = raw.copy()
    raw.clear()
    run(tiny(**settings), sums, RunOptions(tmp_path / "plain"))
    assert all(same(one, two) for one, two in zip(trajectory, raw, strict=True))
    average = dict(raw[0])
    for weights in raw[1:]:
        average = {name: 0.75 * average[name] + 0.25 * weights[name] for name in weights}
    kept = stored(tmp_path / "average")
    assert all(np.allclose(kept[name], average[name], atol=1e-5) for name in kept if "seed" not in name)
    assert same(stored(tmp_path / "average", "weights"), raw[-1]) and not same(kept, raw[-1])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_averaged_run_resumes_exactly(framework, tiny, sums, tmp_path, monkeypatch):
    spec = tiny(framework=framework, average=0.9)
    run(spec, sums, RunOptions(tmp_path / "whole"))
    interrupted(spec, sums, tmp_path / "cut", monkeypatch)
    run(spec, sums, RunOptions(tmp_path / "cut", resume=True))
    assert same(stored(tmp_path / "whole"), stored(tmp_path / "cut"))
    assert same(stored(tmp_path / "whole", "optimizer"), stored(tmp_path / "cut", "optimizer"))


def interrupted(spec, data, folder, monkeypatch, at=7):
    """Run until a step at which the process fails."""
    step = loop._step

    def pulled(job, state):
        if state.step == at:
            raise RuntimeError("the plug was pulled")
        step(job, state)

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="pulled"):
        patched.setattr(loop, "_step", pulled)
        run(spec, data, RunOptions(folder))


def test_the_last_weights_are_kept_on_request(tiny, sums, tmp_path):
    last = run(tiny(keep="last"), sums, RunOptions(tmp_path / "r"))
    assert last.best == {"step": 12, "validation": last.scores["validation"]["exact_match"]}
    assert same(stored(tmp_path / "r"), stored(tmp_path / "r", "weights"))


def test_cpu_seconds_end_a_training_and_those_before_a_resume_count(tiny, sums, tmp_path, monkeypatch):
    spec = tiny(steps=100_000, evaluate=100_000)
    short = run(spec, sums, RunOptions(tmp_path / "a", cpu_budget=0.2, budget=3600))
    assert 0 < short.timings["steps"] < 100_000 and short.timings["fit_cpu_s"] >= 0.2
    interrupted(tiny(), sums, tmp_path / "b", monkeypatch)
    summary, groups = checkpoint.read(tmp_path / "b")
    checkpoint.save(tmp_path / "b", {**summary, "cpu": 50.0}, groups)
    resumed = run(tiny(), sums, RunOptions(tmp_path / "b", resume=True, cpu_budget=50))
    assert resumed.timings["steps"] == 4 and resumed.timings["fit_cpu_s"] >= 50


def test_a_hopeless_training_is_given_up_at_the_first_validation_after_its_share(tiny, sums, tmp_path):
    hopeless = {"rate": 0, "target": "none", "steps": 12, "evaluate": 3}
    for share, end in ((0.5, 6), (0.6, 9), (0.0, 12)):
        given_up = run(tiny(**hopeless, give_up=share), sums, RunOptions(tmp_path / str(share)))
        assert given_up.timings["steps"] == end
    assert [entry["step"] for entry in history(tmp_path / "0.5")] == [3, 6]
    again = go_on(tmp_path / "0.5", tmp_path / "on", give_up=0.0)
    assert again.timings["steps"] == 12


def test_a_training_that_beats_a_constant_answer_is_not_given_up(tiny, sums, tmp_path, perfect):
    whole = run(tiny(target="none", steps=12, evaluate=3, give_up=0.3), sums, RunOptions(tmp_path / "whole"))
    assert whole.timings["steps"] == 12


def go_on(source, out, **overrides):
    """Extend a run; returns the result."""
    plan = extend(source, {key: str(value) for key, value in overrides.items()})
    return run(plan.spec, plan.original.data, RunOptions(out, extends=source))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_extended_run_equals_one_with_more_steps_from_the_start(framework, tiny, sums, tmp_path):
    short = tiny(framework=framework, steps=8, average=0.9, **PLAIN)
    run(short, sums, RunOptions(tmp_path / "short"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "short").iterdir() if path.is_file()}
    extended = go_on(tmp_path / "short", tmp_path / "long", steps=16, target="none")
    longer = replace(short, settings=replace(short.settings, steps=16, target=None))
    whole = run(longer, sums, RunOptions(tmp_path / "whole"))
    for group in ("best", "weights", "optimizer"):
        assert same(stored(tmp_path / "long", group), stored(tmp_path / "whole", group))
    assert history(tmp_path / "long") == history(tmp_path / "whole")
    assert read_strata(tmp_path / "long") == read_strata(tmp_path / "whole")
    assert read_samples(tmp_path / "long") == read_samples(tmp_path / "whole")
    assert extended.extended == [{"steps": 8}] and extended.predictions_sha256 == whole.predictions_sha256
    assert extended.recipe == whole.recipe
    after = {path.name: path.read_bytes() for path in (tmp_path / "short").iterdir() if path.is_file()}
    assert after == before


def test_extensions_of_extensions_are_repeated_to_the_bit(tiny, sums, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(tiny(steps=6, schedule="cosine"), sums, RunOptions(Path("a")))
    go_on(Path("a"), Path("b"), steps=10)
    last = go_on(Path("b"), Path("c"), schedule="constant", rate=0.001, warmup=0, steps=14)
    assert [phase["steps"] for phase in last.extended] == [6, 10]
    spec = load_original(Path("c")).spec
    rates = [
        loop.learning_rate_at(step, settings_at(step, spec.hyperparameters, spec.phases))
        for step in range(14)
    ]
    first, second = (load_original(Path(name)).spec.hyperparameters for name in "ab")
    assert rates[:6] == [loop.learning_rate_at(step, first) for step in range(6)]
    assert rates[6:10] == [loop.learning_rate_at(step, second) for step in range(6, 10)]
    assert rates[10:] == [0.001] * 4
    # off the grid of validations, too
    assert [entry["step"] for entry in last.history] == [4, 6, 8, 10, 12, 14]
    assert trained("--from", "c", "--out", "again") == 0
    assert "predictions the same bits, weights the same bits" in capsys.readouterr().err
    assert history(Path("c")) == history(Path("again"))


def test_an_extension_resumes_and_its_budget_is_its_own(tiny, sums, tmp_path, monkeypatch):
    run(tiny(steps=8, **PLAIN), sums, RunOptions(tmp_path / "a"))
    summary, groups = checkpoint.read(tmp_path / "a")
    checkpoint.save(tmp_path / "a", {**summary, "cpu": 1000.0, "wall": 2000.0}, groups)
    plan = extend(tmp_path / "a", {"steps": "16"})
    options = RunOptions(tmp_path / "b", extends=tmp_path / "a", budget=600, cpu_budget=600)
    step = loop._step
    monkeypatch.setattr(loop, "_step", lambda job, state: 1 / (state.step < 13) and step(job, state))
    with pytest.raises(ZeroDivisionError):
        run(plan.spec, sums, options)
    monkeypatch.setattr(loop, "_step", step)
    result = run(plan.spec, sums, replace(options, resume=True))
    assert result.timings["steps"] == 16 and result.timings["fit_cpu_s"] > 1000
    go_on(tmp_path / "a", tmp_path / "c", steps=16)
    assert compare_runs(tmp_path / "b", tmp_path / "c").weights


def test_a_run_that_ended_early_goes_on_to_its_last_step(tiny, sums, tmp_path):
    run(tiny(schedule="cosine"), sums, RunOptions(tmp_path / "a", stop_step=5))
    assert go_on(tmp_path / "a", tmp_path / "b").extended == [{"steps": 5}]
    run(tiny(schedule="cosine"), sums, RunOptions(tmp_path / "whole"))
    assert same(stored(tmp_path / "b", "weights"), stored(tmp_path / "whole", "weights"))


@pytest.mark.parametrize(
    ("settings", "overrides", "words"),
    [
        ({}, {}, "took 12 steps already. Give --set steps=N"),
        ({}, {"steps": "12"}, "took 12 steps already"),
        ({}, {"steps": "20", "average": "0.5"}, "cannot change 'average'. Allowed: give_up, keep"),
        ({}, {"steps": "20", "patence": "4"}, "Did you mean 'patience'"),
        ({}, {"steps": "many"}, "steps must be an integer"),
        ({"target": 0.0}, {"steps": "20"}, "reached its target of 0.0: give --set target=none"),
        ({"patience": 1, "rate": 0}, {"steps": "20"}, "lost its patience after 1 validations"),
        ({"curriculum": "0.5 digits=1*"}, {"steps": "20"}, "steps cannot be changed where curriculum is set"),
        (
            {"give_up": 0.5, "rate": 0},
            {"steps": "20"},
            "ended at step 8 of 12, given up .* give --set give_up=0",
        ),
        ({"keep": "last"}, {"steps": "20", "keep": "best"}, "keep=best cannot follow keep=last"),
    ],
)
def test_what_cannot_be_extended_is_one_line(settings, overrides, words, tiny, sums, tmp_path):
    run(tiny(**settings), sums, RunOptions(tmp_path / "r"))
    with pytest.raises(InputError, match=words) as refused:
        extend(tmp_path / "r", overrides)
    assert "\n" not in str(refused.value)


def test_runs_without_steps_or_without_an_end_are_not_extended(tiny, sums, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(RunSpec(baseline("constant"), "none", "", 0), sums, RunOptions(Path("floor")))
    run(tiny(), sums, RunOptions(Path("bare")))
    Path("bare/checkpoint.npz").unlink()
    interrupted(tiny(), sums, Path("cut"), monkeypatch)
    for words, line in (
        (["--extend", "floor"], "not trained in steps"),
        (["--extend", "bare", "--set", "steps=20"], "no checkpoint"),
        (["--extend", "cut", "--set", "steps=20"], "--resume"),
        (["--extend", "bare", "--out", "bare"], "its own run directory"),
        (["--extend", "bare", "--seed", "1"], "leave out --seed"),
        (["mlp", "--extend", "bare"], "leave out mlp"),
        (["--extend", "bare", "--from", "bare"], "give one of them"),
    ):
        assert trained(*words) == 2
        said = capsys.readouterr().err
        assert line in said and said.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare", "cut", "floor"]


@pytest.mark.parametrize("name", ["checkpoint.npz", "validation.parquet"])
def test_damage_is_found_before_anything_is_written(name, tiny, sums, tmp_path):
    run(tiny(), sums, RunOptions(tmp_path / "r"))
    (tmp_path / "r" / name).write_bytes(b"nonsense")
    with pytest.raises(InputError, match=f"r/{name} is damaged") as caught:
        extend(tmp_path / "r", {"steps": "20"})
    assert "--force" not in str(caught.value)


def test_the_command_extends_and_says_how(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["mlp", *SMALL, "--set", "hidden=8", "--set", "steps=6", "--set", "evaluate=3", "--out", "r"]
    assert trained(*words, "--set", "schedule=linear") == 0
    capsys.readouterr()
    assert trained("--extend", "r", "--set", "steps=12", "--set", "target=none", "--json") == 0
    said = capsys.readouterr()
    shown = json.loads(said.out)
    assert shown["out"] == "r-extended" and shown["timings"]["steps"] == 12
    assert "extends r, which took 6 steps; the learning rate was" in said.err
    assert "going on at step 6 of 12 (50 %)" in said.err


@pytest.mark.parametrize(
    "value",
    [
        3,
        "x",
        [3],
        [{}],
        [{"steps": 0}],
        [{"steps": True}],
        [{"steps": 5}, {"steps": 5}],
        [{"steps": 5, "x": 1}],
        [{"steps": 5, "settings": {"hidden": 3}}],
    ],
)
def test_phases_of_foreign_records_are_checked(value):
    with pytest.raises(InputError):
        read_phases(value)
    assert Phase(3).to_json() == {"steps": 3}


def test_phases_belong_to_the_settings_of_their_record(tiny):
    record = tiny().to_json()
    floor = RunSpec(baseline("constant"), "none", "", 0).to_json()
    for made, phases in (
        (record, [{"steps": 12}]),
        (record, [{"steps": 4, "settings": {"rate": "fast"}}]),
        (record, [{"steps": 4, "settings": {"rate": -1.0}}]),
        (floor, [{"steps": 4}]),
    ):
        with pytest.raises(InputError):
            RunSpec.from_json({**made, "extended": phases})
    assert RunSpec.from_json({**record, "extended": [{"steps": 4}]}).phases == (Phase(4),)


def test_boards_know_how_an_extended_run_was_trained(tiny, sums, tmp_path):
    run(tiny(steps=4, **PLAIN), sums, RunOptions(tmp_path / "a"))
    run(tiny(steps=8, **PLAIN), sums, RunOptions(tmp_path / "whole"))
    go_on(tmp_path / "a", tmp_path / "b", steps=8)
    go_on(tmp_path / "a", tmp_path / "c", steps=8, rate=0.001)
    run(tiny(steps=8, rate=0.001, **PLAIN), sums, RunOptions(tmp_path / "slow"))
    manifests = {
        name: Manifest(json.loads((tmp_path / name / "result.json").read_text()))
        for name in ("whole", "b", "c", "slow")
    }
    identities = {name: manifest.summary.identity for name, manifest in manifests.items()}
    assert identities["b"] == identities["whole"]
    assert identities["c"] != identities["slow"]
    stored_run = SimpleNamespace(
        digest="0" * 64, manifest=manifests["c"].document, summary=manifests["c"].summary
    )
    assert recipe_of(stored_run).spec.phases == load_original(tmp_path / "c").spec.phases != ()


def test_a_resumed_sweep_says_where_its_runs_go_on(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = ["hidden=8", "steps=6", "evaluate=3", "batch=16"]
    words = [
        "mlp",
        *SMALL,
        *(word for pair in settings for word in ("--set", pair)),
        "--seeds",
        "2",
        "--out",
        "s",
    ]
    assert trained(*words) == 0
    assert "finished already" not in capsys.readouterr().err
    Path("s/seed1/result.json").unlink()
    assert trained(*words, "--resume") == 0
    said = capsys.readouterr().err
    assert "1 of 2 runs are finished already" in said
    assert "seed1: at its end already, step 6 of 6 (100 %): nothing is left to train" in said
