"""Hyperparameters of networks that generate their answer token by token."""

from dataclasses import dataclass
from typing import ClassVar

from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.parameters import parameter

COMPILED = ("no", "yes", "reduce-overhead", "max-autotune")  # the last two on a GPU only
POSITIONS = (
    "learned",
    "sinusoidal",
    "rotary",
    "none",
    "randomised",
    "abacus",
    "coupled",
    "fire",
    "fire-randomised",
)
SPANNED = (
    "randomised",
    "abacus",
    "coupled",
    "fire-randomised",
)  # positions that depend on the setting `span`


@dataclass(frozen=True)
class WritingSettings(TrainingSettings):
    """Hyperparameters of every network that generates its answer token by token."""

    auxiliaries: ClassVar[tuple[str, ...]] = ("carries",)
    added: ClassVar[tuple[str, ...]] = (
        *TrainingSettings.added,
        *("generations", "generation_steps", "generation_rows", "committee", "agreement"),
    )

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
    generations: int = parameter(
        0,
        "generations of ever longer problems that the network labels itself, in the last steps; 0: none",
        low=0,
        high=1000,
    )
    generation_steps: int = parameter(500, "steps of each generation", low=1, high=1_000_000_000)
    generation_rows: int = parameter(
        4000, "problems that the network answers in each generation", low=1, high=1_000_000
    )
    committee: int = parameter(
        1,
        "networks with different first weights that label problems together; the first is kept",
        low=1,
        high=64,
    )
    agreement: float = parameter(
        1.0, "share of the committee that must give an answer for it to become a label", low=0.01, high=1.0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.auxiliary_labels and self.compile != "no":
            raise InputError(f"settings: auxiliary requires compile=no. Received: compile={self.compile}.")
        if self.generations:
            self._check_generations()
        elif self.committee > 1:
            raise InputError(
                f"settings: committee requires generations. Received: committee={self.committee}."
            )

    def idle(self) -> dict[str, tuple[str, str]]:
        if not self.generations:
            unused, need = ("generation_steps", "generation_rows", "agreement"), "generations above 0"
            return super().idle() | dict.fromkeys(unused, ("generations", need))
        alone = {"agreement": ("committee", "committee above 1")} if self.committee == 1 else {}
        return super().idle() | alone

    def _check_generations(self) -> None:
        required = {"target": None, "keep": "last", "tournament": 1}
        for name, value in required.items():
            if getattr(self, name) != value:
                raise InputError(
                    f"settings: generations requires {name}={'none' if value is None else value}. "
                    f"Received: {name}={getattr(self, name)}."
                )
        if self.generations * self.generation_steps >= self.steps:
            raise InputError(
                "settings: generations * generation_steps must be below steps, because the first steps train on the "
                f"problems of the task. Received: {self.generations} * {self.generation_steps} of {self.steps}."
            )

    def max_tokens(self, answer: int) -> int:
        """Return the largest number of tokens to generate, where the longest training answer has `answer`."""
        return self.longest or 2 * answer + 16


@dataclass(frozen=True)
class AttentionalLSTMSettings(WritingSettings):
    """An LSTM encoder and an LSTM decoder with attention."""

    uses: ClassVar[tuple[str, ...]] = ("answer", "gain")

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
        128,
        "number of positions that randomised, abacus and coupled encodings draw from",
        low=2,
        high=1_000_000,
    )

    @property
    def whole_numbers(self) -> str:
        """The setting that needs the digits of a number side by side; empty if there is none."""
        return "positions=coupled" if self.positions == "coupled" else ""

    def idle(self) -> dict[str, tuple[str, str]]:
        spanned = self.positions in SPANNED
        return super().idle() | (
            {} if spanned else {"span": ("positions", f"positions={' or '.join(SPANNED)}")}
        )


@dataclass(frozen=True)
class UniversalTransformerSettings(DecoderTransformerSettings):
    """A decoder-only transformer that repeats its blocks."""

    added: ClassVar[tuple[str, ...]] = (*DecoderTransformerSettings.added, "injection", "depth")

    layers: int = parameter(1, "blocks with separate weights", low=1, high=64)
    loops: int = parameter(3, "passes through the blocks", low=1, high=256)
    injection: str = parameter(
        "no", "whether the embedded tokens are added before each pass", choices=("no", "yes")
    )
    depth: str = parameter(
        "fixed",
        "number of passes: loops, or with digits the digits of the question's longest number and loops more",
        choices=("fixed", "digits"),
    )

    @property
    def whole_numbers(self) -> str:
        """The setting that needs the digits of a number side by side; empty if there is none."""
        return super().whole_numbers or ("depth=digits" if self.depth == "digits" else "")

    def idle(self) -> dict[str, tuple[str, str]]:
        once = self.depth == "fixed" and self.loops == 1
        return super().idle() | ({"injection": ("loops", "loops above 1 or depth=digits")} if once else {})


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
