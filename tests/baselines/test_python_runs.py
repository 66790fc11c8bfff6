"""mathbench.train and mathbench.open_run: networks by name and by class, data in all its forms, and what a run does."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import mathbench
from mathbench.baselines.guests.torch import TorchBaseline
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.scores.results import Score

SIZES = {"train": 60, "validation": 20, "interpolate": 30, "extrapolate": 10}
FEW = {"steps": 4, "evaluate": 2, "batch": 16, "hidden": 8}


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def rows():
    return Data.generate(task("addition", digits=2), SIZES)


def test_a_network_by_name_with_values(place):
    run = mathbench.train(
        "mlp",
        "addition",
        digits=2,
        **SIZES,
        framework="torch",
        settings={**FEW, "lr": 0.01, "padding": "left"},
        seed="winter",
        data_seed=3,
        out="r",
        device="cpu",
        long=[3],
    )
    assert run.folder == Path("r") and run.result.recipe["rate"] == 0.01 and run.result.seed == "winter"
    assert (
        run.result.data["seed"] == 3 and run.result.data["sizes"] == SIZES and list(run.result.long) == ["3"]
    )
    assert run.result.encoding["choices"]["padding"] == "left"
    assert isinstance(run.ask("1+1"), str) and len(run.ask(["1+1", "2+2"])) == 2 and run.ask([]) == []
    assert run.score()["interpolate"].total == Score(
        **{k: run.result.scores["interpolate"][k] for k in ("n", "correct")}
    )
    assert run.predict().num_rows == 60 and run.predict(splits=["extrapolate"]).num_rows == 10
    opened = mathbench.open_run("r", device="cpu")
    other = Data.generate(task("addition", digits=2), {"interpolate": 25}, seed=9)
    assert opened.score(other)["interpolate"].total.n == 25
    assert opened.predict(other).column_names == ["split", "row", "prediction", "task", "id"]
    assert repr(opened).startswith("Run('r': mlp on addition-base10-digits2, validation 0.00%")
    # the same call reads the finished run
    assert (
        mathbench.train(
            "mlp",
            "addition",
            digits=2,
            **SIZES,
            framework="torch",
            settings={**FEW, "lr": 0.01, "padding": "left"},
            seed="winter",
            data_seed=3,
            out="r",
        ).result.id
        == run.result.id
    )


def test_data_in_all_its_forms(place, rows):
    mathbench.generate("addition", "ds", digits=2, **SIZES)
    for number, data in enumerate((rows, "ds", Path("ds"), rows.task)):
        sizes = SIZES if data is rows.task else {}
        run = mathbench.train("copy-operand", data, **sizes, out=f"r{number}")
        assert run.result.data["sizes"] == SIZES and run.task == rows.task and run.data.digest == rows.digest
    assert run.score("ds").keys() == {"validation", "interpolate", "extrapolate"}


@dataclass
class Settings:
    units: int = 5


def make_class():
    from torch import nn

    class Net(TorchBaseline):
        """Linear."""

        settings = Settings
        fixed_width = True

        def build(self, shape, settings):
            sizes = shape.question * shape.symbols, settings.units, shape.answer * shape.outputs
            layers = nn.Linear(*sizes[:2]), nn.Linear(*sizes[1:])
            return nn.Sequential(nn.Flatten(), *layers, nn.Unflatten(1, (shape.answer, shape.outputs)))

    return Net


def test_a_class_of_a_function(rows):
    """Runs of a class of a notebook: this process loads them, another one says what it needs."""
    net = make_class()
    few = {name: value for name, value in FEW.items() if name != "hidden"}
    run = mathbench.train(net, rows, settings={"units": 3, **few}, device="cpu")
    assert (
        run.folder == Path("runs/Net-torch-addition-base10-digits2-seed0") and run.result.recipe["units"] == 3
    )
    assert run.result.baseline == "__main__:Net" and run.ask("1+1") == mathbench.open_run(run.folder).ask(
        "1+1"
    )
    from mathbench import registry

    del registry._PROVIDED["__main__:Net"]
    opened = mathbench.open_run(run.folder)
    assert opened.score()["interpolate"].total.n == 30  # what is stored needs no code
    with pytest.raises(InputError, match="the class Net was defined in a script, a notebook or a function"):
        opened.ask("1+1")
    assert mathbench.open_run(run.folder, net).ask("1+1") == run.ask("1+1")


def test_a_class_of_a_module(place, rows, monkeypatch):
    Path("shop.py").write_text(
        "class Adder:\n    def __init__(self, task): ...\n    @classmethod\n    def fit(cls, t, a, b):\n"
        "        return cls(t)\n    def predict(self, questions):\n        return [eval(q) for q in questions]\n"
        "    def state(self):\n        return {}\n"
    )
    monkeypatch.syspath_prepend(str(place))
    import shop

    run = mathbench.train(shop.Adder, rows)
    assert run.result.baseline == "./shop.py:Adder" and run.folder == Path(
        "runs/Adder-addition-base10-digits2-seed0"
    )
    assert run.result.scores["extrapolate"]["exact_match"] == 1 and run.result.versions["shop.py"]
    monkeypatch.chdir("/")
    assert mathbench.open_run(place / run.folder).ask("12+29") == "41"
    del sys.modules["shop"]


def test_a_run_is_trained_further_as_if_from_the_start(rows):
    """By name and by class; the finished run stays as it is."""
    for kind, few in (("mlp", FEW), (make_class(), {k: v for k, v in FEW.items() if k != "hidden"})):
        constant = {**few, "schedule": "constant", "warmup": 0, "target": None}
        first, whole = (
            mathbench.train(
                kind, rows, settings={**constant, "steps": steps}, device="cpu", out=f"r{steps}", force=True
            )
            for steps in (4, 8)
        )
        before = {path: path.read_bytes() for path in Path("r4").rglob("*") if path.is_file()}
        longer = first.extend({"steps": 8}, samples=0, force=True)
        assert longer.folder == Path("r4-extended") and isinstance(longer, mathbench.Run)
        assert longer.predict() == whole.predict() and longer.result.timings["steps"] == 8
        assert {path: path.read_bytes() for path in Path("r4").rglob("*") if path.is_file()} == before
        assert first.extend({"steps": 8}).result.id == longer.result.id
        assert longer.extend({"steps": 9}, out="r9", long=[3], force=True).result.long.keys() == {"3"}


def test_an_extension_is_refused_in_a_line_and_writes_nothing(rows, place, capsys):
    run = mathbench.train("mlp", rows, settings={**FEW, "schedule": "cosine"}, out="r", samples=0)
    assert not (place / "r" / "samples.jsonl").exists()
    for arguments, line in (
        ({}, "the run took 4 steps already"),
        ({"settings": {"hidden": 9}}, "an extension cannot change 'hidden'"),
        ({"settings": {"steps": "many"}}, "steps must be an integer"),
        ({"settings": 3}, "settings must be a dict"),
        ({"settings": {"steps": 9}, "out": "r"}, "requires its own run directory"),
        ({"settings": {"steps": 9}, "out": 3}, "out must be a path"),
        ({"settings": {"steps": 9}, "samples": 51}, "samples must be at most 50"),
        ({"settings": {"steps": 9}, "samples": "3"}, "samples must be an integer"),
    ):
        with pytest.raises(InputError, match=line):
            run.extend(**arguments)
    assert [path.name for path in place.iterdir()] == ["r"]
    run.extend({"steps": 6, "target": "none"}, progress=True)
    assert "the learning rate was" in capsys.readouterr().err
    with pytest.raises(InputError, match="constant is not trained in steps"):
        mathbench.train("constant", rows, out="c").extend({"steps": 9})


def test_a_plot(rows):
    pytest.importorskip("matplotlib")
    run = mathbench.train("copy-operand", rows, out="r")
    files = run.plot()
    assert files and all(file.is_file() and file.is_relative_to(Path("r")) for file in files)


BAD = [
    ({"baseline": "mpl"}, "unknown baseline 'mpl'. Did you mean 'mlp'"),
    ({"baseline": 3}, "a baseline must be a name or a class. Received: 3."),
    ({"baseline": int}, "int has no method fit(task, train, validation)."),
    ({"baseline": "hf:x"}, "hf:x is asked, not trained"),
    ({"data": "adition"}, "unknown task 'adition'. Did you mean 'addition'"),
    ({"data": {"train": []}}, "data must be rows (mathbench.dataset.data.Data) or the folder of a dataset."),
    ({"hidden": 3}, "'hidden' is a setting, not a parameter: settings={'hidden': ...}."),
    ({"digtis": 3}, "Did you mean 'digits'"),
    ({"settings": {"hiden": 3}}, "mlp has no setting 'hiden'. Did you mean 'hidden'"),
    ({"settings": {"hidden": "many"}}, "hidden must be an integer from 1 to 65536. Received: 'many'."),
    ({"settings": [3]}, "settings must be a dict of values by name. Received: [3]."),
    ({"framework": "jax"}, "mlp has no framework 'jax'."),
    ({"budget": "soon"}, "budget must be a number of seconds above 0. Received: 'soon'."),
    ({"budget": float("nan")}, "budget must be a number of seconds above 0."),
    ({"device": "abacus"}, "PyTorch cannot use device 'abacus' here"),
    ({"device": None}, "device must be auto, cpu, cuda or a name of the framework. Received: None."),
    ({"train": 10**7}, "holds"),
    ({"train": "many"}, "train must be an integer of 0 or more. Received: 'many'."),
    ({"config": "x"}, "config goes with the folder of a dataset."),
    ({"long": "3"}, "long must be a list of numbers of digits. Received: '3'."),
    ({"samples": -1}, "samples must be an integer of 0 or more. Received: -1."),
    ({"samples": 51}, "samples must be at most 50. Received: 51."),
    ({"resume": "no"}, "resume must be True or False. Received: 'no'."),
    ({"recipe": "lstm-seq2seq"}, "recipe lstm-seq2seq is for lstm-seq2seq. Received: mlp."),
]


@pytest.mark.parametrize(("change", "line"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_is_one_line_and_writes_nothing(change, line, place):
    good = {"baseline": "mlp", "data": "addition", "digits": 2, **SIZES, "framework": "torch"}
    with pytest.raises(InputError) as refused:
        mathbench.train(**{**good, **change})
    assert line in str(refused.value) and "\n" not in str(refused.value)
    assert not list(place.iterdir())


def test_no_run():
    with pytest.raises(InputError, match="nowhere is not a run directory"):
        mathbench.open_run("nowhere")
    with pytest.raises(InputError, match=r"a run must be given by its directory\. Received: None"):
        mathbench.open_run(None)
