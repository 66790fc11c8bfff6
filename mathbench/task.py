"""Tasks: families of problems with their parameters fixed.

There are two kinds of families. One whose problems can be counted derives from
:class:`mathbench.sampling.enumerated.Enumerated` and maps row numbers to problems. One whose problems are too irregular
for that derives from :class:`mathbench.sampling.sampled.Sampled` and draws problems by hashing row numbers.
"""

import dataclasses
import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
import pyarrow as pa

from mathbench import formats, parameters
from mathbench.errors import InputError, require_extra, shown
from mathbench.hashing import Int, key_of
from mathbench.reserve import NOTHING_EXCLUDED, RESERVE_OF_SPLIT, Excluded, Reserve
from mathbench.stratum import Stratum

LABELS = ("false", "true")
EXCLUDING_SPLITS = ("train", "validation")  # those that excluded problems are kept out of
_NARROWING = ("train_share", "exclude")  # parameters of every family that leave fewer problems to train
_LAST = (*_NARROWING, "format")  # parameters of every family, listed after its own


class TextRows(NamedTuple):
    """Some rows of one split in plain text.

    Attributes:
        questions, answers: strings (n,).
        stratum: int64 (n,), the index of each row's stratum in the task's list.
        labels: int64 (n,), 0 or 1; None for a task whose answers are not labels.
    """

    questions: pa.StringArray
    answers: pa.StringArray
    stratum: Int
    labels: Int | None = None


class RowSource(Protocol):
    """The source of the rows of one split of a task."""

    def __len__(self) -> int:
        """The number of rows."""
        ...

    def capacity_up_to(self, rows: int) -> int:
        """The smaller of `rows` and the number of rows."""
        ...

    @property
    def block(self) -> int:
        """Rows in a block, within which every stratum has its share."""
        ...

    @property
    def batch_rows(self) -> int:
        """Rows to make at a time, chosen so that memory is the same for every task."""
        ...

    def rendered(self, rows: range | Int) -> Iterator[TextRows]:
        """Render some rows in order, a range or int64 (n,). Yields at least one piece."""
        ...


def row_numbers(rows: range | Sequence[int] | Int) -> Int:
    """Convert row numbers to an array, int64 (n,).

    Raises:
        InputError: for anything that is not a sequence of integers.
    """
    if isinstance(rows, range):
        return np.arange(rows.start, rows.stop, rows.step, dtype=np.int64)
    try:
        numbers = np.asarray(rows)
        if numbers.ndim == 1 and (numbers.dtype.kind in "iu" or not len(numbers)):
            return numbers.astype(np.int64)
    except (ValueError, OverflowError):
        pass
    raise InputError(f"row numbers must be a list of integers. Received: {shown(rows)}.")


@dataclass(frozen=True)
class Task(ABC):
    """A family of problems with its parameters fixed. Parameters are checked when a task is made."""

    family: ClassVar[str]
    summary: ClassVar[str]
    symmetry: ClassVar[str] = "none"
    extrapolates: ClassVar[str] = "longer"
    version: ClassVar[int] = 1
    # whether rows are made and solved here; those of imported data are read from files, and nothing solves them
    generated: ClassVar[bool] = True
    # "+" or "*" for tasks that judge statements such as 12+29=41
    statement_sign: ClassVar[str] = ""
    # whether the task asks if a number is prime
    asks_primality: ClassVar[bool] = False
    # whether the task compares the numbers of its questions
    compares: ClassVar[bool] = False
    # whether answers are residues, or labels that depend on one
    answers_residues: ClassVar[bool] = False
    # the optional package that `oracle` imports, and the extra that installs it
    solver_needs: ClassVar[tuple[str, str] | None] = None
    # digits of the longest number that a scratchpad is written for; None: no limit
    steps_max_digits: ClassVar[int | None] = None
    # the reserve of each split
    reserves: ClassVar[Mapping[str, Reserve]] = RESERVE_OF_SPLIT

    # whether problems can be excluded: the family reads them from questions and leaves out those of `reserve`
    can_exclude: ClassVar[bool] = False

    format: str = parameters.parameter("plain", "text format; see docs/formats.md", kw_only=True, added=True)
    train_share: float = parameters.parameter(
        0.8, "share of all problems that train draws from", low=0.01, high=0.8, kw_only=True, added=True
    )
    exclude: Excluded = parameters.parameter(  # noqa: RUF009 - the default is immutable
        NOTHING_EXCLUDED, "problems that train and validation leave out", kw_only=True, added=True
    )

    def __post_init__(self) -> None:
        parameters.check(self, self.family)
        if self.exclude and not self.can_exclude:
            raise InputError(
                f"{self.family} does not support exclude: its problems cannot be read from the text of a question."
            )
        # one name per format: options at their defaults are left out
        object.__setattr__(self, "format", formats.validated(self, self.format))

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Make a task from parameters given as text or values.

        Raises:
            InputError: for an unknown parameter or a value that is not allowed.
        """
        words = {name: options[name] for name in formats.OPTIONS if name in options}
        rest = {name: value for name, value in options.items() if name not in words}
        found = parameters.parse(cls, cls.family, rest, formats.OPTIONS)
        if not words:
            return cls(**found)
        try:
            found["format"] = formats.with_options(found.get("format", formats.PLAIN), words)
        except InputError as error:
            raise InputError(f"{cls.family}: {error}") from None
        return cls(**found)

    @property
    def id(self) -> str:
        """The versioned id. The version changes whenever rows change for the same parameters."""
        return f"{self.family}-v{self.version}"

    @property
    def name(self) -> str:
        """A readable name that identifies the task and its parameters, used for the configurations of a dataset.

        >>> from mathbench.families import task
        >>> task("divisible", k=7).name, task("addition", digits=6).name
        ('divisible-7-base10', 'addition-base10-digits6')
        """
        fields = sorted(self.fields(), key=lambda field: not field.metadata["always"])
        shown = [f.name for f in fields if f.metadata["always"] or self._is_given(f)]
        return "-".join([self.family, *self._name_parts(shown)])

    def _name_parts(self, names: Iterable[str]) -> Iterator[str]:
        """Some parameters as parts of a name."""
        fields = {field.name: field for field in self.fields()}
        return (_name_part(fields[name], getattr(self, name)) for name in names)

    def _is_given(self, field: "dataclasses.Field[Any]") -> bool:
        """Whether a parameter differs from its default."""
        return bool(getattr(self, field.name) != field.default)

    @property
    def shared_name_parts(self) -> tuple[str, ...]:
        """The parts of a name for the parameters that narrow train, where they are given."""
        given = (f.name for f in self.fields() if f.name in _NARROWING and self._is_given(f))
        return tuple(self._name_parts(given))

    @property
    def unique_name(self) -> str:
        """The name, followed by ``~`` and a digest of the parameters where another task may have the same name.

        >>> from mathbench.families import task
        >>> task("addition", digits=6).unique_name
        'addition-base10-digits6'
        >>> task("addition", format="padded:width=8").unique_name
        'addition-base10-padded_width_8~5113de7b2c32'
        """
        if self._name_is_exact():
            return self.name
        content = json.dumps([self.id, self.parameters], sort_keys=True).encode()
        return f"{self.name}~{hashlib.sha256(content).hexdigest()[:12]}"

    def _name_is_exact(self) -> bool:
        """Whether no other parameters have the same name: all text in the name is as given, and of one parameter."""
        changed = [f for f in self.fields() if getattr(self, f.name) != f.default or f.metadata["always"]]
        if type(self).name is not Task.name:
            return all(getattr(self, f.name) == f.default for f in self.fields())
        return all(_is_exact(f, getattr(self, f.name), self.fields()) for f in changed)

    @classmethod
    def fields(cls) -> list["dataclasses.Field[Any]"]:
        """The parameters as dataclass fields in order: the family's own, then those of every family."""
        return sorted(dataclasses.fields(cls), key=lambda f: _LAST.index(f.name) if f.name in _LAST else -1)

    @classmethod
    def own_fields(cls) -> list["dataclasses.Field[Any]"]:
        """The parameters without those that every family has in the same way."""
        return [field for field in cls.fields() if field.name not in _LAST or not field.metadata["added"]]

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, without those added later at their defaults, such as a plain format."""
        stored = (f for f in self.fields() if not f.metadata["added"] or self._is_given(f))
        return {field.name: parameters.as_json(getattr(self, field.name)) for field in stored}

    @property
    def plain(self) -> Self:
        """The same task in plain text; rows have the same problems in the same order."""
        return self if self.format == formats.PLAIN else dataclasses.replace(self, format=formats.PLAIN)

    @property
    def unrestricted(self) -> Self:
        """The same task in plain text without exclusions: its rows look alike, and are known without the list."""
        return dataclasses.replace(self.plain, exclude=Excluded()) if self.exclude else self.plain

    @property
    def number_base(self) -> int:
        """The base of the numbers in questions and answers: the parameter `base`, or 10 where there is none."""
        return int(getattr(self, "base", 10))

    @property
    def recognition(self) -> bool:
        """Whether the answer is a label, true or false."""
        return False

    @property
    def knows_train(self) -> bool:
        """Whether the rows of train are known: not where problems are excluded by the digest of their list alone."""
        return not self.exclude or self.exclude.known

    @property
    def balanced_labels(self) -> bool:
        """Whether as many rows are true as false."""
        return self.recognition

    @property
    def answer_labels(self) -> tuple[str, ...]:
        """All answers, where they are labels; empty where they are numbers or text."""
        return LABELS if self.recognition else ()

    @property
    def residue_count(self) -> int:
        """The number of residues where answers are residues; 0 for every other task."""
        return 0

    @property
    def numeric(self) -> bool:
        """Whether questions are integers and signs, whose digits formats may rewrite."""
        return True

    @property
    def signed(self) -> bool:
        """Whether the numbers of a question may be negative: where the parameter `smallest` is below 0."""
        return (getattr(self, "smallest", None) or 0) < 0

    @property
    def reserve_family(self) -> str:
        """The name under which related families share their reserves."""
        return self.family

    def reserve(self, split: str) -> Reserve:
        """The problems that a split draws from.

        Raises:
            InputError: when some are excluded, and it is not known which.
        """
        reserve = self.reserves[split]
        if split == "train":
            reserve = reserve.subset(self.train_share)
        if self.exclude and split in EXCLUDING_SPLITS:
            reserve = reserve.without(self.exclude.fingerprints(self.reserve_family))
        return reserve

    @abstractmethod
    def inner(self) -> list[Stratum]:
        """The strata of train, validation and interpolate."""

    @abstractmethod
    def outer(self) -> list[Stratum]:
        """The strata of extrapolate, none of which occurs in train."""

    def strata(self, split: str) -> Sequence[Stratum]:
        """The strata of a split."""
        return _strata(self, split == "extrapolate")

    def may_repeat(self, split: str) -> bool:
        """Whether a split may repeat a problem. Test splits never do."""
        return False

    def key(self, split: str, seed: int | str) -> int:
        """The 64-bit key of a split under a seed."""
        if self.exclude and split in EXCLUDING_SPLITS:
            # Another order of the problems: the first rows of the old one may be just those that are excluded, and a
            # window of it without any problem.
            return key_of(self.id, seed, split, self.exclude.digest)
        return key_of(self.id, seed, split)

    @abstractmethod
    def source(self, split: str, seed: int | str) -> RowSource:
        """The source of the rows of a split under a seed."""

    def longest(self) -> tuple[int, int] | None:
        """Digits of the longest number in a question and in an answer over all splits; None where unknown.

        The format `padded` needs it unless the user gives the widths.
        """
        return None

    def steps(self, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
        """The steps that a scratchpad shows before each answer. A family without this method has no scratchpad.

        Args:
            questions: plain questions, strings (n,).
            answers: their plain answers, strings (n,).

        Returns:
            Strings (n,) without `#`; see :mod:`mathbench.formats.written_steps`.
        """
        raise NotImplementedError

    def answers_by_residue(self) -> list[str] | None:
        """The answer for every residue, where the answer depends on a residue of the number alone.

        Returns:
            The answers of the residues 0, 1, ..., one per residue; None for a task of another kind.
        """
        return None

    @property
    def has_steps(self) -> bool:
        """Whether the task has steps for scratchpads, which are for integers of 0 or more."""
        return type(self).steps is not Task.steps and self.numeric and not self.signed

    @abstractmethod
    def oracle(self, question: str) -> str:
        """Answer one question from its text alone, in plain Python that shares no code with the generator."""

    def require_solver(self) -> None:
        """Check that the package that `oracle` needs is installed.

        Raises:
            InputError: when it is not; names the extra to install.
        """
        if self.solver_needs:
            require_extra(*self.solver_needs)

    @property
    def parts(self) -> Mapping[str, "Task"]:
        """The tasks of a mixture by the prefix of their strata; empty for every other task."""
        return {}

    def part_of_stratum(self, stratum: str) -> "Task":
        """The task that the questions of a stratum belong to: the part that the stratum names, or this task."""
        return self


@lru_cache(maxsize=32)
def _strata(task: Task, outer: bool) -> Sequence[Stratum]:
    """The strata of a task, cached because there may be thousands."""
    return tuple(task.outer() if outer else task.inner())


def _name_part(field: "dataclasses.Field[Any]", value: Any) -> str:
    """One parameter in the name of a task. Names are also names of folders."""
    if field.name == "format":
        return re.sub(r"[^\w.+-]+", "_", formats.abbreviated(value))
    if isinstance(value, Excluded):
        return f"{field.name}{value.short}"
    if isinstance(value, str):
        return re.sub(r"[^\w.]+", "_", value)
    return str(value) if field.metadata["value_only"] else f"{field.name.replace('_', '')}{value}"


def _is_exact(
    field: "dataclasses.Field[Any]", value: Any, fields: "Sequence[dataclasses.Field[Any]]"
) -> bool:
    """Whether a parameter is known from its part of the name; text is there without the name of the parameter."""
    if not isinstance(value, str):
        return True
    others = [choice for other in fields if other is not field for choice in other.metadata["choices"]]
    return _name_part(field, value) == value and value not in others
