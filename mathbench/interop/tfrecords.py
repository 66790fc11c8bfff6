"""Records of TensorFlow: one `tf.train.Example` per row."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mathbench.errors import require_extra
from mathbench.interop.source import Measures, Progress, Source


def write_tfrecord(
    source: Source, measures: dict[str, Measures], folder: Path, progress: Progress = lambda rows: None
) -> None:
    """Write each file of the dataset to `CONFIG/SPLIT-00000-of-00001.tfrecord`, with a feature for every column.

    Text is bytes in UTF-8, numbers are int64, chats are JSON.

    Raises:
        InputError: when TensorFlow is not installed.
    """
    require_extra("tensorflow", "keras")
    tf = _tensorflow()
    for config in source.configs:
        (folder / config.name).mkdir()
        for split in source.splits_of(config):
            count = len(config.shards_of(split))
            for number, tables in enumerate(source.shard_tables(config, split)):
                path = folder / config.name / f"{split}-{number:05d}-of-{count:05d}.tfrecord"
                with tf.io.TFRecordWriter(str(path)) as writer:
                    for table in tables:
                        for row in table.to_pylist():
                            writer.write(_example(tf, row).SerializeToString())
                        progress(table.num_rows)


def _tensorflow() -> Any:
    """Import TensorFlow without what it prints about the processor."""
    from mathbench.baselines.models.keras.backend import quiet_stderr

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_stderr():
        import tensorflow as tf

        # the first use prints too
        tf.io.TFRecordOptions()
    return tf


def _example(tf: Any, row: Mapping[str, Any]) -> Any:
    """One row as an example."""
    features = {name: _feature(tf, value) for name, value in row.items()}
    return tf.train.Example(features=tf.train.Features(feature=features))


def _feature(tf: Any, value: Any) -> Any:
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
