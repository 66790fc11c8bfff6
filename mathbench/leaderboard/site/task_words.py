"""A task in words, for its page: what is asked, its parameters, what each split holds, and one question per stratum."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mathbench.errors import InputError
from mathbench.families import from_spec
from mathbench.hashing import check_seed
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, TaskGroup
from mathbench.leaderboard.submission import canonical_json
from mathbench.parameters import as_json
from mathbench.rows import Rows
from mathbench.stratum import operand_lengths
from mathbench.task import Task

MAX_STRATA = 30  # strata with a sample, per split
ALWAYS = ("k", "base", "digits")  # parameters that a short description names, also at their defaults
SEARCHED = 512  # rows that are searched for samples


@dataclass(frozen=True)
class Sample:
    """One question with its answer, and its stratum."""

    stratum: str
    question: str
    answer: str


@dataclass(frozen=True)
class SplitWords:
    """What a split holds.

    Args:
        split: its name.
        lengths: of the longest number in digits, from and to; empty where strata have no lengths.
        operands: their number, from and to; empty in the same case.
        strata: the number of strata.
        samples: one question for each of the first strata.
    """

    split: str
    lengths: tuple[int, ...]
    operands: tuple[int, ...]
    strata: int
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a task: name, value and meaning, and whether it belongs to a short description."""

    name: str
    value: str
    meaning: str
    chosen: bool


@dataclass(frozen=True)
class TaskWords:
    """A task in words.

    Args:
        lead: one sentence.
        more: what else its family says of it; empty for nothing.
        summary: a question and its answer, as an example of the family.
        symmetry: what two problems may differ in and still be one; ``"none"`` for nothing.
        extrapolates: what is different in the split extrapolate.
        parameters: those of the family.
        splits: what the two scored splits hold.
    """

    lead: str
    more: str
    summary: str
    symmetry: str
    extrapolates: str
    parameters: tuple[Parameter, ...]
    splits: Mapping[str, SplitWords]


def task_words(group: TaskGroup) -> TaskWords | None:
    """A task in words; None for a task that this version of mathbench does not have."""
    seed = group.season_task.seed if group.season_task else group.records[0].summary.data["seed"]
    spec = {"id": group.task["id"], "parameters": dict(group.task["parameters"]), "seed": check_seed(seed)}
    return _words(canonical_json(spec))


@lru_cache(maxsize=1024)
def _words(spec_json: str) -> TaskWords | None:
    spec = json.loads(spec_json)
    try:
        task = from_spec(spec["id"], spec["parameters"])
        splits = {split: _split(task, split, spec["seed"]) for split in SCORED_SPLITS if task.strata(split)}
    except InputError:
        return None
    lead, _, more = about(task).partition(". ")
    for field in task.own_fields():
        if len(field.name) == 1:  # a letter that stands for a number, as in "a multiple of k"
            lead = re.sub(rf"\b{field.name}\b", _value(getattr(task, field.name)), lead)
    return TaskWords(
        lead=f"{lead.removesuffix('.')}.",
        more=more,
        summary=task.summary,
        symmetry=task.symmetry,
        extrapolates=task.extrapolates,
        parameters=tuple(_parameters(task)),
        splits=splits,
    )


def about(task: Task) -> str:
    """The description of the family of a task as plain text; in ranges such as 1 to `digits` stands the value."""
    words = " ".join((type(task).__doc__ or "").split(">>>")[0].split())
    values = {field.name: _value(getattr(task, field.name)) for field in task.own_fields()}
    words = re.sub(r"(?<= to )`(\w+)`", lambda m: values.get(m[1], m[1]), words)
    return re.sub(r"``?([^`]+)``?", r"\1", words)


def _parameters(task: Task) -> list[Parameter]:
    return [
        Parameter(
            field.name,
            _value(getattr(task, field.name)),
            str(field.metadata["help"]),
            field.name in ALWAYS or as_json(getattr(task, field.name)) != as_json(field.default),
        )
        for field in task.own_fields()
    ]


def _value(value: Any) -> str:
    shown = as_json(value)
    return "none" if shown is None else str(shown)


def _split(task: Task, split: str, seed: int | str) -> SplitWords:
    strata = task.strata(split)
    found = [lengths for stratum in strata if (lengths := operand_lengths(stratum.name))]
    return SplitWords(
        split,
        _ends([max(lengths) for lengths in found]),
        _ends([len(lengths) for lengths in found]),
        len(strata),
        _samples(task, split, seed),
    )


def _ends(numbers: list[int]) -> tuple[int, ...]:
    return tuple(sorted({min(numbers), max(numbers)})) if numbers else ()


def _samples(task: Task, split: str, seed: int | str) -> tuple[Sample, ...]:
    """The first question of each stratum, in the order of the strata."""
    rows = Rows(task, split, seed)
    batch = rows.batch(range(rows.capacity_up_to(SEARCHED))).select(["stratum", "question", "answer"])
    first: dict[str, Sample] = {}
    for row in batch.to_pylist():
        first.setdefault(row["stratum"], Sample(**row))
    order = {stratum.name: i for i, stratum in enumerate(rows.strata)}
    return tuple(sorted(first.values(), key=lambda sample: order[sample.stratum])[:MAX_STRATA])
