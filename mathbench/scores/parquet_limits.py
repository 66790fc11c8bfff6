"""The real size of a Parquet file, from the headers of its pages, before anything is decompressed.

The sizes in the footer of a file are not verified by readers: they allocate memory by the header of each page, so
these are added up here. Headers are Thrift structures in the compact protocol
(Apache Thrift, doc/specs/thrift-compact-protocol.md; Apache Parquet, parquet.thrift, PageHeader).
"""

from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq

from mathbench.errors import InputError

MAX_PAGES = 20_000  # a million rows in pages of a thousand, four columns wide, are 4,000
DELTA_STRINGS = 7  # an encoding with shared prefixes, in which few bytes can expand to terabytes
_MAX_DEPTH = 8

_UNCOMPRESSED, _COMPRESSED, _DATA, _DATA_V2 = 2, 3, 5, 8  # fields of a PageHeader
_INTEGERS, _TEXT, _STRUCT = (4, 5, 6), 8, 12  # types of fields
_FIXED = {1: 0, 2: 0, 3: 1, 7: 8}  # bytes of true, false, a byte and a floating-point number
_ENCODING = {_DATA: 2, _DATA_V2: 4}  # the field of a page's own header with the encoding of its values


def check_pages(file: pq.ParquetFile, data: bytes, name: str, maximum: int) -> int:
    """Add up the decompressed bytes of all pages, by their headers.

    Args:
        file: the file, of which only the footer has been read.
        data: all its bytes.
        name: its name in errors.
        maximum: the allowed bytes.

    Raises:
        InputError: for more bytes, damaged headers, too many pages, or an encoding whose headers lack the size.
    """
    total = pages = 0
    try:
        for start, end in _chunks(file.metadata):
            for header in _headers(data, start, min(end, len(data))):
                total, pages = total + header[_UNCOMPRESSED], pages + 1
                _check_encoding(header, name)
                if total > maximum:
                    raise InputError(f"{name} decompresses to more than {maximum:,} bytes.")
                if pages > MAX_PAGES:
                    raise InputError(f"{name} has more than {MAX_PAGES:,} pages. Write larger pages.")
    except InputError:
        raise
    except (IndexError, KeyError, TypeError, ValueError):
        raise InputError(f"{name} is not a readable Parquet file: a page has a damaged header.") from None
    return total


def _chunks(metadata: pq.FileMetaData) -> Iterator[tuple[int, int]]:
    """The start and end of each column of each row group, as readers find them."""
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            start = chunk.data_page_offset
            if chunk.has_dictionary_page and chunk.dictionary_page_offset > 0:
                start = min(start, chunk.dictionary_page_offset)
            yield start, start + chunk.total_compressed_size


def _headers(data: bytes, at: int, end: int) -> Iterator[dict[int, Any]]:
    if at < 0:
        raise ValueError("a negative offset")
    while at < end:
        reader = _Compact(data, at)
        header = reader.struct()
        if header[_COMPRESSED] < 0 or header[_UNCOMPRESSED] < 0:
            raise ValueError("a negative size")
        yield header
        at = reader.at + header[_COMPRESSED]


def _check_encoding(header: dict[int, Any], name: str) -> None:
    for page, field in _ENCODING.items():
        if page in header and header[page][field] == DELTA_STRINGS:
            raise InputError(
                f"{name} contains text in DELTA_BYTE_ARRAY encoding. Allowed: PLAIN or dictionary encoding."
            )


class _Compact:
    """A reader of Thrift structures in the compact protocol; `at` is its position."""

    def __init__(self, data: bytes, at: int):
        self._data, self.at = data, at

    def struct(self, depth: int = _MAX_DEPTH) -> dict[int, Any]:
        """Read a structure as a mapping from field numbers to integers, structures, or None for other values."""
        if not depth:
            raise ValueError("nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            fields[number] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        """Read an integer or a structure, or skip another value."""
        if kind in _INTEGERS:
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct(depth - 1)
        # the types of lists, sets and maps, which no header has, are damage
        length = self._varint() if kind == _TEXT else _FIXED[kind]
        self.at += length
        return None

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("an integer of more than 64 bits")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
