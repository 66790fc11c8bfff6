"""Hidden states and attention weights of a network for one question, as numbers in JSON and NumPy files."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.analysis.inspect import in_order
from mathbench.errors import InputError
from mathbench.storage import atomic

FILE_SUFFIXES = (".npz", ".json")
ATTENTION = "attention"

Matrices = Mapping[str, NDArray[np.float32]]


def check_matrices_file(path: Path) -> None:
    """Check the suffix of a file of matrices.

    Raises:
        InputError: for another suffix.
    """
    if path.suffix.lower() not in FILE_SUFFIXES:
        raise InputError(
            f"--out requires a file ending in {', '.join(FILE_SUFFIXES)}. Received: '{path.name}'."
        )


def describe(matrices: Matrices, texts: Sequence[Sequence[str]], values: bool = True) -> dict[str, Any]:
    """Return matrices as plain values by name.

    Args:
        matrices: ``attention/...`` as (queries, keys): weights from 0 to 1, of which those of a query sum up to 1.
            Others as (positions, units): the activations of a layer, without a unit of measurement.
        texts: the labels of positions of the question and of the answer, see `axis_labels`.
        values: whether to return the numbers too.

    Returns:
        Per matrix its ``axes``, its ``shape``, the ``labels`` of each axis (characters in the order in which the
        network reads or writes them; null where unknown) and its ``values``, a list of rows.
    """
    return {name: _described(name, matrix, texts, values) for name, matrix in matrices.items()}


def _described(
    name: str, matrix: NDArray[np.float32], texts: Sequence[Sequence[str]], values: bool
) -> dict[str, Any]:
    attention = name.startswith(ATTENTION)
    known = texts if in_order(name) else ()
    first = _characters(matrix.shape[0], known)
    return {
        "axes": ["query", "key"] if attention else ["position", "unit"],
        "shape": list(matrix.shape),
        "labels": [first, _characters(matrix.shape[1], known) if attention else None],
        **({"values": matrix.tolist()} if values else {}),
    }


def _characters(count: int, texts: Sequence[Sequence[str]]) -> list[str] | None:
    return next((list(text) for text in texts if len(text) == count), None)


def write_matrices(path: Path, matrices: Matrices, texts: Sequence[Sequence[str]]) -> None:
    """Write matrices to a NumPy archive, an array per name, or to JSON as `describe` returns them.

    Raises:
        InputError: for another suffix.
    """
    check_matrices_file(path)
    with atomic.new_folder(path.parent):
        if path.suffix.lower() == ".json":
            atomic.write(path, json.dumps(describe(matrices, texts)) + "\n")
            return
        buffer = io.BytesIO()
        arrays: dict[str, Any] = dict(matrices)
        np.savez_compressed(buffer, **arrays)
        atomic.write(path, buffer.getvalue())
