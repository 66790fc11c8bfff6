"""The seal of a seed: a commitment to it, and the seeds of the rows that follow from it after it is published."""

import hashlib

NO_WEIGHTS = "00" * 32  # stands for the weights where rows are drawn for nobody's model


def commitment(seed: str, salt: str) -> str:
    """SHA-256 over the salt and then the seed, each 32 bytes in 64 hexadecimal digits.

    >>> commitment("00" * 32, "01" * 32)[:16]
    '037d6dfb3a369a41'
    """
    return hashlib.sha256(bytes.fromhex(salt) + bytes.fromhex(seed)).hexdigest()


def entry_seed(seed: str, weights: str) -> str:
    """The seed of one entry's questions: unknown before the weights are named, and different for every entry.

    >>> entry_seed("00" * 32, "11" * 32)[:14]
    'round-8878b15a'
    """
    return "round-" + hashlib.sha256(bytes.fromhex(seed) + bytes.fromhex(weights)).hexdigest()
