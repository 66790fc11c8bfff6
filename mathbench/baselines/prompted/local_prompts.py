"""Questions as the tokens of a tokenizer of transformers, and tokens as text."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mathbench.baselines.prompted.model import Question, Turn
from mathbench.baselines.prompted.reasoning import TAGS
from mathbench.errors import InputError, did_you_mean, one_line, shown

TEMPLATE_FIELDS = "chat_template_kwargs"  # as servers call them
# templates that state the date would make every day's questions different
DATE = datetime(2024, 7, 26)
_TODAY = re.compile(r"""strftime_now\((["'])(.*?)\1\)""")
_PROBE = "mathbench asks"


class Prompt(NamedTuple):
    """A question as a model reads it.

    Attributes:
        text: the text.
        tokens: its tokens.
        chat: whether the chat template was applied.
        opens_reasoning: whether the text ends within reasoning.
    """

    text: str
    tokens: list[int]
    chat: bool = False
    opens_reasoning: bool = False


class PromptWriter:
    """Writes questions as tokens, and reads tokens as text.

    Args:
        tokenizer: a tokenizer of transformers.
        fields: further fields of the request; `chat_template_kwargs` are variables of the chat template.

    Raises:
        InputError: for a field that has no meaning here, or a tokenizer that reads no digits.
    """

    def __init__(self, tokenizer: Any, fields: Mapping[str, Any]):
        self._tokenizer, self._template_fields = tokenizer, _template_fields(fields)
        self._start = _start_tokens(tokenizer)
        self._hidden = _hidden_tokens(tokenizer)
        self.has_template = bool(getattr(tokenizer, "chat_template", None))
        self._template = _chat_template(tokenizer) if self.has_template else ""
        self._takes_system = self.has_template and self._system_is_shown()

    @property
    def details(self) -> dict[str, Any]:
        """Facts about the tokenizer and its chat template, as plain values."""
        facts: dict[str, Any] = {"tokenizer": type(self._tokenizer).__name__}
        backend = getattr(self._tokenizer, "backend_tokenizer", None)
        if backend is not None:
            facts["tokenizer_sha256"] = _sha256(backend.to_str())
        if self.has_template:
            system = "own turn" if self._takes_system else "in the first turn of the user"
            facts |= {"template_sha256": _sha256(self._template), "system": system}
        if _dated(self._template) != self._template:
            facts["template_date"] = f"{DATE:%Y-%m-%d}"
        return facts

    def write(self, question: Question) -> Prompt:
        """Return a question as a model reads it.

        Raises:
            InputError: when the chat template does not take its turns.
        """
        if not question.turns:
            # a model continues at least one token
            tokens = [*self._start, *self._tokens(question.text)] or self._tokens(
                self._tokenizer.eos_token or "\n"
            )
            return Prompt(question.text, tokens)
        text = self._render(question.turns if self._takes_system else _merged(question.turns))
        opened = text.rstrip().endswith(tuple(opening for opening, _ in TAGS))
        return Prompt(text, self._tokens(text), True, opened)

    def read(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens without special ones, except tags of reasoning."""
        kept = [token for token in tokens if token not in self._hidden]
        # the tidying of white space before punctuation is for English
        text: str = self._tokenizer.decode(kept, clean_up_tokenization_spaces=False)
        return text

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self._tokens(text))

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _render(self, turns: Sequence[Turn]) -> str:
        options = {"tokenize": False, "add_generation_prompt": True, **self._template_fields}
        try:
            text: str = self._tokenizer.apply_chat_template(
                list(turns), chat_template=_dated(self._template), **options
            )
        except Exception as error:  # templates are programs, and raise what they like
            reason = one_line(str(error)) or type(error).__name__
            raise InputError(f"the chat template of the model does not take this chat: {reason}.") from None
        return text

    def _system_is_shown(self) -> bool:
        """Whether the template takes a turn of the system. Some refuse it, others leave it out."""
        try:
            return _PROBE in self._render([_turn("system", _PROBE), _turn("user", "57+8")])
        except InputError:
            return False


def _template_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    for name in fields:
        if name != TEMPLATE_FIELDS:
            raise InputError(
                f"a local model has no field '{name}' in extra. {did_you_mean(name, [TEMPLATE_FIELDS])}"
            )
    found = fields.get(TEMPLATE_FIELDS, {})
    if not isinstance(found, dict):
        raise InputError(f"extra: {TEMPLATE_FIELDS} must be an object. Received: {shown(found)}.")
    return found


def _start_tokens(tokenizer: Any) -> list[int]:
    """The tokens that the tokenizer puts before a text, such as one for its start. Those at the end are left out."""
    bare = tokenizer("0", add_special_tokens=False)["input_ids"]
    if not bare or set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens):
        raise InputError("the model has no tokenizer, or one that does not read digits.")
    full = list(tokenizer("0")["input_ids"])
    for start in range(len(full)):
        if full[start : start + len(bare)] == bare:
            return full[:start]
    return []


def _hidden_tokens(tokenizer: Any) -> frozenset[int]:
    """The special tokens that are not part of a text. Tags of reasoning are needed to find the answer."""
    special = zip(tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True)
    return frozenset(
        token for text, token in special if not any(text in tag for pair in TAGS for tag in pair)
    )


def _chat_template(tokenizer: Any) -> str:
    """The chat template; of several, the one for chats without tools."""
    try:
        template: str = tokenizer.get_chat_template()
    except ValueError as error:
        raise InputError(f"the model has no usable chat template: {one_line(str(error))}") from None
    return template


def _dated(template: str) -> str:
    """A template with a fixed date in place of today's.

    >>> _dated("On {{ strftime_now('%d %b %Y') }}")
    "On {{ '26 Jul 2024' }}"
    """
    return _TODAY.sub(lambda found: repr(DATE.strftime(found[2])), template)


def _merged(turns: Sequence[Turn]) -> Sequence[Turn]:
    r"""The turns, with that of the system at the start of the first turn of the user.

    >>> _merged([_turn("system", "Add."), _turn("user", "57+8")])
    [{'role': 'user', 'content': 'Add.\n\n57+8'}]
    """
    if turns[0]["role"] != "system" or len(turns) < 2:
        return turns
    system, first, *rest = turns
    return [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]


def _turn(role: str, content: str) -> Turn:
    return {"role": role, "content": content}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
