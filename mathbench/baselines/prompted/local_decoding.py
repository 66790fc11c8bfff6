"""Decoding: the tokens with which a causal language model continues others."""

import gc
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from mathbench.errors import InputError

Sampled = tuple[float, float, Sequence[int]]  # temperature, top_p, a seed for each row


class Continuation(NamedTuple):
    """What a model wrote.

    Attributes:
        tokens: its tokens, with the one that ends it.
        finish: ``stop``, or ``length`` where there was no room for more.
    """

    tokens: list[int]
    finish: str


class Decoder:
    """Continues tokens with a model of transformers, greedily or by sampling.

    Penalties, biases and other settings that a model brings for its generation are left out.

    Args:
        network: the model.
        ends: tokens that end a reply.
        context: the number of tokens that the model can read.
        name: the name of the model, for messages.
    """

    def __init__(self, network: Any, ends: Sequence[int], context: int, name: str):
        self._network, self._ends, self._context, self._name = network, tuple(ends), context, name
        self._network.generation_config = GenerationConfig()
        self._pad = ends[0] if ends else 0
        self._symbols = network.get_input_embeddings().num_embeddings

    def room(self, prompt: int, limit: int) -> int:
        """Return the number of tokens, `limit` at most, that can follow so many tokens of a prompt."""
        return max(0, min(limit, self._context - prompt))

    def continue_tokens(
        self,
        prompts: Sequence[Sequence[int]],
        limit: int,
        ended: Callable[[int, list[int]], bool] | None = None,
        sampled: Sampled | None = None,
    ) -> list[Continuation]:
        """Continue prompts together.

        Args:
            prompts: the tokens of each row.
            limit: the maximum number of tokens of a reply.
            ended: whether the reply of a row, given by its place and its tokens, has ended before its last token.
            sampled: temperature, top_p and a seed of each row; None for greedy decoding.

        Raises:
            InputError: when the memory does not suffice, a token is unknown to the model, or it computes no numbers.
        """
        tokens, mask = self._padded(prompts)
        width = tokens.shape[1]
        stops = _Stops(width, len(prompts), ended) if ended else None
        processors = [_Numbers(self._name), *([_Sampling(*sampled)] if sampled else [])]
        found = self._generate(tokens, mask, limit, processors, [stops] if stops else [])
        lengths = stops.lengths if stops else [0] * len(prompts)
        rows = found[:, width:].tolist()
        return [self._cut(row, length) for row, length in zip(rows, lengths, strict=True)]

    def _padded(self, prompts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """The tokens of prompts, (n, T), with padding on the left, and a mask that leaves the padding out."""
        if max(map(max, prompts)) >= self._symbols:
            raise InputError(
                f"{self._name}: the tokenizer does not belong to the model. "
                f"Received: token {max(map(max, prompts))}, where the model has {self._symbols}."
            )
        width = max(map(len, prompts))
        rows = [[self._pad] * (width - len(prompt)) + list(prompt) for prompt in prompts]
        mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        device = self._network.device
        return torch.tensor(rows, device=device), torch.tensor(mask, device=device)

    def _generate(
        self, tokens: Tensor, mask: Tensor, limit: int, processors: list[Any], criteria: list[Any]
    ) -> Tensor:
        config = GenerationConfig(
            max_new_tokens=limit,
            do_sample=False,
            num_beams=1,
            use_cache=True,
            eos_token_id=list(self._ends) or None,
            pad_token_id=self._pad,
        )
        try:
            with torch.inference_mode():
                found: Tensor = self._network.generate(
                    input_ids=tokens,
                    attention_mask=mask,
                    generation_config=config,
                    logits_processor=LogitsProcessorList(processors),
                    stopping_criteria=StoppingCriteriaList(criteria),
                )
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            raise InputError(
                f"{self._name}: the memory does not suffice for {len(tokens)} questions of up to "
                f"{tokens.shape[1]:,} tokens at a time; try --set batch={max(1, len(tokens) // 2)}."
            ) from None
        return found

    def _cut(self, tokens: list[int], length: int) -> Continuation:
        """A reply up to the token that ended it. `length` is 0 where no text ended it."""
        ends = [i + 1 for i, token in enumerate(tokens) if token in self._ends]
        stops = [stop for stop in (*ends[:1], length) if stop]
        return Continuation(tokens[: min(stops)], "stop") if stops else Continuation(tokens, "length")

    def close(self) -> None:
        """Free the weights."""
        self._network = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


class _Stops:
    """Ends the rows whose reply has ended, and keeps the number of its tokens.

    Args:
        width: the tokens of a prompt.
        rows: the number of rows.
        ended: whether the reply of a row, given by its place and its tokens, has ended.
    """

    def __init__(self, width: int, rows: int, ended: Callable[[int, list[int]], bool]):
        self._width, self._ended = width, ended
        self.lengths = [0] * rows

    def __call__(self, tokens: Tensor, scores: Any, **more: Any) -> Tensor:
        for place, reply in enumerate(tokens[:, self._width :].tolist()):
            if not self.lengths[place] and self._ended(place, reply):
                self.lengths[place] = len(reply)
        return torch.tensor([length > 0 for length in self.lengths], device=tokens.device)


class _Numbers:
    """Checks that the first scores are numbers. Weights in 16 bits may overflow, and the reply would be noise."""

    def __init__(self, name: str):
        self._name, self._checked = name, False

    def __call__(self, tokens: Tensor, scores: Tensor) -> Tensor:
        if not self._checked and bool(scores.isnan().any()):
            raise InputError(
                f"{self._name}: the model computes values that are no numbers; try --set dtype=float32."
            )
        self._checked = True
        return scores


class _Sampling:
    """Scores whose maximum is a sample, drawn with the random numbers of each row alone.

    The largest of p_i / e_i, with e_i exponentially distributed, is at i with probability p_i.
    """

    def __init__(self, temperature: float, top_p: float, seeds: Sequence[int]):
        self._temperature, self._top_p = temperature, top_p
        # PyTorch takes signed seeds
        self._generators = [torch.Generator().manual_seed(seed >> 1) for seed in seeds]

    def __call__(self, tokens: Tensor, scores: Tensor) -> Tensor:
        probabilities = _nucleus(torch.softmax(scores.float() / self._temperature, dim=-1), self._top_p)
        rows = [torch.empty(scores.shape[1]).exponential_(generator=one) for one in self._generators]
        return probabilities / torch.stack(rows).clamp_min(torch.finfo(torch.float32).tiny).to(scores.device)


def _nucleus(probabilities: Tensor, share: float) -> Tensor:
    """Probabilities (n, V), with 0 outside the likeliest tokens that together have at least a share.

    >>> _nucleus(torch.tensor([[0.5, 0.25, 0.25]]), 0.6).tolist()
    [[0.5, 0.25, 0.0]]
    """
    if share >= 1:
        return probabilities
    ordered, places = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1) - ordered
    return torch.zeros_like(probabilities).scatter(-1, places, ordered.masked_fill(before >= share, 0.0))
