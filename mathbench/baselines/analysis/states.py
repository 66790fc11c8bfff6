"""Hidden states of a network for many questions, as a Parquet table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mathbench import formats
from mathbench.baselines.analysis.inspect import PADDING_MARK, in_order
from mathbench.baselines.analysis.questions import check_questions, readable
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.predictor import LoadedRun, TrainedNetwork
from mathbench.errors import InputError
from mathbench.rows import ID
from mathbench.storage import atomic

SUFFIX = ".parquet"
BATCH = 1024  # questions at a time, to bound memory
WRITERS = ("writer",)  # names of layers whose positions are those of the answer
SCHEMA = pa.schema(
    {
        "question": pa.string(),
        "expected": pa.string(),
        "answer": pa.string(),
        "layer": pa.string(),
        "position": pa.int32(),
        "token": pa.string(),
        "prefix": pa.string(),
        "state": pa.list_(pa.float32()),
        ID: pa.string(),
    }
)

States = dict[str, NDArray[np.float32]]  # by layer, (n, positions, units)


@dataclass(frozen=True)
class ExportedStates:
    """What was written.

    Args:
        questions: number of questions.
        rows: number of rows.
        layers: units of each layer by name.
    """

    questions: int
    rows: int
    layers: dict[str, int]


def check_states_file(path: Path) -> None:
    """Check that a file of states is to be Parquet.

    Raises:
        InputError: for another suffix.
    """
    if path.suffix != SUFFIX:
        raise InputError(f"--states writes Parquet, such as states.parquet. Received: {path}.")


def export_states(
    run: LoadedRun,
    questions: Sequence[str],
    expected: Sequence[str] | None,
    path: Path,
    ids: pa.Array | None = None,
) -> ExportedStates:
    """Write the hidden states of a network for some questions, one row per question, layer and position.

    Args:
        run: the loaded run.
        questions: questions in plain text.
        expected: their correct answers in plain text, None where these are unknown.
        path: the Parquet file. Its rows come in the order of the questions within each layer and each width of a
            padded question.
        ids: the names of the rows that ask the questions, strings (n,); None where no row asks them.

    Raises:
        InputError: for a run without a network, a network without hidden states, a question that it cannot read, or
            a file that is not Parquet.
    """
    check_states_file(path)
    trained = run.trained
    if trained is None:
        raise InputError(f"{run.result['baseline']} is not a network, so it has no states.")
    plain = check_questions(questions)
    truth = pa.array(expected, pa.string()) if expected is not None else pa.nulls(len(plain), pa.string())
    formatted = formats.for_task(run.task)
    asked = formatted.plain_rows(plain)
    names = pa.nulls(len(plain), pa.string()) if ids is None else ids
    with readable(questions):
        groups = trained.encoding.group_by_width(formatted.questions(asked["question"], asked["answer"]))
    layers: dict[str, int] = {}
    rows = 0
    with atomic.atomic_write(path) as file, pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for members, tokens in _batches(groups):
            chosen = pa.array(members)
            states, answers = _states(run, trained, tokens, asked.take(chosen))
            for layer, values in states.items():
                layers[layer] = values.shape[2]
                texts = [plain.take(chosen), truth.take(chosen), answers, names.take(chosen)]
                table = _table(trained, layer, values, tokens, texts)
                writer.write_table(table)
                rows += len(table)
        if not layers:
            raise InputError(f"{run.result['baseline']} has no hidden states to export.")
    return ExportedStates(len(plain), rows, layers)


def _batches(groups: list[tuple[Tokens, Tokens]]) -> Iterator[tuple[Tokens, Tokens]]:
    for members, tokens in groups:
        for i in range(0, len(members), BATCH):
            yield members[i : i + BATCH], tokens[i : i + BATCH]


def _states(
    run: LoadedRun, trained: TrainedNetwork, tokens: Tokens, rows: pa.Table
) -> tuple[States, pa.Array]:
    """Return the states by layer and the answers in plain text, given the plain rows.

    Of a network that reads token by token, the states are all that it carries on; of others, those of `inspect`.
    """
    written = trained.network.predict(tokens)
    answers = formats.for_task(run.task).undo_answers(trained.encoding.decoded(written), rows)
    machine = trained.network.state_machine()
    if machine is None:
        found = trained.network.inspect(tokens, written)
        hidden = {name: values for name, values in found.items() if name.startswith("hidden/")}
        return {name.removeprefix("hidden/"): values for name, values in hidden.items()}, answers
    parts = np.split(machine.read(tokens).astype(np.float32), len(machine.parts), axis=2)
    return dict(zip(machine.parts, parts, strict=True)), answers


def _table(
    trained: TrainedNetwork, layer: str, values: NDArray[np.float32], tokens: Tokens, texts: list[Any]
) -> pa.Table:
    """Return the rows of one layer for questions (n, T) and states (n, positions, units)."""
    n, positions, units = values.shape
    read = _characters_read(trained, layer, tokens, positions)
    question, expected, answer, ids = (
        text.take(pa.array(np.repeat(np.arange(n), positions))) for text in texts
    )
    offsets = np.arange(0, n * positions * units + 1, units, dtype=np.int32)
    columns: dict[str, Any] = {
        "question": question,
        "expected": expected,
        "answer": answer,
        "layer": pa.array([layer] * (n * positions), pa.string()),
        "position": np.tile(np.arange(positions, dtype=np.int32), n),
        **{name: _texts(column, n * positions) for name, column in read.items()},
        "state": pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.ravel())),
        ID: ids,
    }
    return pa.table(columns, schema=SCHEMA)


def _characters_read(
    trained: TrainedNetwork, layer: str, tokens: Tokens, positions: int
) -> dict[str, NDArray[np.str_] | None]:
    """Return the character at the position of each state, and all up to it, (n, positions); None where unknown.

    They are unknown for layers over the answer, those that read in another order, and those over fewer positions than
    the question has, such as pooled ones. A state alone has read the whole question. Positions behind the question, as
    blank steps, have read nothing more.
    """
    width = tokens.shape[1]
    if layer.startswith(WRITERS) or not in_order(layer) or 1 < positions < width:
        return {"token": None, "prefix": None}
    token, prefix = trained.encoding.read_texts(tokens)
    token = np.where(token == "", PADDING_MARK, token)
    if positions == 1:
        return {"token": token[:, -1:], "prefix": prefix[:, -1:]}
    more = positions - width
    blank, last = np.full((len(tokens), more), PADDING_MARK), np.repeat(prefix[:, -1:], more, axis=1)
    return {
        "token": np.concatenate([token, blank], axis=1),
        "prefix": np.concatenate([prefix, last], axis=1),
    }


def _texts(values: NDArray[np.str_] | None, rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string()) if values is None else pa.array(values.ravel(), pa.string())
