"""Streams as `tf.data` datasets of batches."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf

from mathbench.errors import InputError
from mathbench.streaming.base import BaseStream
from mathbench.streaming.encoder import Encode, Encoder, make_encoder
from mathbench.streaming.share import WorkerShard


def dataset(stream: BaseStream, encode: Encode, shard: WorkerShard) -> "tf.data.Dataset[Any]":
    """Convert a stream to a `tf.data.Dataset` of batches; its cardinality is known if the stream is finite.

    Args:
        stream: a stream of batches.
        encode: see `mathbench.streaming.encoder.make_encoder`; None: text as string tensors.
        shard: the batches to read.

    Raises:
        InputError: for a stream of single rows.

    >>> import mathbench
    >>> batches = mathbench.stream("addition", rows=100, batch_size=40).tf(encode="0123456789+")
    >>> [batch["question"].shape[0] for batch in batches]
    [40, 40, 20]
    """
    if stream.batch_size is None:
        raise InputError(
            "tf.data requires batches: give batch_size to the stream. Use .unbatch() for single rows."
        )
    encoder = make_encoder(encode)
    convert = encoder or _strings

    def batches() -> Iterator[Any]:
        return stream.read(convert, shard, done=0)

    first = convert(stream.table(0))
    result = tf.data.Dataset.from_generator(batches, output_signature=_signature(first, encoder))
    if stream.total is not None:
        result = result.apply(tf.data.experimental.assert_cardinality(shard.count(stream.total)))
    return result.prefetch(tf.data.AUTOTUNE)


def _strings(table: pa.Table) -> dict[str, Any]:
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}


def _signature(batch: Any, encoder: Any) -> Any:
    """The signature of batches: that of the first one, with a variable number of rows and variable widths."""
    signature = tf.nest.map_structure(_spec, batch)
    if isinstance(encoder, Encoder):
        for name, width in (("question", encoder.question_width), ("answer", encoder.answer_width)):
            if name in signature:
                signature[name] = tf.TensorSpec((None, width), tf.int64)
    return signature


def _spec(value: Any) -> tf.TensorSpec:
    array = np.asarray(value)
    dtype = tf.string if array.dtype.kind in "OU" else tf.as_dtype(array.dtype)
    return tf.TensorSpec((None,) * array.ndim, dtype)
