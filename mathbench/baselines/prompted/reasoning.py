"""Reasoning that a model writes in front of its answer, between ``<think>`` and ``</think>``."""

_OPEN, _CLOSE = "<think>", "</think>"


def split_reasoning(text: str) -> tuple[str, str]:
    """Split what a model wrote into its reasoning and the rest.

    Many chat templates put ``<think>`` at the end of the prompt, so it may be missing. Reasoning without an end, which
    ran out of tokens, leaves no rest.

    >>> split_reasoning("<think>5+8 is 13.</think> 13")
    ('5+8 is 13.', '13')
    >>> split_reasoning("5+8 is 13.</think>13"), split_reasoning("<think>5+8"), split_reasoning("13")
    (('5+8 is 13.', '13'), ('5+8', ''), ('', '13'))
    """
    start = text.lstrip()
    opened = start.startswith(_OPEN)
    reasoning, close, rest = start.removeprefix(_OPEN).partition(_CLOSE)
    # a tag inside an answer is part of the answer
    if not opened and (not close or _OPEN in reasoning):
        return "", text
    return reasoning.strip(), rest.lstrip()
