"""Content digests: SHA-256 over what rows say, not over Parquet bytes, so that a new writer changes nothing.

Rows as they are stored against rows as they should be, a table at a time.
"""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.numbers.text import bytes_and_offsets, from_list, to_numpy

TEXTS = ("question", "answer")
_BITS, _MORE = 7, 128  # a byte of a LEB128 number holds seven bits, and 128 when another byte follows


class Digest:
    """A running digest of rows; the same for the same rows however they are cut into batches.

    Five streams are hashed: of questions and of answers the UTF-8 bytes of all values laid end to end, and their
    lengths; of strata the number of each row's stratum, counted in the order of first appearance. Numbers are
    written as LEB128. The digest is the SHA-256 of these five hashes and of the strata's names, in order.

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
        self._names = from_list([])  # the dictionary that `_number_of` belongs to
        self._number_of = np.zeros(0, dtype=np.int64)
        self.strata: dict[str, int] = {}

    def update(self, table: pa.Table) -> None:
        """Take in more rows."""
        for name, (texts, lengths) in self._texts.items():
            for chunk in _filled(table.column(name)).chunks:
                data, offsets = bytes_and_offsets(chunk)
                texts.update(data.data)
                lengths.update(_leb128(np.diff(offsets)))
        for chunk in _filled(table.column("stratum")).chunks:
            self._count(chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode())

    def value(self) -> str:
        """The digest so far, as ``sha256:`` and 64 hexadecimal digits."""
        streams = [stream for pair in self._texts.values() for stream in pair] + [self._numbers]
        return combined([stream.hexdigest() for stream in streams] + list(self.strata))

    def _count(self, chunk: pa.DictionaryArray) -> None:
        """Take in the strata of some rows."""
        if not chunk.dictionary.equals(self._names):
            self._names = chunk.dictionary
            self._number_of = np.full(len(self._names), -1)
        codes = to_numpy(chunk.indices)
        present = np.bincount(codes, minlength=len(self._names))
        if (present[self._number_of < 0] > 0).any():
            self._meet(codes)
        self._numbers.update(_leb128(self._number_of.take(codes)))
        for code in np.flatnonzero(present).tolist():
            self.strata[self._names[code].as_py()] += int(present[code])

    def _meet(self, codes: NDArray[np.integer]) -> None:
        """Give numbers to strata in the order of first appearance."""
        new, first = np.unique(codes, return_index=True)
        for code in new[np.argsort(first)].tolist():
            self.strata.setdefault(self._names[code].as_py(), 0)
        order = {name: i for i, name in enumerate(self.strata)}
        self._number_of = np.array([order.get(name, -1) for name in self._names.to_pylist()])


def combined(digests: list[str]) -> str:
    """One digest from several texts, in order."""
    return "sha256:" + hashlib.sha256("\n".join(digests).encode()).hexdigest()


def of_table(table: pa.Table) -> str:
    """The digest of one table."""
    digest = Digest()
    digest.update(table)
    return digest.value()


def _filled(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text in which what is missing is empty: damaged files are read too."""
    return pc.fill_null(texts.cast(pa.string()), "") if texts.null_count else texts


def _leb128(numbers: NDArray[np.integer]) -> bytes:
    """Numbers from 0 on in seven-bit groups, the lowest first.

    >>> _leb128(np.array([5, 300])).hex()
    '05ac02'
    """
    if numbers.max(initial=0) < _MORE:
        return numbers.astype(np.uint8).tobytes()
    rest = numbers[:, None] >> np.arange(0, 64, _BITS)
    groups = (rest % _MORE + _MORE * (rest >= _MORE)).astype(np.uint8)
    return groups[(rest > 0) | (np.arange(rest.shape[1]) == 0)].tobytes()


def difference(stored: pa.Table, made: pa.Table) -> str:
    """The first difference, exactly: row, column, what was found and what should be; empty when there is none.

    Args:
        stored: rows as read.
        made: the same rows made anew, with the columns and types that a file has.

    >>> made = pa.table({"answer": ["1", "2"], "row": [6, 7]})
    >>> difference(pa.table({"answer": ["1", "3"], "row": [6, 7]}), made)
    "row 7: answer is '3' and should be '2'"
    """
    if not stored.schema.equals(made.schema):
        return f"the columns are {_columns(stored)} and should be {_columns(made)}"
    if stored.num_rows != made.num_rows:
        return f"{stored.num_rows:,} rows instead of {made.num_rows:,}"
    wrong = [name for name in made.column_names if not stored[name].equals(made[name])]
    if not wrong:
        return ""
    i, name = min((_first(stored[name], made[name]), name) for name in wrong)
    found, expected = (table[name][i].as_py() for table in (stored, made))
    return f"row {made['row'][i].as_py()}: {name} is {found!r} and should be {expected!r}"


def _first(stored: pa.ChunkedArray, made: pa.ChunkedArray) -> int:
    """Where two columns first differ; a missing value differs from any other."""
    same = pc.fill_null(pc.equal(stored, made), False)
    return pc.index(same, False).as_py()


def _columns(table: pa.Table) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in table.schema)
