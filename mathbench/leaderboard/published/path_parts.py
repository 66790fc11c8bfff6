"""Names of strangers as parts of paths on any file system."""

import hashlib
from urllib.parse import quote

MAX_LENGTH = 100  # characters; file systems take 255 bytes with the rest of the file's name
# names of devices on Windows
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))}
# names that the data store of Every Eval Ever refuses
_RESERVED = {"data", "unknown"}


def path_part(name: str) -> str:
    """A name as one part of a path; different names give different parts.

    Args:
        name: any text that is not empty.

    >>> path_part("LSTM-small"), path_part("../é"), path_part("con.v1"), path_part("v1.")
    ('LSTM-small', '%2E.%2F%C3%A9', '%63on.v1', 'v1%2E')
    """
    part = quote(name, safe="+@")
    lower = part.lower()
    if part.startswith(".") or lower.split(".")[0] in _DEVICES or lower in _RESERVED:
        part = _escaped(part[0]) + part[1:]
    if part.endswith("."):
        part = part[:-1] + _escaped(".")
    if len(part) <= MAX_LENGTH:
        return part
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{part[: MAX_LENGTH - len(digest) - 1]}-{digest}"


def _escaped(character: str) -> str:
    return f"%{ord(character):02X}"
