"""Tournament of seeds: networks with different first weights train side by side, and the best go on.

Some networks learn from few of their first weights only. The candidates see the same batches. At given steps those
with the smallest loss stay, and validation chooses among them. What CPU time the run reports is that of all candidates.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.group import Array, Losses, Members, NetworkGroup, mean_loss
from mathbench.baselines.models.interface import Arrays
from mathbench.baselines.tournament import TournamentRound
from mathbench.baselines.training.state import Validation

RECENT = 50  # batches that the loss of a round is the mean of
REACHED = 0.99  # the exact match that a candidate must have reached to count
_OWN = "tournament/"


class Tournament(NetworkGroup):
    """A group whose members drop out.

    Args:
        members: the candidates.
        rounds: when how many of them go on.
    """

    def __init__(self, members: Members, rounds: tuple[TournamentRound, ...]):
        super().__init__(members)
        candidates = len(members.numbers)
        self._rounds = {r.step: (index, r.kept) for index, r in enumerate(rounds)}
        self._steps = 0
        self._recent: NDArray[np.float64] = np.full((RECENT, candidates), np.nan)
        self._losses = np.full((len(rounds), candidates), np.nan)
        self._best = np.full(candidates, np.nan)

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> float:
        """Update all candidates on a batch, hold a round where one is due, and return the mean of their losses."""
        losses = self.members.step(questions, labels, rate, random_bits, noise)
        self._recent[self._steps % RECENT] = np.nan
        self._recent[self._steps % RECENT, list(self.numbers)] = losses
        self._steps += 1
        if self._steps in self._rounds:
            self._hold_round(*self._rounds[self._steps])
        return mean_loss(losses)

    def _hold_round(self, index: int, kept: int) -> None:
        losses = self._recent_losses()
        self._losses[index, list(self.numbers)] = losses[list(self.numbers)]
        best = sorted(self.numbers, key=lambda number: (losses[number], number))[:kept]
        self.members.keep(sorted(best))
        if self.leader not in best:
            self.leader = best[0]

    def _recent_losses(self) -> Losses:
        """Return the mean loss of each candidate over the latest batches, inf where it is none, (candidates,)."""
        rows = self._recent[: min(self._steps, RECENT)]
        mean: Losses = rows.mean(axis=0) if len(rows) else np.zeros(self._recent.shape[1])
        return np.where(np.isnan(mean), np.inf, mean)

    def validate(self, answer: Callable[[], Validation]) -> Validation:
        """Let every candidate lead in turn, and then the best: by exact match, then by loss.

        Args:
            answer: answers the validation questions with the leader.

        Returns:
            The answers of the new leader.
        """
        found, losses = dict[int, Validation](), self._recent_losses()
        for number in self.numbers:
            self.leader = number
            found[number] = answer()
            self._best[number] = np.fmax(self._best[number], found[number].exact_match)
        self.leader = max(
            self.numbers, key=lambda number: (found[number].exact_match, -losses[number], -number)
        )
        return found[self.leader]

    def state(self) -> dict[str, Array]:
        """Return the states of the optimisers, and that of the tournament."""
        own = {
            "steps": np.int64(self._steps),
            "recent": self._recent.copy(),
            "losses": self._losses.copy(),
            "best": self._best.copy(),
        }
        return {**super().state(), **{_OWN + name: np.asarray(value) for name, value in own.items()}}

    def load_state(self, state: Arrays) -> None:
        """Restore the states of the optimisers, and that of the tournament."""
        own = {name.removeprefix(_OWN): value for name, value in state.items() if name.startswith(_OWN)}
        super().load_state({name: value for name, value in state.items() if not name.startswith(_OWN)})
        if own:
            self._steps = int(own["steps"])
            self._recent, self._losses, self._best = (
                np.array(own[name], dtype=np.float64) for name in ("recent", "losses", "best")
            )

    def record(self, seeds: tuple[int | str, ...]) -> Mapping[str, Any]:
        """Return what happened, as plain values.

        Args:
            seeds: the seed of each candidate's first weights.
        """
        rounds = [
            {"step": step, "kept": kept, "losses": _plain(self._losses[index])}
            for step, (index, kept) in self._rounds.items()
            if not np.isnan(self._losses[index]).all()
        ]
        return {
            "candidates": len(seeds),
            "winner": self.leader,
            "seed": seeds[self.leader],
            "rounds": rounds,
            "validation": _plain(self._best),
            "reached": int((self._best >= REACHED).sum()),
        }


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    """Return numbers for JSON, None where there is none.

    >>> _plain(np.array([0.5, np.nan]))
    [0.5, None]
    """
    return [None if np.isnan(value) else round(float(value), 6) for value in values]


def candidate_seeds(seed: int | str, candidates: int) -> tuple[int | str, ...]:
    """Return the seeds of the first weights of the candidates of a run. Each can be given to ``--seed``.

    >>> candidate_seeds(7, 3)
    ('7:0', '7:1', '7:2')
    """
    return tuple(f"{seed}:{number}" for number in range(candidates))
