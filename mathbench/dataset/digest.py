"""Content of tables: digests that do not depend on the Parquet writer, and the first difference of two tables."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.numbers.text import bytes_and_offsets, from_list, to_numpy

TEXTS = ("question", "answer")
_BITS, _CONTINUES = 7, 128  # a byte of a LEB128 number holds seven bits, plus 128 when another byte follows


class Digest:
    """A running SHA-256 digest of rows, which does not depend on how they are split into batches.

    Five streams are hashed: the concatenated UTF-8 bytes of the questions and of the answers, the lengths of both,
    and the number of each row's stratum. Strata are numbered in the order of first appearance, and numbers are encoded
    as LEB128. The digest is the SHA-256 of these five hashes and of the strata's names, in order.

    Attributes:
        strata: rows per stratum, in the order of first appearance.

    >>> table = pa.table({"question": ["1+1", "2+3"], "answer": ["2", "5"], "stratum": ["a", "a"]})
    >>> whole, parts = Digest(), Digest()
    >>> whole.update(table)
    >>> for i in range(2):
    ...     parts.update(table.slice(i, 1))
    >>> whole.value() == parts.value()
    True
    >>> whole.strata
    {'a': 2}
    """

    def __init__(self) -> None:
        self._texts = {name: (hashlib.sha256(), hashlib.sha256()) for name in TEXTS}
        self._numbers = hashlib.sha256()
        # The dictionary of the latest chunk, and the stratum number of each of its codes; -1: not seen yet.
        self._names = from_list([])
        self._number_of = np.zeros(0, dtype=np.int64)
        self.strata: dict[str, int] = {}

    def update(self, table: pa.Table) -> None:
        """Add the next rows."""
        for name, (texts, lengths) in self._texts.items():
            for chunk in _fill_missing(table.column(name)).chunks:
                data, offsets = bytes_and_offsets(chunk)
                texts.update(data.data)
                lengths.update(_leb128(np.diff(offsets)))
        for chunk in _fill_missing(table.column("stratum")).chunks:
            self._count_strata(chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode())

    def value(self) -> str:
        """The digest so far, as ``sha256:`` and 64 hexadecimal digits."""
        streams = [stream for pair in self._texts.values() for stream in pair] + [self._numbers]
        return combined([stream.hexdigest() for stream in streams] + list(self.strata))

    def _count_strata(self, chunk: pa.DictionaryArray) -> None:
        """Count and hash the strata of the next rows."""
        if not chunk.dictionary.equals(self._names):
            self._names = chunk.dictionary
            self._number_of = np.full(len(self._names), -1)
        codes = to_numpy(chunk.indices)
        present = np.bincount(codes, minlength=len(self._names))
        if (present[self._number_of < 0] > 0).any():
            self._number_strata(codes)
        self._numbers.update(_leb128(self._number_of.take(codes)))
        for code in np.flatnonzero(present).tolist():
            self.strata[self._names[code].as_py()] += int(present[code])

    def _number_strata(self, codes: NDArray[np.integer]) -> None:
        """Number new strata in the order of first appearance."""
        new, first = np.unique(codes, return_index=True)
        for code in new[np.argsort(first)].tolist():
            self.strata.setdefault(self._names[code].as_py(), 0)
        order = {name: i for i, name in enumerate(self.strata)}
        self._number_of = np.array([order.get(name, -1) for name in self._names.to_pylist()])


def combined(digests: list[str]) -> str:
    """The digest of several digests or other strings, in order."""
    return "sha256:" + hashlib.sha256("\n".join(digests).encode()).hexdigest()


def of_table(table: pa.Table) -> str:
    """The digest of one table."""
    digest = Digest()
    digest.update(table)
    return digest.value()


def _fill_missing(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Replace missing values, which damaged files may have, by empty strings."""
    return pc.fill_null(texts.cast(pa.string()), "") if texts.null_count else texts


def _leb128(numbers: NDArray[np.integer]) -> bytes:
    """Encode non-negative numbers in groups of seven bits, the lowest first.

    >>> _leb128(np.array([5, 300])).hex()
    '05ac02'
    """
    if numbers.max(initial=0) < _CONTINUES:
        return numbers.astype(np.uint8).tobytes()
    rest = numbers[:, None] >> np.arange(0, 64, _BITS)
    groups = (rest % _CONTINUES + _CONTINUES * (rest >= _CONTINUES)).astype(np.uint8)
    return groups[(rest > 0) | (np.arange(rest.shape[1]) == 0)].tobytes()


def difference(stored: pa.Table, expected: pa.Table) -> str:
    """Describe the first difference of two tables by row, column and values; an empty string when there is none.

    Args:
        stored: rows as read from a file.
        expected: the same rows regenerated, with the columns and types that a file has.

    >>> expected = pa.table({"answer": ["1", "2"], "row": [6, 7]})
    >>> difference(pa.table({"answer": ["1", "3"], "row": [6, 7]}), expected)
    "row 7: answer is '3' and should be '2'"
    """
    if not stored.schema.equals(expected.schema):
        return f"the columns are {_columns(stored)} and should be {_columns(expected)}"
    if stored.num_rows != expected.num_rows:
        return f"{stored.num_rows:,} rows instead of {expected.num_rows:,}"
    wrong = [name for name in expected.column_names if not stored[name].equals(expected[name])]
    if not wrong:
        return ""
    i, name = min((_first_difference(stored[name], expected[name]), name) for name in wrong)
    found, right = (table[name][i].as_py() for table in (stored, expected))
    return f"row {expected['row'][i].as_py()}: {name} is {found!r} and should be {right!r}"


def _first_difference(stored: pa.ChunkedArray, expected: pa.ChunkedArray) -> int:
    """The index at which two columns first differ; a missing value differs from any other but a missing one."""
    both_missing = pc.and_(pc.is_null(stored), pc.is_null(expected))
    same = pc.or_(pc.fill_null(pc.equal(stored, expected), False), both_missing)
    return pc.index(same, False).as_py()


def _columns(table: pa.Table) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in table.schema)
