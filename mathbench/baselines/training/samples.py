"""Answers to a few validation questions at every validation, shown in the progress and stored as JSON lines."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.baselines.training.state import Recorder, TrainingState, Validation
from mathbench.errors import one_line

SAMPLES_FILE = "samples.jsonl"
SAMPLES = 3  # by default
MAX_SAMPLES = 50
MAX_STORED = 1000  # validations, above which every second, fourth, ... one is stored
MAX_SHOWN = 40  # characters of a question or an answer
MAX_TEXT = 2000  # characters of a stored one


class SampleLog(Recorder):
    """A callback that stores the answers to the same few questions after each validation.

    Args:
        run: the run directory.
        rows: the rows of validation.
        count: number of questions; 0 for none.
    """

    def __init__(self, run: Path, rows: pa.Table, count: int):
        self._run = run
        self._rows = sample_rows(rows["stratum"], count)
        self._texts = rows.select(["question", "answer"]).take(pa.array(self._rows, pa.int64())).to_pylist()
        self.latest: list[dict[str, Any]] = []

    def on_start(self, state: TrainingState) -> None:
        """Keep what an interrupted run has stored, up to its checkpoint."""
        validated = set(state.validated)
        kept = [sample for sample in read_samples(self._run) if sample["step"] in validated]
        if kept or self._rows:
            (self._run / SAMPLES_FILE).write_text("".join(map(_line, kept)), encoding="utf-8")

    def on_validation(self, state: TrainingState, found: Validation) -> None:
        """Add the answers of a step to the file. Long trainings leave out more and more validations."""
        self.latest = [self._sample(state.step, i, found) for i in range(len(self._rows))]
        number = len(state.history) - 1
        if self.latest and number % max(1, 1 << (number // MAX_STORED).bit_length()) == 0:
            with (self._run / SAMPLES_FILE).open("a", encoding="utf-8") as file:
                file.write("".join(map(_line, self.latest)))

    def _sample(self, step: int, index: int, found: Validation) -> dict[str, Any]:
        row, texts = self._rows[index], self._texts[index]
        return {
            "step": step,
            "row": row,
            "question": texts["question"][:MAX_TEXT],
            "prediction": (found.predictions[row].as_py() or "")[:MAX_TEXT],
            "answer": texts["answer"][:MAX_TEXT],
            "right": bool(found.right[row]),
        }


def read_samples(run: Path) -> list[dict[str, Any]]:
    """Read the sample answers of a run, in order of their steps; those of a damaged file as far as they are readable.

    Args:
        run: a run directory.

    Returns:
        Step, row of validation, question, prediction, answer and whether it is right.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     read_samples(Path(folder))
    []
    """
    path = run / SAMPLES_FILE
    if not path.is_file():
        return []
    samples = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            sample = json.loads(line)
        except ValueError:
            continue
        if isinstance(sample, dict) and isinstance(sample.get("step"), int):
            samples.append(sample)
    return samples


def sample_rows(strata: pa.ChunkedArray | pa.Array, count: int) -> list[int]:
    """Return a few rows of different strata, spread over their names, as far as there are enough.

    >>> sample_rows(pa.array(["hard", "easy", "hard", "easy", "easy", "medium"]), 4)
    [0, 1, 3, 5]
    """
    column = pc.cast(strata, pa.string())
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = column.dictionary_encode()
    codes, names = np.asarray(encoded.indices), encoded.dictionary.to_pylist()
    if not count or not names:
        return []
    by_name = sorted(range(len(names)), key=names.__getitem__)
    spread = np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int).tolist()
    rows = [np.flatnonzero(codes == by_name[i])[:count].tolist() for i in spread]
    # the first row of each stratum, then the second ones
    turns = [own[turn] for turn in range(count) for own in rows if turn < len(own)]
    return sorted(turns[:count])


def shown(sample: dict[str, Any]) -> str:
    """Return a sample as a short line of text.

    >>> shown({"question": "1+1", "prediction": "3", "answer": "2", "right": False})
    '1+1 -> 3 wrong (2)'
    """
    question, prediction, answer = (_short(sample[key]) for key in ("question", "prediction", "answer"))
    return f"{question} -> {prediction or '-'} " + ("right" if sample["right"] else f"wrong ({answer})")


def _line(sample: dict[str, Any]) -> str:
    return json.dumps(sample) + "\n"


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 3] + "..."
