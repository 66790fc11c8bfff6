"""Files of the export as others read them: `datasets`, the standard library, NumPy and TensorFlow."""

import csv
import os
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from answering import Answers, run_mathbench
from datasets import load_dataset

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf


def check_text(folder: Path, answers: Answers, cache: Path) -> None:
    """JSON lines and CSV as `datasets` and the standard library read them, and alternating lines."""
    path = folder / "jsonl" / answers.config.name / "interpolate.jsonl"
    rows = load_dataset("json", data_files=str(path), split="train", cache_dir=str(cache))
    assert rows.to_list() == answers.rows
    with (folder / "csv" / answers.config.name / "interpolate.csv").open(
        newline="", encoding="utf-8"
    ) as file:
        found = [row | {"row": int(row["row"])} for row in csv.DictReader(file)]
    assert found == answers.rows
    lines = (folder / "txt" / "interpolate" / f"{answers.config.name}.txt").read_text().splitlines()
    assert lines == [text for row in answers.rows for text in (row["question"], row["answer"])]
    print(f"datasets {version('datasets')}, csv, txt: {len(found)} rows")


def check_arrays(path: Path, answers: Answers) -> None:
    """Text and tokens of a NumPy archive, without pickles."""
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["question"].tolist() == [row["question"] for row in answers.rows]
        assert arrays["row"].tolist() == [row["row"] for row in answers.rows]
        texts = ["".join(arrays["vocabulary"][tokens]) for tokens in arrays["answer_tokens"]]
    assert texts == [row["answer"] for row in answers.rows]
    print(f"numpy {np.__version__}: {len(texts)} rows")


def check_records(pattern: Path, answers: Answers) -> None:
    """Records as `tf.data` reads them."""
    features = {
        name: tf.io.FixedLenFeature([], tf.string) for name in ("question", "answer", "stratum", "task")
    }
    features["row"] = tf.io.FixedLenFeature([], tf.int64)
    files = tf.data.Dataset.list_files(str(pattern), shuffle=False)
    records = tf.data.TFRecordDataset(files).map(lambda text: tf.io.parse_single_example(text, features))
    found = [
        {name: value.decode() if isinstance(value, bytes) else int(value) for name, value in record.items()}
        for record in records.as_numpy_iterator()
    ]
    assert found == answers.rows
    print(f"tensorflow {tf.__version__}: {len(found)} rows")


def main(work: Path) -> None:
    """Export in every format and read the files."""
    data = work / "data"
    run_mathbench("generate", "--task", "subtraction", "--digits", "2", "--interpolate", "200", "--out", data)
    answers = Answers(str(data))
    for kind in ("jsonl", "csv", "txt", "npz", "tfrecord"):
        run_mathbench("export", kind, data, work / "out" / kind)
    check_text(work / "out", answers, work / "cache")
    check_arrays(work / "out" / "npz" / answers.config.name / "interpolate.npz", answers)
    check_records(work / "out" / "tfrecord" / answers.config.name / "interpolate-*.tfrecord", answers)


main(Path(sys.argv[1]))
