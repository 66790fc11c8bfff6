"""Shares of rows by kind, given as text such as `digit:2,swap:1`."""

import re
from collections.abc import Sequence

from mathbench.errors import InputError, did_you_mean


def parse_shares(family: str, given: str, kinds: Sequence[str], noun: str) -> list[int]:
    """Parse `"digit:2,swap:1"` to the share of each kind.

    Args:
        family: the name of the family, for messages.
        given: kinds and their shares; a share that is left out is 1, a kind that is left out has share 0.
        kinds: the kinds allowed.
        noun: what they are called in messages, such as ``"kind of error"``.

    >>> parse_shares("correct-addition", "digit:2,swap", ("digit", "carry", "swap"), "kind of error")
    [2, 0, 1]

    Raises:
        InputError: for an unknown kind, a share that is not an integer from 0 to 99, or shares that are all 0.
    """
    parts: dict[str, int] = {}
    for entry in given.split(","):
        kind, _, share = entry.strip().partition(":")
        if kind not in kinds:
            raise InputError(f"{family}: unknown {noun} '{kind}'. {did_you_mean(kind, kinds)}")
        if kind in parts:
            raise InputError(f"{family}: the {noun} '{kind}' is given twice. Received: {given!r}.")
        if not re.fullmatch("0*[0-9]{0,2}", share):
            raise InputError(
                f"{family}: the share of '{kind}' must be an integer from 0 to 99. Received: {share!r}."
            )
        parts[kind] = int(share or "1")
    if not any(parts.values()):
        raise InputError(f"{family}: at least one {noun} must have a share above 0. Received: {given!r}.")
    return [parts.get(kind, 0) for kind in kinds]
