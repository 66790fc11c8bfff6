"""NumPy archives: text and token arrays of fixed width, written in parts."""

import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy
from numpy.typing import NDArray

from mathbench.interop.source import Measures, Progress, Source


class _Column(NamedTuple):
    """An array of an archive.

    Attributes:
        shape: of the whole array.
        dtype: its type.
        make: the values of some rows.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    make: Callable[[pa.Table], NDArray[Any]]


def write_npz(
    source: Source, measures: dict[str, Measures], folder: Path, progress: Progress = lambda rows: None
) -> None:
    """Write each split to `CONFIG/SPLIT.npz`, one array after another; one part of the rows is in memory at a time.

    The arrays are `question`, `answer` and `stratum` (text), `row` (int64), `question_tokens` and `answer_tokens`
    (n, width), padded by 0 on the right, and `vocabulary`: the characters by token, empty for the padding.
    """
    for config in source.configs:
        (folder / config.name).mkdir()
        for split in source.splits_of(config):
            columns = _columns(config.sizes[split], measures[config.name])
            path = folder / config.name / f"{split}.npz"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for name, column in columns.items():
                    _write_array(archive, name, column, source.tables(config, split))
                _write_vocabulary(archive, measures[config.name])
            progress(config.sizes[split])


def _columns(rows: int, measures: Measures) -> dict[str, _Column]:
    """The arrays of a split by name."""
    columns = {"row": _Column((rows,), np.dtype(np.int64), lambda table: table["row"].to_numpy())}
    for name in ("question", "answer", "stratum"):
        width = max(getattr(measures, name), 1)
        columns[name] = _Column((rows,), np.dtype(f"<U{width}"), partial(_texts, column=name, width=width))
    vocabulary = _code_points(measures)
    kind = np.dtype(np.min_scalar_type(len(vocabulary)))
    for name in ("question", "answer"):
        make = partial(_tokens, column=name, vocabulary=vocabulary, kind=columns[name].dtype)
        width = columns[name].dtype.itemsize // 4
        columns[f"{name}_tokens"] = _Column((rows, width), kind, make)
    return columns


def _code_points(measures: Measures) -> NDArray[np.uint32]:
    """The characters of a configuration in order, uint32; the first is the padding."""
    return np.array([0, *sorted(map(ord, measures.characters))], dtype=np.uint32)


def _texts(table: pa.Table, column: str, width: int) -> NDArray[np.str_]:
    return np.array(table[column].to_pylist(), dtype=f"<U{width}")


def _tokens(
    table: pa.Table, column: str, vocabulary: NDArray[np.uint32], kind: np.dtype[Any]
) -> NDArray[Any]:
    """Characters as positions in the vocabulary, (n, width)."""
    texts = np.array(table[column].to_pylist(), dtype=kind)
    return np.searchsorted(vocabulary, texts.view(np.uint32).reshape(len(texts), -1))


def _write_array(archive: zipfile.ZipFile, name: str, column: _Column, tables: Iterator[pa.Table]) -> None:
    """Write one array of an archive, part by part."""
    header = {"descr": npy.dtype_to_descr(column.dtype), "fortran_order": False, "shape": column.shape}
    with archive.open(_member(name), "w", force_zip64=True) as file:
        npy.write_array_header_1_0(file, header)
        for table in tables:
            file.write(column.make(table).astype(column.dtype).tobytes())


def _write_vocabulary(archive: zipfile.ZipFile, measures: Measures) -> None:
    characters = np.array(["", *sorted(measures.characters)], dtype="<U1")
    with archive.open(_member("vocabulary"), "w") as file:
        npy.write_array(file, characters, allow_pickle=False)


def _member(name: str) -> zipfile.ZipInfo:
    """An entry without the time, so that equal arrays are equal files."""
    info = zipfile.ZipInfo(f"{name}.npy")
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
