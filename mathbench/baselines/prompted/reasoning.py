"""Reasoning in the text of a reply: what a model writes between tags before it answers."""

import re
from typing import NamedTuple

# (opening, closing) tags: most models; some; Mistral's; the channels of OpenAI's open models
TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("[THINK]", "[/THINK]"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
)
_BLANK = re.compile(r"\s*")


class Parts(NamedTuple):
    """The two parts of a reply.

    Attributes:
        answer: what was written after the reasoning; the whole text where there is none.
        reasoning: what was written as reasoning, without its tags and the white space around it.
    """

    answer: str
    reasoning: str


def split_reasoning(text: str, opened: bool = False) -> Parts:
    r"""Separate the reasoning at the start of a reply from the answer after it.

    A closing tag without an opening one before it ends reasoning too, because many chat templates open it in the
    prompt. Reasoning that is not closed leaves no answer. Tags after the start of the answer are part of the answer.
    Takes time in proportion to the text.

    Args:
        text: the reply.
        opened: whether the prompt ends within reasoning.

    >>> split_reasoning("<think>57 plus 8</think>\n\n65")
    Parts(answer='65', reasoning='57 plus 8')
    >>> split_reasoning("57 plus 8</think>65"), split_reasoning("<think>57 plus")
    (Parts(answer='65', reasoning='57 plus 8'), Parts(answer='', reasoning='57 plus'))
    >>> split_reasoning(" 65"), split_reasoning("57 plus", opened=True)
    (Parts(answer=' 65', reasoning=''), Parts(answer='', reasoning='57 plus'))
    """
    block = _opened_block(text, 0) or _unopened_block(text, opened)
    blocks = list[str]()
    answer = 0
    while block:
        reasoning, answer = block
        blocks.append(reasoning)
        block = _opened_block(text, answer)
    return Parts(text[answer:], "\n".join(filter(None, blocks)))


def _opened_block(text: str, start: int) -> tuple[str, int] | None:
    """The reasoning between tags at a position, white space aside, and where the text after it starts."""
    start = _after_blank(text, start)
    for opening, closing in TAGS:
        if text.startswith(opening, start):
            return _closed(text, start + len(opening), text.find(closing, start), closing)
    return None


def _unopened_block(text: str, opened: bool) -> tuple[str, int] | None:
    """The reasoning up to the first closing tag that has no opening one before it; all text if that is missing."""
    for opening, closing in TAGS:
        end = text.find(closing)
        if end >= 0 and (opened or text.find(opening, 0, end) < 0):
            return _closed(text, 0, end, closing)
    return (text.strip(), len(text)) if opened else None


def _closed(text: str, start: int, end: int, closing: str) -> tuple[str, int]:
    if end < 0:
        return text[start:].strip(), len(text)
    return text[start:end].strip(), _after_blank(text, end + len(closing))


def _after_blank(text: str, start: int) -> int:
    blank = _BLANK.match(text, start)
    return blank.end() if blank else start
