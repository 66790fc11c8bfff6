"""Hyperparameters of the tiny transformer, and the parts of it that are fixed by hand."""

from dataclasses import dataclass
from typing import ClassVar

from mathbench.baselines.models.settings.writing import WritingSettings
from mathbench.errors import InputError
from mathbench.parameters import parameter


@dataclass(frozen=True)
class TinyTransformerSettings(WritingSettings):
    """One attention layer and one hidden layer, with the token vectors as output layer."""

    auxiliaries: ClassVar[tuple[str, ...]] = ()

    hidden: int = parameter(16, "width of the residual stream", low=1, high=512)
    heads: int = parameter(2, "attention heads", low=1, high=64)
    inner: int = parameter(32, "units of the hidden layer", low=1, high=8192)
    activation: str = parameter(
        "relu", "activation of the hidden layer", choices=("relu", "tanh", "sigmoid", "gelu")
    )
    norm: str = parameter(
        "rms", "norm of the input of the hidden layer, without weights", choices=("rms", "none")
    )
    vocabulary: str = parameter(
        "all",
        "tokens that have a vector: all of them, or digits only, where every other token is read as 0",
        choices=("all", "digits"),
    )
    digits: str = parameter(
        "table",
        "vectors of tokens: a table, or of digits a parabola in any direction, or one along two axes",
        choices=("table", "quadratic", "axes"),
    )
    period: int = parameter(
        0,
        "period of the positions in tokens; 0: half of a question, where two operands align",
        low=0,
        high=65_536,
    )
    harmonics: int = parameter(1, "pairs of a cosine and a sine in a position", low=1, high=256)
    scores: str = parameter("positions", "what attention scores depend on", choices=("positions", "content"))
    queries: str = parameter(
        "matrix",
        "how a query follows from a position: by a matrix, or by a rotation and a scale per harmonic",
        choices=("matrix", "rotation"),
    )
    key: int = parameter(4, "width of queries and keys; scores=content", low=1, high=512)
    sharpness: float = parameter(1.0, "fixed factor on attention scores", low=0.0, high=1000.0)
    start_scores: float = parameter(
        1.0, "scale of the first weights of queries and keys", low=0.0, high=1000.0
    )
    values: str = parameter(
        "matrices",
        "how values are read and written: by two matrices, or by a gain for every width of a head",
        choices=("matrices", "diagonal"),
    )
    skip: str = parameter("fixed", "gains of the residual path", choices=("fixed", "learned"))
    blanks: str = parameter("seen", "padding of a question is seen", choices=("seen",))
    dropout: float = parameter(0.0, "dropout rate of activations; none", low=0.0, high=0.0)
    accumulate: int = parameter(1, "parts of a batch; one", low=1, high=1)
    precision: str = parameter("float32", "precision of a training step", choices=("float32",))
    compile: str = parameter("no", "mode of torch.compile; none", choices=("no",))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.digits != "table" and self.vocabulary != "digits":
            raise InputError(
                f"settings: digits={self.digits} requires vocabulary=digits. Received: vocabulary={self.vocabulary}."
            )
        if self.digits == "axes" and self.hidden != 2:
            raise InputError(f"settings: digits=axes requires hidden=2. Received: hidden={self.hidden}.")
        if self.values == "matrices" and self.hidden % self.heads:
            raise InputError(
                "settings: values=matrices requires hidden to be a multiple of heads. "
                f"Received: hidden={self.hidden}, heads={self.heads}."
            )
        if self.scores == "content" and self.queries == "rotation":
            raise InputError("settings: scores=content requires queries=matrix. Received: queries=rotation.")

    def max_tokens(self, answer: int) -> int:
        """Return the largest number of tokens to generate. Answers of digits only have one length."""
        if self.vocabulary == "digits":
            return min(self.longest, answer) if self.longest else answer
        return super().max_tokens(answer)

    @property
    def equal_answers(self) -> str:
        """The setting that requires answers of digits alone, all of one length."""
        return "vocabulary=digits" if self.vocabulary == "digits" else ""

    @property
    def fixed_by_hand(self) -> tuple[str, ...]:
        """The parts that are not trained, and that an ordinary transformer learns or does not have.

        >>> TinyTransformerSettings(norm="none").fixed_by_hand[-1]
        'no norm'
        """
        period = f"period of {self.period} tokens" if self.period else "period that aligns two operands"
        parts = {
            f"positions of {self.harmonics} cosine and sine, {period}": True,
            "attention scores depend on positions alone": self.scores == "positions",
            "queries are positions, rotated and scaled": self.queries == "rotation",
            f"attention scores times {self.sharpness:g}": self.sharpness != 1.0,
            "values are token vectors, times a gain for every width": self.values == "diagonal",
            "tokens other than digits are read as the digit 0 and never written": self.vocabulary == "digits",
            "answers of one length, without an end token": self.vocabulary == "digits",
            "digit k is a quadratic function of k": self.digits == "quadratic",
            "digit k is (k, k^2), scaled and shifted": self.digits == "axes",
            "token vectors are the output layer": True,
            "norm without weights": self.norm == "rms",
            "no norm": self.norm == "none",
        }
        return tuple(name for name, present in parts.items() if present)
