"""Hyperparameters of networks that read a number symbol by symbol, or column by column."""

from dataclasses import dataclass
from math import isqrt
from typing import ClassVar

from mathbench.baselines.models.settings.outputs import output_parameter
from mathbench.baselines.settings import SequenceSettings
from mathbench.errors import InputError
from mathbench.parameters import parameter

CHUNK_VALUES = 16  # values of the digits that are read at a step, where this is not set
MAX_CHUNK_VALUES = 1024


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
class ResidueSettings(SequenceSettings):
    """Second-order networks for residues modulo primes, and a linear layer over whether each residue is 0."""

    question_alphabet: ClassVar[bool] = True
    uses: ClassVar[tuple[str, ...]] = ()
    auxiliaries: ClassVar[tuple[str, ...]] = ("prefix-residues",)

    moduli: int = parameter(97, "largest prime modulus; every prime up to it has a network", low=2, high=1000)
    hidden: int = parameter(32, "units of each network", low=1, high=512)
    chunk: int = parameter(
        0, "digits read at a step; 0: as many as have at most 16 values together", low=0, high=10
    )

    @property
    def primes(self) -> tuple[int, ...]:
        """The moduli.

        >>> ResidueSettings(moduli=13).primes
        (2, 3, 5, 7, 11, 13)
        """
        return tuple(n for n in range(2, self.moduli + 1) if all(n % p for p in range(2, isqrt(n) + 1)))

    def chunk_in(self, base: int) -> int:
        """Return the number of digits read at a step.

        Raises:
            InputError: for digits that have too many values together, each of which needs a matrix.

        >>> [ResidueSettings().chunk_in(base) for base in (2, 3, 10)]
        [4, 2, 1]
        """
        if not self.chunk:
            return max(n for n in range(1, 5) if n == 1 or base**n <= CHUNK_VALUES)
        if base**self.chunk > MAX_CHUNK_VALUES:
            raise InputError(
                f"settings: the digits of a chunk must have at most {MAX_CHUNK_VALUES:,} values together. "
                f"Received: chunk={self.chunk} in base {base}."
            )
        return self.chunk


@dataclass(frozen=True)
class LinearSettings(SequenceSettings):
    """A state linear in the one before, with a map for every symbol, and one softmax or sigmoid over the classes."""

    question_alphabet: ClassVar[bool] = True
    uses: ClassVar[tuple[str, ...]] = ("labels",)
    auxiliaries: ClassVar[tuple[str, ...]] = ("residue", "prefix-residue", "prefix")
    added: ClassVar[tuple[str, ...]] = (*SequenceSettings.added, "output")

    hidden: int = parameter(32, "units of the state", low=1, high=512)
    form: str = parameter(
        "delta",
        "the map of a symbol: factors in (0, 1) or (-1, 1) for each unit, complex factors for pairs of units, "
        "rotations of blocks, or steps of the delta rule in blocks",
        choices=("diagonal", "negative", "complex", "rotation", "delta"),
    )
    block: int = parameter(0, "units of a block; 0: all units; form=rotation and form=delta", low=0, high=512)
    reflections: int = parameter(1, "steps of the delta rule for a symbol; form=delta", low=1, high=64)
    reach: float = parameter(
        2.0,
        "limit of the size of a step of the delta rule; beyond 1 it reflects; form=delta",
        low=0.0,
        high=2.0,
    )
    inputs: str = parameter(
        "added", "whether a symbol also adds a vector to the state", choices=("added", "none")
    )
    norm: str = parameter(
        "unit", "whether the state is divided by its length before it is read out", choices=("unit", "none")
    )
    inner: int = parameter(
        32, "units of the hidden layer of the read-out; 0: a linear read-out", low=0, high=8192
    )
    output: str = output_parameter()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % self.size:
            raise InputError(
                f"settings: hidden must be a multiple of the units of a block. Received: hidden={self.hidden}, "
                f"form={self.form}, blocks of {self.size}."
            )

    @property
    def size(self) -> int:
        """Units that a map mixes with each other: 1, 2 for complex factors, or those of a block."""
        return {"diagonal": 1, "negative": 1, "complex": 2}.get(self.form, self.block or self.hidden)

    def idle(self) -> dict[str, tuple[str, str]]:
        forms = {"block": ("rotation", "delta"), "reflections": ("delta",), "reach": ("delta",)}
        unused = {name: needed for name, needed in forms.items() if self.form not in needed}
        needs = {name: ("form", f"form={' or '.join(needed)}") for name, needed in unused.items()}
        return {**super().idle(), **needs}


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


@dataclass(frozen=True)
class FourierSettings(SequenceSettings):
    """A transformer over numbers, each one token of cosines and sines."""

    columns: ClassVar[bool] = True

    hidden: int = parameter(64, "width of the residual stream", low=1, high=8192)
    layers: int = parameter(1, "blocks", low=1, high=64)
    heads: int = parameter(4, "attention heads", low=1, high=128)
    inner: int = parameter(256, "units of the gated layer of each block", low=1, high=65_536)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hidden % self.heads:
            raise InputError(
                f"settings: hidden must be a multiple of heads. Received: hidden={self.hidden}, heads={self.heads}."
            )


@dataclass(frozen=True)
class NeuralGPUSettings(SequenceSettings):
    """Gated convolutions, repeated as often as the question has tokens."""

    hidden: int = parameter(24, "maps of the image", low=1, high=1024)
    width: int = parameter(4, "rows of the image", low=1, high=64)
    layers: int = parameter(2, "gated convolutions of a round", low=1, high=16)
    gates: str = parameter(
        "plain",
        "what the update gate keeps: the image, or an image of which a third is shifted to each side",
        choices=("plain", "diagonal"),
    )
    dropout: float = parameter(0.0, "dropout rate of the candidates", low=0.0, high=0.9)


@dataclass(frozen=True)
class ColumnNeuralGPUSettings(NeuralGPUSettings):
    """Gated convolutions over columns, repeated as often as there are columns."""

    columns: ClassVar[bool] = True
    added: ClassVar[tuple[str, ...]] = (*NeuralGPUSettings.added, "last_number")

    width: int = parameter(1, "rows of the image", low=1, high=64)
    last_number: str = parameter(
        "columns",
        "where the digits of the last number are: in their columns, or one in each round, as in long multiplication",
        choices=("columns", "rounds"),
    )


@dataclass(frozen=True)
class StackSettings(SequenceSettings):
    """A recurrent layer with stacks."""

    added: ClassVar[tuple[str, ...]] = (*SequenceSettings.added, "cell")

    hidden: int = parameter(40, "units of the recurrent layer", low=1, high=8192)
    stacks: int = parameter(10, "stacks; 0: a plain recurrent network", low=0, high=256)
    memory: str = parameter(
        "both",
        "what a state is made from beside a symbol: the state before and the stacks, or the stacks alone",
        choices=("both", "stacks"),
    )
    cell: str = parameter(
        "plain", "the recurrent layer: one sigmoid, as in the paper, or a GRU", choices=("plain", "gru")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.memory == "stacks" and not self.stacks:
            raise InputError("settings: memory=stacks requires stacks above 0. Received: stacks=0.")
        if self.memory == "stacks" and self.cell == "gru":
            raise InputError(
                "settings: memory=stacks requires cell=plain, because a GRU keeps its state. Received: cell=gru."
            )
