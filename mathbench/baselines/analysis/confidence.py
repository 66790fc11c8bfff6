"""The confidence of a network in each character of its answers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.baselines.predictor import TrainedNetwork
from mathbench.tokenizer import PAD

END = ""  # stands for the end of an answer


@dataclass(frozen=True)
class Confidence:
    """An answer with the network's probability of each part.

    Args:
        answer: the answer in the format of the network's task.
        parts: its characters from left to right (or one class), with `END` for the end of the answer.
        probabilities: the probability of each part, given those generated before it.
        tokens: the output tokens, (positions,).
    """

    answer: str
    parts: tuple[str, ...]
    probabilities: tuple[float, ...]
    tokens: Tokens = field(default_factory=lambda: np.zeros(0, np.int64), compare=False, repr=False)

    @property
    def text(self) -> str:
        """The parts and probabilities in one line.

        >>> Confidence("41", ("4", "1", ""), (0.998, 0.871, 1.0)).text
        '4 99.8%  1 87.1%  end 100.0%'
        """
        pairs = zip(self.parts, self.probabilities, strict=True)
        return "  ".join(f"{part or 'end'} {share:.1%}" for part, share in pairs)

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain values."""
        pairs = zip(self.parts, self.probabilities, strict=True)
        return [{"text": part, "probability": share} for part, share in pairs]


def character_probabilities(trained: TrainedNetwork, questions: Any) -> list[Confidence]:
    """Return the confidence in the answer to each question, strings (n,) in the format of the task.

    Raises:
        InputError: for a character outside the alphabet.
    """
    confidences: dict[int, Confidence] = {}
    for rows, tokens in trained.encoding.group_by_width(questions):
        answers, probabilities = trained.network.probabilities(tokens)
        for row, answer, shares in zip(rows.tolist(), answers, probabilities, strict=True):
            confidences[row] = _confidence(trained.encoding, answer, shares)
    return [confidences[row] for row in range(len(confidences))]


def _confidence(encoding: Encoding, tokens: Tokens, shares: NDArray[np.float32]) -> Confidence:
    answer = str(encoding.decoded(tokens[None, :])[0])
    if encoding.classes:
        return Confidence(answer, (answer,), (float(shares[0]),), tokens)
    if encoding.layout:
        return _column_confidence(answer, tokens, shares)
    ends = np.flatnonzero(tokens == PAD)
    length = int(ends[0]) if len(ends) else len(tokens)
    parts, probabilities = tuple(answer), [float(share) for share in shares[:length]]
    if encoding.choices.answer == "last":
        probabilities.reverse()
    if len(ends):
        parts, probabilities = (*parts, END), [*probabilities, float(shares[length])]
    return Confidence(answer, parts, tuple(probabilities), tokens)


def _column_confidence(answer: str, tokens: Tokens, shares: NDArray[np.float32]) -> Confidence:
    """Return the confidence in a number whose columns come from the units on, with its sign in the last one.

    The end has the probability that no further column holds a digit.
    """
    sign, digits = answer[: answer.startswith("-")], answer.lstrip("-")
    beyond = shares[len(digits) : len(shares) - len(sign)]
    columns = [*shares[len(shares) - len(sign) :], *shares[: len(digits)][::-1]]
    parts = (*answer, END) if len(beyond) else tuple(answer)
    probabilities = [*columns, beyond.prod()] if len(beyond) else columns
    return Confidence(answer, parts, tuple(map(float, probabilities)), tokens)
