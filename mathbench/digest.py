"""Content digests: SHA-256 over what rows say, not over Parquet bytes, so that a new writer changes nothing."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = ("question", "answer", "stratum")


class Digest:
    """A running digest of rows; the same for the same rows however they are cut into batches.

    For each of question, answer and stratum two streams are hashed: the UTF-8 bytes of all values laid end to end,
    and their lengths as little-endian 32-bit integers. The digest is the SHA-256 of these six hashes in order.

    >>> table = pa.table({"question": ["1+1", "2+3"], "answer": ["2", "5"], "stratum": ["a", "a"]})
    >>> whole, parts = Digest(), Digest()
    >>> whole.update(table)
    >>> for i in range(2):
    ...     parts.update(table.slice(i, 1))
    >>> whole.value() == parts.value()
    True
    """

    def __init__(self) -> None:
        self._streams = [hashlib.sha256() for _ in range(2 * len(COLUMNS))]

    def update(self, table: pa.Table) -> None:
        """Take in more rows."""
        for i, column in enumerate(COLUMNS):
            for chunk in table.column(column).chunks:
                data, lengths = _text(chunk)
                self._streams[2 * i].update(data)
                self._streams[2 * i + 1].update(lengths)

    def value(self) -> str:
        """The digest so far, as ``sha256:`` and 64 hexadecimal digits."""
        return combined([stream.hexdigest() for stream in self._streams])


def combined(digests: list[str]) -> str:
    """One digest from several, in order."""
    return "sha256:" + hashlib.sha256("".join(digests).encode()).hexdigest()


def of_table(table: pa.Table) -> str:
    """The digest of one table."""
    digest = Digest()
    digest.update(table)
    return digest.value()


def _text(chunk: pa.Array) -> tuple[bytes | memoryview, bytes]:
    if pa.types.is_dictionary(chunk.type):
        chunk = chunk.dictionary_decode()
    chunk = chunk.cast(pa.string())
    lengths = pc.fill_null(pc.binary_length(chunk), 0).to_numpy(zero_copy_only=False).astype("<i4")
    if not len(chunk):
        return b"", b""
    offsets = np.frombuffer(chunk.buffers()[1], dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    return memoryview(chunk.buffers()[2] or b"")[offsets[0] : offsets[-1]], lengths.tobytes()
