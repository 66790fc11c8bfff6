"""Questions that occur twice: in a split, in two splits, with two answers. Measured by 64-bit hashes.

Two different texts have the same hash with a probability of about 2^-64, so a count over 100 million rows is wrong by
one with a probability below one in a thousand.
"""

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, U64, key_of, mix64
from mathbench.numbers.text import bytes_and_offsets

EXACT, LOOSE, NUMBERS = "same_question", "same_up_to_case_and_space", "same_numbers_and_answer"
MEASURES = {
    EXACT: "the same question, character for character",
    LOOSE: "the same question up to case and white space",
    NUMBERS: "the same numbers in any order and the same answer, in any words (an upper bound of equal problems)",
}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SPLIT_KEY = key_of("split of imported questions")
_CHUNK_BYTES = 1 << 22  # of text that is hashed at a time


def hash_texts(texts: pa.StringArray | pa.ChunkedArray, key: int = GOLDEN) -> U64:
    """Hash texts to 64 bits.

    Args:
        texts: strings (n,).
        key: another key gives other hashes.

    Returns:
        uint64 (n,). The hash of a text does not depend on the others.

    >>> first, again = hash_texts(pa.array(["1+2", "é", ""])), hash_texts(pa.array(["é"]))
    >>> bool(first[1] == again[0]), len(set(first.tolist()))
    (True, 3)
    """
    data, offsets = bytes_and_offsets(texts)
    found = np.empty(len(offsets) - 1, dtype=np.uint64)
    start = 0
    while start < len(found):
        limit = int(offsets[start]) + _CHUNK_BYTES
        stop = max(start + 1, int(np.searchsorted(offsets, limit, side="right")) - 1)
        found[start:stop] = _hash_part(data, offsets[start : stop + 1], key)
        start = stop
    return found


def _hash_part(data: NDArray[np.uint8], offsets: NDArray[np.integer], key: int) -> U64:
    """Hash some texts: the sum over their characters of the mixed (position, character)."""
    lengths = np.diff(offsets).astype(np.int64)
    part = data[int(offsets[0]) : int(offsets[-1])].astype(np.uint64)
    first = np.repeat((offsets[:-1] - offsets[0]).astype(np.int64), lengths)
    position = (np.arange(len(part)) - first).astype(np.uint64)
    mixed = mix64(((position << np.uint64(8)) | part) + np.uint64(key))
    total = np.zeros(len(lengths), dtype=np.uint64)
    if len(part):
        full = np.flatnonzero(lengths)
        total[full] = np.add.reduceat(mixed, (offsets[:-1] - offsets[0]).astype(np.int64)[full])
    return mix64(total ^ lengths.astype(np.uint64))


def normalised(questions: pa.StringArray) -> pa.StringArray:
    """Questions in small letters, with one space where there is white space, and none around.

    >>> normalised(pa.array([" What  IS 3?"])).to_pylist()
    ['what is 3?']
    """
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(pc.utf8_lower(questions), r"\s+", " "))


def chosen_for_validation(questions: pa.StringArray, share: float) -> pa.BooleanArray:
    """Which rows of train become validation rows: a share of the questions, chosen by a hash of their text.

    Rows whose questions are the same up to case and white space go to the same split.

    Args:
        questions: strings (n,).
        share: from 0 to 1.

    Returns:
        bool (n,).
    """
    return pa.array(share_positions(questions) < share)


def share_positions(questions: pa.StringArray) -> NDArray[np.float64]:
    """The position of each question in the unit interval, float64 (n,), by which splits of given shares are cut."""
    return hash_texts(normalised(questions), _SPLIT_KEY) / 2.0**64


def number_keys(questions: pa.StringArray, answers: pa.StringArray) -> U64:
    """Hash the numbers of each question, whatever their order, with its answer; uint64 (m,) of those with numbers."""
    texts = []
    for question, answer in zip(questions.to_pylist(), answers.to_pylist(), strict=True):
        if numbers := _NUMBER.findall(question):
            texts.append(" ".join(sorted(numbers)) + "\n" + answer)
    return hash_texts(pa.array(texts, pa.string()))


class SplitKeys:
    """The hashes of one split; 8 bytes each, and four for each row."""

    def __init__(self) -> None:
        self._parts: dict[str, list[U64]] = {EXACT: [], LOOSE: [], NUMBERS: [], "pairs": []}

    def add(self, questions: pa.StringArray, answers: pa.StringArray) -> None:
        """Add the next rows, strings (n,)."""
        exact = hash_texts(questions)
        self._parts[EXACT].append(exact)
        self._parts[LOOSE].append(hash_texts(normalised(questions)))
        self._parts[NUMBERS].append(number_keys(questions, answers))
        self._parts["pairs"].append(mix64(exact ^ hash_texts(answers, _SPLIT_KEY)))

    def keys(self, name: str) -> U64:
        """All hashes of one kind, uint64 (n,)."""
        return np.concatenate([np.empty(0, dtype=np.uint64), *self._parts[name]])


def measure(splits: Mapping[str, SplitKeys]) -> dict[str, Any]:
    """Count repeated questions.

    Args:
        splits: the hashes of each split, in order.

    Returns:
        ``repeats``: by split, rows whose question occurred before in it. ``shared``: for each pair of splits, rows of
        the later one that occur in the earlier one, by measure. ``contradictions``: questions with several answers.
    """
    shared = [
        {"split": later, "with": earlier, **_shared(splits[earlier], splits[later])}
        for earlier, later in combinations(splits, 2)
    ]
    repeats = {}
    for name, keys in splits.items():
        found = keys.keys(EXACT)
        repeats[name] = {"rows": len(found), EXACT: len(found) - len(np.unique(found))}
    return {"repeats": repeats, "shared": shared, "contradictions": _contradictions(list(splits.values()))}


def _shared(earlier: SplitKeys, later: SplitKeys) -> dict[str, int]:
    """Rows of the later split that occur in the earlier one, by measure."""
    counts = {"rows": len(later.keys(EXACT))}
    for measure in MEASURES:
        counts[measure] = int(np.isin(later.keys(measure), np.unique(earlier.keys(measure))).sum())
    return counts


def _contradictions(splits: list[SplitKeys]) -> int:
    """The number of questions that occur with different answers."""
    questions = np.concatenate([keys.keys(EXACT) for keys in splits])
    _, first = np.unique(np.concatenate([keys.keys("pairs") for keys in splits]), return_index=True)
    return int((np.unique(questions[first], return_counts=True)[1] > 1).sum())
