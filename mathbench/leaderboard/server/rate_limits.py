"""Rate limits over a sliding window, in memory."""

from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from math import ceil
from time import monotonic

REMEMBERED = 10_000  # clients


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


class RateLimitPerClient:
    """One `RateLimit` for each client, of which only the latest are remembered.

    Args:
        maximum: events of one client per minute.
        remembered: the number of clients.

    >>> rates = RateLimitPerClient(1)
    >>> rates.retry_after("a"), rates.retry_after("b"), rates.retry_after("a") > 50
    (0, 0, True)
    """

    def __init__(self, maximum: int, remembered: int = REMEMBERED):
        self._maximum, self._remembered = maximum, remembered
        self._rates: OrderedDict[str, RateLimit] = OrderedDict()

    def retry_after(self, client: str) -> int:
        """As `RateLimit.retry_after`, for one event of a client."""
        rate = self._rates.setdefault(client, RateLimit(self._maximum))
        self._rates.move_to_end(client)
        while len(self._rates) > self._remembered:
            self._rates.popitem(last=False)
        return rate.retry_after()


class AddressRates:
    """A limit for each address.

    Args:
        requests: of any kind per minute, from one address.
    """

    def __init__(self, requests: int):
        self._addresses = RateLimitPerClient(requests)

    def request(self, address: str) -> int:
        """As `RateLimit.retry_after`, for one request from an address."""
        return self._addresses.retry_after(client_network(address))


def client_network(address: str) -> str:
    """The address, of IPv6 the network of 64 bits: one client has all addresses of it.

    >>> client_network("192.0.2.7"), client_network("2001:db8::1"), client_network("testclient")
    ('192.0.2.7', '2001:db8::/64', 'testclient')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ip_network((found, 64), strict=False))
