"""Pages of sealed rounds: what was promised, what happened, and the scores once it is revealed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.scores.results import Score


@dataclass(frozen=True)
class RoundSummary:
    """A score of a revealed round."""

    entry: Entry
    task: str
    split: str
    score: Score

    @property
    def model(self) -> str:
        """The name that the entry was registered under."""
        return str(self.entry.challenge["model"])


def read(folder: Path | None) -> dict[str, Round]:
    """The rounds of a folder of rounds by the address of their page; what is no round is passed over."""
    found = {}
    for path in sorted(folder.glob(f"*/{log.LOG_FILE}")) if folder else ():
        try:
            found[address.of_round(path.parent.name)] = Round(log.read(path.parent))
        except InputError:  # a damaged log is what `round verify` is for
            continue
    return found


def list_page(rounds: Mapping[str, Round], context: PageContext) -> Page:
    """All rounds."""
    states = {at: found.state(log.now()) for at, found in rounds.items()}
    return render_page("rounds.html", context, address.ROUNDS, rounds=rounds, states=states)


def page(at: str, found: Round, context: PageContext) -> Page:
    """One round."""
    told = sorted(scores(found), key=lambda t: (t.task, t.split != "interpolate", -t.score.exact_match))
    tables: dict[tuple[str, str], list[RoundSummary]] = {}
    for one in told:
        tables.setdefault((one.task, one.split), []).append(one)
    return render_page("round.html", context, at, round=found, state=found.state(log.now()), tables=tables)


def data(found: Round) -> Page:
    """The scores of a round as CSV; before the reveal there are none."""
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
    rows = (
        (
            t.entry.name,
            t.model,
            t.entry.weights,
            t.task,
            t.split,
            t.score.n,
            t.score.correct,
            t.score.exact_match,
            *t.score.interval,
        )
        for t in scores(found)
    )
    return csv_page(columns, rows)


def scores(found: Round) -> Iterator[RoundSummary]:
    """The scores of a revealed round; none before."""
    if found.reveal is None:
        return
    for name, tasks in found.reveal["scores"].items():
        for task, splits in tasks.items():
            for split, count in splits.items():
                yield RoundSummary(found.entry(name), task, split, Score(count["n"], count["correct"]))
