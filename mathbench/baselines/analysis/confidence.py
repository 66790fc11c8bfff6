"""How sure a network is of each character of its answers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.baselines.predictor import TrainedNetwork
from mathbench.tokenizer import PAD

END = ""  # the character that ends an answer


@dataclass(frozen=True)
class Confidence:
    """An answer with the network's probability of each part.

    Args:
        answer: as the network's format writes it.
        parts: characters (or one class), in the order of reading, the end of the answer as `END`.
        probabilities: of each part, given those written before it.
        tokens: the answer as the network gave it, (positions,).
    """

    answer: str
    parts: tuple[str, ...]
    probabilities: tuple[float, ...]
    tokens: Tokens = field(default_factory=lambda: np.zeros(0, np.int64), compare=False, repr=False)

    @property
    def text(self) -> str:
        """For a line of text.

        >>> Confidence("41", ("4", "1", ""), (0.998, 0.871, 1.0)).text
        '4 99.8%  1 87.1%  end 100.0%'
        """
        shown = zip(self.parts, self.probabilities, strict=True)
        return "  ".join(f"{part or 'end'} {share:.1%}" for part, share in shown)

    def to_json(self) -> list[dict[str, Any]]:
        """As plain values."""
        shown = zip(self.parts, self.probabilities, strict=True)
        return [{"text": part, "probability": share} for part, share in shown]


def character_probabilities(trained: TrainedNetwork, questions: Any) -> list[Confidence]:
    """The answers to questions, strings (n,) as the task's format writes them, in their order.

    Raises:
        InputError: for a character that the network does not know.
    """
    found: dict[int, Confidence] = {}
    for rows, tokens in trained.encoding.group_by_width(questions):
        given, shares = trained.network.probabilities(tokens)
        for row, one, share in zip(rows.tolist(), given, shares, strict=True):
            found[row] = _confidence(trained.encoding, one, share)
    return [found[row] for row in range(len(found))]


def _confidence(encoding: Encoding, tokens: Tokens, shares: NDArray[np.float32]) -> Confidence:
    answer = str(encoding.decoded(tokens[None, :])[0])
    if encoding.classes:
        return Confidence(answer, (answer,), (float(shares[0]),), tokens)
    stops = np.flatnonzero(tokens == PAD)
    written = int(stops[0]) if len(stops) else len(tokens)
    backwards = encoding.choices.answer == "last"
    parts, chances = tuple(answer), [float(share) for share in shares[:written]]
    if backwards:
        chances.reverse()
    if len(stops):
        parts, chances = (*parts, END), [*chances, float(shares[written])]
    return Confidence(answer, parts, tuple(chances), tokens)
