"""Pages of sealed rounds: the commitment, the log, and the scores after the reveal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard import times
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.scores.results import Score


@dataclass(frozen=True)
class EntryScore:
    """The score of an entry on one task and split of a revealed round."""

    entry: Entry
    task: str
    split: str
    score: Score

    @property
    def model(self) -> str:
        """The name that the entry was registered under."""
        return str(self.entry.challenge["model"])


def read(folder: Path | None) -> dict[str, Round]:
    """Read the rounds of a folder, by the address of their page; other content is skipped."""
    found = {}
    for path in sorted(folder.glob(f"*/{log.LOG_FILE}")) if folder else ():
        try:
            found[address.of_round(path.parent.name)] = Round(log.read(path.parent))
        except InputError:  # `round verify` reports damaged logs
            continue
    return found


def list_page(rounds: Mapping[str, Round], context: PageContext) -> Page:
    """Render the list of all rounds."""
    states = {at: round_.state(times.now()) for at, round_ in rounds.items()}
    return render_page("rounds.html", context, address.ROUNDS, rounds=rounds, states=states)


def page(at: str, round_: Round, context: PageContext) -> Page:
    """Render one round."""
    tables: dict[tuple[str, str], list[EntryScore]] = {}
    for entry in sorted(
        scores(round_), key=lambda s: (s.task, s.split != "interpolate", -s.score.exact_match)
    ):
        tables.setdefault((entry.task, entry.split), []).append(entry)
    return render_page(
        "round.html", context, at, round=round_, state=round_.state(times.now()), tables=tables
    )


def data(round_: Round) -> Page:
    """The scores of a round as CSV; empty before the reveal."""
    columns = (
        "entry",
        "model",
        "weights_sha256",
        "task",
        "split",
        "n",
        "correct",
        "exact_match",
        "low",
        "high",
    )
    rows = []
    for found in scores(round_):
        entry, score = found.entry, found.score
        counts = (score.n, score.correct, score.exact_match, *score.interval)
        rows.append((entry.name, found.model, entry.weights, found.task, found.split, *counts))
    return csv_page(columns, rows)


def scores(round_: Round) -> Iterator[EntryScore]:
    """The scores of a round; none before the reveal."""
    if round_.reveal is None:
        return
    for name, tasks in round_.reveal["scores"].items():
        for task, splits in tasks.items():
            for split, count in splits.items():
                yield EntryScore(round_.entry(name), task, split, Score(count["n"], count["correct"]))
