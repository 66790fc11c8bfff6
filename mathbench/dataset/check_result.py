"""The results of the checks of a dataset."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from mathbench.errors import CheckFailed


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Attributes:
        config, split: the names of both; the split is empty for checks of the whole configuration.
        what: the check, in words.
        passed: whether it passed.
        detail: the amount checked, or the first failure.

    >>> CheckResult("gcd-base10", "", "files", True, "4 file(s)").passed
    True
    """

    config: str
    split: str
    what: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Verification:
    """The results of all checks of a dataset; see `mathbench.verify`.

    Attributes:
        checks: in the order in which they were made.
        sample_seed: the seed of the random rows that were checked.

    >>> good = CheckResult("gcd-base10", "", "files", True, "4 file(s)")
    >>> Verification((good,), sample_seed=0).passed
    True
    """

    checks: tuple[CheckResult, ...]
    sample_seed: int

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        """Whether all checks passed."""
        return not self.failed

    def require(self) -> Self:
        """Return this verification if all checks passed.

        Raises:
            CheckFailed: otherwise, with the first failure.

        >>> bad = CheckResult("gcd-base10", "train", "content digests", False, "a row differs")
        >>> Verification((bad,), sample_seed=0).require()
        Traceback (most recent call last):
        ...
        mathbench.errors.CheckFailed: 1 of 1 checks failed. gcd-base10, train: content digests: a row differs.
        """
        if self.passed:
            return self
        first = self.failed[0]
        place = ", ".join(filter(None, (first.config, first.split)))
        raise CheckFailed(
            f"{len(self.failed)} of {len(self.checks)} checks failed. "
            f"{place}: {first.what}: {first.detail.rstrip('.')}."
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        checks = [asdict(check) for check in self.checks]
        return {"passed": self.passed, "sample_seed": self.sample_seed, "checks": checks}
