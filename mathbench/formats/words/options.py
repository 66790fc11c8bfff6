"""Formats of words given as options of their own: `prompt`, `choices`, `shots`, `messages` and `system`."""

import re
from collections.abc import Mapping
from typing import Any

from mathbench.errors import InputError, shown
from mathbench.formats.format import Format
from mathbench.formats.quoting import SEPARATOR
from mathbench.formats.words.choices import Choices
from mathbench.formats.words.messages import Messages
from mathbench.formats.words.prompt import Prompt
from mathbench.formats.words.shots import Shots
from mathbench.integers import as_integer, parse_integer
from mathbench.storage.location import local_path

OPTIONS = ("prompt", "choices", "shots", "messages", "system")
_TRUTH = {"true": True, "false": False}


def formats_of(options: Mapping[str, Any]) -> list[Format]:
    """Make the formats of some of `OPTIONS`, given as text or values.

    Raises:
        InputError: for a value of the wrong type, or one that is not allowed.

    >>> [str(kind) for kind in formats_of({"prompt": "Add {a} to {b}.", "shots": "2", "messages": True})]
    ['prompt:text="Add {a} to {b}."', 'shots:n=2', 'messages']
    """
    found: list[Format] = []
    if "prompt" in options:
        found.append(Prompt(_templates(options["prompt"])))
    if "choices" in options:
        found.append(Choices(_count("choices", options["choices"])))
    if shots := _count("shots", options.get("shots", 0)):
        found.append(Shots(shots))
    system = options.get("system")
    if _flag("messages", options.get("messages", system is not None)):
        found.append(Messages() if system is None else Messages(_text("system", system)))
    elif system is not None:
        raise InputError("system requires messages. Received: messages=false.")
    return found


def read_prompt(text: str) -> str | list[str]:
    """The templates of a file, one per line, if text names one; else the text itself.

    Raises:
        InputError: for a file that cannot be read, or has no lines, and for text without places that names no file.
    """
    if "{" in text:
        return text
    path = local_path(text)
    try:
        if not path.exists():
            raise InputError(
                f"a prompt needs places such as {{a}}, {{numbers}} or {{question}}, and no file is called {text!r}."
            )
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise InputError(f"the prompt file {text} cannot be read: {error}.") from None
    if not any(line.strip() for line in lines):
        raise InputError(f"the prompt file {text} has no lines.")
    return [line for line in lines if line.strip()]


def _templates(value: Any) -> str:
    r"""The text of a prompt with several templates; `\n` in a template is a new line."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not given or not all(isinstance(text, str) for text in given):
        raise InputError(f"prompt must be text or a list of texts. Received: {shown(value)}.")
    return SEPARATOR.join(re.sub(r"\\n", "\n", text) for text in given)


def _count(name: str, value: Any) -> int:
    try:
        number = parse_integer(value) if isinstance(value, str) else as_integer(value)
    except ValueError:
        number = None
    if number is None or number < 0:
        raise InputError(f"{name} must be an integer of 0 or more. Received: {shown(value)}.")
    return number


def _flag(name: str, value: Any) -> bool:
    found = _TRUTH.get(value, value) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise InputError(f"{name} must be true or false. Received: {shown(value)}.")
    return found


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} must be text. Received: {shown(value)}.")
    return value
