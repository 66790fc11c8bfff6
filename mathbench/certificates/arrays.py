"""Arrays and metadata in a safetensors file, read without a library: every byte belongs to exactly one array.

The file starts with eight bytes, the length of a JSON header, which gives type, shape and place of every array, and
texts under ``__metadata__``.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mathbench.errors import InputError

TYPES = {"F32": ("f", 4), "I64": ("q", 8), "I32": ("i", 4)}

Nested = list[Any]  # numbers in lists of lists, row by row


@dataclass(frozen=True)
class Array:
    """The numbers of one array, row by row."""

    shape: tuple[int, ...]
    numbers: tuple[Any, ...]

    def nested(self) -> Any:
        """The numbers as lists of lists."""
        rows: list[Any] = list(self.numbers)
        for size in self.shape[:0:-1]:
            rows = [rows[i : i + size] for i in range(0, len(rows), size)]
        return rows

    def check_indices(self, name: str, limit: int) -> None:
        """Check that all numbers are indices below a limit."""
        for number in self.numbers:
            if not (isinstance(number, int) and 0 <= number < limit):
                raise InputError(f"{name} must have integers from 0 to {limit - 1}. Received: {number}.")


def read_arrays(content: bytes) -> tuple[dict[str, Array], dict[str, str]]:
    """Read all arrays and the metadata.

    Raises:
        InputError: for a file that is damaged, or with a number that is not finite.
    """
    try:
        (length,) = struct.unpack_from("<Q", content)
        header = dict(json.loads(content[8 : 8 + length].decode()))
        metadata = dict(header.pop("__metadata__"))
        if not all(isinstance(text, str) for text in metadata.values()):
            raise ValueError
        data, arrays, used = content[8 + length :], {}, 0
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            start, stop = entry["data_offsets"]
            if start != used or stop > len(data):
                raise ValueError
            arrays[name], used = _parse(entry, data[start:stop]), stop
        if used != len(data):
            raise ValueError
    except InputError:
        raise
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise InputError("the file is damaged or not a certificate.") from None
    return arrays, metadata


def _parse(entry: dict[str, Any], data: bytes) -> Array:
    code, width = TYPES[entry["dtype"]]
    shape = tuple(int(size) for size in entry["shape"])
    count = math.prod(shape)
    if min(shape, default=0) < 1 or count * width != len(data):
        raise ValueError
    numbers = struct.unpack(f"<{count}{code}", data)
    if not all(map(math.isfinite, numbers)):
        raise InputError("every number of a certificate must be finite.")
    return Array(shape, numbers)


def write_arrays(arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """Return the bytes of a file.

    Args:
        arrays: float32, int64 and int32 NumPy arrays by name.
        metadata: texts by name.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    content = b""
    for name, array in sorted(arrays.items()):
        kind = {"float32": "F32", "int64": "I64", "int32": "I32"}[str(array.dtype)]
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        place = [len(content), len(content) + len(data)]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": place}
        content += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content


def check_shapes(arrays: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Check names and shapes of all arrays.

    Raises:
        InputError: for the first array that differs.
    """
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise InputError(f"{name} must have the shape {shape}. Received: {arrays[name].shape}.")


def check_names(arrays: Mapping[str, Array], names: Mapping[str, object]) -> None:
    """Check that the arrays are those with some names. Raises the errors of `check_shapes`."""
    if arrays.keys() != names.keys():
        raise InputError(f"a certificate has the arrays {', '.join(sorted(names))}.")
