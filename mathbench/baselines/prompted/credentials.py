"""The key of a server, which comes from the environment and is repeated nowhere, and addresses, which hold none."""

import os
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlsplit

from mathbench.errors import InputError, shown

KEY_VARIABLE = "OPENAI_API_KEY"
HEADERS_VARIABLE = "OPENAI_CUSTOM_HEADERS"  # the client adds these headers: lines of `Name: value`
NO_KEY = "none"  # sent where no key is set: local servers ignore it, and the client insists on one
MIN_SECRET = 8  # shorter values, such as EMPTY, protect nothing and may be parts of answers
HIDDEN = "[key]"


@dataclass(frozen=True)
class Credentials:
    """What proves to a server who asks.

    Args:
        key: sent with each request; empty where none is set.
        headers: values of further headers.
    """

    key: str = field(default="", repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_environment(cls) -> "Credentials":
        """Read the key from the environment.

        Raises:
            InputError: for a key that no header can hold. The message does not repeat it.
        """
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if key and not re.fullmatch("[!-~]+", key):
            raise InputError(f"{KEY_VARIABLE} must be printable ASCII without spaces. It is not shown here.")
        lines = os.environ.get(HEADERS_VARIABLE, "").split("\n")
        return cls(key, tuple(line.partition(":")[2].strip() for line in lines))

    def hide(self, text: str) -> str:
        """Replace the key and the values of further headers in a text, whoever wrote it.

        >>> Credentials("sk-12345678").hide("Incorrect key: sk-12345678")
        'Incorrect key: [key]'
        """
        for secret in sorted((self.key, *self.headers), key=len, reverse=True):
            if len(secret) >= MIN_SECRET:
                text = text.replace(secret, HIDDEN).replace(quote(secret, safe=""), HIDDEN)
        return text


def check_address(url: str) -> str:
    """Check the address of a server, and return it without a slash at its end.

    >>> check_address("http://localhost:8000/v1/")
    'http://localhost:8000/v1'

    Raises:
        InputError: for an empty or unreadable address, or one with a user, a password or a query, which would be
            recorded. The message repeats none of these.
    """
    if not url:
        raise InputError(
            "a served model needs the address of its server, such as --url http://localhost:8000/v1."
        )
    parts = _parts_of(url)
    if "@" in url or "?" in url or "#" in url:
        raise InputError(
            f"the address of a server must have no user, password, query or fragment. A key goes into {KEY_VARIABLE}."
        )
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise InputError(f"the address of a server is like http://localhost:8000/v1. Received: {shown(url)}.")
    return url.rstrip("/")


def _parts_of(url: str) -> SplitResult | None:
    """The parts of an address; None for an invalid host or port."""
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None
