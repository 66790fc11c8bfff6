"""How often somebody may ask: at most so many times in any span of so many seconds."""

from collections import deque
from collections.abc import Callable, Sequence
from math import ceil
from time import monotonic


class RateLimit:
    """A sliding window.

    Args:
        maximum: how many are let through in one window.
        seconds: how long it is.
        clock: seconds that never go back.

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
        """Let one through and return 0, or return after how many whole seconds to come again."""
        time = self._clock()
        while self._passed and self._passed[0] <= time - self._seconds:
            self._passed.popleft()
        if len(self._passed) < self.maximum:
            self._passed.append(time)
            return 0
        return max(1, ceil(self._passed[0] + self._seconds - time)) if self._passed else ceil(self._seconds)


class RateLimits:
    """Limits that hold for everybody together and for each token alone.

    Args:
        requests: of any kind, per minute, from everybody together.
        submissions: per minute, from everybody together.
        per_token: submissions per minute with one token.
    """

    def __init__(self, requests: int, submissions: int, per_token: int):
        self.requests = RateLimit(requests)
        self._submissions = RateLimit(submissions)
        self._per_token = per_token
        self._tokens: dict[str, RateLimit] = {}

    def submission(self, token: str) -> int:
        """As `RateLimit.wait`, for one submission; a token that has used up its share takes nobody else's."""
        own = self._tokens.setdefault(token, RateLimit(self._per_token))
        return _first_wait((own, self._submissions))


def _first_wait(rates: Sequence[RateLimit]) -> int:
    return next((seconds for rate in rates if (seconds := rate.retry_after())), 0)
