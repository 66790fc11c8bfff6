"""What goes wrong between a server and us: what to try again, what the question is to blame for, and what to wait."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from mathbench.errors import shown

_OVERLOADED = (408, 409, 425, 429)
_FINAL = (501, 505)  # server errors that stay
_BAD_REQUEST = (400, 413, 422)
# codes of the protocol, and the words of vLLM, SGLang, llama.cpp and gateways
_QUESTION_REFUSED = re.compile(
    "content_filter|context_length_exceeded|exceed_context_size|context.?(length|size|window)|maximum model length",
    re.IGNORECASE,
)


class Transient(Exception):
    """A failure that may pass.

    Args:
        message: what the server said or did.
        wait: seconds that the server asks to wait.
    """

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class QuestionRefused(Exception):
    """A server refuses a question for its content or its length."""


def message_of(body: object) -> str:
    """Return what a server says in the body of a failure.

    >>> message_of({"error": {"message": "overloaded", "code": 1}}), message_of({"detail": "Not Found"})
    ('overloaded', 'Not Found')
    """
    for _ in range(3):
        if not isinstance(body, dict):
            break
        body = body.get("error") or body.get("message") or body.get("detail") or shown(body)
    return body.strip() or "no message" if isinstance(body, str) else shown(body)


def is_transient(status: int, body: object) -> bool:
    """Return whether a request may succeed later that fails with a status now. A used-up quota does not come back."""
    quota = isinstance(body, dict) and body.get("code") == "insufficient_quota"
    return not quota and (status in _OVERLOADED or (status >= 500 and status not in _FINAL))


def refuses_question(status: int, body: object) -> bool:
    """Return whether a failure is due to the content or the length of the question."""
    fields: Mapping[str, Any] = body if isinstance(body, dict) else {}
    words = f"{fields.get('code')} {fields.get('type')} {message_of(body)}"
    return status in _BAD_REQUEST and _QUESTION_REFUSED.search(words) is not None


def wants_other_limit(body: object) -> bool:
    """Return whether a failure asks for the field ``max_completion_tokens`` in place of ``max_tokens``."""
    return "max_completion_tokens" in message_of(body)


def seconds_to_wait(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds that a server asks to wait, in ``Retry-After`` or ``retry-after-ms``; 0 where it does not.

    >>> seconds_to_wait({"retry-after": "90"}, datetime.now(UTC))
    90.0
    >>> seconds_to_wait({"retry-after": "Sun, 29 Nov 2026 12:02:00 GMT"}, datetime(2026, 11, 29, 12, tzinfo=UTC))
    120.0
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    return _seconds_until(value, now) if seconds is None else seconds


def _number(text: str) -> float | None:
    """A number of a header that is not negative; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _seconds_until(text: str, now: datetime) -> float:
    """The seconds until a date of HTTP; 0 for a past or unreadable one."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    # a date without a zone is in GMT
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())
