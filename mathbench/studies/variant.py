"""Variants of a search: other settings, and another number of training rows, as ``rate=3e-3 sizes.train=20000``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mathbench.baselines.recipe import canonical_key
from mathbench.errors import InputError, did_you_mean
from mathbench.parameters import check_integer

# a setting is a name of Python, so none of them has a dot
TRAINING_ROWS = "sizes.train"
_ROWS = "sizes."
_DIGITS = re.compile("[0-9]{1,18}")


@dataclass(frozen=True)
class Variant:
    """What a variant changes.

    Args:
        settings: settings and choices of the encoding, as text.
        sizes: rows of train; empty where they stay as they are.
    """

    settings: Mapping[str, str]
    sizes: Mapping[str, int]


def parse_variant(text: str) -> Variant:
    """Return what a variant changes.

    Args:
        text: settings as ``key=value`` and rows as ``sizes.train=20000``, separated by spaces.

    Raises:
        InputError: for a word of another form, the same key twice, and rows of another split: those judge a variant.

    >>> parse_variant("rate=3e-3 sizes.train=20000")
    Variant(settings={'rate': '3e-3'}, sizes={'train': 20000})
    """
    settings: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        key = canonical_key(key)
        if not (key and equals and value):
            raise InputError(f"a variant is a list of key=value. Received: {word!r:.60}.")
        if key in settings or (key == TRAINING_ROWS and sizes):
            raise InputError(f"{key} may be given once in a variant. Received: {word!r:.60} too.")
        if key.startswith(_ROWS):
            sizes["train"] = _training_rows(key, value)
        else:
            settings[key] = value
    return Variant(settings, sizes)


def _training_rows(key: str, value: str) -> int:
    if key != TRAINING_ROWS:
        hint = did_you_mean(key, [TRAINING_ROWS])
        raise InputError(f"a variant may change the rows of train, {TRAINING_ROWS}, and no others. {hint}")
    return check_integer(key, int(value) if _DIGITS.fullmatch(value) else value, 1)
