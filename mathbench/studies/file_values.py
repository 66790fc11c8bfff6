"""Checks of the values in the file of a study."""

import re
from typing import Any

from mathbench.errors import InputError
from mathbench.parameters import check_integer

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def check_name(name: str, what: str) -> None:
    """Check a name, which is also that of a folder.

    Raises:
        InputError: for other characters, and for more than 60 of them.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"the name of {what} must be up to 60 lower-case letters, digits and hyphens. Received: {name!a:.80}."
        )


def read_seeds(value: Any) -> tuple[int, ...]:
    """Return training seeds: a list of them, or as many as an integer says."""
    seeds = value if isinstance(value, list) else range(check_integer("seeds", value, 1))
    found = tuple(check_integer("seeds", seed, 0) for seed in seeds)
    if not found or len(set(found)) < len(found):
        raise InputError(f"seeds must be different integers. Received: {value!r:.100}.")
    return found


def read_texts(where: str, key: str, value: Any) -> tuple[str, ...]:
    """Return a text or a list of texts as texts.

    Raises:
        InputError: for an empty list, and for a value of a list that is not text.
    """
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise InputError(f"{key} of {where} must be text or a list of texts. Received: {value!r:.100}.")
    return tuple(texts)


def read_lengths(values: list[Any]) -> tuple[int, ...]:
    """Return numbers of digits.

    Raises:
        InputError: for a value that is no number of digits.
    """
    return tuple(dict.fromkeys(check_integer("long", value, 1) for value in values))
