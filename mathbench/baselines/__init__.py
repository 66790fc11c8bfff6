"""Baselines: one written-out table; what is heavy is named as text and loaded when it is used.

A baseline answers questions. Trained ones are networks in one or two frameworks, floors are shortcuts fitted
on the training rows, and the ceiling is the exact solver. Others come from the entry point group
``mathbench.baselines`` or from a file: ``./mine.py:MyModel``.
"""

import importlib
import importlib.util
import sys
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mathbench.errors import InputError, did_you_mean
from mathbench.registry import table

KINDS = ("network", "floor", "ceiling", "other")


@dataclass(frozen=True)
class Baseline:
    """One entry of the table.

    Args:
        name: what the command line calls it.
        kind: ``network``, ``floor``, ``ceiling`` or ``other`` (a third party's).
        summary: one phrase for listings.
        target: ``"module:name"`` of the answerer class (see `mathbench.baselines.answerer`); for networks
            empty.
        frameworks: for networks, ``"module:build"`` per framework (see `mathbench.baselines.network`).
        settings: for networks, ``"module:name"`` of the dataclass of its hyperparameters.
        classify: whether a network chooses between the training answers instead of writing text.
    """

    name: str
    kind: str
    summary: str
    target: str = ""
    frameworks: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    classify: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"baseline kind must be one of {', '.join(KINDS)}. Received: {self.kind!r}.")


_BASELINES = (
    Baseline(
        "lstm-seq2seq",
        "network",
        "LSTM reads the question, a second LSTM writes the answer, one softmax per position",
        frameworks={
            "torch": "mathbench.baselines.torch.lstm_seq2seq:build",
            "keras": "mathbench.baselines.keras.lstm_seq2seq:build",
        },
        settings="mathbench.baselines.settings:Seq2Seq",
    ),
    Baseline(
        "lstm-classifier",
        "network",
        "LSTM reads the question, one softmax over the possible answers",
        frameworks={
            "torch": "mathbench.baselines.torch.recurrent_classifier:lstm",
            "keras": "mathbench.baselines.keras.recurrent_classifier:lstm",
        },
        settings="mathbench.baselines.settings:Classifier",
        classify=True,
    ),
    Baseline(
        "gru-classifier",
        "network",
        "GRU reads the question, one softmax over the possible answers",
        frameworks={
            "torch": "mathbench.baselines.torch.recurrent_classifier:gru",
            "keras": "mathbench.baselines.keras.recurrent_classifier:gru",
        },
        settings="mathbench.baselines.settings:Classifier",
        classify=True,
    ),
    Baseline(
        "rnn-classifier",
        "network",
        "plain RNN reads the question, one softmax over the possible answers",
        frameworks={
            "torch": "mathbench.baselines.torch.recurrent_classifier:rnn",
            "keras": "mathbench.baselines.keras.recurrent_classifier:rnn",
        },
        settings="mathbench.baselines.settings:Classifier",
        classify=True,
    ),
    Baseline(
        "cnn-lstm-classifier",
        "network",
        "convolution, pooling and an LSTM with dropout read, one softmax over the possible answers",
        frameworks={
            "torch": "mathbench.baselines.torch.cnn_lstm_classifier:build",
            "keras": "mathbench.baselines.keras.cnn_lstm_classifier:build",
        },
        settings="mathbench.baselines.classics:Convolved",
        classify=True,
    ),
    Baseline(
        "bilstm-seq2seq",
        "network",
        "LSTMs from both ends read, LSTMs from both ends write, one softmax per position",
        frameworks={
            "torch": "mathbench.baselines.torch.bilstm_seq2seq:build",
            "keras": "mathbench.baselines.keras.bilstm_seq2seq:build",
        },
        settings="mathbench.baselines.classics:Bidirectional",
    ),
    Baseline(
        "lstm-small",
        "network",
        "lstm-seq2seq with a writer smaller than the reader",
        frameworks={
            "torch": "mathbench.baselines.torch.lstm_seq2seq:build",
            "keras": "mathbench.baselines.keras.lstm_seq2seq:build",
        },
        settings="mathbench.baselines.classics:Small",
    ),
    Baseline(
        "simple-lstm",
        "network",
        "one LSTM reads the question, thinks on blanks and writes, one softmax per step",
        frameworks={
            "torch": "mathbench.baselines.torch.simple_lstm:build",
            "keras": "mathbench.baselines.keras.simple_lstm:build",
        },
        settings="mathbench.baselines.classics:Simple",
    ),
    Baseline(
        "cnn",
        "network",
        "residual convolutions over question and answer, one softmax per position",
        frameworks={"torch": "mathbench.baselines.torch.cnn:build"},
        settings="mathbench.baselines.classics:Convolutions",
    ),
    Baseline(
        "mlp",
        "network",
        "dense layers on the whole question, one softmax per position",
        frameworks={
            "torch": "mathbench.baselines.torch.mlp:build",
            "keras": "mathbench.baselines.keras.mlp:build",
        },
        settings="mathbench.baselines.classics:Perceptron",
    ),
    Baseline(
        "attentional-lstm",
        "network",
        "LSTM reads the question in both directions, a second one writes and looks back at each step",
        frameworks={
            "torch": "mathbench.baselines.torch.attentional_lstm:build",
            "keras": "mathbench.baselines.keras.attentional_lstm:build",
        },
        settings="mathbench.baselines.writers:AttentionalLSTM",
    ),
    Baseline(
        "transformer",
        "network",
        "encoder-decoder transformer with sinusoidal positions",
        frameworks={
            "torch": "mathbench.baselines.torch.transformer:build",
            "keras": "mathbench.baselines.keras.transformer:build",
        },
        settings="mathbench.baselines.writers:Transformer",
    ),
    Baseline(
        "decoder-transformer",
        "network",
        "decoder-only transformer with a choice of positions",
        frameworks={"torch": "mathbench.baselines.torch.decoder_transformer:build"},
        settings="mathbench.baselines.writers:DecoderTransformer",
    ),
    Baseline(
        "universal-transformer",
        "network",
        "decoder-only transformer whose blocks are passed again and again",
        frameworks={"torch": "mathbench.baselines.torch.universal_transformer:build"},
        settings="mathbench.baselines.writers:UniversalTransformer",
    ),
    Baseline(
        "relational-memory",
        "network",
        "relational memory core: slots that attend to each other read and write",
        frameworks={"torch": "mathbench.baselines.torch.relational_memory:build"},
        settings="mathbench.baselines.writers:RelationalMemory",
    ),
    Baseline(
        "constant", "floor", "always the most frequent training answer", "mathbench.baselines.floors:Constant"
    ),
    Baseline("last-digit", "floor", "looks at the last digits only", "mathbench.baselines.floors:LastDigit"),
    Baseline(
        "trial-division",
        "floor",
        "calls prime what no prime up to a limit divides",
        "mathbench.baselines.floors:TrialDivision",
    ),
    Baseline(
        "casting-out-nines",
        "floor",
        "believes a statement that holds modulo base - 1",
        "mathbench.baselines.floors:CastingOutNines",
    ),
    Baseline(
        "copy-operand", "floor", "answers with one of the operands", "mathbench.baselines.floors:CopyOperand"
    ),
    Baseline(
        "exact-solver", "ceiling", "the task's own solver", "mathbench.baselines.exact_solver:ExactSolver"
    ),
)
BASELINES = table("baselines", ((baseline.name, baseline) for baseline in _BASELINES))


def baseline(name: str) -> Baseline:
    """Find a baseline by its name, by an entry point of that name, or by ``./file.py:Class``.

    Raises:
        InputError: for an unknown name, with the nearest known one.

    >>> baseline("constant").kind
    'floor'
    """
    if name in BASELINES:
        return BASELINES[name]
    if ".py:" in name:
        return Baseline(name, "other", "from a file", target=name)
    others = {point.name: point.value for point in entry_points(group="mathbench.baselines")}
    if name in others:
        return Baseline(name, "other", "from an installed package", target=others[name])
    raise InputError(f"unknown baseline '{name}'. {did_you_mean(name, [*BASELINES, *others])}")


def load(target: str) -> Any:
    """Import what ``"module:name"`` or ``"path/to/file.py:name"`` stands for.

    Raises:
        InputError: when the file or the name in it does not exist.

    >>> load("mathbench.baselines.floors:Constant").__name__
    'Constant'
    """
    where, _, name = target.rpartition(":")
    module = _from_file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    if not hasattr(module, name):
        public = [word for word in vars(module) if not word.startswith("_")]
        raise InputError(f"{where} has no '{name}'. {did_you_mean(name, public)}")
    return getattr(module, name)


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"there is no file {path}.")
    spec = importlib.util.spec_from_file_location(f"mathbench_baseline_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's file does wrong
        raise InputError(f"{path} cannot be imported: {type(error).__name__}: {error}.") from None
    return module
