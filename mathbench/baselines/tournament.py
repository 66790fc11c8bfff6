"""The rounds of a tournament: after some steps only the best of the networks that train side by side go on."""

from dataclasses import dataclass
from itertools import pairwise

from mathbench.errors import InputError
from mathbench.integers import parse_integer


@dataclass(frozen=True)
class TournamentRound:
    """A round of a tournament.

    Args:
        step: the number of steps after which it takes place.
        kept: the number of networks that go on.
    """

    step: int
    kept: int


def parse_rounds(words: str) -> tuple[TournamentRound, ...]:
    """Read rounds such as ``500:8 1500:3``.

    Raises:
        InputError: for a round that is not STEP:KEPT, and for steps that do not rise or numbers that do not fall.

    >>> parse_rounds("500:8 1500:3")
    (TournamentRound(step=500, kept=8), TournamentRound(step=1500, kept=3))
    """
    rounds = tuple(_round(part) for part in words.split())
    if any(later.step <= early.step or later.kept >= early.kept for early, later in pairwise(rounds)):
        raise InputError(
            f"tournament_rounds: steps must rise and numbers of networks must fall. Received: '{words}'."
        )
    return rounds


def check_rounds(words: str, candidates: int, steps: int) -> None:
    """Check that the rounds of a tournament suit the number of its candidates and of the steps.

    Raises:
        InputError: when they do not.
    """
    rounds = parse_rounds(words)
    if rounds and rounds[0].kept >= candidates:
        raise InputError(
            f"tournament_rounds: a round must keep fewer networks than train, tournament={candidates}. "
            f"Received: '{words}'."
        )
    if rounds and rounds[-1].step >= steps:
        raise InputError(
            f"tournament_rounds: a round must come before the last step, steps={steps}. Received: '{words}'."
        )


def _round(part: str) -> TournamentRound:
    step, _, kept = part.partition(":")
    try:
        found = TournamentRound(parse_integer(step), parse_integer(kept))
    except ValueError:
        found = TournamentRound(0, 0)
    if found.step < 1 or found.kept < 1:
        raise InputError(
            "tournament_rounds: a round must be a number of steps and a number of networks, such as 500:8. "
            f"Received: '{part}'."
        )
    return found
