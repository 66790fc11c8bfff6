"""Language models that compute here: causal models of transformers, from a folder or the Hub."""

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from mathbench.baselines.prompted.local_prompts import Prompt, PromptWriter
from mathbench.baselines.prompted.model import ModelFacts, ModelRequest, Question, Reply
from mathbench.baselines.prompted.reasoning import split_reasoning
from mathbench.baselines.prompted.settings import PromptingSettings
from mathbench.errors import require_extra
from mathbench.hashing import key_of

if TYPE_CHECKING:
    from mathbench.baselines.prompted.local_decoding import Decoder

EXTRA = "hf"
WINDOW = 4096  # questions that are sorted by length at a time


class LocalModel:
    """A causal language model of transformers (see `mathbench.baselines.prompted.model.LanguageModel`).

    A reply depends on the model, the settings, the question and, in sampling, the seed. It does not depend on the
    questions beside it, up to the rounding of sums, whose order depends on the shape of a batch.

    Args:
        decoder: continues tokens.
        prompts: writes questions as tokens.
        facts: what is known of the model.
        batch: questions at a time.
        seed: of the sampling.
    """

    def __init__(
        self, decoder: "Decoder", prompts: PromptWriter, facts: ModelFacts, batch: int, seed: int | str
    ):
        self.facts, self.has_template = facts, prompts.has_template
        self._decoder: Decoder | None = decoder
        self._prompts, self._batch, self._seed = prompts, batch, seed

    @classmethod
    def open(cls, request: ModelRequest) -> "LocalModel":
        """Load a model and its tokenizer from a folder, or from the Hub or its cache on this machine.

        Raises:
            InputError: when one of them is missing, damaged, of another kind, or code of its own.
        """
        for module in ("torch", "transformers"):
            require_extra(module, EXTRA)
        from mathbench.baselines.prompted.checkpoint import open_checkpoint
        from mathbench.baselines.prompted.local_decoding import Decoder

        prompting = request.prompting
        found = open_checkpoint(request.source, prompting.revision, prompting.dtype, request.device_config)
        prompts = PromptWriter(found.tokenizer, prompting.fields_of_request)
        decoder = Decoder(found.network, found.ends, found.context, f"hf:{request.source}")
        return cls(decoder, prompts, found.facts(prompts.details), request.asking.batch, request.seed)

    def replies(
        self, questions: Sequence[Question], prompting: PromptingSettings
    ) -> Generator[tuple[int, Reply], None, None]:
        """Answer questions in batches of similar length, the longest of some thousand first.

        Raises:
            InputError: when the memory does not suffice, or the model computes no numbers.
        """
        window = max(self._batch, WINDOW)
        for start in range(0, len(questions), window):
            prompts = [self._prompts.write(question) for question in questions[start : start + window]]
            for place, reply in self._window(prompts, prompting):
                yield start + place, reply

    def _window(self, prompts: list[Prompt], prompting: PromptingSettings) -> Iterator[tuple[int, Reply]]:
        decoder = self._open_decoder()
        room = [decoder.room(len(prompt.tokens), prompting.max_tokens) for prompt in prompts]
        for places in _batches(prompts, room, self._batch):
            limit = room[places[0]]
            if not limit:
                yield from ((place, Reply("", "", "length", len(prompts[place].tokens))) for place in places)
                continue
            yield from zip(
                places, self._batch_replies([prompts[i] for i in places], limit, prompting), strict=True
            )

    def _batch_replies(self, prompts: list[Prompt], limit: int, prompting: PromptingSettings) -> list[Reply]:
        seeds = [key_of("reply", self._seed, prompt.text) for prompt in prompts]

        def ended(place: int, tokens: list[int]) -> bool:
            return self._has_stop(prompts[place], tokens, prompting.stop)

        found = self._open_decoder().continue_tokens(
            [prompt.tokens for prompt in prompts],
            limit,
            ended if prompting.stop else None,
            (prompting.temperature, prompting.top_p, seeds) if prompting.temperature else None,
        )
        return [self._reply(prompt, *one) for prompt, one in zip(prompts, found, strict=True)]

    def _has_stop(self, prompt: Prompt, tokens: list[int], stop: str) -> bool:
        """Whether an answer has the text that ends it, after white space at its start and after its reasoning."""
        # a token is at least one byte, so these tokens hold a text that the last one completes
        if stop not in self._prompts.read(tokens[-len(stop.encode()) - 4 :]):
            return False
        text, _ = self._parts(prompt, tokens)
        return stop in text.lstrip()

    def _reply(self, prompt: Prompt, tokens: list[int], finish: str) -> Reply:
        text, reasoning = self._parts(prompt, tokens)
        thought = min(self._prompts.count(reasoning), len(tokens)) if reasoning else 0
        return Reply(text, reasoning, finish, len(prompt.tokens), len(tokens), thought)

    def _parts(self, prompt: Prompt, tokens: list[int]) -> tuple[str, str]:
        """The answer and the reasoning in a reply. Plain text that is continued has no reasoning."""
        text = self._prompts.read(tokens)
        return split_reasoning(text, prompt.opens_reasoning) if prompt.chat else (text, "")

    def _open_decoder(self) -> "Decoder":
        if self._decoder is None:
            raise ValueError("the model is closed")
        return self._decoder

    def close(self) -> None:
        """Free the weights."""
        if self._decoder is not None:
            self._decoder.close()
        self._decoder = None


def _batches(prompts: Sequence[Prompt], room: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield the places of prompts that are answered together: of similar length, and with the same room for a reply.

    >>> prompts = [Prompt("", [0] * n) for n in (2, 9, 3, 8)]
    >>> list(_batches(prompts, [5, 5, 5, 5], 2)), list(_batches(prompts, [5, 1, 5, 2], 2))
    ([[1, 3], [2, 0]], [[1], [3], [2, 0]])
    """
    batch: list[int] = []
    for place in sorted(range(len(prompts)), key=lambda i: -len(prompts[i].tokens)):
        if batch and (len(batch) == size or room[place] != room[batch[0]]):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
