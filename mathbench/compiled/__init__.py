"""Compiled loops: the innermost loops in C, where a C compiler was available when mathbench was installed.

Each function computes the same bits as an array expression in the module named in its docstring. That module calls it
if `LIBRARY` is loaded and otherwise uses NumPy, which is slower. The library is plain C without Python's headers (`*.c`
beside this file; see :mod:`mathbench.compiled.build`), so one build serves every version of Python.
``MATHBENCH_COMPILED=0`` disables it.
"""

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.compiled import build

U64 = NDArray[np.uint64]
Int = NDArray[np.int64]
WORD = 8  # characters in a word


def _load() -> tuple[ctypes.CDLL | None, str]:
    """Load the library, or return the reason why there is none."""
    if os.environ.get("MATHBENCH_COMPILED") == "0":
        return None, "left out by MATHBENCH_COMPILED=0"
    if not build.LIBRARY.is_file():
        return None, "no C compiler was at hand when mathbench was installed"
    try:
        library = ctypes.CDLL(str(build.LIBRARY))
    except OSError as error:
        return None, f"built for another machine: {error}"
    library.version.restype = ctypes.c_char_p
    if library.version().decode() != build.version():
        return None, "made from older sources: run python -m mathbench.compiled.build"
    return library, ""


LIBRARY, MISSING = _load()


def _call(name: str, *values: "NDArray[Any] | int | None") -> int:
    """Call a loop with arrays, which must be contiguous, and integers from 0 to 2^64 - 1."""
    return _loop(name, len(values))(*map(_word, values))


@cache
def _loop(name: str, arguments: int) -> Any:
    loop = getattr(LIBRARY, name)
    loop.argtypes = [ctypes.c_uint64] * arguments  # integers and addresses
    loop.restype = ctypes.c_int64
    return loop


def _word(value: "NDArray[Any] | int | None") -> int:
    return _address(value) if isinstance(value, np.ndarray) else value or 0


def _address(array: NDArray[Any]) -> int:
    """The address of an array."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))  # four times as fast as `array.ctypes`
    except (TypeError, ValueError):  # read-only, or empty
        return array.ctypes.data


def mix(words: U64, offset: int = 0) -> U64:
    """:func:`mathbench.hashing.mix64` of each word plus an offset."""
    words = np.asarray(words, order="C")
    out = np.empty_like(words)
    _call("mix", words, words.size, offset, out)
    return out


def stream_below(streams: U64, offset: int, sizes: Int) -> Int:
    """:func:`mix` of uint64 (n,), scaled to 0 .. size - 1, int64 (n,); sizes are int64 (n,) or (), 1 or more."""
    out = np.empty(len(streams), dtype=np.int64)
    streams, sizes = np.ascontiguousarray(streams), np.ascontiguousarray(sizes)
    _call("stream_below", streams, len(streams), offset, sizes, int(sizes.size > 1), out)
    return out


def permute(index: U64, shift: int, high_size: int, key: int) -> U64:
    """:func:`mathbench.sampling.permute.keyed_permutation` for one key."""
    out = np.empty(len(index), dtype=np.uint64)
    _call("permute", np.ascontiguousarray(index), len(index), shift, high_size, key, out)
    return out


def mixed_radix(points: U64, radix: U64) -> U64:
    """Convert points, uint64 (n,), to coordinates of mixed radix, uint64 (m, n); the last changes fastest."""
    points, radix = np.ascontiguousarray(points), np.ascontiguousarray(radix)
    out = np.empty((len(radix), len(points)), dtype=np.uint64)
    _call("mixed_radix", points, len(points), radix, len(radix), out)
    return out


def fingerprints(canonical: Int, start: int) -> U64:
    """:func:`mathbench.reserve.fingerprints` from the initial state of a family."""
    canonical = np.ascontiguousarray(canonical)
    out = np.empty(canonical.shape[1], dtype=np.uint64)
    _call("fingerprints", canonical, *canonical.shape, start, out)
    return out


def reserved(
    operands: Int, canonical: Int, requested: NDArray[np.bool_] | None, start: int, stops: tuple[int, int]
) -> tuple[Int, Int, U64]:
    """:meth:`mathbench.reserve.Reserve.select`.

    Args:
        operands: int64 (m, n).
        canonical: int64 (words, n).
        requested: bool (n,), which problems to look at; None: all.
        start: the initial state of the family.
        stops: the smallest and the largest fingerprint of the reserve.

    Returns:
        Indices, int64 (k,), operands, int64 (m, k), and fingerprints, uint64 (k,).
    """
    operands, canonical = np.ascontiguousarray(operands), np.ascontiguousarray(canonical)
    requested = None if requested is None else np.ascontiguousarray(requested)
    rows = operands.shape[1]
    arrays = operands, len(operands), canonical, len(canonical), rows, requested
    index, hashes = np.empty(rows + 1, np.int64), np.empty(rows + 1, np.uint64)
    selected = np.empty_like(operands)
    size = _call("reserved", *arrays, start, *stops, index, selected, hashes)
    return index[:size], selected[:, :size], hashes[:size]


def gcd(a: Int, b: Int) -> Int:
    """Greatest common divisors, int64 (n,), of non-negative numbers."""
    out = np.empty(len(a), dtype=np.int64)
    _call("gcd", np.ascontiguousarray(a), np.ascontiguousarray(b), len(a), out)
    return out


class SmallPrimes:
    """Odd primes for trial division, with the constants that the loops use.

    Args:
        primes: odd and ascending.
    """

    def __init__(self, primes: Sequence[int]):
        inverses, maximum = [pow(q, -1, 1 << 64) for q in primes], [((1 << 64) - 1) // q for q in primes]
        self._table = np.array([primes, inverses, maximum], dtype=np.uint64)

    def first_factors(self, numbers: Int) -> NDArray[np.uint8]:
        """The smallest of 2 and these that properly divides each number, uint8 (n,); 1 for 0 and 1, 0 for none."""
        out = np.empty(len(numbers), dtype=np.uint8)
        _call("first_factors", np.ascontiguousarray(numbers), len(numbers), *self._arguments, out)
        return out

    def are_prime(self, numbers: Int) -> NDArray[np.bool_]:
        """:func:`mathbench.numbers.primality.are_prime`."""
        numbers, count = np.ascontiguousarray(numbers), len(numbers)
        out, (left, index) = np.empty(count, dtype=bool), np.empty((2, count + 1), np.int64)
        _call("are_prime", numbers, count, *self._arguments, left, index, out)
        return out

    @property
    def _arguments(self) -> tuple[U64 | int, ...]:
        return *self._table, self._table.shape[1]


def cross_out(bits: NDArray[np.uint8], primes: Sequence[int], spokes: Sequence[int]) -> None:
    """Clear bit b of byte i where 30 i + spokes[b] is a multiple of a prime by another number at least as large."""
    numbers, residues = np.array(primes, dtype=np.uint64), np.array(spokes, dtype=np.uint64)
    _call("cross_out", bits, len(bits), numbers, len(numbers), residues)


def chained_pairs(
    coordinates: U64, pairs: Int, lengths: tuple[int, int, int], base: int, borrows: bool
) -> Int:
    """:meth:`mathbench.generators.toolkit.carries.CarryRule.draw` of points with a chain.

    Args:
        coordinates: uint64 (4, n).
        pairs: int64 (2, k), the digits with which a chain may begin.
        lengths: the digits of the longer and of the shorter number, and the length of the chain.
        base: the number base.
        borrows: whether digits are subtracted.
    """
    points, out = np.ascontiguousarray(coordinates), np.empty((2, coordinates.shape[1]), dtype=np.int64)
    rule = *lengths, base, int(borrows)
    _call("chained_pairs", points, points.shape[1], *rule, np.ascontiguousarray(pairs), pairs.shape[1], out)
    return out


def chain_starts(operands: Int, places: int, base: int, borrows: bool, chain: int) -> Int:
    """:meth:`mathbench.generators.toolkit.carries.CarryRule.chain_starts`."""
    a, b = np.ascontiguousarray(operands)
    out = np.empty(len(a), dtype=np.int64)
    _call("chain_starts", a, b, len(a), places, base, int(borrows), chain, out)
    return out


def expression_values(numbers: Int, shapes: Int, modulus: int) -> Int:
    """:func:`mathbench.generators.toolkit.expression_fold.values`."""
    numbers, shapes = np.ascontiguousarray(numbers), np.ascontiguousarray(shapes)
    out = np.empty(len(shapes), dtype=np.int64)
    _call("expression_values", numbers, *numbers.shape, shapes, modulus, out)
    return out


def expression_words(numbers: Int, shapes: Int, bracket: int, divisor: int) -> U64:
    """:func:`mathbench.generators.toolkit.expression_fold.words`."""
    numbers, shapes = np.ascontiguousarray(numbers), np.ascontiguousarray(shapes)
    out = np.empty(len(shapes), dtype=np.uint64)
    _call("expression_words", numbers, *numbers.shape, shapes, bracket, divisor, out)
    return out


class Digits:
    """The tables of a base for conversion to text.

    Args:
        base: 2 to 36.
        table: uint64, all strings of `per` digits, right-aligned in words.
        per: 1, 2, 4 or 8.
    """

    def __init__(self, base: int, table: U64, per: int):
        powers = [min(base**i, (1 << 64) - 1) for i in range(65)]
        # a number of b bits has at least as many digits as 2^(b - 1)
        minimum = [sum(power <= 1 << bits - 1 for power in powers) if bits else 0 for bits in range(65)]
        self._base = (
            table,
            np.array(powers, dtype=np.uint64),
            np.array(minimum, dtype=np.uint8),
            len(table),
            per,
        )

    def words(self, values: Int, longest: int, where: NDArray[np.bool_] | None) -> tuple[U64, U64]:
        """Characters and lengths, uint64 (words, n) each, of values of at most `longest` digits; see `text.number`."""
        count = -(-longest // WORD)
        characters, lengths = np.empty((2, count, len(values)), dtype=np.uint64)
        values, where = np.ascontiguousarray(values), None if where is None else np.ascontiguousarray(where)
        _call("number_words", values, len(values), *self._base, longest, where, characters, lengths)
        return characters, lengths

    def lengths(self, values: Int) -> Int:
        """The number of digits of each value, int64 (n,)."""
        out = np.empty(len(values), dtype=np.int64)
        _call("number_lengths", np.ascontiguousarray(values), len(values), *self._base[1:3], out)
        return out


def join(columns: Sequence[tuple[U64, U64]]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Concatenate columns of words, each with characters and lengths, uint64 (n,), to bytes and offsets of rows.

    Raises:
        ValueError: for more text than 32-bit offsets can address.
    """
    columns = [(_contiguous(characters), _contiguous(lengths)) for characters, lengths in columns]
    rows, count = len(columns[0][0]), len(columns)
    characters, lengths = (_pointers(side) for side in zip(*columns, strict=True))
    offsets = np.empty(rows + 1, dtype=np.int32)
    end = _call("text_offsets", count, rows, *lengths, offsets)
    if end < 0:
        raise ValueError("a batch has more than 2 GiB of text")
    data = np.empty(end + WORD, dtype=np.uint8)
    _call("text_join", count, rows, *characters, *lengths, data)
    return data, offsets


def _contiguous(column: U64) -> U64:
    """Copy a column to contiguous memory, unless it is contiguous or constant."""
    return column if column.strides[0] in (0, column.itemsize) else np.ascontiguousarray(column)


def _pointers(columns: Sequence[U64]) -> tuple[U64, Int]:
    """The addresses of columns, and the distances between their rows in words."""
    starts = [_address(column) for column in columns]
    strides = [column.strides[0] // column.itemsize for column in columns]
    return np.array(starts, dtype=np.uint64), np.array(strides, dtype=np.int64)
