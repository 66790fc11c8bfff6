"""What a sweep varies: for each setting a list of values, or a range to draw from."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from mathbench.baselines.recipe import setting
from mathbench.errors import InputError

_RANGE = re.compile(r"(\S+?)\.\.(\S+)")
WIDE = 10.0  # ends that differ by so much are values of one kind at different scales


@dataclass(frozen=True)
class Values:
    """A setting with the values it takes, as text."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Range:
    """A setting with the ends between which its values lie, both included.

    >>> Range("rate", "1e-4", "1e-2").log, Range("hidden", "16", "64").whole
    (True, True)
    """

    key: str
    low: str
    high: str

    @property
    def ends(self) -> tuple[float, float]:
        """The ends as numbers."""
        return float(self.low), float(self.high)

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return all(re.fullmatch(r"[+-]?\d+", end) for end in (self.low, self.high))

    @property
    def log(self) -> bool:
        """Whether values are drawn evenly by their logarithm."""
        low, high = self.ends
        return low > 0 and high >= WIDE * low

    def text(self, value: float) -> str:
        """A value as the setting takes it: three digits tell enough of a number that is not whole.

        >>> Range("rate", "1e-4", "1e-2").text(0.00123456)
        '0.00123'
        """
        return (
            str(int(value))
            if self.whole
            else f"{min(max(float(f'{value:.3g}'), self.ends[0]), self.ends[1]):g}"
        )


Axis = Values | Range
Settings = tuple[tuple[str, str], ...]  # one value of each setting, as text by name


def axes_of(sweeps: Sequence[str]) -> tuple[Axis, ...]:
    """Read what ``--sweep`` says, ``key=value,value`` or ``key=low..high`` each.

    Raises:
        InputError: for words that are neither, or a setting named twice.

    >>> axes_of(["hidden=16,32", "lr=1e-4..1e-2"])
    (Values(key='hidden', values=('16', '32')), Range(key='rate', low='1e-4', high='1e-2'))
    """
    axes = tuple(_axis(words) for words in sweeps)
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"--sweep {key} was given twice: list all its values in one.")
    return axes


def combinations(axes: Sequence[Axis]) -> list[Settings]:
    """Every combination of the listed values and of the ends of the ranges, in order.

    >>> combinations((Values("hidden", ("8", "16")), Range("rate", "0.1", "1")))[1]
    (('hidden', '8'), ('rate', '1'))
    """
    ends = [axis.values if isinstance(axis, Values) else (axis.low, axis.high) for axis in axes]
    return list(
        product(*([(a.key, value) for value in values] for a, values in zip(axes, ends, strict=True)))
    )


def _axis(words: str) -> Axis:
    key, _, rest = words.partition("=")
    values = [value.strip() for value in rest.split(",")]
    if not key.strip() or not all(values):
        raise InputError(f"--sweep needs key=value,value or key=low..high. Received: '{words}'.")
    if match := _RANGE.fullmatch(rest.strip()):
        return _range(setting(key), match[1], match[2])
    if len(set(values)) < len(values):
        raise InputError(f"--sweep {key}: a value came twice. Received: '{rest}'.")
    return Values(setting(key), tuple(values))


def _range(key: str, low: str, high: str) -> Range:
    found = Range(key, low, high)
    try:
        ends = found.ends
    except ValueError:
        ends = (math.nan, math.nan)
    if not (all(map(math.isfinite, ends)) and ends[0] < ends[1]):
        raise InputError(
            f"--sweep {key}: a range needs a smaller and a larger number. Received: {low}..{high}."
        )
    return found
