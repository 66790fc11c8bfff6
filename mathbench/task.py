"""What a task is: a family of problems with its parameters fixed.

To add a task, subclass `Task` as a frozen dataclass in a file of its own under `mathbench/generators/`, write the
methods below as pure functions on arrays, write `oracle` and `operands_of` as plain Python that shares nothing with
them (verification compares the two), and enter the class in `mathbench.generators.TASKS`.
"""

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import formats, parameters, text
from mathbench.hashing import U64
from mathbench.stratum import Stratum

Int = NDArray[np.int64]

LABELS = ("false", "true")


@dataclass
class Problems:
    """Problems as columns: everything that question and answer are made from.

    Attributes:
        operands: int64 (m, n), in the order in which they are shown; long ones as limbs, see
            :func:`mathbench.arithmetic.split`.
        stratum: int64 (n,), the number of each problem's stratum in the task's list.
        kinds: int64 (strata,), the kinds of the strata.
        claimed: int64 (n,), or limbs (L, n), the result that a statement claims; None for a task that asks for one.
        prints: uint64 (n,), fingerprints, of problems that are not posed yet.
    """

    operands: Int
    stratum: Int
    kinds: Int
    claimed: Int | None = None
    prints: U64 | None = None

    @property
    def kind(self) -> Int:
        """The kind of each problem's stratum, int64 (n,)."""
        return self.kinds.take(self.stratum)

    def take(self, index: Int) -> "Problems":
        """The problems at some places."""
        operands = np.empty((len(self.operands), len(index)), dtype=np.int64)
        for operand, taken in zip(self.operands, operands, strict=True):
            operand.take(index, out=taken, mode="clip")  # the default mode would copy once more
        claimed = None if self.claimed is None else self.claimed.take(index, axis=-1)
        prints = None if self.prints is None else self.prints.take(index)
        return Problems(operands, self.stratum.take(index), self.kinds, claimed, prints)

    @classmethod
    def joined(cls, parts: Sequence["Problems"]) -> "Problems":
        """Problems of one task, one part after the other; at least one part."""
        claims = [part.claimed for part in parts if part.claimed is not None]
        prints = [part.prints for part in parts if part.prints is not None]
        return cls(
            np.concatenate([part.operands for part in parts], axis=1),
            np.concatenate([part.stratum for part in parts]),
            parts[0].kinds,
            np.concatenate(claims, axis=-1) if claims else None,
            np.concatenate(prints) if prints else None,
        )


@dataclass(frozen=True)
class Task(ABC):
    """A family of problems with its parameters fixed; a value that checks itself."""

    family: ClassVar[str]
    summary: ClassVar[str]
    symmetry: ClassVar[str] = "none"
    extrapolates: ClassVar[str] = "longer"
    version: ClassVar[int] = 1

    format: str = parameters.parameter("plain", "how text is written: see docs/formats.md", kw_only=True)

    def __post_init__(self) -> None:
        parameters.check(self, self.family)
        # one name for one format: options at their defaults are left out
        object.__setattr__(self, "format", formats.checked(self, self.format))

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Make the task from parameters given as text or values.

        Raises:
            InputError: for an unknown parameter or a value that is not allowed.
        """
        return cls(**parameters.parse(cls, cls.family, options))

    @property
    def id(self) -> str:
        """The versioned id; changed rows for the same parameters mean a new version."""
        return f"{self.family}-v{self.version}"

    @property
    def name(self) -> str:
        """A readable name that tells tasks apart, used for the configurations of a dataset.

        >>> from mathbench.generators import task
        >>> task("divisible", k=7).name, task("addition", digits=6).name
        ('divisible-7-base10', 'addition-base10-digits6')
        """
        fields = sorted(self.fields(), key=lambda field: not field.metadata["always"])
        shown = [f for f in fields if f.metadata["always"] or getattr(self, f.name) != f.default]
        return "-".join([self.family, *(_part(f.name, getattr(self, f.name)) for f in shown)])

    @classmethod
    def fields(cls) -> list["dataclasses.Field[Any]"]:
        """The parameters in order, the format last."""
        return sorted(dataclasses.fields(cls), key=lambda field: field.name == "format")

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters by name; the format only if it is not plain, so that plain tasks say what they always said."""
        values = {field.name: getattr(self, field.name) for field in self.fields()}
        if self.format == formats.PLAIN:
            del values["format"]
        return values

    @property
    def plain(self) -> Self:
        """The same task in plain text: its rows are the same problems in the same order."""
        return self if self.format == formats.PLAIN else dataclasses.replace(self, format=formats.PLAIN)

    @property
    def recognition(self) -> bool:
        """Whether the answer is a label, true or false."""
        return False

    @property
    def reserve_family(self) -> str:
        """The name under which related tasks share their reserves."""
        return self.family

    @property
    def dear(self) -> bool:
        """Whether `valid` takes longer than a fingerprint: then it is asked only about what lies in the reserve."""
        return False

    @property
    def train_part(self) -> float:
        """The share of all problems that train draws from, at most 0.8."""
        return 0.8

    @abstractmethod
    def inner(self) -> list[Stratum]:
        """The strata of train, validation and interpolate."""

    @abstractmethod
    def outer(self) -> list[Stratum]:
        """The strata of extrapolate, none of which train shows."""

    @abstractmethod
    def draw(self, coordinates: U64, low: Int) -> Int:
        """Points of a space, uint64 (c, n), and the `low` of its strata, int64 (p, 1), to operands (m, n)."""

    def canonical(self, operands: Int) -> Int:
        """Operands to the form that decides the reserve, the same for all symmetric problems."""
        return operands

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        """Which points stand for a problem that no other point stands for; None means all."""
        return None

    def pose(self, problems: Problems, luck: U64) -> Problems:
        """Decide by random bits (one word per problem) what the canonical form leaves open, such as order."""
        return problems

    @abstractmethod
    def solve(self, problems: Problems) -> Int:
        """The true results, int64 (n,), or (r, n), or limbs; labels are 0 and 1."""

    @abstractmethod
    def questions(self, problems: Problems) -> pa.StringArray:
        """What the model sees."""

    def answers(self, results: Int) -> pa.StringArray:
        """What the model must produce; by default a label."""
        return text.words(results, LABELS)

    def longest(self) -> tuple[int, int] | None:
        """Digits of the longest number in a question and in an answer over all splits; None: not known.

        The format `padded` needs it, unless the user gives the widths.
        """
        return None

    def steps(self, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
        """The steps that a scratchpad shows before each answer; a family without this method has no scratchpad.

        Args:
            questions: plain questions, strings (n,).
            answers: their plain answers, strings (n,).

        Returns:
            Strings (n,) without `#`; see `mathbench.formats.steps`.
        """
        raise NotImplementedError

    @abstractmethod
    def oracle(self, question: str) -> str:
        """Answer one question from its text alone, in plain Python, sharing nothing with `solve`."""

    @abstractmethod
    def operands_of(self, question: str) -> tuple[int, ...]:
        """The canonical operands of one question from its text alone, in plain Python."""


def _part(name: str, value: Any) -> str:
    if isinstance(value, str):
        return re.sub(r"[^\w.+-]+" if name == "format" else r"[^\w.]+", "_", value)  # names of folders
    return str(value) if name == "k" else f"{name.replace('_', '')}{value}"
