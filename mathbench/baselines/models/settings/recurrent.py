"""Hyperparameters of networks that read a number symbol by symbol, or column by column."""

from dataclasses import dataclass
from typing import ClassVar

from mathbench.baselines.models.settings.outputs import output_parameter
from mathbench.baselines.settings import SequenceSettings
from mathbench.parameters import parameter


@dataclass(frozen=True)
class ClassifierSettings(SequenceSettings):
    """A recurrent layer and one softmax or sigmoid over the classes."""

    uses: ClassVar[tuple[str, ...]] = ("labels", "alphabet", "pad_with", "gain")
    auxiliaries: ClassVar[tuple[str, ...]] = ("residue", "prefix-residue", "prefix")
    added: ClassVar[tuple[str, ...]] = (*SequenceSettings.added, "output")

    hidden: int = parameter(100, "units of each recurrent layer", low=1, high=8192)
    layers: int = parameter(1, "recurrent layers", low=1, high=16)
    output: str = output_parameter()


@dataclass(frozen=True)
class SecondOrderSettings(SequenceSettings):
    """A recurrent layer with one matrix per symbol, and one softmax or sigmoid over the classes."""

    question_alphabet: ClassVar[bool] = True
    uses: ClassVar[tuple[str, ...]] = ("labels",)
    auxiliaries: ClassVar[tuple[str, ...]] = ("residue", "prefix-residue", "prefix")
    added: ClassVar[tuple[str, ...]] = (*SequenceSettings.added, "output")

    hidden: int = parameter(16, "units", low=1, high=512)
    form: str = parameter(
        "tanh",
        "the next state: tanh of a map, a map divided by its length, or an orthogonal map",
        choices=("tanh", "unit", "orthogonal"),
    )
    output: str = output_parameter()


@dataclass(frozen=True)
class ColumnSettings(SequenceSettings):
    """A recurrent layer over columns, and one softmax for each of them or over the classes."""

    columns: ClassVar[bool] = True
    uses: ClassVar[tuple[str, ...]] = ("answer", "gain")
    auxiliaries: ClassVar[tuple[str, ...]] = ("carries",)

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
