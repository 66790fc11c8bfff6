"""Rate limits over a sliding window."""

from collections import deque
from collections.abc import Callable, Sequence
from math import ceil
from time import monotonic


class RateLimit:
    """A limit for the number of events in any window of some seconds.

    Args:
        maximum: events per window.
        seconds: the length of the window.
        clock: a monotonic clock in seconds.

    >>> rate = RateLimit(2, 60, clock=iter([0, 10, 20, 61]).__next__)
    >>> [rate.retry_after(), rate.retry_after(), rate.retry_after(), rate.retry_after()]
    [0, 0, 40, 0]
    """

    def __init__(self, maximum: int, seconds: float = 60, clock: Callable[[], float] = monotonic):
        self.maximum = maximum
        self._seconds = seconds
        self._clock = clock
        self._passed: deque[float] = deque()

    def retry_after(self) -> int:
        """Count an event and return 0, or return after how many full seconds the next one is allowed."""
        time = self._clock()
        while self._passed and self._passed[0] <= time - self._seconds:
            self._passed.popleft()
        if len(self._passed) < self.maximum:
            self._passed.append(time)
            return 0
        return max(1, ceil(self._passed[0] + self._seconds - time)) if self._passed else ceil(self._seconds)


class RateLimits:
    """Limits for all clients together and for each token.

    Args:
        requests: of any kind per minute, from all clients together.
        submissions: per minute, from all clients together.
        per_token: submissions per minute with one token.
    """

    def __init__(self, requests: int, submissions: int, per_token: int):
        self.requests = RateLimit(requests)
        self._submissions = RateLimit(submissions)
        self._per_token = per_token
        self._tokens: dict[str, RateLimit] = {}

    def submission(self, token: str) -> int:
        """As `RateLimit.retry_after`, for one submission.

        A submission above the limit of its token does not count for the other tokens.
        """
        own = self._tokens.setdefault(token, RateLimit(self._per_token))
        return _first_wait((own, self._submissions))


def _first_wait(rates: Sequence[RateLimit]) -> int:
    return next((seconds for rate in rates if (seconds := rate.retry_after())), 0)
