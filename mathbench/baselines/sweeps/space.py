"""The search space of a sweep: for each setting a list of values or a range."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from mathbench.baselines.recipe import canonical_key
from mathbench.errors import InputError
from mathbench.integers import parse_number

_RANGE = re.compile(r"(\S+?)\.\.(\S+)")
LOG_SCALE_RATIO = 10.0  # ranges whose bounds differ by this factor or more are logarithmic


@dataclass(frozen=True)
class ValueList:
    """A setting and its values, as text."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ValueRange:
    """A setting and the bounds of its values, both included.

    >>> ValueRange("rate", "1e-4", "1e-2").log, ValueRange("hidden", "16", "64").integer
    (True, True)
    """

    key: str
    low: str
    high: str

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds as numbers."""
        return parse_number(self.low), parse_number(self.high)

    @property
    def integer(self) -> bool:
        """Whether the setting takes integers only, as both bounds are integers."""
        return all(re.fullmatch(r"[+-]?[0-9]+", end) for end in (self.low, self.high))

    @property
    def log(self) -> bool:
        """Whether values are drawn uniformly in their logarithm."""
        low, high = self.bounds
        return low > 0 and high >= LOG_SCALE_RATIO * low

    def text(self, value: float) -> str:
        """Return a value as text: integers exactly, others with three significant digits.

        >>> ValueRange("rate", "1e-4", "1e-2").text(0.00123456)
        '0.00123'
        """
        if self.integer:
            return str(int(value))
        low, high = self.bounds
        return f"{min(max(float(f'{value:.3g}'), low), high):g}"


Axis = ValueList | ValueRange
Settings = tuple[tuple[str, str], ...]  # (name, value as text) of each setting


def parse_axes(sweeps: Sequence[str]) -> tuple[Axis, ...]:
    """Parse ``--sweep`` options, ``key=value,value`` or ``key=low..high`` each.

    Raises:
        InputError: for text that is neither, or a setting named twice.

    >>> parse_axes(["hidden=16,32", "lr=1e-4..1e-2"])
    (ValueList(key='hidden', values=('16', '32')), ValueRange(key='rate', low='1e-4', high='1e-2'))
    """
    axes = tuple(_axis(words) for words in sweeps)
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"--sweep {key} is given twice: list all its values in one option.")
    return axes


def combinations(axes: Sequence[Axis]) -> list[Settings]:
    """Return every combination of the listed values and of the bounds of the ranges, in order.

    >>> combinations((ValueList("hidden", ("8", "16")), ValueRange("rate", "0.1", "1")))[1]
    (('hidden', '8'), ('rate', '1'))
    """
    values = [axis.values if isinstance(axis, ValueList) else (axis.low, axis.high) for axis in axes]
    pairs = ([(axis.key, value) for value in row] for axis, row in zip(axes, values, strict=True))
    return list(product(*pairs))


def _axis(words: str) -> Axis:
    key, _, rest = words.partition("=")
    values = [value.strip() for value in rest.split(",")]
    if not key.strip() or not all(values):
        raise InputError(f"--sweep must be key=value,value or key=low..high. Received: '{words}'.")
    if match := _RANGE.fullmatch(rest.strip()):
        return _range(canonical_key(key), match[1], match[2])
    if len(set(values)) < len(values):
        raise InputError(f"--sweep {key}: a value is repeated. Received: '{rest}'.")
    return ValueList(canonical_key(key), tuple(values))


def _range(key: str, low: str, high: str) -> ValueRange:
    axis = ValueRange(key, low, high)
    try:
        bounds = axis.bounds
    except ValueError:
        bounds = (math.nan, math.nan)
    if not (all(map(math.isfinite, bounds)) and bounds[0] < bounds[1]):
        raise InputError(
            f"--sweep {key}: a range must go from a smaller to a larger number. Received: {low}..{high}."
        )
    return axis
