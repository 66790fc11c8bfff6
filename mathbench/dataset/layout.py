"""Names of the files of a dataset, by the layout of its folder.

Layout 2 has all files in the folder `data`, with the configuration at the end of the name, because `datasets` finds
splits of any name there and nowhere else. Layout 1, of mathbench 0.1 and 0.2, has a folder per configuration.
"""

import re
from collections.abc import Sequence

from mathbench.errors import InputError, shown

LATEST = 2
LAYOUTS = (1, LATEST)
MAX_NAME_BYTES = 180  # temporary files have 75 bytes more, and common file systems allow 255
SHARD_PATTERN = "*/*-[0-9]*-of-[0-9]*.parquet"  # for fnmatch, of every layout
_OF_CONFIG = {
    1: re.compile(r"([^/]+)/[^/]*-\d[^/]*-of-\d[^/]*\.parquet"),
    # what `datasets` reads in a folder without a card
    LATEST: re.compile(r"data/[^/.][^/]*?-\d{5}-of-\d{5}-?([^/]*)\.[^/.]*"),
}


def shard_file(layout: int, config: str, split: str, number: int, count: int) -> str:
    """The path of one file, relative to the dataset.

    Args:
        layout: one of `LAYOUTS`.
        config: the name of the configuration.
        split: the name of the split.
        number, count: the position of the file among those of the split, from 0, and how many these are.

    >>> shard_file(2, "gcd-base10", "train", 0, 4), shard_file(1, "gcd-base10", "train", 0, 4)
    ('data/train-00000-of-00004-gcd-base10.parquet', 'gcd-base10/train-00000-of-00004.parquet')
    """
    position = f"{number:05d}-of-{count:05d}"
    return (
        f"{config}/{split}-{position}.parquet" if layout == 1 else f"data/{split}-{position}-{config}.parquet"
    )


def split_pattern(layout: int, config: str, split: str) -> str:
    """A pattern that matches the files of one split of a configuration, and of no configuration of a longer name.

    >>> split_pattern(2, "gcd-base10", "train")
    'data/train-?????-of-?????-gcd-base10.parquet'
    """
    return f"{config}/{split}-*.parquet" if layout == 1 else f"data/{split}-?????-of-?????-{config}.parquet"


def config_of(layout: int, file: str) -> str | None:
    """The configuration that a file belongs to by its name; None for a file that loaders do not read.

    >>> config_of(2, "data/train-00000-of-00001-gcd-base10.parquet"), config_of(2, "README.md")
    ('gcd-base10', None)
    """
    found = _OF_CONFIG[layout].fullmatch(file)
    return found and found[1]


def check_config_names(names: Sequence[str]) -> None:
    """Check that every configuration can have files of its name, on every system.

    Raises:
        InputError: for a name that files cannot have, and for two that are the same apart from case.
    """
    names_seen: set[str] = set()
    for name in names:
        # systems that ignore case see one file
        if name.casefold() in names_seen:
            raise InputError(f"two configurations have the name '{name}'. Give one of them another name.")
        names_seen.add(name.casefold())
        reason = _unusable_name(name)
        if reason:
            raise InputError(
                f"a configuration cannot have the name {shown(name)}: {reason}. Give another name."
            )


def _unusable_name(name: str) -> str:
    """Why files of a dataset cannot have a name; empty if they can."""
    if re.search(r"(^|-)\d{5}-of-\d{5}", name):
        return "`datasets` would read it as the number of a file"
    # the default folder of a dataset has the name too
    if re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.", name, re.IGNORECASE):
        return "Windows has no such folders"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"it is longer than {MAX_NAME_BYTES} bytes"
    return ""
