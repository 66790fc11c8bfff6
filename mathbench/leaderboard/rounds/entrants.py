"""The entries of a round by who registered them: every registered entry counts, also one without answers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mathbench.leaderboard.names import folded_name
from mathbench.leaderboard.ranking.render import HOST
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.scores.results import Score


@dataclass(frozen=True)
class EntryNumber:
    """Which entry of its entrant an entry is.

    Args:
        number: from 1.
        entries: the number of entries of the entrant.
        answered: how many of them have answers.
    """

    number: int
    entries: int
    answered: int


def entry_numbers(round_: Round) -> dict[str, EntryNumber]:
    """The number of each entry among those of its entrant, by the name of the entry."""
    entries = round_.entries.values()
    total = Counter(entry.entrant for entry in entries)
    answered = Counter(entry.entrant for entry in entries if entry.answer)
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for entry in entries:
        seen[entry.entrant] += 1
        found[entry.name] = EntryNumber(seen[entry.entrant], total[entry.entrant], answered[entry.entrant])
    return found


def entrant_lines(round_: Round) -> Iterator[str]:
    """One line for each entrant with entries that were not answered."""
    numbers = entry_numbers(round_)
    first = {entry.entrant: entry for entry in reversed(round_.entries.values())}
    for entry in reversed(first.values()):
        number = numbers[entry.name]
        if number.answered < number.entries:
            who = entry.submitter or f"{entry.model} ({HOST})"
            yield f"{who}: {number.answered} of {number.entries} entries answered"


@dataclass(frozen=True)
class ModelScore:
    """The result of one model of one submitter on one task and split of a revealed round.

    Args:
        entries: its entries, in the order of the log.
        task, split: of the questions.
        score: over all entries; those without answers have all answers wrong.
        answered: over the entries with answers; None without any.
    """

    entries: tuple[Entry, ...]
    task: str
    split: str
    score: Score
    answered: Score | None

    @property
    def answered_entries(self) -> int:
        """The number of its entries with answers."""
        return sum(entry.answer is not None for entry in self.entries)


def model_scores(round_: Round) -> list[ModelScore]:
    """The results of a revealed round per task, split and model, best first; none before the reveal.

    The result of a model is over all its entries. A submitter sees the questions before it answers, and could
    otherwise register a model often and answer only the entry whose questions suit it best.
    """
    if round_.reveal is None:
        return []
    models: dict[tuple[str | None, str], list[Entry]] = {}
    for entry in round_.entries.values():
        models.setdefault((entry.submitter, folded_name(entry.model)), []).append(entry)
    found = [
        _model_score(round_, tuple(entries), task.name, split)
        for task in round_.tasks
        for split in round_.rows(task)
        for entries in models.values()
    ]
    position = {task.name: i for i, task in enumerate(round_.tasks)}
    return sorted(found, key=lambda m: (position[m.task], m.split != "interpolate", -m.score.exact_match))


def _model_score(round_: Round, entries: tuple[Entry, ...], task: str, split: str) -> ModelScore:
    counts = {entry.name: round_.scores[entry.name][task][split] for entry in entries}
    answered = [counts[entry.name] for entry in entries if entry.answer]
    return ModelScore(entries, task, split, _sum(list(counts.values())), _sum(answered) if answered else None)


def _sum(counts: list[dict[str, int]]) -> Score:
    return Score(sum(count["n"] for count in counts), sum(count["correct"] for count in counts))
