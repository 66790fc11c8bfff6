"""Hyperparameters, one dataclass per baseline; recipes and ``--set`` fill them in, checked."""

from dataclasses import dataclass

from mathbench.baselines.curriculum import stages_of
from mathbench.errors import InputError
from mathbench.parameters import check, parameter


@dataclass(frozen=True)
class Training:
    """What every trained baseline has."""

    hidden: int = parameter(128, "units of an LSTM", low=1, high=8192)
    batch: int = parameter(128, "rows per step", low=1, high=1_000_000)
    steps: int = parameter(10_000, "steps at most", low=1, high=1_000_000_000)
    rate: float = parameter(1e-3, "largest learning rate of Adam", low=0.0, high=10.0)
    schedule: str = parameter(
        "constant", "the learning rate after the warm-up", choices=("constant", "linear", "cosine")
    )
    warmup: float = parameter(0.0, "share of the steps over which the learning rate rises", low=0.0, high=1.0)
    beta1: float = parameter(0.9, "Adam's memory of the gradient", low=0.0, high=0.999999)
    beta2: float = parameter(0.999, "Adam's memory of its square", low=0.0, high=0.999999)
    clip: float = parameter(0.0, "largest norm of a gradient; 0 leaves it as it is", low=0.0, high=1e9)
    gain: float = parameter(1.0, "factor on the initial weights of the LSTM's inputs", low=0.0, high=100.0)
    sampling: str = parameter("rows", "what is equally likely in a batch", choices=("rows", "strata"))
    source: str = parameter(
        "rows", "training rows: those of the data, or an endless stream", choices=("rows", "stream")
    )
    curriculum: str = parameter("", "stages such as '0.2 digits=1*; 0.3 digits=[12]*', then all strata")
    buckets: int = parameter(0, "batches sorted together by length; 0: none", low=0, high=65_536)
    evaluate: int = parameter(250, "steps between validations", low=1, high=1_000_000_000)
    patience: int = parameter(
        0, "stop after so many validations without a better one; 0 never", low=0, high=1_000_000
    )
    target: float = parameter(1.0, "stop when validation exact match reaches this", low=0.0, high=1.0)

    def __post_init__(self) -> None:
        check(self, "settings")
        stages_of(self.curriculum)


@dataclass(frozen=True)
class Seq2Seq(Training):
    """An LSTM that reads and LSTMs that write."""

    layers: int = parameter(1, "LSTMs that write, one upon the other", low=1, high=16)
    writer: int = parameter(0, "units of an LSTM that writes; 0: as many as read", low=0, high=8192)
    start: str = parameter("zero", "state in which the writer starts", choices=("zero", "encoder"))
    positions: str = parameter(
        "none", "whether each token comes with its position", choices=("none", "one-hot")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start == "encoder" and self.written != self.hidden:
            raise InputError(
                f"settings: start=encoder needs writer=0 or writer=hidden={self.hidden}. Received: {self.writer}."
            )

    @property
    def written(self) -> int:
        """Units of an LSTM that writes."""
        return self.writer or self.hidden


@dataclass(frozen=True)
class Classifier(Training):
    """An LSTM that reads, then one decision."""

    hidden: int = parameter(100, "units of an LSTM", low=1, high=8192)
    layers: int = parameter(1, "LSTMs that read, one upon the other", low=1, high=16)
