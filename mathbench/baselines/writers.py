"""Hyperparameters of the networks that write an answer token by token."""

from dataclasses import dataclass

from mathbench.baselines.settings import Training
from mathbench.errors import InputError
from mathbench.parameters import parameter

COMPILED = ("no", "yes", "reduce-overhead", "max-autotune")  # the last two on a GPU only
POSITIONS = ("learned", "sinusoidal", "rotary", "none", "randomised", "abacus")


@dataclass(frozen=True)
class Writing(Training):
    """What every network has that writes token by token."""

    blanks: str = parameter(
        "masked", "whether the blanks of a padded question are read", choices=("masked", "seen")
    )
    dropout: float = parameter(0.0, "share of activations dropped while training", low=0.0, high=0.9)
    decay: float = parameter(0.0, "weight decay (AdamW)", low=0.0, high=10.0)
    beam: int = parameter(1, "beginnings of an answer followed at once; 1 is greedy", low=1, high=256)
    longest: int = parameter(
        0, "tokens written at most; 0 for twice the longest training answer and 16", low=0, high=10_000
    )
    accumulate: int = parameter(1, "parts that a batch is learnt in, to save memory", low=1, high=4096)
    precision: str = parameter("float32", "arithmetic of a training step", choices=("float32", "bfloat16"))
    compile: str = parameter(
        "no", "how torch.compile makes the training step; reduce-overhead: CUDA graphs", choices=COMPILED
    )

    def tokens(self, answer: int) -> int:
        """Tokens written at most, where the longest training answer has `answer`."""
        return self.longest or 2 * answer + 16


@dataclass(frozen=True)
class AttentionalLSTM(Writing):
    """An LSTM that reads, an LSTM that writes and looks back at what was read."""

    reader: int = parameter(64, "units of the LSTM that reads, in each direction", low=1, high=8192)
    layers: int = parameter(1, "LSTMs that write, one upon the other", low=1, high=16)
    reading: str = parameter("both", "directions in which the question is read", choices=("both", "forward"))


@dataclass(frozen=True)
class Transformer(Writing):
    """Attention and nothing else."""

    hidden: int = parameter(64, "width of the residual stream", low=1, high=8192)
    layers: int = parameter(
        2, "blocks, one upon the other (of the encoder and of the decoder)", low=1, high=64
    )
    heads: int = parameter(4, "attention heads", low=1, high=128)
    inner: int = parameter(256, "width inside a block's feed-forward part", low=1, high=65_536)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % (2 * self.heads):
            raise InputError(
                f"settings: hidden must be a multiple of 2 * heads. Received: {self.hidden} and {self.heads} heads."
            )


@dataclass(frozen=True)
class DecoderTransformer(Transformer):
    """One stack for question and answer."""

    positions: str = parameter("rotary", "how a token's place is told", choices=POSITIONS)
    span: int = parameter(128, "places that randomised and abacus positions draw from", low=2, high=1_000_000)


@dataclass(frozen=True)
class UniversalTransformer(DecoderTransformer):
    """The same blocks again and again."""

    layers: int = parameter(1, "different blocks", low=1, high=64)
    loops: int = parameter(3, "how often the blocks are passed through", low=1, high=256)


@dataclass(frozen=True)
class RelationalMemory(Writing):
    """A memory of slots that attend to each other."""

    hidden: int = parameter(32, "units of a slot", low=1, high=8192)
    slots: int = parameter(4, "slots of the memory", low=1, high=256)
    heads: int = parameter(4, "attention heads", low=1, high=128)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % self.heads:
            raise InputError(
                f"settings: hidden must be a multiple of heads. Received: {self.hidden} and {self.heads} heads."
            )
