"""What a sweep varies: for each setting a list of values, or a range to draw from."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from mathbench.baselines.recipe import canonical_key
from mathbench.errors import InputError

_RANGE = re.compile(r"(\S+?)\.\.(\S+)")
LOG_SCALE_RATIO = 10.0  # ends that differ by so much are values of one kind at different scales


@dataclass(frozen=True)
class ValueList:
    """A setting with the values it takes, as text."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ValueRange:
    """A setting with the ends between which its values lie, both included.

    >>> ValueRange("rate", "1e-4", "1e-2").log, ValueRange("hidden", "16", "64").integer
    (True, True)
    """

    key: str
    low: str
    high: str

    @property
    def bounds(self) -> tuple[float, float]:
        """The ends as numbers."""
        return float(self.low), float(self.high)

    @property
    def integer(self) -> bool:
        """Whether only whole numbers are meant."""
        return all(re.fullmatch(r"[+-]?\d+", end) for end in (self.low, self.high))

    @property
    def log(self) -> bool:
        """Whether values are drawn evenly by their logarithm."""
        low, high = self.bounds
        return low > 0 and high >= LOG_SCALE_RATIO * low

    def text(self, value: float) -> str:
        """A value as the setting takes it: three digits tell enough of a number that is not whole.

        >>> ValueRange("rate", "1e-4", "1e-2").text(0.00123456)
        '0.00123'
        """
        return (
            str(int(value))
            if self.integer
            else f"{min(max(float(f'{value:.3g}'), self.bounds[0]), self.bounds[1]):g}"
        )


Axis = ValueList | ValueRange
Settings = tuple[tuple[str, str], ...]  # one value of each setting, as text by name


def parse_axes(sweeps: Sequence[str]) -> tuple[Axis, ...]:
    """Read what ``--sweep`` says, ``key=value,value`` or ``key=low..high`` each.

    Raises:
        InputError: for words that are neither, or a setting named twice.

    >>> parse_axes(["hidden=16,32", "lr=1e-4..1e-2"])
    (ValueList(key='hidden', values=('16', '32')), ValueRange(key='rate', low='1e-4', high='1e-2'))
    """
    axes = tuple(_axis(words) for words in sweeps)
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"--sweep {key} was given twice: list all its values in one.")
    return axes


def combinations(axes: Sequence[Axis]) -> list[Settings]:
    """Every combination of the listed values and of the ends of the ranges, in order.

    >>> combinations((ValueList("hidden", ("8", "16")), ValueRange("rate", "0.1", "1")))[1]
    (('hidden', '8'), ('rate', '1'))
    """
    stops = [axis.values if isinstance(axis, ValueList) else (axis.low, axis.high) for axis in axes]
    return list(
        product(*([(a.key, value) for value in values] for a, values in zip(axes, stops, strict=True)))
    )


def _axis(words: str) -> Axis:
    key, _, rest = words.partition("=")
    values = [value.strip() for value in rest.split(",")]
    if not key.strip() or not all(values):
        raise InputError(f"--sweep needs key=value,value or key=low..high. Received: '{words}'.")
    if match := _RANGE.fullmatch(rest.strip()):
        return _range(canonical_key(key), match[1], match[2])
    if len(set(values)) < len(values):
        raise InputError(f"--sweep {key}: a value came twice. Received: '{rest}'.")
    return ValueList(canonical_key(key), tuple(values))


def _range(key: str, low: str, high: str) -> ValueRange:
    found = ValueRange(key, low, high)
    try:
        stops = found.bounds
    except ValueError:
        stops = (math.nan, math.nan)
    if not (all(map(math.isfinite, stops)) and stops[0] < stops[1]):
        raise InputError(
            f"--sweep {key}: a range needs a smaller and a larger number. Received: {low}..{high}."
        )
    return found
