"""What a training reads, as its settings say: from memory or from a stream, in stages, sorted by length."""

from dataclasses import replace

import pyarrow as pa

from mathbench.baselines.curriculum import parse_stages, stage_rows, stage_starts
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.training.batches import (
    BatchSource,
    Bucketed,
    InMemory,
    StagedBatches,
    make_row_sampler,
)
from mathbench.baselines.training.online import OnlineBatches, encode_labels
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.hashing import key_of
from mathbench.task import Task


def make_batches(settings: TrainingSettings, data: Data, encoding: Encoding, seed: int | str) -> BatchSource:
    """What each step sees.

    Args:
        settings: the hyperparameters.
        data: its task and its rows of train.
        encoding: what makes tokens of text.
        seed: of the training.

    Raises:
        InputError: for settings that do not go together or do not suit the data.
    """
    _check(settings, encoding)
    rows, stages = data.splits["train"], parse_stages(settings.curriculum)
    parts = [rows.take(pa.array(stage_rows(stage, rows["stratum"]))) for stage in stages]
    read = [_stored(settings, data.task, part, encoding, key_of(seed, i)) for i, part in enumerate(parts)]
    if settings.source == "stream":
        read.append(OnlineBatches(data.task, data.seed, settings.batch, encoding))
    else:
        read.append(_stored(settings, data.task, rows, encoding, seed))
    if settings.buckets:
        read = [Bucketed(part, settings.buckets, seed, left_padded(encoding)) for part in read]
    return StagedBatches(stage_starts(stages, settings.steps), tuple(read)) if stages else read[0]


def effective_encoding(settings: TrainingSettings, encoding: Encoding) -> Encoding:
    """The encoding of questions that are to be answered: without blanks where training had next to none.

    >>> from mathbench.baselines.encoding import EncodingOptions
    >>> effective_encoding(TrainingSettings(buckets=8), Encoding(EncodingOptions(), "01", (160,), 2)).widths
    (1,)
    """
    return replace(encoding, widths=(1,)) if settings.buckets else encoding


def left_padded(encoding: Encoding) -> bool:
    """Whether a question's tokens begin with its blanks."""
    return (encoding.choices.padding == "left") != (encoding.choices.query == "reversed")


def _stored(
    settings: TrainingSettings, task: Task, rows: pa.Table, encoding: Encoding, seed: int | str
) -> BatchSource:
    questions = encoding.questions(rows["question"])
    labels = encode_labels(encoding, task, questions, rows["answer"])
    return InMemory(questions, labels, make_row_sampler(task, rows, settings.batch, settings.sampling, seed))


def _check(settings: TrainingSettings, encoding: Encoding) -> None:
    if settings.source == "stream" and settings.sampling != "rows":
        raise InputError(
            "a stream draws strata by weight as it is: sampling must be rows with source=stream."
        )
    if settings.buckets and encoding.choices.padding == "operands":
        raise InputError("buckets cut blanks off, so padding must be right or left. Received: operands.")
    if settings.buckets and encoding.classes and encoding.choices.labels == "prefix":
        raise InputError("buckets go with labels=last. Received: labels=prefix.")
