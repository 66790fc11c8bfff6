"""The interface of a language model: it receives questions and yields its replies as they come."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.prompted.settings import AskingOptions, PromptingSettings

Turn = dict[str, str]  # role and content


@dataclass(frozen=True)
class Question:
    """One question to a language model.

    Args:
        text: the text to continue; empty in a chat.
        turns: the turns of a chat so far; empty in plain text.
    """

    text: str = ""
    turns: tuple[Turn, ...] = ()


class Reply(NamedTuple):
    """One reply of a language model.

    Attributes:
        text: what it wrote after its reasoning.
        reasoning: what it wrote as reasoning, where the model or its server keeps that apart.
        finish: why it ended, such as ``stop`` or ``length``; empty where unknown.
        prompt_tokens, reply_tokens, reasoning_tokens: numbers of tokens; the reasoning is part of the reply. 0 where
            unknown.
    """

    text: str
    reasoning: str = ""
    finish: str = ""
    prompt_tokens: int = 0
    reply_tokens: int = 0
    reasoning_tokens: int = 0


def repaired(text: str) -> str:
    r"""Join halves of characters that stand side by side, and replace lone halves, which no file can hold.

    >>> repaired("\ud83d\ude00 \ud800") == "\U0001f600 \ufffd"
    True
    """
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True)
class ModelFacts:
    """What is known of an opened model.

    Args:
        revision: its revision, or the SHA-256 of its weights, ``sha256:...``; empty where unknown.
        parameters: the number of its weights; 0 where unknown.
        device: where it computes.
        details: further facts, such as the type of the weights.
    """

    revision: str = ""
    parameters: int = 0
    device: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelRequest:
    """What is needed to open a model.

    Args:
        source: the name of the model, or its folder.
        prompting: how it is asked. `max_tokens` is not 0 and `template` is known when questions are asked.
        asking: how requests are sent.
        seed: of the sampling.
        device_config: where a local model computes.
    """

    source: str
    prompting: PromptingSettings
    asking: AskingOptions = field(default_factory=AskingOptions)
    seed: int | str = 0
    device_config: DeviceConfig = field(default_factory=DeviceConfig)


class LanguageModel(Protocol):
    """A language model that is ready to answer. ``Class.open(request)`` makes one.

    Attributes:
        facts: what is known of it.
        has_template: whether it has a chat template; a server always has one.
    """

    facts: ModelFacts
    has_template: bool

    @classmethod
    def open(cls, request: ModelRequest) -> "LanguageModel":
        """Open a model.

        Raises:
            InputError: one line, for a model or a server that is not there, or an extra that is not installed.
        """

    def replies(
        self, questions: Sequence[Question], prompting: PromptingSettings
    ) -> Generator[tuple[int, Reply], None, None]:
        """Answer questions, and yield the place of each question with its reply, in any order, as they come.

        Closing the iterator ends all requests.

        Raises:
            InputError: one line, when no more replies are to be had; those yielded before count.
        """

    def close(self) -> None:
        """Free the model or its connections."""
