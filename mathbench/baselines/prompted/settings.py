"""Settings of language models: how they are asked, which decides their answers, and how the requests are sent."""

import json
from dataclasses import dataclass
from typing import Any

from mathbench.errors import InputError, did_you_mean, shown
from mathbench.parameters import check, parameter
from mathbench.scores.extraction import WHOLE, extraction

TEMPLATES = ("auto", "chat", "text")
DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class PromptingSettings:
    """How a language model is asked. Everything here may change its answers, and is part of what is ranked.

    Attributes:
        words: the formats in which it is asked, beside those of the data, such as ``shots:n=4``; see docs/words.md.
    """

    words: str = parameter("plain", "formats in which the model is asked")
    template: str = parameter(
        "auto",
        "whether the chat template is used or plain text is continued; auto: chat where the model has a template",
        choices=TEMPLATES,
    )
    extract: str = parameter(WHOLE, "extraction that reads the answer in the reply")
    max_tokens: int = parameter(
        0,
        "maximum number of tokens of a reply; 0: 1,024 in a chat, and in text twice the longest answer plus 16",
        low=0,
        high=1_000_000,
    )
    temperature: float = parameter(0.0, "temperature of sampling; 0 is greedy decoding", low=0.0, high=10.0)
    top_p: float = parameter(1.0, "share of the probability that is sampled from", low=0.001, high=1.0)
    stop: str = parameter(
        "", r"text at which a reply ends; default in text: the text between examples, or \n"
    )
    revision: str = parameter("", "revision of the model: of the Hub, or the name of a served version")
    dtype: str = parameter("auto", "type of the weights; auto: as stored", choices=DTYPES)
    trained_on: str = parameter("not known", "what is known of the model's training data")
    extra: str = parameter("{}", "further fields of each request, as a JSON object")

    def __post_init__(self) -> None:
        check(self, "settings")
        object.__setattr__(self, "extract", extraction(self.extract).id)
        object.__setattr__(self, "extra", json.dumps(self.fields_of_request, sort_keys=True))

    @property
    def fields_of_request(self) -> dict[str, Any]:
        """The further fields of each request."""
        try:
            found = json.loads(self.extra)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise InputError(
                f'settings: extra must be a JSON object such as {{"top_k": 1}}. Received: {shown(self.extra)}.'
            )
        return found


@dataclass(frozen=True)
class AskingOptions:
    """How requests are sent. Nothing here changes an answer."""

    url: str = parameter("", "address of the server")
    batch: int = parameter(16, "questions that a local model answers at a time", low=1, high=65_536)
    parallel: int = parameter(8, "requests that a server answers at a time", low=1, high=10_000)
    timeout: float = parameter(600.0, "seconds that a request may take", low=0.01, high=86_400.0)
    retries: int = parameter(8, "times that a failed request is sent again", low=0, high=1_000)
    stream: str = parameter("no", "whether replies are received word by word", choices=("no", "yes"))
    price_input: float = parameter(0.0, "price of a million tokens of prompts", low=0.0, high=1e9)
    price_output: float = parameter(0.0, "price of a million tokens of replies", low=0.0, high=1e9)

    def __post_init__(self) -> None:
        check(self, "settings")


OWN_OPTIONS = ("words", "extract", "url")  # given by options of their own


def setting_names() -> list[str]:
    """The names that ``--set`` accepts for language models."""
    names = [*PromptingSettings.__dataclass_fields__, *AskingOptions.__dataclass_fields__]
    return [name for name in names if name not in OWN_OPTIONS]


def check_names(baseline: str, names: list[str]) -> None:
    """Check that settings exist.

    Raises:
        InputError: for an unknown one; suggests the nearest known one.
    """
    known = setting_names()
    for name in names:
        if name not in known:
            raise InputError(f"{baseline} has no setting '{name}'. {did_you_mean(name, known)}")
