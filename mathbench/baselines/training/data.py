"""What a training reads, as its settings say: from memory or from a stream, in stages, sorted by length."""

from dataclasses import replace

import pyarrow as pa

from mathbench.baselines.curriculum import begins, shown, stages_of
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.settings import Training
from mathbench.baselines.training.batches import Batches, Bucketed, InMemory, InStages, feed_of
from mathbench.baselines.training.online import Online, labels_of
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.hashing import key_of
from mathbench.task import Task


def batches_of(settings: Training, data: Data, encoding: Encoding, seed: int | str) -> Batches:
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
    rows, stages = data.splits["train"], stages_of(settings.curriculum)
    parts = [rows.take(pa.array(shown(stage, rows["stratum"]))) for stage in stages]
    read = [_stored(settings, data.task, part, encoding, key_of(seed, i)) for i, part in enumerate(parts)]
    if settings.source == "stream":
        read.append(Online(data.task, data.seed, settings.batch, encoding))
    else:
        read.append(_stored(settings, data.task, rows, encoding, seed))
    if settings.buckets:
        read = [Bucketed(part, settings.buckets, seed, blank_first(encoding)) for part in read]
    return InStages(begins(stages, settings.steps), tuple(read)) if stages else read[0]


def asked(settings: Training, encoding: Encoding) -> Encoding:
    """The encoding of questions that are to be answered: without blanks where training had next to none.

    >>> from mathbench.baselines.encoding import Choices
    >>> asked(Training(buckets=8), Encoding(Choices(), "01", (160,), 2)).widths
    (1,)
    """
    return replace(encoding, widths=(1,)) if settings.buckets else encoding


def blank_first(encoding: Encoding) -> bool:
    """Whether a question's tokens begin with its blanks."""
    return (encoding.choices.padding == "left") != (encoding.choices.query == "reversed")


def _stored(settings: Training, task: Task, rows: pa.Table, encoding: Encoding, seed: int | str) -> Batches:
    questions = encoding.questions(rows["question"])
    labels = labels_of(encoding, task, questions, rows["answer"])
    return InMemory(questions, labels, feed_of(task, rows, settings.batch, settings.sampling, seed))


def _check(settings: Training, encoding: Encoding) -> None:
    if settings.source == "stream" and settings.sampling != "rows":
        raise InputError(
            "a stream draws strata by weight as it is: sampling must be rows with source=stream."
        )
    if settings.buckets and encoding.choices.padding == "operands":
        raise InputError("buckets cut blanks off, so padding must be right or left. Received: operands.")
    if settings.buckets and encoding.classes and encoding.choices.labels == "prefix":
        raise InputError("buckets go with labels=last. Received: labels=prefix.")
