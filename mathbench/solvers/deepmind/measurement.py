"""Measurement, read from text."""

from typing import Any

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

DEFINITIONS: tuple[Rule, ...] = ()

_DAY = 24 * 60
_CLOCK = r"\d+:\d\d [AP]M"


def _minutes(clock: str) -> int:
    """Minutes from midnight."""
    time, half = clock.split()
    hours, minutes = map(int, time.split(":"))
    return (hours % 12 + (12 if half == "PM" else 0)) * 60 + minutes


def _clock(minutes: int) -> str:
    hours, minutes = divmod(minutes % _DAY, 60)
    return f"{hours % 12 or 12}:{minutes:02d} {'PM' if hours >= 12 else 'AM'}"


def _moved(reader: Reader, found: Any) -> str:
    step = int(found["d"]) if found["way"] == "after" else -int(found["d"])
    return _clock(_minutes(found["t"]) + step)


def _between(reader: Reader, found: Any) -> int:
    return (_minutes(found["end"]) - _minutes(found["start"])) % _DAY


_TIME = (
    rule(
        rf"(?:What is|What time is|Find the time) (?P<d>\d+) minutes? (?P<way>before|after) (?P<t>{_CLOCK})[?.]",
        _moved,
    ),
    rule(
        rf"(?:How many|Count the|Give the) minutes from (?P<start>{_CLOCK}) to (?P<end>{_CLOCK})[?.]",
        _between,
    ),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {"measurement__time": _TIME}
