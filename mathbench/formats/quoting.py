"""Text of any kind inside the name of a format, as JSON: `prompt:text="What is {a} plus {b}?"`."""

import hashlib
import json
import re

from mathbench.errors import InputError

SEPARATOR = "\x1e"  # between the texts of an option that has several
_PLAIN = re.compile(r"[\w.-]*")
_STRING = r'"(?:[^"\\]|\\.)*"'
_QUOTED = re.compile(rf"{_STRING}|\[\s*{_STRING}(?:\s*,\s*{_STRING})*\s*\]", re.DOTALL)


def split(text: str, sign: str) -> list[str]:
    """Split text at a sign, except within quotes.

    Raises:
        InputError: for a quote that does not end.

    >>> split('a:text="1+1"+b', "+")
    ['a:text="1+1"', 'b']
    """
    parts, start = [""], 0
    while start < len(text):
        if text[start] in '"[' and (quoted := _QUOTED.match(text, start)):
            parts[-1] += quoted[0]
            start = quoted.end()
            continue
        if text[start] == '"':
            raise InputError(f"a quoted text of a format must end with a quote. Received: {text[start:]}.")
        if text[start] == sign:
            parts.append("")
        else:
            parts[-1] += text[start]
        start += 1
    return parts


def decoded(value: str) -> str:
    r"""The text or texts of an option, several separated by `SEPARATOR`; text without quotes is itself.

    >>> decoded('"a\\nb"'), decoded('["x", "y"]').split(SEPARATOR), decoded("space")
    ('a\nb', ['x', 'y'], 'space')
    """
    if not _QUOTED.fullmatch(value):
        return value
    try:
        found = json.loads(value, strict=False)
    except ValueError as error:
        raise InputError(
            f"a quoted text of a format must be valid JSON ({error}). Received: {value}."
        ) from None
    return found if isinstance(found, str) else SEPARATOR.join(found)


def encoded(value: str) -> str:
    """The inverse of :func:`decoded`; text is quoted only where it has to be.

    >>> encoded("space"), encoded("1+1"), encoded("x" + SEPARATOR + "y")
    ('space', '"1+1"', '["x", "y"]')
    """
    if SEPARATOR in value:
        return json.dumps(value.split(SEPARATOR), ensure_ascii=False)
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def abbreviated(text: str) -> str:
    """The name of a format with each quoted text replaced by eight digits of its SHA-256.

    >>> abbreviated('prompt:text="What is {a}+{b}?"+choices')
    'prompt:text=8ab9ef5a+choices'
    """
    return _QUOTED.sub(lambda found: hashlib.sha256(found[0].encode()).hexdigest()[:8], text)
