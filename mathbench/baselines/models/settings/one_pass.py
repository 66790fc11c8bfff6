"""Hyperparameters of networks that answer in one pass."""

from dataclasses import dataclass
from typing import ClassVar

from mathbench.baselines.models.settings.outputs import output_parameter
from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.parameters import parameter


@dataclass(frozen=True)
class Seq2SeqSettings(TrainingSettings):
    """An LSTM encoder and an LSTM decoder, with one softmax per answer position."""

    uses: ClassVar[tuple[str, ...]] = ("answer", "gain")
    auxiliaries: ClassVar[tuple[str, ...]] = ("carries",)

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

    uses: ClassVar[tuple[str, ...]] = ("answer", "gain")
    auxiliaries: ClassVar[tuple[str, ...]] = ("carries",)

    hidden: int = parameter(20, "units of each LSTM per direction", low=1, high=8192)


@dataclass(frozen=True)
class SimpleSettings(TrainingSettings):
    """One LSTM over question, padding and answer."""

    uses: ClassVar[tuple[str, ...]] = ("answer", "gain")
    auxiliaries: ClassVar[tuple[str, ...]] = ("carries",)

    thinking: int = parameter(16, "blank steps between question and answer", low=0, high=1024)
    layers: int = parameter(1, "LSTM layers", low=1, high=16)


@dataclass(frozen=True)
class ConvolvedSettings(TrainingSettings):
    """A convolution, an LSTM with dropout, and one softmax or sigmoid over the classes."""

    uses: ClassVar[tuple[str, ...]] = ("alphabet", "pad_with", "gain")
    auxiliaries: ClassVar[tuple[str, ...]] = ("residue",)
    added: ClassVar[tuple[str, ...]] = (*TrainingSettings.added, "output")

    hidden: int = parameter(100, "units of the LSTM", low=1, high=8192)
    filters: int = parameter(32, "filters of the convolution", low=1, high=8192)
    width: int = parameter(3, "width of the filters in tokens", low=1, high=99)
    dropout: float = parameter(0.1, "dropout rate of the LSTM's inputs", low=0.0, high=0.99)
    recurrent_dropout: float = parameter(0.1, "dropout rate of the LSTM's state", low=0.0, high=0.99)
    output: str = output_parameter()


@dataclass(frozen=True)
class PerceptronSettings(TrainingSettings):
    """Dense layers over the question."""

    fixed_width: ClassVar[bool] = True

    hidden: int = parameter(256, "units of each hidden layer", low=1, high=65536)
    layers: int = parameter(2, "hidden layers", low=1, high=64)


@dataclass(frozen=True)
class ConvolutionsSettings(TrainingSettings):
    """Residual convolutions over question and answer positions."""

    auxiliaries: ClassVar[tuple[str, ...]] = ("carries",)

    hidden: int = parameter(64, "channels", low=1, high=8192)
    width: int = parameter(3, "width of the filters in tokens", low=3, high=99)
    layers: int = parameter(1, "repetitions of the stack of blocks, with separate weights", low=1, high=16)
