"""Declared settings of networks: choices of the encoding, and one dataclass of hyperparameters per baseline.

Recipes and ``--set`` fill them in. Each field has a default, a help text and limits, which are checked.
"""

from dataclasses import dataclass
from typing import ClassVar

from mathbench.baselines.curriculum import parse_stages
from mathbench.errors import InputError
from mathbench.parameters import check, parameter

COMPILED = ("no", "yes", "reduce-overhead", "max-autotune")  # the last two on a GPU only
POSITIONS = ("learned", "sinusoidal", "rotary", "none", "randomised", "abacus")


@dataclass(frozen=True)
class EncodingOptions:
    """The choices of an encoding. Everything else about an encoding follows from the data."""

    query: str = parameter("reversed", "reading direction of the question", choices=("reversed", "forward"))
    padding: str = parameter(
        "right", "how questions are padded", choices=("right", "left", "operands", "columns")
    )
    answer: str = parameter("first", "end of the answer that is generated first", choices=("first", "last"))
    labels: str = parameter(
        "last", "positions of the question with a training label", choices=("last", "prefix")
    )

    def __post_init__(self) -> None:
        check(self, "encoding")


@dataclass(frozen=True)
class TrainingSettings:
    """Hyperparameters of every network.

    Attributes:
        fixed_width: whether the network reads questions of one width only.
        question_alphabet: whether the network has no weights for characters that occur in answers only.
        columns: whether the network reads numbers column by column.
        added: settings that runs of earlier versions do not have; at their defaults they are left out of a spec.
    """

    fixed_width: ClassVar[bool] = False
    question_alphabet: ClassVar[bool] = False
    columns: ClassVar[bool] = False
    added: ClassVar[tuple[str, ...]] = ()

    hidden: int = parameter(128, "units of each LSTM", low=1, high=8192)
    batch: int = parameter(128, "rows per step", low=1, high=1_000_000)
    steps: int = parameter(10_000, "maximum number of steps", low=1, high=1_000_000_000)
    rate: float = parameter(1e-3, "peak learning rate of Adam", low=0.0, high=10.0)
    schedule: str = parameter(
        "constant", "learning rate schedule after the warm-up", choices=("constant", "linear", "cosine")
    )
    warmup: float = parameter(0.0, "share of the steps over which the learning rate rises", low=0.0, high=1.0)
    beta1: float = parameter(0.9, "decay rate of Adam's first moment", low=0.0, high=0.999999)
    beta2: float = parameter(0.999, "decay rate of Adam's second moment", low=0.0, high=0.999999)
    clip: float = parameter(0.0, "maximum norm of the gradient; 0 disables clipping", low=0.0, high=1e9)
    gain: float = parameter(
        1.0, "factor on the initial input weights of recurrent layers that read tokens", low=0.0, high=100.0
    )
    sampling: str = parameter(
        "rows", "whether rows or strata are equally likely in a batch", choices=("rows", "strata")
    )
    source: str = parameter(
        "rows",
        "source of training rows: the rows of the data, or an endless stream",
        choices=("rows", "stream"),
    )
    curriculum: str = parameter(
        "", "stages before training on all strata, such as '0.2 digits=1*; 0.3 digits=[12]*'"
    )
    buckets: int = parameter(
        0,
        "number of batches whose rows are sorted together by length; 0 disables sorting",
        low=0,
        high=65_536,
    )
    evaluate: int = parameter(250, "steps between validations", low=1, high=1_000_000_000)
    patience: int = parameter(
        0,
        "validations without improvement before training stops; 0 disables early stopping",
        low=0,
        high=1_000_000,
    )
    target: float = parameter(1.0, "exact match on validation at which training stops", low=0.0, high=1.0)

    def __post_init__(self) -> None:
        check(self, "settings")
        parse_stages(self.curriculum)


# Networks that answer in one pass


@dataclass(frozen=True)
class Seq2SeqSettings(TrainingSettings):
    """An LSTM encoder and an LSTM decoder, with one softmax per answer position."""

    layers: int = parameter(1, "LSTM layers of the decoder", low=1, high=16)
    writer: int = parameter(0, "units of each LSTM of the decoder; 0: same as the encoder", low=0, high=8192)
    start: str = parameter("zero", "initial state of the decoder", choices=("zero", "encoder"))
    positions: str = parameter("none", "position features of each input token", choices=("none", "one-hot"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start == "encoder" and self.writer_units != self.hidden:
            raise InputError(
                f"settings: start=encoder requires writer=0 or writer=hidden={self.hidden}. "
                f"Received: writer={self.writer}."
            )

    @property
    def writer_units(self) -> int:
        """Units of each LSTM of the decoder."""
        return self.writer or self.hidden


@dataclass(frozen=True)
class SmallSettings(Seq2SeqSettings):
    """`Seq2SeqSettings` with a decoder smaller than the encoder."""

    hidden: int = parameter(75, "units of the LSTM of the encoder", low=1, high=8192)
    writer: int = parameter(50, "units of each LSTM of the decoder; 0: same as the encoder", low=0, high=8192)


@dataclass(frozen=True)
class BidirectionalSettings(TrainingSettings):
    """Bidirectional LSTMs as encoder and decoder."""

    hidden: int = parameter(20, "units of each LSTM per direction", low=1, high=8192)


@dataclass(frozen=True)
class SimpleSettings(TrainingSettings):
    """One LSTM over question, padding and answer."""

    thinking: int = parameter(16, "blank steps between question and answer", low=0, high=1024)
    layers: int = parameter(1, "LSTM layers", low=1, high=16)


@dataclass(frozen=True)
class SequenceSettings(TrainingSettings):
    """Hyperparameters of networks that read a number symbol by symbol."""

    added: ClassVar[tuple[str, ...]] = ("short", "growth", "noise", "noise_from")

    sampling: str = parameter(
        "rows",
        "whether rows, strata or lengths are drawn; with lengths, a batch has questions of one length",
        choices=("rows", "strata", "lengths"),
    )
    short: int = parameter(
        0, "digits up to which all numbers of the train reserve are added; sampling=lengths", low=0, high=9
    )
    growth: int = parameter(
        0,
        "steps after which questions may be one digit longer; 0: all lengths from the start; sampling=lengths",
        low=0,
        high=1_000_000,
    )
    noise: float = parameter(
        0.0, "standard deviation of the noise on states in the last steps", low=0.0, high=10.0
    )
    noise_from: float = parameter(0.5, "share of the steps without noise", low=0.0, high=0.99)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sampling != "lengths" and (self.short or self.growth):
            raise InputError(
                f"settings: short and growth require sampling=lengths. Received: sampling={self.sampling}, "
                f"short={self.short}, growth={self.growth}."
            )


@dataclass(frozen=True)
class ClassifierSettings(SequenceSettings):
    """A recurrent layer and one softmax over the classes."""

    hidden: int = parameter(100, "units of each recurrent layer", low=1, high=8192)
    layers: int = parameter(1, "recurrent layers", low=1, high=16)


@dataclass(frozen=True)
class SecondOrderSettings(SequenceSettings):
    """A recurrent layer with one matrix per symbol, and one softmax over the classes."""

    question_alphabet: ClassVar[bool] = True

    hidden: int = parameter(16, "units", low=1, high=512)
    form: str = parameter(
        "tanh",
        "the next state: tanh of a map, a map divided by its length, or an orthogonal map",
        choices=("tanh", "unit", "orthogonal"),
    )


@dataclass(frozen=True)
class ColumnSettings(SequenceSettings):
    """A recurrent layer over columns, and one softmax for each of them or over the classes."""

    columns: ClassVar[bool] = True

    hidden: int = parameter(32, "units of the recurrent layer of each direction", low=1, high=8192)
    inner: int = parameter(64, "units of the hidden layer of the read-out", low=1, high=8192)
    reading: str = parameter(
        "both", "columns that a network has read when it writes one", choices=("both", "units-first")
    )


@dataclass(frozen=True)
class ColumnLinearSettings(SequenceSettings):
    """A linear state over columns, read out by sines."""

    columns: ClassVar[bool] = True

    hidden: int = parameter(4, "units of the state", low=1, high=512)
    inner: int = parameter(32, "sines of the read-out", low=1, high=8192)


@dataclass(frozen=True)
class ConvolvedSettings(TrainingSettings):
    """A convolution, an LSTM with dropout, and one softmax over the classes."""

    hidden: int = parameter(100, "units of the LSTM", low=1, high=8192)
    filters: int = parameter(32, "filters of the convolution", low=1, high=8192)
    width: int = parameter(3, "width of the filters in tokens", low=1, high=99)
    dropout: float = parameter(0.1, "dropout rate of the LSTM's inputs", low=0.0, high=0.99)
    recurrent_dropout: float = parameter(0.1, "dropout rate of the LSTM's state", low=0.0, high=0.99)


@dataclass(frozen=True)
class PerceptronSettings(TrainingSettings):
    """Dense layers over the question."""

    fixed_width: ClassVar[bool] = True

    hidden: int = parameter(256, "units of each hidden layer", low=1, high=65536)
    layers: int = parameter(2, "hidden layers", low=1, high=64)


@dataclass(frozen=True)
class ConvolutionsSettings(TrainingSettings):
    """Residual convolutions over question and answer positions."""

    hidden: int = parameter(64, "channels", low=1, high=8192)
    width: int = parameter(3, "width of the filters in tokens", low=3, high=99)
    layers: int = parameter(1, "repetitions of the stack of blocks, with separate weights", low=1, high=16)


# Networks that generate their answer token by token


@dataclass(frozen=True)
class WritingSettings(TrainingSettings):
    """Hyperparameters of every network that generates its answer token by token."""

    blanks: str = parameter(
        "masked", "whether the padding of a question is masked or seen", choices=("masked", "seen")
    )
    dropout: float = parameter(0.0, "dropout rate of activations", low=0.0, high=0.9)
    decay: float = parameter(0.0, "weight decay (AdamW)", low=0.0, high=10.0)
    beam: int = parameter(1, "beam width; 1 is greedy decoding", low=1, high=256)
    longest: int = parameter(
        0,
        "maximum number of generated tokens; 0: twice the longest training answer plus 16",
        low=0,
        high=10_000,
    )
    accumulate: int = parameter(
        1, "parts of a batch whose gradients are accumulated, to save memory", low=1, high=4096
    )
    precision: str = parameter("float32", "precision of a training step", choices=("float32", "bfloat16"))
    compile: str = parameter(
        "no",
        "mode of torch.compile for the training step; reduce-overhead uses CUDA graphs",
        choices=COMPILED,
    )

    def max_tokens(self, answer: int) -> int:
        """Return the largest number of tokens to generate, where the longest training answer has `answer`."""
        return self.longest or 2 * answer + 16


@dataclass(frozen=True)
class AttentionalLSTMSettings(WritingSettings):
    """An LSTM encoder and an LSTM decoder with attention."""

    reader: int = parameter(64, "units of the LSTM of the encoder per direction", low=1, high=8192)
    layers: int = parameter(1, "LSTM layers of the decoder", low=1, high=16)
    reading: str = parameter("both", "directions of the encoder", choices=("both", "forward"))


@dataclass(frozen=True)
class TransformerSettings(WritingSettings):
    """An encoder-decoder transformer."""

    hidden: int = parameter(64, "width of the residual stream", low=1, high=8192)
    layers: int = parameter(2, "blocks of the decoder, and of the encoder if there is one", low=1, high=64)
    heads: int = parameter(4, "attention heads", low=1, high=128)
    inner: int = parameter(256, "width of the hidden layer in each feed-forward part", low=1, high=65_536)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % (2 * self.heads):
            raise InputError(
                f"settings: hidden must be a multiple of 2 * heads. Received: hidden={self.hidden}, heads={self.heads}."
            )


@dataclass(frozen=True)
class DecoderTransformerSettings(TransformerSettings):
    """A decoder-only transformer."""

    positions: str = parameter("rotary", "position encoding", choices=POSITIONS)
    span: int = parameter(
        128, "number of positions that randomised and abacus encodings draw from", low=2, high=1_000_000
    )


@dataclass(frozen=True)
class UniversalTransformerSettings(DecoderTransformerSettings):
    """A decoder-only transformer that repeats its blocks."""

    layers: int = parameter(1, "blocks with separate weights", low=1, high=64)
    loops: int = parameter(3, "passes through the blocks", low=1, high=256)


@dataclass(frozen=True)
class RelationalMemorySettings(WritingSettings):
    """A memory of slots that attend to each other."""

    hidden: int = parameter(32, "units of each memory slot", low=1, high=8192)
    slots: int = parameter(4, "memory slots", low=1, high=256)
    heads: int = parameter(4, "attention heads", low=1, high=128)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % self.heads:
            raise InputError(
                f"settings: hidden must be a multiple of heads. Received: hidden={self.hidden}, heads={self.heads}."
            )
