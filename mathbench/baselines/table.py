"""The table of baselines. Their code is named as text and imported on use.

Networks are trained in one or two frameworks, floors are shortcuts fitted on the training rows, and the ceiling is the
exact solver. Guests are those of third parties: of the entry point group ``mathbench.baselines``, of a file,
``./mine.py:MyModel``, or of a module, ``nets.mine:MyModel`` (see `mathbench.baselines.guests`).
"""

import importlib.util
import os
import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from mathbench.errors import InputError, did_you_mean
from mathbench.registry import folded_name, unique_table

if TYPE_CHECKING:
    from mathbench.baselines.guests.source import Guest, Origin

GROUP = "mathbench.baselines"  # of entry points
_MODULE_AND_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
KINDS = ("network", "floor", "ceiling", "prompted", "other")


@dataclass(frozen=True)
class Baseline:
    """One entry of the table.

    Args:
        name: name on the command line.
        kind: ``network``, ``floor``, ``ceiling``, ``prompted`` (a language model) or ``other`` (of a third party).
        summary: one phrase for listings.
        target: ``"module:name"`` of the answerer class (see `mathbench.baselines.shortcuts.answerer`) or, of a
            language model, of its class (see `mathbench.baselines.prompted.model`); empty for networks.
        frameworks: of a network, ``"module:build"`` per framework (see `mathbench.baselines.models.interface`).
        settings: of a network, ``"module:name"`` of the dataclass of its hyperparameters.
        classify: whether a network chooses among the training answers instead of generating text.
        state_machine: whether a network reads the question token by token (see `mathbench.baselines.models.interface`).
        origin: where the code of a guest is; None for what comes with mathbench.
        members: of a network, ``"module:build_members"`` per framework that trains several of them at once (see
            `mathbench.baselines.models.group`). In other frameworks they train one after the other.
    """

    name: str
    kind: str
    summary: str
    target: str = ""
    frameworks: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    classify: bool = False
    state_machine: bool = False
    origin: "Origin | None" = None
    members: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"baseline kind must be one of {', '.join(KINDS)}. Received: {self.kind!r}.")


def _network(
    name: str,
    summary: str,
    target: str,
    settings: str,
    frameworks: tuple[str, ...] = ("torch", "keras"),
    classify: bool = False,
    state_machine: bool = False,
) -> Baseline:
    """Return the entry of a network whose modules have the same name in every framework."""
    targets = {framework: f"mathbench.baselines.models.{framework}.{target}" for framework in frameworks}
    return Baseline(
        name, "network", summary, "", targets, f"mathbench.baselines.{settings}", classify, state_machine
    )


_BASELINES = (
    _network(
        "lstm-seq2seq",
        "LSTM encoder and LSTM decoder, one softmax per answer position",
        "lstm_seq2seq:build",
        "models.settings.one_pass:Seq2SeqSettings",
    ),
    _network(
        "lstm-classifier",
        "LSTM over the question, one softmax over the possible answers",
        "recurrent_classifier:lstm",
        "models.settings.recurrent:ClassifierSettings",
        classify=True,
        state_machine=True,
    ),
    _network(
        "gru-classifier",
        "GRU over the question, one softmax over the possible answers",
        "recurrent_classifier:gru",
        "models.settings.recurrent:ClassifierSettings",
        classify=True,
        state_machine=True,
    ),
    _network(
        "rnn-classifier",
        "plain RNN over the question, one softmax over the possible answers",
        "recurrent_classifier:rnn",
        "models.settings.recurrent:ClassifierSettings",
        classify=True,
        state_machine=True,
    ),
    _network(
        "second-order-rnn",
        "recurrent network with one matrix per symbol, one softmax over the possible answers",
        "second_order:build",
        "models.settings.recurrent:SecondOrderSettings",
        frameworks=("torch",),
        classify=True,
        state_machine=True,
    ),
    _network(
        "residue-networks",
        "learned trial division: a second-order network per prime modulus, a linear layer over which residues are 0",
        "residue_networks:build",
        "models.settings.recurrent:ResidueSettings",
        frameworks=("torch",),
        classify=True,
    ),
    _network(
        "linear-rnn",
        "linear recurrence with a map per symbol in several forms, one softmax over the possible answers",
        "linear_rnn:build",
        "models.settings.recurrent:LinearSettings",
        frameworks=("torch",),
        classify=True,
        state_machine=True,
    ),
    _network(
        "column-gru",
        "GRU over columns of digits from the units on, one softmax per column or over the possible answers",
        "columns:gru",
        "models.settings.recurrent:ColumnSettings",
    ),
    _network(
        "column-lstm",
        "LSTM over columns of digits from the units on, one softmax per column or over the possible answers",
        "columns:lstm",
        "models.settings.recurrent:ColumnSettings",
    ),
    _network(
        "column-linear",
        "linear state over columns of digits with a read-out by sines: sums and products, right or written out",
        "column_linear:build",
        "models.settings.recurrent:ColumnLinearSettings",
        frameworks=("torch",),
    ),
    _network(
        "cnn-lstm-classifier",
        "convolution, pooling and an LSTM with dropout, one softmax over the possible answers",
        "cnn_lstm_classifier:build",
        "models.settings.one_pass:ConvolvedSettings",
        classify=True,
    ),
    _network(
        "bilstm-seq2seq",
        "bidirectional LSTM encoder and decoder, one softmax per answer position",
        "bilstm_seq2seq:build",
        "models.settings.one_pass:BidirectionalSettings",
    ),
    _network(
        "lstm-small",
        "lstm-seq2seq with a decoder smaller than the encoder",
        "lstm_seq2seq:build",
        "models.settings.one_pass:SmallSettings",
    ),
    _network(
        "simple-lstm",
        "one LSTM over question, blank steps and answer, one softmax per answer position",
        "simple_lstm:build",
        "models.settings.one_pass:SimpleSettings",
    ),
    _network(
        "cnn",
        "residual convolutions over question and answer, one softmax per answer position",
        "cnn:build",
        "models.settings.one_pass:ConvolutionsSettings",
        frameworks=("torch",),
    ),
    _network(
        "neural-gpu",
        "gated convolutions over the question, as many rounds as it has tokens, one softmax per position",
        "neural_gpu:build",
        "models.settings.recurrent:NeuralGPUSettings",
        frameworks=("torch",),
    ),
    _network(
        "column-neural-gpu",
        "gated convolutions over columns of digits, as many rounds as there are columns, one softmax per column",
        "neural_gpu:build_columns",
        "models.settings.recurrent:ColumnNeuralGPUSettings",
        frameworks=("torch",),
    ),
    _network(
        "stack-rnn",
        "plain RNN or GRU with stacks over question and blanks, one softmax per blank",
        "stack_rnn:build",
        "models.settings.recurrent:StackSettings",
        frameworks=("torch",),
    ),
    _network(
        "fone-transformer",
        "transformer over Fourier number embeddings, a number a token, one softmax per digit",
        "fone_transformer:build",
        "models.settings.recurrent:FourierSettings",
        frameworks=("torch",),
    ),
    _network(
        "mlp",
        "dense layers over the whole question, one softmax per answer position",
        "mlp:build",
        "models.settings.one_pass:PerceptronSettings",
    ),
    _network(
        "attentional-lstm",
        "bidirectional LSTM encoder, LSTM decoder with attention",
        "attentional_lstm:build",
        "models.settings.writing:AttentionalLSTMSettings",
    ),
    _network(
        "transformer",
        "encoder-decoder transformer with sinusoidal positions",
        "transformer:build",
        "models.settings.writing:TransformerSettings",
    ),
    _network(
        "decoder-transformer",
        "decoder-only transformer with a choice of position encodings",
        "decoder_transformer:build",
        "models.settings.writing:DecoderTransformerSettings",
        frameworks=("torch",),
    ),
    _network(
        "universal-transformer",
        "decoder-only transformer that applies its blocks repeatedly",
        "universal_transformer:build",
        "models.settings.writing:UniversalTransformerSettings",
        frameworks=("torch",),
    ),
    _network(
        "relational-memory",
        "relational memory core, a memory of slots that attend to each other",
        "relational_memory:build",
        "models.settings.writing:RelationalMemorySettings",
        frameworks=("torch",),
    ),
    replace(
        _network(
            "tiny-transformer",
            "one attention layer and one hidden layer, of as few weights as possible",
            "tiny_transformer:build",
            "models.settings.tiny:TinyTransformerSettings",
            frameworks=("torch",),
        ),
        members={"torch": "mathbench.baselines.models.torch.tiny_transformer:build_members"},
    ),
    Baseline(
        "constant",
        "floor",
        "always answers with the most frequent training answer",
        "mathbench.baselines.shortcuts.floors:Constant",
    ),
    Baseline(
        "last-digit",
        "floor",
        "answers by the last digits only",
        "mathbench.baselines.shortcuts.floors:LastDigit",
    ),
    Baseline(
        "trial-division",
        "floor",
        "answers that a number is prime if no prime up to a limit divides it",
        "mathbench.baselines.shortcuts.floors:TrialDivision",
    ),
    Baseline(
        "casting-out-nines",
        "floor",
        "accepts statements that hold modulo base - 1",
        "mathbench.baselines.shortcuts.floors:CastingOutNines",
    ),
    Baseline(
        "copy-operand",
        "floor",
        "answers with one of the operands",
        "mathbench.baselines.shortcuts.floors:CopyOperand",
    ),
    Baseline(
        "exact-solver",
        "ceiling",
        "the exact solver of the task",
        "mathbench.baselines.shortcuts.exact_solver:ExactSolver",
    ),
)
BASELINES = unique_table("baselines", ((baseline.name, baseline) for baseline in _BASELINES))

# language models are named after a prefix: hf:MODEL, openai:MODEL
PROMPTED = unique_table(
    "language models",
    (
        (prefix, Baseline(f"{prefix}:MODEL", "prompted", summary, f"mathbench.baselines.prompted.{target}"))
        for prefix, summary, target in (
            ("hf", "a language model of a folder or of the Hub, with transformers", "local_model:LocalModel"),
            ("openai", "a language model behind a server of the OpenAI protocol", "served_model:ServedModel"),
        )
    ),
)


def baseline(name: str, file: str = "") -> Baseline:
    """Return a baseline by its name, ``hf:MODEL``, ``openai:MODEL``, an entry point, or ``./file.py:Class``.

    Args:
        name: the name.
        file: of ``./file.py:Class``, the file to take instead of the one that is named.

    Raises:
        InputError: for an unknown name, with the nearest known one, and for a guest that cannot be used.

    >>> baseline("constant").kind
    'floor'
    """
    if name in BASELINES:
        return BASELINES[name]
    prefix, _, model = name.partition(":")
    if prefix in PROMPTED:
        return _language_model(PROMPTED[prefix], prefix, model)
    points = guest_points()
    if name in points:
        return point_baseline(name)
    if ".py:" in name or (_MODULE_AND_CLASS.fullmatch(name) and not _is_misspelt(prefix)):
        from mathbench.baselines.guests.source import open_guest

        return _of_guest(name, open_guest(name, file))
    known = [*BASELINES, *(entry.name for entry in PROMPTED.values()), *points]
    raise InputError(f"unknown baseline '{name}'. {did_you_mean(name, known)}")


def _is_misspelt(prefix: str) -> bool:
    """Return whether the word before a colon is nearly that of language models, and no module."""
    near = get_close_matches(prefix, PROMPTED)
    return bool(near) and importlib.util.find_spec(prefix.partition(".")[0]) is None


def guest_points() -> dict[str, list[EntryPoint]]:
    """Return the entry points of installed packages by name. A name of more than one cannot be used."""
    points: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        points.setdefault(point.name, []).append(point)
    return points


def class_baseline(kind: type) -> Baseline:
    """Return the entry of a guest's class.

    Raises:
        InputError: when it cannot be a baseline.
    """
    from mathbench.baselines.guests.source import name_class

    return baseline(name_class(kind))


def point_baseline(name: str) -> Baseline:
    """Return the baseline of an entry point, whose name no other one may have.

    Raises:
        InputError: when several packages have the name, or mathbench itself, or it cannot be used.
    """
    from mathbench.baselines.guests.source import open_point

    points = guest_points()[name]
    packages = sorted({point.dist.name if point.dist else point.module for point in points})
    if len({point.value for point in points}) > 1:
        raise InputError(
            f"several packages have a baseline '{name}': {', '.join(packages)}. Uninstall all but one."
        )
    _check_free(name, f"the baseline '{name}' of the package {packages[0]}")
    return _of_guest(name, open_point(points[0]))


def _of_guest(name: str, guest: "Guest") -> Baseline:
    """Return the entry of a guest, whose title no other baseline may have: boards know it by that."""
    title = name.rpartition(":")[2]
    if title != name:
        _check_free(title, f"the class {title} of {name.rpartition(':')[0]}")
    if not guest.network:
        summary = guest.summary or ("from an installed package" if title == name else "from a file")
        return Baseline(name, "other", summary, guest.target, origin=guest.origin)
    kind = guest.kind
    return Baseline(
        name,
        "network",
        guest.summary or f"a network in {kind.framework}",
        guest.target,
        {kind.framework: f"{guest.target}.make_network"},
        f"{guest.target}.settings",
        kind.classify,
        kind.state_machine,
        guest.origin,
    )


def _check_free(title: str, label: str) -> None:
    """Refuse a guest with the name of a baseline of mathbench, compared as boards do."""
    taken = _folded_names().get(folded_name(title))
    if taken:
        raise InputError(f"{label} has the name of mathbench's own baseline '{taken}'. Give it another one.")


@cache
def _folded_names() -> dict[str, str]:
    return {folded_name(name): name for name in BASELINES}


def _language_model(entry: Baseline, prefix: str, model: str) -> Baseline:
    """Return the entry of a language model, a folder named without those that it lies in."""
    if not model:
        raise InputError(f"{prefix}: needs the name of a model, such as {prefix}:NAME.")
    folder = os.path.isdir(model) or model.startswith(("/", ".", "~"))
    title = (
        os.path.basename(os.path.abspath(os.path.expanduser(model))) if folder and prefix == "hf" else model
    )
    return replace(entry, name=f"{prefix}:{title}")
