"""What a task is: a family of problems with its parameters fixed.

To add a task, subclass `Task` as a frozen dataclass in a file of its own under `mathbench/generators/`, write the
methods below as pure functions on arrays, write `oracle` and `operands_of` as plain Python that shares nothing with
them (verification compares the two), and enter the class in `mathbench.generators.TASKS`.
"""

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import parameters, text
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
        kind: int64 (n,), the kind of its stratum.
        claimed: int64 (n,), or limbs (L, n), the result that a statement claims; None for a task that asks for one.
    """

    operands: Int
    stratum: Int
    kind: Int
    claimed: Int | None = None

    def slices(self, size: int) -> Iterator["Problems"]:
        """The same problems, `size` at a time."""
        for start in range(0, len(self.stratum), size):
            part = slice(start, start + size)
            claimed = None if self.claimed is None else self.claimed[..., part]
            yield Problems(self.operands[:, part], self.stratum[part], self.kind[part], claimed)


@dataclass(frozen=True)
class Task(ABC):
    """A family of problems with its parameters fixed; a value that checks itself."""

    family: ClassVar[str]
    summary: ClassVar[str]
    symmetry: ClassVar[str] = "none"
    extrapolates: ClassVar[str] = "longer"
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        parameters.check(self, self.family)

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
        fields = sorted(dataclasses.fields(self), key=lambda field: not field.metadata["always"])
        shown = [f for f in fields if f.metadata["always"] or getattr(self, f.name) != f.default]
        return "-".join([self.family, *(_part(f.name, getattr(self, f.name)) for f in shown)])

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters by name."""
        return dataclasses.asdict(self)

    @property
    def recognition(self) -> bool:
        """Whether the answer is a label, true or false."""
        return False

    @property
    def reserve_family(self) -> str:
        """The name under which related tasks share their reserves."""
        return self.family

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

    @abstractmethod
    def oracle(self, question: str) -> str:
        """Answer one question from its text alone, in plain Python, sharing nothing with `solve`."""

    @abstractmethod
    def operands_of(self, question: str) -> tuple[int, ...]:
        """The canonical operands of one question from its text alone, in plain Python."""


def _part(name: str, value: Any) -> str:
    if isinstance(value, str):
        return re.sub(r"[^\w.]+", "_", value)  # names of configurations and folders
    return str(value) if name == "k" else f"{name.replace('_', '')}{value}"
