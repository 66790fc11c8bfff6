"""Declared settings of a training: choices of the encoding, and the hyperparameters that networks share.

Those of single networks are in `mathbench.baselines.models.settings`. Recipes and ``--set`` fill them in. Each field
has a default, a help text and limits, which are checked.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from mathbench.baselines.auxiliary import Auxiliary
from mathbench.baselines.curriculum import parse_stages
from mathbench.baselines.tournament import check_rounds
from mathbench.errors import InputError
from mathbench.parameters import check, parameter

# settings and choices that some networks only use; their settings declare which, see `TrainingSettings.uses`
OPTIONAL = ("answer", "labels", "alphabet", "pad_with", "gain", "auxiliary", "auxiliary_weight")


@dataclass(frozen=True)
class EncodingOptions:
    """The choices of an encoding. Everything else about an encoding follows from the data.

    Attributes:
        added: choices that runs of earlier versions do not have; at their defaults they are left out of a spec.
    """

    added: ClassVar[tuple[str, ...]] = ("alphabet", "pad_with")

    query: str = parameter("reversed", "reading direction of the question", choices=("reversed", "forward"))
    padding: str = parameter(
        "right", "how questions are padded", choices=("right", "left", "operands", "columns")
    )
    answer: str = parameter("first", "end of the answer that is generated first", choices=("first", "last"))
    labels: str = parameter(
        "last", "positions of the question with a training label", choices=("last", "prefix")
    )
    alphabet: str = parameter(
        "all",
        "characters with a token: those of questions and answers, or of questions",
        choices=("all", "questions"),
    )
    pad_with: str = parameter(
        "blank",
        "token that questions are padded with: one of its own, or that of the digit 0",
        choices=("blank", "zero"),
    )

    def __post_init__(self) -> None:
        check(self, "encoding")
        if self.pad_with == "zero" and self.padding != "left":
            raise InputError(
                "encoding: pad_with=zero requires padding=left, because zeros behind a digit change the number. "
                f"Received: padding={self.padding}."
            )

    def to_json(self) -> dict[str, Any]:
        """Return the choices as plain values; those that earlier versions had not only where they are set."""
        return stored_values(self, self.added)


@dataclass(frozen=True)
class TrainingSettings:
    """Hyperparameters of every network.

    Attributes:
        fixed_width: whether the network reads questions of one width only.
        question_alphabet: whether the network has no weights for characters that occur in answers only.
        columns: whether the network reads numbers column by column.
        uses: the names in `OPTIONAL` that change the network or its training; the others are refused.
        auxiliaries: the kinds of auxiliary labels that the network can be trained with.
        added: settings that runs of earlier versions do not have; at their defaults they are left out of a spec.
    """

    fixed_width: ClassVar[bool] = False
    question_alphabet: ClassVar[bool] = False
    columns: ClassVar[bool] = False
    uses: ClassVar[tuple[str, ...]] = ("answer",)
    auxiliaries: ClassVar[tuple[str, ...]] = ()
    added: ClassVar[tuple[str, ...]] = (
        *("average", "keep", "tournament", "tournament_rounds"),
        *("auxiliary", "auxiliary_weight", "give_up"),
    )

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
    give_up: float = parameter(
        0.0,
        "share of the steps after which training stops unless validation is better than one constant answer; 0: never",
        low=0.0,
        high=0.99,
    )
    target: float | None = parameter(
        1.0,
        "exact match on validation at which training stops; none: never",
        low=0.0,
        high=1.0,
        optional=True,
    )
    average: float = parameter(
        0.0,
        "decay rate of the moving average of the weights that is kept; 0: the weights",
        low=0.0,
        high=0.999999,
    )
    keep: str = parameter(
        "best", "weights that are kept: the best on validation, or the last", choices=("best", "last")
    )
    tournament: int = parameter(
        1, "networks with different first weights that train side by side; the best is kept", low=1, high=4096
    )
    tournament_rounds: str = parameter(
        "", "steps after which only some of them go on, such as '500:8 1500:3'; tournament above 1"
    )
    auxiliary: str = parameter(
        "none",
        "further labels to learn: none, residue=K, prefix-residue=K, prefix-residues, prefix or carries",
    )
    auxiliary_weight: float = parameter(
        1.0, "weight of the loss of auxiliary labels beside that of answers", low=0.0, high=1e6
    )

    def __post_init__(self) -> None:
        check(self, "settings")
        parse_stages(self.curriculum)
        check_rounds(self.tournament_rounds, self.tournament, self.steps)
        labels = self.auxiliary_labels
        if labels and labels.kind not in self.auxiliaries:
            allowed = ", ".join(("none", *self.auxiliaries))
            raise InputError(
                f"settings: this network has no auxiliary labels of the kind {labels.kind}. Allowed: {allowed}."
            )

    @property
    def auxiliary_labels(self) -> Auxiliary | None:
        """What is learned beside the answers; None for nothing."""
        return Auxiliary.parse(self.auxiliary)

    @property
    def labels_prefixes(self) -> bool:
        """Whether every position of a question has an auxiliary label."""
        labels = self.auxiliary_labels
        return labels is not None and labels.every_position

    @classmethod
    def unused(cls) -> set[str]:
        """Return the settings and choices that the network has in common with others but does not use."""
        used = {*cls.uses, *(("auxiliary", "auxiliary_weight") if cls.auxiliaries else ())}
        return set(OPTIONAL) - used

    def idle(self) -> dict[str, tuple[str, str]]:
        """Return settings without effect beside the others: by name, the setting that each depends on, and its need."""
        return {} if self.auxiliary_labels else {"auxiliary_weight": ("auxiliary", "auxiliary labels")}

    @property
    def equal_answers(self) -> str:
        """The setting that requires answers of digits alone, all of one length; empty if there is none."""
        return ""

    @property
    def fixed_by_hand(self) -> tuple[str, ...]:
        """The parts of the network that are not trained although a network of its kind learns them as a rule."""
        return ()

    @property
    def whole_numbers(self) -> str:
        """The setting that needs the digits of a number side by side; empty if there is none."""
        return ""


@dataclass(frozen=True)
class SequenceSettings(TrainingSettings):
    """Hyperparameters of networks that read a number symbol by symbol."""

    added: ClassVar[tuple[str, ...]] = (*TrainingSettings.added, "short", "growth", "noise", "noise_from")

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

    def idle(self) -> dict[str, tuple[str, str]]:
        if not self.noise:
            return {**super().idle(), "noise_from": ("noise", "noise above 0")}
        # noise comes last, so such a training never stops early
        return {**super().idle(), **dict.fromkeys(("target", "patience"), ("noise", "noise=0"))}


def stored_values(settings: Any, added: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a dataclass as plain values, of those that earlier versions had not only what is set."""
    defaults = {field.name: field.default for field in fields(settings) if field.name in added}
    return {key: value for key, value in asdict(settings).items() if defaults.get(key, not value) != value}
