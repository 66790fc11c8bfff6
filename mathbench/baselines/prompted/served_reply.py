"""What a server of the OpenAI protocol sends back, whole or word by word, as a `Reply`."""

import json
from typing import Any

from openai import AsyncAPIResponse, AsyncOpenAI, AsyncStream

from mathbench.baselines.prompted.failures import Transient, message_of
from mathbench.baselines.prompted.model import Reply, repaired
from mathbench.baselines.prompted.reasoning import split_reasoning

MAX_FINISH = 40  # characters of the reason why a reply ended


async def read_reply(client: AsyncOpenAI, response: AsyncAPIResponse[Any]) -> Reply:
    """Read the reply from a response, as a stream if the server streams, asked or not.

    Raises:
        Transient: for a response without a reply.
        ValueError, RecursionError: for a response that is no readable JSON.
    """
    if not response.headers.get("content-type", "").lower().startswith("text/event-stream"):
        whole = ReplyParts()
        whole.add(json.loads(await response.read()))
        return whole.reply()
    parts = ReplyParts()
    async for event in AsyncStream(cast_to=object, client=client, response=response.http_response):
        parts.add(event)
    if not parts.finish:
        raise Transient("a stream that broke off")
    return parts.reply()


class ReplyParts:
    """The parts of a reply, in the order in which they came."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.reasoning: list[str] = []
        self.finish = ""
        self.begun = False
        self.usage: dict[str, Any] = {}

    def add(self, event: Any) -> None:
        """Add a whole response, or an event of a stream.

        Raises:
            Transient: for anything else.
        """
        if not isinstance(event, dict):
            raise Transient("a response that is no JSON object")
        if event.get("error"):
            raise Transient(message_of(event["error"]))
        self.usage = _dictionary(event.get("usage")) or self.usage
        choices = event.get("choices")
        for choice in choices[:1] if isinstance(choices, list) else ():
            self._add_choice(_dictionary(choice))

    def _add_choice(self, choice: dict[str, Any]) -> None:
        piece = _dictionary(choice.get("message") or choice.get("delta"))
        written = choice.get("text") if "text" in choice else piece.get("content")
        self.texts += _texts(written)
        self.reasoning += _texts(piece.get("reasoning_content") or piece.get("reasoning"))
        self.begun = self.begun or bool(piece) or "text" in choice
        finish = choice.get("finish_reason")
        self.finish = finish[:MAX_FINISH] if isinstance(finish, str) else self.finish

    def reply(self) -> Reply:
        """Return the reply.

        Raises:
            Transient: when there is none.
        """
        if not self.begun:
            raise Transient("a response without choices")
        text, reasoning = repaired("".join(self.texts)), repaired("".join(self.reasoning))
        if not reasoning:
            text, reasoning = split_reasoning(text)
        return Reply(text, reasoning, self.finish, *self._token_counts())

    def _token_counts(self) -> tuple[int, int, int]:
        details = _dictionary(self.usage.get("completion_tokens_details"))
        reasoning = details.get("reasoning_tokens") or self.usage.get("reasoning_tokens")
        return (
            _count(self.usage.get("prompt_tokens")),
            _count(self.usage.get("completion_tokens")),
            _count(reasoning),
        )


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    """The texts of a field: one, none, or the parts of a list, as some servers send them."""
    if value is None:
        return []
    parts = value if isinstance(value, list) else [value]
    texts = [part.get("text") or "" if isinstance(part, dict) else part for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise Transient("a reply that is no text")
    return texts


def _count(value: Any) -> int:
    return value if type(value) is int and 0 < value < 2**53 else 0
