"""Baselines of third parties: networks of a file, what goes wrong in them, and what a run keeps."""

import json
import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mathbench.baselines import checkpoint
from mathbench.baselines.guests.settings import complete_settings
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.request import make_spec
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.table import baseline
from mathbench.dataset.data import Data
from mathbench.errors import GuestWarning, InputError
from mathbench.families import task
from mathbench.registry import load
from tests.commands import outcome

SIZES = {"train": 60, "validation": 20, "interpolate": 20, "extrapolate": 20}
SMALL = (
    "--train",
    "60",
    "--validation",
    "20",
    "--interpolate",
    "20",
    "--extrapolate",
    "20",
    "--task",
    "addition",
)

NETWORK = '''
import random
from dataclasses import dataclass

import numpy
import torch
from torch import nn

from mathbench.baselines.guests.torch import TorchBaseline, TorchWriter, WritingModule
from mathbench.baselines.settings import TrainingSettings


@dataclass
class Settings:
    units: int = 8
    steps: int = 6
    evaluate: int = 2
    batch: int = 16


class Module(nn.Module):
    def __init__(self, shape, settings):
        super().__init__()
        self.shape = shape
        self.reader = nn.RNN(shape.symbols, settings.units, batch_first=True)
        self.norm = nn.BatchNorm1d(settings.units)
        self.drop = nn.Dropout(0.2)
        self.output = nn.Linear(settings.units, shape.answer * shape.outputs)

    def forward(self, x):
        states, _ = self.reader(x)
        logits = self.output(self.drop(self.norm(states[:, -1])))
        return logits.view(len(x), self.shape.answer, self.shape.outputs)


class Net(TorchBaseline):
    """A plain RNN with batch normalisation and dropout."""

    settings = Settings

    def build(self, shape, settings):
        return Module(shape, settings)
'''


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATHBENCH_BOARD", str(tmp_path / "board.sqlite"))
    return tmp_path


@pytest.fixture(scope="session")
def rows():
    return Data.generate(task("addition", digits=2), SIZES)


def write(code, file="mine.py"):
    Path(file).write_text(code)


def spec_of(name, seed=0, **settings):
    return make_spec(baseline(name), None, None, settings, seed)[0]


def options(out, **more):
    return RunOptions(Path(out), device_config=DeviceConfig("cpu"), **more)


# the class, and the one line that it leads to
FAULTS = {
    "no class of this name": ("class Other: ...", "./mine.py has no 'Mine'. Allowed: Other."),
    "not a class": ("def Mine(): ...", "mine.py:Mine must be a class. Received: function."),
    "a syntax error": (
        "x = 1\nclass Mine(:\n",
        "./mine.py cannot be imported: mine.py, line 2: invalid syntax.",
    ),
    "a file that raises": (
        "1 / 0",
        "./mine.py cannot be imported: mine.py, line 1: ZeroDivisionError: division by zero.",
    ),
    "a file that exits": (
        "raise SystemExit(3)",
        "./mine.py cannot be imported: mine.py, line 1: SystemExit: 3.",
    ),
    "a module that is missing": (
        "import nosuch",
        "./mine.py cannot be imported: mine.py, line 1: ModuleNotFoundError: No module named 'nosuch'.",
    ),
    "no methods": ("class Mine: ...", "mine.py:Mine has no method fit(task, train, validation)."),
    "a network without its base class": (
        "class Mine:\n    def build(self, shape, settings): ...",
        "mine.py:Mine has no method fit(task, train, validation). A network is a subclass of TorchBaseline or "
        "KerasBaseline.",
    ),
    "no predict": (
        "class Mine:\n    @classmethod\n    def fit(cls, task, train, validation): ...",
        "mine.py:Mine has no method predict(questions).",
    ),
    "fit is no class method": (
        "class Mine:\n    def fit(self, task, train, validation): ...\n    def predict(self, questions): ...",
        "mine.py:Mine: fit must be a class method. Add @classmethod.",
    ),
    "fit takes other arguments": (
        "class Mine:\n    @classmethod\n    def fit(cls, train): ...\n    def predict(self, questions): ...",
        "mine.py:Mine: fit must take 3 arguments: too many positional arguments.",
    ),
    "a name that is taken": (
        "class MLP:\n    @classmethod\n    def fit(cls, t, a, b): ...\n    def predict(self, q): ...\nMine = 1",
        "the class MLP of ./mine.py has the name of mathbench's own baseline 'mlp'. Give it another one.",
    ),
}
ANSWERER = """
class Mine:
    def __init__(self, task, **state): ...
    @classmethod
    def applies(cls, task): {applies}
    @classmethod
    def fit(cls, task, train, validation):
        {fit}
    def predict(self, questions):
        {predict}
"""
DURING_FIT = {
    "applies raises": (
        {"applies": "return task.nosuch"},
        "mine.py:Mine: applies failed: mine.py, line 5: AttributeError: 'Addition' object has no attribute 'nosuch'.",
    ),
    "fit returns None": (
        {"fit": "return None"},
        "mine.py:Mine: fit must return an object with a method predict. Received: None.",
    ),
    "fit raises": (
        {"fit": "raise KeyError('label')"},
        "mine.py:Mine: fit failed: mine.py, line 8: KeyError: 'label'.",
    ),
    "fit raises in what it calls": (
        {"fit": "return int('x')"},
        "mine.py:Mine: fit failed: mine.py, line 8: ValueError: invalid literal for int() with base 10: 'x'.",
    ),
    "predict returns None": (
        {"predict": "return None"},
        "mine.py:Mine: predict must return a list of answers. Received: None.",
    ),
    "fit returns the class": (
        {"fit": "return cls"},
        "mine.py:Mine: fit must return an object with a method predict. Received: the class Mine, no object of it.",
    ),
    "predict returns a dict": (
        {"predict": "return {q: '1' for q in questions}"},
        "mine.py:Mine: predict must return a list of answers. Received: dict.",
    ),
    "predict returns text": (
        {"predict": "return '12'"},
        "mine.py:Mine: predict must return a list of answers. Received: str.",
    ),
    "predict returns too few": (
        {"predict": "return ['1']"},
        "mine.py:Mine: predict must answer every question. Received: 1 answers to 20 questions.",
    ),
    "predict returns floats": (
        {"predict": "return [1.0] * len(questions)"},
        "an answer must be text or an integer. Received: 1.0 in mine.py:Mine: the answer to",
    ),
    "predict returns nothing for one": (
        {"predict": "return ['1', None] * (len(questions) // 2)"},
        "an answer must be text or an integer. Received: None in mine.py:Mine: the answer to",
    ),
    "predict raises": (
        {"predict": "return 1 / 0"},
        "mine.py:Mine: predict failed: mine.py, line 10: ZeroDivisionError: division by zero.",
    ),
    "predict exits": (
        {"predict": "raise SystemExit"},
        "mine.py:Mine: predict failed: mine.py, line 10: SystemExit.",
    ),
}


def answerer(**parts):
    whole = {
        "applies": "return True",
        "fit": "return cls(task)",
        "predict": "return ['1'] * len(questions)",
        **parts,
    }
    return ANSWERER.format(**whole)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_is_known_before(fault, place):
    code, line = FAULTS[fault]
    write(code)
    name = "MLP" if "MLP" in code else "Mine"
    for words in (("run-baseline", f"./mine.py:{name}", *SMALL), ("baselines", f"./mine.py:{name}")):
        status, _, err = outcome(*words)
        assert (status, err) == (2, f"error: {line}\n")
    assert [p.name for p in place.iterdir()] == ["mine.py"]


@pytest.mark.parametrize("fault", DURING_FIT)
def test_a_fault_in_an_answerer(fault, place):
    parts, line = DURING_FIT[fault]
    write(answerer(**parts))
    status, _, err = outcome("run-baseline", "./mine.py:Mine", *SMALL, "--out", "r")
    said = err.splitlines()[-1]
    assert status == 2 and said.startswith(f"error: {line}"), err
    assert not (place / "r" / "result.json").exists()


def test_integers_and_arrays_are_answers(place):
    write("import numpy\n" + answerer(predict="return numpy.full(len(questions), 7)"))
    assert outcome("run-baseline", "./mine.py:Mine", *SMALL, "--out", "r", "--no-submit")[0] == 0


UNSTORABLE = {
    "no JSON": ("return {'words': {1, 2}}", "TypeError: Object of type set is not JSON serializable"),
    "raises": ("return self.nosuch", "AttributeError: 'Mine' object has no attribute 'nosuch'"),
    "no dict": ("return [1]", "state must return a dict. Received: list"),
    "unlike the class": ("return {'task': 1}", "got multiple values for argument 'task'"),
}


@pytest.mark.parametrize("fault", UNSTORABLE)
def test_a_state_that_cannot_be_stored_costs_no_scores(fault, place):
    body, reason = UNSTORABLE[fault]
    write(answerer() + f"    def state(self):\n        {body}\n")
    status, _, err = outcome("run-baseline", "./mine.py:Mine", *SMALL, "--out", "r", "--no-plots")
    assert status == 0 and err.startswith(
        "warning: r can be scored, but not queried later: mine.py:Mine: "
    ), err
    assert reason in err
    assert Result.load(place / "r").scores["interpolate"]["n"] == 20
    status, _, err = outcome("ask", "r", "1+1")
    assert status == 2 and err.count("\n") == 1


def test_a_state_that_answers_otherwise_is_noticed(place):
    write(
        answerer(predict="return [self.word if hasattr(self, 'word') else '2'] * len(questions)").replace(
            "**state): ...", "**state): self.__dict__.update(state)"
        )
        + "    def state(self):\n        return {'word': '1'}\n"
    )
    with pytest.warns(GuestWarning, match="what it stores gives other answers"):
        run(spec_of("./mine.py:Mine"), Data.generate(task("addition", digits=2), SIZES), options("r"))


def test_what_was_fitted_is_kept_when_predict_fails(place, rows):
    """The corrected code answers with it, and is not fitted again."""
    fit = "open('fitted.txt', 'a').write('x'); return cls(task)"
    state = "    def state(self):\n        return {}\n"
    write(answerer(fit=fit, predict="return 1 / (len(questions) < 10) and ['1'] * len(questions)") + state)
    with pytest.raises(InputError, match=r"predict failed: mine\.py, line 10: ZeroDivisionError"):
        run(spec_of("./mine.py:Mine"), rows, options("r"))
    write(answerer(fit=fit) + state)
    with pytest.warns(GuestWarning, match=r"mine\.py has changed since the run r"):
        result = run(spec_of("./mine.py:Mine"), rows, options("r", resume=True))
    assert Path("fitted.txt").read_text() == "x" and result.timings["fit_cpu_s"] >= 0


# what replaces a part of NETWORK, and the line; nothing is written
NETWORK_FAULTS = {
    "no build": (
        ("def build", "def make"),
        "has no method build(self, shape, settings), which makes the network.",
    ),
    "build takes other arguments": (
        ("def build(self, shape, settings)", "def build(self, shape)"),
        "build must take 2 arguments: too many positional arguments.",
    ),
    "build returns None": (
        ("return Module(shape, settings)", "Module(shape, settings)"),
        "build must return an nn.Module. Received: None.",
    ),
    "build raises": (
        ("return Module(shape, settings)", "return Module(shape)"),
        "build failed: mine.py, line 42: TypeError: Module.__init__() missing 1 required positional argument: "
        "'settings'.",
    ),
    "no weights": (
        ("return Module(shape, settings)", "return nn.Flatten()"),
        "build returned a module without weights to train.",
    ),
    "weights without a seed": (
        (
            "return Module(shape, settings)",
            "m = Module(shape, settings); m.output.bias.data.fill_(numpy.random.default_rng().random()); return m",
        ),
        "build gives other weights each time (output.bias).",
    ),
    "a shape of its own": (
        ("logits.view(len(x), self.shape.answer, self.shape.outputs)", "logits"),
        "the module must return logits (16, 3, 12), (B, answer, outputs). Received: (16, 36) of float32.",
    ),
    "integers": (
        ("self.shape.outputs)\n", "self.shape.outputs).long()\n"),
        "the module must return logits (16, 3, 12), (B, answer, outputs). Received: (16, 3, 12) of int64.",
    ),
    "a loss that is no number": (
        ("return logits.view", "return logits.log().view"),
        "the loss of step 1 of a trial is nan.",
    ),
    "forward raises": (
        ("states, _ = self.reader(x)", "states, _ = self.raeder(x)"),
        "a training step failed: mine.py, line 31: AttributeError: 'Module' object has no attribute 'raeder'.",
    ),
    "it cannot read longer questions": (
        ("states, _ = self.reader(x)", "assert x.shape[1] == 5, 'too long'; states, _ = self.reader(x)"),
        "an answer failed: mine.py, line 31: AssertionError: too long.",
    ),
    "settings that are no dataclass": (
        ("@dataclass\nclass Settings", "class Settings"),
        "settings must be a dataclass. Received: Settings.",
    ),
    "settings without the decorator": (
        ("@dataclass\nclass Settings", "class Settings(TrainingSettings)"),
        "settings must be a dataclass: Settings needs @dataclass(frozen=True).",
    ),
    "a setting without a default": (
        ("units: int = 8", "units: list = None"),
        "settings: Settings.units must have a default that is an integer, a number or text. Received: None.",
    ),
    "an unknown input": (
        ("    settings = Settings", "    settings = Settings\n    inputs = 'text'"),
        "inputs must be one of one-hot, tokens. Received: 'text'.",
    ),
    "a recipe with an unknown key": (
        ("    settings = Settings", "    settings = Settings\n    recipe = {'taks': {}}"),
        "recipe Net: unknown key 'taks'. Did you mean 'task'?",
    ),
    "a loss that is a mean": (
        (
            "    def build",
            "    def loss(self, logits, targets):\n        return logits.mean()\n\n    def build",
        ),
        "loss must return one loss for every target, (16, 3), computed from the logits. Received: () of float32.",
    ),
    "an optimiser that is none": (
        (
            "    def build",
            "    def optimizer(self, module, settings):\n        return 'adam'\n\n    def build",
        ),
        "optimizer must return a torch.optim.Optimizer or None. Received: str.",
    ),
    "an optimiser of other weights": (
        (
            "    def build",
            "    def optimizer(self, module, settings):\n"
            "        return torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)\n\n    def build",
        ),
        "optimizer must update weights of the module, and no others.",
    ),
    "a buffer that NumPy lacks": (
        ("self.shape = shape", "self.register_buffer('c', torch.ones(1).bfloat16()); self.shape = shape"),
        "c cannot be stored. Received: (1,) of bfloat16.",
    ),
    "lazy layers": (
        ("self.output = nn.Linear(settings.units,", "self.output = nn.LazyLinear("),
        "build returned a module with lazy layers. Call it on one batch in build.",
    ),
    "a setting of the name of another": (
        ("units: int = 8", "units: int = 8\n    lr: float = 0.1"),
        "settings: Settings.lr: the learning rate is called rate, which every network has.",
    ),
    "a setting of the name of a choice": (
        ("units: int = 8", "units: int = 8\n    labels: int = 1"),
        "settings: Settings.labels: the name is taken. Give the setting another one.",
    ),
    "a choice as a setting": (
        ("units: int = 8", "units: int = 8\n    uses: tuple = ('gain',)"),
        "settings: Settings.uses is not a setting. Write it without a type, or as a ClassVar.",
    ),
    "an unknown choice": (
        ("units: int = 8", "units: int = 8\n    uses = ('gian',)"),
        "settings: Settings.uses: unknown name 'gian'. Did you mean 'gain'?",
    ),
    "auxiliary labels that are no tuple": (
        ("units: int = 8", "units: int = 8\n    auxiliaries = 'carries'"),
        "settings: Settings.auxiliaries must be a tuple of names. Received: 'carries'.",
    ),
    "another framework": (
        ("    settings = Settings", "    settings = Settings\n    framework = 'jax'"),
        "must be a subclass of TorchBaseline, TorchWriter or KerasBaseline.",
    ),
    "a writer without its base class": (
        ("class Module(nn.Module)", "class Module(WritingModule)"),
        "build failed: mine.py, line 42: TypeError: Can't instantiate abstract class Module",
    ),
}


@pytest.mark.parametrize("fault", NETWORK_FAULTS)
def test_a_fault_in_a_network(fault, place):
    (part, other), line = NETWORK_FAULTS[fault]
    assert part in NETWORK
    write(NETWORK.replace(part, other))
    status, _, err = outcome("run-baseline", "./mine.py:Net", *SMALL, "--digits", "2", "--out", "r")
    assert status == 2 and err.count("\n") == 1 and line in err and "mine.py" in err, err
    assert [p.name for p in place.iterdir()] == ["mine.py"]


def test_a_network_runs_resumes_and_answers(place, rows):
    write(NETWORK)
    spec = spec_of("./mine.py:Net")
    whole = run(spec, rows, options("whole"))
    run(spec, rows, options("parts", stop_step=3))
    (place / "parts" / "result.json").unlink()
    run(spec, rows, options("parts", resume=True))
    first, second = checkpoint.read(Path("whole"))[1], checkpoint.read(Path("parts"))[1]
    for group in ("weights", "best", "optimizer"):
        assert first[group].keys() == second[group].keys() and "norm.running_mean" in first["weights"]
        assert all(np.array_equal(first[group][k], second[group][k]) for k in first[group])
    assert whole.predictions_sha256 == Result.load(place / "parts").predictions_sha256
    assert whole.framework == "torch" and whole.recipe["units"] == 8 and whole.recipe["name"] == "Net"
    assert whole.versions["mine.py"].startswith("sha256:") and whole.baseline == "./mine.py:Net"
    status, out, _ = outcome("predict", "whole", "--data", make_dataset())
    stored = {json.loads(line)["prediction"] for line in out.splitlines()}
    assert status == 0 and stored


def make_dataset():
    import mathbench

    mathbench.generate("addition", "ds", digits=2, **SIZES)
    return "ds"


def test_first_weights_follow_from_the_seed_alone(place):
    import torch

    write(NETWORK)
    kind = load("./mine.py:Net")
    shape, settings, device = NetworkShape(12, 12, 5, 3), kind.settings(), DeviceConfig("cpu")
    first = kind.make_network(shape, settings, 0, device).weights()
    torch.manual_seed(5)
    before = torch.get_rng_state()
    again = kind.make_network(shape, settings, 0, device).weights()
    assert torch.equal(before, torch.get_rng_state())
    assert all(np.array_equal(first[k], again[k]) for k in first)
    other = kind.make_network(shape, settings, 1, device).weights()
    assert not np.array_equal(first["output.weight"], other["output.weight"])


def test_a_run_is_loaded_from_elsewhere_and_names_changes(place, rows, monkeypatch):
    write(NETWORK)
    run(spec_of("./mine.py:Net"), rows, options("r"))
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    status, answer, err = outcome("ask", "../r", "1+1")
    assert status == 0 and "warning" not in err
    (place / "mine.py").write_text(NETWORK + "# a comment\n")
    status, again, err = outcome("ask", "../r", "1+1")
    assert (status, again) == (0, answer) and err.startswith(
        "warning: mine.py has changed since the run ../r\n"
    )
    (place / "mine.py").write_text(NETWORK.replace("units: int = 8", "size: int = 8"))
    assert "unexpected keyword argument 'units'" in outcome("ask", "../r", "1+1")[2]
    (place / "mine.py").write_text(NETWORK.replace("nn.RNN", "nn.GRU"))
    assert "has the weights of another network than mine.py:Net builds" in outcome("ask", "../r", "1+1")[2]
    (place / "mine.py").unlink()
    status, _, err = outcome("ask", "../r", "1+1")
    missing = f"the code of ../r is missing: there is no file {place / 'mine.py'}. A copy is ../r/guest.py."
    assert (status, err) == (2, f"error: {missing}\n")
    assert (place / "r" / "guest.py").read_text() == NETWORK


def test_a_spec_of_a_guest_survives_pickling(place, monkeypatch):
    """Jobs on other processes get it so; there the file is found wherever they run."""
    write(NETWORK)
    spec = spec_of("./mine.py:Net", units=5)
    packed = pickle.dumps(spec)
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    again = pickle.loads(packed)
    assert again == spec and again.hyperparameters.units == 5


def test_own_settings_join_the_common_ones():
    from dataclasses import dataclass

    from mathbench.parameters import parameter

    @dataclass
    class Own:
        units: int = parameter(4, "units", low=1, high=9)
        hidden: int = 7
        share: float = 0.5

        @property
        def twice(self):
            return 2 * self.units

        def __post_init__(self):
            if self.units == 3:
                raise ValueError("three")

    kind = complete_settings(Own, TrainingSettings)
    assert issubclass(kind, TrainingSettings) and kind(units=5).twice == 10 and kind().hidden == 7
    with pytest.raises(InputError, match=r"settings: units must be an integer from 1 to 9\. Received: 10"):
        kind(units=10)
    with pytest.raises(InputError, match="hidden must be an integer from 1 to 8192"):
        kind(hidden=0)
    with pytest.raises(InputError, match=r"share must be a number\. Received: 'x'"):
        kind(share="x")
    with pytest.raises(ValueError, match="three"):
        kind(units=3)


def test_own_settings_say_what_the_network_uses():
    from dataclasses import dataclass

    class Base:
        SIZES = (1, 2)

        def total(self):
            return sum(self.SIZES) * self.units

    @dataclass
    class Own(Base):
        uses = ("gain",)
        auxiliaries = ("residue",)
        units: float = 2

    kind = complete_settings(Own, TrainingSettings, uses=("labels",), auxiliaries=("carries",))
    assert kind.uses == ("gain",) and kind.auxiliaries == ("residue",) and kind(units=0.5).total() == 1.5
    assert "gain" not in kind.unused() and {"labels", "hidden"} <= kind.unused()
    assert kind(auxiliary="residue=3").auxiliary_labels.modulus == 3
    with pytest.raises(InputError, match="no auxiliary labels of the kind carries"):
        kind(auxiliary="carries")

    @dataclass
    class Silent:
        hidden: int = 4

    kind = complete_settings(Silent, TrainingSettings, uses=("labels",), auxiliaries=("carries",))
    assert (kind.uses, kind.auxiliaries) == (("labels",), ("carries",)) and "hidden" not in kind.unused()


def test_auxiliary_labels_of_guests(place, rows):
    """The layer called output reads the states; where it does not, the trial says so."""
    numbers = Data.generate(task("divisible", k=3, digits=4), SIZES)
    at = "return logits.view(len(x), self.shape.answer, self.shape.outputs)"
    write(
        NETWORK.replace("settings = Settings", "settings = Settings\n    classify = True").replace(
            "logits = self.output(self.drop(self.norm(states[:, -1])))\n        " + at,
            "return self.output(states if self.shape.prefix else states[:, -1:])",
        )
    )
    for kind in ("residue=3", "prefix-residue=3", "prefix"):
        spec = spec_of("./mine.py:Net", auxiliary=kind, query="forward")
        result = run(spec, numbers, options(kind.partition("=")[0]))
        assert result.supervision == "dense" and result.parameters == spec_parameters(result)
    write(NETWORK)
    with pytest.raises(InputError, match=r"a state at 3 positions\. Received: 1"):
        run(spec_of("./mine.py:Net", auxiliary="carries"), rows, options("x"))
    write(NETWORK.replace("self.output", "self.last"))
    with pytest.raises(InputError, match=r"attribute output is an nn\.Linear, which reads.* Received: none"):
        run(spec_of("./mine.py:Net", auxiliary="carries"), rows, options("x"))


def spec_parameters(result):
    units, symbols = result.recipe["units"], len(result.encoding["alphabet"]) + 1
    return units * (symbols + units + 2) + 2 * units + 2 * (units + 1)


def test_what_a_guest_prints_goes_to_stderr(place):
    write("print('imported')\n" + answerer(predict="print('asked'); return ['1'] * len(questions)"))
    status, out, err = outcome(
        "run-baseline", "./mine.py:Mine", *SMALL, "--out", "r", "--json", "--no-submit"
    )
    assert status == 0 and json.loads(out)["baseline"] == "./mine.py:Mine"
    assert "imported" in err and "asked" in err


OPTIMISED = NETWORK.replace(
    "    def build",
    """    def optimizer(self, module, settings):
        return torch.optim.NAME(module.parameters(), ARGUMENTS)

    def build""",
)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("SGD", "lr=0.1, momentum=0.9"), ("SGD", "lr=0.1"), ("RMSprop", "lr=0.01"), ("NAdam", "lr=0.01")],
)
def test_own_optimisers_resume_exactly(name, arguments, place, rows):
    write(OPTIMISED.replace("NAME", name).replace("ARGUMENTS", arguments))
    spec = spec_of("./mine.py:Net")
    run(spec, rows, options("whole"))
    run(spec, rows, options("parts", stop_step=3))
    (place / "parts" / "result.json").unlink()
    run(spec, rows, options("parts", resume=True))
    first, second = checkpoint.read(Path("whole"))[1], checkpoint.read(Path("parts"))[1]
    assert all(np.array_equal(first["weights"][k], second["weights"][k]) for k in first["weights"])


WRITER = (
    NETWORK
    + """

class Reader(WritingModule):
    def __init__(self, shape, settings):
        super().__init__()
        self.start = shape.symbols
        self.embedding = nn.Embedding(shape.symbols + 1, settings.units)
        self.cell = nn.GRU(settings.units, settings.units, batch_first=True)
        self.output = nn.Linear(settings.units, shape.outputs)

    def begin(self, questions):
        return {"h": self.cell(self.embedding(questions))[1][0]}

    def decode(self, tokens, state):
        states, last = self.cell(self.embedding(tokens), state["h"][None])
        return self.output(states), {"h": last[0]}


class Writer(TorchWriter):
    settings = Settings

    def build(self, shape, settings):
        return Reader(shape, settings)


class Counting(Reader):
    def begin(self, questions):
        return {**super().begin(questions), "n": torch.zeros(1)}

    def decode(self, tokens, state):
        logits, last = super().decode(tokens, state)
        return logits, {**last, "n": state["n"]}


class Rowless(TorchWriter):
    settings = Settings

    def build(self, shape, settings):
        return Counting(shape, settings)


class Wrong(TorchWriter):
    settings = Settings

    def build(self, shape, settings):
        return Module(shape, settings)


class Mistaken(TorchBaseline):
    settings = Settings

    def build(self, shape, settings):
        return Reader(shape, settings)
"""
)


def test_a_writer_runs_with_all_that_writers_have(place, rows):
    write(WRITER)
    result = run(spec_of("./mine.py:Writer", beam=2, decay=0.1, accumulate=2), rows, options("r"))
    assert result.recipe["beam"] == 2 and result.recipe["units"] == 8 and result.parameters == 644
    assert outcome("ask", "r", "1+1")[0] == 0
    for name, line in (
        (
            "Rowless",
            "begin must return tensors by name with one row per question, 2. Received: state 'n', (1,)",
        ),
        ("Wrong", "mine.py:Wrong: build must return a WritingModule. Received: Module."),
        ("Mistaken", "build returned a WritingModule. Subclass TorchWriter instead of TorchBaseline."),
    ):
        with pytest.raises(InputError, match=re.escape(line)):
            run(spec_of(f"./mine.py:{name}"), rows, options("x"))


def test_a_writer_is_no_classifier(place):
    write(WRITER.replace("class Writer(TorchWriter):", "class Writer(TorchWriter):\n    classify = True"))
    with pytest.raises(InputError, match="classify must be False, because a TorchWriter writes text"):
        spec_of("./mine.py:Writer")


def test_an_attribute_called_noise_stays_as_it_is(place, rows):
    """The training sets it of mathbench's own layers only."""
    write(
        NETWORK.replace("self.shape = shape", "self.shape = shape; self.noise = 0.5").replace(
            "logits = self.output(", "assert self.noise == 0.5; logits = self.output("
        )
    )
    run(spec_of("./mine.py:Net"), rows, options("r"))


CLASSIFIER = NETWORK.replace(
    "settings = Settings", "settings = Settings\n    classify = True\n    fixed_width = True"
).replace("return logits.view(len(x), self.shape.answer, self.shape.outputs)", "return logits")


def test_a_classifier_may_leave_out_positions_and_read_one_width(place):
    data = Data.generate(task("divisible", k=3, digits=4), SIZES)
    write(CLASSIFIER)
    spec = spec_of("./mine.py:Net")
    assert spec.hyperparameters.fixed_width
    result = run(spec, data, options("r"))
    assert result.encoding["classes"] == ["false", "true"]
    with pytest.raises(InputError, match="requires buckets=0"):
        run(spec_of("./mine.py:Net", buckets=2), data, options("x"))
    with pytest.raises(InputError, match=r"logits \(16, 4, 2\), \(B, T, outputs\), with labels of prefixes"):
        run(spec_of("./mine.py:Net", labels="prefix", query="forward"), data, options("x"))


def test_a_recipe_of_the_class(place):
    recipe = (
        "recipe = {'task': {'name': 'gcd', 'digits': 2}, 'sizes': {'train': 50, 'validation': 10}, "
        "'encoding': {'query': 'forward'}, 'settings': {'units': 3, 'lr': 0.5}}"
    )
    write(
        NETWORK.replace("settings = Settings", "settings = Settings\n    " + recipe.replace("'lr'", "'rate'"))
    )
    status, out, _ = outcome("run-baseline", "./mine.py:Net", "--dry-run", "--json")
    plan = json.loads(out)
    assert (
        status == 0 and plan["task"]["name"] == "gcd-base10-digits2" and plan["data"]["sizes"]["train"] == 50
    )
    assert (
        plan["recipe"]["units"] == 3
        and plan["recipe"]["rate"] == 0.5
        and plan["choices"]["query"] == "forward"
    )
    assert plan["out"] == "runs/Net-torch-gcd-base10-digits2-seed0"


def test_sweeps_and_seeds(place):
    write(NETWORK)
    status, _, err = outcome(
        "run-baseline",
        "./mine.py:Net",
        *SMALL,
        "--sweep",
        "units=2,3",
        "--seeds",
        "2",
        "--out",
        "s",
        "--json",
        "--no-submit",
        "--no-plots",
    )
    assert status == 0, err
    assert {p.parent.name for p in place.rglob("result.json")} == {
        f"units={units}-seed{seed}" for units in (2, 3) for seed in (0, 1)
    }


@pytest.fixture
def installed(place, monkeypatch):
    """Register entry points of packages that are on the path."""
    monkeypatch.syspath_prepend(str(place / "site"))

    def install(package, **points):
        info = place / "site" / f"{package}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        lines = [f"{name.replace('_', '-')} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[mathbench.baselines]", *lines]))

    return install


def test_entry_points(installed, place, rows, monkeypatch):
    (place / "site").mkdir()
    (place / "site" / "guest_nets.py").write_text(NETWORK)
    installed("guest-package", my_net="guest_nets:Net", broken="guest_nets:Nothing", mlp="guest_nets:Net")
    installed("other-package", my_other="nosuchmodule:Net", MLP_="guest_nets:Net", twice="guest_nets:Net")
    installed("third-package", twice="guest_nets:Settings")
    status, out, _ = outcome("baselines", "--json")
    listed = {
        entry["name"]: entry for entry in json.loads(out) if "error" in entry or entry["name"] == "my-net"
    }
    assert (
        status == 0 and listed["my-net"]["frameworks"] == ["torch"] and listed["my-net"]["kind"] == "network"
    )
    reasons = {
        "broken": "cannot be loaded: guest_nets has no 'Nothing'",
        "my-other": "the baseline 'my-other' of the package other-package cannot be loaded: there is no module "
        "nosuchmodule.",
        "MLP-": "has the name of mathbench's own baseline 'mlp'",
        "mlp": "has the name of mathbench's own baseline 'mlp'",
        "twice": "several packages have a baseline 'twice': other-package, third-package.",
    }
    assert listed.keys() == {"my-net", *reasons}
    for name, reason in reasons.items():
        assert reason in listed[name]["error"]
    assert "cannot be loaded" in outcome("baselines")[1]
    assert outcome("run-baseline", "my-other")[2] == f"error: {reasons['my-other']}\n"
    assert baseline("mlp").origin is None
    result = run(spec_of("my-net"), rows, options("r"))
    assert result.versions["guest-package"] == "1.2" and result.baseline == "my-net"
    assert outcome("ask", "r", "1+1")[0] == 0


def test_a_module_and_a_class(place, rows, monkeypatch):
    (place / "pack").mkdir()
    (place / "pack" / "__init__.py").touch()
    (place / "pack" / "nets.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(str(place))
    spec = spec_of("pack.nets:Net")
    assert run(spec, rows, options("r")).versions["pack.nets"].startswith("sha256:")
    assert outcome("run-baseline", "pack.nosuch:Net")[2] == (
        "error: pack.nosuch:Net cannot be loaded: there is no module pack.nosuch.\n"
    )
    assert replace(spec, seed=1) != spec
