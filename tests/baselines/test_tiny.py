"""The tiny transformer: its counts, its causality, its members side by side; tournaments; stages of other tasks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mathbench.baselines import checkpoint
from mathbench.baselines.analysis.pareto import SizedRun, smallest
from mathbench.baselines.models.group import NetworkGroup, SeparateMembers
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.tiny import TinyTransformerSettings
from mathbench.baselines.models.torch.tiny_transformer import build, build_members
from mathbench.baselines.predictor import load_run
from mathbench.baselines.probe import probe_questions, probe_suite
from mathbench.baselines.recipe import apply_overrides, read_recipe, recipe_names
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import BASELINES, baseline
from mathbench.baselines.training import loop
from mathbench.baselines.training.data import stage_task
from mathbench.baselines.training.tournament import candidate_seeds
from mathbench.cli.report import beside_weights
from mathbench.dataset import suite as suites
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.registry import load
from mathbench.reserve import reserve_of
from tests.baselines.commands import mathbench

CPU = DeviceConfig("cpu")
# of ten digits: "+" has token 1
SHAPE = NetworkShape(12, 12, 23, 12, digits=tuple(range(2, 12)))
SMALLEST = {
    "hidden": 2,
    "heads": 1,
    "inner": 1,
    "activation": "tanh",
    "norm": "none",
    "vocabulary": "digits",
    "digits": "quadratic",
    "queries": "rotation",
    "values": "diagonal",
    "skip": "learned",
    "sharpness": 5.0,
}
KINDS = {
    "smallest": SMALLEST,
    "axes": {**SMALLEST, "digits": "axes"},
    "table": {"hidden": 4, "inner": 3, "vocabulary": "digits", "values": "matrices"},
    "any tokens": {"hidden": 4, "inner": 3, "harmonics": 2, "activation": "gelu"},
    "content": {"hidden": 4, "inner": 3, "scores": "content", "values": "diagonal", "activation": "sigmoid"},
}


def settings_of(kind, **more):
    return TinyTransformerSettings(**{**KINDS[kind], "batch": 8, "steps": 20, **more})


def batch(seed=0, rows=6, shape=SHAPE):
    rng = np.random.default_rng(seed)
    questions = rng.integers(1, shape.symbols, (rows, shape.question))
    return questions, rng.choice(shape.digits, (rows, shape.answer))


@pytest.mark.parametrize(
    ("recipe", "count"),
    [("tiny-2240", 2240), ("tiny-488", 488), ("tiny-110", 110), ("tiny-75", 75), ("tiny-17", 17)],
)
def test_the_recipes_have_their_weights(recipe, count):
    entry, found = baseline("tiny-transformer"), read_recipe(recipe)
    settings, _ = apply_overrides(found, entry, "torch", {})
    assert build(SHAPE, settings, 0, CPU).parameters == count
    members = build_members(SHAPE, settings, ("a", "b", "c"), CPU)
    assert members.parameters == count
    assert sum(w.size for w in members.weights(1).values()) == count


def test_the_axes_have_two_weights_less_than_the_parabola():
    counts = [build(SHAPE, settings_of(kind), 0, CPU).parameters for kind in ("axes", "smallest")]
    assert counts == [15, 17]


@pytest.mark.parametrize("name", [name for name, entry in BASELINES.items() if entry.kind == "network"])
def test_shared_weights_count_once(name):
    entry = baseline(name)
    if "torch" not in entry.frameworks:
        pytest.skip("Keras counts its own weights")
    found = read_recipe(name)
    settings, _ = apply_overrides(found, entry, "torch", {})
    if settings.columns:
        pytest.skip("needs a layout of columns; see test_columns.py")
    classes = ("false", "true") if entry.classify else ()
    # signs beside the digits, where a network reads them
    symbols, first = (11, 1) if name == "residue-networks" else (13, 2)
    digits = tuple(range(first, first + 10))
    shape = NetworkShape(
        symbols, len(classes) or symbols, 8, 1 if classes else 4, digits=digits, classes=classes
    )
    network = load(entry.frameworks["torch"])(shape, settings, 0, CPU)
    places = {
        p.untyped_storage().data_ptr(): p.numel() for p in network.module.parameters() if p.requires_grad
    }
    assert network.parameters == sum(places.values())


@pytest.mark.parametrize("kind", KINDS)
def test_teacher_forcing_and_decoding_agree_and_no_token_sees_later_ones(kind):
    network = build(SHAPE, settings_of(kind), 3, CPU)
    questions, answers = map(torch.from_numpy, batch())
    with torch.no_grad():
        whole = network.module(questions, answers)
        state = network.module.begin(questions)
        last, steps = torch.full((6,), network.start), []
        for at in range(answers.shape[1]):
            logits, state = network.module.advance(state, last)
            steps.append(logits)
            last = answers[:, at]
        changed = answers.clone()
        changed[:, 5:] = 2
        other = network.module(questions, changed)
    assert torch.allclose(whole, torch.stack(steps, dim=1), atol=1e-5)
    assert torch.allclose(whole[:, :6], other[:, :6], atol=1e-6)
    assert not torch.allclose(whole[:, 6:], other[:, 6:])


def test_digits_only_write_digits_of_one_length():
    network = build(SHAPE, settings_of("smallest"), 0, CPU)
    written = network.predict(batch()[0])
    assert written.shape == (6, 12) and np.isin(written, SHAPE.digits).all()
    questions, labels = batch()
    labels[0, -1] = 0
    with pytest.raises(InputError, match="digits alone, all of one length"):
        network.step(questions, labels, 0.01, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"digits": "axes", "vocabulary": "digits", "hidden": 3, "heads": 1}, "hidden=2"),
        ({"digits": "quadratic"}, "vocabulary=digits"),
        ({"hidden": 3, "heads": 2}, "multiple of heads"),
        ({"scores": "content", "queries": "rotation"}, "queries=matrix"),
    ],
)
def test_settings_that_do_not_go_together(changes, message):
    with pytest.raises(InputError, match=message):
        TinyTransformerSettings(**changes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [{}, {"clip": 0.05, "decay": 0.1}, {"average": 0.5}])
def test_members_side_by_side_learn_like_networks_of_their_own(kind, more):
    settings = settings_of(kind, **more)
    seeds = ("x", "y", "z")
    together = build_members(SHAPE, settings, seeds, CPU)
    apart = SeparateMembers([build(SHAPE, settings, seed, CPU) for seed in seeds])
    for step in range(4):
        if step == 2:
            together.keep((0, 2))
            apart.keep((0, 2))
        losses = [members.step(*batch(step), 0.02, step) for members in (together, apart)]
        assert np.allclose(*losses, atol=1e-5)
    together.swap_average()
    apart.swap_average()
    for number in (0, 2):
        one, two = together.weights(number), apart.weights(number)
        assert one.keys() == two.keys()
        assert all(np.allclose(one[name], two[name], atol=1e-4) for name in one)
    assert together.state(2).keys() == apart.state(2).keys()


def test_a_group_saves_its_leader_alone(tmp_path):
    settings = settings_of("table")
    group = NetworkGroup(build_members(SHAPE, settings, ("a", "b"), CPU))
    group.step(*batch(), 0.02, 0)
    group.leader = 1
    group.save(tmp_path)
    alone = build(SHAPE, settings, "other", CPU)
    alone.load(tmp_path)
    assert all(np.array_equal(w, group.members.weights(1)[name]) for name, w in alone.weights().items())
    assert next(iter(group.weights())).startswith("1/")
    again = NetworkGroup(build_members(SHAPE, settings, ("c", "d"), CPU))
    again.load_weights(group.weights())
    again.load_state(group.state())
    assert again.leader == 1
    assert group.step(*batch(1), 0.02, 1) == again.step(*batch(1), 0.02, 1)


def tournament_spec(kind, **more):
    entry = baseline("tiny-transformer" if kind == "stacked" else "mlp")
    found = read_recipe(entry.name)
    values = {
        "tournament": 4,
        "tournament_rounds": "3:3 7:2",
        "steps": 12,
        "evaluate": 5,
        "batch": 16,
        **more,
    }
    if kind == "separate":
        values["hidden"] = 8
    settings, choices = apply_overrides(found, entry, "torch", {k: str(v) for k, v in values.items()})
    return RunSpec(entry, "torch", found.name, 0, settings, choices)


@pytest.fixture(scope="module")
def padded():
    sizes = {"train": 300, "validation": 30, "interpolate": 30, "extrapolate": 30}
    return Data.generate(task("addition", digits=2, longer=1, more=0, format="padded"), sizes)


@pytest.mark.parametrize("kind", ["stacked", "separate"])
def test_an_interrupted_tournament_ends_like_a_whole_one(kind, padded, tmp_path, monkeypatch):
    spec = tournament_spec(kind)
    whole = run(spec, padded, RunOptions(tmp_path / "whole"))
    step = loop._step

    def stop(job, state):
        if state.step == 6:
            raise RuntimeError("the plug was pulled")
        step(job, state)

    monkeypatch.setattr(loop, "_step", stop)
    with pytest.raises(RuntimeError, match="pulled"):
        run(spec, padded, RunOptions(tmp_path / "cut"))
    monkeypatch.setattr(loop, "_step", step)
    resumed = run(spec, padded, RunOptions(tmp_path / "cut", resume=True))
    best = [checkpoint.read(tmp_path / folder)[1]["best"] for folder in ("whole", "cut")]
    assert best[0].keys() == best[1].keys()
    assert all(np.array_equal(best[0][name], best[1][name]) for name in best[0])
    assert resumed.tournament == whole.tournament
    assert resumed.predictions_sha256 == whole.predictions_sha256


@pytest.mark.parametrize("kind", ["stacked", "separate"])
def test_a_tournament_keeps_the_best_and_records_the_others(kind, padded, tmp_path):
    result = run(tournament_spec(kind), padded, RunOptions(tmp_path / "r"))
    found = result.tournament
    assert found["candidates"] == 4
    assert [(r["step"], r["kept"]) for r in found["rounds"]] == [(3, 3), (7, 2)]
    first, second = (r["losses"] for r in found["rounds"])
    out = int(np.argmax(first))
    assert [i for i, loss in enumerate(second) if loss is None] == [out]
    survivors = sorted(sorted(set(range(4)) - {out}), key=lambda i: second[i])[:2]
    assert found["winner"] in survivors
    assert found["seed"] == f"0:{found['winner']}"
    assert [i for i, share in enumerate(found["validation"]) if share is None] == [out]
    alone = sum(p.size for p in load_run(tmp_path / "r", CPU).trained.network.weights().values())
    assert result.parameters == alone
    assert Result.load(tmp_path / "r") == result


def test_the_candidate_of_a_tournament_can_be_trained_alone(padded, tmp_path):
    spec = tournament_spec("separate", tournament=3, tournament_rounds="", curriculum="", target=1.0, steps=4)
    run(spec, padded, RunOptions(tmp_path / "all"))
    weights = checkpoint.read(tmp_path / "all")[1]["weights"]
    for number, seed in enumerate(candidate_seeds(0, 3)):
        assert seed == f"0:{number}"
        assert any(name.startswith(f"{number}/") for name in weights)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("5", "must be a number of steps and a number of networks"),
        ("5:x", "must be a number of steps and a number of networks"),
        ("5:0", "must be a number of steps and a number of networks"),
        ("5:3 5:2", "steps must rise"),
        ("5:2 6:2", "must fall"),
        ("5:4", "fewer networks than train"),
        ("12:2", "before the last step"),
    ],
)
def test_rounds_that_do_not_suit(words, message):
    with pytest.raises(InputError, match=message):
        TinyTransformerSettings(tournament=4, tournament_rounds=words, steps=12)


def test_stages_of_other_tasks_have_their_numbers_in_the_same_width():
    full = task("addition", digits=10, distribution="numbers", longer=1, more=0, format="padded")
    stage = stage_task(full, {"digits": "3"})
    rows = Data.generate(stage, {"train": 50}).splits["train"].to_pylist()
    for row in rows:
        assert len(row["question"]) == 11 + 1 + 11 and len(row["answer"]) == 12
        numbers = [int(part) for part in row["question"].split("+")]
        assert max(numbers) < 1000 and sum(numbers) == int(row["answer"])
        assert reserve_of("addition", tuple(sorted(numbers, reverse=True))) == "train"


@pytest.mark.parametrize(
    ("curriculum", "source", "message"),
    [
        ("0.1 task digits=3", "rows", "requires source=stream"),
        ("0.1 task digitz=3", "stream", "digitz"),
        ("0.1 task digits", "stream", "must be like 'task digits=3'"),
        ("0.1 task train_share=0.5", "stream", "keeps the parameter train_share"),
    ],
)
def test_stages_that_cannot_be(curriculum, source, message, padded, tmp_path):
    with pytest.raises(InputError, match=message):
        spec = tournament_spec("stacked", curriculum=curriculum, source=source)
        run(spec, padded, RunOptions(tmp_path / "r"))
    assert not (tmp_path / "r").exists()


def test_what_is_fixed_by_hand_stands_beside_the_weights(padded, tmp_path, monkeypatch, capsys):
    spec = tournament_spec("stacked", tournament=1, tournament_rounds="", steps=2, source="stream")
    result = run(spec, padded, RunOptions(tmp_path / "r"))
    assert result.weights["trained"] == result.parameters
    assert "token vectors are the output layer" in result.weights["fixed_by_hand"]
    monkeypatch.chdir(tmp_path)
    assert mathbench("baselines", "tiny-transformer", "--json") == 0
    recipes = json.loads(capsys.readouterr().out)["recipes"]
    assert "digit k is a quadratic function of k" in recipes["tiny-17"]["fixed_by_hand"]
    assert sorted(recipes) == [name for name in recipe_names() if name.startswith("tiny-")]
    assert beside_weights(result)[0].startswith("fixed by hand: positions of 1 cosine and sine")


def test_a_probe_scores_rows_of_a_suite_and_listed_questions(padded, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert (
        mathbench(
            "run-baseline",
            "copy-operand",
            "--digits",
            "2",
            "--train",
            "50",
            "--validation",
            "9",
            "--interpolate",
            "9",
            "--extrapolate",
            "0",
            "--no-submit",
            "--out",
            "r",
        )
        == 0
    )
    (tmp_path / "two.toml").write_text(
        'name = "two"\nquestions = ["7+0", "0+5", "12+1"]\n'
        '[[tasks]]\nname = "a"\ntask = "addition"\ndigits = 3\n'
        "sizes = { train = 0, validation = 0, interpolate = 40, extrapolate = 0 }\n"
    )
    capsys.readouterr()
    assert mathbench("probe", "r", "--suite", "two.toml", "--json") == 0
    rows, listed = json.loads(capsys.readouterr().out)
    assert (rows["name"], rows["n"], listed["n"]) == ("a", 40, 3)
    assert "reserved_for_train" not in rows
    known = [reserve_of("addition", pair) == "train" for pair in ((7, 0), (5, 0), (12, 1))]
    assert listed["reserved_for_train"] == sum(known)
    for miss in (*rows["wrong"], *listed["wrong"]):
        assert miss["answer"] != miss["expected"] == str(sum(map(int, miss["question"].split("+"))))
    assert mathbench("probe", "r", "--suite", "two.toml") == 0
    assert f"{sum(known)} of 3 listed questions" in capsys.readouterr().out


def test_five_boundary_values_of_the_adders_are_of_the_train_reserve():
    suite = suites.load("tiny-adder")
    problems = [tuple(sorted(map(int, question.split("+")), reverse=True)) for question in suite.questions]
    assert len(problems) == 10
    assert sum(reserve_of("addition", problem) == "train" for problem in problems) == 5


@pytest.mark.parametrize(
    ("questions", "message"), [(["7+x"], "is not of the task"), ([""], "must not be empty")]
)
def test_a_probe_of_questions_that_are_none(questions, message, padded, tmp_path):
    run(
        tournament_spec("stacked", steps=1, tournament=1, tournament_rounds=""),
        padded,
        RunOptions(tmp_path / "r"),
    )
    with pytest.raises(InputError, match=message):
        probe_questions(load_run(tmp_path / "r", CPU), questions)


def test_a_probe_names_the_task_whose_questions_the_run_cannot_read(sums, tiny, tmp_path):
    run(tiny("mlp"), sums, RunOptions(tmp_path / "r"))
    with pytest.raises(InputError, match=r"^sums-0-999: the alphabet"):
        list(probe_suite(load_run(tmp_path / "r", CPU), suites.load("classic")))


def test_a_probe_of_another_family(multiples, tiny, tmp_path):
    run(tiny("lstm-classifier", steps=1), multiples, RunOptions(tmp_path / "r"))
    with pytest.raises(InputError, match="fitted on divisible"):
        list(probe_suite(load_run(tmp_path / "r", CPU), suites.load("tiny-adder")))


def sized(name, weights, share, task="gcd"):
    scores = {"interpolate": share, "extrapolate": share / 2}
    return SizedRun(Path(name), "mlp", task, weights, scores, "examples", (), 1.0, 1)


def test_the_smallest_network_that_solves_each_task():
    runs = [
        sized("a", 900, 1.0),
        sized("b", 70, 0.98),
        sized("c", 80, 0.99),
        sized("d", 80, 0.995),
        sized("e", 5, 1.0, "prime"),
        sized("f", 4, 0.5, "addition"),
    ]
    found = smallest(runs, "interpolate")
    assert {task: str(run.run) for task, run in found.items()} == {"gcd": "d", "prime": "e"}
    assert smallest(runs, "extrapolate") == {}
    assert smallest(runs, "extrapolate", 0.495)["gcd"].weights == 80
    assert smallest(runs, "validation") == {}


def test_a_run_is_read_with_what_its_weights_rest_on(padded, tmp_path):
    result = run(tournament_spec("stacked"), padded, RunOptions(tmp_path / "r"))
    found = SizedRun.of(tmp_path / "r", result)
    assert (found.weights, found.candidates) == (result.parameters, 4)
    assert found.fixed_by_hand == tuple(result.weights["fixed_by_hand"])
    assert found.exact_match["extrapolate"] == result.scores["extrapolate"]["exact_match"]
    assert json.dumps(found.to_json())
