"""How long a question a network can read."""

from dataclasses import dataclass

from mathbench.baselines.models.settings.writing import DecoderTransformerSettings


@dataclass(frozen=True)
class ReadingLimit:
    """The number of positions of a padded question up to which a network reads questions as in training.

    Args:
        positions: the number.
        beyond: what happens to longer questions, as a clause.
        cuts: whether a part of them is not read at all, so that an answer means nothing.

    >>> ReadingLimit(7, "the rest is cut off", cuts=True).problem(9)
    'it has 9 positions with padding, and the network reads 7: the rest is cut off'
    """

    positions: int
    beyond: str
    cuts: bool = False

    def problem(self, positions: int) -> str:
        """Return what is wrong with a question of a number of positions; empty where nothing is."""
        if positions <= self.positions:
            return ""
        return f"it has {positions:,} positions with padding, and the network reads {self.positions:,}: {self.beyond}"


def cut_off(question: int) -> ReadingLimit:
    """Return the limit of a network that reads a fixed number of positions."""
    return ReadingLimit(question, "the rest is cut off", cuts=True)


def unmarked(question: int, marked: bool) -> ReadingLimit | None:
    """Return the limit of a network whose inputs may be marked with their position; None for those without marks."""
    return ReadingLimit(question, "further positions are not marked") if marked else None


def of_positions(question: int, answer: int, settings: DecoderTransformerSettings) -> ReadingLimit | None:
    """Return the limit of a transformer that follows from its position encoding; None where there is none.

    Args:
        question: positions of a training question.
        answer: of a training answer.
        settings: the hyperparameters. Positions of ``abacus`` count the digits of each number and are not limited by
            the question as a whole.
    """
    if settings.positions == "learned":
        return ReadingLimit(question, "further positions are not learned, and count as the last one")
    if settings.positions == "randomised":
        room = settings.span - settings.max_tokens(answer)
        return ReadingLimit(max(room, 0), "further positions were never drawn in training")
    return None
