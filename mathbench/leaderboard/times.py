"""Times on boards and in logs: UTC, to the second, as text."""

from datetime import UTC, datetime

from mathbench.errors import InputError

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def now() -> datetime:
    """The time in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def utc_now() -> str:
    """The time as text."""
    return now().strftime(TIME_FORMAT)


def parse_time(text: str) -> datetime:
    """Parse a time.

    Raises:
        InputError: when it is not a time of this format.

    >>> parse_time("2026-01-31T18:00:00Z").hour
    18
    """
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise InputError(f"a time must be like 2026-01-31T18:00:00Z. Received: {text!a}.") from None
