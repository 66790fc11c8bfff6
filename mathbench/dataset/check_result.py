"""The result of one check of a dataset."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Attributes:
        config, split: the names of both; the split is empty for checks of the whole configuration.
        what: the check, in words.
        passed: whether it passed.
        detail: the amount checked, or the first failure.
    """

    config: str
    split: str
    what: str
    passed: bool
    detail: str
