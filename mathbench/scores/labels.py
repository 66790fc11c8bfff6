"""Labels that tell settings from each other by what differs between them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

MAX_NAMED = 4  # settings in a label
MAX_VALUE = 40  # characters of a setting


def differences(settings: Sequence[Mapping[str, Any]], most: int = MAX_NAMED) -> list[str]:
    """Return the settings by which each of several sets differs from the others, as text; empty for none.

    A setting that some sets do not have counts as different there, and is left out of their label.

    Args:
        settings: plain values by name.
        most: settings in a label; the number of further ones is stated.

    >>> differences([{"steps": 100, "rate": 0.001}, {"steps": 2000, "rate": 0.001}])
    ['steps=100', 'steps=2000']
    >>> differences([dict.fromkeys("abcdef", n) for n in (0, 1)])
    ['a=0, b=0, c=0, d=0 and 2 more', 'a=1, b=1, c=1, d=1 and 2 more']
    """
    keys = dict.fromkeys(key for one in settings for key in one)
    found = [key for key in keys if len({_plain(one.get(key)) for one in settings}) > 1]
    return [_label({key: one[key] for key in found if key in one}, most) for one in settings]


def shortest_differences(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return `differences` with as many settings in a label as it takes to tell all sets from each other.

    >>> shortest_differences([{**dict.fromkeys("abcd", n), "e": e} for n, e in ((0, 0), (1, 0), (1, 1))])[2]
    'a=1, b=1, c=1, d=1, e=1'
    """
    most = MAX_NAMED
    while True:
        labels = differences(settings, most)
        if len(set(labels)) == len(labels) or most >= max(map(len, settings), default=0):
            return labels
        most *= 2


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _label(own: Mapping[str, Any], most: int) -> str:
    words = [f"{key}={str(value)[:MAX_VALUE]}" for key, value in own.items()]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
