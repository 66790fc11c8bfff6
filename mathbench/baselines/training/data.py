"""The batches of a training, as configured: from memory or a stream, in stages, sorted by length."""

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa

from mathbench import formats
from mathbench.baselines.curriculum import CurriculumStage, parse_stages, stage_starts
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.settings import SequenceSettings, TrainingSettings
from mathbench.baselines.training.batches import (
    BatchSource,
    Bucketed,
    InMemory,
    Int,
    StagedBatches,
    make_row_sampler,
)
from mathbench.baselines.training.labels import LabelEncoder
from mathbench.baselines.training.lengths import make_length_batches
from mathbench.baselines.training.online import OnlineBatches
from mathbench.dataset.data import Data
from mathbench.errors import InputError, did_you_mean
from mathbench.formats.padded import Padded
from mathbench.hashing import key_of
from mathbench.task import Task


def make_batches(settings: TrainingSettings, data: Data, encoding: Encoding, seed: int | str) -> BatchSource:
    """Return the batches of a training.

    Args:
        settings: the hyperparameters.
        data: provides the task and the training rows.
        encoding: maps text to tokens.
        seed: seed of the training.

    Raises:
        InputError: for settings that contradict each other or do not suit the data.
    """
    _check(settings, encoding)
    if isinstance(settings, SequenceSettings) and settings.sampling == "lengths":
        unpadded = LabelEncoder.of(settings, data, effective_encoding(settings, encoding))
        return make_length_batches(settings, data.splits["train"], unpadded, seed)
    labels = LabelEncoder.of(settings, data, encoding)
    rows, stages = data.splits["train"], parse_stages(settings.curriculum)
    batches = [
        _stage_batches(settings, data, stage, labels, key_of(seed, i)) for i, stage in enumerate(stages)
    ]
    if settings.source == "stream":
        batches.append(OnlineBatches(data.task, data.seed, settings.batch, labels))
    else:
        batches.append(_in_memory(settings, rows, labels, seed))
    if settings.buckets:
        batches = [Bucketed(part, settings.buckets, seed, left_padded(encoding)) for part in batches]
    return StagedBatches(stage_starts(stages, settings.steps), tuple(batches)) if stages else batches[0]


def effective_encoding(settings: TrainingSettings, encoding: Encoding) -> Encoding:
    """Return the encoding for prediction, which does not pad where training hardly did or not at all.

    >>> from mathbench.baselines.settings import EncodingOptions
    >>> effective_encoding(TrainingSettings(buckets=8), Encoding(EncodingOptions(), "01", (160,), 2)).widths
    (1,)
    """
    unpadded = not encoding.layout and (settings.buckets or settings.sampling == "lengths")
    return replace(encoding, widths=(1,)) if unpadded else encoding


def left_padded(encoding: Encoding) -> bool:
    """Return whether the padding of a question comes before its characters."""
    return (encoding.choices.padding == "left") != (encoding.choices.query == "reversed")


def stage_rows(stage: CurriculumStage, strata: pa.ChunkedArray) -> Int:
    """Return the rows of a stage, int64 (m,), given the stratum of each row.

    Raises:
        InputError: when no stratum matches the pattern.
    """
    encoded = strata.cast(pa.string()).combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    selected = np.array([fnmatchcase(name, stage.pattern) for name in names], dtype=bool)
    if not selected.any():
        hint = did_you_mean(stage.pattern, names)
        raise InputError(f"curriculum: no stratum of train matches '{stage.pattern}'. {hint}")
    return np.flatnonzero(selected[encoded.indices.to_numpy(zero_copy_only=False)])


def _stage_batches(
    settings: TrainingSettings, data: Data, stage: CurriculumStage, labels: LabelEncoder, seed: int | str
) -> BatchSource:
    """Return the batches of a stage: rows of some strata from memory, or those of another task from its stream."""
    if stage.changes:
        if settings.source != "stream":
            raise InputError(
                f"curriculum: '{stage.pattern}' requires source=stream. Received: source={settings.source}."
            )
        changed = stage_task(data.task, stage.changes)
        return OnlineBatches(changed, data.seed, settings.batch, replace(labels, task=changed))
    rows = data.splits["train"]
    part = rows.take(pa.array(stage_rows(stage, rows["stratum"])))
    return _in_memory(settings, part, labels, seed)


def stage_task(task: Task, changes: Mapping[str, str]) -> Task:
    """Return a task with other parameters whose training rows never meet the test rows of the first.

    Numbers that the format pads stay as wide as in the first task.

    Raises:
        InputError: for parameters that the task does not have, or that decide which problems train may show.

    >>> from mathbench.families import task
    >>> stage_task(task("addition", digits=10, more=0, format="padded"), {"digits": "3"}).format
    'padded:width=12,answer=13'
    """
    for name in ("format", "train_share", "exclude"):
        if name in changes:
            raise InputError(
                f"curriculum: a stage keeps the parameter {name} of the task. Received: {name}=..."
            )
    kinds = [
        _padded_as(task, kind) if isinstance(kind, Padded) else kind for kind in formats.parse(task.format)
    ]
    options = {**task.parameters, "format": formats.name_of(tuple(kinds)), **changes}
    changed = replace(type(task).of(options), train_share=task.train_share, exclude=task.exclude)
    if changed.reserve_family != task.reserve_family:
        raise InputError(
            f"curriculum: {changed.name} and {task.name} do not share out their problems alike, so a stage cannot "
            "train on it."
        )
    return changed


def _padded_as(task: Task, kind: Padded) -> Padded:
    """Return a format with the widths that it has for a task."""
    if kind.to == "question":
        return kind
    question, answer = task.longest() or (0, 0)
    width = kind.width or question
    return (
        replace(kind, width=width)
        if task.recognition
        else replace(kind, width=width, answer=kind.answer or answer)
    )


def _in_memory(
    settings: TrainingSettings, rows: pa.Table, encoder: LabelEncoder, seed: int | str
) -> BatchSource:
    sampler = make_row_sampler(encoder.task, rows, settings.batch, settings.sampling, seed)
    return InMemory(*encoder.batch(rows), sampler)


def _check(settings: TrainingSettings, encoding: Encoding) -> None:
    if settings.sampling == "lengths":
        _check_lengths(settings, encoding)
    if settings.source == "stream" and settings.sampling != "rows":
        raise InputError(
            "source=stream requires sampling=rows, because a stream draws strata by weight. "
            "Received: sampling=strata."
        )
    if settings.buckets and settings.fixed_width:
        raise InputError(
            "a network whose input has a fixed width requires buckets=0. "
            f"Received: buckets={settings.buckets}."
        )
    if settings.buckets and encoding.choices.padding in ("operands", "columns"):
        raise InputError(
            "buckets require padding=right or padding=left, because they cut padding off. "
            f"Received: padding={encoding.choices.padding}."
        )
    if settings.buckets and encoding.classes and encoding.choices.labels == "prefix":
        raise InputError("buckets require labels=last. Received: labels=prefix.")
    if settings.buckets and settings.labels_prefixes:
        raise InputError(f"buckets require no labels of prefixes. Received: auxiliary={settings.auxiliary}.")
    if settings.buckets and encoding.choices.pad_with == "zero":
        raise InputError(
            "buckets require pad_with=blank, because they cut padding off. Received: pad_with=zero."
        )


def _check_lengths(settings: TrainingSettings, encoding: Encoding) -> None:
    """Check that nothing else orders or pads the rows of batches of one length."""
    others: dict[str, tuple[object, object]] = {
        "source": ("rows", settings.source),
        "curriculum": ("", settings.curriculum),
        "buckets": (0, settings.buckets),
    }
    for name, (required, value) in others.items():
        if value != required:
            raise InputError(f"sampling=lengths requires {name}={required}. Received: {name}={value}.")
    if encoding.choices.padding == "operands":
        raise InputError(
            "sampling=lengths requires padding=right, padding=left or padding=columns. Received: padding=operands."
        )
