"""The file of a certificate: the weights of a network, boxes of states, an automaton and a claim, as safetensors.

The file starts with eight bytes, the length of a JSON header, which gives type, shape and place of every array, and the
claim under ``__metadata__``. See docs/proofs.md for every array.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from mathbench.errors import InputError

FORMAT = "mathbench-certificate"
VERSION = "1"
MAX_BYTES = 4 << 20
TYPES = {"F32": ("f", 4), "I64": ("q", 8)}

Nested = list[Any]  # numbers in lists of lists, row by row


@dataclass(frozen=True)
class Claim:
    """What a network is claimed to be right about: numbers in a base and their residues modulo k.

    Attributes:
        k: the divisor.
        base: the base, whose digits are the symbols of the network.
        answers: the answer for each residue, (k,).
    """

    k: int
    base: int
    answers: tuple[str, ...]

    def __str__(self) -> str:
        what = (
            f"whether a number is a multiple of {self.k}"
            if set(self.answers) <= {"true", "false"}
            else f"the residue of a number modulo {self.k}"
        )
        return f"{what}, for numbers in base {self.base} of any number of digits"


@dataclass(frozen=True)
class Certificate:
    """The content of a certificate of a second-order network with tanh states.

    Attributes:
        claim: what is claimed.
        classes: the answer of each output of the network.
        matrices, bias: of each digit, (base, units, units) and (base, units).
        start: the first state, (units,).
        weight, offset: of the outputs, (classes, units) and (classes,).
        centres: of the boxes, (boxes, units).
        radius: half the width of the boxes.
        first: the box after a first digit, (base,).
        table: the box after a further digit, (boxes, base).
        outputs: the output with the largest value in each box, (boxes,).
    """

    claim: Claim
    classes: tuple[str, ...]
    matrices: Nested
    bias: Nested
    start: Nested
    weight: Nested
    offset: Nested
    centres: Nested
    radius: Fraction
    first: tuple[int, ...]
    table: tuple[tuple[int, ...], ...]
    outputs: tuple[int, ...]


def read(path: Path) -> Certificate:
    """Read a certificate.

    Raises:
        InputError: for a file that is not one, with the first thing that is wrong.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"a certificate has at most {MAX_BYTES:,} bytes. Received: {path.stat().st_size:,}."
            )
        return parse(path.read_bytes())
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def parse(content: bytes) -> Certificate:
    """Parse the bytes of a certificate. Raises the errors of `read`."""
    arrays, metadata = _arrays(content)
    if metadata.get("format") != FORMAT or metadata.get("version") != VERSION:
        raise InputError(f"the file is not a {FORMAT} of version {VERSION}.")
    claim = _claim(metadata.get("claim", ""))
    classes = _texts(metadata.get("classes", ""), "classes")
    sizes = _sizes(arrays, claim, classes)
    for name, shape in sizes.items():
        if arrays[name].shape != shape:
            raise InputError(f"{name} must have the shape {shape}. Received: {arrays[name].shape}.")
    boxes = sizes["centres"][0]
    for name, limit in (("first", boxes), ("table", boxes), ("outputs", len(classes))):
        arrays[name].check_indices(name, limit)
    nested = {name: array.nested() for name, array in arrays.items()}
    nested |= {"radius": Fraction(nested["radius"][0]), "table": tuple(map(tuple, nested["table"]))}
    nested |= {name: tuple(nested[name]) for name in ("first", "outputs")}
    return Certificate(claim, classes, **nested)


def write(arrays: Mapping[str, Any], claim: Claim, classes: tuple[str, ...]) -> bytes:
    """Return the bytes of a certificate.

    Args:
        arrays: float32 and int64 NumPy arrays by name, see :class:`Certificate`; `radius` has the shape (1,).
        claim: what is claimed.
        classes: the answer of each output.
    """
    header: dict[str, Any] = {
        "__metadata__": {
            "format": FORMAT,
            "version": VERSION,
            "claim": json.dumps({"k": claim.k, "base": claim.base, "answers": list(claim.answers)}),
            "classes": json.dumps(list(classes)),
        }
    }
    content = b""
    for name, array in sorted(arrays.items()):
        kind = {"float32": "F32", "int64": "I64"}[str(array.dtype)]
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        place = [len(content), len(content) + len(data)]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": place}
        content += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content


@dataclass(frozen=True)
class _Array:
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


def _arrays(content: bytes) -> tuple[dict[str, _Array], dict[str, Any]]:
    """Read all arrays and the metadata; every byte belongs to exactly one of them."""
    try:
        (length,) = struct.unpack_from("<Q", content)
        header = dict(json.loads(content[8 : 8 + length].decode()))
        metadata = dict(header.pop("__metadata__"))
        data, arrays, used = content[8 + length :], {}, 0
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            start, stop = entry["data_offsets"]
            if start != used or stop > len(data):
                raise ValueError
            arrays[name], used = _array(entry, data[start:stop]), stop
        if used != len(data):
            raise ValueError
    except InputError:
        raise
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError("the file is damaged or not a certificate.") from None
    return arrays, metadata


def _array(entry: dict[str, Any], data: bytes) -> _Array:
    code, width = TYPES[entry["dtype"]]
    shape = tuple(int(size) for size in entry["shape"])
    count = math.prod(shape)
    if min(shape, default=0) < 1 or count * width != len(data):
        raise ValueError
    numbers = struct.unpack(f"<{count}{code}", data)
    if not all(map(math.isfinite, numbers)):
        raise InputError("every number of a certificate must be finite.")
    return _Array(shape, numbers)


def _sizes(arrays: dict[str, _Array], claim: Claim, classes: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """The shapes that the arrays must have, given the sizes of two of them."""
    names = {
        "matrices",
        "bias",
        "start",
        "weight",
        "offset",
        "centres",
        "radius",
        "first",
        "table",
        "outputs",
    }
    if arrays.keys() != names:
        raise InputError(f"a certificate has the arrays {', '.join(sorted(names))}.")
    units, boxes = arrays["start"].shape[0], arrays["centres"].shape[0]
    return {
        "matrices": (claim.base, units, units),
        "bias": (claim.base, units),
        "start": (units,),
        "weight": (len(classes), units),
        "offset": (len(classes),),
        "centres": (boxes, units),
        "radius": (1,),
        "first": (claim.base,),
        "table": (boxes, claim.base),
        "outputs": (boxes,),
    }


def _claim(text: str) -> Claim:
    try:
        value = json.loads(text)
        k, base, answers = value["k"], value["base"], tuple(value["answers"])
        valid = type(k) is int and type(base) is int and len(value) == 3
        if not (valid and 2 <= k <= 1 << 16 and 2 <= base <= 36 and len(answers) == k):
            raise ValueError
        if answers not in (true_labels(k), residue_texts(k, base)):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError("the claim is not one of multiples or residues.") from None
    return Claim(k, base, answers)


def true_labels(k: int) -> tuple[str, ...]:
    """The labels of the residues modulo k: whether the number is a multiple.

    >>> true_labels(3)
    ('true', 'false', 'false')
    """
    return ("true", *["false"] * (k - 1))


def residue_texts(k: int, base: int) -> tuple[str, ...]:
    """The residues modulo k, written in a base.

    >>> residue_texts(4, 2)
    ('0', '1', '10', '11')
    """
    return tuple(_written(residue, base) for residue in range(k))


def _written(number: int, base: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number] if number < base else _written(number // base, base) + digits[number % base]


def _texts(text: str, what: str) -> tuple[str, ...]:
    try:
        values = json.loads(text)
        if not (isinstance(values, list) and 2 <= len(values) <= 1 << 16 and len(set(values)) == len(values)):
            raise ValueError
        if not all(isinstance(value, str) for value in values):
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise InputError(f"{what} must be a list of different texts.") from None
    return tuple(values)
