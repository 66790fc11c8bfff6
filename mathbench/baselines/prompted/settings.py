"""Settings of language models: how they are asked, which decides their answers, and how the requests are sent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mathbench import formats
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.parameters import check, parameter, parse
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
    def title(self) -> str:
        """The words and the extraction on one short line, by which entries of one model are told apart.

        >>> PromptingSettings(words="shots:n=4+messages", extract="boxed").title
        'shots:n=4+messages, boxed-v1'
        """
        return f"{formats.abbreviated(self.words)}, {self.extract}"

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
    """Where a model is found, and how requests are sent to it. Nothing here changes an answer."""

    source: str = parameter("", "name or folder of the model")
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


OWN_OPTIONS = ("words", "extract", "source", "url")  # given by options of their own


def parse_settings(
    baseline: str, given: Mapping[str, str], **own: str
) -> tuple[PromptingSettings, AskingOptions]:
    """Make the settings of a language model from ``--set key=value`` and from options of their own.

    Args:
        baseline: its name.
        given: text by name.
        own: words, extract, source and url.

    Raises:
        InputError: for an unknown setting, or a value that is not allowed.

    >>> prompting, asking = parse_settings("openai:x", {"parallel": "2", "temperature": "0.5"}, extract="boxed")
    >>> asking.parallel, prompting.temperature, prompting.extract
    (2, 0.5, 'boxed-v1')
    """
    names = {kind: list(kind.__dataclass_fields__) for kind in (PromptingSettings, AskingOptions)}
    allowed = [name for known in names.values() for name in known if name not in OWN_OPTIONS]
    for name in given:
        if name not in allowed:
            raise InputError(f"{baseline} has no setting '{name}'. {did_you_mean(name, allowed)}")
    every = {**given, **own}
    chosen = {kind: {name: every[name] for name in known if name in every} for kind, known in names.items()}
    return (
        PromptingSettings(**parse(PromptingSettings, "settings", chosen[PromptingSettings])),
        AskingOptions(**parse(AskingOptions, "settings", chosen[AskingOptions])),
    )
